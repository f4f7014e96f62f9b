"""One suite for the storages of engines: loads that follow each other, are cut off, copied and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from headgate.core.address import Address
from headgate.core.errors import Conflict, LeaseLost, StatementFailed
from headgate.core.hashing import Digest, digest
from headgate.core.intervals import Interval
from headgate.core.loading import Deletion, Merging, Tracking
from headgate.core.ports.engine import BuiltRow, Engine, physical_name
from headgate.core.ports.loads import (
    Change,
    LoadEnd,
    LoadPart,
    LoadStart,
    Merged,
    OpenLoad,
    Replacing,
    Tracked,
    Visible,
)
from headgate.core.recipe import Column, Shape
from tests.conformance.test_engine_conformance import duckdb_place, postgres_place
from tests.fakes.engine import FakeWarehouse

pytestmark = pytest.mark.slow

ASSET = Address("m.orders")
SHAPE: Shape = (Column("k", "INTEGER"), Column("t", "INTEGER"), Column("v", "VARCHAR"))
HISTORY: Shape = (*SHAPE, Column("valid_from", "INTEGER"), Column("valid_to", "INTEGER"))
WHOLE = Interval("", "")
STORAGE = physical_name(ASSET, digest("storage"))


KINDS = ("duckdb", "fake", "postgres", "postgres_16")


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with _opened(request, tmp_path) as session:
        yield session


@pytest.fixture(scope="session", params=KINDS)
def common_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One for all tests of a process that ask of tables of their own, and alter nothing else."""
    with _opened(request, tmp_path_factory.mktemp("common")) as session:
        yield session


@contextmanager
def _opened(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    with ExitStack() as at_end:
        if request.param == "fake":
            session = FakeWarehouse().open()
        elif request.param == "duckdb":
            session = duckdb_place(folder).open()
        else:
            server = request.getfixturevalue(request.param)
            database = server.database()
            at_end.callback(server.drop, database)
            session = postgres_place(database, folder).open()
        at_end.callback(session.close)
        session.adopt("state-1")
        yield session


def start(
    name: str,
    base: Visible | None = None,
    *,
    copies: bool = False,
    relation: str = STORAGE,
    shape: Shape = SHAPE,
    fence: int = 1,
) -> LoadStart:
    return LoadStart(digest("load", name), ASSET, relation, shape, base, SHAPE, copies, fence)


def part(change: Change, *rows: tuple[Any, ...], interval: Interval = WHOLE, within: str = "") -> LoadPart:
    values = " union all ".join(f"select {_text(k)} as k, {t} as t, {_text(v)} as v" for k, t, v in rows)
    return LoadPart(ASSET, interval, values, SHAPE, within, change)


def _text(value: str | int | None) -> str:
    return "null" if value is None else repr(value)


def ended(engine: Engine, load: OpenLoad, name: str, shape: Shape = SHAPE) -> Digest:
    build = digest("build", name)
    engine.end_load(load, LoadEnd(build, ASSET, shape, fence=1))
    return build


def loaded(engine: Engine, name: str, base: Visible | None, *parts: LoadPart, shape: Shape = SHAPE) -> Visible:
    load = engine.begin_load(start(name, base, shape=shape))
    for one in parts:
        engine.load_part(load, one)
    ended(engine, load, name, shape)
    return load.storage


def rows(engine: Engine, storage: Visible, shape: Shape = SHAPE) -> list[tuple[Any, ...]]:
    text = engine.visible(storage, shape)
    found = engine.query(f"select * from {text} as shown").rows
    return sorted(found, key=lambda row: tuple((value is not None, value) for value in row))


REPLACING_1 = Replacing("t >= 10 and t < 20")
REPLACING_2 = Replacing("t >= 20 and t < 30")
ONE, TWO = Interval("10", "20"), Interval("20", "30")


def test_an_interval_is_replaced_and_earlier_loads_see_what_they_saw(engine: Engine) -> None:
    first = loaded(
        engine,
        "a",
        None,
        part(REPLACING_1, (1, 10, "a"), (2, 19, "b"), interval=ONE),
        part(REPLACING_2, (3, 20, "c"), interval=TWO),
    )
    second = loaded(engine, "b", first, part(REPLACING_1, (1, 10, "z"), interval=ONE))
    assert second == Visible(STORAGE, 2)
    assert rows(engine, first) == [(1, 10, "a"), (2, 19, "b"), (3, 20, "c")]
    assert rows(engine, second) == [(1, 10, "z"), (3, 20, "c")]


def test_only_rows_within_come_in(engine: Engine) -> None:
    storage = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "a"), (2, 20, "b"), interval=ONE, within="t < 20"))
    assert rows(engine, storage) == [(1, 10, "a")]


