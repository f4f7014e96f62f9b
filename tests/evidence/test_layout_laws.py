"""What is found of a table does not depend on how its rows lie: order, batches, row groups, threads, partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

import duckdb
import pytest

from headgate.core.hashing import Digest
from headgate.core.ports.comparing import Pairing, Side
from headgate.core.ports.engine import Engine
from headgate.core.ports.measuring import Measured
from headgate.core.profiles import ColumnProfile
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb import open_duckdb
from headgate.plugins.engines.postgres import open_postgres
from tests.postgres.server import Server

pytestmark = pytest.mark.slow

ROWS = 6_000
BATCHES = ((0, ROWS),), ((4_500, ROWS), (0, 7), (2_000, 4_500), (7, 2_000))
"""The rows in one piece, and in four, not in their order; rows of a piece are shuffled."""

KINDS = {
    "id": "integer",
    "k": "integer",
    "v": "text",
    "n": "double precision",
    "d": "numeric(12,2)",
    "t": "timestamp",
}
ROW = (
    "cast(i as integer) as id, case when i % 13 <> 0 then cast(i % 997 as integer) end as k, "
    "case when i % 11 <> 0 then 'x' || cast(i % 53 as varchar) end as v, cast(i as double precision) / 7 as n, "
    "cast(i % 1000 as numeric(12,2)) / 4 as d, timestamp '2024-01-01 00:00:00' + i * interval '1 minute' as t"
)
LATER = {"v": "case when id % 100 = 3 then 'y' else v end", "n": "case when id % 500 = 1 then n + 0.5 else n end"}
"""What is otherwise in the newer table, which lacks the first 20 rows as well."""


@dataclass(frozen=True)
class Place:
    """An engine, the types as it writes them, and the name of the older or newer table in one of its layouts."""

    engine: Engine
    types: Mapping[str, str]
    layouts: int
    schema: str

    def relation(self, name: str, layout: int) -> str:
        return f"{self.schema}.{name}_{layout}"

    def side(self, name: str, layout: int) -> Side:
        return Side(self.relation(name, layout), self.shape)

    @property
    def shape(self) -> Shape:
        return tuple(Column(name, type_) for name, type_ in self.types.items())


def filled(run: Callable[[str], object], layout: int, *, create: str, series: str, shuffled: str) -> None:
    """Make both tables: the older one as it is generated, the newer one of what differs."""
    columns = ", ".join(LATER.get(name, name) + f" as {name}" for name in KINDS)
    for name, select, least in (("older", ", ".join(KINDS), 0), ("newer", columns, 20)):
        run(create.format(table=f"{name}_{layout}"))
        for low, high in BATCHES[min(layout, 1)]:
            rows = f"select {ROW} from {series.format(low=max(low, least), high=max(high, least))}"
            order = f" order by {shuffled}" if layout else ""
            run(f"insert into {name}_{layout} select {select} from ({rows}{order}) as r")


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Row groups of 2,048 rows, read by four threads."""
    path = tmp_path_factory.mktemp("layouts") / "w.duckdb"
    columns = ", ".join(f"{name} {type_}" for name, type_ in KINDS.items())
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as w (row_group_size 2048); use w")
        for layout in (0, 1):
            filled(
                connection.execute, layout, create=f"create table {{table}} ({columns})",
                series="range({low}, {high}) as t(i)", shuffled="hash(i)",
            )  # fmt: skip
        connection.execute("use memory; detach w")
        types = dict(zip(KINDS, ("INTEGER", "INTEGER", "VARCHAR", "DOUBLE", "DECIMAL(12,2)", "TIMESTAMP"), strict=True))
    with closing(open_duckdb(path, read_only=True, root=None, threads=4)) as engine:
        yield Place(engine, types, 2, "main")


@pytest.fixture(scope="module")
def pg(postgres: Server) -> Iterator[Place]:
    """A table, one in other batches, and one in partitions."""
    database = postgres.database()
    columns = ", ".join(f"{name} {type_}" for name, type_ in KINDS.items())
    with closing(open_postgres(database.url, root=None)) as engine:
        import psycopg

        with psycopg.connect(database.url, autocommit=True) as connection:

            def run(statement: str) -> object:
                return [connection.execute(one.encode()) for one in statement.split(";")]

            for layout, parts in ((0, ""), (1, ""), (2, " partition by hash (id)")):
                of = "create table {table}_%d partition of {table} for values with (modulus 2, remainder %d)"
                create = f"create table {{table}} ({columns}){parts}"
                create += "".join(f";{of % (n, n)}" for n in range(2)) if parts else ""
                filled(
                    run, layout, create=create, series="generate_series({low}, {high} - 1) as t(i)",
                    shuffled="md5(i::text)",
                )  # fmt: skip
        types = {**KINDS, "t": "timestamp without time zone"}
        yield Place(engine, types, 3, "public")
    postgres.drop(database)


@pytest.fixture(params=["duck", pytest.param("pg", id="postgres")])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("key", [("id",), ("k",), ()], ids=["unique", "repeated", "bag"])
def test_a_comparison_does_not_depend_on_it(place: Place, key: tuple[str, ...]) -> None:
    names = tuple(name for name in KINDS if name not in key)
    found = [
        place.engine.compare(Pairing(place.side("older", one), place.side("newer", other), key, names), 5)
        for one, other in [(n, n) for n in range(place.layouts)] + [(0, 1), (1, 0)]
    ]
    assert (found[0].rows_before, found[0].rows_after) == (ROWS, ROWS - 20)
    assert found[0].added + found[0].changed > 50
    assert found[1:] == found[:1] * (len(found) - 1)


@pytest.mark.parametrize("key", [("id",), ("k",), ()], ids=["unique", "repeated", "bag"])
def test_a_fingerprint_does_not_depend_on_it(place: Place, key: tuple[str, ...]) -> None:
    found = [
        replace(place.engine.fingerprint(place.side("older", layout), key), order=Digest(""), beginning=Digest(""))
        for layout in range(place.layouts)
    ]
    assert found[0].columns if key == ("id",) else found[0].whole
    assert found[1:] == found[:1] * (len(found) - 1)


def test_a_profile_does_not_depend_on_it(place: Place) -> None:
    found = [
        place.engine.profile(Measured(place.relation("older", layout), place.types)) for layout in range(place.layouts)
    ]
    assert {one.rows for one in found} == {ROWS}
    for name in KINDS:
        columns = [one.columns[name] for one in found]
        assert {_exact(one) for one in columns} == {_exact(columns[0])}
        for figure in ("mean", "deviation", "sum"):  # sums of floats depend on the order in which they are added
            first = getattr(columns[0], figure)
            assert all(getattr(one, figure) == (None if first is None else pytest.approx(first)) for one in columns)


def _exact(column: ColumnProfile) -> ColumnProfile:
    return replace(column, mean=None, deviation=None, sum=None)
