"""Binding: the user's text with every input replaced by a physical relation.

The text is spliced, never printed anew from a tree: what the engine runs is what the user wrote, and the lines of its
messages are the lines of the user's file. Pure text; sqlglot is not needed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused
from headgate.core.graph import Reference, SqlBody
from headgate.core.ports.loads import Visible
from headgate.core.recipe import Shape
from headgate.core.records import Build

_NOTHING: Mapping[str, str] = MappingProxyType({})

WRITTEN_OUT_MAX = 5_000_000
"""Characters of a text in which views are written out: DuckDB takes a few seconds for so many."""


def bound(body: SqlBody, relations: Mapping[Address, str], parameters: Mapping[str, str] = _NOTHING) -> str:
    """Return the SELECT of ``body`` in which each reference to an input is the text that ``relations`` has for it.

    ``parameters`` are the literals for ``:start`` and ``:end``. Raises ``KeyError`` where an input has none,
    and ``Refused`` where the text is longer than engines can take; linking tells that before, unless a view was changed
    alone. Cost: one pass over the text.
    """
    pieces: list[str] = []
    position = 0
    places = [(r.start, r.end, _named(r, relations)) for r in body.references]
    places += [(p.begin, p.end, parameters[p.name]) for p in body.parameters]
    for start, end, text in sorted(places):
        pieces += [body.text[position:start], text]
        position = end
    pieces.append(body.text[position:])
    if sum(map(len, pieces)) > WRITTEN_OUT_MAX:
        text = f"a view, with the views that it reads written out, is longer than {WRITTEN_OUT_MAX:,} characters"
        raise Refused([Diagnostic("HG201", text, hint="Make a table of one of them.")])
    return "".join(pieces)


def _named(reference: Reference, relations: Mapping[Address, str]) -> str:
    if reference.is_column:
        return quoted(reference.alias)
    alias = f" as {quoted(reference.alias)}" if reference.alias else ""
    return f"{relations[reference.address]}{alias}"


def offset_in_body(body: SqlBody, relations: Mapping[Address, str], offset: int) -> int:
    """Return the character of the user's text that a character of the bound text comes from.

    What stands in an input's text comes from where the input is named.
    """
    moved = 0
    for reference in sorted(body.references, key=lambda r: r.start):
        put = _named(reference, relations)
        begin = reference.start + moved
        if offset < begin:
            break
        if offset < begin + len(put):
            return reference.start
        moved += len(put) - (reference.end - reference.start)
    return offset - moved


def line_in_body(body: SqlBody, relations: Mapping[Address, str], line: int) -> int:
    """Return the line (from 1) of the user's text that ``line`` of the bound text comes from.

    Inputs that are inlined views have lines of their own; those belong to the line that names the input.
    """
    reached, position, own = 1, 0, 1
    for reference in sorted(body.references, key=lambda r: r.start):
        step = body.text.count("\n", position, reference.start)
        if line <= reached + step:
            return own + line - reached
        reached += step
        own += step
        put = 0 if reference.is_column else relations[reference.address].count("\n")
        if line < reached + put:
            return own
        reached += put
        own += body.text.count("\n", reference.start, reference.end)
        position = reference.end
    return min(own + line - reached, own + body.text.count("\n", position))


def inlined(text: str) -> str:
    """Return a bound SELECT as a relation. The line breaks keep a last ``--`` comment from eating the ``)``."""
    return f"(\n{text}\n)"


def projection(relation: str, shape: Shape) -> str:
    """Return the SELECT that shows the columns of ``shape``, in that order, of a relation."""
    return f"select {', '.join(quoted(column.name) for column in shape)} from {_with_alias(relation)}"


def _with_alias(relation: str) -> str:
    """Return a relation that stands in FROM alone: PostgreSQL 15 wants a name for what stands in brackets."""
    return f"{relation} as shown" if relation.startswith("(") and relation.endswith(")") else relation


class Relations(Protocol):
    """What gives the texts that stand for physical tables: an engine."""

    def relation(self, relation: str) -> str:
        """Return SQL text that names a physical table."""

    def visible(self, rows: Visible, shape: Shape) -> str:
        """Return SQL text of the columns of ``shape`` of what a storage shows at a load: a relation."""


def shown_table(build: Build, relations: Relations) -> str:
    """Return the relation that holds the rows of a build."""
    if build.load is None:
        return relations.relation(build.relation)
    return relations.visible(Visible(build.relation, build.load.number), build.shape)


def selected_columns(relation: str, columns: Sequence[str]) -> str:
    """Return the SELECT of some columns of a relation; of all of them where none is named."""
    return f"select {', '.join(map(quoted, columns)) if columns else '*'} from {_with_alias(relation)}"


def rendered_columns(relation: str, given: Sequence[tuple[str, str]]) -> str:
    """Return the SELECT of some columns of a relation, each as a template of SQL with ``{}`` for it gives it.

    >>> rendered_columns('"m"."a"', [("id", "{}"), ("price", "cast({} as text)")])
    'select "id" as "id", cast("price" as text) as "price" from "m"."a"'
    """
    items = (f"{quoted(name).join(template.split('{}'))} as {quoted(name)}" for name, template in given)
    return f"select {', '.join(items)} from {_with_alias(relation)}"


def counted(query: str) -> str:
    """Return the SELECT of how many rows a query has; its lines stay where they are."""
    return f"select count(*) from ({query}\n) as answer"


def newest(relation: str, expression: str, where: str = "") -> str:
    """Return the SELECT of the greatest value of an expression, as text, over the rows for which ``where`` holds."""
    return f"select cast(max({expression}) as varchar) from {relation}" + (f" where {where}" if where else "")


def cut(query: str, columns: Sequence[str], limit: int | None) -> str:
    """Return the SELECT of some columns (all where none is named) of the first rows of a query's answer."""
    return selected_columns(f"({query}\n) as answer", columns) + ("" if limit is None else f" limit {limit:d}")


def reordered(relation: str, shape: Shape, wanted: Shape) -> str:
    """Return a relation that has the columns of ``shape`` as one that has them in the order of ``wanted``.

    Keys leave the order of columns open, but ``select *`` and positional UNION see it.
    """
    if [column.name for column in shape] == [column.name for column in wanted]:
        return relation
    return inlined(projection(relation, wanted))


def quoted(name: str) -> str:
    """Return ``name`` as a quoted identifier of standard SQL: ``a"b`` becomes ``"a""b"``."""
    return '"' + name.replace('"', '""') + '"'
