"""What a mapping of properties says about one asset, in a header or in a property file: dbt's format, and our words.

Keys of dbt that Headgate does not use are kept in ``meta``; keys that nobody knows are warned about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headgate.core.declarations import DeclaredColumn, Kind
from headgate.core.diagnostic import Place
from headgate.project.mapped import Mapped
from headgate.project.pieces import Stated, Statement
from headgate.project.text import Text, did_you_mean
from headgate.project.yaml_nodes import Fields, Items, Node, is_null, value_of

KINDS = (Kind.TABLE.value, Kind.VIEW.value)
"""What a SQL file may be."""

_OWN = frozenset(
    {"name", "kind", "materialized", "template", "owner", "description", "tags", "columns", "meta", "config"}
)
_KEPT = frozenset(
    {
        "access", "alias", "arguments", "constraints", "contract", "data_tests", "database", "deprecation_date", "docs",
        "freshness", "grants", "group", "groups", "latest_version", "loaded_at_field", "loaded_at_query", "loader",
        "quoting", "tests", "unit_tests", "version", "versions",
    }
)  # fmt: skip
_OF_HEADERS = frozenset({"time_column", "grain", "lookback", "unique_key"})

TEMPLATES = ("jinja", "none")
"""What ``template:`` may say."""

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_TYPE_MARKS = re.compile(r"--|/\*|[()\[\],;'\"]")
_OF_COLUMNS = frozenset({"name", "data_type", "type", "description"})
_KEPT_OF_COLUMNS = frozenset(
    {
        "config", "constraints", "data_tests", "dimension", "entity", "granularity", "meta", "policy_tags", "quote",
        "tags", "tests",
    }
)  # fmt: skip


_TESTS = ("tests", "data_tests", "unit_tests")
_OWN_WORDS = ("meta", "config")
"""Mappings whose keys are the user's own."""


def warn_of_tests(source: Text, fields: Fields) -> None:
    """Warn once about all tests that a file declares: they are kept, and a reader would believe that they run."""
    found = list(_tests(fields))
    if found:
        several = f"{len(found)} tests that this version does" if len(found) > 1 else "a test that this version does"
        hint = 'Until then ask for yourself: headgate sql ENVIRONMENT "select ... where ... is null".'
        source.warn("HG312", f"{source.path} declares {several} not run", found[0], hint)


def _tests(node: Node) -> Iterator[Place]:
    """Yield where each test below a node stands."""
    if isinstance(node, Items):
        for item in node.items:
            yield from _tests(item)
    elif isinstance(node, Fields):
        for key, value in node.pairs:
            if key.text in _TESTS and not is_null(value):
                yield from (one.place for one in (value.items if isinstance(value, Items) else (value,)))
            elif key.text not in _OWN_WORDS:
                yield from _tests(value)


def read_statement(said: Mapped, section: str, name: Stated | None, *, more: frozenset[str] = frozenset()) -> Statement:
    """Return what a mapping says about an asset; ``more`` are keys that the caller reads."""
    config = said.mapping("config")
    given = said.mapping("meta")
    meta = given.values(given.names()) if given else {}
    meta |= said.values(_KEPT)
    owner = _owner(said, meta)
    if config is not None:
        meta = _with_config(config, meta)
    # dbt has no owner of a model: people keep it in meta, or in the meta of config.
    for other in (config, given, config.mapping("meta") if config else None):
        if owner is None and other is not None:
            owner = _owner(other, meta)
    columns, of_columns = _columns(said)
    if of_columns:
        meta["columns"] = of_columns
    said.warn_of_others(_OWN | _KEPT | more, _OWN | more, f"an entry of {section}" if section else "the header")
    return Statement(
        name=name.value if name else "",
        section=section,
        place=name.place if name else said.fields.place,
        kind=_kind(said, config),
        template=_template(said),
        owner=owner,
        description=said.text("description"),
        tags=(*said.texts("tags"), *(config.texts("tags") if config else ())),
        columns=columns,
        meta=meta,
    )


