"""Incremental models of dbt: what becomes of how they are loaded, and what is told of it.

A condition on what the table has by now (``where at > (select max(at) from {{ this }})``) has no exact counterpart:
it asks the table, and Headgate asks the calendar. So it is taken out. With a key the rest means the same, as rows
replace those of their key; without one nothing says which rows are new, and the table is made whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from headgate.core.diagnostic import Place
from headgate.project.dbt.config_tree import is_true, listed
from headgate.project.dbt.names import Resource
from headgate.project.dbt.notes import Note, told
from headgate.project.dbt.sql_text import SqlFile
from headgate.project.spans import NotUnderstood, moment_of

_COLUMN = re.compile(r"[^\W\d]\w*")
_KNOWN = ("", "append", "delete+insert", "insert_overwrite", "merge", "microbatch")
_OWN_GRAINS = ("hour", "day", "month", "year")
_SINCE = re.compile(
    r"(?<![\w.])([\w.]+)\s*>=?\s*\(\s*select\s+(?:coalesce\s*\(\s*)?max\s*\(\s*(\w+)\s*\)", re.IGNORECASE
)
"""A column of the query's inputs, and that of the table in which it ends up."""
_TWICE = "A load in which a key comes twice fails: then name a `time_column` as well, or take one of the rows."


def load_of(resource: Resource, file: SqlFile, cut: Sequence[tuple[int, int]]) -> tuple[Mapping[str, Any], Note]:
    """Return the keys for the header of an incremental model, none where it becomes a table, and what is told.

    ``cut`` are the lines that were for loads alone and are taken out.
    """
    place = Place(file.path, file.config_line)
    why = _why_a_table(resource)
    if why is not None:
        text = f"incremental: a table that every build makes in full{_without(cut)}"
        read, column = _times(file, cut, resource)
        advice = f"To load it in parts: `time_column: {column}`, and `{read} >= :start and {read} < :end` in its WHERE."
        return {}, told(place, f"{text}: {why}" if why else text, advice)
    said: dict[str, Any] = {"kind": "incremental", **_timing(resource)}
    if key := _key(resource):
        said["unique_key"] = key[0] if len(key) == 1 else key
    if "full_refresh" in resource.settings and not is_true(resource.setting("full_refresh")):
        said["history"] = "keep"
    by = [said["time_column"]] if "time_column" in said else []
    by += [f"the key {', '.join(key)}"] if key else []
    text = f"incremental: by {' and by '.join(by)}; each load reads all of its inputs{_without(cut)}"
    if "time_column" not in said:
        return said, told(place, text, _TWICE)
    read, _ = _times(file, cut, resource)
    return said, told(place, text, f"A load reads less with `{read} >= :start and {read} < :end` in its WHERE.")


def _times(file: SqlFile, cut: Sequence[tuple[int, int]], resource: Resource) -> tuple[str, str]:
    """Return the column that tells new rows among those that are read, and that of the table, as far as is known."""
    lines = file.text.split("\n")
    for first, last in cut:
        if match := _SINCE.search("\n".join(lines[first - 1 : last])):
            return match[1], match[2]
    column = str(resource.setting("event_time", ""))
    return ("TIME", column if _is_column(column) else "COLUMN")


def _why_a_table(resource: Resource) -> str | None:
    """Return why a model is made whole; None where it can be loaded, empty where dbt says no more than we."""
    strategy = str(resource.setting("incremental_strategy", "")).lower()
    has_time = _is_column(resource.setting("event_time", ""))
    if strategy not in _KNOWN:
        return f"its strategy {strategy} is the project's own"
    if "full_refresh" in resource.settings and is_true(resource.setting("full_refresh")):
        return "it says full_refresh"
    for name in ("merge_update_columns", "merge_exclude_columns"):
        if resource.setting(name):
            return f"{name}, where a row replaces the whole older one here"
    if resource.setting("unique_key") and not _key(resource):
        return "its key is more than columns"
    if strategy in ("append", "insert_overwrite", "microbatch") and not has_time:
        return f"{strategy}, and nothing says when a row happened"
    if not has_time and not _key(resource):
        return ""
    return None


def _timing(resource: Resource) -> dict[str, Any]:
    column = resource.setting("event_time", "")
    if not _is_column(column):
        return {}
    said: dict[str, Any] = {"time_column": str(column)}
    grain = str(resource.setting("batch_size", "")).lower()
    if grain in _OWN_GRAINS:
        said["grain"] = grain
    with suppress(NotUnderstood):  # without it the first load takes all that there is
        said["start"] = moment_of(str(resource.setting("begin", ""))).replace("T", " ")
    is_batched = str(resource.setting("incremental_strategy", "")).lower() == "microbatch"
    lookback = resource.setting("lookback", 1 if is_batched else 0)  # dbt's own default
    if str(lookback).isascii() and str(lookback).isdigit() and int(lookback):
        said["lookback"] = int(lookback)
    return said


def _key(resource: Resource) -> list[str]:
    """Return the columns of a key; none where it is an expression."""
    names = [str(one) for one in listed(resource.setting("unique_key"))]
    return names if all(map(_is_column, names)) else []


def _is_column(name: object) -> bool:
    return _COLUMN.fullmatch(str(name)) is not None


def _without(cut: Sequence[tuple[int, int]]) -> str:
    lines = ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in cut)
    word = "lines" if len(cut) > 1 or "-" in lines else "line"
    return f" without its {word} {lines}" if cut else ""
