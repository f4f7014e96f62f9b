"""SQL text that reads files: what DuckDB's readers are told, so that the same content always gives the same table.

Columns are matched by *name* over all files of a glob, never by position, and types are given, never guessed again.
Hive partitions are off unless asked for: a folder called ``year=2013`` must not add a column.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from headgate.core.declarations import FileSource
from headgate.core.recipe import Shape
from headgate.plugins.engines.sql_texts import literal, quoted

_PLAIN = frozenset(
    {"header", "skip", "hive_partitioning", "ignore_errors", "null_padding", "strict_mode", "maximum_depth"}
)
OPTIONS: Mapping[str, frozenset[str]] = {
    "csv": frozenset(
        {
            "delim",
            "delimiter",
            "sep",
            "quote",
            "escape",
            "header",
            "skip",
            "nullstr",
            "null",
            "dateformat",
            "decimal_separator",
        }
        | {"timestampformat", "encoding", "comment", "compression", "hive_partitioning", "null_padding", "strict_mode"}
    ),
    "json": frozenset(
        {"format", "compression", "records", "dateformat", "timestampformat", "hive_partitioning", "maximum_depth"}
    ),
    "parquet": frozenset({"hive_partitioning"}),
}
"""The options of each format that a source may set; they are handed to DuckDB's reader of that format."""


def fault_in_location(location: FileSource) -> str:
    """Return why these files cannot be read at all, or the empty string."""
    if location.format not in OPTIONS:
        return f"the format {location.format} is not known; known are {', '.join(sorted(OPTIONS))}"
    unknown = sorted(set(location.options) - OPTIONS[location.format])
    if unknown:
        known = ", ".join(sorted(OPTIONS[location.format]))
        return f"{location.format} has no option {unknown[0]}; it has {known}"
    if not location.files:
        return f"no file matches {location.pattern}"
    has_header = location.options.get("header", "").lower() not in ("false", "0")
    empty = next((file.path for file in location.files if not file.size), "")
    if empty and (location.format != "csv" or has_header):
        # DuckDB would take it for a table with one column, which it names itself.
        return f"{empty} is empty\nTake it away, or narrow the path that matches it."
    return ""


def fault_in_content(message: str, root: str) -> str:
    """Return what DuckDB says of a file that it cannot read: one line that names the file, then the way on.

    Its settings are left out, and the line of the file that it quotes: that is data.
    """
    message = message.replace(str(Path(root) / "_")[:-1], "")
    found = _CSV_ERROR.match(message)
    if found is None:
        return message
    named = _CSV_FILE.search(message)
    where = f"{named[1] if named else 'a file'}, line {found[1]}"
    if "unicode" in found[2]:
        return f"{where}: the file is not UTF-8 text\n{_ENCODING}"
    return f"{where}: {found[2]}"


_CSV_ERROR = re.compile(r"CSV Error on Line: (\d+)\n(?:Original Line: [^\n]*\n)?([^\n]*)")
_CSV_FILE = re.compile(r"^  file = (.*)$", re.MULTILINE)
_ENCODING = "Save it with the encoding UTF-8, or name its own: `options: {encoding: latin-1}`."


def reader(location: FileSource, root: str, shape: Shape | None) -> str:
    """Return the table function over the files of ``location``; types are ``shape``'s or sniffed over all rows."""
    files = ", ".join(_one_file(str(Path(root) / file.path)) for file in sorted(location.files, key=lambda f: f.path))
    options = {"hive_partitioning": "false"}
    if len(location.files) > 1 and not (location.format == "json" and shape):
        options["union_by_name"] = "true"
    if location.format == "csv":
        options |= {"sample_size": "-1", "strict_mode": "true"}
        if shape:
            options["types"] = _struct(shape)
    elif location.format == "json":
        options["columns" if shape else "sample_size"] = _struct(shape) if shape else "-1"
    options |= {name: _value(name, value) for name, value in location.options.items()}
    return f"read_{location.format}([{files}], {', '.join(f'{n} = {v}' for n, v in options.items())})"


def _one_file(path: str) -> str:
    """Return the literal of a path that means this file alone: DuckDB takes every literal for a glob (seen)."""
    return literal(re.sub(r"[*?\[]", r"[\g<0>]", path))


def selection(location: FileSource, root: str, shape: Shape) -> str:
    """Return the SELECT of exactly the columns of ``shape`` from the files."""
    return f"select {', '.join(quoted(column.name) for column in shape)} from {reader(location, root, shape)}"


def seed_reader(path: str, shape: Shape | None) -> str:
    """Return the table function over a seed: commas, double quotes, one header line, every row complete."""
    types = f", types = {_struct(shape)}" if shape else ""
    fixed = (
        "header = true, delim = ',', quote = '\"', escape = '\"', skip = 0, strict_mode = true, null_padding = false"
    )
    return f"read_csv({_one_file(path)}, {fixed}, comment = '', sample_size = -1, hive_partitioning = false{types})"


def fault_in_seed(path: Path) -> tuple[str, int]:
    """Return what is wrong with a seed's header or the length of its rows, and the line; ("", 0) where nothing is.

    A second line of the text says what to do.

    DuckDB would rename columns of the same name and invent names for those that have none. Cost: one pass.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = next(rows, [])
            fault = _fault_in_header(header)
            if fault:
                return fault, 1
            for row in rows:
                if len(row) != len(header) and row:
                    return f"{len(row)} values where the header has {len(header)} columns", rows.line_num
    except UnicodeDecodeError:
        return "the file is not UTF-8 text\nSave it with the encoding UTF-8.", _first_bad_line(path)
    except csv.Error as error:
        return f"the file is not CSV: {error}", rows.line_num
    except OSError as error:
        return f"the file cannot be read: {error.strerror}", 0
    return "", 0


def _first_bad_line(path: Path) -> int:
    """Return the first line that is not UTF-8, counted from 1; 0 where all are."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0


def _fault_in_header(header: list[str]) -> str:
    if not header:
        return "the file is empty; its first line must name the columns"
    seen: set[str] = set()
    for number, name in enumerate(header, 1):
        if not name.strip():
            return f"column {number} has no name"
        if name.casefold() in seen:
            return f"two columns are called {name}"
        seen.add(name.casefold())
    separator = next((sign for sign in _SEPARATORS if len(header) == 1 and sign in header[0]), "")
    if separator:
        hint = "Save it with commas, or declare it as a source with `path:`, which finds out what separates."
        return f"its columns are separated by {_SEPARATORS[separator]}, those of a seed by commas\n{hint}"
    return ""


_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def _struct(shape: Shape) -> str:
    return "{" + ", ".join(f"{literal(c.name)}: {literal(c.type.split(' COLLATE ')[0])}" for c in shape) + "}"


def _value(name: str, value: str) -> str:
    return (
        value.lower() if name in _PLAIN and (value.isdigit() or value.lower() in ("true", "false")) else literal(value)
    )
