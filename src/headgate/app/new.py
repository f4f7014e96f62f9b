"""`headgate new`: a project in a new folder, empty or with an example, or beside what a folder holds already.

Nothing that exists is overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused, UsageError

if TYPE_CHECKING:
    from headgate.app.new_beside import Beside

EXAMPLES = ("flights",)

IGNORED = """\
*.duckdb
*.duckdb.wal
*.state.db*
.headgate/
/report/
"""
"""What git shall not see: warehouses, states, caches, reports."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made. ``git`` is ``made``, ``inside`` (of another repository, nothing was committed) or ``missing``."""

    folder: str
    name: str
    example: str
    sources: int
    assets: int
    files: tuple[str, ...]
    git: str


def new(folder: Path, *, name: str = "", example: str = "") -> Made | Beside:
    """Leave a project in ``folder``, with a first commit where git is there and no repository is around it.

    Where the folder holds something already, the settings, a folder for assets and lines for git are added to it.
    Raises ``Refused`` where files are in the way or an example's data is not installed, and writes nothing then.
    """
    if example and example not in EXAMPLES:
        near = nearest(example, EXAMPLES)
        raise UsageError(f"there is no example {example}. Did you mean {near[0] if near else EXAMPLES[0]}?")
    if not str(folder).isprintable():
        raise UsageError(f"{str(folder)!r} cannot be the folder of a project: it holds a control character")
    if folder.is_symlink() and not folder.exists():
        text = f"{folder} is a symbolic link that leads nowhere"
        raise Refused([Diagnostic("HG191", text, hint="Choose another name.")])
    title = name or re.sub(r"[^\w-]+", "-", folder.resolve().name).strip("-") or "project"
    if not re.fullmatch(r"[\w-]+", title):
        raise UsageError(f"{title!r} is no name for a project: letters, digits, - and _")
    if not example and _holds_something(folder):
        from headgate.app.new_beside import new_beside

        return new_beside(folder, title, settings=settings_of(title), ignored=IGNORED)
    texts = _texts(example or "empty", title)
    data = _data_of(example)
    _refuse_what_is_in_the_way(folder, (*texts, *data.files))
    for path, text in texts.items():
        _write(folder / path, text.encode())
    for path, piece in data.pieces:
        _write(folder / path, piece)
    return Made(
        folder=str(folder),
        name=title,
        example=example,
        sources=data.sources,
        assets=sum(path.startswith("assets/") and not path.endswith(".yml") for path in texts),
        files=tuple(sorted((*texts, *data.files))),
        git=_commit(folder, f"Begin {title}"),
    )


def settings_of(name: str) -> str:
    """Return the text of a new project's ``headgate.toml``."""
    return _texts("empty", name)["headgate.toml"]


def _texts(example: str, name: str) -> Mapping[str, str]:
    """Return the files of a template; the project's name is put in where it says ``{project}``."""
    root = Path(__file__).parent / "examples" / example
    found = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()}
    texts = {name_: path.read_text(encoding="utf-8").replace("{project}", name) for name_, path in found.items()}
    return {".gitignore": IGNORED + "".join(f"{one}\n" for one in _ignored(example)), **texts}


def _ignored(example: str) -> tuple[str, ...]:
    if example != "flights":
        return ()
    from headgate.app.flights import FOLDERS

    return FOLDERS


@dataclass(frozen=True, slots=True)
class _Data:
    """The data files of an example: how many sources they are, their paths, and their texts in pieces."""

    sources: int = 0
    files: tuple[str, ...] = ()
    pieces: Iterable[tuple[str, bytes]] = ()


def _data_of(example: str) -> _Data:
    if example != "flights":
        return _Data()
    from headgate.app.flights import data_files, flights_data, pieces_of_data

    data = flights_data()
    return _Data(len(data), data_files(), pieces_of_data(data))


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(path.name != ".git" for path in folder.iterdir())


def _refuse_what_is_in_the_way(folder: Path, paths: Iterable[str]) -> None:
    if folder.exists() and not folder.is_dir():
        raise Refused([Diagnostic("HG191", f"{folder} is a file", hint="Choose another name.")])
    present = sorted(path for path in paths if (folder / path).exists() or (folder / path).is_symlink())
    if present:
        more = f" and {len(present) - 5} more" if len(present) > 5 else ""
        text = f"{folder} holds {', '.join(present[:5])}{more} already"
        raise Refused(
            [Diagnostic("HG191", text, hint="Nothing was written. Choose another folder, or move them away.")]
        )


def _write(path: Path, piece: bytes) -> None:
    """Append to a file, which begins with its first piece: none was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(piece)


def _commit(folder: Path, subject: str) -> str:
    from headgate.app.git import make_repository
    from headgate.project.git import git_state

    if git_state(folder).is_git:
        return "inside"
    return "made" if make_repository(folder, subject) else "missing"
