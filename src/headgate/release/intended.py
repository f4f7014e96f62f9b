"""What a move means to do: the pointers of one environment as they shall be, and the record that goes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.hashing import Digest, Part, digest
from headgate.core.plan import Action, Plan
from headgate.core.records import Build, MoveKind, Pointer, PointerChange, SetAside
from headgate.core.snapshot import Shown

if TYPE_CHECKING:
    from headgate.core.properties import PropertyChanges


@dataclass(frozen=True, slots=True)
class Intended:
    """A move before it happens: ``pointers`` are all of them afterwards, derived from the serial ``expects``.

    ``bare``: the environment's schemas stand without suffix. ``graph`` is the digest of the graph that the pointers
    show whole, else empty. ``adopts``: tables of others that stand in the way are set aside. ``aside`` are those that
    may stay so, None for all that are. ``scheduled`` are the addresses with a schedule in the code that goes with it.
    ``properties`` are those that become others with that code: they make it a move even where no pointer changes.
    """

    environment: str
    engine: str
    expects: int
    pointers: Mapping[Address, Pointer]
    kind: MoveKind
    by: str
    bare: bool = False
    plan: Digest = Digest("")
    tree: Digest = Digest("")
    commit: str = ""
    dirty: tuple[str, ...] = ()
    source: str = ""
    restores: int = 0
    beside: int = 0
    decision: str = "pass"
    graph: Digest = Digest("")
    adopts: bool = False
    aside: tuple[SetAside, ...] | None = None
    scheduled: frozenset[Address] = frozenset()
    properties: PropertyChanges = field(default_factory=dict)


def intended_for_plan(
    plan: Plan, builds: Mapping[Address, Build], *, shown: Shown | None, by: str, bare: bool, identity: Digest
) -> Intended:
    """Return the move that publishes ``builds``, the outcome of ``plan``, over what ``shown`` is now, under the lease.

    Addresses that the plan does not speak of stay as they are. ``identity`` is the digest of the stored plan.
    """
    return Intended(
        environment=plan.environment,
        engine=plan.engine,
        expects=shown.record.serial if shown else 0,
        pointers=pointers_after(plan, builds, shown=shown),
        kind=MoveKind.APPLY,
        by=by,
        bare=bare,
        plan=identity,
        tree=plan.origin.tree,
        commit=plan.origin.commit,
        dirty=plan.origin.dirty,
        beside=plan.beside[1] if plan.beside else 0,
        scheduled=plan.scheduled,
        properties=plan.properties,
    )


def pointers_after(plan: Plan, builds: Mapping[Address, Build], *, shown: Shown | None) -> Mapping[Address, Pointer]:
    """Return all pointers of the environment once ``builds``, the outcome of ``plan``, are published."""
    pointers = dict(shown.pointers) if shown else {}
    for step in plan.steps:
        if step.action is Action.REMOVE:
            pointers.pop(step.address, None)
        elif step.kind is not Kind.EXPOSURE:
            pointers[step.address] = Pointer(builds[step.address].id, step.kind, step.shape)
    return pointers


def pointer_changes(
    before: Mapping[Address, Pointer], after: Mapping[Address, Pointer]
) -> Mapping[Address, PointerChange]:
    """Return what differs between two full maps of pointers, sorted by address."""
    found = {a: PointerChange(before.get(a), pointer) for a, pointer in after.items() if before.get(a) != pointer}
    found.update({a: PointerChange(before[a], None) for a in before if a not in after})
    return dict(sorted(found.items()))


def identity_of_changes(
    tag: str, changes: Mapping[Address, PointerChange], properties: PropertyChanges | None = None
) -> Digest:
    """Return the digest that stands for a plan which is nothing but changes of pointers and of properties."""
    moved = ((address, _part(change.before), _part(change.after)) for address, change in changes.items())
    return digest(tag, *moved, *((address, names) for address, names in (properties or {}).items()))


def _part(pointer: Pointer | None) -> Part:
    if pointer is None:
        return None
    return pointer.build, pointer.kind.value, tuple((column.name, column.type) for column in pointer.shape)
