"""A report as one page of HTML that needs nothing else: no network, no script to be read, no font of its own.

What users wrote is escaped by ``words/markup``; beyond that the page's own policy lets a browser take no style, script
or picture but the two whose hashes it names (Content Security Policy Level 3, W3C). So no element has a style of its
own: bars are SVG, whose sizes are attributes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.core.address import Address
from headgate.core.comparison import Rung
from headgate.core.gate import Decision, Finding, Level, Verdict
from headgate.core.redacted import redacted
from headgate.core.report import AssetReport, Report
from headgate.words.checks import not_run_text
from headgate.words.figures import counted, time_text
from headgate.words.gate import finding_text, findings_in_order, verdict_text, verdict_word
from headgate.words.markup import Markup, element, joined
from headgate.words.report.page_assets import asset_part, legend_key, tags_of
from headgate.words.report.page_tables import Head, scrolled
from headgate.words.report.sentences import (
    assets_in_order,
    beside_text,
    checks_sum_text,
    next_parts,
    weight_of,
)

_CHARTS_MAX, _CHARTS_OF_ASSET_MAX, _CHARTS_OF_ASSET_MIN = 400, 16, 3
"""About so many distributions are drawn in all, and so many of one asset: those of the gravest columns."""

_OPEN_MAX = 8
"""So many assets are unfolded where they stop the release or wait for somebody; the others unfold at a click."""

_FINDINGS_MAX = 100
"""So many findings stand in a list at the top; all of them stand with their assets."""


def page_of(report: Report) -> str:
    """Return the page. Its size is about 2 kB for each distribution and 10 kB for each asset."""
    report = redacted(report)
    style, script = (Path(__file__).with_name(f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    title = f"{report.project}: {report.source} to {report.target}, {verdict_word(report.decision).lower()}"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        Markup(f"<style>{style}</style>"),
    )
    body = element("body", _body(report), Markup(f"<script>{script}</script>"))
    return f"<!doctype html>\n{element('html', head, body, lang='en').text}\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _body(report: Report) -> Markup:
    assets = assets_in_order(report)
    numbers = {asset.address: number for number, asset in enumerate(report.assets, start=1)}
    parts: list[Markup] = []
    charts = min(_CHARTS_OF_ASSET_MAX, max(_CHARTS_OF_ASSET_MIN, _CHARTS_MAX // max(1, len(assets))))
    for place, asset in enumerate(assets):
        is_open = place < _OPEN_MAX and (weight_of(asset, report.decision) < 2 or len(assets) == 1)
        parts.append(asset_part(asset, report, id_=f"a{numbers[asset.address]}", charts=charts, is_open=is_open))
    return joined(
        element("a", "Skip to the assets", class_="skip", href="#assets"),
        element(
            "header",
            element("p", report.project, class_="project"),
            element("h1", report.source, element("span", " → ", class_="arrow"), report.target),
            element("p", _facts(report), class_="facts"),
        ),
        element(
            "main",
            _decision(report, numbers),
            _overview(report, assets, numbers),
            element("section", element("h2", "What changes", id="details"), _legend(report), parts) if parts else None,
            _approvals(report.decision),
            _record(report),
        ),
        element("footer", element("p", "Made by Headgate. Values of protected columns are in no report.")),
    )


def _facts(report: Report) -> list[Markup | str]:
    commit = ["commit ", element("code", report.commit[:7])] if report.commit else ["without a commit"]
    return [*commit, f" · {beside_text(report)} · measured {time_text(report.at)}"]


def _decision(report: Report, numbers: Mapping[Address, int]) -> Markup:
    decision = report.decision
    kind = {Verdict.PASS: "passes", Verdict.WAITING: "waits", Verdict.BLOCKED: "blocked"}[decision.verdict]
    kind = "waits" if decision.overridden else kind
    groups = [("Stops it", decision.at(Level.BLOCK))]
    groups += [(f"Waits for {owner or 'an owner, of whom there is none'}", w) for owner, w in decision.waiting.items()]
    return element(
        "section",
        element("h2", verdict_word(decision), id="decision"),
        element("p", verdict_text(decision)),
        element("div", [_group(name, found, numbers) for name, found in groups if found], class_="groups"),
        _figures(report),
        _next(report),
        class_=f"verdict {kind}",
        aria_labelledby="decision",
    )


def _next(report: Report) -> Markup:
    """Return what comes next, the command as code."""
    before, command = next_parts(report)
    return element("p", f"Next: {before}", element("code", command), class_="next")


def _group(name: str, found: Sequence[Finding], numbers: Mapping[Address, int]) -> Markup:
    more = len(found) - _FINDINGS_MAX
    return element(
        "div",
        element("h3", name),
        element(
            "ul",
            [element("li", _linked(one.address, numbers), f": {finding_text(one)}") for one in found[:_FINDINGS_MAX]],
            element("li", f"and {more:,} more, with their assets") if more > 0 else None,
        ),
    )


def _linked(address: Address, numbers: Mapping[Address, int]) -> Markup:
    name = element("code", address)
    return element("a", name, href=f"#a{numbers[address]}") if address in numbers else name


def _figures(report: Report) -> Markup:
    """Return the few numbers that say how large the change is."""
    compared = [asset.comparison for asset in report.assets if asset.comparison is not None]
    results = [result for asset in report.assets for result in asset.checks]
    failed = sum(one.is_failed for one in results)
    shown = sum(finding.level is Level.SHOW for finding in findings_in_order(report.decision))
    unknown = sum(one.rung is Rung.INCOMPLETE for one in compared)
    told: list[tuple[str, str, str]] = [
        ("Assets", f"{len(report.assets):,}", f"of {len(report.assets) + report.untouched:,}"),
        ("Rows changed", f"{sum(one.changed for one in compared):,}", ""),
        ("Rows added", f"{sum(one.added for one in compared):,}", ""),
        ("Rows removed", f"{sum(one.removed for one in compared):,}", ""),
    ]
    if unknown:
        told.append(("Not compared", f"{unknown:,}", "asset" if unknown == 1 else "assets"))
    if results:
        told.append(("Checks failed", f"{failed:,}", f"of {len(results):,}"))
    if shown:
        told.append(("Told, stops nothing", f"{shown:,}", "finding" if shown == 1 else "findings"))
    return element(
        "dl",
        [
            element("div", element("dt", name), element("dd", value, " ", element("small", unit) if unit else None))
            for name, value, unit in told
        ],
        class_="figures",
    )


_HEADS = (
    Head("Asset"), Head("State"), Head("What"), Head("Rows", "n"), Head("Changed", "n"), Head("Added", "n"),
    Head("Removed", "n"), Head("Checks"),
)  # fmt: skip


def _overview(report: Report, assets: Sequence[AssetReport], numbers: Mapping[Address, int]) -> Markup:
    told = [not_run_text(report.not_run), *report.unmet]
    lacking = [element("p", one, class_="quiet") for one in told if one]
    if not assets:
        return element("section", element("h2", "Assets", id="assets"), element("p", "No asset changes."), lacking)
    rows = [_overview_row(report, asset, numbers[asset.address]) for asset in assets]
    untouched = f"{counted(report.untouched, 'other asset')} {'is' if report.untouched == 1 else 'are'} as before."
    return element(
        "section",
        element("h2", "Assets", id="assets"),
        element(
            "p",
            element("label", "Show", for_="filter"),
            element("input", id="filter", type="search", autocomplete="off", spellcheck="false"),
            " ",
            element("output", for_="filter", class_="quiet"),
            class_="filter",
            hidden=True,
        )
        if len(assets) > 1
        else None,
        element("div", scrolled(_HEADS, rows, told="Assets that change"), class_="panel", id="overview"),
        element("p", untouched, class_="quiet") if report.untouched else None,
        lacking,
    )


def _overview_row(report: Report, asset: AssetReport, number: int) -> Markup:
    comparison = asset.comparison
    rows = comparison.rows_after if comparison else asset.after.rows if asset.after else None
    counts: tuple[int | None, ...] = (None, None, None)
    is_known = comparison is not None and comparison.rung not in (Rung.NEW, Rung.INCOMPLETE)
    if comparison is not None and is_known:
        counts = (comparison.changed, comparison.added, comparison.removed)
    unknown = "?" if comparison is not None and comparison.rung is Rung.INCOMPLETE else ""
    weight = weight_of(asset, report.decision)
    return element(
        "tr",
        element("th", element("a", element("code", asset.address), href=f"#a{number}"), scope="row"),
        element("td", [joined(tag, " ") for tag in tags_of(asset, report.decision)], data_value=weight),
        element("td", asset.does),
        [
            element(
                "td", unknown if count is None else f"{count:,}", class_="n", data_value=-1 if count is None else count
            )
            for count in (rows, *counts)
        ],
        element("td", checks_sum_text(asset.checks)),
        data_part=f"a{number}",
    )


def _legend(report: Report) -> Markup:
    sides = (("before", f"{report.target} now"), ("after", f"{report.source}, which would come"))
    return element("p", [element("span", legend_key(name), told) for name, told in sides], class_="legend")


def _approvals(decision: Decision) -> Markup | None:
    if not decision.approvals:
        return None
    heads = (Head("For"), Head("Agreed by"), Head("When"), Head("To", "n"), Head("Note"))
    rows = [
        element(
            "tr",
            element("td", ", ".join(one.owners)),
            element("td", one.by, element("span", " (the author, as nobody else could)") if one.is_own else None),
            element("td", time_text(one.at), class_="keep"),
            element("td", counted(len(one.amounts), "finding"), class_="n"),
            element("td", one.note),
        )
        for one in decision.approvals
    ]
    return element(
        "section",
        element("h2", "Approvals", id="approvals"),
        element("div", scrolled(heads, rows, told="Approvals"), class_="panel"),
    )


def _record(report: Report) -> Markup:
    decision = report.decision
    told = (
        ("Measured", time_text(report.at)),
        ("Commit", report.commit or "none"),
        ("Beside", f"release {report.release} of {report.target}" if report.release else "no release yet"),
        ("Change", decision.change),
        ("Policy", decision.policy),
        ("Opened by force", decision.overridden),
    )
    return element(
        "section",
        element("h2", "Record", id="record"),
        element(
            "dl",
            [(element("dt", name), element("dd", element("code", value))) for name, value in told if value],
            class_="record panel",
        ),
    )
