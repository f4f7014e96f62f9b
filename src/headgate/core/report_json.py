"""The JSON form of a report: all that is known, in fields that stay what they are while the format is the same.

``report_schema`` describes it. Values of protected columns are not in it.
"""

from __future__ import annotations

import math
from typing import Any

from headgate.core.checks import Result, Sample
from headgate.core.comparison import Comparison, Differences
from headgate.core.gate import Approval, Finding, finding_key
from headgate.core.json_form import plain
from headgate.core.profiles import ColumnProfile, Profile
from headgate.core.redacted import redacted
from headgate.core.report import AssetReport, Report

REPORT_FORMAT = 1
"""Raised when a field changes its meaning or goes; a new field does not raise it."""


def report_to_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values; equal reports give equal texts (``json_form.dumps``)."""
    report = redacted(report)
    decision = report.decision
    return {
        "format": REPORT_FORMAT,
        "project": report.project,
        "source": report.source,
        "target": report.target,
        "release": report.release,
        "commit": report.commit,
        "at": report.at,
        "untouched": report.untouched,
        "not_run": list(report.not_run),
        "unmet": list(report.unmet),
        "decision": {
            "verdict": decision.verdict.value,
            "policy": decision.policy,
            "change": decision.change,
            "release": decision.release,
            "overridden": decision.overridden,
            "findings": [_finding(one) for one in decision.findings],
            "waiting": {owner: [finding_key(one) for one in found] for owner, found in decision.waiting.items()},
            "approvals": [_approval(one) for one in decision.approvals],
        },
        "assets": [_asset(one) for one in report.assets],
    }


def result_to_json(result: Result) -> dict[str, Any]:
    """Return what came of a check."""
    check = result.check
    return {
        "address": check.address,
        "name": check.name,
        "kind": check.test.kind,
        "column": check.test.column,
        "place": str(check.test.place or ""),
        "is_promised": check.test.is_promised,
        "outcome": result.outcome.value,
        "failures": result.failures,
        "out_of": result.out_of,
        "told": result.told,
        "sample": None if result.sample is None else _sample(result.sample),
    }


def _asset(asset: AssetReport) -> dict[str, Any]:
    return {
        "address": asset.address,
        "does": asset.does,
        "reason": asset.reason,
        "owner": asset.owner,
        "protected": sorted(asset.protected),
        "comparison": None if asset.comparison is None else _comparison(asset.comparison),
        "before": None if asset.before is None else _profile(asset.before),
        "after": None if asset.after is None else _profile(asset.after),
        "checks": [{**result_to_json(one), "severity": one.check.test.severity.value} for one in asset.checks],
        "findings": [_finding(one) for one in asset.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding_key(finding),
        "topic": finding.topic.value,
        "address": finding.address,
        "column": finding.column,
        "level": finding.level.value,
        "told": finding.told,
        "amount": _number(finding.amount),
        "rows": finding.rows,
        "owner": finding.owner,
        "expected": finding.expected,
        "aspect": finding.aspect,
        "parts": {name: _number(amount) for name, amount in finding.parts.items()},
        "is_of_data": finding.is_of_data,
        "place": str(finding.place or ""),
    }


def _approval(approval: Approval) -> dict[str, Any]:
    """Return an approval; the addresses of people stay out of what is passed around."""
    body: dict[str, Any] = plain(approval)
    del body["identity"]
    parts = {key: {name: _number(n) for name, n in found.items()} for key, found in approval.parts.items()}
    return {**body, "amounts": {key: _number(n) for key, n in approval.amounts.items()}, "parts": parts}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    shape = comparison.shape
    return {
        "rung": comparison.rung.value,
        "before": comparison.before,
        "after": comparison.after,
        "rows_before": comparison.rows_before,
        "rows_after": comparison.rows_after,
        "key": list(comparison.key),
        "keys_before": plain(comparison.keys_before),
        "keys_after": plain(comparison.keys_after),
        "added": comparison.added,
        "removed": comparison.removed,
        "changed": comparison.changed,
        "columns": [
            {
                "name": one.name,
                "changed": one.changed,
                "beyond": one.beyond,
                "tolerance": plain(one.tolerance),
                "greatest": _number(one.greatest),
            }
            for one in comparison.columns
        ],
        "proven": list(comparison.proven),
        "shape": {
            "added": [{"name": one.name, "type": one.type} for one in shape.added],
            "removed": [{"name": one.name, "type": one.type} for one in shape.removed],
            "retyped": plain(shape.retyped),
            "is_reordered": shape.is_reordered,
        },
        "differences": _differences(comparison.differences),
        "drifts": [
            {
                "column": one.column,
                "measure": one.measure,
                "effect": _number(one.effect),
                "floor": _number(one.floor),
                "is_beyond": one.is_beyond,
                "told": one.told,
            }
            for one in comparison.drifts
        ],
        "moved": list(comparison.moved),
        "unkeyed": comparison.unkeyed,
        "incomplete": comparison.incomplete,
        "data": None if comparison.data is None else _comparison(comparison.data),
        "unisolated": comparison.unisolated,
        "is_equal": comparison.is_equal,
    }


def _differences(differences: Differences) -> dict[str, Any]:
    return {
        "columns": list(differences.columns),
        "rows": [
            {
                "before": list(row.before) if row.before else None,
                "after": list(row.after) if row.after else None,
                "columns": list(row.columns),
            }
            for row in differences.rows
        ],
    }


def _profile(profile: Profile) -> dict[str, Any]:
    return {"rows": profile.rows, "columns": {name: _column(one) for name, one in profile.columns.items()}}


def _column(column: ColumnProfile) -> dict[str, Any]:
    return {
        "type": column.type,
        "nulls": column.nulls,
        "nan": column.nan,
        "distinct": column.distinct,
        "least": column.least,
        "greatest": column.greatest,
        "mean": _number(column.mean),
        "deviation": _number(column.deviation),
        "sum": _number(column.sum),
        "quantiles": [_number(one) for one in column.quantiles],
        "sampled": column.sampled,
        "top": [[value, rows] for value, rows in column.top],
    }


def _sample(sample: Sample) -> dict[str, Any]:
    rows = [list(row) for row in sample.rows]
    return {"columns": list(sample.columns), "rows": rows, "protected": list(sample.protected)}


def _number(number: float | None) -> float | None:
    """Return a number; JSON has none for what is infinite or no number."""
    return number if number is not None and math.isfinite(number) else None
