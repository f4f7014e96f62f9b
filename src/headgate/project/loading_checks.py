"""How an asset is loaded, held against the columns that its query gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from headgate.core.address import Address, fold
from headgate.core.declarations import AssetDeclaration
from headgate.core.diagnostic import Diagnostic, Place, Severity, nearest
from headgate.core.graph import SqlBody
from headgate.core.loading import VALID_FROM, VALID_TO, Grain, Merging, Timing, Tracking
from headgate.core.recipe import Column, Shape
from headgate.project.agree import shortened

TIME_TYPES = (
    "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
    "TIMESTAMP WITHOUT TIME ZONE",
)  # fmt: skip
"""The types that a column of times may have, each with or without the number of its digits after the second."""

_WITHOUT_EQUALITY = frozenset("box circle json jsonpath line lseg path point polygon xml".split())
"""Types of PostgreSQL whose values it cannot group."""

RESERVED = ("_headgate_from", "_headgate_to")
"""The columns in which tables of incrementals and snapshots keep from which load to which a row is there."""


def is_time(type_: str) -> bool:
    """Tell whether a column of this type says when something was.

    >>> is_time("timestamp(3) with time zone"), is_time("TIME")
    (True, False)
    """
    return re.sub(r"\(\d+\)", "", type_).upper() in TIME_TYPES


def loading_faults(asset: AssetDeclaration, shape: Shape) -> Iterator[Diagnostic]:
    """Yield what is wrong between how an asset is loaded and the columns of its query."""
    loading = asset.properties.loading
    if loading is None:
        return
    work = _Checking(asset, shape)
    if loading.timing is not None:
        yield from work.timing(loading.timing)
    if loading.merging is not None:
        yield from work.merging(loading.merging)
    if loading.tracking is not None:
        yield from work.tracking(loading.tracking)


def unused_moments(asset: AssetDeclaration, body: SqlBody) -> Iterator[Diagnostic]:
    """Yield a warning where each load reads all that there is, although it keeps the rows of some days alone."""
    loading = asset.properties.loading
    if loading is None or loading.timing is None or body.parameters:
        return
    column = loading.timing.column
    yield Diagnostic(
        "HG355",
        f"the query of {asset.address} does not use :start and :end, so that each load reads all of its inputs",
        asset.places.get("time_column") or asset.properties.place,
        f"Add `where TIME >= :start and TIME < :end`, where TIME is what becomes {column}.",
        severity=Severity.WARNING,
    )


def reserved_names(address: Address, shape: Shape, place: Place | None) -> Iterator[Diagnostic]:
    """Yield a fault for each column that is called as one that Headgate adds."""
    for column in shape:
        if fold(column.name) in RESERVED:
            summary = f"{address} has a column {column.name}, which is a name of Headgate's own"
            yield Diagnostic("HG354", summary, place, "Give it another name.")


_TOLD_MAX = 10
"""So many unknown columns of one key are told."""


class _Checking:
    def __init__(self, asset: AssetDeclaration, shape: Shape) -> None:
        self._asset = asset
        self._columns: Mapping[str, Column] = {fold(c.name): c for c in shape}

    def timing(self, timing: Timing) -> Iterator[Diagnostic]:
        """Yield what is wrong with the column of times."""
        yield from self._unknown("time_column", (timing.column,))
        column = self._columns.get(fold(timing.column))
        if column is None:
            return
        if not is_time(column.type):
            hint = "Cast it in the query: it has to be a DATE, a TIMESTAMP, or a TIMESTAMP WITH TIME ZONE."
            yield self._fault("HG353", f"the time_column {column.name} is of type {column.type}", "time_column", hint)
        elif column.type.upper() == "DATE" and timing.grain in (Grain.MINUTE, Grain.HOUR):
            hint = "Say `grain: day`, or name a column with a time."
            summary = f"{column.name} is a DATE, which has no {timing.grain.value}s"
            yield self._fault("HG353", summary, "grain", hint)

    def merging(self, merging: Merging) -> Iterator[Diagnostic]:
        """Yield what is wrong with the key, and with the column that tells which rows are gone."""
        yield from self._key(merging.key)
        if not merging.flag:
            return
        yield from self._unknown("deletes", (merging.flag,), "Or write `deletes: missing`.")
        flag = self._columns.get(fold(merging.flag))
        if flag is not None and flag.type.upper() != "BOOLEAN":
            hint = f"Give a truth in the query, as `{flag.name}::boolean as is_gone`, and say `deletes: is_gone`."
            yield self._fault("HG353", f"{flag.name} is of type {flag.type}, not BOOLEAN", "deletes", hint)

    def tracking(self, tracking: Tracking) -> Iterator[Diagnostic]:
        """Yield what is wrong with the columns of a snapshot."""
        yield from self._key(tracking.key)
        yield from self._unknown("updated_at", filter(None, (tracking.updated_at,)))
        yield from self._unknown("check", tracking.checked)
        updated_at = self._columns.get(fold(tracking.updated_at))
        if updated_at is not None and not is_time(updated_at.type):
            hint = "Cast it in the query to a TIMESTAMP, or name with `check` the columns whose change counts."
            summary = f"updated_at is {updated_at.name}, of type {updated_at.type}, which is no time"
            yield self._fault("HG353", summary, "updated_at", hint)
        if not tracking.updated_at and not tracking.checked and len(self._columns) == len(tracking.key):
            hint = "Take the others into the query: those whose history is to be kept."
            yield self._fault("HG353", "there is no column beside the key that could change", "check", hint)
        for name in (VALID_FROM, VALID_TO):
            if column := self._columns.get(name):
                hint = "Call it something else: a snapshot adds valid_from and valid_to itself."
                yield self._fault("HG354", f"the query of a snapshot has a column {column.name}", "kind", hint)

    def _key(self, key: tuple[str, ...]) -> Iterator[Diagnostic]:
        yield from self._unknown("unique_key", key)
        for name in key:
            column = self._columns.get(fold(name))
            if column is not None and column.type.removesuffix("[]") in _WITHOUT_EQUALITY:
                hint = f"Cast it in the query, as `{column.name}::text as {column.name}`, or name another column."
                summary = f"unique_key names {column.name}, of type {column.type}, which knows no equality"
                yield self._fault("HG353", summary, "unique_key", hint, column.name)

    def _unknown(self, key: str, names: Iterable[str], more: str = "") -> Iterator[Diagnostic]:
        unknown = [name for name in names if fold(name) not in self._columns]
        for name in unknown[:_TOLD_MAX]:
            known = [c.name for c in self._columns.values()]
            near = list(nearest(name, known))
            hint = f"It has {', '.join(known[:5])}. {more}".strip()
            hint = f"Did you mean {' or '.join(near[:2])}?" if near else hint
            summary = f"{key} names {shortened(name)}, which is no column of {self._asset.address}"
            yield self._fault("HG353", summary, key, hint, name)

    def _fault(self, code: str, summary: str, key: str, hint: str, name: str = "") -> Diagnostic:
        places = self._asset.places
        place = places.get(f"{key}.{fold(name)}") or places.get(key) or self._asset.properties.place
        return Diagnostic(code, summary, place, hint)
