"""What people see of a difference: aligned, short, and the part of a long value that differs."""

from pathlib import Path

from headgate.core.recipe import Column
from headgate.trial.compare import compared
from headgate.words.layout import display_width, without_styles
from headgate.words.test import ROWS_MAX, lines_of_difference, nothing_text
from tests.trial.trial_stage import outcomes, tried


def shown(kinds: str, expected: list[tuple[str | None, ...]], came: list[tuple[str | None, ...]]) -> list[str]:
    shape = tuple(Column(f"c{n}", kind) for n, kind in enumerate(kinds.split()))
    found = compared(shape, expected, came)
    assert found is not None
    return [without_styles(line) for line in lines_of_difference(found)]


def test_changed_values_are_marked_below() -> None:
    assert shown("INTEGER VARCHAR", [("1", None), ("22", "x")], [("22", "null"), ("1", "")]) == [
        "  2 changed",
        "              c0  c1",
        "    expected   1  null",
        "    came       1  ''",
        "                  ^^",
        "    expected  22  x",
        "    came      22  'null'",
        "                  ^^^^^^",
    ]


def test_long_values_are_shown_where_they_differ() -> None:
    lines = shown("INTEGER VARCHAR", [("1", "a" * 80 + "bcd")], [("1", "a" * 80 + "xyz")])
    assert lines[2].endswith("…aaaaaaaaaabcd")
    assert lines[3].endswith("…aaaaaaaaaaxyz")
    assert lines[4].strip() == "^" * 14


def test_many_rows_and_columns_stay_on_a_screen() -> None:
    rows: list[tuple[str | None, ...]] = [(str(n), *(["word" * 9] * 40)) for n in range(500)]
    other: list[tuple[str | None, ...]] = [(*row[:40], "other") for row in rows]
    lines = shown("INTEGER" + " VARCHAR" * 40, rows, other)
    assert len(lines) <= ROWS_MAX * 2
    assert all(display_width(line) <= 140 for line in lines)
    assert "c40" in lines[1]
    assert lines[-2].strip() == "and 988 more rows"
    assert "columns without a difference are not shown" in lines[-1]


def test_no_text_commands_the_terminal() -> None:
    lines = shown("VARCHAR", [("\x1b[2J",)], [("表\n\u202e",)])
    assert all(line.isprintable() for line in lines)
    assert lines[2].index("�") == lines[3].index("表")


def test_what_the_first_test_could_be_can_be_read(tmp_path: Path) -> None:
    files = {
        "assets/m/x.sql": '/* headgate\nowner: ops\n*/\nselect a as "odd "" name", b, 1 as c, 2 as d from raw.t\n',
        "assets/raw/t.csv": "a,b\n1,2\n",
    }
    text = nothing_text(tried(tmp_path, files)).split("\n\n", 1)[1]
    found = tried(tmp_path, {**files, "tests/x.yml": text})
    assert (outcomes(found), len(found.diagnostics)) == ({"what_holds": "failed"}, 0), text
    (difference,) = [one.difference for one in found.tried if one.difference]
    assert [column.name for column in difference.shape] == ['odd " name', "b", "c"]
