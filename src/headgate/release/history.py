"""The moves of an environment, and what it showed after an earlier one: derived backwards from what it shows now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from headgate.core.address import Address
from headgate.core.errors import EnvironmentFailed
from headgate.core.json_form import loads
from headgate.core.ports.store import Reading
from headgate.core.records import Collection, Move, MoveKind, Pointer, move_from_json
from headgate.release.stored import read_environment

_AT_ONCE = 100

_IS_RUN = f'"kind":"{MoveKind.RUN.value}"'
"""Stands in the stored form of a run and of no other move: what else has a kind there are assets."""


def move_key(environment: str, serial: int) -> str:
    """Return the key of a move's record; keys sort as serials do."""
    return f"{environment}/{serial:010d}"


def read_moves(reading: Reading, environment: str, *, after: int = 0) -> tuple[Move, ...]:
    """Return the moves of an environment whose serial is greater than ``after``, oldest first.

    Cost: with ``after`` a look-up for those alone, without it one scan; changes are decoded when they are looked at.
    """
    if after <= 0:
        found = reading.scan(Collection.MOVES, f"{environment}/")
        return tuple(move_from_json(loads(text)) for _, text in found)
    record, _ = read_environment(reading, environment)
    keys = [move_key(environment, serial) for serial in range(after + 1, record.serial + 1)] if record else []
    texts = reading.get(Collection.MOVES, keys)
    return tuple(move_from_json(loads(texts[key])) for key in keys if key in texts)


def read_move(reading: Reading, environment: str, serial: int) -> Move | None:
    """Return one move; None where there is none of that serial."""
    key = move_key(environment, serial)
    text = reading.get(Collection.MOVES, (key,)).get(key)
    return None if text is None else move_from_json(loads(text))


def serial_before(reading: Reading, environment: str, serial: int) -> int:
    """Return the serial of what was shown before that of ``serial``: repairs that moved no pointer do not count.

    Cost: a look-up for each such repair.
    """
    while (move := read_move(reading, environment, serial)) and move.is_idle:
        serial -= 1
    return serial - 1


def release_at(reading: Reading, environment: str, serial: int) -> int:
    """Return the release that was shown after a move: the move's own serial, or what it went back to.

    Cost: a look-up for each rollback of a rollback, and for each repair.
    """
    while (move := read_move(reading, environment, serial)) and 0 < move.restores < serial:
        serial = move.restores
    return serial


def last_release(reading: Reading, environment: str, serial: int) -> int:
    """Return the serial of the last move up to ``serial`` that was no run; 0 where there is none.

    Evidence is bound to it: a load brings no other code. Cost: a look-up for every hundred moves since.
    """
    return next((number for number, text in _moves_back(reading, environment, serial) if _IS_RUN not in text), 0)


def rollback_shown(reading: Reading, environment: str, serial: int) -> Move | None:
    """Return the last rollback, where what was taken back is not shown at ``serial``: older code, or the data of then.

    Runs after it bring no other code, but the data in anew. Cost: a look-up for every hundred moves since the last
    release that was no rollback; runs, of which there may be thousands, are not decoded.
    """
    since: dict[int, Move] = {}
    released = newest_run = 0
    for number, text in _moves_back(reading, environment, serial):
        if _IS_RUN in text:
            newest_run = newest_run or number
            continue
        move = move_from_json(loads(text))
        if move.kind not in (MoveKind.REPAIR, MoveKind.ROLLBACK):
            released = number
            break
        since[number] = move
    last = next((move for move in since.values() if move.kind is MoveKind.ROLLBACK), None)
    if last is None:
        return None
    code = serial
    while code > released:
        brought = since.get(code)
        code = brought.restores if brought is not None and brought.kind is MoveKind.ROLLBACK else code - 1
    return last if code < released or last.restores < newest_run < last.serial else None


def _moves_back(reading: Reading, environment: str, serial: int) -> Iterator[tuple[int, str]]:
    """Yield the moves from ``serial`` on backwards in their stored form, which are looked up a hundred at a time."""
    for last in range(serial, 0, -_AT_ONCE):
        keys = {move_key(environment, number): number for number in range(last, max(last - _AT_ONCE, 0), -1)}
        texts = reading.get(Collection.MOVES, keys)
        yield from ((number, texts[key]) for key, number in keys.items() if key in texts)


def pointers_as_of(
    serial: int, pointers: Mapping[Address, Pointer], moves: Iterable[Move]
) -> Mapping[Address, Pointer]:
    """Return what an environment that shows ``pointers`` now showed after its move ``serial``.

    ``moves`` must hold every later one. Cost: linear in their changes.
    """
    found = dict(pointers)
    for move in sorted(moves, key=lambda m: m.serial, reverse=True):
        if move.serial <= serial:
            break
        for address, change in move.changes.items():
            if change.before is None:
                found.pop(address, None)
            else:
                found[address] = change.before
    return found


def move_of_code(reading: Reading, environment: str, serial: int) -> Move | None:
    """Return the move whose code the environment shows at ``serial``: of one without code, the one that brought it.

    Cost: a look-up for each move without code.
    """
    return _code_walked(reading, environment, serial)[0]


def newest_move_of_code(reading: Reading, environment: str, serial: int) -> Move | None:
    """Return the last move up to ``serial`` that brought code, whatever was rolled back since: its settings hold.

    A rollback moves data and code back and no rules: else who is refused by the gate could take its policy back first.
    Cost: a look-up for each move without code.
    """
    return _newest_walked(reading, environment, serial)[0]


def known_moves_of_code(reading: Reading, environment: str, serial: int) -> tuple[Move, Move] | None:
    """Return the move whose code the environment shows and the newest that brought code: another one after a rollback.

    Raises ``EnvironmentFailed`` where there should be one that the state has lost. Cost: as above.
    """
    shown, lost = _code_walked(reading, environment, serial)
    newest = shown
    if shown is not None and shown.kind is MoveKind.ROLLBACK:
        newest, lost = _newest_walked(reading, environment, shown.serial)
    if shown is not None and newest is not None:
        return shown, newest
    if lost:
        raise EnvironmentFailed(f"the state holds no move {lost} of {environment}")
    return None


def _newest_walked(reading: Reading, environment: str, serial: int) -> tuple[Move | None, int]:
    """Return the newest move that brought code and is no rollback, or None and the serial of which there is none."""
    found, lost = _code_walked(reading, environment, serial)
    while found is not None and found.kind is MoveKind.ROLLBACK:
        found, lost = _code_walked(reading, environment, found.serial - 1)
    return found, lost


def _code_walked(reading: Reading, environment: str, serial: int) -> tuple[Move | None, int]:
    """Return the move that brought the code, or None and the serial of which there is none."""
    found = read_move(reading, environment, serial)
    while found is not None and not found.tree:
        serial = found.restores or serial - 1
        found = read_move(reading, environment, serial)
    return found, serial
