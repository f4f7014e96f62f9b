"""The same comparison with another tool: ``PYTHON bench/compare_peers.py TOOL FILE BEFORE AFTER``.

It is run by the Python of an environment in which the tool is installed, and needs nothing else of the bench. It prints
how many rows were removed and added, so that nobody is measured who did something else.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

KEY = "id"


def datacompy(file: str, before: str, after: str) -> tuple[int, int]:
    """Compare in pandas, which holds both tables."""
    import duckdb
    from datacompy import PandasCompare

    with duckdb.connect(file, read_only=True) as connection:
        frames = [connection.execute(f'select * from headgate."{name}"').df() for name in (before, after)]
    found = PandasCompare(*frames, join_columns=[KEY])
    found.all_mismatch()
    return len(found.df1_unq_rows), len(found.df2_unq_rows)


def data_diff(file: str, before: str, after: str) -> tuple[int, int]:
    """Compare by checksums of segments, and fetch those that differ."""
    import duckdb
    from data_diff import TableSegment, connect, diff_tables

    with duckdb.connect(file, read_only=True) as connection:
        described = connection.execute(f'describe headgate."{before}"').fetchall()
    columns = tuple(name for name, *_ in described if name != KEY)
    database = connect({"driver": "duckdb", "filepath": file}, thread_count=1)
    sides = [
        TableSegment(database, ("headgate", name), (KEY,), extra_columns=columns).with_schema()
        for name in (before, after)
    ]
    rows: Counter[Any] = Counter((sign, row[0]) for sign, row in diff_tables(*sides))
    return (
        sum(("+", key) not in rows for sign, key in rows if sign == "-"),
        sum(("-", key) not in rows for sign, key in rows if sign == "+"),
    )


def sqlmesh(file: str, before: str, after: str) -> tuple[int, int]:
    """Compare by a join that is kept as a table beside; ``file`` is written to."""
    from sqlmesh import Context
    from sqlmesh.core.config import Config, DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig

    gateway = GatewayConfig(connection=DuckDBConnectionConfig(catalogs={"w": file}))
    settings = Config(
        gateways={"local": gateway}, default_gateway="local", model_defaults=ModelDefaultsConfig(dialect="duckdb")
    )
    with tempfile.TemporaryDirectory() as folder:
        context = Context(paths=folder, config=settings)
        names = (f'w.headgate."{name}"' for name in (before, after))
        found: Any = context.table_diff(*names, on=[KEY], show=False)
        rows = (found[0] if isinstance(found, list) else found).row_diff()
    return int(rows.s_only_count), int(rows.t_only_count)


TOOLS: Mapping[str, Callable[[str, str, str], tuple[int, int]]] = {
    "datacompy": datacompy,
    "data-diff": data_diff,
    "SQLMesh": sqlmesh,
}


if __name__ == "__main__":
    tool, *arguments = sys.argv[1:]
    print(*TOOLS[tool](*arguments))
