"""YAML as a tree whose every part knows its place. PyYAML is imported when the first text needs it.

Built from parser events in a loop, so that nothing hostile can exhaust the stack: depth, number of parts and what
aliases expand to are bounded. Scalars stay text until a reader asks for more: ``name: on`` is a name, not a truth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from headgate.core.diagnostic import Place
from headgate.project.text import Text

PARTS_MAX = 200_000
"""Parts of one text, those that aliases repeat included."""

DEPTH_MAX = 50


At: TypeAlias = tuple[str, int, int, int]
"""A place as path, line, column and length: of most parts nobody asks where they stand."""

# A text has ten thousands of parts, and a frozen part takes three times as long to make: nobody changes one anyway.


@dataclass(slots=True)
class Scalar:
    """A text. ``is_plain``: written without quotes, so that ``null`` and ``true`` may mean more than their letters."""

    text: str
    is_plain: bool
    at: At

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(*self.at)


@dataclass(slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    at: At

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(*self.at)


@dataclass(slots=True)
class Fields:
    """A mapping: its keys are different texts, in the order of the file."""

    pairs: tuple[tuple[Scalar, Node], ...]
    at: At

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(*self.at)


Node: TypeAlias = "Scalar | Items | Fields"

_OTHER_LINES = frozenset("\x85\u2028\u2029")
_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMBER = re.compile(r"[-+]?[0-9]{1,17}(\.[0-9]{0,17})?([eE][-+]?[0-9]{1,2})?")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
# A word alone behind its key, or in a list, that begins with what no value may begin with.
_BARE = re.compile(r"([@`%][^\s\"'{}\[\],:#\\]{0,60}) *$")
_KEY = re.compile(r"[A-Za-z_-]+: +$")
_KEY_CHARACTERS_MAX = 40
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{0,17}([eE][-+]?[0-9]{1,2})?")


def is_null(node: Node) -> bool:
    """Tell whether nothing was given."""
    return isinstance(node, Scalar) and node.is_plain and node.text in _NULLS


def value_of(node: Node) -> Any:
    """Return a node as plain values: dicts, lists, text, numbers, truths, None."""
    if isinstance(node, Items):
        return [value_of(item) for item in node.items]
    if isinstance(node, Fields):
        return {key.text: value_of(value) for key, value in node.pairs}
    if not node.is_plain:
        return node.text
    if node.text in _NULLS:
        return None
    if node.text in _TRUTHS:
        return _TRUTHS[node.text]
    if _INTEGER.fullmatch(node.text):
        return int(node.text)
    return float(node.text) if _DECIMAL.fullmatch(node.text) else node.text


def number_of(node: Node) -> float | None:
    """Return the number that stands there, as an editor reads it; None where there is none."""
    if not isinstance(node, Scalar) or not node.is_plain or not _NUMBER.fullmatch(node.text):
        return None
    return float(node.text)


def parse_yaml(source: Text, text: str | None = None, *, is_pure: bool = False) -> Node | None:
    """Return the tree of ``text``, else of the whole file; None where it is empty or cannot be read.

    ``text`` is a part of the file with everything before it as blanks, so that places are those of the file. Faults go
    to ``source``. ``is_pure`` uses the parser in Python even where the one in C is there.
    """
    import yaml

    loader: Any = yaml.SafeLoader if is_pure else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = _Tree(source)
    try:
        for event in yaml.parse(source.text if text is None else text, Loader=loader):
            if not tree.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = source.place(mark.line + 1, mark.column + 1, 1) if mark else source.place()
        told = ", ".join(part for part in (error.context, error.problem) if part)
        source.fault("HG110", f"the YAML cannot be read: {told}", place, _hint_for(source, place))
        return None
    except yaml.reader.ReaderError as error:
        before = (source.text if text is None else text)[: error.position]
        place = source.place(before.count("\n") + 1, len(before) - before.rfind("\n"), 1)
        source.fault("HG110", "the YAML holds a control character", place, "Take it out, or write it as an escape.")
        return None
    return tree.root


def _hint_for(source: Text, place: Place) -> str:
    line = source.line(place.line)
    at = place.column - 1
    if bare := _BARE.match(line, at):
        key = _KEY.search(line[max(at - _KEY_CHARACTERS_MAX, 0) : at])
        return f'Put quotes around it: {key[0] if key else ""}"{bare[1]}"'
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "YAML is indented with spaces, never with tabs."
    if "source(" in line:
        return "Put double quotes around each call, or write each behind `- ` on a line of its own."
    if "{{" in line:
        return "Put quotes around the value: a brace begins a mapping."
    return "A value that holds `: ` or ` #`, or begins with one of [{*&!%@`, needs quotes."


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end was not seen yet; ``parts`` counts it with all that is in it."""

    is_list: bool
    anchor: str | None
    at: At
    children: list[Node]
    parts: int = 1
    height: int = 0


