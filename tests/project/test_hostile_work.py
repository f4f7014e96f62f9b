"""Texts that would keep a parser or the engine busy for hours, and values that cannot be stored: one fault, soon."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.app.check import check
from headgate.app.repository import open_repository
from headgate.core.diagnostic import Diagnostic
from headgate.project.load import load_config
from headgate.sql.tree import parse, relations

pytestmark = pytest.mark.slow

HEADER = "/* headgate\nowner: ops\n*/\n"
PYTHON = 'import headgate as hg\n\n\n@hg.table(columns={"a": "INTEGER"}, owner="ops")\ndef f():\n    return None\n'


def found(root: Path, path: str, text: str) -> tuple[Diagnostic, ...]:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    session, repository = open_repository(root)
    with session:
        return check(session, repository).diagnostics


@pytest.fixture(autouse=True)
def seconds() -> Iterator[None]:
    start = os.times()
    yield
    end = os.times()
    assert end.user - start.user < 15  # each of these took minutes, or never ended


def doubled() -> str:
    steps = [f"c{i} as (select a.*, b.* from c{i - 1} as a, c{i - 1} as b)" for i in range(1, 30)]
    return f"with c0 as (select 1 as x), {', '.join(steps)} select 1 as q from c29"


@pytest.mark.parametrize(
    "text",
    [
        "select [1]" + "[1]" * 20_000 + " as a",
        "select " + "list_transform([1], x -> " * 40 + "x" + ")" * 40 + " as a",
        "select " + "[x for x in " * 40 + "[1]" + "]" * 40 + " as a",
        "select 1 as a0, " + ", ".join(f"a{i - 1} + a{i - 1} as a{i}" for i in range(1, 60)),
        pytest.param(doubled(), marks=pytest.mark.slow),
        "select 1 as a" + " union all select 1" * 20_000,
    ],
    ids=["brackets", "lambdas", "comprehensions", "aliases", "stars", "unions"],
)
def test_a_query_that_nobody_would_wait_for_is_refused(text: str, tmp_path: Path) -> None:
    assert [d.code for d in found(tmp_path, "assets/m/x.sql", HEADER + text)] == ["HG201"]


@pytest.mark.parametrize(
    "text",
    [
        "select [[[1]]]" + "[1]" * 3 + " as a",
        "select " + "list_transform([1], x -> " * 5 + "x" + ")" * 5 + " as a",
        "select 1 as a0, " + ", ".join(f"a{i - 1} + a{i - 1} as a{i}" for i in range(1, 12)),
    ],
)
def test_what_people_write_is_far_from_the_bounds(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, "assets/m/x.sql", HEADER + text) == ()


def test_a_cte_sees_those_before_it_among_thousands() -> None:
    steps = ", ".join(f"c{i} as (select a from c{max(i - 1, 0)})" for i in range(5_000))
    query = parse(f"with {steps} select a from c4999, c5000", "x.sql")
    assert [table.name for table in relations(query)] == ["c0", "c5000"]


def test_a_key_of_thousands_of_parts_is_refused(tmp_path: Path) -> None:
    for text in ("a." * 20_000 + "b = 1\n", "a = {" + "b." * 20_000 + "c = 1}\n"):
        (tmp_path / "headgate.toml").write_text(text)
        assert [d.code for d in load_config(tmp_path)[1]] == ["HG120"]


def test_integers_of_any_length_are_read_in_python(tmp_path: Path) -> None:
    text = f"{PYTHON}\n\nLONG = 0x{'f' * 10_000}\n"
    assert {d.code for d in found(tmp_path, "assets/m/f.py", text)} <= {"HG335"}


def test_halves_of_characters_are_refused_in_python(tmp_path: Path) -> None:
    text = PYTHON.replace('"ops"', '"\\ud800"')
    (fault, *_) = found(tmp_path, "assets/m/f.py", text)
    assert (fault.code, str(fault.place)) == ("HG331", "assets/m/f.py:4:43")
