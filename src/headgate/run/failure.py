"""What the user is told of a step that failed: their own line, and the engine's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import EngineFailed, StatementFailed
from headgate.core.graph import Node, SourceNode, SqlBody
from headgate.core.plan import Step
from headgate.core.python import PythonBody
from headgate.sql.bind import line_in_body

ENGINES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "spark": "Spark"}
"""How people write the engines' names."""


def diagnostic_of(error: EngineFailed, step: Step, *, relations: Mapping[Address, str], engine: str) -> Diagnostic:
    """Return the fault at the user's own line where the engine named one, else at the asset's file."""
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
    return Diagnostic(code=error.code, summary=summary, place=place, hint=hint, detail=detail, excerpt=excerpt)


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
