"""The port of a forge: the requests (pull requests, merge requests) that people review, and what they are told there.

Errors: ``ForgeRefused`` where the token lacks a right or nothing is there of that name, ``ForgeFailed`` for all else.
Whatever can be tried again was tried again when one of them is raised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

DESCRIPTION_MAX = 140
"""So many characters of a status' description every forge keeps (GitHub 140, GitLab 255)."""


class RequestState(StrEnum):
    """Whether a request is still open, and how it ended."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to take ``head``, a commit, into the branch ``base``.

    ``is_fork``: the commit is from a repository of somebody else, or from one that is gone.
    """

    number: int
    state: RequestState
    base: str
    head: str
    is_fork: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """What a run tells below a request. Of each ``name`` there is one comment, which the next run replaces.

    ``commit`` is the head that it is about; ``at``, when it was found out, in ISO 8601 in UTC with a fixed number of
    digits: of two about one commit the later one stays.
    """

    name: str
    commit: str
    at: str
    text: str


class StatusState(StrEnum):
    """What a status says of a commit. There is no third way between: what waits for somebody has failed."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A check of a commit, by its name, with a line of at most ``DESCRIPTION_MAX`` characters and a page to read."""

    name: str
    state: StatusState
    description: str
    url: str


class Forge(Protocol):
    """One repository on a forge, with the rights of one token."""

    @property
    def comment_max(self) -> int:
        """How many code units of UTF-16 a comment may have, those of its mark among them."""

    def request(self, number: int) -> Request:
        """Return a request as it is now. Cost: a call."""

    def put_comment(self, number: int, comment: Comment) -> bool:
        """Leave ``comment`` as the one of its name; tell whether it is there.

        It is not where the request has another head by now, or a later run about the same commit has told already:
        what is there stays. Only comments of our own are touched. Cost: about five calls.
        """

    def put_status(self, commit: str, status: CommitStatus) -> None:
        """Leave ``status`` as the one of its name. Cost: a call."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the first line of a comment says of it, out of sight."""

    name: str
    commit: str
    at: str


_MARK = re.compile(r"<!-- headgate name=(\S+) commit=([0-9a-f]+) at=(\S+) -->")


def size_of(text: str) -> int:
    """Return how long a text is as forges count: in code units of UTF-16, of which some characters have two.

    >>> size_of("naïve"), size_of("\U0001f600")
    (5, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_to_size(text: str, size: int) -> str:
    """Return as many whole characters from the beginning of a text as forges count as ``size``.

    >>> cut_to_size("a\U0001f600b", 2), cut_to_size("a\U0001f600b", 3) == "a\U0001f600"
    ('a', True)
    """
    return text.encode("utf-16-le", "surrogatepass")[: 2 * size].decode("utf-16-le", "ignore")


def marked(comment: Comment) -> str:
    """Return the text of a comment below its mark.

    >>> print(marked(Comment("shop", "3f2c1ab", "2026-11-22T06:00:00Z", "All is well.")))
    <!-- headgate name=shop commit=3f2c1ab at=2026-11-22T06:00:00Z -->
    All is well.
    """
    return f"<!-- headgate name={comment.name} commit={comment.commit} at={comment.at} -->\n{comment.text}"


def mark_of(text: str) -> Mark | None:
    """Return the mark that a text begins with; None where it has none.

    >>> mark_of("<!-- headgate name=shop commit=3f2c1ab at=2026-11-22T06:00:00Z -->").commit
    '3f2c1ab'
    """
    found = _MARK.match(text)
    return Mark(*found.groups()) if found else None
