"""Sources of a property file of dbt: names that can be, places where the data is, nothing that an asset makes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from headgate.core.address import split
from headgate.project.dbt.file_edits import FileEdits
from headgate.project.dbt.names import Names
from headgate.project.dbt.notes import by_hand, left_out, told
from headgate.project.dbt.properties import Properties, SourceTable, child, items_of
from headgate.project.dbt.values import Values
from headgate.project.yaml_nodes import Fields, Scalar

_READER = re.compile(r"\s*(?:read_\w+|parquet_scan)\(\s*'([^']+)'\s*\)\s*", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class SourceChanges:
    """Changes the sources of one file; ``relocated`` gives a path of the dbt project from where the repository is."""

    def __init__(
        self, file: Properties, names: Names, values: Values, relocated: Callable[[str], str], edits: FileEdits
    ) -> None:
        self._file = file
        self._names = names
        self._values = values
        self._relocated = relocated
        self._edits = edits

    def make(self) -> None:
        """Change names and places of source tables; take out those that are no sources here."""
        for whole in items_of(self._file.root, "sources") if self._file.root else ():
            tables = [table for table in self._file.tables if table.whole is whole]
            kept = [table for table in tables if self._is_kept(table)]
            name = child(whole, "name")
            if not isinstance(name, Scalar):
                continue
            if not kept:
                self._edits.remove_item(name)
                continue
            for table in tables:
                if table not in kept:
                    self._edits.remove_item(table.name)
            self._source(whole, name, kept)

    def _is_kept(self, table: SourceTable) -> bool:
        key = (table.source.text, table.name.text)
        if not table.is_enabled:
            self._edits.notes.append(left_out(self._edits.place(table.name), f"source {'.'.join(key)} is not enabled"))
        return table.is_enabled and key not in self._names.replaced and key in self._names.sources

    def _source(self, whole: Fields, name: Scalar, tables: Sequence[SourceTable]) -> None:
        schema = child(whole, "schema")
        renamed = split(self._names.sources[name.text, tables[0].name.text].address)[0]
        if renamed != name.text:
            self._edits.replace(name, renamed)
            if schema is None:
                self._edits.add_pair(name, "schema", name.text)
        if isinstance(schema, Scalar) and schema.text != tables[0].schema:
            self._edits.replace(schema, tables[0].schema)
        for stated in (schema, child(whole, "database")):
            if isinstance(stated, Scalar) and "{{" in str(self._values.of(stated.text)):
                text = f"{stated.text} cannot be filled in"
                self._edits.notes.append(
                    by_hand(self._edits.place(stated), text, "Write the schema as the engine calls it.")
                )
        if tables[0].database and not all(table.location for table in tables):
            text = (
                f"source {name.text} is in the database {tables[0].database}: tables of the engine's own file are read"
            )
            self._edits.notes.append(told(self._edits.place(name), text))
        for table in tables:
            self._table(table)
        for stated in {table.location.place: table.location for table in tables if table.location}.values():
            self._location(stated, [table for table in tables if table.location is stated])

    def _table(self, table: SourceTable) -> None:
        renamed = split(self._names.sources[table.source.text, table.name.text].address)[1]
        identifier = child(table.table, "identifier")
        if renamed != table.name.text:
            self._edits.replace(table.name, renamed)
            if identifier is None and isinstance(table.table, Fields):
                self._edits.add_pair(table.name, "identifier", table.name.text)
        if isinstance(identifier, Scalar) and identifier.text != table.identifier:
            self._edits.replace(identifier, table.identifier)

    def _location(self, stated: Scalar, tables: Sequence[SourceTable]) -> None:
        """Write where files are as Headgate reads it: a path, from the repository."""
        called = _READER.fullmatch(stated.text)
        path = called[1] if called else stated.text.strip().removeprefix("'").removesuffix("'")
        path = str(self._values.of(path))
        place = self._edits.place(stated)
        if len(tables) == 1:
            path = path.replace("{identifier}", tables[0].identifier).replace("{schema}", tables[0].schema)
        strange = [name for name in _PLACEHOLDER.findall(path) if name != "name"]
        if "(" in path or "://" in path or "{{" in path or strange:
            self._edits.notes.append(
                by_hand(place, f"the location {stated.text} is no path", "Write `path:` with a path of this machine.")
            )
            return
        path = path if path.startswith("/") else self._relocated(path)
        if path.startswith(("/", "..")):
            folder = posixpath.dirname(re.split(r"[*?\[{]", path)[0])
            text = f"{path} is outside of the repository"
            self._edits.notes.append(
                by_hand(place, text, f'Allow it in headgate.toml: allow = ["{folder}"], below [engines.local].')
            )
        if path != stated.text:
            self._edits.replace(stated, path)
