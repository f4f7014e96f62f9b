"""The floors: what the libraries alone take for the same work, each as a process of its own.

`python -m bench.floors WORK SIZE ROWS FOLDER`, where WORK is one of

raw       fill the raw tables in FOLDER/seed.duckdb (not a floor)
parse     P: sqlglot parses all files
qualify   Q: parse, qualify and annotate all files with one shared schema
build     B: the same statements straight through the duckdb module
views:K   V: K views over K tables replaced in one transaction
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.workload import COLUMNS, RAW_TABLES, make_workload, raw_statements


def main(work: str, size: int, rows: int, folder: Path) -> None:
    if work == "raw":
        _raw(rows, folder)
    elif work == "parse":
        _parse(folder)
    elif work == "qualify":
        _qualify(folder)
    elif work == "build":
        _build(size, rows, folder)
    else:
        _views(int(work.partition(":")[2]), folder)


def _texts(folder: Path) -> list[tuple[str, str, str]]:
    """Return schema, name and text of every file, as a tool that starts from files must read them."""
    paths = sorted((folder / "headgate" / "assets").glob("*/*.sql"))
    return [(path.parent.name, path.stem, path.read_text()) for path in paths]


def _raw(rows: int, folder: Path) -> None:
    import duckdb

    with duckdb.connect(str(folder / "seed.duckdb")) as connection:
        for statement in raw_statements(rows):
            connection.execute(statement)


def _parse(folder: Path) -> None:
    import sqlglot

    for _, _, text in _texts(folder):
        sqlglot.parse_one(text, read="duckdb")


def _qualify(folder: Path) -> None:
    import sqlglot
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.schema import MappingSchema

    texts = _texts(folder)
    columns = dict(COLUMNS)
    schema = MappingSchema(dialect="duckdb")
    for number in range(RAW_TABLES):
        schema.add_table(f"raw.t{number}", columns)
    for name, asset, _ in texts:
        schema.add_table(f"{name}.{asset}", columns)
    for _, _, text in texts:
        tree = qualify(sqlglot.parse_one(text, read="duckdb"), dialect="duckdb", schema=schema)
        annotate_types(tree, schema=schema, dialect="duckdb")


def _build(size: int, rows: int, folder: Path) -> None:
    import duckdb

    path = folder / "floor.duckdb"
    path.unlink(missing_ok=True)
    path.write_bytes((folder / "seed.duckdb").read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema staging")
        connection.execute("create schema marts")
        for asset in make_workload(size, rows).assets:
            connection.execute(f"create table {asset.address} as {asset.sql(list(asset.inputs))}")


def _views(count: int, folder: Path) -> None:
    """Replace views over the tables that `build` left, with explicit columns, in one transaction."""
    import duckdb

    columns = ", ".join(f'"{name}"' for name, _ in COLUMNS)
    with duckdb.connect(str(folder / "floor.duckdb")) as connection:
        # No parameters: binding one makes the module import pandas where it is installed, about 0.8 s.
        tables = connection.execute(
            f"select schema_name, table_name from duckdb_tables() where schema_name <> 'raw' order by all limit {count}"
        ).fetchall()
        connection.execute("create schema if not exists shown")
        connection.execute("begin")
        for schema, table in tables:
            connection.execute(f'create or replace view shown."{table}" as select {columns} from {schema}."{table}"')
        connection.execute("commit")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
