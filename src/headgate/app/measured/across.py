"""Relations of two engines: brought into one scratch DuckDB on disk, in types that both have, and compared there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold
from headgate.core.comparison import EXACT, Tolerance
from headgate.core.errors import StatementFailed
from headgate.core.hashing import digest
from headgate.core.ports.comparing import Side
from headgate.core.recipe import Column, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.core.ports.engine import Engine
    from headgate.plugins.engines.meeting_types import Extent, Way

NEAR = Tolerance(absolute=1e-12, relative=1e-9)
"""By how much floating-point numbers of two engines may differ, where nobody says otherwise: each sums in its order."""

_FLOATING = ("real", "double precision", "FLOAT", "DOUBLE")


@contextmanager
def scratch(folder: Path) -> Iterator[Engine]:
    """Give a DuckDB in a file of its own below ``folder``, which is taken away afterwards; it may outgrow memory."""
    from headgate.plugins.engines.duckdb import open_duckdb

    place = Path(tempfile.mkdtemp(prefix="diff-", dir=folder))
    try:
        engine = open_duckdb(place / "scratch.duckdb", read_only=False, root=None)
        try:
            engine.adopt("scratch")
            yield engine
        finally:
            engine.close()
    finally:
        shutil.rmtree(place, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class There:
    """Rows as an engine has them: SQL text that stands behind FROM there, and their columns."""

    engine: Engine
    relation: str
    shape: Shape


def meet(into: Engine, name: str, before: There, after: There) -> tuple[Side, Side]:
    """Return both sides as they stand in the scratch database. Raises ``StatementFailed`` where one cannot be there.

    Cost: the rows of both go through this process once, in batches; a numeric of PostgreSQL's without bound is read
    once more before, for what its values need.
    """
    from headgate.core.common_columns import are_told_apart_by_case, common_columns
    from headgate.plugins.engines.meeting_types import is_number, is_unbounded, way, ways

    sides, kinds = (before, after), (before.engine.capabilities.kind, after.engine.capabilities.kind)
    for one in sides:
        if are_told_apart_by_case(one.shape):
            raise StatementFailed("some names of columns differ in case alone, and both engines meet in a DuckDB")
    both = common_columns(before.shape, after.shape).both
    numbers = [pair for pair in both if all(is_number(column.type) for column in pair)]
    known = [_extents(one, [p[n].name for p in numbers if is_unbounded(p[n])]) for n, one in enumerate(sides)]
    brought = [{column.name: way(column, kind) for column in one.shape} for one, kind in zip(sides, kinds, strict=True)]
    for pair in both:
        extents = [known[n][pair[n].name] for n in (0, 1) if pair[n].name in known[n]]
        for n, one_way in enumerate(ways(pair, kinds, extents)):
            brought[n][pair[n].name] = one_way
    first, second = (_bring(into, f"{name} {n}", one, brought[n]) for n, one in enumerate(sides))
    return first, second


def _extents(one: There, names: list[str]) -> Mapping[str, Extent]:
    """Return what the values of some columns need."""
    from headgate.plugins.engines.meeting_types import extents_of, extents_text

    return extents_of(one.engine.query(extents_text(one.relation, names)).rows[0], names) if names else {}


def _bring(into: Engine, name: str, one: There, brought: Mapping[str, Way]) -> Side:
    """Return a side that stands in the scratch database."""
    from headgate.core.ports.engine import BuildJob, StreamInput
    from headgate.sql.bind import rendered_columns

    shape = tuple(Column(column, found.type) for column, found in brought.items())
    text = rendered_columns(one.relation, tuple((column, found.given) for column, found in brought.items()))
    stream = one.engine.stream(text)
    try:
        job = BuildJob(digest("scratch", name), Address("scratch.side"), name, shape, StreamInput(stream), fence=1)
        into.build([job])
    finally:
        stream.close()
    return Side(into.relation(name), shape)


def tolerances_across(before: Shape, after: Shape, given: Mapping[str, Tolerance]) -> Mapping[str, Tolerance]:
    """Return the tolerances by folded name: floating-point numbers have one even where nobody gave any."""
    floating = {fold(c.name) for shape in (before, after) for c in shape if c.type in _FLOATING}
    return {**dict.fromkeys(floating, NEAR), **{name: one for name, one in given.items() if one != EXACT}}
