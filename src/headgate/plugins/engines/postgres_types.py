"""Types of DuckDB and types of PostgreSQL: which of one holds exactly what the other does.

DuckDB reads files, seeds and what Python functions return; what it found has to stand in a table of PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from headgate.core.recipe import Column, Shape

_SAME = {
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "INTEGER": "integer",
    "USMALLINT": "integer",
    "BIGINT": "bigint",
    "UINTEGER": "bigint",
    "UBIGINT": "numeric(20,0)",
    "HUGEINT": "numeric(39,0)",
    "UHUGEINT": "numeric(39,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "DATE": "date",
    "TIME": "time without time zone",
    "TIME WITH TIME ZONE": "time with time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP_S": "timestamp without time zone",
    "TIMESTAMP_MS": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "INTERVAL": "interval",
    "UUID": "uuid",
    "JSON": "jsonb",
}
"""Of several that one type of PostgreSQL holds, the first holds all of its values: a file is read as that one."""

_READ = {
    **{theirs: ours for ours, theirs in reversed(_SAME.items())},
    "numeric": "VARCHAR",
    "json": "JSON",
}
"""What DuckDB reads a column as that is wanted with a type of PostgreSQL; any other one is read as a text."""

_DECIMAL = re.compile(r"(?:DECIMAL|numeric)\((\d+),(\d+)\)")
_DECIMAL_DIGITS_MAX = 38
_LIST = re.compile(r"(.+?)\[\d*\]")
_NESTED = ("STRUCT(", "MAP(", "UNION(")


def held_by(type_: str) -> str:
    """Return the type of PostgreSQL that holds every value of one of DuckDB's exactly; empty where there is none.

    >>> held_by("DECIMAL(10,2)"), held_by("INTEGER[]"), held_by("TIMESTAMP_NS")
    ('numeric(10,2)', 'integer[]', '')
    """
    if type_ in _SAME:
        return _SAME[type_]
    if found := _DECIMAL.fullmatch(type_):
        return f"numeric({found[1]},{found[2]})"
    if type_.startswith("ENUM("):
        return "text"
    if found := _LIST.fullmatch(type_):
        inner = "" if is_nested(found[1]) else held_by(found[1])
        return f"{inner}[]" if inner and inner != "jsonb" else "jsonb"
    return "jsonb" if type_.startswith(_NESTED) else ""


def is_nested(type_: str) -> bool:
    """Tell whether values of a type of DuckDB's hold others."""
    return type_.endswith("]") or type_.startswith(_NESTED)


def read_as(type_: str) -> str:
    """Return the type that DuckDB reads a column as which shall have a type of PostgreSQL.

    >>> read_as("integer"), read_as("numeric(10,2)"), read_as("character varying(5)")
    ('INTEGER', 'DECIMAL(10,2)', 'VARCHAR')
    """
    plain = type_.split(" COLLATE ", maxsplit=1)[0]
    if plain in _READ:
        return _READ[plain]
    if (found := _DECIMAL.fullmatch(plain)) and int(found[1]) <= _DECIMAL_DIGITS_MAX:
        return f"DECIMAL({found[1]},{found[2]})"
    if plain.endswith("[]"):
        return f"{read_as(plain[:-2])}[]"
    return "VARCHAR"


def read_shape(shape: Shape) -> Shape:
    """Return the columns as DuckDB reads them."""
    return tuple(Column(column.name, read_as(column.type)) for column in shape)


def held_shape(shape: Shape) -> tuple[Shape, str]:
    """Return the columns as PostgreSQL holds them, or what stands against it."""
    unheld = [f"{column.name} ({column.type})" for column in shape if not held_by(column.type)]
    if unheld:
        way_on = "Declare the column with a type of PostgreSQL's that it fits into, or write it otherwise."
        return (), f"PostgreSQL has no type for {', '.join(unheld)}\n{way_on}"
    return tuple(Column(column.name, held_by(column.type)) for column in shape), ""


def wanted_shape(found: Shape, demanded: Shape) -> Shape:
    """Return how DuckDB has to give columns that it found, by name, for a table of PostgreSQL."""
    types = {column.name.lower(): column.type for column in found}
    return tuple(
        Column(c.name, own if held_by(own := types[c.name.lower()]) == c.type else read_as(c.type)) for c in demanded
    )


def texts(found: Shape) -> Iterable[str]:
    """Yield for each column the SQL of DuckDB that gives its value as PostgreSQL reads it."""
    for number, column in enumerate(found):
        yield _text(f"c{number}", column.type)


def _text(value: str, type_: str) -> str:
    if type_ == "BLOB":
        return rf"'\x' || lower(hex({value}))"
    if type_ in ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"):
        text = f"{value}::varchar"
        era = f"case when contains({text}, ' (BC)') then ' BC' else '' end"
        return f"replace({text}, ' (BC)', '') || {era}"
    if (item := _LIST.fullmatch(type_)) and not is_nested(item[1]) and held_by(type_) != "jsonb":
        inner = _text("x", item[1])
        escaped = f"replace(replace({inner}, chr(92), repeat(chr(92), 2)), chr(34), chr(92) || chr(34))"
        written = f"case when x is null then 'NULL' else chr(34) || {escaped} || chr(34) end"
        return f"'{{' || array_to_string(list_transform({value}::{item[1]}[], x -> {written}), ',') || '}}'"
    if is_nested(type_) or type_ == "JSON":
        return f"to_json({value})::varchar"
    return f"{value}::varchar"
