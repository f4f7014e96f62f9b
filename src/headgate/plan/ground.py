"""What a plan stands on: the recorded state, as far as it counts on one engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headgate.core.address import Address
from headgate.core.code_versions import CodeVersions
from headgate.core.graph import AnyNode, Node
from headgate.core.hashing import Digest
from headgate.core.records import Build, BuildStatus, Pointer
from headgate.core.reuse import stands_for
from headgate.core.snapshot import Snapshot
from headgate.plan.occasion import NO_OCCASION, Occasion


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded under one address before the plan.

    ``own`` is the environment's pointer, ``present`` the build that it names, where that can be shown. ``baseline`` is
    what a difference is told against: the build named, be it lost or not, else that of the environment beside.
    """

    own: Pointer | None
    present: Build | None
    baseline: Build | None

    @property
    def is_lost(self) -> bool:
        """Tell whether the environment points to a build that cannot be shown."""
        return self.own is not None and self.present is None


@dataclass(frozen=True, slots=True)
class Ground:
    """The snapshot with the rule which builds count: sealed ones of this engine.

    ``codes`` are the versions of code of the graph that is planned, ``occasion`` what the plan is made for.
    """

    snapshot: Snapshot
    engine: str
    pointers: Mapping[Address, Pointer]
    beside: Mapping[Address, Pointer]
    codes: CodeVersions
    occasion: Occasion = NO_OCCASION

    def sealed(self, identity: Digest) -> Build | None:
        """Return the build if it can be shown."""
        return self._usable(self.snapshot.build(identity))

    def standing(self, address: Address) -> Standing:
        """Return what is recorded under ``address``. Cost: one or two look-ups."""
        own = self.pointers.get(address)
        recorded = self.snapshot.build(own.build) if own else None
        baseline = recorded
        if baseline is None and (other := self.beside.get(address)):
            baseline = self.snapshot.build(other.build)
        return Standing(own, self._usable(recorded), baseline)

    def shared(self, key: Digest, address: Address) -> Iterator[Build]:
        """Yield the builds under ``key``: what is shown beside, those of the address, others; the newest first.

        Twins, two assets with one recipe, so get back each its own: what is tainted differs between them.
        Cost: nothing is looked up by key where the first is taken.
        """
        beside = self.shown_beside(address)
        if beside is not None and beside.key == key:
            yield beside
        found = (build for build in self.snapshot.find(key) if self._usable(build))
        yield from sorted(found, key=lambda build: build.address != address)

    def shown_beside(self, address: Address) -> Build | None:
        """Return what the environment beside shows under ``address``."""
        other = self.beside.get(address)
        return self.sealed(other.build) if other else None

    def shared_for(self, node: Node, key: Digest, recipe: Digest) -> Build | None:
        """Return the build to reuse for ``node``, or None."""
        return next((build for build in self.shared(key, node.address) if stands_for(build, node, recipe)), None)

    def code_of(self, node: Node) -> Mapping[str, Digest]:
        """Return the versions of code of a node; none where only a part of the graph is planned, to be looked at."""
        return self.codes.of(node) if node.address in self.codes else {}

    def _usable(self, build: Build | None) -> Build | None:
        if build is None or build.status is not BuildStatus.SEALED or build.engine != self.engine:
            return None
        return build


def ground_of(
    snapshot: Snapshot,
    *,
    engine: str,
    is_protected: bool,
    nodes: Mapping[Address, AnyNode] = MappingProxyType({}),
    occasion: Occasion = NO_OCCASION,
) -> Ground:
    """Return what a plan for the snapshot's environment stands on; a protected one stands beside nothing."""
    pointers = snapshot.shown.pointers if snapshot.shown else {}
    beside = snapshot.beside.pointers if snapshot.beside and not is_protected else {}
    return Ground(snapshot, engine, pointers, beside, CodeVersions(nodes), occasion)
