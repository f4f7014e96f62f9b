"""What a mapping of properties says about one asset, in a header or in a property file: dbt's format, and our words.

Its form was checked before. Keys of dbt that Headgate does not use are kept in ``meta``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from headgate.core.comparison import Tolerance
from headgate.core.declarations import TEMPLATES, DeclaredColumn, Kind
from headgate.core.diagnostic import nearest
from headgate.project.check_form import FormCheck
from headgate.project.declared_loading import read_loading
from headgate.project.declared_promises import read_constraints, read_contract
from headgate.project.declared_tests import read_tests
from headgate.project.forms.assets import CONFIG, OF_ASSETS
from headgate.project.forms.columns import COLUMN
from headgate.project.forms.form import Field, Use
from headgate.project.forms.loading import OF_LOADING
from headgate.project.forms.property_file import HEADER
from headgate.project.forms.sources import EXPOSURE, OF_CONFIG, SOURCE, TABLE
from headgate.project.mapped import Mapped
from headgate.project.misspelt import misspelt_keys
from headgate.project.pieces import Misspelt, Stated, StatedConstraint, StatedTest, Statement
from headgate.project.text import Text, did_you_mean
from headgate.project.yaml_nodes import Fields, value_of

KINDS = (Kind.TABLE.value, Kind.VIEW.value, Kind.INCREMENTAL.value, Kind.SNAPSHOT.value)
"""What a SQL file may be."""


def _not_read(fields: Mapping[str, Field]) -> frozenset[str]:
    return frozenset(key for key, field in fields.items() if field.use is not Use.READ)


_KEPT_OF_ASSETS = _not_read(OF_ASSETS)
_KEPT = {
    "sources": _not_read(SOURCE.fields),
    "tables": _not_read(TABLE.fields),
    "exposures": _not_read(EXPOSURE.fields),
}
_KEPT_OF_COLUMNS = _not_read(COLUMN.fields)
_SIMPLE_COLUMN = frozenset({"name", "description", "data_type", "type", "data_tests", "tests", "constraints"})
_READ_OF_CONFIG = frozenset(key for key, field in CONFIG.fields.items() if field.use in (Use.READ, Use.REFUSED))
_READ_OF_SOURCES = frozenset(key for key, field in OF_CONFIG.items() if field.use in (Use.READ, Use.REFUSED))
_OF_OTHERS = ("sources", "tables", "exposures")
_REFUSED = ("latest_version", "versions")

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_TYPE_MARKS = re.compile(r"--|/\*|[()\[\],;'\"]")


def read_header_statement(source: Text, fields: Fields) -> tuple[Statement, FormCheck]:
    """Return what a header says about the asset of its file, and what was seen when its form was checked."""
    check = FormCheck(source)
    check.check(fields, HEADER, "the header")
    said = Mapped(fields)
    return read_statement(source, said, "", said.text("name")), check


def read_statement(source: Text, said: Mapped, section: str, name: Stated | None) -> Statement:
    """Return what a mapping says about an asset, a source or an exposure; what is not supported becomes a fault."""
    config, given = said.mapping("config"), said.mapping("meta")
    meta = given.rest(()) if given else {}
    meta |= said.values(_KEPT.get(section, _KEPT_OF_ASSETS))
    owner = _owner(said, meta)
    if config is not None:
        _refuse_disabled(source, config)
        read = _READ_OF_SOURCES if section in ("sources", "tables") else _READ_OF_CONFIG
        meta = _with_config(config, meta, read)
    # dbt has no owner of a model: people keep it in meta, or in the meta of config.
    for other in (config, given, config.mapping("meta") if config else None):
        if owner is None and other is not None:
            owner = _owner(other, meta)
    for key in _REFUSED:
        if key in said and section != "sources":
            hint = "Write each version as a file of its own, marts/x.sql and marts/x_v2.sql."
            source.fault("HG303", f"{key} of a model are not supported in this version", said.place(key), hint)
    columns, tests, constraints = _columns(source, said)
    misspelt = misspelt_keys(said) if section not in _OF_OTHERS else ()
    return Statement(
        name=name.value if name else "",
        section=section,
        place=name.place if name else said.fields.place,
        kind=_kind(source, said, config) or _misspelt_kind(source, misspelt),
        template=_template(source, said),
        owner=owner,
        description=said.text("description"),
        tags=(*said.texts("tags"), *(config.texts("tags") if config else ())),
        columns=columns,
        meta=meta,
        group=said.text("group") or (config.text("group") if config else None),
        tests=(*read_tests(said), *tests),
        constraints=(*read_constraints(said), *constraints),
        contract=read_contract(said, config),
        is_isolated=_isolated(said, config),
        loading=read_loading(said, config) if section != "exposures" else (),
        misspelt=misspelt,
    )


def _template(source: Text, said: Mapped) -> Stated | None:
    """Return what language a text is a template of; another than we know is reported and counts as not given."""
    found = said.text("template")
    if found is None or found.value in TEMPLATES:
        return found
    hint = did_you_mean(found.value, TEMPLATES, "Write `template: jinja`, or leave it out.")
    source.fault("HG303", f"template: {found.value} is not supported in this version", found.place, hint)
    return None


def _owner(said: Mapped, meta: dict[str, Any]) -> Stated | None:
    """Return the owner: a text, or dbt's mapping of name and email, which is kept in ``meta`` as it is."""
    inside = said.mapping("owner")
    if inside is None:
        return said.text("owner")
    meta["owner"] = value_of(inside.fields)
    return inside.text("name") or next(iter(inside.texts("email")), None)


def _isolated(said: Mapped, config: Mapped | None) -> Stated | None:
    """Return whether code is compared on the same data, as ``true`` or ``false``."""
    for one in (said, config):
        if one is not None and (found := one.truth("isolate")) is not None:
            return Stated(str(found).lower(), one.place("isolate"))
    return None


