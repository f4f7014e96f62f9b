"""The arguments of commands that run in jobs of a forge, or write them."""

from __future__ import annotations

from headgate.cli.parser import Parser, describe


def export(parser: Parser) -> None:
    """Add the arguments of `export`."""
    describe(
        parser,
        "Write jobs for a forge: a request is checked, built and measured, its environment goes when it is closed, "
        "and what is merged is released. A file that says something else is left alone, and the difference shown. The "
        "jobs are yours to edit.",
        "headgate export github",
        "headgate export gitlab --print",
    )
    parser.add_argument("forge", metavar="FORGE", choices=("github", "gitlab"), help="github or gitlab")
    parser.add_argument("--force", action="store_true", help="write over what is there")
    parser.add_argument("--print", action="store_true", help="write to standard output instead")
