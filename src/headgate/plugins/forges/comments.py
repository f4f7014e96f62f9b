"""One comment for each name, whoever else writes at the same time.

No forge changes a comment only if it is still what somebody read. So each round looks, writes, and the next round looks
again: a run ends when it has read its own comment, or sees that it is no longer the one to write. Nothing is waited for
between a look and a write: the run of an older commit would have to write within the one call in which the newer commit
is pushed, built and told of. Two runs of one commit that write within that time leave the comment of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from headgate.core.errors import ForgeFailed, ForgeRefused
from headgate.core.ports.forge import Comment, Mark, Request, marked, size_of
from headgate.plugins.forges.calls import AGAIN, Unsure

_ROUNDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Written:
    """A comment that is there, and where on the forge."""

    path: str
    mark: Mark


class Thread(Protocol):
    """The comments below a request, of which we touch our own alone."""

    @property
    def comment_max(self) -> int:
        """How many characters one may have."""

    def request(self, number: int) -> Request:
        """Return the request as it is now."""

    def own_comments(self, number: int) -> Sequence[Written]:
        """Return those of our own that have a mark, the oldest first."""

    def add_comment(self, number: int, text: str) -> None:
        """Write one more; raise ``Unsure`` where it may not be there."""

    def change_comment(self, path: str, text: str) -> None:
        """Give one another text; raise ``ForgeRefused`` where it is gone, ``Unsure`` where it may be as it was."""

    def remove_comment(self, path: str) -> None:
        """Take one away; raise ``ForgeRefused`` where it is gone."""


def put(thread: Thread, number: int, comment: Comment) -> bool:
    """Leave ``comment`` as the one of its name; tell whether it is there (``Forge.put_comment``)."""
    text = marked(comment)
    if (size := size_of(text)) > thread.comment_max:
        raise ForgeFailed(f"a comment of {size} characters is longer than the {thread.comment_max} that may be")
    ours = Mark(comment.name, comment.commit, comment.at)
    for _ in range(_ROUNDS_MAX):
        if thread.request(number).head != comment.commit:
            return False
        there = [one for one in thread.own_comments(number) if one.mark.name == comment.name]
        if any(one.mark.commit == ours.commit and one.mark.at > ours.at for one in there):
            return False
        for one in there[1:]:  # two runs had begun it at once; the first stays
            with suppress(ForgeRefused):
                thread.remove_comment(one.path)
        if not there:
            with suppress(Unsure):
                thread.add_comment(number, text)
        elif there[0].mark == ours:
            return True
        else:
            with suppress(Unsure):
                _change(thread, number, there[0].path, text)
    raise ForgeFailed(f"the comment below request {number} could not be written in {_ROUNDS_MAX} rounds", hint=AGAIN)


def _change(thread: Thread, number: int, path: str, text: str) -> None:
    """Give a comment another text, unless somebody has removed it meanwhile: the next round begins a new one."""
    try:
        thread.change_comment(path, text)
    except ForgeRefused:
        if any(one.path == path for one in thread.own_comments(number)):
            raise
