"""Enforced contracts held against the columns that assets have, and who relies on what they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from headgate.core.address import Address, fold
from headgate.core.declarations import ExposureDeclaration, Kind, Properties
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.graph import AnyNode, Node, SqlBody
from headgate.core.listing import listed
from headgate.core.loading import VALID_FROM, VALID_TO
from headgate.core.recipe import Aspect, Read
from headgate.project.declared_columns import mismatches

Relying = Callable[[str], str]
"""Gives, for a column, a sentence that says who relies on it; empty where nobody is known to."""


def is_held(properties: Properties) -> bool:
    """Tell whether an asset has an enforced contract."""
    return properties.contract is not None and properties.contract.is_enforced


def broken_contracts(
    nodes: Mapping[Address, AnyNode], exposures: Iterable[ExposureDeclaration], dialect: str
) -> Iterator[Diagnostic]:
    """Yield what breaks the enforced contracts of a graph. Cost: one pass, and one over the readers of each broken one.

    An exposure is asked for what it declares: where it uses a column that is gone, the graph has no such use.
    """
    held = [node for node in nodes.values() if isinstance(node, Node) and is_held(node.properties)]
    if not held:
        return
    declared = tuple(exposures)
    for node in held:
        yield from contract_faults(node, dialect, relying=_relying_on(node.address, nodes, declared))


def contract_faults(node: Node, dialect: str, *, relying: Relying = lambda _: "") -> Iterator[Diagnostic]:
    """Yield what breaks the contract of an asset: columns that are missing, additional, of another type, or untyped."""
    columns, shape = node.properties.columns, node.recipe.shape
    contract = node.properties.contract
    place = contract.place if contract is not None else None
    if not columns:
        hint = "Write them below `columns:`, each with `name` and `data_type`."
        yield Diagnostic("HG362", f"the enforced contract of {node.address} has no columns", place, hint)
        return
    yield from mismatches(node.address, columns, shape, dialect, relying=relying)
    types = {fold(column.name): column.type for column in shape}
    for column in columns:
        if not column.type and fold(column.name) in types:
            hint = f"Write `data_type: {types[fold(column.name)].lower()}`."
            text = f"{node.address} promises {column.name} without its type"
            yield Diagnostic("HG362", text, column.place, hint)
    promised = {fold(column.name) for column in columns}
    added = (VALID_FROM, VALID_TO) if node.kind is Kind.SNAPSHOT else ()
    for number, found in enumerate(shape):
        if fold(found.name) not in promised and found.name not in added:
            text = f"{node.address} gives a column {found.name} that its contract has not"
            hint = f"Take it out, or add it to `columns:`, as {found.type.lower()}."
            yield Diagnostic("HG361", text, _place_of(node, number) or place, hint)


def _place_of(node: Node, number: int) -> Place | None:
    """Return where an output column begins; None where that is not known."""
    lines = node.body.lines if isinstance(node.body, SqlBody) else ()
    return Place(node.place.path, lines[number]) if number < len(lines) and lines[number] else None


def _relying_on(
    address: Address, nodes: Mapping[Address, AnyNode], exposures: tuple[ExposureDeclaration, ...]
) -> Relying:
    def told(column: str) -> str:
        names = [
            _named(exposure.address, exposure.properties.owner)
            for exposure in exposures
            for use in exposure.uses
            if fold(use.address) == fold(address) and (not use.columns or fold(column) in map(fold, use.columns))
        ]
        wanted = fold(column)
        for one, node in nodes.items():
            if isinstance(node, Node) and any(_is_of(read, address, wanted) for read in node.recipe.reads()):
                names.append(_named(one, node.properties.owner))
        return f"Relied on by {listed(list(dict.fromkeys(names)))}." if names else ""

    return told


def _is_of(read: Read, address: Address, column: str) -> bool:
    return read.address == address and read.aspect is Aspect.COLUMN and fold(read.column) == column


def _named(address: Address, owner: str) -> str:
    return f"{address} (owner: {owner})" if owner else address
