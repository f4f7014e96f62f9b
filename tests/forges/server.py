"""Forges in small, on a port of this machine: what the documentation of GitHub and GitLab says of the calls we make.

A ``Place`` is what both have: requests with comments and statuses, and who is who. It can be told to answer otherwise
for a while (``fail``), and to do something just before it answers (``before``), as somebody else would at that moment.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "forge-token-of-the-tests"
ME = "headgate-bot"
Reply = tuple[int, Any, dict[str, str]]


@dataclass
class Said:
    """A comment: its number, who wrote it, and the text."""

    id: int
    author: str
    text: str


@dataclass
class Pull:
    """A request as the server holds it."""

    head: str
    base: str = "main"
    state: str = "open"
    source: str = "acme/shop"
    comments: list[Said] = field(default_factory=list)


@dataclass
class Fault:
    """What is answered instead, so many times, to calls of a method whose path fits."""

    method: str
    path: str
    times: int
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    """The call is carried out all the same; only its answer is another."""
    is_refused_late: bool = False
    """What is done before such a call is done, but not the call."""
    drops: bool = False
    """The connection is closed in place of an answer."""
    trickles: float = 0.0
    """Seconds between the bytes of the answer."""


class Place:
    """The state of one forge and its web server; close it. ``calls`` are the methods and paths that came in."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.pulls: dict[int, Pull] = {}
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.faults: list[Fault] = []
        self.befores: list[tuple[str, str, Callable[[], None]]] = []
        self.calls: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.page_size = 100
        self.is_app = False
        """The token is that of an app, which may not ask who it is (GitHub)."""
        self._number = 1000
        self._guard = threading.Lock()
        place = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def _do(self) -> None:
                place.serve(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _do  # noqa: N815  # names of http.server

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def base(self) -> str:
        """The address of the API."""
        root = f"http://127.0.0.1:{self._server.server_address[1]}"
        return f"{root}/api/v4" if self.kind == "gitlab" else f"{root}/api/v3"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, method: str, path: str, **how: Any) -> None:
        self.faults.append(Fault(method, path, **{"times": 1, **how}))

    def before(self, method: str, path: str, do: Callable[[], None]) -> None:
        """Have ``do`` done once, just before the next such call is carried out."""
        self.befores.append((method, path, do))

    def say(self, number: int, text: str, author: str = ME) -> int:
        self._number += 1
        self.pulls[number].comments.append(Said(self._number, author, text))
        return self._number

    def texts(self, number: int, author: str = ME) -> list[str]:
        return [said.text for said in self.pulls[number].comments if said.author == author]

    def count(self, method: str, path: str = "") -> int:
        return sum(m == method and bool(re.search(path, p)) for m, p in self.calls)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        sent = json.loads(handler.rfile.read(length)) if length else {}
        with self._guard:
            self.calls.append((handler.command, handler.path))
            fault = self._fault(handler.command, parts.path)
            reply: Reply = (0, None, {})
            if fault is None or fault.is_done or fault.is_refused_late:
                for one in [b for b in self.befores if b[0] == handler.command and re.search(b[1], parts.path)]:
                    self.befores.remove(one)
                    one[2]()
            if fault is None or fault.is_done:
                reply = self._answer(handler, parts.path, parse_qs(parts.query), sent)
            if fault is not None:
                reply = (fault.status or reply[0], fault.body, fault.headers)
        if fault is not None and fault.drops:
            handler.close_connection = True
            handler.connection.close()
            return
        self._send(handler, reply, trickles=fault.trickles if fault else 0.0)

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                return fault
        return None

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, reply: Reply, *, trickles: float) -> None:
        status, body, headers = reply
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            if "Content-Length" not in headers:
                handler.send_header("Content-Length", str(len(raw)))
            handler.end_headers()
            for at in range(0, len(raw), 1 if trickles else len(raw) or 1):
                handler.wfile.write(raw[at : at + 1] if trickles else raw)
                time.sleep(trickles)
            if "Content-Length" in headers:
                handler.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def _answer(
        self, handler: BaseHTTPRequestHandler, path: str, query: dict[str, list[str]], sent: dict[str, Any]
    ) -> Reply:
        given = handler.headers.get("PRIVATE-TOKEN") or (handler.headers.get("Authorization") or "").removeprefix(
            "Bearer "
        )
        self.tokens.add(given)
        if given != TOKEN:
            return 401, {"message": "Bad credentials" if self.kind == "github" else "401 Unauthorized"}, {}
        path = unquote(path.removeprefix("/api/v3").removeprefix("/api/v4"))
        answers = self._of_github if self.kind == "github" else self._of_gitlab
        found = answers(handler.command, path, sent)
        if found is None:
            return 404, {"message": "Not Found" if self.kind == "github" else "404 Not found"}, {}
        status, body = found
        return self._page(handler, query, body) if isinstance(body, list) else (status, body, {})

    def _page(self, handler: BaseHTTPRequestHandler, query: dict[str, list[str]], items: list[Any]) -> Reply:
        """Return one page of a list, with the address of the next one in the header Link."""
        size = min(int(query.get("per_page", ["30"])[0]), self.page_size)
        page = int(query.get("page", ["1"])[0])
        shown = items[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(items):
            parts = urlsplit(handler.path)
            root = self.base.removesuffix("/api/v3").removesuffix("/api/v4")
            address = f"{root}{parts.path}?per_page={size}&page={page + 1}"
            headers["Link"] = f'<{address}>; rel="next", <{root}{parts.path}?page=9>; rel="last"'
        return 200, shown, headers

    def _of_github(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, Any] | None:
        if path == "/user" and method == "GET":
            refused = {"message": "Resource not accessible by integration"}
            return (403, refused) if self.is_app else (200, {"login": ME, "type": "User"})
        if found := re.fullmatch(r"/repos/acme/shop/pulls/(\d+)", path):
            pull = self.pulls.get(int(found[1]))
            return None if pull is None else (200, self._pull(int(found[1]), pull))
        if found := re.fullmatch(r"/repos/acme/shop/issues/(\d+)/comments", path):
            return self._comments(method, int(found[1]), sent, maximum=65_536)
        if found := re.fullmatch(r"/repos/acme/shop/issues/comments/(\d+)", path):
            return self._comment(method, int(found[1]), sent)
        if (found := re.fullmatch(r"/repos/acme/shop/statuses/(\w+)", path)) and method == "POST":
            if len(sent.get("description", "")) > 140 or sent["state"] not in (
                "error",
                "failure",
                "pending",
                "success",
            ):
                return 422, {"message": "Validation Failed"}
            kept = {"name": sent["context"], **sent}
            self.statuses.setdefault(found[1], []).append(kept)
            return 201, kept
        return None

    def _pull(self, number: int, pull: Pull) -> dict[str, Any]:
        repository = {"full_name": pull.source} if pull.source else None
        return {
            "number": number,
            "state": "open" if pull.state == "open" else "closed",
            "merged": pull.state == "merged",
            "base": {"ref": pull.base, "repo": {"full_name": "acme/shop"}},
            "head": {"sha": pull.head, "repo": repository},
        }

    def _of_gitlab(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, Any] | None:
        if path == "/user" and method == "GET":
            return 200, {"id": 7, "username": ME}
        project = r"/projects/acme/shop"
        if found := re.fullmatch(rf"{project}/merge_requests/(\d+)", path):
            pull = self.pulls.get(int(found[1]))
            return None if pull is None else (200, self._merge_request(int(found[1]), pull))
        if found := re.fullmatch(rf"{project}/merge_requests/(\d+)/notes", path):
            return self._comments(method, int(found[1]), sent, maximum=1_000_000)
        if found := re.fullmatch(rf"{project}/merge_requests/(\d+)/notes/(\d+)", path):
            return self._comment(method, int(found[2]), sent)
        if (found := re.fullmatch(rf"{project}/statuses/(\w+)", path)) and method == "POST":
            return self._gitlab_status(found[1], sent)
        if found := re.fullmatch(rf"{project}/repository/commits/(\w+)/statuses", path):
            return 200, self.statuses.get(found[1], [])
        return None

    def _merge_request(self, number: int, pull: Pull) -> dict[str, Any]:
        state = {"open": "opened"}.get(pull.state, pull.state)
        source = 1 if pull.source == "acme/shop" else 2
        return {
            "iid": number, "state": state, "sha": pull.head, "target_branch": pull.base,
            "source_project_id": source, "target_project_id": 1,
        }  # fmt: skip

    def _gitlab_status(self, commit: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """A status goes through a machine of states: one that is pending cannot become pending."""
        kept = self.statuses.setdefault(commit, [])
        running = next((s for s in kept if s["name"] == sent["name"] and s["status"] in ("pending", "running")), None)
        if running is not None and sent["state"] == running["status"]:
            event = {"pending": "enqueue", "running": "run"}[sent["state"]]
            told = f"Cannot transition status via :{event} from :{running['status']}"
            return 400, {"message": f'{told} (Reason(s): Status cannot transition via "{event}")'}
        if running is None:
            kept[:] = [s for s in kept if s["name"] != sent["name"]]
            kept.append({})
            running = kept[-1]
        running.update({**sent, "status": sent["state"]})
        return 201, running

    def _comments(self, method: str, number: int, sent: dict[str, Any], *, maximum: int) -> tuple[int, Any] | None:
        pull = self.pulls.get(number)
        if pull is None:
            return None
        if method == "POST":
            if len(sent["body"]) > maximum:
                return 422, {"message": "Validation Failed"}
            self.say(number, sent["body"])
            return 201, self._said(pull.comments[-1])
        return 200, [self._said(said) for said in pull.comments]

    def _comment(self, method: str, number: int, sent: dict[str, Any]) -> tuple[int, Any] | None:
        for pull in self.pulls.values():
            for said in pull.comments:
                if said.id != number:
                    continue
                if method == "DELETE":
                    pull.comments.remove(said)
                    return 204, None
                said.text = sent["body"]
                return 200, self._said(said)
        return None

    def _said(self, said: Said) -> dict[str, Any]:
        person = "Bot" if said.author == ME and self.is_app else "User"
        return {
            "id": said.id,
            "body": said.text,
            "user": {"login": said.author, "type": person},
            "author": {"id": 7 if said.author == ME else 8, "username": said.author},
            "system": False,
        }
