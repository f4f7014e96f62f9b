"""``dbt_project.yml``, ``packages.yml``, ``profiles.yml``: names, paths, variables, configurations, the warehouse."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused
from headgate.project.dbt.config_tree import ConfigTree, read_tree
from headgate.project.dbt.notes import Note, left_out, told
from headgate.project.dbt.values import Values
from headgate.project.text import Text, decoded
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar, parse_yaml, value_of

PROJECT_FILE = "dbt_project.yml"

_PATHS = {
    "model": ("model-paths", "source-paths", "models"),
    "seed": ("seed-paths", "data-paths", "seeds"),
    "macro": ("macro-paths", "", "macros"),
    "test": ("test-paths", "", "tests"),
    "snapshot": ("snapshot-paths", "", "snapshots"),
    "analysis": ("analysis-paths", "", "analyses"),
    "docs": ("docs-paths", "", ""),
}
_USED = frozenset(
    {
        "name", "version", "config-version", "profile", "vars", "models", "seeds", "snapshots", "model-paths",
        "source-paths", "seed-paths", "data-paths", "macro-paths", "test-paths", "snapshot-paths", "analysis-paths",
        "docs-paths",
    }
)  # fmt: skip
_OF_DBT_ALONE = frozenset(
    {
        "anchors", "asset-paths", "clean-targets", "dbt-cloud", "flags", "log-path", "packages-install-path",
        "require-dbt-version", "target-path",
    }
)  # fmt: skip
_LEFT_OUT = {
    "on-run-start": "statements that dbt runs before everything: nothing runs beside builds here",
    "on-run-end": "statements that dbt runs after everything: nothing runs beside builds here",
    "dispatch": "which package's macros hold: packages are not imported",
    "quoting": "the quoting of names: names are the same in any case here",
    "query-comment": "a comment in every statement",
    "tests": "configurations of tests",
    "data_tests": "configurations of tests",
    "unit_tests": "configurations of tests",
    "sources": "configurations of sources by folder: say it in their property file",
    "exposures": "configurations of exposures by folder",
    "metrics": "configurations of metrics",
    "semantic-models": "configurations of semantic models",
    "saved-queries": "configurations of saved queries",
    "functions": "configurations of functions",
}


@dataclass(frozen=True, slots=True)
class Warehouse:
    """What ``profiles.yml`` says of the target: its kind, the file of a DuckDB, the schema that dbt builds in.

    All of it is empty where the file is not in the project.
    """

    kind: str = ""
    path: str = ""
    schema: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class DbtProject:
    """What the files at the top of a dbt project say."""

    name: str
    paths: Mapping[str, tuple[str, ...]]
    values: Values
    trees: Mapping[str, ConfigTree]
    warehouse: Warehouse
    packages: tuple[str, ...]
    notes: tuple[Note, ...] = field(default=())


def read_project(files: Mapping[str, bytes]) -> DbtProject:
    """Return what the files at the top say; raise ``Refused`` where ``dbt_project.yml`` is missing or unreadable."""
    if PROJECT_FILE not in files:
        raise Refused([Diagnostic("HG195", f"there is no {PROJECT_FILE}", hint="Name the folder of a dbt project.")])
    source, node = _mapping(PROJECT_FILE, files[PROJECT_FILE])
    if node is None:
        raise Refused(source.all_faults() or [Diagnostic("HG195", "it says nothing", Place(PROJECT_FILE))])
    said = {key.text: value for key, value in node.pairs}
    name = _text(said.get("name")) or "project"
    profile, notes = _profile(files, _text(said.get("profile")))
    variables = _variables(said.get("vars"), name)
    warehouse, values, more = _warehouse(profile, variables)
    packages = tuple(_packages(files))
    keys = {key.text: key.place for key, _ in node.pairs}
    return DbtProject(
        name=name,
        paths={kind: _paths(said, *names) for kind, names in _PATHS.items()},
        values=values,
        trees={section: read_tree(said.get(section)) for section in ("models", "seeds", "snapshots")},
        warehouse=warehouse,
        packages=tuple(package for package, _ in packages),
        notes=(*_notes(keys), *notes, *more, *(note for _, note in packages), *_of_packages(said, name, packages)),
    )


def _mapping(path: str, content: bytes) -> tuple[Text, Fields | None]:
    source = decoded(path, content)
    if isinstance(source, Diagnostic):
        raise Refused([source])
    node = parse_yaml(source)
    return source, node if isinstance(node, Fields) and not source.faults else None


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _paths(said: Mapping[str, Node], key: str, older: str, default: str) -> tuple[str, ...]:
    node = said.get(key) or said.get(older)
    texts = [item.text for item in node.items if isinstance(item, Scalar)] if isinstance(node, Items) else []
    found = (posixpath.normpath(text) for text in texts or ([default] if default else []))
    return tuple(dict.fromkeys(path for path in found if not path.startswith(("..", "/"))))


def _notes(keys: Mapping[str, Place]) -> Iterator[Note]:
    for key, place in keys.items():
        if key in _LEFT_OUT:
            yield left_out(place, f"{key}: {_LEFT_OUT[key]}")
        elif key not in _USED | _OF_DBT_ALONE:
            yield left_out(place, f"{key}: not known to Headgate")


def _variables(node: Node | None, name: str) -> dict[str, Any]:
    """Return the variables of the project; those under its own name hold before global ones."""
    found: dict[str, Any] = value_of(node) if isinstance(node, Fields) else {}
    own = found.pop(name, None)
    return {**found, **(own if isinstance(own, dict) else {})}


def _packages(files: Mapping[str, bytes]) -> Iterator[tuple[str, Note]]:
    """Yield the name of each package that the project asks for, with what is told about it."""
    for path in ("packages.yml", "dependencies.yml"):
        if path not in files:
            continue
        _, node = _mapping(path, files[path])
        for key, value in node.pairs if node else ():
            for item in value.items if isinstance(value, Items) else ():
                said = {k.text: v for k, v in item.pairs} if isinstance(item, Fields) else {}
                where = next((_text(said[k]) for k in ("package", "git", "local", "tarball", "name") if k in said), "")
                name = where.rstrip("/").rpartition("/")[2].removesuffix(".git").replace("-", "_")
                text = f"{key.text.rstrip('s')} {where}: its models, macros and tests are not imported"
                yield name, left_out(item.place, text)


def _of_packages(said: Mapping[str, Node], name: str, packages: Sequence[tuple[str, Note]]) -> Iterator[Note]:
    """Yield a note for each package that the project configures."""
    known = {package for package, _ in packages}
    for section in ("models", "seeds", "snapshots"):
        node = said.get(section)
        for key, value in node.pairs if isinstance(node, Fields) else ():
            if key.text in known and key.text != name and isinstance(value, Fields):
                yield left_out(key.place, f"{section}: configurations of the package {key.text}")


def _profile(files: Mapping[str, bytes], name: str) -> tuple[dict[str, Node], list[Note]]:
    """Return the project's profile, empty where it is not in the project, and what is told then."""
    if "profiles.yml" not in files:
        text = f"the profile {name or 'of the project'} is not in the project: where its data is remains to be said"
        return {}, [told(Place(PROJECT_FILE), text, "Say it in headgate.toml: path, below [engines.local].")]
    _, node = _mapping("profiles.yml", files["profiles.yml"])
    profiles = {key.text: value for key, value in node.pairs if isinstance(value, Fields)} if node else {}
    profiles.pop("config", None)
    chosen = profiles.get(name) or (next(iter(profiles.values())) if len(profiles) == 1 else None)
    return ({key.text: value for key, value in chosen.pairs} if isinstance(chosen, Fields) else {}), []


