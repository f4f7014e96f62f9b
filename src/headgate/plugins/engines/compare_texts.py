"""The statements that lay two relations beside each other, as every engine understands them.

What engines say otherwise is in ``Words``: above all the *form* of two columns, an expression of one type over each of
them. Two values count as equal where their forms are not distinct.

Rows pair off by one full join over the key; which side a row stands on is told by a marker of its own, never by a key
that is NULL. A key that is NULL in part, or that several rows have, does not say which row is which: such rows of both
sides are taken out before, and counted as a bag.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from headgate.core.comparison import EXACT, ColumnDifference, Difference, Differences, KeyFacts, Tolerance
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.recipe import Column
from headgate.plugins.engines.sql_texts import quoted, shortened

Ask: TypeAlias = Callable[[str], Sequence[tuple[Any, ...]]]
"""Gives the rows of a SELECT."""

CHANGED, REMOVED, ADDED = 0, 1, 2
"""The kinds of rows that differ, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Form:
    """How two columns are compared: texts with ``{}`` where the expression stands.

    ``before`` and ``after`` give a form of one type of each column, ``shown`` the form as text: one text of values that
    are equal, or it would hang on the order of rows which are chosen to be shown. ``less`` gives what is
    subtracted where they are numbers: a type in which differences are exact, if there is one. Where there is none, or
    it may have no room for a difference, ``distance`` says how far two forms lie apart, with ``{old}`` and ``{new}``
    where they stand. ``share`` gives that part of a number, once more as it is subtracted, by which it may differ.
    """

    before: str = "{}"
    after: str = "{}"
    shown: str = "cast({} as text)"
    less: str = ""
    distance: str = ""
    share: Callable[[str, float], str] = lambda old, part: f"{part!r} * abs(cast({old} as double precision))"


@dataclass(frozen=True, slots=True)
class Words:
    """What engines say otherwise: the forms of two columns, and the greatest finite number as a literal."""

    form: Callable[[Column, Column], Form]
    finite_max: str = "1.7976931348623157e308"


SHOWN_FLOAT = "cast(case when {} = 0 then abs({}) else {} end as text)"
"""The text of a floating-point number: a zero has no sign, as 0.0 equals -0.0."""


def filled(template: str, expression: str) -> str:
    """Return a text with the expression in its places; braces in names are left alone.

    >>> filled("cast({} as text)", 't."a"')
    'cast(t."a" as text)'
    """
    return expression.join(template.split("{}"))


