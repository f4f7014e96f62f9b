"""Lineage of single queries: the golden set, and what holds of every query."""

import pytest
from lineage_cases import FOLDER, SHAPES, Case, analysed, as_text, cases_of, in_case_order

from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder

CASES = [case for path in sorted(FOLDER.glob("*.txt")) for case in cases_of(path)]


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> DuckBinder:
    return open_binder(tmp_path_factory.mktemp("binder"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lineage_is_as_thought(case: Case, binder: DuckBinder) -> None:
    recipe, found = analysed(case.query, SHAPES, binder)
    if "opaque" in case.expected:
        assert (found, recipe.opaque) == (None, case.expected["opaque"])
        return
    assert found is not None, recipe.opaque
    is_about_order = any(" order" in text for text in case.expected.values())
    told = {name: as_text(edges, has_orders=is_about_order) for name, edges in found.columns.items()}
    told["rows"] = as_text(found.rows, has_orders=is_about_order)
    expected = {name: in_case_order(text) for name, text in case.expected.items() if name != "order"}
    assert told == expected
    if "order" in case.expected:
        assert as_text(found.order, has_orders=is_about_order) == in_case_order(case.expected["order"])
