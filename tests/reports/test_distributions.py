"""Any two distributions lie over bins that a picture can show, or there is no picture."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headgate.core.profiles import ColumnProfile
from headgate.words.report.charts import density
from headgate.words.report.distributions import histogram
from tests.reports.any_reports import quantiles

BATCH = [float(1_700_000_000_000_000_000)] * 2


def column(values: list[float], type_: str = "BIGINT") -> ColumnProfile:
    return ColumnProfile(type_, 0, len(set(values)), quantiles=tuple(sorted(values)))


@given(quantiles, quantiles, st.sampled_from(("BIGINT", "DOUBLE", "TIMESTAMP")))
@example(BATCH, BATCH, "BIGINT")
@example([2.0**53] * 2, [], "DOUBLE")
@example([-(2.0**63)] * 2, [2.0**64] * 2, "BIGINT")
@example(BATCH, BATCH, "TIMESTAMP")
def test_bins_have_a_width_and_hold_everything(before: list[float], after: list[float], type_: str) -> None:
    found = histogram(column(before, type_), column(after, type_))
    if found is None:
        return
    edges = [found.low + place * found.width for place in range(found.count + 1)]
    assert all(one < other for one, other in pairwise(edges))
    for side, shares in enumerate((found.before, found.after)):
        assert not shares or sum((found.below[side], *shares, found.above[side])) == pytest.approx(1)
    assert "nan" not in density(found, told="").text


@pytest.mark.parametrize("value", [0.0, 7.0, 2.0**52, 2.0**53, 1.7e18, -9.3e18, 0.5])
def test_a_constant_is_one_bin_around_it(value: float) -> None:
    found = histogram(column([value, value]), column([value, value, value]))
    assert found is not None
    assert (found.count, found.before, found.after) == (1, (1.0,), (1.0,))
    assert found.low < value < found.high