class Statements:
    """The statements of one pairing. ``has_odd``: some rows have no key of their own."""

    def __init__(self, pairing: Pairing, words: Words, *, has_odd: bool = False) -> None:
        self.pairing = pairing
        self.words = words
        self.has_odd = has_odd
        self.keys = [words.form(*pairing.pair(name)) for name in pairing.key]
        self.columns = [words.form(*pairing.pair(name)) for name in pairing.columns]
        self.tolerances = [pairing.tolerances.get(name, EXACT) for name in pairing.columns]

    def rows(self, side: Side) -> str:
        """Return the SELECT of how many rows a side has."""
        return f"select count(*) from {side.relation} as t"

    def nulls(self, side: Side) -> str:
        """Return the SELECT of how many rows have a NULL in their key."""
        return f"select count(*) from {side.relation} as t where {self._has_null(side)}"

    def repeated(self, side: Side) -> str:
        """Return the SELECT of how many keys stand in several rows, and of those rows."""
        grouped = f"select count(*) as times from {self._keyed(side)}"
        return f"select count(*), coalesce(sum(times), 0) from ({grouped}) as repeated"

    def counts(self) -> str:
        """Return the SELECT of removed, added and changed rows by key, then three numbers of each column."""
        return f"{self._with()}select {', '.join(self._numbers())} from ({self._pairs()}) as pairs"

    def counts_and_rows(self, limit: int) -> str:
        """Return the SELECT of those numbers as texts, as a row of the kind -1, and behind it rows that differ.

        The join is computed once; what differs is kept meanwhile.
        """
        numbers, texts = [f"cast({one} as text)" for one in self._numbers()], self._texts()
        width = max(len(numbers), len(texts))
        first = ", ".join(f"{text} as s{n}" for n, text in enumerate([*numbers, *["null"] * (width - len(numbers))]))
        names = ", ".join([*(f"s{n}" for n in range(len(texts))), *["null"] * (width - len(texts))])
        rows = f"select kind, turn, {names} from ({_ranked(self._differing('pairs'), len(texts), limit)}) as shown"
        both = f"select -1 as kind, 0 as turn, {first} from pairs union all {rows}"
        columns = ", ".join(f"s{n}" for n in range(width))
        pairs = f"pairs as materialized ({self._pairs()})"
        return f"{self._with(pairs)}select kind, {columns} from ({both}) as found order by kind, turn"

    def _numbers(self) -> list[str]:
        items = [
            "count(*) filter (where after_here is null)",
            "count(*) filter (where before_here is null)",
            f"count(*) filter (where {_BOTH} and ({self._changed()}))",
        ]
        for number in range(len(self.columns)):
            items.append(f"count(*) filter (where {_BOTH} and {self._differs(number)})")
            items.append(f"count(*) filter (where {_BOTH} and {self._beyond(number)})")
            items.append(self._greatest(number))
        return items

    def bag_counts(self) -> str:
        """Return the SELECT of how many rows are removed and added, as bags: of all rows, or of those that are odd."""
        return (
            f"{self._with()}select coalesce(-sum(surplus) filter (where surplus < 0), 0), "
            f"coalesce(sum(surplus) filter (where surplus > 0), 0) from ({self._surplus()}) as surpluses"
        )

    def differing(self, limit: int | None) -> str:
        """Return the SELECT of rows that differ by key: their kind, both sides' texts, and whether each column does."""
        found = self._differing(f"({self._pairs()}) as pairs")
        return self._with() + _first(found, len(self._texts()), limit)

    def _differing(self, pairs: str) -> str:
        kind = f"case when after_here is null then {REMOVED} when before_here is null then {ADDED} else {CHANGED} end"
        texts = self._texts()
        named = ", ".join(f"{text} as s{n}" for n, text in enumerate(texts))
        return (
            f"select {kind} as kind, {named}, {_hash(texts[: len(self.keys)])} as place from {pairs} "
            f"where before_here is null or after_here is null or {self._changed()}"
        )

    def _texts(self) -> list[str]:
        """Return what is shown of a pair: its key, the columns of both sides, and whether each of them differs."""
        keys = [filled(form.shown, f"k{n}") for n, form in enumerate(self.keys)]
        both = [filled(form.shown, f"{side}{n}") for side in ("o", "n") for n, form in enumerate(self.columns)]
        flags = [f"case when {self._beyond(n)} then '1' else '0' end" for n in range(len(self.columns))]
        return [*keys, *both, *flags]

    def _changed(self) -> str:
        return " or ".join(self._beyond(n) for n in range(len(self.columns))) or "1 = 0"

    def bag_differing(self, limit: int | None) -> str:
        """Return the SELECT of rows that one side has more often: their kind, their texts, how many more."""
        forms = [*self.keys, *self.columns]
        texts = [filled(form.shown, name) for form, name in zip(forms, self._names(), strict=True)]
        named = ", ".join(f"{text} as s{n}" for n, text in enumerate([*texts, "cast(abs(surplus) as text)"]))
        found = (
            f"select case when surplus < 0 then {REMOVED} else {ADDED} end as kind, {named}, {_hash(texts)} as place "
            f"from ({self._surplus()}) as surpluses"
        )
        return self._with() + _first(found, len(texts) + 1, limit)

    def _pairs(self) -> str:
        """Return the SELECT of the pairs of rows that differ, and of rows that have none on the other side."""
        before, after = (self._side(side) for side in (self.pairing.before, self.pairing.after))
        on = " and ".join(f"b.k{n} = a.k{n}" for n in range(len(self.keys)))
        keys = [f"coalesce(b.k{n}, a.k{n}) as k{n}" for n in range(len(self.keys))]
        values = [f"b.c{n} as o{n}, a.c{n} as n{n}" for n in range(len(self.columns))]
        differs = [f"b.c{n} is distinct from a.c{n}" for n in range(len(self.columns))]
        where = " or ".join(("b.here is null", "a.here is null", *differs))
        items = ", ".join(("b.here as before_here", "a.here as after_here", *keys, *values))
        return f"select {items} from ({before}) as b full join ({after}) as a on {on} where {where}"

    def _side(self, side: Side) -> str:
        """Return the SELECT of the forms of a side's rows, without those that are odd."""
        where = f" where not ({self._has_null(side)}) and not {self._is_repeated(side)}" if self.has_odd else ""
        return f"select 1 as here, {self._forms(side)} from {side.relation} as t{where}"

    def _surplus(self) -> str:
        """Return the SELECT of rows that one side has more often, with how many more the newer one has."""
        parts = []
        for side, sign in ((self.pairing.before, -1), (self.pairing.after, 1)):
            where = f" where {self._has_null(side)} or {self._is_repeated(side)}" if self.has_odd else ""
            parts.append(f"select {self._forms(side)}, {sign} as sign from {side.relation} as t{where}")
        names = ", ".join(self._names())
        both = " union all ".join(parts)
        return (
            f"select {names}, sum(sign) as surplus from ({both}) as both_sides group by {names} having sum(sign) <> 0"
        )

    def _names(self) -> list[str]:
        return [*(f"k{n}" for n in range(len(self.keys))), *(f"c{n}" for n in range(len(self.columns)))]

    def _forms(self, side: Side) -> str:
        values = (*self._key_forms(side), *self._of(side, self.pairing.columns, self.columns))
        return ", ".join(f"{value} as {name}" for value, name in zip(values, self._names(), strict=True))

    def _key_forms(self, side: Side) -> tuple[str, ...]:
        return tuple(self._of(side, self.pairing.key, self.keys))

    def _of(self, side: Side, names: Iterable[str], forms: Iterable[Form]) -> Iterator[str]:
        is_before = side is self.pairing.before
        for name, form in zip(names, forms, strict=True):
            expression = f"t.{quoted(side.column(name).name)}"
            yield filled(form.before if is_before else form.after, expression)

    def _has_null(self, side: Side) -> str:
        return " or ".join(f"t.{quoted(side.column(name).name)} is null" for name in self.pairing.key)

    def _keyed(self, side: Side) -> str:
        """Return what follows FROM for the keys of a side that several of its rows have."""
        by = ", ".join(self._key_forms(side))
        return f"{side.relation} as t where not ({self._has_null(side)}) group by {by} having count(*) > 1"

    def _with(self, *others: str) -> str:
        """Return the WITH of the keys that stand in several rows of a side, and of others."""
        tables = [f"odd as materialized ({self._odd()})"] if self.has_odd else []
        return f"with {', '.join((*tables, *others))} " if tables or others else ""

    def _odd(self) -> str:
        keys = [
            f"select {', '.join(f'{form} as k{n}' for n, form in enumerate(self._key_forms(side)))} "
            f"from {self._keyed(side)}"
            for side in (self.pairing.before, self.pairing.after)
        ]
        return " union ".join(keys)

    def _is_repeated(self, side: Side) -> str:
        same = " and ".join(f"odd.k{n} = {form}" for n, form in enumerate(self._key_forms(side)))
        return f"exists (select 1 from odd where {same})"

    def _differs(self, number: int) -> str:
        return f"o{number} is distinct from n{number}"

    def _beyond(self, number: int) -> str:
        """Return the condition that two values differ by more than their tolerance."""
        form, tolerance = self.columns[number], self.tolerances[number]
        if tolerance == EXACT or not form.less:
            return self._differs(number)
        share = form.share(filled(form.less, f"o{number}"), tolerance.relative)
        distance = self._distance(number)
        # A share of infinity is infinite: two infinities are near only where they are equal.
        near = f"{distance} <= {self.words.finite_max} and {distance} <= {tolerance.absolute!r} + {share}"
        return f"({self._differs(number)} and not coalesce({near}, 1 = 0))"

    def _distance(self, number: int) -> str:
        form = self.columns[number]
        if form.distance:
            return form.distance.replace("{old}", f"o{number}").replace("{new}", f"n{number}")
        old, new = (filled(form.less, f"{side}{number}") for side in ("o", "n"))
        return f"cast(abs({new} - {old}) as double precision)"

    def _greatest(self, number: int) -> str:
        """Return the greatest finite difference; NULL of what is no number."""
        if not self.columns[number].less:
            return "null"
        distance = self._distance(number)
        return f"max({distance}) filter (where {_BOTH} and {distance} <= {self.words.finite_max})"


