"""Records of runs: numbered, kept for a while, told when they were cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headgate.app.gc import gc
from headgate.app.repository import open_repository
from headgate.app.run import RunRequest, plan_run, run
from headgate.app.run_records import begun, last_run, read_runs, recorded_end
from headgate.app.runs import runs
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import StalePlan
from headgate.core.runs import RunStatus
from headgate.words.runs import row_of
from tests.cli.scenario import play

pytestmark = pytest.mark.slow

PROJECT = """A seed, shown in dev, which keeps nothing that was replaced.

--- file headgate.toml
[environments."*"]
engine = "local"
retain = "0 seconds"

[engines.local]
kind = "duckdb"
path = "warehouse.duckdb"
--- file assets/m/t.csv
x
1
--- run
$ headgate apply dev --yes --quiet
...
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    play(PROJECT, tmp_path)
    return tmp_path


def test_only_so_many_old_records_stay(project: Path) -> None:
    session, repository = open_repository(project)
    with session:
        for _ in range(104):
            run(session, plan_run(session, repository, RunRequest("dev")), report=lambda _event: None)
        assert gc(session).plan.records >= 4
        with session.reading() as reading:
            found = read_runs(reading, "dev")
            assert [one.number for one in found] == list(range(5, 105))
            assert last_run(reading, "dev") == found[-1]
        run(session, plan_run(session, repository, RunRequest("dev")), report=lambda _event: None)
        assert runs(session, "dev", limit=1).runs[0].number == 105


def test_a_run_that_is_refused_ended_and_says_why(project: Path) -> None:
    session, repository = open_repository(project)
    with session:
        done = run(session, plan_run(session, repository, RunRequest("dev")), report=lambda _event: None)
        begins = begun(session.store(), replace(done.record, status=RunStatus.RUNNING, ended_at=""))
        refusal = StalePlan([Diagnostic("HG502", "dev has moved since: it was at 1 and is at 2")])
        with pytest.raises(StalePlan), recorded_end(session.store(), begins):
            raise refusal
        found = runs(session, "dev").runs[0]
    assert (found.number, found.status, bool(found.ended_at)) == (begins.number, RunStatus.FAILED, True)
    assert row_of(found, is_at_work=False)[2:] == ("failed", "dev has moved since: it was at 1 and is at 2")


def test_a_run_that_never_ended_was_cut_off(project: Path) -> None:
    session, repository = open_repository(project)
    with session:
        done = run(session, plan_run(session, repository, RunRequest("dev")), report=lambda _event: None)
        begun(session.store(), replace(done.record, status=RunStatus.RUNNING, ended_at=""))
        found = runs(session, "dev")
    assert row_of(found.runs[0], is_at_work=found.is_at_work)[2] == "cut off"
    assert row_of(found.runs[0], is_at_work=True)[2] == "running"
    assert row_of(found.runs[1], is_at_work=False)[2] == "nothing new"
