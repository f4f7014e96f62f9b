"""What is collected while one query is read: faults, and the parameters of lambdas around an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.recipe import Aspect, Read, Shape, Term, term_of
from headgate.sql.parameters import QueryParameter
from headgate.sql.relation import Field
from headgate.sql.tree import line_at, place_at


@dataclass(slots=True)
class Reading:
    """One query being read. ``inputs`` are the columns of everything it may name, by folded address.

    ``volatile`` is what of its inputs is made anew at each reading: what is tainted of a view, which holds no data.
    ``is_collated``: a collation stands in the query or in its inputs' types; then no value counts as exact.
    ``constants`` are the parameters that get a value.
    """

    text: str
    path: str
    inputs: Mapping[str, tuple[Address, Shape]]
    volatile: frozenset[Read] = frozenset()
    faults: list[Diagnostic] = field(default_factory=list)
    parameters: dict[str, Field] = field(default_factory=dict)
    is_collated: bool = False
    dialect: str = "duckdb"
    constants: frozenset[str] = frozenset()

    def seen(self, address: Address, aspect: Aspect, column: str = "") -> Term:
        """Return the term that is one aspect of an input."""
        read = Read(address, aspect, column)
        return term_of(read, tainted=read in self.volatile)

    def fault(self, diagnostic: Diagnostic, node: Any) -> None:
        """Note a fault at the place of a node."""
        start, end = span(node)
        place = place_at(self.text, self.path, start, max(end - start, 1))
        self.faults.append(replace(diagnostic, place=place, excerpt=line_at(self.text, start)))


def span(node: Any) -> tuple[int, int]:
    """Return the characters that the names in a node stand on; the last name of a column alone, as that is at fault."""
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        node = node.this
    if isinstance(node, QueryParameter) and "start" in node.meta:
        return int(node.meta["start"]), int(node.meta["end"]) + 1
    first, last = -1, 0
    for item in node.walk():
        if "start" in item.meta:
            start, end = int(item.meta["start"]), int(item.meta["end"]) + 1
            first = start if first < 0 else min(first, start)
            last = max(last, end)
    return max(first, 0), max(last, first + 1)
