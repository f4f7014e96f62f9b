"""`headgate check`: all diagnostics, then how many."""

from __future__ import annotations

from argparse import Namespace
from time import perf_counter

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.words.diagnostics import lines_of
from headgate.words.figures import counted, seconds_text


def run(options: Namespace, terminal: Terminal) -> int:
    """Tell them; 1 where there are errors."""
    from headgate.app.check import check

    session, repository = with_repository(options, terminal)
    with session:
        found = check(session, repository)
    status = 1 if found.errors else 0
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        body = {"assets": found.assets, "errors": found.errors, "warnings": found.warnings}
        return print_envelope(terminal, "check", body, status=status, diagnostics=found.diagnostics)
    for line in lines_of(found.diagnostics):
        terminal.write(line)
    if found.diagnostics:
        terminal.write()
    numbers = [counted(n, noun) for n, noun in ((found.errors, "error"), (found.warnings, "warning")) if n]
    told = ", ".join(numbers) or "no faults"
    terminal.write(f"{told} in {counted(found.assets, 'asset')} ({seconds_text(perf_counter() - options.started)})")
    return status
