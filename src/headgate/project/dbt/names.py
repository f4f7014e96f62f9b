"""Where everything of a dbt project stands in Headgate: the address of each model, seed, snapshot and source table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.core.address import Address, fault_in_part, fault_in_schema, fold, make_address, part_like, split
from headgate.core.diagnostic import Place
from headgate.project.dbt.config_tree import Setting
from headgate.project.dbt.marks import Call
from headgate.project.dbt.notes import Note, by_hand, left_out, told
from headgate.project.dbt.project_file import PROJECT_FILE, DbtProject
from headgate.project.dbt.properties import Properties, SourceTable

_OTHERWISE = "_models"


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of a dbt project that becomes an asset: ``name`` as ``ref`` names it, ``path`` with its folders.

    ``settings`` are the configurations that hold; ``alias`` is what dbt calls it in the engine.
    """

    section: str
    name: str
    version: str
    path: str
    folders: tuple[str, ...]
    settings: Mapping[str, Setting]

    def setting(self, name: str, default: Any = None) -> Any:
        """Return the value of a configuration."""
        found = self.settings.get(name)
        return default if found is None or found.value is None else found.value

    @property
    def stem(self) -> str:
        """The name of its file without the ending."""
        return self.path.rpartition("/")[2].rpartition(".")[0]

    @property
    def alias(self) -> str:
        """What dbt calls it in the engine."""
        stem = f"{self.name}_v{self.version}" if self.version else self.name
        return str(self.setting("alias") or stem)

    @property
    def place(self) -> Place:
        """Its file."""
        return Place(self.path)


@dataclass(frozen=True, slots=True)
class Read:
    """What a ``ref`` or ``source`` means: the address here, and the name that dbt's SQL would show."""

    address: Address
    identifier: str


