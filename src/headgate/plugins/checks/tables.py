"""Checks of whole tables: keys, numbers of rows, figures of a column, equality with another table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from headgate.core.address import Address
from headgate.core.checks import Asked, CannotCheck, Compiled, Failed
from headgate.core.measures import Answer, Figure, Of, Repeated, Rows, Unequal
from headgate.plugins.checks.arguments import (
    bounds,
    column_of,
    columns_in,
    exact,
    number,
    number_column_of,
    other_asset,
)
from headgate.plugins.checks.demands import between, where
from headgate.plugins.checks.values import counts


def unique(asked: Asked) -> Compiled:
    """No value, or with ``columns`` no combination of values, stands twice; one with a NULL in it does not count."""
    if "columns" in asked.arguments and asked.column:
        raise CannotCheck(f"it stands below {asked.column} and lists columns", "Write it below the asset.")
    columns = columns_in(asked, "columns") if "columns" in asked.arguments else (column_of(asked),)
    return _repeated(asked, columns, counts_null=False)


def unique_combination(asked: Asked) -> Compiled:
    """No combination of values stands twice; dbt_utils takes NULL for equal to NULL here."""
    return _repeated(asked, columns_in(asked, "combination_of_columns"), counts_null=True)


def _repeated(asked: Asked, columns: tuple[str, ...], *, counts_null: bool) -> Compiled:
    def read(answers: Sequence[Answer]) -> Failed:
        rows, keys = counts(answers)
        return Failed(keys, rows, _several(keys, columns, where(asked)))

    repeated = Repeated(columns, asked.where, counts_null)
    return Compiled((Rows(asked.where), repeated), read, repeated)


def _several(keys: int, columns: tuple[str, ...], among: str) -> str:
    of = ", ".join(columns)
    values = f"1 value of {of} stands" if keys == 1 else f"{keys:,} values of {of} stand"
    return f"{values} in several rows{among}" if keys else ""


def row_count(asked: Asked) -> Compiled:
    """Compile: the number of rows lies between ``min`` and ``max``."""
    equals = number(asked, "equals")
    if equals is not None and asked.arguments.keys() & {"min", "max"}:
        raise CannotCheck("equals stands beside min or max")
    low, high = (equals, equals) if equals is not None else bounds(asked, "min", "max")
    return _bounded(Rows(asked.where), low, high, f"rows{where(asked)}")


def row_count_between(asked: Asked) -> Compiled:
    """As ``row_count``, with the words of dbt_expectations."""
    return _bounded(Rows(asked.where), *bounds(asked, "min_value", "max_value"), f"rows{where(asked)}")


def figure(which: Figure, low: str = "min", high: str = "max") -> Callable[[Asked], Compiled]:
    """Return what compiles a check that a figure of a column lies between two bounds; over no value it does."""

    def compiled(asked: Asked) -> Compiled:
        column = column_of(asked) if which is Figure.DISTINCT else number_column_of(asked)
        of = f"{which.value} of {column}{where(asked)}"
        return _bounded(Of(which, column, asked.where), *bounds(asked, low, high), of)

    return compiled


def _bounded(measure: Rows | Of, low: float | None, high: float | None, of: str) -> Compiled:
    demand = between(*(None if one is None else _shown(one) for one in (low, high)))

    def read(answers: Sequence[Answer]) -> Failed:
        (found,) = answers
        if found is None:
            return Failed(0, 1, f"no {of}")
        is_outside = _is_outside(str(found), low, high, slack=_SLACK if isinstance(found, float) else 0)
        return Failed(int(is_outside), 1, f"{of}: {_shown(found)}{f', must be {demand}' if is_outside else ''}")

    return Compiled((measure,), read, demands=demand)


_SLACK = Fraction(1, 10**9)
"""Of a number that came out of floating point so much is not told apart from a bound: additions have any order."""


def _is_outside(found: str, low: float | None, high: float | None, *, slack: Fraction | int) -> bool:
    """Tell whether a number lies outside of bounds by more than a share of it.

    What is no number lies outside, and infinity where it is bounded.
    """
    try:
        value = Fraction(found)
    except ValueError:
        limits = {"inf": high, "Infinity": high, "-inf": low, "-Infinity": low}
        return found not in limits or limits[found] is not None
    room = abs(value) * slack
    return (low is not None and value + room < exact(low)) or (high is not None and value - room > exact(high))


def _shown(value: Answer) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}" if isinstance(value, float) else str(value)


def equal_row_count(asked: Asked) -> Compiled:
    """Compile: the asset has as many rows as another one."""
    other = other_asset(asked, "compare_model", "to")

    def read(answers: Sequence[Answer]) -> Failed:
        ours, theirs = counts(answers)
        return Failed(abs(ours - theirs), max(ours, theirs), f"{ours:,} rows{where(asked)}, {other} has {theirs:,}")

    return Compiled((Rows(asked.where), Rows(of=other)), read, demands=f"as {other}")


def fewer_rows(asked: Asked) -> Compiled:
    """Compile: the asset has fewer rows than another one."""
    other = other_asset(asked, "compare_model", "to")

    def read(answers: Sequence[Answer]) -> Failed:
        ours, theirs = counts(answers)
        return Failed(max(ours - theirs + 1, 0), ours, f"{ours:,} rows{where(asked)}, {other} has {theirs:,}")

    return Compiled((Rows(asked.where), Rows(of=other)), read, demands=f"fewer than {other}")


def equality(asked: Asked) -> Compiled:
    """Compile: the asset has the rows of another one, over all columns or those named, each as often."""
    other = other_asset(asked, "compare_model", "to")
    if {"compare_columns", "exclude_columns"} <= asked.arguments.keys():
        raise CannotCheck("compare_columns and exclude_columns exclude each other")
    columns = columns_in(asked, "compare_columns") if "compare_columns" in asked.arguments else tuple(asked.columns)
    left_out = columns_in(asked, "exclude_columns") if "exclude_columns" in asked.arguments else ()
    columns = tuple(name for name in columns if name not in left_out)
    if not columns:
        raise CannotCheck("no column is left to compare")

    def read(answers: Sequence[Answer]) -> Failed:
        rows, failures = counts(answers)
        return Failed(failures, rows, _alone(failures, other))

    return Compiled((Rows(asked.where), Unequal(columns, other, asked.where)), read, demands=f"as {other}")


def _alone(rows: int, other: Address) -> str:
    told = "1 row is" if rows == 1 else f"{rows:,} rows are"
    return f"{told} in it or in {other} alone" if rows else ""


def quarantine(asked: Asked) -> Compiled:
    """Compile: no row is set aside by other tests. It looks at the rows before that, and at those set aside."""
    to = asked.references.get("to")
    if to is None:
        raise CannotCheck("no test of the asset sets rows aside", "Say `quarantine: true` below `config:` of one.")
    if asked.where:
        raise CannotCheck("it counts all rows", "Take `where` out.")

    def read(answers: Sequence[Answer]) -> Failed:
        rows, aside = counts(answers)
        return Failed(aside, rows, f"{aside:,} of {rows:,} rows are set aside in {to}" if aside else "")

    return Compiled((Rows(), Rows(of=to)), read)
