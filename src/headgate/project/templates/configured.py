"""What ``config(...)`` in a template says, in the form of a property file's ``config:``: one reader for both."""

from __future__ import annotations

from typing import Any

from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.template import place_of
from headgate.project.mapped import Mapped
from headgate.project.pieces import Statement
from headgate.project.properties import read_statement
from headgate.project.templates.filled import Filled
from headgate.project.text import Text
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar

_OUTSIDE = ("description", "columns")
"""Keys that stand beside ``config:`` in a property file."""


def statements_of(filled: Filled, source: Text) -> tuple[list[Statement], tuple[Diagnostic, ...]]:
    """Return what each ``config(...)`` says, with the faults of that."""
    text = Text(source.path, source.text)
    found: list[Statement] = []
    for said, at in filled.configured:
        place = place_of(source.text, source.path, at, len("config"))
        outside = [_pair(key, value, place) for key, value in said.items() if key in _OUTSIDE]
        inside = [_pair(key, value, place) for key, value in said.items() if key not in _OUTSIDE]
        pairs = (*outside, (Scalar("config", True, place), Fields(tuple(inside), place)))
        statement = read_statement(Mapped(text, Fields(tuple(pairs), place)), "", None)
        found.append(statement)
    return found, text.all_faults()


def declared_of(statements: list[Statement]) -> dict[str, Any]:
    """Return what headers and property files say of an asset, as ``config.get`` names it."""
    found: dict[str, Any] = {}
    for one in reversed(statements):
        config = one.meta.get("config")
        found |= config if isinstance(config, dict) else {}
        found |= {"meta": {**found.get("meta", {}), **{k: v for k, v in one.meta.items() if k != "config"}}}
        found |= {"materialized": one.kind.value} if one.kind else {}
        found |= {"owner": one.owner.value} if one.owner else {}
        found |= {"description": one.description.value} if one.description else {}
        found |= {"tags": [tag.value for tag in one.tags]} if one.tags else {}
    return {key: value for key, value in found.items() if value not in ({}, None)}


def _pair(key: str, value: Any, place: Place) -> tuple[Scalar, Node]:
    return Scalar(key, True, place), _node(value, place)


def _node(value: Any, place: Place) -> Node:
    if isinstance(value, dict):
        return Fields(tuple(_pair(str(key), one, place) for key, one in value.items()), place)
    if isinstance(value, (list, tuple)):
        return Items(tuple(_node(one, place) for one in value), place)
    if value is None or isinstance(value, (bool, int, float)):
        return Scalar("null" if value is None else str(value).lower(), True, place)
    return Scalar(str(value), False, place)
