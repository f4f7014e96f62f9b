"""The recipe of what is loaded: that of its query, and what decides which of the query's rows are there.

The rows of an incremental or a snapshot depend on the columns that loading goes by, and on how it does: two of them
are alike only where all of that is. How much is loaded at once, how often, and how far back, is no part of it: that
says when rows come, not which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from headgate.core.address import fold
from headgate.core.loading import VALID_FROM, VALID_TO, Loading, Tracking
from headgate.core.recipe import ColumnRecipe, Recipe, Shape, Term, finished, term

_CLOCK_TYPES = {"duckdb": "TIMESTAMP WITH TIME ZONE", "postgres": "timestamp with time zone"}


def loaded_recipe(loading: Loading, query: Recipe, dialect: str = "duckdb") -> Recipe:
    """Return the recipe of an asset whose query has this one, with all columns that loading goes by."""
    terms = {fold(c.name): c.term for c in query.columns}
    if loading.tracking is not None:
        return _of_snapshot(query, loading.tracking, terms, _CLOCK_TYPES[dialect])
    parts: list[Term] = []
    if loading.timing is not None:
        parts.append(term("timed", loading.timing.zone, terms[fold(loading.timing.column)]))
    if loading.merging is not None:
        merging = loading.merging
        flag = (terms[fold(merging.flag)],) if merging.flag else ()
        parts.append(term("merged", merging.deletion.value, _key(merging.key, terms), *flag))
    rows = term("loaded", query.rows, *parts)
    return Recipe(query.kind, finished(rows), _order(query), query.columns, query.opaque)


def as_given(loading: Loading, shape: Shape) -> Loading:
    """Return how an asset is loaded with its columns called as the query calls them, in upper and lower case."""
    names = {fold(c.name): c.name for c in shape}
    timing, merging, tracking = loading.timing, loading.merging, loading.tracking
    if timing is not None:
        timing = replace(timing, column=names.get(fold(timing.column), timing.column))
    if merging is not None:
        key = tuple(names.get(fold(name), name) for name in merging.key)
        merging = replace(merging, key=key, flag=names.get(fold(merging.flag), merging.flag))
    if tracking is not None:
        tracking = replace(
            tracking,
            key=tuple(names.get(fold(name), name) for name in tracking.key),
            updated_at=names.get(fold(tracking.updated_at), tracking.updated_at),
            checked=tuple(names.get(fold(name), name) for name in tracking.checked),
        )
    return replace(loading, timing=timing, merging=merging, tracking=tracking)


def _of_snapshot(query: Recipe, tracking: Tracking, terms: Mapping[str, Term], clock_type: str) -> Recipe:
    key = {fold(name) for name in tracking.key}
    if tracking.updated_at:
        watched: tuple[Term, ...] = (terms[fold(tracking.updated_at)],)
        type_ = next(c.type for c in query.columns if fold(c.name) == fold(tracking.updated_at))
    else:
        # Which of them is which makes no difference, and their order neither: any one that differs makes a new row.
        others = [name for name in terms if name not in key]
        checked = [fold(c) for c in tracking.checked] or others
        watched = _sorted(terms[name] for name in checked)
        type_ = clock_type
    how = "updated" if tracking.updated_at else "checked"
    rows = term("tracked", how, tracking.closes_missing, query.rows, _key(tracking.key, terms), *watched)
    # A change that is seen by looking has the time of the look, as has the end of what is missing.
    begins = term("valid from", rows, tainted=not tracking.updated_at)
    ends = term("valid to", rows, tainted=not tracking.updated_at or tracking.closes_missing)
    added = (
        ColumnRecipe(VALID_FROM, type_, finished(term("column", type_, begins))),
        ColumnRecipe(VALID_TO, type_, finished(term("column", type_, ends))),
    )
    return Recipe(query.kind, finished(rows), _order(query), (*query.columns, *added), query.opaque)


def _key(names: Iterable[str], terms: Mapping[str, Term]) -> Term:
    """Return the term of a key: the same in any order of its columns."""
    return term("key", *_sorted(terms[fold(name)] for name in names))


def _sorted(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(sorted(terms, key=lambda one: (one.hash, one.reads)))


def _order(query: Recipe) -> Term:
    """Return the term of an order that nothing promises."""
    return finished(term("loaded order", query.rows, tainted=True))
