"""Where there is new input: whose schedule has come, and which source tables have rows that were not captured yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold
from headgate.core.declarations import TableSource
from headgate.core.graph import Graph, SourceNode
from headgate.core.records import BuildStatus
from headgate.plan.sources import is_capture_of

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.ports.store import Reading
    from headgate.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class NewInput:
    """``refresh`` are the source tables to capture again, with ``watermarks``: the newest time among their rows.

    ``due`` are the addresses with a schedule whose time has come, with the time at which what they show was made;
    ``waiting`` says of others why they wait.
    """

    refresh: frozenset[Address]
    due: Mapping[Address, str]
    watermarks: Mapping[Address, str] = field(default_factory=dict)
    waiting: Mapping[Address, str] = field(default_factory=dict)


def look(session: Session, reading: Reading, graph: Graph, snapshot: Snapshot, *, now: str, engine: str) -> NewInput:
    """Return what an environment has to take in. Cost: a query for each source table that says when it was loaded.

    Files are known by content, which planning sees by itself. A table that says nothing counts as new.
    """
    from headgate.app.running.facts import facts_of
    from headgate.app.running.schedules import due_at

    schedules = facts_of(graph).schedules
    due, waiting = due_at(reading, schedules, snapshot, now=now)
    tables = [
        node
        for node in graph.nodes.values()
        if isinstance(node, SourceNode) and node.is_captured and isinstance(node.location, TableSource)
    ]
    tables = [node for node in tables if node.address not in waiting]
    asked = [node for node in tables if not _is_hidden(node, graph)]
    watermarks = _watermarks(session, asked, engine) if asked else {}
    same = {n.address for n in asked if n.address in watermarks and _captured(n, snapshot) == watermarks[n.address]}
    refresh = frozenset(node.address for node in tables) - same
    told = {address: f"no row is newer than {watermarks[address]}" for address in same}
    return NewInput(refresh, due, watermarks, {**told, **waiting})


def _captured(node: SourceNode, snapshot: Snapshot) -> str | None:
    """Return the newest time among the rows that are captured of a table; None where nothing is.

    The latest capture may be of another table: somebody tries out another place in another environment.
    """
    latest, sides = snapshot.captures.get(node.address), (snapshot.shown, snapshot.beside)
    shown = [side.pointers[node.address].build for side in sides if side and node.address in side.pointers]
    builds = (snapshot.build(one) for one in (*((latest.build,) if latest else ()), *shown))
    there = (one for one in builds if one is not None and one.status is BuildStatus.SEALED)
    return next((one.capture.watermark for one in there if one.capture and is_capture_of(one, node)), None)


def _is_hidden(node: SourceNode, graph: Graph) -> bool:
    """Tell whether a table says where it stands by a protected column: then it counts as new, and no time is kept."""
    freshness, protected = node.properties.freshness, graph.protected.get(node.address, frozenset())
    if freshness is None or not protected:
        return False
    said = fold(f"{freshness.loaded_at_field} {freshness.loaded_at_query}")
    return any(name in said for name in protected)


def _watermarks(session: Session, tables: list[SourceNode], engine: str) -> Mapping[Address, str]:
    """Return the newest time among the rows of each table that says where it stands; of an empty one an empty text."""
    from headgate.sql.bind import newest

    asked = [(n, n.properties.freshness) for n in tables if n.properties.freshness is not None]
    told = [(n, f) for n, f in asked if f.loaded_at_field or f.loaded_at_query]
    if not told:
        return {}
    opened = session.engine(engine, is_read_only=True)
    try:
        found: dict[Address, str] = {}
        for node, freshness in told:
            table = opened.source(node.location, str(session.root))
            query = freshness.loaded_at_query or newest(table, freshness.loaded_at_field, freshness.filter)
            rows = opened.query(query, limit=1).rows
            found[node.address] = "" if not rows or rows[0][0] is None else str(rows[0][0])
        return found
    finally:
        opened.close()