_BOTH = "before_here is not null and after_here is not null"


def _hash(texts: Sequence[str]) -> str:
    """Return the hash by which rows are chosen: the same of the same texts, in every engine and version."""
    parts = (f"coalesce(cast(length({text}) as text) || ':' || {text}, '-')" for text in texts)
    return f"md5({' || '.join(parts)})"


def _first(found: str, width: int, limit: int | None) -> str:
    """Return the SELECT of those of each kind with the least hashes, in order; of all without a limit."""
    names = ", ".join(f"s{n}" for n in range(width))
    return f"select kind, {names} from ({_ranked(found, width, limit)}) as shown order by kind, turn"


def _ranked(found: str, width: int, limit: int | None) -> str:
    """Return the SELECT of those, with their turn; with a limit they are for people, and long values are shortened.

    They are chosen and put in order by what they are, before anything is cut.
    """
    names = ", ".join(f"s{n}" for n in range(width))
    shown = names if limit is None else ", ".join(f"{shortened(f's{n}')} as s{n}" for n in range(width))
    turn = f"row_number() over (partition by kind order by place, {names}) as turn"
    where = "" if limit is None else f" where turn <= {limit:d}"
    return f"select kind, turn, {shown} from (select kind, {names}, {turn} from ({found}) as found) as ranked{where}"


