"""How incrementals and snapshots are loaded, as headers and property files say it; and every way to say it wrongly."""

from pathlib import Path

import pytest

from headgate.core.declarations import Kind
from headgate.core.diagnostic import Severity
from headgate.core.json_form import dumps, loads, plain
from headgate.core.loading import Deletion, Grain, Loading, Merging, Timing, Tracking
from headgate.plan.stored_properties import properties_from_json
from headgate.project.spans import NotUnderstood, grains_of, moment_of
from tests.project.project_stage import marked, read, told

LOADED = [
    ("kind: incremental\ntime_column: at", Loading(Timing("at"))),
    (
        "kind: incremental\ntime_column: at\ngrain: hour\ntime_zone: Europe/Berlin\nlookback: 2 days\n"
        "start: 2013-01-01 06:00\nbatch: 1 week\nhistory: keep",
        Loading(Timing("at", Grain.HOUR, "Europe/Berlin", 48, "2013-01-01T06:00:00", 168), keeps_history=True),
    ),
    ("kind: incremental\nunique_key: id", Loading(merging=Merging(("id",)))),
    ("kind: incremental\nunique_key: [a, b]\ndeletes: missing", Loading(merging=Merging(("a", "b"), Deletion.MISSING))),
    (
        "kind: incremental\nunique_key: id\ntime_column: at\ndeletes: is_gone",
        Loading(Timing("at"), Merging(("id",), Deletion.FLAGGED, "is_gone")),
    ),
    ("kind: snapshot\nunique_key: id\nupdated_at: at", Loading(tracking=Tracking(("id",), "at"))),
    ("kind: snapshot\nunique_key: id\ncheck: all", Loading(tracking=Tracking(("id",)))),
    (
        "kind: snapshot\nunique_key: [id]\ncheck: [a, b]\ndeletes: missing",
        Loading(tracking=Tracking(("id",), checked=("a", "b"), closes_missing=True)),
    ),
    # What dbt calls it.
    (
        "config: {materialized: incremental, incremental_strategy: microbatch, event_time: at, batch_size: month,"
        " begin: 2020-01-01, lookback: 3, concurrent_batches: true, on_schema_change: append_new_columns}",
        Loading(Timing("at", Grain.MONTH, lookback=3, start="2020-01-01")),
    ),
    (
        "config: {materialized: incremental, incremental_strategy: delete+insert, unique_key: id, full_refresh: false}",
        Loading(merging=Merging(("id",)), keeps_history=True),
    ),
    (
        "config: {materialized: snapshot, strategy: check, unique_key: id, check_cols: [a], hard_deletes: invalidate}",
        Loading(tracking=Tracking(("id",), checked=("a",), closes_missing=True)),
    ),
    (
        "config: {materialized: snapshot, strategy: timestamp, unique_key: id, updated_at: at,"
        " invalidate_hard_deletes: true}",
        Loading(tracking=Tracking(("id",), "at", closes_missing=True)),
    ),
]


@pytest.mark.parametrize(("header", "expected"), LOADED)
def test_what_is_said_is_what_is_meant(tmp_path: Path, header: str, expected: Loading) -> None:
    indented = header.replace("\n", "\n    ")
    files = {
        "assets/m/x.sql": f"/* headgate\nowner: ops\n{header}\n*/\nselect 1 as one",
        "assets/m/y.sql": "select 1 as one",
        "assets/m/p.yml": f"models:\n  - name: y\n    owner: ops\n    {indented}\n",
    }
    found = read(tmp_path, files)
    assert told(found) == []
    assert [a.properties.loading for a in found.assets] == [expected, expected]
    for asset in found.assets:
        assert properties_from_json(loads(dumps(plain(asset.properties)))) == asset.properties


