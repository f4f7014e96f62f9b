"""What git says of the repository: short commands, started early and read late. Outside of git it says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_GIT = ("git", "-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "--no-optional-locks")


@dataclass(frozen=True, slots=True)
class Checkout:
    """The commit that is checked out (empty before the first one), and which files differ from it.

    ``tracked`` are the paths below the project that git knows, ``changed`` those that differ from the commit or that
    git does not know; all relative to the project's root.
    """

    is_git: bool = False
    commit: str = ""
    tracked: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def dirty(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return which of the paths are not as the commit has them, sorted; ignored files belong to no commit."""
        if not self.is_git:
            return ()
        return tuple(sorted(path for path in paths if path in self.changed or path not in self.tracked))


class Looking:
    """Git at work: started by the constructor, so that it runs beside the reading of files."""

    def __init__(self, root: Path) -> None:
        self._status = _started(root, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--", ".")
        self._files = _started(root, "ls-files", "-z", "--", ".")
        self._prefix = _started(root, "rev-parse", "--show-prefix")

    def checkout(self) -> Checkout:
        """Wait for git, and return what it said."""
        status, files, prefix = (_answer(p) for p in (self._status, self._files, self._prefix))
        if status is None or files is None or prefix is None:
            return Checkout()
        return _checkout(status, files, prefix.strip("\n"))

    def end(self) -> None:
        """Leave no process behind; what was not asked for is not waited for."""
        for process in (self._status, self._files, self._prefix):
            if process is not None and process.stdout is not None and not process.stdout.closed:
                process.kill()
                process.communicate()


def _checkout(status: str, files: str, prefix: str) -> Checkout:
    commit, changed = "", set[str]()
    entries = iter(status.split("\0"))
    for entry in entries:
        match entry[:1]:
            case "#":
                if entry.startswith("# branch.oid "):
                    commit = entry.removeprefix("# branch.oid ").replace("(initial)", "")
            case "1" | "u":
                changed.add(entry.split(" ", 8 if entry[0] == "1" else 10)[-1])
            case "2":
                changed.update((entry.split(" ", 9)[-1], next(entries, "")))
            case "?":
                changed.add(entry[2:])
    # Status tells paths from the top of the repository, ls-files from the project's folder.
    own = {path.removeprefix(prefix) for path in changed if path.startswith(prefix)}
    return Checkout(True, commit, frozenset(files.split("\0")) - {""}, frozenset(own) - {""})


def is_ancestor(root: Path, earlier: str, later: str) -> bool | None:
    """Tell whether the commit ``earlier`` is part of ``later``; None where git does not know one of them."""
    process = _started(root, "merge-base", "--is-ancestor", earlier, later)
    if process is None:
        return None
    process.communicate()
    return {0: True, 1: False}.get(process.returncode)


def files_at(root: Path, commit: str) -> Mapping[str, bytes]:
    """Return the files of the project as the commit has them, by path; symbolic links are left out."""
    import io
    import tarfile

    process = _started(root, "archive", "--format=tar", commit, "--", ".")
    raw = process.communicate()[0] if process else b""
    found: dict[str, bytes] = {}
    if not raw:
        return found
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for member in archive:
            if member.isfile() and (file := archive.extractfile(member)) is not None:
                found[member.name] = file.read()
    return found


def make_repository(root: Path, subject: str) -> bool:
    """Leave a repository with one commit of everything in ``root``; False where git is not there or refuses.

    Somebody without a name in git's settings gets a commit by "headgate", which they may amend.
    """
    name = _started(root, "config", "user.email")
    has_name = name is not None and bool(name.communicate()[0]) and name.returncode == 0
    identity = () if has_name else ("-c", "user.name=headgate", "-c", "user.email=headgate@localhost")
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        (*identity, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", subject),
    ):
        process = _started(root, *arguments)
        if process is None or process.communicate() is None or process.returncode != 0:
            return False
    return True


def is_inside(root: Path) -> bool:
    """Tell whether the folder is inside of a git repository."""
    process = _started(root, "rev-parse", "--is-inside-work-tree")
    return process is not None and process.communicate()[0] == b"true\n"


def _started(root: Path, *arguments: str) -> subprocess.Popen[bytes] | None:
    import subprocess  # 4 ms, which a plan without changes does not spend

    try:
        return subprocess.Popen(
            (*_GIT, *arguments), cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None


def _answer(process: subprocess.Popen[bytes] | None) -> str | None:
    if process is None:
        return None
    out, _ = process.communicate()
    return out.decode("utf-8", "surrogateescape") if process.returncode == 0 else None
