"""The kind of an asset: what is said of it, where its file can be that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headgate.core.declarations import Kind
from headgate.project.agree import Fault
from headgate.project.pieces import Statement

if TYPE_CHECKING:
    from headgate.core.address import Address


def kind_of(
    address: Address,
    declared: Kind | None,
    statements: Sequence[Statement],
    *,
    of_file: Kind,
    is_python: bool,
    fault: Fault,
) -> Kind:
    """Return the kind of an asset whose file is by itself a table or a seed; one that it cannot be is told."""
    kind = declared or of_file
    if kind is of_file or (of_file is Kind.TABLE and kind is not Kind.SEED and not is_python):
        return kind
    place = next(s.kind.place for s in statements if s.kind)
    named = f"{address} cannot be {'an' if kind is Kind.INCREMENTAL else 'a'} {kind.value}"
    hint = "Leave `kind` out."
    if of_file is Kind.SEED:
        fault("HG309", f"{named}: a CSV file is a seed", place, hint)
    elif kind is Kind.SEED:
        fault("HG309", f"{named}: only a CSV file is a seed", place, hint)
    elif kind is Kind.VIEW:
        fault("HG309", f"{named}: a function makes a table", place, hint)
    else:
        hint = "Let the function make a table, and write an incremental in SQL that reads it."
        fault("HG303", f"{named}: in this version a function makes a whole table each time", place, hint)
    return of_file
