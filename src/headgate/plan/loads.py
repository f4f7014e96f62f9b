"""The step of an incremental or a snapshot: kept, gone on with, or begun anew.

It goes on with a build as long as its code, and that of all that it reads, is what that build was loaded by. New data
is loaded then; what was loaded before stays as it is, whatever its inputs show by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headgate.core.calendar import Calendar, asked_for, calendar_of, due
from headgate.core.declarations import Kind
from headgate.core.graph import Node
from headgate.core.hashing import Digest, short
from headgate.core.intervals import NO_LAST, Interval, Intervals, common, minus, union
from headgate.core.load_versions import axis_of, ever_due, key_of_load, open_loaded_versions, same_columns
from headgate.core.loading import Deletion, Loading, LoadPlan, Timing
from headgate.core.plan import Action, Cause
from headgate.core.records import Build
from headgate.core.versions import open_versions, plain_versions
from headgate.plan.bases import Base, bases_of
from headgate.plan.case import Case
from headgate.plan.outcome import Outcome, of_build

LOADED = (Kind.INCREMENTAL, Kind.SNAPSHOT)
"""The kinds that are loaded."""

WHOLE = Interval("", "")
"""The one part of a load without times."""


def plan_loaded(case: Case) -> Outcome:
    """Return the outcome of a node whose inputs are planned."""
    loading = case.node.properties.loading
    if loading is None:
        raise AssertionError(f"{case.node.address} does not say how it is loaded")
    code = case.ground.codes.of(case.node)
    bases = bases_of(case, loading, code)
    same = [base for base in bases if base.is_same_code]
    if case.ground.occasion.has_to_wait(case.node.address, case.node.properties):
        waits = same[0].build if same and not case.is_left_behind(same[0].build) else _left_by_run(case, code)
        if waits is not None:
            return pointing(case, waits, "waits for its schedule")
    current = next((base for base in same if base.is_current), None)
    if current is not None and not _has_reason(case, loading, current.build):
        return pointing(case, current.build, "loaded from what is there now")
    return _loading(case, loading, bases[0] if bases else None, code)


def _left_by_run(case: Case, code: Mapping[str, Digest]) -> Build | None:
    """Return what is shown here where a run leaves it until its time: only an apply has to lead to a promotion."""
    own = case.standing.present
    if own is None or own.kind is not case.node.kind or own.code != code:
        return None
    return own if case.ground.occasion.is_run else None


def waiting(case: Case) -> Outcome | None:
    """Return the outcome of a table that waits for its schedule.

    None where its code is another one now, and where what is shown beside was made from newer data by other code.
    """
    code = case.ground.codes.of(case.node)
    for build in (case.standing.present, case.ground.shown_beside(case.node.address)):
        if build is None or build.kind is not case.node.kind or build.code != code:
            continue
        if not case.is_left_behind(build):
            return pointing(case, build, "waits for its schedule")
    return None


def _has_reason(case: Case, loading: Loading, build: Build) -> bool:
    """Tell whether a build that has read what is there now is loaded all the same: time has passed, or it is asked."""
    return bool(_parts(case, loading, build, is_input_new=False)) if loading.timing else False


def _parts(case: Case, loading: Loading, base: Build | None, *, is_input_new: bool) -> Intervals:
    """Return what is to be loaded, in batches."""
    occasion, timing = case.ground.occasion, loading.timing
    if timing is None:
        return (WHOLE,) if is_input_new or base is None else ()
    calendar = _calendar(case.node, timing)
    covered = base.load.covered if base is not None and base.load is not None else ()
    begins = _beginning(case, loading, base)
    is_longer = base is not None and _is_longer(case, loading, base)
    wanted: Intervals = ()
    if occasion.is_run or is_input_new or base is None or is_longer:
        found = due(timing, calendar, covered, now=occasion.now, is_input_new=is_input_new)
        wanted = common(found, (Interval(begins, NO_LAST),))
    if asked := occasion.restated.get(case.node.address):
        wanted = union((*wanted, *asked_for(timing, calendar, asked, now=occasion.now)))
    if loading.merging is not None and loading.merging.deletion is Deletion.FLAGGED:
        wanted = _to_the_newest(wanted, covered)
    return tuple(part for one in wanted for part in calendar.batches(one, timing.batch))


def _beginning(case: Case, loading: Loading, base: Build | None) -> str:
    """Return the moment from which on the newest rows alone are loaded; empty where all are.

    A part that is gone on with stays one: it begins where it began, or earlier where that is asked for.
    """
    occasion, timing = case.ground.occasion, loading.timing
    asked = ""
    if occasion.since and timing is not None:
        calendar = _calendar(case.node, timing)
        asked = calendar.floor(calendar.moment(occasion.since))
    if base is None:
        return asked
    begun = _beginning_of(base)
    return min(asked, begun) if asked and begun else begun


def _is_longer(case: Case, loading: Loading, base: Build) -> bool:
    """Tell whether a part is to begin earlier than it does."""
    return _beginning(case, loading, base) < _beginning_of(base)


def _beginning_of(build: Build) -> str:
    """Return the moment with which a part begins; empty for a build that is none."""
    load = build.load
    if load is None or not load.is_part:
        return ""
    return load.since or (load.covered[0].start if load.covered else "")


def _calendar(node: Node, timing: Timing) -> Calendar:
    return calendar_of(timing, next((c.type for c in node.recipe.columns if c.name == timing.column), ""))


def restated(node: Node, asked: Interval, now: str) -> Intervals:
    """Return the intervals of an incremental that a span touches, as far as they are over; none of what has no times.

    ``asked`` is as clocks show it in the zone of the node, ``now`` an instant.
    """
    timing = node.properties.loading.timing if node.properties.loading is not None else None
    return asked_for(timing, _calendar(node, timing), asked, now=now) if timing is not None else ()


def _to_the_newest(wanted: Intervals, covered: Intervals) -> Intervals:
    """Return what is wanted and all that is covered after it.

    A row that was taken out leaves nothing behind that would keep an earlier row of its key out: what took it out has
    to come after that once more.
    """
    if not wanted:
        return ()
    return (Interval(wanted[0].start, max(one.end for one in (*wanted, *covered))),)


def pointing(case: Case, build: Build, proof: str) -> Outcome:
    """Return that the environment shows a build that exists."""
    node, own = case.node, case.standing.own
    is_own = own is not None and own.build == build.id
    is_in_order = own is not None and [c.name for c in own.shape] == [c.name for c in node.recipe.columns]
    action = Action.REUSE if not is_own else Action.KEEP if is_in_order else Action.RESHAPE
    cause = Cause.NONE if action is Action.KEEP else Cause.CHANGED if action is Action.RESHAPE else Cause.SHARED
    step = replace(
        case.plain_step(),
        action=action,
        cause=cause,
        key=build.key,
        build=build.id,
        proof=f"{proof}, build {short(build.id, 6)}",
    )
    return of_build(step, build)


def _loading(case: Case, loading: Loading, base: Base | None, code: Mapping[str, Digest]) -> Outcome:
    node, recipe = case.node, case.node.recipe
    build = base.build if base else None
    parts = _parts(case, loading, build, is_input_new=base is None or not base.is_current)
    covered = build.load.covered if build is not None and build.load is not None else ()
    is_part = _is_part(case, loading, build)
    load = LoadPlan(
        parts=parts,
        covered=union((*covered, *(part for part in parts if part != WHOLE))),
        base=build.id if build else None,
        copies=build is not None and _must_copy(case, build, is_idle=not parts),
        now=case.ground.occasion.now,
        axis=axis_of(loading.timing, recipe.shape) if loading.timing is not None else "",
        is_part=is_part,
        since=_beginning(case, loading, build) if is_part else "",
        is_draft=_is_draft(case, base, is_idle=not parts),
        lost=_lost(case, loading) if build is None and not is_part else (),
    )
    plain = plain_versions(recipe, case.seen)
    versions = open_loaded_versions(open_versions(recipe, case.seen), load, build, loading.tracking)
    is_new = build is None
    # All is loaded as before; of what a part of it will take nothing is known.
    timed = case.ground.snapshot.timed(node.address) if is_new else None
    step = replace(
        case.with_impact(versions),
        action=Action.BUILD if is_new else Action.LOAD,
        cause=_cause(case, loading, base),
        key=None if plain is None else key_of_load(recipe, plain, load, build, loading.tracking),
        node=node,
        load=load,
        code=code,
        rows=timed.rows if timed else None,
        seconds=timed.seconds if timed else None,
    )
    return Outcome(step, None, versions)


def _cause(case: Case, loading: Loading, base: Base | None) -> Cause:
    occasion = case.ground.occasion
    if (asked := occasion.restated.get(case.node.address)) and restated(case.node, asked, occasion.now):
        return Cause.ASKED
    if base is not None and base.is_current:
        return Cause.ASKED if _is_longer(case, loading, base.build) else Cause.DUE
    if base is None and _was_part(case):
        return Cause.PART
    return case.cause(Cause.NEW if case.standing.baseline is None else Cause.UPSTREAM)


def _was_part(case: Case) -> bool:
    """Tell whether what is shown is of the code that is planned, and is not gone on with because it is but a part."""
    own = case.standing.present
    is_part = own is not None and own.load is not None and own.load.is_part
    return is_part and own is not None and own.code == case.ground.codes.of(case.node)


def _is_part(case: Case, loading: Loading, base: Build | None) -> bool:
    if base is not None:
        return base.load is not None and base.load.is_part
    return bool(case.ground.occasion.since) and loading.timing is not None


def _is_draft(case: Case, base: Base | None, *, is_idle: bool) -> bool:
    """Tell whether code that is in no commit loads, or has loaded, some of the rows.

    A load from a commit says that the base's code is in it, as only the same code goes on from a draft.
    """
    if not case.ground.occasion.is_draft:
        return False
    if not is_idle or base is None:
        return True
    return base.is_same_code and base.build.load is not None and base.build.load.is_draft


def _lost(case: Case, loading: Loading) -> Intervals:
    """Return what was loaded before and begins earlier than the node does now."""
    baseline, timing = case.standing.baseline, loading.timing
    if baseline is None or baseline.load is None or timing is None:
        return ()
    if baseline.load.axis != axis_of(timing, case.node.recipe.shape):
        return ()
    return minus(baseline.load.covered, ever_due(timing, case.node.recipe.shape))


def _must_copy(case: Case, base: Build, *, is_idle: bool) -> bool:
    """Tell whether others go on from the base, or its columns are other ones.

    A protected environment shares the storage with whoever looks at its builds; these then copy, not it. A build that
    was made for another address goes on there: two assets of one recipe share builds, and never a storage that grows.
    """
    if base.load is None or not same_columns(base.shape, case.node.recipe.shape):
        return True
    if is_idle:
        return False
    if base.address != case.node.address or not case.ground.snapshot.is_newest_load(base):
        return True
    beside = case.ground.shown_beside(case.node.address)
    return beside is not None and beside.relation == base.relation
