"""`headgate runs`: one line a run, newest first, or all that one did."""

from __future__ import annotations

from argparse import Namespace

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal
from headgate.words.layout import aligned
from headgate.words.runs import ROW_NUMBERS, STEP_NUMBERS, facts_of, failures_of, none_text, row_of, steps_of


def run(options: Namespace, terminal: Terminal) -> int:
    """List them, or show one."""
    from headgate.app.runs import runs

    session = with_config(options, terminal)
    with session:
        found = runs(session, options.environment, number=options.number, limit=max(0, options.limit))
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope
        from headgate.core.runs import run_to_json

        body = {"environment": found.environment, "runs": [run_to_json(one) for one in found.runs]}
        return print_envelope(terminal, "runs", body)
    if not found.runs:
        terminal.write(none_text(found))
        return 0
    if options.number:
        (one,) = found.runs
        terminal.write(facts_of(one, is_at_work=found.is_at_work))
        rows, right = steps_of(one), STEP_NUMBERS
    else:
        rows, right = [row_of(one, is_at_work=found.is_at_work) for one in found.runs], ROW_NUMBERS
    for line in aligned(rows, width=terminal.width, indent="  " if options.number else "", right=right):
        terminal.write(line)
    for line in failures_of(found.runs[0]) if options.number else ():
        terminal.write(line)
    if not options.number and found.total > len(found.runs):
        terminal.say(f"{found.total - len(found.runs):,} older ones: --limit 0 lists all.")
    return 0
