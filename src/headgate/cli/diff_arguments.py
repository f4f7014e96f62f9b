"""The arguments of `headgate diff`."""

from __future__ import annotations

from headgate.cli.argument_values import names, number, tolerance
from headgate.cli.parser import Parser, describe


def diff(parser: Parser) -> None:
    """Give `diff` its arguments."""
    describe(
        parser,
        "Lay two environments, releases (prod@14) or tables (ENGINE:SCHEMA.TABLE) beside each other, row by row where "
        "a key is known, in one engine or across two. Nothing is written.",
        "headgate diff prod dev",
        "headgate diff prod@14 prod marts.carrier_delay --limit 20",
        "headgate diff local:raw.orders server:raw.orders --key id --tolerance price=0.01",
    )
    parser.add_argument("before", metavar="A", help="the older side: what B adds and removes is seen from here")
    parser.add_argument("after", metavar="B", help="the newer side")
    parser.add_argument("addresses", metavar="ADDRESS", nargs="*", help="compare these alone")
    parser.add_argument("--key", metavar="COLUMNS", type=names, default=(), help="rows with equal ones belong together")
    parser.add_argument(
        "--tolerance", metavar="[COLUMN=]N", type=tolerance, action="append", default=[],
        help="by so much numbers may differ: 0.01, or 1%% of the older one",
    )  # fmt: skip
    parser.add_argument("--limit", metavar="N", type=number, default=5, help="rows shown of each kind (5); 0 for none")
    parser.add_argument("--exit-code", action="store_true", help="end with 10 where something differs")
