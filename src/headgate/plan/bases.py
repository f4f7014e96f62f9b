"""Which builds an incremental or a snapshot may go on with, the best one first.

What is loaded on from a build keeps that build's rows for good, and a promotion may bring them into production. So a
build counts only where its rows are those of the code that is planned, or were loaded by code that was in a commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.core.hashing import Digest
from headgate.core.load_versions import axis_of, goes_on_from
from headgate.core.loading import Loading
from headgate.core.records import Build
from headgate.plan.case import Case


@dataclass(frozen=True, slots=True)
class Base:
    """A build that the node may go on with.

    ``is_same_code``: it was loaded by the code that is planned; ``is_current``: from exactly what is there now, too.
    """

    build: Build
    is_same_code: bool
    is_current: bool


def bases_of(case: Case, loading: Loading, code: Mapping[str, Digest]) -> tuple[Base, ...]:
    """Return what may be gone on with: what is shown here first, then what is shown beside.

    What is shown here does not count where what came in beside since then is not in it: it would be lost with a
    promotion. Those of other code come after those of the same, and only where history is kept.
    """
    own, beside = case.standing.present, case.ground.shown_beside(case.node.address)
    found = [b for b in (own, beside) if b is not None and _may_go_on(case, loading, b, code)]
    if own in found and beside in found and own is not None and beside is not None and not goes_on_from(own, beside):
        found.remove(own)
    bases = tuple(_base(case, build, code) for build in found)
    return tuple(base for base in bases if base.is_same_code) or bases


def _base(case: Case, build: Build, code: Mapping[str, Digest]) -> Base:
    is_same = build.code == code
    return Base(build, is_same, is_same and _has_read_what_is_there(case, build))


def _may_go_on(case: Case, loading: Loading, build: Build, code: Mapping[str, Digest]) -> bool:
    if build.load is None or build.kind is not case.node.kind:
        return False
    if build.load.is_part and not _may_be_part(case, build):
        return False
    if build.code == code:
        return True
    return loading.keeps_history and _has_same_axis(case, loading, build) and not _is_draft(case, build)


def _may_be_part(case: Case, build: Build) -> bool:
    """Tell whether a build of the newest rows alone will do: a run goes on with it, an apply where it is asked for."""
    occasion, present = case.ground.occasion, case.standing.present
    return bool(occasion.since) or (occasion.is_run and present is not None and build.id == present.id)


def _is_draft(case: Case, build: Build) -> bool:
    """Tell whether some rows were loaded by code that was in no commit, and has not come into one by a promotion."""
    beside = case.ground.shown_beside(case.node.address)
    is_promoted = beside is not None and (beside.id == build.id or beside.code == build.code)
    return build.load is not None and build.load.is_draft and not is_promoted


def _has_same_axis(case: Case, loading: Loading, build: Build) -> bool:
    """Tell whether what a build covers means the same for the node: its rows have their times in the same column."""
    timing = loading.timing
    axis = axis_of(timing, case.node.recipe.shape) if timing is not None else ""
    return build.load is not None and build.load.axis == axis


def _has_read_what_is_there(case: Case, build: Build) -> bool:
    return all(build.reads.get(read) == (case.seen(read) or "") for read in case.node.recipe.reads())
