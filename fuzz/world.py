"""A world: a project, its builds, and an environment that points to some of them.

Each step links the project as Headgate does, reuses what the planner's rule allows, and builds the rest in a real DuckDB.
Then every table that the environment shows must be what its query gives over the tables that the environment shows. By
induction over the graph, some full rebuild of the repository gives exactly this environment.
"""

from __future__ import annotations

import dataclasses
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from headgate.core.address import Address
from headgate.core.graph import SqlBody
from headgate.core.hashing import Digest
from headgate.core.recipe import Column, Read, Recipe, Shape
from headgate.core.versions import Versions, build_id, build_key, plain_versions, published_versions, source_versions
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.plugins.engines.duckdb_settings import settle
from headgate.sql.analyse import Analysis, analyse
from headgate.sql.bind import bound, inlined, projection
from headgate.sql.tree import Unreadable, parse, relations

VOLATILE = ("random()", "now()", "uuid()")


@dataclass
class Made:
    """A build: its key, what readers see, its table with the columns as they were made, and the shape that is shown."""

    key: Digest
    id: Digest
    published: Versions
    table: str
    made: Shape
    shape: Shape

    @property
    def relation(self) -> str:
        """What stands for it in a query: another order of columns than the table's needs a projection."""
        return self.table if self.made == self.shape else inlined(projection(self.table, self.shape))


@dataclass
class Tally:
    """What was seen over all cases."""

    cases: int = 0
    invalid: int = 0
    steps: int = 0
    reused: int = 0
    rebuilt: int = 0
    needless: int = 0
    opaque: int = 0
    edits: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


class Wrong(AssertionError):
    """A table that the environment shows is not what its query gives."""


class Invalid(Exception):
    """The generated project is refused by the engine, or by a diagnostic of ours."""


