"""Where a state on PostgreSQL is: an address as libpq reads it, and what of it people may be shown.

The address is handed on as it is, so that whatever libpq knows (sslmode, several hosts, a service) works. What is added
are defaults that an address does not say itself. Passwords never come out again: neither in a text nor in a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from headgate.core.errors import EnvironmentFailed

FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

_DEFAULTS: Mapping[str, str] = {
    "fallback_application_name": "headgate",
    "connect_timeout": "10",
    # A server that is gone without a word is noticed within 15 s, not within two hours.
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
}
_SECRET = ("password", "sslpassword", "oauth_client_secret")


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """One state: how to reach its database, its schema there, and how messages call it."""

    settings: Mapping[str, str] = field(repr=False)
    schema: str
    shown: str

    def without_secrets(self, text: str) -> str:
        """Return a text of the server or of libpq without any password of this address."""
        for name in _SECRET:
            if secret := self.settings.get(name):
                for form in {secret, quote(secret, safe=""), quote(secret)}:
                    text = text.replace(form, "***")
        return text


def postgres_address(url: str, schema: str) -> PostgresAddress:
    """Return the address of a state.

    Raises ``ValueError``, whose text repeats nothing of the address, where it is none, and ``EnvironmentFailed`` where
    the library that speaks to PostgreSQL is not installed.
    """
    _, _, rest = url.partition("://")
    if "@" in rest and ("/" in rest.partition("@")[0] or "@" in rest.partition("@")[2].partition("?")[0]):
        raise ValueError("its password has to be written with %40 for @ and %2F for /")
    settings = _parsed(url)
    ports = settings.get("port", "").split(",")
    if any(port and not (port.isdecimal() and 0 < int(port) < 65536) for port in ports):
        raise ValueError("its port is no number of one")
    return PostgresAddress({**_DEFAULTS, **settings, "client_encoding": "UTF8"}, schema, _shown(settings))


def import_psycopg() -> Any:
    """Return the module ``psycopg``; raise ``EnvironmentFailed`` where it, or the libpq that it needs, is missing."""
    try:
        import psycopg
    except ImportError as error:
        missing = "is not installed" if error.name == "psycopg" else f"cannot be loaded: {str(error).partition(':')[0]}"
        hint = 'Install it: pip install "headgate[postgres]"'
        raise EnvironmentFailed(f"The state is on PostgreSQL, and psycopg {missing}", hint=hint) from error
    return psycopg


def _parsed(url: str) -> dict[str, str]:
    psycopg = import_psycopg()
    from psycopg.conninfo import conninfo_to_dict

    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.Error as error:
        told = str(error)
        if "query parameter" in told and "@" not in told:
            raise ValueError(" ".join(told.split())) from None
        raise ValueError("a character in it has to be written as % and two digits: %25 for %, for example") from None


def _shown(settings: Mapping[str, str]) -> str:
    """Return ``postgresql://user@host:port/database`` with what the address says of it."""
    user = f"{settings['user']}@" if "user" in settings else ""
    if service := settings.get("service"):
        return f"postgresql service {service}"
    hosts = settings.get("host", settings.get("hostaddr", "")).split(",")
    ports = settings.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    places = (host + (f":{port}" if port else "") for host, port in zip(hosts, ports, strict=False))
    return f"postgresql://{user}{','.join(places)}/{settings.get('dbname', '')}"
