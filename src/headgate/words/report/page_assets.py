"""The part of one asset in the page: what becomes of it, how its rows, columns and distributions differ, its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from headgate.core.address import fold
from headgate.core.checks import Outcome, Result
from headgate.core.comparison import ColumnDifference, Comparison, Drift, Rung
from headgate.core.gate import Decision
from headgate.core.hashing import short
from headgate.core.listing import listed
from headgate.core.profiles import ColumnProfile
from headgate.core.report import AssetReport, Report
from headgate.core.shares import share_text
from headgate.words.checks import distinct_names
from headgate.words.figures import counted
from headgate.words.gate import finding_text, level_text
from headgate.words.markup import Markup, element, joined
from headgate.words.report.charts import bar, effect, stacked
from headgate.words.report.page_columns import card
from headgate.words.report.page_tables import Head, differences_table, sample_table, scrolled
from headgate.words.report.sentences import (
    cause_texts,
    checks_sum_text,
    data_text,
    figure_text,
    key_texts,
    method_text,
    rows_text,
    shape_texts,
    tolerance_text,
)

_COLUMNS_MAX = 60
"""So many columns stand in a table."""


class Side(NamedTuple):
    """One column in the two profiles, with the numbers of rows of these."""

    name: str
    before: ColumnProfile | None
    after: ColumnProfile | None
    rows: tuple[int, int]


def tags_of(asset: AssetReport, decision: Decision) -> list[Markup]:
    """Return the words that mark an asset's state, the gravest first."""
    words = dict.fromkeys(level_text(finding, decision) for finding in asset.findings)
    tags = [_tag(word, word) for word in ("blocked", "waits", "agreed") if word in words]
    if any(one.is_failed for one in asset.checks):
        tags.insert(0, _tag("check fails", "fails"))
    comparison = asset.comparison
    if comparison is not None and (comparison.incomplete or comparison.rung is Rung.INCOMPLETE):
        tags.append(_tag("incomplete", "warns"))
    if not tags and "shown" in words:
        tags.append(_tag("shown", "shown"))
    if not tags and comparison is not None and comparison.is_equal:
        tags.append(_tag("equal", ""))
    return tags


def asset_part(asset: AssetReport, report: Report, *, id_: str, charts: int, is_open: bool) -> Markup:
    """Return the part of an asset, with so many of its distributions."""
    decision = report.decision
    summary = element(
        "summary",
        element("h3", element("code", asset.address)),
        [joined(tag, " ") for tag in tags_of(asset, decision)],
        element("span", ": ".join(filter(None, (asset.does, rows_text(asset)))), class_="quiet"),
    )
    why = " · ".join(filter(None, (asset.reason, f"owner {asset.owner}" if asset.owner else "no owner")))
    return element(
        "details",
        summary,
        element(
            "div",
            element("p", why, class_="quiet"),
            _findings(asset, decision),
            _rows(asset.comparison) if asset.comparison is not None else None,
            _rows_by_data(asset.comparison),
            _shape(asset),
            _columns(asset),
            _distributions(asset, charts),
            _sample(asset),
            _checks(asset),
        ),
        class_="asset",
        id=id_,
        open=is_open,
    )


def _tag(text: str, kind: str) -> Markup:
    return element("span", text, class_=f"tag {kind}".strip())


def _findings(asset: AssetReport, decision: Decision) -> Markup | None:
    if not asset.findings:
        return None
    items = [
        element(
            "li",
            _tag(level_text(one, decision), level_text(one, decision)),
            element("span", finding_text(one), element("span", f" {one.place}", class_="quiet") if one.place else None),
        )
        for one in asset.findings
    ]
    return element("ul", items, class_="found")


def _rows_by_data(comparison: Comparison | None) -> Markup | None:
    """Return the same of what the data alone does, where that is told apart."""
    data = comparison.data if comparison is not None else None
    if data is None:
        return None
    return _rows(replace(data, moved=()), title="Rows, by data alone")  # that sources moved on is what it is about


