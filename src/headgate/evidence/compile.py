"""Declared tests into checks, with every fault of a declaration. Pure: kinds and columns come in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, cast

from headgate.core.address import Address, fold
from headgate.core.checks import Asked, CannotCheck, Check, Kind, name_of
from headgate.core.column_types import family_of
from headgate.core.common_columns import name_called
from headgate.core.diagnostic import Diagnostic, Severity, nearest
from headgate.core.measures import Measure, Orphans, Shown, Unequal, others_of
from headgate.core.promises import FRESHNESS, DeclaredTest
from headgate.core.recipe import Shape

_MARKS = ("{{", "{%")
_ASSETS = ("to", "compare_model")
"""Arguments that name assets, whatever the kind."""

NO_WORDS: Mapping[str, str] = {}
_OF_WORDS, _OF_PACKAGES = 0.6, 0.93
"""How like a name has to be to be meant: those of packages are long, and begin alike."""

_NAME = re.compile(r"[^\W\d][\w $#-]*")


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of an asset or a source, and what is wrong with its declared tests.

    ``unfit`` are those that do not fit the columns that there are, each with why.
    """

    checks: tuple[Check, ...]
    diagnostics: tuple[Diagnostic, ...]
    unfit: tuple[tuple[DeclaredTest, str], ...] = ()


def compile_tests(
    address: Address,
    tests: Iterable[DeclaredTest],
    shape: Shape,
    *,
    kinds: Mapping[str, Kind],
    shape_of: Callable[[Address], Shape | None],
    dialect: str = "duckdb",
    now: str = "",
    generic_tests: Set[str] = frozenset(),
    instead: Mapping[str, str] = NO_WORDS,
) -> Checks:
    """Return the checks that are declared of an asset with the columns of ``shape``.

    ``generic_tests`` are kinds that macros of dbt's define: they are known, and do not run. ``instead`` is what to
    write in place of kinds that nobody knows.
    ``shape_of`` gives the columns of other assets, None where it knows none. ``dialect`` is that of their types;
    ``now`` is the present by which answers are read.
    """
    checks: list[Check] = []
    faults: list[Diagnostic] = []
    unfit: list[tuple[DeclaredTest, str]] = []
    columns = {column.name: column.type for column in shape}
    for test in tests:
        if not test.is_enabled:
            continue
        if (told := _of_no_kind(test, kinds, generic_tests, instead) or _not_run(test, kinds, columns)) is not None:
            faults.append(told)
            continue
        asked = Asked(test.column, columns, test.arguments, test.references, test.where, dialect, now)
        try:
            _demand_known_arguments(test, kinds[test.kind])
            compiled = kinds[test.kind].compile(asked)
            named = {measure: _with_names(measure, columns, shape_of) for measure in compiled.measures}
        except CannotCheck as fault:
            faults.append(Diagnostic("HG360", f"{name_of(test)} of {address}: {fault}", test.place, fault.hint))
            unfit.append((test, str(fault)))
        else:
            shown = compiled.shown
            shown = cast("Shown", named[shown]) if shown is not None and shown in named else shown
            checks.append(Check(address, test, replace(compiled, measures=tuple(named.values()), shown=shown)))
    return Checks(tuple(checks), tuple(faults), tuple(unfit))


def _of_no_kind(
    test: DeclaredTest, kinds: Mapping[str, Kind], generic_tests: Set[str], instead: Mapping[str, str]
) -> Diagnostic | None:
    """Return what is wrong with a test of a kind that nobody knows, None where it is known.

    A package, or a macro of dbt's, may define it, and then it does not run; a bare name without a macro is a slip.
    """
    if test.kind in kinds:
        return None
    if test.kind in generic_tests:
        hint = "Write it as kind `expression`, or as a query in tests/."
        return _warning(test, f"{test.kind} is a macro of dbt's: this test does not run", hint)
    is_of_package = "." in test.kind
    near = nearest(test.kind, kinds, likeness=_OF_PACKAGES if is_of_package else _OF_WORDS)
    own = ", ".join(name for name in kinds if "." not in name)
    hint = f"Did you mean {near[0]}?" if near else f"There are {own}."
    if test.kind in instead:
        hint = f"Write {instead[test.kind]}."
    summary = f"no kind of check is called {test.kind}"
    if is_of_package:
        return _warning(test, f"{summary}: this test does not run", hint)
    return Diagnostic("HG360", summary, test.place, hint)


