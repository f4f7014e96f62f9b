"""What git says of a folder. Where git is missing, refuses or takes too long, the answer is "unknown", never an error.

The folder may stand anywhere in a work tree, in a linked work tree, and before the first commit. Submodules are not
looked into. Programs that a repository's own settings name (file system monitors) are not started.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from headgate.project.walk import has_python, is_read

SECONDS_MAX = 30.0
"""How long one git command may take."""

_COMMAND = ("git", "-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "--no-optional-locks")
_LINKS_MAX = 5
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_NAMED = re.compile(r"[0-9a-f]{4,64}")
_EMAIL = re.compile(r".*<([^<>]+)>")
_COMMITS_MAX = 10_000
_OWN = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_WORK_TREE",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GitState:
    """A folder in git. ``commit`` is the one that is checked out; empty outside of git and before the first commit."""

    root: Path
    is_git: bool = False
    commit: str = ""
    is_shallow: bool = False

    def dirty(self, paths: Iterable[str]) -> tuple[str, ...] | None:
        """Return which files that Headgate reads are not as the commit has them, sorted; None where git cannot tell.

        ``paths`` are those of the working tree, relative to the root. Deleted files that Headgate would read are among
        the answer. Outside of git there are none. Cost: two git commands, side by side.
        """
        if not self.is_git:
            return ()
        read = set(paths)
        if not self.commit:
            return tuple(sorted(read))
        status = _start(self.root, "status", *_STATUS, "--", ".")
        listed = _start(self.root, "ls-files", "-v", "-s", "-z", "--", ".")
        changes, index, prefix = _answer(status), _answer(listed), self._prefix()
        if changes is None or index is None or prefix is None:
            return None
        tracked = _tracked(index)
        differs = _changed(changes, prefix)
        differs |= self._differing({path: t.blob for path, t in tracked.items() if t.is_unseen and path in read})
        beside_python = has_python({*read, *differs})
        found = {path for path in differs if path in read or is_read(path, beside_python=beside_python)}
        linked = _links(self.root, (path for path in read if path not in tracked or tracked[path].is_link))
        for path in read - found:
            through = linked.get(path, (path,))
            if any(one not in tracked or one in differs for one in through):
                found.add(path)
        return tuple(sorted(found))

    def check_out(self, commit: str, folder: Path) -> Path | None:
        """Write the project's files at a commit below ``folder``; return where they are, None where git cannot.

        They are what ``git checkout`` gives: with line ends, filters and symbolic links as they are configured, and
        attributes as the commit has them. Neither the working tree nor its index is touched. Cost: a small file is
        written in about 50 microseconds.
        """
        prefix = self._prefix() if self.is_git and _NAMED.fullmatch(commit) else None
        if prefix is None:
            return None
        tree = Path(os.path.abspath(folder), "tree")
        tree.mkdir(exist_ok=True)
        # A work tree of its own: git would take attributes from the files of the user's before those of the commit.
        own = {"GIT_INDEX_FILE": str(tree.with_name("index")), "GIT_WORK_TREE": str(tree)}
        for arguments in (("read-tree", commit), ("checkout-index", "--all", "--quiet")):
            if _answer(_start(self.root, "-c", "core.sparseCheckout=false", *arguments, more=own)) is None:
                return None
        return tree / prefix

    def is_ancestor(self, earlier: str, later: str) -> bool | None:
        """Tell whether a commit is part of a later one; None where git does not know them or its history is cut."""
        if not self.is_git or not _NAMED.fullmatch(earlier) or not _NAMED.fullmatch(later):
            return None
        process = _start(self.root, "merge-base", "--is-ancestor", earlier, later)
        _answer(process)
        code = process.returncode if process else None
        return True if code == 0 else False if code == 1 and not self.is_shallow else None

    def knows(self, commit: str) -> bool:
        """Tell whether a commit is in this clone. Cost: one git command."""
        is_named = _NAMED.fullmatch(commit) is not None
        return is_named and bool(self._told("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"))

    def branch(self) -> str:
        """Return the branch that is checked out; empty where a commit is, and outside of git."""
        return self._told("symbolic-ref", "--quiet", "--short", "HEAD")

    def default_branch(self) -> str:
        """Return the branch that others start from, as far as this clone knows; empty where it does not.

        It is what the remote ``origin`` shows first, else ``main`` or ``master``.
        """
        if shown := self._told("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"):
            return shown.removeprefix("origin/")
        return next((name for name in ("main", "master") if self.tip(name)), "")

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch: as ``origin`` has it, else as it is here; empty where there is none."""
        for place in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
            if commit := self._told("rev-parse", "--verify", "--quiet", f"{place}^{{commit}}"):
                return commit
        return ""

    def merge_base(self, one: str, other: str) -> str:
        """Return the newest commit that is part of both; empty where there is none, or the history is cut off."""
        if not _NAMED.fullmatch(one) or not _NAMED.fullmatch(other):
            return ""
        return self._told("merge-base", one, other)

    def folder(self) -> tuple[Path, str] | None:
        """Return the repository's folder, and where the project is in it (``""``, ``sub/``); None outside of git."""
        top, prefix = self._told("rev-parse", "--show-toplevel"), self._prefix()
        return (Path(top), prefix) if self.is_git and top and prefix is not None else None

    def _told(self, *arguments: str) -> str:
        """Return the line that a command writes; empty where it fails."""
        return _decoded(_answer(_start(self.root, *arguments)) or b"").strip() if self.is_git else ""

    def authors(self, since: str, until: str) -> tuple[str, ...]:
        """Return who made the commits up to ``until`` that ``since`` has not: e-mail addresses, each once.

        Those of authors, committers and co-authors. Without ``since``, or where git does not know it, those of the
        newest commits. Cost: one git command.
        """
        if not self.is_git or not _NAMED.fullmatch(until):
            return ()
        form = "--format=%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly,separator=%x0a)"
        span = f"{since}..{until}" if _NAMED.fullmatch(since) else until
        raw = _answer(_start(self.root, "log", f"--max-count={_COMMITS_MAX}", form, span, "--"))
        if raw is None and span != until:
            return self.authors("", until)
        lines = (line.strip() for line in _decoded(raw or b"").split("\n"))
        return tuple(dict.fromkeys(_EMAIL.sub(r"\1", line) for line in lines if line))

    def _prefix(self) -> str | None:
        raw = _answer(_start(self.root, "rev-parse", "--show-prefix"))
        return None if raw is None else _decoded(raw).removesuffix("\n")

    def _differing(self, blobs: Mapping[str, str]) -> set[str]:
        """Return which paths git would now store under another blob: it was told not to look at them itself."""
        there = [path for path in blobs if "\n" not in path and os.path.isfile(self.root / path)]
        given = "".join(f"{path}\n" for path in there).encode("utf-8", "surrogateescape")
        hashes = _decoded(_answer(_start(self.root, "hash-object", "--stdin-paths"), given) or b"").split()
        now = dict(zip(there, hashes, strict=False))
        return {path for path, blob in blobs.items() if now.get(path) != blob}