class World:
    """One project over time, in one database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, binder: DuckBinder, chance: random.Random) -> None:
        self.connection = connection
        self.binder = binder
        self.chance = chance
        self.name = "w" + uuid.UUID(int=chance.getrandbits(128)).hex[:12]
        self.builds: dict[Digest, Made] = {}
        self.shown: dict[Address, Made] = {}
        self.number = 0
        connection.execute(f"create schema {self.name}")

    def close(self) -> None:
        self.connection.execute(f"drop schema {self.name} cascade")

    # Sources ------------------------------------------------------------------------------------------------------

    def load(self, address: Address, shape: Shape, rows: list[str], token: str) -> None:
        """Capture a source with these rows."""
        table = self._new_table()
        columns = ", ".join(f'"{c.name}" {c.type}' for c in shape)
        self.connection.execute(f"create table {table} ({columns})")
        if rows:
            self.connection.execute(f"insert into {table} values {', '.join(rows)}")
        versions = source_versions(Digest(token), shape)
        key = build_key("source", shape, versions)
        self.shown[address] = Made(key, build_id(key, token), versions, table, shape, shape)

    def _new_table(self) -> str:
        self.number += 1
        return f"{self.name}.t{self.number}"

    # Assets -------------------------------------------------------------------------------------------------------

    def understand(self, text: str) -> tuple[Recipe, SqlBody]:
        """Return the recipe of a text over what is shown now; raise ``Invalid``."""
        found = self.analysis(text)
        if found.recipe is None:
            raise Invalid(found.diagnostics[0].summary)
        return found.recipe, found.body

    def analysis(self, text: str) -> Analysis:
        try:
            query = parse(text, "asset.sql")
        except Unreadable as fault:
            raise Invalid(fault.diagnostic.summary) from None
        named = {Address(f"{t.schema}.{t.name}") for t in relations(query)}
        if not named <= set(self.shown):
            raise Invalid("names something that is not there")
        inputs = {a: self.shown[a].shape for a in named}
        return analyse(query, kind="table", inputs=inputs, settings="fuzz", bind=self.binder.bind)

    def apply(self, address: Address, text: str, tally: Tally) -> None:
        """Point to a build of the text over what is shown: one that exists, or a new one."""
        recipe, body = self.understand(text)
        plain = plain_versions(recipe, self._seen)
        if plain is None:
            raise Invalid("reads a column that is not there")
        key = build_key(recipe.kind, recipe.shape, plain)
        tally.opaque += bool(recipe.opaque)
        if recipe.opaque:
            tally.reasons[recipe.opaque] = tally.reasons.get(recipe.opaque, 0) + 1
        before = self.shown.get(address)
        made = before if before is not None and before.key == key else self.builds.get(key)
        if made is None:
            made = self._build(recipe, key, plain, self._select(body))
            tally.rebuilt += 1
            if before is not None and _same(self._rows(before, before.shape), self._rows(made, made.shape)):
                tally.needless += before.shape == made.shape
        else:
            made = dataclasses.replace(made, shape=recipe.shape)
            tally.reused += 1
        self.shown[address] = made
        self._check(address, text, recipe, body, made)

    def _build(self, recipe: Recipe, key: Digest, plain: Versions, select: str) -> Made:
        table = self._new_table()
        try:
            self.connection.execute(f"create table {table} as {select}")
        except duckdb.Error as error:
            raise Invalid(str(error).splitlines()[0]) from None
        identity = build_id(key, table)
        made = Made(key, identity, published_versions(recipe, plain, identity), table, recipe.shape, recipe.shape)
        self.builds[key] = made
        return made

    def _seen(self, read: Read) -> Digest | None:
        made = self.shown.get(read.address)
        return None if made is None else made.published.of(read.aspect, read.column)

    def _select(self, body: SqlBody) -> str:
        return bound(body, {r.address: self.shown[r.address].relation for r in body.references})

    # The check ----------------------------------------------------------------------------------------------------

    def _check(self, address: Address, text: str, recipe: Recipe, body: SqlBody, made: Made) -> None:
        """Raise ``Wrong`` where the table is not what the query gives over what is shown."""
        names = [c.name for c in recipe.shape]
        try:
            cursor = self.connection.execute(self._select(body))
            columns = [d[0] for d in cursor.description or ()]
            fresh = cursor.fetchall()
        except duckdb.Error as error:
            raise Wrong(f"{address}: the query fails now: {error}\n{text}") from None
        if columns != names:
            raise Wrong(f"{address}: columns {columns} are not {names}\n{text}")
        kept = self._rows(made, recipe.shape)
        if not _same(fresh, kept):
            raise Wrong(f"{address} shows\n{_shown(kept)}\nits query gives\n{_shown(fresh)}\n{text}")

    def _rows(self, made: Made, shape: Shape) -> list[tuple[Any, ...]]:
        listed = ", ".join(f'"{c.name}"' for c in shape)
        actual = {d[0]: str(d[1]) for d in self.connection.execute(f"describe {made.table}").fetchall()}
        wrong = [c.name for c in shape if actual.get(c.name) != c.type]
        if wrong:
            raise Wrong(f"{made.table} has other types for {wrong}: {actual}")
        return self.connection.execute(f"select {listed} from {made.table}").fetchall()


def _same(one: list[tuple[Any, ...]], two: list[tuple[Any, ...]]) -> bool:
    return sorted(map(_comparable, one)) == sorted(map(_comparable, two))


def _comparable(row: tuple[Any, ...]) -> str:
    return repr(row)  # tells 0.0 from -0.0, 1 from 1.0 and True, NULL from 'None'


def _shown(rows: list[tuple[Any, ...]]) -> str:
    return "\n".join(f"  {row}" for row in sorted(rows, key=repr)[:12]) or "  nothing"


def open_world(folder: Path) -> tuple[duckdb.DuckDBPyConnection, DuckBinder]:
    """Return a database with Headgate's settings, and a binder. One thread: what is tainted by threads stays put."""
    connection = duckdb.connect(":memory:")
    settle(connection, duckdb.__version__, folders=(), threads=1)
    return connection, open_binder(folder)


Shapes = Mapping[Address, Shape]


def shape(columns: list[tuple[str, str]]) -> Shape:
    """Return a shape from pairs."""
    return tuple(Column(n, t) for n, t in columns)
