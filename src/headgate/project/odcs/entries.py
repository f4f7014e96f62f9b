"""A contract of the Open Data Contract Standard, as entries of property files. Pure.

An entry says of its asset what Headgate understands of the contract; what it does not is kept below `meta: odcs:`, and
what the contract says of itself in an entry of its own, below `contracts:`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headgate.core.address import Address, fold
from headgate.core.declarations import DeclaredColumn, Kind, Properties
from headgate.core.recipe import Shape
from headgate.project.check_form import FormCheck
from headgate.project.forms.columns import CONSTRAINT
from headgate.project.odcs.document import (
    ASSETS,
    OTHER_RULES,
    PROTECTED,
    Contracted,
    levels_in,
    object_of,
    property_of,
    standard_of,
    team_of,
)
from headgate.project.odcs.kept import KEPT, REPLACES, is_same, left_over
from headgate.project.odcs.levels import LEVELS, test_of_level
from headgate.project.odcs.rules import ENGINE, test_of
from headgate.project.odcs.types import DEFAULTS, logical_type
from headgate.project.odcs.written import node_of, properties_in
from headgate.project.text import Text

NOT_ENFORCED = frozenset({"proposed", "draft", "retired"})
"""A contract of this status is declared and not enforced."""

_REPLACED = ("description", "owner", "tags", "columns", "constraints", "data_tests", "tests", "contract")
_REPLACED_OF_COLUMNS = ("data_type", "type", "description", "tags", "constraints", "data_tests", "tests", "protected")


@dataclass(frozen=True, slots=True)
class Target:
    """The asset that an object of a contract describes, as it is declared now.

    ``entry`` is what stands of it in a property file already, ``shape`` are its columns as far as they are known.
    """

    address: Address
    kind: Kind
    properties: Properties = field(default_factory=Properties)
    entry: Mapping[str, Any] = field(default_factory=dict)
    shape: Shape = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The names of assets: which address a table's name means, if one alone; and the dialect of their types."""

    address_of: Callable[[str], Address | None]
    dialect: str = "duckdb"

    def is_known(self, name: str) -> bool:
        """Tell whether a table's name means one asset."""
        return self.address_of(name) is not None


@dataclass(frozen=True, slots=True)
class Taken:
    """Entries of assets, in the order of the contract, the entry of the contract itself (empty: it needs none).

    An asset that is declared so already has no entry. ``left_out`` is what is kept and has no effect: what it is, and
    why.
    """

    entries: tuple[dict[str, Any] | None, ...]
    contract: dict[str, Any]
    left_out: tuple[tuple[str, str], ...]


def taken_over(document: Mapping[str, Any], targets: Sequence[Target], names: Names) -> Taken:
    """Return what a contract says, as entries; ``targets`` are the assets of its objects, in their order."""
    told: list[tuple[str, str]] = []
    team = document.get("team")
    owner = team.get("name") if isinstance(team, Mapping) else None
    is_enforced = document.get("status") not in NOT_ENFORCED
    if not is_enforced and targets:
        told.append((str(document.get("id")), f"its status is {document['status']}: it is declared and not enforced"))
    entries: list[dict[str, Any] | None] = []
    contracted: list[Contracted] = []
    levels = _Levels(document.get(LEVELS))
    for said, target in zip(document.get("schema") or (), targets, strict=True):
        work = _Object(said, target, names, told, levels)
        entry = work.entry(owner if isinstance(owner, str) else "", is_enforced=is_enforced)
        found = work.contracted(entry)
        is_declared = _is_declared(said, target, found, names)
        entries.append(None if is_declared else entry)
        contracted.append(found)
    contract = _contract(levels.left_in(document), contracted)
    told += ((str(document["id"]), f"{key}: kept below `contracts:`") for key in _WITHOUT_EFFECT if key in contract)
    return Taken(tuple(entries), contract, tuple(told))


def _is_declared(said: Mapping[str, Any], target: Target, found: Contracted, names: Names) -> bool:
    """Tell whether an asset is declared as its object says, in whatever words."""
    now = target.properties
    is_held = [one.contract is not None and one.contract.is_enforced for one in (now, found.properties)]
    if is_held[0] is not is_held[1] or now.owner != found.properties.owner:
        return False
    asset = Contracted(target.address, target.kind, now, target.shape)
    return is_same(levels_in(asset), levels_in(found)) and is_same(object_of(asset, is_known=names.is_known), said)


