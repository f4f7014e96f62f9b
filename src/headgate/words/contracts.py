"""What is told of a contract that was imported: what it describes, what was replaced, what has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.core.listing import listed
from headgate.words.layout import aligned

if TYPE_CHECKING:
    from headgate.app.contracts import GivenUpTest, ImportedContract


def lines_of_imported(made: ImportedContract, *, width: int, is_written: bool) -> Iterator[str]:
    """Yield what came of the import of a contract."""
    assets = listed(made.assets) or "no asset"
    if not made.files:
        yield f"nothing to do: what {made.id} says of {assets} is declared already."
    elif is_written:
        yield f"{listed([file.path for file in made.files])}: {made.id} describes {assets}."
    if made.replaced:
        yield f"{'Replaced' if is_written else 'It replaces'} what was said of {listed(made.replaced)}."
    if made.given_up:
        yield f"Data tests that {'are' if is_written else 'would be'} gone with it:"
        yield from aligned([(one.asset, _test_text(one)) for one in made.given_up], width=width)
    if made.left_out:
        yield "Kept, without effect:"
        yield from aligned([(one.name, one.reason) for one in made.left_out], width=width)


def _test_text(one: GivenUpTest) -> str:
    """Return what a data test was called, and what it was given."""
    given = ", ".join(f"{key}: {_value_text(value)}" for key, value in one.arguments.items())
    return f"{one.name} ({given})" if given else one.name


def _value_text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
