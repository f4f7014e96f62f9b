"""Edits that cannot matter: after each, nothing may be built but what the edit itself says.

Comments, layout, the case of keywords, aliases, names of CTEs and of lambda parameters build nothing, nor does the
order of columns. A column that is added to an asset, or edited there, builds that asset alone, while nobody reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fuzz.cases import Case, Written
from fuzz.grammar import Query
from fuzz.world import Invalid, Wrong
from headgate.core.address import Address

WORDS = r"\b(select|from|where|join|left|on|and|as|group by|order by|with|union all|having|distinct|case|when|end)\b"
SEES_ALL = re.compile(r"\*|natural|::varchar|\ball\b|\bfrom [mr]\w*\.\w+( where| order|\))")
"""Texts that may see a column that is added, or another order of columns: stars, NATURAL, whole rows."""


class Neutral(Case):
    """Plays edits that cannot matter; raises ``Wrong`` where one builds something."""

    def _play(self) -> None:
        for _ in range(6):
            address = self.chance.choice(list(self.queries)) if self.queries else None
            if address is None:
                return
            before = self.queries[address]
            edits: tuple[Callable[[Address], set[Address] | None], ...] = (
                self._text, self._text, self._swap, self._add, self._edit_unread,
            )  # fmt: skip
            allowed = self.chance.choice(edits)(address)
            if allowed is not None:
                self._expect(address, before.text(), allowed)

    def _expect(self, address: Address, before: str, allowed: set[Address]) -> None:
        self.last = f"{address}\n--- before\n{before}\n--- after\n{self.queries[address].text()}\n---"
        shown, queries = dict(self.world.shown), dict(self.queries)
        try:
            built = self.apply_all()
        except Invalid:
            self.world.shown, self.queries = shown, {**queries, address: Written(before)}
            self.tally.invalid += 1
            return
        self.tally.steps += 1
        if not set(built) <= allowed:
            raise Wrong(built[-1], f"built although nothing that matters changed: {built}")

    def _text(self, address: Address) -> set[Address] | None:
        """Change what is no part of the meaning."""
        text = self.queries[address].text()
        if self.world.understand(text, self.kinds[address])[0].opaque:
            return None  # what is not understood is its text
        forms: tuple[Callable[[str], str], ...] = (
            lambda t: f"/* {self.chance.random()} */ {t} -- done", lambda t: t.replace("\n", "\n   -- a comment\n"),
            lambda t: re.sub(r"\bt(\d)\b", r"alias_\1", t), lambda t: re.sub(r"\bq(\d)\b", r"cte_\1", t),
            lambda t: re.sub(WORDS, lambda m: m.group().upper(), t), lambda t: re.sub(r"(?<=\w), (?=\w)", "\t,\n", t),
            lambda t: re.sub(r"\bz\.", "inner_1.", t).replace(" as z", " as inner_1"),
            lambda t: re.sub(r"\be\b", "element", t) if "lambda e" in t and " as e" not in t else t,
        )  # fmt: skip
        self.queries[address] = Written(self.chance.choice(forms)(text))
        return set()

    def _readers(self, address: Address) -> list[str]:
        """Return the texts of everything that reads the asset, directly or not."""
        found, texts = {address}, []
        for one, query in self.queries.items():
            if one not in found and any(re.search(rf"\b{a}\b", query.text()) for a in found):
                found.add(one)
                texts.append(query.text())
        return texts

    def _plain(self, address: Address) -> Query | None:
        """Return the query where columns are independent of each other, and what reads it names what it reads."""
        query = self.queries[address]
        if not isinstance(query, Query) or query.set_with is not None or query.star or query.distinct:
            return None
        if query.group or query.order or query.limit or any("(" in e and "over" in e for e, _ in query.items):
            return None
        if any(SEES_ALL.search(text) for text in self._readers(address)):
            return None
        return query.copy()

    def _swap(self, address: Address) -> set[Address] | None:
        query = self._plain(address)
        if query is None or len(query.items) < 2 or self._names_an_alias(query):
            return None
        self.chance.shuffle(query.items)
        self.queries[address] = query
        return set()

    @staticmethod
    def _names_an_alias(query: Query) -> bool:
        """Tell whether a query inside of an item names another item bare: by position that may be an alias."""
        inner = " ".join(expression for expression, _ in query.items if "select" in expression)
        return any(re.search(rf"(?<![.\w]){name}\b", inner) for _, name in query.items)

    def _add(self, address: Address) -> set[Address] | None:
        """Add a column that nobody can read by chance: no query uses its name."""
        query = self._plain(address)
        if query is None or self._is_tainted(address):
            return None
        query.items.append((str(self.chance.randint(0, 9)), f"unread{len(query.items)}"))
        self.queries[address] = query
        return {address}

    def _edit_unread(self, address: Address) -> set[Address] | None:
        query = self._plain(address)
        if query is None or self._is_tainted(address):
            return None
        places = [n for n, (_, name) in enumerate(query.items) if name.startswith("unread")]
        if not places:
            return None
        query.items[places[0]] = (f"{self.chance.randint(10, 99)}", query.items[places[0]][1])
        self.queries[address] = query
        return {address}

    def _is_tainted(self, address: Address) -> bool:
        """Tell whether another build of the asset may differ by itself: its readers then follow, and rightly."""
        made = self.world.shown[address]
        recipe, _ = self.world.understand(self.queries[address].text(), self.kinds[address])
        aggregated = re.search(r"\b(count|sum|min|max|avg|list|first)\(", self.queries[address].text())
        return bool(made.volatile or aggregated or recipe.opaque) or any(
            t.tainted for t in (recipe.rows, recipe.order, *(c.term for c in recipe.columns))
        )
