"""What a job learns of where it runs, from the variables that the forges document."""

import json

import pytest

from headgate.app.ci.surroundings import surroundings_in
from headgate.core.errors import EnvironmentFailed
from headgate.core.ports.forge import RequestState
from headgate.core.surroundings import ForgeKind, Surroundings

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_API_URL": "https://api.github.example",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_RUN_ID": "77",
    "GITHUB_SHA": "c" * 40,
    "GITHUB_REF_NAME": "12/merge",
    "GITHUB_HEAD_REF": "faster",
    "GITHUB_BASE_REF": "main",
    "GITHUB_EVENT_PATH": "event.json",
    "GITHUB_STEP_SUMMARY": "summary.md",
    "GITHUB_TOKEN": "secret",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_PROJECT_ID": "5",
    "CI_COMMIT_SHA": "c" * 40,
    "CI_DEFAULT_BRANCH": "main",
    "CI_JOB_URL": "https://gitlab.example/acme/shop/-/jobs/9",
    "CI_PIPELINE_ID": "88",
}
REQUEST = {
    "CI_MERGE_REQUEST_IID": "12",
    "CI_MERGE_REQUEST_PROJECT_ID": "5",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "faster",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
}


def event(**pull: object) -> dict[str, object]:
    head = {"sha": "a" * 40, "repo": {"full_name": "acme/shop"}}
    request = {"number": 12, "state": "open", "merged": False, "head": head, **pull}
    return {"action": "synchronize", "pull_request": request, "repository": {"default_branch": "main"}}


def on_github(body: object, **changed: str) -> Surroundings:
    files = {"event.json": json.dumps(body)}
    return surroundings_in({**GITHUB, **changed}, files.__getitem__)


def no_file(path: str) -> str:
    raise AssertionError(path)


def test_by_hand_there_is_nothing() -> None:
    assert surroundings_in({"CI": "true", "HOME": "x"}, no_file) == Surroundings()


def test_a_pull_request() -> None:
    assert on_github(event()) == Surroundings(
        forge=ForgeKind.GITHUB,
        api="https://api.github.example",
        repository="acme/shop",
        number=12,
        head="a" * 40,
        branch="faster",
        base_branch="main",
        default_branch="main",
        summary_file="summary.md",
        url="https://github.example/acme/shop/actions/runs/77",
    )


@pytest.mark.parametrize("repo", [{"full_name": "mallory/shop"}, None, {}])
def test_a_pull_request_from_elsewhere_is_a_fork(repo: object) -> None:
    assert on_github(event(head={"sha": "a" * 40, "repo": repo})).is_fork


def test_a_pull_request_that_ended() -> None:
    assert on_github(event(state="closed", merged=True)).state is RequestState.MERGED
    assert on_github(event(state="closed")).state is RequestState.CLOSED


def test_a_push_is_no_request() -> None:
    found = on_github({"repository": {"default_branch": "main"}}, GITHUB_HEAD_REF="", GITHUB_REF_NAME="main")
    assert not found.is_request
    assert not found.is_fork
    assert (found.branch, found.head) == ("main", "c" * 40)


@pytest.mark.parametrize("text", ["[]", "{}", '{"pull_request": 3}', '{"pull_request": {"number": "x", "head": []}}'])
def test_an_event_of_another_form_names_no_request(text: str) -> None:
    assert not surroundings_in(GITHUB, lambda _: text).is_request


def test_an_event_that_is_none_is_told() -> None:
    with pytest.raises(EnvironmentFailed, match=r"event\.json"):
        surroundings_in(GITHUB, lambda _: "{")


def test_a_merge_request() -> None:
    assert surroundings_in({**GITLAB, **REQUEST}, no_file) == Surroundings(
        forge=ForgeKind.GITLAB,
        api="https://gitlab.example/api/v4",
        repository="5",
        number=12,
        head="c" * 40,
        branch="faster",
        base_branch="main",
        default_branch="main",
        url="https://gitlab.example/acme/shop/-/jobs/9",
        pipeline=88,
    )


def test_the_head_of_merged_results_is_that_of_the_request() -> None:
    told = {**GITLAB, **REQUEST, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "d" * 40}
    assert surroundings_in(told, no_file).head == "d" * 40


@pytest.mark.parametrize("source", ["6", ""])
def test_a_merge_request_of_another_project_is_a_fork_wherever_it_runs(source: str) -> None:
    told = {**GITLAB, **REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source, "CI_PROJECT_ID": source or "5"}
    found = surroundings_in(told, no_file)
    assert found.is_fork
    assert found.repository == "5"


def test_a_branch_on_gitlab_is_no_request() -> None:
    found = surroundings_in({**GITLAB, "CI_COMMIT_BRANCH": "main"}, no_file)
    assert (found.is_request, found.is_fork, found.branch) == (False, False, "main")


def test_no_token_is_read() -> None:
    assert "secret" not in repr(on_github(event()))
