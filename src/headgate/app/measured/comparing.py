"""Builds beside those that they would replace: compared under the lease as far as nobody has, and kept with the builds.

``compared`` asks the engine for what lacks; ``known_comparisons`` asks nobody, and leaves out what lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from headgate.core.declarations import NOT_COMPARED, Kind
from headgate.core.records import BuildStatus

if TYPE_CHECKING:
    from headgate.app.session import Held, Session
    from headgate.core.address import Address
    from headgate.core.comparison import Comparison
    from headgate.core.evidence import Evidence
    from headgate.core.graph import Graph
    from headgate.core.hashing import Digest
    from headgate.core.ports.engine import Engine
    from headgate.core.ports.store import Reading
    from headgate.core.progress import RunEvent
    from headgate.core.protection import Protected
    from headgate.core.records import Build, Pointer
    from headgate.evidence.compare import Asks, Compared, Pair
    from headgate.evidence.wishes import Wish

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Beside:
    """What an environment shows now, what it would show, and what is wished of comparing the two, by address.

    ``protected`` are the columns whose values are not shown; with ``hides_words`` there may be others, and no words of
    an engine are told. ``chosen`` are the addresses to compare; None: all.
    """

    before: Mapping[Address, Pointer]
    after: Mapping[Address, Pointer]
    wishes: Mapping[Address, Wish] = field(default_factory=dict)
    protected: Protected = field(kw_only=True)
    chosen: frozenset[Address] | None = None
    hides_words: bool = False


def wishes_of(graph: Graph) -> Mapping[Address, Wish]:
    """Return what a repository says of comparing its assets. Cost: one pass."""
    from headgate.core.graph import Node
    from headgate.evidence.wishes import wish_of

    return {address: wish_of(node.properties) for address, node in graph.nodes.items() if isinstance(node, Node)}


def compared(
    session: Session,
    held: Held,
    beside: Beside,
    *,
    report: Callable[[RunEvent], None] = lambda _: None,
) -> Mapping[Address, Comparison]:
    """Compare each address whose build is another one, or is new, as far as it is not known; have what is found kept.

    Sources, exposures, and what only the older side shows, are left out. Ctrl-C ends what the engine computes; what was
    found is kept. Cost: a look-up where everything is known.
    """
    from headgate.app.measured.side_by_side import AT_ONCE, answers
    from headgate.core.progress import Checked, Measuring, Started
    from headgate.evidence.measure import keeping

    keep = keeping(held.store, held.lease)
    with held.store.reading() as reading:
        pairs, build_of = pairs_of(reading, beside)
        own = evidence_of(reading, pairs)
        found = {pair.address: known_of(session, pair, own) for pair in pairs}
        lacking = [pair for pair in pairs if found[pair.address] is None]
        asks = asks_of(session, held.engine, held.root, beside, build_of)
        questions = _questions(session, lacking, own, asks)
    if lacking:
        report(Measuring("comparisons", len(lacking)))
    for pair in pairs:
        if found[pair.address] is not None and (fresh := _hidden_now(pair, own)):
            keep(fresh)
            own.update(fresh)
    # A limit of seconds ends all that the engine computes.
    at_once = AT_ONCE if session.config.cost_limit.seconds is None else 1

    def begun(number: int) -> None:
        report(Started(lacking[number].address))

    with answers(questions, held.engine.interrupt, begun=begun, at_once=at_once) as told:
        for number, one in told:
            pair = lacking[number]
            found[pair.address] = one.comparison
            if fresh := _more(pair, one, own):
                keep(fresh)
                own.update(fresh)
            report(Checked(pair.address))
    return {address: comparison for address, comparison in found.items() if comparison is not None}


def _questions(
    session: Session, pairs: Sequence[Pair], own: Mapping[Digest, Evidence], asks: Asks
) -> list[tuple[bool, Callable[[], Compared]]]:
    """Return what compares each pair, in any thread."""
    from headgate.app.measured.side_by_side import is_small
    from headgate.evidence.compare import compare

    prints = {key: one for evidence in own.values() for key, one in evidence.fingerprints.items()}
    limit = session.config.cost_limit
    texts = {pair.address: asks.relations(pair.address) for pair in pairs}
    asks = replace(asks, relations=texts.__getitem__)
    return [(is_small(pair.before, pair.after), partial(compare, pair, prints, asks, limit)) for pair in pairs]


def _more(pair: Pair, told: Compared, own: Mapping[Digest, Evidence]) -> Mapping[Digest, Evidence]:
    """Return all that is known of both builds now; what is incomplete is not kept."""
    from headgate.evidence.compare import fingerprint_key, key_of_pair

    fresh: dict[Digest, Evidence] = {}
    for build, content in zip((pair.before, pair.after), pair.contents, strict=True):
        if build is not None and build.id in told.fingerprints:
            prints = {fingerprint_key(content, told.comparison.key): told.fingerprints[build.id]}
            fresh[build.id] = replace(own[build.id], fingerprints={**own[build.id].fingerprints, **prints})
    if not told.comparison.incomplete and not pair.is_fleeting:
        after = fresh.get(pair.after.id, own[pair.after.id])
        fresh[pair.after.id] = replace(after, comparisons={**after.comparisons, key_of_pair(pair): told.comparison})
    return fresh


def _hidden_now(pair: Pair, own: Mapping[Digest, Evidence]) -> Mapping[Digest, Evidence]:
    """Return what is known of a build without values of columns that are protected since it was kept, if it has any."""
    from headgate.core.protection import comparison_without_protected
    from headgate.evidence.compare import key_of_pair

    after, key = own[pair.after.id], key_of_pair(pair)
    kept = after.comparisons.get(key)
    told = None if kept is None else comparison_without_protected(kept, pair.protected)
    if told is None or told == kept:
        return {}
    return {pair.after.id: replace(after, comparisons={**after.comparisons, key: told})}


def known_comparisons(session: Session, reading: Reading, beside: Beside) -> Mapping[Address, Comparison]:
    """Return what is known of each address whose build is another one, or is new; no warehouse is opened.

    What nobody compared yet is left out.
    """
    pairs, _ = pairs_of(reading, beside)
    own = evidence_of(reading, pairs)
    found = ((pair.address, known_of(session, pair, own)) for pair in pairs)
    return {address: comparison for address, comparison in found if comparison is not None}


def known_of(session: Session, pair: Pair, own: Mapping[Digest, Evidence]) -> Comparison | None:
    """Return what versions prove, or what was found of the same contents before."""
    from headgate.core.protection import comparison_without_protected
    from headgate.evidence.compare import key_of_pair, without_a_look

    is_kept = pair.before is not None and not pair.is_fleeting
    kept = own[pair.after.id].comparisons.get(key_of_pair(pair)) if is_kept else None
    if kept is not None and pair.before is not None:
        now = replace(kept, before=pair.before.id, after=pair.after.id, moved=pair.moved)
        return comparison_without_protected(now, pair.protected)
    return without_a_look(pair, session.config.cost_limit)


def evidence_of(reading: Reading, pairs: tuple[Pair, ...]) -> dict[Digest, Evidence]:
    """Return what is kept with the builds of some pairs. Cost: one look-up."""
    from headgate.core.evidence import evidence_from_text
    from headgate.core.records import Collection

    ids = dict.fromkeys(one.id for pair in pairs for one in (pair.before, pair.after) if one is not None)
    texts = reading.get(Collection.EVIDENCE, ids) if ids else {}
    return {one: evidence_from_text(texts.get(one)) for one in ids}


def pairs_of(reading: Reading, beside: Beside) -> tuple[tuple[Pair, ...], Callable[[Digest], Build | None]]:
    """Return the pairs of builds that are not the same one, and what gives builds."""
    from headgate.release.stored import StoredBuilds

    builds = StoredBuilds(reading)
    chosen = beside.after if beside.chosen is None else beside.chosen
    wanted = [a for a, new in beside.after.items() if a in chosen and _is_another(beside.before.get(a), new)]
    sides = (beside.before, beside.after)
    builds.fetch(side[a].build for a in wanted for side in sides if a in side)
    pairs = (replace(pair, is_fleeting=_is_fleeting(pair, reading)) for pair in _paired(wanted, beside, builds.get))
    return tuple(pairs), builds.get


def same_builds(reading: Reading, beside: Beside) -> Mapping[Address, Comparison]:
    """Return the comparisons of the chosen addresses of which both sides show one build."""
    from headgate.core.comparison import Comparison, Rung
    from headgate.release.stored import StoredBuilds

    pairs, _ = pairs_of(reading, beside)
    chosen = (beside.after.keys() if beside.chosen is None else beside.chosen) - {pair.address for pair in pairs}
    builds = StoredBuilds(reading)
    found: dict[Address, Comparison] = {}
    for address in sorted(chosen & beside.before.keys() & beside.after.keys()):
        build = builds.get(beside.after[address].build)
        if build is not None:
            rows, names = build.rows, tuple(column.name for column in build.shape)
            found[address] = Comparison(address, build.id, build.id, Rung.SAME, rows, rows, proven=names)
    return found


def _is_another(before: Pointer | None, after: Pointer) -> bool:
    if after.kind in NOT_COMPARED:
        return False
    # A view may be bound to other tables while it is the same build, and a build be shown with its columns otherwise.
    is_same = before is not None and before.build == after.build and before.shape == after.shape
    return not is_same or after.kind is Kind.VIEW


def _is_fleeting(pair: Pair, reading: Reading) -> bool:
    """Tell whether one side is a view that need not show the same twice. Cost: a look-up where one is a view."""
    from headgate.core.json_form import loads
    from headgate.core.recipe import recipe_from_json
    from headgate.core.records import Collection

    views = {one.recipe for one in (pair.before, pair.after) if one is not None and one.kind is Kind.VIEW}
    texts = reading.get(Collection.RECIPES, views) if views else {}
    recipes = [recipe_from_json(loads(text)) for text in texts.values()]
    terms = [term for recipe in recipes for term in (recipe.rows, *(column.term for column in recipe.columns))]
    return len(texts) < len(views) or any(term.tainted for term in terms)


def _is_there(build: Build, pointers: Mapping[Address, Pointer], build_of: Callable[[Digest], Build | None]) -> bool:
    """Tell whether the rows of a build can be read: it is not lost, and of a view neither is what it shows."""
    waiting, seen = [build], {build.id}
    while waiting:
        one = waiting.pop()
        if one.status is BuildStatus.LOST:
            return False
        if one.kind is not Kind.VIEW:
            continue
        shown = (build_of(pointers[a].build) for a in one.inputs if a in pointers)
        waiting += [found for found in shown if found is not None and found.id not in seen]
        seen.update(found.id for found in waiting)
    return True


def _is_brought_back(lost: Build, after: Build) -> bool:
    """Tell whether the same code made a build as one that is lost, with the same columns.

    Then only data is other, as after a run: there is nothing to compare with, and nothing that a change did. How many
    rows there were is known.
    """
    return bool(lost.code) and lost.code == after.code and lost.shape == after.shape


def _paired(wanted: list[Address], beside: Beside, build_of: Callable[[Digest], Build | None]) -> Iterator[Pair]:
    from headgate.evidence.compare import Pair, sources_that_moved
    from headgate.evidence.wishes import NO_WISH

    contents = _Contents(beside.before, build_of), _Contents(beside.after, build_of)
    for address in wanted:
        pointer, other = beside.after[address], beside.before.get(address)
        after = build_of(pointer.build)
        before = build_of(other.build) if other else None
        if after is None:
            continue
        is_lost = before is not None and not _is_there(before, beside.before, build_of)
        rows_lost = 0
        if is_lost and before is not None and _is_brought_back(before, after):
            rows_lost, before, other = before.rows, None, None
        both = (contents[0].of(address), contents[1].of(address))
        is_same = before is not None and before.id == after.id and both[0] == both[1]
        if is_same and other is not None and other.shape == pointer.shape:
            continue
        yield Pair(
            address,
            before,
            after,
            other.shape if other else (),
            pointer.shape,
            both,
            beside.wishes.get(address, NO_WISH),
            sources_that_moved(before, after, build_of) if before else (),
            protected=beside.protected.get(address, frozenset()),
            hides_words=bool(beside.protected) or beside.hides_words,
            is_lost=is_lost,
            rows_lost=rows_lost,
        )


class _Contents:
    """The identities of what a set of pointers shows, each found once."""

    def __init__(self, pointers: Mapping[Address, Pointer], build_of: Callable[[Digest], Build | None]) -> None:
        self._pointers = pointers
        self._build_of = build_of
        self._known: dict[Address, Digest] = {}

    def of(self, address: Address) -> Digest:
        """Return the identity of what is shown under an address; that of nothing where nothing is."""
        from headgate.core.hashing import Digest
        from headgate.evidence.compare import content_of

        waiting = [address]
        while waiting:  # a chain of thousands of views needs no deep stack
            current = waiting[-1]
            pointer = self._pointers.get(current)
            build = self._build_of(pointer.build) if pointer else None
            inputs = build.inputs if build is not None and build.kind is Kind.VIEW else {}
            missing = [one for one in inputs if one not in self._known]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            self._known[current] = content_of(build, self._known.__getitem__) if build else Digest("")
        return self._known[address]


def asks_of(
    session: Session, engine: Engine, root: str, beside: Beside, build_of: Callable[[Digest], Build | None]
) -> Asks:
    """Return what can be asked of an engine that has both sides."""
    from headgate.evidence.compare import Asks
    from headgate.release.bindings import Bindings
    from headgate.sql.bind import inlined

    before, after = (
        Bindings(pointers, build_of, engine, root, reads_captures=True) for pointers in (beside.before, beside.after)
    )
    seconds = session.config.cost_limit.seconds
    return Asks(
        relations=lambda address: (inlined(before.shown(address)), inlined(after.shown(address))),
        fingerprint=lambda *asked: within(seconds, lambda: engine.fingerprint(*asked), engine.interrupt),
        compare=lambda pairing, sample: within(seconds, lambda: engine.compare(pairing, sample), engine.interrupt),
    )


def within(seconds: float | None, work: Callable[[], _T], interrupt: Callable[[], None]) -> _T:
    """Return what ``work`` gives; raise ``TooCostly`` where it takes longer than the cost limit allows."""
    from headgate.app.interrupting import interruptible

    if seconds is None:
        return interruptible(work, interrupt)
    import threading

    from headgate.core.errors import EngineFailed
    from headgate.evidence.compare import TooCostly

    is_done, is_late = threading.Event(), threading.Event()

    def watch() -> None:
        is_done.wait(seconds)
        while not is_done.is_set():  # once more, since it may just have been between two statements
            is_late.set()
            interrupt()
            is_done.wait(_AGAIN_SECONDS)

    watcher = threading.Thread(target=watch, name="headgate-cost-limit", daemon=True)
    watcher.start()
    try:
        return interruptible(work, interrupt)
    except EngineFailed as fault:
        if is_late.is_set():
            raise TooCostly(f"cost limit: it was not done within {seconds:g} s") from fault
        raise
    finally:
        is_done.set()
        watcher.join()


_AGAIN_SECONDS = 0.1
