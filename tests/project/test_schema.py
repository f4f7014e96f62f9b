"""What a JSON Schema accepts the parser reads, what it refuses the parser reports; with jsonschema as the judge.

Exempt, because no schema can say it: that names exist, differ and can be part of an address; what the text of a type
means; values of `vars` and `target` that begin with `env:`, and variables that look like secrets.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from jsonschema import Draft202012Validator

from headgate.app.schema import KINDS, schema_of
from tests.project.schema_stage import (
    documents,
    faults_of_expected_change,
    faults_of_header,
    faults_of_property_file,
    faults_of_scenarios,
    faults_of_toml,
    toml_text,
    yaml_texts,
)

VALIDATORS = {kind: Draft202012Validator(schema_of(kind)) for kind in KINDS}
OF_FORM = {"HG308", "HG309"}
OF_TOML = {"HG121", "HG122"}
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
LONG = settings(max_examples=400, deadline=None, suppress_health_check=QUIET)


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_schemas(kind: str) -> None:
    Draft202012Validator.check_schema(schema_of(kind))


def agrees_on_property_file(document: Any) -> None:
    accepted = VALIDATORS["yaml"].is_valid(document)
    for text in yaml_texts(document):
        found = faults_of_property_file(text)
        assert "HG110" not in found, text
        assert accepted == (not found & OF_FORM), text


def agrees_on_header(document: Any) -> None:
    accepted = VALIDATORS["header"].is_valid(document)
    text, _ = yaml_texts(document)
    found = faults_of_header(text)
    if isinstance(document, dict) and document:
        assert accepted == (not found & OF_FORM), text


def agrees_on(kind: str, document: Any) -> None:
    accepted = VALIDATORS[kind].is_valid(document)
    for text in yaml_texts(document):
        found = (faults_of_expected_change if kind == "changes" else faults_of_scenarios)(text)
        assert accepted == (not found & OF_FORM), text


def agrees_on_toml(document: dict[str, Any]) -> None:
    accepted = VALIDATORS["toml"].is_valid(document)
    text = toml_text(document)
    found = faults_of_toml(text)
    assert "HG120" not in found, text
    if accepted:
        assert not found & OF_TOML, text
    else:
        assert found & {*OF_TOML, "HG125"}, text


@QUICK
@given(documents("yaml", wild=40))
@example(None)
@example({"models": [{"name": "x", "data_tests": [{"unique": None, "severity": "warn"}]}]})
@example({"models": [{"name": "x", "constraints": [{"type": "CHECK"}]}]})
def test_property_files(document: Any) -> None:
    agrees_on_property_file(document)


@QUICK
@given(documents("header", wild=40))
def test_headers(document: Any) -> None:
    agrees_on_header(document)


@QUICK
@given(documents("toml", wild=30))
@example({"state": {"schema": "\n"}})
@example({"state": {"schema": "PG_own"}})
@example({"state": {"schema": "Public"}})
@example({"state": {"schema": "public_1"}})
def test_toml(document: Any) -> None:
    if isinstance(document, dict):
        agrees_on_toml(document)


@QUICK
@given(documents("changes", wild=40))
@example({"why": "x", "until": "2026-12-31", "expect": {"m.a": {"rows_changed": {"price": "2 %"}, "drift": 0.5}}})
@example({"why": "x", "until": "2026-12-31", "expect": {"m.a": {"drift": "0.5"}}})
@example({"why": "x", "until": "2026-12-31", "expect": {"orders": None}})
def test_expected_changes(document: Any) -> None:
    agrees_on("changes", document)


@QUICK
@given(documents("scenarios", wild=40))
@example({"scenarios": [{"given": [{"asset": "m.a", "drift": 0.5, "empty": False}], "expect": "Pass", "waiting": []}]})
@example({"scenarios": [{"given": [{"asset": "m.a"}], "expect": "pass"}]})
def test_scenarios_of_the_gate(document: Any) -> None:
    agrees_on("scenarios", document)


@pytest.mark.slow
@LONG
@given(documents("yaml", wild=60))
def test_many_property_files(document: Any) -> None:
    agrees_on_property_file(document)


@pytest.mark.slow
@LONG
@given(documents("header", wild=60))
def test_many_headers(document: Any) -> None:
    agrees_on_header(document)


@pytest.mark.slow
@LONG
@given(documents("toml", wild=30))
def test_many_tomls(document: Any) -> None:
    if isinstance(document, dict):
        agrees_on_toml(document)
