"""`headgate ci`: what came of a request, in the terminal, in files, and below the request."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.cli.terminal import Terminal
from headgate.words.ci import description_of, lines_of_attempt, markdown_of_attempt, word_of

if TYPE_CHECKING:
    from headgate.app.ci.attempt import Attempt
    from headgate.app.ci.forges import Telling
    from headgate.app.ci.job import Audience
    from headgate.core.plan import Plan
    from headgate.core.progress import RunEvent
    from headgate.core.surroundings import Surroundings

_SUMMARY_MAX = 1_000_000
"""So many bytes the page of a run takes (GitHub: 1 MiB a step)."""


def run(options: Namespace, terminal: Terminal) -> int:
    """Test, plan, build, measure and decide; tell it everywhere."""
    from headgate.app.ci.surroundings import surroundings_in
    from headgate.app.session import find_root

    where = surroundings_in(os.environ, lambda path: Path(path).read_text(encoding="utf-8"))
    root = find_root(Path(options.project or "."))
    if options.closed:
        return _close(root, where, options, terminal)
    from headgate.app.ci.forges import Telling, open_forge, why_not_told
    from headgate.app.ci.job import attempt
    from headgate.core.ports.forge import StatusState

    forge = open_forge(where, os.environ)
    telling = Telling(forge, where, _name_of(root))
    if told := why_not_told(where, forge):
        terminal.say(told)
    telling.status(StatusState.PENDING, "Headgate is at work")
    made = attempt(root, where, _audience(terminal), threads=options.threads, wait_seconds=options.wait)
    _write_reports(made, _folder(options, root))
    _write_summary(made)
    made = _told(made, telling, terminal)
    return _show(made, options, terminal)


def _told(made: Attempt, telling: Telling, terminal: Terminal) -> Attempt:
    """Tell it below the request; return it with the status that it has where it could not be told.

    A token that may not write is no reason to fail: then the exit status decides. A forge that did not answer is, as
    the status there may be an old one.
    """
    from headgate.app.ci.forges import is_lasting
    from headgate.core.ports.forge import StatusState

    state = StatusState.SUCCESS if made.is_open else StatusState.FAILURE
    failures = [
        telling.status(state, description_of(made)),
        telling.comment(markdown_of_attempt(made, size_max=telling.comment_max), made.at),
    ]
    for failure in filter(None, failures):
        terminal.complain(f"Not told below the request: {failure}")
        if failure.hint:
            terminal.complain(f"  {failure.hint}")
    is_lost = any(failure is not None and not is_lasting(failure) for failure in failures)
    return replace(made, status=3) if is_lost and not made.status else made


def _show(made: Attempt, options: Namespace, terminal: Terminal) -> int:
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        diagnostics = [*made.faults, *(made.checked.diagnostics if made.checked else ())]
        if made.applied is not None:
            diagnostics += [failure.diagnostic for failure in made.applied.outcome.failures]
        return print_envelope(terminal, "ci", result_of(made), status=made.status, diagnostics=diagnostics)
    for line in lines_of_attempt(made, width=terminal.width):
        terminal.write(line)
    terminal.say(f"Reports: {options.out}")
    return made.status


def result_of(made: Attempt) -> dict[str, Any]:
    """Return what ``--json`` shows."""
    from headgate.core.checks import Outcome
    from headgate.words.checks import checks_to_json

    plan = made.planned.plan if made.planned else None
    return {
        "project": made.project,
        "environment": made.environment,
        "request": made.where.number,
        "commit": made.commit,
        "base": {"branch": made.base.branch, "commit": made.base.commit, "is_behind": made.base.is_behind},
        "verdict": word_of(made),
        "is_open": made.is_open,
        "is_fork": made.where.is_fork,
        "is_empty": plan.is_empty if plan else None,
        "made": list(made.applied.outcome.made) if made.applied else [],
        "failed": [failure.address for failure in made.applied.outcome.failures] if made.applied else [],
        "findings": list(made.report.decision.findings) if made.report else [],
        "checks": checks_to_json(made.applied.verdict.of(*Outcome)) if made.applied else [],
    }


def _write_reports(made: Attempt, folder: Path) -> None:
    """Leave the reports in a folder; those of an earlier run go."""
    from headgate.core.errors import EnvironmentFailed
    from headgate.core.json_form import dumps, plain

    texts = {"summary.md": markdown_of_attempt(made)}
    body = plain(result_of(made))
    if made.report is not None:
        from headgate.core.report_json import report_to_json
        from headgate.words.report.junit import junit_of
        from headgate.words.report.page import page_of

        body["report"] = report_to_json(made.report)
        texts |= {"report.html": page_of(made.report), "junit.xml": junit_of(made.report)}
    texts["report.json"] = dumps(body) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _REPORTS:
            (folder / name).unlink(missing_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentFailed(f"{folder} cannot be written: {error.strerror}") from error


_REPORTS = ("summary.md", "report.html", "junit.xml", "report.json")


def _write_summary(made: Attempt) -> None:
    """Add the report to the page of the run, where the forge has one; a page that cannot be written stops nothing."""
    from contextlib import suppress

    if made.where.summary_file:
        text = markdown_of_attempt(made, size_max=_SUMMARY_MAX // 4)
        with suppress(OSError), Path(made.where.summary_file).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


def _close(root: Path, where: Surroundings, options: Namespace, terminal: Terminal) -> int:
    from headgate.app.ci.closing import Closed, close
    from headgate.app.ci.forges import open_forge
    from headgate.app.repository import open_config

    if where.is_fork:
        closed = Closed(())
    else:
        with open_config(root) as session:
            session.tell = terminal.say
            closed = close(session, where, open_forge(where, os.environ), wait_seconds=options.wait)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        return print_envelope(terminal, "ci", closed)
    for name in closed.expired:
        terminal.write(f"{name} shows nothing any more. What nobody shares goes with headgate gc.")
    if not closed.expired:
        terminal.write("No environment is left of a closed request.")
    if closed.unknown:
        terminal.complain(f"Not known to the forge, and left as they are: {', '.join(closed.unknown)}")
    return 0


def _audience(terminal: Terminal) -> Audience:
    from headgate.app.ci.job import Audience
    from headgate.cli.progress import Progress
    from headgate.core.diagnostic import Diagnostic
    from headgate.words.diagnostics import lines_of_one

    def warn(warning: Diagnostic) -> None:
        for line in lines_of_one(warning):
            terminal.say(line)

    @contextmanager
    def watching(plan: Plan | None) -> Iterator[Callable[[RunEvent], None]]:
        with Progress(terminal, plan) as progress:
            yield progress.report

    return Audience(terminal.say, warn, watching)


def _folder(options: Namespace, root: Path) -> Path:
    """Return the folder of reports: given from here, or the project's own."""
    if options.out:
        return Path(options.out)
    from headgate.app.session import own_folder

    options.out = ".headgate/ci"
    return own_folder(root) / "ci"


def _name_of(root: Path) -> str:
    """Return what the project is called, before anything else of it is read; its folder's where that fails."""
    from headgate.app.export_jobs import AnyVariable
    from headgate.project.load import load_config

    return load_config(root, environ=AnyVariable())[0].name
