"""The arguments of `headgate import`."""

from __future__ import annotations

from headgate.cli.argument_values import names
from headgate.cli.parser import Parser, describe


def import_(parser: Parser) -> None:
    """Say what `import` alone is asked for: its help."""
    describe(
        parser,
        "Come from somewhere: `import source` declares the tables that a schema of the engine holds, `import dbt` "
        "takes over a dbt project. More: headgate import source --help, headgate import dbt --help.",
        "headgate import source raw",
        "headgate import dbt ../jaffle_shop --to jaffle_shop",
    )


def import_source(parser: Parser) -> None:
    """Give the parser of `import source` its arguments."""
    describe(
        parser,
        "Declare the tables and views of a schema of the engine, with the types and comments of their columns, in "
        "assets/sources/SCHEMA.yml. What is declared already is left alone.",
        "headgate import source raw",
        "headgate import source raw --tables orders,customers --to assets/shop/sources.yml",
        "headgate import source raw --print",
    )
    parser.add_argument("schema", metavar="SCHEMA", help="as the engine calls it")
    parser.add_argument("--tables", metavar="A,B", type=names, default=(), help="only these (all)")
    parser.add_argument("--engine", metavar="NAME", default="", help="of this engine, where there are several")
    parser.add_argument("--to", metavar="FILE", default="", help="write to this file (assets/sources/SCHEMA.yml)")
    parser.add_argument("--print", action="store_true", help="write to standard output instead")


def import_dbt(parser: Parser) -> None:
    """Give the parser of `import dbt` its arguments."""
    describe(
        parser,
        "Turn a dbt project into files of a repository: models, seeds, sources, property files, macros. Plain models "
        "become plain SQL, other Jinja is kept. What could not be imported is listed, with its place and what to do. "
        "dbt is not needed, and nothing that exists is overwritten.",
        "headgate import dbt .",
        "headgate import dbt ../jaffle_shop --to jaffle_shop",
    )
    parser.add_argument("directory", metavar="DIR", help="the folder with dbt_project.yml")
    parser.add_argument("--to", metavar="DIR", default="", help="the repository to write into (the one here)")
