"""Diagnostics as people read them: the code, one line, the place, the user's own line with a mark, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headgate.core.diagnostic import Diagnostic, Severity
from headgate.words.layout import display_width, harmless, styled

_REFUSALS = ("HG4", "HG5", "HG71")
_TABULATOR = "\t"
_TAB = "    "
_LINE_MAX = 300
"""Characters of the user's line that are shown."""


_ALIKE_MAX = 3
"""So many warnings that differ in a name alone are shown one by one; of more only the first names."""


_SHOWN_MAX = 200
"""So many are shown; who has more wants to know how many. Errors come first then."""


def lines_of(diagnostics: Iterable[Diagnostic], *, word: str = "") -> list[str]:
    """Return them, with an empty line between two. Of many warnings that are alike the first stands for all.

    Of hundreds the first ones are returned, and how many more there are.
    """
    groups: dict[object, list[Diagnostic]] = {}
    for number, diagnostic in enumerate(diagnostics):
        groups.setdefault(_likeness(diagnostic) or number, []).append(diagnostic)
    parts = [
        part for group in groups.values() for part in ([group] if len(group) > _ALIKE_MAX else [[one] for one in group])
    ]
    if len(parts) > _SHOWN_MAX:
        parts.sort(key=lambda part: part[0].severity is Severity.WARNING)
    lines: list[str] = []
    for part in parts[:_SHOWN_MAX]:
        lines += [""] if lines else []
        lines += lines_of_one(part[0], word=word) if len(part) == 1 else _lines_of_many(part)
    left = sum(map(len, parts[_SHOWN_MAX:]))
    return [*lines, "", f"and {left:,} more; --json prints all"] if left else lines


def _likeness(diagnostic: Diagnostic) -> tuple[str, ...]:
    """Return what warnings that differ in a name alone share; nothing for what is shown by itself."""
    name, space, rest = diagnostic.summary.partition(" ")
    if diagnostic.severity is not Severity.WARNING or diagnostic.excerpt or diagnostic.detail or "." not in name:
        return ()
    return diagnostic.code, space + rest, diagnostic.hint


def _lines_of_many(alike: Sequence[Diagnostic]) -> list[str]:
    first = alike[0]
    head = f"{styled('warning', 'yellow', 'bold')} {first.code}  {len(alike)} times: {first.summary}"
    names = ", ".join(one.summary.partition(" ")[0] for one in alike[:_ALIKE_MAX])
    return [head, f"  {names} and {len(alike) - _ALIKE_MAX} more", *(f"  {line}" for line in first.hint.splitlines())]


def lines_of_one(diagnostic: Diagnostic, *, word: str = "") -> list[str]:
    """Return the lines of one diagnostic."""
    is_warning = diagnostic.severity is Severity.WARNING
    if not word:
        is_refusal = diagnostic.code.startswith(_REFUSALS) and not is_warning and diagnostic.place is None
        word = "refused" if is_refusal else diagnostic.severity.value
    head = styled(word, "yellow" if is_warning else "red", "bold")
    lines = [" ".join(part for part in (head, diagnostic.code) if part) + f"  {harmless(diagnostic.summary)}"]
    if diagnostic.place is not None:
        lines.append(f"  {diagnostic.place}")
    lines += excerpt_of(diagnostic)
    lines += [f"  {harmless(line)}" for line in diagnostic.detail.splitlines()]
    lines += [f"  {harmless(line)}" for line in diagnostic.hint.splitlines()]
    return lines


def excerpt_of(diagnostic: Diagnostic) -> list[str]:
    """Return the user's own line, with marks under the part that is meant."""
    place = diagnostic.place
    if not diagnostic.excerpt or place is None or not place.line:
        return []
    excerpt, column = _window(harmless(diagnostic.excerpt), place.column)
    lines = [f"{place.line:>5} | {excerpt.replace(_TABULATOR, _TAB).rstrip()}"]
    if column:
        before = excerpt[: column - 1].replace(_TABULATOR, _TAB)
        meant = excerpt[column - 1 : column - 1 + max(place.length, 1)].replace(_TABULATOR, _TAB)
        marks = "^" * max(1, display_width(meant))
        lines.append(f"      | {' ' * display_width(before)}{styled(marks, 'red')}")
    return lines


def _window(line: str, column: int) -> tuple[str, int]:
    """Return what of a line is shown, and where the column stands in that; of a very long line a part around it."""
    if len(line) <= _LINE_MAX:
        return line, column
    begin = max(0, min(column - 1 - _LINE_MAX // 3, len(line) - _LINE_MAX))
    end = begin + _LINE_MAX
    text = ("…" if begin else "") + line[begin:end] + ("…" if end < len(line) else "")
    return text, column and column - begin + (1 if begin else 0)
