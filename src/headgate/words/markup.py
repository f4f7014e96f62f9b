"""Elements of HTML, SVG and XML as values: text that is put in is escaped, so that it can be nothing but text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from headgate.words.layout import harmless

_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_NO_TEXT = {*range(0xD800, 0xE000), 0xFFFE, 0xFFFF}


@dataclass(frozen=True, slots=True)
class Markup:
    """A piece of markup, made of elements: it is put in as it is."""

    text: str

    def __bool__(self) -> bool:
        return bool(self.text)


Content: TypeAlias = "str | Markup | Iterable[Content] | None"
"""What can stand in an element: text, elements, several of both; None is nothing."""

Value: TypeAlias = "str | int | float | bool | None"


def element(name: str, /, *content: Content, **attributes: Value) -> Markup:
    """Return an element. ``class_`` stands for ``class``, a ``_`` inside of a name for ``-``.

    An attribute that is true has no value, one that is None or false is left out.

    >>> element("td", "a < b", class_="right", hidden=True).text
    '<td class="right" hidden>a &lt; b</td>'
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{told}>" + ("" if name in _VOID else f"{joined(*content).text}</{name}>"))


def joined(*content: Content) -> Markup:
    """Return several pieces as one."""
    return Markup("".join(_pieces(content)))


def escaped(text: str) -> str:
    r"""Return text as it stands in markup; what no document can hold, or what steers its reader, becomes ``\ufffd``.

    >>> escaped("<a b='c'>&\x00")
    '&lt;a b=&#39;c&#39;&gt;&amp;\ufffd'
    """
    text = harmless(text)
    if not text.isascii():
        text = "".join("\ufffd" if ord(c) in _NO_TEXT else c for c in text)
    return text.translate(_ESCAPES)


def number(value: float) -> str:
    """Return a coordinate: a tenth of a pixel is all that anybody sees.

    >>> number(12.0), number(3.14159), number(-0.01)
    ('12', '3.1', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _pieces(content: Iterable[Content]) -> Iterable[str]:
    for one in content:
        if isinstance(one, Markup):
            yield one.text
        elif isinstance(one, str):
            yield escaped(one)
        elif one is not None:
            yield from _pieces(one)


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{escaped(value if isinstance(value, str) else number(value))}"'
