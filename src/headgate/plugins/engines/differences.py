"""When two values of a column are not the same to see: what a load has to write, and what is another state.

That is finer than ``is distinct from``, for which 1.0 and 1.00, ``1 month`` and ``30 days``, or two texts under a
collation without case are equal. It also holds where a type knows no equality, such as ``json`` in PostgreSQL.
``old`` is a row of a storage, ``stage`` one that comes.
"""

from __future__ import annotations

from headgate.core.recipe import Column
from headgate.plugins.engines.sql_texts import quoted

_EXACT_IN_DUCKDB = frozenset((
    "BIGINT", "BIT", "BLOB", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "ENUM", "FLOAT", "HUGEINT", "INTEGER", "SMALLINT",
    "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP_S", "TINYINT",
    "UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT", "UUID",
))  # fmt: skip
"""Types whose equal values are one value; of a zero DuckDB does not always store the sign (seen)."""

_EXACT_IN_POSTGRES = frozenset((
    "bigint", "boolean", "bytea", "character varying", "date", "integer", "oid", "smallint", "text",
    "time without time zone", "timestamp with time zone", "timestamp without time zone", "uuid",
))  # fmt: skip
"""The same of PostgreSQL. A text with a collation of its own is not among them."""


def differs_in_duckdb(column: Column) -> str:
    """Return the condition that a column of ``old`` and of ``stage`` show different values in DuckDB.

    >>> differs_in_duckdb(Column("a", "DECIMAL(9,2)"))
    'old."a" is distinct from stage."a"'
    """
    old, new = f"old.{quoted(column.name)}", f"stage.{quoted(column.name)}"
    plain, kind = f"{old} is distinct from {new}", column.type.upper()
    if kind.endswith("]") or kind.partition("(")[0] not in _EXACT_IN_DUCKDB:
        old, new = (f"{one}::varchar" if kind != "VARCHAR" else one for one in (old, new))
        return f"encode({old}) is distinct from encode({new})"  # as bytes, by any collation; costs 5 % more than texts
    return plain


def differs_in_postgres(column: Column) -> str:
    """Return the condition that a column of ``old`` and of ``stage`` show different values in PostgreSQL.

    >>> differs_in_postgres(Column("a", "text")), differs_in_postgres(Column("a", "json"))
    ('old."a" is distinct from stage."a"', 'record_image_ne(row(old."a"), row(stage."a"::json))')
    """
    old, new = f"old.{quoted(column.name)}", f"stage.{quoted(column.name)}"
    if column.type.partition("(")[0] in _EXACT_IN_POSTGRES and not column.type.endswith("]"):
        return f"{old} is distinct from {new}"
    # It compares what is stored, byte by byte, and refuses two types.
    return f"record_image_ne(row({old}), row({new}::{column.type}))"
