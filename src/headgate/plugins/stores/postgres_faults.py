"""What goes wrong with a state on PostgreSQL, said so that a person can do something about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from headgate.core.errors import StoreFailed
from headgate.plugins.stores.postgres_address import PostgresAddress

LOCK_SECONDS = 30
"""How long a write waits for the writes of other processes; one takes some milliseconds."""

LOST_SECONDS = 30.0
"""How long a server that has answered before is tried again."""

_AGAIN = "Run the command again."
_WHERE = "Check the url of the state in headgate.toml, and that the server runs and can be reached from here."
_GRANTS = "Ask who runs the server for these rights; docs/how-to/shared-state.md names them."
_PRIMARY = "Name the server that may be written; with several hosts in the url, add target_session_attrs=read-write."
_DISK = "Make room on the disk of the server and run the command again."

_BY_STATE = {
    "28P01": ("refuses the user or the password", "Check the user and the password in the url of the state."),
    "28000": ("refuses the user", "Check the user in the url of the state, and pg_hba.conf on the server."),
    "3D000": ("does not exist", "Make the database (createdb), or name another one in the url of the state."),
    "42501": ("does not give this user the right to do this", _GRANTS),
    "3F000": ("is not there any more: its schema was dropped", "Restore it from a backup; headgate doctor tells more."),
    "42P01": ("is not whole: a table of it is missing", "Restore it from a backup; headgate doctor tells more."),
    "25006": ("can only be read: the server is a standby, or does not allow to write", _PRIMARY),
    "53300": ("has no connection left for this user", "Wait, or raise max_connections or the limit of the role."),
    "53100": ("cannot grow: the disk of the server is full", _DISK),
    "53200": ("cannot be used: the server has no memory left", "Look at the server, then run the command again."),
    "54000": ("cannot hold a key as long as this", "Shorten the name that the message shows."),
    "55P03": (f"was locked for {LOCK_SECONDS} s by another process", _AGAIN),
    "57014": ("took longer than the statement_timeout of this user allows", "Raise it for the role, or unset it."),
    "57P03": ("is not ready: the server is starting or stopping", _AGAIN),
    "40001": ("was changed by other processes without pause", _AGAIN),
    "40P01": ("was locked by other processes without pause", _AGAIN),
}
_BY_TEXT = (
    (r"password authentication failed|no password supplied", "28P01"),
    (r"no pg_hba\.conf entry|role \".*\" (does not exist|is not permitted)", "28000"),
    (r"database \".*\" does not exist", "3D000"),
    (r"permission denied for database", "42501"),
    (r"too many (clients|connections)|connection slots are reserved", "53300"),
    (r"the database system is", "57P03"),
)
"""What a server that speaks English says while libpq connects, which tells no code then, and the code of it."""

_PASSING = ("53300", "57P03")
"""States of a server that pass by themselves; also for a first connection they are waited for."""

_ENDED = ("57P01", "57P02", "57P05", "25P03", "25P04")
"""The server ended the connection: a shutdown, a crash, an administrator, or a session that was silent too long."""


@contextmanager
def faults(address: PostgresAddress) -> Iterator[None]:
    """Faults of PostgreSQL, of the network and of texts inside of the ``with`` come out as ``StoreFailed``."""
    try:
        yield
    except psycopg.Error as error:
        raise _told(address, error) from error
    except UnicodeEncodeError as error:
        text = f"The state {address.shown} cannot hold a text that is not Unicode: {error.object!a}"
        raise StoreFailed(text) from error


def is_lost(error: psycopg.Error) -> bool:
    """Tell whether the connection was lost, or could not be made, so that another one may do better."""
    state = state_of(error)
    if state:
        return state[:2] == "08" or state in _PASSING or state in _ENDED
    return isinstance(error, psycopg.OperationalError)


def is_passing(error: psycopg.Error) -> bool:
    """Tell whether a connection that was refused may well be given a moment later."""
    return state_of(error) in _PASSING


def is_overtaken(error: psycopg.Error) -> bool:
    """Tell whether the server gave up this transaction in favour of another one."""
    return state_of(error) in ("40001", "40P01")


def state_of(error: psycopg.Error) -> str:
    """Return the code of a fault (SQLSTATE); while connecting it is told from the text. Empty where it is unknown."""
    if error.sqlstate:
        is_recovering = error.sqlstate == "0A000" and "recovery" in str(error)
        return "25006" if is_recovering else error.sqlstate
    text = str(error)
    return next((state for pattern, state in _BY_TEXT if re.search(pattern, text)), "")


def _told(address: PostgresAddress, error: psycopg.Error) -> StoreFailed:
    state = state_of(error)
    if state in _BY_STATE:
        what, hint = _BY_STATE[state]
    elif state.startswith("XX"):
        what, hint = "is damaged", "Look at the log of the server; restore the state from a backup."
    elif is_lost(error):
        what, hint = "cannot be reached", _WHERE
    else:
        what, hint = "failed", "Run the command again; if it fails again, look at the log of the server."
    lines = [line.strip() for line in address.without_secrets(str(error)).splitlines() if line.strip()]
    said = "; ".join(dict.fromkeys(lines)).removesuffix(".")
    return StoreFailed(f"The state {address.shown} {what} (PostgreSQL: {said})", hint=hint)
