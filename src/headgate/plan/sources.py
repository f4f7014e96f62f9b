"""The step of a source: which capture of it the environment will read."""

from __future__ import annotations

from headgate.core.address import Address
from headgate.core.declarations import FileSource, Kind, TableSource
from headgate.core.graph import SourceNode
from headgate.core.hashing import Digest, digest
from headgate.core.plan import Action, Cause, Step
from headgate.core.records import Build, Capture
from headgate.core.versions import source_key, source_versions
from headgate.plan.explain import counted
from headgate.plan.ground import Ground, Standing
from headgate.plan.impact import affected_of, shape_difference
from headgate.plan.outcome import LIVE, Outcome, of_build


def plan_source(node: SourceNode, ground: Ground, *, is_refreshed: bool, is_held: bool) -> Outcome:
    """Return the outcome of a source.

    Files are known by content: a capture of the same content is reused wherever it was made. A table of the engine is
    captured once; after that its latest capture is taken until ``is_refreshed`` asks for a new one. ``is_held``: what
    the environment reads now is kept, as long as it has the source's columns. What waits for its schedule takes nothing
    new either, but what came in beside.
    """
    if not node.is_captured:
        return LIVE
    standing = ground.standing(node.address)
    if is_held and not is_refreshed and standing.present and is_capture_of(standing.present, node):
        return _pointing(node, standing, standing.present)
    if not is_refreshed and ground.occasion.has_to_wait(node.address, node.properties):
        shown = [b for b in (standing.present, ground.shown_beside(node.address)) if b and is_capture_of(b, node)]
        if shown:
            return _pointing(node, standing, max(shown, key=lambda b: b.capture.number if b.capture else 0))
    if node.token is not None:
        return _plan_files(node, node.token, ground, standing)
    return _plan_table(node, ground, standing, is_refreshed=is_refreshed)


def table_token(engine: str, address: Address, number: int) -> Digest:
    """Return the token of the numbered capture of a table; numbers are never used twice under one address."""
    return digest("capture", engine, address, number)


def _plan_files(node: SourceNode, token: Digest, ground: Ground, standing: Standing) -> Outcome:
    key = source_key(node.location, node.shape, source_versions(token, node.shape))
    if standing.present and standing.present.key == key:
        return _pointing(node, standing, standing.present)
    found = next((b for b in ground.shared(key, node.address) if b.kind is Kind.SOURCE), None)
    if found is not None:
        return _pointing(node, standing, found)
    latest = ground.snapshot.captures.get(node.address)
    number = latest.number + 1 if latest else 1
    return _capturing(node, standing, ground, Capture(token, number, exact=True, build=Digest("")))


def _plan_table(node: SourceNode, ground: Ground, standing: Standing, *, is_refreshed: bool) -> Outcome:
    latest = ground.snapshot.captures.get(node.address)
    # The latest capture may be of another table: somebody tries out another location in another environment.
    known = (ground.sealed(latest.build) if latest else None, standing.present, standing.baseline)
    found = next((b for b in known if b and ground.sealed(b.id) and is_capture_of(b, node)), None)
    if found is not None and not is_refreshed:
        return _pointing(node, standing, found)
    number = 1 + max((c.number for c in (latest, *_recorded(standing)) if c), default=0)
    token = table_token(ground.engine, node.address, number)
    watermark = ground.occasion.watermarks.get(node.address, "")
    capture = Capture(token, number, exact=False, build=Digest(""), watermark=watermark)
    return _capturing(node, standing, ground, capture)


def _recorded(standing: Standing) -> tuple[Capture | None, ...]:
    return tuple(build.capture for build in (standing.present, standing.baseline) if build)


def _pointing(node: SourceNode, standing: Standing, build: Build) -> Outcome:
    """Return that the environment reads a capture which exists."""
    is_kept = standing.present is not None and standing.present.id == build.id
    cause = Cause.NONE if is_kept else _cause(node, standing, Cause.SHARED)
    affected, rows_affected = affected_of(build.shape, build.versions, standing.baseline)
    step = Step(
        address=node.address,
        kind=Kind.SOURCE,
        action=Action.KEEP if is_kept else Action.REUSE,
        cause=cause,
        shape=build.shape,
        key=build.key,
        build=build.id,
        replaces=standing.own.build if standing.own else None,
        capture=build.capture,
        difference=None if is_kept else shape_difference(build.shape, standing.baseline),
        affected=() if is_kept else affected,
        rows_affected=rows_affected and not is_kept,
        proof=_proof(node, build),
        place=node.place,
        owner=node.properties.owner,
    )
    return of_build(step, build)


def _capturing(node: SourceNode, standing: Standing, ground: Ground, capture: Capture) -> Outcome:
    versions = source_versions(capture.token, node.shape)
    affected, rows_affected = affected_of(node.shape, versions, standing.baseline)
    timed = ground.snapshot.timed(node.address)
    step = Step(
        address=node.address,
        kind=Kind.SOURCE,
        action=Action.CAPTURE,
        cause=_cause(node, standing, Cause.NEW),
        shape=node.shape,
        key=source_key(node.location, node.shape, versions),
        replaces=standing.own.build if standing.own else None,
        node=node,
        capture=capture,
        difference=shape_difference(node.shape, standing.baseline),
        affected=affected,
        rows_affected=rows_affected,
        rows=timed.rows if timed else None,
        seconds=timed.seconds if timed else None,
        place=node.place,
        owner=node.properties.owner,
    )
    return Outcome(step, None, versions)


def _cause(node: SourceNode, standing: Standing, without_baseline: Cause) -> Cause:
    if standing.is_lost:
        return Cause.LOST
    if standing.own is None and (standing.baseline is None or without_baseline is Cause.SHARED):
        return without_baseline
    if standing.baseline is not None and not is_capture_of(standing.baseline, node):
        return Cause.CHANGED
    return Cause.DATA


def is_capture_of(build: Build, node: SourceNode) -> bool:
    """Tell whether the build was read from the same table, or from files, and has exactly the source's columns.

    Where the columns are not known nothing is asked of them. Which files they were, and their content, is not asked.
    """
    if isinstance(node.location, TableSource):
        is_from_here = build.location == node.location
    else:
        is_from_here = isinstance(build.location, FileSource)
    return is_from_here and (not node.shape or frozenset(build.shape) == frozenset(node.shape))


def _proof(node: SourceNode, build: Build) -> str:
    capture = build.capture
    if isinstance(node.location, TableSource) and capture is not None:
        return f"capture {capture.number}, {counted(build.rows, 'row')}; a new one only with --refresh"
    return "the files have the content that was captured"
