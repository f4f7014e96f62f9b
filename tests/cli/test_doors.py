"""What scenarios cannot show: a lease that is held, git, `new`, a terminal that answers, the JSON of every command."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.app.session import nonce, now
from headgate.plugins.stores.sqlite import open_sqlite_store
from tests.cli.scenario import GIT, headgate
from tests.postgres.server import wait_until

pytestmark = pytest.mark.slow

SOURCES = "sources:\n  - name: raw\n    tables:\n      - name: n\n        path: n.csv\n"
ASSET = "/* headgate\nowner: ops\n*/\nselect 1 as x\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "assets" / "m").mkdir(parents=True)
    (tmp_path / "assets" / "m" / "a.sql").write_text(ASSET)
    return tmp_path


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, applied and promoted; to be copied."""
    root = tmp_path_factory.mktemp("released")
    (root / "assets" / "m").mkdir(parents=True)
    (root / "assets" / "m" / "a.sql").write_text(ASSET)
    for command in (["apply", "dev", "--yes"], ["promote", "dev", "--yes"]):
        assert headgate(command, root)[1] == 0
    return root


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run((*GIT, *arguments), cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("arguments", [("apply", "dev"), ("gc",), ("rollback", "dev"), ("promote", "dev")])
def test_the_loser_of_a_lease_is_told_who_holds_it(arguments: tuple[str, ...], project: Path) -> None:
    assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    (project / "assets" / "m" / "a.sql").write_text(ASSET.replace("1", "2"))
    if arguments[0] in ("rollback", "gc"):
        assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    if arguments[0] == "gc":
        arguments = ("gc", "--drop-environment", "dev")
    if arguments[0] == "promote":
        assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    store = open_sqlite_store(project / "warehouse.state.db", nonce=nonce)
    lease = store.acquire("engine/local", holder="ci@runner-7", purpose="apply dev, process 1", at=now())
    try:
        text, status = headgate([*arguments, "--yes"], project)
        assert status == 1
        assert "refused HG501" in text
        assert "is being changed by ci@runner-7 (apply dev, process 1, since 0 s)" in text
        assert "--wait 5m" in text
        text, status = headgate(["status", "dev"], project)
        assert "ci@runner-7" in text
    finally:
        store.release(lease)
        store.close()
    assert headgate([*arguments, "--yes"], project)[1] == 0


@pytest.mark.slow
def test_who_waits_for_a_lease_is_told_once_for_whom(project: Path) -> None:
    store = open_sqlite_store(project / "warehouse.state.db", nonce=nonce)
    lease = store.acquire("engine/local", holder="ci@runner-7", purpose="apply dev, process 1", at=now())
    try:
        text, status = headgate(["apply", "dev", "--yes", "--wait", "2s"], project)
    finally:
        store.release(lease)
        store.close()
    assert status == 1
    told = "the warehouse of dev is being changed by ci@runner-7 (apply dev, process 1, since 1 s): waiting for that"
    assert text.count(f"{told}, up to 2 s.") == 1


def test_who_waits_for_a_run_plans_after_it(project: Path) -> None:
    (project / "assets" / "sources.yml").write_text(SOURCES)
    (project / "n.csv").write_text("n\n10\n")
    slow = "select count(*) as x from raw.n, range(n) as a, range(n) as b where (a.range + b.range) % 3 = 1"
    (project / "assets" / "m" / "a.sql").write_text(slow)
    assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    (project / "n.csv").write_text("n\n24000\n")
    command = [sys.executable, "-m", "headgate", "run", "dev", "--wait", "60s"]
    both = [subprocess.Popen(command, cwd=project, stdout=-1, stderr=-2, text=True)]
    wait_until(lambda: "process" in headgate(["status", "dev"], project)[0] or both[0].poll() is not None)
    both.append(subprocess.Popen(command, cwd=project, stdout=-1, stderr=-2, text=True))
    told = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert "Release 2, published" in told[0]
    assert "dev: nothing new, nothing due. Release 2 stays as it is." in told[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",), ("plan",), ("plan", "prod"), ("apply", "dev", "--yes"), ("promote", "dev", "--yes"), ("status",),
        ("status", "dev"), ("releases",), ("show", "m.a"), ("sql", "dev", "select * from m.a"), ("gc", "--dry-run"),
        ("rollback", "prod", "--yes"), ("show", "m.b"), ("rollback", "dev"), ("new", ".", "--example", "nothing"),
    ],
)  # fmt: skip
def test_json_is_one_object_and_nothing_else(arguments: tuple[str, ...], released: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(released, tmp_path / "copy"))
    (project / "assets" / "m" / "a.sql").write_text(ASSET.replace("1", "2"))
    text, status = headgate([*arguments, "--json"], project)
    body = json.loads(text)
    assert set(body) == {"format", "command", "exit_status", "diagnostics", "result"}
    assert (body["format"], body["command"], body["exit_status"]) == (1, arguments[0], status)
    assert (body["result"] is None) == (status != 0)
    assert bool(body["diagnostics"]) == (status != 0)


