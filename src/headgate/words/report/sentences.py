"""What every form of a report says alike of what differs, and what comes next; ``words/gate`` has what was found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from headgate.core.checks import Outcome, Result
from headgate.core.comparison import Comparison, Drift, KeyFacts, Rung, Tolerance
from headgate.core.gate import Decision, Level
from headgate.core.hashing import Digest
from headgate.core.listing import listed
from headgate.core.report import AssetReport, Report
from headgate.core.shares import share_text
from headgate.words.figures import counted
from headgate.words.gate import level_text, owners_text


def title_text(report: Report) -> str:
    """Return what the report is about: ``dev to prod``."""
    return f"{report.source} to {report.target}"


def beside_text(report: Report) -> str:
    """Return what everything was measured beside."""
    return f"beside {report.target} (release {report.release})" if report.release else f"{report.target} is new"


def head_parts(report: Report) -> list[str]:
    """Return project, environments, commit, and what it stands beside."""
    return [report.project, title_text(report), report.commit[:7] or "without a commit", beside_text(report)]


def next_parts(report: Report) -> tuple[str, str]:
    """Return what somebody does next: what stands before the command, with its space, and the command."""
    source, target, decision = report.source, report.target, report.decision
    if decision.opens:
        return "", f"headgate promote {source} --to {target}"
    if decision.at(Level.BLOCK) or not decision.waiting:
        return "mend what stops it, then ", f"headgate apply {source}"
    return f"{owners_text(decision)}: ", f"headgate approve {source} --to {target}"


def assets_in_order(report: Report) -> list[AssetReport]:
    """Return the assets, the gravest first; equally grave ones stay in the order of the graph."""
    return sorted(report.assets, key=lambda asset: weight_of(asset, report.decision))


def weight_of(asset: AssetReport, decision: Decision) -> int:
    """Return how grave it is what came of an asset; less is graver.

    0 stops the release or fails, 1 waits for somebody, 2 was not measured to its end, 3 differs, 4 is equal.
    """
    levels = {level_text(finding, decision) for finding in asset.findings}
    if "blocked" in levels or any(result.is_failed for result in asset.checks):
        return 0
    if "waits" in levels:
        return 1
    comparison = asset.comparison
    if comparison is not None and (comparison.incomplete or comparison.rung is Rung.INCOMPLETE):
        return 2
    return 4 if comparison is not None and comparison.is_equal and not levels else 3


def rows_text(asset: AssetReport) -> str:
    """Return how the rows differ, in a few words, the numbers first."""
    comparison = asset.comparison
    if comparison is None:
        return counted(asset.after.rows, "row") if asset.after is not None else ""
    if comparison.rung is Rung.NEW:
        return f"{counted(comparison.rows_after, 'row')}, {Rung.NEW.value}"
    told = _difference_text(comparison)
    cause = ", by code alone" if comparison.data is not None else ""
    if comparison.incomplete:
        return f"{told + '; ' if told else ''}incomplete: {comparison.incomplete}"
    if not told:
        how = f", {comparison.rung.value}" if comparison.rung in (Rung.SAME, Rung.EQUAL) else ", none differs"
        how = ", other columns" if comparison.shape else how
        return f"{counted(comparison.rows_after, 'row')}{how}{cause}"
    return f"{told} of {counted(comparison.rows_before, 'row')}{cause}"


def _difference_text(comparison: Comparison) -> str:
    counts = (("changed", comparison.changed), ("added", comparison.added), ("removed", comparison.removed))
    return ", ".join(f"{number:,} {word}" for word, number in counts if number)


def cause_texts(comparison: Comparison) -> list[str]:
    """Return, in sentences, what else may have caused a difference; or what the data alone does where that is known."""
    if comparison.data is not None:
        return [f"That is what the code alone does, on the same data. {data_text(comparison.data)}"]
    told = []
    if comparison.moved:
        told.append(f"{listed(comparison.moved)} moved on in between, so not every difference comes from the code.")
    if comparison.unisolated:
        told.append(f"Not isolated: {comparison.unisolated}.")
    return told


def data_text(data: Comparison) -> str:
    """Return what the data alone does, in a sentence."""
    who = f"The data alone ({listed(data.moved)})" if data.moved else "The data alone"
    return f"{who} changes nothing." if data.is_equal else f"{who}: {data_short_text(data)}."


def data_short_text(data: Comparison) -> str:
    """Return how rows and columns differ by the data alone, in a few words."""
    rows = _difference_text(data)
    parts = [f"{rows} of {counted(data.rows_before, 'row')}"] if rows else []
    parts += [f"column {name} {what}" for what, name, *_ in shape_texts(data)]
    both, changed = data.rows_both, sorted((one for one in data.columns if one.changed), key=lambda one: -one.changed)
    parts += [f"{one.name} in {counted(one.changed, 'row')}, {share_text(one.changed, both)}" for one in changed]
    parts += [f"{one.column}: {drift_short_text(one)}" for one in data.drifts if one.is_beyond]
    if data.incomplete:
        parts.append(f"incomplete: {data.incomplete}")
    return "; ".join(parts) or data.rung.value


def method_text(comparison: Comparison) -> str:
    """Return how far it was looked at."""
    if comparison.rung is Rung.KEYED and comparison.key:
        return f"{Rung.KEYED.value} {listed(comparison.key)}"
    return f"{comparison.rung.value}, as {comparison.unkeyed}" if comparison.unkeyed else comparison.rung.value


def shape_texts(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """Return how the columns differ: what happened, the column, its type before and after."""
    shape = comparison.shape
    found = [("removed", one.name, one.type, "") for one in shape.removed]
    found += [("retyped", one.name, one.before, one.after) for one in shape.retyped]
    return found + [("added", one.name, "", one.type) for one in shape.added]


class ColumnText(NamedTuple):
    """How one column differs: what happened, its types where these differ, in which share of rows, how far it moved."""

    name: str
    what: str
    types: tuple[str, ...] = ()
    share: str = ""
    moved: str = ""


def column_texts(comparison: Comparison) -> list[ColumnText]:
    """Return each column that differs: those of another shape first, then by the number of rows that change."""
    drifts = {one.column: one for one in comparison.drifts}
    found = [ColumnText(name, what, tuple(filter(None, types))) for what, name, *types in shape_texts(comparison)]
    for one in sorted((one for one in comparison.columns if one.changed), key=lambda one: -one.changed):
        tolerance, share = tolerance_text(one.tolerance), share_text(one.changed, comparison.rows_both)
        what = f"{one.changed:,} changed" + (f", {one.beyond:,} beyond {tolerance}" if tolerance else "")
        found.append(ColumnText(one.name, what, (), share, drift_short_text(drifts.pop(one.name, None))))
    return found + [ColumnText(one.column, "", moved=drift_short_text(one)) for one in drifts.values() if one.is_beyond]


def key_texts(comparison: Comparison) -> list[tuple[str, int, int]]:
    """Return what is wrong with the keys of either side: what, how often before and after."""
    before, after = comparison.keys_before, comparison.keys_after
    if before == after == KeyFacts():
        return []
    return [
        ("rows with NULL in the key", before.nulls, after.nulls),
        ("keys that stand in several rows", before.repeated, after.repeated),
        ("rows with such a key", before.rows_repeated, after.rows_repeated),
    ]


def tolerance_text(tolerance: Tolerance) -> str:
    """Return what counts as equal; empty where that is equality alone.

    >>> tolerance_text(Tolerance(0.5)), tolerance_text(Tolerance(relative=0.01)), tolerance_text(Tolerance())
    ('± 0.5', '± 1 %', '')
    """
    parts = [figure_text(tolerance.absolute)] if tolerance.absolute else []
    parts += [f"{figure_text(tolerance.relative * 100)} %"] if tolerance.relative else []
    return f"± {' ± '.join(parts)}" if parts else ""


def drift_text(drift: Drift) -> str:
    """Return how far a distribution moved, beside what chance gives."""
    relation = "above" if drift.is_beyond else "within"
    told = f"{drift.measure} {figure_text(drift.effect)}, {relation} its floor {figure_text(drift.floor)}"
    return f"{drift.told}; {told}" if drift.told else told


def drift_short_text(drift: Drift | None) -> str:
    """Return the same in short, without the name of the measure; nothing where it does not count."""
    if drift is None or not drift.is_beyond:
        return ""
    told = f"drift {figure_text(drift.effect)}, floor {figure_text(drift.floor)}"
    return f"{drift.told}; {told}" if drift.told else told


def digest_text(digest: Digest) -> str:
    """Return the beginning of a digest, as far as people compare it.

    >>> digest_text(Digest("h1:34189e982e1a9ade824b"))
    '34189e982e1a'
    """
    return digest.rpartition(":")[2][:12]


def check_text(result: Result) -> str:
    """Return what came of a check, with its name once."""
    name, told = result.check.name, result.told
    if result.outcome in (Outcome.UNKNOWN, Outcome.ABSENT):
        return f"{name} is not known: {told}" if told else f"{name} is not known"
    return told if told.startswith(f"{name}:") else f"{name}: {told}" if told else name


def figure_text(number: float | None) -> str:
    """Return a number with the digits that people compare: four, whole numbers with all of theirs.

    >>> figure_text(336776), figure_text(6.895376), figure_text(0.00012345), figure_text(-1.5e12), figure_text(None)
    ('336,776', '6.895', '0.0001234', '-1,500,000,000,000', '')
    """
    if number is None or not math.isfinite(number):
        return "" if number is None else str(number)
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    size = abs(number)
    if size >= 1e15 or size < 1e-6:
        return f"{number:.3g}"
    digits = max(0, 3 - math.floor(math.log10(size)))
    text = f"{number:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def checks_sum_text(results: Sequence[Result]) -> str:
    """Return how many checks there were, and what came of them, the worst first; empty where there were none."""
    if not results:
        return ""
    failed = sum(result.is_failed for result in results)
    passed = sum(result.outcome is Outcome.PASS for result in results)
    warned = len(results) - failed - passed
    parts = [f"{failed:,} {'fails' if failed == 1 else 'fail'}"] if failed else []
    parts += [f"{warned:,} {'warns' if warned == 1 else 'warn'}"] if warned else []
    parts += [f"{counted(passed, 'check')} passed" if not parts else f"{passed:,} passed"] if passed else []
    return ", ".join(parts)
