"""Types as PostgreSQL writes them, of however people write them."""

from __future__ import annotations

import re

_SYNONYMS = {
    "int": "integer", "int4": "integer", "serial": "integer", "int8": "bigint", "bigserial": "bigint",
    "int2": "smallint", "float": "double precision", "float8": "double precision", "double": "double precision",
    "float4": "real", "bool": "boolean", "decimal": "numeric", "varchar": "character varying", "char": "character",
    "bpchar": "character", "string": "text", "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone", "datetime": "timestamp without time zone",
    "time": "time without time zone", "timetz": "time with time zone", "varbit": "bit varying", "blob": "bytea",
}  # fmt: skip
_SIZED = re.compile(r"([a-z_0-9 ]+?)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)(.*)")


def postgres_type(type_: str) -> str:
    """Return a type as PostgreSQL writes it.

    >>> [postgres_type(text) for text in ("NUMERIC(10, 2)", "varchar(5)", "timestamptz", "int[]")]
    ['numeric(10,2)', 'character varying(5)', 'timestamp with time zone', 'integer[]']
    """
    plain, collate, collation = type_.partition(" COLLATE ")
    if '"' in plain or "'" in plain:
        return type_
    folded = " ".join(plain.lower().split())
    inner = folded.removesuffix("[]")
    return f"{_plain(inner)}{folded[len(inner) :]}{collate}{collation}"


def _plain(folded: str) -> str:
    sized = _SIZED.fullmatch(folded)
    if sized is None:
        name = _SYNONYMS.get(folded, folded)
        return "character(1)" if name == "character" else name
    name, first, second, rest = sized[1], sized[2], sized[3], sized[4]
    spelled = _SYNONYMS.get(name, name)
    if spelled.startswith("time"):  # timestamp(3) with time zone
        kind, _, zone = spelled.partition(" ")
        return f"{kind}({first}) {rest.strip() or zone}"
    if spelled == "numeric":
        return f"numeric({first},{second or 0})"
    return f"{spelled}({first}{',' + second if second else ''}){rest}"
