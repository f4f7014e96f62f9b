"""A dbt project as the files of a Headgate repository, and everything that is to be told about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headgate.core.address import Address, split
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.json_form import dumps
from headgate.project.dbt import left_over
from headgate.project.dbt.config_tree import Setting, is_true, plain_key, together
from headgate.project.dbt.loads import load_of
from headgate.project.dbt.macros import Macros, convert_macros, generic_tests_in
from headgate.project.dbt.marks import needs_of, texts_given
from headgate.project.dbt.names import Names, Read, Resource, name_all
from headgate.project.dbt.notes import Note, by_hand, left_out, told
from headgate.project.dbt.project_file import DbtProject, read_project
from headgate.project.dbt.properties import Entry, Properties, read_properties
from headgate.project.dbt.property_changes import Surroundings, changed, header_tags
from headgate.project.dbt.seeds import names_with_blanks, seed_columns, with_commas
from headgate.project.dbt.sql_text import SqlFile, convert, read_sql
from headgate.project.declare import YAML
from headgate.project.source_files import WrittenTable, entries_text
from headgate.project.text import decoded


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was imported."""

    tables: int = 0
    views: int = 0
    templates: int = 0
    seeds: int = 0
    sources: int = 0
    exposures: int = 0
    property_files: int = 0
    macros: int = 0


@dataclass(frozen=True, slots=True)
class Conversion:
    """The files of the repository by path, what was counted, what is to be told.

    ``engine_path`` is the DuckDB of the profile, relative to the dbt project, or empty; ``variables`` and ``target``
    are what templates read of the variables and of the profile's target; ``origins`` are the files of the dbt project
    by the path of what became of them.
    """

    name: str
    files: Mapping[str, bytes]
    origins: Mapping[str, str]
    notes: tuple[Note, ...]
    counts: Counts
    engine_path: str
    variables: Mapping[str, Any]
    target: Mapping[str, str]


def convert_project(
    files: Mapping[str, bytes], *, database: str = "", relocated: Callable[[str], str] = lambda path: path
) -> Conversion:
    """Return what becomes of the files of a dbt project, by path relative to its folder.

    ``database`` is the name of the engine's own file without its ending, where it is settled; ``relocated`` gives a
    path of the dbt project from where the repository is. Raises ``Refused`` where there is no project to read.
    """
    project = read_project(files)
    work = _Conversion(files, project, relocated)
    work.read()
    work.name(database or _stem(project.warehouse.path) or "warehouse")
    work.write_models()
    work.write_seeds()
    work.write_macros()
    work.write_properties()
    work.tell_the_rest()
    return work.conversion()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


