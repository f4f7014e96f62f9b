"""The words of how and when an asset is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.core.intervals import shown
from headgate.core.loading import Deletion
from headgate.words.figures import counted

if TYPE_CHECKING:
    from headgate.core.declarations import Properties
    from headgate.core.loading import Loading, Merging, Timing, Tracking

Row = tuple[str, str]


def rows_of_loading(properties: Properties) -> list[tuple[str, ...]]:
    """Return a row of two cells for each thing that is declared of it; none where nothing is.

    >>> from headgate.core.declarations import Properties
    >>> from headgate.core.loading import Loading, Timing
    >>> rows_of_loading(Properties(loading=Loading(Timing("day", lookback=2)), cron="0 6 * * *"))
    [('by time', 'days of day'), ('late rows', 'the last 2 loaded days again'), ('runs', '0 6 * * *')]
    """
    found: list[tuple[str, ...]] = [*_of_loading(properties.loading)] if properties.loading else []
    return [*found, ("runs", properties.cron)] if properties.cron else found


def _of_loading(loading: Loading) -> Iterator[Row]:
    if loading.timing is not None:
        yield from _of_timing(loading.timing)
    if loading.merging is not None:
        yield from _of_merging(loading.merging)
    if loading.tracking is not None:
        yield from _of_tracking(loading.tracking)
    if loading.keeps_history:
        yield "history", "stays when the code changes"


def _of_timing(timing: Timing) -> Iterator[Row]:
    grain = timing.grain.value
    zone = f", in {timing.zone}" if timing.zone != "UTC" else ""
    since = f", from {shown(timing.start)}" if timing.start else ""
    yield "by time", f"{grain}s of {timing.column}{zone}{since}"
    if timing.lookback:
        several = f"{timing.lookback:,} loaded {grain}s"
        yield "late rows", f"the last {several if timing.lookback > 1 else f'loaded {grain}'} again"
    if timing.batch:
        yield "at once", counted(timing.batch, grain)


def _of_merging(merging: Merging) -> Iterator[Row]:
    yield "by key", ", ".join(merging.key)
    if merging.deletion is Deletion.MISSING:
        yield "gone", "what the query no longer gives"
    elif merging.deletion is Deletion.FLAGGED:
        yield "gone", f"where {merging.flag} is true"


def _of_tracking(tracking: Tracking) -> Iterator[Row]:
    yield "history of", ", ".join(tracking.key)
    if tracking.updated_at:
        yield "changed", f"where {tracking.updated_at} grows"
    else:
        yield "changed", f"where {', '.join(tracking.checked) or 'any column but the key'} differs"
    if tracking.closes_missing:
        yield "gone", "what the query no longer gives"
