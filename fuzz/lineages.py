"""Lineage against the engine: a column of a source is changed, and where an output changes, lineage must hold it.

Each case makes random tables, a query over them, and a query over those and the first one's result. For every column
of every table its values are drawn again. What then stands in each output column, in whatever order, is compared with
what stood there before. What differs between two executions of the same is left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb

from fuzz.projects import Projects
from fuzz.world import Invalid, Tally, Wrong, shape
from headgate.core.address import Address
from headgate.core.graph import SqlBody
from headgate.core.lineage import AssetLineage
from headgate.core.recipe import Aspect, Read, Shape
from headgate.plugins.engines.duckdb_binder import DuckBinder
from headgate.sql.analyse import analyse
from headgate.sql.bind import bound
from headgate.sql.lineage import lineage_of_query
from headgate.sql.tree import Unreadable, parse, relations

TRIES = 12
DRAWS = 2
"""How often the values of each column are drawn again."""

Values = dict[tuple[Address, str], list[str]]
"""What stands in each output column, sorted."""


class Traced:
    """Random tables and two queries; the same seed does the same."""

    def __init__(self, seed: int, connection: duckdb.DuckDBPyConnection, binder: DuckBinder, tally: Tally) -> None:
        self.chance = random.Random(seed)
        self.projects = Projects(self.chance)
        self.connection = connection
        self.binder = binder
        self.tally = tally
        self.name = f"l{seed}"
        self.shapes: dict[Address, Shape] = {}
        self.rows: dict[Address, list[list[str]]] = {}
        self.bodies: dict[Address, SqlBody] = {}
        self.lineages: dict[Address, AssetLineage] = {}

    def run(self) -> None:
        """Play the case; raise ``Wrong`` where lineage leaves out a column that matters."""
        self.connection.execute(f"create schema {self.name}")
        try:
            self._sources()
            self._assets()
            self._play()
            self.tally.cases += 1
        except Invalid:
            self.tally.invalid += 1
        finally:
            self.connection.execute(f"drop schema if exists {self.name} cascade")

    def _sources(self) -> None:
        for number in range(self.chance.randint(1, 3)):
            address = Address(f"raw.r{number}")
            columns = self.projects.raw_shape()
            self.shapes[address] = shape(columns)
            count = self.chance.randint(3, 9)
            self.rows[address] = [[self.projects.value(type_) for _, type_ in columns] for _ in range(count)]

    def _assets(self) -> None:
        for number in range(2):
            address = Address(f"m.a{number}")
            for _ in range(TRIES):
                if self._understood(address, self.projects.query(self._tables()).text()):
                    break
            else:
                raise Invalid("no query")

    def _tables(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return [(str(address), [(c.name, c.type) for c in columns]) for address, columns in self.shapes.items()]

    def _understood(self, address: Address, text: str) -> bool:
        try:
            query = parse(text, "q.sql")
        except Unreadable:
            return False
        named = {Address(f"{table.schema}.{table.name}") for table in relations(query)}
        if not named <= set(self.shapes):
            return False
        inputs = {one: self.shapes[one] for one in named}
        found = analyse(query, kind="table", inputs=inputs, settings="fuzz", bind=self.binder.bind)
        if found.recipe is None or found.recipe.opaque:
            self.tally.opaque += found.recipe is not None
            return False
        lineage = lineage_of_query(query, inputs, [column.name for column in found.recipe.columns])
        if lineage is None:
            raise Wrong(address, f"the recipe is understood, and lineage is not\n{text}")
        self.lineages[address], self.bodies[address] = lineage, found.body
        self.shapes[address] = found.recipe.shape
        return True

    def _play(self) -> None:
        for address, rows in self.rows.items():
            self._load(address, rows)
        before, again = self._values(), self._values()
        steady = {output for output, values in before.items() if values == again[output]}
        for address, number in self._columns():
            for _ in range(DRAWS):
                self._load(address, self._drawn(address, number))
                self.tally.steps += 1
                after = self._values()
                for output in sorted(steady):
                    if after[output] != before[output]:
                        self._demand(output, address, number)
            self._load(address, self.rows[address])

    def _columns(self) -> Iterator[tuple[Address, int]]:
        for address in self.rows:
            yield from ((address, number) for number in range(len(self.shapes[address])))

    def _drawn(self, address: Address, number: int) -> list[list[str]]:
        type_ = self.shapes[address][number].type
        return [[*row[:number], self.projects.value(type_), *row[number + 1 :]] for row in self.rows[address]]

    def _demand(self, output: tuple[Address, str], address: Address, number: int) -> None:
        self.tally.rebuilt += 1
        column = self.shapes[address][number].name
        if Read(address, Aspect.COLUMN, column) not in self._steering(output):
            texts = "\n".join(f"{one}: {body.text}" for one, body in self.bodies.items())
            raise Wrong(output[0], f"{output[1]} changes with {address}.{column}, which lineage leaves out\n{texts}")

    def _steering(self, output: tuple[Address, str]) -> set[Read]:
        pending, found = [Read(output[0], Aspect.COLUMN, output[1])], set[Read]()
        while pending:
            node = pending.pop()
            lineage = self.lineages.get(node.address)
            reads = {edge.read for edge in lineage.of(node)} - found if lineage else set[Read]()
            found |= reads
            pending += reads
        return found

    def _load(self, address: Address, rows: list[list[str]]) -> None:
        columns = ", ".join(f'"{column.name}" {column.type}' for column in self.shapes[address])
        self.connection.execute(f"create or replace table {self._relation(address)} ({columns})")
        values = ", ".join(f"({', '.join(row)})" for row in rows)
        self.connection.execute(f"insert into {self._relation(address)} values {values}")

    def _values(self) -> Values:
        """Make all assets anew and return what stands in their columns; raise ``Invalid`` where the engine refuses."""
        found: Values = {}
        last = list(self.bodies)[-1]
        for address, body in self.bodies.items():
            relation = self._relation(address)
            select = bound(body, {one: self._relation(one) for one in self.shapes})
            try:
                if address is not last:
                    self.connection.execute(f"create or replace table {relation} as {select}")
                    select = f"from {relation}"
                rows = self.connection.execute(select).fetchall()
            except duckdb.InternalException:
                raise
            except duckdb.Error as error:
                raise Invalid(str(error)) from None
            for number, column in enumerate(self.shapes[address]):
                found[address, column.name] = sorted(repr(row[number]) for row in rows)
        return found

    def _relation(self, address: Address) -> str:
        return f"{self.name}.{address.replace('.', '_')}"
