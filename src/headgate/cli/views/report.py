"""`headgate report`: what a change does to data, in the forms that people and programs read."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.cli.opening import with_repository
from headgate.cli.progress import Progress
from headgate.cli.terminal import Terminal
from headgate.words.report.terminal import lines_of_report

if TYPE_CHECKING:
    from headgate.core.report import Report


def run(options: Namespace, terminal: Terminal) -> int:
    """Measure what lacks, leave the files, and tell what the gate says."""
    from headgate.app.gate.deciding import considered, ways_out
    from headgate.app.releasing.promotion import plan_shown
    from headgate.words.promote import nothing_text

    session, repository = with_repository(options, terminal)
    with session:
        promotion = plan_shown(session, repository, source=options.source, to=options.to)
        if promotion.plan.is_empty:
            told, way_on = nothing_text(promotion, verb="report")
            terminal.write(told)
            if way_on:
                terminal.say(f"Next: {way_on}")
            return 0
        with Progress(terminal) as progress:
            review = considered(session, promotion, wait_seconds=options.wait, report=progress.report)
    report = review.report
    page = _write(report, Path(options.out))
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope
        from headgate.core.report_json import report_to_json

        return print_envelope(terminal, "report", report_to_json(report))
    for line in lines_of_report(report, width=terminal.width):
        terminal.write(line)
    for line in ways_out(review):
        terminal.say(line)
    terminal.say(f"Look: {page}")
    return 0


def _write(report: Report, folder: Path) -> Path:
    """Leave all files of a report in a folder; return where the page is."""
    from headgate.core.errors import EnvironmentFailed
    from headgate.words.report.files import PAGE, files_of

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files_of(report).items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentFailed(f"{folder} cannot be written: {error.strerror}") from error
    return folder / PAGE
