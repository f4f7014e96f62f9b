"""`headgate import dbt`: a dbt project becomes files of a repository. dbt is not needed, and nothing of it is run."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.core.declarations import Config
from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.core.errors import Refused, UsageError
from headgate.core.json_form import dumps
from headgate.project.dbt.convert import Conversion, convert_project
from headgate.project.dbt.notes import Note, by_hand, left_out, told
from headgate.project.dbt.project_file import PROJECT_FILE
from headgate.project.walk import CONFIG_FILE, FOLDERS

if TYPE_CHECKING:
    from headgate.app.check import Checked
    from headgate.project.dbt.convert import Counts

_READ = (".csv", ".md", ".py", ".sql", ".yaml", ".yml")
_SKIPPED = frozenset({"dbt_modules", "dbt_packages", "logs", "node_modules", "target", "venv", "__pycache__"})
_BYTES_MAX = 64 * 1024 * 1024
_ROUNDS_MAX = 5
_MENDED = ("HG304", "HG305", "HG307")
_UNNAMED = "HG208"


@dataclass(frozen=True, slots=True)
class ImportedDbt:
    """What came of an import into ``folder``: ``files`` were written, ``kept`` were there already with that content.

    ``notes`` are in the order of their places; ``diagnostics`` what `check` says of the result.
    """

    folder: str
    name: str
    files: tuple[str, ...]
    kept: tuple[str, ...]
    counts: Counts
    notes: tuple[Note, ...]
    diagnostics: tuple[Diagnostic, ...]
    engine_path: str

    @property
    def errors(self) -> int:
        """How many faults stand between the import and its first build."""
        return sum(one.severity is Severity.ERROR for one in self.diagnostics)


def import_dbt(source: Path, target: Path) -> ImportedDbt:
    """Write what the dbt project in ``source`` means into the repository at ``target``, which may be the same folder.

    Raises ``Refused``, with nothing written, where there is no dbt project, or where files of other content are in the
    way. Importing again writes nothing.
    """
    if not source.is_dir():
        raise UsageError(f"{source} is not a folder")
    settings, database = _settings_there(target)
    conversion = convert_project(_Folder(source), database=database, relocated=_relocation(source, target))
    path = _engine_path(conversion, source, target)
    more, notes = _project_files(conversion, target, settings, path)
    work = _Import(source, target, conversion, {**conversion.files, **more}, [*conversion.notes, *notes])
    work.leave_what_stands_in_place()
    with _beside(target) as folder:
        checked = work.check_in(Path(folder))
    kept = work.refuse_what_is_in_the_way()
    written = work.write(kept)
    return ImportedDbt(
        folder=str(target),
        name=conversion.name,
        files=written,
        kept=kept,
        counts=conversion.counts,
        notes=tuple(sorted(dict.fromkeys(work.notes), key=lambda n: (n.weight, n.place, n.text))),
        diagnostics=checked.diagnostics,
        engine_path=path,
    )


class _Folder(Mapping[str, bytes]):
    """The files of a folder by relative path, read when they are asked for; what dbt makes itself is not seen."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._paths = sorted(self._found())

    def _found(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self._root):
            folders[:] = [name for name in folders if name not in _SKIPPED and not name.startswith(".")]
            for name in names:
                path = Path(folder, name)
                if name.endswith(_READ) and not name.startswith(".") and path.is_file() and _size(path) <= _BYTES_MAX:
                    yield path.relative_to(self._root).as_posix()

    def __getitem__(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class _Import:
    """The files to write, and what is told."""

    def __init__(
        self, source: Path, target: Path, conversion: Conversion, files: dict[str, bytes], notes: list[Note]
    ) -> None:
        self.notes = notes
        self._source = source
        self._target = target
        self._conversion = conversion
        self._files = files

    def leave_what_stands_in_place(self) -> None:
        """Leave macros and tests alone that dbt has under the very same path: Headgate reads them there."""
        for path, origin in self._conversion.origins.items():
            file = self._target / path
            if not origin or not file.is_file() or not file.samefile(self._source / origin):
                continue
            if file.read_bytes() != self._files[path] and path.startswith("macros/"):
                hint = "Move what only dbt reads to another folder, and name that in dbt_project.yml: macro-paths."
                self.notes.append(by_hand(Place(origin), "it stays as it is, and holds what only dbt can read", hint))
            del self._files[path]
        if self._target.is_dir() and self._target.samefile(self._source):
            # dbt looks into tests/generic/, too: what its macros define would be there twice.
            for path in [path for path in self._files if path.startswith("tests/generic/")]:
                del self._files[path]

    def check_in(self, folder: Path) -> Checked:
        """Return what `check` says of the repository as it will be; mend what dbt does not mind, and tell it.

        ``folder`` is empty, and holds the repository for the while.
        """
        from headgate.app.check import check
        from headgate.app.repository import Repository, link_data, open_config
        from headgate.app.session import Session

        _copy_repository(self._target, folder)
        self._write_into(folder, self._files)
        home = self._target.resolve()
        with Session(folder, _allowing(home, open_config(folder).config)) as session:
            for _ in range(_ROUNDS_MAX):
                repository = Repository(folder, home=home)
                if link_data(Repository(home), repository):
                    repository = Repository(folder, home=home)
                checked = check(session, repository)
                faults = [one for one in checked.diagnostics if one.place and one.code in (*_MENDED, _UNNAMED)]
                mended = self._mend(faults)
                if not mended:
                    break
                self._write_into(folder, mended)
        return checked

    def _mend(self, faults: Sequence[Diagnostic]) -> Mapping[str, bytes]:
        """Return the files that are changed by what dbt does not mind, and tell it."""
        by_path: dict[str, list[Diagnostic]] = {}
        for one in faults:
            if one.place is not None and one.place.path in self._files and self._conversion.origins.get(one.place.path):
                by_path.setdefault(one.place.path, []).append(one)
        mended: dict[str, bytes] = {}
        for path, group in by_path.items():
            before = self._files[path].decode("utf-8-sig")
            plain = before.replace("\r\n", "\n")
            text = self._named(path, plain, group) if path.endswith(".sql") else self._without(path, plain, group)
            if text != plain:
                mended[path] = (text.replace("\n", "\r\n") if "\r\n" in before else text).encode()
        self._files.update(mended)
        return mended

    def _without(self, path: str, text: str, faults: Sequence[Diagnostic]) -> str:
        """Take out of a property file what speaks of columns that there are not, or of types that they have not."""
        from headgate.project.dbt.yaml_edits import NotEdited, YamlEdits

        edits = YamlEdits(text)
        for fault in faults:
            try:
                _take_out(edits, fault)
            except NotEdited:
                continue
            place = self._place_of(path, fault.place.line if fault.place else 0)
            self.notes.append(left_out(place, f"{fault.summary}: taken out of {path}"))
        return edits.text()

    def _named(self, path: str, text: str, faults: Sequence[Diagnostic]) -> str:
        """Give the columns of a model that have no name the engine's, as dbt does."""
        from headgate.project.dbt.item_names import with_names
        from headgate.sql.analyse import ENGINE_CALLS_IT

        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        items = []
        for fault in faults:
            name = fault.detail.removeprefix(ENGINE_CALLS_IT)
            if fault.place is None or not fault.excerpt or name == fault.detail:
                continue
            items.append((starts[fault.place.line - 1] + fault.place.column - 1, name))
            self.notes.append(told(self._place_of(path, fault.place.line), f"{fault.summary}: it is called {name}"))
        return with_names(text, items)

    def _place_of(self, path: str, line: int) -> Place:
        """Return the place in the dbt project of a line of a file that was made of it."""
        from difflib import SequenceMatcher

        origin = self._conversion.origins[path]
        before = (self._source / origin).read_text(encoding="utf-8-sig").splitlines()
        after = self._files[path].decode("utf-8-sig").splitlines()
        for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
            if block.b < line <= block.b + block.size:
                return Place(origin, line - block.b + block.a)
        return Place(origin)

    def refuse_what_is_in_the_way(self) -> tuple[str, ...]:
        """Return the files that are there with the same content; raise ``Refused`` where the content is another."""
        there = [path for path in sorted(self._files) if os.path.lexists(self._target / path)]
        same = [path for path in there if _content(self._target / path) == self._files[path]]
        other = [path for path in there if path not in same and path not in (CONFIG_FILE, ".gitignore")]
        if other:
            many = f"{len(other)} files of other content are" if len(other) > 1 else "a file of other content is"
            text = f"{many} in the way in {self._target}"
            hint = "Nothing was written. Move them away, or import into another folder: --to DIR"
            raise Refused([Diagnostic("HG194", text, hint=hint, detail="\n".join(other))])
        return tuple(same)

    def write(self, kept: Sequence[str]) -> tuple[str, ...]:
        """Write all that is not there yet, the settings last, and return the paths."""
        paths = [path for path in sorted(self._files) if path not in kept]
        self._write_into(self._target, {path: self._files[path] for path in paths if path != CONFIG_FILE})
        self._write_into(self._target, {path: self._files[path] for path in paths if path == CONFIG_FILE})
        return tuple(paths)

    @staticmethod
    def _write_into(folder: Path, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def _take_out(edits: Any, fault: Diagnostic) -> None:
    """Take a column, its type, or an entry out of a property file."""
    if fault.place is None:
        return
    if fault.code == "HG305":
        edits.remove_sibling(fault.place, ("data_type", "type"))
    else:
        edits.remove_item(fault.place)


def _settings_there(target: Path) -> tuple[str, str]:
    """Return the text of the settings and the name of the engine's file; empty where there are none yet."""
    from headgate.project.load import load_config

    try:
        text = (target / CONFIG_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return "", ""
    config, diagnostics = load_config(target)
    if any(one.severity is Severity.ERROR for one in diagnostics):
        raise Refused(diagnostics)
    return text, Path(next(iter(config.engines.values())).path).stem


def _relocation(source: Path, target: Path):  # type: ignore[no-untyped-def]
    def relocated(path: str) -> str:
        return Path(os.path.relpath(os.path.abspath(source / path), os.path.abspath(target))).as_posix()

    return relocated


def _engine_path(conversion: Conversion, source: Path, target: Path) -> str:
    path = conversion.engine_path
    return path if not path or path.startswith("/") else _relocation(source, target)(path)


def _project_files(
    conversion: Conversion, target: Path, settings: str, path: str
) -> tuple[dict[str, bytes], list[Note]]:
    """Return the settings and the lines for git that a repository lacks, and what is told of them."""
    from headgate.app.new import IGNORED, settings_of
    from headgate.app.new_beside import with_lines, with_path

    notes: list[Note] = []
    if settings:
        if path and f'"{path}"' not in settings:
            text = f"{CONFIG_FILE} is there and names another engine than the profile: {path}"
            notes.append(told(Place("profiles.yml"), text))
        text = settings
    else:
        text = settings_of(re.sub(r"[^\w-]+", "-", conversion.name))
        text = with_path(text, path) if path else text
    place = Place(PROJECT_FILE)
    for section, values in (("vars", conversion.variables), ("template.target", conversion.target)):
        lines, missing = _lines_of_toml(values)
        hint = f"Give it a value in headgate.toml, below [{section}]."
        notes += [by_hand(place, f"{name} cannot be written in TOML", hint) for name in missing]
        if lines and not re.search(rf"^\s*\[{section}\b|^\s*\[template\]", text, re.MULTILINE):
            text = f"{text.rstrip()}\n\n[{section}]\n{lines}"
        elif any(line not in text for line in lines.splitlines()):
            hint = "\n".join((f"[{section}]", *lines.splitlines()))
            notes.append(by_hand(place, f"{CONFIG_FILE} is there; templates need in it", hint))
    if conversion.target:
        named = ", ".join(f"target.{name}" for name in conversion.target)
        notes.append(
            told(Place("profiles.yml"), f"{named}: the same in every environment, as a build is shared by them")
        )
    ignored = _content(target / ".gitignore") or b""
    files = {CONFIG_FILE: text.encode(), ".gitignore": with_lines(ignored, IGNORED)}
    return files, notes


def _lines_of_toml(values: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return values as lines of TOML, and the names of those that have no form there."""
    lines, missing = [], []
    for name, value in values.items():
        text = _toml(value)
        if text is None:
            missing.append(name)
        else:
            key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else dumps(name)
            lines.append(f"{key} = {text}\n")
    return "".join(lines), missing


def _toml(value: Any) -> str | None:
    if isinstance(value, list):
        items = [_toml(item) for item in value]
        return None if None in items else f"[{', '.join(item for item in items if item)}]"
    if isinstance(value, dict):
        pairs = {dumps(str(key)): _toml(item) for key, item in value.items()}
        return None if None in pairs.values() else f"{{ {', '.join(f'{k} = {v}' for k, v in pairs.items())} }}"
    return None if value is None else dumps(value)


def _allowing(home: Path, config: Config) -> Config:
    """Return the settings of a copy of the repository: its engines read the data files where they are."""
    engines = {name: replace(one, allow=(*one.allow, str(home))) for name, one in config.engines.items()}
    return replace(config, engines=engines)


def _beside(target: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a folder for the while: on the disk of the repository where there is one, so that data is linked."""
    from headgate.app.session import own_folder

    folder = own_folder(target) if target.is_dir() else None
    return tempfile.TemporaryDirectory(prefix="import-", dir=folder, ignore_cleanup_errors=True)


def _copy_repository(root: Path, folder: Path) -> None:
    """Copy what Headgate reads of a repository."""
    from headgate.project.walk import walk

    for path in walk(root).files if root.is_dir() else ():
        if path.partition("/")[0] in (*FOLDERS, CONFIG_FILE):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, folder / path)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return _BYTES_MAX + 1
