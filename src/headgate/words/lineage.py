"""The words of a walk along lineage: a tree, and why something in it is opaque."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.words.layout import padded, styled, widths_of
from headgate.words.lineage_tree import Line, tree

if TYPE_CHECKING:
    from headgate.app.lineage import Walk


def lines_of_walk(walk: Walk) -> list[str]:
    """Return the lines of the tree, then a line for each asset in it that is not understood."""
    found = list(tree(walk))
    (width,) = widths_of([(line.branch + line.label,) for line in found])
    lines = [_line(line, width).rstrip() for line in found]
    if len(found) == 1:
        way_on = f" What it steers: headgate lineage {found[0].label} --downstream"
        lines.append("Nothing reads it." if walk.is_downstream else f"Nothing steers it.{way_on}")
    for address, reason in sorted(walk.opaque.items()):
        lines += ["", f"{address} is not understood, so all that it reads may reach all of it: {reason}"]
    return lines


def _line(line: Line, width: int) -> str:
    if not line.branch:
        return styled(line.label, "bold")
    told = ", ".join(line.words) + ("  (above)" if line.is_repeated else "")
    return f"{padded(line.branch + line.label, width)}  {told}"
