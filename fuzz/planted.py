"""Bugs to plant: each makes one kind of change invisible to recipes or versions. The fuzzer must find every one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from sqlglot import exp

from headgate.core import recipe as recipes
from headgate.core import versions
from headgate.core.hashing import digest
from headgate.core.recipe import Aspect, Column, Term, term

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
    "the bound of LIMIT is forgotten": _keeps("limit", 2),
    "the partition of a window is forgotten": _keeps("partition", 0),
    "the frame of a window is forgotten": _keeps("frame", 0),
    "the right side of UNION is forgotten": _drops("union column", 1),
    "a number is taken for another": _keeps("number", 0),
    "a text is taken for another": _keeps("text", 0),
    "the name of an aggregate is forgotten": _drops("aggregate", 0),
    "FILTER of an aggregate is forgotten": _drops("aggregate", 2),
    "the name of a call is forgotten": _drops("call", 0),
    "a comparison is taken for another": _as("<", "="),
    "the type of a cast is forgotten": _keeps("cast", 1),
    "UNNEST does not multiply": _keeps("unnest", 1),
    "a subquery's rows are forgotten": _drops("value of query", 0),
    "EXISTS forgets its query": _keeps("exists", 0),
    "IN forgets its query": _keeps("in query", 1),
    "a recursive CTE forgets its step": _keeps("recursive", 3),
    "DISTINCT ON forgets its keys": _keeps("distinct on", 1),
    "rows between one and another are one frame": _drops("frame", 1),
    "the key of ORDER BY forgets its direction": _keeps("key", 1),
    "GROUPING SETS are one": _keeps("keys", 1),
    "a member of a struct is any member": _drops("member", 1),
    "names in a whole row are forgotten": _drops("whole row", 0),
    "the bound of LIMIT is any": _keeps("bound", 0),
    "a qualifier of an outer column is forgotten": _drops("outer", 0),
}

_MODULES = (
    "analyse", "calls", "expressions", "names", "queries", "relation", "sources", "stage", "types", "windows",
)  # fmt: skip


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
    original = versions._version  # the bug sits inside

    def changed(tag: str, item: Term, seen: Any) -> Any:
        reads = tuple(r for r in item.reads if r.aspect is not Aspect.ROWS)
        return original(tag, Term(item.hash, reads, item.tainted), seen)

    stack.enter_context(patch.object(versions, "_version", changed))


def _forget_columns(stack: contextlib.ExitStack) -> None:
    original = versions._version

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


def _forget_taint(stack: contextlib.ExitStack) -> None:
    import fuzz.world

    stack.enter_context(patch.object(fuzz.world, "published_versions", lambda _recipe, plain, _build: plain))


def _forget_order(stack: contextlib.ExitStack) -> None:
    original = versions._version

    def changed(tag: str, item: Term, seen: Any) -> Any:
        reads = tuple(r for r in item.reads if r.aspect is not Aspect.ORDER)
        return original(tag, Term(item.hash, reads, item.tainted), seen)

    stack.enter_context(patch.object(versions, "_version", changed))


def _forget_types_in_key(stack: contextlib.ExitStack) -> None:
    """Let neither the key nor the recipe know the types of the columns."""
    import fuzz.world
    from headgate.sql import analyse

    original = versions.build_key

    def key(kind: str, shape: Any, found: versions.Versions, marks: tuple[str, ...] = ()) -> Any:
        return original(kind, tuple(Column(c.name, "") for c in shape), found, marks)

    def source(token: Any, shape: Any) -> versions.Versions:
        columns = {c.name: digest("source column", token, c.name) for c in shape}
        return versions.Versions(digest("rows", token), digest("order", token), columns)

    stack.enter_context(patch.object(fuzz.world, "build_key", key))
    stack.enter_context(patch.object(fuzz.world, "source_versions", source))
    stack.enter_context(patch.object(analyse, "term", _term_with(_drops("output column", 0))))


def _forget_shape_in_key(stack: contextlib.ExitStack) -> None:
    """Let the key know the set of the columns' versions, not which column has which."""
    import fuzz.world

    def changed(kind: str, shape: Any, found: versions.Versions, marks: tuple[str, ...] = ()) -> Any:
        columns = tuple(sorted((c.type, found.columns[c.name]) for c in shape))
        return digest("build", kind, columns, found.rows, found.order, marks)

    stack.enter_context(patch.object(fuzz.world, "build_key", changed))


def _ignore_new_columns(stack: contextlib.ExitStack) -> None:
    """Understand a text once: stars, USING, NATURAL and bare names are not resolved again over other columns."""
    import fuzz.world
    from headgate.sql.analyse import analyse as original

    known: dict[str, Any] = {}

    def changed(query: Any, **rest: Any) -> Any:
        found = original(query, **rest)
        if found.recipe is None:
            return found
        first = known.setdefault(query.text, found)
        same = first.recipe.shape == found.recipe.shape
        return first if same else known.setdefault(query.text + str(found.recipe.shape), found)

    stack.enter_context(patch.object(fuzz.world, "analyse", changed))


def _parentheses_do_not_count(stack: contextlib.ExitStack) -> None:
    from headgate.sql import expressions

    stack.enter_context(patch.object(expressions, "term", _term_with(_as("parentheses", "parentheses"))))
    handlers = {**expressions._HANDLERS, exp.Paren: lambda stage, node: stage.encode(node.this)}
    handlers[exp.Not] = lambda stage, node: stage.encode(node.this)
    stack.enter_context(patch.object(expressions, "_HANDLERS", handlers))


