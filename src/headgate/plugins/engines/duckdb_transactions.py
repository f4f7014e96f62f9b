"""Transactions of a cursor in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


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
    cursor.execute("begin transaction read only")
    try:
        yield
    finally:
        roll_back(cursor)


def roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    """Undo what the cursor's transaction did, if it has one."""
    try:
        cursor.execute("rollback")
    except duckdb.Error:
        return  # a failed commit has rolled back already, and a dead database has nothing to undo