@pytest.mark.parametrize("change", [REPLACING_1, Merged(Merging(("k",)), time="t", asked="old.t >= 10 and old.t < 20")])
def test_rows_before_after_and_without_a_time_are_left_out(change: Change, engine: Engine) -> None:
    given = ((1, 10, "a"), (2, 20, "b"), (3, 9, "c"), (4, "null", "d"))
    storage = loaded(engine, "a", None, part(change, *given, interval=ONE, within="t >= 10 and t < 20"))
    assert rows(engine, storage) == [(1, 10, "a")]


def test_a_part_is_made_once(engine: Engine) -> None:
    load = engine.begin_load(start("a"))
    one = part(REPLACING_1, (1, 10, "a"), interval=ONE)
    assert engine.load_part(load, one) == 1
    assert engine.load_part(load, one) == 0
    again = engine.begin_load(start("a", relation="another"))
    assert again == OpenLoad(load.storage, (ONE,), 1)
    assert engine.load_part(again, one) == 0
    result = engine.end_load(again, LoadEnd(digest("build"), ASSET, SHAPE, 1))
    assert result.rows == 1
    assert engine.end_load(again, LoadEnd(digest("build"), ASSET, SHAPE, 1)).rows == 1
    assert engine.built() == {digest("build"): STORAGE}
    assert engine.built_rows([digest("build")]) == {digest("build"): BuiltRow(STORAGE, 1, result.bytes)}


def test_who_was_overtaken_makes_no_part_and_ends_no_load(engine: Engine) -> None:
    """The process was stopped; meanwhile somebody else got the lease, and went on with what it had begun."""
    late = engine.begin_load(start("a", fence=1))
    one, two = part(REPLACING_1, (1, 10, "a"), interval=ONE), part(REPLACING_2, (3, 20, "c"), interval=TWO)
    assert engine.load_part(late, one) == 1
    load = engine.begin_load(start("a", fence=2))
    assert load.done == (ONE,)
    with pytest.raises(LeaseLost):
        engine.load_part(late, two)
    with pytest.raises(LeaseLost):
        engine.end_load(late, LoadEnd(digest("build", "late"), ASSET, SHAPE, 1))
    engine.load_part(load, two)
    engine.end_load(load, LoadEnd(digest("build", "a"), ASSET, SHAPE, 2))
    for _ in range(2):
        with pytest.raises(LeaseLost):
            engine.load_part(late, two)
        with pytest.raises(LeaseLost):
            engine.end_load(late, LoadEnd(digest("build", "late"), ASSET, SHAPE, 1))
    assert rows(engine, load.storage) == [(1, 10, "a"), (3, 20, "c")]
    assert set(engine.built()) == {digest("build", "a")}


def test_who_was_overtaken_by_another_load_makes_no_part(engine: Engine) -> None:
    base = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "a"), interval=ONE))
    late = engine.begin_load(start("b", base, fence=1))
    load = engine.begin_load(start("c", base, fence=2))
    with pytest.raises(LeaseLost):
        engine.load_part(late, part(REPLACING_1, (9, 10, "late"), interval=ONE))
    engine.load_part(load, part(REPLACING_1, (1, 10, "new"), interval=ONE))
    engine.end_load(load, LoadEnd(digest("build", "c"), ASSET, SHAPE, 2))
    assert rows(engine, load.storage) == [(1, 10, "new")]


def test_two_loads_of_one_holder_do_not_go_on_from_one_base(engine: Engine) -> None:
    base = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "a"), interval=ONE))
    first = engine.begin_load(start("b", base))
    with pytest.raises(Conflict):
        engine.begin_load(start("c", base))
    engine.load_part(first, part(REPLACING_1, (1, 10, "b"), interval=ONE))
    ended(engine, first, "b")
    assert rows(engine, first.storage) == [(1, 10, "b")]


