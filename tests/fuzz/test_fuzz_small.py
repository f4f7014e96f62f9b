"""A small campaign of the fuzzer, always the same cases, and some planted bugs that it must find."""

import subprocess
import sys

import pytest

from fuzz.campaigns import campaign, found_in
from fuzz.planted import NAMES
from fuzz.planted_lineage import LINEAGE_NAMES

pytestmark = pytest.mark.slow

FOUND_SOON = (
    "a filter is forgotten",
    "the right side of a join is forgotten",
    "rows of inputs are forgotten",
    "the content of a source is forgotten",
    "columns that steer rows are forgotten",
    "the key forgets which column is which",
)
"""Planted bugs that a few cases find; `python -m fuzz` hunts all of them."""

LEFT_OUT_SOON = (
    "lineage forgets filters",
    "lineage forgets the conditions of joins",
    "lineage forgets that rows steer columns",
)


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


@pytest.mark.slow
def test_lineage_leaves_out_nothing() -> None:
    seen = campaign("lineage", range(30))
    assert seen.wrong == []
    assert seen.tally.rebuilt > 100


@pytest.mark.slow
@pytest.mark.parametrize("name", LEFT_OUT_SOON)
def test_what_lineage_leaves_out_is_found(name: str) -> None:
    assert name in LINEAGE_NAMES
    assert found_in(name, range(2013, 2063)) is not None


@pytest.mark.parametrize("name", FOUND_SOON)
def test_a_planted_bug_is_found(name: str) -> None:
    assert name in NAMES
    assert found_in(name, range(5000, 5100)) is not None


def test_all_campaigns_run_in_several_processes() -> None:
    sizes = {"--cases": 2, "--planted": 2, "--files": 2, "--loads": 2, "--jobs": 2}
    arguments = ["--plant", "DISTINCT forgets", *(str(word) for pair in sizes.items() for word in pair)]
    done = subprocess.run(
        [sys.executable, "-m", "fuzz", *arguments], capture_output=True, text=True, timeout=140, check=False
    )
    assert "2 cases," in done.stdout, done.stderr
    assert "planted bugs found" in done.stdout
    assert "2 damaged repositories" in done.stdout
    assert "2 sequences of loads in DuckDB: 0 wrong" in done.stdout
    assert "1 sequences of loads in PostgreSQL: 0 wrong" in done.stdout
    assert done.stderr == ""
