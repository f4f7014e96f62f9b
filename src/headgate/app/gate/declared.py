"""What is wrong with what a repository says of the gate: names that nothing has, expected changes that are over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic, Place, Severity, nearest
from headgate.core.gate import Topic
from headgate.core.listing import listed

if TYPE_CHECKING:
    from headgate.core.address import Address
    from headgate.core.declarations import Declarations
    from headgate.core.graph import Graph

_NAMED_MAX = 3
_UNHELD = "As it stands nothing is held to it."


def faults_of_gate(declared: Declarations, today: str, graph: Graph | None) -> tuple[Diagnostic, ...]:
    """Return warnings about policy, owners and expected changes; ``today`` is a date. Cost: nothing without any.

    Without a graph nobody knows the columns of assets, and no pattern is held against them.
    """
    if declared.config.gate is None and not declared.expected:
        return ()
    columns = _columns(graph) if graph is not None else {}
    return (*_patterns(declared, columns), *_owners(declared), *_expected(declared, today))


def _patterns(declared: Declarations, columns: Mapping[Address, tuple[str, ...]]) -> Iterator[Diagnostic]:
    policy = declared.config.policy
    patterns = dict.fromkeys(section.pattern for section in (*policy.sections, *policy.runs) if section.pattern)
    for pattern in patterns:
        named = _named(pattern, declared)
        if not named:
            text = f"the pattern {pattern} of the gate names no asset"
            yield Diagnostic("HG126", text, Place("headgate.toml"), _UNHELD, severity=Severity.WARNING)
        elif told := _without_column(pattern, named, columns):
            yield Diagnostic("HG126", told[0], Place("headgate.toml"), told[1], severity=Severity.WARNING)


def _without_column(
    pattern: str, named: Sequence[Address], columns: Mapping[Address, tuple[str, ...]]
) -> tuple[str, str] | None:
    """Return that a pattern of columns names none, and a hint; None where it names one, or where one may be unknown."""
    from headgate.core.policy import matches

    if pattern.count(".") != 2 or not all(columns.get(address) for address in named):
        return None
    if any(matches(pattern, address, column) for address in named for column in columns[address]):
        return None
    near = nearest(pattern.rpartition(".")[2], [column for address in named for column in columns[address]])
    meant = f"Did you mean {pattern.rpartition('.')[0]}.{near[0]}? " if near else ""
    return f"the pattern {pattern} of the gate names no column of {listed(named, _NAMED_MAX)}", f"{meant}{_UNHELD}"


def _columns(graph: Graph) -> dict[Address, tuple[str, ...]]:
    """Return the columns of what has any, as far as they are known."""
    from headgate.core.graph import Node, SourceNode

    shapes = {a: node.recipe.shape for a, node in graph.nodes.items() if isinstance(node, Node)}
    shapes |= {a: node.shape for a, node in graph.nodes.items() if isinstance(node, SourceNode)}
    return {address: tuple(column.name for column in shape) for address, shape in shapes.items()}


def _owners(declared: Declarations) -> Iterator[Diagnostic]:
    """Yield a warning for each section of an owner whom nothing names."""
    policy = declared.config.policy
    properties = [one.properties for one in declared.assets]
    properties += [one.properties for one in declared.sources]
    properties += [one.properties for one in declared.exposures]
    said = (one.owner for one in properties)
    owners = {policy.owner, *said, *(group.owner for group in declared.groups)} - {""}
    for name in policy.owners:
        if name not in owners:
            near = nearest(name, owners)
            hint = (f"Did you mean {near[0]}? " if near else "") + "As it stands nobody asks its members."
            text = f"[owners.{name}] is the owner of nothing"
            yield Diagnostic("HG126", text, Place("headgate.toml"), hint, severity=Severity.WARNING)


def _expected(declared: Declarations, today: str) -> Iterator[Diagnostic]:
    for one in declared.expected:
        if one.is_past(today):
            text = f"{one.path} expects a change until {one.until}: it counts nothing any more"
            yield Diagnostic("HG127", text, one.place, "Take the file out.", severity=Severity.WARNING)
        removed = {bound.pattern for bound in one.bounds if bound.topic is Topic.ASSET_REMOVED}
        for pattern in dict.fromkeys(bound.pattern for bound in one.bounds):
            if pattern not in removed and not _named(pattern, declared):
                text = f"{one.path} expects something of {pattern}, which names no asset"
                yield Diagnostic("HG126", text, one.place, "Nothing is expected by it.", severity=Severity.WARNING)


def _named(pattern: str, declared: Declarations) -> list[Address]:
    """Return what a pattern means: of a pattern of columns the assets."""
    from headgate.core.policy import matches

    asset = ".".join(pattern.split(".")[:2])
    known = [one.address for one in declared.assets]
    known += [one.address for one in declared.exposures]
    known += [one.address for one in declared.sources]
    return [address for address in known if matches(asset, address)]
