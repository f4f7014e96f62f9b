"""One unit test tried out: given rows become tables, the asset is made of them, and what comes is compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.errors import CodeFailed, StatementFailed
from headgate.core.graph import Node, SeedBody, SqlBody
from headgate.core.ports.python import PythonRunner
from headgate.core.ports.scratch import Given, Scratch
from headgate.core.python import PythonBody
from headgate.core.recipe import Column, Shape
from headgate.core.unit_tests import Cell, UnitTest
from headgate.sql.bind import bound, line_in_body
from headgate.trial.compare import compared
from headgate.trial.tables import Rows, fill, read
from headgate.trial.verdict import Outcome, Tried

_CAME, _EXPECTED = "came", "expected"
_NAMED_MAX = 12


@dataclass(frozen=True, slots=True)
class Bench:
    """What tests are tried out with. ``told`` gives the diagnostic of a function that failed.

    ``dialect`` is that of the assets' SQL. Where the scratch database has another one, it is tried as nearly as it can
    be said there.
    """

    scratch: Scratch
    runner: PythonRunner
    told: Callable[[CodeFailed, PythonBody], Diagnostic]
    dialect: str


class _Faulty(Exception):
    """The test cannot be tried as it is written."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(map(str, diagnostics)))
        self.diagnostics = tuple(diagnostics)


class _Broken(_Faulty):
    """The asset itself fails on the rows."""


def tried(test: UnitTest, node: Node, shapes: Mapping[Address, Shape], bench: Bench) -> Tried:
    """Return how a test of ``node`` ended; ``shapes`` are the columns of its inputs. Nothing of it is left behind.

    Cost: some milliseconds; of a function a process.
    """
    started = time.perf_counter()
    try:
        result = _Attempt(test, node, shapes, bench).result()
    except _Broken as broken:
        result = Tried(test, Outcome.FAILED, diagnostics=broken.diagnostics)
    except _Faulty as faulty:
        result = Tried(test, Outcome.FAULTY, diagnostics=faulty.diagnostics)
    finally:
        bench.scratch.clear()
    return replace(result, seconds=time.perf_counter() - started)


