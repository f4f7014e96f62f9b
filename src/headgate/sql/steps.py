"""How the parts of a term reach what the term is: for every tag, a step for each part.

A tag that is not in this table counts as opaque, part by part; a test finds every tag of this package and demands that
it is here. Nothing in a term of rows or of an order is direct, so to pass it on keeps its kinds. What a tainted term
hangs on besides stands behind its parts; it is an order, so the step of the last part leaves it as it is. The tags of
recursive CTEs are in ``edges``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from headgate.core.hashing import Part
from headgate.core.lineage import Step, Subtype
from headgate.core.recipe import Term

Parts: TypeAlias = "Sequence[Part | Term]"
Stepped: TypeAlias = "tuple[Term, Step]"
Rule: TypeAlias = "tuple[Step, ...] | Callable[[Parts], Iterable[Stepped]]"

_AS_IS = Step(Subtype.IDENTITY)
_CHANGED = Step(Subtype.TRANSFORMATION)
_MASKED = Step(Subtype.TRANSFORMATION, masking=True)
_AGGREGATED = Step(Subtype.AGGREGATION)
_COUNTED = Step(Subtype.AGGREGATION, masking=True)
_FILTER = Step(Subtype.FILTER)
_JOIN = Step(Subtype.JOIN)
_GROUP = Step(Subtype.GROUP_BY)
_SORT = Step(Subtype.SORT)
_WINDOW = Step(Subtype.WINDOW)
_CONDITION = Step(Subtype.CONDITIONAL)
_OPAQUE = Step(Subtype.OPAQUE)

COUNTING = frozenset("approx_count_distinct count count_if count_star countif regr_count".split())
"""Aggregates from which no value can be told."""

HASHING = frozenset("hash md5 md5_number sha1 sha256".split())
"""Scalars from which the value cannot be told."""

FIRST_PRESENT = frozenset("coalesce ifnull nvl".split())
"""Scalars that pass on one of their arguments; which one depends on what is NULL."""

PASSING_WINDOWS = frozenset("fill first_value lag last_value lead nth_value ntile".split())
"""Window functions that show a value of another row: nothing is aggregated."""


def steps(tag: str, parts: Parts) -> Iterator[Stepped]:
    """Yield each part of a term that is a term, with how it reaches the whole; one part may come by several steps."""
    rule = RULES.get(tag, (_OPAQUE,))
    if callable(rule):
        yield from rule(parts)
        return
    last = len(rule) - 1
    for number, part in enumerate(parts):
        if isinstance(part, Term):
            yield part, rule[min(number, last)]


def _each(parts: Iterable[Part | Term], *ways: Step) -> Iterator[Stepped]:
    for part in parts:
        if isinstance(part, Term):
            for way in ways:
                yield part, way


def _call(parts: Parts) -> Iterator[Stepped]:
    """``(name, arguments...)``."""
    name, arguments = parts[0], parts[1:]
    if name in FIRST_PRESENT:
        yield from _each(arguments, _AS_IS, _CONDITION)
    elif name == "if":
        yield from _each(arguments[:1], _CONDITION)
        yield from _each(arguments[1:], _AS_IS)
    elif name == "nullif":
        yield from _each(arguments[:1], _AS_IS)
        yield from _each(arguments, _CONDITION)
    else:
        yield from _each(arguments, _MASKED if name in HASHING else _CHANGED)


def _aggregate(parts: Parts) -> Iterator[Stepped]:
    """``(name, rows, filter, arguments..., order)``; the order, if it is read, is a term of an order."""
    yield from _each(parts[1:2], _AS_IS)
    yield from _each(parts[2:3], _FILTER)
    yield from _each(parts[3:], _COUNTED if parts[0] in COUNTING else _AGGREGATED)


def _window(parts: Parts) -> Iterator[Stepped]:
    """``(name, nulls, rows, partition, keys, frame, filter, arguments..., order)``."""
    name = parts[0]
    argument = _CHANGED if name in PASSING_WINDOWS else _COUNTED if name in COUNTING else _AGGREGATED
    yield from _each(parts[2:3], _AS_IS)
    yield from _each(parts[3:6], _WINDOW)
    yield from _each(parts[6:7], _FILTER)
    yield from _each(parts[7:], argument)


def _using(parts: Parts) -> Iterator[Stepped]:
    """``(how, left, right)`` is the merged column, ``(columns...)`` the condition: both sides of each are compared."""
    how = parts[0]
    if not isinstance(how, str):
        for column in parts:
            yield from _each(column.made[1] if isinstance(column, Term) and column.made else (), _JOIN)
    elif "FULL" in how:
        yield from _each(parts[1:], _AS_IS, _CONDITION)
    else:
        shown, compared = (2, 1) if "RIGHT" in how else (1, 2)
        yield from _each(parts[shown : shown + 1], _AS_IS)
        yield from _each(parts[compared : compared + 1], _JOIN)


def _series_value(parts: Parts) -> Iterator[Stepped]:
    """``(rows)``, which are ``series(name, arguments...)``: the arguments make the values as well as the rows."""
    rows = parts[0]
    if isinstance(rows, Term) and rows.made is not None and rows.made[0] == "series":
        yield from _each(rows.made[1], _CHANGED)
    else:
        yield from _each(parts, _OPAQUE)


def _tags(text: str) -> list[str]:
    return [tag.strip() for tag in text.strip().split("\n")]


RULES: dict[str, Rule] = {
    # Leaves: constants, and what reads nothing.
    **dict.fromkeys(
        _tags("""
        text
        number
        null
        boolean
        word
        type
        no amount
        nothing
        no order
        directions
        no bound
        no condition
        all rows
        default frame
        one row
        one group
        rows of values
        order of values
        missing
        unknown
        """),
        (_AS_IS,),
    ),
    # Expressions that pass on what they are given.
    **dict.fromkeys(
        _tags("""
        side
        outer
        one of
        parentheses
        list
        named
        distinct
        where
        values
        key
        keys
        order by
        partition
        bound
        frame
        output column
        union column
        intersect column
        """),
        (_AS_IS,),
    ),
    # Expressions that make another value of it.
    **dict.fromkeys(
        _tags("""
        +
        -
        *
        /
        //
        %
        ^
        negative
        not
        =
        <>
        <
        <=
        >
        >=
        is
        is not distinct from
        is distinct from
        like
        ilike
        similar to
        ~
        escape
        glob
        between
        ||
        &
        |
        xor
        <<
        >>
        and
        or
        in
        tuple
        list value
        subscript
        slice
        map
        struct
        substring
        trim
        position
        at time zone
        collate
        cast
        try cast
        interval
        extract
        volatile
        lambda
        parameter
        member
        whole row
        all columns
        unnested
        """),
        (_CHANGED,),
    ),
    "case": (_CONDITION, _AS_IS, _AS_IS),
    "when": (_CONDITION, _AS_IS),
    "call": _call,
    "using": _using,
    "except column": (_AS_IS, _FILTER),
    # Many rows into one value.
    "aggregate": _aggregate,
    "ordered": (_AS_IS, _SORT),
    "within group": (_AS_IS, _AGGREGATED),
    "window": _window,
    "grouping": (_GROUP,),
    "value of query": (_AS_IS, _AS_IS),
    "exists": (_AS_IS,),
    "in query": (_CHANGED, _AS_IS, _AGGREGATED),
    "any of query": (_AS_IS, _AGGREGATED),
    "all of query": (_AS_IS, _AGGREGATED),
    # A column beside the rows that it stands in.
    **dict.fromkeys(
        _tags("""
        grouped
        of groups
        key of
        of first
        column distinct
        column union distinct
        column intersect distinct
        column intersect all
        column except distinct
        column except all
        """),
        (_AS_IS,),
    ),
    "series value": _series_value,
    # Rows.
    "filter": (_AS_IS, _FILTER),
    "join": (_AS_IS, _AS_IS, _AS_IS, _JOIN),
    "group": (_AS_IS, _GROUP),
    **dict.fromkeys(("GroupingSets", "Rollup", "Cube", "Tuple"), (_AS_IS,)),
    "unnest": (_AS_IS, _JOIN),
    "unnest in from": (_JOIN,),
    "series": (_JOIN,),
    "distinct on": (_AS_IS, _GROUP),
    "limit": (_AS_IS, _SORT, _FILTER),
    "limited": (_AS_IS,),
    "total order": (_SORT,),
    **dict.fromkeys(
        _tags("""
        union all
        union distinct
        intersect distinct
        intersect all
        except distinct
        except all
        """),
        (_AS_IS,),
    ),
    "rows distinct": (_AS_IS, _GROUP),
    "rows union distinct": (_AS_IS, _GROUP),
    **dict.fromkeys(
        ("rows intersect distinct", "rows intersect all", "rows except distinct", "rows except all"),
        (_AS_IS, _FILTER),
    ),
    "output rows": (_FILTER,),
    # Orders.
    "order of the engine's choice": (_SORT,),
    "sorted": (_AS_IS, _SORT),
    "first of": (_AS_IS, _SORT),
    "series order": (_SORT,),
    "unnest order": (_SORT,),
    "output order": (_SORT,),
    # What is not understood.
    "opaque": (_OPAQUE,),
    "opaque column": (_OPAQUE,),
}
"""The step of each part by place, the last one for all further parts; or a function of all parts."""
