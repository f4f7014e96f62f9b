"""Several statements about one asset into its properties: where two of them speak, they have to agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from headgate.core.address import Address, fold
from headgate.core.declarations import DeclaredColumn, Kind, Properties
from headgate.core.diagnostic import Place
from headgate.project.pieces import Stated, Statement


class Fault(Protocol):
    """Notes a fault at a place."""

    def __call__(self, code: str, summary: str, place: Place, hint: str = "", *, detail: str = "") -> None:
        """Note it."""


def agreed(address: Address, statements: Sequence[Statement], place: Place, fault: Fault) -> Properties:
    """Return the properties of an asset. Where two statements differ, the first holds and the second is a fault."""
    kind = _one(address, "kind", [s.kind for s in statements], fault)
    _one(address, "template", [s.template for s in statements], fault)
    owner = _one(address, "owner", [s.owner for s in statements], fault)
    description = _one(address, "description", [s.description for s in statements], fault)
    return Properties(
        kind=Kind(kind.value) if kind else None,
        owner=owner.value if owner else "",
        description=description.value if description else "",
        tags=_tags(address, statements, fault),
        columns=_columns(address, statements, fault),
        meta=_meta(address, statements, fault),
        place=place,
    )


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
            found[fold(column.name)] = replace(
                known, type=known.type or column.type, description=known.description or column.description
            )
    return tuple(found.values())


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
    summary = f"the {what} of {address} is {_short(second[0])} here, but {_short(first[0])} in {first[1]}"
    fault("HG306", summary, second[1], "Take one of them out, or make them agree.")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."
