"""Loading a table part by part: the storage that it goes on in, then one transaction of the engine for each part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Conflict, Refused, StatementFailed
from headgate.core.graph import Node, SqlBody
from headgate.core.hashing import digest
from headgate.core.intervals import Interval, union
from headgate.core.load_versions import forks_of, is_idle
from headgate.core.loading import VALID_FROM, VALID_TO, Fork, LoadPlan
from headgate.core.plan import Plan
from headgate.core.ports.engine import BuildResult, Engine
from headgate.core.ports.loads import (
    Change,
    LoadEnd,
    LoadPart,
    LoadStart,
    Merged,
    OpenLoad,
    Replacing,
    Tracked,
    Visible,
)
from headgate.core.recipe import Shape
from headgate.core.retyping import unfit
from headgate.run.prepare import Prepared, Task
from headgate.run.staleness import stale
from headgate.sql.bind import bound
from headgate.sql.moments import instant_literal, moment_literals, within

PARTS_AT_ONCE = 2
"""So many parts of one load are made side by side; other assets are built beside them."""


def with_storages(prepared: Prepared, plan: Plan, engine: Engine) -> Prepared:
    """Return the tasks with the storages in which loads go on: from here on readers of them know where they read.

    Raises ``StalePlan`` where somebody has gone on from a base meanwhile, and ``Refused`` with all copies of which a
    value does not fit its column. A load that is begun and never ended is taken out by whoever comes next.
    """
    tasks: list[Task] = []
    faults: list[Diagnostic] = []
    for task in prepared.tasks:
        if task.build.load is None or task.step.load is None:
            tasks.append(task)
            continue
        try:
            opened = _opened(task, task.step.load, engine)
        except Conflict as conflict:
            raise stale(plan, [task.address]) from conflict
        except StatementFailed as misfit:
            faults.append(unfit(str(misfit), task.step.place))
            continue
        storage = opened.storage
        load = replace(task.build.load, number=storage.number, forks=_forks(task, storage))
        build = replace(task.build, relation=storage.relation, load=load)
        prepared.builds.add(build, task.address)
        tasks.append(replace(task, build=build, load=opened))
    if faults:
        raise Refused(faults)
    return replace(prepared, tasks=tuple(tasks))


def _opened(task: Task, load: LoadPlan, engine: Engine) -> OpenLoad:
    start = _start(task, load)
    if is_idle(load) and start.base is not None:
        return OpenLoad(start.base, (), None)  # it shows what its base shows
    return engine.begin_load(start)


def _forks(task: Task, storage: Visible) -> tuple[Fork, ...]:
    base = task.base
    if base is None or base.load is None:
        return ()
    return base.load.forks if storage.relation == base.relation else forks_of(base)


def _start(task: Task, load: LoadPlan) -> LoadStart:
    build, base = task.build, task.base
    return LoadStart(
        key=digest("open load", build.key, task.address),
        address=task.address,
        relation=build.relation,
        shape=build.shape,
        base=Visible(base.relation, base.load.number) if base is not None and base.load is not None else None,
        base_shape=base.shape if base is not None else (),
        copies=load.copies,
        fence=build.fence,
    )


def load_in_parts(
    task: Task,
    load: OpenLoad,
    *,
    engine: Engine,
    relations: Mapping[Address, str],
    is_stopped: Callable[[], bool],
) -> BuildResult | None:
    """Make all parts that are missing and end the load; None where it was stopped between two of them.

    Raises ``EngineFailed``. What was made is kept, and the next attempt with the same key goes on after it.
    """
    started = time.perf_counter()
    done = set(load.done)
    parts = [part for part in _parts(task, relations) if part.interval not in done]
    if not _all_made(parts, load, engine=engine, is_stopped=is_stopped):
        return None
    result = engine.end_load(load, LoadEnd(task.build.id, task.address, task.build.shape, task.build.fence))
    return replace(result, seconds=time.perf_counter() - started)


def _all_made(parts: Sequence[LoadPart], load: OpenLoad, *, engine: Engine, is_stopped: Callable[[], bool]) -> bool:
    """Make the parts, side by side where they cannot meet; return False where it was stopped before the last one.

    Intervals of time have no row in common. By key, a part goes on with what the one before it left.
    """

    def make(part: LoadPart) -> bool:
        if is_stopped():
            return False
        engine.load_part(load, part)
        return True

    may_be_together = all(isinstance(part.change, Replacing) for part in parts)
    count = min(PARTS_AT_ONCE, engine.capabilities.parallel_builds, len(parts)) if may_be_together else 1
    if count <= 1:
        return all(make(part) for part in parts)
    with ThreadPoolExecutor(count, thread_name_prefix="headgate-load") as pool:
        waiting = [pool.submit(make, part) for part in parts]
        try:
            return all(one.result() for one in waiting)
        finally:
            for one in waiting:  # where one failed, those that have not begun are left out
                one.cancel()


def _parts(task: Task, relations: Mapping[Address, str]) -> Iterator[LoadPart]:
    node, plan = task.step.node, task.step.load
    if not isinstance(node, Node) or not isinstance(node.body, SqlBody) or plan is None:
        raise AssertionError(f"{task.address} has nothing to be loaded from")
    timing = node.properties.loading.timing if node.properties.loading else None
    shape = _given_shape(task, node)
    type_ = next((column.type for column in shape if timing and column.name == timing.column), "")
    for interval in plan.parts:
        yield LoadPart(
            address=task.address,
            interval=interval,
            sql=bound(node.body, relations, moment_literals(interval, type_) if timing else {}),
            shape=shape,
            within=within(timing.column, interval, type_) if timing else "",
            change=_change(task, node, interval, type_),
        )


def _given_shape(task: Task, node: Node) -> Shape:
    """Return the columns of the query: a snapshot has two more."""
    if node.properties.loading is None or node.properties.loading.tracking is None:
        return task.build.shape
    return tuple(column for column in task.build.shape if column.name not in (VALID_FROM, VALID_TO))


def _change(task: Task, node: Node, interval: Interval, type_: str) -> Change:
    """Return what a part does; ``type_`` is that of the column of times."""
    loading, plan = node.properties.loading, task.step.load
    if loading is None or plan is None:
        raise AssertionError(f"{task.address} does not say how it is loaded")
    if loading.tracking is not None:
        return Tracked(loading.tracking, instant_literal(plan.now))
    timing = loading.timing
    if loading.merging is not None and timing is not None:
        asked = " or ".join(within(timing.column, one, type_, "old") for one in union(plan.parts))
        return Merged(loading.merging, timing.column, asked)
    if loading.merging is not None:
        return Merged(loading.merging)
    covered = task.base.load.covered if task.base is not None and task.base.load is not None else ()
    was_there = any(one.start < interval.end and interval.start < one.end for one in covered)
    return Replacing(within(timing.column, interval, type_) if timing is not None and was_there else "")
