"""The one place that picks a forge's client, and what a job tells there.

The token comes from the environment and goes nowhere but to the client. Without one, or where it may not write, as for
a request from a fork, nothing is told there: the reports are files, and the exit status decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from headgate.core.errors import ForgeFailed, ForgeRefused
from headgate.core.ports.forge import DESCRIPTION_MAX, Comment, CommitStatus, StatusState
from headgate.core.surroundings import ForgeKind, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from headgate.core.ports.forge import Forge

TOKENS = {ForgeKind.GITHUB: "GITHUB_TOKEN", ForgeKind.GITLAB: "GITLAB_TOKEN"}
"""The variables that hold the token."""


def open_forge(where: Surroundings, environ: Mapping[str, str]) -> Forge | None:
    """Return the client of the forge we run on; None where there is none, or no token."""
    token = environ.get(TOKENS[where.forge], "") if where.forge else ""
    if not token or where.forge is None:
        return None
    match where.forge:
        case ForgeKind.GITHUB:
            from headgate.plugins.forges.github import GitHub

            return GitHub(where.api, where.repository, token)
        case ForgeKind.GITLAB:
            from headgate.plugins.forges.gitlab import GitLab

            return GitLab(where.api, where.repository, token, pipeline=where.pipeline)
    assert_never(where.forge)


def why_not_told(where: Surroundings, forge: Forge | None) -> str:
    """Return why nothing can be told on the forge; empty where it can, and where there is nobody to tell."""
    if not where.is_request or where.forge is None:
        return ""
    if where.is_fork:
        return "The request is from a fork: nothing is written below it. The exit status decides."
    if forge is None:
        return f"{TOKENS[where.forge]} is not set: nothing is written below the request. The exit status decides."
    return ""


@dataclass(frozen=True, slots=True)
class Telling:
    """What a job tells below its request: one comment, and one status of its newest commit.

    ``project`` names both, as several projects may stand in one repository. Of a fork nothing is told: its token may
    not write, and what a stranger's code made of the run is not said in our name.
    """

    forge: Forge | None
    where: Surroundings
    project: str

    @property
    def can_tell(self) -> bool:
        """Tell whether there is somebody to tell."""
        return self.forge is not None and self.where.is_request and not self.where.is_fork

    @property
    def comment_max(self) -> int:
        """How many characters a comment's text may have below its mark, which takes less than 300."""
        return self.forge.comment_max - 300 if self.forge else 0

    def status(self, state: StatusState, description: str) -> ForgeFailed | None:
        """Leave the status; return why it is not there. What is too long is cut."""
        forge = self.forge
        if forge is None or not self.can_tell:
            return None
        cut = description if len(description) <= DESCRIPTION_MAX else f"{description[: DESCRIPTION_MAX - 1]}…"
        told = CommitStatus(status_name(self.project), state, cut, self.where.url)
        return _failure_of(lambda: forge.put_status(self.where.head, told))

    def comment(self, text: str, at: str) -> ForgeFailed | None:
        """Leave the comment, unless a newer run has told already; return why it is not there."""
        forge = self.forge
        if forge is None or not self.can_tell:
            return None
        told = Comment(mark_name(self.project), self.where.head, at, text)
        return _failure_of(lambda: forge.put_comment(self.where.number, told))


def status_name(project: str) -> str:
    """Return how the status is called that a request has to pass."""
    return f"headgate/{project}"


def mark_name(project: str) -> str:
    """Return how the comment is called: one word."""
    return "-".join(project.split()) or "project"


def is_lasting(failure: ForgeFailed) -> bool:
    """Tell whether a failure is a matter of rights: the next try fails as well."""
    return isinstance(failure, ForgeRefused)


def _failure_of(call: Callable[[], object]) -> ForgeFailed | None:
    try:
        call()
    except ForgeFailed as failed:
        return failed
    return None
