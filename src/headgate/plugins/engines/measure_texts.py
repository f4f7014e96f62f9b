"""The statements that find measures, as every engine understands them; what engines say otherwise is in ``Words``.

A table is given as a relation: SQL text that stands behind FROM. Names are quoted, constants are written as literals
and cast to the type of their column; fragments of the user's own SQL have been read before, and are one expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from headgate.core.column_types import Family
from headgate.core.measures import (
    Answer,
    Condition,
    Constant,
    Failing,
    Figure,
    Filled,
    Like,
    Measure,
    Newest,
    Of,
    OneOf,
    Orphans,
    Present,
    Repeated,
    Rows,
    Says,
    Shown,
    Sql,
    Unequal,
    Within,
)
from headgate.core.ports.measuring import Measured
from headgate.plugins.engines.sql_texts import listed, literal, quoted, shortened

OverRows: TypeAlias = Rows | Filled | Failing | Of | Newest
"""Measures that one aggregate over rows finds."""

TABLE = "measured"
"""What the table is called inside of a statement: users may write it in front of a column."""

SIDE, VALUE, TIMES = '"headgate: side"', '"headgate: value"', '"headgate: times"'
"""Names beside those of a table, which nobody calls a column."""


_FIGURES: Mapping[Figure, str] = {
    Figure.LEAST: "min({})",
    Figure.GREATEST: "max({})",
    Figure.SUM: "sum({})",
    Figure.MEAN: "avg({})",
    Figure.DEVIATION: "stddev_samp({})",
    Figure.DISTINCT: "count(distinct {})",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What engines say otherwise: a match of a regular expression, the type of texts, the hash of a row.

    Values of the types of which ``is_text`` is true are compared as their texts: the engine has no equality for them.
    """

    matches: Callable[[str, str], str]
    text: str
    row_hash: str
    is_text: Callable[[str], bool] = lambda _type: False

    def compared(self, column: str, type_: str) -> str:
        """Return a column as it is compared with others."""
        return f"cast({quoted(column)} as {self.text})" if self.is_text(type_) else quoted(column)

    def key(self, columns: tuple[str, ...], table: Measured) -> str:
        """Return a list of columns as they are compared."""
        return ", ".join(self.compared(name, table.types[name]) for name in columns)


def alone(measure: Measure, table: Measured, words: Words) -> str:
    """Return the SELECT that finds one measure in a pass of its own."""
    if isinstance(measure, Repeated):
        return _repeated(measure, table, words)
    if isinstance(measure, Orphans):
        return f"select count(*) from {source(table)}{where(fails_in_row(measure, table, words))}"
    if isinstance(measure, OverRows):
        rows = where(condition(measure, table, words))
        return f"select {exact(measure, aggregate(measure, table, words), words)} from {_from(measure, table)}{rows}"
    return _unequal(measure, table, words)


def aggregate(measure: OverRows, table: Measured, words: Words) -> str:
    """Return the aggregate that gives the answer over the rows for which ``condition`` is true."""
    if isinstance(measure, (Rows, Failing)):
        return "count(*)"
    if isinstance(measure, Filled):
        return f"count({quoted(measure.column)})"
    if isinstance(measure, Newest):
        return f"max({measure.expression.text}\n)"
    return _FIGURES[measure.figure].format(words.compared(measure.column, table.types[measure.column]))


def exact(measure: Measure, found: str, words: Words) -> str:
    """Return an aggregate in the form that drivers give back as it is: the least and the greatest value as text."""
    is_value = isinstance(measure, Newest) or (
        isinstance(measure, Of) and measure.figure in (Figure.LEAST, Figure.GREATEST)
    )
    return f"cast({found} as {words.text})" if is_value else found


def condition(measure: OverRows, table: Measured, words: Words) -> str:
    """Return the condition of the rows that count, empty where all do."""
    own = fails(measure.condition, table, words) if isinstance(measure, Failing) else ""
    return " and ".join(f"({one}\n)" for one in (measure.where, own) if one)


def fails(condition: Condition, table: Measured, words: Words) -> str:
    """Return the SQL condition that is true where ``condition`` is false, and not where it is unknown."""
    if isinstance(condition, Says):
        column = f"{quoted(condition.column)} " if condition.column else ""
        return f"not ({column}{condition.sql.text}\n)"
    column, type_ = quoted(condition.column), table.types[condition.column]
    if isinstance(condition, Present):
        return f"{column} is null"
    if isinstance(condition, Like):
        return f"not {words.matches(column, literal(condition.pattern))}"
    if type_.upper().startswith("ENUM"):  # a text that is none of its labels is another value, and no fault
        column, type_ = f"cast({column} as {words.text})", words.text
    if isinstance(condition, OneOf):
        values = ", ".join(written(value, type_) for value in condition.values)
        text = f"{column} {'in' if condition.is_not else 'not in'} ({values})"
        return f"({text} or {column} is null)" if condition.counts_null else text
    return " or ".join(_outside(condition, column, type_))


def _outside(condition: Within, column: str, type_: str) -> list[str]:
    less, more = ("<=", ">=") if condition.is_open else ("<", ">")
    found = [] if condition.low is None else [f"{column} {less} {written(condition.low, type_)}"]
    if condition.high is not None:
        found.append(f"{column} {more} {written(condition.high, type_)}")
    if _holds_nan(type_) and not isinstance(condition.high, Constant):  # it is above every constant
        found.append(f"{column} = cast('NaN' as {type_})")
    return found


_WITH_NAN = frozenset({"double", "float", "real", "double precision", "numeric"})


