"""Seeds: the types that dbt gives to their columns, and files with other separators than commas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from headgate.project.source_files import WrittenColumn

_NULLS = ("", "null")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SIZED_TEXT = re.compile(r"(character varying|varchar|nvarchar|char|text|string)\s*\(\s*\d+\s*\)", re.IGNORECASE)
_INTEGER_MAX = 2**31 - 1

_FORMS: Mapping[str, re.Pattern[str]] = {
    "number": _NUMBER,
    "DATE": re.compile(r"\d{4}-\d{1,2}-\d{1,2}"),
    "TIMESTAMP": re.compile(r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}"),
    "ISO TIMESTAMP": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[-+]\d\d(:?\d\d)?)?"),
    "BOOLEAN": re.compile(r"true|false", re.IGNORECASE),
}
"""The forms that dbt tries. No text has two of them, and a column with values of two forms is one of texts."""


def seed_columns(content: bytes, stated: Mapping[str, Any], delimiter: str = ",") -> tuple[WrittenColumn, ...]:
    r"""Return the columns of a seed with the types that dbt gives them, ``stated`` ones (``column_types``) first.

    dbt does not go by DuckDB's own rules: whole numbers are INTEGER where they fit, numbers with a fraction DOUBLE.
    Nothing where the file cannot be read as CSV: linking says why. Cost: one pass.

    >>> [column.type for column in seed_columns(b"a,b,c\n1,2.5,2024-01-31\n,x,\n", {})]
    ['INTEGER', 'VARCHAR', 'DATE']
    """
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter)
        header = next(rows, [])
        guesses = [_Guess() for _ in header]
        for row in rows:
            for guess, text in zip(guesses, row, strict=False):
                guess.see(text.strip())
    except (UnicodeDecodeError, csv.Error):
        return ()
    by_name = {str(name).casefold(): str(type_) for name, type_ in stated.items()}
    return tuple(
        WrittenColumn(name.strip(), plain_type(by_name.get(name.casefold(), "")) or guess.type)
        for name, guess in zip(header, guesses, strict=True)
    )


def names_with_blanks(content: bytes, delimiter: str = ",") -> tuple[str, ...]:
    """Return the columns whose names have blanks around them, which dbt keeps and DuckDB's reader of files does not."""
    try:
        header = next(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error):
        return ()
    return tuple(name for name in header if name != name.strip())


def plain_type(text: str) -> str:
    """Return a type without what DuckDB does not keep of it: the length of texts."""
    return "VARCHAR" if _SIZED_TEXT.fullmatch(text.strip()) else text.strip()


class _Guess:
    """What a column is taken for, by the values that were seen; one without values is one of whole numbers."""

    def __init__(self) -> None:
        self._form = ""
        self._numbers = "INTEGER"

    @property
    def type(self) -> str:
        """The type of the column."""
        if self._form in ("", "number"):
            return self._numbers
        return "TIMESTAMP" if self._form == "ISO TIMESTAMP" else self._form

    def see(self, text: str) -> None:
        """Look at one value."""
        if self._form == "VARCHAR" or text.lower() in _NULLS:
            return
        known = self._form
        form = known if known and _FORMS[known].fullmatch(text) else _form_of(text)
        self._form = form if known in ("", form) else "VARCHAR"
        if form == "number":
            self._see_number(float(text))

    def _see_number(self, value: float) -> None:
        """Widen the type of numbers; a fraction of zeros is none."""
        if not value.is_integer():
            self._numbers = "DOUBLE"
        elif abs(value) > _INTEGER_MAX and self._numbers == "INTEGER":
            self._numbers = "BIGINT"


def _form_of(text: str) -> str:
    return next((name for name, form in _FORMS.items() if form.fullmatch(text)), "VARCHAR")


def with_commas(content: bytes, delimiter: str) -> bytes:
    """Return a CSV file with commas instead of another separator; the same fields, quoted where they need it."""
    text = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
