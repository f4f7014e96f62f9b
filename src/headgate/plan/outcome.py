"""What planning one address gives to those that read it."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.core.hashing import Digest
from headgate.core.plan import Step
from headgate.core.recipe import Read
from headgate.core.records import Build
from headgate.core.versions import OpenVersions, Versions, live_version


@dataclass(frozen=True, slots=True)
class Outcome:
    """The step of an address, None for a source that is only read live, and the versions that its readers see.

    ``build`` is the identity of the build pointed to afterwards, None where it is still to be made.
    """

    step: Step | None
    build: Digest | None
    versions: Versions | OpenVersions | None

    def seen(self, read: Read) -> Digest | None:
        """Return the version of ``read``, None where it is not known yet."""
        if self.step is None:
            return live_version(read)
        return None if self.versions is None else self.versions.of(read.aspect, read.column)


LIVE = Outcome(None, None, None)
"""A source that no table reads: it has no capture, and its readers claim nothing of its content."""


def of_build(step: Step, build: Build) -> Outcome:
    """Return the outcome of a step that ends with a build which exists."""
    return Outcome(step, build.id, build.versions)
