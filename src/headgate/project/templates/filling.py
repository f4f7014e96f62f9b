"""One template filled in: its text, where each part of it comes from, and all that is wrong with it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import partial

from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.core.template import Run, place_of
from headgate.project.templates.filled import Filled
from headgate.project.templates.library import Library
from headgate.project.templates.limits import FAULTS_MAX
from headgate.project.templates.names import Names
from headgate.project.templates.reading import Tree, Unreadable, read_template
from headgate.project.templates.statements import carry_out
from headgate.project.templates.trouble import Exceeded, Trouble
from headgate.project.templates.work import Scope, Work
from headgate.project.templates.world import Subject, World
from headgate.project.text import Text

_FRAMES_SHOWN = 6
_QUOTED_MAX = 200
_CALLED = re.compile(r"\w+(?:\.\w+)*(?:\([^()\n]*\))?")


def fill(source: Text, subject: Subject, world: World, library: Library) -> Filled:
    """Return the filled template of ``subject``; with faults its text is not to be used.

    Cost: about a millisecond for 30 lines, at most ``STEPS_MAX`` steps and ``MADE_MAX`` characters.
    """
    try:
        tree = read_template(source)
    except Unreadable as fault:
        return Filled("", diagnostics=(fault.diagnostic(source),))
    names = Names(subject, world, library)
    work = Work(source, names.find)
    names.serve(work)
    out = _Top(work, tree)
    scope = Scope()
    for node in tree.body:
        if out.is_over:
            break
        out.try_to(partial(carry_out, work, [node], scope, out))
    if not out.is_over:
        out.try_to(out.check_length)
    return Filled(
        "".join(out.parts),
        tuple(out.runs) or (Run(0, 0),),
        tuple(names.configured),
        dict(names.asked),
        (*out.diagnostics.values(), *(_warning(source, message, at) for message, at in names.warned)),
    )


class _Top:
    """Where the text of the template itself goes. Trouble of one tag does not hide that of others."""

    is_top = True

    def __init__(self, work: Work, tree: Tree) -> None:
        self.parts: list[str] = []
        self.runs: list[Run] = []
        self.diagnostics: dict[tuple[str, Place | None], Diagnostic] = {}
        self.is_over = False
        self._work = work
        self._tree = tree
        self._length = 0

    def copy(self, text: str, at: int) -> None:
        """Add text that stands in the template."""
        last = self.runs[-1] if self.runs else None
        if last is None or last.length or last.origin + self._length - last.start != at:
            self.runs.append(Run(self._length, at))
        self._add(text)

    def give(self, text: str, at: int) -> None:
        """Add text that a tag gave."""
        if text:
            start, end = self._tag(at)
            self.runs.append(Run(self._length, start, max(end - start, 1), self._note()))
            self._add(text)

    def attempt(self, text: Callable[[], str], at: int) -> None:
        """Add the text that a tag gives, or tell why it gives none."""
        self._work.called = None
        self.try_to(lambda: self.give(text(), at))

    def try_to(self, do: Callable[[], None]) -> None:
        """Do something of the template; tell why it cannot be done. What goes beyond a limit ends all of it."""
        work = self._work
        entered = work.depth
        try:
            do()
        except _Over:
            pass
        except Trouble as trouble:
            self._tell(trouble)
            self.is_over = self.is_over or isinstance(trouble, Exceeded)
        except (RecursionError, MemoryError):
            self._tell(Exceeded("the template is nested too deeply"))
            self.is_over = True
        if self.is_over and entered:
            raise _Over
        work.depth = entered
        work.frames.clear()
        work.source = self._tree.source

    def check_length(self) -> None:
        """Count the whole text."""
        self._work.meter.text(self._length)

    def _add(self, text: str) -> None:
        self._work.meter.text(len(text))
        self._length += len(text)
        self.parts.append(text)

    def _tell(self, trouble: Trouble) -> None:
        if trouble.is_told:
            return
        diagnostic = told(self._work, trouble)
        self.diagnostics.setdefault((trouble.summary, diagnostic.place), diagnostic)
        if len(self.diagnostics) >= FAULTS_MAX:
            self.is_over = True
            summary, place = "there may be more faults in this file", Place(self._tree.source.path)
            hint = "Mend the first ones and look again."
            self.diagnostics[summary, place] = Diagnostic("HG109", summary, place, hint)

    def _tag(self, at: int) -> tuple[int, int]:
        """Return where the tag begins that holds a character, and where it ends."""
        tags = self._tree.tags
        number = bisect_right(tags, at)
        if number % 2:
            return tags[number - 1], tags[number]
        text = self._tree.source.text
        end = text.find("%}", at)
        return text.rfind("{%", 0, at), end + 2 if end >= 0 else len(text)

    def _note(self) -> str:
        """Return the macro that gave the text of this tag."""
        called = self._work.called
        if called is None:
            return ""
        name, source, at = called
        return f"in macro {name}, {source.path}:{_line(source, at)}"


class _Over(Exception):
    """No more of the template is carried out; why was told."""


def told(work: Work, trouble: Trouble) -> Diagnostic:
    """Return what is told of trouble: the template's own place, and the macros through which it came there."""
    places = [*((frame.source, frame.at) for frame in work.frames), (work.source, work.at)]
    source, at = places[0]
    found = _CALLED.match(source.text, at)
    place = place_of(source.text, source.path, at, len(found[0]) if found else 1)
    within = zip(work.frames, places[1:], strict=True)
    lines = [f"in macro {frame.macro}, {inside.path}:{_line(inside, where)}" for frame, (inside, where) in within]
    if len(lines) > _FRAMES_SHOWN:
        half = _FRAMES_SHOWN // 2
        lines = [*lines[:half], f"... {len(lines) - 2 * half} more", *lines[-half:]]
    if lines:
        quoted = work.source.line(_line(work.source, work.at)).strip()
        lines[-1] += f": {quoted}" if len(quoted) <= _QUOTED_MAX else ""
    return Diagnostic(trouble.code, trouble.summary, place, trouble.hint, "\n".join(lines), source.excerpt(place))


def _line(source: Text, at: int) -> int:
    return source.text.count("\n", 0, at) + 1


def _warning(source: Text, message: str, at: int) -> Diagnostic:
    place = place_of(source.text, source.path, at, 1)
    return Diagnostic("HG226", message or "a macro warns", place, "", "", source.excerpt(place), Severity.WARNING)
