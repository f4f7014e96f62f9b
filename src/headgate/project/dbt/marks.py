"""Marks of Jinja in a text: where each begins and ends, what stands around it in SQL, and what it calls.

Only the marks are read. Nothing is filled in, and nothing that a project says is run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

_OPENING = re.compile(r"\{\{|\{%|\{#")
_CLOSING = {"{{": "}}", "{%": "%}"}
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_END_OF_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_DOLLARS = re.compile(r"\$(\w*)\$")


class Inside(StrEnum):
    """What of SQL is open where a mark stands."""

    NOTHING = ""
    TEXT = "text"
    NAME = "name"
    LINE_COMMENT = "line comment"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: ``text[start:end]``. ``opening`` is its first two characters, ``inner`` what stands between them.

    ``raw`` blocks are one mark from their begin to their end, with the opening ``{%``.
    """

    start: int
    end: int
    opening: str
    inner: str
    inside: Inside

    @property
    def word(self) -> str:
        """The first word of a statement; empty for other marks."""
        match = re.match(r"\w+", self.inner) if self.opening == "{%" else None
        return match.group() if match else ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function with constants: ``ref('orders', v=2)``."""

    name: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]


def marks_of(text: str) -> tuple[Mark, ...]:
    """Return the marks of a text, in order. A mark without an end goes up to the end of the text."""
    found: list[Mark] = []
    at, state = 0, Inside.NOTHING
    scan = _Sql()
    while opening := _OPENING.search(text, at):
        state = scan.over(text, at, opening.start())
        raw = _RAW.match(text, opening.start())
        if raw:
            closing = _END_OF_RAW.search(text, raw.end())
            end = closing.end() if closing else len(text)
        else:
            end = _end(text, opening.start(), opening.group())
        inner = text[opening.end() : end]
        closed = inner[:-2] if inner.endswith(("}}", "%}", "#}")) else inner
        stripped = closed.removeprefix("-").removeprefix("+").removesuffix("-").removesuffix("+").strip()
        found.append(Mark(opening.start(), end, opening.group(), "raw" if raw else stripped, state))
        at = end
    return tuple(found)


def _end(text: str, start: int, opening: str) -> int:
    """Return where a mark ends: texts and brackets inside of it do not end it."""
    if opening == "{#":
        found = text.find("#}", start + 2)
        return len(text) if found < 0 else found + 2
    closing, at = _CLOSING[opening], start + 2
    open_: list[str] = []
    while at < len(text):
        character = text[at]
        if not open_ and text.startswith(closing, at):
            return at + 2
        if character in "'\"":
            at = _end_of_text(text, at)
            continue
        if character in _PAIRS:
            open_.append(_PAIRS[character])
        elif open_ and character == open_[-1]:
            open_.pop()
        at += 1
    return len(text)


def _end_of_text(text: str, start: int) -> int:
    at = start + 1
    while at < len(text) and text[at] != text[start]:
        at += 2 if text[at] == "\\" else 1
    return at + 1


class _Sql:
    """Follows SQL between marks: which text, name or comment is open."""

    def __init__(self) -> None:
        self._until = ""

    def over(self, text: str, start: int, end: int) -> Inside:
        """Go over ``text[start:end]`` and return what is open behind it."""
        at = start
        while at < end:
            at = self._skip(text, at, end) if self._until else self._begin(text, at, end)
        if self._until == "'" or self._until.startswith("$"):
            return Inside.TEXT
        return {'"': Inside.NAME, "\n": Inside.LINE_COMMENT, "*/": Inside.COMMENT}.get(self._until, Inside.NOTHING)

    def _skip(self, text: str, at: int, end: int) -> int:
        found = text.find(self._until, at, end)
        if found < 0:
            return end
        found += len(self._until)
        self._until = ""
        return found

    def _begin(self, text: str, at: int, end: int) -> int:
        if text[at] in "'\"":
            self._until = text[at]
        elif text.startswith("--", at):
            self._until = "\n"
        elif text.startswith("/*", at):
            self._until = "*/"
            return min(at + 2, end)
        elif dollars := _DOLLARS.match(text, at, end):
            self._until = dollars.group()
            return dollars.end()
        return at + 1


@cache
def environment() -> Any:
    """Return the Jinja that marks are read with. It is never given anything to run."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])


