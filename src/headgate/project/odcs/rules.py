"""Rules of quality as data tests, and back.

The metrics of the standard's library are kinds of checks; whatever else a test says is a rule of the engine `headgate`,
in the words of property files. Rules that are neither are kept and not measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headgate.core.address import fold
from headgate.core.diagnostic import Severity
from headgate.core.promises import Condition, DeclaredTest
from headgate.project.odcs.kept import KEPT, left_over, restored
from headgate.project.odcs.levels import without_level
from headgate.project.odcs.written import properties_in, without_kept, written_test

ENGINE = "headgate"
"""The engine of rules that are written as in property files."""

_NEGATED = {
    "!=": "mustBe", "=": "mustNotBe", ">": "mustBeLessOrEqualTo", ">=": "mustBeLessThan", "<": "mustBeGreaterOrEqualTo",
    "<=": "mustBeGreaterThan",
}  # fmt: skip
"""The rule says what must be, a threshold how many failing rows are too many."""

_THRESHOLDS = {rule: operator for operator, rule in _NEGATED.items()}
_OPERATORS = frozenset({*_THRESHOLDS, "mustBeBetween", "mustNotBeBetween"})
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_WARNINGS = frozenset({"warning", "warn", "info"})


def rule_of(test: DeclaredTest) -> dict[str, Any]:
    """Return the rule that a test is, with what a contract said of it besides."""
    meta = test.kept.get("meta")
    kept = meta.get(KEPT) if isinstance(meta, Mapping) else None
    return restored(_derived(test), without_level(kept) if isinstance(kept, Mapping) else {})


def test_of(rule: Any, column: str) -> Any:
    """Return the test that a rule of a column, or of a whole table, is, as property files have it; None for none."""
    if not isinstance(rule, Mapping):
        return None
    written = _written(rule, column)
    if written is None:
        return None
    test = _read(written, column)
    if test is None:
        return None
    return written_test(test, left_over(rule, _derived(test)))


def _read(written: Any, column: str) -> DeclaredTest | None:
    entry: dict[str, Any] = {"data_tests": [written]}
    if column:
        entry = {"columns": [{"name": column, **entry}]}
    tests = properties_in(entry).tests
    return tests[0] if len(tests) == 1 and tests[0].kind and fold(tests[0].column) == fold(column) else None


def _derived(test: DeclaredTest) -> dict[str, Any]:
    """Return the rule that says what a test says."""
    found = _of_library(test)
    if found is None:
        return {"type": "custom", "engine": ENGINE, "implementation": _implementation(test)}
    if test.name:
        found["name"] = test.name
    if test.tags:
        found["tags"] = list(test.tags)
    if test.severity is Severity.WARNING:
        found["severity"] = "warning"
    return found


def _implementation(test: DeclaredTest) -> Any:
    return written_test(test)


def _of_library(test: DeclaredTest) -> dict[str, Any] | None:
    """Return a metric of the library with its bounds; None where it has no word for all that the test says."""
    if test.where or test.limit is not None or not test.is_enabled or without_kept(test.kept):
        return None
    if test.keeps_failures or test.is_quarantining:
        return None
    given, is_of_column = test.arguments, bool(test.column)
    if test.kind == "row_count" and not is_of_column:
        is_plain = test.warn_if == test.error_if == Condition()
        bounds = _bounds(given) if is_plain else None
        return {"metric": "rowCount", **bounds} if bounds else None
    operator = _operator(test)
    if operator is None:
        return None
    if test.kind == "not_null" and is_of_column and not given:
        return {"metric": "nullValues", **operator}
    if test.kind == "unique" and is_of_column and not given:
        return {"metric": "duplicateValues", **operator}
    if (
        test.kind == "unique"
        and not is_of_column
        and given.keys() == {"columns"}
        and isinstance(given["columns"], list)
    ):
        return {"metric": "duplicateValues", "arguments": {"properties": given["columns"]}, **operator}
    if test.kind == "accepted_values" and is_of_column and given.keys() == {"values"}:
        return {"metric": "invalidValues", "arguments": {"validValues": given["values"]}, **operator}
    if test.kind == "regex" and is_of_column and given.keys() == {"pattern"}:
        return {"metric": "invalidValues", "arguments": {"pattern": given["pattern"]}, **operator}
    return None


def _bounds(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the operator that says what `row_count` was given."""
    numbers = {key: value for key, value in given.items() if isinstance(value, int | float) and value is not True}
    if numbers != given:
        return None
    if numbers.keys() == {"min", "max"} and numbers["min"] < numbers["max"]:
        return {"mustBeBetween": [numbers["min"], numbers["max"]]}
    names = {"min": "mustBeGreaterOrEqualTo", "max": "mustBeLessOrEqualTo", "equals": "mustBe"}
    return (
        {names[key]: value for key, value in numbers.items()}
        if len(numbers) == 1 and numbers.keys() <= names.keys()
        else None
    )


