"""What of the recipe of an incremental or a snapshot changes with what is declared of it, on the engine itself."""

from pathlib import Path

import pytest

from headgate.app.linking.analysing import LocalAnalyser
from headgate.app.linking.ground import on_duckdb
from headgate.app.linking.lineages import Lineages
from headgate.core.address import Address
from headgate.core.graph import Graph, Node
from headgate.core.loading import Deletion, Loading, Merging, Timing, Tracking
from headgate.core.recipe import Aspect, Read, Recipe
from headgate.plugins.stores.cache import Cache
from headgate.project.link import Linked, link
from tests.project.project_stage import read

SOURCES = """
sources:
  - name: raw
    owner: ops
    tables:
      - name: events
        columns:
          - {name: id, data_type: bigint}
          - {name: kind, data_type: text}
          - {name: at, data_type: timestamp}
          - {name: seen, data_type: timestamptz}
          - {name: day, data_type: date}
          - {name: gone, data_type: boolean}
          - {name: price, data_type: double}
"""
QUERY = "select e.* from raw.events as e where e.at >= :start and e.at < :end"
EVERYTHING = "select * from raw.events"
ADDRESS = Address("m.x")
RAW = Address("raw.events")


def linked(root: Path, header: str, query: str = QUERY, **more: str) -> Linked:
    files = {"assets/m/x.sql": f"/* headgate\nowner: ops\n{header}\n*/\n{query}", "assets/s.yml": SOURCES}
    declarations = read(root, files | {f"assets/m/{name}.sql": text for name, text in more.items()})
    analyser = LocalAnalyser(root, on_duckdb())
    try:
        return link(declarations, analyser, recorded={}, settings="x")
    finally:
        analyser.close()


def graph_of(root: Path, header: str, query: str = QUERY, **more: str) -> Graph:
    found = linked(root, header, query, **more)
    assert found.graph is not None, found.diagnostics
    return found.graph


def recipe_of(root: Path, header: str, query: str = QUERY) -> Recipe:
    node = graph_of(root, header, query).nodes[ADDRESS]
    assert isinstance(node, Node)
    assert not node.recipe.opaque
    return node.recipe


TIMED = "kind: incremental\ntime_column: at\n"
MERGED = "kind: incremental\nunique_key: id\n"
TRACKED = "kind: snapshot\nunique_key: id\nupdated_at: at\n"
CHECKED = "kind: snapshot\nunique_key: id\ncheck: [kind, price]\n"
STRAY = "owner: sales\n"