WRONG = [
    ("kind: incremental", "HG350 incremental"),
    ("kind: snapshot\nupdated_at: at", "HG350 snapshot"),
    ("kind: snapshot\nunique_key: id", "HG350 snapshot"),
    ("kind: snapshot\nunique_key: id\nupdated_at: at\ncheck: all", "HG350 all"),
    ("kind: snapshot\nunique_key: id\nupdated_at: at\ndeletes: is_gone", "HG350 is_gone"),
    ("kind: incremental\nunique_key: [a, A]", "HG350 A"),
    ("kind: incremental\nunique_key: id\ntime_column: at\ndeletes: missing", "HG350 missing"),
    ("kind: incremental\ntime_column: at\ndeletes: missing", "HG351 missing"),
    ("kind: incremental\nunique_key: id\nlookback: 2", "HG351 2"),
    ("kind: incremental\nunique_key: id\nbatch: 2 days", "HG351 2 days"),
    ("kind: incremental\nunique_key: id\nupdated_at: at", "HG351 at"),
    ("kind: snapshot\nunique_key: id\nupdated_at: at\ngrain: day", "HG351 day"),
    ("kind: table\nunique_key: id", "HG351 id"),
    ("time_column: at", "HG351 at"),
    ("kind: view\ncron: 0 6 * * *", "HG351 0 6 * * *"),
    ("kind: incremental\ntime_column: at\nlookback: 36 hours", "HG352 36 hours"),
    ("kind: incremental\ntime_column: at\nlookback: 1 month", "HG352 1 month"),
    ("kind: incremental\ntime_column: at\nlookback: a while", "HG352 a while"),
    ("kind: incremental\ntime_column: at\nlookback: -1", "HG352 -1"),
    ("kind: incremental\ntime_column: at\nlookback: true", "HG352 true"),
    ("kind: incremental\ntime_column: at\nlookback: 36h", "HG352 36h"),
    ("kind: incremental\ntime_column: at\nbatch: 999999999 days", "HG352 999999999 days"),
    ("kind: incremental\ntime_column: at\nbatch: 0 days", "HG352 0 days"),
    ("kind: incremental\ntime_column: at\nbatch: 0", "HG352 0"),
    ("kind: incremental\ntime_column: at\nstart: 2013-02-30", "HG352 2013-02-30"),
    ("kind: incremental\ntime_column: at\nstart: 2013-01-01T00:00Z", "HG352 2013-01-01T00:00Z"),
    ("kind: incremental\ntime_column: at\nstart: 9999-01-01", "HG352 9999-01-01"),
    ("kind: incremental\ntime_column: at\nstart: 10000-01-01", "HG352 10000-01-01"),
    ("kind: incremental\ntime_column: at\ntime_zone: Europe/Berln", "HG352 Europe/Berln"),
    ("kind: incremental\ntime_column: at\ntime_zone: ../../etc/passwd", "HG352 ../../etc/passwd"),
    ("cron: 0 25 * * *", "HG352 0 25 * * *"),
    ("cron: '@reboot'", "HG352 '@reboot'"),
    ("cron: 0 0 0 * * *", "HG352 0 0 0 * * *"),
    ("cron: 0 0 31 2 *", "HG352 0 0 31 2 *"),
    ("cron: [0 6 * * *, 0 7 * * *]", "HG309 ["),
    ("kind: incremental\ntime_column: at\ngrain: fortnight", "HG309 fortnight"),
    ("kind: incremental\ntime_column: at\nhistory: drop", "HG309 drop"),
    ("kind: incremental\ntime_column: [at, on]", "HG309 ["),
    ("kind: incremantal\ntime_column: at\nlookback: 1 day", "HG303 incremantal"),
    ("kind: incremental\ntimecolumn: at\nlookback: 1 day", "HG308 timecolumn"),
    ("kind: incremental\nunique_key: id\ntime-column: at\nlookback: 1 day", "HG308 time-column"),
    ("kind: incremental\nevent_time: at\nlookback: 1 day", "HG308 event_time"),
    ("kind: snapshot\nunique_key: id\nupdatedat: at", "HG308 updatedat"),
    ("kind: snapshot\nuniquekey: [id, at]\ncheck: all", "HG308 uniquekey"),
    ("knd: snapshot\nunique_key: id\ncheck: all", "HG308 knd"),
    ("materialised: incremental\nunique_key: id", "HG308 materialised"),
    ("kind: incremental\nunique_key: ''", "HG309 ''"),
    ("config: {materialized: incremental, event_time: at, incremental_strategy: merge}", "HG350 merge"),
    ("config: {materialized: incremental, unique_key: id, incremental_strategy: microbatch}", "HG350 microbatch"),
    ("config: {materialized: incremental, unique_key: id, event_time: at, incremental_strategy: append}",
     "HG350 append"),
    ("config: {materialized: incremental, unique_key: id, incremental_strategy: mine}", "HG303 mine"),
    ("config: {materialized: incremental, unique_key: id, merge_update_columns: [a]}", "HG303 a"),
    ("config: {materialized: incremental, unique_key: id, full_refresh: true}", "HG303 true"),
    ("config: {materialized: snapshot, unique_key: id, check_cols: all, strategy: timestamp}", "HG350 timestamp"),
    ("config: {materialized: snapshot, unique_key: id, check_cols: all, hard_deletes: new_record}", "HG303 new_record"),
    ("config: {materialized: snapshot, unique_key: id, check_cols: all, dbt_valid_to_current: now()}", "HG303 now()"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "fault"), WRONG)
