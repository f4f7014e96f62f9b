"""Whatever a template depends on, each way of planning notices; what has no effect on a text rebuilds nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.app.apply import apply
from headgate.app.plan import Request, plan, plan_for_apply
from headgate.app.repository import open_repository
from headgate.core.plan import Action
from tests.cli.test_little_changed import check_same, planned

pytestmark = pytest.mark.slow

TOML = """name = "tiny"

[template]
default = "jinja"
env = ["REGION", "UNUSED"]

[template.target]
name = "all"

[vars]
least = 5
kinds = ["a", "b"]
unused = 1
"""
MACROS = "{% macro twice(x) %}{{ x }} * 2{% endmacro %}\n{% macro other(x) %}{{ x }}{% endmacro %}\n"
OWNED = "/* headgate\nowner: ops\n*/\n"
FILES = {
    "headgate.toml": TOML,
    "assets/raw/items.csv": "id,kind,amount\n1,a,10\n2,b,20\n3,a,30\n",
    "assets/raw/seeds.yml": "models:\n  - name: items\n    owner: ops\n",
    "assets/s/items.sql": OWNED + "select * from {{ ref('raw', 'items') }} where amount > {{ var('least') }}",
    "assets/s/plain.sql": OWNED + "select id, amount from s.items",
    "assets/m/double.sql": "{{ config(owner='ops', tags=['x']) }}\n"
    "select id, {{ twice('amount') }} as amount from {{ ref('plain') }}",
    "assets/m/kinds.sql": OWNED + "select {% for k in var('kinds') %}count(*) filter (kind = '{{ k }}') as {{ k }}, "
    "{% endfor %}count(*) as n from {{ ref('s', 'items') }}",
    "assets/m/region.sql": OWNED + "select '{{ env_var('REGION', 'none') }}' as region, '{{ target.name }}' as target "
    "from s.items",
    "assets/m/total.sql": OWNED + "select sum(amount) as total from {{ ref('double') }}",
    "macros/deep/twice.sql": MACROS,
}  # fmt: skip

Edit = dict[str, str]


def applied(root: Path) -> Path:
    """Make a project that dev shows."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    session, repository = open_repository(root)
    with session:
        made = plan_for_apply(session, repository, Request("dev"))
        assert apply(session, made, report=lambda _: None).move is not None
    return root


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one such project for all edits."""
    return applied(tmp_path_factory.mktemp("templates") / "tiny")


@pytest.fixture
def edited(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what writes edits over the project as it was applied, and sets variables of the process."""

    def write(edit: Edit, **environ: str) -> None:
        for folder in ("assets", "macros"):
            for path in (project / folder).rglob("*.*"):
                if path.relative_to(project).as_posix() not in FILES:
                    path.unlink()
        for name, text in {**FILES, **edit}.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            if text:
                (project / name).write_text(text)
            else:
                (project / name).unlink(missing_ok=True)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)

    monkeypatch.delenv("REGION", raising=False)
    monkeypatch.delenv("UNUSED", raising=False)
    return write


def declared(root: Path) -> None:
    """Read all of the repository."""
    session, repository = open_repository(root)
    with session:
        assert repository.declarations.assets


def moved(root: Path) -> set[str]:
    """Return what both ways of planning would make or change."""
    check_same(root)
    session, repository = open_repository(root)
    with session:
        made = plan(session, repository, Request("dev", is_whole=False)).plan
    return {str(step.address) for step in made.steps if step.action is not Action.KEEP}


