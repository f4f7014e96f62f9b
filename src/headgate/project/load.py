"""The repository into ``Declarations``: walk, each file alone, then one merge. Faults are diagnostics, never raised.

10,000 SQL files of 600 bytes take about a second when nothing of them is known. A caller that only asks whether
anything changed needs ``survey``, which opens no file that the cache knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from headgate.core.address import fold, split
from headgate.core.declarations import AssetDeclaration, Config, Declarations, File, FileSource, SourceDeclaration
from headgate.core.diagnostic import Diagnostic, Place, Severity, in_order
from headgate.project.files import FileCache, file_of, file_of_bytes, read_bytes
from headgate.project.generic_tests import generic_tests
from headgate.project.templates.marks import has_marks
from headgate.project.walk import CONFIG_FILE, LOCK_FILES, Stat, Walked, has_python, walk, walk_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headgate.project.data_files import Matched
    from headgate.project.pieces import Piece
    from headgate.project.python.recipes import PythonCode
    from headgate.project.templates.memory import Memory
    from headgate.project.templates.project import Templates

# What understands files is imported where that is done: a survey alone starts 20 ms sooner.


@dataclass(frozen=True, slots=True)
class Survey:
    """Every file that Headgate reads, by content, and the faults of those that cannot be read."""

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]


def survey(root: Path, *, cache: FileCache | None = None) -> Survey:
    """Return the tree of the repository without understanding it. Cost: a stat per file; unknown ones are read."""
    work = _Load(root, cache)
    files = []
    for path, stat in work.stats.items():
        try:
            files.append(file_of(path, work.full(path), stat, work.cache))
        except OSError as error:
            work.unreadable(path, error)
    return Survey(tuple(files), tuple(work.diagnostics))


def load(
    root: Path,
    *,
    cache: FileCache | None = None,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    memory: Memory | None = None,
) -> Declarations:
    """Return everything that the repository at ``root`` declares, with all faults that files show one by one.

    ``environ`` gives the values of ``env:NAME``; the process's own unless given. Where ``root`` is a copy, ``home`` is
    the folder that it stands for: from there paths lead out of the repository. ``memory`` keeps filled templates.
    """
    from headgate.project.data_files import match_files
    from headgate.project.merge import merge

    work = _Load(root, cache)
    pieces = [piece for path, stat in work.stats.items() if (piece := work.piece(path, stat))]
    config = work.config(os.environ if environ is None else environ)
    allow = tuple(dict.fromkeys(folder for engine in config.engines.values() for folder in engine.allow))
    if home is not None:  # data files of a copy are links to those of the folder that it stands for
        allow = (*allow, os.fspath(home))

    def match(pattern: str) -> Matched:
        is_outside = home is not None and pattern.startswith("..")
        return match_files(home if home and is_outside else root, pattern, allow, work.cache)

    variables = os.environ if environ is None else environ
    code = work.code(pieces, variables)
    templates = work.templates(config, pieces, variables, memory)
    merged = merge(pieces, work.files, match, code.of if code else _no_code, templates)
    faults = [*_named_like_warehouses(config, merged.assets), *_not_seeds(work.like_seeds, merged.sources)]
    faults += code.faults if code else ()
    return Declarations(
        config,
        merged.assets,
        merged.sources,
        merged.exposures,
        tuple(work.files[path] for path in work.stats if path in work.files),
        in_order((*work.diagnostics, *merged.diagnostics, *faults)),
        tuple(sorted(templates.asked)) if templates else (),
        merged.groups,
        merged.unit_tests,
        merged.kept,
        merged.queries,
        tuple(piece.expected for piece in pieces if piece.expected is not None),
        generic_tests(pieces),
    )


def _no_code(piece: Piece) -> NoReturn:
    raise AssertionError(f"{piece.path} was not walked as Python")


def _not_seeds(paths: Iterable[str], sources: Iterable[SourceDeclaration]) -> Iterator[Diagnostic]:
    """Yield a warning for each file that somebody may take for a seed, unless a source reads it."""
    locations = (source.location for source in sources)
    known = {file.path for one in locations if isinstance(one, FileSource) for file in one.files}
    for path in paths:
        if path not in known:
            summary = f"{path} is not read: a seed is a .csv file with commas"
            hint = "Save it so, or move it to data/ and declare it as a source with `path:`."
            yield Diagnostic("HG106", summary, Place(path), hint, severity=Severity.WARNING)


def _named_like_warehouses(config: Config, assets: Iterable[AssetDeclaration]) -> Iterator[Diagnostic]:
    """Yield a fault for each schema that is called as an engine's database is: every view in it would be ambiguous."""
    if not config.bare:
        return
    databases = {fold(Path(engine.path).stem): engine.path for engine in config.engines.values()}
    schemas = {split(asset.address)[0]: asset.file.path for asset in reversed(tuple(assets))}
    for schema, path in sorted(schemas.items()):
        if fold(schema) in databases:
            summary = f"{schema!r} is what the engine calls the database {databases[fold(schema)]}"
            yield Diagnostic("HG107", summary, Place(path), "Rename the folder, or the file in headgate.toml.")


