"""What Python text means, as far as hashes go: its syntax tree without places, comments and docstrings.

The form is our own: the names of nodes and their fields, length-prefixed. It follows the grammar of the interpreter,
which is part of every Python recipe anyhow. A text that can look at itself (``__doc__``, ``inspect``) counts as it is
written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from headgate.core.hashing import Digest, digest

_LOOKS_AT_ITSELF = (
    "__annotations__",
    "__doc__",
    "get_type_hints",
    "inspect",
    "getsource",
    "linecache",
    "f_lineno",
    "__file__",
)

_LOOKS_AROUND = frozenset(
    {"__dict__", "__import__", "dir", "eval", "exec", "getattr", "getmembers", "globals", "locals", "modules", "vars"}
)
"""Names by which a text can reach what it does not name."""

_DECIMAL_BITS_MAX = 14_000
"""Integers of more bits are not written in decimal: CPython refuses more than 4,300 digits (about 14,284 bits)."""


def module_digest(tree: ast.Module, text: str) -> Digest:
    """Return the identity of a whole module."""
    return _digest(tree.body, text)


class ModuleCode:
    """A module whose functions are told apart: each counts with all of its module that it can reach.

    That is every statement but the decorated functions, and of those the ones that are named somewhere in what counts;
    and those that do something when the module is imported, such as one that a second decorator enters in a list.
    Each statement is read once; a function costs as many steps as there are decorated ones that it reaches.
    """

    def __init__(self, tree: ast.Module, text: str, decorated: Iterable[ast.AST]) -> None:
        apart = {id(node) for node in decorated if not _acts(node)}
        self._whole = digest("python text", text) if _looks_at_itself(text) else None
        self._nodes: dict[int, ast.stmt] = {}
        self._before: list[int] = []
        """How many of the common statements stand before each decorated function."""
        self._by_name: dict[str, list[int]] = {}
        common: list[ast.stmt] = []
        for node in tree.body:
            if id(node) not in apart:
                common.append(node)
                continue
            self._by_name.setdefault(getattr(node, "name", ""), []).append(len(self._nodes))
            self._nodes[len(self._nodes)] = node
            self._before.append(len(common))
        self._numbers = {id(node): number for number, node in self._nodes.items()}
        self._forms: dict[int, Digest] = {}
        self._named: dict[int, frozenset[int]] = {}
        self._common = self._whole or _digest(common, text)
        self._always = self._reached({number for node in common for number in self._numbers_named(node)})

    def function(self, function: ast.AST) -> Digest:
        """Return the identity of one of the decorated functions."""
        name = getattr(function, "name", "")
        if self._whole is not None:
            return digest("python function", name, self._whole)
        own = self._numbers.get(id(function))
        kept = sorted(self._reached({*self._always, *(() if own is None else (own,))}))
        return digest("python function", name, self._common, tuple((self._before[n], self._form(n)) for n in kept))

    def _reached(self, first: set[int]) -> set[int]:
        """Return the numbers of the decorated functions that these name, however far, and they themselves."""
        seen, waiting = set(first), list(first)
        while waiting:
            fresh = self._named_by(waiting.pop()) - seen
            seen |= fresh
            waiting.extend(fresh)
        return seen

    def _named_by(self, number: int) -> frozenset[int]:
        if number not in self._named:
            self._named[number] = frozenset(self._numbers_named(self._nodes[number]))
        return self._named[number]

    def _numbers_named(self, node: ast.AST) -> Iterator[int]:
        names = set(_names(node))
        if not names.isdisjoint(_LOOKS_AROUND):
            yield from self._nodes
        for name in names:
            yield from self._by_name.get(name, ())

    def _form(self, number: int) -> Digest:
        if number not in self._forms:
            self._forms[number] = _digest([self._nodes[number]], "")
        return self._forms[number]


def bare(function: ast.FunctionDef, decorator: ast.expr) -> None:
    """Take Headgate's own decorator and the annotations away: what they say is part of the recipe in its own way."""
    function.decorator_list = [one for one in function.decorator_list if one is not decorator]
    if function.decorator_list:
        return  # another decorator may look at the annotations
    function.returns = None
    for argument in (*function.args.args, *function.args.kwonlyargs):
        argument.annotation = None


def _acts(node: ast.AST) -> bool:
    """Tell whether defining a function does more than that: it has decorators, or defaults that are no constants."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return True
    defaults = (*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None))
    return bool(node.decorator_list) or not all(isinstance(one, ast.Constant) for one in defaults)


def _names(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value  # globals()["name"]
        elif isinstance(inner, ast.Attribute):
            yield inner.attr


def _looks_at_itself(text: str) -> bool:
    return any(word in text for word in _LOOKS_AT_ITSELF)


def _digest(body: list[ast.stmt], text: str) -> Digest:
    if _looks_at_itself(text):
        return digest("python text", text)
    parts: list[str] = []
    for node in body:
        _write(node, parts)
    return digest("python tree", *parts)


def _write(value: object, parts: list[str]) -> None:
    """Append the form of a tree; explicit stack, so that deep nesting is no matter. Annotations are kept."""
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.AST):
            fields = [name for name in item._fields if name not in ("type_comment", "kind")]
            parts.append(f"({type(item).__name__} {len(fields)}")
            for name in reversed(fields):
                content = getattr(item, name, None)
                if name == "body" and isinstance(content, list):
                    content = _without_docstring(item, content)
                stack.append(content)
                stack.append(_Field(name))
        elif isinstance(item, _Field):
            parts.append(f".{item.name}")
        elif isinstance(item, list):
            parts.append(f"[{len(item)}")
            stack.extend(reversed(item))
        else:
            parts.append(f"={type(item).__name__} {_written(item)}")


def _written(item: object) -> str:
    """Return a value as text. Python writes integers of more than 4,300 digits in bases of two alone."""
    is_long = isinstance(item, int) and item.bit_length() > _DECIMAL_BITS_MAX
    return hex(item) if is_long and isinstance(item, int) else repr(item)


class _Field:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def _without_docstring(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    """Return a body without its docstring, unless a decorator or a base class may read that, as a prompt perhaps."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)) or not body:
        return body
    if getattr(node, "decorator_list", None) or getattr(node, "bases", None) or getattr(node, "keywords", None):
        return body
    first = body[0]
    is_constant = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if is_constant else body  # a constant by itself does nothing
