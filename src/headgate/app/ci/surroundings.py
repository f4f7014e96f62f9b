"""Where a command runs, from what GitHub Actions and GitLab CI tell their jobs in environment variables.

Only what they document is read, and never a token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from headgate.core.errors import EnvironmentFailed
from headgate.core.ports.forge import RequestState
from headgate.core.surroundings import ForgeKind, Surroundings


def surroundings_in(environ: Mapping[str, str], read: Callable[[str], str]) -> Surroundings:
    """Return where we run; ``read`` gives the text of a file.

    >>> surroundings_in({}, str).forge
    >>> told = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "12", "CI_COMMIT_SHA": "3f2c1ab"}
    >>> surroundings_in(told, str).number
    12
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return _of_github(environ, read)
    if environ.get("GITLAB_CI") == "true":
        return _of_gitlab(environ)
    return Surroundings()


def _of_github(environ: Mapping[str, str], read: Callable[[str], str]) -> Surroundings:
    """Variables: docs of GitHub Actions, "Default environment variables"; the event: that of the webhook."""
    event = _event(environ.get("GITHUB_EVENT_PATH", ""), read)
    request = event.get("pull_request")
    pull: dict[str, Any] = request if isinstance(request, dict) else {}
    repository = environ.get("GITHUB_REPOSITORY", "")
    server, run = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_RUN_ID", "")
    number = pull.get("number")
    return Surroundings(
        forge=ForgeKind.GITHUB,
        api=environ.get("GITHUB_API_URL", ""),
        repository=repository,
        number=number if isinstance(number, int) else 0,
        head=_text(pull, "head", "sha") or environ.get("GITHUB_SHA", ""),
        branch=environ.get("GITHUB_HEAD_REF") or environ.get("GITHUB_REF_NAME", ""),
        base_branch=environ.get("GITHUB_BASE_REF", ""),
        default_branch=_text(event, "repository", "default_branch"),
        # A repository that is gone has no name: its request counts as that of a stranger.
        is_fork=bool(pull) and _text(pull, "head", "repo", "full_name") != repository,
        state=_state(pull),
        summary_file=environ.get("GITHUB_STEP_SUMMARY", ""),
        url=f"{server}/{repository}/actions/runs/{run}" if server and run else "",
    )


def _of_gitlab(environ: Mapping[str, str]) -> Surroundings:
    """Variables: docs of GitLab CI, "Predefined CI/CD variables reference"."""
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    home = environ.get("CI_MERGE_REQUEST_PROJECT_ID") or environ.get("CI_PROJECT_ID", "")
    pipeline = environ.get("CI_PIPELINE_ID", "")
    return Surroundings(
        forge=ForgeKind.GITLAB,
        api=environ.get("CI_API_V4_URL", ""),
        repository=home,
        number=int(number) if number.isdecimal() else 0,
        # A pipeline of merged results has a commit of its own; of others the first of the two is empty.
        head=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA", ""),
        branch=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or environ.get("CI_COMMIT_BRANCH", ""),
        base_branch=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
        default_branch=environ.get("CI_DEFAULT_BRANCH", ""),
        is_fork=bool(number) and environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "") != home,
        url=environ.get("CI_JOB_URL", ""),
        pipeline=int(pipeline) if pipeline.isdecimal() else 0,
    )


def _event(path: str, read: Callable[[str], str]) -> dict[str, Any]:
    if not path:
        return {}
    try:
        found = json.loads(read(path))
    except (OSError, ValueError) as error:
        text = f"the event of the workflow, {path}, cannot be read: {error}"
        raise EnvironmentFailed(text, hint="GITHUB_EVENT_PATH names it; GitHub Actions writes it.") from error
    return found if isinstance(found, dict) else {}


def _state(pull: Mapping[str, Any]) -> RequestState:
    if pull.get("state", "open") == "open":
        return RequestState.OPEN
    return RequestState.MERGED if pull.get("merged") is True else RequestState.CLOSED


def _text(body: Mapping[str, Any], *keys: str) -> str:
    """Return the text that stands below these keys; empty where there is none."""
    found: Any = body
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
