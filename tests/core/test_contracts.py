"""Promises of assets: what an enforced contract says, what differs between two of them, and what of that breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.core.address import Address
from headgate.core.contract_tests import with_promised
from headgate.core.contracts import (
    Promise,
    PromisedColumn,
    promise_changes,
    promise_from_text,
    promise_of,
    promise_to_text,
)
from headgate.core.declarations import DeclaredColumn, Kind, Properties
from headgate.core.diagnostic import Place, Severity
from headgate.core.promises import Constraint, ConstraintKind, Contract, DeclaredTest
from headgate.core.properties import promise_in, told_properties

ORDERS = Promise(
    (
        PromisedColumn("id", "BIGINT", is_required=True),
        PromisedColumn("cents", "INTEGER"),
        PromisedColumn("day", "DATE"),
    ),
    key=("id",),
    unique=(("cents", "day"),),
    conditions=("cents > 0",),
    references=("id in shop.people.id",),
)


def column(of: str, /, **changes: object) -> Promise:
    columns = tuple(replace(c, **changes) if c.name == of else c for c in ORDERS.columns)
    return replace(ORDERS, columns=columns)


@pytest.mark.parametrize(
    ("after", "breaking", "harmless"),
    [
        (ORDERS, (), ()),
        (None, ("contract removed",), ()),
        (replace(ORDERS, columns=ORDERS.columns[:2]), ("column day removed",), ()),
        (replace(ORDERS, columns=(*ORDERS.columns, PromisedColumn("new", "DATE"))), (), ("column new added",)),
        (column("cents", type="SMALLINT"), ("column cents retyped from INTEGER to SMALLINT",), ()),
        (column("cents", type="VARCHAR"), ("column cents retyped from INTEGER to VARCHAR",), ()),
        (column("cents", type=""), ("column cents retyped from INTEGER to no type",), ()),
        (column("cents", type="BIGINT"), (), ("column cents widened from INTEGER to BIGINT",)),
        (column("cents", type="int4"), (), ()),
        (column("day", name="DAY"), (), ()),
        (column("id", is_required=False), ("column id may be NULL",), ()),
        (column("day", is_required=True), (), ("column day is never NULL",)),
        (replace(ORDERS, key=()), ("key id removed",), ()),
        (replace(ORDERS, key=("day", "id")), ("key changed from id to day, id",), ()),
        (replace(ORDERS, unique=()), ("unique cents, day removed",), ()),
        (replace(ORDERS, unique=(), key=("cents", "day")), ("key changed from id to cents, day",), ()),
        (
            replace(ORDERS, conditions=("cents > -1",)),
            ("condition cents > 0 removed",), ("condition cents > -1 added",),
        ),
        (replace(ORDERS, references=()), ("reference id in shop.people.id removed",), ()),
    ],
)  # fmt: skip
def test_less_of_a_promise_breaks_it_and_more_does_not(
    after: Promise | None, breaking: tuple[str, ...], harmless: tuple[str, ...]
) -> None:
    found = promise_changes(ORDERS, after)
    assert tuple(str(one) for one in found if one.is_breaking) == breaking
    assert tuple(str(one) for one in found if not one.is_breaking) == harmless


def test_a_promise_that_is_new_breaks_nothing() -> None:
    assert [str(one) for one in promise_changes(None, ORDERS)] == ["contract added"]
    assert not any(one.is_breaking for one in promise_changes(None, ORDERS))
    assert promise_changes(None, None) == ()


_PARTS = st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(lambda names: tuple(sorted(names)))
_PROMISES = st.builds(
    Promise,
    st.lists(
        st.builds(
            PromisedColumn, st.sampled_from(["a", "b", "c"]), st.sampled_from(["DATE", "INTEGER"]), st.booleans()
        ),
        unique_by=lambda c: c.name,
    ).map(tuple),
    _PARTS,
    st.lists(_PARTS.filter(bool), unique=True).map(lambda keys: tuple(sorted(keys))),
    _PARTS,
    _PARTS,
).map(lambda promise: replace(promise, unique=tuple(key for key in promise.unique if key != promise.key)))


@given(before=_PROMISES, after=_PROMISES)
def test_nothing_differs_exactly_where_two_promises_say_the_same(before: Promise, after: Promise) -> None:
    assert promise_changes(before, before) == ()
    assert promise_from_text(promise_to_text(before)) == before
    there, back = promise_changes(before, after), promise_changes(after, before)
    assert bool(there) is bool(back)
    # A key that was unique before, and is the primary one by now, has lost nothing on the way there.
    assert {(o.part, o.name) for o in there if o.part != "unique"} == {
        (o.part, o.name) for o in back if o.part != "unique"
    }


_ID = Constraint(ConstraintKind.NOT_NULL, ("id",), place=Place("a.yml", 3))
_KEY = Constraint(ConstraintKind.PRIMARY_KEY, ("ID", "day"), "pk", place=Place("a.yml", 4))


def test_the_promise_is_what_the_contract_and_its_constraints_say() -> None:
    lines = (
        _KEY,
        Constraint(ConstraintKind.UNIQUE, ("Cents",)),
        Constraint(ConstraintKind.CHECK, expression="cents\n  > 0"),
        Constraint(ConstraintKind.FOREIGN_KEY, ("id",), to=Address("shop.people"), to_columns=("id",)),
    )
    columns = (DeclaredColumn("id", "BIGINT"), DeclaredColumn("day", "DATE"), DeclaredColumn("cents", "INTEGER"))
    said = Properties(columns=columns, constraints=lines, contract=Contract(is_enforced=True))
    promise = promise_of(said)
    assert promise == Promise(
        tuple(PromisedColumn(c.name, c.type, c.name != "cents") for c in columns),
        key=("day", "id"), unique=(("cents",),), conditions=("cents > 0",), references=("id in shop.people.id",),
    )  # fmt: skip
    assert promise_in(told_properties(Kind.TABLE, said)) == promise
    switched_off = replace(said, contract=Contract(is_enforced=False))
    assert promise_of(switched_off) is promise_in(told_properties(Kind.TABLE, switched_off)) is None


def told(*tests: DeclaredTest) -> list[tuple[str, str, bool]]:
    return [(test.kind, test.column or str(test.arguments.get("columns", "")), test.is_promised) for test in tests]


@pytest.mark.parametrize(
    ("declared", "constraints", "expected"),
    [
        ((), (_ID,), [("not_null", "id", True)]),
        ((), (_KEY,), [("not_null", "ID", True), ("not_null", "day", True), ("unique", "['ID', 'day']", True)]),
        # What is said twice is measured once; what was declared keeps its place and its name.
        ((DeclaredTest("not_null", "ID", "mine"),), (_ID, _ID), [("not_null", "ID", True)]),
        (
            (DeclaredTest("unique", arguments={"columns": ["day", "id"]}),), (_KEY,),
            [("unique", "['day', 'id']", True), ("not_null", "ID", True), ("not_null", "day", True)],
        ),
        # A test that lets some rows pass is another one.
        (
            (DeclaredTest("not_null", "id", severity=Severity.WARNING),), (_ID,),
            [("not_null", "id", False), ("not_null", "id", True)],
        ),
        (
            (DeclaredTest("not_null", "id", where="a > 0"),), (_ID,),
            [("not_null", "id", False), ("not_null", "id", True)],
        ),
        (
            (DeclaredTest("not_null", "id", is_enabled=False),), (_ID,),
            [("not_null", "id", False), ("not_null", "id", True)],
        ),
    ],
)  # fmt: skip
def test_constraints_are_tests_each_of_them_once(
    declared: tuple[DeclaredTest, ...], constraints: tuple[Constraint, ...], expected: list[tuple[str, str, bool]]
) -> None:
    tests, unmeasured = with_promised(declared, constraints)
    assert told(*tests) == expected
    assert unmeasured == ()


def test_what_no_test_says_is_told() -> None:
    people = Address("shop.people")
    lines = (
        Constraint(ConstraintKind.CUSTOM, ("id",), expression="encode zstd"),
        Constraint(ConstraintKind.UNIQUE),
        Constraint(ConstraintKind.FOREIGN_KEY, ("id",), to=people),
    )
    tests, unmeasured = with_promised((), lines)
    assert tests == ()
    assert [one.constraint for one in unmeasured] == list(lines)
