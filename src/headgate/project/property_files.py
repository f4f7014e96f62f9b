"""Property files: the sections ``models:``, ``assets:``, ``seeds:``, ``sources:`` and ``exposures:`` of a YAML file."""

from __future__ import annotations

import re
from typing import Any

from headgate.core.address import fault_in_part, fault_in_schema
from headgate.project.mapped import Mapped
from headgate.project.pieces import (
    ExposureStatement,
    SourceStatement,
    Stated,
    StatedFiles,
    StatedTable,
    StatedUse,
    Statement,
)
from headgate.project.properties import read_statement, warn_of_tests
from headgate.project.text import Text, did_you_mean
from headgate.project.yaml_nodes import Fields, Items, Scalar, parse_yaml

SECTIONS = ("assets", "models", "seeds", "sources", "exposures")
FORMATS = ("csv", "json", "parquet")

_UNUSED_SECTIONS = frozenset(
    {
        "analyses", "anchors", "data_tests", "groups", "macros", "metrics", "saved_queries", "semantic_models",
        "snapshots", "tests", "unit_tests", "version",
    }
)  # fmt: skip
_OF_FILES = frozenset({"path", "files", "external", "format", "options"})
_OF_SOURCES = _OF_FILES | {"schema", "tables", "overrides", "catalog"}
_OF_TABLES = _OF_FILES | {"schema", "identifier", "catalog"}
_OF_EXPOSURES = frozenset({"depends_on", "enabled", "label", "maturity", "type", "url"})
_OF_EXTERNAL = frozenset({"location", "format", "options", "file_format", "partitions", "row_format", "using"})
_CALL = re.compile(r"""(ref|source)\s*\(\s*(['"])(.+?)\2\s*(?:,\s*(['"])(.+?)\4\s*)?\)""")


