"""`headgate status`: a line for each environment; for one of them all that it shows."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal, aligned, styled
from headgate.cli.words import age_text, bytes_text, counted, time_text

if TYPE_CHECKING:
    from headgate.app.status import EnvironmentStatus


def run(options: Namespace, terminal: Terminal) -> int:
    """List them."""
    from headgate.app.status import status

    session = with_config(options, terminal)
    with session:
        found = status(session, options.environment)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "status", {"environments": [_body(one) for one in found]})
    for line in aligned([_row(one) for one in found], width=terminal.width, indent=""):
        terminal.write(line)
    for one in found:
        for line in _notes(one):
            terminal.write(line)
        if options.environment:
            for line in _assets(one, terminal.width):
                terminal.write(line)
    return 0


def _row(one: EnvironmentStatus) -> tuple[str, ...]:
    from headgate.app.session import age_seconds

    name = styled(one.name, "bold")
    if one.last is None:
        return (name, "shows nothing yet", "")
    if not one.assets:
        return (name, f"was dropped {age_text(age_seconds(one.last.at))}", "")
    if one.differs == 0:
        return (name, f"equals {one.beside}", "")
    release = f"release {one.serial}" if one.is_protected else f"move {one.last.serial}"
    if one.is_protected and one.serial != one.last.serial:
        release += f" again, since {one.last.serial}"
    code = (one.last.commit[:7] or "without a commit") + (" and changed files" if one.last.dirty else "")
    facts = " · ".join((release, code, one.last.by, age_text(age_seconds(one.last.at))))
    return (name, facts, _content(one))


def _content(one: EnvironmentStatus) -> str:
    parts = [counted(one.assets, "asset")]
    if one.read_at:
        parts.append(f"newest data read {time_text(one.read_at)}")
    if one.differs:
        parts.append(f"{counted(one.differs, 'differs', 'differ')} from {one.beside}")
    return ", ".join(parts)


def _notes(one: EnvironmentStatus) -> list[str]:
    from headgate.app.session import since

    notes = []
    if one.lease is not None:
        told = ", ".join(part for part in (one.lease.purpose, since(one.lease.since)) if part)
        notes.append(f"{one.name}: its warehouse is being changed by {one.lease.holder} ({told})")
    elif one.is_unsettled:
        notes.append(f"{one.name}: a command was cut off while it published; the next one settles that")
    return notes


def _assets(one: EnvironmentStatus, width: int) -> list[str]:
    from headgate.core.declarations import Kind
    from headgate.core.hashing import short

    rows = []
    for shown in one.shows:
        build = shown.build
        if build is None:
            rows.append((shown.address, shown.kind.value, "its build is gone", "", "", ""))
            continue
        is_view = shown.kind is Kind.VIEW
        rows.append(
            (
                shown.address,
                shown.kind.value,
                "" if is_view else counted(build.rows, "row"),
                "" if is_view else bytes_text(build.bytes),
                time_text(build.created_at),
                short(build.id),
            )
        )
    return ["", *aligned(rows, width=width, right=frozenset({2, 3}))] if rows else []


def _body(one: EnvironmentStatus) -> dict[str, Any]:
    from headgate.core.json_form import plain
    from headgate.core.records import move_to_json

    last = move_to_json(one.last) if one.last else None
    if last is not None:
        last.pop("changes")
        last.pop("sources")
    return {
        "name": one.name, "is_protected": one.is_protected, "last": last, "release": one.serial, "assets": one.assets,
        "read_at": one.read_at, "beside": one.beside, "differs": one.differs, "lease": plain(one.lease),
        "is_unsettled": one.is_unsettled,
        "shows": [
            {
                "address": s.address, "kind": s.kind.value, "build": s.build.id if s.build else None,
                "rows": s.build.rows if s.build else None, "created_at": s.build.created_at if s.build else None,
            }
            for s in one.shows
        ],
    }  # fmt: skip
