"""Random edits of queries that are known clause by clause."""

# ruff: noqa: ARG002, E501  # every edit takes the same three arguments

from __future__ import annotations

import random
import re

from fuzz.grammar import Grammar, Query, Scope

Table = tuple[str, list[tuple[str, str]]]
"""A relation's address and its columns: name and engine type."""


class Edits:
    """Replaces one clause of a query by another one."""

    def __init__(self, chance: random.Random, grammar: Grammar) -> None:
        self.chance = chance
        self.grammar = grammar

    def scope(self, query: Query) -> Scope:
        found: Scope = []
        merged: set[str] = set()
        for item in query.sources:
            if item.join.startswith(("semi", "anti")):
                continue
            merged |= set(item.merged)
            alias = item.alias.partition("(")[0]
            found += [(f"{alias}.{c}" if alias else c, k) for c, k in item.columns]
        found += [(name, "i") for name in merged if name == "k"]
        return found

    # Edits --------------------------------------------------------------------------------------------------------

    def edited(self, query: Query, tables: list[Table]) -> tuple[Query, str]:
        """Return the query with one clause replaced, and what was done. Some edits change nothing that matters."""
        other, chance = query.copy(), self.chance
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
        if any(" over (" in expression for expression, _ in other.items):
            edits += [self._edit_partition] * 6  # else windows are edited too seldom to be proven
        if other.distinct == "distinct":
            edits += [self._edit_add] * 5
        if other.group or any("(" in expression and name[:1] in "gz" for expression, name in other.items):
            edits += [self._edit_call] * 4 + [self._edit_filter] * 3
        if other.set_with is not None:
            edits += [self._edit_right] * 5
        for _ in range(6):
            edit = chance.choice(edits)
            if edit(other, scope, tables):
                return other, edit.__name__.removeprefix("_edit_")
        other.comment = f"edit {chance.randint(0, 10**6)}"
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

    def _edit_call(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        """Call another aggregate of the same type on the same arguments."""
        pairs = [
            ("max(", "min("),
            ("min(", "max("),
            ("bool_or(", "bool_and("),
            ("median(", "avg("),
            ("avg(", "median("),
        ]
        places = [
            (number, old, new) for number, (e, _) in enumerate(query.items) for old, new in pairs if e.startswith(old)
        ]
        if not places:
            return False
        number, old, new = self.chance.choice(places)
        expression, name = query.items[number]
        query.items[number] = (new + expression.removeprefix(old), name)
        return True

    def _edit_filter(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        """Give an aggregate another FILTER."""
        numbers = [n for n, (e, _) in enumerate(query.items) if e.startswith("count(*)") and " over " not in e]
        if not numbers:
            return False
        number = self.chance.choice(numbers)
        condition = self.grammar.condition(scope, 0)
        query.items[number] = (f"count(*) filter (where {condition})", query.items[number][1])
        return True

    def _edit_right(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        """Change one expression of the right side of a set operation, with the same operators around it."""
        other = query.set_with
        if other is None or not other.items:
            return False
        number = self.chance.randrange(len(other.items))
        expression, name = other.items[number]
        columns = [c for c, kind in self.scope(other) if kind == "i"]
        if not columns:
            return False
        other.items[number] = (f"coalesce(null, {self.chance.choice(columns)})", name)
        return other.items[number][0] != expression

    def _edit_partition(self, query: Query, scope: Scope, tables: list[Table]) -> bool:
        """Give a window another partition, or one where it had none; everything else stays."""
        numbers = [n for n, (expression, _) in enumerate(query.items) if " over (" in expression]
        columns = [name for name, kind in scope if kind in "is"]
        if not numbers or not columns:
            return False
        number = self.chance.choice(numbers)
        expression, name = query.items[number]
        column = self.chance.choice(columns)
        if "partition by" in expression:
            changed = re.sub(
                r"partition by (?:(?! order by| rows|\)).)*", f"partition by {column}", expression, count=1
            )
        else:
            changed = expression.replace(" over (", f" over (partition by {column} ", 1)
        query.items[number] = (changed, name)
        return changed != expression

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
