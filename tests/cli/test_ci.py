"""`headgate ci` in jobs of requests: a real repository with a bare remote, DuckDB and SQLite, and a forge in small."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.app.ci.attempt import Attempt, Base
from headgate.core.diagnostic import Diagnostic
from headgate.core.ports.forge import mark_of
from headgate.core.surroundings import Surroundings
from headgate.words.ci import description_of, markdown_of_attempt
from tests.cli.scenario import headgate
from tests.forges.server import TOKEN, Place, Pull
from tests.project.project_stage import git, written

pytestmark = pytest.mark.slow

CONFIG = """name = "shop"
[engines.local]
kind = "duckdb"
path = "env:WAREHOUSE"
[environments.prod]
engine = "local"
protected = true
[environments."*"]
engine = "local"
"""
FILES = {
    "headgate.toml": CONFIG,
    ".gitignore": ".headgate/\n",
    "assets/staging/orders.csv": "id,customer,cents\n1,ada,1000\n2,ada,500\n3,bob,700\n",
    "assets/marts/revenue.sql": "select o.customer, sum(o.cents) as cents from staging.orders as o group by all\n",
    "assets/marts/revenue.yml": "assets:\n  - name: revenue\n    owner: sales\n    columns:\n      - name: customer\n"
    "        data_tests: [unique]\n  - name: staging.orders\n    owner: sales\n",
}
BROKEN = "select o.customer, o.cents from staging.orders as o\n"
"""A customer stands there twice."""


@dataclass
class Job:
    """A clone in which a job runs, and the forge that it runs on."""

    root: Path
    place: Place
    variables: pytest.MonkeyPatch

    def commit(self, files: dict[str, str], subject: str) -> str:
        written(self.root, files)
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", subject)
        return git(self.root, "rev-parse", "HEAD")

    def push(self, number: int = 12) -> str:
        """Push what is checked out as the head of a request."""
        git(self.root, "push", "--quiet", "--force", "origin", "HEAD")
        head = git(self.root, "rev-parse", "HEAD")
        self.place.pulls.setdefault(number, Pull(head)).head = head
        return head

    def on(self, *, head: str, number: int = 12, source: str = "acme/shop", state: str = "open") -> None:
        """Say what a forge says to a job of a request."""
        if self.place.kind == "gitlab":
            theirs = "5" if source == "acme/shop" else "6"
            told = {
                "GITLAB_CI": "true", "CI_API_V4_URL": self.place.base, "CI_PROJECT_ID": "acme/shop",
                "CI_MERGE_REQUEST_PROJECT_ID": "acme/shop", "CI_COMMIT_SHA": head, "CI_DEFAULT_BRANCH": "main",
                "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "acme/shop" if theirs == "5" else theirs,
                "CI_MERGE_REQUEST_IID": str(number), "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_PIPELINE_ID": "88", "GITLAB_TOKEN": TOKEN,
            }  # fmt: skip
        else:
            event = {
                "pull_request": {
                    "number": number, "state": state, "merged": False,
                    "head": {"sha": head, "repo": {"full_name": source}},
                },
                "repository": {"default_branch": "main"},
            }  # fmt: skip
            path = self.root.parent / "event.json"
            path.write_text(json.dumps(event))
            told = {
                "GITHUB_ACTIONS": "true", "GITHUB_API_URL": self.place.base, "GITHUB_REPOSITORY": "acme/shop",
                "GITHUB_EVENT_PATH": str(path), "GITHUB_BASE_REF": "main", "GITHUB_TOKEN": TOKEN,
                "GITHUB_STEP_SUMMARY": str(self.root.parent / "step.md"), "GITHUB_SERVER_URL": "https://forge.example",
                "GITHUB_RUN_ID": "77",
            }  # fmt: skip
        for name, value in told.items():
            self.variables.setenv(name, value)

    def run(self, *arguments: str) -> tuple[str, int]:
        return headgate(list(arguments), self.root)

    def state_of(self, commit: str) -> str:
        return str(self.place.statuses[commit][-1]["state"])


@pytest.fixture(params=["github", "gitlab"])
def job(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    for name in [n for n in os.environ if n.startswith(("CI_", "GITHUB_", "GITLAB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    place = Place(request.param)
    (tmp_path / "forge.git").mkdir()
    git(tmp_path / "forge.git", "init", "--quiet", "--bare", "--initial-branch=main")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "forge.git"), "clone")
    made = Job(tmp_path / "clone", place, monkeypatch)
    git(made.root, "checkout", "--quiet", "-B", "main")
    made.commit(FILES, "Begin")
    git(made.root, "push", "--quiet", "origin", "main")
    git(made.root, "checkout", "--quiet", "-b", "faster")
    yield made
    place.close()


def only(job: Job) -> None:
    """Leave out a test for GitLab that would only repeat what GitHub's has shown."""
    if job.place.kind == "gitlab":
        pytest.skip("the same on both")


