"""Records of runs: numbered, kept for a while, told when they were cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headgate.app.gc import gc
from headgate.app.repository import open_repository
from headgate.app.run import RunRequest, plan_run, run
from headgate.app.running.records import begun, last_run, read_runs, recorded_end
from headgate.app.runs import runs
from headgate.app.status import status
from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import StalePlan
from headgate.core.ports.store import Lease
from headgate.core.runs import DETAIL_MAX, RunRecord, RunStatus, RunStep, detail_of, run_from_json, run_to_json
from headgate.words.runs import failures_of, row_of
from headgate.words.status import notes_of
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


def test_a_record_from_before_details_were_kept_is_read() -> None:
    step = RunStep("failed", "the engine refused its SQL", detail="DuckDB: no")
    record = RunRecord("dev", 1, 1, "", "", "", "ada", RunStatus.FAILED, steps={Address("m.a"): step}, detail="b.sql:1")
    body = run_to_json(record)
    assert run_from_json(body) == record
    del body["detail"], body["steps"]["m.a"]["detail"]
    old = replace(record, detail="", steps={Address("m.a"): replace(step, detail="")})
    assert run_from_json(body) == old
    assert failures_of(old) == []


def test_a_long_word_of_an_engine_is_cut() -> None:
    assert len(detail_of(Diagnostic("HG601", "refused", detail="x" * 10_000))) == DETAIL_MAX


def test_a_status_tells_a_run_that_was_cut_off(project: Path) -> None:
    session, repository = open_repository(project)
    with session:
        done = run(session, plan_run(session, repository, RunRequest("dev")), report=lambda _event: None)
        assert not notes_of(status(session, "dev")[0])
        begun(session.store(), replace(done.record, status=RunStatus.RUNNING, ended_at=""))
        (one,) = status(session, "dev")
        assert notes_of(one) == ["dev: its last run, 2, was cut off just now: headgate runs dev 2"]
        lease = Lease("engine/local", 1, "ada", "run dev", "")
        assert len(notes_of(replace(one, lease=lease))) == 1, "it goes on"
