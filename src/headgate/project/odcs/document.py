"""What assets declare, as a contract of the Open Data Contract Standard 3.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headgate.core.address import Address, fold
from headgate.core.contract_tests import declared_tests
from headgate.core.declarations import DeclaredColumn, Kind, Properties
from headgate.core.promises import Constraint, ConstraintKind
from headgate.core.recipe import Shape
from headgate.project.odcs.kept import REPLACES, kept_in, put_back, restored
from headgate.project.odcs.levels import LEVELS, level_of, levels_of
from headgate.project.odcs.rules import ENGINE, rule_of
from headgate.project.odcs.types import logical_type
from headgate.project.odcs.written import written_constraint

VERSION = "v3.1.0"
"""The version of the standard that is written."""

OTHER_RULES = "other_rules"
"""The key under which rules of quality are kept that Headgate does not measure."""

PROTECTED = "protected"
"""The classification of columns whose values are not shown in samples."""

ASSETS = "assets"
"""The key of an entry below `contracts:` that lists whose contract it is."""


@dataclass(frozen=True, slots=True)
class Contracted:
    """An asset as a contract shows it; ``shape`` are its columns, as far as they are known."""

    address: Address
    kind: Kind
    properties: Properties
    shape: Shape = ()


def document_of(
    assets: Sequence[Contracted], said: Mapping[str, Any], *, is_known: Callable[[str], bool]
) -> dict[str, Any]:
    """Return the contract of some assets; ``said`` is its entry below `contracts:`, empty where there is none.

    ``is_known`` tells whether the name of a table, without its schema, means one asset alone.
    """
    own = {key: value for key, value in said.items() if key not in (ASSETS, "team", REPLACES)}
    if found := [level for asset in assets for level in levels_in(asset)]:
        own[LEVELS] = levels_of(own.get(LEVELS), found)
    team = {key: said[key] for key in ("team", REPLACES) if key in said}
    schema = [object_of(asset, is_known=is_known) for asset in assets]
    return {**standard_of(assets), **own, **restored(team_of(assets), team), **({"schema": schema} if schema else {})}


def levels_in(asset: Contracted) -> list[dict[str, Any]]:
    """Return the service levels of a contract that are tests of an asset, with their places."""
    table = asset.address.partition(".")[2]
    found = (level_of(test, table) for test in declared_tests(asset.properties))
    return [level for level in found if level is not None]


def standard_of(assets: Sequence[Contracted]) -> dict[str, Any]:
    """Return what every contract has to say of itself, where nobody has said it."""
    return {
        "apiVersion": VERSION,
        "kind": "DataContract",
        "id": str(assets[0].address) if assets else "",
        "version": "1.0.0",
        "status": "active" if all(_is_enforced(asset.properties) for asset in assets) else "draft",
    }


def team_of(assets: Sequence[Contracted]) -> dict[str, Any]:
    """Return the team that answers for all of the assets; nothing where there is no such one."""
    owners = {asset.properties.owner for asset in assets}
    owner = owners.pop() if len(owners) == 1 else ""
    return {"team": {"name": owner}} if owner else {}


def object_of(asset: Contracted, *, is_known: Callable[[str], bool]) -> dict[str, Any]:
    """Return the object of a contract's schema that an asset is."""
    kept = dict(kept_in(asset.properties.meta))
    others = kept.pop(OTHER_RULES, None)
    found = derived_object(asset, is_known=is_known)
    if quality := put_back([*_rules(asset.properties, ""), *_other_constraints(asset, is_known)], others):
        found["quality"] = quality
    found = restored(found, kept)
    if columns := [property_of(column, asset, is_known=is_known) for column in columns_of(asset)]:
        found["properties"] = columns
    return found


def derived_object(asset: Contracted, *, is_known: Callable[[str], bool]) -> dict[str, Any]:
    """Return what an object says beside its columns and its quality."""
    schema, _, name = asset.address.partition(".")
    said: dict[str, Any] = {
        "name": name,
        "physicalName": f"{schema}.{name}",
        "physicalType": "view" if asset.kind is Kind.VIEW else "table",
        "description": asset.properties.description,
        "tags": list(asset.properties.tags),
        "relationships": [
            {
                "from": [f"{name}.{column}" for column in one.columns],
                "to": [f"{str(one.to).partition('.')[2]}.{column}" for column in one.to_columns],
            }
            for one in asset.properties.constraints
            if is_combined(one) and _is_said(one, asset, is_known)
        ],
    }
    return {key: value for key, value in said.items() if value}