def _rows(comparison: Comparison, title: str = "Rows") -> Markup | None:
    """Return how the rows differ as one bar, with its numbers, and how that was found."""
    if comparison.rung is Rung.NEW:
        return None
    same = max(0, comparison.rows_both - comparison.changed)
    parts = (
        ("same", "the same", same),
        ("changed", "changed", comparison.changed),
        ("added", "added", comparison.added),
        ("removed", "removed", comparison.removed),
    )
    is_known = comparison.rung is not Rung.INCOMPLETE
    legend = [
        element("span", legend_key(name), element("b", f"{count:,}"), f" {told}")
        for name, told, count in parts
        if count
    ]
    before, after = comparison.rows_before, comparison.rows_after
    told = [f"{before:,} rows before, {after:,} after; {method_text(comparison)}."]
    if comparison.incomplete:
        told.append(f"Incomplete: {comparison.incomplete}.")
    told += cause_texts(comparison) if comparison.data is None else [data_text(comparison.data)]
    builds = [short(one) for one in (comparison.before, comparison.after) if one]
    return joined(
        element("h4", title if comparison.data is None else "Rows, by code alone"),
        stacked([(name, count) for name, _, count in parts]) if is_known else None,
        element("p", legend, class_="legend") if is_known and legend else None,
        element("p", " ".join(told), class_="quiet"),
        element("p", "builds ", element("code", " → ".join(builds)), class_="quiet") if len(builds) == 2 else None,
    )


def legend_key(name: str) -> Markup:
    """Return the square of a colour that stands before its meaning."""
    return element("svg", element("rect", class_=name, width=12, height=12), class_="key", aria_hidden="true")


def _shape(asset: AssetReport) -> Markup | None:
    """Return how columns and keys differ; nothing where they do not."""
    comparison = asset.comparison
    if comparison is None:
        return None
    pieces: list[Markup] = []
    shape = shape_texts(comparison)
    if shape:
        rows = [
            element(
                "tr",
                element("td", what),
                element("th", element("code", name), scope="row"),
                element("td", element("del", before) if before else ""),
                element("td", element("ins", after) if after else ""),
            )
            for what, name, before, after in shape
        ]
        heads = (Head("What"), Head("Column"), Head("Type before"), Head("Type after"))
        pieces += [element("h4", "Schema"), scrolled(heads, rows, told="Schema differences")]
    if comparison.shape.is_reordered:
        pieces.append(element("p", "The columns stand in another order.", class_="quiet"))
    keys = key_texts(comparison)
    if keys:
        rows = [
            element("tr", element("td", what), element("td", f"{a:,}", class_="n"), element("td", f"{b:,}", class_="n"))
            for what, a, b in keys
        ]
        title = f"Key {', '.join(comparison.key)}" if comparison.key else "Key"
        counted_on = (Head("What"), Head("Before", "n"), Head("After", "n"))
        pieces += [element("h4", title), scrolled(counted_on, rows, told="Facts of the key")]
    return joined(pieces)


