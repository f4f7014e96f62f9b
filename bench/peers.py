"""The same work with SQLMesh and dbt-duckdb, where they are installed in environments of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.measure import Command, Measured, measure, nothing
from bench.projects import DbtProject, SqlmeshProject
from bench.table import Aim, Row
from bench.workload import Workload

QUIET = {"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


@dataclass(frozen=True)
class Peer:
    """A tool: the Python of its environment, the folder to work in, how often each command is executed."""

    python: Path
    folder: Path
    raw: Path
    runs: int

    def command(self, script: str, *arguments: str, root: Path) -> Command:
        return Command((str(self.python.parent / script), *arguments), root, QUIET, timeout_seconds=3600)


def sqlmesh_rows(peer: Peer, workload: Workload) -> Iterator[Row]:
    """Measure SQLMesh: build into dev, show all of it in prod, plans, and one model promoted and taken back."""
    project = SqlmeshProject(peer.folder / "sqlmesh", peer.raw, workload)
    project.root.mkdir()
    project.write()
    size = len(workload.assets)
    salts = count(1)
    asset = workload.assets[size * 9 // 10]

    def planned(*arguments: str) -> Command:
        return peer.command("sqlmesh", "plan", *arguments, "--no-prompts", "--skip-tests", root=project.root)

    def edit() -> None:
        project.write_asset(asset, next(salts))

    def row(work: str, measured: Measured) -> Row:
        return Row(f"SQLMesh: {work}", size, Aim(), measured)

    def cold() -> None:
        project.reset_warehouse()
        project.remove(".cache")

    built = measure(planned("dev", "--auto-apply"), runs=peer.runs, prepare=cold, with_memory=True)
    yield row("full build, cold", built)
    if built.fault:
        return
    yield row(f"promote of {size:,}", measure(planned("--auto-apply"), runs=1))
    looked_at = planned("dev", "--explain")  # without it a plan with changes asks whether to apply them
    yield row("plan, nothing changed", measure(looked_at, runs=peer.runs, with_memory=True))
    yield row("plan, one file edited", measure(looked_at, runs=peer.runs, prepare=edit, with_memory=True))
    project.write_asset(asset, 0)
    without_cache = measure(planned("dev"), runs=peer.runs, prepare=lambda: project.remove(".cache"), with_memory=True)
    yield row("plan without any cache", without_cache)
    edit()
    measure(planned("dev", "--auto-apply"), runs=1)
    yield row("promote of one edited model", measure(planned("--auto-apply"), runs=1))
    project.write_asset(asset, 0)
    yield row("rollback of it (the file restored)", measure(planned("--auto-apply"), runs=1))


def dbt_rows(peer: Peer, workload: Workload) -> Iterator[Row]:
    """Measure dbt-duckdb: parse cold and cached, build."""
    project = DbtProject(peer.folder / "dbt", peer.raw, workload)
    project.root.mkdir()
    project.write()
    size = len(workload.assets)
    for work, verb, prepare in (
        ("parse, no cache", "parse", lambda: project.remove("target")),
        ("parse, cached", "parse", nothing),
        ("full build, parsed before", "run", project.reset_warehouse),
    ):
        command = peer.command("dbt", "--quiet", verb, "--profiles-dir", ".", root=project.root)
        measured = measure(command, runs=peer.runs, prepare=prepare, with_memory=True)
        yield Row(f"dbt: {work}", size, Aim(), measured)