def test_what_cannot_be_meant_is_told_where_it_stands(tmp_path: Path, header: str, fault: str) -> None:
    found = read(tmp_path, {"assets/m/x.sql": f"/* headgate\nowner: ops\n{header}\n*/\nselect 1 as one"})
    assert marked(found) == [fault]
    assert all(d.hint for d in found.diagnostics if d.code != "HG309")


@pytest.mark.parametrize(
    "header",
    [
        "kind: incremental\ntime_column: at\nlookbak: 2", "kind: snapshot\nunique_key: id\nupdated_at: at\nchecks: all",
        "kind: table\nuniquekey: id", "kind: incremental\nunique_key: id\nuniquekey: id", "knd: of its own",
    ],
)  # fmt: skip
def test_what_is_misspelt_and_decides_nothing_is_a_warning(tmp_path: Path, header: str) -> None:
    found = read(tmp_path, {"assets/m/x.sql": f"/* headgate\nowner: ops\n{header}\n*/\nselect 1 as one"})
    assert [(d.code, d.severity) for d in found.diagnostics] == [("HG308", Severity.WARNING)]


def test_a_misspelt_key_is_an_error_whichever_file_says_the_kind(tmp_path: Path) -> None:
    yml = "models:\n  - {name: x, owner: ops, timecolumn: at}\n"
    header = "/* headgate\nkind: incremental\nlookback: 2\n*/\nselect 1 as one"
    found = read(tmp_path, {"assets/m/x.sql": header, "assets/m/p.yml": yml})
    assert [(d.code, d.severity) for d in found.diagnostics] == [("HG308", Severity.ERROR)]
    assert found.assets[0].properties.loading == Loading(Timing("at", lookback=2))


def test_all_faults_of_a_header_at_once(tmp_path: Path) -> None:
    header = "kind: incremental\ntime_column: at\nlookback: 1 hour\nstart: soon\ntime_zone: Mars\nunique_key: [a, a]"
    found = read(tmp_path, {"assets/m/x.sql": f"/* headgate\nowner: ops\n{header}\n*/\nselect 1 as one"})
    assert [fault.partition(" ")[0] for fault in marked(found)] == ["HG352", "HG352", "HG352", "HG350"]


def test_dbts_keys_of_whole_folders_say_nothing_of_tables_and_views(tmp_path: Path) -> None:
    config = "{unique_key: id, lookback: 3, event_time: at, begin: 2020-01-01, incremental_strategy: merge}"
    yml = f"models:\n  - name: x\n    owner: ops\n    config: {config}\n"
    found = read(tmp_path, {"assets/m/x.sql": "select 1 as one", "assets/m/p.yml": yml})
    assert told(found) == []
    assert found.assets[0].properties.loading is None


