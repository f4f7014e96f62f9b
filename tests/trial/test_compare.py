"""Rows compared with rows: any order, each as often as it is expected, numbers within the tolerance."""

import math
import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from headgate.core.recipe import Column
from headgate.trial.compare import compared

SHAPE = (Column("a", "VARCHAR"), Column("b", "INTEGER"), Column("c", "DOUBLE"))
TEXTS = st.one_of(st.none(), st.sampled_from(["x", "y", "null", ""]))
NUMBERS = st.one_of(st.none(), st.sampled_from(["0.1", "0.30000000000000004", "-2.5e+20", "nan", "inf", "0.0"]))
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from([None, "1", "2"]), NUMBERS), max_size=8)


@given(ROWS, st.integers())
@settings(max_examples=60, deadline=None)
def test_the_same_rows_in_another_order_are_the_same(rows: list[tuple[str | None, ...]], seed: int) -> None:
    other = list(rows)
    random.Random(seed).shuffle(other)
    assert compared(SHAPE, rows, other) is None


@given(ROWS, ROWS)
@settings(max_examples=100, deadline=None)
def test_a_difference_accounts_for_every_row(
    expected: list[tuple[str | None, ...]], came: list[tuple[str | None, ...]]
) -> None:
    found = compared(SHAPE, expected, came)
    if found is None:
        assert len(expected) == len(came)
        return
    assert found.same + len(found.changed) + len(found.missing) == len(expected)
    assert found.same + len(found.changed) + len(found.unexpected) == len(came)
    for pair in found.changed:
        assert pair.columns
        assert all(pair.expected[n] != pair.came[n] for n in pair.columns)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8), st.floats(-1, 1))
@example(numbers=[1e-12, 1.4e-45], share=1.0)  # each is near the smaller one, the larger one is not
@settings(max_examples=100, deadline=None)
def test_numbers_are_equal_within_the_tolerance_and_not_beyond(numbers: list[float], share: float) -> None:
    shape = (Column("x", "DOUBLE"),)
    numbers = [n for n in numbers if abs(n) < 1e300]
    rows = [(repr(n),) for n in numbers]
    assert compared(shape, rows, [(repr(n + n * share * 0.9e-9),) for n in reversed(numbers)]) is None
    other = [(repr(n * (1 + 3e-9) + math.copysign(2e-12, n)),) for n in numbers]
    assert (compared(shape, rows, other) is None) == (not numbers)


def test_rows_count_as_often_as_they_come() -> None:
    shape = (Column("a", "INTEGER"),)
    found = compared(shape, [("1",), ("1",), ("2",)], [("1",), ("2",), ("2",)])
    assert found is not None
    assert (found.same, len(found.changed)) == (2, 1)
    assert (found.changed[0].expected, found.changed[0].came) == (("1",), ("2",))


def test_whole_numbers_and_texts_are_compared_exactly() -> None:
    for kind in ("BIGINT", "DECIMAL(18,2)", "VARCHAR", "STRUCT(a BIGINT)", "ENUM('FLOAT')"):
        assert compared((Column("a", kind),), [("12345678901",)], [("12345678902",)]) is not None
    one, other = "{'n': 12345678901, 'x': 0.1}", "{'n': 12345678902, 'x': 0.1}"
    assert compared((Column("a", "STRUCT(n BIGINT, x DOUBLE)"),), [(one,)], [(other,)]) is not None
    near = "{'n': 12345678901, 'x': 0.10000000000000002}"
    assert compared((Column("a", "STRUCT(n BIGINT, x DOUBLE)"),), [(one,)], [(near,)]) is None


def test_json_is_compared_by_what_it_says() -> None:
    shape = (Column("a", "JSON"),)
    assert compared(shape, [('{"a": 1, "b": [2]}',)], [('{"b":[2],"a":1}',)]) is None
    assert compared(shape, [('{"a": 1}',)], [('{"a": "1"}',)]) is not None


def test_many_rows_that_differ_in_a_number_alone_take_no_time() -> None:
    shape = (Column("x", "DOUBLE"),)
    rows = [(repr(n / 7),) for n in range(5_000)]
    assert compared(shape, rows, [(repr(n / 7 * (1 + 1e-13)),) for n in reversed(range(5_000))]) is None
