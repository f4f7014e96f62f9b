"""A world: a project, its builds, and an environment that points to some of them.

Each step links the project as Headgate does, reuses what the planner's rule allows, and builds the rest in DuckDB. Then
every table that the environment shows must be what its query gives over the tables that the environment shows. By
induction over the graph, some full rebuild of the repository gives exactly this environment.
"""

from __future__ import annotations

import dataclasses
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from fuzz.comparing import Told, wrong_comparison
from headgate.core.address import Address
from headgate.core.fingerprints import Fingerprint
from headgate.core.graph import SqlBody
from headgate.core.hashing import Digest
from headgate.core.ports.comparing import Side
from headgate.core.recipe import Aspect, Column, Read, Recipe, Shape
from headgate.core.versions import Versions, build_id, build_key, plain_versions, published_versions, source_versions
from headgate.evidence.equal import equal_versions
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.plugins.engines.duckdb_compares import WORDS, hashing
from headgate.plugins.engines.duckdb_settings import settle
from headgate.plugins.engines.fingerprint_texts import fingerprint
from headgate.sql.analyse import Analysis, analyse
from headgate.sql.bind import bound, inlined, reordered
from headgate.sql.tree import Query, Unreadable, parse, relations

VOLATILE = "random()"
"""Drawn anew each time: what is tainted is then not compared, but whatever reads the table is."""


COMPARED = 0.5
"""The share of rebuilt tables that are compared with those which they replace."""

EQUATED = 0.5
"""The share of cases in which what came out as before counts under the versions that it had."""

Rows = list[tuple[Any, ...]]


@dataclass
class Made:
    """A build: its key, what readers see, its table with the columns as they were made, and the shape that is shown.

    A view has no table; ``text`` is then its query, bound to what the environment shows, and ``volatile`` what of it
    each reader makes anew. ``select`` is what made it, ``read`` what stood for each input then.
    """

    key: Digest
    id: Digest
    published: Versions
    table: str
    made: Shape
    shape: Shape
    text: str = ""
    volatile: frozenset[Read] = frozenset()
    read: dict[Address, str] = field(default_factory=dict)
    select: str = ""

    @property
    def relation(self) -> str:
        """What stands for it in a query: another order of columns than the table's needs a projection."""
        if self.text:
            return inlined(self.text)
        return reordered(self.table, self.made, self.shape)


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
    drawn: int = 0
    tied: int = 0
    equated: int = 0
    compared: int = 0
    edits: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


class Wrong(AssertionError):
    """A table that the environment shows is not what its query gives."""

    def __init__(self, address: Address, what: str) -> None:
        super().__init__(f"{address}: {what}")
        self.address = address


class Invalid(Exception):
    """The generated project is refused by the engine, or by a diagnostic of ours."""