@dataclass(slots=True)
class Names:
    """All names. ``of_file`` is the address of each file that becomes an asset."""

    project: str
    of_file: dict[str, Address] = field(default_factory=dict)
    sources: dict[tuple[str, str], Read] = field(default_factory=dict)
    replaced: dict[tuple[str, str], Address] = field(default_factory=dict)
    """Source tables that an asset of the project makes: readers read that."""
    _refs: dict[tuple[str, str], Read] = field(default_factory=dict)

    def ref(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Read | None:
        """Return what ``ref(...)`` means; None for what is not imported."""
        if not 1 <= len(arguments) <= 2 or (len(arguments) == 2 and arguments[0] != self.project):
            return None
        version = keywords.get("v", keywords.get("version", ""))
        return self._refs.get((str(arguments[-1]), str(version)))

    def source(self, arguments: Sequence[Any]) -> Read | None:
        """Return what ``source(...)`` means; None for what no file declares."""
        return self.sources.get((str(arguments[0]), str(arguments[1]))) if len(arguments) == 2 else None

    def written(self, call: Call, read: Read, schema: str) -> str:
        """Return a call that means the same to an asset of ``schema``: with the schema where a name would not do."""
        own, name = split(read.address)
        if read.address not in self.of_file.values():
            plain = call.name == "source" and call.arguments == (own, name)
            return (
                f"source('{own}', '{name}')" if not plain else f"source('{call.arguments[0]}', '{call.arguments[1]}')"
            )
        same = [a for a in self.of_file.values() if fold(split(a)[1]) == fold(str(call.arguments[-1]))]
        near = [a for a in same if fold(split(a)[0]) == fold(schema)] or same
        if call.name == "ref" and len(call.arguments) == 1 and not call.keywords and near == [read.address]:
            return f"ref('{call.arguments[0]}')"
        return f"ref('{own}', '{name}')"

    def add(self, name: str, version: str, read: Read) -> None:
        """Let ``ref(name, v=version)`` mean something."""
        self._refs[name, version] = read

    def is_known(self, name: str) -> bool:
        """Tell whether any version of a model of that name is imported."""
        return any(known == name for known, _ in self._refs)


def name_all(
    project: DbtProject, resources: Iterable[Resource], files: Iterable[Properties], *, database: str
) -> tuple[Names, list[Note]]:
    """Return the addresses of everything; ``database`` is the name of the engine's own file.

    The schema of an asset is its ``schema`` configuration, else its first folder, else ``models`` or ``seeds``.
    """
    work = _Naming(project, database)
    resources = tuple(resources)
    tables = tuple((file.path, table) for file in files for table in file.tables if table.is_enabled)
    work.look_for_assets_read_as_sources(resources, tables)
    work.name_sources(tables)
    work.name_assets(resources)
    return work.names, work.notes


class _Naming:
    def __init__(self, project: DbtProject, database: str) -> None:
        self.names = Names(project.name)
        self.notes: list[Note] = []
        self._project = project
        self._database = fold(database)
        self._sources: set[str] = set()
        self._schemas: dict[str, str] = {}
        self._assets: dict[str, str] = {}
        self._made: dict[tuple[str, str], Resource] = {}
        self._read_as_sources: dict[str, list[tuple[str, str]]] = {}

    def look_for_assets_read_as_sources(
        self, resources: Iterable[Resource], tables: Iterable[tuple[str, SourceTable]]
    ) -> None:
        """Note which source tables are what a model or a seed of the project makes."""
        target = self._project.warehouse.schema or "main"
        for resource in resources:
            custom = str(resource.setting("schema") or "")
            for schema in (custom, f"{target}_{custom}") if custom else (target,):
                self._made[fold(schema), fold(resource.alias)] = resource
        for path, table in tables:
            made = None if table.location else self._made.get((fold(table.schema), fold(table.identifier)))
            if made is not None:
                key = (table.source.text, table.name.text)
                self._read_as_sources.setdefault(made.path, []).append(key)
                text = f"source {'.'.join(key)} is what {made.path} makes: its readers read that, its entry is gone"
                self.notes.append(told(Place(path, table.name.place.line), text))

    def name_sources(self, tables: Iterable[tuple[str, SourceTable]]) -> None:
        """Give every source table its address."""
        taken = {key for keys in self._read_as_sources.values() for key in keys}
        for path, table in tables:
            key = (table.source.text, table.name.text)
            if key in taken:
                continue
            schema, name = part_like(key[0], is_schema=True), part_like(key[1], is_schema=False)
            address = make_address(schema, name)
            place = Place(path, table.name.place.line)
            if fold(address) in self._sources and key not in self.names.sources:
                self.notes.append(
                    by_hand(place, f"source {'.'.join(key)} would be {address}, which is another one", _RENAME)
                )
                continue
            if (schema, name) != key:
                self.notes.append(told(place, f"source {'.'.join(key)} is called {address}"))
            self._sources.add(fold(address))
            self._sources.add(fold(f"{table.schema}.{table.identifier}"))
            self.names.sources[key] = Read(address, table.identifier)

    def name_assets(self, resources: Sequence[Resource]) -> None:
        """Give every model and seed its address."""
        wished = {resource.path: self._wished(resource) for resource in resources}
        for schema in sorted({schema for schema, _ in wished.values()}):
            of_schema = [name for one, name in wished.values() if one == schema]
            self._schemas[schema] = self._free_schema(schema, of_schema)
        for written in sorted({self._stated(resource) for resource in resources}):
            if (schema := part_like(written, is_schema=True)) != written:
                text = f"the schema {written} is called {schema}: {fault_in_schema(written, of_assets=True)}"
                self.notes.append(told(Place(PROJECT_FILE), text))
        for resource in resources:
            schema, name = wished[resource.path]
            address = make_address(self._schemas[schema], name)
            other = self._assets.setdefault(fold(address), resource.path)
            if other != resource.path:
                text = f"it would be {address}, which {other} is already"
                self.notes.append(left_out(resource.place, text, "Give one of them another alias or schema."))
                continue
            if name != resource.name:
                self._tell_renamed(resource, address)
            self.names.of_file[resource.path] = address
            read = Read(address, resource.alias)
            self.names.add(resource.name, resource.version, read)
            for key in self._read_as_sources.get(resource.path, ()):
                self.names.sources[key] = read
                self.names.replaced[key] = address

    def _wished(self, resource: Resource) -> tuple[str, str]:
        return part_like(self._stated(resource), is_schema=True), part_like(resource.alias, is_schema=False)

    @staticmethod
    def _stated(resource: Resource) -> str:
        """Return the schema that a resource would have if all names were allowed."""
        folder = resource.folders[0] if resource.folders else resource.section
        return str(resource.setting("schema") or folder)

    def _free_schema(self, schema: str, names: Iterable[str]) -> str:
        """Return the schema, or another one where it is the engine's own or its tables would be those of sources."""
        fault = fault_in_schema(schema, of_assets=True)
        if not fault and fold(schema) == self._database:
            fault = f"{schema!r} is what the engine calls its database"
        if not fault and any(fold(f"{schema}.{name}") in self._sources for name in names):
            fault = f"tables of sources have names of {schema}"
        if not fault:
            return schema
        other = f"{schema}{_OTHERWISE}"
        self.notes.append(told(Place(PROJECT_FILE), f"the schema {schema} is called {other}: {fault}"))
        return other

    def _tell_renamed(self, resource: Resource, address: Address) -> None:
        name = split(address)[1]
        if name == resource.alias and resource.setting("alias"):
            place = resource.settings["alias"].place
            text = f"{resource.name} is called {address}, by its alias"
            self.notes.append(told(Place(place.path, place.line), text))
        elif not resource.version:
            self.notes.append(
                told(resource.place, f"{resource.name} is called {address}: {fault_in_part(resource.alias)}")
            )


_RENAME = "Rename one of them in the property file, and where it is read."
