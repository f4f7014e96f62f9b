"""A report without the values of protected columns: what every form of it is made from.

What is told of them is how many rows: counts of NULL and of different values, changed rows, failing rows. A figure over
values (a mean, an extreme, a quantile) may be the value of a single row, so none is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from headgate.core.address import Address, fold
from headgate.core.checks import Outcome, Result
from headgate.core.comparison import Comparison
from headgate.core.gate import Decision, Finding, Topic
from headgate.core.measures import columns_of, fragments_of
from headgate.core.profiles import Profile
from headgate.core.protection import comparison_without_protected, without_protected
from headgate.core.report import AssetReport, Report


def redacted(report: Report) -> Report:
    """Return the report without any value of a protected column; doing it twice changes nothing.

    A mark stands for such a value in samples; sentences that may quote one are replaced by numbers of rows.
    """
    if not any(asset.protected for asset in report.assets):
        return report
    names = {asset.address: frozenset(map(fold, asset.protected)) for asset in report.assets}
    told: dict[str, str] = {}
    assets = tuple(_asset(asset, names[asset.address], told) for asset in report.assets)
    return replace(
        report,
        assets=tuple(replace(one, findings=_findings(one.findings, names, told)) for one in assets),
        decision=_decision(report.decision, names, told),
    )


def _asset(asset: AssetReport, names: frozenset[str], told: dict[str, str]) -> AssetReport:
    """Return an asset's part; ``told`` takes what its sentences were, and what stands in their place."""
    comparison = asset.comparison
    return replace(
        asset,
        comparison=None if comparison is None else _comparison(comparison, names, told),
        before=_profile(asset.before, names),
        after=_profile(asset.after, names),
        checks=tuple(_result(result, names, told) for result in asset.checks),
    )


def _profile(profile: Profile | None, names: frozenset[str]) -> Profile | None:
    if profile is None:
        return None
    columns = {name: one.counts if fold(name) in names else one for name, one in profile.columns.items()}
    return replace(profile, columns=columns)


def _comparison(comparison: Comparison, names: frozenset[str], told: dict[str, str]) -> Comparison:
    for one in (comparison, comparison.data):
        for drift in one.drifts if one is not None else ():
            if fold(drift.column) in names:
                _note(told, drift.told, f"{drift.measure} {drift.effect:.3g}")
    return comparison_without_protected(comparison, names)


def _result(result: Result, names: frozenset[str], told: dict[str, str]) -> Result:
    sample = None if result.sample is None else without_protected(result.sample, names)
    if not _quotes(result, names):
        return replace(result, sample=sample)
    text = "it could not be measured" if result.told else ""
    if result.told and result.outcome not in (Outcome.UNKNOWN, Outcome.ABSENT):
        text = f"{result.failures:,} of {result.out_of:,} fail"
    _note(told, result.told, text)
    check = replace(result.check, compiled=replace(result.check.compiled, demands=""))
    return replace(result, check=check, sample=sample, told=text)


def _quotes(result: Result, names: frozenset[str]) -> bool:
    """Tell whether what is told of a check may hold a value of a protected column.

    What an engine says of a failure may quote any value, and what the user wrote in SQL may be over any column.
    """
    if not names:
        return False
    measures = result.check.compiled.measures
    columns = {result.check.test.column, *(name for measure in measures for name in columns_of(measure))}
    return (
        result.outcome in (Outcome.UNKNOWN, Outcome.ABSENT)
        or any(fold(name) in names for name in columns)
        or any(fragments_of(measure) for measure in measures)
    )


def _note(told: dict[str, str], before: str, after: str) -> None:
    if before and before != after:
        told[before] = after


def _decision(decision: Decision, names: Mapping[Address, frozenset[str]], told: Mapping[str, str]) -> Decision:
    return replace(
        decision,
        findings=_findings(decision.findings, names, told),
        waiting={owner: _findings(found, names, told) for owner, found in decision.waiting.items()},
    )


def _findings(
    findings: Iterable[Finding], names: Mapping[Address, frozenset[str]], told: Mapping[str, str]
) -> tuple[Finding, ...]:
    return tuple(_finding(finding, names.get(finding.address, frozenset()), told) for finding in findings)


NAMING = frozenset(
    {
        Topic.COLUMN_ADDED, Topic.COLUMN_REMOVED, Topic.COLUMN_RETYPED, Topic.COLUMN_REORDERED, Topic.KEY,
        Topic.UNSTABLE, Topic.POLICY, Topic.CONTRACT, Topic.COLUMN_UNPROTECTED,
    }
)  # fmt: skip
"""Topics whose sentences are made of names, types and numbers of rows; all others may quote a value."""

_WORDS = {Topic.CHECK: "a check fails", Topic.DRIFT: "its distribution moved"}


def _finding(finding: Finding, names: frozenset[str], told: Mapping[str, str]) -> Finding:
    """Return a finding whose sentence quotes no protected value: of its column, or of a check or a drift above."""
    if not names:
        return finding
    if fold(finding.column) in names and finding.topic not in NAMING:
        return replace(finding, told=_counted(finding))
    text = finding.told
    for before in sorted(told, key=len, reverse=True):
        text = text.replace(before, told[before])
    return replace(finding, told=text)


def _counted(finding: Finding) -> str:
    """Return what a finding says, by its numbers alone."""
    rows = f"{finding.rows:,} {'row' if finding.rows == 1 else 'rows'}"
    if finding.topic is Topic.CHANGED:
        return f"{finding.column} changes in {rows}"
    text = f"{finding.column}: {_WORDS.get(finding.topic, finding.topic.value.replace('_', ' '))}"
    return f"{text}, {rows}" if finding.rows else text
