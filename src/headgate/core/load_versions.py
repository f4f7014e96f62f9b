"""Versions and keys of builds that continue others: what is there depends on what was loaded, and from what, when.

``version(load) = H(version of the base, version of the query over its inputs, the intervals taken)``, for the rows and
for each column. Two builds with equal versions were loaded in the same steps from equal inputs, so the invariant of
``recipe`` holds for them. A load that takes nothing leaves the versions as they are, so that nobody who reads it is
built anew.
"""

from __future__ import annotations

from headgate.core.calendar import calendar_of
from headgate.core.hashing import Digest, Part, digest
from headgate.core.intervals import NO_LAST, Interval, Intervals
from headgate.core.loading import Fork, LoadPlan, Timing, Tracking
from headgate.core.recipe import Recipe, Shape
from headgate.core.records import Build
from headgate.core.versions import OpenVersions, Versions, published_versions


def key_of_load(
    recipe: Recipe, plain: Versions, load: LoadPlan, base: Build | None, tracking: Tracking | None
) -> Digest:
    """Return the key of a load: of two sealed builds under one key each may stand for the other.

    ``plain`` are the versions of the recipe over what it reads now.
    """
    return digest(
        "load",
        recipe.kind,
        tuple(sorted((c.name, c.type, plain.columns[c.name]) for c in recipe.columns)),
        plain.rows,
        base.id if base else None,
        _taken(load, tracking),
        load.is_part,
    )


def loaded_versions(plain: Versions, load: LoadPlan, base: Build | None, tracking: Tracking | None) -> Versions:
    """Return the plain versions of what is there after the load."""
    found = open_loaded_versions(OpenVersions(plain.rows, plain.order, plain.columns), load, base, tracking)
    columns = {name: version for name, version in found.columns.items() if version is not None}
    if found.rows is None or found.order is None:
        raise AssertionError("what is known stays known")
    return Versions(found.rows, found.order, columns)


def open_loaded_versions(
    plain: OpenVersions, load: LoadPlan, base: Build | None, tracking: Tracking | None
) -> OpenVersions:
    """Return the same as far as it is known before the inputs are built."""
    if base is not None and is_idle(load):
        before = base.versions
        return OpenVersions(before.rows, before.order, before.columns)
    taken = _taken(load, tracking)

    def version(what: str, now: Digest | None, before: Digest | None) -> Digest | None:
        return None if now is None else digest(f"loaded {what}", before, now, taken)

    known = base.versions if base else None
    columns = {
        name: version("column", now, known.columns.get(name) if known else None) for name, now in plain.columns.items()
    }
    return OpenVersions(
        version("rows", plain.rows, known.rows if known else None),
        version("order", plain.order, known.order if known else None),
        columns,
    )


def published_load_versions(recipe: Recipe, plain: Versions, load: LoadPlan, build_id: Digest) -> Versions:
    """Return what readers of the load see: tainted versions carry its id, unless it took nothing."""
    return plain if load.base is not None and is_idle(load) else published_versions(recipe, plain, build_id)


def is_idle(load: LoadPlan) -> bool:
    """Tell whether the load writes nothing: it says that its base stands for the new inputs, too."""
    return not load.parts and load.base is not None and not load.copies


def goes_on_from(build: Build, other: Build) -> bool:
    """Tell whether a build holds all that another one does, or came by loads that went on from there.

    Loads of one table follow each other, so numbers tell; where rows were copied, the load that they were copied at.
    """
    if build.id == other.id:
        return True
    load, before = build.load, other.load
    if load is None or before is None:
        return False
    points = (Fork(build.relation, load.number), *load.forks)
    if load.base == other.id:
        return True
    return any(relation == other.relation and number >= before.number for relation, number in points)


def forks_of(base: Build) -> tuple[Fork, ...]:
    """Return the forks of a load that copies ``base``: the latest load of each table."""
    if base.load is None:
        return ()
    latest: dict[str, int] = {}
    for relation, number in (*base.load.forks, Fork(base.relation, base.load.number)):
        latest[relation] = max(number, latest.get(relation, 0))
    return tuple(Fork(relation, number) for relation, number in latest.items())


def ever_due(timing: Timing, shape: Shape) -> Intervals:
    """Return all that may be loaded at any time: what comes from the start on."""
    type_ = _type_of(timing, shape)
    calendar = calendar_of(timing, type_)
    return (Interval(calendar.floor(calendar.local(timing.start)) if timing.start else "", NO_LAST),)


def axis_of(timing: Timing, shape: Shape) -> str:
    """Return what the moments of intervals are counted on: the column of times, its type and the zone."""
    return f"{timing.column} {_type_of(timing, shape)} {timing.zone}"


def same_columns(shape: Shape, other: Shape) -> bool:
    """Tell whether two shapes have the same columns, in whatever order."""
    return {(c.name, c.type) for c in shape} == {(c.name, c.type) for c in other}


def _type_of(timing: Timing, shape: Shape) -> str:
    return next((column.type for column in shape if column.name == timing.column), "")


def _taken(load: LoadPlan, tracking: Tracking | None) -> Part:
    has_clock = tracking is not None and (not tracking.updated_at or tracking.closes_missing)
    return tuple(load.parts), load.now if has_clock else ""
