"""What holds of every form: it is made of whatever a report holds, tells no secret, and is the same twice."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from headgate.core.checks import Sample
from headgate.core.json_form import dumps
from headgate.core.redacted import redacted
from headgate.core.report import Report
from headgate.core.report_json import report_to_json
from headgate.words.report.files import files_of
from headgate.words.report.junit import junit_of
from headgate.words.report.markdown import markdown_of
from headgate.words.report.page import page_of
from headgate.words.report.terminal import lines_of_report
from tests.reports.any_reports import SECRET, reports
from tests.reports.flights import FLIGHTS, flights_report

pytestmark = pytest.mark.slow

FORMS: dict[str, Callable[[Report], str]] = {
    "terminal": lambda report: "\n".join(lines_of_report(report, width=100, is_verbose=True)),
    "markdown": markdown_of,
    "page": page_of,
    "junit": junit_of,
    "json": lambda report: dumps(report_to_json(report)),
}

any_form = pytest.mark.parametrize("form", FORMS)
thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@any_form
@thorough
@given(report=reports(has_secrets=True))
def test_no_form_tells_a_value_of_a_protected_column(form: str, report: Report) -> None:
    text = FORMS[form](report)
    assert SECRET not in text
    assert "424242" not in text
    assert "424,242" not in text


@any_form
def test_the_same_report_gives_the_same_text(form: str) -> None:
    assert FORMS[form](flights_report()) == FORMS[form](flights_report())


@any_form
def test_every_form_tells_which_data_tests_do_not_run(form: str) -> None:
    lacking = ("no kind is called odd (a.yml:4:9)", "even is a macro (b.yml:1:1)")
    text = FORMS[form](replace(flights_report(), not_run=lacking))
    for told in ("no kind is called odd", "even is a macro"):
        assert told in text
    assert form in ("junit", "json") or "2 data tests do not run" in text


@pytest.mark.parametrize("form", sorted(FORMS.keys() - {"junit"}))
def test_what_was_expected_for_nothing_is_told(form: str) -> None:
    text = FORMS[form](replace(flights_report(), unmet=("changes/a.yml expects something of m.gone.",)))
    assert "changes/a.yml" in text.replace("`", "")
    assert "m.gone" in text


@any_form
def test_every_form_tells_what_matters(form: str) -> None:
    text = FORMS[form](flights_report())
    for told in ("marts.carrier_delay", "column median_delay is gone", "management", "cost limit", "39 %"):
        assert told in text
    assert "Earhart" not in text
    assert "Coleman" not in text


@thorough
@given(report=reports(has_secrets=True))
def test_what_is_redacted_stays_so(report: Report) -> None:
    once = redacted(report)
    # repr, as NaN is not equal to itself
    assert repr(redacted(once)) == repr(once)


@thorough
@given(report=reports())
def test_what_protects_nothing_is_left_as_it_is(report: Report) -> None:
    assert redacted(report) is report


def test_counts_of_protected_columns_are_told() -> None:
    asset = redacted(flights_report()).assets[0]
    assert asset.comparison is not None
    assert {one.name: (one.changed, one.greatest) for one in asset.comparison.columns}["pilot"] == (7, None)
    assert asset.after is not None
    assert asset.after.columns["pilot"].distinct == 9_120
    assert asset.after.columns["pilot"].least is None


def test_a_query_keeps_the_rows_that_lineage_has_cleared() -> None:
    report = flights_report()
    first = report.assets[0]
    sample = Sample(("who", "delay"), (("(protected)", "7"),), ("who",))
    checks = tuple(replace(one, sample=sample) for one in first.checks)
    found = redacted(replace(report, assets=(replace(first, checks=checks),)))
    assert found.assets[0].address == FLIGHTS
    assert found.assets[0].checks[0].sample == sample


def test_json_has_no_number_that_json_has_not() -> None:
    text = dumps(report_to_json(flights_report()))
    json.loads(text, parse_constant=pytest.fail)


def test_the_files_are_what_the_forms_give() -> None:
    files = files_of(flights_report())
    assert list(files) == ["report.html", "summary.md", "junit.xml", "report.json"]
    assert files["report.html"] == page_of(flights_report())
    assert files["summary.md"].endswith(
        "All of it, with distributions: `report.html`, beside this text in the files of the report.\n"
    )
    assert json.loads(files["report.json"])["project"] == "flights"


def test_owners_stand_below_each_other() -> None:
    lines = [line for line in lines_of_report(flights_report(), width=200) if "owner: " in line]
    assert len(lines) > 1
    assert len({line.index("owner: ") for line in lines}) == 1
