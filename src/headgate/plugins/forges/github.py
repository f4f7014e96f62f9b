"""GitHub, and GitHub Enterprise Server: the REST API, version 2022-11-28.

The token of a workflow (``GITHUB_TOKEN``) needs ``pull-requests: write`` for comments and ``statuses: write``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headgate.core.errors import ForgeFailed, ForgeRefused
from headgate.core.ports.forge import (
    DESCRIPTION_MAX,
    Comment,
    CommitStatus,
    Request,
    RequestState,
    mark_of,
)
from headgate.plugins.forges.calls import Calls, Patience, text_in
from headgate.plugins.forges.comments import Written, put

_HOST = "GitHub"


class GitHub:
    """A repository (``owner/name``) on GitHub; ``api`` is what a workflow calls GITHUB_API_URL."""

    def __init__(self, api: str, repository: str, token: str, patience: Patience | None = None) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": f"Bearer {token}",
        }
        self._calls = Calls(api, headers, patience or Patience())
        self._repository = f"/repos/{repository}"

    @property
    def comment_max(self) -> int:
        """How many characters a comment may have."""
        return 65_536

    def request(self, number: int) -> Request:
        """Return a pull request as it is now."""
        body = self._calls.call("GET", f"{self._repository}/pulls/{number}").body
        is_open = text_in(_HOST, body, "state") == "open"
        is_merged = body.get("merged") is True or bool(body.get("merged_at"))
        state = RequestState.OPEN if is_open else RequestState.MERGED if is_merged else RequestState.CLOSED
        base = text_in(_HOST, body, "base", "ref")
        home, source = (_repository_of(body, side) for side in ("base", "head"))
        # The repository of a request may be deleted: then nobody knows whose it was.
        return Request(number, state, base, text_in(_HOST, body, "head", "sha"), source is None or source != home)

    def put_comment(self, number: int, comment: Comment) -> bool:
        """Leave ``comment`` as the one of its name; tell whether it is there."""
        return put(self, number, comment)

    def put_status(self, commit: str, status: CommitStatus) -> None:
        """Leave ``status`` as the one of its name."""
        if len(status.description) > DESCRIPTION_MAX:
            raise ForgeFailed(f"the description of a status may have {DESCRIPTION_MAX} characters")
        body = {"state": status.state.value, "context": status.name, "description": status.description}
        if status.url:
            body["target_url"] = status.url
        self._calls.call("POST", f"{self._repository}/statuses/{commit}", body)

    def own_comments(self, number: int) -> Sequence[Written]:
        """Return those of our own that have a mark, the oldest first."""
        bodies = self._calls.pages(f"{self._repository}/issues/{number}/comments?per_page=100")
        found = [(body, mark) for body in bodies if (mark := mark_of(str(body.get("body") or "")))]
        if not found:
            return ()
        login = self._login()
        ours = [(int(text_in(_HOST, b, "id")), mark) for b, mark in found if _is_ours(b.get("user"), login)]
        path = f"{self._repository}/issues/comments"  # comments are numbered within the repository
        return tuple(Written(f"{path}/{one}", mark) for one, mark in sorted(ours, key=lambda pair: pair[0]))

    def add_comment(self, number: int, text: str) -> None:
        """Write one more."""
        self._calls.call("POST", f"{self._repository}/issues/{number}/comments", {"body": text}, is_once=True)

    def change_comment(self, path: str, text: str) -> None:
        """Give one another text."""
        self._calls.call("PATCH", path, {"body": text}, is_once=True)

    def remove_comment(self, path: str) -> None:
        """Take one away."""
        self._calls.call("DELETE", path)

    def _login(self) -> str:
        """Return who the token is; empty for that of an app, as a workflow has one: it may not ask."""
        try:
            return text_in(_HOST, self._calls.call("GET", "/user").body, "login")
        except ForgeRefused:
            return ""


def _is_ours(user: Any, login: str) -> bool:
    """Tell whether we wrote it. Whoever writes a comment can write our mark; no person is of the type Bot."""
    if not isinstance(user, dict):
        return False
    return user.get("login") == login if login else user.get("type") == "Bot"


def _repository_of(body: dict[str, Any], side: str) -> str | None:
    found = body.get(side)
    repository = found.get("repo") if isinstance(found, dict) else None
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return name if isinstance(name, str) else None
