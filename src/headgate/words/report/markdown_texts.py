r"""What users wrote as Markdown that shows it and does nothing with it, on GitHub and GitLab.

A forge turns more than Markdown into something: ``@name`` tells somebody, ``#1``, ``!1`` and ``~a`` become links,
``/close`` at the start of a line closes, ``https:`` and ``www.`` are linked. None of that happens inside of code. So
words of plain letters stay what they are, and all others are code. What could end a span of code or a cell stands in
``<code>``, each punctuation as a numeric entity, which CommonMark (0.31, section 2.5) never takes for markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headgate.words.layout import cut, harmless

_TEXT_MAX = 300
"""Characters of a sentence."""

_CELL_MAX = 60
"""Characters of a value."""

_PLAIN = re.compile(
    r"\(?[^\W_]+([.'_-][^\W_]+)*%?\)?[.,;:?)]*|[+\u00b1\u2192\u2212-]|[<>]|%[.,;:)]*|[+\u2212-]?[0-9][0-9.,:-]*%?[;)]?"
)
"""Words that no forge makes anything of: letters and digits, joined by single points, dashes and underscores."""

_LINKED = re.compile(r"www\.|gh-[0-9]|[0-9a-f]{7,}$", re.IGNORECASE)
"""And those of them that GitHub links: addresses, issues, commits."""

_ENDING = frozenset("`|\\")
"""What may end a span of code, or a cell of a table around it."""

_HIDDEN = {*range(0xD800, 0xE000), 0x200B, 0x2060, 0xFEFF}


def prose(text: str) -> str:
    """Return a sentence; what a forge would make something of stands as code. No line begins with one.

    >>> prose("3.5 % of rows change in arr_delay, see @ada")
    '3.5 % of rows change in arr_delay, see `@ada`'
    >>> prose("100 %; no key pairs them off")
    '100 %; no key pairs them off'
    """
    words = cut(" ".join(_clean(text).split()), _TEXT_MAX).split(" ")
    return " ".join(_word(word) for word in words if word)


def name(text: str) -> str:
    """Return a name, which stands as code; nothing for none.

    >>> name("marts.carrier_delay"), name("a|b`c")
    ('`marts.carrier_delay`', '<code>a&#124;b&#96;c</code>')
    """
    text = cut(" ".join(_clean(text).split()), _CELL_MAX)
    return _code(text) if text else ""


def command(text: str) -> str:
    """Return a command, which stands as code, to be copied as it is."""
    return _code(cut(" ".join(_clean(text).split()), _TEXT_MAX))


def value(text: str | None) -> str:
    r"""Return a value of a row as it stands in a cell; NULL looks otherwise than the text NULL.

    >>> value(None), value("NULL"), value(""), value("a\\b")
    ('*NULL*', '`NULL`', '<code></code>', '<code>a&#92;b</code>')
    """
    if text is None:
        return "*NULL*"
    return _code(cut(_clean(text).replace("\n", "\u23ce"), _CELL_MAX))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Return a table of cells that are Markdown already; ``right`` columns are flush right. None where no row is."""
    if not rows:
        return ""
    rule = ["---:" if n in right else "---" for n in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def folded(summary: str, text: str) -> str:
    """Return a Markdown text that unfolds at a click, below a summary that is plain text; nothing for no text.

    >>> folded("a `b`", "c").splitlines()[0]
    '<details><summary>a &#96;b&#96;</summary>'
    """
    told = _entities(cut(" ".join(_clean(summary).split()), _TEXT_MAX))  # in HTML no Markdown is read
    return f"<details><summary>{told}</summary>\n\n{text}\n\n</details>" if text else ""


def _word(word: str) -> str:
    if _PLAIN.fullmatch(word) and not _LINKED.match(word.lstrip("(")):
        return word
    return _code(word)


def _code(text: str) -> str:
    if text and text == text.strip() and not _ENDING & set(text):
        return f"`{text}`"
    return f"<code>{_entities(text)}</code>"


def _entities(text: str) -> str:
    return "".join(c if c.isalnum() or c == " " or not c.isascii() else f"&#{ord(c)};" for c in text)


def _clean(text: str) -> str:
    text = harmless(text).replace("\t", " ")
    return text if text.isascii() else "".join("\ufffd" if ord(c) in _HIDDEN else c for c in text)
