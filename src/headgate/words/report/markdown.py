"""A report as Markdown for a comment on GitHub or GitLab, or the summary of a job: what stops it first.

The text is made of sections. Where all of them do not fit, whole ones are left out, the least important first, and the
last line says how many and where the rest is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headgate.core.checks import Result, Sample
from headgate.core.comparison import Comparison, Difference, Rung
from headgate.core.gate import Approval, Decision, Finding, Level, Verdict
from headgate.core.redacted import redacted
from headgate.core.report import AssetReport, Report
from headgate.words.checks import not_run_text
from headgate.words.figures import counted, time_text
from headgate.words.gate import finding_text, level_text, verdict_text, verdict_word
from headgate.words.report.markdown_texts import command, folded, name, prose, table, value
from headgate.words.report.sentences import (
    assets_in_order,
    beside_text,
    cause_texts,
    check_text,
    checks_sum_text,
    column_texts,
    digest_text,
    method_text,
    next_parts,
    rows_text,
)

GITHUB_MAX, GITLAB_MAX = 65_536, 1_000_000
"""How long a comment may be. Bytes are counted, so that no way of counting characters comes to more."""

_FINDINGS_MAX, _ASSETS_MAX, _ROWS_MAX, _COLUMNS_MAX, _CELLS_MAX = 30, 100, 10, 30, 8
_MARKS = {Verdict.PASS: "✅", Verdict.WAITING: "✋", Verdict.BLOCKED: "⛔"}


class Section(NamedTuple):
    """A part of the text that is there as a whole or not at all; less ``weight`` is more important."""

    weight: int
    text: str


def markdown_of(report: Report, *, size_max: int = GITHUB_MAX, rest: str = "") -> str:
    """Return the report in at most ``size_max`` bytes of UTF-8; ``rest`` says, as Markdown, where all of it is.

    The head alone takes up to about 20 kB; it is returned whatever ``size_max`` is.
    """
    report = redacted(report)
    head, sections = _head(report), list(_sections(report))
    kept = len(sections)
    order = sorted(range(kept), key=lambda n: sections[n].weight)
    text = _whole(head, sections, 0, rest)
    if len(text.encode()) <= size_max:
        return text
    left_over = size_max - len(_whole(head, [], kept, rest).encode())
    kept = 0
    for n in order:
        left_over -= len(sections[n].text.encode()) + 2
        if left_over < 0:
            break
        kept += 1
    shown = [sections[n] for n in sorted(order[:kept])]
    return _whole(head, shown, len(sections) - kept, rest)


def _whole(head: str, sections: Sequence[Section], left_out: int, rest: str) -> str:
    parts = [head, *(section.text for section in sections)]
    if left_out:
        told = f"{counted(left_out, 'section')} {'is' if left_out == 1 else 'are'} left out for want of room"
        parts.append(f"*{told}{'; ' if rest else '.'}*{f'the rest: {rest}' if rest else ''}")
    elif rest:
        parts.append(f"All of it, with distributions: {rest}")
    return "\n\n".join(parts) + "\n"


def _head(report: Report) -> str:
    """Return what is always told: the decision, what stops it, who has to agree, what comes next."""
    decision = report.decision
    title = f"## {_MARKS[decision.verdict]} {verdict_word(decision)}: {name(report.source)} to {name(report.target)}"
    about = f"{name(report.project)} · {name(report.commit[:7]) or 'without a commit'} · {prose(beside_text(report))}"
    parts = [title, f"{prose(verdict_text(decision))}", about]
    groups = [("Stops it", decision.at(Level.BLOCK))]
    groups += [(f"Waits for {name(owner) or 'an owner; there is none'}", w) for owner, w in decision.waiting.items()]
    for title, found in groups:
        parts += [f"**{title}**", _list(found)] if found else []
    before, following = next_parts(report)
    after = " ".join(filter(None, (prose(before), command(following))))
    return "\n\n".join([*parts, f"**Next:** {after}"])


def _list(found: Sequence[Finding]) -> str:
    lines = [f"- {name(one.address)}: {prose(finding_text(one))}" for one in found[:_FINDINGS_MAX]]
    more = len(found) - len(lines)
    return "\n".join([*lines, f"- and {more:,} more"] if more > 0 else lines)


def _sections(report: Report) -> Iterator[Section]:
    """Yield the sections in the order in which they stand."""
    assets = assets_in_order(report)
    yield Section(0, _overview(report, assets))
    count = len(assets)
    for place, asset in enumerate(assets, start=1):
        told = list(_asset(asset, report.decision))
        if told:
            yield Section(place, "\n\n".join((f"### {name(asset.address)}", *told)))
        if sample := _samples(asset):
            yield Section(count + place, sample)
    if report.decision.approvals:
        yield Section(2 * count + 1, _approvals(report.decision))
    yield Section(2 * count + 2, _record(report))


def _overview(report: Report, assets: Sequence[AssetReport]) -> str:
    rows = []
    for asset in assets[:_ASSETS_MAX]:
        levels = ", ".join(dict.fromkeys(level_text(one, report.decision) for one in asset.findings))
        checks = checks_sum_text(asset.checks)
        rows.append((name(asset.address), levels, prose(asset.does), prose(rows_text(asset)), checks))
    text = table(("Asset", "", "What", "Rows", "Checks"), rows)
    more = len(assets) - len(rows)
    notes = [f"And {counted(more, 'more asset')}."] if more > 0 else []
    others = report.untouched
    notes += [f"{counted(others, 'other asset')} {'is' if others == 1 else 'are'} as before."] if others else []
    lacking = prose(not_run_text(report.not_run))
    unmet = prose(" ".join(report.unmet[:_FINDINGS_MAX]))
    return "\n\n".join(filter(None, (text or "No asset changes.", " ".join(notes), lacking, unmet)))


def _asset(asset: AssetReport, decision: Decision) -> Iterator[str]:
    """Yield what is told of an asset: findings, how rows and columns differ, checks that do not pass."""
    shown = [one for one in asset.findings if level_text(one, decision) in ("agreed", "shown")]
    comparison = asset.comparison
    if comparison is not None and not comparison.is_equal:
        yield prose(_told(asset, comparison))
        columns = _columns(comparison)
        if columns:
            yield columns
    if shown:
        yield "\n".join(f"- {level_text(one, decision)}: {prose(finding_text(one))}" for one in shown[:_FINDINGS_MAX])
    bad = [result for result in asset.checks if result.outcome.value != "pass"]
    if bad:
        yield "\n".join(f"- {_outcome(one)}: {prose(check_text(one))}" for one in bad[:_FINDINGS_MAX])


def _told(asset: AssetReport, comparison: Comparison) -> str:
    how = f", {method_text(comparison)}" if comparison.rung in (Rung.KEYED, Rung.BAG) else ""
    says_more = asset.reason and not asset.reason.startswith(asset.does)  # change: changed
    why = f" {asset.does}: {asset.reason}." if says_more else ""
    return " ".join((f"{rows_text(asset)}{how}.{why}", *cause_texts(comparison)))


def _outcome(result: Result) -> str:
    return "**fails**" if result.is_failed else "warns" if result.outcome.value == "warn" else "not known"


def _columns(comparison: Comparison) -> str:
    """Return a row for each column that differs."""
    rows = [
        (name(one.name), f"{prose(one.what)} {' → '.join(map(name, one.types))}", prose(one.share), prose(one.moved))
        for one in column_texts(comparison)
    ]
    text = table(("Column", "Rows", "Share", "Drift"), rows[:_COLUMNS_MAX], right=frozenset({2}))
    more = len(rows) - _COLUMNS_MAX
    return f"{text}\n\nAnd {counted(more, 'more column')}." if more > 0 else text


def _samples(asset: AssetReport) -> str:
    """Return rows that differ, and rows that fail, folded."""
    parts = []
    if asset.comparison is not None and asset.comparison.differences.rows:
        parts.append(folded(f"Rows of {asset.address} that differ", _differences(asset.comparison)))
    for result in asset.checks:
        if result.sample is not None and result.sample.rows and result.sample.columns:
            told = f"Rows of {asset.address} that fail {result.check.name}"
            parts.append(folded(told, _sample(result.sample)))
    return "\n\n".join(parts)


def _differences(comparison: Comparison) -> str:
    differences = comparison.differences
    shown = differences.rows[:_ROWS_MAX]
    keys, changed = set(comparison.key), {one for row in shown for one in row.columns}
    columns = differences.columns
    order = sorted(range(len(columns)), key=lambda n: (columns[n] not in keys, columns[n] not in changed))[:_CELLS_MAX]
    rows = [
        ["changed" if row.before and row.after else "added" if row.after else "removed"]
        + [_cell(row, n, columns[n]) for n in order]
        for row in shown
    ]
    return table(["", *(name(columns[n]) for n in order)], rows)


def _cell(row: Difference, n: int, column: str) -> str:
    if not row.before or not row.after:
        return value((row.before or row.after)[n])
    before, after = value(row.before[n]), value(row.after[n])
    return f"{before} → **{after}**" if column in row.columns and before != after else after


def _sample(sample: Sample) -> str:
    names = sample.columns[:_CELLS_MAX]
    rows = [[value(one) for one in row[:_CELLS_MAX]] for row in sample.rows[:_ROWS_MAX]]
    return table([name(one) for one in names], rows)


def _approvals(decision: Decision) -> str:
    lines = [
        f"- {name(one.by)}{_for(one)}, {prose(time_text(one.at))}: "
        f"{counted(len(one.amounts), 'finding')}{', as nobody else could' if one.is_own else ''}"
        f"{'; ' + prose(one.note) if one.note else ''}"
        for one in decision.approvals[:_FINDINGS_MAX]
    ]
    return "\n".join(["**Agreed**", "", *lines])


def _for(approval: Approval) -> str:
    return f" for {', '.join(map(name, approval.owners))}" if approval.owners else ""


def _record(report: Report) -> str:
    told = (
        ("measured", prose(time_text(report.at))), ("commit", name(report.commit)),
        ("change", name(digest_text(report.decision.change))), ("policy", name(digest_text(report.decision.policy))),
    )  # fmt: skip
    return f"<sub>{' · '.join(f'{what} {text}' for what, text in told if text)}</sub>"
