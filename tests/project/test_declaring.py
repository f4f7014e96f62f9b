"""Small repositories and what is read of them: addresses, properties, sources, exposures, and every fault's place."""

import os
from pathlib import Path

import pytest

from headgate.core.declarations import FileSource, Kind, TableSource
from headgate.core.diagnostic import Severity
from headgate.project.load import load, load_config, survey
from tests.project.project_stage import OWNED, marked, read, told, written


def test_a_whole_repository(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "assets/staging/flights.sql": "/* headgate\nkind: view\nowner: ops\ntags: [core, raw]\n*/\nselect 1 as a",
            "assets/staging/airlines.csv": "carrier,name\nAA,American\n",
            "assets/staging/properties.yml": (
                "version: 2\n"
                "seeds:\n  - name: airlines\n    owner: ops\n"
                "models:\n  - name: flights\n    description: All of them\n"
                "    columns:\n      - name: a\n        data_type: integer\n        data_tests: [not_null]\n"
                "sources:\n  - name: raw\n    schema: landing\n    owner: ops\n    tables:\n"
                "      - name: planes\n        identifier: planes_2013\n"
                "      - name: weather\n        files: data/weather_*.csv\n"
                "        options: {delim: ';', header: true}\n"
            ),
            "assets/dashboards/punctuality.yml": (
                "exposures:\n  - name: punctuality\n    type: dashboard\n    owner: {name: ops, email: ops@localhost}\n"
                "    depends_on:\n      - ref('flights')\n      - source('raw', 'planes')\n      - airlines\n"
                "    columns: [staging.flights.a]\n"
            ),
            "data/weather_2.csv": "a\n2\n",
            "data/weather_1.csv": "a\n1\n",
            "macros/one.sql": "not read yet",
            "tests/one.yml": "version: 2\n",
            "README.md": "",
        },
    )
    assert told(found) == []
    airlines, flights = found.assets
    assert (airlines.address, airlines.kind, airlines.text) == ("staging.airlines", Kind.SEED, "")
    assert (flights.address, flights.kind, flights.properties.owner) == ("staging.flights", Kind.VIEW, "ops")
    assert flights.properties.tags == ("core", "raw")
    assert flights.properties.description == "All of them"
    assert [(c.name, c.type, str(c.place)) for c in flights.properties.columns] == [
        ("a", "integer", "assets/staging/properties.yml:9:15")
    ]
    assert flights.properties.meta == {}
    assert [(t.kind, t.column) for t in flights.properties.tests] == [("not_null", "a")]
    assert str(flights.properties.place) == "assets/staging/flights.sql:1:1"
    planes, weather = found.sources
    assert (planes.address, planes.location) == ("raw.planes", TableSource("landing", "planes_2013"))
    assert planes.properties.owner == "ops"
    assert isinstance(weather.location, FileSource)
    assert [f.path for f in weather.location.files] == ["data/weather_1.csv", "data/weather_2.csv"]
    assert (weather.location.format, weather.location.options) == ("csv", {"delim": ";", "header": "true"})
    (exposure,) = found.exposures
    assert (exposure.address, exposure.properties.owner) == ("dashboards.punctuality", "ops")
    assert [(u.address, u.columns) for u in exposure.uses] == [
        ("staging.flights", ("a",)), ("staging.flights", ()), ("raw.planes", ()), ("staging.airlines", ()),
    ]  # fmt: skip
    assert exposure.properties.meta["type"] == "dashboard"
    assert [file.path for file in found.tree] == [
        "assets/dashboards/punctuality.yml", "assets/staging/airlines.csv", "assets/staging/flights.sql",
        "assets/staging/properties.yml", "macros/one.sql", "tests/one.yml",
    ]  # fmt: skip


