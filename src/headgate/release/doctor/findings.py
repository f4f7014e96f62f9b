"""Findings: every way in which state and engine may have drifted apart, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from headgate.core.address import Address
from headgate.core.hashing import Digest
from headgate.core.ports.engine import Standing
from headgate.release.log import LogFault


@dataclass(frozen=True, slots=True)
class Span:
    """The moves of an environment after which it showed a build: from ``first`` to ``last``, with both."""

    environment: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ViewDrift:
    """A view of an environment is not what its pointers say. ``serial`` is the release that it belongs to.

    ``is_due`` not: nothing can be shown there before the next apply, and somebody has put something else there.
    """

    environment: str
    address: Address
    schema: str
    name: str
    standing: Standing
    serial: int
    is_due: bool = True


@dataclass(frozen=True, slots=True)
class LeftView:
    """A view in the schemas of an environment reads physical tables, and no pointer speaks of it."""

    environment: str
    schema: str
    name: str


class Way(StrEnum):
    """What can be done about an environment whose warehouse is older than the state."""

    FORWARD = "forward"  # all that the last release shows is there: show it
    BACK = "back"  # it is not, but all that the warehouse shows is known: record that
    PARTLY = "partly"  # neither: show of the last release what is there


@dataclass(frozen=True, slots=True)
class Restored:
    """The warehouse shows ``environment`` at ``shown`` (0: not at all), the state has it at ``serial``.

    ``lost`` are the assets that the environment will lack until they are built again.
    """

    environment: str
    serial: int
    shown: int
    way: Way
    lost: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Foreign:
    """The warehouse belongs to another state. ``is_lost``: of this one there is nothing yet."""

    is_lost: bool


@dataclass(frozen=True, slots=True)
class OlderState:
    """The warehouse shows ``environment`` at ``shown`` by a move that the state, where it is at ``serial``, lacks."""

    environment: str
    serial: int
    shown: int


class Damage(StrEnum):
    """What is wrong with the table of a build."""

    GONE = "gone"
    COLUMNS = "columns"  # it has others than were recorded
    ROWS = "rows"  # it has more or fewer than were recorded
    ROW = "row"  # nothing is wrong with it, but its row in headgate.builds is gone


@dataclass(frozen=True, slots=True)
class TableDamage:
    """The table of a sealed build is not what it was. ``detail`` says how it differs.

    ``shown`` are the environments that show it now, ``needed`` what else of their history does.
    """

    build: Digest
    address: Address
    relation: str
    damage: Damage
    detail: str
    shown: tuple[Span, ...]
    needed: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class LackingTables:
    """Tables that a restored warehouse lacks: those of builds that were made after the copy."""

    damages: tuple[TableDamage, ...]


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """The table of a build that was marked as lost is there, as it was recorded."""

    build: Digest
    address: Address
    relation: str


class OrphanKind(StrEnum):
    """What an orphan is."""

    BUILD = "build"  # a row of headgate.builds, and maybe its table, that the state knows nothing of
    ROW = "row"  # a row alone: of a build that is marked as lost, or beside that of the build whose table it names
    TABLE = "table"  # a table in the schema headgate, called as Headgate's are, without a row
    OTHER = "other"  # a table there that is called otherwise: somebody else made it


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something in the schema ``headgate`` that belongs to no build. ``build`` is empty for a table without a row.

    What is of the kind ``OTHER`` is never dropped.
    """

    kind: OrphanKind
    relation: str
    build: Digest


@dataclass(frozen=True, slots=True)
class OpenMove:
    """A command was cut off while it moved an environment to ``serial``; ``is_made``: the engine had made the move."""

    environment: str
    serial: int
    is_made: bool


@dataclass(frozen=True, slots=True)
class OpenBuilds:
    """Commands were cut off while they built ``addresses``; ``pins`` counts the builds that they held."""

    addresses: tuple[Address, ...]
    pins: int


@dataclass(frozen=True, slots=True)
class LogGap:
    """The log of events is not as it was written."""

    faults: tuple[LogFault, ...]


Finding = (
    Restored
    | Foreign
    | OlderState
    | ViewDrift
    | LeftView
    | TableDamage
    | LackingTables
    | FoundAgain
    | Orphan
    | OpenMove
    | OpenBuilds
    | LogGap
)
