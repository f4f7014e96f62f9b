"""The stage: where an expression stands, and what the functions that read expressions share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from headgate.core.hashing import Part
from headgate.core.recipe import Term, term
from headgate.sql.reading import Reading
from headgate.sql.relation import Field, Opaque, Relation, Scope
from headgate.sql.tree import PREFIX

Encode = Callable[["Stage", Any], Field]


@dataclass(slots=True)
class Stage:
    """Where an expression stands: its scope, the rows it is evaluated over, and what is collected on the way.

    Aggregates carry the rows of ``relation`` (after WHERE), windows those of ``windowed`` (after grouping as well).
    ``unnested`` collects the lists that UNNEST in the SELECT list multiplies rows by; None where UNNEST cannot stand.
    ``encoder`` reads an expression, ``read_query`` a subquery in a scope; ``windows`` are the named ones.
    """

    reading: Reading
    scope: Scope
    relation: Relation
    encoder: Encode
    read_query: Callable[[exp.Expression, Scope], Relation]
    windows: Mapping[str, exp.Expression]
    windowed: Relation
    unnested: list[Term] | None = None
    depth: int = 0

    def encode(self, node: Any) -> Field:
        """Return the field of an expression."""
        return self.encoder(self, node)

    def subquery(self, node: exp.Expression) -> Relation:
        """Return the relation of a query inside of an expression, which the engine joins in: rows lose their order."""
        relation = self.read_query(node, self.scope)
        self.scope.reorderings.append(relation.rows)
        return relation


def only(node: Any, *keys: str) -> None:
    """Raise where a node has an argument that this code does not know of."""
    for key, value in node.args.items():
        if key not in keys and value is not None and value is not False and value != []:
            raise Opaque(f"{key} of {type(node).__name__} is not understood")


def function_name(node: exp.Anonymous) -> str:
    """Return the name of a call as the engine folds it."""
    name = node.this.name if isinstance(node.this, exp.Expression) else str(node.this)
    return name.removeprefix(PREFIX).lower()


def order_keys(stage: Stage, node: Any | None) -> tuple[Term, list[Field]]:
    """Return the term of an ORDER BY list and its keys."""
    parts: list[Part | Term] = []
    fields: list[Field] = []
    for item in node.args.get("expressions") or () if node is not None else ():
        key = stage.encode(item.this)
        fields.append(key)
        extra = (bool(item.args.get("desc")), item.args.get("nulls_first"), bool(item.args.get("with_fill")))
        parts.append(term("key", key.term, *(None if e is None else bool(e) for e in extra)))
    return term("order by", *parts), fields
