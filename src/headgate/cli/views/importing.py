"""`headgate import`: what was taken over, and what could not be."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.words.figures import counted
from headgate.words.layout import aligned

if TYPE_CHECKING:
    from headgate.app.import_source import ImportedSource


def run(options: Namespace, terminal: Terminal) -> int:
    """Import what is meant and tell it."""
    return _source(options, terminal)


def _source(options: Namespace, terminal: Terminal) -> int:
    from headgate.app.import_source import import_source

    session, repository = with_repository(options, terminal)
    with session:
        path = _path_in(session.root, options.to, Path(options.project or ".")) if options.to else ""
        made = import_source(
            session,
            repository,
            options.schema,
            engine=options.engine,
            tables=options.tables,
            path=path,
            is_written=not options.print,
        )
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "import source", made)
    if options.print:
        terminal.write_raw(made.text.rstrip("\n"))
    _tell_source(made, terminal)
    return 0


def _tell_source(made: ImportedSource, terminal: Terminal) -> None:
    """Tell it on standard error where the file itself stands on standard output."""
    tell = terminal.write if made.path else terminal.say
    known = f"{counted(len(made.known), 'table')} {'is' if len(made.known) == 1 else 'are'} declared already"
    if made.path:
        beside = f"; {known}" if made.known else ""
        tell(f"{made.path} declares {counted(len(made.tables), 'table')} of {made.schema}{beside}.")
    elif not made.tables:
        tell(f"nothing to add: {known}.")
    if made.left_out:
        tell("Not declared, or not in full:")
        for line in aligned([(one.name, one.reason) for one in made.left_out], width=terminal.width):
            tell(line)
    if made.path:
        terminal.say("Next: headgate check")


def _path_in(root: Path, path: str, here: Path) -> str:
    """Return a path, given from ``here``, relative to the project."""
    full = os.path.abspath(here / path)
    return Path(os.path.relpath(full, os.path.abspath(root))).as_posix()
