"""Files of ``changes/``: expected changes, with every fault in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from headgate.core.expected import AMOUNTS, NAMED, PLAIN, Bound, ExpectedChange
from headgate.core.gate import Topic
from headgate.core.hashing import Digest
from headgate.project.check_form import FormCheck
from headgate.project.forms.expected import DAY, EXPECTED_FILE
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
        amount = holder.number(name) if topic is Topic.DRIFT else amount_of(holder.word(name))
        if amount is not None:
            yield Bound(topic, pattern, amount, name if by_column else "")
