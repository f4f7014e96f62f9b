"""What DuckDB says when it fails, read into the exceptions of ``core.errors``.

Every connection has ``errors_as_json`` on: then a message carries the offset at which it points, in bytes of the
statement's UTF-8. That is exact where the printed ``LINE 3: ...`` with its caret is cut and has to be counted.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import duckdb

from headgate.core.errors import EngineFailed, StatementFailed

_OURS = (
    duckdb.OperationalError,  # out of memory, disk, transactions
    duckdb.InternalError,
    duckdb.FatalException,
    duckdb.InterruptException,
)
_KIND = re.compile(r"^[A-Z]\w+( [A-Z]\w+)* Error: ")
_NO_FUNCTION = re.compile(
    r"No function matches the given name and argument types '(.*)'\. You might need to add explicit type casts\."
)
_MANY_FUNCTIONS = re.compile(
    r"Could not choose a best candidate function for the function call \"(.*)\"\. "
    r"In order to select one, please add explicit type casts\."
)
_OF_STREAM = re.compile(
    r"^(arrow_scan: get_next failed\(\): |reading the stream registered as '[^']*' failed: )"
    r"((Invalid|Unknown error): )*"
)
"""What stands before the words of a stream that failed."""
_OF_PYTHON = ". Detail: Python exception: "
"""What stands behind them: a traceback."""
_NOTHING_FOUND = "No files found"


class Said(NamedTuple):
    """DuckDB's own sentence and the offset it points at (in bytes; None where it points nowhere)."""

    message: str
    offset: int | None = None
    subtype: str = ""


def said(error: duckdb.Error) -> Said:
    """Return what ``error`` says, without the lists that help nobody."""
    return said_in(str(error))


def said_in(text: str) -> Said:
    """Return what a text of DuckDB's says; whoever reads a stream of it puts words of their own before.

    >>> said_in('external error: {"exception_type":"Conversion","exception_message":"it is no number"}').message
    'it is no number'
    """
    start = text.find("{")
    if start >= 0 and '"exception_type"' in text:
        try:
            body: dict[str, Any] = json.JSONDecoder().raw_decode(text, start)[0]
        except ValueError:
            pass
        else:
            position = body.get("position", "")
            offset = int(position) if position.isdigit() else None
            return Said(_clean(body["exception_message"]), offset, body.get("error_subtype", ""))
    return Said(_clean(text.split("\n\nLINE ", maxsplit=1)[0]))


def position(text: str, offset: int | None) -> tuple[int, int]:
    """Return line and column, from 1, of a byte offset in ``text``; (0, 0) where it is none of its offsets."""
    if offset is None or offset < 0:
        return 0, 0
    raw = text.encode()
    if offset > len(raw):
        return 0, 0
    before = raw[:offset].decode(errors="replace")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def statement_fault(error: duckdb.Error, text: str, *, prefix: str = "", job: str = "") -> EngineFailed:
    """Return the exception for the failure of ``prefix + text``: the user's, with its place in ``text``, or ours."""
    if isinstance(error, _OURS) and _NOTHING_FOUND not in str(error):
        return engine_fault(error)
    told = said(error)
    offset = None if told.offset is None else told.offset - len(prefix.encode())
    line, column = position(text, offset)
    return StatementFailed(told.message, line=line, column=column, job=job)


def engine_fault(error: duckdb.Error) -> EngineFailed:
    """Return the exception for a failure that is nobody's SQL."""
    message = said(error).message
    if isinstance(error, duckdb.OutOfMemoryException):
        return EngineFailed(f"DuckDB ran out of memory: {message}", hint="Free memory and run the command again.")
    if isinstance(error, duckdb.InterruptException):
        return EngineFailed("DuckDB was interrupted", hint="Run the command again.")
    if "No space left" in message:
        return EngineFailed(f"The disk is full: {message}", hint="Make room and run the command again.")
    return EngineFailed(f"DuckDB failed: {message}", hint="Run the command again; nothing was half done.")


def _clean(message: str) -> str:
    for end in ("\n\tCandidate functions:", "\n\tCandidate macros:", "\nPossible fixes:"):
        message = message.split(end, maxsplit=1)[0]
    message = _OF_STREAM.sub("", _KIND.sub("", message.partition(_OF_PYTHON)[0])).strip()
    for number, pattern in (("No", _NO_FUNCTION), ("More than one", _MANY_FUNCTIONS)):
        message = pattern.sub(rf"{number} function matches \1; a cast may help", message)
    return message