def test_the_life_of_a_request(job: Job) -> None:
    changed = FILES["assets/marts/revenue.sql"].replace("sum(o.cents)", "max(o.cents)")
    job.commit({"assets/marts/revenue.sql": changed}, "Take the largest")
    good = job.push()
    job.on(head=good)
    told, status = job.run("ci")
    assert status == 0, told
    assert "pr-12" in told
    assert "passed: 2 builds, 1 check passed" in told
    assert job.state_of(good) == "success"
    (text,) = job.place.texts(12)
    assert (mark := mark_of(text)) is not None
    assert mark.commit == good
    assert "marts.revenue" in text
    reports = job.root / ".headgate" / "ci"
    assert (reports / "summary.md").read_text().startswith("## ✅")
    assert json.loads((reports / "report.json").read_text())["report"]["source"] == "pr-12"
    assert sorted(path.name for path in reports.iterdir()) == ["junit.xml", "report.html", "report.json", "summary.md"]
    assert "unique" in (reports / "junit.xml").read_text()
    if job.place.kind == "github":
        assert (job.root.parent / "step.md").read_text().startswith("## ✅")
        assert "https://forge.example/acme/shop/actions/runs/77" in text
    shown, _ = job.run("sql", "pr-12", "select max(cents) as m from marts.revenue", "--format", "csv")
    assert shown.split() == ["m", "1000"]

    job.commit({"assets/marts/revenue.sql": BROKEN}, "Break it")
    bad = job.push()
    job.on(head=bad)
    told, status = job.run("ci")
    assert status == 1
    assert "blocked: " in told
    assert "unique of customer" in told
    assert job.state_of(bad) in ("failure", "failed")
    (text,) = job.place.texts(12)
    assert "unique of customer" in text
    assert job.run("sql", "pr-12", "select max(cents) as m from marts.revenue", "--format", "csv")[0].split() == [
        "m",
        "1000",
    ]

    # The run of the older commit is started again: it tells of its own commit, and leaves the comment of the newer one.
    git(job.root, "checkout", "--quiet", good)
    job.on(head=good)
    assert job.run("ci")[1] == 0
    assert job.state_of(good) == "success"
    assert job.place.texts(12) == [text]

    job.on(head=bad, state="closed")
    told, status = job.run("ci", "--closed")
    assert (told.splitlines()[0], status) == (
        "pr-12 shows nothing any more. What nobody shares goes with headgate gc.",
        0,
    )
    assert job.run("sql", "pr-12", "select 1 from marts.revenue")[1] == 1
    garbage = json.loads(job.run("gc", "--dry-run", "--json")[0])["result"]["garbage"]
    assert [one["address"] for one in garbage].count("marts.revenue") >= 1, "its tables are left for gc"
    assert job.run("ci", "--closed")[0].startswith("No environment is left")


def test_what_waits_for_an_owner_has_failed(job: Job) -> None:
    """Each customer's sum is another one: the owner of the table has to agree, and no neutral status lets it by."""
    only(job)
    git(job.root, "checkout", "--quiet", "main")
    assert job.run("apply", "main", "--yes")[1] == 0
    told, status = job.run("promote", "main", "--yes")
    assert status == 0, told
    git(job.root, "checkout", "--quiet", "faster")
    changed = FILES["assets/marts/revenue.sql"].replace("sum(o.cents)", "sum(o.cents) + 1")
    job.commit({"assets/marts/revenue.sql": changed}, "Add one")
    head = job.push()
    job.on(head=head)
    told, status = job.run("ci")
    assert status == 1, told
    assert "needs approval: waits for sales" in told
    assert job.state_of(head) == "failure"
    assert job.place.statuses[head][-1]["description"] == "needs approval: waits for sales"
    (text,) = job.place.texts(12)
    assert "✋" in text
    report = json.loads((job.root / ".headgate" / "ci" / "report.json").read_text())["report"]
    assert report["decision"]["verdict"] == "needs approval"
    shown, _ = job.run("sql", "prod", "select max(cents) as m from marts.revenue", "--format", "csv")
    assert shown.split() == ["m", "1500"]


def test_a_request_from_a_fork_reaches_nothing(job: Job) -> None:
    job.commit({"assets/marts/more.sql": "select 1 as one, '{{ env_var(\"WAREHOUSE\") }}' as w\n"}, "Ask for secrets")
    job.commit({"tests/t.yml": "unit_tests: []\n"}, "And a test")
    head = job.push()
    job.on(head=head, source="mallory/shop")
    told, status = job.run("ci")
    assert status == 1
    assert "HG570" in told
    assert "nothing is written below it" in told
    assert job.place.calls == []
    assert not (job.root.parent / "warehouse.duckdb").exists()
    assert "warehouse.duckdb" not in (job.root / ".headgate" / "ci" / "summary.md").read_text()
    assert job.run("ci", "--closed") == ("No environment is left of a closed request.\n", 0)
    assert list(job.root.parent.glob("*.state.db*")) == []


