"""What of a dbt project is told and not imported as it is: snapshots, tests, analyses, Python, some configurations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.core.address import fold, part_like
from headgate.core.diagnostic import Place
from headgate.core.json_form import dumps
from headgate.project.dbt.config_tree import Setting, is_true
from headgate.project.dbt.marks import line_at, marks_of
from headgate.project.dbt.names import Resource
from headgate.project.dbt.notes import Note, by_hand, left_out, told
from headgate.project.dbt.project_file import PROJECT_FILE, DbtProject
from headgate.project.dbt.properties import Properties, child, settings_of, text_of
from headgate.project.dbt.sql_text import read_sql
from headgate.project.source_files import WrittenSource, WrittenTable, source_text

_USED = frozenset(
    {
        "alias", "column_types", "delimiter", "enabled", "materialized", "meta", "quote_columns", "schema", "tags",
        "version",
    }
)  # fmt: skip
_OF_LOADS = frozenset(
    {
        "batch_size", "begin", "concurrent_batches", "event_time", "full_refresh", "incremental_predicates",
        "incremental_strategy", "lookback", "merge_exclude_columns", "merge_update_columns", "on_schema_change",
        "unique_key",
    }
)  # fmt: skip
_REASONS = {
    "pre_hook": "statements before a build: a build is one SELECT here",
    "post_hook": "statements after a build: a build is one SELECT here",
    "grants": "rights are not given by this version",
    "database": "tables stand in the engine of their environment",
    "docs": "it only colours dbt's own pages",
    "contract": "the types of columns that are declared always hold here",
    "location": "tables stand in the engine, not in files",
    "persist_docs": "descriptions stay in the repository",
}
_SNAPSHOT = re.compile(r"snapshot\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of dbt: its table in the engine keeps what it has. ``keys`` are those of ours that go on with it."""

    name: str
    schema: str
    place: Place
    keys: tuple[str, ...] = ()


def config_notes(resource: Resource, property_files: frozenset[str]) -> Iterator[Note]:
    """Yield a note for each configuration without effect; what stands in a property file is kept there."""
    is_load = resource.setting("materialized") == "incremental"
    for name, setting in resource.settings.items():
        if name in _USED or setting.place.path in property_files or (name in _OF_LOADS and not is_load):
            continue
        if name in _OF_LOADS or (name == "contract" and not _is_enforced(setting)):
            continue
        reason = _REASONS.get(name, "it means nothing here")
        yield left_out(Place(setting.place.path, setting.place.line), f"{name}: {reason}")


def _is_enforced(setting: Setting) -> bool:
    return isinstance(setting.value, dict) and is_true(setting.value.get("enforced", False))


def kind_of(resource: Resource) -> tuple[str, Note | None]:
    """Return the kind of a model, and what is told where dbt makes something else of it."""
    stated = str(resource.setting("materialized", "view"))
    setting = resource.settings.get("materialized")
    place = Place(setting.place.path, setting.place.line) if setting else resource.place
    if stated in ("table", "view", "incremental"):
        return ("view" if stated == "view" else "table"), None  # whether it is loaded in parts is asked elsewhere
    if stated == "ephemeral":
        return "view", told(place, "ephemeral: a view, which anybody can read")
    if stated == "materialized_view":
        return "table", told(place, "materialized_view: a table, as of the last apply")
    if stated == "external":
        return "table", told(place, "external: a table of the engine, not a file")
    return "table", by_hand(place, f"{stated} is no kind that Headgate knows: a table", "Look whether that is right.")


