"""A plan of a few edited texts, made from what they reach alone, is the plan that is made of everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.app.apply import apply
from headgate.app.plan import Planned, Request, plan, plan_for_apply
from headgate.app.repository import open_repository
from headgate.core.errors import Refused
from headgate.core.plan import Action, Plan, Step

pytestmark = pytest.mark.slow

SEED_ROWS = "id,kind,amount\n1,a,10\n2,b,20\n3,a,30\n"
EXPOSURES = """exposures:
  - name: board
    owner: {name: ops}
    depends_on: [m.total, m.wide]
"""


def sql(select: str, kind: str = "table", owner: str = "ops") -> str:
    return f"/* headgate\nkind: {kind}\nowner: {owner}\n*/\n{select}\n"


FILES = {
    "headgate.toml": 'name = "little"\n',
    "assets/raw/items.csv": SEED_ROWS,
    "assets/raw/seeds.yml": "models:\n  - name: items\n    owner: ops\n",
    "assets/exposures.yml": EXPOSURES,
    "assets/s/items.sql": sql("select id, kind, amount from raw.items where amount > 0"),
    "assets/s/live.sql": sql("select id, amount * 2 as twice from s.items", kind="view"),
    "assets/m/total.sql": sql("select kind, sum(amount) as total from s.items group by kind"),
    "assets/m/wide.sql": sql("select i.*, l.twice from s.items i join s.live l on i.id = l.id"),
    "assets/m/top.sql": sql("select kind from m.total where total > 5"),
    "assets/m/other.sql": sql("select count(*) as n from m.wide"),
    "assets/m/seen.sql": sql("select id, kind from raw.items", kind="incremental\nunique_key: ID"),
    "assets/m/past.sql": sql("select id, kind from raw.items", kind="snapshot\nunique_key: ID\ncheck: all"),
    "assets/m/now.sql": sql("select id from m.past where valid_to is null"),
}

Edit = tuple[str, str]
SIMPLE: tuple[Edit, ...] = (
    ("assets/s/items.sql", sql("select id, kind, amount from raw.items where amount > 15")),
    ("assets/s/items.sql", sql("select id, kind, amount + 1 as amount from raw.items where amount > 0")),
    ("assets/s/items.sql", sql("select id, upper(kind) as kind, amount from raw.items where amount > 0")),
    ("assets/s/items.sql", sql("select id, kind, amount from raw.items where amount > 0 -- nothing")),
    ("assets/s/live.sql", sql("select id, amount * 3 as twice from s.items", kind="view")),
    ("assets/s/live.sql", sql("select id, (random() * 9)::bigint as twice from s.items", kind="view")),
    ("assets/s/live.sql", sql("select id, amount * 2 as twice, 1 as one from s.items", kind="view")),
    ("assets/m/total.sql", sql("select kind, sum(amount + 1) as total from s.items group by kind")),
    ("assets/m/top.sql", sql("select kind from m.total where total > 6")),
    ("assets/m/other.sql", sql("select count(*) as n, 1 as one from m.wide")),
    ("assets/m/now.sql", sql("select id, valid_from from m.past where valid_to is null")),
)
OTHER: tuple[Edit, ...] = (
    ("assets/s/items.sql", sql("select id, kind, amount, 1 as extra from raw.items where amount > 0")),
    ("assets/s/items.sql", sql("select id, kind, amount::double as amount from raw.items")),
    ("assets/s/items.sql", sql("select id, kind from raw.items")),
    ("assets/s/items.sql", sql("select id, kind, amount from raw.items", owner="others")),
    ("assets/s/items.sql", sql("select id, kind, amount from raw.nothing")),
    ("assets/s/items.sql", "select id, kind, amount from raw.items /* headgate\nkind: view\n*/"),
    ("assets/m/top.sql", sql("select kind from m.total where missing > 6")),
    ("assets/m/top.sql", sql("select kind fro m.total")),
    ("assets/m/top.sql", sql("select t.kind from m.total t join s.items i on t.kind = i.kind")),
    ("assets/m/total.sql", sql("select kind, sum(amount) as total from s.items group by kind", kind="view")),
    ("assets/m/past.sql", sql("select id, amount from raw.items", kind="snapshot\nunique_key: ID\ncheck: all")),
    ("assets/m/past.sql", sql("select kind, amount from raw.items", kind="snapshot\nunique_key: ID\ncheck: all")),
    ("assets/m/past.sql", sql("select id, 1 as valid_to from raw.items", kind="snapshot\nunique_key: ID\ncheck: all")),
    (
        "assets/m/past.sql",
        sql("select id, kind, amount from raw.items", kind="snapshot\nunique_key: ID\ncheck: [kind]"),
    ),
    ("assets/m/seen.sql", sql("select id, upper(kind) as kind from raw.items", kind="incremental\nunique_key: ID")),
    ("assets/m/seen.sql", sql("select id, kind from raw.items", kind="incremental\nunique_key: [id, kind]")),
    (
        "assets/m/seen.sql",
        sql("select id, 1 as kind from raw.items", kind="incremental\nunique_key: id\nhistory: keep"),
    ),
    ("assets/m/now.sql", sql("select id, 1 as _headgate_to from m.past")),
    ("assets/raw/items.csv", SEED_ROWS + "4,b,40\n"),
    ("assets/m/more.sql", sql("select 1 as one")),
    ("assets/m/other.sql", ""),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that dev shows."""
    root = tmp_path_factory.mktemp("little") / "little"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    session, repository = open_repository(root)
    with session:
        planned = plan_for_apply(session, repository, Request("dev"))
        assert apply(session, planned, report=lambda _: None).move is not None
    return root


