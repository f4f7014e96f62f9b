"""The card of one column in the page: its distribution on both sides, how far it moved, its figures."""

from __future__ import annotations

from headgate.core.comparison import Drift
from headgate.core.profiles import ColumnProfile
from headgate.core.shares import share_text
from headgate.words.layout import cut
from headgate.words.markup import Content, Markup, element, joined
from headgate.words.report.charts import bins_text, density, paired_bars, place_text
from headgate.words.report.distributions import Frequencies, Histogram, frequencies, histogram
from headgate.words.report.sentences import drift_text, figure_text

_VALUES_MAX = 8
"""So many frequent values are drawn."""

_VALUE_MAX = 28
"""Characters of a value."""


def card(
    name: str,
    before: ColumnProfile | None,
    after: ColumnProfile | None,
    rows: tuple[int, int],
    drift: Drift | None = None,
) -> Markup:
    """Return the card of a column; ``rows`` are those of the two sides, None a side that is not there."""
    known = after or before
    sampled = max((one.sampled for one in (before, after) if one is not None), default=0)
    numbers = histogram(before, after)
    values = None if numbers is not None else frequencies(before, after, rows=rows, shown=_VALUES_MAX)
    return element(
        "figure",
        element(
            "figcaption",
            element("strong", element("code", name)),
            element("span", known.type if known else "", class_="quiet"),
            element("span", "new" if before is None else "gone", class_="tag")
            if (before is None) != (after is None) and any(rows) and all(rows)
            else None,
            element("span", "drift", class_="tag waits") if drift is not None and drift.is_beyond else None,
        ),
        element("p", drift_text(drift), class_="quiet") if drift is not None else None,
        _histogram(name, numbers) if numbers is not None else None,
        _values(values) if values is not None else None,
        _figures(before, after, rows, numbers),
        element("p", f"from {sampled:,} values", class_="quiet") if sampled else None,
        class_="card",
    )


def _histogram(name: str, numbers: Histogram) -> Markup:
    ends = f"from {place_text(numbers, numbers.low)} to {place_text(numbers, numbers.high)}"
    sides = " and ".join(side for side, shares in (("before", numbers.before), ("after", numbers.after)) if shares)
    return joined(
        density(numbers, told=f"Distribution of {name}, {sides}, {ends}; highest {100 * numbers.peak:.3g} %"),
        element("p", bins_text(numbers), class_="quiet"),
    )


def _values(found: Frequencies) -> Markup:
    most = max((share or 0.0 for one in found.values for share in (one.before, one.after)), default=0.0)
    rows = [
        element(
            "tr",
            element(
                "th", cut(one.value, _VALUE_MAX) if one.value else element("span", "empty", class_="null"), scope="row"
            ),
            element("td", paired_bars(one.before, one.after, most), class_="wide"),
            element("td", _percent(one.before), class_="n"),
            element("td", _percent(one.after), class_="n"),
        )
        for one in found.values
    ]
    heads = ("Value", ""), ("Share", "wide"), ("Before", "n"), ("After", "n")
    return joined(
        element(
            "table",
            element(
                "thead", element("tr", [element("th", text, scope="col", class_=kind or None) for text, kind in heads])
            ),
            element("tbody", rows),
            class_="values",
        ),
        element("p", f"and {found.others:,} other values", class_="quiet") if found.others > 0 else None,
    )


def _percent(share: float | None) -> str:
    return "?" if share is None else share_text(min(share, 1.0), 1)


def _figures(
    before: ColumnProfile | None, after: ColumnProfile | None, rows: tuple[int, int], numbers: Histogram | None
) -> Markup:
    """Return figures of both sides beside each other; what differs is marked."""
    told = [
        (
            "NULL",
            *(share_text(one.nulls, all_) if one else "" for one, all_ in zip((before, after), rows, strict=True)),
        ),
        ("different", *(f"{one.distinct:,}" if one else "" for one in (before, after))),
    ]
    if any(one is not None and one.nan for one in (before, after)):
        told.append(("no number", *(f"{one.nan:,}" if one else "" for one in (before, after))))
    for name, field in (("mean", "mean"), ("deviation", "deviation")):
        told.append((name, *(figure_text(getattr(one, field)) if one else "" for one in (before, after))))
    if numbers is not None:
        told.append(("median", *(_median(one, numbers) for one in (before, after))))
    for name, field in (("least", "least"), ("greatest", "greatest")):
        told.append((name, *(cut(getattr(one, field) or "", _VALUE_MAX) if one else "" for one in (before, after))))
    return element(
        "table",
        element(
            "thead",
            element(
                "tr",
                [element("th", text, scope="col", class_="n" if text else None) for text in ("", "Before", "After")],
            ),
        ),
        element("tbody", [_figure_row(name, old, new) for name, old, new in told if old or new]),
    )


def _figure_row(name: str, old: str, new: str) -> Content:
    is_moved = bool(old and new and old != new)
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td", old, class_="n"),
        element("td", new, class_="n moved" if is_moved else "n"),
    )


def _median(one: ColumnProfile | None, numbers: Histogram) -> str:
    if one is None or not one.quantiles:
        return ""
    return place_text(numbers, one.quantiles[len(one.quantiles) // 2])
