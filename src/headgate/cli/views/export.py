"""`headgate export`: the file that was written, and what is left to do on the forge."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headgate.cli.terminal import Terminal
from headgate.core.surroundings import ForgeKind

_STATUS = {
    ForgeKind.GITHUB: "Then, in the settings of the repository, require the status headgate/... before merging.",
    ForgeKind.GITLAB: "Then, in the settings of the project: pipelines must succeed before merging.",
}


def run(options: Namespace, terminal: Terminal) -> int:
    """Write the jobs, or print them."""
    from headgate.app.export_jobs import export_jobs
    from headgate.app.session import find_root

    forge = ForgeKind(options.forge)
    root = find_root(Path(options.project or "."))
    made = export_jobs(root, forge, is_forced=options.force, is_written=not options.print)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "export", made)
    if options.print:
        terminal.write_raw(made.text.rstrip("\n"))
        return 0
    terminal.write(f"Wrote {made.path}." if made.is_written else f"{made.path} says so already.")
    for note in made.notes:
        terminal.complain(note)
    if made.include:
        terminal.say(f"Put into .gitlab-ci.yml: {made.include}")
    if made.variables:
        terminal.say(f"It reads {', '.join(made.variables)}: make them secrets there.")
    if made.is_written:
        terminal.say(_STATUS[forge])
    return 0