def test_parts_that_share_no_row_are_made_side_by_side(engine: Engine) -> None:
    count = 12 if engine.capabilities.parallel_builds > 1 else 2
    base = loaded(engine, "a", None, *(span(n, "a") for n in range(count)))
    load = engine.begin_load(start("b", base))
    with ThreadPoolExecutor(min(engine.capabilities.parallel_builds, 4)) as pool:
        list(pool.map(lambda n: engine.load_part(load, span(n, "b")), range(count)))
    assert engine.end_load(load, LoadEnd(digest("build", "b"), ASSET, SHAPE, 1)).rows == count
    assert rows(engine, load.storage) == [(n, n * 10, "b") for n in range(count)]
    assert rows(engine, base) == [(n, n * 10, "a") for n in range(count)]


def span(number: int, value: str) -> LoadPart:
    begin, end = number * 10, number * 10 + 10
    within = Replacing(f"t >= {begin} and t < {end}")
    return part(within, (number, begin, value), interval=Interval(f"{begin:04}", f"{end:04}"))


def test_what_another_attempt_left_is_taken_out(engine: Engine) -> None:
    base = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "a"), interval=ONE))
    broken = engine.begin_load(start("broken", base, fence=0))
    engine.load_part(broken, part(REPLACING_1, (1, 10, "x"), (9, 11, "y"), interval=ONE))
    after = loaded(engine, "b", base, part(REPLACING_2, (3, 20, "c"), interval=TWO))
    assert rows(engine, base) == [(1, 10, "a")]
    assert rows(engine, after) == [(1, 10, "a"), (3, 20, "c")]


def test_a_base_that_is_not_the_newest_is_copied_or_refused(engine: Engine) -> None:
    base = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "a"), interval=ONE))
    newest = loaded(engine, "b", base, part(REPLACING_2, (2, 20, "b"), interval=TWO))
    with pytest.raises(Conflict, match="storage:"):
        engine.begin_load(start("c", base))
    wider: Shape = (*SHAPE, Column("w", "INTEGER"))
    other = engine.begin_load(start("d", base, copies=True, relation="m__orders__0000000000000000", shape=wider))
    assert other.storage == Visible("m__orders__0000000000000000", 1)
    assert rows(engine, other.storage, wider) == [(1, 10, "a", None)]
    assert rows(engine, newest) == [(1, 10, "a"), (2, 20, "b")]


def test_a_copy_casts_a_column_of_another_type_or_names_it(engine: Engine) -> None:
    if engine.capabilities.kind == "fake":
        pytest.skip("its columns have no types")
    base = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "5"), (2, 11, None), interval=ONE))
    typed: Shape = (*SHAPE[:2], Column("v", "INTEGER"))
    copy = engine.begin_load(start("b", base, copies=True, relation="m__orders__0000000000000003", shape=typed))
    assert rows(engine, copy.storage, typed) == [(1, 10, 5), (2, 11, None)]
    base = loaded(engine, "c", base, part(REPLACING_2, (3, 20, "x"), interval=TWO))
    with pytest.raises(StatementFailed, match=r"what m.orders keeps of its column v \(.*\) does not fit (?i:integer)"):
        engine.begin_load(start("d", base, copies=True, relation="m__orders__0000000000000004", shape=typed))


@pytest.mark.parametrize("change", [REPLACING_1, Merged(Merging(("k",), Deletion.MISSING))])
def test_what_was_copied_is_replaced_as_what_was_there(engine: Engine, change: Change) -> None:
    base = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "a"), (2, 11, "b"), interval=ONE))
    copy = engine.begin_load(start("c", base, copies=True, relation="m__orders__0000000000000001"))
    engine.load_part(copy, part(change, (1, 10, "z"), interval=ONE))
    assert rows(engine, copy.storage) == [(1, 10, "z")]
    assert engine.end_load(copy, LoadEnd(digest("build", "c"), ASSET, SHAPE, 1)).rows == 1


def test_a_merge_replaces_by_key_and_null_is_a_key(engine: Engine) -> None:
    merging = Merged(Merging(("k",)))
    first = loaded(engine, "a", None, part(merging, (1, 1, "a"), (2, 1, "b"), (None, 1, "n")))
    second = loaded(engine, "b", first, part(merging, (2, 2, "b"), (None, 1, "m"), (3, 2, "c")))
    assert rows(engine, first) == [(None, 1, "n"), (1, 1, "a"), (2, 1, "b")]
    assert rows(engine, second) == [(None, 1, "m"), (1, 1, "a"), (2, 2, "b"), (3, 2, "c")]


