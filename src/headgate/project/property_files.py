"""Property files: the sections of a YAML file, those that Headgate uses and those that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headgate.core.address import fault_in_part, fault_in_schema
from headgate.core.declarations import Group, KeptEntry, Kind
from headgate.project.check_form import FormCheck
from headgate.project.declared_promises import read_freshness
from headgate.project.forms.form import Use
from headgate.project.forms.others import CONTRACTS, OTHER_SECTIONS
from headgate.project.forms.property_file import PROPERTY_FILE
from headgate.project.mapped import Mapped
from headgate.project.pieces import (
    ExposureStatement,
    SourceStatement,
    Stated,
    StatedFiles,
    StatedTable,
    StatedUse,
    Statement,
    UnitTestStatement,
)
from headgate.project.properties import read_statement
from headgate.project.references import reference_of
from headgate.project.text import Text, did_you_mean
from headgate.project.unit_test_entries import read_unit_test
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar, parse_yaml

FORMATS = ("csv", "json", "parquet")


class PropertyFile:
    """What one YAML file says. Faults go to its text."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.check = FormCheck(source)
        self.statements: list[Statement] = []
        self.sources: list[SourceStatement] = []
        self.exposures: list[ExposureStatement] = []
        self.groups: list[Group] = []
        self.unit_tests: list[UnitTestStatement] = []
        self.kept: list[KeptEntry] = []
        self.contracted: list[Stated] = []

    def read(self) -> None:
        """Read all sections."""
        node = parse_yaml(self.source)
        if node is None:
            return
        if self.source.path.startswith("tests/") and not _has_sections(node):
            hint = "Unit tests stand below `unit_tests:`; move what is something else out of tests/."
            self.source.warn("HG106", f"{self.source.path} holds no unit tests, and is not read", node.place, hint)
            return
        if not isinstance(node, Fields):
            self.source.fault("HG309", "a property file is a mapping of sections", node.place, _SECTIONS_HINT)
            return
        self.check.check(node, PROPERTY_FILE, "a property file")
        file = Mapped(node)
        for section in ("assets", "models", "seeds"):
            for entry in file.mappings(section):
                if name := entry.text("name"):
                    self.statements.append(read_statement(self.source, entry, section, name))
        for entry in file.mappings("snapshots"):
            self._snapshot(file, entry)
        for entry in file.mappings("sources"):
            self._source(entry)
        for entry in file.mappings("exposures"):
            self._exposure(entry)
        self.groups += (group for entry in file.mappings("groups") if (group := _group(entry)))
        self.unit_tests += (one for e in file.mappings("unit_tests") if (one := read_unit_test(self.source, e)))
        for section in (CONTRACTS, *OTHER_SECTIONS):
            for entry in file.mappings(section):
                self._keep(section, entry)

    def _keep(self, section: str, entry: Mapped) -> None:
        name = entry.text("name")
        place = name.place if name else entry.fields.place
        values = entry.rest(() if section == CONTRACTS else ("name",))
        if section == CONTRACTS:
            self.contracted += entry.texts("assets")
        self.kept.append(KeptEntry(section, name.value if name else "", values, place))

    def _snapshot(self, file: Mapped, entry: Mapped) -> None:
        """Read what is said about a snapshot; one that dbt makes of a relation alone is kept, and told as unused."""
        name = entry.text("name")
        if "relation" in entry:
            self.check.unused.append(("snapshots", file.place("snapshots")))
            self._keep("snapshots", entry)
        elif name is not None:
            statement = read_statement(self.source, entry, "snapshots", name)
            kind = statement.kind or Stated(Kind.SNAPSHOT.value, name.place)
            self.statements.append(replace(statement, kind=kind))

    def _source(self, entry: Mapped) -> None:
        name = entry.text("name")
        if name is None or not self._is_allowed(name, fault_in_schema(name.value, of_assets=False)):
            return
        whole = read_statement(self.source, entry, "sources", name)
        for table in entry.mappings("tables"):
            own = table.text("name")
            if own is None or not self._is_allowed(own, fault_in_part(own.value)):
                continue
            statement = _inherited(read_statement(self.source, table, "tables", own), whole)
            statement = replace(statement, freshness=read_freshness(table, entry))
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
        name = entry.text("name")
        if name is None:
            return
        columns = self._used_columns(entry)
        statement = read_statement(self.source, _without_columns(entry), "exposures", name)
        if entry.truth("enabled") is False:
            summary = "enabled: false is not supported in this version"
            self.source.fault("HG303", summary, entry.place("enabled"), "Take the entry out.")
        named = {use.name for use in columns}
        uses = [use for text in entry.texts("depends_on") if (use := reference_of(text)) and use.name not in named]
        self.exposures.append(ExposureStatement(statement, (*columns, *uses)))

    @staticmethod
    def _used_columns(entry: Mapped) -> list[StatedUse]:
        """Return the columns that an exposure says it reads: ``marts.x.column``, or a mapping of names to columns."""
        node = entry.node("columns")
        if isinstance(node, Fields):
            inside = Mapped(node)
            return [
                StatedUse(key, (column.value,), column.place) for key in inside.names() for column in inside.texts(key)
            ]
        found: list[StatedUse] = []
        for item in node.items if isinstance(node, Items) else (node,) if node else ():
            name, dot, column = item.text.rpartition(".") if isinstance(item, Scalar) else ("", "", "")
            if dot and name and column:
                found.append(StatedUse(name, (column,), item.place))
        return found


