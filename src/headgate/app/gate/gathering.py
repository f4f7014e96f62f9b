"""The evidence of a promotion: checks, comparisons and profiles of all that it moves. Found out, or only looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from headgate.app.measured.measuring import NO_VERDICT, Shown, Verdict, known_verdict, measured
from headgate.core.address import fold
from headgate.core.declarations import Kind
from headgate.core.records import BuildStatus

if TYPE_CHECKING:
    from headgate.app.gate.isolating import Change, Isolated
    from headgate.app.measured.comparing import Beside
    from headgate.app.releasing.promotion import Promotion
    from headgate.app.session import Held, Session
    from headgate.core.address import Address
    from headgate.core.comparison import Comparison
    from headgate.core.hashing import Digest
    from headgate.core.ports.store import Reading
    from headgate.core.profiles import Profile
    from headgate.core.progress import RunEvent
    from headgate.core.protection import Protected
    from headgate.core.records import Build


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of a promotion: what came of its checks, its comparisons with their drifts, profiles by build."""

    verdict: Verdict = NO_VERDICT
    comparisons: Mapping[Address, Comparison] = field(default_factory=dict)
    profiles: Mapping[Digest, Profile] = field(default_factory=dict)
    protected: Protected = field(default_factory=dict)
    """Columns that the released code protects, of what was compared with what it makes of new data."""
    undrifted: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Columns of tables that differ of which no figures are known on both sides: nobody can tell whether they moved."""


def gathered(
    session: Session, held: Held, promotion: Promotion, *, report: Callable[[RunEvent], None] = lambda _: None
) -> Gathered:
    """Find out what nobody did yet, and return all of it. What is not as the log says counts as not known.

    Cost: look-ups where everything is known; else scans of what differs.
    """
    from headgate.app.gate.isolating import isolated
    from headgate.app.measured.comparing import compared
    from headgate.app.measured.profiling import known_profiles, profiled
    from headgate.evidence.tied import ProvenStore

    beside = beside_of(promotion)
    with held.store.reading() as reading:
        change = _change_of(session, reading, promotion)
    aside = isolated(session, held, change, beside, report=report)
    held = replace(held, store=ProvenStore(held.store))
    engine = session.environment(promotion.plan.target).engine
    verdict = measured(session, held, promotion.tests, _shown(promotion), engine=engine, report=report)
    with held.store.reading() as reading:
        comparisons = _compared(aside, beside, reading, lambda one: compared(session, held, one, report=report))
        wanted = _differing(reading, comparisons)
        hidden = _hidden(comparisons, beside.protected, aside.protected)
        lost = [build.id for build in wanted if build.status is BuildStatus.LOST]
        profiles = known_profiles(reading, lost, hidden) if lost else {}
    there = tuple(build for build in wanted if build.status is not BuildStatus.LOST)
    profiles = {**profiles, **profiled(held, there, protected=hidden, report=report)} if there else profiles
    return _gathered(verdict, comparisons, wanted, profiles, aside)


def known(session: Session, reading: Reading, promotion: Promotion) -> Gathered:
    """Return what is known; nothing is measured, and no warehouse is opened. What lacks is not there."""
    from headgate.app.gate.isolating import known_isolated
    from headgate.app.measured.comparing import known_comparisons
    from headgate.app.measured.profiling import known_profiles
    from headgate.evidence.tied import ProvenReading

    proven = ProvenReading(reading)
    engine = session.environment(promotion.plan.target).engine
    verdict = known_verdict(session, proven, promotion.tests, _shown(promotion), engine=engine)
    beside = beside_of(promotion)
    aside = known_isolated(session, reading, _change_of(session, reading, promotion), beside)
    comparisons = _compared(aside, beside, proven, lambda one: known_comparisons(session, proven, one))
    wanted = _differing(proven, comparisons)
    hidden = _hidden(comparisons, beside.protected, aside.protected)
    profiles = known_profiles(proven, [build.id for build in wanted], hidden) if wanted else {}
    return _gathered(verdict, comparisons, wanted, profiles, aside)


def _gathered(
    verdict: Verdict,
    comparisons: Mapping[Address, Comparison],
    wanted: tuple[Build, ...],
    profiles: Mapping[Digest, Profile],
    aside: Isolated,
) -> Gathered:
    """Return all of it together, with how far distributions moved, and of which columns nobody knows that."""
    builds = {build.id: build for build in wanted}
    undrifted = {address: _undrifted(one, builds, profiles) for address, one in comparisons.items()}
    return Gathered(verdict, _with_drifts(comparisons, profiles), profiles, aside.protected, undrifted)


def _change_of(session: Session, reading: Reading, promotion: Promotion) -> Change:
    from headgate.app.gate.isolating import Change
    from headgate.release.history import move_of_code

    plan = promotion.plan
    engine = session.environment(plan.target).engine
    return Change(plan.target, engine, move_of_code(reading, plan.target, plan.serial), promotion.graph)


def _compared(
    aside: Isolated, beside: Beside, reading: Reading, compare: Callable[[Beside], Mapping[Address, Comparison]]
) -> Mapping[Address, Comparison]:
    """Return all comparisons: of what is told apart those of the code alone and of the data alone."""
    from headgate.app.gate.isolating import told_apart

    apart = aside.addresses | aside.lacking
    rest = replace(beside, chosen=frozenset(beside.after) - apart) if apart else beside
    whole = {a: replace(one, unisolated=aside.why.get(a, "")) for a, one in compare(rest).items()}
    return {**whole, **told_apart(aside, beside, reading, compare)}


def beside_of(promotion: Promotion) -> Beside:
    """Return what a promotion lays beside each other, by the released keys and tolerances where they are stricter."""
    from headgate.app.measured.comparing import Beside, wishes_of
    from headgate.evidence.wishes import strictest, wish_told

    after = promotion.plan.intended.pointers if promotion.plan.intended else {}
    moved = {item.address for item in promotion.plan.moved}
    graph = promotion.graph
    wishes = {address: wish for address, wish in wishes_of(graph).items() if address in moved} if graph else {}
    released = {address: told for address, told in promotion.altered.before.items() if address in wishes}
    wishes |= {address: strictest(wishes[address], wish_told(told)) for address, told in released.items()}
    return Beside(promotion.plan.shown, after, wishes, protected=graph.protected if graph else {})


def _shown(promotion: Promotion) -> Shown:
    plan = promotion.plan
    return Shown(plan.intended.pointers if plan.intended else {}, (plan.shown,))


def _differing(reading: Reading, comparisons: Mapping[Address, Comparison]) -> tuple[Build, ...]:
    """Return the tables on both sides of what differs: only there a distribution may have moved."""
    from headgate.release.stored import StoredBuilds

    told = [one for whole in comparisons.values() for one in (whole, whole.data) if one is not None]
    pairs = [(c.before, c.after) for c in told if _is_different(c)]
    builds = StoredBuilds(reading)
    builds.fetch(one for pair in pairs for one in pair)
    found = [(builds.get(before), builds.get(after)) for before, after in pairs]
    return tuple(one for pair in found for one in pair if one is not None and one.kind is not Kind.VIEW)


def _undrifted(
    comparison: Comparison, builds: Mapping[Digest, Build], profiles: Mapping[Digest, Profile]
) -> tuple[str, ...]:
    """Return the columns of both sides of what differs without figures; ``builds`` are the tables that do.

    Where no row came or went, a column without a changed value has the distribution that it had; so few rows that
    drift says nothing of them need no figures.
    """
    from headgate.evidence.drift import VALUES_MIN

    before, after = builds.get(comparison.before), builds.get(comparison.after)
    if before is None or after is None or not _is_different(comparison) or min(before.rows, after.rows) < VALUES_MIN:
        return ()
    known = [_with_figures(profiles.get(build.id)) for build in (before, after)]
    older = {fold(column.name) for column in before.shape}
    if not comparison.added and not comparison.removed:
        older &= {fold(column.name) for column in comparison.columns if column.changed}
    names = {fold(column.name): column.name for column in after.shape}
    return tuple(name for folded, name in names.items() if folded in older and not all(folded in one for one in known))


def _with_figures(profile: Profile | None) -> frozenset[str]:
    columns = profile.columns.items() if profile is not None else ()
    return frozenset(fold(name) for name, column in columns if not column.is_refused)


def _is_different(comparison: Comparison) -> bool:
    return bool(comparison.before and (comparison.added or comparison.removed or comparison.changed))


def _hidden(comparisons: Mapping[Address, Comparison], *protected: Protected) -> Mapping[Digest, frozenset[str]]:
    """Return the columns that are protected of each build that is compared, on both sides alike."""
    found: dict[Digest, frozenset[str]] = {}
    for address, whole in comparisons.items():
        names = frozenset[str]().union(*(one.get(address, ()) for one in protected))
        for one in (whole, whole.data) if names else ():
            if one is not None:
                found |= {build: found.get(build, frozenset()) | names for build in (one.before, one.after)}
    return found


def _with_drifts(
    comparisons: Mapping[Address, Comparison], profiles: Mapping[Digest, Profile]
) -> Mapping[Address, Comparison]:
    return {address: _with_drift(one, profiles) for address, one in comparisons.items()}


def _with_drift(comparison: Comparison, profiles: Mapping[Digest, Profile]) -> Comparison:
    from headgate.evidence.drift import drifts

    before, after = profiles.get(comparison.before), profiles.get(comparison.after)
    found = drifts(before, after) if before is not None and after is not None else comparison.drifts
    data = None if comparison.data is None else _with_drift(comparison.data, profiles)
    return replace(comparison, drifts=found, data=data)
