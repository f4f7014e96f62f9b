"""The words of a job: what came of a request, for a terminal, for the page of the request, and in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from headgate.core.checks import Outcome, not_run
from headgate.core.gate import Verdict
from headgate.core.listing import listed
from headgate.core.ports.forge import cut_to_size, size_of
from headgate.words.apply import lines_of_failure
from headgate.words.checks import checks_text, lines_beside_failed, lines_of_failed, not_run_text
from headgate.words.diagnostics import lines_of
from headgate.words.figures import counted, made_text
from headgate.words.layout import plain, styled
from headgate.words.plan import lines_of_plan, nothing_to_do
from headgate.words.report.markdown import markdown_of
from headgate.words.report.markdown_texts import name
from headgate.words.report.terminal import lines_of_report
from headgate.words.test import lines_of_tests, sum_text

if TYPE_CHECKING:
    from headgate.app.ci.attempt import Attempt

_FENCE = "`" * 4
_SHORT = 7
_ROOM = 500
"""So much of the size is kept for what is always told at the end."""

_OF_REPORT = ("Failed", "Checks", "Compared")
"""Sections that the gate's report tells of as well, and better."""


def word_of(made: Attempt) -> str:
    """Return what came of it, in one or two words."""
    if made.is_open:
        return "passed"
    if made.status == 3:
        return "failed"
    if made.status == 130:
        return "interrupted"
    if made.report is not None and made.report.decision.verdict is Verdict.WAITING:
        return "needs approval"
    return "blocked"


def description_of(made: Attempt) -> str:
    """Return what came of it and why, in one line."""
    return f"{word_of(made)}: {_why(made)}"


def _why(made: Attempt) -> str:
    if made.faults:
        first = made.faults[0]
        more = f" and {len(made.faults) - 1} more" if len(made.faults) > 1 else ""
        return plain(f"{first.code} {first.summary}{more}".strip())
    if made.checked is not None and made.checked.errors:
        return f"{counted(made.checked.errors, 'error')} in the repository"
    if made.tested is not None and not made.tested.is_good:
        return f"unit tests, {sum_text(made.tested)}"
    if made.applied is not None and made.report is None:
        return f"{listed([failure.address for failure in made.applied.outcome.failures])} could not be built"
    if made.report is None:
        return "nothing was decided"
    decision = made.report.decision
    if decision.waiting:
        return f"waits for {listed([owner or 'an owner' for owner in decision.waiting])}"
    if not made.is_open:
        return f"{counted(len(decision.findings), 'finding')}, first {plain(decision.findings[0].told)}"
    return _passed(made)


def _passed(made: Attempt) -> str:
    """Return what a change that passed comes to."""
    checks = checks_text(made.applied.verdict.of(*Outcome)) if made.applied else ""
    if made.planned is None or made.planned.plan.is_empty:
        return "nothing is to be built"
    from headgate.core.declarations import Kind
    from headgate.core.plan import Action

    kinds = [step.kind for step in made.planned.plan.doing(Action.BUILD, Action.LOAD)]
    views = kinds.count(Kind.VIEW)
    parts = (
        made_text(len(kinds) - views, views),
        checks.rstrip("."),
        not_run_text(not_run(made.planned.warnings), most=0),
    )
    return ", ".join(part for part in parts if part)


def head_of(made: Attempt) -> str:
    """Return what was built where, and on what it stands."""
    parts = [made.project]
    if made.where.is_request:
        parts.append(f"request {made.where.number}")
    parts += [made.environment] if made.environment else []
    parts += [made.commit[:_SHORT]] if made.commit else []
    if made.base.commit:
        parts.append(f"from {made.base.commit[:_SHORT]} of {made.base.branch}")
    return " · ".join(parts)


def notes_of(made: Attempt, *, called: Callable[[str], str] = plain) -> Iterator[str]:
    """Yield what whoever reads the result has to know of it; ``called`` gives how a branch is told."""
    if made.base.is_behind:
        yield f"{called(made.base.branch)} has gone on since: merge it in, or what it brought may look undone here."
    if made.environment and made.commit and not made.base.commit:
        branch = called(made.base.branch) if made.base.branch else "the default branch"
        yield f"What this was made from is not known here: fetch {branch} as well."


