"""Pairs of queries that differ in one place and mean different things, construct by construct.

The grammar meets every construct, but many of them seldom in a query where one changed word is seen in the result: a key
of DISTINCT needs rows that are alike, a correlated column needs two tables around it. Each contrast is a query made so
that every filling of its holes is seen. It is an asset like any other: tables and views read it, sources change under it.
"""

# ruff: noqa: E501  # one contrast a line

from __future__ import annotations

import dataclasses
import random
import re
from dataclasses import dataclass

from fuzz.edits import Table
from fuzz.grammar import class_of

CONTRASTS = (
    # Rows
    "select t0.<i> as k from <R> as t0 where t0.<i> {<|>|=|<>|>=} {0|1|2|3}",
    "select t0.<i> as k from <R> as t0 where {|not }(t0.<i> {>|<} 1)",
    "select t0.<i> as k, t1.<I> as a from <R> as t0 {join|left join|right join|full join} <S> as t1 on t0.<i> {=|<} t1.<I>",
    "select t0.<i> as k from <R> as t0 {semi|anti} join <S> as t1 on t0.<i> = t1.<I>",
    "select {t0|t1|t2}.<i:1> as k from <R> as t0 join <R> as t1 on t0.<i> = t1.<i> join <R> as t2 on true",
    "select count(*) as k from (select distinct {<i>|<s>|<i>, <s>|<i>, <i>} from <R>) as q",
    "select distinct on ({<i>|<s>|<i>, <s>}) <i> as k, <s> as b from <R> order by <i> {|desc}, <s>{| desc}",
    "select <i:1> as k from <R> order by <i:1>{| desc}{| nulls first} limit {1|2|3}{| offset 1}",
    "select <i> as k from <R> limit {0|3|100|100 percent}",
    "select count(*) as k from (select unnest({<l>|[<i>]|[<i>, 1]|list_value(1, 2, 3)}) as u from <R>) as q",
    "select un.i as k from <R> as t0, unnest({t0.<l>|[t0.<i>]|[t0.<i>, 1]}) as un(i)",
    "select row_number() over w as k from <R> window w as (order by {count(*)|1})",
    "select <i> as k, row_number() over (order by <i>, <s>) as w from <R> qualify w {<=|>} {1|2}",
    "select <i> as k from <R> {union|union all|except|intersect|except all} select {<I:1>|<I:1> + 1|1} from <S>",
    "select <i> as k from <R> union all by name select <I> as {k|a} from <S>",
    "with recursive r as (select {0|1} as i union all select i + {1|2} from r where i < {3|4|5}) select i as k from r",
    "select k as k from (select <i> as k from <R>) as t0 {join|left join|right join|full join} (select <I> + {0|1|2} as k from <S>) as t1 using (k)",
    "select <i:1> as k, <s> as b from <R> order by <i:1>{| desc}, <s>",
    # Groups
    "select count(*) as k from <R> group by {<i>|<s>|<i>, <s>|()}",
    "select count(*) as k, <i:1> as a from <R> group by {rollup|cube|grouping sets} ((<i:1>), (<i:1>, <s>))",
    "select <i:1> as k, count(*) as a from <R> group by all having count(*) {>|<|>=} {1|2}",
    "select {max|min|sum|count|any_value}(<i>) as k from <R>{| where <i> > 1}",
    "select count(*) {|filter (where <i> > 1)|filter (where <i> < 1)} as k from <R>",
    "select {max|sum|count}({|distinct }<i>) as k from <R>",
    "select list(<i:1> order by <i:1>{| desc}, <s>) as l, string_agg(<s:2>, '{,|;}' order by <s:2>{| desc}) as s from <R>",
    # Windows
    "select <i> as k, count(*) over ({|partition by <i>|partition by <s>|partition by <i>, <s>}) as a from <R>",
    "select <i:1> as k, sum(<i:2>) over (order by <i:1>, <i:2>, <s>{| desc} {rows|groups} {between 1 preceding and current row|unbounded preceding|between 1 preceding and 1 following|1 preceding}) as a from <R>",
    "select <i:1> as k, sum(<i:2>) over (order by <i:1> {range|groups} {between 1 preceding and current row|between 1 preceding and 1 following|unbounded preceding}) as a from <R>",
    "select <i:1> as k, {row_number()|rank()|dense_rank()|lag(<i:1>)|lead(<i:1>)} over (order by <i:1>{| desc}) as a from <R>",
    "select <i:1> as k, first_value(<s>) over w as b from <R> window w as ({|partition by <i:1> }order by <i:1>{| desc}, <s>)",
    # Values
    "select <i> {<|>|=|<>|is distinct from} {1|2} as b from <R>",
    "select {|not }(<i> > 1) as b from <R>",
    "select <i> {+|-|*|%|//} {2|3} as k, <s> || '{a|b}' as b from <R>",
    "select {upper|lower|trim|md5}(<s>) as b, {abs|sign}(<i>) as k from <R>",
    "select cast(cast(<n> as {integer|double|decimal(12,1)|varchar}) as varchar) as b from <R>",
    "select cast(cast(<i> / 4 as {integer|double|decimal(12,2)}) as varchar) as b from <R>",
    "select cast(<i> as {integer|bigint|double|varchar}) as k from <R>",
    "select case when <i> {>|<} 1 then {1|2} else {3|4} end as k from <R>",
    "select <s> {like|not like} '{a%|%b|_}' as b, <i> {in|not in} (1, {2|3}) as c from <R>",
    "select <t>.{p|q}::varchar as b from <R>",
    "select <m>['{a|b}'] as k, <l>[{1|2}] as a from <R>",
    "select q::varchar as b from (select <i> as {k|a|m} from <R>) as q",
    "select to_json(struct_pack({k)) as b from (select <i:1> as k|a)) as b from (select <i:1> as a} from <R>) as q",
    "select list_transform(<l>, lambda e: e {+|*} {1|2}) as l from <R>",
    "select (random() * 1000)::integer as k, <i> {+|-} 1 as a from <R>",
    # Queries in queries
    "select (select z.<I> from <S> as z order by z.<I>{| desc}, z.<I> limit 1{| offset 1}) as k from <R>",
    "select (select max(z.<I:1>) from <S> as z where z.<I:2> = {t0|t1}.<i:2>) as k from <R> as t0, <R> as t1",
    "select (select z.<I> from <S> as z where z.<I> {>|<} {0|1|2} order by 1 limit 1) as k from <R>",
    "select t0.<i> as k from <R> as t0 where {exists|not exists} (from <S> as z where z.<I> = t0.<i> and z.<I> {>|<} {0|1|2})",
    "select t0.<i> as k from <R> as t0 where t0.<i> {in|not in} (select z.<I> from <S> as z where z.<I> {>|<} {0|1|2})",
    "select t0.<i> as k from <R> as t0 where t0.<i> {>=|<} {any|all} (select z.<I> from <S> as z where z.<I> > {0|1|2})",
    "select (select count(*) from (select <I> as k from <S>) as z where k.v > 2) as a from (select <i> + {0|2|4} as v from <R>) as k",
    "select (select k from (select <I> + {0|1|2} as k from <S>) as z order by 1 limit 1) as a from (select <i> + {0|5} as k from <R>) as t0",
    "with q0 as (select * from <R> where <i> {>|<} {0|1|2}) select count(*) as k from q0, q0 as q1",
)  # fmt: skip
"""``<R>`` and ``<S>`` are relations; ``<i>`` is some column of that class of R, ``<I>`` of S, ``<i:1>`` the same one each
time; ``{one|two}`` is a hole with its fillings."""

