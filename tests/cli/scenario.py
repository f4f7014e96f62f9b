"""Scenarios as text: a small repository, commands, and what they print.

A file is a title, then sections that are done in order. ``--- file PATH`` writes a file, ``--- run`` holds commands::

    $ headgate plan dev
    expected output, data and messages together
    ...
    [1]

A line ``...`` stands for any lines, ``...`` inside of a line for any characters, ``[1]`` for the exit status (0 where
there is none). ``$ git ...`` runs git, ``$ duckdb SQL`` runs SQL on warehouse.duckdb, ``$ psql SQL`` in the database
of WAREHOUSE_URL, ``$ rm PATH`` removes a file.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

SETTINGS = ("user.name=t", "user.email=t@localhost", "commit.gpgsign=false", "init.defaultBranch=main")
GIT = ("git", *(word for setting in SETTINGS for word in ("-c", setting)))


@dataclass(frozen=True)
class Step:
    """A file to write, or a command with its expected output and exit status."""

    line: int
    path: str = ""
    text: str = ""
    command: str = ""
    status: int = 0


def steps_of(text: str) -> Iterator[Step]:
    """Yield the steps of a scenario."""
    sections = re.split(r"^--- ", text, flags=re.MULTILINE)
    line = sections[0].count("\n") + 1
    for section in sections[1:]:
        head, _, body = section.partition("\n")
        if head.startswith("file "):
            yield Step(line, path=head.removeprefix("file ").strip(), text=body)
        elif head.strip() == "run":
            yield from commands_of(body, line + 1)
        else:
            raise ValueError(f"line {line}: a section is `--- file PATH` or `--- run`, not {head!r}")
        line += section.count("\n")


def commands_of(body: str, line: int) -> Iterator[Step]:
    for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
        command, _, expected = part.partition("\n")
        if command.startswith("$ "):
            status = re.search(r"^\[(\d+)\]\n?\Z", expected.rstrip("\n"), re.MULTILINE)
            text = expected[: status.start()] if status else expected
            yield Step(line, command=command[2:], text=text, status=int(status[1]) if status else 0)
        line += part.count("\n")


def play(text: str, root: Path) -> None:
    """Do all steps in ``root``; raise ``AssertionError`` where a command does something else than it should."""
    for step in steps_of(text):
        if step.path:
            path = root / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)
        else:
            output, status = carried_out(step.command, root)
            message = f"line {step.line}: $ {step.command}\n{output}[{status}]"
            assert status == step.status, message
            assert matches(step.text, output), f"{message}\n--- expected\n{step.text}"


def carried_out(command: str, root: Path) -> tuple[str, int]:
    """Return what a command wrote to both streams, and its exit status."""
    name, _, rest = command.partition(" ")
    if name == "headgate":
        return headgate(shlex.split(rest), root)
    if name == "git":
        done = subprocess.run((*GIT, *shlex.split(rest)), cwd=root, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr, done.returncode
    if name == "duckdb":
        connection = duckdb.connect(str(root / "warehouse.duckdb"))
        try:
            connection.execute(rest)
        finally:
            connection.close()
        return "", 0
    if name == "psql":
        return _in_postgres(rest), 0
    if name == "rm":
        path = root / rest
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return "", 0
    raise ValueError(f"unknown command {name}")


def _in_postgres(sql: str) -> str:
    """Return the rows of statements in the database that WAREHOUSE_URL names, with ``|`` between the values."""
    import psycopg

    with psycopg.connect(os.environ["WAREHOUSE_URL"], autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        found = cursor.fetchall() if cursor.description else []
    return "".join("|".join(map(str, row)) + "\n" for row in found)


def headgate(arguments: list[str], root: Path) -> tuple[str, int]:
    """Carry out a command in this process; both streams go to one text."""
    from headgate.cli.main import run

    streams = io.StringIO()
    before = os.getcwd()
    os.chdir(root)
    try:
        with contextlib.redirect_stdout(streams), contextlib.redirect_stderr(streams):
            try:
                status = run(arguments)
            except SystemExit as ended:  # argparse ends --help so
                status = int(ended.code or 0)
    finally:
        os.chdir(before)
    return streams.getvalue(), status


def matches(expected: str, output: str) -> bool:
    """Tell whether the output is what was expected; empty lines at the end do not count.

    ``... ms`` stands for any time: on a busy machine that is seconds.
    """
    pattern = ""
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            told = r"[^\n]*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ ]*\n"
            pattern += told.replace(r"[^\n]*\ ms", r"[^\n]*\ m?s")
    if not expected.strip():
        pattern = ""
    return re.fullmatch(pattern, output.rstrip("\n") + ("\n" if output.strip() else "")) is not None