def lines_of_attempt(made: Attempt, *, width: int = sys.maxsize) -> list[str]:
    """Return what came of each step, the gravest at the end."""
    parts = [[head_of(made), *notes_of(made)]]
    parts += [lines for _, lines in _sections(made, width=width)]
    style = {"passed": "green", "needs approval": "yellow"}.get(word_of(made), "red")
    parts.append([f"{styled(word_of(made), style, 'bold')}: {_why(made)}"])
    return [line for number, part in enumerate(parts) for line in ([""] * bool(number) + part)]


def _sections(made: Attempt, *, width: int) -> Iterator[tuple[str, list[str]]]:
    """Yield what each step has to say, below its title."""
    if made.faults:
        yield "Stopped", lines_of(made.faults)
    if made.checked is not None and made.checked.diagnostics:
        yield "Checked", lines_of(made.checked.diagnostics)
    if made.tested is not None and (made.tested.tried or not made.tested.is_good):
        yield "Unit tests", [sum_text(made.tested)] if made.tested.is_good else lines_of_tests(made.tested)
    if made.applied is not None and not made.applied.outcome.is_complete:
        yield "Failed", lines_of_failure(made.applied)
    if made.planned is not None:
        plan = made.planned.plan
        yield "Plan", [nothing_to_do(made.planned)] if plan.is_empty else lines_of_plan(made.planned, width=width)
    lacking = not_run_text(not_run(made.planned.warnings)) if made.planned is not None else ""
    if made.applied is not None and (lacking or made.applied.verdict.of(*Outcome)):
        verdict = made.applied.verdict
        is_told = not made.applied.outcome.is_complete  # with what failed
        told = [] if is_told else [*lines_of_failed(verdict), *lines_beside_failed(verdict)]
        if told := [line for line in (*told, lacking) if line]:
            yield "Checks", told
    if made.report is not None and any(asset.comparison is not None for asset in made.report.assets):
        yield "Compared", lines_of_report(made.report, width=width)


def markdown_of_attempt(made: Attempt, *, size_max: int = sys.maxsize) -> str:
    """Return it as Markdown of at most ``size_max``, the gravest first; what does not fit is left out.

    It is measured as forges count (``core/ports/forge.py``). Names of branches stand as code.

    Where the gate decided, its report comes first. Whatever else comes out of the repository stands in blocks of code:
    it can neither format anything nor name anybody.
    """
    link = f"an artifact of [the run]({made.where.url})" if made.where.url else ""
    room, rest = size_max - _ROOM, ""
    if made.report is not None:
        text = markdown_of(made.report, size_max=room, rest=link).rstrip("\n")
    else:
        head = [f"### ❌ Headgate: {word_of(made)}", "", *_fenced([_why(made), head_of(made)])]
        text, rest = "\n".join(head), f"\n\nAll of it: {link}." if link else ""
    text += "".join(f"\n\n> {note}" for note in notes_of(made, called=name))
    left_out: list[str] = []
    for title, lines in _sections(made, width=100):
        if made.report is not None and title in _OF_REPORT:
            continue
        section = "\n".join(["", "", f"<details{_open(title)}><summary>{title}</summary>", "", *_fenced(lines), ""])
        section += "</details>"
        if size_of(text) + size_of(section) + size_of(rest) > room:
            left_out.append(title)
        else:
            text += section
    if left_out:
        text += f"\n\n{', '.join(left_out)}: too long to stand here."
    return cut_to_size(f"{text}{rest}\n", size_max)


def _open(title: str) -> str:
    return " open" if title in ("Stopped", "Failed", "Unit tests") else ""


def _fenced(lines: list[str]) -> list[str]:
    """Return lines as a block of code that none of them can end."""
    texts = [plain(line) for line in lines]
    longest = max((len(run) for text in texts for run in text.split() if set(run) == {"`"}), default=0)
    fence = "`" * max(len(_FENCE), longest + 1)
    return [fence, *texts, fence]
