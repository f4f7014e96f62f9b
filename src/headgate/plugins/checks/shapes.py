"""Checks of which columns a table has, and of what types: told from what is recorded of it, so no row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from headgate.core.address import fold
from headgate.core.checks import Asked, CannotCheck, Compiled, Failed
from headgate.core.type_names import type_key
from headgate.plugins.checks.arguments import bounds, column_of, number, text, texts, truth
from headgate.plugins.checks.demands import between

Columns: TypeAlias = Mapping[str, tuple[str, str]]
"""Columns by their folded names, in order: the name and the type as they are written, empty where any type will do."""


def schema(asked: Asked) -> Compiled:
    """Compile: there are the columns of ``columns``, with ``exactly`` no others, with ``ordered`` in that order."""
    wanted = _wanted(asked.arguments.get("columns"))
    is_exact, is_ordered = truth(asked, "exactly", default=False), truth(asked, "ordered", default=False)
    return _compared(asked, wanted, is_exact=is_exact, is_ordered=is_ordered)


def _wanted(found: Any) -> Columns:
    """Return the columns that are listed: a mapping of names to types, or entries with a name, or names alone."""
    columns: dict[str, tuple[str, str]] = {}
    for name, type_ in _pairs(found):
        if not isinstance(name, str) or not name or not isinstance(type_, str | None):
            columns = {}
            break
        if fold(name) in columns:
            raise CannotCheck(f"columns lists {name} twice")
        columns[fold(name)] = (name, type_ or "")
    if not columns:
        raise CannotCheck("columns lists columns, with their types or without", "Write columns: {id: integer}.")
    return columns


def _pairs(found: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(found, Mapping):
        yield from found.items()
    for one in found if isinstance(found, list) else ():
        is_entry = isinstance(one, Mapping) and one.keys() <= {"name", "type", "data_type"}
        yield (one.get("name"), one.get("type") or one.get("data_type")) if is_entry else (one, None)


def columns_match(*, is_exact: bool, is_ordered: bool = False) -> Callable[[Asked], Compiled]:
    """Return what compiles dbt_expectations' checks of a list of columns without types."""

    def compiled(asked: Asked) -> Compiled:
        wanted = {fold(name): (name, "") for name in texts(asked, "column_list")}
        return _compared(asked, wanted, is_exact=is_exact, is_ordered=is_ordered)

    return compiled


def columns_are_not(asked: Asked) -> Compiled:
    """Compile: there is no column of ``column_list``."""
    unwanted = {fold(name) for name in texts(asked, "column_list")}
    found = [name for name in asked.columns if fold(name) in unwanted]
    return _known(len(found), len(unwanted), f"it has {', '.join(found)}" if found else "")


def _compared(asked: Asked, wanted: Columns, *, is_exact: bool, is_ordered: bool) -> Compiled:
    """Return a check that counts the columns which are not as they should be, each once."""
    actual = {fold(name): (name, type_) for name, type_ in asked.columns.items()}
    lacking = [key for key in wanted if key not in actual]
    retyped = [key for key in wanted if key in actual and not _is_of(actual[key][1], wanted[key][1], asked.dialect)]
    more = [key for key in actual if key not in wanted] if is_exact else []
    moved = _moved(tuple(actual), tuple(wanted)) if is_ordered else []
    told = [f"it lacks {_listed(lacking, wanted)}"] if lacking else []
    told += [f"{actual[key][0]} is {actual[key][1]}, not {wanted[key][1]}" for key in retyped]
    told += [f"{_listed(more, actual)} should not be there"] if more else []
    told += [f"{_listed(moved, actual)} stands at another place"] if moved else []
    wrong = {*lacking, *retyped, *more, *moved}
    return _known(len(wrong), len({*wanted, *more}), "; ".join(told))


def _is_of(found: str, wanted: str, dialect: str) -> bool:
    return not wanted or type_key(wanted, dialect) == type_key(found, dialect)


def _moved(actual: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the columns that stand elsewhere among those that both have."""
    common = set(actual) & set(wanted)
    here, there = ([key for key in side if key in common] for side in (actual, wanted))
    return [key for key, other in zip(here, there, strict=True) if key != other]


def _listed(keys: Sequence[str], columns: Columns) -> str:
    return ", ".join(columns[key][0] for key in keys)


def column_count(asked: Asked) -> Compiled:
    """Compile: the number of columns is ``value``, or lies between ``min_value`` and ``max_value``."""
    value = number(asked, "value")
    low, high = (value, value) if value is not None else bounds(asked, "min_value", "max_value")
    count = len(asked.columns)
    is_outside = (low is not None and count < low) or (high is not None and count > high)
    demand = between(*(None if one is None else f"{one:,}" for one in (low, high)))
    return _known(int(is_outside), 1, f"it has {count:,} columns{f', must be {demand}' if is_outside else ''}")


def column_exists(asked: Asked) -> Compiled:
    """Compile: there is such a column, with ``column_index`` at that place, counted from 1."""
    if not asked.column:
        raise CannotCheck("it is about a column", "Write it below a column, or name one: column_name.")
    index = number(asked, "column_index")
    place = {fold(name): place for place, name in enumerate(asked.columns, 1)}.get(fold(asked.column))
    if place is None:
        return _known(1, 1, f"it has no column {asked.column}")
    is_moved = index is not None and index != place
    return _known(int(is_moved), 1, f"{asked.column} is column {place}{f', not {index:g}' if is_moved else ''}")


def column_type(asked: Asked) -> Compiled:
    """Compile: the column has the type ``column_type``, or one of ``column_type_list``."""
    column, key = column_of(asked), "column_type_list"
    types = texts(asked, key) if key in asked.arguments else (text(asked, "column_type"),)
    found = asked.columns[column]
    is_one = any(_is_of(found, one, asked.dialect) for one in types)
    return _known(int(not is_one), 1, "" if is_one else f"{column} is {found}, not {' or '.join(types)}")


def _known(failures: int, out_of: int, told: str) -> Compiled:
    """Return a check whose answer is known: nothing is measured."""
    return Compiled((), lambda _: Failed(failures, out_of, told))
