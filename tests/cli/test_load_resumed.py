"""A load that was cut off is gone on with: what it has made is not made again."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from headgate.app.apply import apply
from headgate.app.plan import Request, plan_for_apply
from headgate.app.repository import open_repository
from headgate.core.ports.loads import LoadPart, OpenLoad
from headgate.plugins.engines.duckdb import DuckEngine
from tests.cli.scenario import play

pytestmark = pytest.mark.slow

DAYS = 12
NOW = "2026-01-13T00:00:00Z"
PROJECT = """An incremental of twelve days, a day a part.

--- file assets/raw/events.csv
at
{rows}
--- file assets/m/daily.sql
/* headgate
kind: incremental
time_column: at
start: 2026-01-01
batch: 1 day
owner: ada
*/
select e.at from raw.events as e where e.at >= :start and e.at < :end
"""


class Killed(BaseException):
    """The process is as good as gone."""


def test_parts_that_were_made_before_a_kill_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "\n".join(f"2026-01-{day:02} 10:00:00" for day in range(1, DAYS + 1))
    play(PROJECT.format(rows=rows), tmp_path)
    made: list[str] = []
    guard = threading.Lock()
    original = DuckEngine.load_part

    def load_part(engine: DuckEngine, load: OpenLoad, part: LoadPart) -> int:
        with guard:
            if len(made) == limit:
                raise Killed
            made.append(part.interval.start)
        return original(engine, load, part)

    monkeypatch.setattr(DuckEngine, "load_part", load_part)
    limit = 5
    with pytest.raises(Killed):
        _apply(tmp_path)
    limit = DAYS + 1
    _apply(tmp_path)
    assert sorted(made) == [f"2026-01-{day:02}T00:00:00" for day in range(1, DAYS + 1)]


def _apply(root: Path) -> Any:
    session, repository = open_repository(root)
    with session:
        session.settle("dev")
        planned = plan_for_apply(session, repository, Request("dev", now=NOW))
        return apply(session, planned, report=lambda _event: None)
