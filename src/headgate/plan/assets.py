"""The step of a table, a view or a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.graph import Node
from headgate.core.hashing import Digest, short
from headgate.core.plan import Action, Cause, Step
from headgate.core.recipe import Shape
from headgate.core.records import Build, Pointer
from headgate.core.reuse import stands_for
from headgate.core.versions import build_key, open_versions, plain_versions
from headgate.plan.case import Case
from headgate.plan.explain import words_of_reads
from headgate.plan.ground import Ground
from headgate.plan.loads import LOADED, plan_loaded, waiting
from headgate.plan.outcome import Outcome, of_build


def plan_asset(node: Node, inputs: Mapping[Address, Outcome], ground: Ground) -> Outcome:
    """Return the outcome of a node whose inputs are planned."""
    case = Case(node, inputs, ground, ground.standing(node.address))
    if node.kind in LOADED:
        return plan_loaded(case)
    if ground.occasion.has_to_wait(node.address, node.properties) and (outcome := waiting(case)):
        return outcome
    own, present = case.standing.own, case.standing.present
    if own and present and _is_untouched(present, case) and stands_for(present, node, present.recipe):
        return _keeping(node, own, present, proof="recipe and inputs unchanged")
    return plan_by_key(case, recorded_key(case) or computed_key(case))


def recorded_key(case: Case) -> Digest | None:
    """Return the key of the node without hashing any version, or None where that cannot be.

    Where a build that is shown, here or beside, has the node's recipe and was made from the very builds that its inputs
    end with, its key is the node's: builds are immutable, so what they show now is what it read.
    """
    present = case.standing.present
    if present is not None and _is_untouched(present, case):
        return present.key
    beside = case.ground.shown_beside(case.node.address)
    return beside.key if beside is not None and _is_untouched(beside, case) else None


def computed_key(case: Case) -> Digest | None:
    """Return the key by the versions of all that is read; None where one of them is known only once it is built."""
    recipe = case.node.recipe
    plain = plain_versions(recipe, case.seen)
    return None if plain is None else build_key(recipe.kind, recipe.shape, plain)


def plan_by_key(case: Case, key: Digest | None) -> Outcome:
    """Return the outcome of a node with that key: the build that it has, one that others have, or one to be made."""
    if key is None:
        return _building(case, key=None)
    node, own, present = case.node, case.standing.own, case.standing.present
    recipe = node.recipe.digest()
    if own and present and present.key == key and stands_for(present, node, recipe):
        return _keeping(node, own, present, proof=f"{words_of_reads(node.recipe)}; row sets unchanged")
    found = case.ground.shared_for(node, key, recipe)
    return _building(case, key=key) if found is None else _reusing(case, found)


def _is_untouched(build: Build, case: Case) -> bool:
    if build.recipe != case.node.recipe.digest():
        return False
    pointed = 0
    for address in case.node.inputs:
        outcome = case.inputs[address]
        if outcome.step is None:
            continue
        if outcome.build is None or build.inputs.get(address) != outcome.build:
            return False
        pointed += 1
    return pointed == len(build.inputs)


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
    return [column.name for column in shape] == [column.name for column in node.recipe.columns]


def _reusing(case: Case, found: Build) -> Outcome:
    beside = case.ground.snapshot.beside
    other = case.ground.beside.get(case.node.address)
    where = f" of {beside.record.name}" if beside and other and other.build == found.id else ""
    is_baseline = case.standing.baseline is not None and case.standing.baseline.id == found.id
    step = replace(
        case.plain_step() if is_baseline else case.with_impact(found.versions),
        action=Action.REUSE,
        cause=case.cause(Cause.SHARED if case.standing.own is None else Cause.UPSTREAM),
        key=found.key,
        build=found.id,
        proof=f"same recipe and inputs as build {short(found.id, 6)}{where}",
    )
    return of_build(step, found)


def _building(case: Case, *, key: Digest | None) -> Outcome:
    versions = open_versions(case.node.recipe, case.seen)
    timed = case.ground.snapshot.timed(case.node.address) if case.node.kind is not Kind.VIEW else None
    step = replace(
        case.with_impact(versions),
        cause=case.cause(Cause.NEW if case.standing.baseline is None else Cause.UPSTREAM),
        key=key,
        node=case.node,
        code=case.ground.code_of(case.node),
        rows=timed.rows if timed else None,
        seconds=timed.seconds if timed else None,
    )
    return Outcome(step, None, versions)
