"""Columns that a release protects and a change would not: their values stay hidden until that is released, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.core.errors import EnvironmentFailed, Refused
from headgate.core.protection import protected_columns, protection_said

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.address import Address
    from headgate.core.graph import AnyNode, Graph
    from headgate.core.ports.store import Reading
    from headgate.core.properties import Told
    from headgate.core.protection import Protected
    from headgate.core.records import Move, Pointer
    from headgate.core.snapshot import Shown

_KIND, _KEPT = "protected 1", 20
"""The kind of cache entry that says what the code of a tree protects; so many are kept."""


@dataclass(frozen=True, slots=True)
class Protection:
    """``hidden`` are the columns whose values nobody sees before the release, ``exposed`` those that it would show."""

    hidden: Protected = field(default_factory=dict)
    exposed: Protected = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a change stands beside: the move that brought the released code, what that declares, and what is shown.

    ``engine`` is that of both.
    """

    move: Move
    told: Told
    shown: Mapping[Address, Pointer]
    engine: str


def protection_beside(session: Session, reading: Reading, code: Repository, graph: Graph, beside: Beside) -> Protection:
    """Return what stays hidden of a change, and what it would expose.

    A column is exposed that would be protected if all that was said at the release were said still. Of what was said of
    tables that are gone, whatever was made of it counts: a source may be declared again under another name.
    Cost: nothing where no column was protected; else the lineage of what reads those, and for a release that is seen
    for the first time its code is linked.
    """
    marks = {address: said for address, told in beside.told.items() if (said := protection_said(told))}
    if not any(is_it for said in marks.values() for is_it in said.values()):
        return Protection(graph.protected)
    would = _would_be(session, code, graph, beside, marks)
    was = _released(session, reading, beside)
    names = frozenset(name for said in marks.values() for name, is_it in said.items() if is_it)
    is_gone = any(address not in graph.nodes for address, said in marks.items() if any(said.values()))
    nothing = frozenset[str]()
    hidden, exposed = dict(graph.protected), {}
    for address, node in graph.nodes.items():
        own, now = _columns_of(node, beside.shown.get(address)), graph.protected.get(address, nothing)
        kept = would.get(address, nothing)
        released = names if was is None else was.get(address, nothing)
        lost = (kept | released if is_gone and address in beside.told else kept) - now
        if lost := lost & own[0] if own[0] else lost:
            exposed[address] = lost
        if found := now | kept | (own[0] | own[1] if was is None else released):
            hidden[address] = found
    return Protection(hidden, exposed)


def hidden_beside(
    session: Session, reading: Reading, code: Repository, graph: Graph, shown: Shown, *, engine: str
) -> Protected:
    """Return what stays hidden of a change beside what an environment shows; where that is lost, its own."""
    return _beside(session, reading, code, graph, shown, engine).hidden


def exposed_beside(
    session: Session, reading: Reading, code: Repository, graph: Graph, shown: Shown, *, engine: str
) -> Protected:
    """Return the columns that a change would expose beside what an environment shows."""
    return _beside(session, reading, code, graph, shown, engine).exposed


def _beside(
    session: Session, reading: Reading, code: Repository, graph: Graph, shown: Shown, engine: str
) -> Protection:
    from headgate.app.releasing.code import told_of_move
    from headgate.release.history import move_of_code

    move = move_of_code(reading, shown.record.name, shown.record.serial)
    if move is None or move.tree == code.tree:
        return Protection(graph.protected)
    try:
        told = told_of_move(session, reading, move)
    except EnvironmentFailed:  # then the gate lets nothing pass
        return Protection(graph.protected)
    return protection_beside(session, reading, code, graph, Beside(move, told, shown.pointers, engine))


def _columns_of(node: AnyNode, pointer: Pointer | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the columns of a table, folded, as it would be and as it is shown."""
    from headgate.core.address import fold
    from headgate.core.graph import Node, SourceNode

    columns = node.recipe.columns if isinstance(node, Node) else node.shape if isinstance(node, SourceNode) else ()
    shown = pointer.shape if pointer is not None else ()
    return frozenset(fold(c.name) for c in columns), frozenset(fold(c.name) for c in shown)


def _would_be(
    session: Session,
    code: Repository,
    graph: Graph,
    beside: Beside,
    marks: Mapping[Address, Mapping[str, bool]],
) -> Protected:
    """Return what a graph would protect with what the release says; that a column is open counts where both say so."""
    from headgate.app.linking.ground import ground_of
    from headgate.app.linking.lineages import Lineages
    from headgate.core.protection import said_of

    def said(node: AnyNode) -> Mapping[str, bool]:
        now, before = said_of(node), marks.get(node.address, {})
        both = {name: bool(now.get(name)) or bool(before.get(name)) for name in {*now, *before}}
        return {name: is_it for name, is_it in both.items() if is_it or before.get(name) is now.get(name) is False}

    lineages = Lineages(graph, code.analyses, session.cache, ground_of(session, beside.engine).dialect)
    found = protected_columns(graph.nodes, lineages.of, said=said)
    lineages.keep()
    return found


def _released(session: Session, reading: Reading, beside: Beside) -> Protected | None:
    """Return what the released code protects; None where it does not fit the data that is there, so that nobody knows.

    Cost: a look into the cache, which knows the last ones; else that code is linked.
    """
    from headgate import __version__
    from headgate.app.releasing.code import released
    from headgate.app.repository import Repository, linked_now
    from headgate.core.address import Address
    from headgate.core.json_form import dumps, loads

    key = f"{__version__}/{beside.move.tree}"
    if text := session.cache.get(_KIND, (key,)).get(key):
        return {Address(address): frozenset(names) for address, names in loads(text).items()}
    try:
        with released(session, Repository(session.root, memory=session.cache), reading, beside.move) as code:
            found = linked_now(session, code, reading, engine=beside.engine)[0].protected
    except (Refused, EnvironmentFailed):
        return None
    session.cache.put(_KIND, {key: dumps({address: sorted(names) for address, names in found.items()})})
    session.cache.forget(_KIND, keep=_KEPT)
    return found