def _names_stay_inside(stack: contextlib.ExitStack) -> None:
    """Look a bare name up in the query around before the query itself."""
    from headgate.sql import names

    original = names.resolve

    def changed(stage: Any, parts: list[str], node: Any) -> Any:
        outer = stage.scope.outer
        if outer is not None and len(parts) == 1 and outer.candidates(parts[0].lower()):
            return outer.candidates(parts[0].lower())[0]
        return original(stage, parts, node)

    stack.enter_context(patch.object(names, "resolve", changed))


def _merged_columns_are_left(stack: contextlib.ExitStack) -> None:
    """Take the left column for one of USING or NATURAL, whatever the join."""
    from headgate.sql import sources

    stack.enter_context(patch.object(sources, "term", _term_with(_drops("using", 0, 2))))


def _sides_are_one(stack: contextlib.ExitStack) -> None:
    """Take a column of one relation of a self-join for that of another."""
    from headgate.sql.relation import Item

    stack.enter_context(patch.object(Item, "seen", lambda _self, item: item))


def _struct_pack_names_nothing(stack: contextlib.ExitStack) -> None:
    """Forget that members without a name are named after columns."""
    from headgate.sql import functions

    stack.enter_context(patch.object(functions, "NAMING_SCALARS", {}))


def _members_stay_inside(stack: contextlib.ExitStack) -> None:
    """Take ``x.y`` for a member of a column x, though the engine may mean a table x around."""
    from headgate.sql import names

    stack.enter_context(patch.object(names, "_may_be_outside", lambda _scope, _parts: False))


def _windows_group_nothing(stack: contextlib.ExitStack) -> None:
    """Overlook aggregates that stand in the WINDOW clause alone."""
    from headgate.sql import queries
    from headgate.sql.calls import has_aggregate

    def changed(node: Any) -> bool:
        if node.args.get("group") is not None or node.args.get("having") is not None:
            return True
        return any(has_aggregate(item) for item in node.args.get("expressions") or ())

    stack.enter_context(patch.object(queries, "_is_grouped", changed))


def _places_do_not_count(stack: contextlib.ExitStack) -> None:
    """Lay single columns beside each other, whatever rows their values stand in."""
    import dataclasses

    import fuzz.world

    real = fuzz.world._HASHING
    alone = dataclasses.replace(
        real,
        sums=lambda values: real.sums(values[-1:]),
        keyed_sums=lambda key, values: real.sums([*key, *values][-1:]),
    )
    stack.enter_context(patch.object(fuzz.world, "_HASHING", alone))


def _differing_columns_keep_versions(stack: contextlib.ExitStack) -> None:
    """Let a column that came out otherwise, by the formula that it had, count as it did beside the rows of old."""
    from headgate.evidence import equal

    stack.enter_context(patch.object(equal, "_apart", lambda version, _rows: version))


def _equal_rows_stand_in_order(stack: contextlib.ExitStack) -> None:
    """Take equal rows for rows in the same order."""
    import dataclasses

    import fuzz.world

    original = fuzz.world.equal_versions

    def changed(new: Any, old: Any, **more: Any) -> Any:
        found = original(new, old, **more)
        return None if found is None else dataclasses.replace(found, order=old.order)

    stack.enter_context(patch.object(fuzz.world, "equal_versions", changed))


def _versions_speak_of_keys(stack: contextlib.ExitStack) -> None:
    """Leave columns out of a comparison by key on the word of versions, whatever became of the key."""
    from headgate.evidence import compare

    def changed(climb: Any) -> frozenset[str]:
        return compare._proven(climb.pair) if climb.key and compare._rows_pair_off(climb.pair) else frozenset()

    stack.enter_context(patch.object(compare._Climb, "_proven_under_the_key", changed))


OTHERS: dict[str, Callable[[contextlib.ExitStack], None]] = {
    "rows of inputs are forgotten": _forget_rows,
    "columns that steer rows are forgotten": _forget_columns,
    "the content of a source is forgotten": _forget_source_types,
    "the key forgets the rows": _forget_rows_in_key,
    "published versions forget the build": _forget_taint,
    "the order of inputs is forgotten": _forget_order,
    "types are forgotten": _forget_types_in_key,
    "the key forgets which column is which": _forget_shape_in_key,
    "new columns of inputs are not seen": _ignore_new_columns,
    "parentheses and NOT do not count": _parentheses_do_not_count,
    "bare names are sought outside first": _names_stay_inside,
    "USING takes the left column": _merged_columns_are_left,
    "sides of a join are confused": _sides_are_one,
    "struct_pack names nothing": _struct_pack_names_nothing,
    "members stay inside": _members_stay_inside,
    "the WINDOW clause groups nothing": _windows_group_nothing,
    "values that change places are equal": _places_do_not_count,
    "a column of other content keeps its version": _differing_columns_keep_versions,
    "equal rows stand in order": _equal_rows_stand_in_order,
    "versions speak of keys": _versions_speak_of_keys,
}

NAMES = (*CHANGES, *OTHERS)

__all__ = ["NAMES", "planted", "recipes"]
