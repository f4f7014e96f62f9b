"""`headgate new`: what was made, and what to do next."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from shlex import quote

from headgate.cli.terminal import Terminal
from headgate.cli.words import counted


def run(options: Namespace, terminal: Terminal) -> int:
    """Make the project and say what it holds."""
    from headgate.app.new import new

    made = new(Path(options.directory), name=options.name, example=options.example)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "new", made)
    parts = [counted(made.sources, "source"), counted(made.assets, "asset")] if made.example else ["a first asset"]
    git = {
        "made": "a git repository with a first commit",
        "inside": "inside of a git repository: nothing was committed",
        "missing": "without git: releases will be recorded without a commit",
    }[made.git]
    terminal.write(f"{options.directory.rstrip('/')}/ holds {', '.join(parts)} and a README; {git}.")
    there = "" if Path(options.directory).resolve() == Path.cwd() else f"cd {quote(options.directory)} && "
    terminal.say(f"Next: {there}headgate apply dev")
    return 0
