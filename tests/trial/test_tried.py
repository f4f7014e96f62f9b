"""Unit tests of SQL: types of all kinds, names in quotes, empty lists, hostile files, and many at once."""

import time
from pathlib import Path

import pytest

from tests.trial.trial_stage import outcomes, shown, told, tried

TYPES = """/* headgate
owner: ops
*/
select 1::bigint as id, 1.5::decimal(9,2) as price, 0.1::double as share, 0.1::float as small, 'a' as word,
  date '2024-01-01' as day, timestamp '2024-01-01' as at, timestamptz '2024-01-01 00:00:00Z' as moment,
  time '10:00' as t, [1, 2] as numbers, {'x': 1.5::double, 'y': ['a']} as point, map {'a': 1} as counts,
  '{"a": 1}'::json as extra, true as yes, 'a'::blob as bytes, interval 1 day as span, 1::hugeint as huge, uuid() as key,
  'x'::enum('x', 'y') as one,
  [{'a': 1::decimal(5,2)}] as parts, timestamp_ns '2024-01-01 00:00:00.123456789' as fine
"""
COPY = """/* headgate
owner: ops
*/
select * from raw.types
"""
ROW = """id: 9007199254740993, price: 1.10, share: 0.3, small: 0.1, word: "null", day: 2024-02-29,
 at: 2024-01-01 10:00:00.5, moment: "2024-01-01 02:00:00+02", t: "10:00", numbers: [3, null, 4],
 point: {x: 0.1, y: [a, 'b''c', ~]}, counts: {k: 1, l: 2}, extra: {b: [1, 2.50, x], a: null}, yes: yes,
 bytes: "\\\\xFF", span: 2 days,
 huge: 170141183460469231731687303715884105727, key: 00000000-0000-0000-0000-000000000001, one: y,
 parts: [{a: 1.25}, {a: null}], fine: 2024-01-01 00:00:00.123456789"""


def test_values_of_every_type_come_as_they_were_written(tmp_path: Path) -> None:
    tests = f"""unit_tests:
  - name: same
    model: copy
    given: [{{input: raw.types, rows: [{{{ROW}}}, {{}}, {{WORD: ""}}]}}]
    expect:
      rows: [{{}}, {{word: ''}}, {{{ROW}}}]
  - name: other
    model: copy
    given: [{{input: raw.types, rows: [{{{ROW}}}]}}]
    expect:
      rows: [{{id: 9007199254740992, word: null, numbers: [3, null], point: {{x: 0.2, y: []}}, parts: [{{a: 1.26}}],
             extra: {{a: null, b: [1, 2.5, x]}}, huge: 170141183460469231731687303715884105726, share: .nan,
             fine: 2024-01-01 00:00:00.123456788}}]
"""
    found = tried(tmp_path, {"assets/raw/types.sql": TYPES, "assets/m/copy.sql": COPY, "tests/t.yml": tests})
    assert outcomes(found) == {"same": "passed", "other": "failed"}, shown(found)
    (difference,) = [one.difference for one in found.tried if one.difference]
    (pair,) = difference.changed
    differing = [difference.shape[n].name for n in pair.columns]
    assert differing == ["id", "share", "word", "numbers", "point", "huge", "parts", "fine"]


def test_values_that_do_not_fit_are_told_at_their_places(tmp_path: Path) -> None:
    tests = """unit_tests:
  - name: bad
    model: copy
    given:
      - input: raw.types
        rows:
          - {id: one, numbers: [1, x], point: {x: 1}, one: z, key: 1, price: 12345678901}
          - {id: 9223372036854775808, extra: "{", counts: {a: b}, moment: now, yes: maybe, word: [1]}
    expect: {rows: [{id: 1.5, nothing: 1}]}
"""
    found = tried(tmp_path, {"assets/raw/types.sql": TYPES, "assets/m/copy.sql": COPY, "tests/t.yml": tests})
    places = "7:18 8:18 7:78 8:75 7:32 7:47 8:59 8:46 8:85 7:68 7:60".split()
    assert sorted(told(found)) == sorted(f"HG341 tests/t.yml:{place}" for place in places), shown(found)


