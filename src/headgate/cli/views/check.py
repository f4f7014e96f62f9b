"""`headgate check`: all diagnostics, then how many."""

from __future__ import annotations

from argparse import Namespace
from time import perf_counter

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.words.check import sum_text
from headgate.words.diagnostics import lines_of
from headgate.words.figures import seconds_text


def run(options: Namespace, terminal: Terminal) -> int:
    """Tell them; 1 where there are errors. With ``--watch`` again after each change."""
    if options.watch:
        from headgate.cli.watching import watch

        return watch(_check, options, terminal)
    return _check(options, terminal)


def _check(options: Namespace, terminal: Terminal) -> int:
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
    terminal.write(f"{sum_text(found)} ({seconds_text(perf_counter() - options.started)})")
    return status
