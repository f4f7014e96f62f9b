"""Write the pages of docs/reference that follow from the source. A test holds them to be the same."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from docs.write_checks import checks
from docs.write_commands import commands
from docs.write_extension_points import extension_points
from docs.write_keys import keys
from docs.write_python import python
from docs.write_templates import templates
from headgate.app.schema import text_of
from headgate.core.codes import CODES
from headgate.core.report_schema import report_schema

FAMILIES = {
    "HG1": "Files",
    "HG2": "SQL",
    "HG3": "Declarations",
    "HG4": "Plan",
    "HG5": "Releases and leases",
    "HG6": "Engine and state",
    "HG7": "Evidence and the gate",
}


def diagnostics() -> str:
    """Return the page of all codes."""
    lines = [
        "# Diagnostics",
        "",
        "Every message about a fault carries a code. A code never changes its meaning. A message also names the file,",
        "the line and the column where that is known, and says what to do next.",
    ]
    for family, codes in groupby(sorted(CODES), key=lambda code: code[:3]):
        lines += ["", f"## {family}xx: {FAMILIES[family]}", "", "| Code | Meaning |", "|---|---|"]
        lines += [f"| {code} | {CODES[code]} |" for code in codes]
    return "\n".join(lines) + "\n"


def report_json() -> str:
    """Return the JSON Schema of reports."""
    return text_of(report_schema(comment="headgate schema report"))


PAGES = {
    "checks.md": checks,
    "commands.md": commands,
    "diagnostics.md": diagnostics,
    "extension-points.md": extension_points,
    "keys.md": keys,
    "python.md": python,
    "report-schema.json": report_json,
    "templates.md": templates,
}


def main() -> None:
    """Write all pages."""
    folder = Path(__file__).parent / "reference"
    for name, text in PAGES.items():
        (folder / name).write_text(text())


if __name__ == "__main__":
    main()