_SECTIONS_HINT = f"Its sections are {', '.join(k for k, f in PROPERTY_FILE.fields.items() if f.use is Use.READ)}."


def _has_sections(node: Node) -> bool:
    """Tell whether a tree is a property file: below ``tests/`` may be YAML of other tools."""
    return isinstance(node, Fields) and any(key.text in PROPERTY_FILE.fields for key, _ in node.pairs)


def _group(entry: Mapped) -> Group | None:
    name, owner = entry.text("name"), entry.mapping("owner")
    if name is None or not name.value:
        return None
    email = next(iter(owner.words("email")), "") if owner else ""
    config = entry.mapping("config")
    inner, given = config.mapping("meta") if config else None, entry.mapping("meta")
    return Group(
        name=name.value,
        owner=(owner.word("name") or email) if owner else entry.word("owner"),
        email=email,
        description=entry.word("description"),
        meta=(inner.rest(()) if inner else {}) | (given.rest(()) if given else {}),
        place=name.place,
    )


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
    return {key: text.value for key in inside.names() if (text := inside.text(key))} if inside else {}


def _dbt_duckdb_location(said: Mapped) -> Stated | None:
    """Return ``external_location`` from where dbt-duckdb looks for it: ``config`` or ``meta``."""
    for key in ("config", "meta"):
        holder = said.mapping(key)
        inner = holder.mapping("meta") if holder else None
        for one in (holder, inner):
            if one and (found := one.text("external_location")):
                return found
    return None


def _inherited(own: Statement, whole: Statement) -> Statement:
    """Return what is said about one table of a source, with the owner, group, tags and meta of the source."""
    return replace(
        own,
        owner=own.owner or whole.owner,
        group=own.group or whole.group,
        loading=own.loading or whole.loading,
        tags=(*whole.tags, *own.tags),
        meta={**whole.meta, **own.meta, **_both_configs(whole.meta, own.meta)},
    )


def _both_configs(whole: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of ``config:`` of a source and of its table, together."""
    both = {**whole.get("config", {}), **own.get("config", {})}
    return {"config": both} if both else {}


def _without_columns(entry: Mapped) -> Mapped:
    pairs = tuple(pair for pair in entry.fields.pairs if pair[0].text != "columns")
    return Mapped(Fields(pairs, entry.fields.at))