class _Attempt:
    def __init__(self, test: UnitTest, node: Node, shapes: Mapping[Address, Shape], bench: Bench) -> None:
        self._test = test
        self._node = node
        self._bench = bench
        self._scratch = bench.scratch
        needed = {*node.inputs, node.address} & shapes.keys()
        self._theirs = [shapes[address] for address in needed]
        self._shapes = {address: self._held(shapes[address]) for address in needed}
        self._shape = self._held(node.recipe.shape)

    def _held(self, shape: Shape) -> Shape:
        """Return columns with types of the scratch database."""
        if self._bench.dialect == self._scratch.dialect:
            return shape
        from headgate.sql.transpile import shape_in_duckdb

        return shape_in_duckdb(shape, self._bench.dialect)

    def result(self) -> Tried:
        """Return the outcome; raise ``_Faulty``, or ``_Broken`` where the asset fails."""
        tables = self._given()
        body = self._node.body
        if isinstance(body, SqlBody):
            shape = self._selected(body, tables)
        elif isinstance(body, SeedBody):
            summary = f"{self._node.address} is a seed: it has no code to test"
            raise _Faulty([Diagnostic("HG343", summary, self._test.place, "Name a table or a view.")])
        else:
            shape = self._called(body, tables)
        columns = self._expected(shape)
        expected, came = self._scratch.rows(_EXPECTED, columns), self._scratch.rows(_CAME, columns)
        difference = compared(expected.shape, expected.rows, came.rows)
        return Tried(self._test, Outcome.FAILED if difference else Outcome.PASSED, difference)

    def _given(self) -> Mapping[Address, str]:
        """Make a table of each input, and return their names."""
        faults: list[Diagnostic] = []
        given: dict[Address, Rows] = {}
        for one in self._test.given:
            address = one.input or self._node.address
            if address not in self._node.inputs:
                faults.append(self._not_read(address, one.place))
            elif address in given:
                faults.append(Diagnostic("HG342", f"the rows of {address} are given twice", one.place, "Join them."))
            else:
                found = read(one.rows, self._scratch)
                if isinstance(found, Diagnostic):
                    faults.append(found)
                    continue
                given[address] = found
                faults += fill(self._name(address), self._shapes[address], found, self._scratch, whose=address)
        if faults:
            raise _Faulty(faults)
        for address in self._node.inputs:
            if address not in given:
                fill(self._name(address), self._shapes[address], Rows(()), self._scratch, whose=address)
        return {address: self._name(address) for address in self._node.inputs}

    @staticmethod
    def _name(address: Address) -> str:
        return f"given {address}"

    def _not_read(self, address: Address, place: Place | None) -> Diagnostic:
        node = self._node
        near = nearest(address, node.inputs)
        reads = f"It reads {', '.join(near or node.inputs[:_NAMED_MAX])}." if node.inputs else "It reads nothing."
        if address == node.address:
            hint = "A template reads itself by {{ this }}; `import dbt` leaves out what stands below is_incremental()."
            return Diagnostic("HG340", f"{node.address} does not read itself", place, f"{reads}\n{hint}")
        return Diagnostic("HG340", f"{node.address} does not read {address}", place, reads)

    def _selected(self, body: SqlBody, tables: Mapping[Address, str]) -> Shape:
        relations = {address: self._scratch.relation(name) for address, name in tables.items()}
        text = self._transpiled(bound(body, relations, self._bounds(body)))
        # A call of the clock that is replaced had named its column, and engines name columns in ways of their own.
        is_named = self._test.now is not None or self._bench.dialect != self._scratch.dialect
        columns = [column.name for column in self._selected_shape()] if is_named else []
        if self._test.now is not None:
            from headgate.sql.clock import at_moment

            text = at_moment(text, self._literal(self._test.now, "TIMESTAMPTZ") + "::TIMESTAMP")
        try:
            return self._scratch.table_of_query(_CAME, text, columns)
        except StatementFailed as error:
            if self._bench.dialect != self._scratch.dialect:
                raise _Faulty([self._untried(f"DuckDB: {error}")]) from None
            raise _Broken([self._refused(body, relations, error)]) from None

    def _transpiled(self, text: str) -> str:
        if self._bench.dialect == self._scratch.dialect:
            return text
        from headgate.sql.transpile import Untranslatable, transpiled

        try:
            return transpiled(text, self._bench.dialect, self._theirs)
        except Untranslatable as reason:
            raise _Faulty([self._untried(str(reason))]) from None

    def _untried(self, reason: str) -> Diagnostic:
        summary = f"{self._node.address} cannot be tried in memory: DuckDB cannot run what it says for its engine"
        return Diagnostic("HG343", summary, replace(self._node.place, column=0, length=0), detail=reason)

    def _selected_shape(self) -> Shape:
        """Return the columns of the query; a snapshot has more."""
        shape = self._shape
        return shape[:-2] if self._node.kind is Kind.SNAPSHOT else shape

    def _bounds(self, body: SqlBody) -> Mapping[str, str]:
        """Return the literals for ``:start`` and ``:end``, of the type of the column of times."""
        test = self._test
        if test.start is None or test.end is None:
            if body.parameters:
                summary = f"{test.asset} is made for an interval, and the test gives none"
                hint = "interval: {start: 2024-01-01, end: 2024-01-02}"
                raise _Faulty([Diagnostic("HG343", summary, test.place, hint)])
            return {}
        if not body.parameters:
            summary = f"{test.asset} takes no interval: neither :start nor :end stands in it"
            raise _Faulty([Diagnostic("HG343", summary, test.start.place, "Take `interval` out.")])
        timing = self._node.properties.loading and self._node.properties.loading.timing
        types = {column.name.casefold(): column.type for column in self._shape}
        kind = types.get(timing.column.casefold(), "") if timing else ""
        kind = kind if kind.startswith(("DATE", "TIMESTAMP")) else "TIMESTAMP"
        return {"start": self._literal(test.start, kind), "end": self._literal(test.end, kind)}

    def _literal(self, cell: Cell, kind: str) -> str:
        """Return a moment as SQL; raise ``_Faulty`` where it is none."""
        column = Column(cell.column, kind)
        misfits = self._scratch.table("moment", (column,), [Given(column, [str(cell.value)])], 1)
        if misfits:
            summary = f"{cell.value} is no {kind}"
            raise _Faulty([Diagnostic("HG341", summary, cell.place, "Write 2024-01-31 12:00:00.", misfits[0].reason)])
        text = str(cell.value).replace("'", "''")
        return f"'{text}'::{kind}"

    def _refused(self, body: SqlBody, relations: Mapping[Address, str], error: StatementFailed) -> Diagnostic:
        path = self._node.place.path
        place = replace(self._node.place, column=0, length=0)
        if error.line:
            line = line_in_body(body, relations, error.line)
            line = body.template.lines(body.text)[line - 1] if body.template is not None else line
            place = Place(path, body.line + line - 1)
        return Diagnostic("HG601", "the engine refused its SQL on these rows", place, detail=f"DuckDB: {error}")

    def _called(self, body: PythonBody, tables: Mapping[Address, str]) -> Shape:
        shape = self._shape
        for cell, what in ((self._test.now, "the clock"), (self._test.start, "an interval")):
            if cell is not None:
                summary = f"{self._test.asset} is a function, which is not given {what}"
                hint = "Let it take the time from a column of an input."
                raise _Faulty([Diagnostic("HG343", summary, cell.place, hint)])
        with ExitStack() as stack:
            streams = {}
            for one in body.inputs:
                stream = streams[one.parameter] = self._scratch.stream(tables[one.address], one.columns)
                stack.callback(stream.close)
            call = self._bench.runner.start(body, streams)
            stack.callback(call.close)
            for stream in streams.values():
                stack.callback(stream.interrupt)
            try:
                self._scratch.table_of_stream(_CAME, call.result(), shape)
            except CodeFailed as failure:
                failure.printed = call.printed()
                raise _Broken([self._bench.told(failure, body)]) from None
            except StatementFailed as error:
                if failed := call.failure():
                    failed.printed = call.printed()
                    raise _Broken([self._bench.told(failed, body)]) from None
                told = Diagnostic("HG602", "the function gives what its columns cannot take", self._node.place)
                raise _Broken([replace(told, detail=str(error))]) from None
        return shape

    def _expected(self, shape: Shape) -> list[str]:
        """Make a table of the rows that are expected, and return the columns to compare: all where none is named."""
        found = read(self._test.expected, self._scratch)
        if isinstance(found, Diagnostic):
            raise _Faulty([found])
        named = {cell.column.casefold() for cell in found.columns}
        if found.rows and not named:
            place = self._test.expected.place
            raise _Faulty([Diagnostic("HG342", "the expected rows name no column", place, "Name at least one.")])
        faults = fill(_EXPECTED, shape, found, self._scratch, whose=self._node.address)
        if faults:
            raise _Faulty(faults)
        return [column.name for column in shape if column.name.casefold() in named or not named]