def test_names_in_quotes_and_in_other_case(tmp_path: Path) -> None:
    sql = '/* headgate\nowner: ops\n*/\nselect "Größe x" as "Sum ""of""", "select" as b from raw.t as "T"\n'
    raw = '/* headgate\nowner: ops\n*/\nselect 1 as "Größe x", 2 as "select"\n'
    tests = """unit_tests:
  - name: "odd: names; drop table x"
    model: m.x
    given: [{input: RAW.T, rows: [{GRÖSSE X: 4}]}, {input: raw.t, rows: []}]
    expect: {rows: [{a: 1}]}
  - name: quoted
    model: M.X
    given: [{input: RAW.T, rows: [{größe X: 4, SELECT: 5}]}]
    expect: {rows: [{'sum "OF"': 4, B: 5}]}
"""
    found = tried(tmp_path, {"assets/m/x.sql": sql, "assets/raw/t.sql": raw, "tests/t.yml": tests})
    assert outcomes(found)["quoted"] == "passed", shown(found)
    assert told(found) == ["HG203 tests/t.yml:4:35", "HG342 tests/t.yml:4:61"] or "HG342" in told(found)[-1]


def test_no_test_sees_the_tables_of_another(tmp_path: Path) -> None:
    sql = "/* headgate\nowner: ops\n*/\nselect count(*) as n from raw.t\n"
    raw = "/* headgate\nowner: ops\n*/\nselect 1 as a\n"
    one = "  - {name: n%d, model: x, given: [{input: raw.t, rows: [%s]}], expect: {rows: [{n: %d}]}}\n"
    tests = "unit_tests:\n" + "".join(one % (n, ", ".join(["{}"] * (n % 3)), n % 3) for n in range(9))
    tests += "  - {name: none, model: x, expect: {rows: [{n: 0}]}}\n"
    found = tried(tmp_path, {"assets/m/x.sql": sql, "assets/raw/t.sql": raw, "tests/t.yml": tests})
    assert set(outcomes(found).values()) == {"passed"}, shown(found)


def test_a_name_twice_is_refused_and_the_same_name_of_two_assets_is_not(tmp_path: Path) -> None:
    files = {f"assets/m/{name}.sql": "/* headgate\nowner: ops\n*/\nselect 1 as a\n" for name in "xy"}
    entry = "  - {name: one, model: %s, expect: {rows: [{a: 1}]}}\n"
    found = tried(tmp_path, {**files, "tests/t.yml": "unit_tests:\n" + entry % "x" + entry % "y"})
    assert [one.outcome.value for one in found.tried] == ["passed", "passed"]
    found = tried(tmp_path, {**files, "tests/t.yml": "unit_tests:\n" + entry % "x" + entry % "x"})
    assert (len(found.tried), len(found.diagnostics)) == (1, 1)


