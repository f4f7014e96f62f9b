"""Help, wrong usage, exit statuses, streams, and faults of our own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.cli import main
from headgate.cli.arguments import COMMANDS, parse
from headgate.cli.parser import WrongUsage
from headgate.words.layout import aligned, cut, display_width, plain, wrapped
from tests.cli.scenario import headgate


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(command: str, tmp_path: Path) -> None:
    text, status = headgate([command, "--help"], tmp_path)
    assert status == 0
    assert f"headgate {command}" in text.partition("Examples:")[2]
    for option in ("--json", "--project DIR", "--quiet", "--no-color", "--help"):
        assert option in text
    assert ("--yes" in text.partition("of every command")[2]) == (
        command in ("apply", "approve", "promote", "run", "rollback", "gc", "doctor")
    )


def test_the_overview_lists_every_command(tmp_path: Path) -> None:
    text, status = headgate(["--help"], tmp_path)
    assert status == 0
    assert all(f"  {command} " in text for command in COMMANDS)
    assert headgate([], tmp_path) == (text, 2)
    assert headgate(["help", "plan"], tmp_path) == headgate(["plan", "--help"], tmp_path)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pln"], "Did you mean plan?"),
        (["plan", "--verbos"], "Did you mean --verbose?"),
        (["rollback", "prod", "--to", "x"], "not a number from 1"),
        (["apply", "--wait", "soon"], "not a time"),
        (["promote"], "FROM is missing, as in headgate promote dev"),
        (["sql", "dev"], "QUERY is missing, as in headgate sql dev "),
        (["completion", "ksh"], "SHELL may be bash, zsh, fish, not ksh"),
        (["plan", "dev"], "headgate new DIR"),
    ],
)
def test_wrong_usage_is_told_in_two_lines(arguments: list[str], told: str, tmp_path: Path) -> None:
    text, status = headgate(arguments, tmp_path)
    assert status == 2
    assert told in text
    assert text.count("\n") == 2
    assert "--help tells more." in text


def test_wrong_usage_as_json(tmp_path: Path) -> None:
    text, status = headgate(["plan", "--nothing", "--json"], tmp_path)
    body = json.loads(text)
    assert (status, body["exit_status"], body["command"], body["format"], body["result"]) == (2, 2, "plan", 1, None)


def test_options_may_stand_before_the_command(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "elsewhere").mkdir()
    text, status = headgate(["-C", str(tmp_path), "--json", "status"], tmp_path / "elsewhere")
    assert status == 0
    assert json.loads(text)["result"].keys() == {"environments", "warehouses"}


def test_refresh_takes_addresses_and_leaves_the_environment() -> None:
    assert parse("apply", ["--refresh", "dev"]).environment == "dev"
    options = parse("apply", ["--refresh", "raw.a", "raw.b"])
    assert (options.environment, options.refresh) == (None, ["raw.a", "raw.b"])
    assert parse("apply", ["dev"]).refresh is None
    with pytest.raises(WrongUsage):
        parse("apply", ["--refres"])


def test_a_fault_of_our_own_is_one_line_and_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "assets").mkdir()

    def broken(*_: object) -> None:
        raise RuntimeError("what nobody expected")

    monkeypatch.setattr(main, "_view", lambda _: broken)
    text, status = headgate(["status"], tmp_path)
    assert status == 70
    assert text.startswith("this is a bug in Headgate: RuntimeError: what nobody expected\n")
    assert "Traceback" not in text
    (report,) = (tmp_path / ".headgate").glob("bug-*.txt")
    assert "Traceback" in report.read_text()
    assert str(report) in text


def test_a_reader_that_leaves_ends_the_command_quietly(tmp_path: Path) -> None:
    command = f"{sys.executable} -m headgate --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout in ("0\n", "141\n")


def test_columns_are_aligned_by_what_is_seen() -> None:
    assert aligned([("a", "表", "x"), ("bb", "y", "z")], width=80) == ["  a   表  x", "  bb  y   z"]
    assert aligned([("1", "a"), ("10", "b")], width=80, right=frozenset({0})) == ["   1  a", "  10  b"]
    assert display_width("e\u0301") == 1
    assert cut("表表表", 5) == "表表…"
    assert plain("\x1b[31mred\x1b[0m") == "red"


def test_a_narrow_terminal_gets_more_lines_and_no_cut_words() -> None:
    lines = aligned([("rebuild", "marts.carrier_delay", "reads arr_delay", "columns mean_delay")], width=40)
    assert lines == ["  rebuild  marts.carrier_delay", "      reads arr_delay", "      columns mean_delay"]
    lines = aligned([("16 rows", "1 kB", "2026-11-21 05:26", "75a23aa0")], width=40, indent="")
    assert lines == ["16 rows  1 kB", "    2026-11-21 05:26  75a23aa0"]
    lines = aligned([("change", "staging.flights", "reads arr_delay; filters on arr_delay", "x")], width=40)
    assert lines == ["  change  staging.flights", "      reads arr_delay; filters on", "        arr_delay", "      x"]
    assert aligned([("prod", "release 1 · 55e3460 · root")], width=28, indent="") == [
        "prod",
        "    release 1 · 55e3460 ·",
        "      root",
    ]
    long = "marts." + "x" * 60
    assert aligned([("new", long, "a table")], width=40) == ["  new", f"      {long}", "      a table"]


def test_a_line_is_broken_where_it_may_be() -> None:
    assert wrapped("shop · dev · outside of git", 12, between=" · ") == ["shop · dev", "outside of git"]
    assert wrapped("a b", 80) == ["a b"]
    assert wrapped("", 80) == [""]
