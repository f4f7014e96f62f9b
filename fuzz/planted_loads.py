"""Bugs to plant in loads: each keeps, forgets or shows rows as a storage must not. Sequences must find every one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from headgate.core.calendar import due
from headgate.core.ports.loads import FROM, NO_END, TO, Merged, Tracked, Visible
from headgate.plan import bases
from headgate.plan import loads as plan_loads
from headgate.plugins.engines import load_texts, loads
from headgate.plugins.engines.duckdb_loads import DuckStorages
from headgate.plugins.engines.load_texts import LoadTexts

_Patches = tuple[Any, str, Callable[..., Any]]

_changed, _compacted, _end = LoadTexts.changed, load_texts.compacted, LoadTexts.end
_merge, _without_older = LoadTexts.merge, LoadTexts.without_older


def _nothing_ends(texts: LoadTexts, where: str) -> str:
    return _end(texts, f"false and ({where})")


def _all_is_visible(storage: Visible) -> str:
    return f"{FROM} <= {storage.number:d}"


def _only_the_newest_is_visible(storage: Visible) -> str:
    return f"{FROM} <= {storage.number:d} and {TO} = {NO_END}"


def _missing_stay(texts: LoadTexts, names: Any, change: Tracked, *, same: str) -> str:
    return _changed(texts, names, replace(change, tracking=replace(change.tracking, closes_missing=False)), same=same)


def _oldest_goes(table: str, numbers: Any) -> tuple[str, str]:
    return _compacted(table, numbers[-1:])


def _late_rows_stay_out(*args: Any, is_input_new: bool, **kwargs: Any) -> Any:  # noqa: ARG001
    return due(*args, is_input_new=False, **kwargs)


def _any_row_of_a_key_stays(texts: LoadTexts, key: Any, time: str) -> str:
    return _without_older(texts, key, time).replace(" desc)", ")")


def _the_last_to_come_stays(texts: LoadTexts, shape: Any, change: Merged, *, same: str) -> Any:
    return _merge(texts, shape, replace(change, time=""), same=same)


def _any_code_may_go_on(case: Any, loading: Any, build: Any, code: Any) -> bool:  # noqa: ARG001
    return build.load is not None and not build.load.is_part


BUGS: dict[str, _Patches] = {
    "an interval keeps the rows that it replaces": (LoadTexts, "end", _nothing_ends),
    "a load shows rows that were replaced": (load_texts, "visible", _all_is_visible),
    "an earlier load misses rows that were replaced later": (load_texts, "visible", _only_the_newest_is_visible),
    "a part is made as often as it is asked for": (DuckStorages, "claim_part", lambda *_: True),
    "a load that was cut off is not taken out": (loads, "_take_out_open", lambda *_: None),
    "a history goes on with what is gone": (LoadTexts, "changed", _missing_stay),
    "a collection forgets what earlier loads show": (loads, "compacted", _oldest_goes),
    "late rows within the lookback stay out": (plan_loads, "due", _late_rows_stay_out),
    "of the rows of a key in one part the oldest stays": (LoadTexts, "without_older", _any_row_of_a_key_stays),
    "of the rows of a key the last to come stays, not the latest": (LoadTexts, "merge", _the_last_to_come_stays),
    "changed code goes on with what other code has loaded": (bases, "_may_go_on", _any_code_may_go_on),
}
LOAD_NAMES = tuple(BUGS)


@contextmanager
def planted_in_loads(name: str) -> Iterator[None]:
    """Plant one bug while the block runs."""
    owner, attribute, bug = BUGS[name]
    with patch.object(owner, attribute, bug):
        yield