@dataclass(slots=True)
class _Conversion:
    files: Mapping[str, bytes]
    project: DbtProject
    relocated: Callable[[str], str]
    made: dict[str, bytes] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    names: Names = field(default_factory=lambda: Names(""))
    macros: Macros = field(default_factory=lambda: Macros({}, frozenset(), ()))
    counts: Counts = field(default_factory=Counts)
    _properties: tuple[Properties, ...] = ()
    _entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _sql: dict[str, SqlFile] = field(default_factory=dict)
    _resources: list[Resource] = field(default_factory=list)
    _left: set[str] = field(default_factory=set)
    _kinds: dict[str, str] = field(default_factory=dict)
    _templates: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        """Read property files, then every model and seed with the configurations that hold for it."""
        self.notes += self.project.notes
        yaml = sorted({path for kind in _WITH_PROPERTIES for path in self._of(kind, YAML)})
        self._properties = tuple(read_properties(path, self.files[path], self.project.values) for path in yaml)
        for entry in (entry for file in self._properties for entry in file.entries):
            self._entries.setdefault((entry.section, entry.name.text), entry)
        for path in self._of("model", (".sql",)):
            if (text := self._text(path)) is not None:
                self._sql[path] = read_sql(path, text, self.project.values)
                self._add("models", path, "model")
        for path in self._of("seed", (".csv",)):
            self._add("seeds", path, "seed")
        others = (path for kind in ("analysis", "test", "snapshot") for path in self._of(kind, (".sql",)))
        self._left.update(_stem(path) for path in (*others, *self._of("model", (".py",))))

    def _of(self, kind: str, ends: tuple[str, ...]) -> Iterator[str]:
        """Yield the files of a kind, sorted."""
        folders = tuple(f"{path}/" if path != "." else "" for path in self.project.paths[kind])
        yield from (path for path in sorted(self.files) if path.endswith(ends) and path.startswith(folders))

    def _text(self, path: str) -> str | None:
        source = decoded(path, self.files[path])
        if isinstance(source, Diagnostic):
            self.notes.append(left_out(Place(path), source.summary, source.hint))
            return None
        return source.text

    def _folders(self, path: str, kind: str) -> tuple[str, ...]:
        """Return the folders of a file below the folder of its kind."""
        inner = max((p for p in self.project.paths[kind] if path.startswith(f"{p}/")), key=len, default="")
        return tuple(path.removeprefix(f"{inner}/" if inner else "").split("/")[:-1])

    def _add(self, section: str, path: str, kind: str) -> None:
        stem = path.rpartition("/")[2].rpartition(".")[0]
        name, version, entry = self._entry(section, stem)
        folders = self._folders(path, kind)
        levels = [*self.project.trees[section].along((self.project.name, *folders, stem))]
        levels += [entry.settings] if entry else []
        if file := self._sql.get(path):
            place = Place(path, file.config_line)
            levels.append({plain_key(key): Setting(value, place) for key, value in file.config.items()})
        settings = {n: Setting(self.project.values.of(s.value), s.place) for n, s in together(levels).items()}
        resource = Resource(section, name, version, path, folders, settings)
        enabled = settings.get("enabled")
        if enabled is not None and not is_true(enabled.value):
            where = enabled.place
            self._left.add(name)
            text = f"{name} is not enabled ({where.path}{f':{where.line}' if where.line else ''})"
            self.notes.append(left_out(resource.place, text))
        else:
            self._resources.append(resource)

    def _entry(self, section: str, stem: str) -> tuple[str, str, Entry | None]:
        """Return the name of the model in a file, its version, and what a property file says about it."""
        for (of, name), entry in self._entries.items():
            for version in entry.versions if of == section else ():
                if stem in (version.stem, f"{name}.v{version.name}"):
                    return name, version.name, entry
        return stem, "", self._entries.get((section, stem))

    def name(self, database: str) -> None:
        """Give everything its address."""
        self.names, notes = name_all(self.project, self._resources, self._properties, database=database)
        self.notes += notes
        self._resources = [r for r in self._resources if r.path in self.names.of_file]
        for (_, name), entry in self._entries.items():
            latest = self.names.ref((name,), {"v": entry.latest}) if entry.versions else None
            if latest:
                self.names.add(name, "", latest)
        self._name_snapshots()

    def _name_snapshots(self) -> None:
        texts = {path: text for path in self._of("snapshot", (".sql",)) if (text := self._text(path)) is not None}
        snapshots = left_over.snapshots_of(self.project, texts, self._properties)
        if not snapshots:
            return
        taken = frozenset(str(read.address) for read in self.names.sources.values())
        text, addresses, notes = left_over.snapshot_sources(snapshots, taken)
        self.notes += notes
        self._left.update(addresses)
        for name, address in addresses.items():
            self.names.add(name, "", Read(Address(address), name))
        self._write("assets/sources/dbt_snapshots.yml", text, snapshots[0].place.path)
        self._count(sources=len(addresses))

    def write_models(self) -> None:
        """Write each model as a SQL file with a header."""
        macro_files = {}
        for path in self._of("macro", (".sql",)):
            if (text := self._text(path)) is not None:
                macro_files["/".join((*self._folders(path, "macro"), path.rpartition("/")[2]))] = (path, text)
        self.macros = convert_macros(macro_files)
        for resource in self._resources:
            if resource.section == "models":
                self._write_model(resource)

    def _write_model(self, resource: Resource) -> None:
        file = self._sql[resource.path]
        schema, name = split(self.names.of_file[resource.path])
        converted = convert(file, self.names, self.macros.names, schema=schema)
        self.notes += converted.notes
        kind, note = left_over.kind_of(resource)
        self.notes += [note] if note else []
        said: Mapping[str, Any] = {"kind": kind} if kind == "view" else {}
        if resource.setting("materialized") == "incremental":
            said, note = load_of(resource, file, converted.cut)
            self.notes.append(note)
            kind = "incremental" if said else kind
        self._kinds[resource.path] = kind
        self.notes += left_over.config_notes(resource, frozenset(file.path for file in self._properties))
        text = self._header(resource, said, is_template=converted.is_template) + converted.text
        self._write(f"assets/{schema}/{name}.sql", text, resource.path)
        if converted.is_template:
            self._templates[resource.path] = converted.text
        self._count(**{"views" if kind == "view" else "tables": 1}, templates=int(converted.is_template))

    def _header(self, resource: Resource, kind: Mapping[str, Any], *, is_template: bool) -> str:
        """Return the header of a model: ``kind`` with what goes with it, and what is said of it nowhere else."""
        entry = self._entries.get((resource.section, resource.name))
        said = dict(kind)
        if tags := header_tags(resource, entry):
            said["tags"] = list(tags)
        known = entry.settings["meta"].value if entry and "meta" in entry.settings else {}
        meta = resource.setting("meta", {})
        rest = {k: v for k, v in meta.items() if k not in known} if isinstance(meta, dict) else {}
        if rest:
            said["meta"] = rest
        if is_template:
            said["template"] = "jinja"
        lines = [f"{key}: {value if isinstance(value, str) else dumps(value)}" for key, value in said.items()]
        if any("*/" in line for line in lines):
            self.notes.append(left_out(resource.place, "meta holds */, which would end the header"))
            lines = [line for line in lines if "*/" not in line]
        return "/* headgate\n" + "\n".join(lines) + "\n*/\n" if lines else ""

    def write_seeds(self) -> None:
        """Write each seed, and the types that dbt gives to its columns."""
        types: dict[str, list[WrittenTable]] = {}
        for resource in self._resources:
            if resource.section != "seeds":
                continue
            schema, name = split(self.names.of_file[resource.path])
            content, delimiter = self.files[resource.path], str(resource.setting("delimiter", ","))
            stated = resource.setting("column_types", {})
            columns = seed_columns(content, stated if isinstance(stated, dict) else {}, delimiter)
            for written in names_with_blanks(content, delimiter):
                text = f"its column {written!r} is called {written.strip()!r}, without the blanks around it"
                self.notes.append(told(resource.place, text))
            if delimiter != "," and columns:
                content = with_commas(content, delimiter)
                self.notes.append(told(resource.place, f"its separator is a comma now, no more {delimiter!r}"))
            self._kinds[resource.path] = "seed"
            self.notes += left_over.config_notes(resource, frozenset(file.path for file in self._properties))
            self._write(f"assets/{schema}/{name}.csv", content, resource.path)
            self._count(seeds=1)
            if columns:
                types.setdefault(schema, []).append(WrittenTable(name, columns=columns))
        for schema, tables in sorted(types.items()):
            text = "# The types that dbt gave to the columns of these seeds.\n" + entries_text("seeds", tables)
            self._write(f"assets/{schema}/seed_types.yml", text, "")

    def write_macros(self) -> None:
        """Write the macros where anything that was imported may call them."""
        self.notes += self.macros.notes
        paths = {"/".join((*self._folders(p, "macro"), p.rpartition("/")[2])): p for p in self._of("macro", (".sql",))}
        for target, text in self.macros.files.items():
            self._write(f"macros/{target}", text, paths[target])
        for name, text in self.macros.generic_tests.items():
            self._write(f"tests/generic/{name}.sql", text, "")
        self._count(macros=len(self.macros.names))

    def write_properties(self) -> None:
        """Write each property file that says something about what was imported."""
        around = Surroundings(
            names=self.names,
            values=self.project.values,
            resources={(r.section, r.name): r for r in self._latest()},
            left=frozenset(self._left),
            kinds=self._kinds,
            docs=dict(self._docs()),
            relocated=self.relocated,
        )
        for file in self._properties:
            target = self._property_target(file.path)
            found = changed(file, target, around)
            self.notes += found.notes
            if file.root is not None and not any(file.section(s) for s in _CARRIED):
                continue
            text = found.text.replace("\n", "\r\n") if file.has_crlf else found.text
            self._write(target, text, file.path)
            sources = [t for t in file.tables if (t.source.text, t.name.text) in self.names.sources]
            kept = [t for t in sources if (t.source.text, t.name.text) not in self.names.replaced and t.is_enabled]
            self._count(property_files=1, sources=len(kept), exposures=len(file.section("exposures")))

    def _latest(self) -> Iterator[Resource]:
        """Yield the resources that property files speak of: of several versions the latest one."""
        for resource in self._resources:
            entry = self._entries.get((resource.section, resource.name))
            if not resource.version or (entry and entry.latest == resource.version):
                yield resource

    def _property_target(self, path: str) -> str:
        """Return where a property file goes: its folders stay, as far as no other file is there."""
        kind = next((k for k in _WITH_PROPERTIES if path in set(self._of(k, YAML))), "model")
        folders = self._folders(path, kind) or (() if kind == "model" else (f"{kind}s",))
        name = path.rpartition("/")[2]
        target = "/".join(("assets", *folders, name))
        stem, _, end = name.rpartition(".")
        if name.startswith("."):
            target = "/".join(("assets", *folders, name.lstrip(".")))
        return target if target not in self.made else "/".join(("assets", *folders, f"{stem}_of_{kind}s.{end}"))

    def _docs(self) -> Iterator[tuple[str, str]]:
        """Yield the texts of `{% docs %}` blocks by name."""
        from headgate.project.dbt.marks import marks_of

        paths = {path for kind in ("docs", *_WITH_PROPERTIES) for path in self._of(kind, (".md",))}
        for path in sorted(paths):
            text = self._text(path) or ""
            marks = marks_of(text)
            for number, mark in enumerate(marks):
                end = next((m for m in marks[number + 1 :] if m.word == "enddocs"), None)
                if mark.word == "docs" and end:
                    yield mark.inner.removeprefix("docs").strip(), text[mark.end : end.start].strip()

    def tell_the_rest(self) -> None:
        """Tell what is not imported, and keep plain tests."""
        self.notes += [left_over.python_note(path) for path in self._of("model", (".py",))]
        self.notes += [left_over.analysis_note(path) for path in self._of("analysis", (".sql",))]
        for path in self._of("test", (".csv", ".sql")):
            folders = self._folders(path, "test")
            if folders[:1] == ("fixtures",):
                self._write("/".join(("tests", *folders, path.rpartition("/")[2])), self.files[path], path)
        for path in self._of("test", (".sql",)):
            if self._folders(path, "test")[:1] == ("fixtures",):
                continue
            text = self._text(path)
            own = dict(generic_tests_in(text)) if text is not None else {}
            if text is None or own:
                kept = ": only dbt can carry it out; its text is kept in tests/generic/" if own else ""
                self.notes.append(left_out(Place(path), f"a test of dbt's own kind{kept}"))
                for name, block in own.items():
                    self._write(f"tests/generic/{name}.sql", block, path)
                continue
            converted = convert(read_sql(path, text), self.names, self.macros.names)
            if converted.is_template:
                self.notes.append(left_over.test_note(path))
            else:
                name = "/".join((*self._folders(path, "test"), path.rpartition("/")[2]))
                self._write(f"tests/{name}", converted.text, path)
        self.notes.append(left_over.schema_note(self.project))

    def conversion(self) -> Conversion:
        """Return everything."""
        warehouse = self.project.warehouse
        is_file = (
            warehouse.path
            and "://" not in warehouse.path
            and not warehouse.path.startswith(("md:", ":", "motherduck:"))
        )
        return Conversion(
            name=self.project.name,
            files=self.made,
            origins=self.origins,
            notes=(*dict.fromkeys(self.notes), *dict.fromkeys(self._undeclared())),
            counts=self.counts,
            engine_path=warehouse.path if is_file else "",
            variables=self._variables(),
            target=self._target(),
        )

    def _variables(self) -> dict[str, Any]:
        """Return the variables that templates and macros read, as far as the project gives them values."""
        texts = (*self._templates.values(), *self.macros.files.values())
        names = {str(arguments[0]) for text in texts for arguments in texts_given(text, "var") if arguments}
        return {name: value for name, value in self.project.values.variables.items() if name in names}

    def _target(self) -> dict[str, str]:
        """Return what templates and macros read of the target, as far as the profile says it."""
        texts = (*self._templates.values(), *self.macros.files.values())
        read = {named.name.removeprefix("target.") for text in texts for named in needs_of(text)[0]}
        return {name: value for name, value in self.project.values.target.items() if name in read and value}

    def _undeclared(self) -> Iterator[Note]:
        """Yield what templates read that nobody has given them."""
        for path, text in self._templates.items():
            for arguments in texts_given(text, "env_var"):
                hint = f'List it, unless it is secret, in headgate.toml: [template], env = ["{arguments[0]}"].'
                yield by_hand(Place(path), f"the environment variable {arguments[0]} is not given to templates", hint)
            for named in needs_of(text)[0]:
                name = named.name.removeprefix("target.")
                if name != named.name and not self.project.values.target.get(name):
                    hint = f"Give it a value in headgate.toml, below [template.target]: {name}."
                    yield by_hand(Place(path), f"nothing says what {named.name} is", hint)
        for path, text in self._templates.items():
            for arguments in texts_given(text, "var"):
                if len(arguments) == 1 and arguments[0] not in self.project.values.variables:
                    text_ = f"the variable {arguments[0]} has no value in dbt_project.yml"
                    yield by_hand(Place(path), text_, "Give it one in headgate.toml, below [vars].")

    def _write(self, path: str, content: str | bytes, origin: str) -> None:
        self.made[path] = content.encode() if isinstance(content, str) else content
        self.origins[path] = origin

    def _count(self, **more: int) -> None:
        self.counts = replace(self.counts, **{name: getattr(self.counts, name) + n for name, n in more.items()})


_CARRIED = ("models", "seeds", "sources", "exposures", "unit_tests")
"""Sections of property files that say something about what is imported."""

_WITH_PROPERTIES = ("model", "seed", "snapshot", "macro", "test", "analysis")
"""The folders in which dbt looks for property files."""
