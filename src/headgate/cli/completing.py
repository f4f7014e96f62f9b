"""What can stand where the cursor is: decided by the parsers themselves, so it never differs from what they take."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

from headgate.cli.arguments import COMMANDS, parser_of

FILES, FOLDERS = ":files", ":folders"
"""Said in place of candidates: the shell itself knows which there are."""

KINDS = {"ENV": "environments", "FROM": "environments", "ADDRESS": "assets", "RELEASE": "releases"}
"""Which names a project has for a value, by how the help calls it."""

_KINDS_BY_DEST = {"select": "assets", "engine": "engines"}
_PARTS = {
    "import": {"source": "tables that exist", "dbt": "a dbt project"},
    "contract": {"export": "what assets promise, as files", "import": "a contract, as declarations"},
}
_WITH_VALUE = ("-C", "--project")


class Wanted(NamedTuple):
    """What is wanted at the cursor: ready candidates with what each means, or names of one kind that the project has.

    ``typed`` is what a candidate must begin with, ``before`` what is put before it again (``--to=``). ``project`` is
    the folder given by ``-C``, ``environment`` the one named before, whose releases are meant.
    """

    typed: str
    candidates: tuple[tuple[str, str], ...] = ()
    kind: str = ""
    before: str = ""
    project: str = ""
    environment: str = ""


def wanted(words: Sequence[str]) -> Wanted:
    """Return what is wanted in place of the last of ``words``, which follow ``headgate``.

    >>> [name for name, _ in wanted(["rel"]).candidates]
    ['releases']
    >>> wanted(["promote", "dev", "--to", "p"]).kind
    'environments'
    """
    *given, typed = _joined(words)
    project, command, rest = _split(given)
    if given and given[-1] in _WITH_VALUE:
        return Wanted(typed, kind=FOLDERS)
    if not command:
        found = _options(parser_of("check"), [], only=_WITH_VALUE) if typed.startswith("-") else tuple(COMMANDS.items())
        return Wanted(typed, _beginning(found, typed), project=project)
    if command in _PARTS and not rest:
        return Wanted(typed, _beginning(tuple(_PARTS[command].items()), typed), project=project)
    name = f"{command} {rest.pop(0)}" if command in _PARTS else command
    if command not in COMMANDS or (command in _PARTS and name.split()[1] not in _PARTS[command]):
        return Wanted(typed)
    return _in_command(parser_of(name), rest, typed)._replace(project=project)


def _in_command(parser: argparse.ArgumentParser, rest: list[str], typed: str) -> Wanted:
    options = parser._option_string_actions
    if typed.startswith("-") and "=" in typed:
        name, _, value = typed.partition("=")
        action = options.get(name)
        return _value(action, value)._replace(before=f"{name}=") if action is not None else Wanted(typed)
    if typed.startswith("-"):
        return Wanted(typed, _beginning(_options(parser, rest), typed))
    positionals = [action for action in parser._actions if not action.option_strings]
    waiting: argparse.Action | None = None
    taken: list[str] = []
    for word in rest:
        if word in options:
            waiting = options[word] if options[word].nargs != 0 else None
        elif waiting is not None:
            waiting = waiting if waiting.nargs == "*" else None
        elif not word.startswith("-"):
            taken.append(word)
    if waiting is None and len(taken) < len(positionals):
        waiting = positionals[len(taken)]
    environment = taken[0] if taken and positionals and positionals[0].metavar == "ENV" else ""
    return _value(waiting, typed)._replace(environment=environment) if waiting is not None else Wanted(typed)


def _value(action: argparse.Action, typed: str) -> Wanted:
    if action.choices:
        return Wanted(typed, _beginning([(str(choice), "") for choice in action.choices], typed))
    metavar = str(action.metavar or "").partition("[")[0]
    if metavar in ("FILE", "DIR"):
        return Wanted(typed, kind=FILES if metavar == "FILE" else FOLDERS)
    return Wanted(typed, kind=_KINDS_BY_DEST.get(action.dest) or KINDS.get(metavar, ""))


def _options(
    parser: argparse.ArgumentParser, rest: Sequence[str], *, only: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return the options that the help tells and that are not given yet, each by its longest name."""
    found = []
    for action in parser._actions:
        is_again = isinstance(action, argparse._AppendAction)
        is_given = not is_again and any(name in rest for name in action.option_strings)
        is_meant = not only or set(only) & set(action.option_strings)
        if action.option_strings and action.help != argparse.SUPPRESS and not is_given and is_meant:
            found.append((max(action.option_strings, key=len), str(action.help or "").replace("%%", "%")))
    return tuple(found)


def _beginning(found: Sequence[tuple[str, str]], typed: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in found if name.startswith(typed))


def _split(given: Sequence[str]) -> tuple[str, str, list[str]]:
    """Return the project's folder, the command, and the words after it."""
    project, command, rest = "", "", list[str]()
    words = iter(given)
    for word in words:
        if word in _WITH_VALUE:
            project = next(words, "")
        elif command:
            rest.append(word)
        elif not word.startswith("-"):
            command = word
    return project, command, rest


def _joined(words: Sequence[str]) -> list[str]:
    """Return the words with ``--to = dev``, as bash takes ``--to=dev`` apart, as ``--to dev``."""
    return [word for number, word in enumerate(words) if word != "=" or number == len(words) - 1 or not number] or [""]
