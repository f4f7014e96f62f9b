"""Bugs to plant: each makes one kind of change invisible to recipes or versions. The fuzzer must find every one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from headgate.core import recipe as recipes
from headgate.core import versions
from headgate.core.hashing import digest
from headgate.core.recipe import Aspect, Term, term

Change = Callable[[str, tuple[Any, ...]], tuple[str, tuple[Any, ...]]]


def _term_with(change: Change) -> Callable[..., Term]:
    def changed(tag: str, *parts: Any, tainted: bool = False) -> Term:
        taint = tainted or any(isinstance(p, Term) and p.tainted for p in parts)
        tag, parts = change(tag, parts)
        found = term(tag, *parts, tainted=tainted)
        return Term(found.hash, found.reads, taint)

    return changed


def _drops(tag: str, *numbers: int) -> Change:
    """Forget some parts of the terms of one tag."""

    def change(given: str, parts: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        if given == tag:
            parts = tuple(p for n, p in enumerate(parts) if n not in numbers)
        return given, parts

    return change


def _keeps(tag: str, count: int) -> Change:
    """Keep only the first parts of the terms of one tag."""

    def change(given: str, parts: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        return given, parts[:count] if given == tag else parts

    return change


def _as(tag: str, other: str) -> Change:
    """Give the terms of one tag the tag of another."""

    def change(given: str, parts: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        return (other if given == tag else given), parts

    return change


CHANGES: dict[str, Change] = {
    "a filter is forgotten": _keeps("filter", 1),
    "the kind of a join is forgotten": _drops("join", 0),
    "the condition of a join is forgotten": _drops("join", 3),
    "the right side of a join is forgotten": _drops("join", 2, 3),
    "DISTINCT forgets its columns": _keeps("rows distinct", 1),
    "keys of a group are forgotten": _drops("group", 1),
    "a group is taken for its rows": _drops("grouped", 0),
    "the bound of LIMIT is forgotten": _keeps("limit", 2),
    "the order under LIMIT is forgotten": _drops("limit", 1),
    "the partition of a window is forgotten": _keeps("partition", 0),
    "the frame of a window is forgotten": _keeps("frame", 0),
    "UNION is taken for UNION ALL": _drops("union column", 1),
    "a number is taken for another": _keeps("number", 0),
    "a text is taken for another": _keeps("text", 0),
    "the name of an aggregate is forgotten": _drops("aggregate", 0),
    "FILTER of an aggregate is forgotten": _drops("aggregate", 2),
    "the name of a call is forgotten": _drops("call", 0),
    "a comparison is taken for another": _as("<", "="),
    "the type of a cast is forgotten": _keeps("cast", 1),
    "sides of a join are confused": _drops("side", 0),
    "UNNEST does not multiply": _keeps("unnest", 1),
    "a subquery's rows are forgotten": _drops("value of query", 0),
    "EXISTS forgets its query": _keeps("exists", 0),
    "IN forgets its query": _keeps("in query", 1),
    "a recursive CTE forgets its step": _keeps("recursive", 3),
    "the type of a column is forgotten": _drops("output column", 0),
    "DISTINCT ON forgets its keys": _keeps("distinct on", 1),
    "NOT is forgotten": _drops("not", 0),
}

_MODULES = ("analyse", "expressions", "queries", "sources", "relation", "calls", "windows", "names")


@contextlib.contextmanager
def planted(name: str) -> Iterator[None]:
    """Plant one bug while the block runs."""
    with contextlib.ExitStack() as stack:
        if name in CHANGES:
            changed = _term_with(CHANGES[name])
            for module in _MODULES:
                loaded = sys.modules.get(f"headgate.sql.{module}")
                if loaded is not None and hasattr(loaded, "term"):
                    stack.enter_context(patch.object(loaded, "term", changed))
        else:
            OTHERS[name](stack)
        yield


def _forget_rows(stack: contextlib.ExitStack) -> None:
    original = versions._version  # noqa: SLF001  # the bug sits inside

    def changed(tag: str, item: Term, seen: Any) -> Any:
        reads = tuple(r for r in item.reads if r.aspect is not Aspect.ROWS)
        return original(tag, Term(item.hash, reads, item.tainted), seen)

    stack.enter_context(patch.object(versions, "_version", changed))


def _forget_columns(stack: contextlib.ExitStack) -> None:
    original = versions._version  # noqa: SLF001

    def changed(tag: str, item: Term, seen: Any) -> Any:
        reads = item.reads if tag != "rows" else tuple(r for r in item.reads if r.aspect is not Aspect.COLUMN)
        return original(tag, Term(item.hash, reads, item.tainted), seen)

    stack.enter_context(patch.object(versions, "_version", changed))


def _forget_source_types(stack: contextlib.ExitStack) -> None:
    import fuzz.world

    def changed(token: Any, shape: Any) -> versions.Versions:
        columns = {c.name: digest("source column", token[:2], c.name) for c in shape}
        return versions.Versions(digest("rows", token[:2]), digest("order"), columns)

    stack.enter_context(patch.object(fuzz.world, "source_versions", changed))


def _forget_rows_in_key(stack: contextlib.ExitStack) -> None:
    import fuzz.world

    def changed(kind: str, shape: Any, found: versions.Versions, marks: tuple[str, ...] = ()) -> Any:
        columns = tuple(sorted((c.name, c.type, found.columns[c.name]) for c in shape))
        return digest("build", kind, columns, marks)

    stack.enter_context(patch.object(fuzz.world, "build_key", changed))


OTHERS: dict[str, Callable[[contextlib.ExitStack], None]] = {
    "rows of inputs are forgotten": _forget_rows,
    "columns that steer rows are forgotten": _forget_columns,
    "the content of a source is forgotten": _forget_source_types,
    "the key forgets the rows": _forget_rows_in_key,
}

NAMES = (*CHANGES, *OTHERS)

__all__ = ["NAMES", "planted", "recipes"]