def _operator(test: DeclaredTest) -> dict[str, Any] | None:
    """Return what must be of the number of failing rows; None where a failure may mean two things."""
    is_error = test.severity is Severity.ERROR
    condition = test.error_if if is_error else test.warn_if
    if (is_error and test.warn_if != condition) or (not is_error and test.error_if != Condition()):
        return None
    unit = {"unit": "percent"} if condition.is_share else {}
    if condition.operator == "between":
        bounds = [_number(condition.number), _number(condition.to)]
        return {"mustNotBeBetween": bounds, **unit} if bounds[0] < bounds[1] else None
    return {_NEGATED[condition.operator]: _number(condition.number), **unit}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _written(rule: Mapping[str, Any], column: str) -> Any:
    """Return what a rule asks for in the words of property files; None where Headgate has none."""
    if rule.get("type") == "custom" and rule.get("engine") == ENGINE:
        found = rule.get("implementation")
        is_test = isinstance(found, str) or (
            isinstance(found, Mapping) and len(found) == 1 and "constraint" not in found
        )
        return found if is_test else None
    if rule.get("type", "library") != "library":
        return None
    operators = [key for key in rule if key in _OPERATORS]
    if len(operators) != 1:
        return None
    asked = _metric(rule, column, operators[0])
    if asked is None:
        return None
    kind, given, config = asked
    is_warning = str(rule.get("severity", "")).lower() in _WARNINGS
    if is_warning:
        config = {"severity": "warn", **{key: value for key, value in config.items() if key == "warn_if"}}
    tags, name = rule.get("tags"), rule.get("name")
    if isinstance(tags, list) and tags and all(isinstance(tag, str) for tag in tags):
        config = {**config, "tags": tags}
    inside = {
        **given,
        **({"name": name} if isinstance(name, str) and name else {}),
        **({"config": config} if config else {}),
    }
    return {kind: inside} if inside else kind


def _metric(rule: Mapping[str, Any], column: str, operator: str) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
    """Return kind, arguments and settings of the check that measures a metric."""
    metric, value, given = rule.get("metric"), rule[operator], rule.get("arguments", {})
    if not isinstance(given, Mapping):
        return None
    if metric == "rowCount":
        bounds = _counted(operator, value) if not column and not given and rule.get("unit", "rows") == "rows" else None
        return ("row_count", bounds, {}) if bounds else None
    threshold = _threshold(operator, value, rule.get("unit", "rows"))
    if threshold is None:
        return None
    config = {} if threshold == "!= 0" else {"warn_if": threshold, "error_if": threshold}
    arguments = _arguments(metric, given, column)
    return None if arguments is None else (*arguments, config)


def _arguments(metric: Any, given: Mapping[str, Any], column: str) -> tuple[str, dict[str, Any]] | None:
    if metric == "nullValues" and column and not given:
        return "not_null", {}
    if metric == "missingValues" and column and given.get("missingValues") == [None] and len(given) == 1:
        return "not_null", {}
    if metric == "duplicateValues" and column and not given:
        return "unique", {}
    if metric == "duplicateValues" and not column and given.keys() == {"properties"} and _is_texts(given["properties"]):
        return "unique", {"columns": given["properties"]}
    if metric == "invalidValues" and column and given.keys() == {"validValues"} and _is_scalars(given["validValues"]):
        return "accepted_values", {"values": given["validValues"]}
    if metric == "invalidValues" and column and given.keys() == {"pattern"} and isinstance(given["pattern"], str):
        return ("regex", {"pattern": given["pattern"]}) if given["pattern"] else None
    return None


def _counted(operator: str, value: Any) -> dict[str, Any] | None:
    """Return what `row_count` is given for an operator."""
    if operator == "mustBeBetween":
        return {"min": value[0], "max": value[1]} if _is_pair(value) else None
    names = {"mustBe": "equals", "mustBeGreaterOrEqualTo": "min", "mustBeLessOrEqualTo": "max"}
    whole = {"mustBeGreaterThan": ("min", 1), "mustBeLessThan": ("max", -1)}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if operator in whole and isinstance(value, int):
        name, more = whole[operator]
        return {name: value + more}
    return {names[operator]: value} if operator in names else None


def _threshold(operator: str, value: Any, unit: Any) -> str | None:
    """Return how many failing rows are too many, as property files write it."""
    if unit not in ("rows", "percent"):
        return None
    sign = "%" if unit == "percent" else ""
    if operator == "mustNotBeBetween" and _is_pair(value) and all(map(_is_number, value)):
        return f"between {value[0]!r}{sign} and {value[1]!r}{sign}"
    if operator not in _THRESHOLDS or not _is_number(value):
        return None
    return f"{_THRESHOLDS[operator]} {value!r}{sign}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _NUMBER.fullmatch(repr(value)) is not None


def _is_pair(value: Any) -> bool:
    is_pair = isinstance(value, list) and len(value) == 2 and all(isinstance(one, int | float) for one in value)
    return is_pair and not any(isinstance(one, bool) for one in value) and value[0] < value[1]


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def _is_scalars(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str | int | float) for one in value)
