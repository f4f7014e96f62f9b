"""A report as files: what a job keeps, and what other programs take from there."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.json_form import dumps
from headgate.core.report import Report
from headgate.core.report_json import report_to_json
from headgate.words.report.junit import junit_of
from headgate.words.report.markdown import GITLAB_MAX, markdown_of
from headgate.words.report.page import page_of

PAGE, SUMMARY, TESTS, DATA = "report.html", "summary.md", "junit.xml", "report.json"

_REST = f"`{PAGE}`, beside this text in the files of the report."
"""Where all of a report is. No link: the text is put below requests, where one would lead nowhere."""


def files_of(report: Report) -> Mapping[str, str]:
    """Return the texts of all files by their names, to be written as UTF-8."""
    return {
        PAGE: page_of(report),
        SUMMARY: markdown_of(report, size_max=GITLAB_MAX, rest=_REST),
        TESTS: junit_of(report),
        DATA: dumps(report_to_json(report)) + "\n",
    }
