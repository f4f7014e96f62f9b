"""A report as JUnit XML, for whatever shows the results of tests: each check and each finding is a test case.

The form is the one that Ant writes and Jenkins, GitHub's and GitLab's readers accept: of elements and attributes only
those that both the schema of Ant's form (Windy Road, JUnit.xsd) and that of Jenkins (junit-10.xsd) allow, and all that
either demands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headgate.core.checks import Outcome, Result
from headgate.core.gate import Decision, Finding
from headgate.core.redacted import redacted
from headgate.core.report import AssetReport, Report
from headgate.words.checks import distinct_names
from headgate.words.gate import finding_text, level_text, verdict_text, verdict_word
from headgate.words.markup import Markup, element
from headgate.words.report.sentences import check_text


@dataclass(frozen=True, slots=True)
class Case:
    """A test case: what it is called, and how it ended: empty for passed, else the name of an element."""

    name: str
    ended: str = ""
    kind: str = ""
    told: str = ""


def junit_of(report: Report) -> str:
    """Return the XML: a suite for the decision, with data tests that do not run, and one for each asset.

    What waits for an approval has failed.
    """
    report = redacted(report)
    decision = report.decision
    lacking = [Case(f"data test: {why}", "skipped", "check", f"it does not run: {why}") for why in report.not_run]
    suites = [("decision", [_of_decision(decision), *lacking])]
    known = {asset.address for asset in report.assets}
    suites += [(asset.address, list(_of_asset(asset, decision))) for asset in report.assets]
    elsewhere: dict[str, list[Case]] = {}
    for finding in decision.findings:
        if finding.address not in known:
            elsewhere.setdefault(finding.address, []).append(_of_finding(finding, decision))
    body = [
        _suite(name, cases, report, number)
        for number, (name, cases) in enumerate((*suites, *elsewhere.items()))
        if cases
    ]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{element("testsuites", body).text}\n'


def _of_decision(decision: Decision) -> Case:
    told = verdict_text(decision)
    return Case("release", "" if decision.opens else "failure", verdict_word(decision), told)


def _of_asset(asset: AssetReport, decision: Decision) -> Iterator[Case]:
    names = distinct_names([result.check for result in asset.checks])
    for name, result in zip(names, asset.checks, strict=True):
        yield _of_check(name, result)
    for finding in asset.findings:
        yield _of_finding(finding, decision)


def _of_check(name: str, result: Result) -> Case:
    """Return the case of a check; a warning passes, with its text in the suite's output."""
    told = check_text(result)
    match result.outcome:
        case Outcome.FAIL:
            return Case(name, "failure", "check", f"{told}\n{result.check.test.place or ''}".strip())
        case Outcome.UNKNOWN:
            is_error = result.check.test.severity.value == "error"
            return Case(name, "error" if is_error else "skipped", "check", told)
        case Outcome.ABSENT:
            return Case(name, "skipped", "check", told)
        case _:
            return Case(name, "", "check", told if result.outcome is Outcome.WARN else "")


def _of_finding(finding: Finding, decision: Decision) -> Case:
    level = level_text(finding, decision)
    topic = finding.topic.value.replace("_", " ")
    what = " ".join(filter(None, (finding.column, finding.aspect, "new data" if finding.is_of_data else "")))
    name = f"gate: {topic} of {what}" if what else f"gate: {topic}"
    told = finding_text(finding)
    if level == "waits":
        told = f"{told}\nwaits for {finding.owner or 'an owner, of whom there is none'}"
    told = f"{told}\n{finding.place}" if finding.place else told
    return Case(name, "failure" if level in ("blocked", "waits") else "", level, told)


def _suite(name: str, cases: Sequence[Case], report: Report, number: int) -> Markup:
    ended = [case.ended for case in cases]
    notes = [_note(case) for case in cases if not case.ended and case.told]
    return element(
        "testsuite",
        element("properties", [_property(key, value) for key, value in _properties(report).items()]),
        [_case(case, name) for case in cases],
        element("system-out", "\n".join(notes)),
        element("system-err"),
        name=name,
        package=report.project,
        id=number,
        tests=len(cases),
        failures=ended.count("failure"),
        errors=ended.count("error"),
        skipped=ended.count("skipped"),
        time=0,
        timestamp=report.at[:19],
        hostname=report.target or "localhost",
    )


def _case(case: Case, suite: str) -> Markup:
    """Return a case; the message is its first line."""
    about: dict[str, str] = (
        {} if case.ended == "skipped" else {"type": case.kind, "message": case.told.partition("\n")[0]}
    )
    body = element(case.ended, case.told, **about) if case.ended else None
    return element("testcase", body, name=case.name, classname=suite, time=0)


def _note(case: Case) -> str:
    """Return what a case that passes has to say, with its name once."""
    return case.told if case.told.startswith(case.name) else f"{case.name}: {case.told}"


def _properties(report: Report) -> dict[str, str]:
    return {"source": report.source, "target": report.target, "release": str(report.release), "commit": report.commit}


def _property(key: str, value: str) -> Markup:
    return element("property", name=key, value=value)
