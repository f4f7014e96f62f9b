"""SQL of another engine as that of DuckDB, as nearly as sqlglot can say it: for tests in memory, never for builds."""

from __future__ import annotations

from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from headgate.core.recipe import Column, Shape
from headgate.sql.as_postgres import Differs, in_duckdbs_words

TARGET = "duckdb"


class Untranslatable(Exception):
    """DuckDB has nothing that means the same; the text says what."""


def transpiled(text: str, dialect: str, inputs: Iterable[Shape] = ()) -> str:
    """Return a query of another dialect in that of DuckDB; DuckDB's own text as it stands.

    ``inputs`` are the columns of the tables that it reads, with types of the other dialect. Raises ``Untranslatable``.
    The lines are not those of the text. It holds in a database that was opened for the other engine
    (``open_scratch``): there whole numbers are divided as that engine does.

    >>> transpiled("select to_char(at, 'YYYY') from x.y", "postgres")
    "SELECT STRFTIME(at, '%Y') FROM x.y"
    """
    if dialect == TARGET:
        return text
    try:
        tree = sqlglot.parse_one(text, read=dialect)
        if dialect == "postgres":
            tree = in_duckdbs_words(tree, inputs)
        found = tree.sql(TARGET, unsupported_level=ErrorLevel.RAISE)
    except Differs as reason:
        raise Untranslatable(str(reason)) from None
    except SqlglotError as error:
        raise Untranslatable(str(error).split("\n", maxsplit=1)[0].rstrip(".")) from None
    except (RecursionError, ValueError) as error:
        raise Untranslatable(str(error) or "it is nested too deeply") from None
    return found


def shape_in_duckdb(shape: Shape, dialect: str) -> Shape:
    """Return columns with the types that DuckDB has for those of another engine; VARCHAR where it has none.

    >>> shape_in_duckdb((Column("a", "character varying(9)"), Column("b", "numeric(9,2)")), "postgres")
    (Column(name='a', type='VARCHAR'), Column(name='b', type='DECIMAL(9,2)'))
    """
    if dialect == TARGET:
        return shape
    return tuple(Column(column.name, _type(column.type, dialect)) for column in shape)


_WITHOUT_BOUNDS = "DECIMAL(38,10)"
"""What stands for a number of as many digits as there are: DuckDB's own default would keep three behind the point."""


def _type(kind: str, dialect: str) -> str:
    try:
        found = exp.DataType.build(kind, dialect=dialect)
    except SqlglotError:
        return "VARCHAR"
    if found.this is exp.DataType.Type.ARRAY and found.expressions:
        return f"{_type(found.expressions[0].sql(dialect), dialect)}[]"
    if found.this is exp.DataType.Type.DECIMAL and not found.expressions:
        return _WITHOUT_BOUNDS
    text = found.sql(TARGET).replace(", ", ",")
    return text if text.partition("(")[0] in _KNOWN else "VARCHAR"


_KNOWN = frozenset(
    "BIGINT BLOB BOOLEAN DATE DECIMAL DOUBLE HUGEINT INT INTERVAL JSON REAL SMALLINT TIME TIMESTAMP TIMESTAMPTZ "
    "TINYINT UUID".split()
)
