"""Promotion: which pointers a protected environment takes over from another one. Pure.

After it the target equals one commit. Where its own build still is what the commit says, it keeps it; the other
addresses take the source's build. "Is what the commit says" is decided by the key, derived again over what the target
will show, so closure holds by construction, and what would not fit together is refused with the command that mends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from headgate.core.address import Address
from headgate.core.code_versions import CodeVersions
from headgate.core.declarations import FileSource, TableSource
from headgate.core.diagnostic import Diagnostic, Severity, has_errors, in_order
from headgate.core.graph import ExposureNode, Graph, Node, SourceNode
from headgate.core.hashing import Digest
from headgate.core.intervals import common, minus
from headgate.core.load_versions import ever_due, goes_on_from
from headgate.core.recipe import Read
from headgate.core.records import Build, BuildStatus, Capture, Move, MoveKind, Pointer, PointerChange
from headgate.core.reuse import stands_for
from headgate.core.snapshot import Shown, Snapshot
from headgate.core.versions import build_key, live_version, plain_versions
from headgate.release.intended import Intended, identity_of_changes, pointer_changes


@dataclass(frozen=True, slots=True)
class Code:
    """The code that is promoted: the graph of the commit's tree, and what git says of it.

    ``is_ancestor``: the commit of the target's release is an ancestor of ``commit``; None where that cannot be asked.
    ``is_clean``: the working tree equals the commit; it decides only which command a refusal names.
    """

    graph: Graph
    tree: Digest
    commit: str = ""
    is_clean: bool = True
    is_ancestor: bool | None = None
    versions: CodeVersions = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "versions", CodeVersions(self.graph.nodes))


@dataclass(frozen=True, slots=True)
class Promoted:
    """One address of a promotion: the builds before and after (None: not there), and why."""

    address: Address
    before: Digest | None
    after: Digest | None
    reason: str


@dataclass(frozen=True, slots=True)
class PromotionPlan:
    """What a promotion would do. ``intended`` is None where it is refused or where nothing would change.

    ``kept`` stay as they are; ``moved`` show another build, or the same in another order of columns. ``becomes_bare``:
    the target's schemas lose their suffix, or get one; None where their names stay.
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

    @property
    def is_empty(self) -> bool:
        """Tell whether the target is already what would be promoted."""
        return not self.moved and not self.removed and self.becomes_bare is None


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the target will show under one address, and the build that it is; or the fault that forbids it."""

    pointer: Pointer | None
    build: Build | None
    reason: str = ""
    fault: Diagnostic | None = None


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
) -> PromotionPlan:
    """Return what promoting ``source`` to ``target`` does, with every reason against it at once.

    ``moves`` are the target's moves after the serial that the source was last applied beside (``record.beside``),
    oldest first. Where the source stands beside another environment (not ``is_beside``) they are the last ones. Cost:
    one pass over the graph; two builds are looked up for each node.
    """
    if source.shown is None or not source.shown.pointers:
        fault = Diagnostic(
            "HG514", f"{source.name} shows nothing yet", hint=f"Build it first: headgate apply {source.name}"
        )
        return _plan(source, target, {}, {}, (fault,), None)
    choices = _choose_all(source.shown, source, target, code)
    pointers = {address: choice.pointer for address, choice in choices.items() if choice.pointer is not None}
    faults = [choice.fault for choice in choices.values() if choice.fault is not None]
    faults += _release_faults(source.shown, source.name, target, code, moves, is_beside=is_beside)
    before = target.shown.pointers if target.shown else {}
    if not pointer_changes(before, pointers) and not has_errors(faults):
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
    )
    return _plan(source, target, pointers, reasons, in_order(faults), intended)


def _has_all_data(graph: Graph, choices: Mapping[Address, _Choice]) -> bool:
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
    has_change = bool(changes) or becomes_bare is not None
    is_possible = intended is not None and has_change and not has_errors(diagnostics)
    return PromotionPlan(
        source=source.name,
        target=target.name,
        serial=target.shown.record.serial if target.shown else 0,
        moved=moved,
        kept=tuple(address for address in pointers if address not in changes),
        removed=removed,
        diagnostics=diagnostics,
        intended=replace(intended, plan=identity_of_changes("promotion", changes))
        if intended and is_possible
        else None,
        becomes_bare=becomes_bare,
    )


def _choose_all(shown: Shown, source: Snapshot, target: Snapshot, code: Code) -> Mapping[Address, _Choice]:
    """Decide every address, inputs first; what depends on a faulty one is not faulted again."""
    choices: dict[Address, _Choice] = {}
    spoilt: set[Address] = set()
    old = target.shown.pointers if target.shown else {}
    for address, node in code.graph.nodes.items():
        if isinstance(node, ExposureNode) or (isinstance(node, SourceNode) and not node.is_captured):
            continue
        ours, theirs = shown.pointers.get(address), old.get(address)
        new_build = source.build(ours.build) if ours else None
        old_build = target.build(theirs.build) if theirs else None
        is_lost = old_build is not None and old_build.status is BuildStatus.LOST
        if isinstance(node, SourceNode):
            choose = _replace_lost_source if is_lost else _choose_source
            choice = choose(node, (ours, new_build), (theirs, old_build), source.name)
        else:
            is_kept_by_code = node.properties.loading is not None or node.properties.cron
            choose_made = _choose_by_code if is_kept_by_code else _choose_node
            choice = choose_made(node, (ours, new_build), (theirs, old_build), choices, source.name, code)
        if not spoilt.isdisjoint(node.inputs):
            spoilt.add(address)
            choice = replace(choice, fault=None)
        elif choice.fault is not None:
            spoilt.add(address)
        choices[address] = choice
    return choices


_Side = tuple[Pointer | None, Build | None]


def _choose_source(node: SourceNode, ours: _Side, theirs: _Side, name: str) -> _Choice:
    """Take the newer capture of the two, so that data never goes back in time; the target's own where they are equal.

    Where files are known by content and one of the two is just that content, it is that one: the files are the code's.
    """
    new, old = ours[1], theirs[1]
    if new is None or new.capture is None or new.status is BuildStatus.LOST or not _is_place(new, node):
        return _Choice(*ours, fault=_not_applied(node.address, name, is_clean=True))
    if old is None or old.capture is None:
        return _Choice(*ours, reason="new")
    if old.id == new.id:
        return _Choice(*theirs)
    is_comparable = _is_place(old, node)
    if (
        is_comparable
        and node.token is not None
        and (old.capture.token == node.token) != (new.capture.token == node.token)
    ):
        return _Choice(*theirs) if old.capture.token == node.token else _Choice(*ours, reason="the committed files")
    if is_comparable and old.capture.number >= new.capture.number:
        if frozenset(old.shape) == frozenset(new.shape):
            return _Choice(*theirs)
        if old.capture.number > new.capture.number:
            return _Choice(*ours, fault=_back_in_time(node, old.capture, new.capture, name))
    return _Choice(*ours, reason="newer data" if is_comparable else "read from another place")


def _replace_lost_source(node: SourceNode, ours: _Side, theirs: _Side, name: str) -> _Choice:
    """Take the source's capture in place of a lost one, unless that takes data back in time."""
    new, old = ours[1], theirs[1]
    if new is None or new.capture is None or new.status is BuildStatus.LOST or not _is_place(new, node):
        return _Choice(*ours, fault=_not_applied(node.address, name, is_clean=True))
    before = old.capture if old is not None and _is_place(old, node) else None
    if before is not None and before.number > new.capture.number and new.capture.token != node.token:
        return _Choice(*ours, fault=_back_in_time(node, before, new.capture, f"{name} --refresh {node.address}"))
    return _Choice(*ours, reason="in place of what was lost")


