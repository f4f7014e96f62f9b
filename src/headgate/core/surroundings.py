"""Where a command runs: by hand, or in a job of a forge, for a request or for a branch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from headgate.core.ports.forge import RequestState


class ForgeKind(StrEnum):
    """The forges that are known."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a job is told by its forge. Without a ``forge`` it is a run by hand, and all else is empty.

    ``number`` is that of the request, 0 where there is none; then ``head`` is its newest commit, which is not the one
    that is checked out where the forge has merged the two; ``base_branch`` is what it shall go into. ``branch`` is
    what is built, ``default_branch`` what is released. ``is_fork``: the change is from another repository, whose
    owners nobody here knows. ``api`` and ``repository`` say where to call, ``pipeline`` what runs (GitLab).
    ``summary_file`` takes Markdown for the page of the run, which is at ``url``.
    """

    forge: ForgeKind | None = None
    api: str = ""
    repository: str = ""
    number: int = 0
    head: str = ""
    branch: str = ""
    base_branch: str = ""
    default_branch: str = ""
    is_fork: bool = False
    state: RequestState = RequestState.OPEN
    summary_file: str = ""
    url: str = ""
    pipeline: int = 0

    @property
    def is_request(self) -> bool:
        """Tell whether it runs for a request."""
        return self.number > 0
