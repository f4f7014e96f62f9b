"""The repository as it stands: read, compared with its commit, and linked into a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.app.git import Checkout, Looking
from headgate.app.session import Session, own_folder
from headgate.core.address import Address
from headgate.core.declarations import Config, Declarations, FileSource, TableSource
from headgate.core.diagnostic import Diagnostic, Severity, has_errors
from headgate.core.errors import EngineFailed, Refused
from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads
from headgate.core.plan import Origin
from headgate.core.records import Capture, Collection, shape_from_json, shape_to_json

if TYPE_CHECKING:
    from headgate.core.graph import Graph
    from headgate.core.hashing import Digest
    from headgate.core.ports.store import Reading
    from headgate.core.recipe import Shape
    from headgate.project.files import FileCache

CONFIG = "headgate.toml"

COLUMNS = "table columns"
"""The kind of cache entry that holds the columns of source tables as they were last seen."""

GRAPHS = "graphs"
"""The kind of cache entry that holds the digests of graphs without errors."""

_GRAPHS_KEPT = 50
_LOOK_UP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Repository:
    """What the files declare, and the commit that they stand on."""

    root: Path
    declarations: Declarations
    checkout: Checkout

    @property
    def origin(self) -> Origin:
        """Where a plan made from it comes from."""
        from headgate.release.source_code import tree_digest

        tree = self.declarations.tree
        return Origin(
            tree=tree_digest(tree),
            files=tree,
            commit=self.checkout.commit,
            dirty=self.checkout.dirty(file.path for file in tree),
            is_git=self.checkout.is_git,
        )


def open_repository(root: Path) -> tuple[Session, Repository]:
    """Return a session on the project at ``root`` and what its files declare. Faults are in the declarations."""
    from headgate.project.load import load

    looking = Looking(root)
    stamps = own_folder(root) / "files.json"
    cache = _file_cache(stamps)
    declarations = load(root, cache=cache)
    _keep(cache, stamps)
    session = Session(root, declarations.config)
    return session, Repository(root, declarations, looking.checkout())


def open_config(root: Path) -> Session:
    """Return a session that knows the settings of ``headgate.toml`` alone; raise ``Refused`` where they are faulty."""
    return Session(root, config_of(root))


def config_of(root: Path) -> Config:
    """Return the settings of ``headgate.toml``, or the defaults where there is none; raise ``Refused`` for faults."""
    from headgate.project.load import load_config

    config, found = load_config(root)
    if has_errors(found):
        raise Refused(found)
    return config


def graph_of(
    session: Session, repository: Repository, recorded: Mapping[Address, Shape]
) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """Return the graph and its warnings; raise ``Refused`` with all diagnostics where there are errors."""
    from headgate.app.linking import linked

    engine = next(iter(session.config.engines))
    found = linked(
        repository.root,
        repository.declarations,
        cache=session.cache,
        recorded=recorded,
        allow=session.allowed(engine),
    )
    if found.graph is None:
        raise Refused(found.diagnostics)
    key = graph_key(repository.declarations, recorded)
    session.cache.put(GRAPHS, {key: found.graph.digest})
    session.cache.forget(GRAPHS, keep=_GRAPHS_KEPT)
    return found.graph, tuple(d for d in found.diagnostics if d.severity is Severity.WARNING)


def known_graph(session: Session, repository: Repository, recorded: Mapping[Address, Shape]) -> Digest | None:
    """Return the digest of the graph without making it, where the same repository was linked before."""
    if has_errors(repository.declarations.diagnostics):
        return None
    key = graph_key(repository.declarations, recorded)
    return session.cache.get(GRAPHS, (key,)).get(key)  # type: ignore[return-value]  # it was put as a digest


def graph_key(declarations: Declarations, recorded: Mapping[Address, Shape]) -> str:
    """Return what a graph depends on: the code, the files of sources, the columns of source tables, our versions."""
    from headgate.app.linking import ANALYSER
    from headgate.core.hashing import ALGORITHM
    from headgate.plugins.engines.duckdb_settings import settings_identity

    files = tuple((file.path, file.digest) for file in declarations.tree)
    sources = tuple(
        (s.address, s.location.pattern, tuple((f.path, f.digest) for f in s.location.files))
        for s in declarations.sources
        if isinstance(s.location, FileSource)
    )
    shapes = tuple((a, tuple((c.name, c.type) for c in shape)) for a, shape in sorted(recorded.items()))
    return digest("graph key", ALGORITHM, ANALYSER, settings_identity(), files, sources, shapes)


def undeclared_tables(declarations: Declarations) -> Mapping[Address, TableSource]:
    """Return the source tables whose columns stand in no file."""
    return {
        source.address: source.location
        for source in declarations.sources
        if isinstance(source.location, TableSource)
        and not (source.properties.columns and all(c.type for c in source.properties.columns))
    }


def recorded_shapes(
    session: Session, repository: Repository, reading: Reading | None, *, engine: str
) -> Mapping[Address, Shape]:
    """Return the columns of source tables as they were last captured, else as they were last seen."""
    tables = undeclared_tables(repository.declarations)
    found: dict[Address, Shape] = {}
    if reading is not None:
        keys = {address: f"{engine}/{address}" for address in tables}
        captures = {a: loads(text) for a, text in _texts(reading, Collection.CAPTURES, keys).items()}
        builds = {a: Capture(**body).build for a, body in captures.items()}
        for address, text in _texts(reading, Collection.BUILDS, builds).items():
            body = loads(text)
            location = body.get("location", {})
            if location.get("schema") == tables[address].schema and location.get("name") == tables[address].name:
                found[address] = shape_from_json(body["shape"])
    missing = {address: _columns_key(engine, table) for address, table in tables.items() if address not in found}
    seen = session.cache.get(COLUMNS, missing.values()) if missing else {}
    found.update({a: shape_from_json(loads(seen[key])) for a, key in missing.items() if key in seen})
    return found


def looked_up(
    session: Session,
    repository: Repository,
    recorded: Mapping[Address, Shape],
    *,
    engine: str,
    refresh: frozenset[Address],
    is_patient: bool,
) -> Mapping[Address, Shape]:
    """Return ``recorded`` with the columns of source tables that were never seen, or shall be read again.

    The warehouse is opened only where there are any. Unless ``is_patient``, one that somebody else holds, or that is
    not there, leaves them unknown.
    """
    tables = undeclared_tables(repository.declarations)
    wanted = {a: table for a, table in tables.items() if a not in recorded or a in refresh}
    if not wanted or not session.warehouse(session.config.engines[engine]).exists():
        return recorded
    try:
        opened = session.engine(engine, is_read_only=True, **({} if is_patient else {"wait_seconds": _LOOK_UP_SECONDS}))
    except EngineFailed:
        if is_patient:
            raise
        return recorded
    try:
        shapes = opened.columns(tuple(wanted.values()))
    finally:
        opened.close()
    found = {address: shapes[table] for address, table in wanted.items() if shapes.get(table)}
    texts = {_columns_key(engine, wanted[a]): dumps(shape_to_json(shape)) for a, shape in found.items()}
    session.cache.put(COLUMNS, texts)
    return {**recorded, **found}


@contextmanager
def committed(session: Session, repository: Repository) -> Iterator[Repository]:
    """Give the repository as the commit has it: the working tree where it is clean, else a copy for the while.

    Data files that git does not know are the working tree's: they are linked into the copy.
    """
    from headgate.app.git import files_at

    dirty = repository.origin.dirty
    if not repository.checkout.commit or (not dirty and not _is_lacking(repository)):
        yield repository
        return
    import shutil
    import tempfile

    from headgate.project.load import load

    folder = Path(tempfile.mkdtemp(prefix="commit-", dir=own_folder(session.root)))
    try:
        for path, content in files_at(session.root, repository.checkout.commit).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        _link_data(repository, folder)
        yield Repository(folder, load(folder), repository.checkout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_lacking(repository: Repository) -> bool:
    """Tell whether a file of the commit that Headgate would read was deleted from the working tree."""
    present = {file.path for file in repository.declarations.tree}
    return any(
        path not in present and path.startswith(("assets/", "headgate.toml")) for path in repository.checkout.changed
    )


def _link_data(repository: Repository, folder: Path) -> None:
    import os

    for source in repository.declarations.sources:
        files = source.location.files if isinstance(source.location, FileSource) else ()
        for file in files:
            target = folder / file.path
            if not Path(file.path).is_absolute() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(repository.root / file.path, target)


def _file_cache(stamps: Path) -> FileCache:
    from headgate.project.files import FileCache

    try:
        return FileCache.from_text(stamps.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return FileCache()


def _keep(cache: FileCache, stamps: Path) -> None:
    """Leave the cache in its file, at once and whole; where that fails the files are read again next time."""
    import os

    if not cache.is_changed:
        return
    aside = stamps.with_name(f"{stamps.name}.{os.getpid()}")
    try:
        aside.write_text(cache.to_text(), encoding="utf-8")
        aside.replace(stamps)
    except OSError:
        aside.unlink(missing_ok=True)


def _columns_key(engine: str, table: TableSource) -> str:
    return f"{engine}/{table.schema}.{table.name}"


def _texts(reading: Reading, collection: Collection, keys: Mapping[Address, str]) -> Mapping[Address, str]:
    found = reading.get(collection, keys.values()) if keys else {}
    return {address: found[key] for address, key in keys.items() if key in found}