def _columns(asset: AssetReport) -> Markup | None:
    """Return a row for each column that differs, and the names of the others."""
    comparison = asset.comparison
    if comparison is None or not (comparison.columns or comparison.drifts):
        return None
    drifts = {fold(drift.column): drift for drift in comparison.drifts}
    changes = {fold(one.name): one for one in comparison.columns}
    names = {fold(one.name): one.name for one in comparison.columns}
    names |= {fold(one.column): one.column for one in comparison.drifts if fold(one.column) not in names}
    wanted = [key for key in names if (key in changes and changes[key].changed) or _is_told(drifts.get(key))]
    wanted.sort(key=lambda key: _grave(changes.get(key), drifts.get(key)))
    sides = sides_of(asset)
    secret = {fold(name) for name in asset.protected}
    both = comparison.rows_both
    rows = [
        _column_row(names[key], sides.get(key), changes.get(key), drifts.get(key), both, is_protected=key in secret)
        for key in wanted[:_COLUMNS_MAX]
    ]
    heads = (
        Head("Column"), Head("Type"), Head("Rows changed", "n"), Head("Share", "n"), Head("", "wide"),
        Head("Tolerance"), Head("NULL before", "n"), Head("NULL after", "n"), Head("Drift", "n"), Head("Floor", "n"),
        Head("", "wide"),
    )  # fmt: skip
    more = len(wanted) - len(rows)
    equal = [one.name for one in comparison.columns if not one.changed and fold(one.name) not in wanted]
    told = [f"And {counted(more, 'more column')}."] if more > 0 else []
    told += [f"Equal in every row: {listed(equal, 20)}."] if equal else []
    told += [f"Made of the same, so not looked at: {listed(comparison.proven, 20)}."] if comparison.proven else []
    return joined(
        element("h4", "Columns"),
        scrolled(heads, rows, told="Columns that differ") if rows else None,
        [element("p", text, class_="quiet") for text in told],
    )


def _is_told(drift: Drift | None) -> bool:
    return drift is not None and (drift.is_beyond or drift.effect > 0)


def _grave(change: ColumnDifference | None, drift: Drift | None) -> tuple[bool, int, float]:
    is_beyond = drift is not None and drift.is_beyond
    return not is_beyond, -change.changed if change else 0, -drift.effect if drift else 0.0


def _column_row(
    name: str, side: Side | None, change: ColumnDifference | None, drift: Drift | None, both: int, *, is_protected: bool
) -> Markup:
    """Return the row of a column; ``both`` is the number of rows that both sides have."""
    changed = change.changed if change is not None else 0
    type_ = "" if side is None else (side.after or side.before or _NO_PROFILE).type
    old, new = "", ""
    if side is not None:
        profiles = zip((side.before, side.after), side.rows, strict=True)
        old, new = ("" if one is None else share_text(one.nulls, rows) for one, rows in profiles)
    tolerance = tolerance_text(change.tolerance) if change is not None else ""
    if tolerance and change is not None:
        tolerance += f", {change.beyond:,} beyond"
    return element(
        "tr",
        element(
            "th",
            element("code", name),
            element("span", " protected", class_="quiet") if is_protected else None,
            scope="row",
        ),
        element("td", type_, class_="quiet keep"),
        element("td", f"{changed:,}" if change is not None else "", class_="n"),
        element("td", share_text(changed, both) if change is not None else "", class_="n"),
        element("td", bar(changed / both if both else 0.0, name="changed") if changed else "", class_="wide"),
        element("td", tolerance, class_="keep"),
        element("td", old, class_="n"),
        element("td", new, class_="n" if old == new else "n moved"),
        element("td", figure_text(drift.effect) if drift else "", class_="n moved" if _is_far(drift) else "n"),
        element("td", figure_text(drift.floor) if drift else "", class_="n"),
        element("td", effect(drift) if drift else "", class_="wide"),
    )


_NO_PROFILE = ColumnProfile("", 0, 0)


def _is_far(drift: Drift | None) -> bool:
    return drift is not None and drift.is_beyond


def sides_of(asset: AssetReport) -> Mapping[str, Side]:
    """Return the columns of both profiles by their folded name, in the order of the newer side."""
    before, after = asset.before, asset.after
    rows = (before.rows if before else 0, after.rows if after else 0)
    old = {fold(name): (name, one) for name, one in before.columns.items()} if before else {}
    new = {fold(name): (name, one) for name, one in after.columns.items()} if after else {}
    found = {}
    for key in dict.fromkeys((*new, *old)):
        name = (new.get(key) or old[key])[0]
        found[key] = Side(name, old[key][1] if key in old else None, new[key][1] if key in new else None, rows)
    return found


