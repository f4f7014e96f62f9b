"""The order of work: what is ready goes to the workers, what they made is sealed, what cannot be made is told."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.plan import Plan
from headgate.core.ports.engine import Engine
from headgate.core.ports.python import PythonRunner
from headgate.core.progress import CutOff as CutOffEvent
from headgate.core.progress import Failed, Finished, Interrupted, RunEvent, Skipped, Started
from headgate.core.records import Build, BuildStatus
from headgate.run.attempt import Attempted, Bench, Made, NotMade, attempt
from headgate.run.cut_off import CutOff, Equate, nothing_equal
from headgate.run.failure import quotable_in
from headgate.run.grouping import multiplying, seconds_if_small, small_group
from headgate.run.ledger import Ledger
from headgate.run.outcome import Failure, Outcome
from headgate.run.prepare import Prepared, Task
from headgate.run.texts import input_relations, inputs_through_views
from headgate.run.workers import Group, Workers

SMALL_GROUPS_AT_ONCE = 2
"""Two threads keep two cores busy with small statements; a third gains nothing, as they share the interpreter."""

LOOK_SECONDS = 0.2
"""How often to look which small task is running, for telling."""

DRAIN_SECONDS = 0.1
"""How long to wait for interrupted statements before interrupting once more (one may have begun just after)."""

DRAIN_ROUNDS = 300
"""So often at most."""

NONE_SHOWN: Mapping[Address, Build] = MappingProxyType({})
"""Where nothing was shown before."""


class Schedule:
    """One run: which tasks are ready, on their way, made, failed. Used by one thread, once."""

    def __init__(
        self,
        plan: Plan,
        prepared: Prepared,
        *,
        ledger: Ledger,
        engine: Engine,
        root: str,
        report: Callable[[RunEvent], None],
        threads: int,
        runner: PythonRunner | None = None,
        prior: Mapping[Address, Build] = NONE_SHOWN,
        equate: Equate = nothing_equal,
    ) -> None:
        self._plan = plan
        self._prepared = prepared
        self._ledger = ledger
        self._engine = engine
        self._runner = runner
        self._report = report
        self._threads = threads
        self._tasks = {task.address: task for task in prepared.tasks}
        self._left = {task.address: len(task.waits_for) for task in prepared.tasks}
        self._readers: dict[Address, list[Address]] = {address: [] for address in self._tasks}
        for task in prepared.tasks:
            for address in task.waits_for:
                self._readers[address].append(task.address)
        self._ready = [(task.number, task) for task in prepared.tasks if not task.waits_for]
        self._rows = _rows_of_inputs(plan, prepared)
        self._running: list[Group] = []
        self._unsealed: dict[Address, Build] = {}
        self._sealed: dict[Address, Build] = {}
        self._failed: dict[Address, NotMade] = {}
        self._cut: dict[Address, Build] = {}
        self._spared: set[Address] = set()
        self._is_stopped = False
        self._relations = self._texts_of_inputs()
        self._uncertain = multiplying(prepared.tasks, self._relations)
        large = [t.address for t in prepared.tasks if seconds_if_small(t, self._rows, self._uncertain) is None]
        self._cut_off = CutOff(prepared, prior, engine=plan.engine, large=frozenset(large), equate=equate)
        self._uncertain |= self._cut_off.watched  # what is looked at goes alone: its readers wait for what is found

        quotable = quotable_in(plan)

        def work(group: Group) -> tuple[Attempted, ...]:
            bench = Bench(
                engine,
                root,
                self._relations,
                lambda: self._is_stopped,
                group.begin,
                runner,
                self._cut_off.versions_of,
                quotable,
            )
            return attempt(group.tasks, bench)

        self._workers = Workers(threads if self._tasks else 0, work)

    def run(self) -> Outcome:
        """Make what can be made, and return what came of it."""
        try:
            self._work()
        except KeyboardInterrupt:
            self._report(Interrupted())
            self._stop()
            self._seal()
        except BaseException:
            self._stop()
            raise
        finally:
            self._workers.end()
        return self._finish()

    def _work(self) -> None:
        self._give()
        while self._running:
            self._workers.wait(LOOK_SECONDS)
            self._collect()
            self._tell_begun()
            self._give()  # before sealing, so that the engine is not idle meanwhile
            self._seal()

    def _give(self) -> None:
        while len(self._running) < self._threads and (group := self._next_group()) is not None:
            if not group.is_small:
                self._report(Started(group.tasks[0].address))
            self._running.append(group)
            self._workers.give(group)

    def _tell_begun(self) -> None:
        """Tell at which task each small group is; of most nobody hears, as they are done before."""
        for group in self._running:
            address = group.current
            if group.is_small and address and address != group.told:
                group.told = address
                self._report(Started(address))

    def _next_group(self) -> Group | None:
        """Take the next work: the first large task, or small ones where none are on their way."""
        may_be_small = sum(group.is_small for group in self._running) < SMALL_GROUPS_AT_ONCE
        for entry in sorted(self._ready):
            if seconds_if_small(entry[1], self._rows, self._uncertain) is None:
                return self._taken((entry[1],), is_small=False)
            if may_be_small:
                group = small_group(
                    self._ready,
                    left=self._left,
                    readers=self._tasks_reading,
                    rows=self._rows,
                    uncertain=self._uncertain,
                )
                return self._taken(group, is_small=True)
        return None

    def _taken(self, tasks: tuple[Task, ...], *, is_small: bool) -> Group:
        taken = {task.address for task in tasks}
        self._ready = [entry for entry in self._ready if entry[1].address not in taken]
        heapq.heapify(self._ready)
        return Group(tasks, is_small)

    def _collect(self) -> None:
        """Take in every group that is done; harmless when it is cut short and called again."""
        for group in [group for group in self._running if group.is_done]:
            if group.error is not None:
                self._running.remove(group)
                raise group.error
            self._settle(group.results)
            self._running.remove(group)

    def _settle(self, results: Iterable[Attempted]) -> None:
        for item in results:
            address = item.task.address
            if isinstance(item, NotMade):
                if address not in self._failed:
                    self._failed[address] = item
                    self._report(Failed(address, item.diagnostic))
            elif address not in self._unsealed and address not in self._sealed:
                build = self._unsealed[address] = _sealed(item)
                if item.versions is not None:
                    build = self._unsealed[address] = replace(build, equals=self._cut_off.prior[address].id)
                    self._prepared.builds.add(build, address)
                    self._decide_again(address)
                self._rows[address] = self._rows_made(item)
                self._release_readers(address)
                if item.task.build.relation:
                    self._report(Finished(address, item.result.rows, item.result.seconds, item.result.bytes))

    def _release_readers(self, address: Address) -> None:
        on_their_way = self._on_their_way()
        for reader in self._readers[address]:
            self._left[reader] -= 1
            if self._left[reader] > 0 or reader in on_their_way:
                continue
            if reader in self._spared:
                self._spare(reader)
            else:
                heapq.heappush(self._ready, (self._tasks[reader].number, self._tasks[reader]))

    def _on_their_way(self) -> set[Address]:
        return {task.address for group in self._running for task in group.tasks}

    def _tasks_reading(self, address: Address) -> Sequence[Task]:
        """Return the tasks that read an address and are to be made, as far as that is known by now."""
        return [self._tasks[reader] for reader in self._readers[address] if reader not in self._spared]

    def _decide_again(self, changed: Address) -> None:
        """Decide again what reads a build, however far, that counts under other versions than it was planned with.

        What is on its way waits for none of that. Cost: one pass over the tasks, and one over the plan's texts.
        """
        moved, builds = {changed}, self._prepared.builds
        settled = self._on_their_way() | self._sealed.keys() | self._unsealed.keys() | self._failed.keys()
        for address, task in self._tasks.items():
            if address in settled or moved.isdisjoint(task.step.inputs):
                continue
            decided = self._cut_off.decided(task, builds)
            if decided.id == task.build.id:
                self._tasks[address] = replace(task, build=decided)
                self._spared.discard(address)
            else:
                self._spared.add(address)
            builds.add(decided, address)
            moved.add(address)
        self._relations.update(self._texts_of_inputs())

    def _spare(self, address: Address) -> None:
        """Let an address show what it shows, and release what waits for it."""
        build = self._cut[address] = self._prepared.builds[address]
        self._rows[address] = build.rows
        self._report(CutOffEvent(address, build.rows))
        self._release_readers(address)

    def _texts_of_inputs(self) -> dict[Address, str]:
        readers = [t.step for t in self._prepared.tasks if t.step.kind is not Kind.VIEW]
        return dict(input_relations(self._plan, self._prepared.builds, readers, engine=self._engine))

    def _rows_made(self, item: Made) -> int:
        if item.task.step.kind is not Kind.VIEW:
            return item.result.rows
        return max((self._rows.get(address, 0) for address in item.task.step.inputs), default=0)

    def _seal(self) -> None:
        """Seal all that finished since the last time, in one batch."""
        if self._unsealed:
            batch = dict(self._unsealed)
            self._ledger.seal(tuple(batch.values()))
            self._sealed.update(batch)
            for address in batch:
                self._unsealed.pop(address, None)

    def _stop(self) -> None:
        """Start nothing more, end what runs, and take in what was made all the same.

        What does not end is left behind: the engine's rows tell the next holder of the lease what came of it.
        """
        self._is_stopped = True
        for _ in range(DRAIN_ROUNDS):
            if not any(group.is_started and not group.is_done for group in self._running):
                break
            self._engine.interrupt()
            if self._runner is not None:
                self._runner.interrupt()
            self._workers.wait(DRAIN_SECONDS)
        for group in self._running:
            self._settle(group.results)
        self._running.clear()

    def _finish(self) -> Outcome:
        missing = frozenset(self._tasks.keys() - self._sealed.keys() - self._cut.keys())
        not_started = tuple(a for a in self._tasks if a in missing and a not in self._failed)
        causes = self._causes()
        for address in not_started:
            self._report(Skipped(address, causes.get(address)))
        absent = [a for a in not_started if not self._is_stopped or a in causes]
        absent += [address for address, item in self._failed.items() if item.is_absent]
        absent += self._cut
        self._ledger.take_back([self._tasks[address].build for address in absent])
        builds = self._prepared.builds.without(missing)
        for address, build in self._sealed.items():
            builds.add(build, address)
        return Outcome(
            builds=builds,
            failures=tuple(Failure(item.task.address, item.diagnostic) for item in _in_order(self._failed)),
            not_started=not_started,
            made=tuple(self._sealed),
            is_interrupted=self._is_stopped,
            cut_off=tuple(self._cut),
        )

    def _causes(self) -> Mapping[Address, Address]:
        """Return for each task that waits for a failed one, however far, which one that is."""
        causes: dict[Address, Address] = {}
        for address, task in self._tasks.items():
            for waited in sorted(task.waits_for):
                if waited in self._failed or waited in causes:
                    causes.setdefault(address, causes.get(waited, waited))
        return causes


def _sealed(item: Made) -> Build:
    build, result = item.task.build, item.result
    return replace(
        build,
        versions=item.versions or build.versions,
        status=BuildStatus.SEALED,
        rows=result.rows,
        bytes=result.bytes,
        seconds=round(result.seconds, 6),
        printed=result.printed,
    )


def _in_order(failed: Mapping[Address, NotMade]) -> Sequence[NotMade]:
    return sorted(failed.values(), key=lambda item: item.task.number)


def _rows_of_inputs(plan: Plan, prepared: Prepared) -> dict[Address, int]:
    """Return the rows of existing builds that tasks read, also through views (of a view: its largest input's)."""
    wanted = inputs_through_views(plan, (task.step for task in prepared.tasks))
    made = {task.address for task in prepared.tasks}
    rows: dict[Address, int] = {}
    for step in plan.steps:
        if step.address not in wanted or step.address in made or step.address not in prepared.builds:
            continue
        if step.kind is not Kind.VIEW:
            build = prepared.builds[step.address]
            if build.seconds:  # one that recovery sealed has no rows on record
                rows[step.address] = build.rows
        elif all(address in rows for address in step.inputs):
            rows[step.address] = max((rows[address] for address in step.inputs), default=0)
    return rows
