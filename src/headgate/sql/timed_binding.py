"""Binding a text that holds ``:start`` and ``:end``: they take the type that the column of times turns out to have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from headgate.core.address import fold
from headgate.core.graph import SqlBody
from headgate.core.intervals import Interval
from headgate.core.ports.engine import Bound
from headgate.sql.bind import bound
from headgate.sql.moments import literal_type, moment_literals

_ANY = Interval("", "0001-01-02T00:00:00")


def bound_with_moments(body: SqlBody, time_column: str, bind: Callable[[SqlBody], Bound]) -> Bound:
    """Return what binding a text gives, handed over with literals in it and references where they stand then.

    ``:start`` and ``:end`` are of the type that the column of times then has: that is known once the text was bound, so
    that it may be bound twice.
    """
    found = _bound(body, "TIMESTAMP", bind)
    if not body.parameters or found.error:
        return found
    type_ = next((c.type for c in found.shape if fold(c.name) == fold(time_column)), "TIMESTAMP")
    return found if literal_type(type_) == literal_type("TIMESTAMP") else _bound(body, type_, bind)


def _bound(body: SqlBody, type_: str, bind: Callable[[SqlBody], Bound]) -> Bound:
    literals = moment_literals(_ANY, type_)
    found = bind(_with_literals(body, literals))
    if not found.error or not found.line:
        return found
    return replace(found, column=_column_before(found, body, literals))


def _with_literals(body: SqlBody, literals: Mapping[str, str]) -> SqlBody:
    """Return a text without parameters."""
    if not body.parameters:
        return body
    longer = [(p.begin, len(literals[p.name]) - (p.end - p.begin)) for p in body.parameters]
    moved = []
    for one in body.references:
        by = sum(more for begin, more in longer if begin < one.start)
        moved.append(replace(one, start=one.start + by, end=one.end + by))
    text = bound(replace(body, references=()), {}, literals)
    return replace(body, text=text, references=tuple(moved), parameters=())


def _column_before(found: Bound, body: SqlBody, literals: Mapping[str, str]) -> int:
    """Return the column of the text to which a column of the text with literals belongs."""
    begin = sum(len(line) + 1 for line in body.text.split("\n")[: found.line - 1])
    on_line = (p for p in body.parameters if begin <= p.begin < begin + len(body.text.split("\n")[found.line - 1]))
    column = found.column
    for one in on_line:
        first, longer = one.begin - begin + 1, len(literals[one.name]) - (one.end - one.begin)
        if column >= first + len(literals[one.name]):
            column -= longer
        elif column > first:
            return first
    return column
