"""`headgate show`: everything about one asset."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal, aligned, styled
from headgate.cli.words import counted, seconds_text, time_text

if TYPE_CHECKING:
    from headgate.app.show import AssetShown
    from headgate.core.records import Build


def run(options: Namespace, terminal: Terminal) -> int:
    """Show it."""
    from headgate.app.show import show

    session, repository = with_repository(options, terminal)
    with session:
        found = show(session, repository, options.address)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "show", _body(found))
    for line in _lines(found, terminal.width):
        terminal.write(line)
    return 0


def _lines(found: AssetShown, width: int) -> list[str]:
    node = found.node
    owner = f"owner: {node.properties.owner}" if node.properties.owner else "no owner"
    head = " · ".join((styled(node.address, "bold"), node.kind.value, owner, str(node.place)))
    lines = [head]
    if node.properties.description:
        lines.append(node.properties.description.strip())
    if found.columns:
        rows = [(column.name, column.type, column.description) for column in found.columns]
        lines += ["", "columns", *aligned(rows, width=width)]
    if uses := getattr(node, "uses", None):
        rows = [(address, ", ".join(columns), "") for address, columns in uses.items()]
        lines += ["", "reads", *aligned(rows, width=width)]
    elif node.inputs:
        lines += ["", "reads", *(f"  {address}" for address in node.inputs)]
    if found.readers:
        lines += ["", "read by", *(f"  {address}" for address in found.readers)]
    if found.builds:
        lines += ["", "builds", *aligned([_row(name, build) for name, build in found.builds], width=width)]
    if opaque := getattr(getattr(node, "recipe", None), "opaque", ""):
        lines += ["", f"Not understood, so any change of what it reads rebuilds it: {opaque}"]
    return lines


def _row(name: str, build: Build) -> tuple[str, ...]:
    from headgate.core.hashing import short

    rows = counted(build.rows, "row") if build.relation else "a view"
    took = seconds_text(build.seconds) if build.relation else ""
    return (name, short(build.id), rows, took, time_text(build.created_at))


def _body(found: AssetShown) -> dict[str, Any]:
    from headgate.core.json_form import plain

    node = found.node
    return {
        "address": node.address, "kind": node.kind.value, "owner": node.properties.owner,
        "description": node.properties.description, "place": plain(node.place), "columns": plain(found.columns),
        "inputs": list(node.inputs), "readers": list(found.readers), "uses": plain(getattr(node, "uses", {})),
        "builds": {
            name: {"build": b.id, "rows": b.rows, "bytes": b.bytes, "seconds": b.seconds, "created_at": b.created_at}
            for name, b in found.builds
        },
    }  # fmt: skip
