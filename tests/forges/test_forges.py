"""What both forges promise (`core/ports/forge.py`), against a server that behaves as they document it."""

import threading
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from headgate.core.errors import ForgeFailed, ForgeRefused
from headgate.core.ports.forge import (
    Comment,
    CommitStatus,
    Forge,
    Request,
    RequestState,
    StatusState,
    mark_of,
    marked,
)
from headgate.plugins.forges.calls import Calls, Patience, Unsure
from headgate.plugins.forges.github import GitHub
from headgate.plugins.forges.gitlab import GitLab
from tests.forges.server import ME, TOKEN, Place, Pull

pytestmark = pytest.mark.slow

QUICK = Patience(tries=4, answer=0.6, first_wait=0.01, wait_max=1.5)
OLD, NEW = "a" * 40, "b" * 40
REQUEST = r"(pulls|merge_requests)/12$"
COMMENTS = r"(issues/12/comments|merge_requests/12/notes)$"
ONE_COMMENT = r"(issues/comments|notes)/\d+$"
STATUSES = r"/statuses/\w+$"


@pytest.fixture(params=["github", "gitlab"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    place = Place(request.param)
    place.pulls[12] = Pull(head=NEW)
    yield place
    place.close()


@pytest.fixture
def github() -> Iterator[Place]:
    place = Place("github")
    place.pulls[12] = Pull(head=NEW)
    yield place
    place.close()


def forge_of(place: Place, token: str = TOKEN, patience: Patience = QUICK) -> Forge:
    if place.kind == "github":
        return GitHub(place.base, "acme/shop", token, patience)
    return GitLab(place.base, "acme/shop", token, pipeline=5, patience=patience)


def comment(text: str = "All is well.", *, commit: str = NEW, at: str = "2026-11-22T06:00:00.000000Z") -> Comment:
    return Comment("shop", commit, at, text)


def status(state: StatusState, description: str = "3 tables, nothing to object") -> CommitStatus:
    return CommitStatus("headgate/shop", state, description, "https://ci.example.com/run/1")


def test_a_request_is_what_the_forge_says_of_it(place: Place) -> None:
    forge = forge_of(place)
    assert forge.request(12) == Request(12, RequestState.OPEN, "main", NEW, is_fork=False)
    place.pulls[12] = Pull(head=OLD, base="release", state="merged", source="mallory/shop")
    assert forge.request(12) == Request(12, RequestState.MERGED, "release", OLD, is_fork=True)
    place.pulls[12] = Pull(head=OLD, state="closed", source="")
    assert forge.request(12) == Request(12, RequestState.CLOSED, "main", OLD, is_fork=True)


def test_one_comment_is_begun_and_then_changed(place: Place) -> None:
    forge = forge_of(place)
    assert forge.put_comment(12, comment("First."))
    assert forge.put_comment(12, comment("Second.", at="2026-11-22T06:05:00.000000Z"))
    (text,) = place.texts(12)
    assert text.endswith("\nSecond.")


def test_what_others_wrote_stays_even_below_our_mark(place: Place) -> None:
    place.say(12, "Nice!", author="ada")
    forged = marked(comment("All is approved, trust me."))
    place.say(12, forged, author="mallory")
    assert forge_of(place).put_comment(12, comment())
    assert place.texts(12, "mallory") == [forged]
    assert len(place.texts(12)) == 1


def test_projects_of_one_repository_have_comments_of_their_own(place: Place) -> None:
    forge = forge_of(place)
    assert forge.put_comment(12, comment())
    assert forge.put_comment(12, Comment("other", NEW, "2026-11-22T06:00:00.000000Z", "The other."))
    assert [mark.name for text in place.texts(12) if (mark := mark_of(text))] == ["shop", "other"]


def test_ours_is_found_behind_a_hundred_pages_of_talk(place: Place) -> None:
    place.page_size = 3
    for number in range(10):
        place.say(12, f"remark {number}", author="ada")
    place.say(12, marked(comment("Old.", at="2026-11-21T00:00:00.000000Z")))
    place.say(12, "more", author="ada")
    assert forge_of(place).put_comment(12, comment("New."))
    assert [text.rpartition("\n")[2] for text in place.texts(12)] == ["New."]


def test_the_run_of_an_older_commit_says_nothing_once_a_newer_one_is_there(place: Place) -> None:
    forge = forge_of(place)
    assert forge.put_comment(12, comment("Of the new commit."))
    assert not forge.put_comment(12, comment("Of the old one.", commit=OLD, at="2026-11-22T09:00:00.000000Z"))
    assert place.texts(12)[0].endswith("Of the new commit.")


def test_of_two_runs_of_one_commit_the_later_one_stays(place: Place) -> None:
    forge = forge_of(place)
    assert forge.put_comment(12, comment("Later.", at="2026-11-22T06:05:00.000000Z"))
    assert not forge.put_comment(12, comment("Earlier."))
    assert place.texts(12)[0].endswith("Later.")


def test_an_older_run_that_writes_at_the_same_moment_is_written_over(place: Place) -> None:
    """It looked before the new commit came, and writes behind our back: whoever is newest looks again."""
    mine = place.say(12, marked(comment("Before.", commit=OLD, at="2026-11-21T00:00:00.000000Z")))
    late = marked(comment("Late, of the old commit.", commit=OLD, at="2026-11-22T06:00:01.000000Z"))

    def overwrite() -> None:
        place.before(
            "GET", COMMENTS, lambda: setattr(next(c for c in place.pulls[12].comments if c.id == mine), "text", late)
        )

    place.before("PATCH" if place.kind == "github" else "PUT", ONE_COMMENT, overwrite)
    assert forge_of(place).put_comment(12, comment("Of the new commit."))
    assert [text.rpartition("\n")[2] for text in place.texts(12)] == ["Of the new commit."]


def test_two_runs_that_begin_the_comment_at_once_leave_one(place: Place) -> None:
    other = marked(comment("Of the other run.", at="2026-11-22T05:00:00.000000Z"))
    place.before("POST", COMMENTS, lambda: place.say(12, other) and None)
    assert forge_of(place).put_comment(12, comment("Ours."))
    assert [text.rpartition("\n")[2] for text in place.texts(12)] == ["Ours."]


def test_many_runs_at_once_leave_one(place: Place) -> None:
    texts = [comment(f"Run {n}.", at=f"2026-11-22T06:00:{n:02}.000000Z") for n in range(6)]
    done: list[bool] = []

    def put(one: Comment) -> None:
        done.append(forge_of(place).put_comment(12, one))

    threads = [threading.Thread(target=put, args=(one,)) for one in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(texts)
    assert len(place.texts(12)) == 1


def test_an_older_run_that_has_to_wait_looks_again_before_it_writes(place: Place) -> None:
    """The forge takes no calls for a while; meanwhile a newer commit is pushed, and its run tells of it."""
    place.pulls[12].head = OLD
    forge = forge_of(place)
    assert forge.put_comment(12, comment("Before.", commit=OLD))

    def newer() -> None:
        place.pulls[12].head = NEW
        place.pulls[12].comments[0].text = marked(comment("Of the new commit."))

    write = "PATCH" if place.kind == "github" else "PUT"
    place.before(write, ONE_COMMENT, newer)
    place.fail(write, ONE_COMMENT, status=429, headers={"Retry-After": "0"}, is_refused_late=True)
    assert not forge.put_comment(12, comment("Late.", commit=OLD, at="2026-11-22T09:00:00.000000Z"))
    assert [text.rpartition("\n")[2] for text in place.texts(12)] == ["Of the new commit."]


def test_a_comment_that_somebody_removes_meanwhile_is_begun_anew(place: Place) -> None:
    place.say(12, marked(comment("Old.", at="2026-11-21T00:00:00.000000Z")))
    place.before("PATCH" if place.kind == "github" else "PUT", ONE_COMMENT, place.pulls[12].comments.clear)
    assert forge_of(place).put_comment(12, comment("New."))
    assert place.texts(12)[0].endswith("New.")


@pytest.mark.parametrize("how", [{"status": 502}, {"drops": True}], ids=["502", "lost"])
def test_a_comment_whose_answer_is_lost_is_not_written_twice(place: Place, how: dict[str, object]) -> None:
    place.fail("POST", COMMENTS, is_done=True, **how)
    assert forge_of(place).put_comment(12, comment())
    assert len(place.texts(12)) == 1


def test_a_comment_that_was_not_written_is_written_again(place: Place) -> None:
    place.fail("POST", COMMENTS, status=503, times=2)
    assert forge_of(place).put_comment(12, comment())
    assert len(place.texts(12)) == 1


def test_a_text_that_is_too_long_is_refused_before_anything_is_sent(place: Place) -> None:
    forge = forge_of(place)
    room = forge.comment_max - len(marked(comment("")))
    with pytest.raises(ForgeFailed, match="longer than"):
        forge.put_comment(12, comment("x" * (room + 1)))
    assert place.calls == []
    assert forge.put_comment(12, comment("x" * room))


def test_each_state_of_a_status(place: Place) -> None:
    forge = forge_of(place)
    for state in (StatusState.PENDING, StatusState.FAILURE, StatusState.PENDING, StatusState.SUCCESS):
        forge.put_status(NEW, status(state))
    kept = place.statuses[NEW][-1]
    assert (kept["name"], kept["state"]) == ("headgate/shop", "success")
    assert kept["target_url"] == "https://ci.example.com/run/1"
    assert kept.get("pipeline_id") == (5 if place.kind == "gitlab" else None)


def test_what_waits_has_failed(place: Place) -> None:
    assert "neutral" not in [state.value for state in StatusState]
    forge_of(place).put_status(NEW, status(StatusState.FAILURE, "waits for an approval by ops"))
    assert place.statuses[NEW][-1]["state"] == ("failure" if place.kind == "github" else "failed")


def test_a_status_that_is_pending_already_stays_so(place: Place) -> None:
    forge = forge_of(place)
    forge.put_status(NEW, status(StatusState.PENDING))
    forge.put_status(NEW, status(StatusState.PENDING))
    assert [one["state"] for one in place.statuses[NEW]][-1] == "pending"


def test_another_refusal_of_a_state_is_told() -> None:
    place = Place("gitlab")
    place.fail("POST", STATUSES, status=400, body={"message": "Cannot transition status via :drop from :canceled"})
    with pytest.raises(ForgeFailed, match="Cannot transition"):
        forge_of(place).put_status(NEW, status(StatusState.FAILURE))
    place.close()


def test_a_description_that_is_too_long_is_refused(place: Place) -> None:
    with pytest.raises(ForgeFailed, match="140"):
        forge_of(place).put_status(NEW, status(StatusState.SUCCESS, "x" * 141))
    assert place.calls == []


@pytest.mark.parametrize("code", [500, 502, 503, 504, 409])
def test_what_passes_is_tried_again(place: Place, code: int) -> None:
    place.fail("GET", REQUEST, status=code, body={"message": "try later"}, times=3)
    assert forge_of(place).request(12).head == NEW
    assert place.count("GET", REQUEST) == 4


def test_what_does_not_pass_ends_after_the_stated_number_of_tries(place: Place) -> None:
    place.fail("GET", REQUEST, status=503, times=99)
    with pytest.raises(ForgeFailed, match="answered 503") as failed:
        forge_of(place).request(12)
    assert place.count("GET", REQUEST) == QUICK.tries
    assert "Run the same command again" in failed.value.hint


def test_a_connection_that_breaks_is_made_again(place: Place) -> None:
    place.fail("GET", REQUEST, drops=True, times=2)
    assert forge_of(place).request(12).head == NEW


def test_an_answer_that_is_cut_off_is_asked_for_again(place: Place) -> None:
    place.fail("GET", REQUEST, status=200, body=b'{"state": "op', headers={"Content-Length": "400"})
    assert forge_of(place).request(12).head == NEW


def test_nobody_listens() -> None:
    place = Place("github")
    place.close()
    with pytest.raises(ForgeFailed, match="refused"):
        forge_of(place).request(12)


@pytest.mark.parametrize("base", ["", "file:///etc", "ftp://forge.example", "forge.example/api"])
def test_a_base_that_is_no_address_of_the_web_is_not_opened(base: str) -> None:
    with pytest.raises(ForgeFailed, match="no address of a forge"):
        GitHub(base, "acme/shop", TOKEN, QUICK).request(12)


def test_an_answer_that_never_ends_is_given_up(place: Place) -> None:
    """Each byte comes in time, so that no single wait is too long; the whole answer is."""
    place.fail("GET", REQUEST, status=200, body=b"x" * 400, trickles=0.05, times=99)
    began = time.monotonic()
    with pytest.raises(ForgeFailed, match="in time"):
        forge_of(place, patience=Patience(tries=2, answer=0.3, first_wait=0.01)).request(12)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("code", [403, 429])
def test_a_rate_limit_is_waited_for(place: Place, code: int) -> None:
    place.fail("GET", REQUEST, status=code, body={"message": "rate limit"}, headers={"Retry-After": "1"})
    began = time.monotonic()
    assert forge_of(place).request(12).head == NEW
    assert time.monotonic() - began >= 1


def test_a_rate_limit_is_waited_for_where_a_comment_is_begun(place: Place) -> None:
    place.fail("POST", COMMENTS, status=429, headers={"Retry-After": "0"}, times=2)
    assert forge_of(place).put_comment(12, comment())
    assert len(place.texts(12)) == 1


@pytest.mark.parametrize("prefix", ["x-ratelimit", "RateLimit"])
def test_the_end_of_a_rate_limit_is_by_the_clock_of_the_forge(place: Place, prefix: str) -> None:
    there = 1_000_000_000  # its clock is years behind ours
    headers = {f"{prefix}-Remaining": "0", f"{prefix}-Reset": str(there + 1), "Date": formatdate(there, usegmt=True)}
    place.fail("GET", REQUEST, status=403 if prefix[0] == "x" else 429, headers=headers)
    assert forge_of(place).request(12).head == NEW


@pytest.mark.parametrize("after", ["3600", formatdate(4_000_000_000, usegmt=True), ""])
def test_nobody_sleeps_for_an_hour(place: Place, after: str) -> None:
    """Without a time GitHub means a minute, which is more than the 1.5 s that may be waited here."""
    place.fail("GET", REQUEST, status=429, headers={"Retry-After": after} if after else {}, times=9)
    began = time.monotonic()
    with pytest.raises(ForgeFailed, match="answered 429") as failed:
        forge_of(place).request(12)
    assert time.monotonic() - began < 1
    assert "takes no more calls for" in failed.value.hint
    assert place.count("GET", REQUEST) == 1


def test_a_refusal_is_not_tried_again(place: Place) -> None:
    with pytest.raises(ForgeRefused, match="401"):
        forge_of(place, token="expired-token").request(12)
    assert place.count("GET") == 1
    with pytest.raises(ForgeRefused, match="404"):
        forge_of(place).request(99)
    place.fail("POST", COMMENTS, status=403, body={"message": "Resource not accessible by integration"})
    with pytest.raises(ForgeRefused, match="not accessible by integration"):
        forge_of(place).put_comment(12, comment())


def test_the_token_is_in_no_message(place: Place) -> None:
    secret = "glpat-very-secret"
    told = []
    for how in ({"status": 500}, {"drops": True}, {"status": 200, "body": []}, {"status": 418}):
        place.faults.clear()
        place.fail("GET", REQUEST, times=99, **how)
        with pytest.raises(ForgeFailed) as failed:
            forge_of(place, token=secret).request(12)
        told += [str(failed.value), repr(failed.value), failed.value.hint]
    forge = forge_of(place, token=secret)
    told += [repr(forge), repr(getattr(forge, "_calls"))]  # noqa: B009
    assert not [text for text in told if secret in text]


def test_a_message_of_the_forge_is_one_short_printable_line(place: Place) -> None:
    place.fail("GET", REQUEST, status=418, body={"message": "a\x1b[31m\nb" + "x" * 999})
    with pytest.raises(ForgeFailed) as failed:
        forge_of(place).request(12)
    assert str(failed.value).isprintable()
    assert len(str(failed.value)) < 400


@pytest.mark.parametrize("body", [b"<html>", [], {"state": 1}, {"state": "open", "head": {"sha": True}}, {}])
def test_an_answer_of_another_form_is_told_as_such(place: Place, body: object) -> None:
    place.fail("GET", REQUEST, status=200, body=body)
    with pytest.raises(ForgeFailed, match="otherwise than its documentation"):
        forge_of(place).request(12)


def test_a_list_of_another_form_is_told_as_such(place: Place) -> None:
    place.fail("GET", COMMENTS, status=200, body={"message": "moved"})
    with pytest.raises(ForgeFailed, match="something else than a list"):
        forge_of(place).put_comment(12, comment())


def test_a_repository_that_was_renamed_is_followed_on_its_host(place: Place) -> None:
    prefix = (
        "/api/v3/repos/acme/shop/pulls" if place.kind == "github" else "/api/v4/projects/acme%2Fshop/merge_requests"
    )
    place.pulls[13] = Pull(head=OLD)
    place.fail("GET", REQUEST, status=301, headers={"Location": f"{prefix}/13"})
    assert forge_of(place).request(12).head == OLD


def test_nothing_is_sent_to_another_host(place: Place) -> None:
    other = Place(place.kind)
    other.pulls[12] = Pull(head=OLD)
    place.fail("GET", REQUEST, status=302, headers={"Location": f"{other.base}/repos/acme/shop/pulls/12"})
    with pytest.raises(ForgeFailed, match="leads to another host"):
        forge_of(place).request(12)
    place.fail("GET", COMMENTS, status=200, body=[], headers={"Link": f'<{other.base}/more>; rel="next"'})
    with pytest.raises(ForgeFailed, match="leads to another host"):
        forge_of(place).put_comment(12, comment())
    assert other.calls == []
    other.close()


def test_a_circle_of_redirects_ends(place: Place) -> None:
    path = (
        "/api/v3/repos/acme/shop/pulls/12"
        if place.kind == "github"
        else "/api/v4/projects/acme%2Fshop/merge_requests/12"
    )
    place.fail("GET", REQUEST, status=307, headers={"Location": path}, times=99)
    with pytest.raises(ForgeFailed, match="in circles"):
        forge_of(place).request(12)


def test_a_post_is_not_repeated_elsewhere_as_a_get(github: Place) -> None:
    github.fail("POST", STATUSES, status=302, headers={"Location": "/api/v3/user"})
    with pytest.raises(ForgeFailed, match="answered 302"):
        forge_of(github).put_status(NEW, status(StatusState.SUCCESS))


def test_a_list_without_an_end_ends(github: Place) -> None:
    again = f'<{github.base}/repos/acme/shop/issues/12/comments>; rel="next"'
    github.fail("GET", COMMENTS, status=200, body=[], headers={"Link": again}, times=999)
    with pytest.raises(ForgeFailed, match="more than 100 pages"):
        forge_of(github).put_comment(12, comment())


def test_the_token_of_a_workflow_knows_its_comments_by_their_bot(github: Place) -> None:
    """It may not ask who it is; no person is of the type Bot."""
    github.is_app = True
    github.say(12, marked(comment("Forged.")), author="mallory")
    forge = forge_of(github)
    assert forge.put_comment(12, comment("First."))
    assert forge.put_comment(12, comment("Second.", at="2026-11-22T06:05:00.000000Z"))
    assert [text.rpartition("\n")[2] for text in github.texts(12)] == ["Second."]
    assert [text.rpartition("\n")[2] for text in github.texts(12, "mallory")] == ["Forged."]


def test_a_call_that_must_not_be_done_twice_is_done_once(github: Place) -> None:
    github.fail("POST", STATUSES, drops=True, times=9)
    calls = Calls(github.base, {"Authorization": f"Bearer {TOKEN}"}, QUICK)
    with pytest.raises(Unsure):
        calls.call("POST", f"/repos/acme/shop/statuses/{NEW}", {}, is_once=True)
    assert github.count("POST") == 1
    assert github.texts(12, ME) == []