SAME = [
    (TIMED, TIMED + "lookback: 2 days"),
    (TIMED, TIMED + "batch: 30"),
    (TIMED, TIMED + "start: 2013-01-01"),
    (TIMED, TIMED + "grain: hour"),
    (TIMED, TIMED + "history: keep"),
    (TIMED, TIMED + "cron: 0 6 * * *"),
    (TIMED, TIMED + "description: x"),
    (MERGED.replace("id", "[id, kind]"), MERGED.replace("id", "[kind, ID]")),
    (CHECKED, CHECKED.replace("kind, price", "price, kind")),
    (CHECKED.replace("[kind, price]", "all"), CHECKED.replace("kind, price", "price, kind, at, seen, day, gone")),
]
ANOTHER = [
    (TIMED, "kind: table"),
    (TIMED, TIMED.replace("at", "seen")),
    (TIMED, TIMED + "time_zone: Europe/Berlin"),
    (TIMED, TIMED + "unique_key: id"),
    (MERGED, MERGED.replace("id", "kind")),
    (MERGED, MERGED.replace("id", "[id, kind]")),
    (MERGED, MERGED + "deletes: missing"),
    (MERGED, MERGED + "deletes: gone"),
    (MERGED, TRACKED),
    (TRACKED, TRACKED.replace("updated_at: at", "updated_at: seen")),
    (TRACKED, TRACKED.replace("updated_at: at", "check: [at]")),
    (TRACKED, TRACKED + "deletes: missing"),
    (CHECKED, CHECKED.replace("kind, price", "kind")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_when_rows_come_is_no_part_of_a_recipe(tmp_path: Path, one: str, other: str) -> None:
    query = QUERY if "time_column" in one else EVERYTHING
    assert recipe_of(tmp_path, one, query).digest() == recipe_of(tmp_path, other, query).digest()


@pytest.mark.parametrize(("one", "other"), ANOTHER)
def test_which_rows_there_are_is_all_of_it(tmp_path: Path, one: str, other: str) -> None:
    first, second = recipe_of(tmp_path, one, EVERYTHING), recipe_of(tmp_path, other, EVERYTHING)
    assert first.rows != second.rows
    columns = {c.name: c.term for c in second.columns}
    assert all(columns.get(c.name, c.term) == c.term for c in first.columns if not c.name.startswith("valid_"))


@pytest.mark.parametrize("header", [TIMED, MERGED + "time_column: at", TIMED + "grain: hour"])
def test_formatting_changes_nothing(tmp_path: Path, header: str) -> None:
    other = "-- events\nselect\n  *\nfrom raw.events\nwhere raw.events.at >= :START\n  and raw.events.at < :end\n"
    assert recipe_of(tmp_path, header).digest() == recipe_of(tmp_path, header, other).digest()


def test_a_plan_sees_what_a_recipe_leaves_out(tmp_path: Path) -> None:
    headers = (TIMED, TIMED + "lookback: 1", TIMED + "batch: 1", TIMED + "cron: 0 6 * * *", TIMED + "start: 2013-01-01")
    assert len({graph_of(tmp_path, header).digest for header in headers}) == len(headers)


def test_the_order_of_what_is_loaded_is_no_promise(tmp_path: Path) -> None:
    child = "/* headgate\nowner: ops\n*/\nselect list(id) as ids from m.x"
    node = graph_of(tmp_path, TIMED, y=child).nodes[Address("m.y")]
    assert isinstance(node, Node)
    assert recipe_of(tmp_path, TIMED).order.tainted
    assert not recipe_of(tmp_path, TIMED).rows.tainted
    assert Read(ADDRESS, Aspect.ORDER) in node.recipe.columns[0].term.reads


@pytest.mark.parametrize(
    ("header", "type_", "tainted"),
    [
        (TRACKED, "TIMESTAMP", (False, False)),
        (TRACKED.replace("at: at", "at: day"), "DATE", (False, False)),
        (TRACKED + "deletes: missing", "TIMESTAMP", (False, True)),
        (CHECKED, "TIMESTAMP WITH TIME ZONE", (True, True)),
    ],
)
def test_a_snapshot_adds_two_columns(tmp_path: Path, header: str, type_: str, tainted: tuple[bool, bool]) -> None:
    columns = recipe_of(tmp_path, header, EVERYTHING).columns
    assert [(c.name, c.type) for c in columns[-2:]] == [("valid_from", type_), ("valid_to", type_)]
    assert tuple(c.term.tainted for c in columns[-2:]) == tainted


@pytest.mark.parametrize(
    "header", [TIMED, TIMED + "unique_key: [id, kind]\ndeletes: gone\n", TRACKED, CHECKED, CHECKED + "deletes: missing"]
)
def test_lineage_leaves_out_nothing_that_is_read(tmp_path: Path, header: str) -> None:
    query = QUERY if "time_column" in header else EVERYTHING
    graph = graph_of(tmp_path, header, query)
    node = graph.nodes[ADDRESS]
    assert isinstance(node, Node)
    cache = Cache(tmp_path / "cache.db")
    found = Lineages(graph, {}, cache).of(ADDRESS)
    assert found.opaque == ""
    assert tuple(found.columns) == tuple(c.name for c in node.recipe.columns)
    rows = {edge.read for edge in found.rows}
    assert set(node.recipe.rows.reads) - {Read(RAW, Aspect.ROWS)} <= rows
    for column in node.recipe.columns:
        read = rows | {edge.read for edge in found.columns[column.name]} | {Read(RAW, Aspect.ROWS)}
        assert set(column.term.reads) <= read


FAULTS = [
    (TIMED.replace("at", "att"), QUERY, "HG353 4:14"),
    (TIMED.replace("column: at", "column: kind"), QUERY, "HG353 4:14"),
    (TIMED.replace("column: at", "column: id"), QUERY, "HG353 4:14"),
    (TIMED.replace("column: at", "column: day") + "grain: hour", QUERY, "HG353 5:8"),
    (MERGED.replace("id", "[id, idd]"), EVERYTHING, "HG353 4:18"),
    (MERGED + "deletes: price", EVERYTHING, "HG353 5:10"),
    (MERGED + "deletes: lost", EVERYTHING, "HG353 5:10"),
    (TRACKED.replace("at: at", "at: price"), EVERYTHING, "HG353 5:13"),
    (TRACKED.replace("at: at", "at: on"), EVERYTHING, "HG353 5:13"),
    (CHECKED.replace("kind, price", "kind, prize"), EVERYTHING, "HG353 5:15"),
    (CHECKED.replace("[kind, price]", "all"), "select id from raw.events", "HG353 5:8"),
    (TRACKED, "select *, seen as Valid_From from raw.events", "HG354 3:7"),
    ("kind: table", "select *, 1 as _HEADGATE_to from raw.events", "HG354 1:1"),
    ("kind: table", QUERY, "HG206 5:47"),
    (MERGED, QUERY, "HG206 6:47"),
]


def test_columns_are_called_as_the_query_calls_them(tmp_path: Path) -> None:
    header = "kind: incremental\ntime_column: AT\nunique_key: [Id, KIND]\ndeletes: Gone"
    node = graph_of(tmp_path, header).nodes[ADDRESS]
    expected = Loading(Timing("at"), Merging(("id", "kind"), Deletion.FLAGGED, "gone"))
    assert node.properties.loading == expected
    node = graph_of(tmp_path, "kind: snapshot\nunique_key: ID\ncheck: [PRICE]", EVERYTHING).nodes[ADDRESS]
    assert node.properties.loading == Loading(tracking=Tracking(("id",), checked=("price",)))


@pytest.mark.parametrize(("header", "query", "fault"), FAULTS)
def test_what_does_not_fit_the_query(tmp_path: Path, header: str, query: str, fault: str) -> None:
    found = linked(tmp_path, header.removesuffix("\n"), query)
    assert found.graph is None
    places = [f"{d.code} {d.place.line}:{d.place.column}" for d in found.diagnostics if d.place]
    assert places[0] == fault
    assert found.diagnostics[0].hint


def test_of_many_unknown_columns_some_are_told(tmp_path: Path) -> None:
    keys = ", ".join(f"k{number}" for number in range(500))
    found = linked(tmp_path, f"kind: incremental\nunique_key: [{keys}]", EVERYTHING)
    assert [d.code for d in found.diagnostics] == ["HG353"] * 10


def test_a_query_that_reads_everything_each_time_is_a_warning(tmp_path: Path) -> None:
    found = linked(tmp_path, TIMED, EVERYTHING)
    assert found.graph is not None
    assert [f"{d.code} {d.place}" for d in found.diagnostics] == ["HG355 assets/m/x.sql:4:14"]
    assert linked(tmp_path, MERGED, EVERYTHING).diagnostics == ()
