"""What long work tells while it goes on: one line for each build, and on a terminal a last line that lives."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from headgate.cli.terminal import Terminal
from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.plan import Action, Plan
from headgate.core.progress import Began, Checked, CutOff, Failed, Finished, Interrupted, Measuring, RunEvent, Started
from headgate.words.apply import row_of_cut_off, row_of_finished
from headgate.words.layout import cut, display_width, padded, styled

_MADE = frozenset({Action.BUILD, Action.LOAD, Action.CAPTURE})
_REDRAW_SECONDS = 0.1
_NAME_WIDTH_MAX = 60


class Progress:
    """The display of one run; give its ``report`` to the run. Lines go to standard error.

    Without a plan nothing is built: what is measured is shown alone.
    """

    def __init__(self, terminal: Terminal, plan: Plan | None = None) -> None:
        steps = plan.steps if plan else ()
        made = [s for s in steps if s.action in _MADE and s.kind is not Kind.VIEW]
        self._terminal = terminal
        self._kinds = {step.address: step.kind for step in steps}
        self._what = ""
        self._width = min(max((display_width(s.address) for s in made), default=0), _NAME_WIDTH_MAX)
        self._total = len(made)
        self._done = 0
        self._running: dict[Address, float] = {}
        self._began = time.monotonic()
        self._expected: float | None = None
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._terminal.is_live:
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._ticker is not None:
            self._ticker.join()
            self._terminal.draw("\r\x1b[K")

    def report(self, event: RunEvent) -> None:
        """Show one event."""
        with self._guard:
            match event:
                case Began():
                    self._expected = event.seconds
                case Started():
                    self._running[event.address] = time.monotonic()
                case Finished():
                    self._finish(event.address, row_of_finished(event, self._kinds.get(event.address)))
                case CutOff():
                    self._finish(event.address, row_of_cut_off(event))
                case Failed():
                    self._running.pop(event.address, None)
                    self._done += 1
                case Measuring():
                    self._what, self._done, self._total, self._expected = event.what, 0, event.addresses, None
                    self._began = time.monotonic()
                    self._draw()
                case Checked():
                    self._running.pop(event.address, None)
                    self._done += bool(self._what)
                case Interrupted():
                    self._line("Stopping: running statements are being ended. Press Ctrl-C again to leave at once.")
                case _:
                    pass

    def _finish(self, address: Address, row: tuple[str, ...]) -> None:
        self._running.pop(address, None)
        self._done += 1
        name, rows, took, note = row
        note = styled(f"   {note}", "dim") if note else ""
        self._line(f"  {padded(name, self._width)}  {rows:>14}   {took}{note}")

    def _line(self, text: str) -> None:
        if self._terminal.is_live:
            self._terminal.draw("\r\x1b[K")
        self._terminal.say(text)

    def _tick(self) -> None:
        while not self._ended.wait(_REDRAW_SECONDS):
            with self._guard:
                if self._running:
                    self._draw()

    def _draw(self) -> None:
        if self._terminal.is_live:
            self._terminal.draw("\r\x1b[K" + self._status())

    def _status(self) -> str:
        now = time.monotonic()
        elapsed = f"{now - self._began:.0f} s" + (f" of about {self._expected:.0f} s" if self._expected else "")
        what = f"{self._what} " if self._what else ""
        names = ", ".join(f"{a} {now - since:.0f} s" for a, since in self._running.items())
        return styled(
            cut(f"  {what}{self._done}/{self._total}  {elapsed}  {names}", self._terminal.error_width - 1), "dim"
        )