def test_an_asset_without_owner_is_warned_about_as_in_the_transcript(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, {"assets/marts/worst_routes.sql": "select 1 as a"}).diagnostics
    assert (warning.code, warning.severity, str(warning.place)) == (
        "HG310", Severity.WARNING, "assets/marts/worst_routes.sql:1:1",
    )  # fmt: skip
    assert warning.summary == "marts.worst_routes has no owner"
    assert warning.hint == "Add `owner: TEAM` to its header; alerts and approvals go there."


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"assets/x.sql": ""}, ["HG106 assets/x.sql"]),
        ({"assets/marts/deep/x.sql": ""}, ["HG106 assets/marts/deep/x.sql"]),
        ({"assets/marts/x.SQL": ""}, ["HG106 assets/marts/x.SQL"]),
        ({"assets/marts/x.py": ""}, []),
        ({"assets/marts/x.py": "def"}, ["HG330 assets/marts/x.py:1:4"]),
        ({"assets/my marts/x.sql": ""}, ["HG107 assets/my marts/x.sql"]),
        ({"assets/marts/it's.sql": ""}, ["HG107 assets/marts/it's.sql"]),
        ({"assets/marts__dev/a.sql": ""}, ["HG107 assets/marts__dev/a.sql"]),
        ({"assets/headgate/x.sql": ""}, ["HG107 assets/headgate/x.sql"]),
        ({"assets/Main/x.sql": ""}, ["HG107 assets/Main/x.sql"]),
        ({"assets/pg_catalog/x.csv": ""}, ["HG107 assets/pg_catalog/x.csv"]),
        ({"assets/m/temp.sql": OWNED, "assets/m/warehouse.sql": OWNED}, []),
        (
            {"assets/Warehouse/x.sql": OWNED, "assets/Warehouse/y.sql": OWNED, "assets/db/x.sql": OWNED},
            ["HG107 assets/Warehouse/x.sql"],
        ),
        (
            {"assets/db/x.sql": OWNED, "headgate.toml": "[engines.local]\npath = 'data/db.duckdb'"},
            ["HG107 assets/db/x.sql"],
        ),
        ({"assets/marts/x.sql": b"select '\xff'"}, ["HG102 assets/marts/x.sql:1:9"]),
        ({"assets/marts/x.sql": "select\n '\0'"}, ["HG102 assets/marts/x.sql:2:3"]),
        ({"assets/.hidden/x.sql": "", "assets/marts/.x.sql": "", "assets/marts/notes.md": ""}, []),
    ],
)
def test_where_files_may_stand(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert told(read(tmp_path, files)) == expected


def test_files_that_look_like_seeds_are_told(tmp_path: Path) -> None:
    yml = "sources:\n  - name: s\n    tables: [{name: t, path: 'assets/s/*.tsv'}]\n"
    files = {"assets/m/a.tsv": "", "assets/m/b.CSV.GZ": "", "assets/s/c.tsv": "a\n", "assets/s/s.yml": yml}
    found = read(tmp_path, {**files, "assets/m/d.png": "", "data/e.tsv": "", "tests/f.tsv": ""})
    assert told(found) == ["HG106 assets/m/a.tsv", "HG106 assets/m/b.CSV.GZ"]
    assert {one.severity for one in found.diagnostics} == {Severity.WARNING}


def test_names_in_other_scripts_are_composed(tmp_path: Path) -> None:
    found = read(tmp_path, {"assets/marts/cafe\u0301.sql": OWNED + "select 1 as a"})
    assert [a.address for a in found.assets] == ["marts.caf\u00e9"]
    assert told(found) == []


@pytest.mark.parametrize(
    ("files", "code_and_place", "other"),
    [
        (("assets/m/x.csv", "assets/m/x.sql"), "HG301 assets/m/x.sql:1:1", "assets/m/x.csv:1:1"),
        (("assets/m/X.sql", "assets/m/x.sql"), "HG301 assets/m/x.sql:1:1", "assets/m/X.sql:1:1"),
        (("assets/M/x.sql", "assets/m/x.sql"), "HG301 assets/m/x.sql:1:1", "assets/M/x.sql:1:1"),
    ],
)
def test_two_of_one_name_are_told_with_both_places(
    tmp_path: Path, files: tuple[str, ...], code_and_place: str, other: str
) -> None:
    found = read(tmp_path, dict.fromkeys(files, OWNED))
    errors = [d for d in found.diagnostics if d.severity is Severity.ERROR]
    assert [f"{d.code} {d.place}" for d in errors] == [code_and_place]
    assert other in errors[0].detail
    assert len(found.assets) == 1


def test_a_source_of_the_name_of_an_asset(tmp_path: Path) -> None:
    yml = "sources:\n  - name: m\n    tables:\n      - name: x\n        files: d.csv\n"
    found = read(tmp_path, {"assets/m/x.sql": OWNED, "assets/m/s.yml": yml, "d.csv": "a\n1\n"})
    assert told(found) == ["HG301 assets/m/s.yml:4:15"]
    assert "assets/m/x.sql:1:1" in found.diagnostics[0].detail


@pytest.mark.parametrize("kind", ["materialized_view", "snapshots", "tabel", "ephemeral"])
def test_kinds_of_other_versions(tmp_path: Path, kind: str) -> None:
    found = read(tmp_path, {"assets/m/x.sql": f"/* headgate\nowner: ops\nkind: {kind}\n*/\nselect 1"})
    assert told(found) == ["HG303 assets/m/x.sql:3:7"]
    assert marked(found) == [f"HG303 {kind}"]
    assert "table, view" in found.diagnostics[0].hint
    assert [a.address for a in found.assets] == ["m.x"], "so that its readers are still checked"


def test_header_and_yaml_have_to_agree(tmp_path: Path) -> None:
    yml = (
        "models:\n  - name: x\n    owner: sales\n    kind: view\n    description: One\n    tags: [b, a]\n"
        "    columns:\n      - {name: A, data_type: text}\n      - {name: b, description: Two}\n"
    )
    header = "/* headgate\nowner: ops\ntags: [a, b]\nkind: view\ncolumns: [{name: a, type: int}, b]\n*/\nselect 1"
    found = read(tmp_path, {"assets/m/x.sql": header, "assets/m/p.yml": yml})
    assert told(found) == ["HG306 assets/m/p.yml:3:12", "HG306 assets/m/p.yml:8:16"]
    assert "assets/m/x.sql:2:8" in found.diagnostics[0].summary
    properties = found.assets[0].properties
    assert (properties.owner, properties.description, properties.kind) == ("ops", "One", Kind.VIEW)
    assert [(c.name, c.type, c.description) for c in properties.columns] == [("a", "int", ""), ("b", "", "Two")]


def test_a_bare_name_means_its_folder_then_the_only_asset(tmp_path: Path) -> None:
    files = {"assets/a/x.sql": OWNED, "assets/b/x.sql": OWNED, "assets/b/y.sql": OWNED, "assets/c/z.sql": OWNED}
    files["assets/a/p.yml"] = "models:\n  - {name: x, description: of a}\n  - {name: y, description: only}\n"
    files["assets/p.yml"] = "models:\n  - name: x\n  - name: zz\n  - name: c.zz\n  - name: b.x\n"
    found = read(tmp_path, files)
    assert told(found) == ["HG311 assets/p.yml:2:11", "HG307 assets/p.yml:3:11", "HG307 assets/p.yml:4:11"]
    assert found.diagnostics[0].summary == "x may be a.x or b.x"
    assert [d.hint for d in found.diagnostics][1:] == ["Did you mean z?", "Did you mean c.z?"]
    assert {a.address: a.properties.description for a in found.assets} == {
        "a.x": "of a", "b.x": "", "b.y": "only", "c.z": "",
    }  # fmt: skip


def test_yaml_about_a_refused_file_is_no_second_fault(tmp_path: Path) -> None:
    found = read(tmp_path, {"assets/m/x.py": "def", "assets/m/p.yml": "models: [{name: x}]\n"})
    assert told(found) == ["HG330 assets/m/x.py:1:4"]


@pytest.mark.parametrize(
    ("yml", "expected"),
    [
        ("models:\n  - name: x\n    ownr: a\n", "HG308 ownr"),
        ("modles:\n  - name: x\n", "HG308 modles"),
        ("models:\n  - name: x\n    columns: [{name: a, data_typ: int}]\n", "HG308 data_typ"),
        ("models:\n  - name: x\n    columns: a\n", "HG309 a"),
        ("models:\n  - name: x\n    columns: [{name: a}, {name: A}]\n", "HG309 A"),
        ("models:\n  - name: x\n    owner: [a]\n", "HG309 ["),
        ("models:\n  - description: x\n", "HG309 "),
        ("models:\n  name: x\n", "HG309 "),
        ("- x\n", "HG309 "),
        ("models:\n  - name: x\n    name: x\n", "HG111 name"),
        ("models:\n\t- name: x\n", "HG110 \t"),
        ("models: [\n", "HG110 "),
        ("models:\n  - name: !!python/object:os.system x\n", "HG110 !!python/object:os.system x"),
        ("version: 2\n---\nversion: 2\n", "HG110 ---"),
        ("models:\n  - name: x\n    config: {enabled: false}\n", "HG303 enabled"),
        ("sources:\n  - name: raw\n", "HG309 raw"),
        ("sources:\n  - name: raw data\n    tables: [x]\n", "HG107 raw data"),
        ("sources:\n  - name: raw\n    tables:\n      - {name: t, files: 'nix/*.csv'}\n", "HG322 'nix/*.csv'"),
        ("sources:\n  - name: raw\n    tables:\n      - {name: t, path: ../up.csv}\n", "HG323 ../up.csv"),
        ("sources:\n  - name: raw\n    tables:\n      - {name: t, path: /etc/passwd}\n", "HG323 /etc/passwd"),
        ("sources:\n  - name: raw\n    tables:\n      - {name: t, path: 's3://b/x.csv'}\n", "HG323 's3://b/x.csv'"),
        ("sources:\n  - name: raw\n    tables:\n      - {name: t, path: d.csv, format: exel}\n", "HG324 exel"),
        ("sources:\n  - name: raw\n    tables:\n      - {name: t, path: d.bin}\n", "HG324 d.bin"),
        ("sources:\n  - name: raw\n    schema: m\n    tables: [x]\n", "HG325 x"),
        ("sources:\n  - name: raw\n    schema: HeadGate\n    tables: [builds]\n", "HG325 builds"),
        ("exposures:\n  - name: e\n    depends_on: [y]\n", "HG202 y"),
        ("exposures:\n  - name: e\n    depends_on: [a b]\n", "HG309 a b"),
        ("exposures:\n  - name: e\n    columns: [x]\n", "HG309 x"),
        ("sources:\n  - name: temp\n    tables: [x]\n", "HG107 temp"),
        ("exposures:\n  - name: my board\n", "HG107 my board"),
        ("exposures:\n  - name: m.x\n", "HG301 m.x"),
    ],
)
def test_faults_of_property_files_are_marked(tmp_path: Path, yml: str, expected: str) -> None:
    files = {"assets/m/x.sql": OWNED, "assets/m/p.yml": yml, "d.csv": "a\n1\n", "d.bin": "a\n1\n"}
    assert marked(read(tmp_path, files)) == [expected]


def test_what_dbt_knows_is_kept_without_a_word(tmp_path: Path) -> None:
    yml = """
version: 2
groups: [{name: g, owner: {name: team}}]
models:
  - name: x
    access: protected
    group: g
    docs: {show: true}
    config: {materialized: view, tags: t, meta: {owner: ops}, persist_docs: {relation: true}}
    meta: {tier: 1, ratio: 0.5, on: yes, none: ~}
"""
    found = read(tmp_path, {"assets/m/x.sql": "select 1", "assets/m/p.yml": yml})
    assert told(found) == []
    asset = found.assets[0]
    assert (asset.kind, asset.properties.owner, asset.properties.tags) == (Kind.VIEW, "ops", ("t",))
    assert asset.properties.meta == {
        "owner": "ops", "tier": 1, "ratio": 0.5, "on": "yes", "access": "protected",
        "docs": {"show": True}, "config": {"persist_docs": {"relation": True}},
    }  # fmt: skip


def test_external_locations_as_dbt_writes_them(tmp_path: Path) -> None:
    yml = """
sources:
  - name: raw
    meta: {external_location: "data/{name}.parquet"}
    tables: [a]
  - name: lake
    tables:
      - name: b
        external: {location: "data/b.tsv", options: {skip: 1}}
"""
    files = {"assets/s.yml": yml, "data/a.parquet": "x", "data/b.tsv": "x"}
    found = read(tmp_path, files)
    assert told(found) == []
    assert [
        (s.address, s.location.pattern, s.location.format, s.location.options)
        for s in found.sources
        if isinstance(s.location, FileSource)
    ] == [("lake.b", "data/b.tsv", "csv", {"skip": "1", "delim": "\t"}), ("raw.a", "data/a.parquet", "parquet", {})]


def test_a_source_may_stand_in_the_schema_that_tables_have_by_default(tmp_path: Path) -> None:
    yml = "sources:\n  - name: main\n    tables: [x]\n  - name: pg\n    schema: pg_catalog\n    tables: [pg_class]\n"
    assert told(read(tmp_path, {"assets/s.yml": yml})) == []


def test_a_hint_names_the_nearest_file(tmp_path: Path) -> None:
    yml = "sources:\n  - name: raw\n    tables:\n      - {name: t, path: data/flihgts.csv}\n"
    (fault,) = read(tmp_path, {"assets/s.yml": yml, "data/flights.csv": "a\n"}).diagnostics
    assert (fault.code, fault.hint) == ("HG322", "Did you mean flights.csv?")


def test_data_outside_needs_leave(tmp_path: Path) -> None:
    outside = written(tmp_path / "raw", {"a.csv": "a\n1\n", "sub/b.csv": "a\n2\n"})
    root = tmp_path / "repo"
    yml = f"sources:\n  - name: raw\n    tables:\n      - {{name: t, path: '{outside}/**/*.csv'}}\n"
    assert told(read(root, {"assets/s.yml": yml})) == ["HG323 assets/s.yml:4:25"]
    written(root, {"headgate.toml": f'[engines.local]\nallow = ["{outside}"]\n'})
    found = load(root)
    assert told(found) == []
    location = found.sources[0].location
    assert isinstance(location, FileSource)
    assert [f.path for f in location.files] == [f"{outside}/a.csv", f"{outside}/sub/b.csv"]


def test_formatting_does_not_matter(tmp_path: Path) -> None:
    one = read(
        tmp_path / "one",
        {
            "assets/m/x.sql": "/* headgate\nowner: ops\nkind: view\n*/\nselect 1",
            "assets/m/p.yml": "models:\n- name: x\n  description: A b\n  columns:\n  - name: a\n    data_type: int\n",
        },
    )
    two = read(
        tmp_path / "two",
        {
            "assets/m/x.sql": "\n-- why\n/* headgate: {'kind': \"view\", owner: 'ops'} */ select 1",
            "assets/m/p.yml": (
                b'\xef\xbb\xbf# x\r\n"models": [{columns: [{data_type: &i int, name: a}],\r\n'
                b"   name: 'x', description: >-\r\n   A\r\n   b\r\n   }]"
            ).replace(b"description: >-\r\n   A\r\n   b\r\n   ", b'description: "A\r\n   b"'),
        },
    )
    assert told(one) == told(two) == []

    def essence(found: object) -> object:
        p = found.assets[0].properties  # type: ignore[attr-defined]
        return (found.assets[0].kind, p.owner, p.description, [(c.name, c.type) for c in p.columns])  # type: ignore[attr-defined]

    assert essence(one) == essence(two)


@pytest.mark.parametrize("how", ["pipe", "link", "loop", "folder"])
def test_a_config_that_is_no_file_of_the_repository_is_never_opened(tmp_path: Path, how: str) -> None:
    root = written(tmp_path / "repo", {"assets/m/x.sql": OWNED})
    path = root / "headgate.toml"
    if how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    else:
        written(tmp_path, {"other.toml": 'name = "other"'})
        path.symlink_to(tmp_path / "other.toml" if how == "link" else path)
    code = "HG104" if how in ("link", "loop") else "HG101"
    found = load(root)
    assert told(found) == [f"{code} headgate.toml"]
    assert (found.config.name, found.config.bare, list(found.config.environments)) == ("repo", "prod", ["prod", "dev"])
    config, faults = load_config(root)
    assert config == found.config
    assert [d.code for d in faults] == [code]


def test_a_survey_gives_the_tree_of_a_load(tmp_path: Path) -> None:
    found = read(tmp_path, {"headgate.toml": "", "assets/m/x.sql": OWNED, "assets/m/y.csv": "a\n", "macros/m.sql": ""})
    assert survey(tmp_path).files == found.tree
