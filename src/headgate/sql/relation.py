"""Relations and scopes: what a FROM clause offers, as terms, and how names are resolved against it.

A relation has a term for its rows, one for their order, and one for each column. The invariant (see ``core.recipe``) is
kept by construction: equal row terms mean rows that pair off; then equal column terms mean equal values in each pair.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from headgate.core.address import Address
from headgate.core.recipe import Term, term

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def lowered(name: str) -> str:
    """Return a column's name or an alias as DuckDB compares it: ``É`` and ``é`` are two columns (seen).

    >>> lowered("Flight_É")
    'flight_É'
    """
    return name.translate(_LOWER)


COLUMNS_MAX = 50_000
"""Columns of one FROM. Stars over joins of a CTE with itself double them at each step."""


class TooWide(Exception):
    """A FROM has more than ``COLUMNS_MAX`` columns, which the engine must not be asked to bind."""


class Opaque(Exception):
    """The query holds something that is not understood. The asset then counts as reading everything."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a relation. ``is_exact``: equal values are the same bits, so that grouping by it is deterministic.

    ``name`` is empty where the engine makes one up. ``is_list``: certainly a list, so that UNNEST gives one column.
    The last two are known of PostgreSQL alone, whose numeric keeps how many digits were written. ``is_adding``: integer
    or numeric, so that no sum depends on the order of rows; ``is_fixed``: all values have the same digits.
    """

    name: str
    term: Term
    is_exact: bool = False
    is_list: bool = False
    is_adding: bool = False
    is_fixed: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether equal values of this column are the same bits, be it for their digits."""
        return self.is_exact or self.is_fixed


UNORDERED = term("order of the engine's choice", tainted=True)
"""The order of rows that come out of a join, a grouping or a set operation."""


def chosen_order(*hangs_on: Term) -> Term:
    """Return the order that the engine chooses, of which is only known what its choice may hang on.

    To recipes it is always the same term: it is tainted, and they claim nothing of it. Lineage must leave out nothing.
    """
    return hanging_on(UNORDERED, hangs_on)


def hanging_on(item: Term, others: Sequence[Term]) -> Term:
    """Return the same tainted term, for lineage with what else its execution hangs on, above all the rows' order.

    ``others`` may still grow while the query is read.
    """
    if item.made is None or not item.tainted:
        return item
    tag, parts = item.made
    return Term(item.hash, item.reads, item.tainted, (tag, (*parts, *others) if parts else others))


HIDDEN_COLUMNS = frozenset({"rowid", "filename", "file_row_number", "file_index"})
"""Columns that a stored table or a file has without showing them."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows, their order, and columns in order."""

    rows: Term
    order: Term
    fields: tuple[Field, ...]

    def find(self, name: str) -> Field | None:
        """Return the column of that name, case folded; None where there is none."""
        folded = lowered(name)
        for item in self.fields:
            if lowered(item.name) == folded:
                return item
        return None


@dataclass(slots=True)
class Item:
    """One relation of a FROM clause under its alias. ``position`` tells apart relations that are joined together.

    ``hidden`` are the folded names of columns that USING or NATURAL merged into an earlier item.
    """

    alias: str
    relation: Relation
    position: int = 0
    address: Address | None = None
    schema: str = ""
    hidden: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.by_name: dict[str, Field] = {}
        for item in self.relation.fields:
            self.by_name.setdefault(lowered(item.name), item)
        self.is_open = "" in self.by_name or len(self.by_name) < len(self.relation.fields)

    by_name: dict[str, Field] = field(init=False, repr=False)
    is_open: bool = field(init=False, repr=False)

    def field(self, folded: str) -> Field | None:
        """Return the column of that folded name as the join shows it."""
        found = self.by_name.get(folded)
        return None if found is None else self.seen(found)

    def seen(self, item: Field) -> Field:
        """Return a column of this relation as the join shows it: with the position of its side."""
        if self.position == 0:
            return item
        return replace(item, term=term("side", self.position, item.term))

    def fields(self) -> tuple[Field, ...]:
        """Return all columns as the join shows them; raise ``TooWide`` for more than anybody can use."""
        if len(self.relation.fields) > COLUMNS_MAX:
            raise TooWide
        return tuple(self.seen(item) for item in self.relation.fields)


@dataclass(slots=True)
class Scope:
    """What names mean inside one SELECT.

    ``merged`` are the columns that USING and NATURAL made, by folded name. ``aliases`` are those of the SELECT list so
    far; a column in FROM goes before them, except where ``aliases_compete``: there clauses differ. ``outer`` is the
    query around it; ``escaped`` is set once a name was resolved out there. ``reorderings`` are what windows and
    subqueries sort and join by: the engine does so for them, and leaves rows as they come. ``merges`` are the folded
    names by which the item at a position was joined with USING.
    """

    outer: Scope | None
    ctes: Mapping[str, Relation]
    items: list[Item] = field(default_factory=list)
    merged: dict[str, Field] = field(default_factory=dict)
    aliases: dict[str, Field] = field(default_factory=dict)
    aliases_compete: bool = False
    escaped: bool = False
    reorderings: list[Term] = field(default_factory=list)
    merges: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def is_certain_without(self, name: str) -> bool:
        """Tell whether FROM has no column of that name for certain, once none of the known ones is it.

        An item may have columns that the engine names itself: unnamed expressions, doubled names, hidden ones.
        """
        return not (self.items and lowered(name) in HIDDEN_COLUMNS) and not any(i.is_open for i in self.items)

    def candidates(self, folded: str) -> list[Field]:
        """Return every column in FROM that an unqualified name may mean."""
        if folded in self.merged:
            return [self.merged[folded]]
        return [f for item in self.items if folded not in item.hidden and (f := item.field(folded)) is not None]

    def item(self, alias: str, schema: str = "") -> Item | None:
        """Return the relation that a qualifier names."""
        alias, schema = lowered(alias), lowered(schema)
        for item in self.items:
            if lowered(item.alias) == alias and (not schema or lowered(item.schema) == schema):
                return item
        return None

    def known_names(self) -> Iterable[str]:
        """Return the names of all columns in FROM."""
        return dict.fromkeys(f.name for item in self.items for f in item.relation.fields if f.name)


def outer_field(item: Field) -> Field:
    """Return a column of the query around as a subquery sees it."""
    return replace(item, term=term("outer", item.term))


def either(name: str, found: list[Field]) -> Field:
    """Return the column that is one of several, whichever the engine takes: it reads all of them.

    DuckDB's precedence of aliases and columns differs by clause; a term over all candidates is right for each.
    """
    if len({f.term for f in found}) == 1:
        return found[0]
    return Field(name, term("one of", *(f.term for f in found)), all(f.is_exact for f in found))


def renamed(relation: Relation, names: list[str]) -> Relation:
    """Return the relation with its first columns renamed, as ``t(a, b)`` does."""
    if len(names) > len(relation.fields):
        raise Opaque("more column aliases than columns")
    fields = tuple(
        replace(f, name=new or f.name)
        for f, new in itertools.zip_longest(relation.fields, names, fillvalue="")
        if isinstance(f, Field)
    )
    return Relation(relation.rows, relation.order, fields)
