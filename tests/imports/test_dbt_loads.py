"""What becomes of dbt's incremental models: their headers, what is told, and that the result is understood."""

from pathlib import Path

import pytest

from headgate.app.import_dbt import import_dbt

PROJECT = "name: small\nprofile: small\n"
PROFILE = "small: {target: dev, outputs: {dev: {type: duckdb, path: wh.duckdb}}}\n"
SINCE = "{% if is_incremental() %} where seen_at > (select max(seen_at) from {{ this }}) {% endif %}"
QUERY = f"select id, shop, seen_at, seen_at::date as day from {{{{ ref('raw') }}}} {SINCE}"
RAW = "id,shop,seen_at\n1,a,2026-01-01 10:00:00\n"


def imported(folder: Path, config: str, yml: str = "") -> tuple[list[str], list[str], list[str]]:
    """Import a model with this configuration; return its header, what is told of it, and the faults of the result."""
    files = {
        "dbt/dbt_project.yml": PROJECT,
        "dbt/profiles.yml": PROFILE,
        "dbt/seeds/raw.csv": RAW,
        "dbt/models/m.sql": f"{{{{ config(materialized='incremental'{config}) }}}}\n{QUERY}\n",
        "dbt/models/m.yml": f"models:\n  - name: m\n    config: {{meta: {{owner: ops}}{yml}}}\n",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    made = import_dbt(folder / "dbt", folder / "here")
    text = (folder / "here/assets/models/m.sql").read_text()
    header = text.partition("*/")[0].splitlines()[1:] if text.startswith("/* headgate") else []
    notes = [note.text for note in made.notes if note.place.path == "models/m.sql" and "incremental" in note.text]
    return header, notes, [d.code for d in made.diagnostics if d.code != "HG310"]


MICROBATCH = ", incremental_strategy='microbatch', event_time='seen_at', batch_size='month', begin='2025-01-01'"

LOADED = [
    (", unique_key='id'", ["unique_key: id"], "by the key id", []),
    (", unique_key=['shop', 'id'], incremental_strategy='merge'", ['unique_key: ["shop","id"]'],
     "by the key shop, id", []),
    (", unique_key='id', full_refresh=false", ["unique_key: id", "history: keep"], "by the key id", []),
    (MICROBATCH, ["time_column: seen_at", "grain: month", "start: 2025-01-01", "lookback: 1"],
     "by seen_at", ["HG355"]),
    (MICROBATCH + ", lookback=0, unique_key='id'", ["time_column: seen_at", "grain: month", "start: 2025-01-01",
     "unique_key: id"], "by seen_at and by the key id", ["HG355"]),
    (", incremental_strategy='insert_overwrite', event_time='day', begin='{{ var(x) }}'", ["time_column: day"],
     "by day", ["HG355"]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "header", "note", "faults"), LOADED)
def test_what_is_carried_over(tmp_path: Path, config: str, header: list[str], note: str, faults: list[str]) -> None:
    found, notes, told = imported(tmp_path, config)
    assert found == ["kind: incremental", *header]
    assert notes == [f"incremental: {note}; each load reads all of its inputs without its line 2"]
    assert told == faults


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("", ""),
        (", incremental_strategy='append'", ": append, and nothing says when a row happened"),
        (", incremental_strategy='mine', unique_key='id'", ": its strategy mine is the project's own"),
        (", unique_key=\"shop || id\"", ": its key is more than columns"),
        (", unique_key='id', full_refresh=true", ": it says full_refresh"),
        (", unique_key='id', merge_update_columns=['shop']",
         ": merge_update_columns, where a row replaces the whole older one here"),
    ],
)  # fmt: skip
def test_what_stays_a_table(tmp_path: Path, config: str, why: str) -> None:
    header, notes, told = imported(tmp_path, config)
    assert (header, told) == ([], [])
    assert notes == [f"incremental: a table that every build makes in full without its line 2{why}"]


@pytest.mark.parametrize(
    ("condition", "advice"),
    [
        ("where r.seen_at > (select max(seen_at) from {{ this }})",
         "To load it in parts: `time_column: seen_at`, and `r.seen_at >= :start and r.seen_at < :end` in its WHERE."),
        ("and loaded >=\n  (SELECT coalesce(MAX(day), '1900-01-01') FROM {{ this }})",
         "To load it in parts: `time_column: day`, and `loaded >= :start and loaded < :end` in its WHERE."),
        ("where id not in (select id from {{ this }})",
         "To load it in parts: `time_column: COLUMN`, and `TIME >= :start and TIME < :end` in its WHERE."),
    ],
)  # fmt: skip
def test_the_way_on_names_the_columns_that_it_had(tmp_path: Path, condition: str, advice: str) -> None:
    text = (
        "{{ config(materialized='incremental') }}\nselect 1 as one\n"
        f"{{% if is_incremental() %}}\n{condition}\n{{% endif %}}\n"
    )
    for path, content in {"dbt_project.yml": PROJECT, "profiles.yml": PROFILE, "models/m.sql": text}.items():
        (tmp_path / "dbt" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dbt" / path).write_text(content)
    made = import_dbt(tmp_path / "dbt", tmp_path / "here")
    assert [note.advice for note in made.notes if "incremental" in note.text] == [advice]


def test_what_a_property_file_says_agrees_with_the_header(tmp_path: Path) -> None:
    yml = ", materialized: incremental, unique_key: id, incremental_strategy: delete+insert, on_schema_change: fail"
    header, _, told = imported(tmp_path, "", yml)
    assert header == ["kind: incremental", "unique_key: id"]
    assert told == []
    header, _, told = imported(tmp_path / "other", "", ", materialized: incremental, incremental_strategy: append")
    assert (header, told) == ([], [])