def _back_in_time(node: SourceNode, old: Capture, new: Capture, what: str) -> Diagnostic:
    summary = f"{node.address} would go back in time: from capture {old.number} to {new.number}"
    return Diagnostic("HG512", summary, node.place, hint=f"Take the newer data first: headgate apply {what}")


def _choose_node(
    node: Node, ours: _Side, theirs: _Side, chosen: Mapping[Address, _Choice], name: str, code: Code
) -> _Choice:
    """Keep the target's build if it is what the commit says of what will be shown; else the source's, if that is."""
    recipe = node.recipe.digest()
    key = _recorded_key(node, chosen, recipe, (theirs[1], ours[1])) or _key(node, chosen)
    for side, is_kept in ((theirs, True), (ours, False)):
        pointer, build = side
        if pointer is None or build is None or build.status is BuildStatus.LOST:
            continue
        if build.key == key and stands_for(build, node, recipe):
            kept = Pointer(build.id, node.kind, node.recipe.shape)
            return _Choice(kept, build, "" if is_kept else _why(theirs[1], recipe))
    new = ours[1]
    if new is None or new.status is BuildStatus.LOST or (new.recipe != recipe and new.key != key):
        return _Choice(*ours, fault=_not_applied(node.address, name, is_clean=code.is_clean))
    return _Choice(*ours, fault=_on_other_data(node, new, chosen, name))


