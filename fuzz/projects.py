"""Random queries over what is there already, random data, and random edits of both."""

from __future__ import annotations

import random

from fuzz.grammar import Grammar, Item, Query, Scope, class_of

Table = tuple[str, list[tuple[str, str]]]
"""A relation's address and its columns: name and engine type."""

RAW_COLUMNS = {
    "k": "INTEGER", "a": "INTEGER", "b": "VARCHAR", "c": "DOUBLE", "d": "DATE", "l": "INTEGER[]", "n": "DECIMAL(10,2)",
    "m": "INTEGER", "s": "VARCHAR",
}  # fmt: skip


def scope_of(table: Table, alias: str = "") -> Scope:
    """Return what the columns of a relation are written as, behind an alias or bare."""
    return [(f"{alias}.{n}" if alias else n, class_of(t)) for n, t in table[1]]


class Projects:
    """Makes raw tables, queries and edits at random."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.grammar = Grammar(chance)

    def raw_shape(self) -> list[tuple[str, str]]:
        names = ["k", *self.chance.sample(sorted(set(RAW_COLUMNS) - {"k"}), self.chance.randint(3, 5))]
        return [(n, RAW_COLUMNS[n]) for n in names]

    def raw_rows(self, shape: list[tuple[str, str]]) -> list[str]:
        return ["(" + ", ".join(self._value(t) for _, t in shape) + ")" for _ in range(self.chance.randint(3, 9))]

    def _value(self, type_: str) -> str:
        if self.chance.random() < 0.12:
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
        shape = chance.random()
        if shape < 0.3:
            self.group(query, scope)
        elif shape < 0.4:
            query.distinct = "distinct"
        elif shape < 0.46 and (key := grammar.column(scope, "i")):
            query.distinct = f"distinct on ({key})"
            query.order = f"{grammar.expression(scope, 'i', 0)}"
        elif shape < 0.6:
            query.items.append((grammar.window(scope), "w0"))
            if grammar.maybe(0.4):
                query.qualify = f"w0 {chance.choice(['=', '<=', '>'])} 1"
        elif shape < 0.68 and not any(s.join.startswith(("semi", "anti")) for s in query.sources):
            query.star = self._star(query)
            self.names(query, "x")
        elif shape < 0.73:
            query.items.append((f"unnest({grammar.expression(scope, 'l', 1)})", "u0"))
        if grammar.maybe(0.45):
            query.where = grammar.condition(scope)
        if grammar.maybe(0.2):
            query.where = grammar.subquery_condition(scope, self._other(tables))
        if grammar.maybe(0.12) and not query.group and not query.distinct:
            query.items.append((grammar.subquery_value(scope, self._other(tables)), "v0"))
        self._set(query, tables)
        self._order_and_limit(query)
        return query

    def _classes(self, scope: Scope) -> list[str]:
        present = sorted({k for _, k in scope if k in "isfdnl"}) or ["i"]
        return [self.chance.choice([*present, "i", "s", "b"]) for _ in range(self.chance.randint(1, 4))]

    def names(self, query: Query, prefix: str = "") -> None:
        """Give the items names that are new among themselves, mostly plain ones that collide with input columns."""
        pool = ["k", "a", "b", "c", "d", "m", "s", "p", "q"]
        self.chance.shuffle(pool)
        named = []
        for number, (expression, _) in enumerate(query.items):
            name = f"{prefix}{pool[number]}" if prefix or number < len(pool) else f"y{number}"
            named.append((expression, name))
        query.items = named

    def scope(self, query: Query) -> Scope:
        found: Scope = []
        merged: set[str] = set()
        for item in query.sources:
            if item.join.startswith(("semi", "anti")):
                continue
            merged |= set(item.merged)
            found += [(f"{item.alias}.{c}" if item.alias else c, k) for c, k in item.columns]
        found += [(name, "i") for name in merged if name == "k"]
        return found

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
        columns = [(n, class_of(t)) for n, t in table[1]]
        if self.grammar.maybe(0.15):
            name = f"q{len(query.ctes)}"
            where = (
                f" where {self.grammar.condition([(n, k) for n, k in columns], 0)}" if self.grammar.maybe(0.5) else ""
            )
            query.ctes.append((name, f"select * from {table[0]}{where}"))
            return Item(name, alias, columns)
        if self.grammar.maybe(0.12):
            where = f" where {self.grammar.condition([(n, k) for n, k in columns], 0)}"
            return Item(f"(select * from {table[0]}{where})", alias, columns)
        return Item(table[0], alias, columns)

    def _join(self, query: Query, number: int) -> None:
        chance, item = self.chance, query.sources[number]
        before: Scope = [(f"{s.alias}.{c}", k) for s in query.sources[:number] if s.alias for c, k in s.columns]
        ours = [(f"{item.alias}.{c}", k) for c, k in item.columns]
        left, right = self.grammar.column(before, "i"), self.grammar.column(ours, "i")
        shared = {c for c, _ in item.columns} & {c for s in query.sources[:number] for c, _ in s.columns}
        form = chance.random()
        if form < 0.2 and "k" in shared and all("k" in {c for c, _ in s.columns} for s in query.sources[:number]):
            kind = chance.choice(["join", "left join", "right join", "full join", "semi join"])
            item.join, item.condition, item.merged = kind, "using (k)", ("k",)
        elif form < 0.27 and shared and number == 1:
            item.join, item.condition = "natural join", ""
        elif form < 0.34:
            item.join, item.condition = "cross join", ""
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
        return self.chance.choice(["*", f"{item.alias}.*", f"* exclude ({item.columns[-1][0]})"])

    def group(self, query: Query, scope: Scope) -> None:
        """Turn the query into a grouped one."""
        keys = query.items[: self.chance.randint(0, 2)]
        calls = [(self.grammar.aggregate(scope), f"g{n}") for n in range(self.chance.randint(1, 2))]
        query.items = [*keys, *calls]
        if keys:
            numbers = ", ".join(str(n + 1) for n in range(len(keys)))
            forms = ["all", numbers, ", ".join(e for e, _ in keys), f"rollup ({', '.join(e for e, _ in keys)})"]
            query.group = self.chance.choice(forms)
        if self.grammar.maybe(0.3):
            query.having = f"count(*) {self.chance.choice(['>', '>=', '<'])} {self.chance.randint(0, 3)}"

    def _other(self, tables: list[Table]) -> tuple[str, Scope]:
        table = self.chance.choice(tables)
        return table[0], [(n, class_of(t)) for n, t in table[1]]

    def _set(self, query: Query, tables: list[Table]) -> None:
        if query.star or query.order or query.qualify or not self.grammar.maybe(0.12):
            return
        other = Query()
        self._sources(other, [t for t in tables])
        other.ctes.clear()
        if any(s.text.startswith("q") for s in other.sources):
            return
        scope = self.scope(other)
        classes = [self._class_of_item(query, n) for n in range(len(query.items))]
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
            "union all by name",
            "union by name",
        ]
        query.set_kind = self.chance.choice(kinds)

    def _class_of_item(self, query: Query, number: int) -> str:
        return "s" if self.grammar.maybe(0.5) else "i"

    def _order_and_limit(self, query: Query) -> None:
        if query.order:
            return
        if self.grammar.maybe(0.15) and not query.star:
            query.order = self.chance.choice(["1", "all", query.items[0][1], f"{query.items[0][1]} desc nulls first"])
        if self.grammar.maybe(0.1):
            query.limit = f"limit {self.chance.randint(0, 5)}"

    def _recursive(self, tables: list[Table]) -> Query:
        table = self.chance.choice(tables)
        query = Query(is_recursive=True)
        step = self.chance.randint(1, 2)
        body = f"select 1 as i union all select i + {step} from r where i < {self.chance.randint(2, 5)}"
        query.ctes = [("r", body)]
        query.sources = [Item("r", "r", [("i", "i")])]
        columns = [(n, class_of(t)) for n, t in table[1]]
        key = self.grammar.column([(f"t0.{c}", k) for c, k in columns], "i")
        if key:
            query.sources.append(Item(table[0], "t0", columns, "left join", f"on {key} = r.i"))
        scope = self.scope(query)
        query.items = [("r.i", "i"), (self.grammar.expression(scope, "i", 1), "e")]
        return query

    # Edits --------------------------------------------------------------------------------------------------------

    def edited(self, query: Query, tables: list[Table]) -> tuple[Query, str]:
        """Return the query with one clause replaced, and what was done. Some edits change nothing that matters."""
        other, chance, grammar = query.copy(), self.chance, self.grammar
        scope = self.scope(other)
        if other.is_recursive:
            other.ctes = [(n, b.replace("i + 1", "i + 3").replace("i + 2", "i + 1")) for n, b in other.ctes]
            return other, "step of a recursive CTE"
        edits = [
            self._edit_comment, self._edit_expression, self._edit_expression, self._edit_where, self._edit_where,
            self._edit_add, self._edit_drop, self._edit_swap, self._edit_join, self._edit_distinct, self._edit_limit,
            self._edit_alias, self._edit_having, self._edit_set, self._edit_literal, self._edit_literal, self._edit_qualify,
            self._edit_group, self._edit_aggregate, self._edit_order, self._edit_cte, self._edit_source,
        ]  # fmt: skip
        for _ in range(6):
            edit = chance.choice(edits)
            if edit(other, scope, tables):
                return other, edit.__name__.removeprefix("_edit_")
        other.comment = f"edit {chance.randint(0, 10**6)}"
        del grammar
        return other, "comment"

    def _edit_comment(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        query.comment = f"edit {self.chance.randint(0, 10**6)}"
        return True

    def _edit_expression(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        number = self.chance.randrange(len(query.items)) if query.items else -1
        if number < 0 or query.group or query.set_with is not None:
            return False
        expression, name = query.items[number]
        if "unnest(" in expression or "over (" in expression:
            return False
        kind = self.chance.choice("isfdn")
        query.items[number] = (self.grammar.expression(scope, kind), name)
        return True

    def _edit_where(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        query.where = "" if query.where and self.grammar.maybe(0.3) else self.grammar.condition(scope)
        return True

    def _edit_add(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if query.set_with is not None:
            kind = self.chance.choice("is")
            query.items.append((self.grammar.expression(scope, kind, 0), "z9"))
            inner = self.scope(query.set_with)
            query.set_with.items.append((self.grammar.expression(inner, kind, 0), "z9"))
            return not query.group
        if query.group and query.group != "all":
            query.items.append((self.grammar.aggregate(scope), "z9"))
        elif not query.group and self.grammar.maybe(0.25):
            query.items.append(("count(*)", "z9"))
        else:
            query.items.append((self.grammar.expression(scope, self.chance.choice("isd"), 1), "z9"))
        return True

    def _edit_drop(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if len(query.items) < 2 or query.set_with is not None or (query.group and query.group != "all"):
            return False
        dropped = query.items.pop(self.chance.randrange(len(query.items)))
        return dropped[1] != "w0"

    def _edit_swap(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if len(query.items) < 2 or query.set_with is not None:
            return False
        query.items[0], query.items[-1] = query.items[-1], query.items[0]
        return True

    def _edit_join(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if len(query.sources) < 2 or not query.sources[1].condition.startswith(("on", "using")):
            return False
        before = query.sources[1].join
        query.sources[1].join = self.chance.choice(["join", "left join", "full join", "right join"])
        return before != query.sources[1].join

    def _edit_distinct(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if query.distinct.startswith("distinct on"):
            return False
        query.distinct = "" if query.distinct else "distinct"
        return True

    def _edit_limit(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        query.limit = "" if query.limit and self.grammar.maybe(0.3) else f"limit {self.chance.randint(0, 6)}"
        return True

    def _edit_alias(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        """Rename an alias everywhere: this changes nothing."""
        item = query.sources[0] if query.sources else None
        if item is None or not item.alias or query.is_recursive:
            return False
        old, new = f"{item.alias}.", "renamed."
        if item.alias == "renamed":
            return False

        def swap(text: str) -> str:
            import re

            return re.sub(rf"\b{re.escape(old)}", new, text)

        query.items = [(swap(e), a) for e, a in query.items]
        for name in ("where", "group", "having", "qualify", "order", "distinct", "star"):
            setattr(query, name, swap(getattr(query, name)))
        for source in query.sources:
            source.condition = swap(source.condition)
            source.text = swap(source.text) if source.text.startswith("unnest") else source.text
        item.alias = "renamed"
        return True

    def _edit_having(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if not query.group:
            return False
        query.having = "" if query.having else f"count(*) > {self.chance.randint(0, 2)}"
        return True

    def _edit_set(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if query.set_with is None:
            return False
        query.set_kind = self.chance.choice(["union all", "union", "except", "intersect", "union all by name"])
        return True

    def _edit_literal(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        """Change one number somewhere."""
        import re

        def bump(text: str) -> str:
            found = list(re.finditer(r"(?<![\w.'\-])\d(?![\w.'])", text))
            if not found:
                return text
            place = self.chance.choice(found)
            return text[: place.start()] + str((int(place.group()) + 1) % 7) + text[place.end() :]

        clauses = ["where", "having", "qualify", "limit"]
        self.chance.shuffle(clauses)
        for name in clauses:
            changed = bump(getattr(query, name))
            if changed != getattr(query, name):
                setattr(query, name, changed)
                return True
        return False

    def _edit_qualify(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if not any(alias == "w0" for _, alias in query.items):
            return False
        query.qualify = "" if query.qualify else "w0 <= 2"
        return True

    def _edit_group(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if not query.group or query.group == "all" or query.set_with is not None:
            return False
        key = self.grammar.column(scope, "i")
        if key is None or "rollup" in query.group:
            return False
        query.group = f"{query.group}, {key}"
        return True

    def _edit_aggregate(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if not query.group or not query.items:
            return False
        query.items[-1] = (self.grammar.aggregate(scope), query.items[-1][1])
        return query.set_with is None

    def _edit_order(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if query.distinct.startswith("distinct on") or query.star or not query.items:
            return False
        query.order = "" if query.order else f"{query.items[-1][1]} desc"
        return True

    def _edit_cte(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        if not query.ctes:
            return False
        name, body = query.ctes[0]
        if " where " in body:
            query.ctes[0] = (name, body.split(" where ")[0])
        else:
            query.ctes[0] = (name, f"{body} where k > {self.chance.randint(0, 3)}")
        return True

    def _edit_source(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        """Read another relation that has the same columns."""
        item = self.chance.choice(query.sources)
        names = {c for c, _ in item.columns}
        same = [t for t in tables if names <= {n for n, _ in t[1]} and t[0] != item.text]
        if not same or "." not in item.text or item.text.startswith(("(", "unnest")):
            return False
        item.text = self.chance.choice(same)[0]
        return True
