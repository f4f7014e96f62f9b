"""One command's parser: argparse, with errors that name the nearest option and an example."""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import NoReturn

HELP_WIDTH = 100


class WrongUsage(Exception):
    """The command line cannot be understood; the text says what is wrong with it, ``command`` whose help to read."""

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message)
        self.command = command


_MISSING = "the following arguments are required: "
_CHOICE = re.compile(r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)", re.DOTALL)
"""What argparse says, which is told in fewer words."""


class Parser(argparse.ArgumentParser):
    """argparse, with one-line errors that name the nearest option."""

    def __init__(self, command: str) -> None:
        super().__init__(
            prog=f"headgate {command}",
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
                prog, max_help_position=26, width=HELP_WIDTH
            ),
            allow_abbrev=False,
            add_help=False,
        )
        self.command = command
        self.surplus = ""
        """Why it takes no more names than it does."""

    def error(self, message: str) -> NoReturn:
        """Raise ``WrongUsage``."""
        if message.startswith("unrecognized arguments: "):
            unknown = message.removeprefix("unrecognized arguments: ").split()[0]
            message = f"{unknown} is not understood here" + (self._nearest(unknown) or self._surplus(unknown))
        if message.startswith(_MISSING):
            names = message.removeprefix(_MISSING)
            example = f", as in {self.epilog.splitlines()[1].strip()}" if self.epilog else ""
            message = f"{names} {'are' if ', ' in names else 'is'} missing{example}"
        if chosen := _CHOICE.fullmatch(message):
            name, given, known = (part.replace("'", "") for part in chosen.groups())
            message = f"{name} may be {known}, not {given}"
        raise WrongUsage(message, self.command)

    def _surplus(self, unknown: str) -> str:
        return f": {self.surplus}" if self.surplus and not unknown.startswith("-") else ""

    def _nearest(self, unknown: str) -> str:
        if not unknown.startswith("-"):
            return ""
        from headgate.core.diagnostic import nearest

        near = nearest(unknown.partition("=")[0], self._option_string_actions)
        return f". Did you mean {near[0]}?" if near else ""


def describe(parser: Parser, description: str, *examples: str) -> None:
    """Give a parser what its help says: what the command does, and examples."""
    parser.description = textwrap.fill(description, HELP_WIDTH)
    parser.epilog = "Examples:\n" + "\n".join(f"  {example}" for example in examples)
