"""The plan: what a change does to an environment, why, and all that is needed to carry it out.

A plan is immutable and complete: apply reads nothing of the repository beside it, plans nothing, and refuses it when an
entry that it read has moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from headgate.core.address import Address
from headgate.core.declarations import File, Kind
from headgate.core.diagnostic import Place
from headgate.core.graph import Node, QueryNode, SourceNode
from headgate.core.hashing import Digest
from headgate.core.loading import LoadPlan
from headgate.core.promises import DeclaredTest
from headgate.core.recipe import Shape
from headgate.core.records import Capture

if TYPE_CHECKING:
    from headgate.core.properties import PropertyChanges


class Action(StrEnum):
    """What apply does for one address."""

    CAPTURE = "capture"  # read a source and keep what was read
    BUILD = "build"  # make a table, or bind a view, that no build exists of
    LOAD = "load"  # go on with a table that is loaded again and again
    REUSE = "reuse"  # point to a build that exists, elsewhere or from before
    KEEP = "keep"  # the environment points to it already
    RESHAPE = "reshape"  # same build, other order of columns: only the view is replaced
    REMOVE = "remove"  # no longer declared: the view goes, the build stays until gc


class Cause(StrEnum):
    """Why an address is not simply kept."""

    NEW = "new"  # not in the environment and nothing to share
    CHANGED = "changed"  # its own recipe differs
    UPSTREAM = "upstream"  # something that it reads has another version
    DATA = "data"  # a source has new content
    LOST = "lost"  # the build is gone
    DUE = "due"  # time has passed
    ASKED = "asked"  # to be loaded again, or from an earlier time on, on purpose
    PART = "part"  # only its newest rows were loaded
    SHARED = "shared"  # another environment has the build
    REMOVED = "removed"  # no longer declared
    NONE = "none"  # nothing changed


@dataclass(frozen=True, slots=True)
class Difference:
    """How a recipe differs from the one the environment shows. Names of output columns, sorted."""

    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_changed: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()
    rows: bool = False
    order: bool = False
    kind: bool = False


@dataclass(frozen=True, slots=True)
class Influence:
    """What of one changed input reaches an asset: columns read for values, columns that steer its rows, its rows.

    ``retyped`` are those of the columns whose type is another one now.
    """

    address: Address
    columns: tuple[str, ...] = ()
    steering: tuple[str, ...] = ()
    rows: bool = False
    order: bool = False
    retyped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One address of the plan.

    ``build`` is the build pointed to afterwards where it exists already; ``replaces`` the one pointed to now. ``node``
    is there for everything that is captured, built or bound. ``affected`` are the output columns whose values may
    differ from what the environment shows now; ``rows_affected`` that its rows may. ``seconds`` and ``rows`` are
    expected, None where nothing was recorded. ``proof`` says in one line why a reuse is safe. Not ``is_selected``: the
    plan was asked for other addresses only, so this one is kept as it is, whatever the repository says. ``added`` says
    why it is planned although it was not asked for (``m.orders reads it``); empty where it was. ``load`` says what
    comes in where the address is an incremental or a snapshot; ``code`` are the versions of code of what new data alone
    does not make anew.
    """

    address: Address
    kind: Kind
    action: Action
    cause: Cause
    shape: Shape
    inputs: tuple[Address, ...] = ()
    key: Digest | None = None
    build: Digest | None = None
    replaces: Digest | None = None
    node: Node | SourceNode | None = None
    capture: Capture | None = None
    difference: Difference | None = None
    influences: tuple[Influence, ...] = ()
    affected: tuple[str, ...] = ()
    rows_affected: bool = False
    is_destructive: bool = False
    proof: str = ""
    rows: int | None = None
    seconds: float | None = None
    place: Place | None = None
    owner: str = ""
    is_selected: bool = True
    added: str = ""
    load: LoadPlan | None = None
    code: Mapping[str, Digest] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reach:
    """An exposure that the change reaches, and the columns of assets that it reads and that may change."""

    address: Address
    owner: str
    columns: Mapping[Address, tuple[str, ...]]
    rows: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the plan was made from: the stored tree, the commit and the files that differ from it, if there is one."""

    tree: Digest
    files: tuple[File, ...]
    commit: str = ""
    dirty: tuple[str, ...] = ()
    is_git: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in topological order, and what the plan rests on.

    ``serial`` is the environment's when it was read (0: new). ``entries`` are the pointers that were read: each must
    still be what it was. ``beside`` names the protected environment and its serial that the plan was made beside.
    ``graph`` is the digest of the graph, empty where the plan leaves some of it out that the environment does not show.
    ``becomes_bare``: the environment's schemas lose their suffix, or get one; None where their names stay.
    ``scheduled`` are the addresses with a schedule: they may show what came in at their last time. ``properties`` are
    those that differ from the code that the environment shows, whether or not a build does. ``tests`` are those that
    the builds shown afterwards have to pass, ``queries`` those that are queries of their own. ``protected`` are the
    columns whose values are not shown, folded.
    """

    project: str
    environment: str
    engine: str
    serial: int
    entries: Mapping[Address, Digest]
    steps: tuple[Step, ...]
    reaches: tuple[Reach, ...]
    origin: Origin
    beside: tuple[str, int] | None = None
    graph: Digest = Digest("")
    becomes_bare: bool | None = None
    scheduled: frozenset[Address] = frozenset()
    properties: PropertyChanges = field(default_factory=dict)
    tests: Mapping[Address, tuple[DeclaredTest, ...]] = field(default_factory=dict)
    queries: tuple[QueryNode, ...] = ()
    protected: Mapping[Address, frozenset[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Tell whether applying it would move no pointer, rename no schema, build nothing and change no property."""
        return self.becomes_bare is None and not self.properties and self.keeps_all

    @property
    def keeps_all(self) -> bool:
        """Tell whether every address keeps the build that is shown."""
        return all(step.action is Action.KEEP for step in self.steps)

    def doing(self, *actions: Action) -> tuple[Step, ...]:
        """Return the steps with one of these actions."""
        return tuple(step for step in self.steps if step.action in actions)
