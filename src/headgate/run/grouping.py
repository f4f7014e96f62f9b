"""Which ready tasks go into one transaction of the engine.

A commit costs as much as a small statement (3.3 against 1.2 seconds for a thousand of them one by one and in groups of
fifty), so small ones share it. What is expected to take long goes alone, beside them, and so does what is not known to
be small: an interruption undoes the whole transaction.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from headgate.core.address import Address
from headgate.core.declarations import FileSource, Kind
from headgate.core.graph import Node, SourceNode, SqlBody
from headgate.core.python import PythonBody
from headgate.run.prepare import Task
from headgate.sql.bind import bound
from headgate.sql.multiplying import may_multiply

SMALL_SECONDS = 0.02
SMALL_ROWS = 20_000
SMALL_FILE_BYTES = 1_000_000
GROUP_TASKS = 50
GROUP_SECONDS = 0.25


def multiplying(tasks: Iterable[Task], relations: Mapping[Address, str]) -> frozenset[Address]:
    """Return the tables that may make many rows of few, views that they read included.

    ``relations`` is the text of each input. A table is left out that was built from the same text before: its seconds
    tell more.
    """
    found = set()
    for task in tasks:
        step = task.step
        if step.kind is not Kind.TABLE or (step.seconds and step.difference is None):
            continue
        body = step.node.body if isinstance(step.node, Node) else None
        if isinstance(body, SqlBody) and may_multiply(bound(body, relations)):
            found.add(task.address)
    return frozenset(found)


def seconds_if_small(task: Task, rows: Mapping[Address, int], uncertain: Collection[Address]) -> float | None:
    """Return the seconds that a small task should take; None for one that is large, or of which nothing is known.

    Of what is ``uncertain``, small inputs tell nothing.
    """
    step = task.step
    if step.kind is Kind.VIEW:
        return 0.0
    if task.address in uncertain or is_call(task) or task.load is not None:
        return None
    if step.seconds:  # a build that recovery sealed has no seconds
        return step.seconds if step.seconds < SMALL_SECONDS else None
    if isinstance(step.node, SourceNode):
        return _seconds_of_capture(step.node)
    count = rows_read(task, rows)
    return SMALL_SECONDS / 4 if count is not None and count <= SMALL_ROWS else None


def is_call(task: Task) -> bool:
    """Tell whether it is made by a function, whose time nobody can guess and whose inputs must be committed."""
    return isinstance(task.step.node, Node) and isinstance(task.step.node.body, PythonBody)


def rows_read(task: Task, rows: Mapping[Address, int]) -> int | None:
    """Return the rows of the largest input; None where those of one are not known."""
    known = [rows.get(address) for address in task.step.inputs]
    return None if None in known else max((count for count in known if count is not None), default=0)


def is_from_files(task: Task) -> bool:
    """Tell whether files are read, which are looked at again before anything may read the result."""
    node = task.step.node
    return task.step.kind is Kind.SEED or (isinstance(node, SourceNode) and isinstance(node.location, FileSource))


def small_group(
    ready: Sequence[tuple[int, Task]],
    *,
    left: Mapping[Address, int],
    readers: Callable[[Address], Sequence[Task]],
    rows: Mapping[Address, int],
    uncertain: Collection[Address],
) -> tuple[Task, ...]:
    """Return small tasks for one transaction, beginning with ready ones in the plan's order.

    A task joins as soon as all that it waits for is made or in the group before it: chains of small tables need no
    commit in between. ``left`` counts what each task still waits for; ``rows`` has what is made. What reads files stays
    among its like.
    """
    heap = list(ready)
    heapq.heapify(heap)
    sizes = dict(rows)
    group: list[Task] = []
    waiting: dict[Address, int] = {}
    budget = GROUP_SECONDS
    from_files: bool | None = None
    tables = 0
    while heap and tables < GROUP_TASKS and budget > 0:
        _, task = heapq.heappop(heap)
        seconds = seconds_if_small(task, sizes, uncertain)
        if seconds is None or (from_files is not None and is_from_files(task) != from_files):
            continue
        from_files = is_from_files(task)
        group.append(task)
        budget -= seconds
        tables += bool(task.build.relation)
        if from_files:
            continue
        # A join seldom has more rows than its largest input; where it has, only the grouping suffers.
        expected = task.step.rows if task.step.rows is not None else rows_read(task, sizes)
        if expected is not None:
            sizes[task.address] = expected
        for reader in readers(task.address):
            waiting[reader.address] = waiting.get(reader.address, left[reader.address]) - 1
            if waiting[reader.address] == 0:
                heapq.heappush(heap, (reader.number, reader))
    return tuple(group)


def _seconds_of_capture(node: SourceNode) -> float | None:
    if not isinstance(node.location, FileSource):
        return None
    size = sum(file.size for file in node.location.files)
    return SMALL_SECONDS / 2 if size <= SMALL_FILE_BYTES else None
