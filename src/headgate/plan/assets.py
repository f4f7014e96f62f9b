"""The step of a table, a view or a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.graph import Node
from headgate.core.hashing import Digest, short
from headgate.core.plan import Action, Cause, Step
from headgate.core.recipe import Read, Shape
from headgate.core.records import Build, Pointer
from headgate.core.reuse import stands_for
from headgate.core.versions import OpenVersions, Versions, build_key, open_versions, plain_versions
from headgate.plan.explain import words_of_reads
from headgate.plan.ground import Ground, Standing
from headgate.plan.impact import affected_of, difference_of, influences_of, is_destructive
from headgate.plan.outcome import Outcome, of_build


@dataclass(frozen=True, slots=True)
class Case:
    """A node that is being planned: what its inputs became, and what is recorded of it."""

    node: Node
    inputs: Mapping[Address, Outcome]
    ground: Ground
    standing: Standing

    def seen(self, read: Read) -> Digest | None:
        """Return the version of what the node reads, None where it is not known yet."""
        return self.inputs[read.address].seen(read)


def plan_asset(node: Node, inputs: Mapping[Address, Outcome], ground: Ground) -> Outcome:
    """Return the outcome of a node whose inputs are planned.

    Where the build pointed to has the node's recipe and was made from the very builds that its inputs end with, no
    version is hashed: builds are immutable, so their versions are those that it read, and the key is the recorded one.
    """
    case = Case(node, inputs, ground, ground.standing(node.address))
    own, present = case.standing.own, case.standing.present
    if own and present and _is_untouched(present, case):
        return _keeping(node, own, present, proof="recipe and inputs unchanged")
    return plan_by_versions(case)


def plan_by_versions(case: Case) -> Outcome:
    """Return the outcome of a node by the versions of all that it reads: its key, and who has a build of it."""
    node, own, present = case.node, case.standing.own, case.standing.present
    plain = plain_versions(node.recipe, case.seen)
    if plain is None:
        return _building(case, key=None)
    key, recipe = build_key(node.recipe.kind, node.recipe.shape, plain), node.recipe.digest()
    if own and present and present.key == key and stands_for(present, node, recipe):
        return _keeping(node, own, present, proof=f"{words_of_reads(node.recipe)}; row sets unchanged")
    found = case.ground.shared_for(node, key, recipe)
    return _building(case, key=key) if found is None else _reusing(case, found)


def _is_untouched(build: Build, case: Case) -> bool:
    pointed = 0
    for address in case.node.inputs:
        outcome = case.inputs[address]
        if outcome.step is None:
            continue
        if outcome.build is None or build.inputs.get(address) != outcome.build:
            return False
        pointed += 1
    return pointed == len(build.inputs) and build.recipe == case.node.recipe.digest()


def _keeping(node: Node, own: Pointer, build: Build, *, proof: str) -> Outcome:
    is_in_order = _has_order(own.shape, node)
    step = Step(
        address=node.address,
        kind=node.kind,
        action=Action.KEEP if is_in_order else Action.RESHAPE,
        cause=Cause.NONE if is_in_order else Cause.CHANGED,
        shape=own.shape if is_in_order else node.recipe.shape,
        inputs=node.inputs,
        key=build.key,
        build=build.id,
        replaces=own.build,
        proof=f"{proof}, build {short(build.id, 6)}",
        place=node.place,
        owner=node.properties.owner,
    )
    return of_build(step, build)


def _has_order(shape: Shape, node: Node) -> bool:
    """Tell whether columns that are the same stand in the same order. No shape is made: this runs for every node."""
    columns = node.recipe.columns
    return len(shape) == len(columns) and all(c.name == s.name for c, s in zip(columns, shape, strict=True))


def _reusing(case: Case, found: Build) -> Outcome:
    beside = case.ground.snapshot.beside
    other = case.ground.beside.get(case.node.address)
    where = f" of {beside.record.name}" if beside and other and other.build == found.id else ""
    step = replace(
        _moving(case, found.versions),
        action=Action.REUSE,
        cause=_cause(case, Cause.SHARED if case.standing.own is None else Cause.UPSTREAM),
        key=found.key,
        build=found.id,
        proof=f"same recipe and inputs as build {short(found.id, 6)}{where}",
    )
    return of_build(step, found)


def _building(case: Case, *, key: Digest | None) -> Outcome:
    versions = open_versions(case.node.recipe, case.seen)
    timed = case.ground.snapshot.timed(case.node.address) if case.node.kind is not Kind.VIEW else None
    step = replace(
        _moving(case, versions),
        cause=_cause(case, Cause.NEW if case.standing.baseline is None else Cause.UPSTREAM),
        key=key,
        node=case.node,
        rows=timed.rows if timed else None,
        seconds=timed.seconds if timed else None,
    )
    return Outcome(step, None, versions)


def _cause(case: Case, otherwise: Cause) -> Cause:
    baseline = case.standing.baseline
    if case.standing.is_lost:
        return Cause.LOST
    if otherwise is Cause.UPSTREAM and baseline is not None and baseline.recipe != case.node.recipe.digest():
        return Cause.CHANGED
    return otherwise


def _moving(case: Case, versions: Versions | OpenVersions) -> Step:
    """Return the step of a node that will point to another build, with what that changes."""
    node, baseline = case.node, case.standing.baseline
    shape = node.recipe.shape
    affected, rows_affected = affected_of(shape, versions, baseline)
    is_changed = baseline is not None and baseline.recipe != node.recipe.digest()
    return Step(
        address=node.address,
        kind=node.kind,
        action=Action.BUILD,
        cause=Cause.NEW,
        shape=shape,
        inputs=node.inputs,
        replaces=case.standing.own.build if case.standing.own else None,
        difference=(
            difference_of(node, affected, baseline, case.ground.snapshot.recipe(baseline.recipe))
            if baseline is not None and is_changed
            else None
        ),
        influences=influences_of(node.recipe, case.seen, baseline) if baseline is not None else (),
        affected=affected,
        rows_affected=rows_affected,
        is_destructive=is_destructive(node, baseline),
        place=node.place,
        owner=node.properties.owner,
    )
