"""The snapshot: what a plan reads of the state, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.recipe import Recipe
from headgate.core.records import Build, Capture, EnvironmentRecord, Pointer


@dataclass(frozen=True, slots=True)
class Shown:
    """One environment as the state has it."""

    record: EnvironmentRecord
    pointers: Mapping[Address, Pointer]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One environment, the protected one that it stands beside, and look-ups into the same moment of the state.

    ``shown`` is None for a new environment. ``build`` gives a build by id (None: erased); ``find`` the builds under a
    key that are sealed, newest first; ``recipe`` a recorded recipe by digest; ``captures`` the latest capture of each
    source. ``timed`` gives the newest build of an address, for expected rows and seconds; ``is_newest_load`` tells of
    the build of a load whether nobody shows, may show again or has pinned a later one of its table. ``fetch`` makes
    several builds known with one look-up.
    """

    name: str
    shown: Shown | None
    beside: Shown | None
    captures: Mapping[Address, Capture]
    build: Callable[[Digest], Build | None]
    find: Callable[[Digest], tuple[Build, ...]]
    recipe: Callable[[Digest], Recipe | None]
    timed: Callable[[Address], Build | None]
    is_newest_load: Callable[[Build], bool]
    fetch: Callable[[Iterable[Digest]], None] = lambda _: None
