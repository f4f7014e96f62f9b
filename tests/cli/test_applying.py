"""What an apply refuses before it builds anything, and what may happen to the files while it builds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from headgate.app.apply import apply
from headgate.app.plan import Planned, Request, plan_for_apply
from headgate.app.repository import open_repository
from headgate.core.errors import Refused, StalePlan
from headgate.core.hashing import content_digest
from headgate.core.progress import RunEvent
from headgate.core.records import Collection
from headgate.release.source_code import blobs_of
from tests.cli.scenario import headgate

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


def builds_of(root: Path) -> list[str]:
    session, _ = open_repository(root)
    with session, session.reading() as reading:
        return [key for key, _ in reading.scan(Collection.BUILDS)]


TWO_ENGINES = """name = "shop"
[environments.prod]
engine = "a"
protected = true
[environments."*"]
engine = "a"
[engines.a]
kind = "duckdb"
path = "warehouse.duckdb"
[engines.b]
kind = "duckdb"
path = "b.duckdb"
"""


def test_a_table_of_somebody_else_in_the_way_is_told_before_any_build(root: Path) -> None:
    with duckdb.connect(str(root / "warehouse.duckdb")) as connection:
        connection.execute('create schema m__dev; create table m__dev."A" as select 1 as x')
    text, status = headgate(["apply", "dev", "--yes"], root)
    assert status == 1
    assert "HG510  the engine has tables or views of somebody else under these names: m__dev.a" in text
    assert builds_of(root) == []


def test_tables_in_the_way_of_production_are_all_told_before_any_build(root: Path) -> None:
    names = [f"t{number}" for number in range(7)]
    with duckdb.connect(str(root / "warehouse.duckdb")) as connection:
        connection.execute("create schema m")
        for name in names:
            (root / "assets" / "m" / f"{name}.sql").write_text(SQL)
            connection.execute(f"create table m.{name} as select 1 as x")
    text, status = headgate(["apply", "dev", "--yes"], root)
    assert status == 0
    before, _, after = text.partition("dev: 8 assets")
    warned, _, rest = before.partition(
        "Rename the assets, or promote with --adopt, which sets those tables aside in prod.\n"
    )
    assert "warning HG510  prod cannot show these assets" in warned
    assert "names: m.t0, m.t1, m.t2, m.t3, m.t4 and 2 more\n" in warned
    assert all(f"\n  m.{name}\n" in warned for name in names)
    assert "m.t0" in rest
    assert "m.t0" not in after.partition("\n")[2]
    text, status = headgate(["promote", "dev", "--yes"], root)
    assert (status, all(f"\n  m.{name}\n" in text for name in names)) == (1, True)
    with duckdb.connect(str(root / "warehouse.duckdb")) as connection:
        for name in names:
            connection.execute(f"drop table m.{name}")
    (root / "assets" / "m" / "t0.sql").write_text(SQL.replace("1", "2"))
    assert "HG510" not in headgate(["apply", "dev", "--yes"], root)[0]


def test_what_the_environment_shows_already_is_in_nobodys_way(root: Path) -> None:
    assert headgate(["apply", "dev", "--yes"], root)[1] == 0
    file = root / "assets" / "m" / "a.sql"
    file.write_text(SQL.replace("select 1", "select 2"))
    file.rename(file.with_name("A.sql"))
    text, status = headgate(["apply", "dev", "--yes"], root)
    assert status == 0, text
    (root / "assets" / "m" / "b.sql").write_text(SQL)
    assert headgate(["apply", "dev", "--yes"], root)[1] == 0


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_schemas_of_another_environment_are_told_before_any_build(root: Path, command: str) -> None:
    (root / "headgate.toml").write_text(TWO_ENGINES)
    assert headgate(["apply", "dev-2", "--yes"], root)[1] == 0
    (root / "assets" / "m" / "a.sql").write_text(SQL.replace("1", "2"))
    before = builds_of(root)
    text, status = headgate([command, "dev_2", *(["--yes"] if command == "apply" else [])], root)
    assert (status, text.splitlines()[0]) == (
        1, "refused HG507  dev_2 and dev-2 would have the same schemas in the engine"
    )  # fmt: skip
    assert builds_of(root) == before


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_another_engine_is_told_before_any_build(root: Path, command: str) -> None:
    (root / "headgate.toml").write_text(TWO_ENGINES)
    assert headgate(["apply", "dev", "--yes"], root)[1] == 0
    (root / "headgate.toml").write_text(TWO_ENGINES.replace('"*"]\nengine = "a"', '"*"]\nengine = "b"'))
    before = builds_of(root)
    text, status = headgate([command, "dev", *(["--yes"] if command == "apply" else [])], root)
    assert (status, text.splitlines()[0]) == (1, "refused HG509  dev lives in the engine a, not in b")
    assert builds_of(root) == before


def test_a_table_in_the_way_of_new_schemas_is_told_before_any_build(root: Path) -> None:
    (root / "assets" / "m" / "b.sql").write_text(SQL)
    assert headgate(["apply", "dev", "--yes"], root)[1] == 0
    with duckdb.connect(str(root / "warehouse.duckdb")) as connection:
        connection.execute("create schema m; create table m.b as select 1 as x")
    (root / "headgate.toml").write_text('name = "shop"\n[environments.dev]\nbare_schemas = true\n')
    (root / "assets" / "m" / "a.sql").write_text(SQL.replace("1", "2"))
    before = builds_of(root)
    text, status = headgate(["apply", "dev", "--yes"], root)
    assert (status, "HG510" in text, "names: m.b\n" in text) == (1, True, True), text
    assert builds_of(root) == before
