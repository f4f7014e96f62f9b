"""`headgate releases`: one line a release, newest first."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal, aligned, styled
from headgate.cli.words import counted, time_text
from headgate.core.records import MoveKind

if TYPE_CHECKING:
    from headgate.app.releases import Release


def run(options: Namespace, terminal: Terminal) -> int:
    """List them."""
    from headgate.app.releases import releases

    session = with_config(options, terminal)
    with session:
        found = releases(session, options.environment, limit=max(0, options.limit))
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope
        from headgate.core.records import move_to_json

        body = [{**move_to_json(r.move), "is_shown": r.is_shown} for r in found.releases]
        return print_envelope(terminal, "releases", {"environment": found.environment, "releases": body})
    if not found.releases:
        terminal.write(f"{found.environment} has no releases yet.")
        return 0
    rows = [_row(release) for release in found.releases]
    for line in aligned(rows, width=terminal.width, indent="", right=frozenset({0})):
        terminal.write(line)
    if found.total > len(found.releases):
        terminal.say(f"{found.total - len(found.releases):,} older ones: --limit 0 lists all.")
    return 0


def _row(release: Release) -> tuple[str, ...]:
    move = release.move
    shown = styled("shown", "green") if release.is_shown else ""
    code = move.commit[:7] or "-"
    if move.dirty:
        code += "+"
    return (str(move.serial), time_text(move.at), move.by, code, _what(release), shown)


def _what(release: Release) -> str:
    move = release.move
    changed = counted(len(release.changes), "asset")
    match move.kind:
        case MoveKind.PROMOTE:
            return f"promote {move.source}: {changed}"
        case MoveKind.ROLLBACK:
            return f"rollback to {move.restores}: {changed}"
        case MoveKind.EXPIRE:
            return "dropped"
        case MoveKind.APPLY:
            return f"apply: {changed}"