NOTICED: dict[str, tuple[Edit, set[str]]] = {
    "a variable": ({"headgate.toml": TOML.replace("least = 5", "least = 15")},
                   {"s.items", "s.plain", "m.double", "m.kinds", "m.region", "m.total"}),
    "a list of a variable": ({"headgate.toml": TOML.replace('"b"]', '"b", "c"]')}, {"m.kinds"}),
    "a variable that nothing reads": ({"headgate.toml": TOML.replace("unused = 1", "unused = 2")}, set()),
    "the target": ({"headgate.toml": TOML.replace('name = "all"', 'name = "none"')}, {"m.region"}),
    "a macro": ({"macros/deep/twice.sql": MACROS.replace("* 2", "* 3")}, {"m.double", "m.total"}),
    "a macro's white space": ({"macros/deep/twice.sql": MACROS.replace("* 2", "*   2")}, set()),
    "a macro's comment": ({"macros/deep/twice.sql": "{# new #}" + MACROS}, set()),
    "a macro that nothing calls": ({"macros/deep/twice.sql": MACROS.replace("{{ x }}{%", "{{ x }} + 1{%")}, set()),
    "a macro in another file": ({"macros/deep/twice.sql": "", "macros/all.sql": MACROS.replace("* 2", "* 3")},
                                {"m.double", "m.total"}),
    "a template": ({"assets/m/kinds.sql": FILES["assets/m/kinds.sql"].replace("count(*) as n", "count(*) + 1 as n")},
                   {"m.kinds"}),
    "blanks in a tag": ({"assets/m/kinds.sql": FILES["assets/m/kinds.sql"].replace("{{ k }}", "{{   k }}")}, set()),
    "a comment of a template": ({"assets/m/total.sql": FILES["assets/m/total.sql"] + "{# more #}"}, set()),
    "what a template reads": ({"assets/s/plain.sql": OWNED + "select id, amount + 1 as amount from s.items"},
                              {"s.plain", "m.double", "m.total"}),
    "a type that a template reads": ({"assets/s/plain.sql": OWNED + "select id, amount::double as amount from s.items"},
                                     {"s.plain", "m.double", "m.total"}),
    "a config": ({"assets/m/double.sql": FILES["assets/m/double.sql"].replace("owner=", "materialized='view', owner=")},
                 {"m.double"}),
    "a tag of a config": ({"assets/m/double.sql": FILES["assets/m/double.sql"].replace("'x'", "'y'")}, set()),
    "no config": ({"assets/m/double.sql": "select id, amount * 3 as amount from s.plain"}, {"m.double", "m.total"}),
    "no template": ({"assets/m/total.sql": OWNED + "select sum(amount) + 1 as total from m.double"}, {"m.total"}),
    "a template, new": ({"assets/s/plain.sql": OWNED + "select id, {{ twice('amount') }} amount from s.items"},
                                  {"s.plain", "m.double", "m.total"}),
    "a template in a comment": ({"assets/s/plain.sql": OWNED + "select id, amount from s.items -- {{ 'x' }}"}, set()),
    "a nearer asset of the name": ({"assets/m/plain.sql": OWNED + "select id, amount from s.items where id > 1"},
                                   {"m.plain", "m.double", "m.total"}),
}  # fmt: skip


@pytest.mark.parametrize("what", NOTICED)
def test_an_edit_is_noticed(what: str, project: Path, edited: Callable[..., None]) -> None:
    edit, expected = NOTICED[what]
    edited(edit)
    assert moved(project) == expected
    edited({})
    assert moved(project) == set()


FAULTY: dict[str, Edit] = {
    "a macro that is gone": {"macros/deep/twice.sql": ""},
    "a variable that is gone": {"headgate.toml": TOML.replace("least = 5", "")},
    "an environment variable that is not listed": {"headgate.toml": TOML.replace('"REGION", ', "")},
    "a target that is gone": {"headgate.toml": TOML.replace('name = "all"', "")},
    "two assets of a name": {"assets/t/plain.sql": OWNED + "select 1 as x", "assets/m/plain.sql": ""},
    "two macros of a name": {"macros/more.sql": MACROS},
    "an asset that is gone": {"assets/m/double.sql": ""},
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_fault_is_noticed(what: str, project: Path, edited: Callable[..., None]) -> None:
    edited(FAULTY[what])
    assert isinstance(planned(project, is_whole=False), list)
    assert isinstance(planned(project, is_whole=True), list)
    edited({})
    assert moved(project) == set()


def test_a_variable_of_the_process_is_noticed(project: Path, edited: Callable[..., None]) -> None:
    edited({}, REGION="north")
    assert moved(project) == {"m.region"}
    edited({"assets/m/kinds.sql": FILES["assets/m/kinds.sql"] + " where id > 1"}, REGION="south")
    assert moved(project) == {"m.region", "m.kinds"}
    del os.environ["REGION"]
    edited({}, UNUSED="1")
    assert moved(project) == set()


def test_an_edited_template_is_planned_from_what_it_reaches(tmp_path: Path) -> None:
    root = applied(tmp_path / "tiny")
    for what in ("a template", "blanks in a tag", "what a template reads", "a type that a template reads"):
        for name, text in NOTICED[what][0].items():
            (root / name).write_text(text)
        assert check_same(root), what
        for name in NOTICED[what][0]:
            (root / name).write_text(FILES[name])


def test_what_still_holds_is_not_filled_in_again(
    project: Path, edited: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from headgate.project.templates import filling

    filled_in: list[str] = []
    fill = filling.fill
    monkeypatch.setattr(filling, "fill", lambda source, *rest: filled_in.append(source.path) or fill(source, *rest))
    edited({})
    declared(project)
    filled_in.clear()
    for what, expected in (
        ("a variable that nothing reads", []),
        ("a list of a variable", ["assets/m/kinds.sql"]),
        ("a macro's comment", ["assets/m/double.sql"]),
        ("a nearer asset of the name", ["assets/m/double.sql"]),
    ):
        edited(NOTICED[what][0])
        declared(project)
        assert filled_in == expected, what
        edited({})
        declared(project)
        filled_in.clear()
