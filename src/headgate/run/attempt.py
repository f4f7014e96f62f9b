"""Making a group of builds: one transaction of the engine for all, and where it fails, one for each.

This runs in a worker thread. It writes to the engine and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import CodeFailed, EngineFailed, StatementFailed
from headgate.core.graph import Node, SeedBody, SourceNode, SqlBody
from headgate.core.ports.engine import BuildJob, BuildResult, CaptureInput, Engine, SeedInput, SelectInput
from headgate.core.ports.loads import OpenLoad
from headgate.core.ports.python import PythonRunner
from headgate.core.python import PythonBody
from headgate.core.versions import Versions
from headgate.run.call import build_by_call, told_of_call
from headgate.run.failure import diagnostic_of
from headgate.run.guard import Stamp, fault_after, stamps
from headgate.run.load import load_in_parts
from headgate.run.prepare import Task
from headgate.sql.bind import bound

ATTEMPTS_TOGETHER = 3
"""How often a group is tried without those that failed in it, before its members are tried one by one."""


@dataclass(frozen=True, slots=True)
class Made:
    """The build is in the engine (a view: it needs nothing there).

    ``versions`` are those under which it counts where it was found equal to what it replaces, in part or whole.
    """

    task: Task
    result: BuildResult
    versions: Versions | None = None


@dataclass(frozen=True, slots=True)
class NotMade:
    """The build could not be made. ``is_absent``: the engine certainly does not have it."""

    task: Task
    diagnostic: Diagnostic
    is_absent: bool


Attempted = Made | NotMade


@dataclass(frozen=True, slots=True)
class Bench:
    """What an attempt works with.

    ``is_stopped`` tells whether nothing new may be started; ``begun`` is told each address as its turn comes;
    ``runner`` calls functions, and may be left out where there are none. ``versions_of`` is told each task that was
    done and gives the versions under which its build counts, if those are not its own. ``quotable`` tells of an address
    whose protected values its failure may quote.
    """

    engine: Engine
    root: str
    relations: Mapping[Address, str]
    is_stopped: Callable[[], bool]
    begun: Callable[[Address], None]
    runner: PythonRunner | None = None
    versions_of: Callable[[Task], Versions | None] = lambda _: None
    quotable: Callable[[Address], Address | None] = lambda _: None


def attempt(tasks: Sequence[Task], bench: Bench) -> tuple[Attempted, ...]:
    """Return what came of each task, in order; those that were not tried are left out.

    A task of the group may read what an earlier one makes. Files are looked at before and after; what was read from a
    file that changed meanwhile is dropped again.
    """
    before: dict[Address, tuple[Stamp, ...]] = {}
    done: list[Attempted] = []
    ready: list[Task] = []
    for task in tasks:
        seen = stamps(task.step, bench.root)
        if isinstance(seen, Diagnostic):
            done.append(NotMade(task, seen, is_absent=True))
        else:
            before[task.address] = seen
            ready.append(task)
    is_group = len(ready) > 1 and not any(task.load for task in ready)
    made = _together(ready, bench) if is_group else _one_by_one(ready, bench)
    return (*done, *(_checked(item, before, bench) for item in made))


def _together(tasks: Sequence[Task], bench: Bench) -> list[Attempted]:
    """Return all made; where one fails, the others without it and its readers, so that only the guilty fails."""
    done: list[Attempted] = []
    for _ in range(ATTEMPTS_TOGETHER):
        jobs = [_job(task, bench) for task in tasks if task.build.relation]
        if bench.is_stopped():
            return done
        try:
            results = {result.id: result for result in (bench.engine.build(jobs, bench.begun) if jobs else ())}
        except StatementFailed as error:
            guilty = next((task for task in tasks if task.address == error.job), None)
            if guilty is None:
                break
            done.append(_not_made(guilty, error, bench))
            tasks = _without(tasks, guilty)
        except EngineFailed:
            break
        else:
            return [*done, *(Made(task, results.get(task.build.id) or _nothing(task)) for task in tasks)]
    return done + _one_by_one(tasks, bench)


def _without(tasks: Sequence[Task], guilty: Task) -> list[Task]:
    """Return the tasks that read nothing of the guilty one, however far."""
    lost = {guilty.address}
    left: list[Task] = []
    for task in tasks:
        if task.address in lost or task.waits_for & lost:
            lost.add(task.address)
        else:
            left.append(task)
    return left


def _one_by_one(tasks: Sequence[Task], bench: Bench) -> list[Attempted]:
    members = {task.address for task in tasks}
    made: set[Address] = set()
    done: list[Attempted] = []
    for task in tasks:
        if bench.is_stopped():
            break
        if not (task.waits_for & members) <= made:
            continue
        item = _alone(task, bench)
        if item is not None:
            done.append(item)
        if isinstance(item, Made):
            made.add(task.address)
    return done


def _alone(task: Task, bench: Bench) -> Attempted | None:
    """Return what came of it; None where it was cut short because all stops."""
    if not task.build.relation:
        return Made(task, _nothing(task))
    node = task.step.node
    if isinstance(node, Node) and isinstance(node.body, PythonBody):
        return _called(task, node.body, bench)
    if task.load is not None:
        return _loaded(task, task.load, bench)
    try:
        (result,) = bench.engine.build([_job(task, bench)], bench.begun)
    except EngineFailed as error:
        if bench.is_stopped():
            return None
        return _not_made(task, error, bench)
    return Made(task, result)


def _called(task: Task, body: PythonBody, bench: Bench) -> Attempted | None:
    """Return what came of a call; None where it was cut short because all stops."""
    if bench.runner is None:
        raise AssertionError(f"{task.address} is a function, and nobody was given to call it")
    bench.begun(task.address)
    try:
        made = build_by_call(task.build, body, engine=bench.engine, runner=bench.runner, relations=bench.relations)
    except CodeFailed as error:
        if bench.is_stopped():
            return None
        told = told_of_call(error, body, root=bench.root, quotable=bench.quotable(task.address))
        return NotMade(task, told, is_absent=True)
    except EngineFailed as error:
        return None if bench.is_stopped() else _not_made(task, error, bench)
    return Made(task, made)


def _loaded(task: Task, load: OpenLoad, bench: Bench) -> Attempted | None:
    """Return what came of a load; None where it was cut short because all stops: what it has made is kept."""
    bench.begun(task.address)
    try:
        result = load_in_parts(task, load, engine=bench.engine, relations=bench.relations, is_stopped=bench.is_stopped)
    except EngineFailed as error:
        if bench.is_stopped():
            return None
        return _not_made(task, error, bench)
    return None if result is None else Made(task, result)


def _not_made(task: Task, error: EngineFailed, bench: Bench) -> NotMade:
    capabilities = bench.engine.capabilities
    told = diagnostic_of(
        error,
        task.step,
        relations=bench.relations,
        engine=capabilities.kind,
        quotable=bench.quotable(task.address),
    )
    return NotMade(task, told, isinstance(error, StatementFailed) and capabilities.is_transactional)


def _checked(item: Attempted, before: Mapping[Address, tuple[Stamp, ...]], bench: Bench) -> Attempted:
    if isinstance(item, NotMade):
        return item
    fault = fault_after(item.task.step, bench.root, before[item.task.address])
    if fault is None:
        return replace(item, versions=bench.versions_of(item.task))
    build = item.task.build
    bench.engine.drop({build.id: build.relation})
    return NotMade(item.task, fault, is_absent=True)


def _job(task: Task, bench: Bench) -> BuildJob:
    build = task.build
    return BuildJob(build.id, build.address, build.relation, build.shape, _input(task, bench), build.fence)


def _input(task: Task, bench: Bench) -> SelectInput | SeedInput | CaptureInput:
    node = task.step.node
    if isinstance(node, SourceNode):
        return CaptureInput(node.location, bench.root)
    if isinstance(node, Node) and isinstance(node.body, SeedBody):
        return SeedInput(os.path.join(bench.root, node.body.path))
    if isinstance(node, Node) and isinstance(node.body, SqlBody) and task.step.kind is not Kind.VIEW:
        return SelectInput(bound(node.body, bench.relations))
    raise AssertionError(f"{task.address} has nothing to be made from")


def _nothing(task: Task) -> BuildResult:
    return BuildResult(task.build.id, 0, 0, 0.0)
