"""The arguments of commands about what releases rest on."""

from __future__ import annotations

from headgate.cli.argument_values import positive
from headgate.cli.parser import Parser, describe


def verify(parser: Parser) -> None:
    """Add the arguments of `verify`."""
    describe(
        parser,
        "Tell whether a release is what was signed: its signature, its evidence, its move, all pointers, the log, and "
        "the records before it. It reads the state alone and asks no warehouse. It ends with 1 where something was "
        "altered, or nothing was signed, and says what.",
        "headgate verify",
        "headgate verify 15 --env prod",
        "headgate verify --all",
    )
    parser.add_argument("release", metavar="RELEASE", nargs="?", type=positive, help="its number (the last one)")
    parser.add_argument("--env", metavar="ENV", help="of this environment (the protected one)")
    parser.add_argument("--all", action="store_true", help="all releases of the environment")


def record(parser: Parser) -> None:
    """Add the arguments of `record`."""
    describe(
        parser,
        "Print the signed record of a release, an in-toto statement in a DSSE envelope, which other tools check as "
        "well; or the public key that signs here, as [record] signers of headgate.toml takes it.",
        "headgate record export 15 --out release-15.json",
        "headgate record key",
        "headgate record key --pem --out signer.pem",
    )
    parser.add_argument("what", metavar="WHAT", choices=("export", "key"), help="export or key")
    parser.add_argument("release", metavar="RELEASE", nargs="?", type=positive, help="its number (the last one)")
    parser.add_argument("--env", metavar="ENV", help="of this environment (the protected one)")
    parser.add_argument("--pem", action="store_true", help="the key in the form that other tools read")
    parser.add_argument("--out", metavar="FILE", default="", help="write to this file instead")
