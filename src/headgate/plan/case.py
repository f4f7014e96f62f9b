"""A node that is being planned, and what is the same for every kind of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.graph import Node
from headgate.core.hashing import Digest
from headgate.core.plan import Action, Cause, Step
from headgate.core.recipe import Read
from headgate.core.records import Build
from headgate.core.reuse import reads_older
from headgate.core.versions import OpenVersions, Versions
from headgate.plan.ground import Ground, Standing
from headgate.plan.impact import affected_of, difference_of, follows_types, influences_of, is_destructive
from headgate.plan.outcome import Outcome


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

    def is_left_behind(self, build: Build) -> bool:
        """Tell whether a build that waits for its schedule was made from older data than is shown beside.

        Promoted, it would take that back in time.
        """
        beside = self.ground.shown_beside(self.node.address)
        return beside is not None and beside.id != build.id and reads_older(build, beside, self.ground.snapshot.build)

    def retyped(self, address: Address) -> frozenset[str]:
        """Return the columns of an input whose type is another one than it was."""
        step = self.inputs[address].step
        return frozenset(step.difference.columns_retyped if step and step.difference else ())

    def plain_step(self) -> Step:
        """Return the step that builds the node, without anything that only this occasion tells."""
        node = self.node
        return Step(
            address=node.address,
            kind=node.kind,
            action=Action.BUILD,
            cause=Cause.NEW,
            shape=node.recipe.shape,
            inputs=node.inputs,
            replaces=self.standing.own.build if self.standing.own else None,
            place=node.place,
            owner=node.properties.owner,
        )

    def with_impact(self, versions: Versions | OpenVersions) -> Step:
        """Return the step of a node that will show ``versions``, with what that changes against the baseline."""
        node, baseline = self.node, self.standing.baseline
        affected, rows_affected = affected_of(node.recipe.shape, versions, baseline)
        step = replace(self.plain_step(), affected=affected, rows_affected=rows_affected)
        if baseline is None:
            return step
        difference = None
        if baseline.recipe != node.recipe.digest():
            difference = difference_of(node, affected, baseline, self.ground.snapshot.recipe(baseline.recipe))
        return replace(
            step,
            difference=difference,
            influences=influences_of(node.recipe, self.seen, baseline, self.retyped),
            is_destructive=is_destructive(node, baseline),
        )

    def cause(self, otherwise: Cause) -> Cause:
        """Return why the node is not simply kept; ``otherwise`` where its own code did not change."""
        baseline = self.standing.baseline
        if self.standing.is_lost:
            return Cause.LOST
        if otherwise is not Cause.UPSTREAM or baseline is None or baseline.recipe == self.node.recipe.digest():
            return otherwise
        return Cause.UPSTREAM if self.follows_types(baseline) else Cause.CHANGED

    def follows_types(self, baseline: Build) -> bool:
        """Tell whether the node differs from what made ``baseline`` only because columns that it reads were retyped."""
        before = self.ground.snapshot.recipe(baseline.recipe)
        return before is not None and follows_types(self.node.recipe, before, self.retyped)
