"""What is told of a contract that was imported: what it describes, what was replaced, what has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.core.listing import listed
from headgate.words.layout import aligned

if TYPE_CHECKING:
    from headgate.app.contracts import ImportedContract


def lines_of_imported(made: ImportedContract, *, width: int, is_written: bool) -> Iterator[str]:
    """Yield what came of the import of a contract."""
    assets = listed(made.assets) or "no asset"
    if not made.files:
        yield f"nothing to do: what {made.id} says of {assets} is declared already."
    elif is_written:
        yield f"{listed([file.path for file in made.files])}: {made.id} describes {assets}."
    if made.replaced:
        yield f"{'Replaced' if is_written else 'It replaces'} what was said of {listed(made.replaced)}."
    if made.left_out:
        yield "Kept, without effect:"
        yield from aligned([(one.name, one.reason) for one in made.left_out], width=width)
