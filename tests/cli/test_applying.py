"""What an apply refuses before it builds anything, and what may happen to the files while it builds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headgate.app.apply import apply
from headgate.app.plan import Planned, Request, plan_for_apply
from headgate.app.repository import open_repository
from headgate.core.errors import Refused, StalePlan
from headgate.core.hashing import content_digest
from headgate.core.progress import RunEvent
from headgate.core.records import Collection
from headgate.release.source_code import blobs_of

SQL = "/* headgate\nowner: ops\n*/\nselect 1 as x\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "assets" / "m").mkdir(parents=True)
    (tmp_path / "headgate.toml").write_text('name = "shop"\n')
    (tmp_path / "assets" / "m" / "a.sql").write_text(SQL)
    return tmp_path


def planned_for(root: Path, environment: str = "dev") -> Planned:
    session, repository = open_repository(root)
    with session:
        return plan_for_apply(session, repository, Request(environment))


@pytest.mark.parametrize("other", [{"project": "other"}, {"engine": "other"}])
def test_a_plan_of_another_project_or_engine_is_stale(root: Path, other: dict[str, str]) -> None:
    planned = planned_for(root)
    elsewhere = replace(planned, plan=replace(planned.plan, **other))
    session, _ = open_repository(root)
    with session, pytest.raises(StalePlan, match=r"HG502 the plan was made .* other"):
        apply(session, elsewhere, report=lambda _: None)
    assert not (root / "warehouse.duckdb").exists()


@pytest.mark.parametrize("change", ["edit", "rename"])
def test_a_file_may_change_while_its_table_is_built(root: Path, change: str) -> None:
    planned = planned_for(root)
    file = root / "assets" / "m" / "a.sql"

    def meanwhile(_: RunEvent) -> None:
        if change == "edit":
            file.write_text(SQL.replace("1", "2"))
        elif file.exists():
            file.rename(file.with_name("b.sql"))

    session, _ = open_repository(root)
    with session:
        applied = apply(session, planned, report=meanwhile)
        assert applied.move is not None
        with session.reading() as reading:
            blobs = blobs_of(reading, applied.move.tree)
            assert blobs["assets/m/a.sql"] == content_digest([SQL.encode()])
            assert reading.get(Collection.BLOBS, blobs.values()).keys() == set(blobs.values())


@pytest.mark.parametrize("change", ["edit", "rename"])
def test_a_file_that_changed_since_the_plan_stops_the_apply_before_any_build(root: Path, change: str) -> None:
    planned = planned_for(root)
    file = root / "assets" / "m" / "a.sql"
    if change == "edit":
        file.write_text(SQL.replace("1", "2"))
    else:
        file.rename(file.with_name("b.sql"))
    events: list[RunEvent] = []
    session, _ = open_repository(root)
    with session, pytest.raises(Refused, match=r"HG451 assets/m/a\.sql was"):
        apply(session, planned, report=events.append)
    assert events == []
