"""JUnit: a grammar that every common reader accepts, and what fails in it."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings

from headgate.core.report import Report
from headgate.words.report.junit import junit_of
from tests.reports.any_reports import reports
from tests.reports.flights import flights_report, passing_report, result

thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SUITE = {
    "name": r".*", "package": r".*", "id": r"\d+", "tests": r"\d+", "failures": r"\d+", "errors": r"\d+",
    "skipped": r"\d+", "time": r"\d+(\.\d+)?", "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "hostname": r"(?s).+",
}  # fmt: skip
CASE = {"name": r"(?s).*", "classname": r"(?s).*", "time": r"\d+(\.\d+)?"}


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.encode())


def assert_attributes(element: ElementTree.Element, expected: dict[str, str]) -> None:
    assert set(element.keys()) == set(expected)
    for key, pattern in expected.items():
        assert re.fullmatch(pattern, element.get(key, ""), re.DOTALL), (key, element.get(key))


def assert_grammar(root: ElementTree.Element) -> None:
    """What both schemas demand and allow: order of elements, attributes, numbers that fit."""
    assert (root.tag, root.attrib) == ("testsuites", {})
    for suite in root:
        assert suite.tag == "testsuite"
        assert_attributes(suite, SUITE)
        tags = [child.tag for child in suite]
        assert re.fullmatch("properties (testcase )*system-out system-err ", "".join(f"{tag} " for tag in tags))
        assert all(set(one.keys()) == {"name", "value"} and one.tag == "property" for one in suite[0])
        cases = suite.findall("testcase")
        ended = [child.tag for case in cases for child in case]
        for case in cases:
            assert_attributes(case, CASE)
            assert len(case) <= 1
        for child in (child for case in cases for child in case):
            assert set(child.keys()) == (set() if child.tag == "skipped" else {"type", "message"})
        assert set(ended) <= {"failure", "error", "skipped"}
        counts = [len(cases), *(ended.count(tag) for tag in ("failure", "error", "skipped"))]
        assert counts == [int(suite.get(key, "")) for key in ("tests", "failures", "errors", "skipped")]


@pytest.mark.slow
@thorough
@given(report=reports())
def test_it_is_well_formed_and_keeps_to_the_grammar(report: Report) -> None:
    root = parsed(junit_of(report))
    assert_grammar(root)
    cases = root.findall("testsuite/testcase")
    assert len(cases) == 1 + len(report.not_run) + sum(len(one.checks) + len(one.findings) for one in report.assets)


def outcomes(report: Report) -> dict[str, str]:
    cases = parsed(junit_of(report)).iter("testcase")
    return {f"{one.get('classname')} {one.get('name')}": one[0].tag if len(one) else "" for one in cases}


def test_what_blocks_or_waits_has_failed() -> None:
    found = outcomes(flights_report())
    assert found["decision release"] == "failure"
    assert found["marts.carrier_delay mean of mean_delay"] == "failure"
    assert found["marts.carrier_delay gate: columns removed of median_delay"] == "failure"
    assert found["staging.flights gate: rows changed of arr_delay"] == "failure"
    assert found["staging.flights gate: drift of delay_class"] == ""  # agreed to
    assert found["staging.flights range of arr_delay"] == ""  # warns
    assert found["marts.carrier_delay gate: columns added of p90_delay"] == ""


def test_nothing_fails_where_nothing_stops_it() -> None:
    assert set(outcomes(passing_report()).values()) == {""}


def test_a_failure_says_what_was_found_and_where() -> None:
    failure = next(parsed(junit_of(flights_report())).iterfind("testsuite[@name='marts.carrier_delay']//failure"))
    assert failure.get("message") == "mean of mean_delay: 10.1, must be at most 8"
    assert (failure.text or "").splitlines()[1] == "assets/staging/staging.yml:14:9"


def test_checks_of_one_name_are_cases_of_their_own() -> None:
    """GitLab takes two cases of one name for one."""
    report = flights_report()
    address = report.assets[0].address
    checks = [result(address, "range", "distance") for _ in range(3)]
    demands = ("at least 0", "at most 5,000", "at most 5,000")
    told = [
        replace(one, check=replace(one.check, compiled=replace(one.check.compiled, demands=demand)))
        for one, demand in zip(checks, demands, strict=True)
    ]
    report = replace(report, assets=(replace(report.assets[0], checks=tuple(told), findings=()),))
    names = [case.get("name") for case in parsed(junit_of(report)).iterfind(f"testsuite[@name='{address}']/testcase")]
    twice = "range of distance, at most 5,000, assets/staging/staging.yml:14:9"
    assert names == ["range of distance, at least 0", twice, twice]
    hidden = replace(report, assets=(replace(report.assets[0], protected=frozenset({"distance"})),))
    assert "5,000" not in junit_of(hidden)


def test_the_grammar_finds_what_breaks_it() -> None:
    good = junit_of(flights_report())
    for before, after in ((' hostname="prod"', ""), ("<system-err></system-err>", ""), ('tests="1"', 'tests="2"')):
        with pytest.raises(AssertionError):
            assert_grammar(parsed(good.replace(before, after)))
