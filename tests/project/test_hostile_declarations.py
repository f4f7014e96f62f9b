"""Thousands of functions, of faults, and texts that would command a terminal."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headgate.app.check import check
from headgate.app.linking import analysing
from headgate.app.repository import open_repository
from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.core.errors import Refused
from headgate.core.graph import Reference, SqlBody
from headgate.core.limits import Limits
from headgate.project.load import load_config
from headgate.project.python.files import read_functions
from headgate.project.text import Text
from headgate.sql.bind import WRITTEN_OUT_MAX, bound
from headgate.words.diagnostics import lines_of
from headgate.words.layout import plain

pytestmark = pytest.mark.slow

VIEW = "/* headgate\nkind: view\nowner: ops\n*/\n"
HEAD = "import headgate as hg\n\nRATE = 2\n\n\ndef helper():\n    return RATE\n\n\n"
ONE = "@hg.table(columns={{'a': 'INTEGER'}}, owner='ops')\ndef {name}():\n    return {value}\n\n\n"


def codes(text: str) -> dict[str, str]:
    return {function.name: function.code for function in read_functions(Text("assets/m/x.py", text))}


def module(**values: str) -> str:
    return HEAD + "".join(ONE.format(name=name, value=value) for name, value in values.items())


@pytest.mark.slow
def test_thousands_of_functions_in_a_file_are_read_in_seconds() -> None:
    start = time.process_time()
    found = codes(module(**{f"f{n}": "helper()" for n in range(5_000)}))
    assert len(set(found.values())) == 5_000
    assert time.process_time() - start < 10  # it was 45


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        (module(a="1", b="a()", c="b()", d="5"), {"d"}),
        (module(a="2", b="a()", c="b()", d="4"), {"a", "b", "c"}),
        (module(a="1", b="a()", c="7", d="4"), {"c"}),
        (module(a="1", b="a()", c="b()", d="4").replace("RATE = 2", "RATE = 3"), {"a", "b", "c", "d"}),
        (module(a="1", b="a()", c="b()", d="4") + "late = d\n", {"a", "b", "c", "d"}),
        (module(a="1", b="a()", c="b()") + "# moved behind it\n" + ONE.format(name="d", value="4"), set()),
        (module(d="4", a="1", b="a()", c="b()"), set()),
    ],
    ids=["itself", "what it names", "what names it", "what all share", "named by all", "a remark", "another order"],
)
def test_a_function_counts_with_what_it_reaches(edited: str, changed: set[str]) -> None:
    before, after = codes(module(a="1", b="a()", c="b()", d="4")), codes(edited)
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_function_counts_with_its_place_among_what_all_share() -> None:
    first, last = ONE.format(name="a", value="1"), "helper = RATE\n\n\n"
    assert codes(HEAD + first + last) != codes(HEAD + last + first)


def test_of_thousands_of_faults_the_first_are_shown_and_the_others_counted() -> None:
    warnings = [Diagnostic("HG310", f"x{n} has no owner", severity=Severity.WARNING) for n in range(500)]
    lines = lines_of([*warnings, *(Diagnostic("HG202", f"unknown table x{n}") for n in range(50_000))])
    assert lines[-1] == "and 50,300 more; --json prints all"
    assert len(lines) < 500
    assert "HG202" in lines[0]


def test_of_a_long_line_the_part_around_the_fault_is_shown() -> None:
    fault = Diagnostic(
        "HG202", "unknown table zz", Place("x.sql", 1, 1_000_001), excerpt="a" * 10**6 + "zz" + "b" * 10**6
    )
    _, _, line, mark = lines_of([fault])
    assert len(line) < 400
    assert line[plain(mark).index("^")] == "z"


def test_nothing_of_a_repository_commands_the_terminal() -> None:
    fault = Diagnostic("HG202", "unknown \x1b]0;x\x07", Place("x.sql", 1, 1), "a\x9b2J", "b\u202e", "select \x1b[2J")
    text = "".join(lines_of([fault])[1:])
    assert not {"\x07", "\x9b", "\u202e"} & set(text)
    assert "\x1b[2J" not in text


@pytest.mark.parametrize("name", ["a\\nb", "a\\u0000b", "a\\u001b[2Jb", "a\\u202eb"])
def test_a_name_is_one_line_of_text(name: str, tmp_path: Path) -> None:
    (tmp_path / "headgate.toml").write_text(f'name = "{name}"\n')
    assert [(d.code, str(d.place)) for d in load_config(tmp_path)[1]] == [("HG122", "headgate.toml:1:8")]


def test_views_that_double_are_refused_where_they_grow_too_long(tmp_path: Path) -> None:
    (tmp_path / "assets/m").mkdir(parents=True)
    for n in range(30):
        reading = f"select a.x from m.v{n - 1} as a, m.v{n - 1} as b" if n else "select 1 as x"
        (tmp_path / f"assets/m/v{n}.sql").write_text(f"{VIEW}{reading}")
    session, repository = open_repository(tmp_path)
    with session:
        (fault,) = check(session, repository).diagnostics
    assert (fault.code, str(fault.place)) == ("HG201", "assets/m/v16.sql:1:1")
    assert "Make a table of m.v15" in fault.hint


def test_a_chain_of_views_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "assets/m").mkdir(parents=True)
    for n in range(300):
        (tmp_path / f"assets/m/v{n}.sql").write_text(VIEW + (f"select x from m.v{n - 1}" if n else "select 1 as x"))
    session, repository = open_repository(tmp_path)
    with session:
        assert check(session, repository).diagnostics == ()


def test_a_text_that_grew_too_long_unseen_is_refused_before_the_engine_is_asked() -> None:
    address = Address("m.v")
    body = SqlBody("select x from m.v", (Reference(14, 17, address, "v"),))
    with pytest.raises(Refused, match="HG201"):
        bound(body, {address: "(" + " " * WRITTEN_OUT_MAX + ")"})


@pytest.mark.slow
def test_a_function_that_never_ends_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysing, "PROBE_LIMITS", Limits(seconds=2, bytes=2 * 10**9))
    (tmp_path / "assets/m").mkdir(parents=True)
    endless = "import headgate as hg\n\n\n@hg.table(owner='ops')\ndef f():\n    while True:\n        pass\n"
    (tmp_path / "assets/m/x.py").write_text(endless)
    session, repository = open_repository(tmp_path)
    with session:
        fault = next(one for one in check(session, repository).diagnostics if one.severity is Severity.ERROR)
    told = f"{fault.summary}\n{fault.detail}\n{fault.hint}"
    assert "it took longer than 2 s" in told
    assert "timeout=" not in told
    assert "columns=" in told
