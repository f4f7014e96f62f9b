"""Pieces of SQL in checks: what they read, whether the clock counts, and that nothing gets out of the brackets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.core.measures import Fragment
from headgate.core.ports.engine import Binder
from headgate.core.recipe import Column, Shape
from headgate.plugins.engines.duckdb_binder import open_binder
from headgate.sql.conditions import NotUnderstood, Understood, understood

SHAPE: Shape = (Column("a", "INTEGER"), Column("b", "VARCHAR"), Column("Tag x", "DATE"))


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Binder]:
    found = open_binder(Path(tmp_path_factory.mktemp("conditions")))
    yield found
    found.close()


@pytest.mark.parametrize(
    ("fragment", "columns", "is_volatile"),
    [
        (Fragment("a > 0"), ("a",), False),
        (Fragment("> 0", "a"), ("a",), False),
        (Fragment("between 1 and 2 -- so many", "a"), ("a",), False),
        (Fragment("A > 0 and measured.b like '%)%'"), ("a", "b"), False),
        (Fragment("b = ''' ) '"), ("b",), False),
        (Fragment('current_date >= "Tag x"'), ("Tag x",), True),
        (Fragment("\"Tag x\" <= ' Today '::date"), ("Tag x",), True),
        (Fragment("random() > a"), ("a",), True),
        (Fragment("strptime(b, '%Y') is not null"), ("b",), False),
        (Fragment("current_date - 3", is_condition=False), (), True),
        (Fragment("a + 1", is_condition=False), ("a",), False),
    ],
)
def test_what_is_read(fragment: Fragment, columns: tuple[str, ...], is_volatile: bool, binder: Binder) -> None:  # noqa: FBT001
    assert understood(fragment, SHAPE, dialect="duckdb", bind=binder.bind) == Understood(columns, is_volatile)


@pytest.mark.parametrize(
    "fragment",
    [
        *map(Fragment, (
            "", "a > 0) or (1 = 1", "a > 0) group by (a", "1 union select 1", "a > 0; drop table x", "a in (select 1)",
            "exists (from measured)", "count(*) > 1", "c > 1", "found = 1", "read_text('/etc/passwd') is null",
            "a > (", "row_number() over () = 1",
        )),
        Fragment("1) is null or (2", is_condition=False),
        Fragment("> 0) or (true", "a"),
    ],
)  # fmt: skip
def test_what_is_no_expression_over_the_table(fragment: Fragment, binder: Binder) -> None:
    with pytest.raises(NotUnderstood):
        understood(fragment, SHAPE, dialect="duckdb", bind=binder.bind)
