"""The arguments of `headgate contract`."""

from __future__ import annotations

from headgate.cli.parser import Parser, describe


def contract(parser: Parser) -> None:
    """Say what `contract` alone is asked for: its help."""
    describe(
        parser,
        "Exchange data contracts as files of the Open Data Contract Standard 3.1: `contract export` writes what assets "
        "promise, `contract import` declares what a contract says. More: headgate contract export --help, "
        "headgate contract import --help.",
        "headgate contract export marts.carrier_delay",
        "headgate contract import carrier_delay.odcs.yaml",
    )


def contract_export(parser: Parser) -> None:
    """Give the parser of `contract export` its arguments."""
    describe(
        parser,
        "Write the contract of an asset, or all contracts, as YAML of the Open Data Contract Standard 3.1: columns "
        "with their types, keys, references, rules of quality, the team. What an imported contract said besides is "
        "written out again. Without an enforced contract it is a draft.",
        "headgate contract export marts.carrier_delay",
        "headgate contract export marts.carrier_delay --out carrier_delay.odcs.yaml",
        "headgate contract export --out contracts",
    )
    parser.add_argument("address", metavar="ADDRESS", nargs="?", default="", help="the contract of this asset (all)")
    parser.add_argument(
        "--out", metavar="FILE", default="", help="write to this file; without ADDRESS into this folder"
    )


def contract_import(parser: Parser) -> None:
    """Give the parser of `contract import` its arguments."""
    describe(
        parser,
        "Declare what a contract of the Open Data Contract Standard 3 says of your assets, in the property files that "
        "describe them, or in a new one: columns, types, keys, references, rules as data tests, owner, and that it is "
        "enforced. What Headgate has no word for is kept, told, and comes out again with `contract export`. What a "
        "file says already is never replaced without --replace.",
        "headgate contract import orders.odcs.yaml",
        "headgate contract import orders.odcs.yaml --as shop.orders --print",
        "headgate contract import orders.odcs.yaml --replace",
    )
    parser.add_argument("file", metavar="FILE", help="the contract")
    parser.add_argument("--as", dest="named", metavar="ADDRESS", default="", help="the asset that it describes")
    parser.add_argument(
        "--to", metavar="FILE", default="", help="write what is new to this file (assets/SCHEMA/NAME.yml)"
    )
    parser.add_argument("--replace", action="store_true", help="in place of what is said of the assets by now")
    parser.add_argument("--print", action="store_true", help="write to standard output instead")