HOSTILE = [
    "unit_tests: 1\n",
    "unit_tests: [1, {name: a}, {name: [], model: x, expect: {rows: 1}}]\n",
    "unit_tests: [{name: a, model: x, expect: {rows: [1, [2], null]}}]\n",
    "unit_tests: [{name: a, model: x, given: x, expect: {rows: [{}]}}]\n",
    "unit_tests: [{name: a, model: x, given: [{input: this}], expect: {rows: {a: 1}}}]\n",
    "unit_tests: [{name: a, model: x, given: [{input: m.x, rows: [{a: 1}]}], expect: {rows: [{a: {b: c}}]}}]\n",
    "unit_tests: [{name: a, model: x, expect: {format: csv, rows: '\"'}}]\n",
    "unit_tests: [{name: a, model: x, expect: {format: sql, rows: 'select 1; select 2'}}]\n",
    "unit_tests: [{name: a, model: x, expect: {format: sql, rows: 'select 1 as a, 2 as a'}}]\n",
    "unit_tests: [{name: a, model: x, expect: {format: sql, rows: 'select * from \"came\"'}}]\n",
    "unit_tests: [{name: a, model: x, now: [], interval: 3, expect: {rows: [{? [a] : 1}]}}]\n",
    "unit_tests: [{name: a, model: x, expect: {rows: [&a {a: *a}]}}]\n",
    "unit_tests: [{name: a, model: x, expect: {rows: [{'': 1, a: \"\\0\"}]}}]\n",
    "unit_tests: [{name: a, model: x, expect: {fixture: [], rows: ~}}]\n",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_tests_are_told_and_never_raise(text: str, tmp_path: Path) -> None:
    found = tried(tmp_path, {"assets/m/x.sql": "/* headgate\nowner: ops\n*/\nselect 1 as a\n", "tests/t.yml": text})
    shown(found)
    assert not found.is_good


def test_links_of_fixtures_lead_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    root = tmp_path / "shop"
    folder = root / "tests/fixtures"
    folder.mkdir(parents=True)
    (folder / "one.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "two.csv").symlink_to(folder / "two.csv")
    (folder / "again").symlink_to(folder)
    tests = "unit_tests:\n"
    for name in ("one", "two"):
        tests += f"  - {{name: {name}, model: x, expect: {{fixture: {name}}}}}\n"
    found = tried(root, {"assets/m/x.sql": "/* headgate\nowner: ops\n*/\nselect 1 as a\n", "tests/t.yml": tests})
    assert told(found) == ["HG342 tests/t.yml:2:45", "HG342 tests/t.yml:3:45"], shown(found)


@pytest.mark.slow
def test_a_hundred_tests_take_two_seconds_and_many_rows_little_more(tmp_path: Path) -> None:
    sql = "/* headgate\nowner: ops\n*/\nselect a, sum(b) as b, avg(b) as c from raw.t group by a\n"
    raw = "/* headgate\nowner: ops\n*/\nselect 1 as a, 1.5::double as b\n"
    one = (
        "  - {name: n%d, model: x, given: [{input: raw.t, rows: [{a: 1, b: 2}, {a: 1, b: 3}]}], "
        "expect: {rows: [{a: 1, b: 5}]}}\n"
    )
    tests = "unit_tests:\n" + "".join(one % n for n in range(100))
    files = {"assets/m/x.sql": sql, "assets/raw/t.sql": raw, "tests/t.yml": tests}
    began = time.process_time()
    found = tried(tmp_path, files)
    assert time.process_time() - began < 4
    assert set(outcomes(found).values()) == {"passed"}
    rows = "".join(f"          - {{a: {n}, b: {n}.25}}\n" for n in range(10_000))
    many = f"unit_tests:\n  - name: many\n    model: x\n    given:\n      - input: raw.t\n        rows:\n{rows}"
    many += "    expect:\n      rows:\n" + rows.replace("          -", "        -").replace("b:", "c:")
    began = time.process_time()
    found = tried(tmp_path, {**files, "tests/t.yml": many})
    assert time.process_time() - began < 12
    assert set(outcomes(found).values()) == {"passed"}, shown(found)[:2000]


def test_an_asset_that_reads_a_faulty_one_is_not_tested_and_others_are(tmp_path: Path) -> None:
    files = {
        "assets/m/bad.sql": "/* headgate\nowner: ops\n*/\nselect nosuch as a\n",
        "assets/m/reader.sql": "/* headgate\nowner: ops\n*/\nselect a from m.bad\n",
        "assets/m/good.sql": "/* headgate\nowner: ops\n*/\nselect 1 as a\n",
        "tests/t.yml": "unit_tests:\n"
        + "".join(f"  - {{name: {m}, model: {m}, expect: {{rows: [{{a: 1}}]}}}}\n" for m in ("bad", "reader", "good")),
    }
    found = tried(tmp_path, files)
    assert outcomes(found) == {"bad": "faulty", "reader": "faulty", "good": "passed"}
    assert told(found) == ["HG203 assets/m/bad.sql:4:8", "HG344 tests/t.yml:3:12"]
    assert found.errors == 1


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        ("date", "2024-01-02", "2024-01-03"),
        ("timestamp", "2024-01-02 23:59:59.999999", "2024-01-03 00:00:00"),
        ("timestamptz", "2024-01-03 00:59:59+01", "2024-01-03 01:00:00+01"),
    ],
)
def test_an_interval_has_the_type_of_the_column_of_times(kind: str, inside: str, outside: str, tmp_path: Path) -> None:
    sql = """/* headgate
owner: ops
kind: incremental
time_column: made
grain: day
start: 2024-01-01
*/
select made, typeof(:start) as typed from raw.t where made >= :start and made < :end
"""
    tests = f"""unit_tests:
  - name: one
    model: x
    interval: {{start: 2024-01-02, end: 2024-01-03}}
    given: [{{input: raw.t, rows: [{{made: "{inside}"}}, {{made: "{outside}"}}, {{made: "2023-12-31"}}]}}]
    expect: {{rows: [{{made: "{inside}"}}]}}
  - name: none
    model: x
    interval: {{start: soon, end: 2024-01-03}}
    expect: {{rows: []}}
"""
    raw = f"/* headgate\nowner: ops\n*/\nselect '2024-01-01'::{kind} as made\n"
    found = tried(tmp_path, {"assets/m/x.sql": sql, "assets/raw/t.sql": raw, "tests/t.yml": tests})
    assert outcomes(found) == {"one": "passed", "none": "faulty"}, shown(found)
    assert told(found) == ["HG341 tests/t.yml:9:23"]
