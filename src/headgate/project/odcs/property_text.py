"""Entries put into the text of a property file, which keeps everything else as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from headgate.project.odcs.yaml_text import yaml_text
from headgate.project.text import Text, decoded
from headgate.project.yaml_nodes import Fields, parse_yaml, value_of

_Node: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Put:
    """An entry for a list of a property file, in place of the one that says ``name`` under ``key``, if there is one."""

    section: str
    entry: Mapping[str, Any]
    key: str = "name"
    name: str = ""


class NotPut(Exception):
    """The file is not of the form that this needs; nothing was changed."""


def values_in(path: str, content: bytes) -> dict[str, Any]:
    """Return what a property file says, as plain values; nothing where it cannot be read."""
    text = decoded(path, content)
    node = parse_yaml(text) if isinstance(text, Text) else None
    return value_of(node) if isinstance(node, Fields) else {}


def with_entries(path: str, before: bytes, entries: tuple[Put, ...]) -> bytes:
    """Return the file with the entries; raise ``NotPut`` where that cannot be done without altering what else it says.

    Sections are lists with a line for each item; one that lacks is added at the end.
    """
    text = before.decode("utf-8-sig").replace("\r\n", "\n")
    for put in entries:
        text = _with_entry(text, put)
    after = text.replace("\n", "\r\n").encode() if b"\r\n" in before else text.encode()
    expected = values_in(path, before)
    for put in entries:
        _put(expected, put)
    if values_in(path, after) != expected:
        raise NotPut
    return after


def _put(values: dict[str, Any], put: Put) -> None:
    items = values.setdefault(put.section, [])
    if not isinstance(items, list):
        raise NotPut
    at = [number for number, item in enumerate(items) if _is_meant(item, put)]
    items[at[0] if at else len(items) : at[0] + 1 if at else len(items)] = [dict(put.entry)]


def _is_meant(item: Any, put: Put) -> bool:
    said = item.get(put.key) if isinstance(item, Mapping) else item
    return bool(put.name) and isinstance(said, str) and said == put.name


def _with_entry(text: str, put: Put) -> str:
    import yaml

    try:
        root: _Node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise NotPut from error
    pairs = root.value if root is not None else []
    found = next((value for key, value in pairs if key.value == put.section), None)
    if found is None:
        gap = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{gap}{put.section}:\n{_item(put.entry, indent=2)}"
    if type(found).__name__ != "SequenceNode" or found.flow_style or not found.value:
        raise NotPut
    items = list(found.value)
    dashes = [_dash(text, item) for item in items]
    at = next((n for n, item in enumerate(items) if _is_node_meant(item, put)), None)
    indent = dashes[0] - (text.rfind("\n", 0, dashes[0]) + 1)
    if at is None:
        end = _line_end(text, _content_end(items[-1]))
        gap = "" if text[:end].endswith("\n") else "\n"
        return f"{text[:end]}{gap}{_item(put.entry, indent=indent)}{text[end:]}"
    start, end = text.rfind("\n", 0, dashes[at]) + 1, _line_end(text, _content_end(items[at]))
    return f"{text[:start]}{_item(put.entry, indent=indent)}{text[end:]}"


def _is_node_meant(item: _Node, put: Put) -> bool:
    if not put.name:
        return False
    if isinstance(item.value, str):
        return bool(item.value == put.name)
    return any(key.value == put.key and value.value == put.name for key, value in item.value)


def _dash(text: str, item: _Node) -> int:
    """Return where the dash of an item stands, alone on its line before it."""
    at = text.rfind("-", 0, item.start_mark.index)
    if at < 0 or text[text.rfind("\n", 0, at) + 1 : at].strip() or text[at + 1 : item.start_mark.index].strip():
        raise NotPut
    return at


def _content_end(node: _Node) -> int:
    """Return where the last thing of a node ends; of a block the mark would be where the next thing begins."""
    while not isinstance(node.value, str) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> int:
    if at and text[at - 1] == "\n":
        return at
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _item(entry: Mapping[str, Any], *, indent: int) -> str:
    lines = yaml_text([dict(entry)]).removesuffix("\n").split("\n")
    # In a text of several lines an empty one stays empty: white space there would be part of it.
    shift = " " * indent
    return "".join(f"{shift}{line}\n" if line else "\n" for line in lines)
