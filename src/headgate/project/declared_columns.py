"""Columns as they are declared, held against those that an asset has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from headgate.core.address import Address, fold
from headgate.core.declarations import DeclaredColumn
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.recipe import Column, Shape
from headgate.core.type_names import type_key


def declared_shape(columns: Sequence[DeclaredColumn], dialect: str = "duckdb") -> Shape:
    """Return the columns of a source as they were declared; none where one of them has no type."""
    if not columns or any(not c.type for c in columns):
        return ()
    return tuple(Column(c.name, type_key(c.type, dialect)) for c in columns)


def mismatches(
    address: Address,
    declared: Sequence[DeclaredColumn],
    shape: Shape,
    dialect: str = "duckdb",
    *,
    relying: Callable[[str], str] = lambda _: "",
) -> Iterator[Diagnostic]:
    """Yield a fault for each declared column that the asset has not, or has with another type.

    ``relying`` says of a column who relies on it.
    """
    actual = {fold(c.name): c for c in shape}
    for column in declared:
        found = actual.get(fold(column.name))
        if found is None:
            near = nearest(column.name, (c.name for c in shape))
            hint = f"It has {', '.join(list(near) or [c.name for c in shape][:5])}."
            summary = f"{address} declares a column {column.name} that it has not"
            yield Diagnostic("HG304", summary, column.place, hint, relying(column.name))
        elif column.type and type_key(column.type, dialect) != type_key(found.type, dialect):
            hint = f"Cast it in the query, or declare {found.type.lower()}."
            summary = f"{address}.{found.name} is declared {column.type}, but is {found.type}"
            yield Diagnostic("HG305", summary, column.place, hint, relying(column.name))