def test_the_section_of_snapshots_says_their_kind(tmp_path: Path) -> None:
    yml = (
        "snapshots:\n  - name: x\n    owner: ops\n    config: {strategy: check, unique_key: id, check_cols: all}\n"
        "  - {name: y, owner: ops, unique_key: id, updated_at: at}\n"
        "  - {name: z, relation: ref('x'), config: {strategy: timestamp, unique_key: id, updated_at: at}}\n"
        "  - {name: w, unique_key: id, check: all}\n"
    )
    query = "select 1 as id, now() as at"
    found = read(tmp_path, {"assets/m/x.sql": query, "assets/m/y.sql": query, "assets/m/p.yml": yml})
    assert sorted(told(found)) == ["HG307 assets/m/p.yml:7:12", "HG315 assets/m/p.yml:1:1"]
    assert {a.address: (a.kind, a.properties.loading) for a in found.assets} == {
        "m.x": (Kind.SNAPSHOT, Loading(tracking=Tracking(("id",)))),
        "m.y": (Kind.SNAPSHOT, Loading(tracking=Tracking(("id",), "at"))),
    }
    assert [entry.name for entry in found.kept] == ["z"]


def test_header_and_yaml_have_to_agree_key_by_key(tmp_path: Path) -> None:
    yml = "models:\n  - name: x\n    time_zone: UTC\n    config: {event_time: on, lookback: 2}\n"
    header = "/* headgate\nowner: ops\nkind: incremental\ntime_column: at\nlookback: 2\n*/\nselect 1 as one"
    found = read(tmp_path, {"assets/m/x.sql": header, "assets/m/p.yml": yml})
    assert told(found) == ["HG306 assets/m/p.yml:4:26"]
    assert found.assets[0].properties.loading == Loading(Timing("at", lookback=2))


def test_functions_and_seeds_are_not_loaded_in_parts(tmp_path: Path) -> None:
    python = 'import headgate as hg\n@hg.table(owner="ops", columns={"a": "INTEGER"})\ndef x(): ...\n'
    yml = (
        "models:\n  - {name: x, kind: incremental, unique_key: a}\nseeds:\n  - {name: s, owner: ops, kind: snapshot}\n"
    )
    found = read(tmp_path, {"assets/m/x.py": python, "assets/m/s.csv": "a\n1\n", "assets/m/p.yml": yml})
    assert [fault for fault in marked(found) if not fault.startswith("HG335")] == [
        "HG303 incremental", "HG309 snapshot",
    ]  # fmt: skip
    assert {a.address: a.kind for a in found.assets} == {"m.x": Kind.TABLE, "m.s": Kind.SEED}


@pytest.mark.parametrize("key", ["time_zone", "lookback", "start"])
def test_long_texts_are_told_in_short(tmp_path: Path, key: str) -> None:
    header = f"kind: incremental\ntime_column: at\n{key}: '{'9' * 100_000}'"
    found = read(tmp_path, {"assets/m/x.sql": f"/* headgate\nowner: ops\n{header}\n*/\nselect 1 as one"})
    assert [d.code for d in found.diagnostics] == ["HG352"]
    assert len(str(found.diagnostics[0])) < 300


@pytest.mark.parametrize(
    ("text", "grain", "expected"),
    [
        ("0", Grain.DAY, 0), ("3", Grain.YEAR, 3), ("48 hours", Grain.DAY, 2), ("1 week", Grain.DAY, 7),
        ("14 DAYS", Grain.WEEK, 2), ("1 year", Grain.QUARTER, 4), ("90 minutes", Grain.MINUTE, 90),
        ("1day", Grain.HOUR, 24), ("2d", Grain.HOUR, 48), ("48h", Grain.DAY, 2), ("1w", Grain.DAY, 7),
        ("90m", Grain.MINUTE, 90), ("90 min", Grain.MINUTE, 90),
    ],
)  # fmt: skip
def test_spans(text: str, grain: Grain, expected: int) -> None:
    assert grains_of(text, grain) == expected