def _not_run(test: DeclaredTest, kinds: Mapping[str, Kind], columns: Mapping[str, str]) -> Diagnostic | None:
    """Return the warning that a test does not run: with arguments that nobody knows, or a template."""
    if test.kind == FRESHNESS and not test.column and test.arguments.keys().isdisjoint(("field", "loaded_at_query")):
        hint = "Say with loaded_at_field, or below a column of times, when a row of it came."
        return _warning(test, "how old the data is cannot be told: this test does not run", hint)
    if lost := [key for key in _ASSETS if key in test.arguments and key not in test.references]:
        named = test.arguments[lost[0]]
        return _warning(test, f"{name_of(test)} names {named}, which is no asset: this test does not run", "")
    if test.column and not _NAME.fullmatch(test.column) and fold(test.column) not in map(fold, columns):
        hint = "Test a column, or give the asset a column that is this expression."
        return _warning(test, f"{test.kind} stands on an expression, {test.column}: this test does not run", hint)
    unknown = sorted(test.arguments.keys() - kinds[test.kind].arguments.keys())
    if unknown and "." in test.kind:
        hint = f"It understands {', '.join(kinds[test.kind].arguments)}." if kinds[test.kind].arguments else ""
        told = ", ".join(unknown)
        return _warning(test, f"{test.kind} is given {told}, which is not understood: this test does not run", hint)
    given = [value for key, value in test.arguments.items() if key not in test.references]
    if any(mark in text for text in _texts([*given, test.where]) for mark in _MARKS):
        hint = "Write the value itself: property files are not filled in."
        return _warning(test, f"{name_of(test)} is given a template: this test does not run", hint)
    return None


def _demand_known_arguments(test: DeclaredTest, kind: Kind) -> None:
    for name in test.arguments:
        if name not in kind.arguments:
            near = nearest(name, kind.arguments)
            known = f"It knows {', '.join(kind.arguments)}." if kind.arguments else "It has no arguments."
            raise CannotCheck(f"it has no argument {name}", f"Did you mean {near[0]}?" if near else known)


def _warning(test: DeclaredTest, summary: str, hint: str) -> Diagnostic:
    return Diagnostic("HG312", summary, test.place, hint, severity=Severity.WARNING)


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _texts(value)
        elif isinstance(value, Mapping):
            yield from _texts(value.values())


def _with_names(measure: Measure, columns: Mapping[str, str], shape_of: Callable[[Address], Shape | None]) -> Measure:
    """Return a measure with the columns of another asset as that writes them; raise ``CannotCheck`` for others."""
    for other in others_of(measure):
        shape = shape_of(other)
        if not shape:
            raise CannotCheck(f"the columns of {other} are not known")
        if isinstance(measure, Orphans):
            held = tuple(_found(name, other, shape) for name in measure.to_columns)
            for column, found in zip(measure.columns, held, strict=True):
                types = columns[column], next(c.type for c in shape if c.name == found)
                if len({family_of(one) for one in types}) > 1:
                    raise CannotCheck(f"{column} is {types[0]}, {found} of {other} is {types[1]}")
            return replace(measure, to_columns=held)
        if isinstance(measure, Unequal):
            for name in measure.columns:
                if _found(name, other, shape) != name:
                    raise CannotCheck(f"the columns {name} of the two are written in different cases")
    return measure


def _found(name: str, other: Address, shape: Shape) -> str:
    names = [column.name for column in shape]
    found = name_called(names, name)
    if not found:
        near = nearest(name, names)
        raise CannotCheck(f"{other} has no column {name}", f"Did you mean {near[0]}?" if near else "")
    return found
