"""Loads that are in a table after the one that a plan goes on from: what a run left that failed, mostly.

Loads of one table follow each other. So these are forgotten where nobody holds them; else the plan's load copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.load_versions import is_idle
from headgate.core.ports.store import Reading
from headgate.core.records import Collection
from headgate.run.prepare import Prepared, Task

Forget = Callable[[Iterable[Digest]], frozenset[Digest]]
"""Takes loads out that nobody holds, and returns which they were."""


def nothing_forgotten(_builds: Iterable[Digest]) -> frozenset[Digest]:
    """Keep all loads."""
    return frozenset()


def later_loads(tasks: Iterable[Task], reading: Reading) -> Mapping[Address, frozenset[Digest]]:
    """Return, for tasks that go on in the table of their base, which builds were loaded there later, where any were.

    Cost: one scan for each such task.
    """
    found: dict[Address, frozenset[Digest]] = {}
    for task in tasks:
        base, load = task.base, task.step.load
        if base is None or base.load is None or load is None or load.copies or is_idle(load):
            continue
        last = f"{base.relation}/{base.load.number:010d}/~"
        later = [key for key, _ in reading.scan(Collection.LOADS, f"{base.relation}/") if key > last]
        if later:
            found[task.address] = frozenset(Digest(key.rsplit("/", 1)[1]) for key in later)
    return found


def with_room(prepared: Prepared, later: Mapping[Address, frozenset[Digest]], forget: Forget) -> Prepared:
    """Return the tasks of which each may go on from its base: later loads are forgotten, or it copies."""
    needed = {*prepared.shared, *(build.id for build in prepared.builds.values())}
    forgotten = forget({build for builds in later.values() for build in builds} - needed)
    held = {address for address, builds in later.items() if not builds <= forgotten}
    return replace(prepared, tasks=tuple(_copying(task) if task.address in held else task for task in prepared.tasks))


def _copying(task: Task) -> Task:
    load = task.step.load
    return task if load is None else replace(task, step=replace(task.step, load=replace(load, copies=True)))