def _holds_nan(type_: str) -> bool:
    """Tell whether a value may be no number, which lies between no bounds, though engines sort it above all others.

    A DECIMAL of DuckDB holds none; it is called by that name there alone.

    >>> [_holds_nan(type_) for type_ in ("DOUBLE", "numeric(10,2)", "DECIMAL(10,2)", "double precision[]")]
    [True, True, False, False]
    """
    return "[" not in type_ and type_.partition("(")[0].strip().lower() in _WITH_NAN


def written(value: Constant | Sql, type_: str) -> str:
    """Return a constant as SQL: a text stands for a value of the column's type.

    >>> written(Constant("it's"), "VARCHAR"), written(Constant("1.5", Family.NUMBER), "DOUBLE")
    ("cast('it''s' as VARCHAR)", '1.5')
    """
    if isinstance(value, Sql):
        return f"({value.text}\n)"
    if value.family is Family.TEXT:
        return f"cast({literal(value.text)} as {type_.partition(' COLLATE ')[0]})"
    return value.text


def where(*conditions: str) -> str:
    """Return a WHERE of those conditions that are not empty; each is closed by a line of its own."""
    given = " and ".join(f"({one}\n)" for one in conditions if one)
    return f" where {given}" if given else ""


def source(table: Measured) -> str:
    """Return the table under the name that it has inside of a statement."""
    return f"{table.relation} as {TABLE}"


def answer_of(found: Any) -> Answer:
    """Return what an engine's driver gives as an answer: whole numbers and floats as they are, all else as its text.

    >>> answer_of(Decimal("1.50")), answer_of(float("nan")), answer_of(None)
    ('1.50', 'nan', None)
    """
    if found is None or isinstance(found, (bool, int)):
        return found
    if isinstance(found, float) and abs(found) < float("inf"):
        return found
    return format(found, "f") if isinstance(found, Decimal) and found.is_finite() else str(found)


def failing(measure: Shown, table: Measured, words: Words, limit: int) -> str:
    """Return the SELECT of some rows that fail, as texts, in an order that does not depend on how they are stored.

    Long values are shortened.
    """
    if isinstance(measure, Repeated):
        return _repeated_keys(measure, table, words, limit)
    told = where(fails_in_row(measure, table, words))
    texts = {name: f"cast({quoted(name)} as {words.text})" for name in table.types}
    names = ", ".join(f"{shortened(text)} as {quoted(name)}" for name, text in texts.items())
    order = f"{words.row_hash}, {words.key(tuple(table.types), table)}"
    return f"select {names} from {source(table)}{told} order by {order} limit {limit:d}"


def _repeated_keys(measure: Repeated, table: Measured, words: Words, limit: int) -> str:
    keys = words.key(measure.columns, table)
    texts = {name: f"cast({words.compared(name, table.types[name])} as {words.text})" for name in measure.columns}
    names = ", ".join(f"{shortened(text)} as {quoted(name)}" for name, text in texts.items())
    times = f"cast(count(*) as {words.text}) as {quoted('times')}"
    return (
        f"select {names}, {times} from {source(table)}{where(measure.where, _filled(measure))} "
        f"group by {keys} having count(*) > 1 order by count(*) desc, {keys} limit {limit:d}"
    )


def _filled(measure: Repeated) -> str:
    """Return the condition that a key counts."""
    return "" if measure.counts_null else " and ".join(f"{quoted(name)} is not null" for name in measure.columns)


def fails_in_row(measure: Failing | Orphans, table: Measured, words: Words) -> str:
    """Return the condition of the rows that fail: of those whose values no row of another asset has, and others."""
    if isinstance(measure, Failing):
        return condition(measure, table, words)
    values, others = [f"{TABLE}.{quoted(name)}" for name in measure.columns], f"{table.others[measure.to]} as {TABLE}"
    names = [quoted(f"headgate: value {number}") for number in range(len(values))]
    held = ", ".join(f"{quoted(one)} as {name}" for one, name in zip(measure.to_columns, names, strict=True))
    known = f"select {held} from {others}{where(measure.to_where)}"
    same = " and ".join(f"parent.{name} = {value}" for name, value in zip(names, values, strict=True))
    lost = f"not exists (select 1 from ({known}) as parent where {same})"
    filled = (f"{value} is not null" for value in values)
    return " and ".join(f"({one}\n)" for one in (measure.where, *filled, lost) if one)


def _from(measure: OverRows, table: Measured) -> str:
    if isinstance(measure, Rows) and measure.of:
        return f"{table.others[measure.of]} as {TABLE}"
    return source(table)


def _repeated(measure: Repeated, table: Measured, words: Words) -> str:
    keys = words.key(measure.columns, table)
    rows = where(measure.where, _filled(measure))
    grouped = f"select 1 from {source(table)}{rows} group by {keys} having count(*) > 1"
    return f"select count(*) from ({grouped}) as twice"


def _unequal(measure: Unequal, table: Measured, words: Words) -> str:
    """Count as a bag: a row that one side has twice and the other once is one row too many."""
    names = listed(measure.columns)
    values = ", ".join(f"{words.compared(name, table.types[name])} as {quoted(name)}" for name in measure.columns)
    ours = f"select {values}, 1 as {SIDE} from {source(table)}{where(measure.where)}"
    theirs = f"select {values}, -1 as {SIDE} from {table.others[measure.to]} as {TABLE}"
    sums = f"select abs(sum({SIDE})) as surplus from ({ours} union all {theirs}) as both_sides group by {names}"
    return f"select cast(coalesce(sum(surplus), 0) as bigint) from ({sums}) as surpluses"
