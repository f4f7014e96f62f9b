"""Constraints of an enforced contract as data tests: they are measured, and what breaks them is not shown."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from headgate.core.address import fold
from headgate.core.declarations import Properties
from headgate.core.diagnostic import Severity
from headgate.core.promises import Condition, Constraint, ConstraintKind, DeclaredTest

_COMBINATION = "dbt_utils.unique_combination_of_columns"


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A constraint that no data test says, and why."""

    constraint: Constraint
    why: str
    hint: str


def with_promised(
    tests: Sequence[DeclaredTest], constraints: Iterable[Constraint]
) -> tuple[tuple[DeclaredTest, ...], tuple[Unmeasured, ...]]:
    """Return the declared tests with those that the constraints of an enforced contract ask for, each once.

    What is declared as a test already, without thresholds and of all rows, stays that test, and is promised.
    """
    found = list(tests)
    at: dict[Hashable, int] = {}
    for number, test in enumerate(found):
        if (essence := _essence(test)) is not None:
            at.setdefault(essence, number)
    unmeasured: list[Unmeasured] = []
    for constraint in constraints:
        for one in _asked_by(constraint):
            if isinstance(one, Unmeasured):
                unmeasured.append(one)
                continue
            number = at.setdefault(_essence(one), len(found))
            if number == len(found):
                found.append(one)
            else:
                found[number] = replace(found[number], is_promised=True)
    return tuple(found), tuple(unmeasured)


def declared_tests(properties: Properties) -> tuple[DeclaredTest, ...]:
    """Return the tests of an asset without those that its constraints alone ask for."""
    asked = [one for constraint in properties.constraints for one in _asked_by(constraint)]
    return tuple(test for test in properties.tests if test not in asked) if asked else properties.tests


def given_up(before: Iterable[DeclaredTest], after: Properties) -> tuple[DeclaredTest, ...]:
    """Return the tests that ran before and that nothing of what is said ``after`` demands as well.

    Which asset a reference leads to is not looked at: ``after`` may have names where there were addresses.
    """
    promised = after.constraints if after.contract is not None and after.contract.is_enforced else ()
    stand = [_bare(test) for test in with_promised(after.tests, promised)[0]]
    essences = {_essence(test) for test in stand} - {None}
    return tuple(
        test
        for test in before
        if test.is_enabled and _bare(test) not in stand and _essence(_bare(test)) not in essences
    )


def _bare(test: DeclaredTest) -> DeclaredTest:
    """Return a test as what it demands alone, whatever it is called and wherever it stands."""
    arguments = {key: "" if key == "to" else value for key, value in test.arguments.items()}
    test = replace(test, name="", column=fold(test.column), arguments=arguments, references={}, kept={}, tags=())
    return replace(test, limit=None, keeps_failures=False, place=None, is_promised=False)


def _asked_by(constraint: Constraint) -> Iterator[DeclaredTest | Unmeasured]:
    """Yield the tests that hold exactly where a constraint does."""
    kind, columns = constraint.kind, constraint.columns
    if kind is ConstraintKind.CHECK:
        yield _promised("expression", constraint, arguments={"expression": constraint.expression})
    elif kind is ConstraintKind.CUSTOM:
        hint = "Say it as a `check`, or as a data test, if it should be measured."
        yield Unmeasured(constraint, "of a custom constraint only an engine knows what it means", hint)
    elif not columns:
        hint = "Write it below a column, or name them: columns: [a, b]."
        yield Unmeasured(constraint, f"the constraint {kind.value} names no column", hint)
    elif kind is ConstraintKind.FOREIGN_KEY:
        yield _reference(constraint)
    else:
        if kind is not ConstraintKind.UNIQUE:
            for column in columns:
                name = constraint.name if kind is ConstraintKind.NOT_NULL and len(columns) == 1 else ""
                yield replace(_promised("not_null", constraint), column=column, name=name)
        if kind is not ConstraintKind.NOT_NULL and len(columns) == 1:
            yield replace(_promised("unique", constraint), column=columns[0])
        elif kind is not ConstraintKind.NOT_NULL:
            yield _promised("unique", constraint, arguments={"columns": list(columns)})


def _reference(constraint: Constraint) -> DeclaredTest | Unmeasured:
    """Return the test that every value of a column, or of several, stands in another asset's."""
    if constraint.to is None or not constraint.to_columns:
        lacking = "column" if constraint.to else "asset"
        hint = "Write `to: ref('customers')` and `to_columns: [id]`."
        return Unmeasured(constraint, f"the foreign_key names no {lacking} that it leads to", hint)
    columns, led_to = constraint.columns, constraint.to_columns
    if len(columns) != len(led_to):
        hint = "Write as many to_columns as columns, in the same order."
        return Unmeasured(constraint, f"the foreign_key leads from {len(columns)} columns to {len(led_to)}", hint)
    arguments: dict[str, object] = {"to": str(constraint.to), "field": led_to[0]}
    if len(columns) > 1:
        arguments |= {"field": list(led_to), "columns": list(columns)}
    test = _promised("relationships", constraint, arguments=arguments)
    return replace(test, column=columns[0] if len(columns) == 1 else "", references={"to": constraint.to})


def _promised(kind: str, constraint: Constraint, *, arguments: Mapping[str, object] | None = None) -> DeclaredTest:
    return DeclaredTest(kind, name=constraint.name, arguments=arguments or {}, place=constraint.place, is_promised=True)


def _essence(test: DeclaredTest) -> Hashable:
    """Return what is equal for tests that demand the same of all rows; None for one that demands less."""
    is_whole = test.severity is Severity.ERROR and test.warn_if == test.error_if == Condition()
    if not is_whole or not test.is_enabled or test.where:
        return None
    given, column = test.arguments, fold(test.column)
    if test.kind in ("unique", _COMBINATION):
        columns = given.get("columns", given.get("combination_of_columns", [test.column]))
        is_list = isinstance(columns, list) and all(isinstance(one, str) for one in columns)
        return ("unique", frozenset(map(fold, columns))) if is_list else None
    if test.kind == "not_null" and not given:
        return "not_null", column
    if test.kind == "expression" and given.keys() == {"expression"} and isinstance(given["expression"], str):
        return "expression", column, given["expression"]
    if test.kind == "relationships" and (pairs := _pairs(test)):
        return "relationships", test.references.get("to"), pairs
    return None


def _pairs(test: DeclaredTest) -> frozenset[tuple[str, str]]:
    """Return which column leads to which, of a test of references that says nothing else; none of any other."""
    given = test.arguments
    columns, fields = given.get("columns", [test.column]), given.get("field")
    fields = [fields] if isinstance(fields, str) else fields
    if given.keys() - {"columns"} != {"to", "field"} or not isinstance(columns, list) or not isinstance(fields, list):
        return frozenset()
    if len(columns) != len(fields) or not all(isinstance(one, str) and one for one in (*columns, *fields)):
        return frozenset()
    return frozenset(zip(map(fold, columns), map(fold, fields), strict=True))
