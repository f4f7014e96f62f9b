"""What becomes of environments whose warehouse was restored from an older copy, or is gone. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN
from headgate.core.hashing import Digest
from headgate.core.ports.engine import Inventory, Marker
from headgate.core.records import BuildStatus, Pointer, SetAside
from headgate.release.aside import aside_as_of
from headgate.release.doctor.damages import damage_of
from headgate.release.doctor.findings import Restored, Way
from headgate.release.doctor.known import Known
from headgate.release.history import pointers_as_of
from headgate.release.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Target:
    """What such an environment shall show: ``pointers``, as after its move ``restores``.

    ``was`` is what the warehouse shows now, as far as that is known; ``there`` the tables of others that stand aside in
    it, ``aside`` those that shall.
    """

    way: Way
    restores: int
    pointers: Mapping[Address, Pointer]
    was: Mapping[Address, Pointer]
    there: tuple[SetAside, ...]
    aside: tuple[SetAside, ...]
    lost: tuple[Address, ...]


def restored_of(
    known: Known, verdicts: Mapping[str, Verdict], markers: Mapping[str, Marker], inventory: Inventory
) -> Iterator[Restored]:
    """Yield every environment of which the warehouse shows an earlier move than the state has recorded."""
    for name, verdict in verdicts.items():
        if verdict is Verdict.WAREHOUSE_IS_OLDER:
            target = target_of(known, name, markers.get(name), inventory)
            shown = markers[name].serial if name in markers else 0
            yield Restored(name, known.records[name].serial, shown, target.way, target.lost)


def target_of(known: Known, environment: str, marker: Marker | None, inventory: Inventory) -> Target:
    """Return what such an environment shall show.

    The last release, where all that it shows is in the warehouse; else the one that the warehouse shows, where the
    state still knows all of that; else the last one again, without what is lost.
    """
    record, pointers, moves = known.records[environment], known.pointers[environment], known.moves[environment]
    shown = marker.serial if marker else 0
    earlier = pointers_as_of(shown, pointers, moves)
    there = aside_as_of(shown, record.aside, moves)
    lost = tuple(sorted(a for a, p in pointers.items() if not _is_intact(known, p.build, inventory)))
    is_back = bool(lost) and shown > 0 and all(_is_intact(known, p.build, inventory) for p in earlier.values())
    if is_back:
        return Target(Way.BACK, shown, earlier, earlier, there, there, ())
    way = Way.PARTLY if lost else Way.FORWARD
    told = tuple(address for address in lost if pointers[address].kind not in NOT_SHOWN)
    return Target(way, record.serial, pointers, earlier, there, record.aside, told)


def _is_intact(known: Known, identity: Digest, inventory: Inventory) -> bool:
    build = known.builds.get(identity)
    if build is None or build.status is not BuildStatus.SEALED:
        return False
    return not build.relation or damage_of(build, inventory) is None
