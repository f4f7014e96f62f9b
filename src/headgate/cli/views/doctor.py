"""`headgate doctor`: what is wrong, what it means for readers, and what a repair would do."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal
from headgate.words.figures import counted, listed, seconds_text

if TYPE_CHECKING:
    from headgate.app.doctor import Checkup


def run(options: Namespace, terminal: Terminal) -> int:
    """Look, and tell what was found."""
    from headgate.app.doctor import examine

    session = with_config(options, terminal)
    with session:
        found = examine(session, engine=options.engine)
    status = 1 if any(checkup.findings for checkup in found) else 0
    if terminal.is_json:
        return _json(found, terminal, status=status)
    for number, checkup in enumerate(found):
        if number:
            terminal.write()
        for line in _lines(checkup, seconds=time.perf_counter() - options.started):
            terminal.write(line)
    return status


def _lines(checkup: Checkup, *, seconds: float) -> list[str]:
    from headgate.release.doctor.told import told
    from headgate.words.diagnostics import lines_of

    if not checkup.findings:
        return [*_well(checkup, seconds=seconds), *_awaited(checkup)]
    count = counted(len(checkup.findings), "thing")
    verb = "is" if len(checkup.findings) == 1 else "are"
    lines = [f"{count} in {checkup.warehouse} {verb} not as recorded.", ""]
    lines += lines_of([told(finding).diagnostic() for finding in checkup.findings], word="found")
    return [*lines, *_awaited(checkup)]


def _well(checkup: Checkup, *, seconds: float) -> list[str]:
    if not checkup.environments:
        return [f"{checkup.warehouse}: nothing is shown yet, and nothing is wrong. ({seconds_text(seconds)})"]
    what = f"{counted(checkup.views, 'view')} and {counted(checkup.tables, 'table')}"
    verb = "is" if checkup.views + checkup.tables == 1 else "are"
    return [f"{listed(checkup.environments)}: {what} {verb} as recorded. ({seconds_text(seconds)})"]


def _awaited(checkup: Checkup) -> list[str]:
    return [
        f"{name} awaits what was lost: {listed(tuple(addresses))}. The next apply builds it."
        for name, addresses in checkup.awaited.items()
    ]


def _json(found: Sequence[Checkup], terminal: Terminal, *, status: int) -> int:
    from headgate.cli.envelope import print_envelope
    from headgate.release.doctor.told import told

    diagnostics = [told(finding).diagnostic() for checkup in found for finding in checkup.findings]
    body = {"engines": [_body(checkup) for checkup in found]}
    return print_envelope(terminal, "doctor", body, status=status, diagnostics=diagnostics)


def _body(checkup: Checkup) -> dict[str, Any]:
    from headgate.core.json_form import plain

    return {
        "engine": checkup.engine, "environments": list(checkup.environments), "views": checkup.views,
        "tables": checkup.tables, "awaited": {name: list(found) for name, found in checkup.awaited.items()},
        "findings": [{"finding": type(f).__name__, **plain(f)} for f in checkup.findings],
    }  # fmt: skip