def _drawn(asset: AssetReport) -> list[Side]:
    """Return the columns of which a distribution is worth a look, the gravest first: those that differ at all."""
    secret = {fold(name) for name in asset.protected}
    comparison = asset.comparison
    drifts = {fold(one.column): one for one in comparison.drifts} if comparison else {}
    changes = {fold(one.name): one for one in comparison.columns} if comparison else {}
    sides = sides_of(asset)
    wanted = [
        key
        for key, side in sides.items()
        if key not in secret and (_has_values(side.before) or _has_values(side.after)) and side.before != side.after
    ]
    wanted.sort(key=lambda key: _grave(changes.get(key), drifts.get(key)))
    return [sides[key] for key in wanted]


def _has_values(one: ColumnProfile | None) -> bool:
    return one is not None and (bool(one.quantiles) or bool(one.top) or one.least is not None or one.mean is not None)


def _distributions(asset: AssetReport, charts: int) -> Markup | None:
    sides = _drawn(asset)
    if not sides:
        return None
    drifts = {fold(one.column): one for one in asset.comparison.drifts} if asset.comparison else {}
    cards = [
        card(side.name, side.before, side.after, side.rows, drifts.get(fold(side.name))) for side in sides[:charts]
    ]
    left = [side.name for side in sides[charts:]]
    return joined(
        element("h4", "Distributions"),
        element("div", cards, class_="cards") if cards else None,
        element("p", f"Not drawn, for want of room: {listed(left, 20)}.", class_="quiet") if left else None,
    )


def _sample(asset: AssetReport) -> Markup | None:
    comparison = asset.comparison
    if comparison is None or not comparison.differences.rows:
        return None
    shown = len(comparison.differences.rows)
    told = f"{counted(shown, 'row')} of those that differ, the same ones each time"
    return joined(
        element("h4", "Rows that differ"),
        element("p", f"{told}.", class_="quiet"),
        differences_table(comparison.differences, key=comparison.key, told=told),
    )


_OUTCOMES = {Outcome.PASS: "passes", Outcome.WARN: "warns", Outcome.FAIL: "fails"}


def _checks(asset: AssetReport) -> Markup | None:
    if not asset.checks:
        return None
    ordered = sorted(asset.checks, key=lambda one: (not one.is_failed, one.outcome is Outcome.PASS))
    bad = [one for one in ordered if one.outcome is not Outcome.PASS or one.failures]
    good = [one for one in ordered if not (one.outcome is not Outcome.PASS or one.failures)]
    samples = [_failing(one) for one in bad if one.sample is not None and one.sample.rows]
    table = _checks_table(good) if good else None
    return joined(
        element("h4", "Checks"),
        element("p", f"{checks_sum_text(asset.checks)}.", class_="quiet"),
        _checks_table(bad) if bad else None,
        samples,
        element("details", element("summary", f"{counted(len(good), 'check')} passed"), table, class_="more")
        if table is not None
        else None,
    )


def _checks_table(results: Sequence[Result]) -> Markup:
    rows = []
    for name, result in zip(distinct_names([one.check for one in results]), results, strict=True):
        word = _OUTCOMES.get(result.outcome, "not known")
        kind = "fails" if result.is_failed else word.replace("not known", "warns")
        place = result.check.test.place
        rows.append(
            element(
                "tr",
                element("td", _tag(word, kind)),
                element("th", name, scope="row"),
                element("td", f"{result.failures:,}", class_="n"),
                element("td", f"{result.out_of:,}", class_="n"),
                element("td", result.told),
                element("td", element("code", str(place)) if place else "", class_="quiet"),
            )
        )
    heads = (Head("Outcome"), Head("Check"), Head("Failing", "n"), Head("Of", "n"), Head("Found"), Head("Declared at"))
    return scrolled(heads, rows, told="Checks")


def _failing(result: Result) -> Markup | None:
    sample = result.sample
    if sample is None:
        return None
    told = f"Rows that fail {result.check.name}"
    return joined(
        element("p", f"{told}:"),
        sample_table(sample, first=result.check.test.column, told=told),
    )
