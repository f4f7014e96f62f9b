"""Write the page of the commands from the parsers of the command line."""

from __future__ import annotations

import argparse
import textwrap

from headgate.cli.arguments import COMMANDS, parsers
from headgate.cli.envelope import FORMAT

_HEAD = """# Commands

Each command is `headgate COMMAND`. It works on the project in this folder or in the nearest one above.
`headgate COMMAND --help` says what stands here. Results go to standard output, progress and messages to standard
error."""

_STATUS = """## Exit status

| Status | Meaning |
|--:|---|
| 0 | done; for `plan` and `check`: no faults |
| 1 | refused, or a fault in the repository, told as diagnostics; a statement or function of yours that failed |
| 2 | wrong usage, or nobody is there to answer and `--yes` was not given; nothing was done |
| 3 | the engine, the state or the disk failed; the message names the command to go on with |
| 10 | there are changes (`plan --exit-code`) |
| 70 | a bug in Headgate; the message names the file that holds the traceback |
| 130 | interrupted |

## JSON

With `--json` a command prints one object in one line on standard output, and nothing else there:

| Key | Value |
|---|---|
| `format` | {format}. It is raised when a key changes its meaning or goes; a new key does not raise it |
| `command` | the command |
| `exit_status` | as above |
| `diagnostics` | a list: `code`, `severity`, `summary`, `place` (`path`, `line`, `column`) and `hint` of each |
| `result` | what the command found or did, null where it was refused |"""


def commands() -> str:
    """Return the page."""
    found = parsers()
    common = _common(found["check"])
    parts = [_HEAD, "\n".join(_overview(found)), "## Options of every command", _table(common)]
    for name, parser in found.items():
        parts += [f"## {name}", *_command(name, parser, {action.dest for action in common})]
    return "\n\n".join([*parts, _STATUS.format(format=FORMAT)]) + "\n"


def _overview(found: dict[str, argparse.ArgumentParser]) -> list[str]:
    lines = ["| Command | What it does |", "|---|---|"]
    for name in found:
        text = COMMANDS.get(name) or f"see [`{name.split()[0]}`](#{name.split()[0]})"
        lines.append(f"| [`{name}`](#{name.replace(' ', '-')}) | {text} |")
    return lines


def _command(name: str, parser: argparse.ArgumentParser, common: set[str]) -> list[str]:
    own = [a for a in parser._actions if a.dest not in common and a.help != argparse.SUPPRESS]
    usage = " ".join(_usage(action) for action in own)
    examples = (parser.epilog or "").partition("\n")[2]
    lines = [line.removeprefix("  ") for line in examples.splitlines()]
    parts = [*_paragraphs(parser.description or ""), f"```text\nheadgate {name} {usage}".rstrip() + "\n```"]
    parts += [_table(own)] if own else []
    return [*parts, "\n".join(["```sh", *lines, "```"])]


def _paragraphs(description: str) -> list[str]:
    """Return prose filled to our width, and a paragraph that ends in indented lines with these as code."""
    found: list[str] = []
    for paragraph in description.split("\n\n"):
        prose, mark, code = paragraph.partition("\n  ")
        found.append(textwrap.fill(" ".join(prose.split()), 120))
        if mark:
            found.append("\n".join(["```text", *(line.strip() for line in code.splitlines()), "```"]))
    return found


def _common(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    group = next(g for g in parser._action_groups if g.title == "of every command")
    return [action for action in group._group_actions if action.dest != "yes"]


def _usage(action: argparse.Action) -> str:
    value = _value(action)
    text = " ".join(part for part in (max(action.option_strings, key=len, default=""), value) if part)
    is_needed = not action.option_strings and action.nargs != "?"
    return text if is_needed else f"[{text}]"


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    name = "|".join(map(str, action.choices)) if action.choices else str(action.metavar or action.dest.upper())
    return f"[{name} ...]" if action.nargs == "*" else name


def _table(actions: list[argparse.Action]) -> str:
    lines = ["| | |", "|---|---|"]
    for action in actions:
        value = _value(action)
        names = [f"{name} {value}".rstrip() for name in action.option_strings] or [value]
        shown = ", ".join(f"`{name}`" for name in names).replace("|", "\\|")
        told = str(action.help or "").replace("%%", "%").replace("|", chr(92) + "|")  # %% is argparse's own %
        lines.append(f"| {shown} | {told} |")
    return "\n".join(lines)