@pytest.mark.parametrize("text", ["", "days", "1.5 days", "1 lustrum", "-2", "2 days ago", "٣", "1e3", "10000000000"])
def test_no_spans(text: str) -> None:
    with pytest.raises(NotUnderstood):
        grains_of(text, Grain.DAY)


def test_a_capital_m_may_be_months_and_is_no_minute() -> None:
    with pytest.raises(NotUnderstood, match="has an unknown unit, M"):
        grains_of("60M", Grain.HOUR)


@pytest.mark.parametrize("text", ["", "2013", "20130101", "2013-W01-1", "2013-01-01 25:00", "0001-01-01", "٢٠١٣-٠١-٠١"])
def test_no_moments(text: str) -> None:
    with pytest.raises(NotUnderstood):
        moment_of(text)


def test_schedules_of_assets_and_sources(tmp_path: Path) -> None:
    yml = (
        "sources:\n  - name: raw\n    owner: ops\n    cron: 0 5 * * *\n    tables:\n"
        "      - {name: a}\n      - {name: b, cron: '*/15  * * * mon-fri'}\n"
        "      - {name: c, config: {cron: 0 4 L * *}}\n"
    )
    header = "/* headgate\nowner: ops\ncron: 30 6 * * 1\n*/\nselect 1 as one"
    found = read(tmp_path, {"assets/m/x.sql": header, "assets/s.yml": yml})
    assert told(found) == []
    assert {s.address: s.properties.cron for s in found.sources} == {
        "raw.a": "0 5 * * *",
        "raw.b": "*/15 * * * mon-fri",
        "raw.c": "0 4 L * *",
    }
    assert [a.properties.cron for a in found.assets] == ["30 6 * * 1"]
    assert found.assets[0].properties.loading is None


def test_a_function_has_a_schedule_and_no_loading(tmp_path: Path) -> None:
    def python(arguments: str) -> str:
        return f'import headgate as hg\n@hg.table(owner="ops", columns={{"a": "INTEGER"}}, {arguments})\ndef x(): ...\n'

    found = read(tmp_path, {"requirements.txt": "", "assets/m/x.py": python('cron="*/15 * * * *"')})
    assert told(found) == []
    assert found.assets[0].properties.cron == "*/15 * * * *"
    found = read(tmp_path, {"assets/m/x.py": python('cron="0 25 * * *"')})
    assert told(found) == ["HG352 assets/m/x.py:2:55"]
    found = read(tmp_path, {"assets/m/x.py": python('kind="incremental", unique_key="a"')})
    assert [d.code for d in found.diagnostics] == ["HG331", "HG331"]
    assert all("in SQL" in d.hint for d in found.diagnostics)


@pytest.mark.parametrize("cron", ["*/15 * * * *", "'*/15 * * * *'", "0 */6 * * *", '"0 0 */2 * *"'])
def test_a_schedule_that_ends_its_header(tmp_path: Path, cron: str) -> None:
    header = f"/* headgate\nowner: ops\ncron: {cron}\n*/\nselect 1 as one"
    found = read(tmp_path, {"assets/m/x.sql": header})
    assert [f for f in marked(found) if not f.startswith("HG310")] == ["HG112 */"]
    assert "0-59/15" in found.diagnostics[0].hint


@pytest.mark.parametrize("header", ["cron: 0 6 * * * */", "cron: 0 6 * * *\n*/", "owner: ops */"])
def test_a_header_that_ends_where_it_should(tmp_path: Path, header: str) -> None:
    found = read(tmp_path, {"assets/m/x.sql": f"/* headgate\nowner: ops\n{header}\nselect 1 as one"})
    assert [d.code for d in found.diagnostics if d.code != "HG111"] == []


def test_a_schedule_that_nobody_could_read_is_no_work(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"assets/m/x.sql": f"/* headgate\nowner: ops\ncron: '{'9' * 5000} * * * *'\n*/\nselect 1 as one"}
    )
    assert [d.code for d in found.diagnostics] == ["HG352"]
