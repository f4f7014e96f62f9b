"""Calls of a forge's REST API: JSON over HTTP, patient within stated bounds.

What is tried again: a lost connection, 5xx, a conflict (409), and a rate limit, whose own time is waited for
(``Retry-After``, RFC 9110 section 10.2.3, or ``X-RateLimit-Reset``). Nothing is sent to another host than the one that
was given.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from headgate.core.errors import ForgeFailed, ForgeRefused

_BYTES_MAX = 20_000_000
_PAGES_MAX = 100
_REDIRECTS_MAX = 3
_MESSAGE_MAX = 200
_LIMITED_SECONDS = 60.0
"""How long GitHub asks to wait where it limits and does not say how long."""

_REDIRECTS = (301, 302, 303, 307, 308)
_REFUSALS = (403, 404)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds: for one answer, first before a second try (twice as long each time), at most.

    A forge that asks for more than ``wait_max`` fails at once: nobody pays for a machine that sleeps for an hour.
    """

    tries: int = 5
    answer: float = 30.0
    first_wait: float = 1.0
    wait_max: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: ``body`` is None where it was no JSON. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def message(self) -> str:
        """What the forge says about it, in one short line."""
        told = self.body.get("message", self.body.get("error", "")) if isinstance(self.body, dict) else ""
        text = told if isinstance(told, str) else json.dumps(told)
        return "".join(c if c.isprintable() else " " for c in text)[:_MESSAGE_MAX]


class Unsure(ForgeFailed):
    """A call that is done once did not succeed, as far as we know: its answer may have been lost."""


@dataclass(frozen=True, slots=True)
class Calls:
    """A forge's API at ``base``; ``headers`` go with each call and are never shown: the token is among them."""

    base: str
    headers: Mapping[str, str] = field(repr=False)
    patience: Patience = field(default_factory=Patience)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, is_once: bool = False) -> Answer:
        """Return the answer to a call that succeeded.

        ``path`` stands below the base, or is an address of the same host. With ``is_once`` it is not tried again by
        itself: ``Unsure`` is raised, after what the forge asks to wait, and the caller looks first how things stand.
        Raises ``ForgeRefused`` and ``ForgeFailed``.
        """
        wait = self.patience.first_wait
        for tried in range(1, self.patience.tries + 1):
            pause = None
            try:
                answer = self._redirected(method, self._address(path), body)
            except _Lost as lost:
                failure = f"{self._host}: {lost}"
            else:
                if answer.status < 300:
                    return answer
                pause, failure = _pause_asked(answer), self._told(method, path, answer)
                if pause is None and not (answer.status == 409 or answer.status >= 500):
                    raise _refusal(answer, failure)
            if (pause or 0) > self.patience.wait_max or (tried == self.patience.tries and not is_once):
                raise ForgeFailed(failure, hint=_hint(pause))
            time.sleep(min(max(wait, pause or 0), self.patience.wait_max))
            if is_once:
                raise Unsure(failure, hint=AGAIN)
            wait *= 2
        raise AssertionError("the last try returns or raises")

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, page by page (the ``next`` of the header ``Link``, RFC 8288)."""
        for _ in range(_PAGES_MAX):
            answer = self.call("GET", path)
            if not isinstance(answer.body, list) or not all(isinstance(item, dict) for item in answer.body):
                raise ForgeFailed(f"{self._host} answered {path} with something else than a list of objects")
            yield from answer.body
            following = _next_in(answer.headers.get("link", ""))
            if not following:
                return
            path = following
        raise ForgeFailed(f"{self._host} has more than {_PAGES_MAX} pages of {path}")

    @property
    def _host(self) -> str:
        return urllib.parse.urlsplit(self.base).netloc.rpartition("@")[2]

    def _address(self, path: str) -> str:
        """Return the whole address of a path; raise ``ForgeFailed`` for one of another host, or of another scheme."""
        if not self.base.startswith(("https://", "http://")):
            raise ForgeFailed(f"{self.base!r} is no address of a forge's API", hint=_BASE)
        if path.startswith("/"):
            return self.base.rstrip("/") + path
        ours, theirs = urllib.parse.urlsplit(self.base), urllib.parse.urlsplit(path)
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise ForgeFailed(f"{self._host} leads to another host, {theirs.netloc}: nothing was sent there")
        return path

    def _redirected(self, method: str, address: str, body: Mapping[str, Any] | None) -> Answer:
        for _ in range(_REDIRECTS_MAX + 1):
            answer = self._once(method, address, body)
            to = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not to:
                return answer
            if method != "GET" and answer.status < 307:
                return answer
            address = self._address(urllib.parse.urljoin(address, to))
        raise ForgeFailed(f"{self._host} leads in circles from {address}")

    def _once(self, method: str, address: str, body: Mapping[str, Any] | None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        headers = {"User-Agent": "headgate", **self.headers}
        if data is not None:
            headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(address, data, headers, method=method)  # noqa: S310  # the scheme is checked
        deadline = time.monotonic() + self.patience.answer
        try:
            with _opener().open(asked, timeout=self.patience.answer) as response:
                return _read(response, deadline)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error, deadline)
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise ForgeFailed(f"{self._host}: {error.reason.verify_message}", hint=_CERTIFICATE) from error
            raise _Lost(str(error.reason)) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Lost(str(error) or type(error).__name__) from error

    def _told(self, method: str, path: str, answer: Answer) -> str:
        message = f": {answer.message}" if answer.message else ""
        return f"{self._host} answered {answer.status} to {method} {urllib.parse.urlsplit(path).path}{message}"


def _refusal(answer: Answer, told: str) -> ForgeFailed:
    """Return what an answer means that another try would not change."""
    if answer.status == 401:
        return ForgeRefused(told, hint="The token is not valid, or has expired.")
    if answer.status in _REFUSALS:
        return ForgeRefused(told, hint="The token lacks the right, or there is no such thing.")
    return ForgeFailed(told)


class _Lost(Exception):
    """No answer, or no whole one."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the token would go along to wherever an answer leads."""

    def redirect_request(self, *_: object) -> None:
        """Have the answer returned as it is."""


