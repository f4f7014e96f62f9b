"""Chromium without a window, driven over a pipe by the DevTools protocol: what a page looks like, and what it does.

The pipe is that of ``--remote-debugging-pipe``: JSON, each message ended by a zero byte, read from descriptor 3 and
written to descriptor 4. So nothing listens on a port, and no library is needed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip

SECONDS_MAX = 60.0
"""So long an answer is waited for."""


class NoAnswer(Exception):
    """The browser ended, refused a command, or did not answer in time."""


def program() -> str:
    """Return the browser that is installed; empty where none is."""
    return next((found for name in NAMES if (found := shutil.which(name))), "")


@dataclass
class Browser:
    """A browser with one page. ``events`` are those that came, in order."""

    to_browser: int
    from_browser: int
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    _number: int = 0
    _rest: bytes = b""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what the browser answers to a command."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + SECONDS_MAX
        while True:
            answer = self._next(until)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise NoAnswer(f"{method}: {answer['error'].get('message')}")
                return dict(answer.get("result", {}))
            self.events.append(answer)

    def open(self, page: Path) -> None:
        """Show a file, and wait until it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        self.wait("Page.loadEventFired")

    def wait(self, event: str) -> None:
        """Wait until an event has come."""
        until = time.monotonic() + SECONDS_MAX
        while not any(one.get("method") == event for one in self.events):
            self.events.append(self._next(until))

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise NoAnswer(str(found["exceptionDetails"].get("exception", {}).get("description", "it failed")))
        return found["result"].get("value")

    def size(self, width: int, height: int = 900, *, scale: float = 1.0) -> None:
        """Give the page a width and a height in pixels of style sheets."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=width < 600)  # fmt: skip

    def prefer(self, scheme: str) -> None:
        """Ask for ``light`` or ``dark``."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def place(self, selector: str) -> tuple[float, float, float, float]:
        """Return where an element is: left, top, width, height."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        left, top, width, height = self.evaluate(
            f"(() => {{ const b = {box}; return [b.x + scrollX, b.y + scrollY, b.width, b.height]; }})()"
        )
        return left, top, width, height

    def picture(self, left: float, top: float, width: float, height: float) -> bytes:
        """Return a part of the page as PNG."""
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        found = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(found["data"])

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.from_browser], [], [], left)[0]:
                raise NoAnswer(f"no answer in {SECONDS_MAX:g} s")
            data = os.read(self.from_browser, 1 << 16)
            if not data:
                raise NoAnswer("the browser ended")
            self._rest += data
        first, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(first))


@contextmanager
def browsing(path: str) -> Iterator[Browser]:
    """Give a browser with an empty profile and an empty page; it is gone afterwards."""
    read_ours, write_theirs = os.pipe()
    read_theirs, write_ours = os.pipe()
    with tempfile.TemporaryDirectory(prefix="headgate-browser-", ignore_cleanup_errors=True) as profile:
        # A shell, as only that gives a program descriptors of a certain number without code between fork and exec.
        script = f'exec "$@" 3<&{read_theirs} 4>&{write_theirs}'
        command = ["bash", "-c", script, "bash", path, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            command, pass_fds=(read_theirs, write_theirs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(read_theirs)
        os.close(write_theirs)
        try:
            yield _attached(Browser(write_ours, read_ours))
        finally:
            os.close(write_ours)
            os.close(read_ours)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _attached(browser: Browser) -> Browser:
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log"):
        browser.call(f"{domain}.enable")
    return browser
