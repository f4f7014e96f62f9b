"""Assets of another engine: tried in DuckDB as nearly as their SQL can be said there, or refused with the reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from headgate.app.linking.ground import on_duckdb
from headgate.app.linking.link import linked
from headgate.app.repository import open_repository
from headgate.core.address import Address
from headgate.core.graph import Node, SqlBody
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb_scratch import open_scratch
from headgate.trial.attempt import Bench, tried
from headgate.trial.verdict import Tried

FILES = {
    "headgate.toml": 'name = "shop"\n',
    "assets/raw/t.sql": "select 1 as id, timestamp '2024-01-01' as made, 1.5::decimal(9,2) as amount\n",
    "assets/m/x.sql": "select made::varchar as year, amount as total from raw.t\n",
    "tests/t.yml": """unit_tests:
  - name: one
    model: x
    now: 2024-05-01
    given: [{input: raw.t, rows: [{made: 2023-04-05, amount: 1.25}, {made: 2023-01-01, amount: 1.10}]}]
    expect: {rows: [{year: "2023", total: 2.35}]}
""",
}
SHAPE: Shape = (Column("made", "timestamp without time zone"), Column("amount", "numeric(9,2)"))


def tried_on_postgres(root: Path, text: str) -> Tried:
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    session, repository = open_repository(root)
    with session:
        declared = repository.declarations
        found, _ = linked(root, declared, cache=session.cache, recorded={}, ground=on_duckdb())
    node = found.nodes[Address("m.x")]
    assert isinstance(node, Node)
    assert isinstance(node.body, SqlBody)
    start = text.index("raw.t")
    reference = replace(node.body.references[0], start=start, end=start + len("raw.t"), alias="t", is_column=False)
    node = replace(node, body=SqlBody(text, (reference,)))
    scratch = open_scratch("postgres")
    try:
        bench = Bench(scratch, None, lambda *_: None, "postgres")  # type: ignore[arg-type]  # no function is called
        return tried(declared.unit_tests[0], node, {Address("raw.t"): SHAPE}, bench)
    finally:
        scratch.close()


def test_what_can_be_said_in_duckdb_is_tried(tmp_path: Path) -> None:
    text = "select to_char(made, 'YYYY') as year, sum(amount) as total from raw.t where made < now() group by 1"
    assert (tried_on_postgres(tmp_path, text).outcome.value) == "passed"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("select '1' as year, amount as total from raw.t for update", "Locking reads"),
        ("select jsonb_path_query('{}', '$')::text as year, amount as total from raw.t", "DuckDB: "),
    ],
)
def test_what_cannot_be_said_is_told_with_the_reason(text: str, reason: str, tmp_path: Path) -> None:
    found = tried_on_postgres(tmp_path, text)
    assert (found.outcome.value, [d.code for d in found.diagnostics]) == ("faulty", ["HG343"])
    assert reason in found.diagnostics[0].detail
