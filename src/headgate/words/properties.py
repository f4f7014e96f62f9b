"""The words of properties that become others though nothing is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.gate import POLICY_ADDRESS
from headgate.core.listing import listed
from headgate.words.figures import counted

if TYPE_CHECKING:
    from headgate.core.properties import PropertyChanges

_ROWS_MAX = 20


def properties_text(changes: PropertyChanges) -> str:
    """Return which properties became others, and of what.

    >>> properties_text({"m.a": ("lookback", "start"), "m.b": ("cron",)})
    'properties of 2 assets: lookback and start of m.a, cron of m.b'
    """
    assets = {address: names for address, names in changes.items() if address != POLICY_ADDRESS}
    told = listed([f"{' and '.join(names)} of {address}" for address, names in assets.items()])
    parts = [f"properties of {counted(len(assets), 'asset')}: {told}"] if assets else []
    parts += ["settings of the gate"] if len(assets) < len(changes) else []
    return "; ".join(parts)


def changed_rows(changes: PropertyChanges, *, is_verbose: bool) -> list[tuple[str, ...]]:
    """Return a row for each asset of which only such properties are others; of many the first ones."""
    told = list(changes.items())
    shown = told if is_verbose else told[:_ROWS_MAX]
    rows: list[tuple[str, ...]] = [("change", who, " and ".join(names), "nothing is built") for who, names in shown]
    if len(told) > len(shown):
        rows.append(("change", f"and {len(told) - len(shown):,} more", "", "--verbose lists them"))
    return rows
