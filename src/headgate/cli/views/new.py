"""`headgate new`: what was made, and what to do next."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from headgate.cli.terminal import Terminal
from headgate.core.errors import UsageError
from headgate.project.walk import CONFIG_FILE
from headgate.words.figures import counted

if TYPE_CHECKING:
    from headgate.app.new_beside import Beside


def run(options: Namespace, terminal: Terminal) -> int:
    """Make the project and say what it holds."""
    from headgate.app.new import new
    from headgate.app.new_beside import Beside

    if not options.directory:
        raise UsageError("DIR is empty; the folder that you are in is .")
    made = new(Path(options.directory), name=options.name, example=options.example)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "new", made)
    if isinstance(made, Beside):
        return _tell_beside(made, options.directory, terminal)
    parts = [counted(made.sources, "source"), counted(made.assets, "asset")] if made.example else ["a first asset"]
    git = {
        "made": "a git repository with a first commit",
        "inside": "inside of a git repository: nothing was committed",
        "missing": "without git: releases will be recorded without a commit",
    }[made.git]
    terminal.write(f"{options.directory.rstrip('/')}/ holds {', '.join(parts)} and a README; {git}.")
    terminal.say(f"Next: {_going_there(options.directory)}headgate apply dev")
    return 0


def _tell_beside(made: Beside, directory: str, terminal: Terminal) -> int:
    """Tell what was added to a folder that held something already, and what was left alone."""
    kept = f"; {' and '.join(made.kept)} {'were' if len(made.kept) > 1 else 'was'} there already" if made.kept else ""
    terminal.write(f"{directory.rstrip('/') or '/'}: wrote {', '.join(made.files)}{kept}. All else is as it was.")
    if made.engine_path:
        terminal.write(f"The engine is {made.engine_path}, which was there; {CONFIG_FILE} names it.")
    if made.is_git:
        words = " ".join(quote(file) for file in made.files if not file.endswith("/"))
        terminal.say(f"Nothing was committed. To do so: {_going_there(directory)}git add {words}")
    terminal.say(f"Next: {_going_there(directory)}{_next(made)}")
    return 0


def _next(made: Beside) -> str:
    if made.has_dbt:
        return "headgate import dbt ."
    if made.engine_path:
        return "headgate import source SCHEMA, then write assets/SCHEMA/NAME.sql"
    return "write assets/SCHEMA/NAME.sql, then headgate check"


def _going_there(directory: str) -> str:
    return "" if Path(directory).resolve() == Path.cwd() else f"cd {quote(directory)} && "
