"""Whether the entries that a plan read are still what they were, told as expectations for one batch."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import StalePlan
from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.listing import listed
from headgate.core.plan import Action, Plan
from headgate.core.ports.store import Expectation, Reading
from headgate.core.records import Build, BuildStatus, Collection


def pointer_expectations(plan: Plan, reading: Reading) -> tuple[Expectation, ...]:
    """Return that every pointer is what the plan read; raise ``StalePlan`` naming those that have moved.

    The state may change after this reading: the batch checks the very texts that were compared here.
    """
    wanted: dict[Address, Digest | None] = {step.address: step.replaces for step in plan.steps if step.replaces is None}
    wanted.update(plan.entries)
    keys = {address: f"{plan.environment}/{address}" for address in wanted}
    texts = reading.get(Collection.POINTERS, keys.values())
    moved: list[Address] = []
    for address, build in wanted.items():
        text = texts.get(keys[address])
        if (None if text is None else loads(text)["build"]) != build:
            moved.append(address)
    if moved:
        raise stale(plan, moved)
    return tuple(Expectation(Collection.POINTERS, key, texts.get(key)) for key in keys.values())


def existing_builds(plan: Plan, reading: Reading) -> tuple[Mapping[Address, str], tuple[Expectation, ...]]:
    """Return the records of builds that the plan keeps or reuses, and that those which are reused stay as they are.

    What an environment points to cannot go while its pointers stand, so kept builds need no expectation.
    """
    wanted = {step.address: step.build for step in plan.steps if step.build and step.action is not Action.REMOVE}
    texts = reading.get(Collection.BUILDS, dict.fromkeys(wanted.values()))
    shared = {step.address for step in plan.doing(Action.REUSE)}
    missing = [
        address
        for address, build in wanted.items()
        if build not in texts or (address in shared and loads(texts[build])["status"] != BuildStatus.SEALED)
    ]
    if missing:
        raise stale(plan, missing)
    expects = tuple(Expectation(Collection.BUILDS, wanted[a], texts[wanted[a]]) for a in sorted(shared) if a in wanted)
    return {address: texts[build] for address, build in wanted.items()}, expects


def bases_of(plan: Plan, reading: Reading) -> tuple[Mapping[Digest, Build], tuple[Expectation, ...]]:
    """Return the builds that loads of the plan go on with, and that they stay as they are."""
    wanted = {step.load.base: step.address for step in plan.steps if step.load is not None and step.load.base}
    texts = reading.get(Collection.BUILDS, wanted)
    found = {Digest(identity): build_from_json(loads(text)) for identity, text in texts.items()}
    gone = [a for i, a in wanted.items() if i not in texts or found[i].status is not BuildStatus.SEALED]
    if gone:
        raise stale(plan, gone)
    return found, tuple(Expectation(Collection.BUILDS, identity, text) for identity, text in texts.items())


def stale(plan: Plan, addresses: list[Address]) -> StalePlan:
    """Return the refusal of a plan whose entries at ``addresses`` have moved."""
    return StalePlan(
        [
            Diagnostic(
                "HG502",
                f"what the plan for {plan.environment} rests on has moved: {listed(sorted(addresses))}",
                hint=f"Plan again: headgate plan {plan.environment}",
            )
        ]
    )
