"""`headgate doctor`: what is wrong, what it means for readers, and what a repair would do; then, asked, the repair."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import demand_answer, with_config
from headgate.cli.terminal import Terminal
from headgate.words.diagnostics import lines_of
from headgate.words.doctor import awaited_lines, done_text, summary_text, told, well_text
from headgate.words.figures import counted

if TYPE_CHECKING:
    from headgate.app.doctor import Checkup, Treated
    from headgate.core.diagnostic import Diagnostic
    from headgate.release.doctor.findings import Finding


def run(options: Namespace, terminal: Terminal) -> int:
    """Look, tell what was found, and repair it where that was asked for."""
    from headgate.app.doctor import examine, treat

    session = with_config(options, terminal)
    with session:
        found = examine(session, engine=options.engine)
        sick = [checkup for checkup in found if checkup.findings]
        if not options.repair or not any(map(_repairable, found)):
            return _looked(found, options, terminal)
        demand_answer(terminal)
        if not terminal.says_yes:
            for checkup in sick:
                for line in _lines(checkup):
                    terminal.complain(line)
            if not terminal.ask(f"Repair {counted(sum(map(_repairable, sick)), 'thing')}?"):
                terminal.complain("Nothing was done.")
                return 1
        treated = [treat(session, checkup, wait_seconds=options.wait) for checkup in sick]
    return _repaired(treated, terminal)


def _looked(found: Sequence[Checkup], options: Namespace, terminal: Terminal) -> int:
    status = 1 if any(checkup.findings for checkup in found) else 0
    if terminal.is_json:
        return _json(found, [], terminal, status=status)
    for number, checkup in enumerate(found):
        if number:
            terminal.write()
        if checkup.findings:
            lines = _lines(checkup)
        else:
            lines = [well_text(checkup, seconds=time.perf_counter() - options.started), *awaited_lines(checkup)]
        for line in lines:
            terminal.write(line)
    if status and not any(map(_repairable, found)):
        terminal.say("Nothing of this can be repaired by doctor.")
    elif status and not options.repair:
        engine = f" --engine {options.engine}" if options.engine else ""
        terminal.say(f"Next: headgate doctor --repair{engine}")
    return status


def _repaired(treated: Sequence[Treated], terminal: Terminal) -> int:
    after = [one.after for one in treated]
    status = 1 if any(checkup.findings for checkup in after) else 0
    if terminal.is_json:
        return _json(after, treated, terminal, status=status)
    for one in treated:
        terminal.write(done_text(one.repaired))
        for line in _lines(one.after) if one.after.findings else awaited_lines(one.after):
            terminal.write(line)
    return status


def _lines(checkup: Checkup) -> list[str]:
    return [summary_text(checkup), "", *lines_of(_diagnostics(checkup.findings), word="found"), ""]


def _repairable(checkup: Checkup) -> int:
    return sum(bool(told(finding).repair) for finding in checkup.findings)


def _diagnostics(findings: Sequence[Finding]) -> list[Diagnostic]:
    return [told(finding).diagnostic() for finding in findings]


def _json(found: Sequence[Checkup], treated: Sequence[Treated], terminal: Terminal, *, status: int) -> int:
    from headgate.cli.envelope import print_envelope
    from headgate.core.json_form import plain

    body = {
        "engines": [_body(checkup) for checkup in found],
        "is_repaired": bool(treated) and status == 0,
        "moves": [
            {"environment": move.environment, "serial": move.serial, "restores": move.restores}
            for one in treated
            for move in one.repaired.moves
        ],
        "lost": [plain(address) for one in treated for address in one.repaired.lost],
        "dropped": sum(len(one.repaired.dropped) for one in treated),
        "dropped_names": [name for one in treated for name in one.repaired.dropped],
    }
    findings = [finding for checkup in found for finding in checkup.findings]
    return print_envelope(terminal, "doctor", body, status=status, diagnostics=_diagnostics(findings))


def _body(checkup: Checkup) -> dict[str, Any]:
    from headgate.core.json_form import plain

    return {
        "engine": checkup.engine, "environments": list(checkup.environments), "views": checkup.views,
        "tables": checkup.tables, "awaited": {name: list(found) for name, found in (checkup.awaited or {}).items()},
        "findings": [
            {"finding": type(f).__name__, "repair": told(f).repair, **plain(f)} for f in checkup.findings
        ],
    }  # fmt: skip
