"""Promotion: which pointers a protected environment takes over from another one. Pure.

After it the target equals one commit. Where its own build still is what the commit says, it keeps it; the other
addresses take the source's build. "Is what the commit says" is decided by the key, derived again over what the target
will show, so closure holds by construction, and what would not fit together is refused with the command that mends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, has_errors, in_order
from headgate.core.graph import Graph, SourceNode, scheduled_in
from headgate.core.hashing import Digest
from headgate.core.properties import PropertyChanges
from headgate.core.records import Move, MoveKind, Pointer, PointerChange
from headgate.core.snapshot import Snapshot
from headgate.release.choose import CHANGED, Choice, Code, choose_all, of_other_code
from headgate.release.intended import Intended, identity_of_changes, pointer_changes
from headgate.release.undone import faults_of_undoing

_REORDERED = "other order of columns"


@dataclass(frozen=True, slots=True)
class Promoted:
    """One address of a promotion: the builds before and after (None: not there), and why."""

    address: Address
    before: Digest | None
    after: Digest | None
    reason: str

    @property
    def word(self) -> str:
        """What happens to it, in the word that a plan has for it."""
        if self.after is None:
            return "remove"
        if self.before is None:
            return "new"
        return {CHANGED: "change", _REORDERED: "reorder"}.get(self.reason, "rebuild")


@dataclass(frozen=True, slots=True)
class PromotionPlan:
    """What a promotion would do. ``intended`` is None where it is refused or where nothing would change.

    ``kept`` stay as they are; ``moved`` show another build, or the same in another order of columns. ``becomes_bare``:
    the target's schemas lose their suffix, or get one; None where their names stay. ``properties`` are those that the
    code has otherwise than the code that the target shows. The source goes on showing ``other_code``, which is not of
    the code that is promoted, and ``other_data``, which is of it. ``shown`` is what the target shows now.
    """

    source: str
    target: str
    serial: int
    moved: tuple[Promoted, ...]
    kept: tuple[Address, ...]
    removed: tuple[Promoted, ...]
    diagnostics: tuple[Diagnostic, ...]
    intended: Intended | None
    becomes_bare: bool | None = None
    properties: PropertyChanges = field(default_factory=dict)
    other_code: tuple[Address, ...] = ()
    other_data: tuple[Address, ...] = ()
    shown: Mapping[Address, Pointer] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Tell whether the target is already what would be promoted."""
        return not self.moved and not self.removed and not self.properties and self.becomes_bare is None


def plan_promotion(
    *,
    source: Snapshot,
    target: Snapshot,
    code: Code,
    engine: str,
    by: str,
    bare: bool,
    moves: Sequence[Move] = (),
    is_beside: bool = True,
    rolled_back: Move | None = None,
    properties: PropertyChanges | None = None,
) -> PromotionPlan:
    """Return what promoting ``source`` to ``target`` does, with every reason against it at once.

    ``moves`` are the target's moves after the serial that the source was last applied beside (``record.beside``),
    oldest first. Where the source stands beside another environment (not ``is_beside``) they are the last ones.
    ``rolled_back`` is the rollback that is in force there: somebody took something back that this may bring again.
    ``properties`` are those that ``code`` has otherwise than the code that the target shows. Cost: one pass over the
    graph; two builds are looked up for each node.
    """
    if source.shown is None or not source.shown.pointers:
        fault = Diagnostic(
            "HG514", f"{source.name} shows nothing yet", hint=f"Build it first: headgate apply {source.name}"
        )
        return _plan(source, target, {}, {}, (fault,), None)
    code = replace(code, build=source.build)
    choices = choose_all(source.shown, source, target, code)
    pointers = {address: choice.pointer for address, choice in choices.items() if choice.pointer is not None}
    faults = [choice.fault for choice in choices.values() if choice.fault is not None]
    faults += faults_of_undoing(
        source.shown, source.name, target, code, moves, is_beside=is_beside, rolled_back=rolled_back
    )
    before = target.shown.pointers if target.shown else {}
    properties = properties if properties and before else {}
    if not pointer_changes(before, pointers) and not properties and not has_errors(faults):
        faults = []
    reasons = {address: choice.reason for address, choice in choices.items()}
    intended = Intended(
        environment=target.name,
        engine=engine,
        expects=target.shown.record.serial if target.shown else 0,
        pointers=pointers,
        kind=MoveKind.PROMOTE,
        by=by,
        bare=bare,
        tree=code.tree,
        commit=code.commit,
        source=source.name,
        graph=code.graph.digest if _has_all_data(code.graph, choices) else Digest(""),
        scheduled=scheduled_in(code.graph),
        properties=properties,
    )
    planned = _plan(source, target, pointers, reasons, in_order(faults), intended)
    other_code, other_data = of_other_code(source, choices, code)
    return replace(planned, other_code=other_code, other_data=other_data)


def _has_all_data(graph: Graph, choices: Mapping[Address, Choice]) -> bool:
    """Tell whether what is shown was read from the very files that the graph knows: they may have changed since."""
    for address, node in graph.nodes.items():
        if isinstance(node, SourceNode) and node.is_captured and node.token is not None:
            build = choices[address].build
            if build is None or build.capture is None or build.capture.token != node.token:
                return False
    return True


def _plan(
    source: Snapshot,
    target: Snapshot,
    pointers: Mapping[Address, Pointer],
    reasons: Mapping[Address, str],
    diagnostics: tuple[Diagnostic, ...],
    intended: Intended | None,
) -> PromotionPlan:
    before = target.shown.pointers if target.shown else {}
    changes = pointer_changes(before, pointers) if intended else {}
    removed = tuple(
        Promoted(address, _build_of(change.before), None, "no longer declared")
        for address, change in changes.items()
        if change.after is None
    )
    moved = tuple(
        Promoted(address, _build_of(change.before), change.after.build, _reason(change, reasons[address]))
        for address, change in changes.items()
        if change.after is not None
    )
    becomes_bare = None
    if intended is not None and target.shown is not None and target.shown.record.bare != intended.bare:
        becomes_bare = intended.bare
    properties = intended.properties if intended is not None else {}
    has_change = bool(changes or properties) or becomes_bare is not None
    is_possible = intended is not None and has_change and not has_errors(diagnostics)
    return PromotionPlan(
        source=source.name,
        target=target.name,
        serial=target.shown.record.serial if target.shown else 0,
        moved=moved,
        kept=tuple(address for address in pointers if address not in changes),
        removed=removed,
        diagnostics=diagnostics,
        intended=replace(intended, plan=identity_of_changes("promotion", changes, properties))
        if intended and is_possible
        else None,
        becomes_bare=becomes_bare,
        properties=properties,
        shown=before,
    )


def _reason(change: PointerChange, reason: str) -> str:
    if change.before and change.after and change.before.build == change.after.build:
        return _REORDERED
    return reason or "other build of the same content"


def _build_of(pointer: Pointer | None) -> Digest | None:
    return pointer.build if pointer else None