def test_a_value_that_is_equal_and_shown_otherwise_is_taken(engine: Engine) -> None:
    cases = {
        "duckdb": [("interval '1 month'", "interval '30 days'", "INTERVAL"), ("[1.0::double]", "[2.0]", "DOUBLE[]")],
        "postgres": [
            ("1.0", "1.00", "numeric"),
            ("json '[1]'", "json '[ 1]'", "json"),
            ("point '1,1'", "null", "point"),
        ],
    }.get(engine.capabilities.kind, [("1", "1.0", "NUMERIC")])
    for number, (before, after, kind) in enumerate(cases):
        _is_taken_once(engine, before, after, Column("n", kind), f"m__orders__{number:016}")


def _is_taken_once(engine: Engine, before: str, after: str, column: Column, relation: str) -> None:
    shape: Shape = (Column("k", "INTEGER"), column)

    def of(value: str) -> LoadPart:
        given = value if column.type == "NUMERIC" else f"cast({value} as {column.type})"  # SQLite would make 1 of 1.0
        text = f"select 1 as k, {given} as n"
        return LoadPart(ASSET, WHOLE, text, shape, "", Merged(Merging(("k",))))

    first = engine.begin_load(start(relation, relation=relation, shape=shape))
    engine.load_part(first, of(before))
    ended(engine, first, relation, shape)
    load = engine.begin_load(start(f"{relation} b", first.storage, shape=shape))
    assert engine.load_part(load, of(after)) == 1
    ended(engine, load, f"{relation} b", shape)
    again = engine.begin_load(start(f"{relation} c", load.storage, shape=shape))
    assert engine.load_part(again, of(after)) == 0


def test_a_merge_deletes_what_is_missing_or_flagged(engine: Engine) -> None:
    missing = Merged(Merging(("k",), Deletion.MISSING))
    first = loaded(engine, "a", None, part(missing, (1, 0, "a"), (2, 0, "b"), (None, 0, "n")))
    second = loaded(engine, "b", first, part(missing, (1, 0, "a")))
    assert rows(engine, second) == [(1, 0, "a")]
    flagged = Merged(Merging(("k", "v"), Deletion.FLAGGED, "t"))
    flag: Shape = (Column("k", "INTEGER"), Column("t", "BOOLEAN"), Column("v", "VARCHAR"))
    base = engine.begin_load(start("f", relation="m__flags__0000000000000000", shape=flag))
    given = LoadPart(
        ASSET, WHOLE, "select 1 as k, false as t, 'a' as v union all select 2, false, 'b'", flag, "", flagged
    )
    engine.load_part(base, given)
    ended(engine, base, "f", flag)
    after = engine.begin_load(start("g", base.storage, shape=flag))
    engine.load_part(after, LoadPart(ASSET, WHOLE, "select 1 as k, true as t, 'a' as v", flag, "", flagged))
    assert [row[0] for row in rows(engine, after.storage, flag)] == [2]


def test_a_merge_writes_what_changed_alone(engine: Engine) -> None:
    merging = Merged(Merging(("k",)))
    first = loaded(engine, "a", None, part(merging, *((n, 0, "a") for n in range(50))))
    load = engine.begin_load(start("b", first))
    assert engine.load_part(load, part(merging, *((n, int(n == 7), "a") for n in range(50)))) == 1


@pytest.mark.parametrize("change", [Merged(Merging(("k",))), Tracked(Tracking(("k",)), "1")])
def test_a_key_that_stands_twice_is_refused(engine: Engine, change: Change) -> None:
    shape = HISTORY if isinstance(change, Tracked) else SHAPE
    load = engine.begin_load(start("a", shape=shape))
    with pytest.raises(StatementFailed, match=r"the unique key \(k\) is not unique: .*\b1$") as failed:
        engine.load_part(load, part(change, (1, 1, "a"), (1, 2, "b"), (2, 2, "b")))
    assert failed.value.job == ASSET
    assert rows(engine, load.storage, shape) == []
    with pytest.raises(StatementFailed, match=r"\b1, 2, 3 and 2 more$"):
        engine.load_part(load, part(change, *[(k, t, "a") for k in range(1, 6) for t in (1, 2)]))


