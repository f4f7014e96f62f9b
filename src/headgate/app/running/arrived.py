"""Files that came in and no longer fit: a column that turned into text, say, or is gone, and who brought it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.core.address import fold
from headgate.core.declarations import File, FileSource, SourceDeclaration, TableSource
from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.errors import Refused, StatementFailed
from headgate.core.listing import listed
from headgate.plan.arrived import Unlike, is_text, unlike

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.recipe import Shape
    from headgate.core.snapshot import Shown, Snapshot

LOOKED_AT_MAX = 1_000
"""So many files that came in are looked at one by one: together they take about as long as reading all of them did."""

TOLD_MAX = 10
"""So many columns of one source are told; of a file that is another one altogether all of them differ."""

_FILES_TOLD, _CASTS_TOLD = 3, 5
_MEND = "Mend the file, or take it away"


def refuse_unfit_files(session: Session, code: Repository, snapshot: Snapshot, *, engine: str) -> None:
    """Raise ``Refused`` where files no longer have the columns that the environment shows of them.

    A column without any value says nothing and is let through. Cost: a look-up for each source that is files; where
    one does not fit, its files are read twice more.
    """
    way = way_of_other_columns(session, snapshot.name)
    hint = f"Mend the file, or take it away. Where it is meant: {way}"
    found = _unfit(session, code, snapshot, snapshot.shown, engine=engine)
    if faults := [replace(one, hint=hint) for one in found if one.severity is Severity.ERROR]:
        raise Refused(faults)


def way_of_other_columns(session: Session, environment: str) -> str:
    """Return the commands that bring columns of other types into an environment: a run does not."""
    is_protected = session.is_protected(environment)
    return "headgate apply dev && headgate promote dev" if is_protected else f"headgate apply {environment}"


@contextmanager
def noting_unfit_files(session: Session, code: Repository, snapshot: Snapshot, *, engine: str) -> Iterator[None]:
    """Where code is refused, tell beside its faults, as warnings, which files they may come from.

    The files are held against what the environment shows, or else against what is shown beside it.
    """
    try:
        yield
    except Refused as refused:
        shown = snapshot.shown if snapshot.shown is not None and snapshot.shown.pointers else snapshot.beside
        hint = f"{_MEND}, where it is not meant."
        noted = [
            replace(one, hint=one.hint or hint, severity=Severity.WARNING)
            for one in _unfit(session, code, snapshot, shown, engine=engine)
        ]
        raise Refused([*refused.diagnostics, *noted]) from refused


@contextmanager
def blaming_unfit_files(session: Session, code: Repository, snapshot: Snapshot, *, engine: str) -> Iterator[None]:
    """Where released code is refused, tell first which files no longer fit it, as errors: the code did not change."""
    try:
        yield
    except Refused as refused:
        blamed = [
            replace(one, hint=f"{_MEND}. {one.hint}".rstrip(), severity=Severity.ERROR)
            for one in _unfit(session, code, snapshot, snapshot.shown, engine=engine)
        ]
        raise Refused([*blamed, *refused.diagnostics]) from refused


def _unfit(
    session: Session, code: Repository, snapshot: Snapshot, shown: Shown | None, *, engine: str
) -> Iterator[Diagnostic]:
    """Yield a fault for each column that does not fit; a warning for one without any value."""
    from headgate.app.linking.ground import ground_of
    from headgate.app.linking.link import CachingAnalyser

    pointers = shown.pointers if shown is not None else {}
    sources = [
        source
        for source in code.declarations.sources
        if isinstance(source.location, FileSource) and source.location.files and source.address in pointers
    ]
    if not sources:
        return
    analyser = CachingAnalyser(code.root, ground_of(session, engine), session.cache)
    try:
        for source in sources:
            pointer = pointers[source.address]
            found = tuple(unlike(pointer.shape, analyser.files(source)[0]))
            if found:
                empty, is_rowless = _without_values(session, source, found, engine=engine)
                build = snapshot.build(pointer.build)
                came = _new_files(source, build.location if build is not None else None)
                if is_rowless and empty.issuperset(found):
                    yield _without_rows(source, found, came)
                    continue
                is_sniffed = any(column.now and column not in empty for column in found)
                shapes = {file: analyser.files(_alone(source, file))[0] for file in came} if is_sniffed else {}
                yield from _told(source, found, empty, {file: shapes.get(file, ()) for file in came})
    finally:
        analyser.close()


def _without_values(
    session: Session, source: SourceDeclaration, columns: Sequence[Unlike], *, engine: str
) -> tuple[frozenset[Unlike], bool]:
    """Return the columns that hold no value at all, and whether there is no row, either.

    Such columns count as text because nothing says otherwise.

    Cost: one scan of these columns, in a database of its own.
    """
    from headgate.app.engines import open_beside_files
    from headgate.sql.bind import quoted

    asked = [column for column in columns if column.now]
    if not asked:
        return frozenset(), False
    opened = open_beside_files(session.root, session.allowed(engine))
    try:
        counts = ", ".join(f"count({quoted(column.name)})" for column in asked)
        files = opened.source(source.location, str(session.root))
        ((rows, *values),) = opened.query(f"select count(*), {counts} from {files}", limit=1).rows
    except StatementFailed:
        return frozenset(), False  # then capturing them will tell why
    finally:
        opened.close()
    return frozenset(column for column, count in zip(asked, values, strict=True) if count == 0), rows == 0


def _without_rows(source: SourceDeclaration, columns: Sequence[Unlike], came: Sequence[File]) -> Diagnostic:
    """Return that a source has no rows by now, which is why nothing says of which types its columns are."""
    files = f": {listed([file.path for file in came], _FILES_TOLD)}" if came else ""
    casts = listed([f"{column.name} to {column.before}" for column in columns], _CASTS_TOLD)
    hint = f"Without values its columns count as text. Where that may be, cast them in the query: {casts}."
    return Diagnostic("HG409", f"{source.address} has no rows{files}", source.place, hint, severity=Severity.WARNING)


def _told(
    source: SourceDeclaration, found: Sequence[Unlike], empty: frozenset[Unlike], shapes: Mapping[File, Shape]
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each column of one source; ``shapes`` are of the files that came in."""
    found = sorted(found, key=empty.__contains__)  # faults first
    for column in found[:TOLD_MAX]:
        summary = f"{source.address}.{column.name} was {column.before} and is {column.now or 'gone'}"
        if column in empty:
            summary, hint = (
                f"{summary}: it has no values",
                f"Where that may be, cast it in the query to {column.before}.",
            )
            yield Diagnostic("HG409", summary, source.place, hint, severity=Severity.WARNING)
        else:
            files = _brought(column, shapes)
            yield Diagnostic("HG409", f"{summary}{f': {files}' if files else ''}", source.place)
    if len(found) > TOLD_MAX:
        summary = f"{source.address} has {len(found) - TOLD_MAX} more columns that do not fit"
        severity = Severity.WARNING if empty.issuperset(found[TOLD_MAX:]) else Severity.ERROR
        yield Diagnostic("HG409", summary, source.place, severity=severity)


