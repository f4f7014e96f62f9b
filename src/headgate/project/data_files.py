"""The data files of sources: globs, looked up without leaving the repository and the folders that are allowed.

A pattern has ``*``, ``?`` and ``[...]`` within one name, and ``**`` for any number of folders. Symbolic links to
folders are not followed by ``**``, so no circle is ever walked; what a match really is must lie inside as well.
"""

from __future__ import annotations

import fnmatch
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headgate.core.declarations import File
from headgate.project.files import FileCache, file_of
from headgate.project.walk import is_inside, shown, stat_of

FILES_MAX = 50_000
"""DuckDB looks at 1,300 of them in a second."""

STARS_MAX = 2
PARTS_MAX = 64
_MAGIC = re.compile(r"[*?\[]")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Matched:
    """The files that a pattern matches, sorted by path; or why there are none, with the code of that fault."""

    files: tuple[File, ...] = ()
    code: str = ""
    fault: str = ""
    hint: str = ""


def match_files(root: Path, pattern: str, allow: Sequence[str], cache: FileCache) -> Matched:
    """Return the data files of ``pattern``, which is relative to ``root``, or absolute; ``allow`` as in the config.

    Cost: one stat per match, and reading those that the cache does not know.
    """
    if _URL.match(pattern):
        return Matched(code="HG323", fault=f"{pattern} is not a path", hint="This version reads files of this machine.")
    if not pattern.strip() or not pattern.isprintable():
        return Matched(code="HG323", fault="the path of the files is empty or cannot be shown")
    top = os.path.realpath(root)
    folders = [top, *(os.path.realpath(os.path.join(top, one)) for one in allow)]
    if pattern.count("**") > STARS_MAX or pattern.count("/") > PARTS_MAX:
        return Matched(code="HG323", fault=f"{shown(pattern[:60])} has too many parts", hint=_PARTS)
    if not any(is_inside(_fixed(top, pattern), folder) for folder in folders):
        return Matched(code="HG323", fault=f"{pattern} is outside of the repository", hint=_ALLOW)
    paths: list[str] = []
    for path in _matches(top, pattern):
        if len(paths) == FILES_MAX:
            fault = f"{pattern} matches more than {FILES_MAX:,} files"
            return Matched(code="HG321", fault=fault, hint="Put them together into larger ones, or narrow the path.")
        paths.append(path)
    files = []
    for path in sorted(set(paths)):
        full = os.path.join(top, path)
        if not any(is_inside(os.path.realpath(full), folder) for folder in folders):
            return Matched(code="HG323", fault=f"{path} leads out of the repository", hint=_ALLOW)
        try:
            files.append(file_of(path, full, stat_of(os.stat(full)), cache))
        except OSError as error:
            return Matched(
                code="HG101", fault=f"{path} cannot be read: {error.strerror}", hint="Check its permissions."
            )
    if not files:
        return Matched(code="HG322", fault=f"no file matches {pattern}", hint=_near(top, pattern))
    return Matched(tuple(files))


def matching(root: Path, pattern: str) -> tuple[str, ...]:
    """Return the paths that a pattern matches now; none is opened. What is allowed is for ``match_files`` to say."""
    if _URL.match(pattern) or pattern.count("**") > STARS_MAX or pattern.count("/") > PARTS_MAX:
        return ()
    return tuple(itertools.islice(_matches(os.path.realpath(root), pattern), FILES_MAX))


_PARTS = f"At most {STARS_MAX} times ** and {PARTS_MAX} folders."
_ALLOW = 'Name its folder in headgate.toml: [engines.NAME] allow = ["/FOLDER"].'


def _fixed(top: str, pattern: str) -> str:
    """Return the real folder below which everything lies that a pattern can match."""
    parts = pattern.split("/")
    fixed = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    if ".." in parts[fixed:]:
        return "/"  # a way up behind a wildcard could lead anywhere
    return os.path.realpath(os.path.join(top, "/".join(parts[:fixed]) or ("/" if pattern.startswith("/") else ".")))


def _matches(top: str, pattern: str) -> Iterator[str]:
    """Yield the paths of regular files, relative as the pattern is."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    yield from _below("/" if pattern.startswith("/") else "", tuple(parts), top)


def _below(path: str, parts: tuple[str, ...], top: str) -> Iterator[str]:
    full = os.path.join(top, path)
    if not parts:
        if os.path.isfile(full):
            yield path
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        while rest and rest[0] == "**":
            rest = rest[1:]
        yield from _below(path, rest or ("*",), top)
        for name, is_folder in _names(full):
            if is_folder and not name.startswith("."):
                yield from _below(os.path.join(path, name), parts, top)
    elif not _MAGIC.search(part):
        yield from _below(os.path.join(path, part), rest, top)
    else:
        expression = re.compile(fnmatch.translate(part))
        for name, _ in _names(full):
            if (not name.startswith(".") or part.startswith(".")) and expression.match(name):
                yield from _below(os.path.join(path, name), rest, top)


def _names(full: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(full) as entries:
            return sorted((e.name, e.is_dir(follow_symlinks=False)) for e in entries if e.name.isprintable())
    except OSError:
        return []


def _near(top: str, pattern: str) -> str:
    """Return what may have been meant: the nearest names in the folder, or how far the path goes."""
    from headgate.core.diagnostic import nearest

    folder = _fixed(top, pattern.rpartition("/")[0] or ".")
    if not os.path.isdir(folder):
        return "Paths count from the root of the repository. Its folder is not there."
    names = [name for name, is_folder in _names(folder) if not is_folder]
    near = nearest(pattern.rpartition("/")[2], names)
    if near:
        return f"Did you mean {' or '.join(near[:2])}?"
    return f"The folder holds {', '.join(shown(n) for n in names[:3])}." if names else "The folder holds no files."
