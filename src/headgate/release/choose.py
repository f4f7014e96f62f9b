"""Which of two builds a promotion lets the target show under each address, and what forbids either. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from headgate.core.address import Address
from headgate.core.code_versions import CodeVersions
from headgate.core.declarations import FileSource, Kind, TableSource
from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import ExposureNode, Graph, Node, SourceNode
from headgate.core.hashing import Digest
from headgate.core.intervals import common, minus
from headgate.core.load_versions import ever_due, goes_on_from
from headgate.core.recipe import Read
from headgate.core.records import Build, BuildStatus, Capture, Pointer
from headgate.core.reuse import reads_older, stands_for
from headgate.core.snapshot import Shown, Snapshot
from headgate.core.versions import build_key, live_version, plain_versions

CHANGED = "changed"
"""The reason of what shows another build because its own code is another one."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code that is promoted: the graph of the commit's tree, and what git says of it.

    ``is_ancestor``: the commit of the target's release is an ancestor of ``commit``; None where that cannot be asked.
    ``is_clean``: the working tree equals the commit; it decides only which command a refusal names. ``build`` gives the
    builds that were read.
    """

    graph: Graph
    tree: Digest
    commit: str = ""
    is_clean: bool = True
    is_ancestor: bool | None = None
    build: Callable[[Digest], Build | None] = lambda _: None
    versions: CodeVersions = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "versions", CodeVersions(self.graph.nodes))


@dataclass(frozen=True, slots=True)
class Choice:
    """What the target will show under one address, and the build that it is; or the fault that forbids it."""

    pointer: Pointer | None
    build: Build | None
    reason: str = ""
    fault: Diagnostic | None = None


def choose_all(shown: Shown, source: Snapshot, target: Snapshot, code: Code) -> Mapping[Address, Choice]:
    """Decide every address, inputs first; what depends on a faulty one is not faulted again."""
    choices: dict[Address, Choice] = {}
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


def _choose_source(node: SourceNode, ours: _Side, theirs: _Side, name: str) -> Choice:
    """Take the newer capture of the two, so that data never goes back in time; the target's own where they are equal.

    Where files are known by content and one of the two is just that content, it is that one: the files are the code's.
    """
    new, old = ours[1], theirs[1]
    if new is None or new.capture is None or new.status is BuildStatus.LOST or not _is_place(new, node):
        return Choice(*ours, fault=_not_applied(node.address, name, is_clean=True))
    if old is None or old.capture is None:
        return Choice(*ours, reason="new")
    if old.id == new.id:
        return Choice(*theirs)
    is_comparable = _is_place(old, node)
    if (
        is_comparable
        and node.token is not None
        and (old.capture.token == node.token) != (new.capture.token == node.token)
    ):
        return Choice(*theirs) if old.capture.token == node.token else Choice(*ours, reason="the committed files")
    if is_comparable and old.capture.number >= new.capture.number:
        if frozenset(old.shape) == frozenset(new.shape):
            return Choice(*theirs)
        if old.capture.number > new.capture.number:
            return Choice(*ours, fault=_back_in_time(node, old.capture, new.capture, name))
    return Choice(*ours, reason="newer data" if is_comparable else "read from another place")


def _replace_lost_source(node: SourceNode, ours: _Side, theirs: _Side, name: str) -> Choice:
    """Take the source's capture in place of a lost one, unless that takes data back in time."""
    new, old = ours[1], theirs[1]
    if new is None or new.capture is None or new.status is BuildStatus.LOST or not _is_place(new, node):
        return Choice(*ours, fault=_not_applied(node.address, name, is_clean=True))
    before = old.capture if old is not None and _is_place(old, node) else None
    if before is not None and before.number > new.capture.number and new.capture.token != node.token:
        return Choice(*ours, fault=_back_in_time(node, before, new.capture, f"{name} --refresh {node.address}"))
    return Choice(*ours, reason="in place of what was lost")


def _back_in_time(node: SourceNode, old: Capture, new: Capture, what: str) -> Diagnostic:
    summary = f"{node.address} would go back in time: from capture {old.number} to {new.number}"
    return Diagnostic("HG512", summary, node.place, hint=f"Take the newer data first: headgate apply {what}")


def _choose_node(
    node: Node, ours: _Side, theirs: _Side, chosen: Mapping[Address, Choice], name: str, code: Code
) -> Choice:
    """Keep the target's build if it is what the commit says of what will be shown; else the source's, if that is."""
    recipe = node.recipe.digest()
    key = _recorded_key(node, chosen, recipe, (theirs[1], ours[1])) or _key(node, chosen)
    for side, is_kept in ((theirs, True), (ours, False)):
        pointer, build = side
        if pointer is None or build is None or build.status is BuildStatus.LOST:
            continue
        if build.key == key and stands_for(build, node, recipe):
            kept = Pointer(build.id, node.kind, node.recipe.shape)
            return Choice(kept, build, "" if is_kept else _why(theirs[1], recipe))
    new = ours[1]
    if new is None or new.status is BuildStatus.LOST or (new.recipe != recipe and new.key != key):
        return Choice(*ours, fault=_not_applied(node.address, name, is_clean=code.is_clean))
    return Choice(*ours, fault=_on_other_data(node, new, chosen, name))


def _on_other_data(node: Node, build: Build, chosen: Mapping[Address, Choice], name: str) -> Diagnostic:
    others = sorted(a for a in node.inputs if a in chosen and _id(chosen[a].build) != build.inputs.get(a))
    told = ", ".join(others) or "its inputs"
    summary = f"{node.address} in {name} was built on other data than would be shown: {told}"
    return Diagnostic("HG513", summary, node.place, hint=f"Build it on what is newest: headgate apply {name}")


