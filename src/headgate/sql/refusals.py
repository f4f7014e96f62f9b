"""What can be read and never planned: files that FROM names by path, and pivots whose columns follow the data.

Each gets a diagnostic of its own with the way on; the parser or the engine would tell it in riddles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from headgate.core.diagnostic import Diagnostic, in_order
from headgate.sql.bounds import too_large
from headgate.sql.functions import DYNAMIC_SQL
from headgate.sql.reading import span
from headgate.sql.relation import COLUMNS_MAX
from headgate.sql.stage import function_name
from headgate.sql.tree import Query, line_at, place_at

READERS = {
    **dict.fromkeys(("read_csv", "read_csv_auto"), "csv"),
    **dict.fromkeys(("read_parquet", "parquet_scan"), "parquet"),
    **dict.fromkeys(("read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto"), "json"),
}
"""Functions whose files a source can declare, with the format."""

LOOKERS = frozenset({"glob", "read_blob", "read_json_objects", "read_ndjson_objects", "read_text", "sniff_csv"})
"""Functions that look at files in a way that no source can declare."""

_ENDS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet", ".json": "json", ".jsonl": "json"}
_PACKED = (".gz", ".zst", ".bz2")
_WORD = re.compile(r"[^\W\d]\w*")


def refusals(query: Query) -> tuple[Diagnostic, ...]:
    """Return a fault for each such thing in a query."""
    return in_order((*_files(query), *_open_pivots(query), *_too_large(query)))


def runs_text(query: Query) -> Iterator[Diagnostic]:
    """Yield a fault where SQL is made while it runs: what it reads could neither be planned nor followed."""
    for call in query.tree.find_all(exp.Anonymous):
        name = function_name(call)
        if name in DYNAMIC_SQL:
            named = call.this if isinstance(call.this, exp.Expression) else call
            start = int(named.meta.get("start", 0))
            yield Diagnostic(
                "HG211",
                f"{name}() runs SQL that stands in no file",
                place_at(query.text, query.path, start, len(name)),
                hint="Write the query itself; what it reads could not be followed otherwise.",
                excerpt=line_at(query.text, start),
            )


def too_wide(query: Query) -> Diagnostic:
    """Return the fault of a query whose stars give more columns than the engine can be asked to bind."""
    summary, hint = f"a table of more than {COLUMNS_MAX:,} columns stands in it", "Name the columns that are meant."
    return Diagnostic("HG201", summary, place_at(query.text, query.path, 0), hint)


def calls_in_from(query: Query) -> Iterator[exp.Anonymous]:
    """Yield the calls of functions that stand in FROM as tables."""
    for table in query.tree.find_all(exp.Table, exp.Lateral):
        if isinstance(table.this, exp.Anonymous):
            yield table.this


def _too_large(query: Query) -> Iterator[Diagnostic]:
    """Yield a fault for what the engine would bind for longer than anybody waits."""
    if found := too_large(query.tree):
        node, summary = found
        yield _fault(query, "HG201", summary, node, "Split it into several assets.")


def _files(query: Query) -> Iterator[Diagnostic]:
    """Yield a fault for each file that FROM names: by a function that reads it, or by its path alone."""
    for call in calls_in_from(query):
        name = function_name(call)
        if name in READERS:
            path = next((p.name for p in call.find_all(exp.Literal) if p.is_string), "")
            yield _file(query, call, f"{name}() reads files that no source declares", path, READERS[name])
        elif name in LOOKERS:
            hint = "A query reads assets and sources alone: declare the files as a source with `path:`."
            yield _fault(query, "HG213", f"{name}() looks at files that no source declares", call, hint)
    for table in query.tree.find_all(exp.Table):
        named = table.this
        if isinstance(named, exp.Identifier) and table.args.get("db") is None and (kind := _format(named.name)):
            yield _file(query, named, f"{named.name} is a file that no source declares", named.name, kind)


def _file(query: Query, node: exp.Expression, summary: str, path: str, kind: str) -> Diagnostic:
    if "://" in path:
        hint = "This version reads files of this machine: bring them here, and declare them as a source with `path:`."
        return _fault(query, "HG213", summary, node, hint)
    stem = re.split(r"[*?\[{]", path)[0].rstrip("/-_.").rpartition("/")[2].partition(".")[0]
    name = stem if _WORD.fullmatch(stem) else "NAME"
    lines = [
        f"Declare it in a file such as assets/sources.yml, and read raw.{name} here:",
        "  sources:",
        "    - name: raw",
        "      tables:",
        f"        - name: {name}",
        f"          path: {path or 'PATH'}",
    ]
    if path and not _format(path):
        lines.append(f"          format: {kind}")
    return _fault(query, "HG213", summary, node, "\n".join(lines))


def _format(path: str) -> str:
    """Return the format that the end of a path tells; empty where it is none of a file."""
    name = path.lower()
    for end in _PACKED:
        name = name.removesuffix(end)
    return next((kind for end, kind in _ENDS.items() if name.endswith(end)), "")


def _open_pivots(query: Query) -> Iterator[Diagnostic]:
    """Yield a fault for each column that a PIVOT spreads without saying its values."""
    for pivot in query.tree.find_all(exp.Pivot):
        if pivot.args.get("unpivot"):
            continue
        for spread in pivot.args.get("fields") or pivot.args.get("expressions") or ():
            spread = spread.unnest()
            if isinstance(spread, exp.In) and not spread.args.get("query") and spread.find(exp.Select) is None:
                continue
            column = spread.this if isinstance(spread, exp.In) else spread
            start, end = span(column)
            name = query.text[start:end]
            hint = f"Write out the values that become columns: {name} in ('A', 'B')."
            yield _fault(query, "HG214", f"PIVOT on {name} makes columns that follow the data", column, hint)


def _fault(query: Query, code: str, summary: str, node: exp.Expression, hint: str) -> Diagnostic:
    start, end = span(node)
    place = place_at(query.text, query.path, start, end - start)
    return Diagnostic(code, summary, place, hint, excerpt=line_at(query.text, start))
