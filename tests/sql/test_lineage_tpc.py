"""The lineage of TPC-H's and TPC-DS's queries, by answers that were read off their texts."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from tpc_texts import PACKAGE, tables, texts

from headgate.core.address import Address
from headgate.core.lineage import Edge
from headgate.core.recipe import Aspect
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.sql.lineage import lineage_of_query
from headgate.sql.tree import parse, relations

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PACKAGE.exists(), reason="`make test` brings the texts"),
]

Answers = Mapping[str, Mapping[str, str]]


def answers(name: str) -> Answers:
    """Return what is expected: by number of the query, by output."""
    found: dict[str, dict[str, str]] = {}
    for block in (Path(__file__).parent / "tpc" / f"{name}.txt").read_text().split("\n== ")[1:]:
        number, *lines = block.strip().splitlines()
        found[number] = {output: text.strip() for output, _, text in (line.partition(":") for line in lines)}
    return found


HAND_CHECKED = {name: answers(name.replace("-", "")) for name in ("tpc-h", "tpc-ds")}
CASES = [(name, number) for name, known in HAND_CHECKED.items() for number in known]


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> DuckBinder:
    return open_binder(tmp_path_factory.mktemp("binder"))


def told(benchmark: str, number: int, binder: DuckBinder) -> Mapping[str, tuple[Edge, ...]]:
    """Return the edges by output; a column whose name is no word, or not its own alone, is `#` and its place."""
    text, shapes = texts(benchmark)[number], tables(benchmark)
    query = parse(text, "q.sql")
    inputs = {a: shapes[a] for a in (Address(f"{table.schema}.{table.name}") for table in relations(query))}
    shown = binder.bind(text, {str(address): shape for address, shape in inputs.items()})
    assert not shown.error, shown.error
    names = [column.name for column in shown.shape]
    names = [n if n.isidentifier() and names.count(n) == 1 else f"#{place}" for place, n in enumerate(names, 1)]
    found = lineage_of_query(query, inputs, names)
    assert found is not None, "it is not understood"
    return {**found.columns, "rows": found.rows, "order": found.order}


@pytest.mark.parametrize(("benchmark", "number"), CASES)
def test_lineage_is_as_read_off(benchmark: str, number: str, binder: DuckBinder) -> None:
    expected = HAND_CHECKED[benchmark][number]
    found = told(benchmark, int(number), binder)
    assert {output: by_kind(edges) for output, edges in found.items()} == {
        output: parsed(text) for output, text in expected.items()
    }


@pytest.mark.parametrize(("benchmark", "count"), [("tpc-h", 22), ("tpc-ds", 99)])
def test_every_query_has_its_answer(benchmark: str, count: int) -> None:
    assert list(texts(benchmark)) == [*range(1, count + 1)]
    assert list(HAND_CHECKED[benchmark]) == [str(number) for number in texts(benchmark)]


def by_kind(edges: Iterable[Edge]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for edge in edges:
        if edge.read.aspect is Aspect.ORDER:
            continue
        table = edge.read.address.partition(".")[2]
        kind = "of" if edge.read.aspect is Aspect.ROWS else edge.subtype.words
        found.setdefault(f"{'masked ' * edge.masking}{kind}", set()).add(edge.read.column or table)
    return found


def parsed(text: str) -> dict[str, set[str]]:
    found = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        first, *others = [word.strip() for word in part.split(",")]
        kind, _, one = first.rpartition(" ")
        found[kind] = {one, *others}
    return found