_WITHOUT_EFFECT = (LEVELS, "roles", "servers")
"""What of a contract itself people may take for something that is done."""


def _contract(document: Mapping[str, Any], assets: Sequence[Contracted]) -> dict[str, Any]:
    """Return the entry of a contract; nothing where an export would say all of it by itself."""
    standard = standard_of(assets)
    own = {
        key: value
        for key, value in document.items()
        if key not in ("team", "kind")
        and not (key == "schema" and value)
        and not (key == "apiVersion" and value == standard["apiVersion"])
    }
    team = left_over({"team": document["team"]} if "team" in document else {}, team_of(assets))
    derived = {key: value for key, value in standard.items() if key in own}
    if len(assets) == 1 and not team and is_same(own, derived):
        return {}
    head: dict[str, Any] = {key: own.pop(key) for key in ("id", "name", "version", "status") if key in own}
    return {**head, ASSETS: [str(asset.address) for asset in assets], **own, **team}


class _Levels:
    """The service levels of a contract, of which some become tests of columns."""

    def __init__(self, said: Any) -> None:
        self._items = said if isinstance(said, list) else []
        self._taken: set[int] = set()

    def tests(self, elements: Collection[str], *, table: str, column: str, type_: str) -> list[Any]:
        """Return the tests of a column, which a contract may name by any of ``elements``; no other has them as well."""
        found: list[Any] = []
        for at, item in enumerate(self._items):
            element = item.get("element") if isinstance(item, Mapping) else None
            if at in self._taken or not isinstance(element, str) or fold(element) not in elements:
                continue
            test = test_of_level(item, at, table=table, column=column, type_=type_)
            if test is not None:
                self._taken.add(at)
                found.append(test)
        return found

    def left_in(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a contract without the levels that became tests."""
        if not self._taken:
            return document
        rest = [item for at, item in enumerate(self._items) if at not in self._taken]
        others = {key: value for key, value in document.items() if key != LEVELS}
        return {**others, LEVELS: rest} if rest else others


class _Object:
    """One object of a contract and the asset that it describes."""

    def __init__(
        self, said: Mapping[str, Any], target: Target, names: Names, told: list[tuple[str, str]], levels: _Levels
    ) -> None:
        self._levels = levels
        self._said = {key: value for key, value in said.items() if value is not None}
        self._target = target
        self._names = names
        self._told = told

    def entry(self, owner: str, *, is_enforced: bool) -> dict[str, Any]:
        """Return the entry of the asset: what the contract says in place of what was said, all else as it was."""
        said, old = self._said, self._target.entry
        columns = [one for one in said.get("properties") or () if isinstance(one, Mapping)]
        if not columns:
            self._tell("", "it names no columns: there is nothing to enforce")
        tests, others = self._tests(said.get("quality"), "")
        entry: dict[str, Any] = {
            "name": old.get("name", str(self._target.address)),
            **{key: value for key, value in old.items() if key not in (*_REPLACED, "name", "meta")},
            "description": said.get("description") or old.get("description"),
            "owner": owner or old.get("owner"),
            "tags": said.get("tags") or old.get("tags"),
            "contract": {"enforced": True} if is_enforced and columns else None,
            "constraints": self._constraints(columns),
            "data_tests": tests,
            "columns": [self._column(one) for one in columns],
        }
        entry["meta"] = _meta(old.get("meta"), {OTHER_RULES: others} if others else {})
        entry = _given(entry)
        kept = left_over(_part(said), _part(object_of(self.contracted(entry), is_known=self._names.is_known)))
        kept = {**({OTHER_RULES: others} if others else {}), **kept}
        if not kept and "contract" not in entry:
            kept = {REPLACES: {}}  # so that an export adds no columns of which the contract says nothing
        entry["meta"] = _meta(old.get("meta"), kept)
        return _given({key: entry[key] for key in _ordered(entry)})

    def contracted(self, entry: Mapping[str, Any]) -> Contracted:
        """Return the asset as it is declared with this entry."""
        found, now = properties_in(entry), self._target.properties
        found = replace(
            found,
            owner=found.owner or now.owner,
            description=found.description or now.description,
            tags=found.tags or now.tags,
        )
        return Contracted(self._target.address, self._target.kind, found, self._target.shape)

    def _tests(self, quality: Any, column: str) -> tuple[list[Any], list[dict[str, Any]]]:
        """Return the tests among the rules of quality, and all other rules with their positions."""
        tests: list[Any] = []
        others: list[dict[str, Any]] = []
        for at, rule in enumerate(quality if isinstance(quality, list) else ()):
            test = test_of(rule, column)
            if test is not None:
                tests.append(test)
            elif column or _constraint_in(rule) is None:
                others.append({"at": at, "is": rule})
                self._tell(column, f"quality: {_rule_told(rule)} is kept and not measured")
        return tests, others

    def _constraints(self, columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the constraints of the asset: its primary key, references, and those that are written out."""
        keys = [one for one in columns if one.get("primaryKey") is True]
        keys.sort(key=lambda one: _position(one.get("primaryKeyPosition")))
        rules = self._said.get("quality")
        written = [one for rule in (rules if isinstance(rules, list) else ()) if (one := _constraint_in(rule))]
        written += self._references(columns)
        if not keys or any(one["type"] == "primary_key" for one in written):
            return written
        return [{"type": "primary_key", "columns": [_name(one) for one in keys]}, *written]

    def _references(self, columns: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the foreign keys of several columns among the relationships of the object."""
        tables = {fold(str(self._said.get(key))) for key in ("name", "physicalName")}
        names = {fold(_name(column)): _name(column) for column in columns}
        related = self._said.get("relationships")
        for one in related if isinstance(related, list) else ():
            ends = [_ends(one.get(key)) for key in ("from", "to")] if isinstance(one, Mapping) else []
            if len(ends) != 2 or len(ends[0][1]) != len(ends[1][1]) or fold(ends[0][0]) not in tables:
                continue
            address, own = self._names.address_of(ends[1][0]), [names.get(fold(column)) for column in ends[0][1]]
            if address is not None and None not in own:
                yield {"type": "foreign_key", "columns": own, "to": str(address), "to_columns": ends[1][1]}

    def _column(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entry of a column."""
        said = {key: value for key, value in said.items() if value is not None}
        name = _name(said)
        olds = (one for one in self._target.entry.get("columns") or () if isinstance(one, Mapping))
        old = next((one for one in olds if fold(str(one.get("name"))) == fold(name)), {})
        tests, others = self._tests(said.get("quality"), name)
        classification = said.get("classification")
        is_protected = classification == PROTECTED
        type_ = self._type(said, name)
        tests += self._tests_of_levels(said, old.get("name", name), type_ or "")
        entry = {
            "name": old.get("name", name),
            "data_type": type_,
            "description": said.get("description") or old.get("description"),
            "tags": said.get("tags") or old.get("tags"),
            "protected": True if is_protected else None,
            **{key: value for key, value in old.items() if key not in (*_REPLACED_OF_COLUMNS, "name", "meta")},
            "constraints": list(self._constraints_of(said, name)),
            "data_tests": tests,
        }
        noted = {"classification": classification} if isinstance(classification, str) and not is_protected else {}
        meta = {OTHER_RULES: others} if others else {}
        entry["meta"] = _meta(old.get("meta"), meta, noted)
        derived = self._derived(_given(entry), [one for one in self._said.get("properties") or () if one])
        entry["meta"] = _meta(old.get("meta"), {**meta, **left_over(said, derived)}, noted)
        for key in ("properties", "items", "logicalTypeOptions"):
            if key in said:
                self._tell(name, f"{key}: kept and not measured")
        return _given(entry)

    def _tests_of_levels(self, said: Mapping[str, Any], column: Any, type_: str) -> list[Any]:
        """Return the tests that the contract's service levels of a column are."""
        tables = {str(self._said.get(key)) for key in ("name", "physicalName") if self._said.get(key)}
        columns = {str(said.get(key)) for key in ("name", "physicalName") if said.get(key)}
        elements = {fold(f"{one}.{other}") for one in tables for other in columns}
        table = self._target.address.partition(".")[2]
        return self._levels.tests(elements, table=table, column=str(column), type_=type_)

    def _derived(self, column: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the property that would be written for a column, its key included."""
        entry = {"name": "x", "constraints": self._constraints(columns), "columns": [column]}
        properties = properties_in(entry)
        asset = Contracted(self._target.address, self._target.kind, properties, self._target.shape)
        found: DeclaredColumn = properties.columns[0]
        return property_of(found, asset, is_known=self._names.is_known)

    def _constraints_of(self, said: Mapping[str, Any], column: str) -> Iterator[dict[str, Any]]:
        if said.get("required") is True:
            yield {"type": "not_null"}
        if said.get("unique") is True:
            yield {"type": "unique"}
        for one in said.get("relationships") or ():
            to = one.get("to") if isinstance(one, Mapping) else None
            table, dot, there = to.rpartition(".") if isinstance(to, str) else ("", "", "")
            address = self._names.address_of(table) if dot and "/" not in table else None
            if address is None:
                self._tell(column, f"relationships: {to} names no asset; kept and not measured")
            else:
                yield {"type": "foreign_key", "to": str(address), "to_columns": [there]}

    def _type(self, said: Mapping[str, Any], name: str) -> str | None:
        """Return the type to declare: the physical one; else the column's own, or one like the logical one."""
        physical, logical = said.get("physicalType"), said.get("logicalType")
        if isinstance(physical, str) and physical.strip():
            if properties_in({"columns": [{"name": name, "data_type": physical}]}).columns[0].type:
                return physical
            self._tell(name, f"physicalType: {physical!r} is no type of a column; kept")
            return None
        own = next((column.type for column in self._target.shape if fold(column.name) == fold(name)), "")
        if not isinstance(logical, str) or (own and logical_type(own) == logical):
            return own or None
        return DEFAULTS.get(logical, {}).get(self._names.dialect)

    def _tell(self, column: str, reason: str) -> None:
        self._told.append((f"{self._target.address}{f'.{column}' if column else ''}", reason))


def _part(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an object says beside its columns; that it has none is part of it."""
    return {key: value for key, value in said.items() if key != "properties" or not value}


def _name(said: Mapping[str, Any]) -> str:
    """Return what a column is called: its physical name, where it has one."""
    physical = said.get("physicalName")
    return physical if isinstance(physical, str) and physical.strip() else str(said.get("name", ""))


def _ends(said: Any) -> tuple[str, list[str]]:
    """Return the one table and the columns that an end of a relationship lists, TABLE.COLUMN each; else no column."""
    parts = [one.rpartition(".") for one in said if isinstance(one, str)] if isinstance(said, list) else []
    tables = {table for table, _, _ in parts}
    is_whole = isinstance(said, list) and len(parts) == len(said) > 1 and len(tables) == 1
    return (tables.pop(), [column for _, _, column in parts]) if is_whole else ("", [])


def _position(position: Any) -> int:
    return position if isinstance(position, int) and position > 0 else 1_000_000


def _constraint_in(rule: Any) -> dict[str, Any] | None:
    """Return the constraint that a rule of our own engine holds."""
    inside = rule.get("implementation") if isinstance(rule, Mapping) and rule.get("engine") == ENGINE else None
    found = inside.get("constraint") if isinstance(inside, Mapping) and inside.keys() == {"constraint"} else None
    return dict(found) if isinstance(found, Mapping) and _is_constraint(found) else None


def _is_constraint(said: Mapping[str, Any]) -> bool:
    """Tell whether a property file may hold it as a constraint."""
    source = Text("", "")
    FormCheck(source).check(node_of(said), CONSTRAINT, "constraint")
    return not source.all_faults()


def _rule_told(rule: Any) -> str:
    """Return which rule it is, in a few words."""
    if not isinstance(rule, Mapping):
        return "what is no rule"
    kind = rule.get("metric") or rule.get("type", "library")
    return f"{rule['name']} ({kind})" if isinstance(rule.get("name"), str) else f"a rule of type {kind}"


def _meta(old: Any, kept: Mapping[str, Any], noted: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a `meta:` with what is kept of a contract in place of what was."""
    before = {key: value for key, value in old.items() if key != KEPT} if isinstance(old, Mapping) else {}
    return {**before, **(noted or {}), **({KEPT: dict(kept)} if kept else {})}


def _given(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None and value not in ({}, [], "")}


_ORDER = ("name", "description", "owner", "tags", "contract", "constraints", "data_tests")
_LAST = ("columns", "meta")


def _ordered(entry: Mapping[str, Any]) -> list[str]:
    """Return the keys of an entry in the order in which people read it."""
    others = [key for key in entry if key not in (*_ORDER, *_LAST)]
    return [key for key in (*_ORDER, *others, *_LAST) if key in entry]
