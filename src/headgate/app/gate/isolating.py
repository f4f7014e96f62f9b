"""What the code of a change does, told apart from what new data does: `isolate: true`.

Where sources moved on between the build that is shown and the one that would replace it, the released code is applied
to the new data as well, aside. What it makes is a build like any other: it is known by content, taken again where it is
there already, swept by `gc`, and never published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from headgate.core.errors import EnvironmentFailed, LeaseLost, Refused, StatementFailed

if TYPE_CHECKING:
    from headgate.app.measured.comparing import Beside
    from headgate.app.session import Held, Session
    from headgate.core.address import Address
    from headgate.core.comparison import Comparison
    from headgate.core.graph import Graph
    from headgate.core.ports.store import Reading
    from headgate.core.progress import RunEvent
    from headgate.core.protection import Protected
    from headgate.core.records import Build, Move, Pointer
    from headgate.plan.isolated import IsolatedPlan
    from headgate.run.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Change:
    """What is told apart: the graph of the change, the move whose code is shown, and the engine of both."""

    target: str
    engine: str
    move: Move | None
    graph: Graph | None


@dataclass(frozen=True, slots=True)
class Isolated:
    """``pointers`` are what the released code makes of the new data, as far as that is there.

    ``addresses`` are those that can be told apart by it; ``lacking`` those for which something has to be made first;
    of all others that should be ``why`` says why they are not. ``protected`` are columns that the released code
    protects.
    """

    pointers: Mapping[Address, Pointer] = field(default_factory=dict)
    addresses: frozenset[Address] = frozenset()
    lacking: frozenset[Address] = frozenset()
    why: Mapping[Address, str] = field(default_factory=dict)
    protected: Protected = field(default_factory=dict)


NOT_ISOLATED = Isolated()
"""Where nothing is to be told apart."""


def isolated(
    session: Session,
    held: Held,
    change: Change,
    beside: Beside,
    *,
    report: Callable[[RunEvent], None] = lambda _: None,
) -> Isolated:
    """Make what the released code makes of the new data, as far as it is wished and is not there, and return all of it.

    Cost: nothing where nothing is wished, or no source moved on; else the builds that lack.
    """
    with held.store.reading() as reading:
        wanted = _wanted(reading, beside)
        if not wanted:
            return NOT_ISOLATED
        try:
            with _planned(session, reading, change, beside, wanted) as (planned, root):
                outcome = _made(session, held, planned, root, report)
        except LeaseLost:
            raise
        except (Refused, EnvironmentFailed) as fault:
            return Isolated(why=dict.fromkeys(wanted, _told_of(fault)))
    if outcome.is_interrupted:
        raise KeyboardInterrupt
    hides_words = beside.hides_words or bool(planned.plan.protected or beside.protected)
    return _of_outcome(planned, outcome, wanted, is_hidden=hides_words)


def known_isolated(session: Session, reading: Reading, change: Change, beside: Beside) -> Isolated:
    """Return what is known of that; nothing is made, and no warehouse is opened."""
    from headgate.core.plan import Action
    from headgate.core.records import Pointer

    wanted = _wanted(reading, beside)
    if not wanted:
        return NOT_ISOLATED
    try:
        with _planned(session, reading, change, beside, wanted) as (planned, _):
            steps = planned.plan.steps
    except (Refused, EnvironmentFailed) as fault:
        return Isolated(why=dict.fromkeys(wanted, _told_of(fault)))
    pointers = {s.address: Pointer(s.build, s.kind, s.shape) for s in steps if s.build is not None}
    made = {step.address: step.inputs for step in steps}
    unmade = {step.address for step in steps if step.action is Action.BUILD}
    lacking = {a for a in wanted if a in made and not unmade.isdisjoint(_with_inputs(a, made))}
    found = frozenset(address for address in wanted if address in made and address not in lacking)
    return Isolated(pointers, found, frozenset(lacking), planned.why, planned.plan.protected)


def told_apart(
    isolated: Isolated, beside: Beside, reading: Reading, compare: Callable[[Beside], Mapping[Address, Comparison]]
) -> Mapping[Address, Comparison]:
    """Return the comparisons of what the code alone does, each with that of what the data alone does.

    What ``compare`` does not know is left out.
    """
    if not isolated.addresses:
        return {}
    from headgate.app.measured.comparing import same_builds

    chosen, nothing = isolated.addresses, frozenset[str]()
    both = {a: isolated.protected.get(a, nothing) | beside.protected.get(a, nothing) for a in chosen}
    hides_words = beside.hides_words or bool(beside.protected or isolated.protected)
    hidden = {address: names for address, names in both.items() if names}
    own = replace(beside, chosen=chosen, protected=hidden, hides_words=hides_words)
    sides = replace(own, before=isolated.pointers), replace(own, after=isolated.pointers)
    code, data = ({**same_builds(reading, side), **compare(side)} for side in sides)
    return {a: replace(code[a], data=data[a]) for a in sorted(isolated.addresses) if a in code and a in data}


def _wanted(reading: Reading, beside: Beside) -> tuple[Address, ...]:
    """Return the addresses that are to be told apart, and of which a source moved on."""
    from headgate.app.measured.comparing import pairs_of

    wished = frozenset(address for address, wish in beside.wishes.items() if wish.is_isolated)
    if not wished:
        return ()
    pairs, _ = pairs_of(reading, replace(beside, chosen=wished))
    return tuple(pair.address for pair in pairs if pair.before is not None and pair.moved and not pair.is_lost)


@contextmanager
def _planned(
    session: Session, reading: Reading, change: Change, beside: Beside, wanted: tuple[Address, ...]
) -> Iterator[tuple[IsolatedPlan, str]]:
    """Give the plan of what the released code makes of the new data, and where the files of that code are."""
    from headgate.app.releasing.code import released
    from headgate.app.repository import Repository, linked_now
    from headgate.core.graph import SourceNode
    from headgate.plan.isolated import Changed, plan_isolated
    from headgate.release.snapshot import take_snapshot

    if change.move is None:
        raise EnvironmentFailed("nobody knows the code that is released")
    repository = Repository(session.root, memory=session.cache)
    with released(session, repository, reading, change.move) as code:
        graph, _ = linked_now(session, code, reading, engine=change.engine)
        snapshot = take_snapshot(reading, environment=change.target, beside=None, engine=change.engine)
        nodes = change.graph.nodes.values() if change.graph else ()
        changed = Changed(
            _builds(reading, beside.after),
            {node.address: node.location for node in nodes if isinstance(node, SourceNode)},
        )
        origin = replace(code.origin, commit=change.move.commit, dirty=change.move.dirty)
        planned = plan_isolated(
            graph, snapshot, changed, wanted, origin, project=session.config.name, engine=change.engine
        )
        yield planned, str(code.root)


def _builds(reading: Reading, pointers: Mapping[Address, Pointer]) -> Mapping[Address, Build]:
    from headgate.release.stored import StoredBuilds

    builds = StoredBuilds(reading)
    builds.fetch(pointer.build for pointer in pointers.values())
    found = {address: builds.get(pointer.build) for address, pointer in pointers.items()}
    return {address: build for address, build in found.items() if build is not None}


def _made(
    session: Session, held: Held, planned: IsolatedPlan, root: str, report: Callable[[RunEvent], None]
) -> Outcome:
    """Make what the plan lacks. Its builds are pinned until the lease ends, and stay until `gc` comes by."""
    from pathlib import Path

    from headgate.app.building import carried_out

    return carried_out(session, planned.plan, held, report=report, root=Path(root), is_shown=False)


def _of_outcome(planned: IsolatedPlan, outcome: Outcome, wanted: tuple[Address, ...], *, is_hidden: bool) -> Isolated:
    """Return what was made; ``is_hidden``: what an engine says of a failure may quote a protected value."""
    from headgate.core.records import Pointer

    steps, builds = planned.plan.steps, outcome.builds
    made = {step.address: step.inputs for step in steps}
    pointers = {s.address: Pointer(builds[s.address].id, s.kind, s.shape) for s in steps if s.address in builds}
    failed = {one.address: one.diagnostic.summary for one in outcome.failures}
    why, found = dict(planned.why), []
    for address in wanted:
        if address not in made:
            continue
        lost = sorted(_with_inputs(address, made) & failed.keys())
        if lost:
            quoted = "" if is_hidden else f": {failed[lost[0]]}"
            why[address] = f"the released code of {lost[0]} fails on the new data{quoted}"
        else:
            found.append(address)
    return Isolated(pointers, frozenset(found), frozenset(), why, planned.plan.protected)


def _with_inputs(address: Address, inputs: Mapping[Address, tuple[Address, ...]]) -> frozenset[Address]:
    """Return an address and all that it reads, as far as that has steps."""
    found, waiting = {address}, [address]
    while waiting:
        fresh = {one for one in inputs[waiting.pop()] if one in inputs} - found
        found |= fresh
        waiting.extend(fresh)
    return frozenset(found)


def _told_of(fault: Refused | EnvironmentFailed) -> str:
    if isinstance(fault, Refused) and fault.diagnostics:
        return f"the released code does not fit the new data: {fault.diagnostics[0].summary}"
    if isinstance(fault, StatementFailed):  # what an engine says may quote a value of what was protected then
        return "the engine refuses the released code on the new data"
    return str(fault).partition("\n")[0]
