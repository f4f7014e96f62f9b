"""The ``/* headgate ... */`` header at the top of a SQL file, as a tree with the places of the file.

Most headers are a few lines ``key: value``. Those are read here, without YAML, in about 5 microseconds; what is not of
that form goes to the YAML parser. Both give the same tree for every text that this reader accepts.
"""

from __future__ import annotations

import re

from headgate.project.text import Text
from headgate.project.yaml_nodes import Fields, Node, Scalar, is_null, parse_yaml

_OPENING = re.compile(r"/\*+[ \t]*headgate\b:?", re.IGNORECASE)
_LATER = re.compile(r"^[ \t]*/\*+[ \t]*headgate\b:?[ \t]*$", re.IGNORECASE | re.MULTILINE)
# Nothing here has a meaning in YAML: no quotes, brackets, tabs, colons or number signs, and a letter in front.
_SIMPLE = re.compile(r"( *)([A-Za-z_][A-Za-z0-9_]*):( +)([A-Za-z][A-Za-z0-9_./@+() -]*)")
_CRON_FIELDS = 5
# A last line of a header: of `cron: */15 * * * *` it is what stands before `*/`, which ends the comment.
_CRON = re.compile(r"^[ \t]*cron:([^\n]*)$(?!\n)", re.MULTILINE)
_STEPS = "Write `0-59/15` for `*/15`, or say `cron` in a property file, where it is no comment."
_EXAMPLE = "Write lines such as `owner: TEAM` between `/* headgate` and `*/`."


def read_header(source: Text) -> Fields | None:
    """Return what the header says; None where there is none, or where it says nothing."""
    text = source.text
    start = 0 if text.startswith("/*") else _after_comments(text)
    opening = _OPENING.match(text, start)
    if opening is None:
        _look_for_a_late_one(source)
        return None
    end = text.find("*/", opening.end())
    line = text.count("\n", 0, start) + 1
    if end < 0:
        place = source.place(line, start - text.rfind("\n", 0, start), opening.end() - start)
        source.fault("HG112", "the header has no end", place, "Write `*/` behind its last line.")
        return None
    cron = _CRON.search(text, opening.end(), end)
    if cron is not None and _is_cut(cron[1].strip(" '\"")):
        place = source.place(text.count("\n", 0, end) + 1, end - text.rfind("\n", 0, end), 2)
        source.fault("HG112", "`*/` ends the header in the middle of a schedule", place, _STEPS)
        return None
    node = _simple(source, text[opening.end() : end], line) or _yaml(source, opening.end(), end)
    if node is None or isinstance(node, Fields):
        return node
    source.fault("HG112", "the header is not a list of keys and values", node.place, _EXAMPLE)
    return None


def _is_cut(cron: str) -> bool:
    return not cron.startswith("@") and len(cron.split()) < _CRON_FIELDS


def _after_comments(text: str) -> int:
    """Return where the first thing stands that is neither white space nor a comment of another kind."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text.startswith("--", at):
            at = text.find("\n", at)
        elif text.startswith("/*", at) and not _OPENING.match(text, at):
            at = text.find("*/", at) + 1
            at = at + 1 if at else -1
        else:
            return at
        if at < 0:
            return len(text)
    return at


def _look_for_a_late_one(source: Text) -> None:
    if "headgate" not in source.text and "headgate" not in source.text.lower():
        return
    late = _LATER.search(source.text, _after_comments(source.text))
    if late is not None:
        place = source.place(source.text.count("\n", 0, late.start()) + 1, 1, len(late.group()))
        source.warn("HG113", "a header below the first statement is not read", place, "Move it to the top of the file.")


def _simple(source: Text, inside: str, line: int) -> Fields | None:
    """Return the tree of a header of simple lines; None where it is not one."""
    lines = inside.split("\n")
    if lines[0].strip(" "):
        return None
    pairs: dict[str, tuple[Scalar, Node]] = {}
    indent = -1
    for number, one in enumerate(lines[1:], start=line + 1):
        if not one.strip(" "):
            continue
        match = _SIMPLE.fullmatch(one)
        if match is None or match[2] in pairs or (indent >= 0 and len(match[1]) != indent):
            return None
        indent, key, value = len(match[1]), match[2], match[4].rstrip(" ")
        column = indent + len(key) + len(match[3]) + 2
        pairs[key] = (
            Scalar(key, True, (source.path, number, indent + 1, len(key))),
            Scalar(value, True, (source.path, number, column, len(value))),
        )
    first = next(iter(pairs.values()))[0].at if pairs else None
    return Fields(tuple(pairs.values()), (*first[:3], 0)) if first else None


def _yaml(source: Text, start: int, end: int) -> Node | None:
    # Blanks stand for all that comes before, so that lines and columns are those of the file.
    before = source.text[:start]
    blanks = "\n" * before.count("\n") + " " * (start - before.rfind("\n") - 1)
    node = parse_yaml(source, blanks + source.text[start:end])
    return None if node is None or is_null(node) else node
