"""Random queries over what is there already, random data, and random edits of both."""

# ruff: noqa: E501  # one form of SQL a line

from __future__ import annotations

import random

from fuzz.edits import Edits, Table
from fuzz.grammar import Grammar, Item, Query, Scope, class_of

RAW_COLUMNS = {
    "k": "INTEGER", "a": "INTEGER", "b": "VARCHAR", "c": "DOUBLE", "d": "DATE", "l": "INTEGER[]", "n": "DECIMAL(10,2)",
    "m": "INTEGER", "s": "VARCHAR", "st": "STRUCT(p INTEGER, q VARCHAR)", "mp": "MAP(VARCHAR, INTEGER)",
    "g": "VARCHAR COLLATE NOCASE",
}  # fmt: skip


def scope_of(table: Table, alias: str = "") -> Scope:
    """Return what the columns of a relation are written as, behind an alias or bare."""
    return [(f"{alias}.{n}" if alias else n, class_of(t)) for n, t in table[1]]


class Projects(Edits):
    """Makes raw tables, queries and edits at random."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance, Grammar(chance))

    def raw_shape(self) -> list[tuple[str, str]]:
        names = ["k", *self.chance.sample(sorted(set(RAW_COLUMNS) - {"k"}), self.chance.randint(3, 5))]
        return [(n, RAW_COLUMNS[n]) for n in names]

    def raw_rows(self, shape: list[tuple[str, str]]) -> list[str]:
        return ["(" + ", ".join(self.value(t) for _, t in shape) + ")" for _ in range(self.chance.randint(3, 9))]

    def value(self, type_: str) -> str:
        """Return a value of a type, at times none."""
        if self.chance.random() < 0.15:
            return "null"
        return self.grammar.literal(class_of(type_))

    # Queries ------------------------------------------------------------------------------------------------------

    def query(self, tables: list[Table]) -> Query:
        """Return a query over some of the tables."""
        chance, grammar = self.chance, self.grammar
        if grammar.maybe(0.04):
            return self._recursive(tables)
        query = Query()
        self._sources(query, tables)
        scope = self.scope(query)
        query.items = [(grammar.expression(scope, k), f"{k}{n}") for n, k in enumerate(self._classes(scope))]
        self.names(query)
        self._extras(query)
        shape = chance.random()
        if shape < 0.3:
            self.group(query, scope)
        elif shape < 0.4:
            query.distinct = "distinct"
            if grammar.maybe(0.6) and (key := grammar.column(scope, "i")):
                query.items = [(key, query.items[0][1])]  # few columns leave rows that are alike
        elif shape < 0.46 and (key := grammar.column(scope, "i")):
            more = f", {grammar.expression(scope, 's', 0)}" if grammar.maybe(0.4) else ""
            query.distinct = f"distinct on ({key}{more})"
            query.order = chance.choice([grammar.expression(scope, "i", 0), f"{key} desc, {query.items[0][1]}", ""])
        elif shape < 0.6:
            query.items.append((grammar.window(scope), "w0"))
            if "over w1" in query.items[-1][0]:
                query.window = f"w1 as (partition by {grammar.expression(scope, 's', 0)} order by {grammar.expression(scope, 'i', 0)})"
            if grammar.maybe(0.4):
                query.qualify = f"w0 {chance.choice(['=', '<=', '>'])} 1"
        elif shape < 0.68 and not any(s.join.startswith(("semi", "anti")) for s in query.sources):
            query.star = self._star(query)
            self.names(query, "x")
        elif shape < 0.73:
            query.items.append((f"unnest({grammar.expression(scope, 'l', 1)})", "u0"))
        if grammar.maybe(0.45):
            query.where = grammar.condition(scope)
            if grammar.maybe(0.12):
                query.where = f"{query.items[0][1]} {chance.choice(['=', '>'])} {query.items[0][1]}"
        if grammar.maybe(0.2):
            query.where = grammar.subquery_condition(scope, self._other(tables))
        if grammar.maybe(0.12) and not query.group and not query.distinct:
            query.items.append((grammar.subquery_value(scope, self._other(tables)), "v0"))
        self._set(query, tables)
        self._order_and_limit(query)
        return query

    def _classes(self, scope: Scope) -> list[str]:
        present = sorted({k for _, k in scope if k in "isfdnltm"}) or ["i"]
        return [self.chance.choice([*present, "i", "s", "b"]) for _ in range(self.chance.randint(1, 4))]

    def _extras(self, query: Query) -> None:
        """Add what few queries have: an alias used further on, a whole row, chance."""
        first = query.items[0][1]
        if self.grammar.maybe(0.06):
            query.items.append((f"{first} is null", "x1"))
        if self.grammar.maybe(0.05) and query.sources[0].alias:
            query.items.append((f"{query.sources[0].alias}::varchar", "x2"))
        if self.grammar.maybe(0.03):
            query.items.append(("random()", "x3"))

    def names(self, query: Query, prefix: str = "") -> None:
        """Give the items names that are new among themselves, mostly plain ones that collide with input columns."""
        pool = ["k", "a", "b", "c", "d", "m", "s", "p", "q"]
        self.chance.shuffle(pool)
        named = []
        for number, (expression, _) in enumerate(query.items):
            name = f"{prefix}{pool[number]}" if prefix or number < len(pool) else f"y{number}"
            named.append((expression, name))
        query.items = named

    def _sources(self, query: Query, tables: list[Table]) -> None:
        chance = self.chance
        count = chance.choice([1, 1, 1, 2, 2, 3])
        for number in range(count):
            table = chance.choice(tables[-4:] if self.grammar.maybe(0.6) else tables)
            query.sources.append(self._item(query, table, f"t{number}"))
        for number in range(1, count):
            self._join(query, number)
        if self.grammar.maybe(0.06):
            lists = [c for c, k in self.scope(query) if k == "l"]
            if lists:
                query.sources.append(Item(f"unnest({lists[0]})", "un(i)", [], "cross join", ""))
                query.sources[-1].columns = []

    def _item(self, query: Query, table: Table, alias: str) -> Item:
        chance, grammar = self.chance, self.grammar
        columns = [(n, class_of(t)) for n, t in table[1]]
        form = chance.random()
        where = f" where {grammar.condition([(n, k) for n, k in columns], 0)}" if grammar.maybe(0.6) else ""
        if form < 0.15:
            name = f"q{len(query.ctes)}"
            inner = query.ctes[-1][0] if query.ctes and grammar.maybe(0.4) else table[0]
            if inner != table[0]:
                where = ""
                columns = (
                    next(s.columns for s in query.sources if s.text == inner)
                    if any(s.text == inner for s in query.sources)
                    else columns
                )
            query.ctes.append((name, f"select * from {inner}{where}"))
            return Item(name, alias, columns)
        if form < 0.32:
            return Item(f"({self._derived(table, columns, where)})", alias, columns)
        if form < 0.35:
            return Item("(values (1, 'a'), (2, 'b'), (2, null))", f"{alias}(k, b)", [("k", "i"), ("b", "s")])
        if form < 0.37:
            return Item(
                f"{chance.choice(['range', 'generate_series'])}(1, {chance.randint(2, 5)})", f"{alias}(k)", [("k", "i")]
            )
        if form < 0.39:
            more = [(f"{n}2", k) for n, k in columns]
            return Item(table[0], f"{alias}({', '.join(n for n, _ in more)})", more)
        return Item(table[0], alias, columns)

    def _derived(self, table: Table, columns: Scope, where: str) -> str:
        """Return a query over a relation that offers the same columns."""
        names = ", ".join(n for n, _ in columns)
        forms = [
            f"select * from {table[0]}{where}",
            f"from {table[0]}{where} order by all limit {self.chance.randint(2, 6)}",
            f"select distinct * from {table[0]}{where}",
            f"select {names} from {table[0]}{where}",
            f"select * from {table[0]}{where} union all select * from {table[0]}",
            f"(select * from {table[0]} order by all desc limit 3) union (select * from {table[0]}{where})",
            f"select * from {table[0]} except all (select * from {table[0]}{where} limit 1)",
            f"with q0 as (select * from {table[0]}{where}) select * from q0",
            f"select * replace (({columns[0][0]}) as {columns[0][0]}) from {table[0]}{where}",
            f"select {names.replace(columns[0][0], f'({columns[0][0]})', 1)} from {table[0]}{where}",
            f"select * from {table[0]}{where} qualify row_number() over (order by all) <= 3",
        ]
        return self.chance.choice(forms)

    def _join(self, query: Query, number: int) -> None:
        chance, item = self.chance, query.sources[number]
        before: Scope = [
            (f"{s.alias.partition('(')[0]}.{c}", k) for s in query.sources[:number] if s.alias for c, k in s.columns
        ]
        ours = [(f"{item.alias.partition('(')[0]}.{c}", k) for c, k in item.columns]
        left, right = self.grammar.column(before, "i"), self.grammar.column(ours, "i")
        shared = {c for c, _ in item.columns} & {c for s in query.sources[:number] for c, _ in s.columns}
        form = chance.random()
        if form < 0.2 and "k" in shared and all("k" in {c for c, _ in s.columns} for s in query.sources[:number]):
            kind = chance.choice(["join", "left join", "right join", "full join", "semi join"])
            item.join, item.condition, item.merged = kind, "using (k)", ("k",)
        elif form < 0.27 and shared and number == 1:
            item.join, item.condition = "natural join", ""
        elif form < 0.36:
            item.join, item.condition = chance.choice(["cross join", ","]), ""
        elif form < 0.42 and left and right and item.text.startswith("(select *") and " union " not in item.text:
            # LATERAL: what stands before it in FROM is seen inside.
            item.join, item.condition = chance.choice([", lateral", "join", "left join"]), ""
            item.condition = "" if item.join.startswith(",") else "on true"
            item.text = f"(select * from {item.text} as n0 where n0.{right.partition('.')[2]} = {left})"
        elif form < 0.45 and left and right:
            item.join, item.condition = chance.choice(["asof join", "asof left join"]), f"on {left} >= {right}"
        elif left and right:
            kinds = ["join", "join", "left join", "right join", "full join", "semi join", "anti join"]
            item.join = chance.choice(kinds)
            item.condition = f"on {left} = {right}"
        else:
            item.join = "cross join"

    def _star(self, query: Query) -> str:
        item = query.sources[0]
        if len(query.sources) > 1 or len(item.columns) < 3:
            return f"{item.alias}.*"
        last = item.columns[-1][0]
        forms = ["*", f"{item.alias}.*", f"* exclude ({last})", f"* rename ({last} as zz)", f"* replace (1 as {last})"]
        return self.chance.choice([*forms, f"* exclude ({item.columns[0][0]}) replace (null::integer as {last})"])

    def group(self, query: Query, scope: Scope) -> None:
        """Turn the query into a grouped one."""
        keys = query.items[: self.chance.randint(0, 2)]
        calls = [(self.grammar.aggregate(scope), f"g{n}") for n in range(self.chance.randint(1, 2))]
        query.items = [*keys, *calls]
        if keys:
            numbers = ", ".join(str(n + 1) for n in range(len(keys)))
            written = ", ".join(e for e, _ in keys)
            forms = [
                "all",
                numbers,
                written,
                f"rollup ({written})",
                f"cube ({written})",
                f"grouping sets (({written}), ())",
            ]
            forms += [", ".join(a for _, a in keys), f"{keys[0][0]}, rollup ({written})", f"({written})"]
            query.group = self.chance.choice(forms)
        if self.grammar.maybe(0.3):
            query.having = f"{self.chance.choice(['count(*)', 'count(*)', query.items[-1][1]])} {self.chance.choice(['>', '>=', '<'])} {self.chance.randint(0, 3)}"

    def _other(self, tables: list[Table]) -> tuple[str, Scope]:
        table = self.chance.choice(tables)
        return table[0], [(n, class_of(t)) for n, t in table[1]]

    def _set(self, query: Query, tables: list[Table]) -> None:
        if query.star or query.order or query.qualify or not self.grammar.maybe(0.12):
            return
        other = Query()
        self._sources(other, list(tables))
        other.ctes.clear()
        if any(s.text.startswith("q") for s in other.sources):
            return
        scope = self.scope(other)
        classes = [self._class_of_item() for _ in query.items]
        other.items = [
            (self.grammar.expression(scope, k, 1), a) for k, (_, a) in zip(classes, query.items, strict=True)
        ]
        query.set_with = other
        kinds = [
            "union all",
            "union all",
            "union",
            "except",
            "intersect",
            "except all",
            "intersect all",
            "union all by name",
            "union by name",
        ]
        if self.grammar.maybe(0.1):
            other.items = [(e, self.chance.choice([a, "yy"]) if n == 0 else a) for n, (e, a) in enumerate(other.items)]
        query.set_kind = self.chance.choice(kinds)

    def _class_of_item(self) -> str:
        return "s" if self.grammar.maybe(0.5) else "i"

    def _order_and_limit(self, query: Query) -> None:
        if query.order:
            return
        if self.grammar.maybe(0.15) and not query.star:
            first, last = query.items[0][1], query.items[-1][1]
            query.order = self.chance.choice(
                [
                    "1",
                    "all",
                    "all desc",
                    first,
                    f"{first} desc nulls first",
                    f"{last}, {first} desc",
                    f"{first} is null, 1",
                ]
            )
        if self.grammar.maybe(0.15):
            bound = self.chance.randint(0, 5)
            forms = [
                f"limit {bound}",
                f"limit {bound}",
                f"limit {bound} offset 1",
                f"offset {bound}",
                f"limit {bound}0 percent",
            ]
            query.limit = self.chance.choice(forms)

    def _recursive(self, tables: list[Table]) -> Query:
        table = self.chance.choice(tables)
        query = Query(is_recursive=True)
        step = self.chance.randint(1, 2)
        word, bound = self.chance.choice(["union all", "union"]), self.chance.randint(2, 5)
        body = f"select 1 as i {word} select i + {step} from r where i < {bound}"
        key = self.grammar.column([(c, class_of(t)) for c, t in table[1]], "i")
        if key and self.grammar.maybe(0.4):
            body = f"select 1 as i union select least(r.i + {step}, 6) from r join {table[0]} as t1 on t1.{key} >= r.i"
        query.ctes = [("r", body)]
        query.sources = [Item("r", "r", [("i", "i")])]
        columns = [(n, class_of(t)) for n, t in table[1]]
        key = self.grammar.column([(f"t0.{c}", k) for c, k in columns], "i")
        if key:
            query.sources.append(Item(table[0], "t0", columns, "left join", f"on {key} = r.i"))
        scope = self.scope(query)
        query.items = [("r.i", "i"), (self.grammar.expression(scope, "i", 1), "e")]
        return query
