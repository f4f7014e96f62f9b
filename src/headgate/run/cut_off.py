"""Early cut-off: where a table came out as the one that it replaces, what reads it need not be made again.

A table that was made is laid beside the build that is shown until now. As far as the two are equal by content, the new
one counts under the versions of the old one, and so the keys of what reads it may be those of builds that are there. A
plan is an upper bound: this makes less of it, never other things.

Looking costs a pass over the table. So only those are looked at of which some reader, however far, is expected to take
longer than a small statement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.plan import Plan, Step
from headgate.core.ports.store import Reading
from headgate.core.records import Build, BuildStatus
from headgate.core.records import Collection as Stored
from headgate.core.versions import Versions
from headgate.run.draft import draft_on, drafted_again
from headgate.run.prepare import Prepared, Task, may_stand

Equate: TypeAlias = Callable[[Step, Build, Build], Versions | None]
"""Gives the versions under which the new build of a step counts beside the older one; None where nothing is equal.

What it gives must keep the invariant of ``core/recipe.py`` for the two builds.
"""


def nothing_equal(step: Step, new: Build, old: Build) -> None:
    """Find nothing equal: then everything is made that was planned."""


class Prior(Mapping[Address, Build]):
    """What was shown until now under the addresses of tasks: here, else in the environment beside. Decoded when asked.

    Cost: two look-ups for all.
    """

    def __init__(self, plan: Plan, tasks: Sequence[Task], reading: Reading) -> None:
        ids = {task.address: task.step.replaces for task in tasks}
        missing = {a: f"{plan.beside[0]}/{a}" for a, build in ids.items() if build is None} if plan.beside else {}
        texts = reading.get(Stored.POINTERS, missing.values()) if missing else {}
        beside = {a: Digest(loads(texts[key])["build"]) for a, key in missing.items() if key in texts}
        self._ids = {a: build for a, build in {**ids, **beside}.items() if build is not None}
        self._texts = reading.get(Stored.BUILDS, dict.fromkeys(self._ids.values())) if self._ids else {}

    def __getitem__(self, address: Address) -> Build:
        return build_from_json(loads(self._texts[self._ids[address]]))

    def __iter__(self) -> Iterator[Address]:
        return (address for address, build in self._ids.items() if build in self._texts)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, address: object) -> bool:
        return address in self._ids and self._ids[Address(str(address))] in self._texts


class CutOff:
    """What is looked at once it is made, and what becomes of the tasks that read it.

    ``prior`` is what was shown until now. ``watched`` are the addresses that are looked at: made as tables, in place of
    one, with a reader that is ``large``.
    What is loaded goes on from what was there, and has to know beforehand what it reads: nothing above it is watched.
    """

    def __init__(
        self,
        prepared: Prepared,
        prior: Mapping[Address, Build],
        *,
        engine: str,
        large: Collection[Address],
        equate: Equate,
    ) -> None:
        self.prior = prior
        self._engine = engine
        self._equate = equate
        self.watched = _watched(prepared.tasks, prior, engine, large)

    def versions_of(self, task: Task) -> Versions | None:
        """Return the versions under which the build that a task made counts; None: its own."""
        if task.address not in self.watched:
            return None
        found = self._equate(task.step, task.build, self.prior[task.address])
        return None if found == task.build.versions else found

    def decided(self, task: Task, builds: Mapping[Address, Build]) -> Build:
        """Return the build of a task whose inputs are all there, some under other versions than it was planned on.

        It is one that was shown until now, sealed, if that has the key by now; else the task's own, still to be made.
        """
        again = draft_on(task.step, builds)
        prior = self.prior.get(task.address)
        if prior is not None and prior.key == again.key and may_stand(prior, task.step, self._engine):
            return prior
        return drafted_again(task.build, again, builds)


def _watched(
    tasks: Sequence[Task], prior: Mapping[Address, Build], engine: str, large: Collection[Address]
) -> frozenset[Address]:
    """Return the addresses that are worth a look. Cost: one pass, inputs after readers."""
    reaches_large: set[Address] = set()
    reaches_load: set[Address] = set()
    found: set[Address] = set()
    for task in reversed(tasks):
        if task.address in reaches_large and task.address not in reaches_load and _is_alike(task, prior, engine):
            found.add(task.address)
        if task.address in large or task.address in reaches_large:
            reaches_large.update(task.waits_for)
        if task.step.load is not None or task.address in reaches_load:
            reaches_load.update(task.waits_for)
    return frozenset(found)


def _is_alike(task: Task, prior: Mapping[Address, Build], engine: str) -> bool:
    """Tell whether a task makes a table in place of a table that may be laid beside it."""
    if not task.build.relation or task.step.load is not None or task.address not in prior:
        return False
    old = prior[task.address]
    is_there = old.status is BuildStatus.SEALED and old.engine == engine and bool(old.relation)
    return is_there and old.load is None
