"""Several statements about one asset into its properties: where two of them speak, they have to agree."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from headgate.core.address import Address, fold
from headgate.core.comparison import EXACT
from headgate.core.declarations import DeclaredColumn, Kind, Properties
from headgate.core.diagnostic import Place
from headgate.core.json_form import dumps
from headgate.project.pieces import Stated, StatedConstraint, StatedTest, Statement


class Fault(Protocol):
    """Notes a fault at a place."""

    def __call__(self, code: str, summary: str, place: Place, hint: str = "", *, detail: str = "") -> None:
        """Note it."""


def agreed(address: Address, statements: Sequence[Statement], place: Place, fault: Fault) -> Properties:
    """Return the properties of an asset. Where two statements differ, the first holds and the second is a fault.

    Tests and constraints are left to whoever can look up the names in them.
    """
    kind = _one(address, "kind", [s.kind for s in statements], fault)
    _one(address, "template", [s.template for s in statements], fault)
    owner = _one(address, "owner", [s.owner for s in statements], fault)
    description = _one(address, "description", [s.description for s in statements], fault)
    group = _one(address, "group", [s.group for s in statements], fault)
    isolated = _one(address, "key isolate", [s.is_isolated for s in statements], fault)
    contracts = [s.contract for s in statements if s.contract]
    stated = [Stated(str(c.is_enforced).lower(), c.place) for c in contracts if c.place]
    _one(address, "contract", stated, fault)
    return Properties(
        kind=Kind(kind.value) if kind else None,
        owner=owner.value if owner else "",
        description=description.value if description else "",
        tags=_tags(address, statements, fault),
        columns=_columns(address, statements, fault),
        meta=_meta(address, statements, fault),
        place=place,
        group=group.value if group else "",
        contract=contracts[0] if contracts else None,
        is_isolated=isolated is not None and isolated.value == "true",
        freshness=next((s.freshness for s in statements if s.freshness), None),
    )


def agreed_tests(address: Address, statements: Sequence[Statement], fault: Fault) -> tuple[StatedTest, ...]:
    """Return the tests of all statements: those of one column, or of the whole asset, from the first that has some."""
    told = {"": "tests"}
    return _all(
        [s.tests for s in statements],
        part=lambda one: fold(one.test.column),
        essence=lambda one: dumps(replace(one.test, place=None)),
        differ=lambda part, first, second: _differ(
            address,
            told.get(part, f"tests of column {second[0].test.column}"),
            (_names([one.test.kind for one in first]), first[0].test.place or Place("")),
            (_names([one.test.kind for one in second]), second[0].test.place or Place("")),
            fault,
        ),
    )


def agreed_constraints(address: Address, statements: Sequence[Statement], fault: Fault) -> tuple[StatedConstraint, ...]:
    """Return the constraints of all statements, as tests are put together; by the columns that they are about."""
    return _all(
        [s.constraints for s in statements],
        part=lambda one: tuple(sorted(map(fold, one.constraint.columns))),
        essence=lambda one: dumps((replace(one.constraint, place=None), one.to.name if one.to else "")),
        differ=lambda _, first, second: _differ(
            address,
            "constraints",
            (_names([one.constraint.kind for one in first]), first[0].constraint.place or Place("")),
            (_names([one.constraint.kind for one in second]), second[0].constraint.place or Place("")),
            fault,
        ),
    )


_T = TypeVar("_T")
_K = TypeVar("_K", bound=Hashable)


def _all(
    stated: Sequence[Sequence[_T]],
    *,
    part: Callable[[_T], _K],
    essence: Callable[[_T], str],
    differ: Callable[[_K, list[_T], list[_T]], None],
) -> tuple[_T, ...]:
    """Return what the statements list, part by part: each from the first that has it; others must have the same."""
    found: dict[_K, list[_T]] = {}
    given = [statement for statement in stated if statement]
    if len(given) == 1:
        return tuple(given[0])
    for statement in given:
        own: dict[_K, list[_T]] = {}
        for one in statement:
            own.setdefault(part(one), []).append(one)
        for key, items in own.items():
            first = found.setdefault(key, items)
            if first is not items and {essence(one) for one in first} != {essence(one) for one in items}:
                differ(key, first, items)
    return tuple(one for items in found.values() for one in items)


def _names(kinds: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(kinds))


def _one(address: Address, what: str, stated: Sequence[Stated | None], fault: Fault) -> Stated | None:
    given = [one for one in stated if one is not None and one.value]
    for other in given[1:]:
        if other.value != given[0].value:
            _differ(address, what, (given[0].value, given[0].place), (other.value, other.place), fault)
    return given[0] if given else None


def _tags(address: Address, statements: Sequence[Statement], fault: Fault) -> tuple[str, ...]:
    given = [s for s in statements if s.tags]
    if not given:
        return ()
    first = tuple(dict.fromkeys(tag.value for tag in given[0].tags))
    for other in given[1:]:
        tags = tuple(dict.fromkeys(tag.value for tag in other.tags))
        if set(tags) != set(first):
            places = (given[0].tags[0].place, other.tags[0].place)
            _differ(address, "tags", (", ".join(first), places[0]), (", ".join(tags), places[1]), fault)
    return first


def _columns(address: Address, statements: Sequence[Statement], fault: Fault) -> tuple[DeclaredColumn, ...]:
    """Return the columns of all statements, each once; one statement may give types, another descriptions."""
    found: dict[str, DeclaredColumn] = {}
    for statement in statements:
        for column in statement.columns:
            known = found.setdefault(fold(column.name), column)
            if known is column:
                continue
            for what, first, second in (
                ("type", known.type, column.type),
                ("description", known.description, column.description),
            ):
                if first and second and fold(first) != fold(second) and known.place and column.place:
                    told = f"{what} of column {column.name}"
                    _differ(address, told, (first, known.place), (second, column.place), fault)
            if known.tags and column.tags and set(known.tags) != set(column.tags) and known.place and column.place:
                first, second = ", ".join(known.tags), ", ".join(column.tags)
                told = f"tags of column {column.name}"
                _differ(address, told, (first, known.place), (second, column.place), fault)
            protected = known.is_protected, column.is_protected
            if None not in protected and protected[0] is not protected[1] and known.place and column.place:
                first, second = (str(one).lower() for one in protected)
                told = f"key protected of column {column.name}"
                _differ(address, told, (first, known.place), (second, column.place), fault)
            near = known.tolerance, column.tolerance
            if EXACT not in near and near[0] != near[1] and known.place and column.place:
                first, second = (f"{one.absolute:g} and {one.relative:g}" for one in near)
                told = f"tolerance of column {column.name}"
                _differ(address, told, (first, known.place), (second, column.place), fault)
            found[fold(column.name)] = replace(
                known,
                tolerance=near[1] if near[0] == EXACT else near[0],
                is_protected=protected[1] if protected[0] is None else protected[0],
                type=known.type or column.type,
                description=known.description or column.description,
                tags=known.tags or column.tags,
                meta=_meta_of_column(address, known, column, fault),
            )
    return tuple(found.values())


def _meta_of_column(address: Address, known: DeclaredColumn, column: DeclaredColumn, fault: Fault) -> Mapping[str, Any]:
    for key in sorted(known.meta.keys() & column.meta.keys()):
        first, second = known.meta[key], column.meta[key]
        if first != second and known.place and column.place:
            told = f"{key} in meta of column {column.name}"
            _differ(address, told, (str(first), known.place), (str(second), column.place), fault)
    return {**column.meta, **known.meta}


def _meta(address: Address, statements: Sequence[Statement], fault: Fault) -> Mapping[str, Any]:
    if len(statements) == 1:
        return statements[0].meta
    found: dict[str, tuple[Any, Place]] = {}
    for statement in statements:
        for key, value in statement.meta.items():
            first, place = found.setdefault(key, (value, statement.place))
            if first != value:
                _differ(address, f"{key} in meta", (str(first), place), (str(value), statement.place), fault)
    return {key: value for key, (value, _) in found.items()}


def _differ(address: Address, what: str, first: tuple[str, Place], second: tuple[str, Place], fault: Fault) -> None:
    summary = f"the {what} of {address} is {shortened(second[0])} here, but {shortened(first[0])} in {first[1]}"
    fault("HG306", summary, second[1], "Take one of them out, or make them agree.")


def shortened(text: str) -> str:
    """Return a text as one line, as much of it as tells which one it is."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."
