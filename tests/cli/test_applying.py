"""What an apply refuses before it builds anything, and what may happen to the files while it builds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headgate.app.apply import apply
from headgate.app.plan import Planned, Request, plan_for_apply
from headgate.app.repository import open_repository
from headgate.core.errors import StalePlan

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
    with session, pytest.raises(StalePlan, match="HG502 the plan was made .* other"):
        apply(session, elsewhere, report=lambda _: None)
    assert not (root / "warehouse.duckdb").exists()
