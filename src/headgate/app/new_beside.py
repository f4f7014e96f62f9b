"""A project beside what a folder holds: settings, a folder for assets, lines for git. Nothing is overwritten."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused
from headgate.core.json_form import dumps
from headgate.project.walk import CONFIG_FILE

_WAREHOUSE = "warehouse.duckdb"
_IGNORE_FILE = ".gitignore"
_ASSETS = "assets/"


@dataclass(frozen=True, slots=True)
class Beside:
    """What was added to a folder: ``files``, those that got lines of ours included; ``kept`` were there already.

    ``engine_path`` is the warehouse that was found; empty where there is none, or where there are several.
    ``has_dbt`` tells whether the folder is that of a dbt project.
    """

    folder: str
    name: str
    files: tuple[str, ...]
    kept: tuple[str, ...]
    engine_path: str
    is_git: bool
    has_dbt: bool


def new_beside(folder: Path, name: str, *, settings: str, ignored: str) -> Beside:
    """Add what a project needs to ``folder``; ``settings`` is the text of ``headgate.toml``, ``ignored`` lines for git.

    One DuckDB file in the folder becomes the engine's. Nothing is committed. Raises ``Refused``, with nothing written,
    where the folder is a project already or a file stands where a folder has to be.
    """
    from headgate.project.dbt.project_file import PROJECT_FILE
    from headgate.project.git import git_state

    _refuse_projects(folder)
    files = _warehouses(folder)
    path = files[0] if len(files) == 1 else ""
    written = [CONFIG_FILE]
    kept: list[str] = []
    _create(folder / CONFIG_FILE, with_path(settings, path or _WAREHOUSE))
    (kept if (folder / _ASSETS).exists() else written).append(_ASSETS)
    (folder / _ASSETS).mkdir(exist_ok=True)
    file = folder / _IGNORE_FILE
    before = file.read_bytes() if file.exists() else b""
    after = with_lines(before, ignored)
    if after != before:
        file.write_bytes(after)
    (kept if after == before else written).append(_IGNORE_FILE)
    is_git = git_state(folder).is_git
    has_dbt = (folder / PROJECT_FILE).is_file()
    return Beside(str(folder), name, tuple(sorted(written)), tuple(sorted(kept)), path, is_git, has_dbt)


def with_path(settings: str, path: str) -> str:
    """Return the text of new settings with another path of the engine's file."""
    return settings.replace(f'path = "{_WAREHOUSE}"', f"path = {dumps(path)}", 1)


def with_lines(before: bytes, lines: str) -> bytes:
    r"""Return the content of a file with those of the lines at its end that it lacks. All else stays as it is.

    >>> with_lines(b"venv/\\n*.duckdb", "*.duckdb\\n.headgate/\\n")
    b'venv/\\n*.duckdb\\n.headgate/\\n'
    """
    present = {line.strip() for line in before.splitlines()}
    missing = [line for line in lines.encode().splitlines() if line.strip() not in present]
    end = b"\r\n" if b"\r\n" in before else b"\n"
    gap = end if missing and before and not before.endswith(b"\n") else b""
    return before + gap + b"".join(line + end for line in missing)


def _warehouses(folder: Path) -> list[str]:
    """Return the DuckDB files in a folder, sorted by name."""
    return sorted(path.name for path in folder.glob("*.duckdb") if path.is_file() and path.name.isprintable())


def _refuse_projects(folder: Path) -> None:
    if (folder / CONFIG_FILE).exists() or (folder / CONFIG_FILE).is_symlink():
        text = f"{folder} is a project already: it holds {CONFIG_FILE}"
        raise Refused([Diagnostic("HG191", text, Place(CONFIG_FILE), hint="Nothing was written. Look: headgate check")])
    for path, is_right in ((_ASSETS, Path.is_dir), (_IGNORE_FILE, Path.is_file)):
        if os.path.lexists(folder / path) and not is_right(folder / path):
            what = "a folder" if path == _ASSETS else "a file"
            text = f"{folder / path} is not {what}"
            raise Refused([Diagnostic("HG191", text, hint="Nothing was written. Move it away.")])


def _create(path: Path, text: str) -> None:
    with path.open("xb") as file:
        file.write(text.encode())
