"""Completion: what can stand at the cursor, and that real shells show it."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.cli.arguments import COMMANDS, parsers
from headgate.cli.completing import wanted
from headgate.cli.completion_scripts import SCRIPTS
from tests.cli.scenario import headgate
from tests.cli.test_start import HEAVY

pytestmark = pytest.mark.slow

ASSET = "/* headgate\nowner: ops\n*/\nselect 1 as x\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    (folder / "assets" / "m").mkdir(parents=True)
    (folder / "assets" / "m" / "apples.sql").write_text(ASSET)
    for arguments in (["apply", "dev", "--yes"], ["promote", "dev", "--yes"]):
        assert headgate(arguments, folder)[1] == 0
    (folder / "assets" / "m" / "pears.sql").write_text(ASSET)  # in no environment yet
    return folder


def candidates(folder: Path, *words: str) -> list[str]:
    text, status = headgate(["completion-words", *words], folder)
    assert status == 0
    return [line.partition("\t")[0] for line in text.splitlines()]


def test_every_command_and_every_option_is_completed(project: Path) -> None:
    assert candidates(project, "") == list(COMMANDS)
    for name, parser in parsers().items():
        if name in ("import", "contract"):
            continue
        found = candidates(project, *name.split(), "--")
        told = [a for a in parser._actions if a.option_strings and a.help != "==SUPPRESS=="]
        assert found == [max(action.option_strings, key=len) for action in told], name


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("pro",), ["promote"]),
        (("plan", ""), ["dev", "prod"]),
        (("plan", "dev", ""), []),
        (("-C", ".", "--quiet", "promote", "d"), ["dev"]),
        (("promote", "dev", "--to", "p"), ["prod"]),
        (("promote", "dev", "--to=p"), ["--to=prod"]),  # zsh and fish
        (("promote", "dev", "--to", "=", "p"), ["prod"]),  # bash takes it apart
        (("promote", "dev", "--to", "="), []),
        (("show", "m."), ["m.apples", "m.pears"]),
        (("lineage", "m.a"), ["m.apples"]),
        (("plan", "--select", "m.p"), ["m.pears"]),
        (("apply", "--refresh", "m.apples", "m."), ["m.apples", "m.pears"]),
        (("rollback", "prod", "--to", ""), ["1"]),
        (("gc", "--engine", ""), ["local"]),
        (("gc", "--drop-environment", "dev", "--drop"), ["--drop-environment"]),  # may be given again
        (("plan", "--verbose", "--verb"), []),  # may not
        (("sql", "dev", "--format", "c"), ["csv"]),
        (("import", ""), ["source", "dbt"]),
        (("completion", "z"), ["zsh"]),
        (("plan", "--out", "x"), [":files"]),
        (("-C", "x"), [":folders"]),
        (("-C", "/nowhere", "plan", ""), []),
        (("nothing", ""), []),
        (("plan", "--nothing=x"), []),
        (("import", "nothing", ""), []),
    ],
)
def test_what_can_stand_at_the_cursor(words: tuple[str, ...], found: list[str], project: Path) -> None:
    assert candidates(project, *words) == found


def test_to_ask_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "headgate.toml").write_text("")
    assert candidates(tmp_path, "plan", "") == ["dev", "prod"]
    assert [path.name for path in tmp_path.iterdir()] == ["headgate.toml"]
    (tmp_path / "headgate.toml").write_text("no toml")
    assert candidates(tmp_path, "plan", "") == []


@pytest.mark.parametrize(("words", "is_static"), [(("",), True), (("plan", "--"), True), (("plan", ""), False)])
def test_a_key_press_loads_no_library(words: tuple[str, ...], project: Path, *, is_static: bool) -> None:
    code = "import sys; from headgate.cli.main import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "completion-words", *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert not HEAVY & loaded
    if is_static:
        assert not {"dataclasses", "json", "sqlite3"} & loaded


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_printed_and_is_one_that_the_shell_reads(shell: str, tmp_path: Path) -> None:
    text, status = headgate(["completion", shell], tmp_path)
    assert (text, status) == (SCRIPTS[shell], 0)
    demand(shell)
    (tmp_path / "script").write_text(text)
    subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True)


# Real shells


def demand(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which `headgate` is this one."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "headgate"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m headgate "$@"\n')
    script.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "PS1": "$ ", "HISTFILE": ""}


@pytest.mark.slow
def test_fish_completes(project: Path, environ: dict[str, str]) -> None:
    demand("fish")
    script = "headgate completion fish | source; complete -C 'headgate prom'; complete -C 'headgate promote dev --to '"
    done = subprocess.run(["fish", "-c", script], cwd=project, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["promote\tlet production show what dev shows", "dev", "prod\tprotected"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shell", "arguments", "setting_up"),
    [
        ("bash", ("--norc", "-i"), "source <(headgate completion bash)"),
        ("zsh", ("-f", "-i"), "autoload -U compinit; compinit -u; source <(headgate completion zsh)"),
    ],
)
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("headgate releas", "headgate releases "),
        ("headgate promote dev --to pr", "prod"),
        ("headgate show m.p", "m.pears"),
    ],
)
def test_bash_and_zsh_complete(
    shell: str,
    arguments: tuple[str, ...],
    setting_up: str,
    typed: str,
    becomes: str,
    project: Path,
    environ: dict[str, str],
) -> None:
    demand(shell)
    with Typing([shell, *arguments], project, environ) as keys:
        keys.send(f"{setting_up}; echo rea''dy\n")
        keys.until("ready")
        keys.send(f"{typed}\t")
        assert becomes in keys.until(becomes)


class Typing:
    """Somebody at a shell in a terminal."""

    def __init__(self, command: list[str], folder: Path, environ: dict[str, str]) -> None:
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environ)

    def __enter__(self) -> "Typing":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.terminal)
        os.waitpid(self.process, 0)

    def send(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def until(self, text: str, seconds: float = 20) -> str:
        """Return what is shown, once ``text`` is in it, or after the time."""
        shown = ""
        for part in self.parts(time.monotonic() + seconds):
            shown += part
            if text in shown:
                break
        return shown

    def parts(self, deadline: float) -> Iterator[str]:
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.terminal], [], [], left)[0]:
                return
            try:
                yield os.read(self.terminal, 4096).decode(errors="replace")
            except OSError:
                return


def test_words_are_split_as_the_command_line_splits_them() -> None:
    assert wanted(["--json", "-C", "x", "sta"]).candidates[0][0] == "status"
    assert wanted(["-C", "x", "status", ""])[2:] == ("environments", "", "x", "")
    assert wanted([""]).candidates == tuple(COMMANDS.items())