AGAIN = "Run the same command again; finished builds are kept."
_BASE = "GITHUB_API_URL or CI_API_V4_URL says it; the forge sets it for its jobs."
_CERTIFICATE = "Its certificate is not trusted here. SSL_CERT_FILE names a file of authorities that are."


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirects())


def _read(response: Any, deadline: float) -> Answer:
    """Return the answer; raise ``_Lost`` where it does not come to an end in time, or is larger than any should be."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(65536):
        pieces.append(piece)
        size += len(piece)
        if size > _BYTES_MAX:
            raise ForgeFailed(f"an answer is larger than {_BYTES_MAX // 1_000_000} MB")
        if time.monotonic() > deadline:
            raise _Lost("the answer did not come to an end in time")
    expected = response.headers.get("Content-Length", "")
    if expected.isdigit() and size < int(expected):
        raise _Lost("the answer was cut off")
    try:
        body = json.loads(b"".join(pieces)) if pieces else None
    except ValueError:
        body = None
    return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)


def _pause_asked(answer: Answer) -> float | None:
    """Return the seconds that a forge asks to wait because there were too many calls; None where that is not why."""
    headers = answer.headers
    is_used_up = (headers.get("x-ratelimit-remaining") or headers.get("ratelimit-remaining")) == "0"
    is_told = "rate limit" in answer.message.lower()
    if answer.status != 429 and not (answer.status == 403 and ("retry-after" in headers or is_used_up or is_told)):
        return (
            _seconds_in(headers["retry-after"], headers) if answer.status == 503 and "retry-after" in headers else None
        )
    if "retry-after" in headers:
        return _seconds_in(headers["retry-after"], headers)
    reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    if is_used_up and reset.isdigit():
        return max(0.0, float(reset) - _now_there(headers))
    return _LIMITED_SECONDS


def _seconds_in(text: str, headers: Mapping[str, str]) -> float:
    """Return the seconds of ``Retry-After``: a number, or a date of HTTP."""
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - _now_there(headers))
    except (ValueError, TypeError):
        return _LIMITED_SECONDS


def _now_there(headers: Mapping[str, str]) -> float:
    """Return the time by the clock of the forge, which its own times are of."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return time.time()


def _hint(pause: float | None) -> str:
    if pause is None:
        return AGAIN
    return f"It takes no more calls for {pause:.0f} s. {AGAIN}"


def _next_in(link: str) -> str:
    """Return the address of the next page in a header ``Link``; empty where there is none."""
    for part in link.split(","):
        address, *parameters = part.split(";")
        if any(parameter.strip().replace('"', "") == "rel=next" for parameter in parameters):
            return address.strip().strip("<>")
    return ""


def text_in(host: str, body: Any, *keys: str) -> str:
    """Return a text or number that stands below these keys; raise ``ForgeFailed`` where there is none."""
    found = body
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise ForgeFailed(f"{host} did not say {'.'.join(keys)}: it answered otherwise than its documentation has it")
    return str(found)
