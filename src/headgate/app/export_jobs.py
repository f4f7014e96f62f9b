"""`headgate export`: jobs of a forge that check, build and release the project."""

from __future__ import annotations

import re
from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import __version__
from headgate.core.address import environment_like
from headgate.core.declarations import Config, Declarations
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import EnvironmentFailed, Refused
from headgate.core.surroundings import ForgeKind
from headgate.project.git import git_state

if TYPE_CHECKING:
    from headgate.plugins.exporters.jobs import JobFacts

_REQUIREMENTS = "requirements.txt"
_DIFFERENCE_LINES_MAX = 60

ANY_VALUE = "postgresql://nobody@localhost/nothing"
"""What stands for the value of a variable that nobody is to know."""


@dataclass(frozen=True, slots=True)
class ExportedJobs:
    """A file of jobs: its path from the project's folder, its text, and whether it was there like that already.

    ``variables`` are what the project reads of the environment: the forge has to know them. ``include`` is a line that
    another file has to hold so that the jobs run; empty where none has to. ``notes`` say
    what keeps the jobs from working as the project stands.
    """

    path: str
    text: str
    is_written: bool
    variables: tuple[str, ...]
    include: str = ""
    notes: tuple[str, ...] = ()


def export_jobs(root: Path, forge: ForgeKind, *, is_forced: bool = False, is_written: bool = True) -> ExportedJobs:
    """Leave the jobs for ``forge`` in the git repository of the project at ``root``.

    Raises ``Refused`` where a file of that name says something else, unless ``is_forced``: then it is written over.
    Unless ``is_written`` nothing is, and nothing is in the way.
    """
    from headgate.plugins.exporters.jobs import jobs_for

    top, folder = git_state(root).folder() or (root, "")
    facts, notes = _facts(root, folder.rstrip("/"))
    file = jobs_for(forge, facts)
    path = top / file.path
    there = _text_of(path)
    include = "" if forge is ForgeKind.GITHUB else _include(top, file.path)
    shown = _from(root, path)
    if not is_written or there == file.text:
        return ExportedJobs(shown, file.text, False, facts.variables, include, notes)
    if there is not None and not is_forced:
        raise _in_the_way(shown, there, file.text, forge)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentFailed(f"{shown} cannot be written: {error.strerror}") from error
    return ExportedJobs(shown, file.text, True, facts.variables, include, notes)


def _facts(root: Path, folder: str) -> tuple[JobFacts, tuple[str, ...]]:
    """Return what jobs have to know, and what keeps them from working."""
    from headgate.core.diagnostic import has_errors
    from headgate.plugins.exporters.jobs import JobFacts
    from headgate.project.load import load, load_config

    environ = AnyVariable()
    config, diagnostics = load_config(root, environ=environ)
    if has_errors(found := [one for one in diagnostics if one.code != "HG122"]):  # a stand-in is no url, no duration
        raise Refused(found)
    declared = load(root, environ=environ)
    of_python = {name for asset in declared.assets if asset.python for name in asset.python.variables}
    names = {*environ.asked, *of_python, *declared.variables}
    git = git_state(root)
    branch = git.default_branch() or git.branch() or "main"
    name = environment_like(branch) or "main"
    chosen = config.environment(name)
    facts = JobFacts(
        name=environment_like(config.name) or "project",
        folder=folder,
        branch=branch,
        environment="dev" if chosen is None or chosen.protected else name,
        variables=tuple(sorted(name for name in names if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII))),
        installs=_installs(root, declared),
        needs_disk=any(not engine.url for engine in config.engines.values()),
        version=__version__,
    )
    return facts, tuple(_notes(config))


def _notes(config: Config) -> Iterator[str]:
    for engine in config.engines.values():
        is_elsewhere = engine.url or engine.path == ANY_VALUE or Path(engine.path).is_absolute()
        if not is_elsewhere and not engine.path.startswith(".."):
            text = f"{engine.path} stands in the repository, which a job begins with emptying"
            yield f'{text}: say where it is, as in path = "env:WAREHOUSE" of [engines.{engine.name}].'
    if config.environment("pr-1") is None:
        yield 'No environment can be made for a request: headgate.toml needs [environments."*"].'


def _installs(root: Path, declared: Declarations) -> tuple[tuple[str, ...], ...]:
    """Return what pip has to install: what the project pins, and Headgate unless it is among that."""
    pinned = _text_of(root / _REQUIREMENTS)
    extras = ["postgres"] * any(engine.url for engine in declared.config.engines.values())
    extras += ["python"] * any(asset.python for asset in declared.assets)
    chosen = f"[{','.join(extras)}]" if extras else ""
    ours = (f"headgate{chosen}=={__version__}",)
    if pinned is None:
        return (ours,)
    theirs = ("-r", _REQUIREMENTS)
    return (theirs,) if re.search(r"^headgate\b(?!-)", pinned, re.MULTILINE | re.IGNORECASE) else (theirs, ours)


class AnyVariable(UserDict[str, str]):
    """An environment in which every variable is set; it notes which ones were asked for.

    Settings are understood by it where their values are nobody's business: on the machine of a stranger's request, and
    where only their names count.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __contains__(self, name: object) -> bool:
        """Tell that it is set."""
        return isinstance(name, str)

    def __getitem__(self, name: str) -> str:
        """Return a text that stands for the value."""
        self.asked.add(name)
        return ANY_VALUE


def _include(top: Path, path: str) -> str:
    """Return the line that .gitlab-ci.yml lacks; empty where it names the file already."""
    main = _text_of(top / ".gitlab-ci.yml") or ""
    return "" if path in main else f"include: [{{local: {path}}}]"


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFailed(f"{path.name} cannot be read: {error}") from error


def _from(root: Path, path: Path) -> str:
    import os

    return Path(os.path.relpath(path, os.path.realpath(root))).as_posix()


def _in_the_way(path: str, there: str, text: str, forge: ForgeKind) -> Refused:
    lines = list(unified_diff(there.splitlines(), text.splitlines(), path, "what would be written", lineterm="", n=1))
    if len(lines) > _DIFFERENCE_LINES_MAX:
        more = len(lines) - _DIFFERENCE_LINES_MAX
        lines = [*lines[:_DIFFERENCE_LINES_MAX], f"... and {more} lines more"]
    hint = (
        f"Nothing was written. Take over what you want, or have it written over: headgate export {forge.value} --force"
    )
    summary = f"{path} is there and says something else"
    return Refused([Diagnostic("HG196", summary, Place(path), hint, detail="\n".join(lines))])
