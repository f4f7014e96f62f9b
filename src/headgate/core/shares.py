"""Shares of rows, and numbers, as people read them, the same in every sentence, table and chart."""

from __future__ import annotations


def share_text(part: float, whole: float) -> str:
    """Return a share: never rounded to nothing, nor to all, as 0 % and 100 % are said of nothing and of all alone.

    >>> [share_text(part, 1_000_000) for part in (1, 333_333, 999_999, 1_000_000, 0)]
    ['below 0.001 %', '33.3 %', 'above 99.9 %', '100 %', '0 %']
    >>> share_text(3, 2), share_text(20_000, 3), share_text(100_001, 100_000)
    ('150 %', '666,667 %', 'above 100 %')
    """
    if not part or not whole or part == whole:
        return "100 %" if part else "0 %"
    percent = 100 * part / whole
    if percent > 100:
        return f"{percent:,.0f} %" if percent >= 100.5 else "above 100 %"
    if percent > 99.9:
        return "above 99.9 %"
    return "below 0.001 %" if percent < 0.001 else f"{percent:.3g} %"


def number_text(number: float) -> str:
    """Return a measured number to six digits, a large one to its whole part: no exponent where people count.

    >>> [number_text(one) for one in (0.1 + 0.2, 1500, 1_689_840, 999_999.7, 1.5e-07)]
    ['0.3', '1,500', '1,689,840', '1,000,000', '1.5e-07']
    """
    return f"{number:,.0f}" if 999_999.5 <= abs(number) < 1e15 else f"{number:,.6g}"
