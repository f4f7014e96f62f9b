"""Checks of the values of one column, row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from headgate.core.checks import Asked, CannotCheck, Compiled, Failed
from headgate.core.column_types import Family, family_of
from headgate.core.measures import (
    Answer,
    Condition,
    Constant,
    Failing,
    Figure,
    Filled,
    Like,
    Of,
    OneOf,
    Orphans,
    Present,
    Rows,
    Says,
    Sql,
    Within,
)
from headgate.plugins.checks.arguments import (
    column_of,
    columns_in,
    constant,
    constants,
    exact,
    known_column,
    number,
    other_asset,
    text,
    text_column_of,
    texts,
    truth,
)
from headgate.plugins.checks.demands import between, bound, condition, one_of, short, where


def not_null(asked: Asked) -> Compiled:
    """No value is NULL."""
    column = column_of(asked)

    def read(answers: Sequence[Answer]) -> Failed:
        rows, filled = counts(answers)
        return Failed(rows - filled, rows, f"{rows - filled:,} of {rows:,} rows{where(asked)} are NULL")

    return Compiled((Rows(asked.where), Filled(column, asked.where)), read, Failing(Present(column), asked.where))


def not_null_proportion(asked: Asked) -> Compiled:
    """At least a share of the values is not NULL; over no row at all every share is reached."""
    column = column_of(asked)
    least, most = number(asked, "at_least"), number(asked, "at_most")
    if least is None:
        raise CannotCheck("at_least is missing", "Write at_least: 0.95, the share of rows that are not NULL.")
    if not 0 <= least <= (1 if most is None else most) <= 1:
        raise CannotCheck("at_least and at_most are shares from 0 to 1, at_least not above at_most")

    demand = between(f"{100 * least:g} %", None if most is None else f"{100 * most:g} %")

    def read(answers: Sequence[Answer]) -> Failed:
        rows, filled = counts(answers)
        is_less, is_more = filled < exact(least) * rows, most is not None and filled > exact(most) * rows
        is_outside = rows > 0 and (is_less or is_more)
        told = f"{filled:,} of {rows:,} rows{where(asked)} are not NULL"
        return Failed(int(is_outside), 1, f"{told}, must be {demand}" if is_outside else told)

    return Compiled((Rows(asked.where), Filled(column, asked.where)), read, demands=demand)


def at_least_one(asked: Asked) -> Compiled:
    """One value at least is not NULL."""
    column = column_of(asked)

    def read(answers: Sequence[Answer]) -> Failed:
        return Failed(int(not answers[0]), 1, "" if answers[0] else f"every {column} is NULL")

    return Compiled((Filled(column, asked.where),), read)


def not_constant(asked: Asked) -> Compiled:
    """Compile: there are two different values at least, or none at all."""
    column = column_of(asked)

    def read(answers: Sequence[Answer]) -> Failed:
        is_one = answers[0] == 1
        return Failed(int(is_one), 1, f"every {column} is the same" if is_one else "")

    return Compiled((Of(Figure.DISTINCT, column, asked.where),), read)


def accepted_values(asked: Asked) -> Compiled:
    """Every value is one of those that are listed; NULL does not count."""
    column, values = column_of(asked), constants(asked, "values")
    return failing(asked, OneOf(column, values), "are not among the values", one_of(values))


def not_accepted_values(asked: Asked) -> Compiled:
    """No value is one of those that are listed."""
    column, values = column_of(asked), constants(asked, "values")
    return failing(asked, OneOf(column, values, is_not=True), "are among the values", one_of(values))


def in_set(*, is_not: bool = False) -> Callable[[Asked], Compiled]:
    """Return what compiles the same two with the words of dbt_expectations, where NULL is in no list."""

    def compiled(asked: Asked) -> Compiled:
        values = constants(asked, "value_set", "quote_values")
        told = "are among the values" if is_not else "are not among the values"
        condition = OneOf(column_of(asked), values, is_not=is_not, counts_null=not is_not)
        return failing(asked, condition, told, one_of(values))

    return compiled


def not_empty_string(asked: Asked) -> Compiled:
    """No value is the empty text."""
    return failing(asked, OneOf(text_column_of(asked), (Constant(""),), is_not=True), "are empty")


def accepted_range(asked: Asked) -> Compiled:
    """Every value lies between ``min_value`` and ``max_value``, which dbt takes for SQL; NULL does not count."""
    return _range(asked, "min_value", "max_value", is_sql=True)


def value_range(asked: Asked) -> Compiled:
    """Every value lies between ``min`` and ``max``; NULL does not count, and NaN lies nowhere."""
    return _range(asked, "min", "max", is_sql=False)


def _range(asked: Asked, low: str, high: str, *, is_sql: bool) -> Compiled:
    column = column_of(asked)
    found = [_bound(asked, column, asked.arguments.get(key), is_sql=is_sql) for key in (low, high)]
    if found == [None, None]:
        raise CannotCheck(f"{low} or {high} is needed")
    if all(isinstance(one, Constant) and one.family is Family.NUMBER for one in found):
        least, most = (one.text for one in found if isinstance(one, Constant))
        if Fraction(least) > Fraction(most):
            raise CannotCheck(f"{low} is above {high}: nothing lies between {least} and {most}")
    is_open = not truth(asked, "inclusive", default=True)
    demand = between(bound(found[0]), bound(found[1]), is_open=is_open)
    return failing(asked, Within(column, found[0], found[1], is_open), "lie outside, must be", demand)


def _bound(asked: Asked, column: str, given: Any, *, is_sql: bool) -> Constant | Sql | None:
    """Return a bound; a text is SQL for some. Numbers are no bounds of texts: '10' comes before '9'."""
    if given is None:
        return None
    type_ = asked.columns[column]
    if family_of(type_) is Family.TEXT and not isinstance(given, str):
        told = f"{column} is {type_}, and {given!r} is no text"
        raise CannotCheck(told, "Write the bound as a text, or make a column of numbers.")
    return Sql(given) if is_sql and isinstance(given, str) else constant(column, type_, given)


def regex(asked: Asked) -> Compiled:
    """Compile: a part of every value matches the regular expression; NULL does not count."""
    column, pattern = text_column_of(asked), text(asked, "pattern", "regex")
    return failing(asked, Like(column, pattern), "do not match", short(pattern))


def expression(asked: Asked) -> Compiled:
    """Compile: a condition in SQL is false of no row; below a column its name stands before it."""
    column = known_column(asked, asked.column) if asked.column else ""
    said = text(asked, "expression")
    return failing(asked, Says(Sql(said), column), "do not fulfil", short(f"{column} {said}"))


def relationships(asked: Asked) -> Compiled:
    """Every value is one of the column ``field`` of the asset ``to``; NULL does not count.

    With ``columns`` it is about combinations of values, and ``field`` lists as many columns.
    """
    columns, fields = _paired(asked)
    to = other_asset(asked, "to")
    conditions = [asked.arguments.get(key, "") for key in ("from_condition", "to_condition")]
    if not all(isinstance(one, str) for one in conditions):
        raise CannotCheck("from_condition and to_condition are conditions in SQL")
    if asked.where and conditions[0]:
        raise CannotCheck("where and from_condition say the same", "Write all of it into one of them.")
    narrowed = asked.where or conditions[0]
    orphans = Orphans(columns, to, fields, narrowed, conditions[1])
    told, demand = f"have no row in {to}{condition(conditions[1])}", f"in {to} ({', '.join(fields)})"

    def read(answers: Sequence[Answer]) -> Failed:
        return _of_rows(answers, told, condition(narrowed))

    return Compiled((Rows(narrowed), orphans), read, orphans, demand)


def _paired(asked: Asked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of a reference and those that they lead to, in one order."""
    given = asked.arguments.get("field")
    if "columns" not in asked.arguments:
        if isinstance(given, list) and len(given) > 1:
            raise CannotCheck("field lists several columns", "Write as many columns: [a, b], below the asset.")
        return (column_of(asked),), (given[0] if isinstance(given, list) and given else text(asked, "field"),)
    if asked.column:
        raise CannotCheck(f"it stands below {asked.column} and lists columns", "Write it below the asset.")
    columns = columns_in(asked, "columns")
    fields = texts(asked, "field") if isinstance(given, list) else (text(asked, "field"),)
    if len(fields) != len(columns):
        told = f"{len(columns)} columns lead to {len(fields)}"
        raise CannotCheck(told, "Write as many in field as in columns, each once, in the same order.")
    return columns, fields


def failing(asked: Asked, asks: Condition, told: str, demand: str = "") -> Compiled:
    """Return a check that a condition is false of no row.

    ``told`` is said of rows that fail, then ``demand``, in the words of the declaration.
    """
    found, told = Failing(asks, asked.where), f"{told} {demand}".rstrip()
    return Compiled((Rows(asked.where), found), lambda answers: _of_rows(answers, told, where(asked)), found, demand)


def _of_rows(answers: Sequence[Answer], told: str, among: str) -> Failed:
    rows, failures = counts(answers)
    return Failed(failures, rows, f"{failures:,} of {rows:,} rows{among} {told}" if failures else "")


def counts(answers: Sequence[Answer]) -> list[int]:
    """Return answers that are numbers of rows."""
    return [int(answer or 0) for answer in answers]
