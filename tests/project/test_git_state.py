"""What git says, held against git itself: sub-folders, work trees, no commit, line ends, links, missing git."""

from pathlib import Path

import pytest

from headgate.project.git import git_state
from tests.project.project_stage import git, written

FILES = {"assets/m/x.sql": "select 1\n", "assets/m/y.sql": "select 2\n", "headgate.toml": ""}


def committed(top: Path, below: str = "") -> Path:
    root = written(top / below, FILES)
    git(top, "init", "--quiet")
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message", "One")
    return root


@pytest.mark.parametrize("below", ["", "data/flights"])
def test_what_differs_from_the_commit(tmp_path: Path, below: str) -> None:
    root = committed(tmp_path, below)
    state = git_state(root)
    assert (state.is_git, state.commit) == (True, git(tmp_path, "rev-parse", "HEAD"))
    assert state.dirty(FILES) == ()
    written(root, {"assets/m/x.sql": "select 3\n", "assets/m/z.sql": "", "notes.md": ""})
    (root / "assets/m/y.sql").unlink()
    git(root, "add", "assets/m/z.sql")
    read = ("assets/m/x.sql", "assets/m/z.sql", "headgate.toml")
    assert state.dirty(read) == ("assets/m/x.sql", "assets/m/y.sql", "assets/m/z.sql")


def test_a_commit_is_checked_out_as_git_does_it(tmp_path: Path) -> None:
    root = committed(tmp_path, "sub")
    (root / "assets/m/link.sql").symlink_to("x.sql")
    written(root, {".gitattributes": "*.csv text eol=crlf\n", "assets/m/seed.csv": "a\n1\n"})
    written(tmp_path, {"index": "theirs", ".index": "theirs"})
    git(tmp_path, "add", ".")
    git(root, "commit", "-q", "-m", "More")
    state = git_state(root)
    written(root, {"assets/m/x.sql": "changed", ".gitattributes": "*.sql text eol=crlf\n"})
    (tmp_path / "copy").mkdir()
    copy = state.check_out(state.commit, tmp_path / "copy")
    assert copy is not None
    assert (copy / "assets/m/link.sql").is_symlink()
    assert (copy / "assets/m/link.sql").read_text() == "select 1\n"
    assert (copy / "assets/m/seed.csv").read_bytes() == b"a\r\n1\r\n"
    assert (copy / "assets/m/x.sql").read_bytes() == b"select 1\n"
    assert (copy.parent / ".index").read_text() == "theirs"
    assert git(root, "diff", "--name-only").split() == ["sub/.gitattributes", "sub/assets/m/x.sql"]
    for commit in ("0" * 40, "--output=x"):
        assert state.check_out(commit, tmp_path / "copy") is None


def test_head_without_a_process_is_that_of_git(tmp_path: Path) -> None:
    root = committed(tmp_path / "one")
    git(root, "pack-refs", "--all")
    assert git_state(root).commit == git(root, "rev-parse", "HEAD")
    git(root, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "two"))
    written(tmp_path / "two", {"assets/m/x.sql": "select 9\n"})
    git(tmp_path / "two", "commit", "--quiet", "--all", "--message", "Two")
    later = git_state(tmp_path / "two")
    assert later.commit == git(tmp_path / "two", "rev-parse", "HEAD") != git_state(root).commit
    assert later.is_ancestor(git_state(root).commit, later.commit) is True
    assert later.is_ancestor(later.commit, git_state(root).commit) is False
    assert later.is_ancestor("f" * 40, later.commit) is None
    git(root, "checkout", "--quiet", "--detach")
    assert git_state(root).commit == git(root, "rev-parse", "HEAD")


def test_before_the_first_commit_everything_differs(tmp_path: Path) -> None:
    written(tmp_path, FILES)
    git(tmp_path, "init", "--quiet")
    state = git_state(tmp_path)
    assert (state.is_git, state.commit, state.dirty(FILES)) == (True, "", tuple(sorted(FILES)))


def test_line_ends_that_git_converts_are_no_change(tmp_path: Path) -> None:
    root = committed(tmp_path)
    git(root, "config", "core.autocrlf", "true")
    (root / "assets/m/x.sql").unlink()
    git(root, "checkout", "--quiet", "--", "assets/m/x.sql")
    assert (root / "assets/m/x.sql").read_bytes() == b"select 1\r\n"
    assert git_state(root).dirty(FILES) == ()


def test_files_that_git_was_told_not_to_look_at_are_looked_at(tmp_path: Path) -> None:
    root = committed(tmp_path)
    git(root, "update-index", "--assume-unchanged", "assets/m/x.sql", "assets/m/y.sql")
    assert git_state(root).dirty(FILES) == ()
    written(root, {"assets/m/x.sql": "select 3\n"})
    assert git_state(root).dirty(FILES) == ("assets/m/x.sql",)


def test_a_link_is_as_clean_as_what_it_leads_to(tmp_path: Path) -> None:
    written(tmp_path, {"shared/x.sql": "select 1\n"})
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/m").symlink_to("../shared")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "One")
    assert git_state(tmp_path).dirty(["assets/m/x.sql"]) == ()
    written(tmp_path, {"shared/x.sql": "select 2\n"})
    assert git_state(tmp_path).dirty(["assets/m/x.sql"]) == ("assets/m/x.sql",)


def test_without_git_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = git_state(written(tmp_path / "outside", FILES))
    assert (outside.is_git, outside.commit, outside.dirty(FILES)) == (False, "", ())
    root = committed(tmp_path / "inside")
    monkeypatch.setenv("PATH", str(tmp_path))
    state = git_state(root)
    assert len(state.commit) == 40
    assert (state.dirty(FILES), state.check_out("a" * 40, tmp_path), state.is_ancestor("a" * 40, "b" * 40)) == (
        None,
    ) * 3


def test_branches_and_what_they_share(tmp_path: Path) -> None:
    remote = committed(tmp_path / "remote")
    git(remote, "branch", "-m", "trunk")
    git(tmp_path, "clone", "--quiet", str(remote), "clone")
    root = tmp_path / "clone"
    first = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "--quiet", "-b", "work/a")
    written(root, {"assets/m/x.sql": "select 4\n"})
    git(root, "commit", "--quiet", "--all", "--message", "Two")
    written(remote, {"assets/m/y.sql": "select 5\n"})
    git(remote, "commit", "--quiet", "--all", "--message", "Three")
    git(root, "fetch", "--quiet")
    state = git_state(root)
    assert (state.branch(), state.default_branch()) == ("work/a", "trunk")
    assert state.tip("trunk") == git(remote, "rev-parse", "HEAD")
    assert state.tip("nothing") == ""
    assert state.merge_base(state.commit, state.tip("trunk")) == first
    assert state.merge_base(state.commit, "0" * 40) == state.merge_base("--all", first) == ""
    assert state.folder() == (root.resolve(), "")
    assert git_state(root / "assets").folder() == (root.resolve(), "assets/")
    git(root, "checkout", "--quiet", "--detach")
    assert git_state(root).branch() == ""
    assert git_state(remote).default_branch() == ""


def test_outside_of_git_there_are_no_branches(tmp_path: Path) -> None:
    state = git_state(tmp_path)
    assert (state.branch(), state.default_branch(), state.tip("main"), state.folder()) == ("", "", "", None)