def test_a_history_closes_what_is_another_now(engine: Engine) -> None:
    def at(now: int, *given: tuple[Any, ...]) -> LoadPart:
        return part(Tracked(Tracking(("k",), checked=("v",), closes_missing=True), str(now)), *given)

    first = loaded(engine, "a", None, at(100, (1, 0, "a"), (2, 0, "b"), (3, 0, None)), shape=HISTORY)
    second = loaded(engine, "b", first, at(200, (1, 5, "a"), (2, 5, "c"), (4, 5, "d")), shape=HISTORY)
    third = loaded(engine, "c", second, at(300, (1, 5, "a"), (2, 5, "c"), (3, 5, "e"), (4, 5, "d")), shape=HISTORY)
    begun = [(1, 0, "a", 100, None), (2, 0, "b", 100, None), (3, 0, None, 100, None)]
    assert rows(engine, first, HISTORY) == begun
    assert rows(engine, second, HISTORY) == [
        (1, 0, "a", 100, None),
        (2, 0, "b", 100, 200),
        (2, 5, "c", 200, None),
        (3, 0, None, 100, 200),
        (4, 5, "d", 200, None),
    ]
    assert (3, 5, "e", 300, None) in rows(engine, third, HISTORY)
    assert len(rows(engine, third, HISTORY)) == 6


def test_a_history_by_timestamp_goes_by_the_rows_own_time(engine: Engine) -> None:
    def of(*given: tuple[Any, ...]) -> LoadPart:
        return part(Tracked(Tracking(("k",), updated_at="t"), "0"), *given)

    first = loaded(engine, "a", None, of((1, 10, "a"), (2, 10, "b")), shape=HISTORY)
    second = loaded(engine, "b", first, of((1, 10, "ignored"), (2, 20, "c")), shape=HISTORY)
    assert rows(engine, second, HISTORY) == [
        (1, 10, "a", 10, None),
        (2, 10, "b", 10, 20),
        (2, 20, "c", 20, None),
    ]


def test_a_history_goes_on_from_a_row_without_a_time(engine: Engine) -> None:
    def of(*given: tuple[Any, ...]) -> LoadPart:
        values = " union all ".join(
            f"select {k} as k, cast({'null' if t is None else t} as integer) as t, '{v}' as v" for k, t, v in given
        )
        return LoadPart(ASSET, WHOLE, values, SHAPE, "", Tracked(Tracking(("k",), updated_at="t"), "0"))

    first = loaded(engine, "a", None, of((1, None, "a")), shape=HISTORY)
    second = loaded(engine, "b", first, of((1, None, "b")), shape=HISTORY)
    third = loaded(engine, "c", second, of((1, 20, "c")), shape=HISTORY)
    fourth = loaded(engine, "d", third, of((1, None, "d")), shape=HISTORY)
    assert rows(engine, second, HISTORY) == [(1, None, "a", None, None)]
    assert rows(engine, fourth, HISTORY) == [(1, None, "a", None, 20), (1, 20, "c", 20, None)]


def test_states_of_a_key_do_not_overlap(engine: Engine) -> None:
    def at(now: int, *given: tuple[Any, ...]) -> LoadPart:
        return part(Tracked(Tracking(("k",), updated_at="t", closes_missing=True), str(now)), *given)

    base = None
    for name, one in enumerate(
        (
            at(5, (1, 10, "a"), (2, 10, "a"), (3, 10, "a")),
            at(30, (2, 10, "a")),
            at(40, (1, 10, "b"), (2, 10, "a")),  # 1 is back with the time that it had
            at(50, (1, 20, "c"), (2, 10, "a")),  # and changed at a time at which it was gone
            at(8, (4, 1, "a")),  # a clock that goes back
        )
    ):
        base = loaded(engine, str(name), base, one, shape=HISTORY)
    assert base is not None
    assert rows(engine, base, HISTORY) == [
        (1, 10, "a", 10, 30),
        (1, 10, "b", 30, 30),
        (1, 20, "c", 30, 30),
        (2, 10, "a", 10, 10),
        (3, 10, "a", 10, 30),
        (4, 1, "a", 1, None),
    ]


BY_TIME = Merged(Merging(("k",)), "t", "old.t >= 10 and old.t < 20")


def test_a_later_row_of_a_key_stays(engine: Engine) -> None:
    second = Merged(Merging(("k",)), "t", "old.t >= 20 and old.t < 30")
    base = loaded(engine, "a", None, part(BY_TIME, (1, 10, "a"), (2, 12, "a"), (3, 12, "a"), interval=ONE))
    base = loaded(engine, "b", base, part(second, (1, 20, "b"), interval=TWO))
    base = loaded(
        engine, "c", base, part(BY_TIME, (1, 10, "z"), (2, 11, "z"), (3, 13, "z"), (4, 12, "z"), interval=ONE)
    )
    assert rows(engine, base) == [(1, 20, "b"), (2, 11, "z"), (3, 13, "z"), (4, 12, "z")]


