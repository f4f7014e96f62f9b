"""The project that the campaigns work on: three versions of its code, and of the data that it reads.

It has what can go wrong in a release: a file and a table as sources, both captured; a seed; views over tables, over the
live table and over views; a sum of floats and a chain over ``random()``; assets that come and go; two tables that say
which version they are, in two schemas; a function with a module, and a table over what it makes. Data tests look at a
table, a view and a load before they are shown.
"""

from __future__ import annotations

from pathlib import Path

VERSIONS = (1, 2, 3)
SCHEMAS = ("raw", "staging", "marts")
ORDERS = "id bigint, region text, amount double precision, batch bigint"
URL = "database.url"
"""The file in a world's folder that names its database; a world without one is on DuckDB and SQLite."""

RATES = "region text, rate double precision, batch integer"

ON_DUCKDB = """\
name = "crash"

[engines.local]
kind = "duckdb"
path = "warehouse.duckdb"
"""

ON_POSTGRES = """\
name = "crash"

[state]
url = "env:CRASH_URL"

[engines.local]
kind = "postgres"
url = "env:CRASH_URL"
"""

TOML = """
[environments.prod]
engine = "local"
protected = true
retain = "0 seconds"

[environments."*"]
engine = "local"
retain = "0 seconds"
"""

SOURCES = """\
sources:
  - name: raw
    owner: ops
    tables:
      - name: orders
        path: data/orders.csv
      - name: rates
        loaded_at_field: batch
"""

TESTED = """\
models:
  - name: orders
    data_tests: [{row_count: {min: 1}}]
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - {name: region, data_tests: [{accepted_values: {values: [n, s, e]}}]}
  - name: big
    data_tests: [{expression: {expression: "amount > 0"}}]
  - name: by_id
    columns:
      - {name: id, data_tests: [unique, not_null]}
  - name: by_region
    columns:
      - {name: region, data_tests: [unique, {relationships: {to: staging.orders, field: region}}]}
  - name: sound
    columns:
      - {name: region, data_tests: [{accepted_values: {values: [n, s], config: {quarantine: true}}}]}
"""
"""What must be true of a table, of a view, and of what is loaded by key; it always is. Of one rows are set aside."""

MEASURED = frozenset({"staging.orders", "marts.by_id", "marts.by_region", "marts.sound__unchecked"})
"""Those of them of which evidence is kept: a view is measured each time."""

SCORES = """\
import headgate as hg
import pyarrow as pa

from factors import FACTOR


@hg.table(inputs={{"orders": "staging.orders"}}, owner="ops", deterministic=True)
def scores(orders: pa.RecordBatchReader) -> pa.RecordBatchReader:
    def batches():
        for batch in orders:
            points = [amount * FACTOR + {version} for amount in batch.column("amount").to_pylist()]
            yield pa.record_batch([batch.column("id"), pa.array(points, pa.float64())], schema)

    schema = pa.schema([("id", pa.int64()), ("points", pa.float64())])
    return pa.RecordBatchReader.from_batches(schema, batches())
"""
"""A function that takes and gives batches; its factor is in a module, and it adds the version."""

SOUND = "marts.sound"
"""The asset whose failing rows stand in a table beside it."""

TAKEN = (("marts", "fresh"), ("marts", "newest"))
"""Names of assets from version 2 on, under which somebody else has a table, and a view."""

RANDOM = "staging.dice"
"""The asset that no rebuild gives again."""


def files_of(version: int, *, where: str = ON_DUCKDB) -> dict[str, str]:
    """Return the project's files by path, without data. ``where`` is what headgate.toml says of state and engine."""
    files = {
        "headgate.toml": where + TOML,
        "assets/sources.yml": SOURCES,
        "assets/tested.yml": TESTED,
        ".gitignore": "*.db*\n*.duckdb*\n.headgate/\ndata/\ndatabase.url\n",
    }
    files["assets/marts/scores.py"] = SCORES.format(version=version)
    files["lib/factors.py"] = f"FACTOR = {version + 1}\n"
    files["assets/staging/regions.csv"] = "region,label\nn,North\ns,South\n" + "e,East\n" * (version > 1)
    files |= {f"assets/{address.replace('.', '/')}.sql": sql for address, sql in _assets(version).items()}
    return files


