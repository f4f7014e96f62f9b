"""Pictures of a report as SVG inside of its page: distributions, shares, effects. Colours come from the page's style.

Every picture has its text: what it shows stands in ``aria-label``, or in words beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from headgate.core.comparison import Drift
from headgate.words.markup import Markup, element, joined, number
from headgate.words.report.distributions import Histogram
from headgate.words.report.sentences import figure_text
from headgate.words.report.ticks import Tick, number_ticks, time_text, time_ticks

_WIDTH, _TOP, _BASE, _HEIGHT = 320.0, 18.0, 118.0, 136.0
_LEFT, _RIGHT = 4.0, 316.0
_CHARACTER = 5.8
"""The width of a figure below the axis."""


def density(histogram: Histogram, *, told: str) -> Markup:
    """Return a distribution: the older side as an area behind, the newer one as a line before it."""
    peak = histogram.peak or 1.0
    low, high = histogram.low, histogram.high

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT)

    def y(share: float) -> float:
        return _BASE - share / peak * (_BASE - _TOP)

    edges = [x(low + place * histogram.width) for place in range(histogram.count + 1)]
    sides = (("before", histogram.before), ("after", histogram.after))
    areas = [element("path", class_=name, d=_steps(edges, [y(one) for one in side])) for name, side in sides if side]
    if histogram.is_time:
        marks = time_ticks(low, high)
    else:
        marks = number_ticks(low, high, is_whole=histogram.is_whole)
    return element(
        "svg",
        element("line", class_="grid", x1=_LEFT, x2=_RIGHT, y1=_TOP, y2=_TOP),
        areas,
        element("line", class_="axis", x1=_LEFT, x2=_RIGHT, y1=_BASE, y2=_BASE),
        element("text", f"{100 * peak:.3g} %", x=_LEFT, y=_TOP - 5),
        _ticks([(x(place), text) for place, text in marks]),
        class_="density",
        viewBox=f"0 0 {number(_WIDTH)} {number(_HEIGHT)}",
        role="img",
        aria_label=told,
    )


def bins_text(histogram: Histogram) -> str:
    """Return what a picture's height means, and what lies outside of it."""
    if histogram.count == 1:
        told = "Share of the values that are not NULL"
    elif histogram.is_whole and histogram.width == 1:
        told = "Share of values for each number"
    else:
        told = f"Share of values in steps of {width_text(histogram)}"
    for side, name in enumerate(("before", "after")):
        outside = histogram.below[side] + histogram.above[side]
        if outside > 1e-9:
            told += f"; {100 * outside:.2g} % {name} lie outside"
    return told


def width_text(histogram: Histogram) -> str:
    """Return how wide a bin is."""
    if not histogram.is_time:
        return figure_text(histogram.width)
    for seconds, unit in ((31_556_952, "years"), (2_629_746, "months"), (86_400, "days"), (3600, "h"), (60, "min")):
        if histogram.width >= seconds:
            return f"{figure_text(histogram.width / seconds)} {unit}"
    return f"{figure_text(histogram.width)} s"


def place_text(histogram: Histogram, value: float) -> str:
    """Return a value on the axis."""
    return time_text(value) if histogram.is_time else figure_text(value)


def bar(share: float, *, name: str, least: float = 0.6) -> Markup:
    """Return a share between 0 and 1 as a bar; what is not nothing can be seen. Its figure stands beside it."""
    width = max(least, 100 * min(1.0, share)) if share > 0 else 0.0
    return element(
        "svg",
        element("rect", class_="track", width="100%", height="100%"),
        element("rect", class_=name, width=f"{number(width)}%", height="100%") if width else None,
        class_="bar",
        aria_hidden="true",
    )


def paired_bars(before: float | None, after: float | None, most: float) -> Markup:
    """Return two shares as bars, one below the other, as parts of the greatest share that is drawn."""
    rows = (("before", before, "0"), ("after", after, "55%"))
    return element(
        "svg",
        [
            element("rect", class_=name, width=f"{number(max(0.6, 100 * value / most))}%", height="45%", y=top)
            for name, value, top in rows
            if value and most > 0
        ],
        class_="pair",
        aria_hidden="true",
    )


def stacked(parts: Sequence[tuple[str, int]]) -> Markup:
    """Return numbers of rows as parts of one bar; each that is not nothing can be seen."""
    whole = sum(count for _, count in parts) or 1
    least = 0.6
    widths = [max(least, 100 * count / whole) if count else 0.0 for _, count in parts]
    scale = 100 / (sum(widths) or 1)
    pieces: list[Markup] = []
    left = 0.0
    for (name, count), width in zip(parts, widths, strict=True):
        if count:
            size = {"x": f"{left * scale:.2f}%", "width": f"{width * scale:.2f}%"}
            pieces.append(element("rect", class_=name, height="100%", **size))
        left += width
    return element("svg", pieces, class_="bar stacked", aria_hidden="true")


def effect(drift: Drift) -> Markup:
    """Return an effect as a bar beside the mark of its floor; nothing of one that is not finite."""
    if not math.isfinite(drift.effect + drift.floor):
        return joined()
    most = max(drift.effect, drift.floor) * 1.15 or 1.0
    width = max(0.6, 100 * max(0.0, drift.effect) / most)
    return element(
        "svg",
        element("rect", class_="track", width="100%", height="100%"),
        element("rect", class_="beyond" if drift.is_beyond else "within", width=f"{number(width)}%", height="100%"),
        element("rect", class_="floor", x=f"{number(100 * drift.floor / most)}%", width="2", height="100%"),
        class_="bar effect",
        aria_hidden="true",
    )


def _steps(edges: Sequence[float], heights: Sequence[float]) -> str:
    """Return the outline of bins that stand beside each other, closed on the axis."""
    path = [f"M{number(edges[0])} {number(_BASE)}"]
    last = ""
    for right, height in zip(edges[1:], heights, strict=True):
        if number(height) != last:
            last = number(height)
            path.append(f"V{last}")
            path.append(f"H{number(right)}")
        else:
            path[-1] = f"H{number(right)}"
    return f"{''.join(path)}V{number(_BASE)}Z"


def _ticks(marks: Sequence[Tick]) -> Markup:
    """Return the marks below the axis; one that would run into its neighbour is left out."""
    pieces: list[Markup] = []
    free = 0.0
    for place, text in marks:
        half = len(text) * _CHARACTER / 2
        middle = min(max(place, half), _WIDTH - half)
        if middle - half < free:
            continue
        free = middle + half + 6
        pieces.append(element("line", class_="axis", x1=place, x2=place, y1=_BASE, y2=_BASE + 4))
        pieces.append(element("text", text, x=middle, y=_HEIGHT - 3, text_anchor="middle"))
    return joined(pieces)
