"""A report as lines of a terminal: what stops it first, each line says why, the last one what to do next."""

from __future__ import annotations

from headgate.core.comparison import Comparison
from headgate.core.listing import listed
from headgate.core.redacted import redacted
from headgate.core.report import AssetReport, Report
from headgate.words.checks import lines_of_sample, not_run_text
from headgate.words.figures import counted
from headgate.words.gate import lines_of_verdict, rows_of_findings
from headgate.words.layout import aligned, harmless, styled, widths_of, wrapped
from headgate.words.report.sentences import (
    assets_in_order,
    cause_texts,
    check_text,
    checks_sum_text,
    column_texts,
    data_short_text,
    head_parts,
    method_text,
    next_parts,
    rows_text,
)

_COLUMNS_MAX, _ASSETS_MAX = 5, 20
"""So many are told one by one; ``is_verbose`` tells them all."""


def lines_of_report(report: Report, *, width: int, is_verbose: bool = False) -> list[str]:
    """Return the report as lines with terminal styles."""
    report = redacted(report)
    lines = wrapped(harmless(" · ".join(head_parts(report))), width, between=" · ")
    findings, assets, failures = (
        rows_of_findings(report.decision, is_verbose=is_verbose),
        _assets(report, is_verbose=is_verbose),
        _checks(report),
    )
    widths = widths_of([row[:2] for row in (*findings, *assets)])
    for rows, third in ((findings, widths_of([row[2:3] for row in findings])), (assets, (0,))):
        told = aligned(rows, width=width, widths=(*widths, *third, 0))
        lines += ["", *told] if told else []
    lines += ["", *failures] if failures else []
    return [
        *lines,
        "",
        *lines_of_verdict(report.decision, width=width),
        f"Next: {harmless(''.join(next_parts(report)))}",
    ]


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
    rows += [("and", counted(more, "more asset"), "", "")] if more else []
    return [tuple(map(harmless, row)) for row in rows]


def _column_rows(asset: AssetReport, *, is_verbose: bool) -> list[tuple[str, ...]]:
    comparison = asset.comparison
    if comparison is None:
        return []
    rows = [
        ("", f"  {one.name}", ", ".join(filter(None, (one.what, one.share))), " to ".join(one.types) or one.moved)
        for one in column_texts(comparison)
    ]
    shown = rows if is_verbose else rows[:_COLUMNS_MAX]
    more = len(rows) - len(shown)
    rows = [*shown, ("", f"  and {more:,} more", "", "")] if more else shown
    return [*rows, *_notes(comparison)]


def _notes(comparison: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if comparison.keys_after.repeated:
        rows.append(("", "  keys", f"{comparison.keys_after.repeated:,} stand in several rows", ""))
    if comparison.data is not None:
        rows.append(("", "  by data alone", data_short_text(comparison.data), listed(comparison.data.moved)))
    else:
        rows += [("", "  inputs", told.removesuffix("."), "") for told in cause_texts(comparison)]
    return rows


def _checks(report: Report) -> list[str]:
    """Return how many checks there were, those that fail with some of their rows, and what was expected for nothing."""
    results = [result for asset in report.assets for result in asset.checks]
    lines: list[str] = []
    for result in sorted((one for one in results if one.is_failed), key=lambda one: one.check.address):
        lines.append(f"  {styled('fails', 'red')}  {result.check.address}  {harmless(check_text(result))}")
        lines += lines_of_sample(result)
    lines += [f"  {checks_sum_text(results)}."] if results else []
    lines += [f"  {harmless(not_run_text(report.not_run))}"] if report.not_run else []
    return [*lines, *(f"  {harmless(told)}" for told in report.unmet)]