def counted(ask: Ask, pairing: Pairing, words: Words, is_unique: Callable[[Side], bool], sample: int) -> Counted:
    """Return how two sides differ. ``is_unique`` tells cheaply of some sides that no key stands in two rows.

    Of sides that have no column in common only the rows are counted.
    """
    keys, texts = _looked_at(ask, pairing, words, is_unique)
    pairing = texts.pairing
    before, after = (int(ask(texts.rows(side))[0][0]) for side in (pairing.before, pairing.after))
    (removed, added, changed, *numbers), rows = _by_key_counted(ask, texts, sample)
    if not pairing.key and not pairing.columns:
        return Counted(before, after, max(after - before, 0), max(before - after, 0))
    if texts.has_odd or not pairing.key:
        ((more_removed, more_added),) = ask(texts.bag_counts())
        removed, added = removed + int(more_removed), added + int(more_added)
        if sample and (more_removed or more_added):
            rows += tuple(_of_bag(ask(texts.bag_differing(sample)), sample))
    columns = tuple(
        _column_difference(name, tolerance, numbers[3 * n : 3 * n + 3])
        for n, (name, tolerance) in enumerate(zip(pairing.columns, texts.tolerances, strict=True))
        if pairing.key
    )
    found = Counted(before, after, added, removed, int(changed), columns, *keys)
    return replace(found, differences=Differences((*pairing.key, *pairing.columns), rows)) if rows else found


