"""Columns that a release protects and a change would not: their values stay hidden until that is released, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.errors import EnvironmentFailed, Refused
from headgate.core.protection import protected_columns, protection_said

if TYPE_CHECKING:
    from headgate.app.linking.lineages import Lineages
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


def protection_beside(session: Session, reading: Reading, graph: Graph, beside: Beside) -> Protection:
    """Return what stays hidden of a change, and what it would expose.

    A column is exposed that would be protected if all that was said at the release were said still. Of what was said of
    tables that are gone, whatever was made of it counts: a source may be declared again under another name.
    What is exposed is not looked up in the cache, which whoever makes the change may write.
    Cost: nothing where no column was protected; else the lineage of what reads those, 1 ms an asset. Where a table with
    such columns is gone, the released code is linked as for the first time: 5 ms an asset.
    """
    if not _marks(beside):
        return Protection(graph.protected)
    lineages = _lineages(session, {}, graph, beside)  # without a key nothing is looked up
    now = protected_columns(graph.nodes, lineages.of)
    was = _proven if _is_gone(graph, beside) else _remembered  # else the released code only hides more
    return _protection(graph, beside, lineages, now=now, was=was(session, reading, beside))


def _remembered_beside(
    session: Session, reading: Reading, code: Repository, graph: Graph, beside: Beside
) -> Protection:
    """Return the same by what the cache knows, for what is only shown to whoever makes the change."""
    if not _marks(beside):
        return Protection(graph.protected)
    lineages = _lineages(session, code.analyses, graph, beside)
    found = _protection(graph, beside, lineages, now=graph.protected, was=_remembered(session, reading, beside))
    lineages.keep()
    return found


def _marks(beside: Beside) -> Mapping[Address, Mapping[str, bool]]:
    """Return what the release says of columns, by address; nothing where it protects none."""
    marks = {address: said for address, told in beside.told.items() if (said := protection_said(told))}
    return marks if any(is_it for said in marks.values() for is_it in said.values()) else {}


def _is_gone(graph: Graph, beside: Beside) -> bool:
    """Tell whether a table is gone of which the release protects columns: whatever was made of it counts then."""
    return any(address not in graph.nodes for address, said in _marks(beside).items() if any(said.values()))


def _protection(
    graph: Graph, beside: Beside, lineages: Lineages, *, now: Protected, was: Protected | None
) -> Protection:
    """Return what is hidden and exposed, where the change protects ``now`` and the released code ``was`` protecting."""
    marks = _marks(beside)
    would = _would_be(graph, marks, lineages)
    names = frozenset(name for said in marks.values() for name, is_it in said.items() if is_it)
    is_gone = _is_gone(graph, beside)
    nothing = frozenset[str]()
    hidden, exposed = dict(graph.protected), {}
    for address, node in graph.nodes.items():
        own, its = _columns_of(node, beside.shown.get(address)), now.get(address, nothing)
        kept = would.get(address, nothing)
        released = names if was is None else was.get(address, nothing)
        lost = (kept | released if is_gone and address in beside.told else kept) - its
        if lost := lost & own[0] if own[0] else lost:
            exposed[address] = lost
        if found := its | kept | (own[0] | own[1] if was is None else released):
            hidden[address] = found
    return Protection(hidden, exposed)


def hidden_beside(
    session: Session, reading: Reading, code: Repository, graph: Graph, shown: Shown, *, engine: str
) -> Protected:
    """Return what stays hidden of a change beside what an environment shows; where that is lost, its own."""
    return _beside(session, reading, code, graph, shown, engine).hidden


def hidden_by_releases(session: Session, reading: Reading, code: Repository, graph: Graph, *, engine: str) -> Protected:
    """Return what a graph protects, and what any release that the engine shows does."""
    from headgate.release.snapshot import take_snapshot

    found = dict(graph.protected)
    for name, one in session.released().items():
        shown = take_snapshot(reading, environment=name, beside=None, engine=engine).shown
        if one.record.engine != engine or shown is None:
            continue
        for address, names in hidden_beside(session, reading, code, graph, shown, engine=engine).items():
            found[address] = found.get(address, frozenset()) | names
    return found


def exposed_beside(
    session: Session, reading: Reading, code: Repository, graph: Graph, shown: Shown, *, engine: str
) -> Protected:
    """Return the columns that a change would expose beside what an environment shows."""
    return _beside(session, reading, code, graph, shown, engine).exposed


def _beside(
    session: Session, reading: Reading, code: Repository, graph: Graph, shown: Shown, engine: str
) -> Protection:
    from headgate.app.releasing.code import remembered_of_move
    from headgate.release.history import move_of_code

    move = move_of_code(reading, shown.record.name, shown.record.serial)
    if move is None or move.tree == code.tree:
        return Protection(graph.protected)
    try:
        told = remembered_of_move(session, reading, move)
    except EnvironmentFailed:  # then the gate lets nothing pass
        return Protection(graph.protected)
    return _remembered_beside(session, reading, code, graph, Beside(move, told, shown.pointers, engine))


def _columns_of(node: AnyNode, pointer: Pointer | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the columns of a table, folded, as it would be and as it is shown."""
    from headgate.core.address import fold
    from headgate.core.graph import Node, SourceNode

    columns = node.recipe.columns if isinstance(node, Node) else node.shape if isinstance(node, SourceNode) else ()
    shown = pointer.shape if pointer is not None else ()
    return frozenset(fold(c.name) for c in columns), frozenset(fold(c.name) for c in shown)


