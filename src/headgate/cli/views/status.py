"""`headgate status`: a line for each environment; for one of them all that it shows."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_config, with_repository
from headgate.cli.terminal import Terminal
from headgate.words.layout import aligned, styled
from headgate.words.status import ASSET_NUMBERS, asset_rows, disk_text, notes_of, row_of

if TYPE_CHECKING:
    from headgate.app.status import EnvironmentStatus
    from headgate.core.gate import Approval, Decision


def run(options: Namespace, terminal: Terminal) -> int:
    """List them."""
    from headgate.app.status import disk_use, status

    repository = None
    if options.environment:
        session, repository = with_repository(options, terminal)
    else:
        session = with_config(options, terminal)
    with session:
        found = status(session, options.environment, repository=repository)
        uses = () if options.environment else disk_use(session)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope
        from headgate.core.json_form import plain

        body = {"environments": [_body(one) for one in found], "warehouses": plain(uses)}
        return print_envelope(terminal, "status", body)
    rows = [(styled(name, "bold"), *cells) for name, *cells in map(row_of, found)]
    for line in aligned(rows, width=terminal.width, indent=""):
        terminal.write(line)
    for one in found:
        for line in notes_of(one):
            terminal.write(line)
        if options.environment and one.shows:
            terminal.write()
            for line in aligned(asset_rows(one), width=terminal.width, right=ASSET_NUMBERS):
                terminal.write(line)
    for use in uses:
        terminal.say(disk_text(use))
    return 0


def _body(one: EnvironmentStatus) -> dict[str, Any]:
    from headgate.core.json_form import plain
    from headgate.core.records import move_to_json
    from headgate.core.runs import run_to_json

    last = move_to_json(one.last) if one.last else None
    if last is not None:
        last.pop("changes")
        last.pop("sources")
    run = one.last_run
    return {
        "name": one.name, "is_protected": one.is_protected, "last": last, "release": one.serial, "assets": one.assets,
        "read_at": one.read_at, "beside": one.beside, "differs": one.differs, "lease": plain(one.lease),
        "decision": _decision(one.decision), "approvals": [_approval(approval) for approval in one.approvals],
        "waits": _decision(one.waits),
        "is_unsettled": one.is_unsettled, "last_run": run_to_json(run) if run is not None else None,
        "shows": [
            {
                "address": s.address, "kind": s.kind.value, "build": s.build.id if s.build else None,
                "rows": s.build.rows if s.build else None, "created_at": s.build.created_at if s.build else None,
            }
            for s in one.shows
        ],
    }  # fmt: skip


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    """Return a decision in short; what was found stands in `headgate releases`, `show` and `report`."""
    if decision is None:
        return None
    return {
        "verdict": decision.verdict.value, "word": decision.word, "overridden": decision.overridden,
        "waiting": {owner: len(found) for owner, found in decision.waiting.items()},
        "approvals": [_approval(one) for one in decision.approvals],
    }  # fmt: skip


def _approval(one: Approval) -> dict[str, Any]:
    return {"by": one.by, "at": one.at, "owners": list(one.owners), "is_own": one.is_own, "note": one.note}
