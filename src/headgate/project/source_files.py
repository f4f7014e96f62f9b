"""Tables of an engine as the text of a property file, new or added to one that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headgate.project.property_files import PropertyFile
from headgate.project.text import Text, decoded
from headgate.project.yaml_nodes import Fields, Items, parse_yaml

LINE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class WrittenColumn:
    """A column to declare; ``type`` may be empty."""

    name: str
    type: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table to declare under ``name``; ``identifier`` is what the engine calls it, where that is another name."""

    name: str
    identifier: str = ""
    description: str = ""
    columns: tuple[WrittenColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenSource:
    """A source to declare; ``schema`` is what the engine calls it, where that is another name."""

    name: str
    schema: str
    tables: tuple[WrittenTable, ...]


def source_text(source: WrittenSource) -> str:
    """Return a property file that declares the source.

    >>> orders = WrittenTable("orders", columns=(WrittenColumn("id", "INTEGER"),))
    >>> print(source_text(WrittenSource("raw", "", (orders,))))
    sources:
      - name: raw
        tables:
          - name: orders
            columns:
              - name: id
                data_type: INTEGER
    <BLANKLINE>
    """
    return "sources:\n" + _entry(source, indent=2)


def entries_text(section: str, tables: Sequence[WrittenTable]) -> str:
    """Return a property file with an entry for each table in a section."""
    return _dumped({section: [_table(table) for table in tables]})


def with_source(path: str, before: bytes, source: WrittenSource) -> bytes | None:
    """Return the file with the source added at its end; None where that cannot be done without altering what it says.

    It can where ``sources:`` is the last section, a list with a line for each item.
    """
    text = decoded(path, before)
    if not isinstance(text, Text):
        return None
    node = parse_yaml(text)
    if not isinstance(node, Fields) or not node.pairs or text.faults:
        return None
    key, items = node.pairs[-1]
    if key.text != "sources" or not isinstance(items, Items) or not items.items:
        return None
    dash = text.line(items.items[-1].place.line).find("-")
    if dash < 0 or text.line(items.items[-1].place.line)[:dash].strip():
        return None
    end = "" if text.text.endswith("\n") else "\n"
    added = (end + _entry(source, indent=dash)).encode()
    after = before + (added.replace(b"\n", b"\r\n") if b"\r\n" in before else added)
    return after if _adds(path, before, after, len(source.tables)) else None


def _entry(source: WrittenSource, *, indent: int) -> str:
    """Return a source as an item of a list."""
    said: dict[str, Any] = {"name": source.name}
    if source.schema:
        said["schema"] = source.schema
    said["tables"] = [_table(table) for table in source.tables]
    lines = _dumped([said]).splitlines()
    return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in lines)


def _table(table: WrittenTable) -> dict[str, Any]:
    said: dict[str, Any] = {"name": table.name}
    if table.identifier:
        said["identifier"] = table.identifier
    if table.description:
        said["description"] = table.description
    if table.columns:
        said["columns"] = [_column(column) for column in table.columns]
    return said


def _column(column: WrittenColumn) -> dict[str, str]:
    said = {"name": column.name, "data_type": column.type, "description": column.description}
    return {key: value for key, value in said.items() if value}


def _dumped(body: Any) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Lists stand further in than their key, as people write them."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, ARG002
            super().increase_indent(flow, False)

    return yaml.dump(body, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=LINE_LENGTH)


def _adds(path: str, before: bytes, after: bytes, tables: int) -> bool:
    """Tell whether everything that was said is said still, and that many tables of a source more."""
    old, new = _said(path, before), _said(path, after)
    if old is None or new is None or len(new.sources) != len(old.sources) + tables:
        return False
    is_same = new.statements == old.statements and new.exposures == old.exposures
    return is_same and new.sources[: len(old.sources)] == old.sources and new.source.faults == old.source.faults


def _said(path: str, content: bytes) -> PropertyFile | None:
    text = decoded(path, content)
    if not isinstance(text, Text):
        return None
    file = PropertyFile(text)
    file.read()
    return file