def call_of(mark: Mark) -> Call | None:
    """Return the call that a mark is, where it is one with constants and nothing else.

    The name is a plain one, or one of a package: ``dbt_utils.star``.
    """
    from jinja2 import TemplateSyntaxError, nodes

    inner = mark.inner.removeprefix("do ") if mark.opening == "{%" else mark.inner
    if mark.opening == "{#" or (mark.opening == "{%" and mark.word != "do"):
        return None
    try:
        body = environment().parse("{{" + inner + "}}").body
    except (TemplateSyntaxError, RecursionError):
        return None
    output = body[0] if len(body) == 1 else None
    node = output.nodes[0] if isinstance(output, nodes.Output) and len(output.nodes) == 1 else None
    if not isinstance(node, nodes.Call) or node.dyn_args or node.dyn_kwargs:
        return None
    called = node.node
    if isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name):
        name = f"{called.node.name}.{called.attr}"
    elif isinstance(called, nodes.Name):
        name = called.name
    else:
        return None
    try:
        arguments = tuple(argument.as_const() for argument in node.args)
        return Call(name, arguments, {keyword.key: keyword.value.as_const() for keyword in node.kwargs})
    except nodes.Impossible:
        return None


@dataclass(frozen=True, slots=True)
class Named:
    """A thing that a template needs from outside: a function, a macro of a package (``dbt_utils.star``), a variable."""

    name: str
    line: int


def needs_of(text: str) -> tuple[tuple[Named, ...], str]:
    """Return what a template needs from outside, each once with its first line; and why it cannot be read, or nothing.

    Macros that the text itself defines, loop variables and the like are not among it.
    """
    from jinja2 import TemplateSyntaxError, meta, nodes

    try:
        tree = environment().parse(text)
        outside = meta.find_undeclared_variables(tree)
    except TemplateSyntaxError as error:
        return (), f"{error.message} (line {error.lineno})"
    except RecursionError:
        return (), "it is nested too deeply"
    found: dict[str, int] = {}
    inner: set[int] = set()
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in outside:
            found.setdefault(f"{node.node.name}.{node.attr}", node.lineno)
            inner.add(id(node.node))
    for name in tree.find_all(nodes.Name):
        if name.name in outside and id(name) not in inner:
            found.setdefault(name.name, name.lineno)
    return tuple(Named(name, line) for name, line in found.items()), ""


def texts_given(text: str, function: str) -> tuple[tuple[Any, ...], ...]:
    """Return the constant arguments of all calls of a function, wherever in a template they stand."""
    from jinja2 import TemplateSyntaxError, nodes

    try:
        tree = environment().parse(text)
    except (TemplateSyntaxError, RecursionError):
        return ()
    found = []
    for node in tree.find_all(nodes.Call):
        if isinstance(node.node, nodes.Name) and node.node.name == function:
            try:
                found.append(tuple(argument.as_const() for argument in node.args))
            except nodes.Impossible:
                continue
    return tuple(found)


def line_at(text: str, offset: int) -> int:
    """Return the line of a character, counted from 1."""
    return text.count("\n", 0, offset) + 1


def block_end(marks: Sequence[Mark], begin: int) -> tuple[int, int | None] | None:
    """Return the numbers of the ``endif`` of the ``if`` at ``begin``, and of its ``else`` (None: it has none).

    None where it has an ``elif`` or no end.
    """
    depth, otherwise = 0, None
    for number in range(begin + 1, len(marks)):
        word = marks[number].word
        if word == "if":
            depth += 1
        elif word == "endif" and depth:
            depth -= 1
        elif depth:
            continue
        elif word == "endif":
            return number, otherwise
        elif word == "elif":
            return None
        elif word == "else" and not _is_of_loop(marks, begin, number):
            otherwise = number
    return None


def _is_of_loop(marks: Sequence[Mark], begin: int, number: int) -> bool:
    """Tell whether the ``else`` at ``number`` belongs to a ``for`` that was opened after ``begin``."""
    words = [mark.word for mark in marks[begin + 1 : number]]
    return words.count("for") > words.count("endfor")
