"""Headgate's rows and the floors beside them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.measure import Command, Measured, measure, nothing
from bench.projects import HeadgateProject
from bench.table import Aim, Row
from bench.workload import Asset, make_workload

BUILD_SIZE_MAX = 2000
"""Above it a project is built once, to have something to plan against, and nothing is switched."""

PLAN_AIMS: Mapping[str, Mapping[int, float]] = {
    "unchanged": {1000: 0.3, 10000: 0.12},
    "edited": {1000: 0.6, 10000: 0.17},
}
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Bench:
    """The measurements of one size, in `folder`."""

    size: int
    rows: int
    runs: int
    folder: Path
    project: HeadgateProject = field(init=False)
    floors: dict[str, Measured] = field(default_factory=dict)
    salts: Iterator[int] = field(default_factory=lambda: count(100))

    def __post_init__(self) -> None:
        root = self.folder / "headgate"
        root.mkdir(parents=True)
        fault = self._floor("raw", runs=1).fault
        if fault:
            raise SystemExit(f"the raw tables could not be made: {fault}")
        self.project = HeadgateProject(root, self.folder / "seed.duckdb", make_workload(self.size, self.rows))
        self.project.write()

    @property
    def is_built_often(self) -> bool:
        return self.size <= BUILD_SIZE_MAX

    def _floor(self, work: str, runs: int) -> Measured:
        arguments = (sys.executable, "-m", "bench.floors", work, str(self.size), str(self.rows), str(self.folder))
        return measure(Command(arguments, ROOT), runs=runs)

    def measure_floors(self) -> None:
        """Measure P, Q and, where the project is built, B and V."""
        self.floors["P"] = self._floor("parse", self.runs)
        self.floors["Q"] = self._floor("qualify", self.runs)
        if self.is_built_often:
            self.floors["B"] = self._floor("build", self.runs)
            self.floors["V"] = self._floor(f"views:{self.size}", self.runs)
            self.floors["V10"] = self._floor("views:10", self.runs)

    def measured(
        self, *arguments: str, runs: int = 0, prepare: Callable[[], None] = nothing, with_memory: bool = True
    ) -> Measured:
        """Return what `headgate ARGUMENTS` in the project took."""
        command = Command((sys.executable, "-m", "headgate", *arguments), self.project.root)
        return measure(command, runs=runs or self.runs, prepare=prepare, with_memory=with_memory)

    def do(self, *arguments: str) -> str:
        """Carry out a command that is not measured; return why it failed, or the empty string."""
        return self.measured(*arguments, runs=1, with_memory=False).fault

    def row(self, work: str, floor: str, factor: float, measured: Measured) -> Row:
        return Row(work, self.size, Aim(floor, factor), measured, self.floors.get(floor))

    def build_rows(self) -> Iterator[Row]:
        """Build everything, cold and with a warm cache; leaves dev applied."""
        project = self.project

        def cold() -> None:
            project.reset_warehouse()
            project.remove(".headgate")

        if not self.is_built_often:
            once = self.measured("apply", "dev", "--yes", runs=1, prepare=cold, with_memory=False)
            yield self.row("full build, once, with a cold plan", "", 0.0, once)
            return
        built = self.measured("apply", "dev", "--yes", prepare=cold)
        yield self.row("full build, cold plan and views included", "B", 1.5, built)
        built = self.measured("apply", "dev", "--yes", prepare=project.reset_warehouse)
        yield self.row("full build, warm cache", "B", 1.2, built)

    def plan_rows(self) -> Iterator[Row]:
        """Plan against the applied dev: nothing changed, one file edited, without any cache."""
        asset = self.project.workload.assets[self.size * 9 // 10]

        def edit() -> None:
            self.project.write_asset(asset, next(self.salts))

        unchanged = self.measured("plan", "dev")
        yield self.row("plan, nothing changed", "P", PLAN_AIMS["unchanged"].get(self.size, 0.3), unchanged)
        edited = self.measured("plan", "dev", prepare=edit)
        yield self.row("plan, one file edited", "P", PLAN_AIMS["edited"].get(self.size, 0.6), edited)
        self.project.write_asset(asset, 0)
        cold = self.measured("plan", "dev", prepare=lambda: self.project.remove(".headgate"))
        yield self.row("plan without any cache", "Q", 1.4, cold)
        if self.size >= 10000:
            for work, measured in (("nothing changed", unchanged), ("one file edited", edited), ("no cache", cold)):
                only_memory = Measured(memory=measured.memory, fault=measured.fault)
                yield Row(f"memory of a plan, {work}", self.size, Aim(megabytes=300), only_memory)

    def switch_rows(self) -> Iterator[Row]:
        """Promote and roll back, all pointers moved and then ten of them."""
        if not self.is_built_often:
            return
        self.do("apply", "dev", "--yes")
        fault = self.do("promote", "dev", "--yes")
        for moved, floor, assets in (
            (self.size, "V", self.project.workload.assets),
            (10, "V10", self.project.workload.leaves[:10]),
        ):
            fault = fault or self._edit_and_apply(assets)
            for row in self._moved(f"{moved:,} moved pointers", floor, fault):
                fault = fault or row.measured.fault
                yield row
            fault = fault or self.do("promote", "dev", "--yes")

    def _moved(self, work: str, floor: str, fault: str) -> Iterator[Row]:
        if fault:
            yield self.row(f"promote of {work}", floor, 1.5, Measured(fault=fault))
            return
        first = self.measured("promote", "dev", "--yes", runs=1, with_memory=False)
        yield self.row(f"promote of {work}, not compared yet", "", 0.0, first)
        promoted = self.measured("promote", "dev", "--yes", prepare=self._rolled_back)
        yield self.row(f"promote of {work}", floor, 1.5, promoted)
        back = self.measured("rollback", "prod", "--yes", prepare=_every_time_but_the_first(self._promoted))
        yield self.row(f"rollback of {work}", floor, 1.5, back)

    def _edit_and_apply(self, assets: tuple[Asset, ...]) -> str:
        self.project.write_assets(assets, next(self.salts))
        self.project.commit("Edit")
        return self.do("apply", "dev", "--yes")

    def _rolled_back(self) -> None:
        self.do("rollback", "prod", "--yes")

    def _promoted(self) -> None:
        self.do("promote", "dev", "--yes")


def _every_time_but_the_first(prepare: Callable[[], None]) -> Callable[[], None]:
    times = count()

    def prepared() -> None:
        if next(times):
            prepare()

    return prepared


def start_rows(runs: int) -> Iterator[Row]:
    """Measure starting: `--help` and `--version` beside a bare interpreter."""
    bare = measure(Command((sys.executable, "-c", "pass"), ROOT), runs=runs)
    for option in ("--help", "--version"):
        command = Command((sys.executable, "-m", "headgate", option), ROOT)
        measured = measure(command, runs=runs, with_memory=True)
        yield Row(f"headgate {option}", 0, Aim("python -c pass", 6), measured, bare)
