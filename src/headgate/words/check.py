"""The words of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.words.figures import counted

if TYPE_CHECKING:
    from headgate.app.check import Checked


def sum_text(found: Checked) -> str:
    """Return how many faults there are in how much."""
    numbers = [counted(n, noun) for n, noun in ((found.errors, "error"), (found.warnings, "warning")) if n]
    return f"{', '.join(numbers) or 'no faults'} in {counted(found.assets, 'asset')}"
