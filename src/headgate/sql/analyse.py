"""A query with the columns of its inputs: its recipe, and where in its text inputs are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from headgate.core.address import Address, fold
from headgate.core.clocks import Clocks
from headgate.core.diagnostic import Diagnostic
from headgate.core.graph import Reference, SqlBody
from headgate.core.hashing import Part, digest
from headgate.core.ports.engine import Bound
from headgate.core.recipe import Aspect, ColumnRecipe, Read, Recipe, Shape, Term, finished, reading, term
from headgate.sql.bind import bound as bound_text
from headgate.sql.bind import offset_in_body
from headgate.sql.items import column_lines, item_starts
from headgate.sql.parameters import NAMES, parameters_of
from headgate.sql.postgres import demand_known
from headgate.sql.queries import Queries
from headgate.sql.reading import Reading
from headgate.sql.refusals import runs_text, too_wide
from headgate.sql.relation import UNORDERED, Opaque, Relation, TooWide, lowered
from headgate.sql.timed_binding import bound_with_moments
from headgate.sql.tree import Query, as_engine_folds, line_at, place_at, relations, word_at

Bind = Callable[[str, Mapping[str, Shape]], Bound]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a query means. ``recipe`` is None where there are errors among the diagnostics."""

    recipe: Recipe | None
    body: SqlBody
    diagnostics: tuple[Diagnostic, ...]
    clocks: Clocks | None = None


def analyse(
    query: Query,
    *,
    kind: str,
    inputs: Mapping[Address, Shape],
    settings: str,
    bind: Bind,
    volatile: frozenset[Read] = frozenset(),
    time_column: str = "",
) -> Analysis:
    """Return the recipe of ``query`` over ``inputs``, which must hold every relation that it names.

    ``volatile`` is what of the inputs is made anew at each reading (tainted aspects of views). With a ``time_column``,
    the name of an output column, the query may hold ``:start`` and ``:end``, of that column's type.

    ``settings`` identifies the engine's settings that change results; ``bind`` asks the engine for exact columns.
    Faults are told in our own words where we found them and the engine agrees that there is one; where it accepts the
    query, it was us who did not understand, and the query is opaque. Cost: one walk of the tree and one binding.
    """
    references, faults = _references(query, inputs)
    starts = item_starts(query)
    parameters = parameters_of(query.tree) if time_column else ()
    body = SqlBody(query.statement, references, parameters=parameters)
    work = _reading(query, inputs, volatile, timed=bool(time_column))
    try:
        relation, opaque = _read(query, work)
    except TooWide:
        return Analysis(None, body, (too_wide(query),))
    bound = bound_with_moments(body, time_column, lambda text: _bound(query, text, inputs, bind))
    if bound.error:
        return Analysis(None, body, (*faults, *work.faults) or (_refused(query, bound),))
    if work.faults:
        relation, opaque = None, f"the engine accepts what Headgate does not: {work.faults[0].summary}"
    body = replace(body, lines=column_lines(query, starts, len(bound.shape)))
    faults = (*faults, *_name_faults(query, starts, relation, bound.shape))
    if faults:
        return Analysis(None, body, faults)
    if relation is not None and not _agrees(relation, bound.shape):
        relation, opaque = None, "its columns are not those that Headgate expected"
    if relation is None:
        relation = _everything(query, inputs, bound.shape)
    clocks = _clocks(query, relation, bound.shape, time_column) if parameters and not opaque else None
    return Analysis(_recipe(kind, relation, bound.shape, settings, opaque), body, (), clocks)


def _clocks(query: Query, relation: Relation, shape: Shape, time_column: str) -> Clocks | None:
    from headgate.sql.two_clocks import two_clocks

    time = next((n for n, column in enumerate(shape) if fold(column.name) == fold(time_column)), None)
    return None if time is None else two_clocks(query, relation, time)


