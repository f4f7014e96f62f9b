"""A small campaign of the fuzzer, always the same cases, and some planted bugs that it must find."""

import pytest

from fuzz.campaigns import campaign, found_in
from fuzz.planted import NAMES

FOUND_SOON = (
    "a filter is forgotten",
    "the right side of a join is forgotten",
    "rows of inputs are forgotten",
    "the content of a source is forgotten",
    "columns that steer rows are forgotten",
    "the key forgets which column is which",
)
"""Planted bugs that a few cases find; `python -m fuzz` hunts all of them."""


def test_no_reuse_is_wrong() -> None:
    seen = campaign("edits", range(25))
    assert seen.wrong == []
    assert seen.tally.cases + len(seen.broken) == 25
    assert seen.tally.reused > 100
    assert seen.tally.rebuilt > 100


def test_neutral_edits_build_nothing() -> None:
    seen = campaign("neutral", range(25))
    assert seen.wrong == []
    assert seen.tally.steps > 40


@pytest.mark.parametrize("name", FOUND_SOON)
def test_a_planted_bug_is_found(name: str) -> None:
    assert name in NAMES
    assert found_in(name, range(5000, 5100)) is not None