def test_a_later_row_stays_where_an_older_one_says_that_the_key_is_gone(engine: Engine) -> None:
    flag: Shape = (Column("k", "INTEGER"), Column("t", "INTEGER"), Column("v", "BOOLEAN"))
    change = Merged(Merging(("k",), Deletion.FLAGGED, "v"), "t", "old.t >= 10 and old.t < 20")

    def of(k: int, t: int, v: str) -> LoadPart:
        return LoadPart(ASSET, WHOLE, f"select {k} as k, {t} as t, {v} as v", flag, "", change)

    base = loaded(engine, "a", None, of(1, 30, "false"), shape=flag)
    kept = loaded(engine, "b", base, of(1, 15, "true"), shape=flag)
    assert [row[:2] for row in rows(engine, kept, flag)] == [(1, 30)]
    gone = loaded(engine, "c", kept, of(1, 31, "true"), shape=flag)
    assert rows(engine, gone, flag) == []


def test_of_the_rows_of_a_key_the_latest_comes_in(engine: Engine) -> None:
    given = ((1, 10, "a"), (1, 12, "c"), (1, 11, "b"), (None, 10, "n"), (None, 11, "m"), (2, 10, "x"))
    assert rows(engine, loaded(engine, "a", None, part(BY_TIME, *given))) == [
        (None, 11, "m"),
        (1, 12, "c"),
        (2, 10, "x"),
    ]
    load = engine.begin_load(start("b", relation="m__orders__0000000000000002"))
    with pytest.raises(StatementFailed, match="unique"):
        engine.load_part(load, part(BY_TIME, *given, (1, 10, "b")))


def test_a_storage_stays_as_long_as_one_of_its_loads(engine: Engine) -> None:
    builds = {}
    base: Visible | None = None
    for name, value in (("a", "1"), ("b", "2"), ("c", "3")):
        base = loaded(engine, name, base, part(Merged(Merging(("k",))), (1, 0, value), (ord(name), 0, value)))
        builds[name] = base
    engine.drop({digest("build", "a"): STORAGE, digest("build", "c"): STORAGE})
    assert engine.built() == {digest("build", "b"): STORAGE}
    assert rows(engine, builds["b"]) == [(1, 0, "2"), (97, 0, "1"), (98, 0, "2")]
    stored = engine.query(f"select count(*) from {engine.relation(STORAGE)}").rows
    assert stored == ((3,),)
    after = loaded(engine, "d", builds["b"], part(Merged(Merging(("k",))), (1, 0, "4")))
    assert rows(engine, after)[0] == (1, 0, "4")
    engine.drop({digest("build", "b"): STORAGE, digest("build", "d"): STORAGE})
    assert engine.built() == {}
    assert STORAGE not in engine.inventory(()).tables


def test_a_load_that_takes_nothing_is_another_build_of_the_same_rows(engine: Engine) -> None:
    base = loaded(engine, "a", None, part(REPLACING_1, (1, 10, "a"), interval=ONE))
    for _ in range(2):
        result = engine.end_load(OpenLoad(base, (), None), LoadEnd(digest("build", "idle"), ASSET, SHAPE, 1))
        assert result.rows == 1
    assert set(engine.built()) == {digest("build", "a"), digest("build", "idle")}
    engine.drop({digest("build", "a"): STORAGE})
    assert rows(engine, base) == [(1, 10, "a")]
    after = loaded(engine, "b", base, part(REPLACING_2, (3, 20, "c"), interval=TWO))
    engine.drop({digest("build", "idle"): STORAGE})
    assert rows(engine, after) == [(1, 10, "a"), (3, 20, "c")]


def test_a_query_that_fails_leaves_nothing(engine: Engine) -> None:
    load = engine.begin_load(start("a"))
    with pytest.raises(StatementFailed) as failed:
        engine.load_part(load, LoadPart(ASSET, WHOLE, "select k, t, v from nowhere", SHAPE, "", REPLACING_1))
    assert failed.value.job == ASSET
    assert rows(engine, load.storage) == []
    engine.load_part(load, part(REPLACING_1, (1, 10, "a")))
    ended(engine, load, "a")
    assert rows(engine, load.storage) == [(1, 10, "a")]


def test_a_result_of_other_columns_is_refused(engine: Engine) -> None:
    load = engine.begin_load(start("a"))
    with pytest.raises(StatementFailed):
        engine.load_part(load, LoadPart(ASSET, WHOLE, "select 1 as k, 2 as w", SHAPE, "", REPLACING_1))