def _assets(version: int) -> dict[str, str]:
    head, view = "/* headgate\nowner: ops\n*/\n", "/* headgate\nkind: view\nowner: ops\n*/\n"
    assets = {
        "staging.orders": f"{head}select id, region, amount * {version} as amount, batch from raw.orders",
        "staging.stamp": f"{head}select {version} as version, count(*) as orders from raw.orders",
        "staging.rates": f"{view}select region, rate + {version} as rate, batch from raw.rates",
        "staging.dice": f"{head}select id, random() as roll from raw.orders",
        "staging.big": f"{view}select id, region, amount from staging.orders where amount > {version}",
        "marts.stamp": f"{head}select {version} as version, sum(amount) as total from staging.orders",
        "marts.sound": f"{head}select id, region, amount * {version} as amount from staging.orders",
        "marts.scored": f"{head}select max(points) as best, sum(points) as points from marts.scores",
        "marts.by_region": (
            f"{head}select region, sum(amount) as total, count(*) as n from staging.orders group by region"
        ),
        "marts.shares": (
            f"{head}select b.region, b.total / g.grand as share from marts.by_region as b\n"
            "cross join (select sum(total) as grand from marts.by_region) as g"
        ),
        "marts.rolled": f"{head}select id, roll * {version} as points from staging.dice",
        "marts.best": f"{head}select max(points) as best, count(*) as n from marts.rolled",
        "marts.rated": (
            f"{head}select b.id, b.amount * r.rate as rated, r.batch\n"
            "from staging.big as b join staging.rates as r on r.region = b.region"
        ),
        "marts.by_id": (
            "/* headgate\nkind: incremental\nunique_key: id\nowner: ops\n*/\n"
            f"select id, amount * {version} as amount, batch from staging.orders"
        ),
        "marts.by_day": (
            "/* headgate\nkind: incremental\ntime_column: day\nstart: 2026-01-01\nlookback: 4000 days\n"
            "batch: 90 days\nowner: ops\n*/\n"
            f"select timestamp '2026-01-01' + id::int * interval '1 day' as day, sum(amount) * {version} as amount\n"
            "from staging.orders group by 1"
        ),
        "marts.loaded": (
            f"{head}select count(*) as n, sum(i.amount) as ids, (select sum(d.amount) from marts.by_day as d) as days\n"
            "from marts.by_id as i"
        ),
        "marts.labelled": (
            f"{view}select r.label, m.total, m.n from marts.by_region as m\n"
            "join staging.regions as r on r.region = m.region"
        ),
        "marts.priced": (
            f"{view}select l.label, l.total, s.version from marts.labelled as l cross join staging.stamp as s"
        ),
    }
    if version == 1:
        assets["marts.old"] = f"{head}select region from staging.orders where amount > 5"
    else:
        assets["marts.fresh"] = f"{head}select distinct region from staging.orders"
        assets["marts.newest"] = f"{view}select max(id) as id from staging.orders"
    return assets


def scores_sql(text: str, factors: str) -> str:
    """Return a query that gives what the function gives, by the texts of its file and of its module."""
    factor = int(factors.partition("=")[2])
    added = int(text.partition("FACTOR + ")[2].partition(" ")[0])
    return f"select id, amount * {factor} + {added} as points from staging.orders"


def set_aside(text: str) -> dict[str, str]:
    """Return the queries of what is shown of the asset that ``text`` makes: the rows that pass, and the others."""
    rows, passes = f"from ({text}) as every", "region in ('n', 's')"
    return {
        SOUND: f"select * {rows} where {passes}",
        f"{SOUND}_quarantine": f"select *, 'accepted_values of region' as failed_tests {rows} where not {passes}",
    }


def orders_of(version: int) -> str:
    """Return the file that the project reads; its size tells the version. All sums of its amounts are exact."""
    rows = (f"{i},{'nse'[i % 3]},{i * 0.25},{version}" for i in range(1, 31 + 10 * version))
    return "id,region,amount,batch\n" + "\n".join(rows) + "\n"


def rates_of(version: int) -> str:
    """Return the SELECT of the table that the project reads."""
    each = ((region, number * version) for number, region in enumerate("nse", 1))
    rows = ", ".join(f"('{region}', {rate}.5::double precision, {version})" for region, rate in each)
    return f"select * from (values {rows}) as t(region, rate, batch)"


def write(folder: Path, version: int, *, where: str) -> None:
    """Make the folder hold that version's files and no others of an earlier one."""
    for old in folder.glob("assets/**/*"):
        if old.is_file():
            old.unlink()
    for path, text in files_of(version, where=where).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
