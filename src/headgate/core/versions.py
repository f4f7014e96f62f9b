"""Versions: recipes with their inputs, and the keys of builds. Pure; about 2 microseconds a column.

``rv = H(row term, versions it reads)``; ``cv[c] = H(column term, versions it reads)``. The key of a build is over the
*plain* versions. What its readers see are the *published* versions: there a tainted term carries the build's id, so
that two executions of the same key are never mistaken for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headgate.core.declarations import FileSource, Kind, TableSource
from headgate.core.hashing import Digest, digest
from headgate.core.recipe import Aspect, Read, Recipe, Shape, Term


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of an asset's rows, order and columns (by name)."""

    rows: Digest
    order: Digest
    columns: Mapping[str, Digest]

    def of(self, aspect: Aspect, column: str = "") -> Digest | None:
        """Return the version of one aspect; None where there is no such column."""
        if aspect is Aspect.ROWS:
            return self.rows
        if aspect is Aspect.ORDER:
            return self.order
        return self.columns.get(column)


@dataclass(frozen=True, slots=True)
class OpenVersions:
    """Versions of a build that is still to be made: None where only making it, or one of its inputs, will tell."""

    rows: Digest | None
    order: Digest | None
    columns: Mapping[str, Digest | None]

    def of(self, aspect: Aspect, column: str = "") -> Digest | None:
        """Return the version of one aspect; None where it is not known, or there is no such column."""
        if aspect is Aspect.ROWS:
            return self.rows
        if aspect is Aspect.ORDER:
            return self.order
        return self.columns.get(column)


def plain_versions(recipe: Recipe, seen: Callable[[Read], Digest | None]) -> Versions | None:
    """Return the versions of ``recipe`` where ``seen`` gives the published version of each read.

    None as soon as one read has no version yet (its input is still to be built and tainted).
    """
    rows = _version("rows", recipe.rows, seen)
    order = _version("order", recipe.order, seen)
    columns: dict[str, Digest] = {}
    for column in recipe.columns:
        version = _version("column", column.term, seen)
        if version is None:
            return None
        columns[column.name] = version
    if rows is None or order is None:
        return None
    return Versions(rows, order, columns)


def open_versions(recipe: Recipe, seen: Callable[[Read], Digest | None]) -> OpenVersions:
    """Return what readers of a build see as far as that is certain before it is made: tainted terms have no version."""

    def version(tag: str, item: Term) -> Digest | None:
        return None if item.tainted else _version(tag, item, seen)

    columns = {c.name: version("column", c.term) for c in recipe.columns}
    return OpenVersions(version("rows", recipe.rows), version("order", recipe.order), columns)


def published_versions(recipe: Recipe, plain: Versions, build_id: Digest) -> Versions:
    """Return what readers of the build see: tainted versions carry the id of the build."""
    columns = {
        c.name: _with_build(plain.columns[c.name], build_id) if c.term.tainted else plain.columns[c.name]
        for c in recipe.columns
    }
    rows = _with_build(plain.rows, build_id) if recipe.rows.tainted else plain.rows
    order = _with_build(plain.order, build_id) if recipe.order.tainted else plain.order
    return Versions(rows, order, columns)


def source_versions(token: Digest, shape: Shape) -> Versions:
    """Return the versions of a source's capture, which ``token`` identifies."""
    columns = {c.name: digest("source column", token, c.name, c.type) for c in shape}
    return Versions(digest("source rows", token), digest("source order", token), columns)


def live_version(read: Read) -> Digest:
    """Return the version of what is read of a source that has no capture: nothing is claimed of it but its name."""
    return digest("live", read.address, read.aspect.value, read.column)


def build_key(kind: str, shape: Shape, versions: Versions, marks: tuple[str, ...] = ()) -> Digest:
    """Return the key under which a build of this content is found again. The order of the columns does not count."""
    columns = tuple(sorted((c.name, c.type, versions.columns[c.name]) for c in shape))
    return digest("build", kind, columns, versions.rows, versions.order, marks)


def source_key(location: FileSource | TableSource, shape: Shape, versions: Versions) -> Digest:
    """Return the key of a source's capture. The pattern of files is in it, although their content is in the versions.

    A capture says where a live view reads, so another pattern needs one of its own; what was built from it stays, as
    the versions are the same.
    """
    marks = (location.pattern,) if isinstance(location, FileSource) else ()
    return build_key(Kind.SOURCE.value, shape, versions, marks)


def build_id(key: Digest, nonce: str) -> Digest:
    """Return the identity of one attempt at a key; a retry takes another nonce, so it never collides."""
    return digest("build id", key, nonce)


def _version(tag: str, item: Term, seen: Callable[[Read], Digest | None]) -> Digest | None:
    versions: list[Digest] = []
    for read in item.reads:
        version = seen(read)
        if version is None:
            return None
        versions.append(version)
    # Taint is inside: a build that tells its readers its id never stands for one whose versions are certain.
    said = "tainted" if item.tainted else "version"
    return digest(f"{said} {tag}", item.hash, tuple(versions))


def _with_build(version: Digest, build: Digest) -> Digest:
    return digest("tainted", version, build)
