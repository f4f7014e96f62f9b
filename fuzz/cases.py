"""One case: a project of a few assets, then edits of queries, of data and of sources, checked after each."""

from __future__ import annotations

import random

import duckdb

from fuzz.grammar import Query, class_of
from fuzz.projects import RAW_COLUMNS, Projects, Table
from fuzz.world import Invalid, Tally, World, shape
from headgate.core.address import Address
from headgate.plugins.engines.duckdb_binder import DuckBinder

ASSETS = (3, 6)
EDITS = (2, 4)
TRIES = 12


class Case:
    """A random project and what is done to it; the same seed does the same."""

    def __init__(self, seed: int, connection: duckdb.DuckDBPyConnection, binder: DuckBinder, tally: Tally) -> None:
        self.chance = random.Random(seed)
        self.projects = Projects(self.chance)
        self.world = World(connection, binder, self.chance)
        self.tally = tally
        self.queries: dict[Address, Query] = {}
        self.raw: dict[Address, tuple[list[tuple[str, str]], list[str]]] = {}
        self.token = 0

    def run(self) -> None:
        """Play the case; raise ``Wrong`` where the environment shows what it should not."""
        try:
            self._sources()
            self._assets()
            for _ in range(self.chance.randint(*EDITS)):
                self._edit()
            self.tally.cases += 1
        finally:
            self.world.close()

    def _sources(self) -> None:
        for number in range(self.chance.randint(2, 3)):
            columns = self.projects.raw_shape()
            address = Address(f"raw.r{number}")
            self.raw[address] = (columns, self.projects.raw_rows(columns))
            self._load(address)

    def _load(self, address: Address) -> None:
        columns, rows = self.raw[address]
        self.token += 1
        self.world.load(address, shape(columns), rows, f"h1:{self.token}")

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
            for _ in range(TRIES):
                query = self.projects.query(self.tables())
                try:
                    self.world.apply(address, query.text(), self.tally)
                except Invalid:
                    self.tally.invalid += 1
                    continue
                self.queries[address] = query
                break

    # Edits --------------------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        if not self.queries:
            return
        shown, raw, queries = dict(self.world.shown), dict(self.raw), dict(self.queries)
        form = self.chance.random()
        try:
            if form < 0.1:
                what = self._edit_data()
            elif form < 0.2:
                what = self._edit_source()
            else:
                address = self.chance.choice(list(self.queries))
                self.queries[address], what = self.projects.edited(self.queries[address], self.tables(address))
                self.tally.edits[what] = self.tally.edits.get(what, 0) + 1
            self._apply_all()
            self.tally.steps += 1
            if self.chance.random() < 0.25:
                self._back(shown, raw, queries)
        except Invalid:
            self.tally.invalid += 1
            self.world.shown, self.raw, self.queries = shown, raw, queries

    def _back(self, shown: dict, raw: dict, queries: dict) -> None:  # type: ignore[type-arg]  # copies of ours
        """Undo the edit of queries: everything must be there still."""
        if self.raw == raw:
            self.queries = queries
            self._apply_all()

    def _apply_all(self) -> None:
        for address, query in self.queries.items():
            self.world.apply(address, query.text(), self.tally)

    def _edit_data(self) -> str:
        address = self.chance.choice(list(self.raw))
        columns, rows = self.raw[address]
        extra = self.projects.raw_rows(columns)[:1]
        self.raw[address] = (columns, [*rows, *extra])
        self._load(address)
        return "data"

    def _edit_source(self) -> str:
        """Add a column to a source, or change the type of one: stars, NATURAL joins and whole rows see it."""
        address = self.chance.choice(list(self.raw))
        columns, _ = self.raw[address]
        free = sorted(set(RAW_COLUMNS) - {n for n, _ in columns})
        numbers = [n for n, (_, t) in enumerate(columns) if t == "INTEGER"]
        columns = list(columns)
        if free and self.chance.random() < 0.6:
            name = self.chance.choice(free)
            columns.append((name, RAW_COLUMNS[name]))
        elif numbers:
            number = self.chance.choice(numbers)
            columns[number] = (columns[number][0], "BIGINT")
        self.raw[address] = (columns, self.projects.raw_rows(columns))
        self._load(address)
        return "source"