def _alone(source: SourceDeclaration, file: File) -> SourceDeclaration:
    if not isinstance(source.location, FileSource):
        raise TypeError("a table of the engine has no files")
    return replace(source, location=replace(source.location, files=(file,)))


def _new_files(source: SourceDeclaration, before: FileSource | TableSource | None) -> Sequence[File]:
    """Return the files that came or changed since; none where they are too many to be looked at one by one."""
    now = source.location
    if not isinstance(before, FileSource) or not isinstance(now, FileSource):
        return ()
    known = {(file.path, file.digest) for file in before.files}
    came = tuple(file for file in now.files if (file.path, file.digest) not in known)
    return came if len(came) <= LOOKED_AT_MAX else ()


def _brought(column: Unlike, shapes: Mapping[File, Shape]) -> str:
    """Return the names of the files that brought it, as far as that can be told."""
    if not column.now:
        return listed([file.path for file in shapes], _FILES_TOLD)
    types = {
        file.path: next((c.type for c in shape if fold(c.name) == fold(column.name)), "")
        for file, shape in shapes.items()
    }
    same = [path for path, type_ in types.items() if type_ == column.now or (is_text(column.now) and is_text(type_))]
    if same:
        return listed(same, _FILES_TOLD)
    return listed(
        [f"{path} ({type_})" for path, type_ in types.items() if type_ not in ("", column.before)], _FILES_TOLD
    )
