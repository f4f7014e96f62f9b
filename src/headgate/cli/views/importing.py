"""`headgate import`: what was taken over, and what could not be."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from shlex import quote

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.project.walk import CONFIG_FILE


def run(options: Namespace, terminal: Terminal) -> int:
    """Import what is meant and tell it."""
    return _dbt(options, terminal) if options.what == "dbt" else _source(options, terminal)


def _dbt(options: Namespace, terminal: Terminal) -> int:
    from headgate.app.import_dbt import import_dbt
    from headgate.words.importing import lines_of_dbt

    target = Path(options.to) if options.to else _project_here(Path(options.project or "."))
    made = import_dbt(Path(options.directory), target)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        names = ("folder", "name", "files", "kept", "counts", "notes", "engine_path", "errors")
        body = {name: getattr(made, name) for name in names}
        return print_envelope(terminal, "import dbt", body, diagnostics=made.diagnostics)
    for line in lines_of_dbt(made, width=terminal.width):
        terminal.write(line)
    there = "" if target.resolve() == Path.cwd() else f"cd {quote(str(target))} && "
    terminal.say(f"Next: {there}headgate {'check' if made.errors else 'apply dev'}")
    return 0


def _source(options: Namespace, terminal: Terminal) -> int:
    from headgate.app.import_source import import_source
    from headgate.words.importing import lines_of_source

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
    # Where the file itself stands on standard output, what is told of it goes to the other stream.
    tell = terminal.write if made.path else terminal.say
    for line in lines_of_source(made, width=terminal.width):
        tell(line)
    if made.path:
        terminal.say("Next: headgate check")
    return 0


def _path_in(root: Path, path: str, here: Path) -> str:
    """Return a path, given from ``here``, relative to the project."""
    full = os.path.abspath(here / path)
    return Path(os.path.relpath(full, os.path.abspath(root))).as_posix()


def _project_here(start: Path) -> Path:
    """Return the folder of the project that ``start`` is in, else ``start``."""
    full = start.absolute()
    found = next((folder for folder in (full, *full.parents) if (folder / CONFIG_FILE).is_file()), full)
    return Path(os.path.relpath(found))
