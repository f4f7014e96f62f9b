"""Columns as they are declared, held against those that an asset has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headgate.core.address import Address, fold
from headgate.core.declarations import DeclaredColumn
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.recipe import Column, Shape
from headgate.project.postgres_types import postgres_type


def declared_shape(columns: Sequence[DeclaredColumn], dialect: str = "duckdb") -> Shape:
    """Return the columns of a source as they were declared; none where one of them has no type."""
    if not columns or any(not c.type for c in columns):
        return ()
    return tuple(Column(c.name, type_key(c.type, dialect)) for c in columns)


def mismatches(
    address: Address, declared: Sequence[DeclaredColumn], shape: Shape, dialect: str = "duckdb"
) -> Iterator[Diagnostic]:
    """Yield a fault for each declared column that the asset has not, or has with another type."""
    actual = {fold(c.name): c for c in shape}
    for column in declared:
        found = actual.get(fold(column.name))
        if found is None:
            near = nearest(column.name, (c.name for c in shape))
            hint = f"It has {', '.join(list(near) or [c.name for c in shape][:5])}."
            yield Diagnostic("HG304", f"{address} declares a column {column.name} that it has not", column.place, hint)
        elif column.type and type_key(column.type, dialect) != type_key(found.type, dialect):
            hint = f"Cast it in the query, or declare {found.type.lower()}."
            summary = f"{address}.{found.name} is declared {column.type}, but is {found.type}"
            yield Diagnostic("HG305", summary, column.place, hint)


_SYNONYMS = {
    "INT": "INTEGER", "INT4": "INTEGER", "SIGNED": "INTEGER", "INT8": "BIGINT", "LONG": "BIGINT", "INT2": "SMALLINT",
    "SHORT": "SMALLINT", "INT1": "TINYINT", "TEXT": "VARCHAR", "STRING": "VARCHAR", "CHAR": "VARCHAR",
    "BPCHAR": "VARCHAR", "FLOAT8": "DOUBLE", "DOUBLE PRECISION": "DOUBLE", "FLOAT4": "FLOAT", "REAL": "FLOAT",
    "BOOL": "BOOLEAN", "LOGICAL": "BOOLEAN", "NUMERIC": "DECIMAL(18,3)", "DECIMAL": "DECIMAL(18,3)",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "DATETIME": "TIMESTAMP", "BYTEA": "BLOB", "VARBINARY": "BLOB",
}  # fmt: skip


def type_key(type_: str, dialect: str = "duckdb") -> str:
    """Return a type as the engine writes it, of however people write it.

    >>> type_key("numeric(10, 2)")
    'DECIMAL(10,2)'
    """
    if dialect == "postgres":
        return postgres_type(type_)
    folded = " ".join(type_.upper().split()).replace(", ", ",").replace("NUMERIC(", "DECIMAL(")
    return _SYNONYMS.get(folded, folded)
