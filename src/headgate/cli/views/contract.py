"""`headgate contract`: contracts of the Open Data Contract Standard, out of a repository and into it."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal


def run(options: Namespace, terminal: Terminal) -> int:
    """Export or import."""
    return _export(options, terminal) if options.what == "export" else _import(options, terminal)


def _export(options: Namespace, terminal: Terminal) -> int:
    from headgate.app.contracts import export_contracts, write_contracts

    session, repository = with_repository(options, terminal)
    with session:
        found = export_contracts(session, repository, options.address)
    files = write_contracts(found, Path(options.out), is_one=bool(options.address)) if options.out else ()
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        contracts = [{"id": one.id, "assets": list(one.assets), "document": one.document} for one in found]
        return print_envelope(terminal, "contract export", {"contracts": contracts, "files": [str(f) for f in files]})
    for file in files:
        terminal.write(str(file))
    if not files:
        terminal.write_raw("---\n".join(one.text for one in found).rstrip("\n"))
    return 0


def _import(options: Namespace, terminal: Terminal) -> int:
    from headgate.app.contracts import import_contract
    from headgate.words.contracts import lines_of_imported

    session, repository = with_repository(options, terminal)
    with session:
        made = import_contract(
            session,
            repository,
            Path(options.file),
            to=_path_in(session.root, options.to, Path(options.project or ".")) if options.to else "",
            named=options.named,
            replaces=options.replace,
            is_written=not options.print,
        )
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "contract import", made)
    if options.print:
        for file in made.files:
            terminal.write_raw(f"# {file.path}\n{file.text}".rstrip("\n"))
    # Where the files themselves stand on standard output, what is told of them goes to the other stream.
    tell = terminal.say if options.print else terminal.write
    for line in lines_of_imported(made, width=terminal.width, is_written=not options.print):
        tell(line)
    if made.files and not options.print:
        terminal.say("Next: headgate check")
    elif made.replaced and not options.replace:
        terminal.say("With --replace in place of --print it is written.")
    return 0


def _path_in(root: Path, path: str, here: Path) -> str:
    """Return a path, given from ``here``, relative to the project."""
    full = os.path.abspath(here / path)
    return Path(os.path.relpath(full, os.path.abspath(root))).as_posix()
