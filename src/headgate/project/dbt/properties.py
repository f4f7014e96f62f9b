"""What the property files of a dbt project say that an import depends on: configurations, versions, sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headgate.core.diagnostic import Diagnostic
from headgate.project.dbt.config_tree import Setting, plain_key
from headgate.project.dbt.values import Values
from headgate.project.dbt.yaml_edits import without_repetitions
from headgate.project.text import Text, decoded
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar, is_null, parse_yaml, value_of

SECTIONS = ("models", "seeds", "sources", "exposures")
"""What is carried over; all else in a property file stays in it and is told."""

NOT_READ = {
    "analyses": "analyses are not imported",
    "functions": "functions of the engine are not made",
    "macros": "descriptions of macros are kept and not shown",
    "metrics": "metrics are kept and not computed",
    "saved_queries": "saved queries are kept and not run",
    "semantic_models": "semantic models are kept and not read",
    "snapshots": "snapshots are not carried over",
}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model: ``v`` as written, and the stem of its file."""

    name: str
    stem: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a property file says about a model or a seed. ``texts`` are its Jinja texts with their places."""

    section: str
    name: Scalar
    fields: Fields
    settings: Mapping[str, Setting]
    versions: tuple[Version, ...] = ()
    latest: str = ""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of a source: ``schema`` and ``identifier`` are what dbt calls it in the engine."""

    source: Scalar
    name: Scalar
    schema: str
    identifier: str
    database: str
    is_enabled: bool
    location: Scalar | None
    table: Fields | Scalar
    whole: Fields


@dataclass(frozen=True, slots=True)
class Properties:
    """One property file; ``root`` is None where it cannot be read, and then ``faults`` say why."""

    path: str
    text: str
    root: Fields | None
    entries: tuple[Entry, ...]
    tables: tuple[SourceTable, ...]
    faults: tuple[Diagnostic, ...]
    has_crlf: bool = False
    repeated: tuple[Diagnostic, ...] = ()
    """Keys that stood twice in one mapping: the last one holds, as in dbt, and the others were taken out."""

    def section(self, name: str) -> tuple[Fields, ...]:
        """Return the entries of any section."""
        return tuple(items_of(self.root, name)) if self.root else ()


def read_properties(path: str, content: bytes, values: Values) -> Properties:
    """Return what a file says."""
    source = decoded(path, content)
    if isinstance(source, Diagnostic):
        return Properties(path, "", None, (), (), (source,))
    node = parse_yaml(source)
    repeated = tuple(fault for fault in source.faults if fault.code == "HG111")
    if repeated:
        source = Text(path, without_repetitions(source.text))
        node = parse_yaml(source)
    faults = source.all_faults()
    if not faults and node is not None and not isinstance(node, Fields):
        faults = (Diagnostic("HG309", "a property file is a mapping of sections", node.place),)
    root = None if faults else node if isinstance(node, Fields) else Fields((), (path, 1, 1, 0))
    entries = tuple(_entries(root, values)) if root else ()
    tables = tuple(_tables(root, values)) if root else ()
    return Properties(path, source.text, root, entries, tables, faults, b"\r\n" in content, repeated)


def items_of(fields: Fields, key: str) -> Iterator[Fields]:
    """Yield the mappings of a list."""
    node = child(fields, key)
    yield from (item for item in (node.items if isinstance(node, Items) else ()) if isinstance(item, Fields))


def child(node: Node | None, *keys: str) -> Node | None:
    """Return the value behind keys in each other; None where one of them is not given."""
    for key in keys:
        pairs = node.pairs if isinstance(node, Fields) else ()
        node = next((value for name, value in pairs if name.text == key and not is_null(value)), None)
    return node


def key_of(fields: Fields, key: str) -> Scalar | None:
    """Return the key itself, for its place."""
    return next((name for name, _ in fields.pairs if name.text == key), None)


def text_of(node: Node | None) -> str:
    """Return the text of a scalar; empty for anything else."""
    return node.text if isinstance(node, Scalar) else ""


def settings_of(fields: Fields, values: Values) -> dict[str, Setting]:
    """Return the configurations of an entry: those below ``config``, and ``tags`` and ``meta`` beside it."""
    found: dict[str, Setting] = {}
    config = child(fields, "config")
    pairs = [pair for pair in fields.pairs if pair[0].text in ("tags", "meta")]
    for key, value in (*pairs, *(config.pairs if isinstance(config, Fields) else ())):
        if is_null(value):
            continue
        name, setting = plain_key(key.text), Setting(values.of(value_of(value)), key.place)
        known = found.get(name)
        if known and name == "tags":
            both = [*_listed(known.value), *_listed(setting.value)]
            setting = Setting(both, key.place)
        elif known and isinstance(known.value, dict) and isinstance(setting.value, dict):
            setting = Setting({**known.value, **setting.value}, key.place)
        found[name] = setting
    return found


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _entries(root: Fields, values: Values) -> Iterator[Entry]:
    for section in ("models", "seeds"):
        for fields in items_of(root, section):
            name = child(fields, "name")
            if isinstance(name, Scalar):
                versions = tuple(_versions(fields, name.text))
                latest = text_of(child(fields, "latest_version")) or _newest(versions)
                yield Entry(section, name, fields, settings_of(fields, values), versions, latest)


def _versions(fields: Fields, model: str) -> Iterator[Version]:
    for one in items_of(fields, "versions"):
        if name := text_of(child(one, "v")):
            yield Version(name, text_of(child(one, "defined_in")) or f"{model}_v{name}")


def _newest(versions: tuple[Version, ...]) -> str:
    """Return the version that dbt takes for the latest: the greatest number, else the last text."""
    names = [version.name for version in versions]
    if all(name.replace(".", "", 1).isdigit() for name in names):
        return max(names, key=float, default="")
    return max(names, default="")


def _tables(root: Fields, values: Values) -> Iterator[SourceTable]:
    for whole in items_of(root, "sources"):
        source = child(whole, "name")
        tables = child(whole, "tables")
        if not isinstance(source, Scalar) or not isinstance(tables, Items):
            continue
        for table in tables.items:
            name = table if isinstance(table, Scalar) else child(table, "name")
            if isinstance(name, Scalar) and isinstance(table, Scalar | Fields):
                yield _table(source, name, table, whole, values)


def _table(source: Scalar, name: Scalar, table: Fields | Scalar, whole: Fields, values: Values) -> SourceTable:
    filled = {key: str(values.of(text_of(child(whole, key)))) for key in ("schema", "database")}
    identifier = str(values.of(text_of(child(table, "identifier"))))
    enabled = [values.of(value_of(n)) for part in (whole, table) for n in _enabled(part)]
    location = next((n for part in (table, whole) if (n := _location(part)) is not None), None)
    return SourceTable(
        source=source,
        name=name,
        schema=filled["schema"] or source.text,
        identifier=identifier or name.text,
        database=filled["database"],
        is_enabled=all(str(value).lower() not in ("false", "no", "off") for value in enabled),
        location=location,
        table=table,
        whole=whole,
    )


def _enabled(part: Node) -> Iterator[Node]:
    for keys in (("enabled",), ("config", "enabled")):
        if (node := child(part, *keys)) is not None:
            yield node


def _location(part: Node) -> Scalar | None:
    """Return ``external_location`` from where dbt-duckdb looks for it."""
    for keys in (("meta",), ("config", "meta"), ("config",)):
        node = child(part, *keys, "external_location")
        if isinstance(node, Scalar):
            return node
    return None
