"""Texts as PostgreSQL can hold them: it has none with U+0000.

U+0000 is kept as U+0001 U+0001 and U+0001 as U+0001 U+0002. This leaves the order by code points as it is, and a text
begins with another one exactly where their stored forms do. Texts without these two, nearly all, are kept as they are.
"""

from __future__ import annotations

import re

_RARE = re.compile("[\x00\x01]")
_STORED = re.compile("\x01([\x01\x02])")


def stored(text: str) -> str:
    r"""Return the form in which a text is stored.

    >>> stored("a\x00b\x01"), loaded(stored("a\x00b\x01"))
    ('a\x01\x01b\x01\x02', 'a\x00b\x01')
    """
    return _RARE.sub(lambda found: "\x01\x01" if found[0] == "\x00" else "\x01\x02", str(text))


def stored_or_none(text: str | None) -> str | None:
    """Return the stored form of a text, or None for None."""
    return None if text is None else stored(text)


def loaded(text: str) -> str:
    """Return the text that is stored in this form."""
    if "\x01" not in text:
        return text
    return _STORED.sub(lambda found: "\x00" if found[1] == "\x01" else "\x01", text)