def _choose_by_code(
    node: Node, ours: _Side, theirs: _Side, chosen: Mapping[Address, Choice], name: str, code: Code
) -> Choice:
    """Keep the target's build if its code is the commit's and it has read what will be shown; else take the source's.

    Where both are so, the source's is taken if it goes on from the target's: it holds all of that, and more, and what
    reads it in the source was built on it. Otherwise what was loaded when does not count, but the source's must hold
    every interval that the target's does. With a schedule what was read does not count either, and a table of which no
    code was noted is known by its key.
    """
    wanted, recipe = code.versions.of(node), node.recipe.digest()
    new, old = ours[1], theirs[1]
    key = _key_of_made(node, chosen, recipe, (old, new))

    def fits(pointer: Pointer | None, build: Build | None) -> bool:
        if pointer is None or build is None or build.status is BuildStatus.LOST or build.kind is not node.kind:
            return False
        if build.code == wanted and bool(node.properties.cron or _has_read(build, node, chosen)):
            return True
        return key is not None and build.key == key and stands_for(build, node, recipe)

    is_kept, is_there = fits(*theirs), fits(*ours)
    fault = _fault_in_load(node, new, old, name) if is_there and new is not None else None
    if fault is None and is_there and not is_kept and new is not None and old is not None:
        fault = _fault_in_age(node, new, old, chosen, name, code)
    if old is not None and is_kept and not (new is not None and is_there and fault is None and _is_further(new, old)):
        return Choice(Pointer(old.id, node.kind, node.recipe.shape), old)
    if new is not None and is_there:
        if fault is not None:
            return Choice(*ours, fault=fault)
        reason = "newer data" if is_kept else _why(old, recipe)
        return Choice(Pointer(new.id, node.kind, node.recipe.shape), new, reason)
    is_of_code = new is not None and (new.code == wanted or (key is not None and new.recipe == recipe))
    if new is None or new.status is BuildStatus.LOST or not is_of_code:
        return Choice(*ours, fault=_not_applied(node.address, name, is_clean=code.is_clean))
    return Choice(*ours, fault=_on_other_data(node, new, chosen, name))


def _fault_in_age(
    node: Node, build: Build, old: Build, chosen: Mapping[Address, Choice], name: str, code: Code
) -> Diagnostic | None:
    """Return why a build that need not have read what will be shown would take its address back in time, or None."""
    is_newest = not node.properties.cron or _has_read(build, node, chosen)
    if is_newest or old.status is BuildStatus.LOST or not reads_older(build, old, code.build):
        return None
    summary = f"{node.address} would go back in time: in {name} it was made from older data than what is shown now"
    return Diagnostic("HG512", summary, node.place, hint=f"Make it from what is newest: headgate apply {name}")


def _is_further(build: Build, other: Build) -> bool:
    """Tell whether a build goes on from another one, and holds what that does not."""
    return goes_on_from(build, other) and not goes_on_from(other, build)


def _key_of_made(
    node: Node, chosen: Mapping[Address, Choice], recipe: Digest, builds: tuple[Build | None, ...]
) -> Digest | None:
    """Return the key of what is made anew each time; None for what is loaded, whose keys say when it was."""
    if node.properties.loading is not None:
        return None
    return _recorded_key(node, chosen, recipe, builds) or _key(node, chosen)


def _has_read(build: Build, node: Node, chosen: Mapping[Address, Choice]) -> bool:
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
    node: Node, chosen: Mapping[Address, Choice], recipe: Digest, builds: tuple[Build | None, ...]
) -> Digest | None:
    """Return the key without hashing any version: that of a build of the recipe on the very builds that are chosen."""
    inputs = {i: _id(chosen[i].build) for i in node.inputs if i in chosen}
    return next((b.key for b in builds if b is not None and b.recipe == recipe and b.inputs == inputs), None)


def _key(node: Node, chosen: Mapping[Address, Choice]) -> Digest | None:
    """Return the key that the node's build must have over the chosen inputs; None where one lacks what is read."""
    versions = plain_versions(node.recipe, lambda read: _seen(read, chosen))
    return None if versions is None else build_key(node.recipe.kind, node.recipe.shape, versions)


def _seen(read: Read, chosen: Mapping[Address, Choice]) -> Digest | None:
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
    return CHANGED if old.recipe != recipe else "what it reads has changed"


def _id(build: Build | None) -> Digest | None:
    return build.id if build else None


def of_other_code(
    source: Snapshot, choices: Mapping[Address, Choice], code: Code
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return what the source shows otherwise than it is chosen: from other code than the commit's, from other data.

    Sources are named only where nothing else has other data.
    Cost: a look-up for each address that differs.
    """
    others: list[Address] = []
    data: list[Address] = []
    for address, pointer in (source.shown.pointers if source.shown else {}).items():
        choice = choices.get(address)
        if choice is not None and choice.pointer == pointer:
            continue
        node = code.graph.nodes.get(address)
        if isinstance(node, Node) and choice is not None:
            build = source.build(pointer.build)
            is_other = choice.build is not None and choice.build.id == pointer.build  # then it is the order of columns
            is_other = is_other or build is None or build.recipe != node.recipe.digest()
            is_other = is_other or bool(build and build.code and build.code != code.versions.of(node))
            (others if is_other else data).append(address)
        elif pointer.kind is not Kind.SOURCE:
            others.append(address)
        elif choice is not None:
            data.append(address)
    made = [address for address in data if isinstance(code.graph.nodes[address], Node)]
    return tuple(sorted(others)), tuple(sorted(made or data))