class World:
    """One project over time, in one database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, binder: DuckBinder, chance: random.Random) -> None:
        self.connection = connection
        self.binder = binder
        self.chance = chance
        self.name = "w" + uuid.UUID(int=chance.getrandbits(128)).hex[:12]
        self.equates = chance.random() < EQUATED
        self.compares = random.Random(self.name)
        self.builds: dict[Digest, Made] = {}
        self.shown: dict[Address, Made] = {}
        self.number = 0
        self._parsed: dict[str, tuple[Query, frozenset[Address]]] = {}
        self._analysed: dict[object, Analysis] = {}
        self._checked: set[object] = set()
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
        made = Made(key, build_id(key, token), versions, table, shape, shape)
        self.shown[address] = self._equated(made, self.shown.get(address), None)

    def _new_table(self) -> str:
        self.number += 1
        return f"{self.name}.t{self.number}"

    # Assets -------------------------------------------------------------------------------------------------------

    def understand(self, text: str, kind: str) -> tuple[Recipe, SqlBody]:
        """Return the recipe of a text over what is shown now; raise ``Invalid``."""
        found = self._analysis(text, kind)
        if found.recipe is None:
            raise Invalid(found.diagnostics[0].summary)
        return found.recipe, found.body

    def _analysis(self, text: str, kind: str) -> Analysis:
        query, named = self._read(text)
        if not named <= set(self.shown):
            raise Invalid("names something that is not there")
        inputs = {a: self.shown[a].shape for a in sorted(named)}
        volatile = frozenset(read for a in inputs for read in self.shown[a].volatile)
        key = (text, kind, tuple(inputs.items()), volatile)
        if key not in self._analysed:
            self._analysed[key] = analyse(
                query, kind=kind, inputs=inputs, settings="fuzz", bind=self.binder.bind, volatile=volatile
            )
        return self._analysed[key]

    def _read(self, text: str) -> tuple[Query, frozenset[Address]]:
        if text not in self._parsed:
            try:
                query = parse(text, "asset.sql")
            except Unreadable as fault:
                raise Invalid(fault.diagnostic.summary) from None
            self._parsed[text] = query, frozenset(Address(f"{t.schema}.{t.name}") for t in relations(query))
        return self._parsed[text]

    def apply(self, address: Address, text: str, tally: Tally, *, kind: str = "table") -> bool:
        """Point to a build of the text over what is shown, one that exists or a new one; tell whether it is new."""
        recipe, body = self.understand(text, kind)
        plain = plain_versions(recipe, self._seen)
        if plain is None:
            raise Invalid("reads a column that is not there")
        key = build_key(recipe.kind, recipe.shape, plain)
        tally.opaque += bool(recipe.opaque)
        if recipe.opaque:
            tally.reasons[recipe.opaque] = tally.reasons.get(recipe.opaque, 0) + 1
        before = self.shown.get(address)
        found = before if before is not None and before.key == key else self.builds.get(key)
        made = found or self._build(address, recipe, key, plain, body, tally)
        made = dataclasses.replace(made, shape=recipe.shape, text=self._select(body) if kind == "view" else "")
        if kind == "view":
            self._run(made.text, "limit 0")
        elif found is None:
            tally.rebuilt += 1
            if before is not None and before.table and _same(self._rows(before), self._rows(made)):
                tally.needless += before.shape == made.shape
        else:
            tally.reused += 1
        self.shown[address] = made
        if kind != "view":
            self._check(address, text, recipe, body, made, tally)
            self._compare(address, before, made, tally)
        return found is None

    def _run(self, text: str, end: str) -> None:
        try:
            self.connection.execute(f"select * from {inlined(text)} as q {end}").fetchall()
        except (duckdb.FatalException, duckdb.InternalException):
            raise
        except duckdb.Error as error:
            raise Invalid(str(error).splitlines()[0]) from None

    def _build(
        self, address: Address, recipe: Recipe, key: Digest, plain: Versions, body: SqlBody, tally: Tally
    ) -> Made:
        table, select = self._new_table(), self._select(body)
        if recipe.kind == "view":
            volatile = frozenset(_tainted(address, recipe))
        else:
            volatile = frozenset()
            try:
                self.connection.execute(f"create table {table} as {select}")
            except (duckdb.FatalException, duckdb.InternalException):
                raise
            except duckdb.Error as error:
                raise Invalid(str(error).splitlines()[0]) from None
        identity = build_id(key, table)
        published = published_versions(recipe, plain, identity)
        table = "" if recipe.kind == "view" else table
        read = {r.address: self.shown[r.address].relation for r in body.references}
        made = Made(
            key, identity, published, table, recipe.shape, recipe.shape, volatile=volatile, read=read, select=select
        )
        made = self.builds[key] = self._equated(made, self.shown.get(address), tally)
        return made

    def _equated(self, made: Made, before: Made | None, tally: Tally | None) -> Made:
        """Return a build under the versions that early cut-off finds beside what it replaces, by one key or none."""
        if not self.equates or before is None or not before.table or not made.table:
            return made
        names = [c.name for c in made.made if c.name in {one.name for one in before.made}]
        key = [self.chance.choice(names)] if names and self.chance.random() < 0.7 else []
        theirs = self._fingerprint(before, key)
        ours = self._fingerprint(made, key, theirs)
        if ours is None or theirs is None:
            return made
        versions = equal_versions(made.published, before.published, found=ours, before=theirs)
        if versions is None or versions == made.published:
            return made
        if tally is not None:
            tally.equated += 1
        return dataclasses.replace(made, published=versions)

    def _fingerprint(self, made: Made, key: list[str], beside: Fingerprint | None = None) -> Fingerprint | None:
        side = Side(made.table, made.made, is_table=True)
        return fingerprint(self._ask, side, key, WORDS, _HASHING, _never_known, beside)

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def _seen(self, read: Read) -> Digest | None:
        made = self.shown.get(read.address)
        return None if made is None else made.published.of(read.aspect, read.column)

    def _select(self, body: SqlBody) -> str:
        return bound(body, {r.address: self.shown[r.address].relation for r in body.references})

    # The check ----------------------------------------------------------------------------------------------------

    def _check(self, address: Address, text: str, recipe: Recipe, body: SqlBody, made: Made, tally: Tally) -> None:
        """Raise ``Wrong`` where the table is not what the query gives over what is shown."""
        select = self._select(body)
        state = (select, made.id, made.shape)
        if state in self._checked:
            return
        self._checked.add(state)
        names = [c.name for c in recipe.shape]
        try:
            cursor = self.connection.execute(select)
            columns = [d[0] for d in cursor.description or ()]
            fresh = cursor.fetchall()
        except (duckdb.FatalException, duckdb.InternalException, duckdb.InterruptException):
            raise
        except duckdb.ConversionException:
            return  # a view whose unread columns cannot be cast: whether they are looked at is the optimiser's choice
        except duckdb.Error as error:
            raise Wrong(address, f"the query fails now: {error}\n{text}") from None
        if columns != names:
            raise Wrong(address, f"columns {columns} are not {names}")
        kept = self._rows(made)
        if _same(fresh, kept):
            return
        if VOLATILE in select and self._agree_beside_chance(recipe, fresh, kept):
            tally.drawn += 1
            return
        if self._agree_beside_chance(recipe, fresh, kept) and self._is_tie(recipe, made, select, kept):
            tally.tied += 1
            return
        raise Wrong(address, f"it shows\n{_shown(kept)}\nits query gives\n{_shown(fresh)}")

    def _compare(self, address: Address, before: Made | None, made: Made, tally: Tally) -> None:
        """Raise ``Wrong`` where a comparison with what was shown before leaves out what differs."""
        if before is None or before.id == made.id or not before.table or self.compares.random() > COMPARED:
            return
        told = (Told(one.table, one.made, one.published) for one in (before, made))
        tally.compared += 1
        if wrong := wrong_comparison(*told, self._ask, _HASHING, self.compares):
            raise Wrong(address, f"{wrong}\n{_shown(self._rows(before))}\nand now\n{_shown(self._rows(made))}")

    def _is_tie(self, recipe: Recipe, made: Made, select: str, kept: Rows) -> bool:
        """Tell whether ties may explain a difference: every input holds the rows that it held when the build was made.

        They do not where the build's own statement still gives what is kept and another one does not; except that rows
        of inputs came in another order that the recipe does not read, as that of a join's inputs.
        """
        terms = (recipe.rows, recipe.order, *(c.term for c in recipe.columns))
        reads = {read for term in terms for read in term.reads}
        moved: set[Address] = set()
        for address, then in made.read.items():
            names = sorted(read.column for read in reads if read.address == address and read.column)
            listed = ", ".join(f'"{name}"' for name in names) or "1 as one"
            pair = (f"select {listed} from {relation} as q" for relation in (then, self.shown[address].relation))
            before, now = ([*map(_comparable, self.connection.execute(text).fetchall())] for text in pair)
            if sorted(before) != sorted(now):
                return False
            if before != now:
                moved.add(address)
        if moved and not any(Read(address, Aspect.ORDER) in reads for address in moved):
            return True
        return select == made.select or not _same(self.connection.execute(made.select).fetchall(), kept)

    @staticmethod
    def _agree_beside_chance(recipe: Recipe, fresh: Rows, kept: Rows) -> bool:
        """Tell whether two executions agree in everything that the recipe does not call tainted."""
        if recipe.rows.tainted:
            return True
        places = [n for n, c in enumerate(recipe.columns) if not c.term.tainted]
        return len(places) < len(recipe.columns) and _same(
            *([tuple(r[n] for n in places) for r in s] for s in (fresh, kept))
        )

    def _rows(self, made: Made) -> Rows:
        listed = ", ".join(f'"{c.name}"' for c in made.shape)
        actual = {d[0].lower(): str(d[1]) for d in self.connection.execute(f"describe {made.table}").fetchall()}
        wrong = [c.name for c in made.shape if actual.get(c.name.lower()) != c.type.partition(" COLLATE ")[0]]
        if wrong:
            raise Wrong(Address("m.unknown"), f"{made.table} has other types for {wrong}: {actual}")
        return self.connection.execute(f"select {listed} from {made.table}").fetchall()


_HASHING = hashing(duckdb.__version__)


def _never_known(_side: Side) -> bool:
    """Tell that nobody knows beforehand whether a key is unique."""
    return False


def _tainted(address: Address, recipe: Recipe) -> Iterator[Read]:
    """Yield what of a view each reader makes anew, as linking does."""
    if recipe.rows.tainted:
        yield Read(address, Aspect.ROWS)
    if recipe.order.tainted:
        yield Read(address, Aspect.ORDER)
    yield from (Read(address, Aspect.COLUMN, c.name) for c in recipe.columns if c.term.tainted)


def _same(one: Rows, two: Rows) -> bool:
    return sorted(map(_comparable, one)) == sorted(map(_comparable, two))


def _comparable(row: tuple[Any, ...]) -> str:
    return repr(row)  # tells 0.0 from -0.0, 1 from 1.0 and True, NULL from 'None'


def _shown(rows: Rows) -> str:
    return "\n".join(f"  {row}" for row in sorted(rows, key=repr)[:12]) or "  nothing"


def open_world(folder: Path) -> tuple[duckdb.DuckDBPyConnection, DuckBinder]:
    """Return a database with Headgate's settings, and a binder. One thread: what is tainted by threads stays put."""
    connection = duckdb.connect(":memory:")
    settle(connection, duckdb.__version__, folders=(), threads=1)
    return connection, open_binder(folder)


def shape(columns: list[tuple[str, str]]) -> Shape:
    """Return a shape from pairs."""
    return tuple(Column(n, t) for n, t in columns)
