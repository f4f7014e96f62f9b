"""Results as HTML: small fragments that carry their own style, follow light and dark themes, and escape everything.

Colours are mixed with the colour of the text around them, so they are readable wherever that is. What is ``!important``
is what Jupyter's own style sheet would change: it sets cells flush right and takes another font for ``pre``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence

_MIXED = {"red": "#e0342b", "green": "#1f9d4d", "yellow": "#d19a00", "cyan": "#0f8fc4"}
_STYLE = "".join(
    (
        "<style>",
        ".headgate{font-size:13px;line-height:1.45;text-align:left}",
        ".headgate p{margin:.3em 0}.headgate .hg-bold{font-weight:600}.headgate .hg-dim{opacity:.65}",
        ".headgate pre{margin:.3em 0;padding:0;background:none;color:inherit;white-space:pre-wrap;"
        "font:12px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace!important}",
        "div.headgate table{border-collapse:collapse;border:none;margin:.4em 0;font-size:inherit}",
        "div.headgate table tr{background:none!important}",
        "div.headgate table th,div.headgate table td{text-align:left!important;vertical-align:top;"
        "padding:.1em 1.2em .1em 0;border:none;white-space:pre-wrap;max-width:48em}",
        "div.headgate table th{font-weight:600;border-bottom:1px solid;border-color:rgba(128,128,128,.5)}",
        "div.headgate table tbody+tbody tr:first-child td{padding-top:.7em}",
        "div.headgate table tr .hg-right{text-align:right!important;font-variant-numeric:tabular-nums}",
        *(
            f".headgate .hg-{name}{{color:{colour};color:color-mix(in srgb,currentColor 35%,{colour})}}"
            for name, colour in _MIXED.items()
        ),
        "</style>",
    )
)


def fragment(*parts: str) -> str:
    """Return the parts as one piece of HTML that needs nothing else."""
    return f'<div class="headgate">{_STYLE}{"".join(parts)}</div>'


def paragraph(text: str, style: str = "") -> str:
    """Return a line of text; nothing for none."""
    return f"<p{_class(style)}>{_escaped(text)}</p>" if text else ""


def table(
    *bodies: Sequence[Sequence[str]],
    head: Sequence[str] = (),
    right: Iterable[int] = (),
    styles: Mapping[str, str] | None = None,
) -> str:
    """Return rows of cells, with some room between two bodies; nothing where there are none.

    ``right`` are the columns that are flush right. ``styles`` gives that of a row's first cell by its text; ``dim`` is
    that of the whole row.
    """
    width = max((len(row) for body in bodies for row in body), default=0)
    if not width:
        return ""
    flush = frozenset(right)
    above = f"<thead><tr>{_cells(head, 'th', flush)}</tr></thead>" if head else ""
    filled = [body for body in bodies if body]
    rows = (
        "<tbody>" + "".join(_row((*row, *[""] * (width - len(row))), flush, styles or {}) for row in body) + "</tbody>"
        for body in filled
    )
    return f"<table>{above}{''.join(rows)}</table>"


def lines(texts: Sequence[str]) -> str:
    """Return lines as they stand, with their terminal styles as those of HTML; nothing where there are none."""
    if not texts:
        return ""
    pieces = re.split(r"\x1b\[([0-9;]*)m", "\n".join(texts))
    told = _escaped(pieces[0])
    for codes, text in zip(pieces[1::2], pieces[2::2], strict=True):
        names = " ".join(f"hg-{_CODES[code]}" for code in codes.split(";") if code in _CODES)
        told += f'<span class="{names}">{_escaped(text)}</span>' if names and text else _escaped(text)
    return f"<pre>{told}</pre>"


_CODES = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "36": "cyan"}


def _row(cells: Sequence[str], right: frozenset[int], styles: Mapping[str, str]) -> str:
    style = styles.get(cells[0], "")
    is_dim = style == "dim"
    return f"<tr{_class('dim' if is_dim else '')}>{_cells(cells, 'td', right, first='' if is_dim else style)}</tr>"


def _cells(cells: Sequence[str], tag: str, right: frozenset[int], *, first: str = "") -> str:
    return "".join(
        f"<{tag}{_class(first if not n else '', 'right' if n in right else '')}>{_escaped(cell)}</{tag}>"
        for n, cell in enumerate(cells)
    )


def _class(*styles: str) -> str:
    names = " ".join(f"hg-{style}" for style in styles if style)
    return f' class="{names}"' if names else ""


def _escaped(text: str) -> str:
    """Return text that a browser shows as it is; characters that steer it become ``?``."""
    return html.escape("".join(c if c.isprintable() or c in "\n\t" else "?" for c in text))
