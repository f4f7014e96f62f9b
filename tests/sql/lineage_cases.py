"""Cases of lineage as text: `tests/sql/lineage/*.txt` say at their beginning how one is written."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from headgate.core.address import Address
from headgate.core.lineage import AssetLineage, Edge, Subtype, in_order
from headgate.core.ports.engine import Binder
from headgate.core.recipe import Aspect, Column, Read, Recipe, Shape
from headgate.sql.analyse import analyse
from headgate.sql.lineage import lineage_of_query
from headgate.sql.tree import parse, relations

FOLDER = Path(__file__).with_name("lineage")

TABLES = {
    "s.t": "a INTEGER; b VARCHAR; c DOUBLE; d DATE; k INTEGER",
    "s.u": "k INTEGER; x INTEGER; l INTEGER[]; st STRUCT(p INTEGER, r INTEGER)",
    "s.w": "k INTEGER; a INTEGER; z INTEGER",
}


def shape_of(columns: str) -> Shape:
    """Return the columns of `a INTEGER; b VARCHAR`."""
    return tuple(Column(*column.strip().split(" ", 1)) for column in columns.split(";"))


SHAPES = {Address(name): shape_of(columns) for name, columns in TABLES.items()}


@dataclass(frozen=True)
class Case:
    """A query and what was thought of it: edges by column, `rows` and `order`; or why it is opaque."""

    title: str
    query: str
    expected: Mapping[str, str]

    def __str__(self) -> str:
        return self.title


def cases_of(path: Path) -> list[Case]:
    """Return the cases of a file."""
    found = []
    for block in path.read_text().split("\n== ")[1:]:
        head, _, answer = block.partition("\n--\n")
        title, _, query = head.partition("\n")
        lines = (line.partition(":") for line in answer.strip().splitlines())
        found.append(Case(title, query, {name.strip(): text.strip() for name, _, text in lines}))
    return found


def analysed(text: str, shapes: Mapping[Address, Shape], binder: Binder) -> tuple[Recipe, AssetLineage | None]:
    """Return the recipe of a query and its lineage; the engine must accept it."""
    query = parse(text, "q.sql")
    inputs = {a: shapes[a] for a in (Address(f"{t.schema}.{t.name}") for t in relations(query))}
    found = analyse(query, kind="table", inputs=inputs, settings="x", bind=binder.bind)
    assert found.recipe is not None, found.diagnostics
    if found.recipe.opaque:
        return found.recipe, None
    return found.recipe, lineage_of_query(query, inputs, [column.name for column in found.recipe.columns])


def as_text(edges: Iterable[Edge], *, has_orders: bool) -> str:
    """Return edges as a case writes them, with or without those to the order of a table."""
    shown = (edge for edge in edges if has_orders or edge.read.aspect is not Aspect.ORDER)
    return ", ".join(_edge_text(edge) for edge in in_order(shown))


def in_case_order(text: str) -> str:
    """Return the edges of a case in the order of `as_text`."""
    return as_text((_edge(part.strip()) for part in text.split(",") if part.strip()), has_orders=True)


def _edge_text(edge: Edge) -> str:
    table = edge.read.address.partition(".")[2]
    if edge.read.aspect is Aspect.COLUMN:
        return f"{table}.{edge.read.column} {edge.subtype.words}" + (" masked" if edge.masking else "")
    plain = {Aspect.ROWS: Subtype.ROWS, Aspect.ORDER: Subtype.ORDER}[edge.read.aspect]
    name = table if edge.read.aspect is Aspect.ROWS else f"{table} order"
    return name if edge.subtype is plain else f"{name}: {edge.subtype.words}"


_WORDS = {subtype.words: subtype for subtype in Subtype}


def _edge(text: str) -> Edge:
    name, _, words = text.partition(" ")
    if "." in name:
        table, _, column = name.partition(".")
        subtype = _WORDS[words.removesuffix(" masked")]
        return Edge(Read(Address(f"s.{table}"), Aspect.COLUMN, column), subtype, words.endswith(" masked"))
    assert re.fullmatch(r"\w+( order)?", text), text
    aspect, subtype = (Aspect.ORDER, Subtype.ORDER) if words else (Aspect.ROWS, Subtype.ROWS)
    return Edge(Read(Address(f"s.{name}"), aspect), subtype)
