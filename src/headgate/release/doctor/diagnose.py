"""The diagnosis: what the state knows, compared with what is in the engine. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN
from headgate.core.hashing import Digest
from headgate.core.ports.engine import Inventory, Standing, is_physical_name
from headgate.core.records import Build, BuildStatus, Pointer
from headgate.release.bindings import fold_name
from headgate.release.doctor.damages import damage_of
from headgate.release.doctor.findings import (
    Damage,
    Finding,
    FoundAgain,
    LackingTables,
    LeftView,
    OpenBuilds,
    OpenMove,
    Orphan,
    OrphanKind,
    Restored,
    Span,
    TableDamage,
    ViewDrift,
)
from headgate.release.doctor.known import Due, Known
from headgate.release.history import pointers_as_of
from headgate.release.verdict import Verdict


def leftovers(known: Known, verdicts: Mapping[str, Verdict]) -> Iterator[Finding]:
    """Yield what commands that were cut off have left behind. Nobody may be at work."""
    for name, intent in sorted(known.intents.items()):
        if verdicts[name].is_sound:
            yield OpenMove(name, intent.move.serial, verdicts[name] is Verdict.HAPPENED)
    unfinished = tuple(sorted(b.address for b in known.builds.values() if b.status is BuildStatus.BUILDING))
    pinned = len(known.pinned & known.builds.keys())
    if unfinished or (pinned and not known.intents):
        yield OpenBuilds(unfinished, pinned)


def diagnose(
    known: Known, dues: Mapping[str, Due], inventory: Inventory, restored: tuple[Restored, ...] = ()
) -> tuple[Finding, ...]:
    """Return where state and engine differ: restored files first, then views, then tables, then orphans.

    ``known`` is settled. ``dues`` are those of all its environments, and ``inventory`` was asked for all their views.
    Those that are ``restored`` get new views, so nothing is told of the ones they have, except of what no move of
    theirs has shown; and what the older file lacks is one thing. Cost: linear in views, builds and moves.
    """
    damages = tuple(_damages(known, inventory))
    damaged = {damage.build for damage in damages}
    older = {one.environment for one in restored}
    names = [name for name in dues if name not in older]
    views = [drift for name in names for drift in _drifts(known, name, dues[name], inventory, damaged)]
    told = {name: _names(known, name, known.pointers[name]) for name in names}
    told |= {one.environment: _names_before(known, one) for one in restored}
    left = [view for name, shown in told.items() for view in _left_views(name, shown, inventory)]
    gone = tuple(d for d in damages if older and d.damage is Damage.GONE)
    lacking = (LackingTables(gone),) if gone else ()
    single = [damage for damage in damages if damage not in gone]
    return (*restored, *views, *left, *lacking, *single, *_found_again(known, inventory), *_orphans(known, inventory))


def _drifts(
    known: Known, environment: str, due: Due, inventory: Inventory, damaged: set[Digest]
) -> Iterator[ViewDrift]:
    """Yield views that are not as they should. One whose table is damaged is told with that table."""
    serial, pointers = known.records[environment].serial, known.pointers[environment]
    for address, view in sorted(due.views.items()):
        standing = inventory.views[view.schema, view.name]
        if standing is Standing.ABSENT and pointers[address].build in damaged:
            continue
        if standing not in (Standing.AS_GIVEN, Standing.UNKNOWN):
            yield ViewDrift(environment, address, view.schema, view.name, standing, serial)
    for address, lacking in sorted(due.lacking.items()):
        if lacking is not None:
            standing = inventory.views[lacking.schema, lacking.name]
            if standing in (Standing.OTHER, Standing.TABLE):
                yield ViewDrift(environment, address, lacking.schema, lacking.name, standing, serial, is_due=False)


def _names(known: Known, environment: str, pointers: Mapping[Address, Pointer]) -> set[tuple[str, str]]:
    """Return the folded names under which an environment shows some pointers."""
    naming = known.naming(environment)
    return {fold_name(naming.name(a)) for a, pointer in pointers.items() if pointer.kind not in NOT_SHOWN}


def _names_before(known: Known, one: Restored) -> set[tuple[str, str]]:
    """Return the folded names that such an environment shows by the state, or showed when the copy was made."""
    pointers = known.pointers[one.environment]
    earlier = pointers_as_of(one.shown, pointers, known.moves[one.environment])
    return _names(known, one.environment, pointers) | _names(known, one.environment, earlier)


def _left_views(environment: str, names: set[tuple[str, str]], inventory: Inventory) -> Iterator[LeftView]:
    """Yield views over physical tables that stand in the schemas of ``names`` and are none of them."""
    schemas = {schema for schema, _ in names}
    for schema, name in sorted(inventory.others):
        folded = fold_name((schema, name))
        if folded[0] in schemas and folded not in names:
            yield LeftView(environment, schema, name)


def _damages(known: Known, inventory: Inventory) -> Iterator[TableDamage]:
    for build in known.builds.values():
        if build.status is BuildStatus.SEALED and build.relation:
            found = damage_of(build, inventory)
            if found is not None:
                shown, needed = _spans(known, build)
                yield TableDamage(build.id, build.address, build.relation, *found, shown=shown, needed=needed)


def _spans(known: Known, build: Build) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return where the build is shown now, and after which earlier moves it was."""
    shown: list[Span] = []
    needed: list[Span] = []
    for environment, moves in known.moves.items():
        last = known.records[environment].serial
        for address in {build.address, *_addresses(known, environment, build.id)}:
            begun = 0
            for move in moves:
                change = move.changes.get(address)
                if change is None:
                    continue
                if begun and change.before and change.before.build == build.id:
                    needed.append(Span(environment, begun, move.serial - 1))
                begun = move.serial if change.after and change.after.build == build.id else 0
            if begun:
                shown.append(Span(environment, begun, last))
    return tuple(shown), tuple(needed)


def _addresses(known: Known, environment: str, build: Digest) -> list[Address]:
    """Return the addresses under which an environment shows a build: another asset's, where two are one recipe."""
    return [address for address, pointer in known.pointers[environment].items() if pointer.build == build]


def _found_again(known: Known, inventory: Inventory) -> Iterator[FoundAgain]:
    for build in known.builds.values():
        if build.status is BuildStatus.LOST and build.relation and damage_of(build, inventory) is None:
            yield FoundAgain(build.id, build.address, build.relation)


def _orphans(known: Known, inventory: Inventory) -> Iterator[Orphan]:
    """Yield what belongs to no build of the state. What somebody has pinned is theirs."""
    ours = {build.relation for build in known.builds.values()}
    relations = ours | {row.relation for row in inventory.builds.values()}
    for identity, row in inventory.builds.items():
        build = known.builds.get(identity)
        if identity in known.pinned:
            continue
        if build is None:
            kind = OrphanKind.ROW if row.relation in ours else OrphanKind.BUILD
            yield Orphan(kind, row.relation, identity)
        elif build.status is BuildStatus.LOST and damage_of(build, inventory) is not None:
            yield Orphan(OrphanKind.ROW, row.relation, identity)
    for relation in sorted(inventory.tables.keys() - relations - inventory.open):
        kind = OrphanKind.TABLE if is_physical_name(relation) else OrphanKind.OTHER
        yield Orphan(kind, relation, Digest(""))
