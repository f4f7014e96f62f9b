"""The repository as it stands: read, compared with its commit, and linked into a graph."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import __version__
from headgate.app.session import OWN_FOLDER, Session, own_folder
from headgate.core.address import Address
from headgate.core.declarations import Declarations, File, FileSource, TableSource
from headgate.core.diagnostic import Diagnostic, Severity, has_errors
from headgate.core.errors import EngineFailed, EnvironmentFailed, Refused
from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads
from headgate.core.plan import Origin
from headgate.core.recipe import shape_from_json, shape_to_json
from headgate.core.records import Capture, Collection

if TYPE_CHECKING:
    from threading import Thread

    from headgate.app.linking.ground import Ground
    from headgate.core.graph import Graph
    from headgate.core.hashing import Digest
    from headgate.core.ports.store import Reading
    from headgate.core.recipe import Shape
    from headgate.project.files import FileCache
    from headgate.project.git import GitState
    from headgate.project.templates.memory import Memory

_COLUMNS = "table columns"
"""The kind of cache entry that holds the columns of source tables as they were last seen."""

_NAMED = "named 2"
"""By tree: the data files, the source tables without declared columns and the variables that the files name."""

_GRAPHS = "graphs 2"
"""The digests of graphs without errors, by all that they depend on."""

_FILES = "files.json"
_GRAPHS_KEPT = 50
_LOOK_UP_SECONDS = 2.0


class Repository:
    """The files of a project and the commit that they stand on. What they declare is read when it is asked for.

    ``home`` is the project's folder where ``root`` is a copy of it.
    """

    def __init__(
        self,
        root: Path,
        git: GitState | None = None,
        cache: FileCache | None = None,
        home: Path | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.root = root
        self._home = home
        self._git = git
        self._cache = cache
        self.memory = memory
        """What is remembered of templates."""
        self._declarations: Declarations | None = None
        self._files: tuple[File, ...] | None = None
        self._tree: tuple[tuple[File, ...], Digest] | None = None
        self.analyses: Mapping[Address, str] = {}
        """Where the cache holds what the assets mean, once they are linked."""
        self._dirty: tuple[frozenset[str], tuple[str, ...]] | None = None
        self._looking: Thread | None = None

    @property
    def git(self) -> GitState:
        """Whether the project is in git, and at which commit; no process is started for that."""
        if self._git is None:
            from headgate.project.git import git_state

            self._git = git_state(self.root)
        return self._git

    def look_at_git(self) -> None:
        """Let git compare the files with the commit beside us."""
        from threading import Thread

        if self._looking is None:
            paths = frozenset(file.path for file in self.files)
            self._looking = Thread(target=self._compare, args=(paths,), daemon=True)
            self._looking.start()

    @property
    def dirty(self) -> tuple[str, ...]:
        """The files that are not as the commit has them; all of them where git cannot tell.

        Cost: waiting for git, about 30 ms unless ``look_at_git`` let it begin earlier.
        """
        if self._looking is not None:
            self._looking.join()
        paths = frozenset(file.path for file in self.files)
        if self._dirty is None or self._dirty[0] != paths:
            self._compare(paths)
        return self._dirty[1] if self._dirty else tuple(sorted(paths))

    def _compare(self, paths: frozenset[str]) -> None:
        found = self.git.dirty(paths)
        self._dirty = (paths, tuple(sorted(paths)) if found is None else found)

    @property
    def declarations(self) -> Declarations:
        """Everything that the files declare, faults included. Cost: every file is read, once."""
        if self._declarations is None:
            from headgate.project.load import load

            self._declarations = load(self.root, cache=self._cache, home=self._home, memory=self.memory)
        return self._declarations

    @property
    def files(self) -> tuple[File, ...]:
        """The files that Headgate reads, by content. Cost: a stat for each that is known."""
        if self._declarations is not None:
            return self._declarations.tree
        if self._files is None:
            from headgate.project.load import survey

            found = survey(self.root, cache=self._cache)
            if found.diagnostics:
                return self.declarations.tree
            self._files = found.files
        return self._files

    @property
    def tree(self) -> Digest:
        """The identity of the files."""
        from headgate.release.source_code import tree_digest

        files = self.files
        if self._tree is None or self._tree[0] is not files:
            self._tree = (files, tree_digest(files))
        return self._tree[1]

    @property
    def origin(self) -> Origin:
        """Where a plan made from it comes from."""
        files = self.files
        return Origin(
            tree=self.tree,
            files=files,
            commit=self.git.commit,
            dirty=self.dirty,
            is_git=self.git.is_git,
        )

    def matched(self, pattern: str, allow: Sequence[str]) -> tuple[File, ...]:
        """Return the data files of a pattern as they are now."""
        from headgate.project.data_files import match_files
        from headgate.project.files import FileCache

        return match_files(self.root, pattern, allow, self._cache or FileCache()).files

    def end(self) -> None:
        """Wait for git, and keep the digests of files for the next command."""
        if self._looking is not None:
            self._looking.join()
        if self._cache is not None and self._cache.is_changed:
            with suppress(EnvironmentFailed):  # where a repository is only read nothing is kept
                _keep(own_folder(self.root) / _FILES, self._cache.to_text())


def _keep(file: Path, text: str) -> None:
    """Replace a file, or leave it as it is where the disk does not let us."""
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(file)
    except OSError:
        with suppress(OSError):
            aside.unlink()


def open_repository(root: Path) -> tuple[Session, Repository]:
    """Return a session on the project at ``root`` and its files; raise ``Refused`` for a faulty ``headgate.toml``."""
    from headgate.project.files import FileCache

    session = open_config(root)
    try:
        text = (root / OWN_FOLDER / _FILES).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    repository = Repository(root, cache=FileCache.from_text(text), memory=session.cache)
    session.at_end(repository.end)
    return session, repository


def open_config(root: Path) -> Session:
    """Return a session that knows the settings of ``headgate.toml`` alone; raise ``Refused`` where they are faulty."""
    from headgate.project.load import load_config

    config, diagnostics = load_config(root)
    if has_errors(diagnostics):
        raise Refused(diagnostics)
    return Session(root, config)


def graph_of(
    session: Session, repository: Repository, recorded: Mapping[Address, Shape], *, engine: str
) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """Return the graph and its warnings; raise ``Refused`` with all diagnostics where there are errors."""
    from headgate.app.linking.ground import ground_of
    from headgate.app.linking.link import linked

    ground = ground_of(session, engine)
    found, keys = linked(
        repository.root,
        repository.declarations,
        cache=session.cache,
        recorded=recorded,
        ground=ground,
    )
    if found.graph is None:
        from headgate.app.linking.quoting import quoted

        raise Refused(quoted(found.diagnostics, repository.root))
    _remember_graph(session, repository, recorded, found.graph.digest, ground)
    repository.analyses = keys
    return found.graph, tuple(d for d in found.diagnostics if d.severity is Severity.WARNING)


def known_graph(
    session: Session, repository: Repository, reading: Reading, *, engine: str, tree: Digest | None = None
) -> Digest | None:
    """Return the digest of the graph where the same repository was linked before; no file is understood for that.

    Of the files that were understood before it is known which data and which tables they name; those are looked at.
    With ``tree`` it is the graph that those files make with the data and the tables of now.
    """
    from headgate.app.linking.ground import ground_of

    tree = tree or repository.tree
    text = session.cache.get(_NAMED, (tree,)).get(tree)
    if text is None:
        return None
    named = loads(text)
    tables = {Address(a): TableSource(schema, name) for a, schema, name in named["tables"]}
    recorded = recorded_shapes(session, tables, reading, engine=engine)
    files = [(address, pattern, repository.matched(pattern, named["allow"])) for address, pattern in named["files"]]
    key = _graph_key(tree, files, recorded, named["variables"], ground_of(session, engine))
    return session.cache.get(_GRAPHS, (key,)).get(key)  # type: ignore[return-value]  # it was put as a digest


def _remember_graph(
    session: Session, repository: Repository, recorded: Mapping[Address, Shape], graph: Digest, ground: Ground
) -> None:
    declarations = repository.declarations
    tables = [[a, t.schema, t.name] for a, t in undeclared_tables(declarations).items()]
    sources = [(s.address, s.location) for s in declarations.sources]
    files = [(a, location.pattern, location.files) for a, location in sources if isinstance(location, FileSource)]
    engines = declarations.config.engines.values()
    of_python = {name for asset in declarations.assets if asset.python for name in asset.python.variables}
    variables = sorted(of_python | set(declarations.variables))
    named = {
        "variables": variables,
        "tables": tables,
        "files": [[address, pattern] for address, pattern, _ in files],
        "allow": list(dict.fromkeys(folder for engine in engines for folder in engine.allow)),
    }
    tree = repository.tree
    session.cache.put(_NAMED, {tree: dumps(named)})
    session.cache.put(_GRAPHS, {_graph_key(tree, files, recorded, variables, ground): graph})
    session.cache.forget(_NAMED, keep=_GRAPHS_KEPT)
    session.cache.forget(_GRAPHS, keep=_GRAPHS_KEPT)


def _graph_key(
    tree: Digest,
    files: Sequence[tuple[str, str, tuple[File, ...]]],
    recorded: Mapping[Address, Shape],
    variables: Sequence[str],
    ground: Ground,
) -> str:
    """Return what a graph depends on: the code, the files of sources, the columns of source tables, our versions.

    And the interpreter of Python assets, and the values of the environment variables that they and templates read.
    """
    from headgate.app.linking.analyser_number import ANALYSER
    from headgate.core.hashing import ALGORITHM
    from headgate.project.python.interpreter import interpreter_identity

    data = tuple((address, pattern, tuple((f.path, f.digest) for f in found)) for address, pattern, found in files)
    shapes = tuple((a, tuple((c.name, c.type) for c in shape)) for a, shape in sorted(recorded.items()))
    values = tuple((name, os.environ.get(name)) for name in variables)
    python, engine = (interpreter_identity(), values), (ground.settings, ground.name)
    return digest("graph key", ALGORITHM, ANALYSER, __version__, engine, tree, data, shapes, python)


def undeclared_tables(declarations: Declarations) -> Mapping[Address, TableSource]:
    """Return the source tables whose columns stand in no file."""
    return {
        source.address: source.location
        for source in declarations.sources
        if isinstance(source.location, TableSource)
        and not (source.properties.columns and all(c.type for c in source.properties.columns))
    }


def recorded_shapes(
    session: Session, tables: Mapping[Address, TableSource], reading: Reading | None, *, engine: str
) -> Mapping[Address, Shape]:
    """Return the columns of source tables as they were last captured, else as they were last seen."""
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
    seen = session.cache.get(_COLUMNS, missing.values()) if missing else {}
    found.update({a: shape_from_json(loads(seen[key])) for a, key in missing.items() if key in seen})
    return found


def linked_now(
    session: Session, repository: Repository, reading: Reading, *, engine: str
) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """Return the graph and its warnings, with what is recorded of source tables, or quickly looked up."""
    recorded = recorded_shapes(session, undeclared_tables(repository.declarations), reading, engine=engine)
    recorded = looked_up(session, repository, recorded, engine=engine, refresh=frozenset(), is_patient=False)
    return graph_of(session, repository, recorded, engine=engine)


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
    if not wanted or not session.may_be_there(engine):
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
    session.cache.put(_COLUMNS, texts)
    return {**recorded, **found}


@contextmanager
def committed(session: Session, repository: Repository) -> Iterator[Repository]:
    """Give the repository as the commit has it: the working tree where it is clean, else a copy for the while.

    Data files that git does not know are the working tree's: they are linked into the copy.
    """
    git = repository.git
    if not git.commit or not repository.dirty:
        yield repository
        return
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="commit-", dir=own_folder(session.root)))
    try:
        root = git.check_out(git.commit, folder)
        if root is None:
            raise _without_git(git.commit)
        code = Repository(root, git, home=session.root, memory=repository.memory)
        is_lacking = link_data(repository, code)
        yield Repository(root, git, home=session.root, memory=repository.memory) if is_lacking else code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_git(commit: str) -> EnvironmentFailed:
    """Return why the files of a commit cannot be had."""
    import shutil

    if shutil.which("git") is None:
        text = f"the files of commit {commit[:7]} have to come from git, which is not installed or not in PATH"
        return EnvironmentFailed(text, hint="Install git. Check, plan and apply work without it.")
    return EnvironmentFailed(f"git does not give the files of {commit[:7]}", hint="Look: git status; git fsck")


def link_data(repository: Repository, code: Repository) -> bool:
    """Give a copy of a commit the data files of its own sources that git does not know; tell whether there are any.

    The sources of the working tree do not count: somebody may be at work on them.
    """
    declared = code.declarations
    allow = tuple(dict.fromkeys(folder for engine in declared.config.engines.values() for folder in engine.allow))
    patterns = [source.location.pattern for source in declared.sources if isinstance(source.location, FileSource)]
    linked = False
    for pattern in dict.fromkeys(patterns):
        if pattern.startswith(("/", "..")):
            continue
        for file in repository.matched(pattern, allow):
            target = code.root / file.path
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                # By name: a hard link would touch the file, which somebody else may be reading.
                target.symlink_to((repository.root / file.path).resolve())
                linked = True
    return linked


def _columns_key(engine: str, table: TableSource) -> str:
    return f"{engine}/{table.schema}.{table.name}"


def _texts(reading: Reading, collection: Collection, keys: Mapping[Address, str]) -> Mapping[Address, str]:
    found = reading.get(collection, keys.values()) if keys else {}
    return {address: found[key] for address, key in keys.items() if key in found}
