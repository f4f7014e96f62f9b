"""Tables and views of somebody else that stand where an environment has to show its own.

Promoting with leave to adopt sets them aside: they get another name in the same schema, in the transaction that shows
the view. A rollback gives the name back. Nothing is copied, and nothing of theirs is ever dropped. (They stay in their
schema because DuckDB moves no table to another one.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from headgate.core.records import Move, SetAside
from headgate.release.bindings import fold_name

SUFFIX = "__before_headgate"


@dataclass(frozen=True, slots=True)
class Moving:
    """What a move does to them: ``aside`` get another name, ``back`` get theirs again, ``after`` are set aside then."""

    aside: tuple[SetAside, ...] = ()
    back: tuple[SetAside, ...] = ()
    after: tuple[SetAside, ...] = ()


def moving(
    *,
    current: Sequence[SetAside],
    wanted: Sequence[SetAside],
    taken: Sequence[tuple[str, str]],
    there: Collection[tuple[str, str]],
    shown: Collection[tuple[str, str]],
) -> Moving:
    """Return what has to be done so that ``taken`` names become free and no more than ``wanted`` stay set aside.

    ``current`` are set aside now; ``there`` is everything in the schemas concerned, ``shown`` the views that the
    environment will show; names in both are folded. One that is gone, or whose name is still shown, is not given back.
    """
    known = {fold_name((one.schema, one.name)): one for one in wanted}
    used = set(there)
    aside: list[SetAside] = []
    for name in taken:
        again = known.get(fold_name(name))
        one = again if again and fold_name((again.schema, again.aside)) not in used else _named(name, used)
        used.add(fold_name((one.schema, one.aside)))
        aside.append(one)
    leaving = [one for one in current if one not in wanted and fold_name((one.schema, one.name)) not in shown]
    back = [one for one in leaving if fold_name((one.schema, one.aside)) in there]
    after = [one for one in current if one not in leaving] + aside
    return Moving(tuple(aside), tuple(back), tuple(after))


def aside_as_of(serial: int, current: Sequence[SetAside], moves: Iterable[Move]) -> tuple[SetAside, ...]:
    """Return what stood aside after the move ``serial``, of what does now and all later ``moves``."""
    found = list(current)
    for move in sorted(moves, key=lambda m: m.serial, reverse=True):
        if move.serial <= serial:
            break
        found = [one for one in found if one not in move.adopted] + list(move.returned)
    return tuple(found)


def _named(name: tuple[str, str], used: Collection[tuple[str, str]]) -> SetAside:
    schema, own = name
    number = 1
    while True:
        aside = f"{own}{SUFFIX}{'' if number == 1 else number}"
        if fold_name((schema, aside)) not in used:
            return SetAside(schema, own, aside)
        number += 1
