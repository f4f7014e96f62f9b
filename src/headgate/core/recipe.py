"""Recipes: what an asset is, as the code says it.

A recipe is made of *terms*. A term is a hash over a template plus the list of what the template reads of other assets,
in the order in which the template numbers them. The template never holds the address of an input, so that the version
of a term, ``H(term.hash, versions of term.reads)``, changes exactly when the code or what it reads changes.

The invariant on which reuse rests: two builds with equal row versions have rows that can be paired off such that every
column with equal column versions has equal values in each pair. Terms marked ``tainted`` claim nothing of the kind:
what they yield may differ from one execution to the next, so their versions carry the id of the build (see
``versions``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, cast

from headgate.core.address import Address
from headgate.core.hashing import Digest, Part, digest


class Aspect(StrEnum):
    """What of an asset can be read: which rows it has, in which order, or one column's values."""

    ROWS = "rows"
    ORDER = "order"
    COLUMN = "column"


ASPECTS: Mapping[str, Aspect] = {aspect.value: aspect for aspect in Aspect}
"""By their stored form: a look takes a tenth of the time of the enumeration's own, and a project has a million."""


class Read(NamedTuple):
    """One thing that a term reads: the rows, the order or one column of an input."""

    address: Address
    aspect: Aspect
    column: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and its type as the engine writes it (``DECIMAL(18,3)``)."""

    name: str
    type: str


Shape = tuple[Column, ...]
"""The columns of a table, in order."""


@dataclass(frozen=True, slots=True)
class Term:
    """A hashed template and what it reads. ``tainted``: executions may differ in what they yield.

    ``made`` is the tag and the parts that it was made from, for as long as a query is looked at: lineage is a fold over
    them. It is no part of what the term is, and a finished recipe has none.
    """

    hash: Digest
    reads: tuple[Read, ...] = ()
    tainted: bool = False
    made: tuple[str, Sequence[Any]] | None = field(default=None, compare=False, repr=False)


def term(tag: str, *parts: Part | Term, tainted: bool = False) -> Term:
    """Return the term of ``tag`` over constants and other terms; a tainted part taints the whole.

    The reads of the parts are renumbered by first occurrence, so that ``a + b`` and ``b + a`` of two inputs differ
    while the addresses of the inputs do not count. Cost: one hash, linear in the parts' reads.
    """
    numbers: dict[Read, int] = {}
    encoded: list[Part] = []
    for part in parts:
        if isinstance(part, Term):
            tainted = tainted or part.tainted
            # Bytes stand for a term and for nothing else; a digest has a fixed length, so the form is injective.
            order = [str(numbers.setdefault(read, len(numbers))) for read in part.reads]
            encoded.append(f"{part.hash} {' '.join(order)}".encode())
        else:
            encoded.append(part)
    return Term(digest(tag, *encoded), tuple(numbers), tainted, (tag, parts))


def term_of(read: Read, *, tainted: bool = False) -> Term:
    """Return the term that is what an input shows; ``tainted`` where reading it twice may give two answers."""
    return Term(digest("read", read.aspect.value), (read,), tainted, ("read", ()))


def finished(item: Term) -> Term:
    """Return the term without what it was made from, as a recipe holds it: a large graph must not keep its trees."""
    return Term(item.hash, item.reads, item.tainted)


def reading(address: Address, aspect: Aspect, column: str = "") -> Term:
    """Return the term that is what an input shows: its rows, its order, or one column."""
    return term_of(Read(address, aspect, column))


@dataclass(frozen=True, slots=True)
class ColumnRecipe:
    """One output column: its name, the engine's type, and the closure of its expression (the type is inside)."""

    name: str
    type: str
    term: Term


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an asset is: rows, their order, and columns in order.

    ``opaque`` says why the code was not understood (then every term reads everything), else it is empty. The digest is
    computed once (27 microseconds for six columns) and goes into the stored form, so that planning need not hash what
    did not change.
    """

    kind: str
    rows: Term
    order: Term
    columns: tuple[ColumnRecipe, ...]
    opaque: str = ""
    _digest: Digest | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def shape(self) -> Shape:
        """The names and types of the columns, in order."""
        return tuple(Column(c.name, c.type) for c in self.columns)

    def reads(self) -> frozenset[Read]:
        """Return all that the terms read. Cost: one pass over them."""
        terms = (self.rows, self.order, *(column.term for column in self.columns))
        return frozenset(read for item in terms for read in item.reads)

    def digest(self) -> Digest:
        """Return the identity of the recipe: equal for code that differs in format, aliases or column order only."""
        if self._digest is None:
            columns = tuple(sorted((c.name, c.type, c.term.hash, _part(c.term.reads)) for c in self.columns))
            rows = (self.rows.hash, _part(self.rows.reads))
            order = (self.order.hash, _part(self.order.reads))
            _remember(self, digest("recipe", self.kind, rows, order, columns))
        return cast("Digest", self._digest)


def recipe_to_json(recipe: Recipe) -> dict[str, Any]:
    """Return the stored form. Reads are a table of ``[address, aspect, column]`` that the terms point into."""
    table: dict[Read, int] = {}

    def encode(item: Term) -> list[Any]:
        return [item.hash, [table.setdefault(read, len(table)) for read in item.reads], int(item.tainted)]

    body = {
        "kind": recipe.kind,
        "rows": encode(recipe.rows),
        "order": encode(recipe.order),
        "columns": [[c.name, c.type, encode(c.term)] for c in recipe.columns],
        "opaque": recipe.opaque,
        "digest": recipe.digest(),
    }
    body["reads"] = [[read.address, read.aspect.value, read.column] for read in table]
    return body


def recipe_from_json(body: dict[str, Any]) -> Recipe:
    """Return the recipe of a stored form."""
    table = [Read(Address(a), ASPECTS[aspect], column) for a, aspect, column in body["reads"]]

    def decode(item: list[Any]) -> Term:
        return Term(Digest(item[0]), tuple(table[number] for number in item[1]), bool(item[2]))

    columns = tuple(ColumnRecipe(name, type_, decode(item)) for name, type_, item in body["columns"])
    recipe = Recipe(body["kind"], decode(body["rows"]), decode(body["order"]), columns, body["opaque"])
    _remember(recipe, Digest(body["digest"]))
    return recipe


def _remember(recipe: Recipe, value: Digest) -> None:
    """Keep the digest in the frozen recipe: it is derived from the other fields, so nothing seen of it changes."""
    object.__setattr__(recipe, "_digest", value)


def _part(reads: tuple[Read, ...]) -> Part:
    return tuple((read.address, read.aspect.value, read.column) for read in reads)


def shape_to_json(shape: Shape) -> list[list[str]]:
    """Return a shape as pairs of name and type."""
    return [[c.name, c.type] for c in shape]


def shape_from_json(body: list[list[str]]) -> Shape:
    """Return the shape of its stored form."""
    return tuple(_column(name, type_) for name, type_ in body)


_column = lru_cache(maxsize=100_000)(Column)
"""Columns of the same name and type are many in a project: making each once takes a fifth of the time."""
