"""One case: a project of a few assets, then edits of queries, of data and of sources, checked after each."""

from __future__ import annotations

import contextlib
import random
import re
from dataclasses import dataclass

import duckdb

from fuzz.contrasts import Contrast, contrast
from fuzz.edits import Table
from fuzz.grammar import Query, class_of
from fuzz.mutations import mutated
from fuzz.projects import RAW_COLUMNS, Projects
from fuzz.world import Invalid, Tally, World, Wrong, shape
from headgate.core.address import Address
from headgate.plugins.engines.duckdb_binder import DuckBinder

ASSETS = (3, 6)
EDITS = (3, 6)
TRIES = 12
PROBED = 0.6
"""The share of cases with readers that read but one thing."""
VIEWS = 0.2
"""The share of assets that are views."""
CONTRASTED = 0.25
"""The share of assets that are contrasts."""


@dataclass(frozen=True)
class Written:
    """A query that was edited as text, so that its clauses are not known any more."""

    sql: str

    def text(self) -> str:
        return self.sql

    def copy(self) -> Written:
        return self


class Case:
    """A random project and what is done to it; the same seed does the same."""

    def __init__(self, seed: int, connection: duckdb.DuckDBPyConnection, binder: DuckBinder, tally: Tally) -> None:
        self.chance = random.Random(seed)
        self.projects = Projects(self.chance)
        self.world = World(connection, binder, self.chance)
        self.tally = tally
        self.queries: dict[Address, Query | Contrast | Written] = {}
        self.kinds: dict[Address, str] = {}
        self.raw: dict[Address, tuple[list[tuple[str, str]], list[str]]] = {}
        self.tokens: dict[Address, int] = {}
        self.last = "nothing was edited"

    def run(self) -> None:
        """Play the case; raise ``Wrong`` where the environment shows what it should not."""
        try:
            self._sources()
            self._assets()
            if self.chance.random() < PROBED:
                with contextlib.suppress(Invalid):
                    self._probes()
            self._play()
            self.tally.cases += 1
        except Wrong as fault:
            raise Wrong(fault.address, f"{fault}\n{self.story(fault.address)}") from None
        finally:
            with contextlib.suppress(duckdb.FatalException):  # a broken engine has nothing to drop
                self.world.close()

    def _play(self) -> None:
        for _ in range(self.chance.randint(*EDITS)):
            self._edit()

    def story(self, address: Address) -> str:
        """Return the last edit, and the queries and sources that an asset is made of."""
        wanted, lines = [address], [f"The last edit: {self.last}"]
        for one in wanted:
            text = self.queries[one].text() if one in self.queries else ""
            wanted += [a for a in [*self.queries, *self.raw] if re.search(rf"\b{a}\b", text) and a not in wanted]
            if text:
                lines.append(f"-- {one} ({self.kinds.get(one, 'table')})\n{text}")
            elif one in self.raw:
                lines.append(f"-- {one}: {self.raw[one]}")
        return "\n".join(lines)

    def _sources(self) -> None:
        for number in range(self.chance.randint(2, 3)):
            columns = self.projects.raw_shape()
            address = Address(f"raw.r{number}")
            self.raw[address] = (columns, self.projects.raw_rows(columns))
            self._load(address)

    def _load(self, address: Address, *, is_new: bool = True) -> None:
        """Capture a source: content that is not new keeps its token, as a file does whose types are declared anew."""
        columns, rows = self.raw[address]
        if is_new:
            self.tokens[address] = self.tokens.get(address, 0) + 1
        self.world.load(address, shape(columns), rows, f"h1:{address} {self.tokens[address]}")

    def tables(self, before: Address | None = None) -> list[Table]:
        """Return what a query may read: the sources, and the assets before it."""
        found: list[Table] = []
        for address in [*self.raw, *self.queries]:
            if address == before:
                break
            made = self.world.shown[address]
            columns = [(c.name, c.type) for c in made.shape if class_of(c.type) != "x"]
            if columns:
                found.append((address, columns))
        return found

    def _assets(self) -> None:
        for number in range(self.chance.randint(*ASSETS)):
            address = Address(f"m.a{number}")
            self.kinds[address] = "view" if self.chance.random() < VIEWS else "table"
            for _ in range(TRIES):
                query = self._query()
                try:
                    self._apply(address, query)
                except Invalid:
                    self.tally.invalid += 1
                    continue
                self.queries[address] = query
                break

    def _query(self) -> Query | Contrast:
        found = contrast(self.chance, self.tables()) if self.chance.random() < CONTRASTED else None
        return found or self.projects.query(self.tables())

    def _probes(self) -> None:
        """Add readers that see one thing each: the number of rows, the values of one column, the order of rows."""
        for number, address in enumerate(self.chance.sample(list(self.queries), min(2, len(self.queries)))):
            columns = [c.name for c in self.world.shown[address].shape]
            texts = (
                f"select count(*) as k from {address}",
                f'select "{self.chance.choice(columns)}" as k from {address}',
                f'select list("{self.chance.choice(columns)}") as l from {address}',
            )
            for letter, text in zip("pvo", texts, strict=True):
                probe = Address(f"m.{letter}{number}")
                self.kinds[probe] = "table"
                self._apply(probe, Written(text))
                self.queries[probe] = Written(text)

    def _apply(self, address: Address, query: Query | Contrast | Written) -> bool:
        return self.world.apply(address, query.text(), self.tally, kind=self.kinds[address])

    # Edits --------------------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        if not self.queries:
            return
        shown, raw, queries = dict(self.world.shown), dict(self.raw), dict(self.queries)
        form = self.chance.random()
        try:
            if form < 0.08:
                what = self._edit_data()
            elif form < 0.2:
                what = self._edit_source()
            else:
                what = self._edit_query()
            self.tally.edits[what] = self.tally.edits.get(what, 0) + 1
            self.apply_all()
            self.tally.steps += 1
            if self.chance.random() < 0.25 and self.raw == raw:
                self.last += "\n(and taken back)"
                self.queries = queries
                self.apply_all()
        except (Invalid, duckdb.InterruptException):
            self.tally.invalid += 1
            self.world.shown, self.raw, self.queries = shown, raw, queries

    def _edit_query(self) -> str:
        address = self.chance.choice(list(self.queries))
        before = self.queries[address]
        after: Query | Contrast | Written
        # A recursion that is changed blindly may have no end.
        if isinstance(before, Query) and (before.is_recursive or self.chance.random() < 0.6):
            after, what = self.projects.edited(before, self.tables(address))
        elif isinstance(before, Contrast) and self.chance.random() < 0.8:
            after, what = before.other(self.chance), "contrast"
        else:
            after, what = Written(mutated(before.text(), self.chance)), "text"
        self.queries[address] = after
        self.last = f"{what} of {address}\n--- before\n{before.text()}\n--- after\n{after.text()}\n---"
        return what

    def apply_all(self) -> list[Address]:
        """Bring the environment to the queries; return what was built."""
        return [address for address, query in self.queries.items() if self._apply(address, query)]

    def _edit_data(self) -> str:
        address = self.chance.choice(list(self.raw))
        columns, rows = self.raw[address]
        extra = self.projects.raw_rows(columns)[:1]
        self.raw[address] = (columns, [*rows, *extra])
        self._load(address)
        self.last = f"a row more in {address}"
        return "data"

    def _edit_source(self) -> str:
        """Change a source's columns: stars, NATURAL joins, whole rows and names that shadow others see it."""
        address = self.chance.choice(list(self.raw))
        columns = list(self.raw[address][0])
        free = sorted(set(RAW_COLUMNS) - {n for n, _ in columns})
        numbers = [n for n, (_, t) in enumerate(columns) if t in ("INTEGER", "BIGINT")]
        form = self.chance.random()
        if free and form < 0.4:
            name = self.chance.choice(free)
            columns.insert(self.chance.randint(0, len(columns)), (name, RAW_COLUMNS[name]))
        elif numbers and form < 0.6:
            number = self.chance.choice(numbers)
            columns[number] = (columns[number][0], "BIGINT" if columns[number][1] == "INTEGER" else "INTEGER")
        elif form < 0.8 and len(columns) > 2:
            columns.pop(self.chance.randrange(1, len(columns)))
        else:
            self.chance.shuffle(columns)
        self.last = f"columns of {address}: {self.raw[address][0]} are now {columns}"
        is_new = [n for n, _ in columns] != [n for n, _ in self.raw[address][0]] or self.chance.random() < 0.5
        self.raw[address] = (columns, self.projects.raw_rows(columns) if is_new else self.raw[address][1])
        self._load(address, is_new=is_new)
        return "source"
