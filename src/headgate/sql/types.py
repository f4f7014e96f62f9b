"""Types in casts. Those that are not listed make a query opaque."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from headgate.core.recipe import Term, term
from headgate.sql.relation import Opaque
from headgate.sql.stage import only

_TYPES_EXACT = frozenset(
    "BIGINT BIT BOOLEAN DATE DECIMAL INT INT128 SMALLINT TEXT TIME TIMESTAMP TIMESTAMPTZ TIMESTAMP_MS TIMESTAMP_NS "
    "TIMESTAMP_S TINYINT UBIGINT UINT USMALLINT TIMESTAMPNTZ UTINYINT UUID VARBINARY VARCHAR".split()
)
_TYPES_OTHER = frozenset("ARRAY DOUBLE FLOAT INTERVAL JSON LIST MAP STRUCT TIMETZ UINT128".split())


def type_name(node: Any) -> tuple[Term, bool]:
    """Return the term of a type in a cast, and whether it is exact. Types that are not listed are opaque."""
    if isinstance(node, exp.Interval):
        return term("type", "INTERVAL", str(node.args.get("unit") or "")), False
    if not isinstance(node, exp.DataType):
        raise Opaque(f"type {node.sql()} is not understood")
    only(node, "this", "expressions", "nested", "values", "prefix", "kind")
    name = node.this.name if hasattr(node.this, "name") else str(node.this)
    if name not in _TYPES_EXACT and name not in _TYPES_OTHER:
        raise Opaque(f"type {name} is not understood")
    inner = [*(node.args.get("expressions") or ()), *(node.args.get("values") or ())]
    return term("type", name, *(_type_part(part) for part in inner)), name in _TYPES_EXACT


def _type_part(part: Any) -> Term:
    if isinstance(part, exp.DataType):
        return type_name(part)[0]
    if isinstance(part, exp.DataTypeParam):
        return _type_part(part.this)
    if isinstance(part, exp.Literal):
        return term("parameter", str(part.this))
    if isinstance(part, exp.ColumnDef) and isinstance(part.args.get("kind"), exp.Expression):
        only(part, "this", "kind")
        return term("member", part.name, type_name(part.args["kind"])[0])
    raise Opaque("this type is not understood")
