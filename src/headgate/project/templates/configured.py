"""What ``config(...)`` in a template says, in the form of a property file's ``config:``: one reader for both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headgate.core.diagnostic import Diagnostic
from headgate.core.promises import DeclaredTest
from headgate.core.template import place_of
from headgate.project.check_form import FormCheck
from headgate.project.declared_loading import as_dbt_names_it
from headgate.project.declared_tests import read_query_test
from headgate.project.forms.property_file import HEADER
from headgate.project.mapped import Mapped
from headgate.project.pieces import QueryStatement, Statement
from headgate.project.properties import read_statement
from headgate.project.templates.filled import Filled
from headgate.project.text import Text
from headgate.project.yaml_nodes import At, Fields, Items, Node, Scalar

_OUTSIDE = ("description", "columns")
"""Keys that stand beside ``config:`` in a property file."""

_FIELDS = {key: key for key in ("severity", "warn_if", "error_if", "limit", "tags")} | {
    "enabled": "is_enabled",
    "store_failures": "keeps_failures",
}
"""Keys of a data test, and what holds them."""


def statements_of(filled: Filled, source: Text) -> tuple[list[Statement], FormCheck, tuple[Diagnostic, ...]]:
    """Return what each ``config(...)`` says, what was seen when its form was checked, and the faults of that."""
    text = Text(source.path, source.text)
    check = FormCheck(text)
    found: list[Statement] = []
    for said, at in filled.configured:
        place = place_of(source.text, source.path, at, len("config"))
        where = (place.path, place.line, place.column, place.length)
        outside = [_pair(key, value, where) for key, value in said.items() if key in _OUTSIDE]
        inside = [_pair(key, value, where) for key, value in said.items() if key not in _OUTSIDE]
        fields = Fields((*outside, (Scalar("config", True, where), Fields(tuple(inside), where))), where)
        check.check(fields, HEADER, "config(...)")
        found.append(read_statement(text, Mapped(fields), "", None))
    return found, check, text.all_faults()


def query_test_of(filled: Filled, query: QueryStatement, source: Text) -> tuple[DeclaredTest, tuple[Diagnostic, ...]]:
    """Return the data test that a filled query is: ``config(...)`` says what its header leaves open."""
    text = Text(source.path, source.text)
    said: dict[str, tuple[Scalar, Node]] = {}
    for values, at in filled.configured:
        place = place_of(source.text, source.path, at, len("config"))
        where = (place.path, place.line, place.column, place.length)
        said |= {key: _pair(key, value, where) for key, value in values.items()}
    test = read_query_test(text, query.test.name, Fields(tuple(said.values()), (source.path, 1, 1, 0)))
    above = {field: getattr(query.test, field) for key, field in _FIELDS.items() if key in query.stated}
    return replace(test, **above, kept={**test.kept, **query.test.kept}), text.all_faults()


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
        found |= {"group": one.group.value} if one.group else {}
        found |= {"contract": {"enforced": one.contract.is_enforced}} if one.contract else {}
        found |= as_dbt_names_it(one.loading)
    return {key: value for key, value in found.items() if value not in ({}, None)}


def _pair(key: str, value: Any, at: At) -> tuple[Scalar, Node]:
    return Scalar(key, True, at), _node(value, at)


def _node(value: Any, at: At) -> Node:
    if isinstance(value, dict):
        return Fields(tuple(_pair(str(key), one, at) for key, one in value.items()), at)
    if isinstance(value, (list, tuple)):
        return Items(tuple(_node(one, at) for one in value), at)
    if value is None or isinstance(value, (bool, int, float)):
        return Scalar("null" if value is None else str(value).lower(), True, at)
    return Scalar(str(value), False, at)