def test_a_promotion_of_a_dirty_tree_takes_the_commit(project: Path) -> None:
    (project / ".gitignore").write_text("warehouse*\n")
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Begin")
    assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    (project / "assets" / "m" / "a.sql").write_text(ASSET.replace("1", "2"))
    (project / "assets" / "m" / "new.sql").write_text(ASSET)
    text, status = headgate(["promote", "dev", "--yes"], project)
    assert (status, "prod now shows 1 new asset" in text) == (0, True)
    assert headgate(["sql", "prod", "select x from m.a", "--format", "csv"], project)[0] == "x\n1\n"
    text, status = headgate(["plan", "dev", "--json"], project)
    assert json.loads(text)["result"]["dirty"] == ["assets/m/a.sql", "assets/m/new.sql"]
    assert not list((project / ".headgate").glob("commit-*"))


def test_a_release_of_somebody_else_is_not_undone(project: Path) -> None:
    (project / ".gitignore").write_text("warehouse*\n")
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Begin")
    git(project, "switch", "--quiet", "--create", "other")
    (project / "assets" / "m" / "b.sql").write_text(ASSET)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Add b")
    assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    assert headgate(["promote", "dev", "--yes"], project)[1] == 0
    git(project, "switch", "--quiet", "--create", "mine", "HEAD~1")
    (project / "assets" / "m" / "c.sql").write_text(ASSET)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Add c")
    assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    text, status = headgate(["promote", "dev", "--yes"], project)
    assert status == 1
    assert "HG516" in text


def test_new_makes_a_project_that_works_and_overwrites_nothing(tmp_path: Path) -> None:
    text, status = headgate(["new", "shop"], tmp_path)
    assert status == 0
    assert "a git repository with a first commit" in text
    assert git(tmp_path / "shop", "status", "--porcelain") == ""
    assert headgate(["-C", "shop", "check"], tmp_path)[0].startswith("no faults in 1 asset")
    assert headgate(["-C", "shop", "apply", "dev", "--yes"], tmp_path)[1] == 0
    assert git(tmp_path / "shop", "status", "--porcelain") == ""
    before = (tmp_path / "shop" / "README.md").read_text()
    text, status = headgate(["new", "shop", "--example", "flights"], tmp_path)
    assert status == 1
    assert "shop holds .gitignore, README.md, headgate.toml already" in text
    assert (tmp_path / "shop" / "README.md").read_text() == before
    assert not (tmp_path / "shop" / "data").exists()
    text, status = headgate(["new", "inner"], tmp_path / "shop")
    assert "inside of a git repository: nothing was committed" in text
    assert headgate(["new", "x", "--example", "fligths"], tmp_path)[1] == 2


def test_what_new_prints_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    assert "Next: cd 'my shop' && headgate apply dev" in headgate(["new", "my shop"], tmp_path)[0]


def test_a_project_without_gitignore_keeps_its_caches_out_of_git(project: Path) -> None:
    git(project, "init", "--quiet")
    assert headgate(["apply", "dev", "--yes"], project)[1] == 0
    assert (project / ".headgate").is_dir()
    assert ".headgate" not in git(project, "status", "--porcelain", "--untracked-files=all")


def test_without_git_all_works_but_what_takes_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert headgate(["new", "shop"], tmp_path)[1] == 0
    shop = tmp_path / "shop"
    monkeypatch.setenv("PATH", str(tmp_path))
    for arguments in (["check"], ["plan", "dev"], ["apply", "dev", "--yes"], ["status"], ["releases"], ["gc", "--yes"]):
        assert headgate(arguments, shop)[1] == 0
    text, status = headgate(["promote", "dev", "--yes"], shop)
    assert status == 3
    assert "have to come from git, which is not installed or not in PATH" in text
    text, status = headgate(["new", "other"], tmp_path)
    assert "without git" in text
    for arguments in (["apply", "dev", "--yes"], ["promote", "dev", "--yes"]):
        assert headgate(arguments, tmp_path / "other")[1] == 0


def test_a_terminal_is_asked_and_shown_what_runs(project: Path) -> None:
    for answer, status in (("n\n", 1), ("y\n", 0)):
        text, code = in_terminal(["apply", "dev"], project, answer)
        assert code == status
        assert "Build what is lacking and show it in dev? [y/N]" in text
        assert ("Nothing was done." in text) == (status == 1)
    assert "\x1b[" in text
    text, _ = in_terminal(["promote", "dev", "--no-color"], project, "y\n")
    assert "prod will show 1 new asset (release 1, outside of git, so without a commit)" in text
    assert "Go on? [y/N]" in text
    assert "prod now shows 1 new asset" in text
    assert "\x1b[3" not in text


def in_terminal(arguments: list[str], folder: Path, answer: str) -> tuple[str, int]:
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "headgate", *arguments], cwd=folder, stdin=inner, stdout=inner, stderr=inner
    )
    os.close(inner)
    pieces = b""
    is_answered = False
    while True:
        ready, _, _ = select.select([outer], [], [], 60)
        try:
            piece = os.read(outer, 4096) if ready else b""
        except OSError:
            break
        if not piece:
            break
        pieces += piece
        if not is_answered and b"[y/N]" in pieces:
            os.write(outer, answer.encode())
            is_answered = True
    os.close(outer)
    return pieces.decode(), process.wait()
