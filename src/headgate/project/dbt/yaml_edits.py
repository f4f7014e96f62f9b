"""Changes to a YAML text that leave everything else as it is: comments, order, quotes.

A part is named by its place, as ``yaml_nodes`` gives it. Changes are noted and made together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from headgate.core.diagnostic import Place
from headgate.core.json_form import dumps

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})

_Node: TypeAlias = Any


class NotEdited(Exception):
    """The text is not of the form that this change needs; nothing was changed."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node in the mapping or list around it, as which of its pairs or items."""

    node: _Node
    around: _Spot | None
    number: int


@dataclass(slots=True)
class YamlEdits:
    """The changes to one text. Its lines end in LF."""

    before: str
    keeps_lines: bool = False
    """Lines that are taken out stay as empty ones."""
    _mappings: list[_Spot] = field(default_factory=list)
    _scalars: dict[tuple[int, int], _Spot] = field(default_factory=dict)
    _removed: dict[int, tuple[_Spot, set[int]]] = field(default_factory=dict)
    _changes: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        import yaml

        try:
            root = yaml.compose(self.before, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError):
            root = None
        if root is not None:
            self._look_at(_Spot(root, None, 0))

    @property
    def is_changed(self) -> bool:
        """Whether any change is noted."""
        return bool(self._changes or self._removed)

    def replace(self, place: Place, text: str) -> None:
        """Put another text where a scalar stands."""
        node = self._at(place).node
        start, end = node.start_mark.index, node.end_mark.index
        gap = "\n" if self.before[start:end].endswith("\n") else ""
        self._changes.append((start, end, written(text) + gap))

    def remove_pair(self, place: Place) -> None:
        """Take out a key, named by its place, with its value."""
        spot = self._at(place)
        self._remove(spot.around, spot.number)

    def remove_sibling(self, place: Place, keys: tuple[str, ...]) -> None:
        """Take pairs of these keys out of the mapping that holds the scalar at a place."""
        around = self._at(place).around
        if around is None or _is_list(around.node):
            raise NotEdited
        numbers = [number for number, (key, _) in enumerate(around.node.value) if key.value in keys]
        if not numbers:
            raise NotEdited
        for number in numbers:
            self._remove(around, number)

    def remove_item(self, place: Place) -> None:
        """Take out the item of a list whose mapping holds the scalar at a place, or that is this scalar."""
        spot: _Spot | None = self._at(place)
        while spot is not None and (spot.around is None or not _is_list(spot.around.node)):
            spot = spot.around
        self._remove(spot.around if spot else None, spot.number if spot else 0)

    def add_pair(self, place: Place, key: str, value: str) -> None:
        """Add a pair behind the one whose key or value is the scalar at a place."""
        spot = self._at(place)
        mapping = spot.around
        if mapping is None or _is_list(mapping.node):
            raise NotEdited
        name, node = mapping.node.value[spot.number]
        end = _content_end(node)
        if mapping.node.flow_style:
            self._changes.append((end, end, f", {key}: {written(value)}"))
        else:
            end = self._line_end(end)
            gap = "" if self.before[:end].endswith("\n") else "\n"
            self._changes.append((end, end, f"{gap}{' ' * name.start_mark.column}{key}: {written(value)}\n"))

    def remove_repetitions(self) -> None:
        """Take out every pair whose key stands again behind it in the same mapping."""
        for spot in self._mappings:
            keys = [key.value if isinstance(key.value, str) else id(key) for key, _ in spot.node.value]
            for number, key in enumerate(keys):
                if key in keys[number + 1 :]:
                    self._remove(spot, number)

    def text(self) -> str:
        """Return the text with all changes."""
        self._remove_what_is_empty()
        changes = list(self._changes)
        for spot, numbers in self._removed.values():
            for number in numbers:
                start, end = self._span(spot.node, number, numbers)
                lines = self.before.count("\n", start, end) if self.keeps_lines else 0
                column = end - self.before.rfind("\n", 0, end) - 1
                changes.append((start, end, "\n" * lines + " " * column if lines else ""))
        after, at = [], 0
        for start, end, text in sorted(changes, key=lambda change: (change[0], -change[1])):
            if start >= at:
                after.append(self.before[at:start] + text)
                at = max(at, end)
        return "".join(after) + self.before[at:]

    def _look_at(self, root: _Spot) -> None:
        waiting = [root]
        while waiting:
            spot = waiting.pop()
            if _is_list(spot.node):
                waiting += [_Spot(item, spot, number) for number, item in enumerate(spot.node.value)]
            elif isinstance(spot.node.value, list):
                self._mappings.append(spot)
                for number, pair in enumerate(spot.node.value):
                    waiting += [_Spot(one, spot, number) for one in pair]
            mark = spot.node.start_mark
            if isinstance(spot.node.value, str):
                self._scalars.setdefault((mark.line + 1, mark.column + 1), spot)

    def _at(self, place: Place) -> _Spot:
        found = self._scalars.get((place.line, place.column))
        if found is None:
            raise NotEdited
        return found

    def _remove(self, around: _Spot | None, number: int) -> None:
        if around is None:
            raise NotEdited
        self._removed.setdefault(id(around.node), (around, set()))[1].add(number)

    def _remove_what_is_empty(self) -> None:
        """Take out the pair of every list of which nothing is left."""
        waiting = [spot for spot, _ in self._removed.values()]
        while waiting:
            spot = waiting.pop()
            numbers = self._removed[id(spot.node)][1]
            if len(numbers) == len(spot.node.value) and spot.around is not None and not _is_list(spot.around.node):
                self._remove(spot.around, spot.number)
                waiting.append(spot.around)

    def _span(self, around: _Node, number: int, removed: set[int]) -> tuple[int, int]:
        """Return which characters an item of a list, or a pair of a mapping, takes with what separates it."""
        parts = [_ends_of(part) for part in around.value]
        start, end = parts[number]
        following = parts[number + 1][0] if number + 1 < len(parts) else None
        if around.flow_style:
            if following is not None:
                return start, following
            kept = [n for n in range(number) if n not in removed]
            return (parts[kept[-1]][1] if kept else start), end
        if _is_list(around):
            start = self.before.rindex("-", 0, start)
        begin = self.before.rfind("\n", 0, start) + 1
        if self.before[begin:start].strip():
            # The first key of an item stands behind its dash, where the next one takes its place.
            return (start, following) if following is not None else (start, end)
        return begin, self._line_end(end)

    def _line_end(self, at: int) -> int:
        if at and self.before[at - 1] == "\n":
            return at
        found = self.before.find("\n", at)
        return len(self.before) if found < 0 else found + 1


def without_repetitions(text: str) -> str:
    """Return a text without keys that stand twice in a mapping: the last of them stays. No line changes its number."""
    edits = YamlEdits(text, keeps_lines=True)
    edits.remove_repetitions()
    return edits.text()


def _is_list(node: _Node) -> bool:
    return type(node).__name__ == "SequenceNode"


def _ends_of(part: _Node) -> tuple[int, int]:
    first, last = part if isinstance(part, tuple) else (part, part)
    return first.start_mark.index, _content_end(last)


def _content_end(node: _Node) -> int:
    """Return where the last thing of a node ends; of a block the mark would be where the next thing begins."""
    while not isinstance(node.value, str) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index if isinstance(node.value, str) or node.flow_style else node.start_mark.index)


def written(text: str) -> str:
    """Return a text as a YAML scalar on one line."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else dumps(text)
