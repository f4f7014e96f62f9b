"""Transactions of a cursor in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

_READING = "begin transaction read only"


@contextmanager
def transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block did, or undo all of it."""
    cursor.execute("begin transaction")
    try:
        yield
        cursor.execute("commit")
    except BaseException:
        roll_back(cursor)
        raise


@contextmanager
def undone(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let nothing be written meanwhile."""
    cursor.execute(_READING)
    try:
        yield
    finally:
        roll_back(cursor)


def begin_again(cursor: duckdb.DuckDBPyConnection) -> None:
    """Go on inside of ``undone`` after a refused statement, which ends its transaction."""
    roll_back(cursor)
    cursor.execute(_READING)


def roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    """Undo what the cursor's transaction did, if it has one."""
    try:
        cursor.execute("rollback")
    except duckdb.Error:
        return  # a failed commit has rolled back already, and a dead database has nothing to undo