def snapshots_of(project: DbtProject, files: Mapping[str, str], properties: tuple[Properties, ...]) -> list[Snapshot]:
    """Return the snapshots of SQL files and of property files, each with the schema that dbt keeps it in."""
    found: list[Snapshot] = []
    target = project.warehouse.schema or "main"
    wide = {k: v.value for k, v in project.trees["snapshots"].settings.items()}
    for path, text in files.items():
        for mark in marks_of(text):
            if mark.word == "snapshot" and (match := _SNAPSHOT.match(mark.inner)):
                said = {**wide, **read_sql(path, text).config}
                config = {k: str(v) for k, v in said.items()}
                alias, place = config.get("alias", match[1]), Place(path, line_at(text, mark.start))
                found.append(Snapshot(alias, _schema(config, target), place, _keys(said)))
    for file in properties:
        for fields in file.section("snapshots"):
            name = child(fields, "name")
            if name is None or child(fields, "relation") is None:
                continue
            said = {**wide, **{k: s.value for k, s in settings_of(fields, project.values).items()}}
            config, place = {k: str(v) for k, v in said.items()}, Place(file.path, fields.place.line)
            found.append(Snapshot(text_of(name), _schema(config, target), place, _keys(said)))
    return found


def _keys(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines of a header that declare a snapshot of ours like it."""
    said = {"unique_key": config.get("unique_key")}
    said |= {"check": config.get("check_cols")} if config.get("strategy") == "check" else {}
    said |= {"updated_at": config.get("updated_at")} if config.get("strategy") != "check" else {}
    is_closing = config.get("hard_deletes") == "invalidate" or is_true(config.get("invalidate_hard_deletes", False))
    said |= {"deletes": "missing"} if is_closing else {}
    lines = (f"{key}: {value if isinstance(value, str) else dumps(value)}" for key, value in said.items() if value)
    return ("kind: snapshot", *lines)


def _schema(config: Mapping[str, str], target: str) -> str:
    if stated := config.get("target_schema"):
        return stated
    return f"{target}_{config['schema']}" if config.get("schema") else target


def snapshot_sources(snapshots: list[Snapshot], taken: frozenset[str]) -> tuple[str, dict[str, str], list[Note]]:
    """Return a property file that declares the tables of snapshots as sources, the address of each, what is told."""
    source = "snapshots" if not any(name.startswith("snapshots.") for name in taken) else "dbt_snapshots"
    by_schema: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots:
        by_schema.setdefault(snapshot.schema, []).append(snapshot)
    texts, addresses, notes = [], {}, []
    for number, (schema, group) in enumerate(sorted(by_schema.items())):
        own = source if number == 0 else f"{source}_{part_like(schema, is_schema=True)}"
        tables = tuple(WrittenTable(part_like(s.name, is_schema=False), description=_HISTORY) for s in group)
        text = source_text(WrittenSource(own, "" if fold(own) == fold(schema) else schema, tables))
        texts.append(text if number == 0 else text.removeprefix("sources:\n"))
        for snapshot, table in zip(group, tables, strict=True):
            addresses[snapshot.name] = f"{own}.{table.name}"
            text = (
                f"snapshot {snapshot.name} is not made: {own}.{table.name} reads the table that dbt has filled so far"
            )
            keys = ", ".join(f"`{key}`" for key in snapshot.keys)
            advice = f"Let dbt go on with it; or go on here, with its query in a file that says {keys}."
            notes.append(left_out(snapshot.place, text, advice))
    return "".join(texts), addresses, notes


_HISTORY = "What dbt's snapshot of that name has kept."


def python_note(path: str) -> Note:
    """Return what is told of a Python model."""
    return left_out(Place(path), "a Python model of dbt", "Write it anew: its function takes dbt's own objects.")


def analysis_note(path: str) -> Note:
    """Return what is told of an analysis."""
    return left_out(Place(path), "an analysis: nothing is built of it", "Ask it: headgate sql ENVIRONMENT - < FILE")


def test_note(path: str) -> Note:
    """Return what is told of a singular test that is a template."""
    return left_out(Place(path), "a test with Jinja")


def schema_note(project: DbtProject) -> Note:
    """Return what is told of schemas: the one thing that is different for everything."""
    target = project.warehouse.schema or "the target's schema"
    text = (
        f"schemas: dbt puts assets into {target}, Headgate into the schema of their `schema` configuration, "
        "else of their first folder; an environment other than production adds its name"
    )
    return told(Place(PROJECT_FILE), text)
