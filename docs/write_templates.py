"""The page of what templates may use: names, filters, tests, methods and limits, as the source has them."""

from __future__ import annotations

from collections.abc import Iterable

from headgate.project.templates import limits
from headgate.project.templates.filters import FILTERS
from headgate.project.templates.methods import METHODS
from headgate.project.templates.tests import TESTS
from headgate.project.templates.vocabulary import CLOSED, GIVEN

_KINDS = {str: "texts", list: "lists", dict: "mappings"}

_LIMITS = {
    "Characters of a template, or of a file of macros": limits.TEMPLATE_CHARACTERS_MAX,
    "Parts of one: tags, names, operators": limits.TOKENS_MAX,
    "Steps that filling in one takes": limits.STEPS_MAX,
    "Characters of one text, the filled one included": limits.TEXT_CHARACTERS_MAX,
    "Characters of all texts that are made meanwhile": limits.MADE_MAX,
    "Expressions, blocks and calls in each other": limits.DEPTH_MAX,
    "Lists and mappings in each other": limits.NESTED_MAX,
    "Numbers of one range": limits.RANGE_MAX,
    "Bits of a number": limits.NUMBER_BITS_MAX,
    "Faults, and warnings, that are told of one file": limits.FAULTS_MAX,
}


def templates() -> str:
    """Return the page."""
    lines = [
        "# What templates may use",
        "",
        "How they work: [write SQL with templates](../how-to/templates.md). What is not on this page is not there: a",
        "template sees plain values, and nothing of the language that it is carried out in.",
        "",
        "## Names",
        "",
        "| Name | What it is |",
        "|---|---|",
        *(f"| `{name}` | {told} |" for name, told in GIVEN.items()),
        "",
        "Beside them there are the macros of `macros/`, each by its name or as `PROJECT.NAME`, and what is set.",
        "",
        "## Statements",
        "",
        _listed(
            ("if", "for", "set", "macro", "call", "filter", "with", "do", "raw", "break", "continue"), "{% ", " %}"
        ),
        "In files of macros `test`, `data_test` and `docs` blocks are passed over.",
        "",
        "## Filters",
        "",
        _listed(sorted(FILTERS)),
        "",
        "## Tests",
        "",
        _listed(name for name in sorted(TESTS) if name.isalpha()),
    ]
    for kind, word in _KINDS.items():
        lines += ["", f"## Methods of {word}", "", _listed(sorted(METHODS[kind]))]
    lines += ["", "## Limits", "", "They are counted, so that a template ends the same on every machine.", ""]
    lines += ["| What | At most |", "|---|---|", *(f"| {what} | {most:,} |" for what, most in _LIMITS.items())]
    lines += ["", "## What is closed", "", "| Name | Why |", "|---|---|"]
    lines += [f"| `{name}` | {why} |" for name, why in sorted(CLOSED.items())]
    return "\n".join(lines) + "\n"


def _listed(names: Iterable[str], before: str = "", after: str = "") -> str:
    return ", ".join(f"`{before}{name}{after}`" for name in names) + "."
