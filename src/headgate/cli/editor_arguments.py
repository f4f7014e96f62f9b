"""The arguments of commands that serve editors and shells."""

from __future__ import annotations

from headgate.cli.parser import Parser, describe


def schema(parser: Parser) -> None:
    """Add the arguments of `schema`."""
    describe(
        parser,
        "Print the JSON Schema (draft 2020-12) of property files (yaml, by default), of headgate.toml (toml), of the "
        "headers of SQL files (header), of expected changes (changes) or of scenarios of the gate (scenarios): editors "
        "check and complete by it. Or that of reports of changes (report). No project is needed.",
        "headgate schema toml",
        "headgate schema --out .schemas",
    )
    parser.description = f"{parser.description}\n\n{_IN_EDITORS}"
    kinds = ("yaml", "toml", "header", "changes", "scenarios", "report")
    parser.add_argument("kind", metavar="KIND", nargs="?", choices=kinds, help="of which files")
    parser.add_argument(
        "--out", metavar="DIR", default="", help="write files into this folder: those for editors, or one"
    )


_IN_EDITORS = """In editors, as the first line of a file, with the path from that file:
  # yaml-language-server: $schema=../.schemas/headgate-yaml.schema.json     (.yml)
  #:schema ./.schemas/headgate-toml.schema.json                             (headgate.toml, Taplo)"""


def completion(parser: Parser) -> None:
    """Add the arguments of `completion`."""
    describe(
        parser,
        "Print a script that lets a shell complete commands, options, environments, assets and releases. Where to put "
        "it stands in its first lines.",
        "headgate completion bash",
        "headgate completion zsh",
        "headgate completion fish",
    )
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")
