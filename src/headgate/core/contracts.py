"""What an asset promises to its readers by an enforced contract, and how two such promises of it differ.

A promise is what readers may count on: columns with their types, which of them are never NULL, keys, and what holds of
each row. It breaks where something is gone, or is less than it was; more of it breaks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from headgate.core.address import fold
from headgate.core.column_types import is_widened
from headgate.core.declarations import Properties
from headgate.core.json_form import dumps, loads
from headgate.core.promises import Constraint, ConstraintKind
from headgate.core.type_names import type_key


@dataclass(frozen=True, slots=True)
class PromisedColumn:
    """A column that is there, of a type as it was written; ``is_required``: never NULL."""

    name: str
    type: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """What an enforced contract says. ``key`` is the primary one, ``unique`` are others; their columns are sorted.

    ``conditions`` hold of each row, as they were written; ``references`` are texts such as ``buyer in shop.people.id``.
    """

    columns: tuple[PromisedColumn, ...]
    key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    conditions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class Difference(StrEnum):
    """What became of a part of a promise."""

    REMOVED = "removed"
    ADDED = "added"
    RETYPED = "retyped"
    WIDENED = "widened"
    LOOSENED = "loosened"
    TIGHTENED = "tightened"
    CHANGED = "changed"


class Part(StrEnum):
    """A part of a promise."""

    CONTRACT = "contract"
    COLUMN = "column"
    KEY = "key"
    UNIQUE = "unique"
    CONDITION = "condition"
    REFERENCE = "reference"


_HARMLESS = frozenset({Difference.ADDED, Difference.WIDENED, Difference.TIGHTENED})


@dataclass(frozen=True, slots=True)
class PromiseChange:
    """One difference between two promises of an asset: of which part, called what, from what to what."""

    part: Part
    difference: Difference
    name: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_breaking(self) -> bool:
        """Whether somebody who relied on the promise before may be let down."""
        return self.difference not in _HARMLESS

    def __str__(self) -> str:
        """Return it as a few words.

        >>> str(PromiseChange(Part.COLUMN, Difference.RETYPED, "amount", "BIGINT", "VARCHAR"))
        'column amount retyped from BIGINT to VARCHAR'
        """
        words = " ".join(filter(None, (self.part.value, self.name, _WORDS.get(self.difference, self.difference.value))))
        return f"{words} from {self.before} to {self.after}" if self.before and self.after else words


_WORDS = {Difference.LOOSENED: "may be NULL", Difference.TIGHTENED: "is never NULL"}


def promise_of(properties: Properties) -> Promise | None:
    """Return what an asset promises; None where it has no enforced contract."""
    if properties.contract is None or not properties.contract.is_enforced:
        return None
    constraints = properties.constraints
    keys = [one for one in constraints if one.kind is ConstraintKind.PRIMARY_KEY]
    key = tuple(sorted({fold(name) for one in keys for name in one.columns}))
    required = {*key, *(fold(n) for one in constraints if one.kind is ConstraintKind.NOT_NULL for n in one.columns)}
    unique = {tuple(sorted(map(fold, c.columns))) for c in constraints if c.kind is ConstraintKind.UNIQUE}
    return Promise(
        tuple(PromisedColumn(c.name, c.type, fold(c.name) in required) for c in properties.columns),
        key,
        tuple(sorted(unique - {(), key})),
        tuple(sorted({_line(c.expression) for c in constraints if c.kind is ConstraintKind.CHECK})),
        tuple(sorted({_reference(c) for c in constraints if c.kind is ConstraintKind.FOREIGN_KEY})),
    )


def promise_to_text(promise: Promise) -> str:
    """Return the stored form of a promise."""
    return dumps(promise)


def promise_from_text(text: str) -> Promise:
    """Return the promise of its stored form."""
    body: Mapping[str, Any] = loads(text)
    return Promise(
        tuple(PromisedColumn(**column) for column in body["columns"]),
        tuple(body["key"]),
        tuple(tuple(key) for key in body["unique"]),
        tuple(body["conditions"]),
        tuple(body["references"]),
    )


def promise_changes(
    before: Promise | None, after: Promise | None, *, dialect: str = "duckdb"
) -> tuple[PromiseChange, ...]:
    """Return how a promise differs from an earlier one of the same asset; None: nothing is promised.

    Types are those of a dialect, however they are spelled. A promise that is new breaks nothing.
    """
    if before is None or after is None:
        difference = Difference.ADDED if before is None else Difference.REMOVED
        return () if before is after else (PromiseChange(Part.CONTRACT, difference),)
    return (
        *_column_changes(before.columns, after.columns, dialect),
        *_key_change(before.key, after.key),
        *_unique_changes(before, after),
        *_listed(Part.CONDITION, before.conditions, after.conditions),
        *_listed(Part.REFERENCE, before.references, after.references),
    )


def _column_changes(
    before: Iterable[PromisedColumn], after: Iterable[PromisedColumn], dialect: str
) -> Iterator[PromiseChange]:
    now = {fold(column.name): column for column in after}
    known = set()
    for old in before:
        known.add(fold(old.name))
        new = now.get(fold(old.name))
        if new is None:
            yield PromiseChange(Part.COLUMN, Difference.REMOVED, old.name)
            continue
        types = type_key(old.type, dialect) if old.type else "", type_key(new.type, dialect) if new.type else ""
        if types[0] and types[0] != types[1]:
            difference = Difference.WIDENED if is_widened(*types) else Difference.RETYPED
            yield PromiseChange(Part.COLUMN, difference, old.name, old.type, new.type or "no type")
        if old.is_required is not new.is_required:
            difference = Difference.LOOSENED if old.is_required else Difference.TIGHTENED
            yield PromiseChange(Part.COLUMN, difference, old.name)
    yield from (PromiseChange(Part.COLUMN, Difference.ADDED, c.name) for name, c in now.items() if name not in known)


def _key_change(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[PromiseChange]:
    if before == after:
        return
    if not before:
        yield PromiseChange(Part.KEY, Difference.ADDED, ", ".join(after))
    elif not after:
        yield PromiseChange(Part.KEY, Difference.REMOVED, ", ".join(before))
    else:
        yield PromiseChange(Part.KEY, Difference.CHANGED, "", ", ".join(before), ", ".join(after))


def _unique_changes(before: Promise, after: Promise) -> Iterator[PromiseChange]:
    """Yield which keys beside the primary one came and went; what is the primary one then is told as that."""
    old = (", ".join(key) for key in before.unique if key != after.key)
    new = (", ".join(key) for key in after.unique if key != before.key)
    return _listed(Part.UNIQUE, old, new)


def _listed(part: Part, before: Iterable[str], after: Iterable[str]) -> Iterator[PromiseChange]:
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    yield from (PromiseChange(part, Difference.REMOVED, one) for one in old if one not in new)
    yield from (PromiseChange(part, Difference.ADDED, one) for one in new if one not in old)


def _reference(constraint: Constraint) -> str:
    columns, there = ", ".join(map(fold, constraint.columns)), ", ".join(map(fold, constraint.to_columns))
    return f"{columns} in {constraint.to}.{there}" if constraint.to else f"{columns} {_line(constraint.expression)}"


def _line(text: str) -> str:
    return " ".join(text.split())
