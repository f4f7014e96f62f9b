"""`headgate sql`: an answer as a table, as CSV or as JSON."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import with_config
from headgate.cli.terminal import Terminal
from headgate.words.sql import cell_text, count_text, lines_of_answer

if TYPE_CHECKING:
    from headgate.app.sql import Answer

_TABLE_ROWS = 100


def run(options: Namespace, terminal: Terminal) -> int:
    """Ask, and print the answer."""
    from headgate.app.sql import sql
    from headgate.sql.tree import TEXT_BYTES_MAX

    # One character more than a query may have is told apart, and what never ends is not read to its end.
    query = sys.stdin.read(TEXT_BYTES_MAX + 1) if options.query == "-" else options.query
    is_table = options.format == "table" and not terminal.is_json
    limit = options.limit if options.limit is not None else _TABLE_ROWS if is_table else 0
    with with_config(options, terminal) as session:
        answer = sql(session, options.environment, query, limit=limit or None)
    if terminal.is_json:
        from headgate.cli.envelope import print_envelope

        rows = answer.rows
        body = {"columns": rows.columns, "types": rows.types, "rows": _plain_rows(answer), "is_cut": answer.is_cut}
        return print_envelope(terminal, "sql", body)
    {"table": _table, "csv": _csv, "json": _json}[options.format](answer, terminal)
    return 0


def _table(answer: Answer, terminal: Terminal) -> None:
    for line in lines_of_answer(answer):
        terminal.write(line)
    terminal.say(count_text(answer, way_to_more="--limit 0 shows all, or --format csv"))


def _csv(answer: Answer, terminal: Terminal) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.rows.columns)
    writer.writerows([["" if value is None else cell_text(value) for value in row] for row in answer.rows.rows])
    terminal.write_raw(text.getvalue().removesuffix("\n"))


def _json(answer: Answer, terminal: Terminal) -> None:
    import json

    rows = [dict(zip(answer.rows.columns, row, strict=True)) for row in _plain_rows(answer)]
    terminal.write_raw(json.dumps(rows, ensure_ascii=False))


def _plain_rows(answer: Answer) -> list[list[Any]]:
    return [[_plain(value) for value in row] for row in answer.rows.rows]


def _plain(value: Any) -> Any:
    """Return what JSON has for a value; numbers stay numbers, NaN and infinities become text."""
    import math

    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return cell_text(value)