def _bound(query: Query, body: SqlBody, inputs: Mapping[Address, Shape], bind: Bind) -> Bound:
    """Return the columns that the engine gives a query.

    DuckDB's binder has empty tables of the inputs' own names; others get names that stand for them, and the place of a
    fault is told in the text that the user wrote.
    """
    if query.dialect == "duckdb":
        return bind(body.text, {str(a): s for a, s in inputs.items()})
    if query.tree.find(exp.Insert, exp.Update, exp.Delete, exp.Merge) is not None:
        return Bound((), "only a SELECT is allowed here; this one writes", 1, 1)
    names = {address: f"headgate_input_{number}" for number, address in enumerate(sorted(inputs), 1)}
    text = bound_text(body, names)
    found = bind(text, {names[address]: shape for address, shape in inputs.items()})
    for address, name in sorted(names.items(), key=lambda pair: -len(pair[1])):
        found = replace(found, error=found.error.replace(name, address))
    if not found.line:
        return found
    start = offset_in_body(body, names, _offset(text, found.line, found.column))
    place = place_at(body.text, query.path, start)
    return replace(found, line=place.line, column=place.column)


def relation_of(query: Query, inputs: Mapping[Address, Shape]) -> Relation | None:
    """Return the rows, the order and the columns of a query as terms; None where it is not understood."""
    work = _reading(query, inputs, frozenset(), timed=True)
    relation, _ = _read(query, work)
    return None if work.faults else relation


def _reading(query: Query, inputs: Mapping[Address, Shape], volatile: frozenset[Read], *, timed: bool) -> Reading:
    by_name = {fold(address): (address, shape) for address, shape in inputs.items()}
    constants = NAMES if timed else frozenset()
    is_collated = _is_collated(query, inputs)
    return Reading(
        query.text,
        query.path,
        by_name,
        volatile,
        is_collated=is_collated,
        dialect=query.dialect,
        constants=constants,
    )


def _read(query: Query, work: Reading) -> tuple[Relation | None, str]:
    try:
        if query.dialect == "postgres":
            demand_known(query.tree, (shape for _, shape in work.inputs.values()))
        return Queries(work).read(query.tree, None, {}), ""
    except Opaque as reason:
        return None, reason.reason
    except RecursionError:
        return None, "it is nested too deeply"


def _is_collated(query: Query, inputs: Mapping[Address, Shape]) -> bool:
    typed = any(" COLLATE " in column.type for shape in inputs.values() for column in shape)
    return typed or any(token.text.upper() == "COLLATE" for token in query.tokens)


def _recipe(kind: str, relation: Relation, shape: Shape, settings: str, opaque: str) -> Recipe:
    settings = digest("settings", settings)
    columns = tuple(
        ColumnRecipe(column.name, column.type, _output("column", settings, item.term, column.type))
        for column, item in zip(shape, relation.fields, strict=True)
    )
    rows, order = _output("rows", settings, relation.rows), _output("order", settings, relation.order)
    return Recipe(kind, rows, order, columns, opaque)


def _output(what: str, settings: str, item: Term, type_: str = "") -> Term:
    """Return a finished term. Taint is inside: a build made when it was thought to be sound is another one."""
    return finished(term(f"output {what}", type_, settings, item.tainted, item))


def _everything(query: Query, inputs: Mapping[Address, Shape], shape: Shape) -> Relation:
    """Return the relation of a query that is not understood: its tokens, and all of every input."""
    parts: list[Part | Term] = [(int(t.token_type), t.text) for t in query.tokens]
    for address in sorted(inputs):
        columns = inputs[address]
        parts.append(tuple((c.name, c.type) for c in columns))
        parts += [reading(address, Aspect.ROWS), reading(address, Aspect.ORDER)]
        parts += [reading(address, Aspect.COLUMN, c.name) for c in columns]
    everything = term("opaque", *parts, tainted=True)
    from headgate.sql.relation import Field

    fields = tuple(Field(c.name, term("opaque column", c.name, everything)) for c in shape)
    return Relation(everything, UNORDERED, fields)


def _agrees(relation: Relation, shape: Shape) -> bool:
    if len(relation.fields) != len(shape):
        return False
    return all(not f.name or fold(f.name) == fold(c.name) for f, c in zip(relation.fields, shape, strict=True))


