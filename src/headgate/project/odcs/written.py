"""Tests and constraints as property files have them, and such an entry read back without a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headgate.core.address import Address, parse_address
from headgate.core.declarations import Properties
from headgate.core.diagnostic import Severity
from headgate.core.promises import NEVER, Condition, Constraint, DeclaredTest
from headgate.project.declared_tests import SETTINGS_OF_TESTS
from headgate.project.mapped import Mapped
from headgate.project.odcs.kept import KEPT
from headgate.project.pieces import Stated, StatedConstraint, Statement
from headgate.project.properties import read_statement
from headgate.project.text import Text
from headgate.project.yaml_nodes import At, Fields, Items, Node, Scalar

_NOWHERE: At = ("", 0, 0, 0)


def written_test(test: DeclaredTest, kept: Mapping[str, Any] | None = None) -> Any:
    """Return a test as a property file has it; ``kept`` is what a contract says of it besides.

    >>> written_test(DeclaredTest("not_null", "id", severity=Severity.WARNING))
    {'not_null': {'config': {'severity': 'warn'}}}
    """
    inside: dict[str, Any] = dict(test.arguments)
    if not SETTINGS_OF_TESTS.isdisjoint(inside):
        inside = {"arguments": inside}
    if test.name:
        inside["name"] = test.name
    if config := _config(test, kept or {}):
        inside["config"] = config
    return {test.kind: inside} if inside else test.kind


def _config(test: DeclaredTest, kept: Mapping[str, Any]) -> dict[str, Any]:
    unless_said = NEVER if test.is_quarantining else Condition()
    said: dict[str, Any] = {
        "severity": "warn" if test.severity is Severity.WARNING else None,
        "where": test.where or None,
        "warn_if": str(test.warn_if) if test.warn_if != unless_said else None,
        "error_if": str(test.error_if) if test.error_if != unless_said else None,
        "limit": test.limit,
        "tags": list(test.tags) or None,
        "enabled": None if test.is_enabled else False,
        "store_failures": test.keeps_failures or None,
        "quarantine": test.is_quarantining or None,
        **without_kept(test.kept),
    }
    if kept:
        said["meta"] = {**said.get("meta", {}), KEPT: dict(kept)}
    return {key: value for key, value in said.items() if value is not None}


def without_kept(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was noted of a test but for what a contract said of it."""
    meta = said.get("meta")
    if not isinstance(meta, Mapping) or KEPT not in meta:
        return dict(said)
    rest = {key: value for key, value in meta.items() if key != KEPT}
    return {**{key: value for key, value in said.items() if key != "meta"}, **({"meta": rest} if rest else {})}


def written_constraint(constraint: Constraint) -> dict[str, Any]:
    """Return a constraint as a property file has it below an asset."""
    said = {
        "type": constraint.kind.value,
        "name": constraint.name,
        "columns": list(constraint.columns),
        "expression": constraint.expression,
        "to": str(constraint.to or ""),
        "to_columns": list(constraint.to_columns),
        **constraint.kept,
    }
    return {key: value for key, value in said.items() if value not in ("", [])}


def node_of(value: Any) -> Node:
    """Return plain values as the tree of a YAML text in which they stand nowhere."""
    if isinstance(value, Mapping):
        return Fields(tuple((Scalar(str(key), False, _NOWHERE), node_of(one)) for key, one in value.items()), _NOWHERE)
    if isinstance(value, list | tuple):
        return Items(tuple(map(node_of, value)), _NOWHERE)
    if isinstance(value, str):
        return Scalar(value, False, _NOWHERE)
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    # A number with an exponent needs a point to be one: 1e-07 is a text.
    text = text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text
    return Scalar(text, True, _NOWHERE)


def properties_in(entry: Mapping[str, Any]) -> Properties:
    """Return what an entry of a property file says of an asset."""
    fields = node_of(entry)
    if not isinstance(fields, Fields):
        raise TypeError("an entry is a mapping")
    said = Mapped(fields)
    return properties_of(read_statement(Text("", ""), said, "models", Stated(str(entry.get("name", "")), fields.place)))


def properties_of(found: Statement) -> Properties:
    """Return what one statement says of an asset. Names in it are taken for addresses."""
    return Properties(
        owner=found.owner.value if found.owner else "",
        description=found.description.value if found.description else "",
        tags=tuple(tag.value for tag in found.tags),
        columns=found.columns,
        meta=found.meta,
        tests=tuple(stated.test for stated in found.tests),
        constraints=tuple(map(_constraint, found.constraints)),
        contract=found.contract,
    )


def _constraint(stated: StatedConstraint) -> Constraint:
    return replace(stated.constraint, to=_address(stated.to.name)) if stated.to else stated.constraint


def _address(name: str) -> Address | None:
    try:
        return parse_address(name)
    except ValueError:
        return None
