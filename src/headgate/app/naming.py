"""Names given on the command line: the asset that one means, in whatever case, with or without its schema."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.core.graph import Graph


def asset_named(graph: Graph, name: str) -> Address:
    """Return the address that a name means; raise ``Refused`` with the nearest ones where it means none, or several."""
    return address_named(graph.nodes, name)


def address_named(known: Collection[Address], name: str) -> Address:
    """Return which of the known addresses a name means; raise ``Refused`` where it means none, or several."""
    same = _meant(known, name)
    if len(same) == 1:
        return same[0]
    near = tuple(same) or nearest(name, known)
    hint = f"Did you mean {' or '.join(near[:3])}?" if near else "headgate status dev lists the assets."
    raise Refused([Diagnostic("HG401", f"{name} names no asset" if not same else f"{name} is ambiguous", hint=hint)])


def asset_and_column_named(graph: Graph, name: str) -> tuple[Address, str]:
    """Return the address and what stands behind its dot: the name of a column as it was given, or nothing.

    A name that an asset has is that asset; else the column begins behind the second dot, or, where only one asset is
    called what stands before the first one, behind that.
    """
    if len(_meant(graph.nodes, name)) == 1 or "." not in name:
        return asset_named(graph, name), ""
    schema, _, rest = name.partition(".")
    table, dot, column = rest.partition(".")
    if dot:
        return asset_named(graph, f"{schema}.{table}"), column
    if len(same := _meant(graph.nodes, schema)) == 1:
        return same[0], rest
    return asset_named(graph, name), ""


def _meant(known: Collection[Address], name: str) -> list[Address]:
    if name in known:
        return [Address(name)]
    same = [address for address in known if address.casefold() == name.casefold()]
    return same or [address for address in known if address.partition(".")[2] == name]
