"""Entries of ``unit_tests:``."""

from __future__ import annotations

from headgate.core.diagnostic import Place
from headgate.core.unit_tests import Cell, Row, RowFormat, Written, WrittenRows
from headgate.project.forms.data_tests import UNIT_TEST
from headgate.project.forms.form import Use
from headgate.project.mapped import Mapped
from headgate.project.pieces import StatedUse, UnitTestStatement
from headgate.project.references import reference_of
from headgate.project.text import Text
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar, is_null, value_of

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
    given: list[tuple[StatedUse | None, WrittenRows, Place]] = []
    for one in said.mappings("given"):
        text = one.text("input")
        use = reference_of(text) if text and text.value.strip() != "this" else None
        if text and (use or text.value.strip() == "this"):
            given.append((use, _rows(source, one), text.place))
    expected, overrides, config = said.mapping("expect"), said.mapping("overrides"), said.mapping("config")
    interval = said.mapping("interval")
    asked = reference_of(asset)
    return UnitTestStatement(
        name=name,
        asset=asset if asked is None else type(asset)(asked.name, asset.place),
        given=tuple(given),
        expected=_rows(source, expected) if expected else WrittenRows(),
        overrides=overrides.rest(()) if overrides else {},
        description=said.word("description"),
        tags=(*said.words("tags"), *(config.words("tags") if config else ())),
        is_enabled=config is None or config.truth("enabled") is not False,
        kept=said.values(_KEPT) | (config.rest(_OF_CONFIG) if config else {}),
        now=_cell(said, "now"),
        start=_cell(interval, "start") if interval else None,
        end=_cell(interval, "end") if interval else None,
    )


def _cell(said: Mapped, key: str) -> Cell | None:
    text = said.text(key)
    return Cell(key, text.value, text.place) if text else None


def _rows(source: Text, said: Mapped) -> WrittenRows:
    node, fixture = said.node("rows"), said.text("fixture")
    place = node.place if node is not None else fixture.place if fixture else said.fields.place
    text_place, indent = _text_at(source, node) if isinstance(node, Scalar) else (place, -1)
    return WrittenRows(
        format=_FORMATS.get(said.word("format").lower(), RowFormat.DICT),
        rows=tuple(_row(item) for item in node.items if isinstance(item, Fields)) if isinstance(node, Items) else (),
        text=node.text if isinstance(node, Scalar) else "",
        fixture=fixture.value if fixture else "",
        place=text_place,
        indent=indent,
        is_written=node is not None or fixture is not None,
    )


def _row(fields: Fields) -> Row:
    return tuple(_value(key, node) for key, node in fields.pairs)


def _value(key: Scalar, node: Node) -> Cell:
    plain = None if isinstance(node, Scalar) else value_of(node)
    return Cell(key.text, _written(node), node.place, plain, key.place)


_FLOATS = {".nan": "nan", ".inf": "inf", "+.inf": "inf", "-.inf": "-inf"}
"""What YAML calls numbers that are none."""


def _written(node: Node) -> Written:
    if isinstance(node, Items):
        return [_written(item) for item in node.items]
    if isinstance(node, Fields):
        return {key.text: _written(value) for key, value in node.pairs}
    if is_null(node):
        return None
    return _FLOATS.get(node.text.lower(), node.text) if node.is_plain else node.text


def _text_at(source: Text, node: Scalar) -> tuple[Place, int]:
    """Return where a text begins, and how far its lines stand to the right: of a block (``|``) below its mark."""
    place = node.place
    if node.is_plain or source.line(place.line)[place.column - 1 : place.column] != "|":
        return place, -1
    number, own = next(((n, line) for n, line in enumerate(node.text.split("\n")) if line.strip()), (0, ""))
    written = source.line(place.line + 1 + number)
    indent = len(written) - len(own) if own and written.endswith(own) else -1
    return source.place(place.line + 1), indent