@pytest.fixture
def edited(project: Path) -> Callable[[list[Edit]], None]:
    """Return what writes edits over the project as it was applied."""

    def write(edits: list[Edit]) -> None:
        for path in project.glob("assets/*/*"):
            name = path.relative_to(project).as_posix()
            if name not in FILES:
                path.unlink()
        for name, text in {**FILES, **dict(edits)}.items():
            if text:
                (project / name).write_text(text)
            else:
                (project / name).unlink(missing_ok=True)

    return write


def planned(root: Path, *, is_whole: bool) -> Planned | list[str]:
    session, repository = open_repository(root)
    with session:
        try:
            return plan(session, repository, Request("dev", is_whole=is_whole, now="2030-01-01T00:00:00Z"))
        except Refused as refused:
            return [str(diagnostic) for diagnostic in refused.diagnostics]


def moving(plan: Plan) -> tuple[Step, ...]:
    """Return what is not kept. A short plan is only looked at: it notes no versions of code, which need all nodes."""
    return tuple(replace(step, code={}) for step in plan.steps if step.action is not Action.KEEP)


def check_same(root: Path) -> bool:
    """Assert that both plans say the same; tell whether the short one was made from what the edits reach."""
    short, whole = planned(root, is_whole=False), planned(root, is_whole=True)
    if isinstance(whole, list) or isinstance(short, list):
        assert short == whole
        return False
    assert short.plan.graph == whole.plan.graph
    assert moving(short.plan) == moving(whole.plan)
    assert short.plan.reaches == whole.plan.reaches
    assert replace(short.plan, steps=(), entries={}) == replace(whole.plan, steps=(), entries={})
    if short.left_out:
        assert short.shows == whole.shows or not whole.plan.steps
        kept = [s for s in whole.plan.steps if s.action is Action.KEEP and s.kind.value != "source"]
        assert short.left_out == len(kept) or not whole.plan.steps
    return short.left_out > 0


@pytest.mark.parametrize("edit", SIMPLE, ids=range(len(SIMPLE)))
def test_an_edited_text_is_planned_from_what_it_reaches(
    edit: Edit, project: Path, edited: Callable[[list[Edit]], None]
) -> None:
    edited([edit])
    assert check_same(project)


@pytest.mark.parametrize("edit", OTHER, ids=range(len(OTHER)))
def test_any_other_edit_gets_the_same_plan_or_the_same_faults(
    edit: Edit, project: Path, edited: Callable[[list[Edit]], None]
) -> None:
    edited([edit])
    check_same(project)


def test_edits_together_get_the_same_plan(project: Path, edited: Callable[[list[Edit]], None]) -> None:
    chance = random.Random(7)
    short = 0
    for _ in range(25):
        edited(chance.sample(SIMPLE, 3) if chance.random() < 0.6 else chance.sample((*SIMPLE, *OTHER), 2))
        short += check_same(project)
    assert short > 5
