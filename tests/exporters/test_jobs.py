"""Jobs for forges: valid by the forges' own schemas, with no right that they do not need, and never written over."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate.app.export_jobs import export_jobs
from headgate.core.errors import Refused
from headgate.core.surroundings import ForgeKind
from tests.project.project_stage import git, written

DISK = (
    'name = "shop"\n[engines.local]\nkind = "duckdb"\npath = "env:WAREHOUSE"\n'
    '[environments.prod]\nengine = "local"\nprotected = true\n[environments."*"]\nengine = "local"\n'
)
SERVER = (
    'name = "the shop"\n[engines.wh]\nkind = "postgres"\nurl = "env:WAREHOUSE_URL"\n'
    '[state]\nurl = "env:HEADGATE_STATE"\n'
    '[environments.prod]\nengine = "wh"\nprotected = true\n[environments."*"]\nengine = "wh"\n'
)
PYTHON = """import headgate as hg

@hg.table(inputs={}, columns={"a": "int"}, variables=["API_KEY"])
def rates():
    return None
"""
PROJECTS = {
    "disk": {"headgate.toml": DISK},
    "server": {"headgate.toml": SERVER},
    "python": {"headgate.toml": DISK, "assets/m/rates.py": PYTHON, "requirements.txt": "polars==1.30\n"},
    "pinned": {"headgate.toml": SERVER, "requirements.txt": "polars==1.30\nheadgate[postgres]==0.1.0\n"},
    "bare": {"assets/m/a.sql": "select 1 as a\n"},
}
SCHEMAS = {ForgeKind.GITHUB: "vendor.github-workflows", ForgeKind.GITLAB: "vendor.gitlab-ci"}
PATHS = {ForgeKind.GITHUB: ".github/workflows/headgate.yml", ForgeKind.GITLAB: ".gitlab/headgate.yml"}


def project(folder: Path, name: str, *, branch: str = "main") -> Path:
    root = written(folder, PROJECTS[name])
    git(root, "init", "--quiet", "--initial-branch", branch)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "One")
    return root


def made(root: Path, forge: ForgeKind) -> tuple[str, Any]:
    text = export_jobs(root, forge).text
    return text, yaml.safe_load(text)


def is_valid(path: Path, forge: ForgeKind) -> bool:
    """Ask check-jsonschema, which carries the schemas of both forges."""
    arguments = ["-m", "check_jsonschema", "--builtin-schema", SCHEMAS[forge], str(path)]
    return subprocess.run([sys.executable, *arguments], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("forge", ForgeKind)
@pytest.mark.parametrize("name", PROJECTS)
def test_jobs_are_valid_by_the_schema_of_their_forge(tmp_path: Path, name: str, forge: ForgeKind) -> None:
    root = project(tmp_path, name)
    exported = export_jobs(root, forge)
    assert exported.path == PATHS[forge]
    assert is_valid(root / exported.path, forge)


@pytest.mark.slow
@pytest.mark.parametrize("forge", ForgeKind)
def test_a_project_below_others_and_names_that_need_quotes(tmp_path: Path, forge: ForgeKind) -> None:
    top = project(tmp_path, "bare", branch="it's-a#1")
    root = written(top / "data: 'x'", PROJECTS["disk"])
    exported = export_jobs(root, forge)
    assert exported.path == f"../{PATHS[forge].replace('headgate.yml', 'headgate-shop.yml')}"
    path = top / PATHS[forge].replace("headgate.yml", "headgate-shop.yml")
    assert is_valid(path, forge)
    body = yaml.safe_load(path.read_text())
    if forge is ForgeKind.GITHUB:
        assert body["defaults"]["run"]["working-directory"] == "data: 'x'"
        assert body[True]["push"]["branches"] == ["it's-a#1"]
        assert body["jobs"]["request"]["steps"][-1]["with"]["path"] == "data: 'x'/.headgate/ci/"
    else:
        assert body[".headgate-shop"]["before_script"][0] == """cd 'data: '"'"'x'"'"''"""
        assert body["headgate-shop:request"]["artifacts"]["paths"] == ["data: 'x'/.headgate/ci/"]


@pytest.mark.slow
def test_the_schemas_refuse_what_is_wrong(tmp_path: Path) -> None:
    for forge in ForgeKind:
        text, _ = made(project(tmp_path / forge.value, "disk"), forge)
        path = tmp_path / "wrong.yml"
        path.write_text(re.sub(r"^( +)(runs-on|script):", r"\1\2s:", text, flags=re.MULTILINE))
        assert not is_valid(path, forge)


@pytest.mark.parametrize("name", PROJECTS)
def test_requests_on_github_have_the_rights_of_strangers(tmp_path: Path, name: str) -> None:
    text, body = made(project(tmp_path, name), ForgeKind.GITHUB)
    on = body[True]  # YAML 1.1 reads `on` as a truth
    assert set(on) == {"pull_request", "push"}
    assert body["permissions"] == {"contents": "read"}
    jobs = body["jobs"]
    assert jobs["request"]["permissions"] == {"contents": "read", "pull-requests": "write", "statuses": "write"}
    assert jobs["release"]["permissions"] == {"contents": "read", "pull-requests": "read"}
    assert "permissions" not in jobs["closed"]
    assert {name: job.get("environment") for name, job in jobs.items()} == {
        "request": None, "closed": None, "release": "production",
    }  # fmt: skip
    for job in jobs.values():
        assert "env" not in job
        for step in job["steps"]:
            is_ours = step.get("run", "").startswith("headgate ")
            assert is_ours or "secrets." not in str(step)
            assert is_ours or "github.token" not in str(step)
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
    assert re.findall(r"(?<!stat)uses: (?!actions/[a-z-]+@v\d+$).*", text, re.MULTILINE) == []
    # What a stranger chooses (a title, a branch) stands in no script.
    assert [step["run"] for job in jobs.values() for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_a_fork_gets_no_machine_that_has_the_warehouse(tmp_path: Path) -> None:
    _, body = made(project(tmp_path, "disk"), ForgeKind.GITHUB)
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert body["jobs"]["request"]["runs-on"].startswith(f"${{{{ {own} && ")
    assert body["jobs"]["request"]["runs-on"].endswith(" || 'ubuntu-latest' }}")
    assert body["jobs"]["closed"]["if"].endswith(own)
    _, body = made(tmp_path, ForgeKind.GITLAB)
    with_machine = {name for name, job in body.items() if job.get("tags")}
    assert with_machine == {"headgate:request", "headgate:closed", "headgate:release"}
    same, other = (
        "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID " + sign + " $CI_MERGE_REQUEST_PROJECT_ID" for sign in ("==", "!=")
    )
    for name in ("headgate:request", "headgate:closed"):
        assert [rule["if"].endswith(same) for rule in body[name]["rules"]] == [True]
    assert [rule["if"].endswith(other) for rule in body["headgate:fork"]["rules"]] == [True]
    assert "environment" not in body["headgate:fork"]


def test_an_environment_on_gitlab_is_stopped_by_its_job(tmp_path: Path) -> None:
    _, body = made(project(tmp_path, "server"), ForgeKind.GITLAB)
    request, closed = body["headgate:request"], body["headgate:closed"]
    assert request["environment"] == {"name": "pr-$CI_MERGE_REQUEST_IID", "on_stop": "headgate:closed"}
    assert closed["environment"] == {"name": "pr-$CI_MERGE_REQUEST_IID", "action": "stop"}
    assert closed["rules"][0]["when"] == "manual"
    assert closed["rules"][0]["allow_failure"] is True, "else the pipeline waits for it, and nothing is merged"
    assert body["headgate:release"]["environment"] == {"name": "production"}


def test_what_the_project_reads_of_the_environment_is_a_secret(tmp_path: Path) -> None:
    for name, variables in {"server": ("HEADGATE_STATE", "WAREHOUSE_URL"), "python": ("API_KEY", "WAREHOUSE")}.items():
        root = project(tmp_path / name, name)
        exported = export_jobs(root, ForgeKind.GITHUB)
        assert exported.variables == variables
        jobs = yaml.safe_load(exported.text)["jobs"]
        for job in jobs.values():
            (step,) = (one for one in job["steps"] if one.get("run", "").startswith("headgate "))
            assert {key: step["env"][key] for key in variables} == {
                key: f"${{{{ secrets.{key} }}}}" for key in variables
            }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("disk", "python -m pip install --quiet headgate==0.1.0"),
        ("server", "python -m pip install --quiet 'headgate[postgres]==0.1.0'"),
        ("pinned", "python -m pip install --quiet -r requirements.txt"),
        (
            "python",
            "python -m pip install --quiet -r requirements.txt && "
            "python -m pip install --quiet 'headgate[python]==0.1.0'",
        ),
    ],
)
def test_what_is_installed(tmp_path: Path, name: str, told: str) -> None:
    root = project(tmp_path, name)
    _, body = made(root, ForgeKind.GITHUB)
    assert body["jobs"]["release"]["steps"][2]["run"] == told
    _, body = made(root, ForgeKind.GITLAB)
    assert body[".headgate"]["before_script"] == [told]


def test_where_the_branch_is_called_as_production_it_is_built_in_dev(tmp_path: Path) -> None:
    root = project(tmp_path, "disk")
    assert "headgate promote main " in export_jobs(root, ForgeKind.GITHUB, is_written=False).text
    written(root, {"headgate.toml": DISK.replace("environments.prod", "environments.main")})
    assert "headgate promote dev " in export_jobs(root, ForgeKind.GITHUB, is_written=False).text


@pytest.mark.parametrize("forge", ForgeKind)
def test_an_edited_file_is_not_written_over(tmp_path: Path, forge: ForgeKind) -> None:
    root = project(tmp_path, "disk")
    assert export_jobs(root, forge).is_written
    assert not export_jobs(root, forge).is_written
    path = root / PATHS[forge]
    edited = path.read_text().replace("3.12", "3.13")
    path.write_text(edited)
    with pytest.raises(Refused, match="says something else") as refused:
        export_jobs(root, forge)
    detail = refused.value.diagnostics[0].detail
    assert "3.13" in detail
    assert "\n+" in detail
    assert path.read_text() == edited
    assert export_jobs(root, forge, is_forced=True).is_written
    assert path.read_text() != edited


def test_gitlab_has_to_include_it(tmp_path: Path) -> None:
    root = project(tmp_path, "disk")
    assert export_jobs(root, ForgeKind.GITLAB).include == "include: [{local: .gitlab/headgate.yml}]"
    written(root, {".gitlab-ci.yml": "include: [{local: .gitlab/headgate.yml}]\n"})
    assert export_jobs(root, ForgeKind.GITLAB).include == ""
    assert export_jobs(root, ForgeKind.GITHUB).include == ""


def test_what_keeps_the_jobs_from_working_is_told(tmp_path: Path) -> None:
    inside, nowhere = export_jobs(project(tmp_path / "a", "bare"), ForgeKind.GITHUB).notes
    assert inside.startswith("warehouse.duckdb stands in the repository")
    assert nowhere.startswith("No environment can be made for a request")
    assert export_jobs(project(tmp_path / "b", "disk"), ForgeKind.GITHUB).notes == ()


def test_a_faulty_headgate_toml_is_refused(tmp_path: Path) -> None:
    root = written(tmp_path, {"headgate.toml": "name ="})
    with pytest.raises(Refused):
        export_jobs(root, ForgeKind.GITHUB)
    assert not (root / ".github").exists()


def test_outside_of_git_it_stands_in_the_project(tmp_path: Path) -> None:
    root = written(tmp_path, PROJECTS["disk"])
    assert export_jobs(root, ForgeKind.GITHUB).path == PATHS[ForgeKind.GITHUB]
    assert (root / PATHS[ForgeKind.GITHUB]).exists()
