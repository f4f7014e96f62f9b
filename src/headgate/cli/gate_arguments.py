"""The arguments of commands about the gate."""

from __future__ import annotations

from headgate.cli.argument_values import reason, seconds
from headgate.cli.parser import Parser, describe


def approve(parser: Parser) -> None:
    """Add the arguments of `approve`."""
    describe(
        parser,
        "Show what a change does that an owner has to agree to, and agree to it. The owner of the asset does, never "
        "the author of the change, unless nobody else is known who could. The agreement holds while nothing about "
        "the change is new or worse.",
        "headgate approve dev",
        'headgate approve pr-12 --note "as agreed with finance"',
    )
    _change(parser)
    parser.add_argument("--note", metavar="TEXT", default="", help="what you want to say of it; it is kept")


def report(parser: Parser) -> None:
    """Add the arguments of `report`."""
    describe(
        parser,
        "Lay each asset of a change beside the one that it would replace, and leave what differs and what the gate "
        "says of it in a folder: a page to look at (report.html), Markdown, JUnit, JSON. Nothing is released.",
        "headgate report dev",
        "headgate report pr-12 --out build/report",
    )
    _change(parser)
    parser.add_argument("--out", metavar="DIR", default="report", help="the folder, made where it is missing (report)")
    told = "for whoever is at work: 30s, 5m"
    parser.add_argument("--wait", metavar="TIME", type=seconds, default=0.0, help=told)


def policy(parser: Parser) -> None:
    """Add the arguments of `policy`."""
    describe(
        parser,
        "Try the policy of the gate out: each scenario in tests/policy/*.yml gives what was found of a change, and "
        "says what the gate has to decide. No data is needed. It ends with 1 where one comes out otherwise.",
        "headgate policy test",
        "headgate policy test tests/policy/finance.yml",
    )
    parser.add_argument("what", metavar="WHAT", choices=("test",), help="test")
    parser.add_argument("file", metavar="FILE", nargs="?", default="", help="this file alone (all of tests/policy)")


def add_override(parser: Parser) -> None:
    """Add the option that opens the gate in an emergency."""
    told = "in an emergency: open the gate whatever it says; the reason stands in the release"
    parser.add_argument("--override", metavar="REASON", type=reason, help=told)


def _change(parser: Parser) -> None:
    source = "the environment that shows the change (dev)"
    parser.add_argument("source", metavar="FROM", nargs="?", default="dev", help=source)
    parser.add_argument("--to", metavar="ENV", help="the environment that would take it over (the protected one)")
