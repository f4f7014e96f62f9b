"""What of PostgreSQL's SQL is understood: an allow-list. Everything else makes a query opaque.

The reader of queries was written for DuckDB. What stands here was compared with PostgreSQL, construct by construct: it
means to rows and columns what it means there, or the reader asks for the dialect. What is left out on purpose: names
in quotes with capitals (the reader folds all names), functions that return sets or take arrays, operators that types
bring with them, system columns, and words that one of two parsers takes for an alias (SEMI, ANTI, ASOF, QUALIFY).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from headgate.core.recipe import Column, Shape
from headgate.sql.parameters import QueryParameter
from headgate.sql.relation import Opaque, lowered
from headgate.sql.stage import function_name

SCALARS = frozenset(
    """
    abs acos acosh ascii asin asinh atan atan2 atanh bit_length btrim cbrt ceil ceiling char_length character_length
    chr concat concat_ws cos cosh date_part date_trunc decode degrees div encode exp factorial floor format gcd
    initcap isfinite justify_days justify_hours justify_interval lcm left length ln log log10 lower lpad ltrim
    make_date make_time make_timestamp make_timestamptz md5 mod octet_length pi pow power radians regexp_replace
    repeat replace reverse right round rpad rtrim scale sha224 sha256 sha384 sha512 sign sin sinh split_part sqrt
    starts_with strpos substr tan tanh to_char to_date to_hex to_number to_timestamp translate trim_scale trunc
    upper width_bucket
    """.split()
)
"""One value for one row, the same for the same arguments and settings: none is volatile, none returns a set."""

FORMS = frozenset({"coalesce", "greatest", "least", "nullif"})
"""What looks like a function and stands in no catalogue."""

VOLATILE = frozenset(
    """
    clock_timestamp gen_random_uuid now random statement_timestamp timeofday transaction_timestamp uuidv4 uuidv7
    """.split()
)
"""One value for one row, another at each execution."""

EXACT_SCALARS = frozenset(
    """
    ascii bit_length btrim char_length character_length chr concat concat_ws decode encode format initcap isfinite
    left length lower lpad ltrim make_date make_time make_timestamp make_timestamptz md5 octet_length regexp_replace
    repeat replace reverse right rpad rtrim sha224 sha256 sha384 sha512 split_part starts_with strpos substr to_char
    to_date to_hex to_timestamp translate upper
    """.split()
)
"""Scalars of which equal results are the same bits. Not so: numeric (1.0 and 1.00), floats (0.0 and -0.0), interval."""

EXACT_IF_ARGUMENTS_ARE = frozenset("abs coalesce date_trunc gcd greatest lcm least mod nullif".split())
"""Scalars whose result is exact where all arguments are. ``floor`` of an integer is a float, and is none."""

ADDING_IF_ARGUMENTS_DO = frozenset(
    "abs ceil ceiling coalesce div floor gcd greatest lcm least mod nullif round sign trunc".split()
)
"""Scalars that are integer or numeric where all arguments are numeric: sums of them do not depend on the order."""

AGGREGATES = frozenset(
    """
    array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp max min mode regr_avgx
    regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp
    string_agg sum var_pop var_samp variance
    """.split()
)
WINDOWS = frozenset(
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number".split()
)

SERIES = "generate_series"

_TYPES_EXACT = frozenset(
    {
        "bigint", "boolean", "bytea", "character varying", "date", "integer", "smallint", "text", "uuid",
        "time without time zone", "timestamp with time zone", "timestamp without time zone",
    }
)  # fmt: skip
_TYPES_OTHER = frozenset(
    {
        "bit", "bit varying", "character", "double precision", "interval", "json", "jsonb", "numeric", "real",
        "time with time zone",
    }
)  # fmt: skip
"""Types of PostgreSQL itself. Of others nobody knows what their operators and casts do."""

_SIZE = re.compile(r"\(\d+(,-?\d+)?\)")
_CAPITAL = re.compile(r"[A-Z]")

SYSTEM_COLUMNS = frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"})
"""Columns that every stored table has without showing them."""

_NODES: tuple[type, ...] = (
    exp.Add, exp.Alias, exp.All, exp.And, exp.Anonymous, exp.Any, exp.AtTimeZone, exp.Between, exp.BitwiseAnd,
    exp.BitwiseLeftShift, exp.BitwiseNot, exp.BitwiseOr, exp.BitwiseRightShift, exp.BitwiseXor, exp.Boolean, exp.Case,
    exp.Cast, exp.Column, exp.CTE, exp.Cube, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.DataType,
    exp.DataTypeParam, exp.Distinct, exp.Div, exp.DPipe, exp.EQ, exp.Escape, exp.Except, exp.Exists, exp.Extract,
    exp.Filter, exp.From, exp.Group, exp.GroupingSets, exp.GT, exp.GTE, exp.Having, exp.Identifier, exp.If, exp.ILike,
    exp.In, exp.Intersect, exp.Interval, exp.Is, exp.Join, exp.Lateral, exp.Like, exp.Limit, exp.Literal,
    exp.Localtime, exp.Localtimestamp, exp.LT, exp.LTE, exp.Mod, exp.Mul, exp.Neg, exp.NEQ, exp.Not, exp.Null,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Offset, exp.Or, exp.Order, exp.Ordered, exp.Paren, QueryParameter, exp.Pow,
    exp.RegexpLike, exp.Rollup, exp.Select, exp.SimilarTo, exp.Star, exp.StrPosition, exp.Sub, exp.Subquery,
    exp.Substring, exp.Table, exp.TableAlias, exp.Trim, exp.Tuple, exp.Union, exp.Values, exp.Var, exp.Where,
    exp.Window, exp.WindowSpec, exp.With, exp.WithinGroup,
)  # fmt: skip


def demand_known(tree: exp.Query, shapes: Iterable[Shape]) -> None:
    """Raise ``Opaque`` for the first thing in a query that was not compared. Cost: one walk of the tree."""
    _demand_columns(tree, [column for shape in shapes for column in shape])
    for node in tree.walk():
        if type(node) not in _NODES:
            raise Opaque(f"{type(node).__name__} is not understood")
        rule = _RULES.get(type(node))
        if rule is not None:
            rule(node)


def _demand_columns(tree: exp.Query, columns: Iterable[Column]) -> None:
    """Raise ``Opaque`` where an input's column has a strange name, or one of a strange type is more than passed on.

    A star may hold it; who names it, joins by all names, or takes a row as one value may do anything with it.
    """
    strange: dict[str, str] = {}
    for column in columns:
        if _CAPITAL.search(column.name):
            raise Opaque(f"the column {column.name} of an input is written with capitals")
        if not is_known_type(column.type):
            strange[column.name] = column.type
    if not strange:
        return
    tables = {lowered(table.alias_or_name) for table in tree.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Lateral)}
    for node in tree.find_all(exp.Identifier, exp.Join):
        if isinstance(node, exp.Join):
            if str(node.args.get("method") or "").upper() == "NATURAL":
                raise Opaque("a NATURAL JOIN of columns of types that are not known is not understood")
            continue
        name = lowered(node.name)
        is_bare = isinstance(node.parent, exp.Column) and node.parent.args.get("table") is None
        if name in strange or (is_bare and name in tables):
            raise Opaque(f"{name} may be of a type that is not known: {', '.join(sorted(set(strange.values())))}")


def is_known_type(type_: str) -> bool:
    """Tell whether a type is one of PostgreSQL's own whose operators and casts are known."""
    return _base(type_) in _TYPES_EXACT or _base(type_) in _TYPES_OTHER