def _lineages(session: Session, analyses: Mapping[Address, str], graph: Graph, beside: Beside) -> Lineages:
    from headgate.app.linking.ground import ground_of
    from headgate.app.linking.lineages import Lineages

    return Lineages(graph, analyses, session.cache, ground_of(session, beside.engine).dialect)


def _would_be(graph: Graph, marks: Mapping[Address, Mapping[str, bool]], lineages: Lineages) -> Protected:
    """Return what a graph would protect with what the release says; that a column is open counts where both say so."""
    from headgate.core.protection import said_of

    def said(node: AnyNode) -> Mapping[str, bool]:
        now, before = said_of(node), marks.get(node.address, {})
        both = {name: bool(now.get(name)) or bool(before.get(name)) for name in {*now, *before}}
        return {name: is_it for name, is_it in both.items() if is_it or before.get(name) is now.get(name) is False}

    return protected_columns(graph.nodes, lineages.of, said=said)


def _proven(session: Session, reading: Reading, beside: Beside) -> Protected | None:
    """Return what the released code protects, found out from that code alone; None where it does not fit the data."""
    import tempfile

    from headgate.app.session import Session, own_folder
    from headgate.plugins.stores.cache import Cache

    with (
        tempfile.TemporaryDirectory(prefix="proof-", dir=own_folder(session.root)) as folder,
        Session(session.root, session.config, Cache(Path(folder) / "cache.db")) as apart,
    ):
        return _linked(apart, reading, beside)


def _remembered(session: Session, reading: Reading, beside: Beside) -> Protected | None:
    """Return the same as the cache remembers it, which knows the last ones; else that code is linked."""
    from headgate import __version__
    from headgate.core.address import Address
    from headgate.core.json_form import dumps, loads

    key = f"{__version__}/{beside.move.tree}"
    if text := session.cache.get(_KIND, (key,)).get(key):
        return {Address(address): frozenset(names) for address, names in loads(text).items()}
    found = _linked(session, reading, beside)
    if found is not None:
        session.cache.put(_KIND, {key: dumps({address: sorted(names) for address, names in found.items()})})
        session.cache.forget(_KIND, keep=_KEPT)
    return found


def _linked(session: Session, reading: Reading, beside: Beside) -> Protected | None:
    from headgate.app.releasing.code import released
    from headgate.app.repository import Repository, linked_now

    try:
        with released(session, Repository(session.root, memory=session.cache), reading, beside.move) as code:
            return linked_now(session, code, reading, engine=beside.engine)[0].protected
    except (Refused, EnvironmentFailed):
        return None
