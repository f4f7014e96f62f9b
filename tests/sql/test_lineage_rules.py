"""What holds of the lineage of every query: every tag has a rule, and no input is left out."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from lineage_cases import FOLDER, SHAPES, Case, analysed, cases_of

import headgate.sql
from headgate.core.address import Address
from headgate.core.hashing import Part
from headgate.core.lineage import DIRECT, Subtype
from headgate.core.recipe import Aspect, Read, Recipe, Term, term
from headgate.plugins.engines.duckdb_binder import DuckBinder, open_binder
from headgate.sql.analyse import relation_of
from headgate.sql.edges import edges_of_term
from headgate.sql.lineage import lineage_of_query
from headgate.sql.relation import Relation
from headgate.sql.steps import RULES
from headgate.sql.tree import Unreadable, parse, relations

IN_THE_FOLD = {"read", "recursion rows", "recursion column", "recursive", "recursive column"}
HERE = Path(__file__).parent
UNDERSTOOD = [case for path in sorted(FOLDER.glob("*.txt")) for case in cases_of(path) if "opaque" not in case.expected]


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> DuckBinder:
    return open_binder(tmp_path_factory.mktemp("binder"))


def queries() -> Iterator[str]:
    """Every query of the golden set, of recipes.txt and of the constructs' page."""
    yield from (case.query for case in UNDERSTOOD)
    for block in (HERE / "recipes.txt").read_text().split("\n== ")[1:]:
        yield from (query.strip() for query in block.split("\n", 2)[2].split("\n--\n"))
    page = (HERE.parents[1] / "docs" / "explanation" / "sql-constructs.md").read_text()
    for block in page.split("```sql\n")[1:]:
        yield from (query.strip() for query in block.partition("```")[0].split(";") if query.strip())


def terms_of(relation: Relation) -> Iterator[Term]:
    """Every term that the rows, the order and the columns of a relation are made of, once."""
    pending = [relation.rows, relation.order, *(field.term for field in relation.fields)]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if id(item) not in seen:
            seen.add(id(item))
            yield item
            pending += [part for part in (item.made[1] if item.made else ()) if isinstance(part, Term)]


def relation(text: str) -> Relation | None:
    try:
        query = parse(text, "q.sql")
    except Unreadable:
        return None
    named = (Address(f"{table.schema}.{table.name}") for table in relations(query))
    return relation_of(query, {address: SHAPES[address] for address in named})


def test_every_tag_that_queries_make_has_a_rule() -> None:
    tags = {item.made[0] for text in queries() for item in terms_of(relation(text) or EMPTY) if item.made}
    assert tags - set(RULES) - IN_THE_FOLD == set()
    assert len(tags) > 120, "the queries make most of the tags"


def test_every_tag_in_the_source_has_a_rule() -> None:
    """Tags are the first argument of `term`, and the first word of each entry of the table of plain nodes."""
    folder = Path(headgate.sql.__file__).parent
    written = {tag for path in folder.glob("*.py") for tag in tags_in(ast.parse(path.read_text()))}
    known = set(RULES) | IN_THE_FOLD
    assert [tag for tag in written if not any(re.fullmatch(tag, other) for other in known)] == []
    unused = [other for other in known if not any(re.fullmatch(tag, other) for tag in written)]
    assert sorted(unused) == ["Cube", "GroupingSets", "Rollup", "read"], "named after a node, or in the core"


def tags_in(tree: ast.Module) -> Iterator[str]:
    """Yield what stands for a tag, as a pattern: text as it is, what is put into it as anything."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "term" and node.args:
            yield from patterns(node.args[0])
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "tag" for t in node.targets):
            yield from patterns(node.value)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_PLAIN":
            assert isinstance(node.value, ast.Dict)
            yield from (p for v in node.value.values if isinstance(v, ast.Tuple) for p in patterns(v.elts[0]))
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "kind" for t in node.targets):
            yield from (p for p in patterns(node.value) if p != ".*")


def patterns(node: ast.expr) -> Sequence[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [re.escape(node.value)]
    if isinstance(node, ast.IfExp):
        return [*patterns(node.body), *patterns(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".*" for v in node.values)]
    return []


@pytest.mark.parametrize("case", UNDERSTOOD, ids=str)
def test_nothing_is_left_out(case: Case, binder: DuckBinder) -> None:
    """Whatever a recipe reads, lineage names; but for recursion, of which every column is said to read everything.

    Nothing of rows and orders is direct. Nothing is named that is not read, but for orders, which break ties. Whoever
    reads a column reads its rows as well, so that what steers the rows of an asset is found downstream by them alone.
    """
    recipe, found = analysed(case.query, SHAPES, binder)
    assert found is not None
    assert [edge for edge in (*found.rows, *found.order) if edge.subtype in DIRECT] == []
    rows, order = ({edge.read for edge in edges} for edges in (found.rows, found.order))
    terms = (recipe.rows, recipe.order, *(column.term for column in recipe.columns))
    read = {read for item in terms for read in item.reads}
    is_recursive = "recursive" in case.query
    assert is_recursive or (rows >= set(recipe.rows.reads) and order | rows >= set(recipe.order.reads))
    for column in recipe.columns:
        told = {edge.read for edge in found.columns[column.name]}
        assert is_recursive or told | rows >= set(column.term.reads), column.name
        edges = (*found.of(Read(Address(""), Aspect.COLUMN, column.name)), *found.order)
        assert {e.read for e in edges if e.subtype not in (Subtype.SORT, Subtype.ORDER)} <= read
        everything = told | rows | order
        assert {one.address for one in everything} == {one.address for one in everything if one.aspect is Aspect.ROWS}


def test_what_has_no_rule_is_opaque() -> None:
    a = next(field.term for field in (relation("select a from s.t") or EMPTY).fields)
    parts: tuple[Part | Term, ...] = ("x", term("+", a, a))
    assert {edge.subtype for edge in edges_of_term(term("never heard of", *parts))} == {Subtype.OPAQUE}


def test_a_recipe_keeps_nothing_of_what_it_was_made_from(binder: DuckBinder) -> None:
    recipe: Recipe = analysed("select a, sum(k) as s from s.t group by a order by s", SHAPES, binder)[0]
    assert all(item.made is None for item in (recipe.rows, recipe.order, *(c.term for c in recipe.columns)))


def test_deep_terms_need_no_deep_stack() -> None:
    """A chain of aliases is as deep as it is long."""
    chain = ", ".join(f"e{number} + 1 as e{number + 1}" for number in range(3000))
    query = parse(f"select a as e0, {chain} from s.t", "q.sql")
    found = lineage_of_query(query, {Address("s.t"): SHAPES[Address("s.t")]}, [f"e{n}" for n in range(3001)])
    assert found is not None
    assert [edge.subtype for edge in found.columns["e3000"]] == [Subtype.TRANSFORMATION]


EMPTY = Relation(term("one row"), term("one row"), ())
