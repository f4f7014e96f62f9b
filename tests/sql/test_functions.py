"""The lists of functions agree with the catalogue of the engine that is installed; names and types are never folded."""

import itertools
from collections.abc import Iterator

import duckdb
import pytest

from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.plugins.engines.duckdb_settings import settle
from headgate.sql import functions
from headgate.sql.analyse import analyse
from headgate.sql.tree import PREFIX, parse

LISTS = {
    "SCALARS": functions.SCALARS, "VOLATILE": functions.VOLATILE, "AGGREGATES": functions.AGGREGATES,
    "WINDOWS": functions.WINDOWS - {"fill"}, "SERIES": functions.SERIES, "DYNAMIC_SQL": functions.DYNAMIC_SQL,
}  # fmt: skip
GRAMMAR = frozenset({"if", "coalesce", "nullif", "row", "struct_pack", "count_star", "rank_dense"})
"""Names that the engine's grammar knows without its catalogue, or some catalogues lack."""

UNREAD = frozenset({"apply", "trim"})
"""Names that have a grammar of their own: not every list of arguments can be read."""

SAMPLES = ("1", "'a'", "date '2013-01-01'", "[1, 2]", "1.5::double", "1, 2", "'a', 'b'", "'a', 1", "[1, 2], 1")


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    settle(connection, duckdb.__version__, folders=(), threads=1)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def catalogue(engine: duckdb.DuckDBPyConnection) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    rows = engine.execute("select lower(function_name), function_type, coalesce(stability, '') from duckdb_functions()")
    for name, kind, stability in rows.fetchall():
        found.setdefault(name, set()).add((kind, stability))
    return found


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckBinder]:
    found = open_binder(tmp_path_factory.mktemp("binder"))
    yield found
    found.close()


def test_no_name_is_in_two_lists() -> None:
    for (one, first), (two, second) in itertools.combinations(LISTS.items(), 2):
        both = first & second
        assert both <= {"first", "last", "list"} or not both, (one, two, sorted(both))
    assert functions.LIST_SCALARS <= functions.SCALARS
    assert functions.EXACT_IF_ARGUMENTS_ARE <= functions.SCALARS


def test_scalars_are_consistent_in_the_catalogue(catalogue: dict[str, set[tuple[str, str]]]) -> None:
    wrong = {
        name: kinds
        for name in functions.SCALARS - GRAMMAR
        if (kinds := catalogue.get(name, set()))
        and not any(k in ("scalar", "macro") and s in ("CONSISTENT", "") for k, s in kinds)
    }
    assert wrong == {}
    assert not [n for n in functions.SCALARS for k, s in catalogue.get(n, ()) if k == "scalar" and s == "VOLATILE"]


def test_aggregates_are_aggregates(catalogue: dict[str, set[tuple[str, str]]]) -> None:
    known = {name: {kind for kind, _ in catalogue.get(name, ())} for name in functions.AGGREGATES - GRAMMAR}
    assert {n: k for n, k in known.items() if k and not k & {"aggregate", "macro"}} == {}
    taken_for_scalar = {n for n in functions.SCALARS if any(k == "aggregate" for k, _ in catalogue.get(n, ()))}
    assert taken_for_scalar == set()


def test_macros_over_aggregates_are_no_scalars(engine: duckdb.DuckDBPyConnection) -> None:
    rows = engine.execute(
        "select lower(function_name), macro_definition from duckdb_functions() where function_type = 'macro'"
    ).fetchall()
    for name, definition in rows:
        called = {word.strip('"( ').lower() for word in definition.replace("(", " ( ").split()}
        if name in functions.SCALARS and not name.startswith(("list_", "array_")):
            assert not called & (functions.AGGREGATES - {"first", "last", "list", "max", "min"}), (name, definition)
            assert "unnest" not in called, (name, definition)


def test_scalars_give_the_same_twice(engine: duckdb.DuckDBPyConnection) -> None:
    called = 0
    for name in sorted(functions.SCALARS):
        for sample in SAMPLES:
            query = f'select "{name}"({sample})::varchar'
            try:
                once = engine.execute(query).fetchall()
            except duckdb.Error:
                continue
            called += 1
            assert engine.execute(query).fetchall() == once, query
    assert called > 150


def test_names_that_a_parser_would_fold_stay_apart(
    catalogue: dict[str, set[tuple[str, str]]], engine: duckdb.DuckDBPyConnection, binder: DuckBinder
) -> None:
    trees: dict[str, str] = {}
    for name in sorted(functions.SCALARS & set(catalogue)):
        if name in UNREAD:
            continue
        tree = parse(f"select {name}(1, 2, 3) as e", "q.sql").tree
        text = repr(tree.expressions[0].this).lower().replace(PREFIX, "")
        assert trees.setdefault(text, name) == name, (name, trees[text])
    d = "date '2013-01-01'"
    for one, two in ((f"date_diff('day', {d}, {d})", f"date_sub('day', {d}, {d})"), ("ceil(1.5)", "floor(1.5)")):
        terms = {term_of(one, binder), term_of(two, binder)}
        assert len(terms) == 2


def term_of(expression: str, binder: DuckBinder) -> str:
    query = parse(f"select {expression} as e", "q.sql")
    recipe = analyse(query, kind="table", inputs={}, settings="x", bind=binder.bind).recipe
    assert recipe is not None
    assert not recipe.opaque
    return recipe.columns[0].term.hash


def test_types_that_differ_have_different_terms(engine: duckdb.DuckDBPyConnection, binder: DuckBinder) -> None:
    names = [row[0] for row in engine.execute("select distinct type_name from duckdb_types()").fetchall()]
    names += [
        "decimal(10,2)", "decimal(12,2)", "int[]", "int[3]", "int[2]", "int[][]", "varchar[]", "struct(a int)",
        "struct(a bigint)", "struct(b int)", "map(int, varchar)", "map(varchar, int)", "timestamp with time zone",
    ]  # fmt: skip
    found: dict[str, set[str]] = {}
    for name in sorted(names):
        try:
            kind = str(engine.execute(f"describe select cast(null as {name}) as e").fetchall()[0][1])
        except duckdb.Error:
            continue
        query = parse(f"select typeof(cast(null as {name})) as e", "q.sql")
        recipe = analyse(query, kind="table", inputs={}, settings="x", bind=binder.bind).recipe
        if recipe is not None and not recipe.opaque:
            found.setdefault(recipe.columns[0].term.hash, set()).add(kind)
    assert [kinds for kinds in found.values() if len(kinds) > 1] == []
    assert len(found) > 30