def test_no_python_of_a_fork_is_called(job: Job) -> None:
    only(job)
    trace = job.root.parent / "called"
    text = f"""import headgate as hg

open({str(trace)!r}, "w").close()

@hg.table(inputs={{}})
def spied():
    open({str(trace)!r}, "w").close()
"""
    job.commit({"assets/marts/spied.py": text}, "Spy")
    job.on(head=job.push(), source="mallory/shop")
    told, status = job.run("ci")
    assert status == 1
    assert "HG570" in told
    assert not trace.exists()


def test_what_is_checked_out_has_to_be_the_request(job: Job) -> None:
    only(job)
    job.commit({"assets/marts/revenue.sql": FILES["assets/marts/revenue.sql"].replace("sum", "min")}, "Change")
    head = job.push()
    job.on(head=head)
    git(job.root, "checkout", "--quiet", "main")
    told, status = job.run("ci")
    assert (status, "HG571" in told) == (1, True)
    assert job.state_of(head) == "failure"
    git(job.root, "checkout", "--quiet", "faster")
    written(job.root, {"assets/marts/revenue.sql": BROKEN})
    told, status = job.run("ci")
    assert (status, "HG571" in told) == (1, True)
    assert "assets/marts/revenue.sql differ from the commit" in told


def test_who_cannot_be_told(job: Job) -> None:
    only(job)
    head = job.push()
    job.on(head=head)
    job.place.fail("POST", r"/statuses/", status=403, body={"message": "Resource not accessible"}, times=99)
    job.place.fail("POST", r"/comments$", status=403, body={"message": "Resource not accessible"}, times=99)
    told, status = job.run("ci")
    assert (status, "Not told below the request" in told) == (0, True), "without a right the exit status decides"
    job.variables.delenv("GITHUB_TOKEN")
    told, status = job.run("ci")
    assert (status, "GITHUB_TOKEN is not set" in told) == (0, True)
    job.variables.setenv("GITHUB_TOKEN", TOKEN)
    job.place.faults.clear()
    job.place.fail("POST", r"/statuses/", status=429, headers={"Retry-After": "3600"}, times=99)
    told, status = job.run("ci", "--json")
    assert status == 3, "an old status may stand there"
    assert TOKEN not in told


def test_environments_of_all_closed_requests_go(job: Job) -> None:
    only(job)
    git(job.root, "checkout", "--quiet", "main")
    for name in ("pr-7", "pr-8", "pr-9", "dev"):
        assert job.run("apply", name, "--yes")[1] == 0
    job.place.pulls |= {7: Pull("a" * 40, state="merged"), 8: Pull("b" * 40)}
    told, status = job.run("ci", "--closed")
    assert (status, "no token to ask which ones are closed" in told) == (2, True)
    job.on(head="c" * 40)
    job.variables.setenv("GITHUB_EVENT_PATH", "")
    told, status = job.run("ci", "--closed", "--json")
    assert json.loads(told)["result"] == {"expired": ["pr-7"], "still_open": ["pr-8"], "unknown": ["pr-9"]}
    shown = json.loads(job.run("status", "--json")[0])["result"]
    assert status == 0
    assert shown


def faulty(summary: str, count: int = 1) -> Attempt:
    faults = tuple(Diagnostic("HG203", f"{summary} {n}") for n in range(count))
    where = Surroundings(number=12, url="https://forge.example/run/1")
    return Attempt(where, "shop", "2026-11-22T06:00:00Z", faults=faults, status=1)


def test_nothing_of_the_repository_ends_its_block_of_code() -> None:
    text = markdown_of_attempt(faulty("```` @everyone **bold** ``````"))
    assert "\n```````\n" in text
    assert text.count("\n```````\n") + text.count("\n```````") >= 4
    assert "\x1b" not in markdown_of_attempt(faulty("\x1b[31mred"))


def test_a_comment_is_cut_to_what_the_forge_takes() -> None:
    made = faulty("unknown column " + "x" * 900, 150)
    whole = markdown_of_attempt(made)
    short = markdown_of_attempt(made, size_max=20_000)
    assert len(whole) > 100_000
    assert len(short) <= 20_000
    assert "Stopped: too long to stand here" in short
    assert "[the run](https://forge.example/run/1)" in short


def test_a_comment_is_measured_as_the_forge_counts() -> None:
    made = faulty("\U0001f600" * 300, 200)
    size = 65_536 - 300
    text = markdown_of_attempt(made, size_max=size)
    assert "Stopped: too long to stand here" in text
    cut = markdown_of_attempt(faulty("\U0001f600" * 40_000), size_max=size)
    for one in (text, cut):
        assert len(one.encode("utf-16-le")) // 2 <= size


def test_a_branch_formats_nothing_and_names_nobody() -> None:
    for base in (Base("@org/#1-*x*", "abc", True), Base("@org/#1-*x*", "")):
        made = Attempt(Surroundings(), "shop", "", environment="pr-1", commit="abc", base=base)
        (note,) = [line for line in markdown_of_attempt(made).splitlines() if line.startswith("> ")]
        assert "`@org/#1-*x*`" in note


def test_a_status_says_why() -> None:
    assert description_of(faulty("unknown column x", 3)) == "blocked: HG203 unknown column x 0 and 2 more"
