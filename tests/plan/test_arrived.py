"""Which columns of files no longer fit what an environment shows of them."""

import pytest

from headgate.core.recipe import Column, Shape
from headgate.plan.arrived import Unlike, is_text, unlike

TEXTS = [
    "VARCHAR",
    "VARCHAR COLLATE NOCASE",
    "text",
    "character varying(9)",
    "bpchar",
    "JSON",
    "jsonb",
    "ENUM('a', 'b')",
]
OTHERS = ["BIGINT", "DOUBLE", "DECIMAL(18,3)", "DATE", "TIMESTAMP WITH TIME ZONE", "BOOLEAN", "UUID", "VARCHAR[]"]


def shape(**types: str) -> Shape:
    return tuple(Column(name, type_) for name, type_ in types.items())


@pytest.mark.parametrize("before", OTHERS)
@pytest.mark.parametrize("now", TEXTS)
def test_text_that_was_something_else_is_told(before: str, now: str) -> None:
    assert list(unlike(shape(a=before), shape(b="BIGINT", A=now))) == [Unlike("a", before, now)]
    assert is_text(now)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        *((text, other) for text in TEXTS for other in [*TEXTS, *OTHERS]),
        ("BIGINT", "DOUBLE"),
        ("DOUBLE", "BIGINT"),
        ("DECIMAL(9,2)", "DECIMAL(18,3)"),
        ("DATE", "TIMESTAMP"),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
        ("STRUCT(a BIGINT)", "STRUCT(a VARCHAR)"),
    ],
)
def test_what_was_text_and_what_is_no_text_fits(before: str, now: str) -> None:
    assert list(unlike(shape(a=before), shape(a=now, b="VARCHAR"))) == []


@pytest.mark.parametrize(("before", "now"), [("BIGINT", "DATE"), ("TIMESTAMP", "DOUBLE"), ("BIGINT", "BIGINT[]")])
def test_another_kind_is_told(before: str, now: str) -> None:
    assert list(unlike(shape(a=before), shape(a=now))) == [Unlike("a", before, now)]


def test_a_column_that_is_gone_is_told() -> None:
    assert list(unlike(shape(a="VARCHAR", b="DATE"), shape(b="DATE", c="VARCHAR"))) == [Unlike("a", "VARCHAR")]
    assert list(unlike(shape(a="BIGINT"), ())) == [], "where nothing is known nothing is told"
