"""Relations of two engines: brought into one scratch DuckDB on disk, in types that both have, and compared there."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold
from headgate.core.comparison import EXACT, Tolerance
from headgate.core.hashing import digest
from headgate.core.ports.comparing import Side
from headgate.core.recipe import Column, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.core.ports.engine import Engine

NEAR = Tolerance(absolute=1e-12, relative=1e-9)
"""By how much floating-point numbers of two engines may differ, where nobody says otherwise: each sums in its order."""

_DECIMAL = re.compile(r"(?:numeric|DECIMAL)\((\d+),(\d+)\)")
_DIGITS_MAX = 38
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


def common_types(shape: Shape, kind: str, other: Shape) -> Mapping[str, tuple[str, str]]:
    """Return for each column, by name, as what its engine gives it and as what it is brought into DuckDB.

    A number without a bound to its digits comes with as many behind the point as the other side has, so that it is
    rounded there, or as a float where that has one; without such a side as a text.
    """
    others = {fold(column.name): column.type for column in other}
    return {column.name: _common(column.type, kind, others.get(fold(column.name), "")) for column in shape}


def _common(type_: str, kind: str, other: str) -> tuple[str, str]:
    if kind != "postgres":
        return ("", "VARCHAR") if type_.startswith("ENUM(") else ("", type_)
    from headgate.plugins.engines.postgres_types import read_as

    found = _DECIMAL.fullmatch(type_)
    if type_ != "numeric" and not (found and int(found[1]) > _DIGITS_MAX):
        return "", read_as(type_)
    if other in _FLOATING:
        return "double precision", "DOUBLE"
    if scale := _DECIMAL.fullmatch(other):
        return f"numeric({_DIGITS_MAX},{scale[2]})", f"DECIMAL({_DIGITS_MAX},{scale[2]})"
    if "INT" in other.upper():
        return f"numeric({_DIGITS_MAX},0)", f"DECIMAL({_DIGITS_MAX},0)"
    return "text", "VARCHAR"


def bring(into: Engine, name: str, engine: Engine, relation: str, types: Mapping[str, tuple[str, str]]) -> Side:
    """Return a side that stands in the scratch database with the rows of a relation of another engine.

    Cost: the rows go through this process once, in batches.
    """
    from headgate.core.ports.engine import BuildJob, StreamInput
    from headgate.sql.bind import cast_columns

    shape = tuple(Column(column, type_) for column, (_, type_) in types.items())
    text = cast_columns(relation, tuple((column, cast) for column, (cast, _) in types.items()))
    stream = engine.stream(text)
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
