"""Writes shop_by_dbt.json: the tables that dbt itself makes of tests/imports/shop.

Run it by hand where dbt-duckdb is installed beside the DuckDB of the tests.
What needs a package or pandas is taken out of the copy that dbt sees.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
TAKEN_OUT = ("packages.yml", "models/marts/starred.sql", "models/marts/forecast.py")
LINES_TAKEN_OUT = {
    "models/marts/core/_core.yml": "ref('forecast')",
    "models/staging/_staging.yml": "dbt_utils.",
}


def main() -> None:
    """Let dbt build a copy, and keep every table."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "shop"
        shutil.copytree(HERE / "shop", copy)
        for path in TAKEN_OUT:
            (copy / path).unlink()
        for path, text in LINES_TAKEN_OUT.items():
            lines = (copy / path).read_text().splitlines(keepends=True)
            (copy / path).write_text("".join(line for line in lines if text not in line))
        for command in ("seed", "build"):
            subprocess.run(["dbt", command, "--quiet", "--profiles-dir", "."], cwd=copy, check=True)
        connection = duckdb.connect(str(copy / "shop.duckdb"), read_only=True)
        connection.execute(f"set file_search_path = '{copy}'")
        (HERE / "shop_by_dbt.json").write_text(json.dumps(tables_of(connection), indent=1, ensure_ascii=False) + "\n")


def tables_of(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[list[str]]]]:
    """Return every table and view, snapshots left out: columns with types, and rows as texts, sorted."""
    found = {}
    names = (
        "select table_schema, table_name from information_schema.tables where table_schema <> 'history' order by 1, 2"
    )
    for schema, name in connection.execute(names).fetchall():
        if schema == "history":
            continue
        relation = f'"{schema}"."{name}"'
        columns = [list(row[:2]) for row in connection.execute(f"describe from {relation}").fetchall()]
        rows = connection.execute(f"select columns(*)::varchar from {relation} order by all").fetchall()
        found[f"{schema}.{name}"] = {"columns": columns, "rows": [list(row) for row in rows]}
    return found


if __name__ == "__main__":
    main()
