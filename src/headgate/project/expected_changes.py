"""Files of ``changes/``: expected changes, with every fault in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from headgate.core.expected import AMOUNTS, NAMED, PLAIN, Bound, ExpectedChange
from headgate.core.gate import Topic
from headgate.core.hashing import Digest
from headgate.project.check_form import FormCheck
from headgate.project.forms.expected import DAY, EXPECTED_FILE, MOVED, SHARES_MISSING, WAYS
from headgate.project.forms.form import whole_pattern
from headgate.project.mapped import Mapped
from headgate.project.text import Text
from headgate.project.toml.gate import amount_of
from headgate.project.yaml_nodes import Fields, parse_yaml

_PATTERN = re.compile(r"[^\s.]+\.[^\s.]+")


def read_expected(source: Text, digest: Digest) -> ExpectedChange | None:
    """Return what a file says to expect; None where it is faulty, or holds nothing. Faults go to ``source``."""
    node = parse_yaml(source)
    if node is None:
        return None
    if not isinstance(node, Fields):
        source.fault("HG309", "an expected change is a mapping: why, until, expect", node.place)
        return None
    FormCheck(source).check(node, EXPECTED_FILE, "an expected change")
    said = Mapped(node)
    why, until, expect = said.text("why"), said.text("until"), said.mapping("expect")
    if why is None or until is None or expect is None or not whole_pattern(DAY).search(until.value):
        return None
    try:
        date.fromisoformat(until.value)
    except ValueError:
        source.fault("HG309", f"until is no day: {until.value}", until.place, "Write a day such as 2026-12-31.")
        return None
    bounds = tuple(_bounds(source, expect))
    return ExpectedChange(source.path, digest, why.value, until.value, bounds, source.place(1, 1))


def _bounds(source: Text, expect: Mapped) -> Iterator[Bound]:
    for name, _ in expect.fields.pairs:
        pattern, inside = name.text, expect.mapping(name.text)
        if not _PATTERN.fullmatch(pattern):
            hint = "Write SCHEMA.NAME, or a pattern such as marts.*."
            source.fault("HG309", f"{pattern} is no asset", name.place, hint)
            continue
        if inside is None:
            continue
        for topic in AMOUNTS:
            yield from _amounts(inside, topic, pattern)
        for topic in NAMED:
            yield from (Bound(topic, pattern, 1.0, name) for name in inside.words(topic.value))
        yield from (Bound(topic, pattern, 1.0) for topic in PLAIN if inside.truth(topic.value))


def _amounts(inside: Mapped, topic: Topic, pattern: str) -> Iterator[Bound]:
    by_column = inside.mapping(topic.value)
    holder, names = (by_column, by_column.names()) if by_column else (inside, (topic.value,))
    for name in names:
        column = name if by_column else ""
        if topic is Topic.DRIFT:
            yield from _drifts(holder, name, Bound(topic, pattern, 0.0, column))
            continue
        share, way = _way_of(holder.word(name))
        amount = amount_of(share)
        if amount is not None:
            yield Bound(topic, pattern, amount, column, way)


def _way_of(text: str) -> tuple[str, str]:
    """Return a share, and in which direction; empty where either counts.

    >>> _way_of("5 % more"), _way_of("5 %")
    (('5 % ', 'more'), ('5 %', ''))
    """
    way = next((way for way in WAYS if text.rstrip().endswith(way)), "")
    return (text.rstrip().removesuffix(way), way) if way else (text, "")


def _drifts(holder: Mapped, name: str, bound: Bound) -> Iterator[Bound]:
    """Yield how far a distribution may move: one effect size, or beside it how many rows may be without a value."""
    inside = holder.mapping(name)
    shares = {} if inside is None else {part: amount_of(inside.word(key)) for key, part in SHARES_MISSING.items()}
    amounts = {"": holder.number(name) if inside is None else inside.number(MOVED), **shares}
    yield from (replace(bound, most=most, part=part) for part, most in amounts.items() if most is not None)
