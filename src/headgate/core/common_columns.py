"""Which columns of two tables are one column: those of one name, else of names that differ in case alone.

Most engines take ``a`` and ``A`` for one name, so that a table has one of them at most. PostgreSQL has both where they
were quoted: then ``a`` is ``a``, and ``A`` is ``A``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from headgate.core.address import fold
from headgate.core.recipe import Column, Shape


@dataclass(frozen=True, slots=True)
class CommonColumns:
    """The columns of two tables: ``both`` as pairs, in the order of the newer one, and what one side alone has.

    ``is_reordered``: those of both stand in another order in the older one. ``unclear`` are names of which nobody can
    tell which is which: they differ in case alone from several, and none of the other side is the same.
    """

    both: tuple[tuple[Column, Column], ...]
    removed: Shape = ()
    added: Shape = ()
    is_reordered: bool = False
    unclear: tuple[str, ...] = ()


def common_columns(before: Shape, after: Shape) -> CommonColumns:
    """Return which columns of two tables belong together. Cost: one pass.

    >>> found = common_columns((Column("id", "INT"), Column("a", "INT"), Column("A", "INT")), (Column("A", "INT"),))
    >>> [one.name for one, _ in found.both], [one.name for one in found.removed]
    (['A'], ['id', 'a'])
    """
    exact = {column.name for column in before} & {column.name for column in after}
    often = {name for shape in (before, after) for name, times in _folded(shape).items() if times > 1}
    rest = [{fold(c.name): c for c in shape if c.name not in exact} for shape in (before, after)]
    either = rest[0].keys() & rest[1].keys()
    partner = {c.name: c for c in before if c.name in exact}
    partner |= {rest[1][name].name: rest[0][name] for name in either - often}
    both = tuple((partner[column.name], column) for column in after if column.name in partner)
    unclear = either & often
    old, new = ({one[side].name for one in both} for side in (0, 1))
    places = [before.index(one) for one, _ in both]
    return CommonColumns(
        both,
        tuple(c for c in before if c.name not in old and fold(c.name) not in unclear),
        tuple(c for c in after if c.name not in new and fold(c.name) not in unclear),
        places != sorted(places),
        tuple(dict.fromkeys(c.name for c in (*before, *after) if fold(c.name) in unclear)),
    )


def column_called(shape: Shape, name: str) -> Column:
    """Return the column of this name, else one whose name differs in case alone; there must be one.

    >>> column_called((Column("a", "INT"), Column("A", "TEXT")), "A").type
    'TEXT'
    """
    meant = name_called([column.name for column in shape], name)
    return next(column for column in shape if column.name == meant)


def name_called(names: Collection[str], name: str) -> str:
    """Return ``name`` where it is among the names, else the only one that differs in case alone; else nothing.

    >>> name_called(["id", "Kind"], "kind"), name_called(["a", "A"], "A"), name_called(["ab", "aB"], "AB")
    ('Kind', 'A', '')
    """
    if name in names:
        return name
    found = [one for one in names if fold(one) == fold(name)]
    return found[0] if len(found) == 1 else ""


def are_told_apart_by_case(shape: Shape) -> bool:
    """Tell whether some columns have names that differ in case alone."""
    return len(_folded(shape)) < len(shape)


def _folded(shape: Shape) -> Counter[str]:
    return Counter(fold(column.name) for column in shape)
