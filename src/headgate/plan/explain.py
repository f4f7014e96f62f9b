"""The words of a plan: why a step is there and what it does, in a few words each. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN
from headgate.core.diagnostic import Place
from headgate.core.graph import Node, SqlBody
from headgate.core.intervals import shown, union
from headgate.core.loading import LoadPlan
from headgate.core.plan import Action, Cause, Difference, Influence, Step
from headgate.core.recipe import Aspect, Recipe

NAMES_MAX = 4
"""So many names are told; the others are counted."""


def word_of(step: Step) -> str:
    """Return the one word that says what happens to the address."""
    match step.action:
        case Action.BUILD if step.cause is Cause.CHANGED:
            return "change"
        case Action.BUILD:
            return "new" if step.cause is Cause.NEW else "rebuild"
        case Action.RESHAPE:
            return "reorder"
        case _:
            return step.action.value


def reason_of(step: Step) -> str:
    """Return why the step is there: ``column arr_delay``, ``reads arr_delay``, ``filters on arr_delay``."""
    if not step.is_selected:
        return "not selected"
    match step.cause:
        case Cause.NONE | Cause.SHARED:
            return step.proof
        case Cause.NEW:
            return "new"
        case Cause.LOST:
            return "its build is gone"
        case Cause.DUE:
            return "time has passed"
        case Cause.PART:
            return "only its newest rows were loaded"
        case Cause.ASKED:
            return "asked for"
        case Cause.REMOVED:
            return "no longer declared"
        case Cause.DATA:
            return "new data" if step.capture is None or step.capture.exact else f"capture {step.capture.number}"
        case Cause.CHANGED if step.action is Action.RESHAPE:
            return "order of columns"
        case Cause.CHANGED:
            return _difference(step)
        case Cause.UPSTREAM:
            return _influences(step.influences, _followed(step))


def effect_of(step: Step) -> str:
    """Return what a reader notices: ``columns mean_delay, p90_delay``, ``its rows may change``; empty for nothing.

    For a step whose own code changed it is where the code stands.
    """
    if step.load is not None:
        return effect_of_load(step.load, start=_start_of(step))
    if step.action is Action.REMOVE:
        return "its view is dropped" if step.kind not in NOT_SHOWN else ""
    if step.cause is Cause.CHANGED and step.place is not None:
        return str(_place(step, step.place))
    if step.cause is Cause.NEW:
        return counted(len(step.shape), "column") if step.shape else ""
    if step.rows_affected and step.affected and len(step.affected) == len(step.shape):
        return "all of it may change"
    parts = [f"{_plural(step.affected, 'column')} {_named(step.affected)}"] if step.affected else []
    parts += ["its rows may change"] if step.rows_affected else []
    return "; ".join(parts)


def words_of_reads(recipe: Recipe) -> str:
    """Return what a recipe reads: ``reads planes.year, staging.flights.tailnum``."""
    terms = (recipe.rows, recipe.order, *(column.term for column in recipe.columns))
    reads = dict.fromkeys(read for term in terms for read in term.reads)
    columns = sorted(f"{read.address}.{read.column}" for read in reads if read.aspect is Aspect.COLUMN)
    if columns:
        return f"reads {_named(columns)}"
    rows = sorted({read.address for read in reads})
    return f"reads the rows of {_named(rows)}" if rows else "reads nothing"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 column``, ``1,200 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _place(step: Step, place: Place) -> Place:
    """Return the line of the first column that changed or came; where that is not known, the asset's place."""
    difference = step.difference or Difference()
    changed = difference.columns_changed + difference.columns_added or difference.columns_retyped
    if isinstance(step.node, Node) and isinstance(step.node.body, SqlBody):
        body = step.node.body
        lines = dict(zip((c.name for c in step.shape), body.lines, strict=False))
        found = [line for name in changed if (line := lines.get(name))]
        if found:
            return Place(place.path, body.line - 1 + min(found))
    return Place(place.path)


def _difference(step: Step) -> str:
    difference = step.difference
    if difference is None:
        return "changed"
    parts = [_kind(step)] if difference.kind else []
    parts += _columns(difference)
    if difference.rows:
        parts.append("its rows")
    if difference.order and not difference.rows:
        parts.append("order of its rows")
    return "; ".join(parts) or "changed"


def _kind(step: Step) -> str:
    return f"now a {step.kind.value}"


def _columns(difference: Difference) -> list[str]:
    told = (
        ("", "column", difference.columns_changed),
        ("new ", "column", difference.columns_added),
        ("without ", "column", difference.columns_removed),
        ("", "type", difference.columns_retyped),
    )
    of = {"column": "", "type": "of "}
    return [f"{before}{_plural(names, noun)} {of[noun]}{_named(names)}" for before, noun, names in told if names]


def _followed(step: Step) -> Sequence[Address]:
    """Return the inputs of which the rows and every column that is read may differ: new data, mostly."""
    if not isinstance(step.node, Node):
        return ()
    recipe = step.node.recipe
    terms = (recipe.rows, recipe.order, *(column.term for column in recipe.columns))
    reads = {(r.address, r.column) for term in terms for r in term.reads if r.aspect is Aspect.COLUMN}
    told = {i.address: {*i.columns, *i.steering} for i in step.influences if i.rows}
    return [
        address
        for address, columns in told.items()
        if columns and columns >= {column for read, column in reads if read == address}
    ]


def _influences(influences: Sequence[Influence], followed: Sequence[Address]) -> str:
    is_single = len(influences) == 1
    retyped = [_column(i, name, is_single) for i in influences for name in i.retyped]
    influences = [i for i in influences if i.address not in followed]
    values = [_column(i, name, is_single) for i in influences for name in i.columns]
    steering = [_column(i, name, is_single) for i in influences for name in i.steering]
    rows = [i.address for i in influences if i.rows]
    order = [i.address for i in influences if i.order and not i.rows]
    parts = [f"follows {_named(followed)}"] if followed else []
    parts += [f"reads {_named(values)}"] if values else []
    parts += [f"filters on {_named(steering)}"] if steering else []
    parts += [f"{_plural(retyped, 'type')} of {_named(retyped)} changed"] if retyped else []
    parts += [f"follows the rows of {_named(rows)}"] if rows else []
    parts += [f"follows the order of {_named(order)}"] if order else []
    return "; ".join(parts) or "what it reads was made again"


def _column(influence: Influence, name: str, is_single: bool) -> str:  # noqa: FBT001
    return name if is_single else f"{influence.address}.{name}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def _plural(names: Sequence[str], noun: str) -> str:
    return noun if len(names) == 1 else f"{noun}s"


def _start_of(step: Step) -> str:
    loading = step.node.properties.loading if isinstance(step.node, Node) else None
    return loading.timing.start if loading is not None and loading.timing is not None else ""


def effect_of_load(load: LoadPlan, *, start: str) -> str:
    """Return what a load takes: ``2013-01-31 to 2013-02-03, in 3 batches``; ``nothing is due``.

    Of what was never loaded it says when it begins, where there is a ``start``: that may be a time to come.
    """
    told = "copied first" if load.copies else ""
    if not load.parts:
        begins = f" yet: it begins with {shown(start)}" if start and not load.covered else ""
        return told or f"nothing is due{begins}"
    spans = union(part for part in load.parts if part.end)
    if not spans:
        return told
    first = str(spans[0]) if len(spans) == 1 else f"{spans[0]} and {len(spans) - 1} more"
    batches = f"in {len(load.parts)} batches" if len(load.parts) > len(spans) else ""
    part = "a part" if load.is_part else ""
    return ", ".join(word for word in (first, batches, part, told) if word)