def read_header_statement(source: Text, fields: Fields) -> Statement:
    """Return what a header says about the asset of its file."""
    said = Mapped(source, fields)
    warn_of_tests(source, fields)
    for key in sorted(_OF_HEADERS):
        if key in said and "kind" not in said:
            hint = f"Leave it out: a SQL file is one of {', '.join(KINDS)}."
            source.fault(
                "HG303", f"{key} belongs to kinds that are not supported in this version", said.place(key), hint
            )
    return read_statement(said, "", said.text("name"), more=_OF_HEADERS)


def _template(said: Mapped) -> Stated | None:
    """Return what language a text is a template of; another than we know is reported and counts as not given."""
    found = said.text("template")
    if found is None or found.value in TEMPLATES:
        return found
    hint = did_you_mean(found.value, TEMPLATES, "Write `template: jinja`, or leave it out.")
    said.source.fault("HG303", f"template: {found.value} is not supported in this version", found.place, hint)
    return None


def _owner(said: Mapped, meta: dict[str, Any]) -> Stated | None:
    """Return the owner: a text, or dbt's mapping of name and email, which is kept in ``meta`` as it is."""
    node = said.node("owner")
    if not isinstance(node, Fields):
        return said.text("owner")
    inside = Mapped(said.source, node)
    meta["owner"] = value_of(node)
    found = inside.text("name") or inside.text("email")
    if found is None:
        said.source.fault("HG309", "the owner has neither name nor email", node.place, "Write `owner: TEAM`.")
    return found


def _with_config(config: Mapped, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``meta`` with what a ``config:`` holds: its own ``meta`` as ours, the rest under ``config``."""
    enabled = config.node("enabled")
    if enabled is not None and value_of(enabled) is False:
        summary = "enabled: false is not supported in this version"
        config.source.fault("HG303", summary, config.place("enabled"), "Take the file out of assets/.")
    inner = config.mapping("meta")
    kept = inner.values(inner.names()) if inner else {}
    rest = config.values(key for key in config.names() if key not in ("materialized", "tags", "meta"))
    return {**kept, **meta, **({"config": rest} if rest else {})}


def _kind(said: Mapped, config: Mapped | None) -> Stated | None:
    """Return the kind; a kind that this version does not know is reported and counts as not given."""
    found = said.text("kind") or said.text("materialized") or (config.text("materialized") if config else None)
    if found is None or found.value in (*KINDS, Kind.SEED.value):
        return found
    hint = f"This version has {', '.join(KINDS)}."
    if near := did_you_mean(found.value, KINDS):
        hint = f"{near} {hint}"
    said.source.fault("HG303", f"kind {found.value} is not supported in this version", found.place, hint)
    return None


def _is_one_type(text: str) -> bool:
    """Tell whether a text can stand as the type of one column: nothing outside of brackets begins another thing."""
    depth = 0
    for mark in _TYPE_MARKS.findall(_QUOTED.sub("q", text)):
        depth += (mark in "([") - (mark in ")]")
        if depth < 0 or mark not in "()[]," or (mark == "," and depth == 0):
            return False
    return depth == 0


def _columns(said: Mapped) -> tuple[tuple[DeclaredColumn, ...], dict[str, Any]]:
    """Return the declared columns, and by name what is kept of dbt's other keys."""
    columns: dict[str, DeclaredColumn] = {}
    kept: dict[str, Any] = {}
    for one in said.mappings("columns"):
        name = one.named("columns")
        if name is None or not name.value:
            continue
        if name.value.casefold() in columns:
            first = columns[name.value.casefold()].place
            hint = f"It stands on line {first.line} already." if first else ""
            said.source.fault("HG309", f"column {name.value} is declared twice", name.place, hint)
            continue
        type_, description = one.text("data_type") or one.text("type"), one.text("description")
        if type_ and not _is_one_type(type_.value):
            text = f"{type_.value!r} is not one type of a column"
            said.source.fault(
                "HG309", text, type_.place, "Write it as in CREATE TABLE: integer, decimal(10,2), text[]."
            )
            type_ = None
        columns[name.value.casefold()] = DeclaredColumn(
            name.value, type_.value if type_ else "", description.value if description else "", name.place
        )
        if rest := one.values(_KEPT_OF_COLUMNS):
            kept[name.value] = rest
        one.warn_of_others(_OF_COLUMNS | _KEPT_OF_COLUMNS, _OF_COLUMNS, f"column {name.value}")
    return tuple(columns.values()), kept
