"""What rows of any state store mean: the event in a row, and where the keys with a prefix end."""

from __future__ import annotations

from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.records import Event

UNREADABLE = "unreadable"
"""The one key of the body of an event whose text is no JSON object; its hash does not fit then."""

_LAST_CODE_POINT = 0x10FFFF


def event_of(number: int, kind: str, text: str, previous: str, hash_: str) -> Event:
    """Return the event of a row; a body that was altered into no JSON object is kept as the text that it is."""
    try:
        body = loads(text)
    except ValueError:
        body = None
    return Event(number, kind, body if isinstance(body, dict) else {UNREADABLE: text}, previous, Digest(hash_))


def prefix_end(prefix: str) -> str | None:
    """Return the first text after all that begin with ``prefix``, by code point; None where there is no such text.

    >>> prefix_end("a/"), prefix_end("a" + chr(0x10FFFF)), prefix_end("")
    ('a0', 'b', None)
    """
    head = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not head:
        return None
    following = ord(head[-1]) + 1
    if 0xD800 <= following <= 0xDFFF:  # surrogates stand in no text
        following = 0xE000
    return head[:-1] + chr(following)
