"""The page of all kinds of checks, made from what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headgate.core.checks import Kind
from headgate.plugins.checks.instead import INSTEAD
from headgate.plugins.checks.kinds import OF_PACKAGES, OWN


def checks() -> str:
    """Return the page."""
    lines = [
        "# Kinds of checks",
        "",
        "Written below `data_tests:` of an asset, a source or a column; [how they are used](../how-to/checks.md).",
        "Beside its own arguments each has the settings of dbt's tests: `severity`, `where`, `warn_if`, `error_if`,",
        "`name`, `tags`, `enabled` ([keys](keys.md)).",
        "",
        "## Headgate's own",
        "",
        *_table(OWN),
        "",
        "## Of dbt's packages",
        "",
        "Read as they are, with the arguments named here. What has others is told by a warning (HG312), and does not",
        "run.",
        "",
        *_table(OF_PACKAGES),
        "",
        "## In place of others",
        "",
        "What is told where one of these stands:",
        "",
        "| Test of a package | What to write |",
        "|---|---|",
        *(f"| `{name}` | {told} |" for name, told in INSTEAD.items()),
    ]
    return "\n".join(lines) + "\n"


def _table(kinds: Mapping[str, Kind]) -> Iterable[str]:
    yield "| Kind | About | What it demands | Arguments |"
    yield "|---|---|---|---|"
    for name, kind in kinds.items():
        about = "a column" if kind.is_of_column else "rows"
        arguments = " ".join(f"`{key}`: {told}" for key, told in kind.arguments.items())
        yield f"| `{name}` | {about} | {kind.told} | {arguments} |"