@dataclass(frozen=True, slots=True)
class _Tracked:
    """A file of the index. ``is_unseen``: the user told git to assume that it is unchanged, or to skip it."""

    blob: str
    is_link: bool
    is_unseen: bool


_STATUS = (
    "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all", "--no-ahead-behind"
)  # fmt: skip


def git_state(root: Path) -> GitState:
    """Return whether ``root`` is in git, and its commit. No process is started unless refs are stored in a new way."""
    start = Path(os.path.realpath(root))
    for folder in (start, *start.parents):
        own = _git_folder(folder / ".git")
        if own is None:
            continue
        common = own / (_read(own / "commondir").strip() or ".")
        commit = _resolved(own, common)
        if commit is None:
            raw = _answer(_start(root, "rev-parse", "--verify", "--quiet", "HEAD"))
            commit = _decoded(raw or b"").strip()
        return GitState(root, True, commit, (common / "shallow").exists())
    return GitState(root)


def _git_folder(path: Path) -> Path | None:
    """Return the folder that ``.git`` is, or, in a linked work tree or a submodule, names."""
    if path.is_file():
        path = path.parent / _read(path).strip().removeprefix("gitdir: ")
    return path if (path / "HEAD").exists() or (path / "HEAD").is_symlink() else None


def _resolved(own: Path, common: Path) -> str | None:
    """Return the commit of HEAD, empty before the first one; None where the files do not tell."""
    text = _read(own / "HEAD").strip()
    for _ in range(_LINKS_MAX):
        if _COMMIT.fullmatch(text):
            return text
        name = text.removeprefix("ref: ").strip()
        if name == text or ".." in name or name.startswith("/") or (common / "reftable").exists():
            return None
        text = (_read(own / name) or _read(common / name)).strip()
        if not text:
            return _packed(common, name)
    return None


def _packed(common: Path, name: str) -> str:
    for line in _read(common / "packed-refs").split("\n"):
        commit, _, ref = line.partition(" ")
        if ref.strip() == name and _COMMIT.fullmatch(commit):
            return commit
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _changed(raw: bytes, prefix: str) -> set[str]:
    """Return the paths below the project that a status in format v2 names; it counts them from the top."""
    found: set[str] = set()
    for entry in _decoded(raw).split("\0"):
        fields = {"1": 8, "u": 10, "?": 1}.get(entry[:1])
        if fields is not None:
            path = entry.split(" ", fields)[-1]
            if path.startswith(prefix):
                found.add(path.removeprefix(prefix))
    return found


def _tracked(raw: bytes) -> dict[str, _Tracked]:
    """Return the files of ``ls-files -v -s -z``: ``TAG MODE BLOB STAGE<tab>PATH``."""
    found: dict[str, _Tracked] = {}
    for entry in _decoded(raw).split("\0"):
        facts, tab, path = entry.partition("\t")
        if tab:
            tag, mode, blob, _ = facts.split(" ")
            found[path] = _Tracked(blob, mode == "120000", tag.islower() or tag == "S")
    return found


def _links(root: Path, paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, for paths that lead through symbolic links, the links and the file at the end, relative to the root."""
    top = os.path.realpath(root)
    found: dict[str, tuple[str, ...]] = {}
    for path in paths:
        real = os.path.realpath(os.path.join(top, path))
        if real == os.path.join(top, path) or not real.startswith(top + os.sep):
            continue
        parts = path.split("/")
        steps = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        links = tuple(step for step in steps if os.path.islink(os.path.join(top, step)))
        found[path] = (*links, os.path.relpath(real, top).replace(os.sep, "/"))
    return found


def answer_of(root: Path, *arguments: str) -> bytes | None:
    """Return what git wrote in a folder; None where it is missing, failed or took too long.

    What a hook tells of its own repository is not passed on.
    """
    return _answer(_start(root, *arguments))


def _start(
    root: Path, *arguments: str, more: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes] | None:
    environ = {name: value for name, value in os.environ.items() if name not in _OWN}
    environ |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **more}
    try:
        return subprocess.Popen(
            (*_COMMAND, *arguments), cwd=root, env=environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return None


def _answer(process: subprocess.Popen[bytes] | None, given: bytes = b"") -> bytes | None:
    """Return what a command wrote; None where it failed or took too long."""
    if process is None:
        return None
    try:
        out, _ = process.communicate(given, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    except OSError:
        process.kill()
        process.wait()
        return None
    return out if process.returncode == 0 else None


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