def columns_of(asset: Contracted) -> tuple[DeclaredColumn, ...]:
    """Return the columns that are promised; where nothing is, those that are declared and those that there are."""
    declared = asset.properties.columns
    if _is_enforced(asset.properties) or kept_in(asset.properties.meta):
        return declared
    known = {fold(column.name) for column in declared}
    return (*declared, *(DeclaredColumn(c.name, c.type) for c in asset.shape if fold(c.name) not in known))


def property_of(column: DeclaredColumn, asset: Contracted, *, is_known: Callable[[str], bool]) -> dict[str, Any]:
    """Return the property that a column is."""
    kept = dict(kept_in(column.meta))
    others = kept.pop(OTHER_RULES, None)
    if "name" in kept and fold(str(kept.get("physicalName", ""))) != fold(column.name):
        kept.pop("physicalName", None)  # the column has another name by now
    found = derived_property(column, asset, is_known=is_known)
    if quality := put_back(_rules(asset.properties, column.name), others):
        found["quality"] = quality
    return restored(found, kept)


def derived_property(column: DeclaredColumn, asset: Contracted, *, is_known: Callable[[str], bool]) -> dict[str, Any]:
    """Return what a property says beside its quality."""
    constraints, name = asset.properties.constraints, fold(column.name)
    types = {fold(one.name): one.type for one in asset.shape}
    key = [fold(one) for c in constraints if c.kind is ConstraintKind.PRIMARY_KEY for one in c.columns]
    classification = column.meta.get("classification") or (PROTECTED if column.is_protected else "")
    said: dict[str, Any] = {
        "name": column.name,
        "logicalType": logical_type(column.type or types.get(name, "")),
        "physicalType": column.type or types.get(name, ""),
        "description": column.description,
        "tags": list(column.tags),
        "classification": classification if isinstance(classification, str) else "",
        "primaryKey": name in key,
        "primaryKeyPosition": key.index(name) + 1 if name in key else 0,
        "required": any(c.kind is ConstraintKind.NOT_NULL and name in map(fold, c.columns) for c in constraints),
        "unique": any(c.kind is ConstraintKind.UNIQUE and [name] == [fold(o) for o in c.columns] for c in constraints),
        "relationships": [
            {"to": f"{str(c.to).partition('.')[2]}.{c.to_columns[0]}"}
            for c in constraints
            if is_relationship(c) and fold(c.columns[0]) == name and is_known(str(c.to).partition(".")[2])
        ],
    }
    return {key: value for key, value in said.items() if value}


def is_relationship(constraint: Constraint) -> bool:
    """Tell whether a constraint leads from one column to one of another asset."""
    is_one = len(constraint.columns) == len(constraint.to_columns) == 1
    return constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.to is not None and is_one


def is_combined(constraint: Constraint) -> bool:
    """Tell whether a constraint leads from several columns to as many of another asset."""
    count = len(constraint.columns)
    is_key = constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.to is not None
    return is_key and count == len(constraint.to_columns) and count > 1


def _rules(properties: Properties, column: str) -> list[dict[str, Any]]:
    tests = (test for test in declared_tests(properties) if fold(test.column) == fold(column))
    return [rule_of(test) for test in tests if level_of(test, "") is None]


def _other_constraints(asset: Contracted, is_known: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    """Yield the constraints that are no more than said by properties, as rules of our own engine."""
    for constraint in asset.properties.constraints:
        if not _is_said(constraint, asset, is_known):
            yield {"type": "custom", "engine": ENGINE, "implementation": {"constraint": written_constraint(constraint)}}


def _is_said(constraint: Constraint, asset: Contracted, is_known: Callable[[str], bool]) -> bool:
    """Tell whether properties of columns say all of a constraint."""
    names = {fold(column.name) for column in columns_of(asset)}
    if (
        constraint.name
        or constraint.expression
        or constraint.kept
        or not names.issuperset(map(fold, constraint.columns))
    ):
        return False
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        kinds = [one.kind for one in asset.properties.constraints]
        return kinds.count(ConstraintKind.PRIMARY_KEY) == 1 and bool(constraint.columns)
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        is_either = is_relationship(constraint) or is_combined(constraint)
        return is_either and is_known(str(constraint.to).partition(".")[2])
    is_simple = constraint.kind in (ConstraintKind.NOT_NULL, ConstraintKind.UNIQUE)
    return is_simple and len(constraint.columns) == 1


def _is_enforced(properties: Properties) -> bool:
    return properties.contract is not None and properties.contract.is_enforced
