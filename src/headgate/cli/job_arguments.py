"""The arguments of commands that run in jobs of a forge, or write them."""

from __future__ import annotations

from headgate.cli.argument_values import positive, seconds
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


def ci(parser: Parser) -> None:
    """Add the arguments of `ci`."""
    describe(
        parser,
        "For the job of a request: try its unit tests out, build it in an environment of its own (pr-12), measure it, "
        "decide, and tell that below the request: one comment, and the status headgate/PROJECT, which fails where "
        "something is blocked or waits. By hand it does the same in ci-BRANCH and tells nobody else. With --closed the "
        "environment of the closed request shows nothing any more; without a request, those of all that are closed.",
        "headgate ci",
        "headgate ci --out reports --wait 10m",
        "headgate ci --closed",
    )
    parser.add_argument("--closed", action="store_true", help="the request was closed")
    parser.add_argument("--out", metavar="DIR", default="", help="write the reports there (.headgate/ci)")
    parser.add_argument("--threads", type=positive, default=0, metavar="N", help="build so many at once at most")
    wait = "for whoever is at work: 30s, 5m"
    parser.add_argument("--wait", metavar="TIME", type=seconds, default=0.0, help=wait)
