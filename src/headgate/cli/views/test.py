"""`headgate test`: what is wrong with each test that did not pass, then how many there are."""

from __future__ import annotations

from argparse import Namespace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.words.figures import counted, seconds_text

if TYPE_CHECKING:
    from headgate.app.test import Tested
    from headgate.trial.verdict import Difference, Tried


def run(options: Namespace, terminal: Terminal) -> int:
    """Try all tests; 1 where one fails or cannot be run. With ``--watch`` again after each change."""
    if options.watch:
        from headgate.cli.watching import watch

        return watch(_test, options, terminal)
    return _test(options, terminal)


def _test(options: Namespace, terminal: Terminal) -> int:
    from headgate.app.test import test

    session, repository = with_repository(options, terminal)
    with session:
        tested = test(session, repository, options.address or "")
    status = 0 if tested.is_good else 1
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        diagnostics = [*tested.diagnostics, *(told for one in tested.tried for told in one.diagnostics)]
        return print_envelope(terminal, "test", result_of(tested), status=status, diagnostics=diagnostics)
    _write(tested, options, terminal)
    return status


def _write(tested: Tested, options: Namespace, terminal: Terminal) -> None:
    from headgate.words.test import lines_of_tests, nothing_text, sum_text

    if not tested.tried and not tested.diagnostics:
        terminal.write(nothing_text(tested))
        return
    lines = lines_of_tests(tested)
    for line in lines:
        terminal.write(line)
    if not tested.is_good and lines[-1]:
        terminal.write()
    terminal.write(f"{sum_text(tested)} ({seconds_text(perf_counter() - options.started)})")
    if tested.errors:
        terminal.say(f"The repository has {counted(tested.errors, 'error')} elsewhere. Look: headgate check")


def result_of(tested: Tested) -> dict[str, Any]:
    """Return what ``--json`` prints of tests."""
    from headgate.trial.verdict import Outcome

    counts = {outcome.value: tested.count(outcome) for outcome in Outcome}
    return {**counts, "seconds": round(tested.seconds, 3), "tests": [_plain(one) for one in tested.tried]}


def _plain(one: Tried) -> dict[str, Any]:
    return {
        "name": one.test.name,
        "asset": one.test.asset,
        "place": one.test.place,
        "outcome": one.outcome,
        "seconds": round(one.seconds, 4),
        "difference": None if one.difference is None else _difference(one.difference),
        "diagnostics": list(one.diagnostics),
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "columns": [column.name for column in found.shape],
        "types": [column.type for column in found.shape],
        "same": found.same,
        "changed": [
            {"expected": p.expected, "came": p.came, "columns": [found.shape[n].name for n in p.columns]}
            for p in found.changed
        ],
        "missing": found.missing,
        "unexpected": found.unexpected,
    }
