"""`headgate lineage`: a tree of what steers what, each part of it once."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_repository
from headgate.cli.terminal import Terminal
from headgate.words.lineage import lines_of_walk

if TYPE_CHECKING:
    from headgate.app.lineage import Walk


def run(options: Namespace, terminal: Terminal) -> int:
    """Show it."""
    from headgate.app.lineage import Question, lineage, lineage_events

    question = Question(
        options.address,
        is_downstream=options.downstream,
        depth=options.depth,
        is_direct_only=options.direct,
    )
    session, repository = with_repository(options, terminal)
    with session:
        if options.openlineage:
            return _print_events(lineage_events(session, repository, question), terminal)
        walk = lineage(session, repository, question)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "lineage", _body(walk))
    for line in lines_of_walk(walk):
        terminal.write(line)
    return 0


def _print_events(events: list[dict[str, Any]], terminal: Terminal) -> int:
    from headgate.core.json_form import dumps

    for event in events:
        terminal.write_raw(dumps(event))
    return 0


def _body(walk: Walk) -> dict[str, Any]:
    edges = []
    for node, found in walk.neighbours.items():
        for further, steps in found.items():
            source, target = (node, further) if walk.is_downstream else (further, node)
            edges.append({"from": _node(source), "to": _node(target), "transformations": [_step(s) for s in steps]})
    reached = [{**_node(node), "transformations": [_step(s) for s in steps]} for node, steps in walk.combined.items()]
    return {
        "address": walk.address, "column": walk.column or None, "edges": edges, "reached": reached,
        "direction": "downstream" if walk.is_downstream else "upstream",
        "assets": {
            address: {"kind": kind.value, "columns": walk.columns[address], "opaque": walk.opaque.get(address, "")}
            for address, kind in sorted(walk.kinds.items())
        },
    }  # fmt: skip


def _node(node: Any) -> dict[str, Any]:
    return {"address": node.address, "aspect": node.aspect.value, "column": node.column or None}


def _step(step: Any) -> dict[str, Any]:
    from headgate.core.lineage import type_of

    return {"type": type_of(step.subtype), "subtype": step.subtype.value, "masking": step.masking}
