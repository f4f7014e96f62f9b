"""Entries of ``unit_tests:``."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.unit_tests import RowFormat, WrittenRows
from headgate.project.forms.data_tests import UNIT_TEST
from headgate.project.forms.form import Use
from headgate.project.mapped import Mapped
from headgate.project.pieces import StatedUse, UnitTestStatement
from headgate.project.references import reference_of
from headgate.project.text import Text
from headgate.project.yaml_nodes import Fields, Items, Scalar, value_of

_KEPT = frozenset(key for key, field in UNIT_TEST.fields.items() if field.use is not Use.READ)
_FORMATS = {one.value: one for one in RowFormat}
_OF_CONFIG = frozenset({"tags", "enabled"})


def read_unit_test(source: Text, said: Mapped) -> UnitTestStatement | None:
    """Return what an entry says; None where it has no name, or says of no asset that it tests it."""
    name, asset = said.text("name"), said.text("model")
    if name is None or asset is None:
        return None
    if "versions" in said:
        summary = "versions of a model are not supported in this version"
        source.fault("HG303", summary, said.place("versions"), "Name one asset for each test.")
    given: list[tuple[StatedUse | None, WrittenRows]] = []
    for one in said.mappings("given"):
        text = one.text("input")
        use = reference_of(text) if text and text.value.strip() != "this" else None
        if text and (use or text.value.strip() == "this"):
            given.append((use, _rows(one)))
    expected, overrides, config = said.mapping("expect"), said.mapping("overrides"), said.mapping("config")
    asked = reference_of(asset)
    return UnitTestStatement(
        name=name,
        asset=asset if asked is None else type(asset)(asked.name, asset.place),
        given=tuple(given),
        expected=_rows(expected) if expected else WrittenRows(),
        overrides=overrides.rest(()) if overrides else {},
        description=said.word("description"),
        tags=(*said.words("tags"), *(config.words("tags") if config else ())),
        is_enabled=config is None or config.truth("enabled") is not False,
        kept=said.values(_KEPT) | (config.rest(_OF_CONFIG) if config else {}),
    )


def _rows(said: Mapped) -> WrittenRows:
    format_ = said.word("format").lower()
    node = said.node("rows")
    rows: list[Mapping[str, object]] = []
    if isinstance(node, Items):
        rows = [value_of(item) for item in node.items if isinstance(item, Fields)]
    return WrittenRows(
        format=_FORMATS.get(format_, RowFormat.DICT),
        rows=tuple(rows),
        text=node.text if isinstance(node, Scalar) else "",
        fixture=said.word("fixture"),
    )