_HOLE = re.compile(r"\{([^{}]*)\}")
_COLUMN = re.compile(r"<([a-zI])(:\d)?>")
_TRIES = 8


@dataclass(frozen=True)
class Contrast:
    """A query with holes: the text between them, the fillings of each, and which one is chosen."""

    pieces: tuple[str, ...]
    fillings: tuple[tuple[str, ...], ...]
    chosen: tuple[int, ...]

    def text(self) -> str:
        """Return the SQL."""
        found = [self.pieces[0]]
        for piece, fillings, number in zip(self.pieces[1:], self.fillings, self.chosen, strict=True):
            found += [fillings[number], piece]
        return "".join(found)

    def copy(self) -> Contrast:
        """Return this: it never changes."""
        return self

    def other(self, chance: random.Random) -> Contrast:
        """Return the query with one hole filled otherwise."""
        hole = chance.randrange(len(self.chosen))
        numbers = [n for n in range(len(self.fillings[hole])) if n != self.chosen[hole]]
        chosen = (*self.chosen[:hole], chance.choice(numbers), *self.chosen[hole + 1 :])
        return dataclasses.replace(self, chosen=chosen)


def contrast(chance: random.Random, tables: list[Table]) -> Contrast | None:
    """Return a contrast over some of the tables; None where they lack the columns that a few tries asked for."""
    for _ in range(_TRIES):
        text = _named(chance.choice(CONTRASTS), chance, chance.choice(tables), chance.choice(tables))
        if text:
            pieces = _HOLE.split(text)
            fillings = tuple(tuple(p.split("|")) for p in pieces[1::2])
            return Contrast(tuple(pieces[::2]), fillings, tuple(chance.randrange(len(f)) for f in fillings))
    return None


def _named(text: str, chance: random.Random, one: Table, two: Table) -> str:
    """Return the text with relations and columns for their marks; an empty one where there is no such column."""
    chosen: dict[str, str] = {}
    for mark in {m.group() for m in _COLUMN.finditer(text)}:
        letter = mark[1].lower()
        names = [n for n, type_ in (two if mark[1].isupper() else one)[1] if class_of(type_) == letter]
        if not names:
            return ""
        chosen[mark] = chance.choice(names)
        if ":" not in mark:
            chosen[mark] = "\0".join(names)  # another one each time
    filled = _COLUMN.sub(lambda m: chance.choice(chosen[m.group()].split("\0")), text)
    return filled.replace("<R>", one[0]).replace("<S>", two[0])