def _on_other_data(node: Node, build: Build, chosen: Mapping[Address, _Choice], name: str) -> Diagnostic:
    others = sorted(a for a in node.inputs if a in chosen and _id(chosen[a].build) != build.inputs.get(a))
    told = ", ".join(others) or "its inputs"
    summary = f"{node.address} in {name} was built on other data than would be shown: {told}"
    return Diagnostic("HG513", summary, node.place, hint=f"Build it on what is newest: headgate apply {name}")


def _choose_by_code(
    node: Node, ours: _Side, theirs: _Side, chosen: Mapping[Address, _Choice], name: str, code: Code
) -> _Choice:
    """Keep the target's build if its code is the commit's and it has read what will be shown; else take the source's.

    Where both are so, the source's is taken if it goes on from the target's: it holds all of that, and more, and what
    reads it in the source was built on it. Otherwise what was loaded when does not count, but the source's must hold
    every interval that the target's does. With a schedule what was read does not count either.
    """
    wanted = code.versions.of(node)

    def fits(pointer: Pointer | None, build: Build | None) -> bool:
        if pointer is None or build is None or build.status is BuildStatus.LOST or build.kind is not node.kind:
            return False
        return build.code == wanted and bool(node.properties.cron or _has_read(build, node, chosen))

    new, old = ours[1], theirs[1]
    is_kept, is_there = fits(*theirs), fits(*ours)
    fault = _fault_in_load(node, new, old, name) if is_there and new is not None else None
    if old is not None and is_kept and not (new is not None and is_there and fault is None and _is_further(new, old)):
        return _Choice(Pointer(old.id, node.kind, node.recipe.shape), old)
    if new is not None and is_there:
        if fault is not None:
            return _Choice(*ours, fault=fault)
        reason = "newer data" if is_kept else _why(old, node.recipe.digest())
        return _Choice(Pointer(new.id, node.kind, node.recipe.shape), new, reason)
    if new is None or new.status is BuildStatus.LOST or new.code != wanted:
        return _Choice(*ours, fault=_not_applied(node.address, name, is_clean=code.is_clean))
    return _Choice(*ours, fault=_on_other_data(node, new, chosen, name))


def _is_further(build: Build, other: Build) -> bool:
    """Tell whether a build goes on from another one, and holds what that does not."""
    return goes_on_from(build, other) and not goes_on_from(other, build)


def _has_read(build: Build, node: Node, chosen: Mapping[Address, _Choice]) -> bool:
    """Tell whether a build's last load read the versions that will be shown."""
    return all(build.reads.get(read) == _seen(read, chosen) for read in node.recipe.reads())


def _fault_in_load(node: Node, build: Build, old: Build | None, name: str) -> Diagnostic | None:
    """Return why a load of the right code and data cannot be promoted, or None."""
    load = build.load
    if load is None:
        return None
    if load.is_part:
        summary = f"{node.address} in {name} holds only its newest rows: it was applied with --since"
        return Diagnostic("HG517", summary, node.place, hint=f"Load all of it: headgate apply {name}")
    if old is None or old.load is None or old.status is BuildStatus.LOST:
        return None
    is_going_on = old.code == build.code or bool(node.properties.loading and node.properties.loading.keeps_history)
    if is_going_on and not goes_on_from(build, old):
        summary = f"{node.address} in {name} does not go on from what is shown now: what came in there would be lost"
        return Diagnostic("HG512", summary, node.place, hint=f"Take it along: headgate apply {name}")
    lacking = minus(old.load.covered, load.covered) if old.load.axis == load.axis else ()
    if node.properties.loading is not None and node.properties.loading.timing is not None:
        lacking = common(lacking, ever_due(node.properties.loading.timing, node.recipe.shape))
    if not lacking:
        return None
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    summary = f"{node.address} in {name} lacks what is shown now: {lacking[0]}{more}"
    return Diagnostic("HG512", summary, node.place, hint=f"Load it there, too: headgate run {name}")


def _recorded_key(
    node: Node, chosen: Mapping[Address, _Choice], recipe: Digest, builds: tuple[Build | None, ...]
) -> Digest | None:
    """Return the key without hashing any version: that of a build of the recipe on the very builds that are chosen."""
    inputs = {i: _id(chosen[i].build) for i in node.inputs if i in chosen}
    return next((b.key for b in builds if b is not None and b.recipe == recipe and b.inputs == inputs), None)


