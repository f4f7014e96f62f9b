"""GitLab, on gitlab.com or a server of one's own: the REST API, version 4.

The token is one of the project or of a person, with the scope ``api``. That of a job (``CI_JOB_TOKEN``) may write
neither comments nor statuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from headgate.core.errors import ForgeFailed
from headgate.core.ports.forge import (
    DESCRIPTION_MAX,
    Comment,
    CommitStatus,
    Request,
    RequestState,
    StatusState,
    mark_of,
)
from headgate.plugins.forges.calls import Calls, Patience, text_in
from headgate.plugins.forges.comments import Written, put

_HOST = "GitLab"
_STATES = {"opened": RequestState.OPEN, "merged": RequestState.MERGED}
"""Any other, `closed` and `locked`, is closed to changes."""

_STATUSES = {StatusState.PENDING: "pending", StatusState.SUCCESS: "success", StatusState.FAILURE: "failed"}
_UNFINISHED = ("created", "pending", "running")


class GitLab:
    """A project (its number, or ``group/name``) on GitLab; ``api`` is what a job calls CI_API_V4_URL.

    ``pipeline`` is the one that runs: a status without it makes a pipeline of its own, beside that of the request.
    """

    def __init__(
        self, api: str, project: str, token: str, *, pipeline: int = 0, patience: Patience | None = None
    ) -> None:
        self._calls = Calls(api, {"PRIVATE-TOKEN": token}, patience or Patience())
        self._project = f"/projects/{quote(project, safe='')}"
        self._pipeline = pipeline

    @property
    def comment_max(self) -> int:
        """How many characters a comment may have."""
        return 1_000_000

    def request(self, number: int) -> Request:
        """Return a merge request as it is now."""
        body = self._calls.call("GET", f"{self._project}/merge_requests/{number}").body
        state = _STATES.get(text_in(_HOST, body, "state"), RequestState.CLOSED)
        base, head = (text_in(_HOST, body, key) for key in ("target_branch", "sha"))
        is_fork = body.get("source_project_id") != body.get("target_project_id")
        return Request(number, state, base, head, is_fork)

    def put_comment(self, number: int, comment: Comment) -> bool:
        """Leave ``comment`` as the one of its name; tell whether it is there."""
        return put(self, number, comment)

    def put_status(self, commit: str, status: CommitStatus) -> None:
        """Leave ``status`` as the one of its name."""
        if len(status.description) > DESCRIPTION_MAX:
            raise ForgeFailed(f"the description of a status may have {DESCRIPTION_MAX} characters")
        body: dict[str, str | int] = {
            "state": _STATUSES[status.state], "name": status.name, "description": status.description,
        }  # fmt: skip
        if status.url:
            body["target_url"] = status.url
        if self._pipeline:
            body["pipeline_id"] = self._pipeline
        try:
            self._calls.call("POST", f"{self._project}/statuses/{commit}", body)
        except ForgeFailed as failed:
            # A status that is what it shall become is refused: "Cannot transition status via :enqueue from :pending".
            if "Cannot transition status" not in str(failed) or not self._is_already(commit, status):
                raise

    def _is_already(self, commit: str, status: CommitStatus) -> bool:
        path = f"{self._project}/repository/commits/{commit}/statuses?name={quote(status.name, safe='')}&per_page=100"
        meant = _UNFINISHED if status.state is StatusState.PENDING else (_STATUSES[status.state],)
        return any(one.get("name") == status.name and one.get("status") in meant for one in self._calls.pages(path))

    def own_comments(self, number: int) -> Sequence[Written]:
        """Return those of our own that have a mark, the oldest first."""
        path = f"{self._project}/merge_requests/{number}/notes"
        notes = self._calls.pages(f"{path}?order_by=created_at&sort=asc&per_page=100")
        found = [(n, mark) for n in notes if not n.get("system") and (mark := mark_of(str(n.get("body") or "")))]
        if not found:
            return ()
        us = text_in(_HOST, self._calls.call("GET", "/user").body, "id")
        ours = [(n, mark) for n, mark in found if text_in(_HOST, n, "author", "id") == us]
        return tuple(Written(f"{path}/{text_in(_HOST, n, 'id')}", mark) for n, mark in ours)

    def add_comment(self, number: int, text: str) -> None:
        """Write one more."""
        path = f"{self._project}/merge_requests/{number}/notes"
        self._calls.call("POST", path, {"body": text}, is_once=True)

    def change_comment(self, path: str, text: str) -> None:
        """Give one another text."""
        self._calls.call("PUT", path, {"body": text}, is_once=True)

    def remove_comment(self, path: str) -> None:
        """Take one away."""
        self._calls.call("DELETE", path)