def _warehouse(profile: Mapping[str, Node], variables: Mapping[str, Any]) -> tuple[Warehouse, Values, list[Note]]:
    """Return the warehouse of the profile's target, and how values with Jinja are read."""
    plain = Values(variables, {})
    outputs = profile.get("outputs")
    named = {key.text: value for key, value in outputs.pairs} if isinstance(outputs, Fields) else {}
    target = str(plain.of(_text(profile.get("target"))) or "default")
    output = named.get(target) or (next(iter(named.values())) if len(named) == 1 else None)
    if not isinstance(output, Fields):
        return Warehouse(), plain, []
    said = {key.text: plain.of(value_of(value)) for key, value in output.pairs}
    kind = str(said.get("type", ""))
    schema = str(said.get("schema") or said.get("dataset") or ("main" if kind == "duckdb" else ""))
    path = str(said.get("path") or "") if kind == "duckdb" else ""
    warehouse = Warehouse(kind, path, schema, target)
    described = {"name": target, "target_name": target, "type": kind, "schema": schema}
    described["database"] = str(
        said.get("database") or said.get("dbname") or posixpath.basename(path).partition(".")[0]
    )
    return warehouse, Values(variables, described), list(_notes_of_warehouse(output, warehouse))


def _notes_of_warehouse(output: Fields, warehouse: Warehouse) -> Iterator[Note]:
    if warehouse.kind and warehouse.kind != "duckdb":
        text = f"the models are written for {warehouse.kind}: headgate check tells which of them DuckDB does not read"
        yield told(output.place, text)
        return
    if warehouse.path.startswith(("md:", "motherduck:")) or warehouse.path in ("", ":memory:"):
        yield told(
            output.place, f"the path {warehouse.path or ':memory:'} is no file: warehouse.duckdb is taken instead"
        )
    for key, _ in output.pairs:
        if key.text in ("attach", "extensions", "external_root", "filesystems", "plugins", "secrets", "settings"):
            yield left_out(key.place, f"{key.text} of the profile: Headgate sets up its engine itself")
