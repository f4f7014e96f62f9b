"""A report as lines of a terminal: what stops it first, each line says why, the last one what to do next."""

from __future__ import annotations

from headgate.core.comparison import ColumnDifference, Comparison
from headgate.core.gate import Decision, Finding, Verdict
from headgate.core.redacted import redacted
from headgate.core.report import AssetReport, Report
from headgate.words.checks import lines_of_sample
from headgate.words.figures import counted, listed
from headgate.words.layout import aligned, harmless, styled, widths_of, wrapped
from headgate.words.report.sentences import (
    assets_in_order,
    check_text,
    checks_sum_text,
    drift_short_text,
    finding_text,
    findings_in_order,
    head_parts,
    is_failed,
    level_text,
    method_text,
    next_text,
    rows_text,
    shape_texts,
    share_text,
    tolerance_text,
    verdict_text,
    verdict_word,
)

_STYLES = {"blocked": "red", "waits": "yellow", "agreed": "green", "shown": "dim", "fails": "red", "warns": "yellow"}
_COLUMNS_MAX, _ASSETS_MAX, _FINDINGS_MAX = 5, 20, 20
"""So many are told one by one; ``is_verbose`` tells them all."""


def lines_of_report(report: Report, *, width: int, is_verbose: bool = False) -> list[str]:
    """Return the report as lines with terminal styles."""
    report = redacted(report)
    lines = wrapped(harmless(" · ".join(head_parts(report))), width, between=" · ")
    findings, assets, failures = (
        _findings(report, is_verbose=is_verbose),
        _assets(report, is_verbose=is_verbose),
        _checks(report),
    )
    widths = widths_of([*((row[0], row[1]) for row in findings), *((row[0], row[1]) for row in assets)])
    for rows in (findings, assets):
        told = aligned([[harmless(cell) for cell in row] for row in rows], width=width, widths=(*widths, 0, 0))
        lines += ["", *map(_coloured, told)] if told else []
    lines += ["", *failures] if failures else []
    return [*lines, "", *_end(report, width)]


def _end(report: Report, width: int) -> list[str]:
    decision = report.decision
    colour = {Verdict.PASS: "green", Verdict.WAITING: "yellow", Verdict.BLOCKED: "red"}[decision.verdict]
    told = wrapped(harmless(verdict_text(decision)), width)
    head = styled(verdict_word(decision), colour, "bold")
    return [f"{head}: {told[0][:1].lower()}{told[0][1:]}", *told[1:], f"Next: {harmless(next_text(report))}"]


def _findings(report: Report, *, is_verbose: bool) -> list[tuple[str, ...]]:
    """Return a row for each finding: what it does, the asset, what it says, where it stands or who has to agree."""
    decision = report.decision
    found = findings_in_order(report)
    shown = found if is_verbose else found[:_FINDINGS_MAX]
    rows: list[tuple[str, ...]] = [
        (level_text(one, decision), one.address, finding_text(one), _who(one, decision)) for one in shown
    ]
    more = len(found) - len(shown)
    return [*rows, ("and", counted(more, "more finding"), "", "")] if more else rows


def _who(finding: Finding, decision: Decision) -> str:
    if level_text(finding, decision) == "waits":
        return f"owner: {finding.owner}" if finding.owner else "no owner"
    return str(finding.place or "")


def _assets(report: Report, *, is_verbose: bool) -> list[tuple[str, ...]]:
    """Return rows for each asset: what becomes of it and how its rows differ, then the columns that do."""
    assets = assets_in_order(report)
    shown = assets if is_verbose else assets[:_ASSETS_MAX]
    rows: list[tuple[str, ...]] = []
    for asset in shown:
        how = method_text(asset.comparison) if asset.comparison and asset.comparison.key else ""
        rows.append((asset.does, asset.address, rows_text(asset) or asset.reason, how))
        rows += _column_rows(asset, is_verbose=is_verbose)
    more = len(assets) - len(shown)
    return [*rows, ("and", counted(more, "more asset"), "", "")] if more else rows


def _column_rows(asset: AssetReport, *, is_verbose: bool) -> list[tuple[str, ...]]:
    comparison = asset.comparison
    if comparison is None:
        return []
    drifts = {one.column: one for one in comparison.drifts}
    both = max(0, comparison.rows_before - comparison.removed)
    rows = [("", f"  {name}", what, " to ".join(filter(None, types))) for what, name, *types in shape_texts(comparison)]
    changed = sorted((one for one in comparison.columns if one.changed), key=lambda one: -one.changed)
    rows += [
        ("", f"  {one.name}", _changed_text(one, both), drift_short_text(drifts.pop(one.name, None))) for one in changed
    ]
    rows += [("", f"  {one.column}", one.measure, drift_short_text(one)) for one in drifts.values() if one.is_beyond]
    shown = rows if is_verbose else rows[:_COLUMNS_MAX]
    more = len(rows) - len(shown)
    rows = [*shown, ("", f"  and {more:,} more", "", "")] if more else shown
    return [*rows, *_notes(comparison)]


def _notes(comparison: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if comparison.keys_after.repeated:
        rows.append(("", "  keys", f"{comparison.keys_after.repeated:,} stand in several rows", ""))
    if comparison.moved:
        rows.append(("", "  moved", listed(comparison.moved), "so not every difference comes from the code"))
    return rows


def _changed_text(one: ColumnDifference, both: int) -> str:
    told = f"{counted(one.changed, 'row')}, {share_text(one.changed, both)}"
    tolerance = tolerance_text(one.tolerance)
    return f"{told}, {one.beyond:,} beyond {tolerance}" if tolerance else told


def _checks(report: Report) -> list[str]:
    """Return how many checks there were, and those that fail with some of their rows."""
    results = [result for asset in report.assets for result in asset.checks]
    lines: list[str] = []
    for result in sorted((one for one in results if is_failed(one)), key=lambda one: one.check.address):
        lines.append(f"  {styled('fails', 'red')}  {result.check.address}  {harmless(check_text(result))}")
        lines += lines_of_sample(result)
    return [*lines, f"  {checks_sum_text(results)}."] if results else []


def _coloured(line: str) -> str:
    word, _, rest = line.strip().partition(" ")
    style = _STYLES.get(word)
    return line if style is None or not line.startswith("  ") or line[2:3] == " " else f"  {styled(word, style)} {rest}"
