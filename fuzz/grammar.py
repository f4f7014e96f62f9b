"""Random SQL over typed columns, clause by clause, after docs/explanation/sql-constructs.md.

A query is kept as its clauses, so that an edit can replace one of them and leave the others as they are.
"""

# ruff: noqa: E501  # one form of SQL a line

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass, field

Make = Callable[[str], str]
"""Makes an expression of a class."""

Scope = list[tuple[str, str]]
"""What expressions may use: how a column is written, and its class: i(nteger), s(tring), f(loat), d(ate), n(umeric), l(ist),
s(t)ruct, m(ap)."""

CLASSES = {
    "INTEGER": "i", "BIGINT": "i", "HUGEINT": "i", "VARCHAR": "s", "DOUBLE": "f", "DATE": "d", "INTEGER[]": "l",
    "SMALLINT": "i", "BOOLEAN": "b", "STRUCT(p INTEGER, q VARCHAR)": "t", "MAP(VARCHAR, INTEGER)": "m",
    "VARCHAR COLLATE NOCASE": "s",
}  # fmt: skip


def class_of(type_: str) -> str:
    """Return the class of an engine's type; 'x' for one that the grammar does not use."""
    return "n" if type_.startswith("DECIMAL(") else CLASSES.get(type_, "x")


@dataclass
class Item:
    """One item of FROM: the text, the alias, how it is joined, and what it offers."""

    text: str
    alias: str
    columns: Scope
    join: str = ""
    condition: str = ""
    merged: tuple[str, ...] = ()


@dataclass
class Query:
    """One SELECT, or with `set_with` a set operation of two of the same width."""

    ctes: list[tuple[str, str]] = field(default_factory=list)
    is_recursive: bool = False
    distinct: str = ""
    items: list[tuple[str, str]] = field(default_factory=list)
    star: str = ""
    sources: list[Item] = field(default_factory=list)
    where: str = ""
    group: str = ""
    having: str = ""
    qualify: str = ""
    order: str = ""
    limit: str = ""
    set_kind: str = ""
    set_with: Query | None = None
    comment: str = ""
    window: str = ""

    def text(self) -> str:
        """Return the SQL."""
        parts: list[str] = []
        if self.comment:
            parts.append(f"-- {self.comment}\n")
        if self.ctes:
            word = "with recursive" if self.is_recursive else "with"
            parts.append(f"{word} " + ", ".join(f"{name} as ({body})" for name, body in self.ctes))
        parts.append(self.core())
        if self.set_with is not None:
            parts += [self.set_kind, self.set_with.core()]
        if self.order:
            parts.append(f"order by {self.order}")
        if self.limit:
            parts.append(self.limit)
        return "\n".join(parts)

    def core(self) -> str:
        """Return the SELECT without what stands around a set operation."""
        listed = [f"{expression} as {alias}" for expression, alias in self.items]
        if self.star:
            listed.insert(0, self.star)
        parts = [f"select {self.distinct} ".rstrip() + " " + ", ".join(listed)]
        if self.sources:
            parts.append(
                "from " + self.sources[0].text + (f" as {self.sources[0].alias}" if self.sources[0].alias else "")
            )
            for item in self.sources[1:]:
                alias = f" as {item.alias}" if item.alias else ""
                parts.append(f"{item.join} {item.text}{alias} {item.condition}".rstrip())
        for word, clause in (("where", self.where), ("group by", self.group), ("having", self.having)):
            if clause:
                parts.append(f"{word} {clause}")
        if self.window:
            parts.append(f"window {self.window}")
        if self.qualify:
            parts.append(f"qualify {self.qualify}")
        return "\n".join(parts)

    def copy(self) -> Query:
        """Return a copy whose clauses can be replaced."""
        other = dataclasses.replace(
            self, ctes=list(self.ctes), items=list(self.items), sources=[dataclasses.replace(s) for s in self.sources]
        )
        if self.set_with is not None:
            other.set_with = self.set_with.copy()
        return other


