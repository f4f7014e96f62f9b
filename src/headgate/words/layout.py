"""Text in columns: how wide it is on a terminal, styles that can be taken out again, aligned cells, broken lines."""

from __future__ import annotations

from collections.abc import Sequence

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

_COMMANDS = dict.fromkeys(
    {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {ord("\t"), ord("\n")},
    "\ufffd",
)
"""Control characters, and those that turn the direction of a text."""


def styled(text: str, *styles: str) -> str:
    """Return the text with escape sequences, which are taken out where there is no colour."""
    codes = ";".join(_STYLES[style] for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m" if text else ""


def plain(text: str) -> str:
    """Return the text without escape sequences, ours and those that stand in a user's data."""
    return without_styles(text).replace("\x1b", "\ufffd")


def harmless(text: str) -> str:
    r"""Return text of a repository in which nothing commands a terminal or turns the order of letters round.

    >>> harmless("a\x1b[2Jb\u202ec").count("\ufffd")
    2
    """
    return text if text.isascii() and text.isprintable() else text.translate(_COMMANDS)


def display_width(text: str) -> int:
    """Return how many columns the text takes on a terminal.

    >>> display_width("naïve"), display_width("表")
    (5, 2)
    """
    text = without_styles(text)
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) == "Cf"
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def padded(text: str, width: int, *, is_right: bool = False) -> str:
    """Return the text filled up to a width."""
    space = " " * max(0, width - display_width(text))
    return space + text if is_right else text + space


def cut(text: str, width: int) -> str:
    """Return the text cut to a width, with ``…`` where something is missing."""
    if display_width(text) <= width:
        return text
    taken = ""
    for character in without_styles(text):
        if display_width(taken + character) > width - 1:
            break
        taken += character
    return taken + "…"


def widths_of(rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the widest cell of each column."""
    count = max((len(row) for row in rows), default=0)
    return tuple(max(display_width(row[n]) for row in rows if n < len(row)) for n in range(count))


def aligned(
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    indent: str = "  ",
    gap: str = "  ",
    right: frozenset[int] = frozenset(),
    widths: Sequence[int] = (),
) -> list[str]:
    """Return the rows as lines with aligned columns; ``right`` columns are flush right.

    Where a line is wider than the terminal, its last cells stand on lines below, further in, as many on each as there
    is room for; none is broken but between words. ``widths`` are those of the columns where other rows stand under the
    same ones.
    """
    widths = widths or widths_of(rows)
    lines: list[str] = []
    for row in rows:
        cells = [padded(cell, widths[n], is_right=n in right) for n, cell in enumerate(row)]
        line = (indent + gap.join(cells)).rstrip()
        if display_width(line) <= width:
            lines.append(line)
            continue
        count = 2 if display_width((indent + gap.join(cells[:2])).rstrip()) <= width else 1
        lines.append((indent + gap.join(cells[:count])).rstrip())
        lines += _packed([cell.strip() for cell in row[count:]], width=width, indent=indent + " " * 4, gap=gap)
    return lines


def wrapped(text: str, width: int, *, between: str = " ") -> list[str]:
    """Return the text on lines of a width, broken only where ``between`` stands; what is longer stays whole.

    >>> wrapped("shop · dev · outside of git", 12, between=" · ")
    ['shop · dev', 'outside of git']
    """
    lines: list[str] = []
    for part in text.split(between):
        if lines and display_width(lines[-1] + between + part) <= width:
            lines[-1] += between + part
        else:
            lines.append(part)
    return lines


def _packed(cells: Sequence[str], *, width: int, indent: str, gap: str) -> list[str]:
    """Return the cells on as few lines as hold them; one that is too wide for a line has lines of its own."""
    lines: list[str] = []
    is_open = False
    for cell in filter(without_styles, cells):
        first, *others = wrapped(cell, width - len(indent) - 2)
        if is_open and not others and display_width(lines[-1] + gap + cell) <= width:
            lines[-1] += gap + cell
            continue
        lines += [indent + first, *(f"{indent}  {part}" for part in others)]
        is_open = not others
    return lines


def without_styles(text: str) -> str:
    """Return the text without our escape sequences."""
    if "\x1b[" not in text:
        return text
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)
