"""Pages as tests: the blocks of a Markdown file are done in order, in an empty folder.

A ``console`` block holds commands and what they print, as scenarios do (``...`` stands for what varies). A block with a
title is a file to write; a ``diff`` with a title is an edit, whose lines with ``-`` must be there once. Where a command
ends with another status than 0, the page says so by ``$ echo $?``. What a reader has before the page begins stands in
``<!-- before ... -->``, written as a scenario.

Commands: headgate, git, cd, cat, rm, mv, export, sh, and several with ``&&``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.scenario import carried_out, commands_of, matches, play

BLOCK = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"\n]+)")?\n(?P<body>.*?)^```$|^<!-- before\n(?P<before>.*?)^-->$',
    re.MULTILINE | re.DOTALL,
)


def is_played(text: str) -> bool:
    """Tell whether a page has anything to do."""
    return any(match["language"] == "console" or match["title"] for match in BLOCK.finditer(text))


@dataclass
class Reader:
    """Somebody who does what a page says. ``home`` is where they stand at first."""

    home: Path
    folder: Path = field(init=False)
    status: int = 0

    def __post_init__(self) -> None:
        self.folder = self.home

    def read(self, text: str) -> None:
        """Do all blocks; raise ``AssertionError`` where something else happens than the page says."""
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if match["before"] is not None:
                play(match["before"], self.folder)
            elif match["title"]:
                self._write(match["title"], match["body"], is_edit=match["language"] == "diff")
            elif match["language"] == "console":
                for command in commands_of(match["body"], line + 1):
                    self._type(command.command, command.text, command.line)
        assert self.status == 0, "the page ends after a command that failed, without `$ echo $?`"

    def run(self, command: str) -> tuple[str, int]:
        """Do one line as a shell would, and return what it printed and its exit status."""
        output, status = "", 0
        for part in command.split(" && "):
            text, status = self._run(part)
            output += text
            if status:
                break
        return output, status

    def _type(self, command: str, expected: str, line: int) -> None:
        if command == "echo $?":
            assert expected.strip() == str(self.status), f"line {line}: the command before ended with {self.status}"
            self.status = 0
            return
        assert self.status == 0, f"line {line}: the page does not say that the command before ended with {self.status}"
        output, self.status = self.run(command)
        told = f"line {line}: $ {command}\n{output}[{self.status}]\n--- expected\n{expected}"
        assert matches(expected, output), told

    def _run(self, command: str) -> tuple[str, int]:
        word, _, rest = command.partition(" ")
        if word == "cd":
            self.folder = (self.folder / rest).resolve()
            return "", 0
        if word == "cat":
            return (self.folder / rest).read_text(), 0
        if word == "export":
            name, _, value = rest.partition("=")
            os.environ[name] = shlex.split(value)[0]
            return "", 0
        if word in ("mv", "sh") or "<" in shlex.split(command):
            return in_shell(command, self.folder, self.home / "bin")
        return carried_out(command, self.folder)

    def _write(self, path: str, text: str, *, is_edit: bool) -> None:
        file = self.folder / path
        if is_edit:
            text = edited(file.read_text(), text)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def edited(text: str, difference: str) -> str:
    """Return the text after an edit: the lines with ``-`` and those around them must be there, together and once."""
    lines = difference.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if line[:1] in "- ")
    after = "".join(f"{line[1:]}\n" for line in lines if line[:1] in "+ ")
    assert text.count(before) == 1, f"the file should hold once:\n{before}"
    return text.replace(before, after)


def in_shell(command: str, folder: Path, programs: Path) -> tuple[str, int]:
    """Run a line in a shell that finds ``headgate``."""
    programs.mkdir(exist_ok=True)
    program = programs / "headgate"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m headgate "$@"\n')
    program.chmod(0o755)
    environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.stdout, done.returncode
