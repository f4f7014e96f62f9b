"""Tables of others: what is set aside, what is given back, and what an earlier move had set aside."""

from __future__ import annotations

from dataclasses import replace

from headgate.core.hashing import Digest
from headgate.core.records import Move, MoveKind, SetAside, move_from_json, move_to_json
from headgate.release.aside import Moving, aside_as_of, moving

ORDERS = SetAside("m", "orders", "orders__before_headgate")
TOTALS = SetAside("m", "totals", "totals__before_headgate")


def move(serial: int, adopted: tuple[SetAside, ...] = (), returned: tuple[SetAside, ...] = ()) -> Move:
    plain = Move("prod", serial, MoveKind.PROMOTE, "2026-11-21T00:00:00Z", "t", {}, Digest(""), Digest(""))
    return replace(plain, adopted=adopted, returned=returned)


def test_a_name_in_the_way_gets_another_one() -> None:
    found = moving(current=(), wanted=(), taken=[("m", "orders")], there={("m", "orders")}, shown={("m", "orders")})
    assert found == Moving(aside=(ORDERS,), after=(ORDERS,))


def test_a_name_that_is_used_is_not_taken_again() -> None:
    there = {("m", "orders"), ("m", "orders__before_headgate")}
    found = moving(current=(), wanted=(), taken=[("m", "orders")], there=there, shown={("m", "orders")})
    assert found.aside == (SetAside("m", "orders", "orders__before_headgate2"),)


def test_what_is_not_wanted_any_more_is_given_back() -> None:
    there = {("m", "orders__before_headgate"), ("m", "totals__before_headgate")}
    found = moving(current=(ORDERS, TOTALS), wanted=(TOTALS,), taken=(), there=there, shown={("m", "totals")})
    assert found == Moving(back=(ORDERS,), after=(TOTALS,))


def test_what_is_gone_or_still_shown_is_not_given_back() -> None:
    gone = moving(current=(ORDERS,), wanted=(), taken=(), there=set(), shown=set())
    assert gone == Moving()
    there = {("m", "orders__before_headgate"), ("m", "orders")}
    shown = moving(current=(ORDERS,), wanted=(), taken=(), there=there, shown={("m", "orders")})
    assert shown == Moving(after=(ORDERS,))


def test_what_stood_aside_after_an_earlier_move() -> None:
    moves = [move(1), move(2, adopted=(ORDERS,)), move(3, adopted=(TOTALS,)), move(4, returned=(ORDERS,))]
    assert [set(aside_as_of(serial, (TOTALS,), moves)) for serial in (0, 1, 2, 3, 4)] == [
        set(), set(), {ORDERS}, {ORDERS, TOTALS}, {TOTALS},
    ]  # fmt: skip


def test_a_move_remembers_them() -> None:
    one = move(2, adopted=(ORDERS,), returned=(TOTALS,))
    assert move_from_json(move_to_json(one)) == one
