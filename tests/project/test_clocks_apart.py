"""Queries that are filtered by another column than rows belong to intervals by: told where that is certain."""

from pathlib import Path

import pytest

from headgate.app.linking.analysing import LocalAnalyser, analysed_from, analysed_to
from headgate.app.linking.ground import on_duckdb
from headgate.core.diagnostic import Severity
from headgate.core.json_form import dumps, loads
from headgate.project.analyser import Analysed, Job
from headgate.project.link import Linked, link
from tests.project.project_stage import read

SOURCES = """
sources:
  - name: raw
    owner: ops
    tables:
      - name: trips
        columns:
          - {name: id, data_type: bigint}
          - {name: left_at, data_type: timestamp}
          - {name: loaded_at, data_type: timestamp}
          - {name: load, data_type: bigint}
          - {name: date_key, data_type: bigint}
      - name: loads
        columns:
          - {name: id, data_type: bigint}
          - {name: loaded_at, data_type: timestamp}
      - name: days
        columns:
          - {name: date_key, data_type: bigint}
          - {name: day, data_type: date}
"""
STAGED = {
    "staged": "select id, left_at, loaded_at, left_at::date as day from raw.trips",
    "mixed": "select id, greatest(left_at, loaded_at) as at, loaded_at from raw.trips",
}


class Stored(LocalAnalyser):
    """Answers as the cache gives them."""

    def _analysed(self, job: Job) -> Analysed:
        return analysed_from(loads(dumps(analysed_to(super()._analysed(job)))))


def linked(root: Path, query: str, header: str = "") -> Linked:
    head = f"/* headgate\nowner: ops\nkind: incremental\ntime_column: day\n{header}*/\n"
    files = {f"assets/m/{name}.sql": f"/* headgate\nowner: ops\n*/\n{text}" for name, text in STAGED.items()}
    declarations = read(root, {"assets/m/x.sql": head + query, "assets/s.yml": SOURCES, **files})
    analyser = Stored(root, on_duckdb())
    try:
        return link(declarations, analyser, recorded={}, settings="x")
    finally:
        analyser.close()


@pytest.mark.parametrize(
    "query",
    [
        "select left_at::date as day from raw.trips where loaded_at >= :start and loaded_at < :end",
        "select left_at::date as day from raw.trips where loaded_at between :start and :end",
        "select left_at::date as day from raw.trips where loaded_at + interval 1 hour >= :start - interval 1 day",
        "with t as (select * from raw.trips where loaded_at >= :start) select left_at::date as day from t",
        "select left_at::date as day, count(*) as n from raw.trips where loaded_at >= :start group by all",
        "select left_at::date as day, max(loaded_at) as l from raw.trips group by 1 having max(loaded_at) >= :start",
        "select t.left_at::date as day from raw.trips t join raw.loads l on l.id = t.load and l.loaded_at >= :start",
        "select t.left_at::date as day from raw.trips t join raw.loads l on l.id = t.load where l.loaded_at >= :start",
        # The days that what was loaded falls into: all but those that were asked for are left out.
        "select left_at::date as day from raw.trips where left_at in "
        "(select left_at from raw.trips where loaded_at >= :start)",
        "with recursive r as (select left_at, loaded_at from raw.trips union all select left_at, loaded_at from r) "
        "select left_at::date as day from r where loaded_at >= :start",
        "select day from m.staged where loaded_at >= :start and loaded_at < :end",
    ],
)
def test_two_clocks_are_told(query: str, tmp_path: Path) -> None:
    for header in ("", "unique_key: day\n"):
        found = linked(tmp_path, query, header)
        assert found.graph is not None
        (warning,) = found.diagnostics
        assert (warning.code, warning.severity) == ("HG356", Severity.WARNING)
        assert warning.place is not None
        line = 6 + bool(header)
        begin = query.index(":start")
        assert (warning.place.line, warning.place.column, warning.place.length) == (line, begin + 1, len(":start"))
        assert warning.excerpt == query


@pytest.mark.parametrize(
    "query",
    [
        "select left_at::date as day from raw.trips where left_at >= :start and left_at < :end",
        # One of several is enough: what arrives late is looked for as well.
        "select left_at::date as day from raw.trips where left_at >= :start and loaded_at >= :start",
        "select left_at::date as day from raw.trips where loaded_at >= :start or left_at >= :start",
        "select coalesce(left_at, loaded_at)::date as day from raw.trips where loaded_at >= :start",
        "select case when id > 1 then loaded_at else left_at end as day from raw.trips where loaded_at >= :start",
        # Equal by the query.
        "select d.day from raw.trips t join raw.days d on d.day = t.left_at::date where t.left_at >= :start",
        "select d.day from raw.trips t join raw.days d using (date_key) "
        "where t.date_key >= strftime(:start, '%Y%m%d')::int",
        "select d.day from raw.trips t join raw.days d on d.date_key = t.date_key "
        "where t.date_key >= strftime(:start, '%Y%m%d')::int",
        # Between two columns of another table.
        "select t.left_at as day from raw.trips t join raw.days d on t.left_at >= d.day and t.left_at < d.day + 1 "
        "where d.day >= :start and d.day < :end",
        # Beside the rows, not among what chooses them.
        "select left_at as day, loaded_at >= :end as is_late from raw.trips",
        "select left_at as day, count(*) filter (where loaded_at < :end) as n from raw.trips group by all",
        # One column above.
        "select day from m.staged where left_at >= :start and left_at < :end",
        "select m.at as day from m.mixed as m where loaded_at >= :start",
        # Nothing is compared, or made of a column, or it is not known how.
        "select left_at::date as day, :start as since from raw.trips",
        "select :start::timestamp as day from raw.trips where loaded_at >= :start",
        "select left_at::date as day from raw.trips where list_max([loaded_at, left_at]) >= :start",
        "select left_at::date as day from raw.trips where loaded_at >= :start and date_diff('day', left_at, :end) > 0",
        "select left_at::date as day from raw.trips tablesample 10% where loaded_at >= :start",
    ],
)
def test_what_may_be_one_clock_is_not(query: str, tmp_path: Path) -> None:
    found = linked(tmp_path, query)
    assert found.graph is not None, found.diagnostics
    assert [f"{d.code} {d.summary}" for d in found.diagnostics] == []