class Grammar:
    """Makes clauses at random."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def column(self, scope: Scope, wanted: str) -> str | None:
        found = [text for text, kind in scope if kind == wanted or (wanted == "i" and kind == "i")]
        return self.chance.choice(found) if found else None

    def literal(self, kind: str) -> str:
        chance = self.chance
        if kind == "i":
            return str(chance.randint(-2, 6))
        if kind == "s":
            return f"'{chance.choice(['a', 'b', 'A', 'ab', ''])}'"
        if kind == "f":
            return chance.choice(["0.5", "1.5", "-2.25", "0.0", "'-0.0'", "'nan'"]) + "::double"
        if kind == "n":
            return chance.choice(["0.50", "1.25", "3"]) + "::decimal(10,2)"
        if kind == "d":
            return f"date '2013-01-0{chance.randint(1, 5)}'"
        if kind == "b":
            return chance.choice(["true", "false"])
        if kind == "t":
            return f"{{'p': {chance.randint(0, 3)}, 'q': '{chance.choice('ab')}'}}"
        if kind == "m":
            return f"map {{'a': {chance.randint(0, 3)}, 'b': {chance.randint(0, 3)}}}"
        return chance.choice(["[1, 2]", "[3]", "[]::integer[]", "[1, null]"])

    def expression(self, scope: Scope, kind: str, depth: int = 2) -> str:
        """Return an expression of a class."""
        column = self.column(scope, kind)
        if depth <= 0 or self.maybe(0.35):
            return column if column is not None and not self.maybe(0.15) else self.literal(kind)
        build = getattr(self, f"_{kind}")
        return str(build(scope, depth - 1))

    def _i(self, scope: Scope, depth: int) -> str:
        e: Make = lambda kind: self.expression(scope, kind, depth)  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: f"{e('i')} + {e('i')}", lambda: f"({e('i')} - {e('i')}) * {e('i')}", lambda: f"coalesce({e('i')}, {e('i')})",
            lambda: f"case when {self.condition(scope, depth)} then {e('i')} else {e('i')} end",
            lambda: f"length({e('s')})", lambda: f"abs({e('i')}) % 3", lambda: f"nullif({e('i')}, {e('i')})",
            lambda: f"cast({e('n')} as integer)", lambda: f"len({e('l')})", lambda: f"{e('l')}[1]",
            lambda: f"extract(day from {e('d')})", lambda: f"greatest({e('i')}, {e('i')})", lambda: f"-{e('i')}",
            lambda: f"if({self.condition(scope, depth)}, {e('i')}, {e('i')})", lambda: f"try_cast({e('s')} as integer)",
            lambda: self.member(scope, "t", ".p"), lambda: self.member(scope, "m", "['a']"),
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def member(self, scope: Scope, kind: str, which: str) -> str:
        """Return a member of a struct or a map, or a literal where there is no such column."""
        column = self.column(scope, kind)
        return self.literal("i") if column is None else f"{column}{which}"

    def _t(self, scope: Scope, depth: int) -> str:
        return f"{{'p': {self.expression(scope, 'i', depth)}, 'q': {self.expression(scope, 's', depth)}}}"

    def _m(self, scope: Scope, depth: int) -> str:
        return f"map {{'a': {self.expression(scope, 'i', depth)}}}"

    def _s(self, scope: Scope, depth: int) -> str:
        e: Make = lambda kind: self.expression(scope, kind, depth)  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: f"{e('s')} || {e('s')}", lambda: f"upper({e('s')})", lambda: f"cast({e('i')} as varchar)",
            lambda: f"coalesce({e('s')}, 'none')", lambda: f"left({e('s')}, 1)", lambda: f"replace({e('s')}, 'a', 'x')",
            lambda: f"substring({e('s')}, 1, 2)", lambda: f"concat({e('s')}, {e('i')})", lambda: f"trim({e('s')})",
            lambda: f"case {e('i')} when 1 then {e('s')} when 2 then 'two' end",
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def _f(self, scope: Scope, depth: int) -> str:
        e: Make = lambda kind: self.expression(scope, kind, depth)  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: f"{e('f')} * {e('f')}", lambda: f"{e('i')} / 4", lambda: f"-({e('f')})", lambda: f"round({e('f')}, 1)",
            lambda: f"cast({e('i')} as double)", lambda: f"coalesce({e('f')}, 0.0::double)",
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def _n(self, scope: Scope, depth: int) -> str:
        return f"cast({self.expression(scope, 'i', depth)} as decimal(12,{self.chance.choice([1, 2])}))"

    def _d(self, scope: Scope, depth: int) -> str:
        return f"({self.expression(scope, 'd', depth)} + {self.chance.randint(0, 3)})"

    def _b(self, scope: Scope, depth: int) -> str:
        return f"({self.condition(scope, depth)})"

    def _l(self, scope: Scope, depth: int) -> str:
        e = self.expression(scope, "l", depth)
        body = self.chance.choice(["e + 1", "e * 2", f"e + {self.expression(scope, 'i', 0)}"])
        forms: list[Callable[[], str]] = [
            lambda: f"list_transform({e}, lambda e: {body})", lambda: f"list_sort({e})", lambda: f"{e}[1:1]",
            lambda: f"[{self.expression(scope, 'i', depth)}]", lambda: f"list_filter({e}, lambda q: q > 1)",
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def condition(self, scope: Scope, depth: int = 1) -> str:
        """Return a condition."""
        e: Make = lambda kind: self.expression(scope, kind, min(depth, 1))  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: f"{e('i')} {self.chance.choice(['<', '<=', '=', '<>', '>'])} {e('i')}",
            lambda: f"{e('s')} like {self.chance.choice([repr('a%'), repr('%b'), repr('_')])}",
            lambda: f"{e('i')} in ({self.literal('i')}, {self.literal('i')})", lambda: f"{e('s')} is null",
            lambda: f"{e('d')} between {self.literal('d')} and {self.literal('d')}",
            lambda: f"{e('i')} is not distinct from {e('i')}", lambda: f"{e('s')} in ('a', 'b')",
            lambda: f"{e('i')} is not null", lambda: f"{e('s')} not like 'a%'", lambda: f"{e('f')} > {e('f')}",
            lambda: f"{e('t')} = {e('t')}", lambda: f"({e('i')}, {e('s')}) < ({e('i')}, {e('s')})",
        ]  # fmt: skip
        found = self.chance.choice(forms)()
        if depth > 0 and self.maybe(0.25):
            found = f"({found} {self.chance.choice(['and', 'or'])} {self.condition(scope, depth - 1)})"
        return f"not ({found})" if self.maybe(0.1) else found

    def aggregate(self, scope: Scope) -> str:
        """Return an aggregate call."""
        e: Make = lambda kind: self.expression(scope, kind, 1)  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: "count(*)", lambda: f"count({e('s')})", lambda: f"sum({e('i')})", lambda: f"max({e('i')})",
            lambda: f"min({e('s')})", lambda: f"count(distinct {e('i')})", lambda: f"avg({e('i')})",
            lambda: f"sum({e('f')})", lambda: f"sum({e('n')})", lambda: f"bool_or({self.condition(scope, 0)})",
            lambda: f"count(*) filter (where {self.condition(scope, 0)})", lambda: f"any_value({e('i')})",
            lambda: f"string_agg({(s := e('s'))}, ',' order by {s})", lambda: f"list({(i := e('i'))} order by {i})",
            lambda: f"arg_max({e('s')}, {e('i')})", lambda: f"median({e('i')})", lambda: f"max({e('d')})",
            lambda: f"first({e('i')} order by {e('s')})", lambda: f"list(distinct {e('i')})", lambda: f"max({e('f')})",
            lambda: f"quantile_cont({e('i')}, 0.5)", lambda: f"sum(distinct {e('i')})", lambda: f"max({e('t')})",
            lambda: f"list({e('i')})", lambda: f"min({e('n')}) filter ({self.condition(scope, 0)})",
            lambda: f"count({e('i')}) * 2 + min({e('i')})", lambda: f"sum(count(*)) over (order by {e('i')})",
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def window(self, scope: Scope) -> str:
        """Return a window call."""
        e: Make = lambda kind: self.expression(scope, kind, 0)  # noqa: E731
        partition = f"partition by {e('s')}" if self.maybe(0.6) else ""
        order = f"order by {e('i')}, {e('s')}"
        frame = self.chance.choice(
            [
                "", "rows between 1 preceding and current row", "rows unbounded preceding",
                "groups between 1 preceding and 1 following", "rows between 1 preceding and 1 following exclude current row",
            ]
        )  # fmt: skip
        if self.maybe(0.15):
            order = f"order by {e('i')} desc nulls first"
        forms: list[Callable[[], str]] = [
            lambda: f"row_number() over ({partition} {order})", lambda: f"rank() over ({partition} {order})",
            lambda: f"sum({e('i')}) over ({partition} {order} {frame})", lambda: f"count(*) over ({partition})",
            lambda: f"lag({e('i')}) over ({partition} {order})", lambda: f"max({e('i')}) over ({partition})",
            lambda: f"dense_rank() over ({order})", lambda: f"first_value({e('s')}) over ({partition} {order})",
            lambda: f"count(*) filter (where {self.condition(scope, 0)}) over ({partition})",
            lambda: f"ntile(2) over ({order})", lambda: f"sum({e('i')}) over ({partition} rows 1 preceding)",
            lambda: f"avg({e('i')}) over (order by {e('i')} range between 1 preceding and current row)",
            lambda: f"row_number() over () + {e('i')}", lambda: "row_number() over w1", lambda: f"sum({e('i')}) over w1",
            lambda: f"list({e('i')}) over ({partition} {order})", lambda: f"nth_value({e('i')}, 2) over ({order})",
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def subquery_condition(self, scope: Scope, other: tuple[str, Scope]) -> str:
        """Return a condition with a subquery over another relation, correlated or not."""
        name, columns = other
        alias = self.chance.choice(["z.", "z.", ""])
        inner = [(f"{alias}{c}", k) for c, k in columns]
        if self.maybe(0.15):
            inner = [*inner, *scope]
        ours, theirs = self.column(self.bared(scope), "i"), self.column(inner, "i")
        if ours is None or theirs is None:
            return self.condition(scope)
        filter_ = self.condition(inner, 0)
        forms: list[Callable[[], str]] = [
            lambda: f"{ours} in (select {theirs} from {name} as z where {filter_})",
            lambda: f"exists (select 1 from {name} as z where {theirs} = {ours} and {filter_})",
            lambda: f"not exists (from {name} as z where {theirs} = {ours})",
            lambda: f"{ours} >= (select max({theirs}) from {name} as z where {filter_})",
            lambda: f"{ours} = any (select {theirs} from {name} as z)",
            lambda: f"{ours} <> all (select {theirs} from {name} as z where {filter_})",
            lambda: f"{ours} not in (select {theirs} from {name} as z where {theirs} is not null limit 2)",
            lambda: f"({ours}, {ours}) in (select {theirs}, {theirs} from {name} as z)",
            lambda: f"exists (with q9 as (select {theirs} as v from {name} as z) select v from q9 where v = {ours})",
            lambda: f"{ours} in (select {theirs} from {name} as z except select 1)",
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def subquery_value(self, scope: Scope, other: tuple[str, Scope]) -> str:
        """Return a scalar subquery over another relation."""
        name, columns = other
        alias = self.chance.choice(["z.", "z.", ""])
        inner = [(f"{alias}{c}", k) for c, k in columns]
        if self.maybe(0.15):
            inner = [*inner, *scope]
        ours, theirs = self.column(self.bared(scope), "i"), self.column(inner, "i")
        if ours is None or theirs is None:
            return self.literal("i")
        call = self.chance.choice(["max", "min", "count", "sum"])
        link = self.chance.choice(
            [f"where {self.column(inner, 'i')} = {ours}", "", f"where {self.condition(inner, 0)}"]
        )
        end = self.chance.choice(["limit 1", "desc limit 1", "limit 1 offset 1"])
        forms = [
            f"(select {call}({theirs}) from {name} as z {link})", f"(select {theirs} from {name} as z {link} order by all {end})",
            f"(with q9 as (select {theirs} as v from {name} as z {link}) select {call}(v) from q9)",
            f"(select {call}(v) from (select {theirs} as v from {name} as z {link}) as n0)",
            f"(select {theirs} + (select {call}({theirs}) from {name} as y0) from {name} as z {link} order by 1 {end})",
            f"(select list({theirs} order by {theirs}) from {name} as z {link})[1]",
        ]  # fmt: skip
        return self.chance.choice(forms)

    def bared(self, scope: Scope) -> Scope:
        """Return the scope, at times with columns as bare names: a query inside may find others under them."""
        if not self.maybe(0.3):
            return scope
        return [(text.rpartition(".")[2], kind) for text, kind in scope]
