"""What headgate.toml says of the cost of evidence."""

import pytest

from headgate.core.limits import NO_COST_LIMIT, CostLimit
from headgate.project.text import Text
from headgate.project.toml.config import read_config


def read(text: str) -> tuple[CostLimit, list[str]]:
    source = Text("headgate.toml", text)
    config = read_config(source, "shop", {"ROWS": "7"})
    return config.cost_limit, [f"{fault.code} {fault.summary}" for fault in source.all_faults()]


def test_nothing_is_bounded_where_nothing_is_said() -> None:
    assert read('name = "shop"') == (NO_COST_LIMIT, [])


def test_rows_and_time() -> None:
    assert read('[evidence]\nrows = "500000"\ntimeout = "10 minutes"') == (CostLimit(500_000, 600), [])
    assert read('[evidence]\nrows = "env:ROWS"') == (CostLimit(7), [])


@pytest.mark.parametrize("rows", ['"0"', '"-1"', '"1.5"', "true", "7", '"many"', "[]"])
def test_what_is_no_number_of_rows_is_told(rows: str) -> None:
    limit, faults = read(f"[evidence]\nrows = {rows}")
    assert limit == NO_COST_LIMIT
    assert [fault.split()[0] for fault in faults] == ["HG122"]


def test_other_keys_are_told() -> None:
    assert read("[evidence]\nrow = 5")[1] == ["HG121 unknown key row in [evidence]"]
