"""What other tools get wrong when they compare: each is a case here, its answer counted by hand.

On DuckDB, on PostgreSQL, and with the older side in DuckDB and the newer one in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.app.measured.across import There, meet, scratch, tolerances_across
from headgate.core.address import Address
from headgate.core.comparison import ColumnDifference, Comparison, KeyFacts, Rung, Tolerance
from headgate.core.ports.comparing import Pairing, Side
from headgate.core.ports.engine import Engine
from headgate.core.recipe import Column
from headgate.core.shares import share_text
from headgate.evidence.compare import compare_relations
from headgate.evidence.wishes import Wish
from tests.conformance.test_engine_conformance import duckdb_place, postgres_place

pytestmark = pytest.mark.slow

Row = tuple[object, ...]
Table = tuple[Mapping[str, str], tuple[Row, ...]]
_POSTGRES = {
    "VARCHAR": "text", "DOUBLE": "double precision", "INTEGER": "integer", "BIGINT": "bigint", "DATE": "date",
    "TIMESTAMP": "timestamp without time zone", "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}  # fmt: skip


@dataclass
class Place:
    """Where two tables are compared: the engine of each, and a third one where they meet."""

    before: Engine
    after: Engine
    meets: Engine | None

    def compare(
        self, before: Table, after: Table, key: tuple[str, ...] = (), near: Mapping[str, Tolerance] | None = None
    ) -> Comparison:
        """Return how two tables differ."""
        sides = relation(self.before, before), relation(self.after, after)
        tolerances = near or {}
        if self.meets is not None:
            tolerances = tolerances_across(sides[0].shape, sides[1].shape, tolerances)
        wish = Wish((key,) if key else (), tolerances)
        engine = self.meets or self.before
        return compare_relations(
            Comparison(Address("m.a"), rung=Rung.KEYED),
            lambda: self._laid(*sides),
            wish,
            lambda pairing: engine.compare(pairing, 10),
            protected=frozenset(),
            hides_words=False,
        )

    def _laid(self, before: Side, after: Side) -> tuple[Side, Side]:
        if self.meets is None:
            return before, after
        name = f"t{len(self.meets.built())}"
        there = There(self.before, before.relation, before.shape), There(self.after, after.relation, after.shape)
        return meet(self.meets, name, *there)


def relation(engine: Engine, table: Table) -> Side:
    """Return a table as a query over its rows."""
    types, rows = table
    if engine.capabilities.kind == "postgres":
        types = {name: _POSTGRES.get(type_, type_).replace("DECIMAL", "numeric") for name, type_ in types.items()}
    items = ", ".join(f'cast("{name}" as {type_}) as "{name}"' for name, type_ in types.items())
    names = ", ".join(f'"{name}"' for name in types)
    values = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows)
    shape = tuple(Column(name, type_) for name, type_ in types.items())
    return Side(f"(select {items} from (values {values}) as v({names}))", shape)


def literal(value: object) -> str:
    """Return a value as SQL; all are texts, so that every row of VALUES has the same types."""
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


@pytest.fixture(params=["duckdb", "postgres", "across"], scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root: Path = tmp_path_factory.mktemp("mistakes")
    with ExitStack() as at_end:
        engines: dict[str, Engine] = {}
        if request.param != "postgres":
            engines["duckdb"] = duckdb_place(root).open()
            engines["duckdb"].adopt("state")
        if request.param != "duckdb":
            server = request.getfixturevalue("postgres")
            database = server.database()
            at_end.callback(server.drop, database)
            engines["postgres"] = postgres_place(database, root).open()._engine  # type: ignore[attr-defined]  # as it is
        for engine in engines.values():
            at_end.callback(engine.close)
        meets = at_end.enter_context(scratch(root)) if request.param == "across" else None
        sides = list(engines.values())
        yield Place(sides[0], sides[-1], meets)


def of(types: Mapping[str, str], *rows: Row) -> Table:
    return types, rows


def numbers(found: Comparison) -> tuple[int, int, int]:
    return found.added, found.removed, found.changed


KV = {"k": "INTEGER", "v": "VARCHAR"}
KN = {"k": "INTEGER", "n": "DOUBLE"}


def test_an_added_row_that_is_null_is_no_match(place: Place) -> None:
    """Recce and audit-helper join each column by itself: a row that is not there looks like one that is NULL."""
    found = place.compare(of(KV, (1, "a")), of(KV, (1, "a"), (2, None)), ("k",))
    assert numbers(found) == (1, 0, 0)
    assert found.columns == (ColumnDifference("v", 0, 0),)


def test_a_column_of_another_type_is_compared(place: Place) -> None:
    """SQLMesh leaves out columns whose type changed, and reports a full match."""
    before = of({"k": "INTEGER", "v": "INTEGER"}, (1, 1), (2, 2), (3, 3))
    found = place.compare(before, of(KV, (1, "1"), (2, "2"), (3, "3.0")), ("k",))
    assert found.columns == (ColumnDifference("v", 1, 1),)
    assert [one.name for one in found.shape.retyped] == ["v"]
    assert not found.is_equal


def test_numbers_are_compared_to_their_last_digit(place: Place) -> None:
    """SQLMesh compares at three decimals: 1.0001 is 1.0004 there."""
    types = {"k": "INTEGER", "d": "DECIMAL(18,4)", "f": "DOUBLE"}
    found = place.compare(of(types, (1, "1.0001", "1.0001")), of(types, (1, "1.0004", "1.0004")), ("k",))
    assert found.changed == 1
    assert [(c.name, c.beyond, c.greatest) for c in found.columns] == [
        ("d", 1, pytest.approx(0.0003)), ("f", 1, pytest.approx(0.0003))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a,b", "c"), ("a", "b,c")),  # SQLMesh: the parts of a key are joined by commas
        (("1", "23"), ("12", "3")),  # data-diff 807: no separator at all
        (("a|b", "c"), ("a", "b|c")),
        (("", "x"), ("x", "")),
    ],
)
def test_parts_of_a_key_are_never_joined_to_a_text(place: Place, one: Row, other: Row) -> None:
    types = {"a": "VARCHAR", "b": "VARCHAR", "v": "VARCHAR"}
    found = place.compare(of(types, (*one, "same")), of(types, (*other, "same")), ("a", "b"))
    assert numbers(found) == (1, 1, 0)


def test_null_in_a_key_is_not_the_empty_text(place: Place) -> None:
    """SQLMesh takes NULL for '' in a key."""
    types = {"a": "VARCHAR", "b": "VARCHAR", "v": "VARCHAR"}
    found = place.compare(of(types, ("x", None, "v")), of(types, ("x", "", "v")), ("a", "b"))
    assert numbers(found) == (1, 1, 0)
    assert (found.keys_before, found.keys_after) == (KeyFacts(nulls=1), KeyFacts())


@pytest.mark.parametrize("text", ["<null>", "null", "NULL", ""])
def test_no_text_stands_for_null(place: Place, text: str) -> None:
    """data-diff writes NULL as <null>."""
    found = place.compare(of(KV, (1, None)), of(KV, (1, text)), ("k",))
    assert numbers(found) == (0, 0, 1)
    assert place.compare(of(KV, (1, None)), of(KV, (1, text))).added == 1


def test_a_key_with_a_null_part_finds_its_row(place: Place) -> None:
    """data-diff 634 drops such rows."""
    types = {"a": "INTEGER", "b": "INTEGER", "v": "VARCHAR"}
    before = of(types, (1, None, "x"), (2, None, "y"), (3, 3, "z"))
    found = place.compare(before, of(types, (1, None, "x"), (2, None, "Y"), (3, 3, "z")), ("a", "b"))
    assert numbers(found) == (1, 1, 0)
    assert found.keys_before == KeyFacts(nulls=2)


def test_keys_that_are_null_are_told_beside_those_that_repeat(place: Place) -> None:
    """data-diff 527 calls a key unique that is NULL in several rows."""
    found = place.compare(of(KV, (None, "a"), (None, "b"), (1, "c")), of(KV, (1, "c")), ("k",))
    assert (found.keys_before, numbers(found)) == (KeyFacts(nulls=2), (0, 2, 0))


def test_near_numbers_on_both_sides_of_a_rounding_are_near(place: Place) -> None:
    """data-diff 379 rounds first: 0.4999999 and 0.5000001 fall apart."""
    near = {"n": Tolerance(absolute=1e-6)}
    found = place.compare(of(KN, (1, "0.4999999"), (2, "0.3")), of(KN, (1, "0.5000001"), (2, "0.300002")), ("k",), near)
    assert found.changed == 1
    assert [(c.changed, c.beyond) for c in found.columns] == [(2, 1)]


def test_minus_zero_is_zero(place: Place) -> None:
    """data-diff 883."""
    assert numbers(place.compare(of(KN, (1, "-0.0")), of(KN, (1, "0.0")), ("k",))) == (0, 0, 0)
    assert numbers(place.compare(of(KN, (1, "-0.0")), of(KN, (1, "0.0")))) == (0, 0, 0)


def test_not_a_number_is_itself_and_nothing_else(place: Place) -> None:
    before = of(KN, (1, "NaN"), (2, "NaN"), (3, "Infinity"), (4, "-Infinity"))
    found = place.compare(before, of(KN, (1, "NaN"), (2, "0"), (3, "Infinity"), (4, "Infinity")), ("k",))
    assert numbers(found) == (0, 0, 2)
    assert found.columns[0].greatest is None


@pytest.mark.parametrize("key", [(), ("k",)])
def test_how_often_a_row_stands_there_counts(place: Place, key: tuple[str, ...]) -> None:
    """Reladiff 43 misses it."""
    found = place.compare(of(KV, (1, "a"), (1, "a"), (1, "a")), of(KV, (1, "a")), key)
    assert numbers(found) == (0, 2, 0)


def test_a_key_that_is_gone_is_named(place: Place) -> None:
    """data-diff 695 gives a vague error."""
    found = place.compare(of({"id": "INTEGER", "v": "VARCHAR"}, (1, "a")), of(KV, (1, "b")), ("k",))
    assert found.rung is Rung.BAG
    assert found.unkeyed == "the key k is not on both sides: k is missing before"
    assert numbers(found) == (1, 1, 0)


def test_each_column_has_a_tolerance_of_its_own(place: Place) -> None:
    """data-diff 649 has one for all."""
    types = {"k": "INTEGER", "a": "DOUBLE", "b": "DOUBLE"}
    near = {"a": Tolerance(absolute=0.5), "b": Tolerance(relative=0.01)}
    found = place.compare(
        of(types, (1, 10, 10), (2, 10, 100)), of(types, (1, 10.4, 10.4), (2, 10.6, 100.9)), ("k",), near
    )
    assert [(c.name, c.changed, c.beyond) for c in found.columns] == [("a", 2, 1), ("b", 2, 1)]
    assert found.changed == 2


def test_rows_of_one_key_are_not_paired_by_their_order(place: Place) -> None:
    """datacompy 314 and 399 pair the first with the first, after sorting: here that gives two changed rows."""
    before, after = of(KV, (1, "b"), (1, "c"), (2, "x")), of(KV, (1, "a"), (1, "b"), (1, "c"), (2, "y"))
    found = place.compare(before, after, ("k",))
    assert numbers(found) == (1, 0, 1)
    assert (found.keys_before, found.keys_after) == (KeyFacts(0, 1, 2), KeyFacts(0, 1, 3))


def test_the_numbers_add_up(place: Place) -> None:
    """datacompy 377 reports counts that contradict each other."""
    before = of(KV, *((n, f"v{n}") for n in range(10)), (3, "twice"), (None, "x"))
    after = of(KV, *((n, f"v{n % 6}") for n in range(4, 16)), (9, "twice"))
    found = place.compare(before, after, ("k",))
    assert found.rows_after - found.rows_before == found.added - found.removed == 1
    # Keys 3 and 9 stand twice: rows of 3 and 9 and NULL are a bag. By key 4..8 stay (6, 7, 8 change), 0, 1, 2 go.
    assert (found.removed, found.changed) == (3 + 2 + 1 + 1, 3)
    assert found.columns == (ColumnDifference("v", 3, 3),)
    assert found.changed <= min(found.rows_before, found.rows_after)


def test_one_bad_key_leaves_the_others_as_they_are(place: Place) -> None:
    """SQLMesh 4422: it fails the whole run."""
    rows = tuple((n, "same") for n in range(50))
    found = place.compare(of(KV, *rows, (7, "other")), of(KV, *rows[:49], (49, "changed")), ("k",))
    assert numbers(found) == (0, 1, 1)


def test_a_sample_keeps_its_limit(place: Place) -> None:
    """soda-core 1985 ignores it."""
    found = place.compare(of(KV, *((n, "a") for n in range(40))), of(KV, *((n, "b") for n in range(20, 60))), ("k",))
    assert numbers(found) == (20, 20, 20)
    assert len(found.differences.rows) == 30


def test_texts_are_compared_by_their_bytes(place: Place) -> None:
    """Collations break ranges of keys, and call texts equal that are not."""
    before, after = of({"k": "VARCHAR"}, ("a",), ("\u00e9",)), of({"k": "VARCHAR"}, ("A",), ("e\u0301",))
    assert numbers(place.compare(before, after, ("k",))) == (2, 2, 0)


def test_times_are_moments_whatever_their_zone(place: Place) -> None:
    types = {"k": "INTEGER", "t": "TIMESTAMP WITH TIME ZONE"}
    before = of(types, (1, "2026-03-29 01:30:00+00"), (2, "2026-03-29 01:30:00.123456+00"))
    found = place.compare(
        before, of(types, (1, "2026-03-29 03:30:00+02"), (2, "2026-03-29 01:30:00.123457+00")), ("k",)
    )
    assert numbers(found) == (0, 0, 1)


def test_a_shorter_decimal_is_the_same_number(place: Place) -> None:
    before = of({"k": "INTEGER", "d": "DECIMAL(9,2)"}, (1, "1.50"), (2, "100"))
    found = place.compare(before, of({"k": "INTEGER", "d": "DECIMAL(12,4)"}, (1, "1.5"), (2, "100.0001")), ("k",))
    assert [(c.changed, c.greatest) for c in found.columns] == [(1, pytest.approx(0.0001))]


def test_no_share_is_rounded_to_all_or_nothing() -> None:
    """SQLMesh 3431: "100 %" hides the column that changed."""
    assert share_text(9_999_999, 10_000_000) == "above 99.9 %"
    assert share_text(1, 10_000_000) == "below 0.001 %"


def test_a_pairing_names_what_both_have() -> None:
    side = Side("x", (Column("Id", "INTEGER"),))
    assert Pairing(side, side, ("id",), ()).pair("ID") == (side.shape[0], side.shape[0])


WHOLE, FLOATING = {"k": "BIGINT", "v": "VARCHAR"}, {"k": "DOUBLE", "v": "VARCHAR"}
"""Of a key that was a whole number and is a floating-point number now. Those skip every second one above 2^53."""

ODD, EVEN = 9_007_199_254_740_993, 9_007_199_254_740_992
"""2^53 + 1, which no floating-point number is, and 2^53, which stands for both."""


def test_a_key_that_became_a_floating_point_number_pairs_what_is_the_same_number(place: Place) -> None:
    """Read as floating-point numbers two keys are one: rows that change places look like a bag that stays the same."""
    found = place.compare(of(WHOLE, (EVEN, "a"), (ODD, "b")), of(FLOATING, (EVEN, "b"), (ODD, "a")), ("k",))
    # Afterwards 2^53 stands twice, so its rows are a bag: (2^53, a) on both sides, (2^53, b) new. 2^53 + 1 is gone.
    assert (found.keys_before, found.keys_after) == (KeyFacts(), KeyFacts(0, 1, 2))
    assert numbers(found) == (1, 1, 0)
    back = place.compare(of(FLOATING, (EVEN, "b")), of(WHOLE, (EVEN, "a"), (ODD, "b")), ("k",))
    assert numbers(back) == (1, 0, 1)


@pytest.mark.parametrize(
    ("exact", "numbers_before", "numbers_after", "greatest"),
    [
        # 2^53 + 1 is 2^53 now; 2^62 and what is small stay; nothing becomes no number.
        ("BIGINT", (ODD, 2**62, 5, None, 0), (ODD, 2**62, 5, None, "-0.0"), 1.0),
        ("BIGINT", (2**62, -(2**63), -1, 3), (2**62, -(2**63), "-1.5", 3), 0.5),
        # Above 2^50 floating-point numbers are quarters: .78 becomes .75.
        ("DECIMAL(18,2)", ("1234567890123456.78", "0.10", "-3"), ("1234567890123456.78", "0.1", "-3"), 0.03),
        ("DECIMAL(18,2)", ("1234567890123456.75", "0.10", "-3"), ("1234567890123456.75", "0.125", "-3"), 0.025),
        ("DECIMAL(20,10)", ("0.0000001", "0.3", "7"), ("1e-7", "0.30000000000000004", "7"), None),
    ],
)
def test_a_number_that_became_a_floating_point_number_is_compared_to_its_last_digit(
    place: Place, exact: str, numbers_before: Row, numbers_after: Row, greatest: float | None
) -> None:
    """One row of each differs; the floating-point number nearest to a value need not be that value."""
    before = of({"k": "INTEGER", "n": exact}, *enumerate(numbers_before))
    after = of({"k": "INTEGER", "n": "DOUBLE"}, *enumerate(numbers_after))
    for sides in ((before, after), (after, before)):
        found = place.compare(*sides, ("k",))
        assert [one.changed for one in found.columns] == [1]
        assert not found.is_equal
        if greatest is not None:
            assert found.columns[0].greatest == pytest.approx(greatest, rel=1e-9)
        assert numbers(place.compare(*sides)) == (1, 1, 0)


def test_a_tolerance_is_kept_to_where_numbers_are_wide(place: Place) -> None:
    near = {"n": Tolerance(absolute=0.25)}
    before = of({"k": "INTEGER", "n": "BIGINT"}, (1, ODD), (2, 10))
    found = place.compare(before, of(KN, (1, EVEN), (2, "10.125")), ("k",), near)
    assert [(c.changed, c.beyond, c.greatest) for c in found.columns] == [(2, 1, 1.0)]


def test_what_is_no_whole_number_is_none_in_any_type(place: Place) -> None:
    before = of({"k": "INTEGER", "n": "BIGINT"}, *enumerate((0, 0, 9_223_372_036_854_775_807, 1)))
    found = place.compare(before, of(KN, *enumerate(("NaN", "Infinity", "1e19", "1e300"))), ("k",))
    assert [(c.changed, c.beyond) for c in found.columns] == [(4, 4)]


@pytest.mark.parametrize(
    ("type_", "one", "other", "greatest"),
    [
        ("DECIMAL(18,9)", "600000000", "-600000000", 1.2e9),  # the difference has a digit more
        ("DECIMAL(18,18)", "0.9", "-0.9", 1.8),
        ("DECIMAL(38,0)", "9" * 38, "-" + "9" * 38, 2e38),
        ("DOUBLE", "1.7e308", "-1.7e308", None),  # and here it is above the greatest number
        ("DOUBLE", "5e-324", "1", 1.0),  # a billionth of which is below the least one
        ("DOUBLE", "1.7e308", "1.6e308", 1e307),
    ],
)
def test_a_difference_that_its_type_has_no_room_for_is_one(
    place: Place, type_: str, one: str, other: str, greatest: float | None
) -> None:
    types = {"k": "INTEGER", "n": type_}
    for near in (Tolerance(relative=1e-9), Tolerance(absolute=0.25, relative=0.001)):
        for sides in ((one, other), (other, one)):
            before, after = (of(types, (1, side), (2, "0.5")) for side in sides)
            found = place.compare(before, after, ("k",), {"n": near})
            assert (found.incomplete, numbers(found)) == ("", (0, 0, 1))
            assert found.columns[0].greatest == (None if greatest is None else pytest.approx(greatest))


def test_tables_without_a_column_in_common_are_counted(place: Place) -> None:
    before, after = of({"price": "INTEGER"}, (1,), (2,), (3,)), of({"total": "INTEGER"}, (1,))
    found = place.compare(before, after)
    assert (found.incomplete, found.rows_before, found.rows_after, numbers(found)) == ("", 3, 1, (0, 2, 0))
    assert not found.is_equal
    assert not place.compare(before, of({"total": "INTEGER"}, (1,), (2,), (3,))).is_equal


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"])
def test_infinity_is_itself_and_no_year(place: Place, type_: str) -> None:
    types = {"k": "INTEGER", "t": type_}
    before = of(types, (1, "infinity"), (2, "-infinity"), (3, "2026-01-01"), (4, "0001-01-01"), (5, None))
    assert place.compare(before, before, ("k",)).is_equal
    after = of(types, (1, "-infinity"), (2, "infinity"), (3, "infinity"), (4, "-infinity"), (5, "infinity"))
    assert numbers(place.compare(before, after, ("k",))) == (0, 0, 5)


@pytest.mark.parametrize("key", [(), ("k",)])
def test_names_that_differ_in_case_alone_are_two_columns_where_an_engine_has_both(
    place: Place, key: tuple[str, ...]
) -> None:
    """By folded names the first is compared twice, and the second never."""
    if place.before.capabilities.kind != "postgres":
        pytest.skip("DuckDB takes a and A for one name")
    types = {"k": "INTEGER", "a": "INTEGER", "A": "INTEGER"}
    before = of(types, (1, 1, 1))
    assert place.compare(before, before, key).is_equal
    for changed in ((1, 1, 2), (1, 2, 1)):
        found = place.compare(before, of(types, changed), key)
        assert numbers(found) == ((0, 0, 1) if key else (1, 1, 0))
    one = place.compare(before, of({"k": "INTEGER", "A": "INTEGER"}, (1, 1)), key)
    assert (numbers(one), [column.name for column in one.shape.removed]) == ((0, 0, 0), ["a"])
    turned = place.compare(before, of({"k": "INTEGER", "A": "INTEGER", "a": "INTEGER"}, (1, 1, 1)), key)
    assert (numbers(turned), turned.shape.is_reordered) == ((0, 0, 0), True)


def test_a_name_that_may_be_either_of_two_is_never_called_the_same(place: Place) -> None:
    if place.before.capabilities.kind != "postgres":
        pytest.skip("DuckDB takes ab and aB for one name")
    before, after = of({"ab": "INTEGER", "aB": "INTEGER"}, (1, 2)), of({"Ab": "INTEGER"}, (1,))
    found = place.compare(before, after)
    assert (found.rung, found.is_equal) == (Rung.INCOMPLETE, False)
    assert found.incomplete == "ab, aB, Ab differ in case alone, and nobody can tell which is which"


UNBOUNDED = (
    ("DECIMAL(38,2)", "1.00", "1.004", True),
    ("DECIMAL(38,2)", "1.00", "1", False),
    ("DECIMAL(38,2)", "-0.50", "-0.5", False),
    ("DECIMAL(9,2)", "1", "NaN", True),
    ("DECIMAL(9,2)", "1", "-Infinity", True),
    ("DECIMAL(38,10)", "1", "1e30", True),
    ("DECIMAL(38,38)", "-0.5", "-0.50", False),
    ("DECIMAL(38,38)", "0", "0.00", False),
    ("DECIMAL(38,38)", "0.5", "5e-39", True),
    ("INTEGER", "1", "1.4", True),
    ("INTEGER", "-100", "-100.0", False),
    ("BIGINT", ODD, "9007199254740993.00", False),
    ("BIGINT", ODD, "9007199254740992.9999", True),
    ("DOUBLE", "0.1", "0.10", False),
    ("DOUBLE", EVEN, ODD, True),
    ("DOUBLE", "1", "1.00000000000000000000000000001", True),
    ("DOUBLE", "NaN", "NaN", False),
    ("DOUBLE", "Infinity", "-Infinity", True),
)


@pytest.mark.parametrize("beside", [None, "1e300"])
@pytest.mark.parametrize(("exact", "one", "other", "differs"), UNBOUNDED)
def test_a_numeric_without_bound_is_compared_to_its_last_digit(
    *, place: Place, exact: str, one: object, other: object, differs: bool, beside: str | None
) -> None:
    """Rounded to the scale of the other side 1.004 is 1.00, and 1.4 is 1. ``beside`` a value that no DECIMAL holds."""
    if place.after.capabilities.kind != "postgres":
        pytest.skip("DuckDB has no numeric without bound")
    before, after = of({"k": "INTEGER", "n": exact}, (1, one)), of({"k": "INTEGER", "n": "numeric"}, (1, other))
    if beside is not None:
        before, after = of(before[0], *before[1], (2, None)), of(after[0], *after[1], (2, beside))
    found = place.compare(before, after, ("k",))
    if not found.incomplete:
        assert found.columns[0].changed == differs + (beside is not None)
    else:
        assert (exact, place.meets is None) == ("DOUBLE", False), found.incomplete
        assert found.incomplete.endswith("hold, and nothing is rounded")
    assert not (found.is_equal and differs)


def test_a_numeric_without_bound_may_show_the_same(place: Place) -> None:
    if place.meets is None:
        pytest.skip("in one engine it is another type")
    before, after = (
        of({"k": "INTEGER", "n": "DECIMAL(9,2)"}, (1, "1.50")),
        of({"k": "INTEGER", "n": "numeric"}, (1, 1.5)),
    )
    assert place.compare(before, after, ("k",)).is_equal
    assert place.compare(before, after).is_equal
    key = of({"n": "DECIMAL(9,2)"}, ("1.50",)), of({"n": "numeric"}, ("1.504",))
    assert numbers(place.compare(*key, ("n",))) == (1, 1, 0)