def is_exact_type(type_: str) -> bool:
    """Tell whether equal values of a type are the same bits.

    >>> is_exact_type("character varying(10)"), is_exact_type("numeric(10,2)"), is_exact_type("integer[]")
    (True, False, False)
    """
    return _base(type_) in _TYPES_EXACT


def adds_exactly(type_: str) -> bool:
    """Tell whether a sum over a type is the same in whatever order its values come."""
    return _base(type_) in ("smallint", "integer", "bigint", "numeric")


def has_fixed_scale(type_: str) -> bool:
    """Tell whether equal values of a numeric type are written alike because all have the same digits."""
    return _base(type_) == "numeric" and "(" in type_


def _base(type_: str) -> str:
    return _SIZE.sub("", type_.partition(" COLLATE ")[0])


def _identifier(node: Any) -> None:
    if node.args.get("quoted") and _CAPITAL.search(node.name):
        raise Opaque(f'the name "{node.name}" in quotes with capitals is not understood')
    if lowered(node.name) in SYSTEM_COLUMNS:
        raise Opaque(f"{node.name} depends on how rows are stored")


def _call(node: Any) -> None:
    name = function_name(node)
    if name == SERIES:
        alias = node.parent.args.get("alias") if isinstance(node.parent, exp.Table) else None
        if alias is None or len(alias.args.get("columns") or ()) != 1:
            raise Opaque(f"{SERIES} is understood in FROM with a name for its column alone")
    elif name not in _CALLS:
        raise Opaque(f"function {name} is not known")


_CALLS = SCALARS | FORMS | VOLATILE | AGGREGATES | WINDOWS | {"grouping"}


def _join(node: Any) -> None:
    method, kind = (str(node.args.get(key) or "").upper() for key in ("method", "kind"))
    if method not in ("", "NATURAL") or kind not in ("", "INNER", "OUTER", "CROSS"):
        raise Opaque(f"{method or kind} is an alias in PostgreSQL, or nothing")


def _select(node: Any) -> None:
    if node.args.get("qualify") is not None:
        raise Opaque("QUALIFY is an alias in PostgreSQL, or nothing")
    joins = node.args.get("joins") or ()
    is_natural = any(str(join.args.get("method") or "").upper() == "NATURAL" for join in joins)
    if is_natural and any(item.find(exp.Star) for item in node.expressions):
        raise Opaque("a star over NATURAL is not understood")


def _interval(node: Any) -> None:
    amount, unit = node.this, node.args.get("unit")
    if isinstance(node.parent, exp.DataType):
        raise Opaque("this type of an interval is not understood")
    is_whole = isinstance(amount, exp.Literal) and amount.is_string and str(amount.this).lstrip("-").isdigit()
    if unit is not None and not (is_whole and isinstance(unit, exp.Var)):
        # '1.5 day' and '1.5' day are one tree, and two values.
        raise Opaque("this interval is not understood")


def _values(node: Any) -> None:
    alias = node.args.get("alias")
    if alias is None or not alias.args.get("columns"):
        raise Opaque("VALUES without names for its columns are not understood")


def _lateral(node: Any) -> None:
    if not isinstance(node.this, exp.Subquery):
        raise Opaque("this LATERAL is not understood")


def _type(node: Any) -> None:
    if node.find(exp.DataType) is not node or node.args.get("nested"):
        raise Opaque("this type is not understood")
    if node.expressions and node.this not in (exp.DType.DECIMAL, exp.DType.VARCHAR):
        raise Opaque("a type with a size is not understood")


_RULES: dict[type, Callable[[Any], None]] = {
    exp.Identifier: _identifier,
    exp.Anonymous: _call,
    exp.Join: _join,
    exp.Select: _select,
    exp.Interval: _interval,
    exp.Values: _values,
    exp.Lateral: _lateral,
    exp.DataType: _type,
}
