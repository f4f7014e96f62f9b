"""JSON: whatever a report holds fits the published schema, and the schema describes all of it."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from headgate.core.json_form import dumps
from headgate.core.report import Report
from headgate.core.report_json import report_to_json
from headgate.core.report_schema import report_schema
from tests.reports.any_reports import reports
from tests.reports.flights import flights_report

thorough = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def closed(schema: Any) -> Any:
    """The schema without room for what it does not describe."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(one) for key, one in schema.items()}
    return found | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {})


SCHEMA = report_schema(comment="")
STRICT = jsonschema.Draft202012Validator(closed(SCHEMA))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.slow
@thorough
@given(report=reports(has_secrets=True))
def test_a_report_fits_the_schema_which_describes_all_of_it(report: Report) -> None:
    STRICT.validate(json.loads(dumps(report_to_json(report)), parse_constant=pytest.fail))


def test_the_schema_refuses_what_is_no_report() -> None:
    good = report_to_json(flights_report())
    for key, value in (("format", 2), ("release", "14"), ("assets", [{}]), ("decision", None)):
        with pytest.raises(jsonschema.ValidationError):
            STRICT.validate({**good, key: value})
    with pytest.raises(jsonschema.ValidationError):
        STRICT.validate({key: value for key, value in good.items() if key != "at"})


def test_every_part_is_described() -> None:
    def texts(schema: Any) -> list[str]:
        found = []
        for key, value in schema.get("properties", {}).items():
            if "$ref" not in value and not value.get("description"):
                found.append(key)
        return found

    parts = {"report": SCHEMA, **SCHEMA["$defs"]}
    assert {name: found for name, part in parts.items() if (found := texts(part))} == {}


def test_what_programs_read() -> None:
    told = report_to_json(flights_report())
    assert told["format"] == 1
    assert told["decision"]["verdict"] == "blocked"
    assert told["decision"]["waiting"]["management"] == ["consumer marts.carrier_delay mean_delay"]
    flights = told["assets"][0]
    assert flights["comparison"]["drifts"][0]["is_beyond"] is True
    assert flights["protected"] == ["pilot"]
    assert flights["comparison"]["differences"]["rows"][0]["before"][5] == "(protected)"
