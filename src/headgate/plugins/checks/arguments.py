"""Reading what a check was given: every slip is told with what would be right."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from headgate.core.address import Address
from headgate.core.checks import Asked, CannotCheck
from headgate.core.column_types import Family, family_of
from headgate.core.common_columns import name_called
from headgate.core.diagnostic import nearest
from headgate.core.measures import PRESENT, Constant, Sql


def column_of(asked: Asked) -> str:
    """Return the column that a check is about, as the asset writes it."""
    if not asked.column:
        raise CannotCheck("it is about a column", "Write it below a column, or name one: column_name.")
    return known_column(asked, asked.column)


def known_column(asked: Asked, name: str) -> str:
    """Return a column's name as the asset writes it."""
    found = name_called(asked.columns, name)
    if not found:
        near = nearest(name, asked.columns)
        has = ", ".join(asked.columns)
        raise CannotCheck(f"there is no column {name}", f"Did you mean {near[0]}?" if near else f"It has {has}.")
    return found


def columns_in(asked: Asked, key: str, *, least: int = 1) -> tuple[str, ...]:
    """Return the columns that an argument lists."""
    found = asked.arguments.get(key)
    names = [found] if isinstance(found, str) else found
    if not isinstance(names, list) or len(names) < least or not all(isinstance(name, str) for name in names):
        raise CannotCheck(f"{key} lists columns", f"Write {key}: [a, b].")
    return tuple(dict.fromkeys(known_column(asked, name) for name in names))


def texts(asked: Asked, key: str) -> tuple[str, ...]:
    """Return a list of texts, each once, that is not empty."""
    found = asked.arguments.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
        raise CannotCheck(f"{key} is a list", f"Write {key}: [a, b].")
    return tuple(dict.fromkeys(found))


def other_asset(asked: Asked, *keys: str) -> Address:
    """Return the asset that the first given of several arguments names."""
    for key in keys:
        if key in asked.references:
            return asked.references[key]
    raise CannotCheck(f"{keys[0]} names an asset", f"Write {keys[0]}: SCHEMA.NAME.")


def number(asked: Asked, key: str) -> float | None:
    """Return a number; None where none is given."""
    found = asked.arguments.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise CannotCheck(f"{key} is a number, not {found!r}")
    return found


_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def number_column_of(asked: Asked) -> str:
    """Return the column that a check is about, which holds numbers."""
    column = column_of(asked)
    if family_of(asked.columns[column]) is not Family.NUMBER:
        raise CannotCheck(f"{column} holds no numbers: it is {asked.columns[column]}")
    return column


def text_column_of(asked: Asked) -> str:
    """Return the column that a check is about, which holds texts."""
    column = column_of(asked)
    if family_of(asked.columns[column]) is not Family.TEXT:
        raise CannotCheck(f"{column} holds no texts: it is {asked.columns[column]}")
    return column


def exact(number: float) -> Fraction:
    """Return the decimal number that somebody wrote, which a float only comes close to.

    >>> exact(0.1) * 10 == 1
    True
    """
    return Fraction(str(number))


def bounds(asked: Asked, low: str, high: str) -> tuple[float | None, float | None]:
    """Return two numbers of which one at least is given, the first not above the second."""
    found = number(asked, low), number(asked, high)
    if found == (None, None):
        raise CannotCheck(f"{low} or {high} is needed")
    if found[0] is not None and found[1] is not None and found[0] > found[1]:
        raise CannotCheck(f"{low} is above {high}: nothing lies between {found[0]} and {found[1]}")
    return found


def truth(asked: Asked, key: str, *, default: bool) -> bool:
    """Return true or false, as it is given."""
    found = asked.arguments.get(key, default)
    if not isinstance(found, bool):
        raise CannotCheck(f"{key} is true or false, not {found!r}")
    return found


def constant(column: str, type_: str, found: Any) -> Constant:
    """Return a constant that values of a column are compared with, as that column's type has it.

    Nothing is rounded to the type: 8.5 stays 8.5 beside whole numbers.
    """
    family, written = family_of(type_), _written(found)
    if family is Family.NUMBER and not isinstance(found, bool) and _NUMBER.fullmatch(written):
        return Constant(written, Family.NUMBER)
    if family is Family.TRUTH and written.lower() in ("true", "false"):
        return Constant(written.lower(), Family.TRUTH)
    if family is Family.TEXT:
        return Constant(written)
    if family is Family.OTHER and isinstance(found, str):
        if written.strip().lower() in PRESENT:
            raise CannotCheck(f"{written} is another day each day", "Write it as a condition: kind `expression`.")
        return Constant(written)
    raise CannotCheck(f"{column} is {type_}, and {found!r} is no value of that")


def _written(found: Any) -> str:
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, str):
        return found
    if isinstance(found, (int, float)):
        return repr(found)
    raise CannotCheck(f"a number, a text, true or false is expected, not {found!r}")


def constants(asked: Asked, key: str, quote: str = "quote") -> tuple[Constant | Sql, ...]:
    """Return a list of constants, each once, that is not empty; dbt takes texts for SQL where ``quote`` is false.

    ``quote`` is the argument that says so.
    """
    column, found = column_of(asked), asked.arguments.get(key)
    given = [one for one in found if one is not None] if isinstance(found, list) else []
    if not given:
        raise CannotCheck(f"{key} lists what may be", f"Write {key}: [a, b].")
    is_sql, type_ = not truth(asked, quote, default=True), asked.columns[column]
    return tuple(
        dict.fromkeys(Sql(one) if is_sql and isinstance(one, str) else constant(column, type_, one) for one in given)
    )


def text(asked: Asked, *keys: str) -> str:
    """Return the first given of several arguments, a text that is not empty."""
    for key in keys:
        found = asked.arguments.get(key)
        if isinstance(found, str) and found.strip():
            return found
    raise CannotCheck(f"{keys[0]} is missing", f"Write {keys[0]}: ...")