def _key(node: Node, chosen: Mapping[Address, _Choice]) -> Digest | None:
    """Return the key that the node's build must have over the chosen inputs; None where one lacks what is read."""
    versions = plain_versions(node.recipe, lambda read: _seen(read, chosen))
    return None if versions is None else build_key(node.recipe.kind, node.recipe.shape, versions)


def _seen(read: Read, chosen: Mapping[Address, _Choice]) -> Digest | None:
    """Return the version of what will be shown; None where what is read is not there."""
    if read.address not in chosen:
        return live_version(read)
    build = chosen[read.address].build
    return None if build is None else build.versions.of(read.aspect, read.column)


def _not_applied(address: Address, name: str, *, is_clean: bool) -> Diagnostic:
    if is_clean:
        summary = f"{name} does not show {address} as the repository has it"
        return Diagnostic("HG511", summary, hint=f"Build it first: headgate apply {name}")
    summary = f"{name} shows {address} from code that is in no commit, or not yet the committed one"
    return Diagnostic("HG511", summary, hint=f"Commit your changes, or apply what is committed: headgate apply {name}")


def _last(moves: Sequence[Move]) -> Move | None:
    """Return the last move that somebody decided on; None where there is none."""
    return next((move for move in reversed(moves) if not move.is_idle), None)


def _unknown_history(name: str, target: Snapshot, moves: Sequence[Move]) -> list[Diagnostic]:
    """Return a warning where the target shows somebody else's release, and neither git nor an apply tells its code."""
    last = _last(moves)
    if last is None or (last.kind is MoveKind.PROMOTE and last.source == name):
        return []
    text = f"{target.name} shows {last.serial} by {last.by}, which {name} did not make: this may undo it"
    hint = f"Look: headgate releases {target.name}. In git it would be known."
    return [Diagnostic("HG516", text, hint=hint, severity=Severity.WARNING)]


def _release_faults(
    shown: Shown, name: str, target: Snapshot, code: Code, moves: Sequence[Move], *, is_beside: bool
) -> list[Diagnostic]:
    """Return why this promotion would undo somebody's release; nothing for an empty target."""
    if target.shown is None or not target.shown.pointers:
        return []
    faults: list[Diagnostic] = []
    if code.commit and code.is_ancestor is False:
        faults.append(
            Diagnostic(
                "HG516",
                f"{target.name} shows a release whose commit is not part of {code.commit[:7]}: it would be undone",
                hint="Merge the branch that was released (git fetch, if it is not here), then: "
                f"headgate apply {name} && headgate promote {name}",
            )
        )
    elif not is_beside and (not code.commit or code.is_ancestor is None):
        faults += _unknown_history(name, target, moves)
    elif not code.commit or code.is_ancestor is None:
        later = [move for move in moves if move.serial > shown.record.beside]
        is_own = all(move.is_idle or (move.kind is MoveKind.PROMOTE and move.source == name) for move in later)
        if len(later) != target.shown.record.serial - shown.record.beside or not is_own:
            faults.append(
                Diagnostic(
                    "HG516",
                    f"{target.name} has moved since {name} was applied: from {shown.record.beside} "
                    f"to {target.shown.record.serial}",
                    hint=f"Apply beside it as it is now: headgate apply {name} && headgate promote {name}",
                )
            )
    last = _last(moves)
    if last is not None and last.kind is MoveKind.ROLLBACK:
        shown_again = f"release {last.restores}" if last.restores else "nothing"
        faults.append(
            Diagnostic(
                "HG515",
                f"{target.name} was rolled back to {shown_again} by {last.by}; this moves it on again",
                hint="Promote only if what was wrong is mended.",
                severity=Severity.WARNING,
            )
        )
    return faults


def _is_place(build: Build, node: SourceNode) -> bool:
    """Tell whether the capture is of the place that the code names; which files a pattern matched does not count."""
    place = build.location
    if isinstance(place, FileSource) and isinstance(node.location, FileSource):
        return (place.pattern, place.format, dict(place.options)) == (
            node.location.pattern, node.location.format, dict(node.location.options)
        )  # fmt: skip
    return isinstance(place, TableSource) and place == node.location


def _why(old: Build | None, recipe: Digest) -> str:
    if old is None:
        return "new"
    if old.status is BuildStatus.LOST:
        return "in place of what was lost"
    return "changed" if old.recipe != recipe else "what it reads has changed"


def _reason(change: PointerChange, reason: str) -> str:
    if change.before and change.after and change.before.build == change.after.build:
        return "other order of columns"
    return reason or "other build of the same content"


def _build_of(pointer: Pointer | None) -> Digest | None:
    return pointer.build if pointer else None


def _id(build: Build | None) -> Digest | None:
    return build.id if build else None