def _by_key_counted(ask: Ask, texts: Statements, sample: int) -> tuple[Sequence[Any], tuple[Difference, ...]]:
    """Return the numbers of what is paired by key, and some rows that differ."""
    if not texts.pairing.key:
        return (0, 0, 0), ()
    if not sample:
        return ask(texts.counts())[0], ()
    (_, *numbers), *rows = ask(texts.counts_and_rows(sample))
    found = [int(one) for one in numbers[:3]]
    return [*found, *numbers[3 : 3 + 3 * len(texts.columns)]], tuple(_by_key(rows, texts.pairing))


def _looked_at(
    ask: Ask, pairing: Pairing, words: Words, is_unique: Callable[[Side], bool]
) -> tuple[tuple[KeyFacts, KeyFacts], Statements]:
    """Return what the keys of both sides are like, and the statements that go with it."""
    texts = Statements(pairing, words)
    if not pairing.key:
        return (KeyFacts(), KeyFacts()), texts
    before, after = (key_facts(ask, texts, side, is_unique) for side in (pairing.before, pairing.after))
    if any(keys.nulls or keys.repeated for keys in (before, after)):
        whole = replace(pairing, columns=(*pairing.columns, *pairing.proven))
        return (before, after), Statements(whole, words, has_odd=True)
    return (before, after), texts


def key_facts(ask: Ask, texts: Statements, side: Side, is_unique: Callable[[Side], bool]) -> KeyFacts:
    """Return what the keys of a side are like."""
    if side.is_keyed:
        return KeyFacts()
    nulls = int(ask(texts.nulls(side))[0][0])
    if is_unique(side):
        return KeyFacts(nulls)
    repeated, rows = ask(texts.repeated(side))[0]
    return KeyFacts(nulls, int(repeated), int(rows))


def _column_difference(name: str, tolerance: Tolerance, numbers: Sequence[Any]) -> ColumnDifference:
    changed, beyond, greatest = numbers
    most = float(greatest) if int(changed) and greatest is not None else None
    return ColumnDifference(name, int(changed), int(beyond), tolerance, most)


def differing(
    ask: Ask, pairing: Pairing, words: Words, is_unique: Callable[[Side], bool], limit: int | None
) -> Differences:
    """Return rows that differ, as texts."""
    return _rows(ask, _looked_at(ask, pairing, words, is_unique)[1], limit)


def _rows(ask: Ask, texts: Statements, limit: int | None) -> Differences:
    pairing = texts.pairing
    rows: tuple[Difference, ...] = ()
    if not pairing.key and not pairing.columns:
        return Differences()
    if pairing.key:
        rows = tuple(_by_key(ask(texts.differing(limit)), pairing))
    if texts.has_odd or not pairing.key:
        rows += tuple(_of_bag(ask(texts.bag_differing(limit)), limit))
    return Differences((*pairing.key, *pairing.columns), rows)


def _by_key(found: Iterable[tuple[Any, ...]], pairing: Pairing) -> Iterator[Difference]:
    keys, width = len(pairing.key), len(pairing.columns)
    for kind, *row in found:
        key, old, new = row[:keys], row[keys : keys + width], row[keys + width : keys + 2 * width]
        before = () if kind == ADDED else (*key, *old)
        after = () if kind == REMOVED else (*key, *new)
        flags = row[keys + 2 * width : keys + 3 * width] if kind == CHANGED else ()
        yield Difference(
            before, after, tuple(n for n, flag in zip(pairing.columns, flags, strict=False) if flag == "1")
        )


def _of_bag(found: Iterable[tuple[Any, ...]], limit: int | None) -> Iterator[Difference]:
    """Yield a row as often as one side has it more often, so many of each kind at most."""
    given: Counter[int] = Counter()
    for kind, *row, surplus in found:
        times = int(surplus) if limit is None else min(int(surplus), limit - given[kind])
        given[kind] += times
        for _ in range(times):
            yield Difference(() if kind == ADDED else tuple(row), () if kind == REMOVED else tuple(row))
