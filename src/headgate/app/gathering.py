"""The evidence of a promotion: checks, comparisons and profiles of all that it moves. Found out, or only looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from headgate.app.measuring import NO_VERDICT, Shown, Verdict, known_verdict, measured
from headgate.core.declarations import Kind

if TYPE_CHECKING:
    from headgate.app.comparing import Beside
    from headgate.app.promotion import Promotion
    from headgate.app.session import Held, Session
    from headgate.core.address import Address
    from headgate.core.comparison import Comparison
    from headgate.core.hashing import Digest
    from headgate.core.ports.store import Reading
    from headgate.core.profiles import Profile
    from headgate.core.progress import RunEvent
    from headgate.core.records import Build


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of a promotion: what came of its checks, its comparisons with their drifts, profiles by build."""

    verdict: Verdict = NO_VERDICT
    comparisons: Mapping[Address, Comparison] = field(default_factory=dict)
    profiles: Mapping[Digest, Profile] = field(default_factory=dict)


def gathered(
    session: Session, held: Held, promotion: Promotion, *, report: Callable[[RunEvent], None] = lambda _: None
) -> Gathered:
    """Find out what nobody did yet, and return all of it. What is not as the log says counts as not known.

    Cost: look-ups where everything is known; else scans of what differs.
    """
    from headgate.app.comparing import compared
    from headgate.app.profiling import profiled
    from headgate.evidence.tied import ProvenStore

    held = replace(held, store=ProvenStore(held.store))
    engine = session.environment(promotion.plan.target).engine
    verdict = measured(session, held, promotion.tests, _shown(promotion), engine=engine, report=report)
    comparisons = compared(session, held, beside_of(promotion), report=report)
    with held.store.reading() as reading:
        wanted = _differing(reading, comparisons)
    profiles = profiled(held, wanted, report=report) if wanted else {}
    return Gathered(verdict, _with_drifts(comparisons, profiles), profiles)


def known(session: Session, reading: Reading, promotion: Promotion) -> Gathered:
    """Return what is known; nothing is measured, and no warehouse is opened. What lacks is not there."""
    from headgate.app.comparing import known_comparisons
    from headgate.app.profiling import known_profiles
    from headgate.evidence.tied import ProvenReading

    proven = ProvenReading(reading)
    engine = session.environment(promotion.plan.target).engine
    verdict = known_verdict(session, proven, promotion.tests, _shown(promotion), engine=engine)
    comparisons = known_comparisons(session, proven, beside_of(promotion))
    wanted = _differing(proven, comparisons)
    profiles = known_profiles(proven, [build.id for build in wanted]) if wanted else {}
    return Gathered(verdict, _with_drifts(comparisons, profiles), profiles)


def beside_of(promotion: Promotion) -> Beside:
    """Return what a promotion lays beside each other."""
    from headgate.app.comparing import Beside, wishes_of

    after = promotion.plan.intended.pointers if promotion.plan.intended else {}
    moved = {item.address for item in promotion.plan.moved}
    graph = promotion.graph
    wishes = {address: wish for address, wish in wishes_of(graph).items() if address in moved} if graph else {}
    return Beside(promotion.plan.shown, after, wishes, graph.protected if graph else {})


def _shown(promotion: Promotion) -> Shown:
    plan = promotion.plan
    return Shown(plan.intended.pointers if plan.intended else {}, (plan.shown,))


def _differing(reading: Reading, comparisons: Mapping[Address, Comparison]) -> tuple[Build, ...]:
    """Return the tables on both sides of what differs: only there a distribution may have moved."""
    from headgate.release.stored import StoredBuilds

    pairs = [(c.before, c.after) for c in comparisons.values() if c.before and (c.added or c.removed or c.changed)]
    builds = StoredBuilds(reading)
    builds.fetch(one for pair in pairs for one in pair)
    found = [(builds.get(before), builds.get(after)) for before, after in pairs]
    return tuple(one for pair in found for one in pair if one is not None and one.kind is not Kind.VIEW)


def _with_drifts(
    comparisons: Mapping[Address, Comparison], profiles: Mapping[Digest, Profile]
) -> Mapping[Address, Comparison]:
    from headgate.evidence.drift import drifts

    return {
        address: replace(one, drifts=drifts(profiles[one.before], profiles[one.after]))
        if one.before in profiles and one.after in profiles
        else one
        for address, one in comparisons.items()
    }
