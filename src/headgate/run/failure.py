"""What the user is told of a step that failed: their own line, and the engine's words.

Those may quote any value that the statement looked at. So they are left out, here and therefore in every form that a
failure is told or kept in, where the step, or what it reads, has protected columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import EngineFailed, StatementFailed
from headgate.core.graph import Node, SourceNode, SqlBody
from headgate.core.plan import Plan, Step
from headgate.core.protection import protected_read, unquoted
from headgate.core.python import PythonBody
from headgate.sql.bind import line_in_body

ENGINES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "spark": "Spark"}
"""How people write the engines' names."""


def quotable_in(plan: Plan) -> Callable[[Address], Address | None]:
    """Return what tells of a step's address whose protected values its failure may quote; None: nobody's."""
    inputs = {step.address: (step.kind, step.inputs) for step in plan.steps} if plan.protected else {}

    def through(address: Address) -> Iterable[Address]:
        kind, reads = inputs.get(address, (Kind.SOURCE, ()))
        return reads if kind is Kind.VIEW else ()

    def quotable(address: Address) -> Address | None:
        _, reads = inputs.get(address, (Kind.SOURCE, ()))
        return protected_read((address, *reads), plan.protected, through)

    return quotable


def diagnostic_of(
    error: EngineFailed, step: Step, *, relations: Mapping[Address, str], engine: str, quotable: Address | None = None
) -> Diagnostic:
    """Return the fault at the user's own line where the engine named one, else at the asset's file.

    ``quotable`` is whose protected values the engine's words may quote: then these are left out.
    """
    name = ENGINES.get(engine, engine)
    place, excerpt = _place_of(step), ""
    if isinstance(error, StatementFailed) and error.line and isinstance(step.node, Node):
        body = step.node.body
        if isinstance(body, SqlBody) and body.line and place is not None:
            line = line_in_body(body, relations, error.line)
            text = body.text
            if body.template is not None:
                text, line = body.template.text, body.template.lines(body.text)[line - 1]
            place = Place(place.path, body.line + line - 1)
            excerpt = text.split("\n")[line - 1]
    if not isinstance(error, StatementFailed):
        summary = "the engine failed"
    elif isinstance(step.node, Node) and isinstance(step.node.body, SqlBody):
        summary = "the engine refused its SQL"
    else:
        summary = "the engine could not read it"
    hint = error.hint or _lost_input(error, relations)
    is_result = (
        isinstance(error, StatementFailed) and isinstance(step.node, Node) and isinstance(step.node.body, PythonBody)
    )
    detail = str(error) if is_result else f"{name}: {error}"  # what a function gives is no statement of the engine's
    if quotable is not None and isinstance(error, StatementFailed):
        detail = f"{name}: {unquoted(quotable)}"
        hint = hint or _way_to_read(step)
    return Diagnostic(code=error.code, summary=summary, place=place, hint=hint, detail=detail, excerpt=excerpt)


def _way_to_read(step: Step) -> str:
    """Return how whoever may see all data reads what the engine says."""
    if isinstance(step.node, Node) and isinstance(step.node.body, SqlBody):
        return "To read them, run the query yourself: headgate sql"
    return "To read them, read it with the engine's own client."


def _lost_input(error: EngineFailed, relations: Mapping[Address, str]) -> str:
    """Return what helps where the engine does not find the physical table of an input; else nothing."""
    names = {text.rpartition(".")[2].strip('"'): address for address, text in relations.items()}
    lost = next((address for name, address in names.items() if name and f" {name} does not exist" in str(error)), "")
    return f"The table of {lost} is gone from the warehouse. Look: headgate doctor" if lost else ""


def _place_of(step: Step) -> Place | None:
    place = step.place
    if place is None and isinstance(step.node, (Node, SourceNode)):
        place = step.node.place
    return None if place is None else replace(place, column=0, length=0)
