"""Jobs of GitHub Actions and GitLab CI that run Headgate: texts with marks, filled in for one project.

A line that is a mark alone (``@env@``) stands for any lines, each as far to the right as the mark; other marks stand
for one text. The texts are YAML of the forges, and no template of Headgate's: `${{ }}` and `$NAME` are left to them.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headgate.core.surroundings import ForgeKind

_LINES = re.compile(r"^(?P<indent> *)@(?P<name>\w+)@\n", re.MULTILINE)
_WORD = re.compile(r"@(\w+)@")
_RUNNER = "warehouse"
"""The label of a machine that has the file of a warehouse."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What jobs have to know of a project.

    ``folder`` is where it stands in its git repository, empty for the root. ``branch`` is what is released, and
    ``environment`` where that is built. ``variables`` are what it reads of the environment. ``installs`` are calls of
    pip, word by word. ``needs_disk``: a warehouse is a file, which one machine has.
    """

    name: str
    folder: str
    branch: str
    environment: str
    variables: tuple[str, ...]
    installs: tuple[tuple[str, ...], ...]
    needs_disk: bool
    version: str


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file of jobs: where it belongs in the git repository, and its text."""

    path: str
    text: str


def jobs_for(forge: ForgeKind, facts: JobFacts) -> JobFile:
    """Return the file of jobs of one forge."""
    text = (Path(__file__).parent / f"{forge.value}.yml").read_text(encoding="utf-8")
    title = "headgate" if not facts.folder else f"headgate-{facts.name}"
    lines, words = (_of_github if forge is ForgeKind.GITHUB else _of_gitlab)(facts)
    reports = f"{facts.folder}/.headgate/ci/" if facts.folder else ".headgate/ci/"
    words = {
        **words,
        "title": title,
        "branch": json.dumps(facts.branch, ensure_ascii=False),
        "environment": facts.environment,
        "version": facts.version,
        "reports": _plain(reports),
        "junit": _plain(f"{reports}junit.xml"),
        "install": " && ".join(f"python -m pip install --quiet {shlex.join(one)}" for one in facts.installs),
    }
    filled = _LINES.sub(lambda m: "".join(f"{m['indent']}{line}\n" for line in lines[m["name"]]), text)
    folder = {ForgeKind.GITHUB: ".github/workflows", ForgeKind.GITLAB: ".gitlab"}[forge]
    return JobFile(f"{folder}/{title}.yml", _WORD.sub(lambda m: words[m[1]], filled))


def _of_github(facts: JobFacts) -> tuple[Mapping[str, Sequence[str]], Mapping[str, str]]:
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    machine = f"[self-hosted, {_RUNNER}]" if facts.needs_disk else "ubuntu-latest"
    either = f"""${{{{ {own} && fromJSON('["self-hosted", "{_RUNNER}"]') || 'ubuntu-latest' }}}}"""
    lines = {
        "env": [f"{name}: ${{{{ secrets.{name} }}}}" for name in facts.variables],
        "defaults": ["", "defaults:", "  run:", f"    working-directory: {_plain(facts.folder)}"] * bool(facts.folder),
    }
    return lines, {"own": own, "machine": machine, "either": either if facts.needs_disk else "ubuntu-latest"}


def _of_gitlab(facts: JobFacts) -> tuple[Mapping[str, Sequence[str]], Mapping[str, str]]:
    lines = {
        "variables": [f"#   {name}" for name in (*facts.variables, "GITLAB_TOKEN")],
        "tags": [f"tags: [{_RUNNER}]"] * facts.needs_disk,
        "folder": [f"- {_plain(f'cd {shlex.quote(facts.folder)}')}"] * bool(facts.folder),
    }
    return lines, {}


def _plain(text: str) -> str:
    """Return a text as YAML: as it is, or between quotes (JSON's are YAML's)."""
    return text if re.fullmatch(r"[\w.][\w./ -]*", text, re.ASCII) else json.dumps(text, ensure_ascii=False)
