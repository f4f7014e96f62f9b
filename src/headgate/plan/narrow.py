"""A plan for some addresses only: the smallest set around them under which the environment stays closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.graph import AnyNode, Graph
from headgate.core.plan import Action, Cause, Step
from headgate.core.quarantine import parts_of
from headgate.core.records import Build
from headgate.plan.ground import Ground
from headgate.plan.outcome import Outcome

STILL = (Action.KEEP, Action.RESHAPE)
"""Actions after which readers see what they saw before."""


def chosen_addresses(
    graph: Graph, outcomes: Mapping[Address, Outcome], ground: Ground, selected: Iterable[Address]
) -> Mapping[Address, str]:
    """Return the addresses that a plan for ``selected`` may move: ``outcomes`` are those of the plan for everything.

    Those selected and all that they read, an asset with its quarantine; and what would otherwise break: readers in the
    environment whose recorded reads differ from what is shown then, and addresses whose build is gone, each with all
    that it reads. Each has the reason why it was added (``m.orders reads it``, ``it reads s.orders``); those selected
    have none. The set is closed upwards, and what an address becomes depends on what it reads alone, so the steps of
    the plan for everything are right for its members. Cost: one pass over the recorded reads of what is not chosen.
    """
    chosen = dict.fromkeys(sorted(selected), "")
    queue = [*chosen, *_add_inputs(tuple(chosen), graph, chosen)]
    builds = {address: ground.sealed(pointer.build) for address, pointer in ground.pointers.items()}
    for address in sorted(a for a, build in builds.items() if build is None):
        queue += _add_with_inputs(address, "its build is gone", graph, chosen)
    readers = _recorded_readers({a: build for a, build in builds.items() if build and a not in chosen})
    while queue:
        address = queue.pop()
        queue += _add_parts(address, graph, chosen)
        outcome = outcomes.get(address)
        if outcome is None or outcome.step is None or outcome.step.action in STILL:
            continue
        for reader, build in readers.get(address, ()):
            if reader not in chosen and _is_broken(build, address, outcome):
                queue += _add_with_inputs(reader, f"it reads {address}", graph, chosen)
    return chosen


def held_step(address: Address, ground: Ground, node: AnyNode | None) -> Step | None:
    """Return the step that keeps what the environment shows; None where it shows nothing under ``address``."""
    pointer = ground.pointers.get(address)
    build = ground.sealed(pointer.build) if pointer else None
    if pointer is None or build is None:
        return None
    return Step(
        address=address,
        kind=pointer.kind,
        action=Action.KEEP,
        cause=Cause.NONE,
        shape=pointer.shape,
        inputs=tuple(sorted(build.inputs)),
        key=build.key,
        build=build.id,
        replaces=build.id,
        capture=build.capture,
        proof="not selected",
        place=node.place if node else None,
        owner=node.properties.owner if node else "",
        is_selected=False,
    )


def _add_with_inputs(address: Address, reason: str, graph: Graph, chosen: dict[Address, str]) -> list[Address]:
    """Add an address and all that it reads to ``chosen``, and return those that were not in it."""
    if address in chosen:
        return []
    chosen[address] = reason
    return [address, *_add_inputs((address,), graph, chosen)]


def _add_parts(address: Address, graph: Graph, chosen: dict[Address, str]) -> list[Address]:
    """Add both that tell unchecked rows apart, if ``address`` holds such: people see neither without the other."""
    node = graph.nodes.get(address)
    parts = parts_of(address) if node is not None and node.kind is Kind.UNCHECKED else ()
    return [one for part in parts for one in _add_with_inputs(part, f"it reads {address}", graph, chosen)]


def _add_inputs(addresses: Iterable[Address], graph: Graph, chosen: dict[Address, str]) -> list[Address]:
    """Add all that ``addresses`` read, directly or not, to ``chosen``, and return those that were not in it."""
    added: list[Address] = []
    stack = list(addresses)
    while stack:
        reader = stack.pop()
        for address in graph.nodes[reader].inputs if reader in graph.nodes else ():
            if address not in chosen:
                chosen[address] = f"{reader} reads it"
                added.append(address)
                stack.append(address)
    return added


def _recorded_readers(builds: Mapping[Address, Build]) -> Mapping[Address, list[tuple[Address, Build]]]:
    readers: dict[Address, list[tuple[Address, Build]]] = {}
    for address, build in builds.items():
        for source in {read.address for read in build.reads}:
            readers.setdefault(source, []).append((address, build))
    return readers


def _is_broken(build: Build, address: Address, outcome: Outcome) -> bool:
    """Tell whether the build read another version of ``address`` than it will have; what is removed has none."""
    return any(version != outcome.seen(read) for read, version in build.reads.items() if read.address == address)
