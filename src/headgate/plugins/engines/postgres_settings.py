"""The settings of every transaction in PostgreSQL: those that change results, the same on every supported version.

They are set with ``set local`` at the beginning of each transaction: whatever a role, a database, a pooler or a query
that ran before has set, a transaction of Headgate's means the same. ``settings_identity`` goes into recipes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Setting(NamedTuple):
    """A setting and its value as SQL."""

    name: str
    value: str


RESULT_SETTINGS: tuple[Setting, ...] = (
    Setting("array_nulls", "on"),
    Setting("bytea_output", "hex"),
    Setting("datestyle", "'ISO, YMD'"),
    Setting("default_text_search_config", "'pg_catalog.simple'"),
    Setting("extra_float_digits", "1"),
    Setting("intervalstyle", "'postgres'"),
    Setting("lc_monetary", "'C'"),
    Setting("lc_numeric", "'C'"),
    Setting("lc_time", "'C'"),
    # Functions and operators of extensions are named with their schema: an unqualified name is always PostgreSQL's own.
    Setting("search_path", "pg_catalog, pg_temp"),
    Setting("standard_conforming_strings", "on"),
    Setting("timezone", "'UTC'"),
    Setting("transform_null_equals", "off"),
    Setting("xmlbinary", "'base64'"),
    Setting("xmloption", "'content'"),
)
"""What changes results, sorted by name."""

SESSION_SETTINGS: tuple[Setting, ...] = (
    Setting("client_encoding", "'UTF8'"),
    Setting("client_min_messages", "'warning'"),
    Setting("idle_in_transaction_session_timeout", "0"),
    Setting("statement_timeout", "0"),
)
"""What keeps transactions whole; it changes no result."""


def settings_identity() -> str:
    """Return the settings as one text, equal on every version of PostgreSQL; it names the dialect as well.

    >>> "timezone='UTC'" in settings_identity()
    True
    """
    return "postgres settings 1: " + ", ".join(f"{s.name}={s.value}" for s in RESULT_SETTINGS)


def settled(more: Sequence[Setting] = ()) -> str:
    """Return the statements that give a transaction all settings."""
    return ";".join(f"set local {s.name} = {s.value}" for s in (*RESULT_SETTINGS, *SESSION_SETTINGS, *more))