def _refused(query: Query, bound: Bound) -> Diagnostic:
    start = _offset(query.text, bound.line, bound.column)
    return Diagnostic(
        "HG207",
        bound.error.splitlines()[0],
        place_at(query.text, query.path, start, max(len(word_at(query.text, start)), 1))
        if bound.line
        else place_at(query.text, query.path, 0),
        detail="\n".join(bound.error.splitlines()[1:]),
        excerpt=line_at(query.text, start) if bound.line else "",
    )


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    begin = sum(len(part) + 1 for part in lines[: max(line - 1, 0)])
    return max(0, min(begin + max(column - 1, 0), max(len(text) - 1, 0)))


ENGINE_CALLS_IT = "The engine calls it "
"""What the detail of a column without a name (HG208) begins with."""


def _name_faults(query: Query, places: list[int], relation: Relation | None, shape: Shape) -> tuple[Diagnostic, ...]:
    """Return a fault for every output column without a name of its own, and for names that stand twice."""
    found: list[Diagnostic] = []
    seen: dict[str, int] = {}
    for number, column in enumerate(shape):
        start = places[number] if len(places) == len(shape) else 0
        is_nameless = relation is not None and number < len(relation.fields) and not relation.fields[number].name
        first = seen.setdefault(fold(column.name), number)
        if not is_nameless and first == number:
            continue
        place, excerpt = place_at(query.text, query.path, start), line_at(query.text, start) if start else ""
        if is_nameless:
            hint = "Write `... as NAME`: the name that the engine makes up is no promise."
            detail = f"{ENGINE_CALLS_IT}{column.name}"
            found.append(Diagnostic("HG208", f"column {number + 1} has no name", place, hint, detail, excerpt))
        else:
            summary = f"two columns are called {column.name} (number {first + 1} and {number + 1})"
            hint = "Names differ in more than case. Give one another name, or leave it out with EXCLUDE."
            found.append(Diagnostic("HG209", summary, place, hint, excerpt=excerpt))
    return tuple(found)


def _references(query: Query, inputs: Mapping[Address, Shape]) -> tuple[tuple[Reference, ...], tuple[Diagnostic, ...]]:
    return references_of(query, inputs), (*runs_text(query), *_shared_names(query))


def references_of(query: Query, inputs: Iterable[Address]) -> tuple[Reference, ...]:
    """Return where a query names some of ``inputs``, in order of place; what else it names is left out."""
    known = {fold(address): address for address in inputs}
    found: list[Reference] = []
    for table in relations(query):
        address = known.get(fold(f"{table.schema}.{table.name}"))
        if address is not None:
            found.append(Reference(table.start, table.end, address, "" if table.alias else table.shown))
    found += _column_references(query, known)
    return tuple(sorted(found, key=lambda r: r.start))


def _column_references(query: Query, known: Mapping[str, Address]) -> Iterator[Reference]:
    """Yield where a column is qualified with schema and table: the physical relation has only the alias."""
    for column in query.tree.find_all(exp.Column):
        schema, table = column.args.get("db"), column.args.get("table")
        if schema is None or table is None or "start" not in schema.meta or "end" not in table.meta:
            continue
        address = known.get(fold(f"{schema.name}.{table.name}"))
        if address is not None:
            start, end = int(schema.meta["start"]), int(table.meta["end"]) + 1
            yield Reference(start, end, address, as_engine_folds(table, query.dialect), is_column=True)


def _shared_names(query: Query) -> Iterator[Diagnostic]:
    """Yield a fault where two tables of one name stand in one FROM without aliases: they would become ambiguous."""
    for select in query.tree.find_all(exp.Select):
        from_ = select.args.get("from_")
        items = [from_.this] if from_ is not None else []
        items += [join.this for join in select.args.get("joins") or ()]
        names: dict[str, exp.Table] = {}
        for item in items:
            if not isinstance(item, exp.Table) or not isinstance(item.this, exp.Identifier) or item.alias:
                continue
            if lowered(item.name) in names and item.args.get("db") is not None:
                start = int(item.this.meta.get("start", 0))
                yield Diagnostic(
                    "HG210",
                    f"two tables called {item.name} in one FROM",
                    place_at(query.text, query.path, start, len(item.name)),
                    hint=f"Give each an alias: `{item.sql()} as {item.name[:1]}2`.",
                    excerpt=line_at(query.text, start),
                )
            names[lowered(item.name)] = item
