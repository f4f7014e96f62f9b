"""Selection: the names on the command line, as addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from headgate.core.address import Address, split
from headgate.core.declarations import TableSource
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused
from headgate.core.graph import Graph, SourceNode


def selected(graph: Graph, expressions: Sequence[str], *, option: str = "--select ") -> frozenset[Address]:
    """Return the addresses that the expressions name together.

    ``marts.x`` is one; ``marts.*`` all of a schema, ``*`` all; ``+`` before it adds all that it reads, ``+`` behind it
    all that read it, directly or not. A name without schema will do where only one asset has it. Raises ``Refused``
    with one HG401 for every expression that names nothing, which tells it behind its ``option``.
    """
    found: set[Address] = set()
    faults: list[Diagnostic] = []
    readers = graph.readers() if any(e.endswith("+") for e in expressions) else {}
    for expression in expressions:
        name = expression.removeprefix("+").removesuffix("+")
        named = _named(graph, name)
        if not named:
            faults.append(_unknown(graph, f"{option}{expression}", name))
        found |= named
        if expression.startswith("+"):
            found |= _reached(named, lambda address: graph.nodes[address].inputs)
        if expression.endswith("+"):
            found |= _reached(named, _following(readers))
    if faults:
        raise Refused(faults)
    return frozenset(found)


def refreshed(graph: Graph, names: Sequence[str]) -> frozenset[Address]:
    """Return the source tables to capture again: those named, or all that any table reads where none is named.

    Raises ``Refused`` with one HG402 for every name that is no such source. Files need no refresh: they are seen by
    content.
    """
    tables = {
        address
        for address, node in graph.nodes.items()
        if isinstance(node, SourceNode) and node.is_captured and isinstance(node.location, TableSource)
    }
    if not names:
        return frozenset(tables)
    faults = [_not_refreshed(graph, name, tables) for name in names if name not in tables]
    if faults:
        raise Refused(faults)
    return frozenset(Address(name) for name in names)


def _named(graph: Graph, name: str) -> frozenset[Address]:
    if Address(name) in graph.nodes:
        return frozenset({Address(name)})
    if name == "*":
        return frozenset(graph.nodes)
    if name.endswith(".*"):
        return frozenset(a for a in graph.nodes if split(a)[0] == name[:-2])
    same = frozenset(a for a in graph.nodes if split(a)[1] == name)
    return same if len(same) == 1 else frozenset()


def _reached(start: Iterable[Address], following: Callable[[Address], Iterable[Address]]) -> set[Address]:
    reached: set[Address] = set()
    stack = list(start)
    while stack:
        for address in following(stack.pop()):
            if address not in reached:
                reached.add(address)
                stack.append(address)
    return reached


def _following(readers: Mapping[Address, tuple[Address, ...]]) -> Callable[[Address], Iterable[Address]]:
    return lambda address: readers[address]


def _unknown(graph: Graph, told: str, name: str) -> Diagnostic:
    schemas = sorted({split(address)[0] for address in graph.nodes})
    if name.endswith(".*"):
        near = tuple(f"{schema}.*" for schema in nearest(name[:-2], schemas) or schemas)
    elif "." in name:
        near = nearest(name, graph.nodes)
    else:
        same = tuple(sorted(a for a in graph.nodes if split(a)[1] == name))
        if same:
            return Diagnostic("HG401", f"{told} is ambiguous", hint=f"Did you mean {' or '.join(same)}?")
        near = _nearest_bare(graph, name)
    hint = f"Did you mean {' or '.join(near)}?" if near else "headgate status dev lists the assets."
    return Diagnostic("HG401", f"{told} names no asset", hint=hint)


def _nearest_bare(graph: Graph, name: str) -> tuple[str, ...]:
    by_name: dict[str, Address] = {}
    for address in graph.nodes:
        by_name.setdefault(split(address)[1], address)
    return tuple(by_name[near] for near in nearest(name, by_name))


def _not_refreshed(graph: Graph, name: str, tables: Iterable[str]) -> Diagnostic:
    node = graph.nodes.get(Address(name))
    if isinstance(node, SourceNode) and not isinstance(node.location, TableSource):
        return Diagnostic("HG402", f"{name} is read from files", hint="Files are seen by content: leave it out.")
    if isinstance(node, SourceNode):
        return Diagnostic(
            "HG402", f"{name} is only read live", hint="No table reads it, so there is nothing to refresh."
        )
    near = nearest(name, tables)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Only source tables can be captured again."
    return Diagnostic("HG402", f"--refresh {name} names no source table", hint=hint)