class _Tree:
    def __init__(self, source: Text) -> None:
        self.root: Node | None = None
        self._source = source
        self._path = source.path
        # Characters that end a line for YAML alone: a length could reach over the end of ours.
        self._has_other_lines = not source.text.isascii() and not _OTHER_LINES.isdisjoint(source.text)
        self._has_other_lines |= "\r" in source.text
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}
        self._documents = 0

    def take(self, event: Any) -> bool:
        """Add one event of the parser; False where the text is refused."""
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return self._scalar(event)
        if kind in {"MappingEndEvent", "SequenceEndEvent"}:
            return self._end()
        if kind in {"MappingStartEvent", "SequenceStartEvent"}:
            return self._begin(event, is_list=kind == "SequenceStartEvent")
        if kind == "AliasEvent":
            return self._alias(event)
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                at = self._at(event)
                self._source.fault("HG110", "a second document begins here", Place(*at), "Make it a file of its own.")
                return False
        return True

    def _at(self, event: Any) -> At:
        start, end = event.start_mark, event.end_mark
        line, column = start.line, start.column
        length = end.column - column if end.line == line else 0
        if self._has_other_lines:
            length = self._source.place(line + 1, column + 1, length).length
        return self._path, line + 1, column + 1, length

    def _scalar(self, event: Any) -> bool:
        at = self._at(event)
        if event.tag and event.tag != "!" and event.tag not in _TAGS:
            return self._refuse("a tag of this kind is not read", Place(*at), "Write the plain value.")
        is_plain = not event.style and not event.tag
        return self._add(Scalar(event.value, is_plain, at), event.anchor, 1, 0)

    def _begin(self, event: Any, *, is_list: bool) -> bool:
        at = self._at(event)
        if event.tag and event.tag not in _TAGS:
            return self._refuse("a tag of this kind is not read", Place(*at), "Write the plain value.")
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(is_list, event.anchor, at, []))
        if len(self._open) > DEPTH_MAX:
            return self._too_much(Place(*at))
        return True

    def _end(self) -> bool:
        done = self._open.pop()
        node = Items(tuple(done.children), done.at) if done.is_list else self._mapping(done)
        return self._add(node, done.anchor, done.parts, done.height + 1)

    def _alias(self, event: Any) -> bool:
        at = self._at(event)
        if event.anchor not in self._anchors:
            return self._refuse(f"nothing is called &{event.anchor} above", Place(*at))
        known = self._anchors[event.anchor]
        if known is None:
            return self._refuse(f"&{event.anchor} holds itself", Place(*at))
        return self._add(known[0], None, known[1], known[2])

    def _add(self, node: Node, anchor: str | None, parts: int, height: int) -> bool:
        if anchor:
            self._anchors[anchor] = (node, parts, height)
        if not self._open:
            self.root = None if is_null(node) else node
            return True
        around = self._open[-1]
        around.children.append(node)
        around.parts += parts
        around.height = max(around.height, height)
        if around.parts > PARTS_MAX or len(self._open) + height > DEPTH_MAX:
            return self._too_much(node.place)
        return True

    def _mapping(self, done: _Open) -> Fields:
        pairs: dict[str, tuple[Scalar, Node]] = {}
        merged: list[tuple[Scalar, Node]] = []
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._refuse("a key has to be a text", key.place, "Put quotes around it: a brace begins a mapping.")
            elif key.text == "<<" and key.is_plain:
                for one in value.items if isinstance(value, Items) else (value,):
                    merged += one.pairs if isinstance(one, Fields) else ()
            elif key.text in pairs:
                first = pairs[key.text][0].place.line
                hint = "Keep one of the two."
                self._source.fault("HG111", f"{key.text} stands here twice, first on line {first}", key.place, hint)
            else:
                pairs[key.text] = (key, value)
        for key, value in merged:
            pairs.setdefault(key.text, (key, value))
        return Fields(tuple(pairs.values()), done.at)

    def _too_much(self, place: Place) -> bool:
        hint = f"At most {DEPTH_MAX} levels and {PARTS_MAX:,} parts are read, those that aliases repeat included."
        return self._refuse("the YAML is nested too deeply, or too large", place, hint)

    def _refuse(self, summary: str, place: Place, hint: str = "") -> bool:
        self._source.fault("HG110", summary, place, hint)
        return False