def _refuse_disabled(source: Text, config: Mapped) -> None:
    if config.truth("enabled") is False:
        summary = "enabled: false is not supported in this version"
        source.fault("HG303", summary, config.place("enabled"), "Take the file out of assets/.")


def _with_config(config: Mapped, meta: Mapping[str, Any], read: frozenset[str]) -> dict[str, Any]:
    """Return ``meta`` with what a ``config:`` holds: its own ``meta`` as ours, what is kept under ``config``."""
    inner = config.mapping("meta")
    kept = inner.rest(()) if inner else {}
    rest = config.rest(read)
    return {**kept, **meta, **({"config": rest} if rest else {})}


def _kind(source: Text, said: Mapped, config: Mapped | None) -> Stated | None:
    """Return the kind; one that this version does not know is reported.

    It counts as what it is nearly where there is something about loading, which would mean nothing for a table.
    """
    found = said.text("kind") or said.text("materialized") or (config.text("materialized") if config else None)
    if found is None or found.value in (*KINDS, Kind.SEED.value):
        return found
    hint = f"This version has {', '.join(KINDS)}."
    near = nearest(found.value, KINDS)
    if near:
        hint = f"Did you mean {' or '.join(near[:2])}? {hint}"
    source.fault("HG303", f"kind {found.value} is not supported in this version", found.place, hint)
    is_loaded = any(key in OF_LOADING or key == "config" for key in said.names())
    return Stated(near[0], found.place) if near and is_loaded else None


def _misspelt_kind(source: Text, misspelt: Sequence[Misspelt]) -> Stated | None:
    """Return the kind that stands under a key which is not quite ``kind``: with that it is an error."""
    for one in misspelt:
        if one.meant.key == "kind" and one.meant.texts[0].value in KINDS:
            source.insist("HG308", one.place)
            return one.meant.texts[0]
    return None


@lru_cache(maxsize=1000)
def _is_one_type(text: str) -> bool:
    """Tell whether a text can stand as the type of one column: nothing outside of brackets begins another thing."""
    depth = 0
    for mark in _TYPE_MARKS.findall(_QUOTED.sub("q", text)):
        depth += (mark in "([") - (mark in ")]")
        if depth < 0 or mark not in "()[]," or (mark == "," and depth == 0):
            return False
    return depth == 0


def _columns(
    source: Text, said: Mapped
) -> tuple[tuple[DeclaredColumn, ...], tuple[StatedTest, ...], tuple[StatedConstraint, ...]]:
    """Return the declared columns, their tests and their constraints."""
    columns: dict[str, DeclaredColumn] = {}
    tests: list[StatedTest] = []
    constraints: list[StatedConstraint] = []
    for one in said.mappings("columns"):
        name = one.text("name")
        if name is None or not name.value:
            continue
        if name.value.casefold() in columns:
            first = columns[name.value.casefold()].place
            hint = f"It stands on line {first.line} already." if first else ""
            source.fault("HG309", f"column {name.value} is declared twice", name.place, hint)
            continue
        columns[name.value.casefold()] = _column(source, one, name)
        if "data_tests" in one or "tests" in one:
            tests += read_tests(one, name.value)
        if "constraints" in one:
            constraints += read_constraints(one, name.value)
    return tuple(columns.values()), tuple(tests), tuple(constraints)


def _column(source: Text, one: Mapped, name: Stated) -> DeclaredColumn:
    type_ = one.word("data_type") or one.word("type")
    if type_ and not _is_one_type(type_):
        place = next(text.place for key in ("data_type", "type") if (text := one.text(key)))
        hint = "Write it as in CREATE TABLE: integer, decimal(10,2), text[]."
        source.fault("HG309", f"{type_!r} is not one type of a column", place, hint)
        type_ = ""
    column = DeclaredColumn(name.value, type_, one.word("description"), name.place)
    if _SIMPLE_COLUMN.issuperset(one.names()):
        return column
    config, given = one.mapping("config"), one.mapping("meta")
    inner = config.mapping("meta") if config else None
    rest = config.rest(("meta", "tags", "protected")) if config else {}
    meta = (inner.rest(()) if inner else {}) | (given.rest(()) if given else {}) | one.values(_KEPT_OF_COLUMNS)
    is_protected = one.truth("protected")
    if is_protected is None and config is not None:
        is_protected = config.truth("protected")
    return replace(
        column,
        is_protected=is_protected,
        tolerance=_tolerance(source, one),
        tags=(*one.words("tags"), *(config.words("tags") if config else ())),
        meta=meta | ({"config": rest} if rest else {}),
    )


def _tolerance(source: Text, one: Mapped) -> Tolerance:
    """Return by how much numbers of a column may differ; what is no number counts as not given."""
    inner = one.mapping("tolerance")
    if inner is not None:
        absolute, relative = inner.text("absolute"), inner.text("relative")
    else:
        stated = one.text("tolerance")
        is_share = stated is not None and stated.value.rstrip().endswith("%")
        absolute, relative = (None, stated) if is_share else (stated, None)
    amounts = [_amount(source, stated) if stated is not None else 0.0 for stated in (absolute, relative)]
    return Tolerance(*amounts)


def _amount(source: Text, stated: Stated) -> float:
    found = _AMOUNT.fullmatch(stated.value)
    if found is None:
        source.fault("HG364", f"{stated.value!r} is no tolerance", stated.place, "Write a number: 0.01, or 1%.")
        return 0.0
    return float(found[1]) / (100 if found[2] else 1)


_AMOUNT = re.compile(r"\s*((?:\d{1,30}(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,2})?)\s*(%?)\s*")