class PropertyFile:
    """What one YAML file says. Faults go to its text."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.statements: list[Statement] = []
        self.sources: list[SourceStatement] = []
        self.exposures: list[ExposureStatement] = []

    def read(self) -> None:
        """Read all sections."""
        node = parse_yaml(self.source)
        if node is None:
            return
        if not isinstance(node, Fields):
            self.source.fault("HG309", "a property file is a mapping of sections", node.place, _SECTIONS_HINT)
            return
        file = Mapped(self.source, node)
        file.warn_of_others(frozenset(SECTIONS) | _UNUSED_SECTIONS, frozenset(SECTIONS), "a property file")
        for section in ("assets", "models", "seeds"):
            for entry in file.mappings(section):
                if name := entry.named(section):
                    self.statements.append(read_statement(entry, section, name))
        for entry in file.mappings("sources"):
            self._source(entry)
        for entry in file.mappings("exposures"):
            self._exposure(entry)
        warn_of_tests(self.source, node)

    def _source(self, entry: Mapped) -> None:
        name = entry.named("sources")
        if name is None or not self._is_allowed(name, fault_in_schema(name.value, of_assets=False)):
            return
        whole = read_statement(entry, "sources", name, more=_OF_SOURCES)
        if "tables" not in entry:
            hint = "List them below `tables:`, each with `- name: ...`."
            self.source.fault("HG309", f"source {name.value} has no tables", name.place, hint)
        for table in entry.mappings("tables"):
            own = table.named("tables")
            if own is None or not self._is_allowed(own, fault_in_part(own.value)):
                continue
            statement = _inherited(read_statement(table, "tables", own, more=_OF_TABLES), whole)
            location = self._files(table, own, entry) or self._table(table, own, entry, name)
            self.sources.append(SourceStatement(name.value, statement, location))

    def _is_allowed(self, name: Stated, fault: str) -> bool:
        if fault:
            hint = "Give it another name, and say with `schema:` or `identifier:` what the engine calls it."
            self.source.fault("HG107", fault, name.place, hint)
        return not fault

    @staticmethod
    def _table(table: Mapped, own: Stated, entry: Mapped, name: Stated) -> StatedTable:
        schema = table.text("schema") or entry.text("schema") or name
        identifier = table.text("identifier") or own
        return StatedTable(schema.value, identifier.value, own.place)

    def _files(self, table: Mapped, own: Stated, entry: Mapped) -> StatedFiles | None:
        """Return where files are, as the table or the source around it says; None where it is a table of the engine."""
        for said in (table, entry):
            location = said.text("path") or said.text("files")
            inner = said if location else said.mapping("external")
            if inner is not None and inner is not said:
                inner.warn_of_others(_OF_EXTERNAL, _OF_EXTERNAL, "external")
                location = inner.text("location")
            if location is None:
                inner, location = said, _dbt_duckdb_location(said)
            if inner is None or location is None:
                continue
            pattern = location.value.replace("{name}", own.value)
            options = {**_options(entry), **_options(inner), **_options(table)}
            return StatedFiles(pattern, self._format(pattern, (table, inner, entry)), options, location.place)
        return None

    def _format(self, pattern: str, said: tuple[Mapped, ...]) -> str:
        """Return the declared format, else the one that the end of the name tells, else nothing."""
        for one in said:
            if stated := one.text("format"):
                if stated.value.lower() in FORMATS:
                    return stated.value.lower()
                hint = did_you_mean(stated.value, FORMATS, f"Known are {', '.join(FORMATS)}.")
                self.source.fault("HG324", f"the format {stated.value} is not known", stated.place, hint)
                return "csv"
        return format_of(pattern)

    def _exposure(self, entry: Mapped) -> None:
        name = entry.named("exposures")
        if name is None:
            return
        columns = self._used_columns(entry)
        statement = read_statement(_without_columns(entry), "exposures", name, more=_OF_EXPOSURES)
        statement = _with_meta(statement, entry.values(_OF_EXPOSURES - {"depends_on"}))
        named = {use.name for use in columns}
        uses = [self._use(text) for text in entry.texts("depends_on")]
        self.exposures.append(
            ExposureStatement(
                statement, (*columns, *(use for use in uses if use is not None and use.name not in named))
            )
        )

    def _use(self, text: Stated) -> StatedUse | None:
        """Return what ``marts.x``, ``ref('x')`` or ``source('a', 'b')`` names."""
        call = _CALL.fullmatch(text.value.strip().removeprefix("{{").removesuffix("}}").strip())
        if call is None:
            if re.fullmatch(r"[\w.]+", text.value) and text.value.count(".") <= 1:
                return StatedUse(text.value, (), text.place)
            hint = "Write SCHEMA.NAME, ref('NAME') or source('SCHEMA', 'NAME')."
            self.source.fault("HG309", f"{text.value} does not name an asset", text.place, hint)
            return None
        first, second = call[3], call[5]
        name = f"{first}.{second}" if call[1] == "source" and second else second or first
        return StatedUse(name, (), text.place)

    def _used_columns(self, entry: Mapped) -> list[StatedUse]:
        """Return the columns that an exposure says it reads: ``marts.x.column``, or a mapping of names to columns."""
        node = entry.node("columns")
        found: list[StatedUse] = []
        if isinstance(node, Fields):
            inside = Mapped(self.source, node)
            for key, _ in node.pairs:
                found += [StatedUse(key.text, (column.value,), column.place) for column in inside.texts(key.text)]
            return found
        for item in node.items if isinstance(node, Items) else (node,) if node else ():
            name, dot, column = item.text.rpartition(".") if isinstance(item, Scalar) else ("", "", "")
            if dot and name and column:
                found.append(StatedUse(name, (column,), item.place))
            else:
                hint = "Write SCHEMA.NAME.COLUMN, or a mapping `SCHEMA.NAME: [COLUMN, ...]`."
                self.source.fault("HG309", "a used column has to name its asset", item.place, hint)
        return found


_SECTIONS_HINT = f"Its sections are {', '.join(SECTIONS)}."


def format_of(pattern: str) -> str:
    """Return the format that the end of a file name tells; empty where it tells none."""
    name = pattern.lower()
    for end in (".gz", ".zst", ".bz2"):
        name = name.removesuffix(end)
    ends = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet"}
    ends |= dict.fromkeys((".json", ".jsonl", ".ndjson"), "json")
    return next((format_ for end, format_ in ends.items() if name.endswith(end)), "")


def _options(said: Mapped) -> dict[str, str]:
    inside = said.mapping("options")
    if inside is None:
        return {}
    return {key.text: text.value for key, _ in inside.fields.pairs if (text := inside.text(key.text))}


def _dbt_duckdb_location(said: Mapped) -> Stated | None:
    """Return ``external_location`` from where dbt-duckdb looks for it: ``config`` or ``meta``."""
    for holder in ("config", "meta"):
        node = said.node(holder)
        if isinstance(node, Fields):
            inside = Mapped(said.source, node)
            inner = inside.node("meta")
            found = inside.text("external_location")
            if found is None and isinstance(inner, Fields):
                found = Mapped(said.source, inner).text("external_location")
            if found is not None:
                return found
    return None


def _inherited(own: Statement, whole: Statement) -> Statement:
    """Return what is said about one table of a source, with the owner, tags and meta of the source."""
    from dataclasses import replace

    return replace(own, owner=own.owner or whole.owner, tags=(*whole.tags, *own.tags), meta={**whole.meta, **own.meta})


def _with_meta(statement: Statement, more: dict[str, Any]) -> Statement:
    from dataclasses import replace

    return replace(statement, meta={**statement.meta, **more})


def _without_columns(entry: Mapped) -> Mapped:
    pairs = tuple(pair for pair in entry.fields.pairs if pair[0].text != "columns")
    return Mapped(entry.source, Fields(pairs, entry.fields.place))
