"""The order of a graph: inputs before readers, and the circles in which there is none."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

from headgate.core.address import Address
from headgate.core.graph import AnyNode


def topological(nodes: Mapping[Address, AnyNode]) -> Iterator[Address]:
    """Yield addresses, inputs before readers, ties by address (Kahn 1962, with a heap)."""
    missing = {a: sum(1 for i in n.inputs if i in nodes) for a, n in nodes.items()}
    readers: dict[Address, list[Address]] = {a: [] for a in nodes}
    for address, node in nodes.items():
        for one in node.inputs:
            if one in readers:
                readers[one].append(address)
    heap = [a for a, n in missing.items() if n == 0]
    heapq.heapify(heap)
    while heap:
        address = heapq.heappop(heap)
        yield address
        for reader in readers[address]:
            missing[reader] -= 1
            if missing[reader] == 0:
                heapq.heappush(heap, reader)


def cycle(start: Address, inputs: Mapping[Address, tuple[Address, ...]], stuck: set[Address]) -> list[Address]:
    """Return the path of a cycle that is reached from ``start``, its first address repeated at the end."""
    path = [start]
    seen = {start: 0}
    while True:
        following = next((i for i in inputs.get(path[-1], ()) if i in stuck), None)
        if following is None:
            return [start]
        if following in seen:
            return [*path[seen[following] :], following]
        seen[following] = len(path)
        path.append(following)


def reaches_itself(address: Address, inputs: Mapping[Address, tuple[Address, ...]], among: set[Address]) -> bool:
    """Tell whether an address reads itself through others of ``among``."""
    pending, seen = [i for i in inputs.get(address, ()) if i in among], set[Address]()
    while pending:
        one = pending.pop()
        if one == address:
            return True
        if one not in seen:
            seen.add(one)
            pending += [i for i in inputs.get(one, ()) if i in among]
    return False
