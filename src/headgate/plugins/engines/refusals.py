"""What every engine refuses, by the same rules and in the same words."""

from __future__ import annotations

from collections.abc import Iterable

from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Diverged, EngineFailed, Refused, StatementFailed
from headgate.core.ports.engine import Marker, ShownView
from headgate.core.ports.measuring import Unanswered
from headgate.core.recipe import Shape


def difference(found: Shape, demanded: Shape) -> str:
    """Say where two shapes first differ; nothing where they do not."""
    if len(found) != len(demanded):
        return f"the result has {len(found)} columns, {len(demanded)} were planned"
    for number, (have, want) in enumerate(zip(found, demanded, strict=True), 1):
        if have.name != want.name:
            return f"column {number} of the result is {have.name}, {want.name} was planned"
        if have.type != want.type:
            return f"column {have.name} of the result is {have.type}, {want.type} was planned"
    return ""


def refuse_in_the_way(views: Iterable[ShownView], environment: str) -> None:
    """Raise ``Refused`` with all of these views, in whose places tables stand, if there are any."""
    found = [
        Diagnostic(
            "HG510",
            f"{view.schema}.{view.name} is a table that Headgate did not make",
            hint=f"Rename the table, or the asset; {environment} shows its views in {view.schema}.",
        )
        for view in views
    ]
    if found:
        raise Refused(found)


def name_is_taken(schema: str, name: str, other: str) -> Refused:
    """Return the refusal of giving ``name`` the name ``other``, which something in its schema has already."""
    summary = f"{schema}.{name} cannot get the name {schema}.{other}: something that Headgate did not make has it"
    return Refused([Diagnostic("HG510", summary, hint=f"Rename {schema}.{other}, or drop it if nobody needs it.")])


def is_as_demanded(present: Marker, before: Marker, after: Marker) -> bool:
    """Tell whether an environment's marker is still what a publication found; only its fence may have been raised.

    Where that is higher than the publication's own, somebody has taken over since, and the publication comes too late.
    """
    known = (present.state, present.serial, present.intent)
    return known == (before.state, before.serial, before.intent) and present.fence <= after.fence


def another_state(instead: str) -> Diverged:
    """Return the error of a warehouse that belongs to another state; ``instead`` is a word for what holds another."""
    return Diverged(
        "the warehouse belongs to another state", hint=f"Use the state it was made with, or another {instead}."
    )


def unanswered(fault: EngineFailed) -> Unanswered:
    """Return what is said of a measure whose statement was refused; raise the fault where it is nobody's SQL."""
    if isinstance(fault, StatementFailed):
        return Unanswered(str(fault))
    raise fault
