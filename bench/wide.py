"""A table of 20 columns of many kinds, as a build of an engine: what checks and comparisons are measured on."""

from __future__ import annotations

import duckdb

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.hashing import digest
from headgate.core.ports.engine import BuildJob, SelectInput, physical_name
from headgate.core.records import Build, BuildStatus
from headgate.core.versions import source_versions
from headgate.plugins.engines.duckdb import DuckEngine
from headgate.plugins.engines.duckdb_columns import shape_of

ADDRESS = Address("m.orders")
TABLE = """
select i as id, (hash(i) % 1000000)::int as customer, date '2020-01-01' + (hash(i + 1) % 1500)::int as day,
  timestamp '2020-01-01' + to_seconds((i * 12)::bigint) as loaded_at,
  ['new','paid','sent','back','lost'][1 + (hash(i + 2) % 5)::int] as status,
  ['DE','FR','US','GB','IT','ES','NL','PL'][1 + (hash(i + 3) % 8)::int] as country,
  'u' || (hash(i + 4) % 3000000)::varchar || '@example.org' as email,
  lpad((hash(i + 5) % 100000)::varchar, 5, '0') as zip,
  (hash(i + 6) % 100000)::double / 100 as amount, (hash(i + 7) % 1000)::double / 1000 as share,
  case when hash(i + 8) % 50 > 0 then (hash(i + 9) % 80)::int end as age,
  (hash(i + 10) % 10000)::decimal(18, 2) / 100 as price, hash(i + 11) % 2 = 0 as active,
  (hash(i + 12) % 20)::smallint as qty, (hash(i + 13) % 1000000007)::bigint as ref, md5((i % 100000)::varchar) as token,
  case when hash(i + 14) % 10 > 0 then 'note ' || (hash(i + 15) % 1000)::varchar end as note,
  sqrt((hash(i + 16) % 1000000)::double) as score, (hash(i + 17) % 365)::int as days,
  'c' || (hash(i + 18) % 200)::varchar as category
from range({rows}) as t(i)
"""
"""The SELECT, but for the number of rows; everything follows from the number of the row."""


def built(engine: DuckEngine, name: str, sql: str) -> Build:
    """Have the engine build a SELECT over nothing, and return what would be recorded of it."""
    build = recorded(name, sql)
    engine.build([BuildJob(build.id, ADDRESS, build.relation, build.shape, SelectInput(sql), 1)])
    return build


def recorded(name: str, sql: str) -> Build:
    """Return what is recorded of such a build."""
    shape = shape_of(duckdb.connect(), sql)
    identity = digest("bench", name)
    return Build(
        id=identity, key=identity, address=ADDRESS, kind=Kind.TABLE, engine="local", shape=shape, recipe=identity,
        versions=source_versions(identity, shape), reads={}, inputs={}, relation=physical_name(ADDRESS, identity),
        status=BuildStatus.SEALED, created_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