def load_config(root: Path, *, environ: Mapping[str, str] | None = None) -> tuple[Config, tuple[Diagnostic, ...]]:
    """Return the configuration alone, and its faults."""
    work = _Load(root, None, walk=walk_config)
    return work.config(os.environ if environ is None else environ), tuple(work.diagnostics)


class _Load:
    def __init__(self, root: Path, cache: FileCache | None, *, walk: Callable[[Path], Walked] = walk) -> None:
        self.cache = FileCache() if cache is None else cache
        self.files: dict[str, File] = {}
        self._root = root
        self._top = os.path.join(os.fspath(root), "")
        # Before the walk: what is younger than this moment is not remembered.
        self._read_at = self.cache.moment()
        found = walk(root)
        self.stats: Mapping[str, Stat] = found.files
        self.like_seeds = found.like_seeds
        self.diagnostics: list[Diagnostic] = list(found.diagnostics)

    def full(self, path: str) -> str:
        """Return the path in the file system."""
        return self._top + path

    def piece(self, path: str, stat: Stat) -> Piece | None:
        """Return what one file says, and note its digest; None where it cannot be read."""
        from headgate.project.declare import SEED_BYTES_MAX, TEXT_BYTES_MAX, declare_file, declare_path, too_large

        if path == CONFIG_FILE:
            return None
        is_seed = path.endswith(".csv") or path in LOCK_FILES  # told apart by content, and not looked into
        limit = SEED_BYTES_MAX if is_seed else TEXT_BYTES_MAX
        if stat.size > limit:
            self.diagnostics.append(too_large(path, stat.size, limit))
            return None
        try:
            if is_seed:
                self.files[path] = file_of(path, self.full(path), stat, self.cache)
                return declare_path(path)
            content = read_bytes(self.full(path))
        except OSError as error:
            self.unreadable(path, error)
            return None
        self.files[path] = file_of_bytes(path, content, stat, self.cache, read_at=self._read_at)
        return declare_file(path, content)

    def code(self, pieces: Sequence[Piece], environ: Mapping[str, str]) -> PythonCode | None:
        """Return the code behind functions; None where there are none."""
        if not has_python(self.stats):
            return None
        from headgate.project.python.recipes import PythonCode

        return PythonCode(pieces, self.files, environ)

    def templates(
        self, config: Config, pieces: Sequence[Piece], environ: Mapping[str, str], memory: Memory | None
    ) -> Templates | None:
        """Return the templates with the files of macros among the pieces; None where no text has a mark of one."""
        if not any(has_marks(piece.text) for piece in pieces if piece.path.endswith(".sql")):
            return None
        from headgate.project.templates.library import MacroFile
        from headgate.project.templates.project import Templates
        from headgate.project.text import Text

        found = (piece for piece in pieces if piece.path.startswith("macros/"))
        macros = [MacroFile(Text(one.path, one.text), self.files[one.path].digest) for one in found]
        return Templates(config, macros, environ, memory)

    def config(self, environ: Mapping[str, str]) -> Config:
        """Return the configuration."""
        from headgate.project.text import decoded
        from headgate.project.toml.config import TOML_BYTES_MAX, default_config, read_config

        name = self._root.resolve().name or "project"
        stat = self.stats.get(CONFIG_FILE)
        if stat is None:  # there is none, or the walk refused it
            return default_config(name)
        try:
            if stat.size > TOML_BYTES_MAX:
                from headgate.project.declare import too_large

                self.diagnostics.append(too_large(CONFIG_FILE, stat.size, TOML_BYTES_MAX))
                return default_config(name)
            content = read_bytes(self.full(CONFIG_FILE))
        except OSError as error:
            self.unreadable(CONFIG_FILE, error)
            return default_config(name)
        self.files[CONFIG_FILE] = file_of_bytes(CONFIG_FILE, content, stat, self.cache, read_at=self._read_at)
        source = decoded(CONFIG_FILE, content)
        if isinstance(source, Diagnostic):
            self.diagnostics.append(source)
            return default_config(name)
        config = read_config(source, name, environ)
        self.diagnostics += source.all_faults()
        return config

    def unreadable(self, path: str, error: OSError) -> None:
        """Note that a file cannot be read."""
        summary = f"{path} cannot be read: {error.strerror or error}"
        self.diagnostics.append(
            Diagnostic("HG101", summary, Place(path), "Check that it is there and its permissions.")
        )
