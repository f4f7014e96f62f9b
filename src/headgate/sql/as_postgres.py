"""What PostgreSQL and DuckDB both understand, and each in its own way: a query rewritten so that DuckDB means the same.

For unit tests in memory. What sqlglot would carry over letter by letter, and DuckDB would answer otherwise in silence,
is said in another way here, or refused, or guarded: DuckDB then fails at the row where the two would part. Divisions
are left to DuckDB's setting ``integer_division``, which knows the types of its own results. What is listed in
``tests/postgres/meanings.txt`` is held against a server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from sqlglot import exp

from headgate.core.recipe import Shape

_TEXTS = ("text", "character varying", "character", "name")
_FLOATS = ("double precision", "real")
_TEXT = "is a text"
_SMALL = ("smallint", "integer")
_FORMAT = re.compile(r"(%[YymdHIMSfVGj]|%-d|[^A-Za-z%\"])*")
"""Formats of which sqlglot knows every mark; it writes those that it does not know as they stand."""

_REFUSED = {
    "regexp_matches": "gives a set of rows in PostgreSQL, and a truth in DuckDB",
    "format": "has other marks in DuckDB",
    "div": "divides numbers with digits behind the point in PostgreSQL alone",
    "to_hex": "gives small letters in PostgreSQL, and capitals in DuckDB",
}

_NAMES: Mapping[type[exp.Expr], str] = {exp.IntDiv: "div", exp.Hex: "to_hex", exp.Format: "format"}


class Differs(Exception):
    """PostgreSQL and DuckDB would answer differently; the text says why."""


def in_duckdbs_words(tree: exp.Expr, inputs: Iterable[Shape]) -> exp.Expr:
    """Return a query of PostgreSQL that DuckDB answers as PostgreSQL does; raise ``Differs`` where none is known.

    ``inputs`` are the columns of the tables that it reads. The tree is changed.
    """
    types: dict[str, set[str]] = {}
    for shape in inputs:
        for column in shape:
            types.setdefault(column.name.casefold(), set()).add(column.type.partition("(")[0])
    for name in _named_anew(tree):
        types.setdefault(name, set()).add("")
    rewriting = _Rewriting(types)
    # From the leaves on: what stands in the place of a node holds nodes that are done.
    for node in reversed(list(tree.walk())):
        rewriting.take(node)
    return tree


def _named_anew(tree: exp.Expr) -> Iterable[str]:
    """Yield the names that the query itself gives to something: of their types nothing is known."""
    for node in tree.find_all(exp.Alias, exp.TableAlias):
        if isinstance(node, exp.TableAlias):
            yield from (column.name.casefold() for column in node.columns)
        elif not isinstance(node.this, exp.Column) or node.this.name.casefold() != node.alias.casefold():
            yield node.alias.casefold()


class _Rewriting:
    def __init__(self, types: Mapping[str, set[str]]) -> None:
        self._types = types
        self._kinds: Mapping[type[exp.Expr], Callable[..., exp.Expr]] = {
            exp.Div: self._quotient,
            exp.Mod: self._remainder,
            exp.Round: self._rounded,
            exp.Extract: self._part_of_time,
            exp.Cast: self._cast,
            exp.DPipe: self._joined,
            exp.Concat: self._concatenated,
            exp.ConcatWs: self._concatenated,
            exp.Substring: self._substring,
            exp.Like: self._like,
            exp.ILike: self._like,
            exp.JSONExtractScalar: self._json_text,
            exp.GroupConcat: self._in_order,
            exp.ArrayAgg: self._in_order,
        }

    def take(self, node: exp.Expr) -> None:
        """Put in the place of a node what means the same."""
        _refuse(node)
        if (change := self._kinds.get(type(node))) is not None:
            changed = change(node)
            if changed is not node and node.parent is not None:
                node.replace(changed)

    def _quotient(self, node: exp.Div) -> exp.Expr:
        for side in (node.this, node.expression):
            for total in _outer(side, exp.Sum):
                self._demand_small(total)
        return self._remainder(node)

    def _remainder(self, node: exp.Binary) -> exp.Expr:
        """Let a division by zero fail, as it does there."""
        divisor = node.expression.unnest()
        if not (divisor.is_number and float(divisor.to_py())):
            zero = exp.EQ(this=exp.paren(divisor.copy()), expression=exp.Literal.number(0))
            node.set("expression", _guarded(zero, "division by zero", divisor.copy()))
        return node

    def _demand_small(self, total: exp.Expr) -> None:
        """Refuse a sum whose quotient has digits behind the point there, or may have: that of 64-bit numbers."""
        for column in total.find_all(exp.Column):
            kinds = self._types.get(column.name.casefold(), {""})
            if not kinds <= {*_SMALL, *_FLOATS, "numeric"}:
                raise Differs(
                    f"sum({column.name}) is numeric in PostgreSQL where it adds a bigint; cast it before dividing"
                )

    def _rounded(self, node: exp.Round) -> exp.Expr:
        """Round halves of floating numbers to even ones, and those of others away from zero."""
        if node.args.get("decimals") is not None:
            return node
        value = node.this
        is_float = _typeof(value, "DOUBLE", "FLOAT")
        even = exp.func("round_even", exp.cast(value.copy(), "double"), exp.Literal.number(0))
        return _choice(is_float, even, node.copy())

    @staticmethod
    def _part_of_time(node: exp.Extract) -> exp.Expr:
        """Give a part of a time as a number that is divided with digits behind the point; seconds with theirs."""
        part = node.name.upper()
        if part == "SECOND":
            node = exp.Extract(this=exp.var("MICROSECONDS"), expression=node.expression.copy())
            return exp.paren(exp.Mul(this=exp.cast(node, "double"), expression=exp.Literal.number("0.000001")))
        return exp.cast(node.copy(), "double")

    def _cast(self, node: exp.Cast) -> exp.Expr:
        kind = node.to
        if kind.this not in exp.DataType.TEXT_TYPES or kind.this is exp.DataType.Type.NAME:
            return node
        text = self._text(node.this)
        if kind.expressions:
            return exp.func("left", text, kind.expressions[0].this.copy())
        return text

    def _joined(self, node: exp.Binary) -> exp.Expr:
        for key in ("this", "expression"):
            side = node.args[key]
            if not isinstance(side, (exp.DPipe, exp.Array)) and not _is_list(node):
                node.set(key, self._text(side))
        return node

    def _concatenated(self, node: exp.Concat | exp.ConcatWs) -> exp.Expr:
        node.set("expressions", [self._text(one, is_letter=True) for one in node.expressions])
        return node

    def _text(self, value: exp.Expr, *, is_letter: bool = False) -> exp.Expr:
        """Return a value as the text that PostgreSQL makes of it; DuckDB fails where that is not known.

        ``is_letter``: of a truth it takes the first letter, as ``concat`` does.
        """
        value = value.copy()
        if self._is_text(value):
            return value
        as_text = exp.cast(value.copy(), "text")
        unsure = _typeof(value, "INTERVAL", "JSON")
        for ending in ("%[]", "STRUCT%", "MAP%"):
            unsure = exp.or_(unsure, exp.Like(this=_type_of(value), expression=exp.Literal.string(ending)))
        if not self._is_float(value):
            unsure = exp.or_(unsure, _typeof(value, "DOUBLE", "FLOAT"))
            plain: exp.Expr = as_text
        else:
            is_plain = exp.func("regexp_full_match", as_text.copy(), exp.Literal.string(r"-?\d{1,15}\.\d+"))
            short = exp.func("regexp_replace", as_text.copy(), exp.Literal.string(r"\.0$"), exp.Literal.string(""))
            plain = _guarded(exp.not_(is_plain), "PostgreSQL writes this number in another way", short)
        if is_letter:
            plain = _choice(_typeof(value, "BOOLEAN"), exp.func("left", as_text.copy(), exp.Literal.number(1)), plain)
        found = _guarded(unsure, "PostgreSQL may write this as another text", plain)
        found.meta[_TEXT] = True
        return found

    def _is_text(self, value: exp.Expr) -> bool:
        if _TEXT in value.meta:
            return True
        value = value.unnest()
        if isinstance(value, exp.Literal):
            return value.is_string
        if isinstance(value, exp.Column):
            return self._are(value, _TEXTS)
        return isinstance(value, (exp.Null, exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.DPipe, exp.TimeToStr))

    def _is_float(self, value: exp.Expr) -> bool:
        """Tell whether a number is a floating one there, too, and not one that DuckDB alone makes floating."""
        value = value.unnest()
        if isinstance(value, exp.Column):
            return self._are(value, _FLOATS)
        if isinstance(value, exp.Cast):
            return isinstance(value.this, exp.Extract) or value.to.this in exp.DataType.FLOAT_TYPES
        if isinstance(value, (exp.Mul, exp.Add, exp.Sub)):
            return self._is_float(value.this) or self._is_float(value.expression)
        return False

    def _are(self, column: exp.Column, types: tuple[str, ...]) -> bool:
        """Tell whether all columns of this name have one of these types; not where none is known."""
        found = self._types.get(column.name.casefold())
        return found is not None and found <= set(types)

    @staticmethod
    def _substring(node: exp.Substring) -> exp.Expr:
        """Let DuckDB fail where a text is taken from before its beginning: it would count from the end."""
        start = node.args.get("start")
        if start is not None and not (isinstance(start, exp.Literal) and start.is_number):
            before = exp.LT(this=exp.paren(start.copy()), expression=exp.Literal.number(0))
            node.set("start", _guarded(before, "PostgreSQL begins before the text here", start.copy()))
        return node

    @staticmethod
    def _like(node: exp.Binary) -> exp.Expr:
        """Let a backslash escape, unless another character is named."""
        if isinstance(node.parent, exp.Escape) or isinstance(node.expression, (exp.Any, exp.All)):
            return node
        return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))

    @staticmethod
    def _json_text(node: exp.JSONExtractScalar) -> exp.Expr:
        """Let DuckDB fail where objects and lists become texts: they are written with other spaces."""
        kind = exp.func("json_type", exp.JSONExtract(this=node.this.copy(), expression=node.expression.copy()))
        nested = exp.In(this=kind, expressions=[exp.Literal.string("OBJECT"), exp.Literal.string("ARRAY")])
        return _guarded(nested, "PostgreSQL writes this object with other spaces", node.copy())

    @staticmethod
    def _in_order(node: exp.GroupConcat | exp.ArrayAgg) -> exp.Expr:
        """Collect different values in their order: there DISTINCT sorts, here it gives them as threads find them."""
        distinct = node.this
        if isinstance(distinct, exp.Distinct) and len(distinct.expressions) == 1:
            by = exp.Ordered(this=distinct.expressions[0].copy(), nulls_first=False)
            node.set("this", exp.Order(this=distinct, expressions=[by]))
        return node


def _refuse(node: exp.Expr) -> None:
    """Raise where a call is known to differ."""
    if isinstance(node, exp.SimilarTo):
        raise Differs("SIMILAR TO is another kind of pattern in DuckDB; write LIKE or ~")
    if isinstance(node, (exp.TimeToStr, exp.ToChar)):
        form = node.args.get("format")
        if not isinstance(form, exp.Literal) or not _FORMAT.fullmatch(form.name):
            raise Differs("to_char has a format here of which DuckDB does not know every mark")
    if isinstance(node, exp.StringToArray) and isinstance(node.expression, exp.Null):
        raise Differs("string_to_array without a separator gives characters in PostgreSQL alone")
    name = node.name.lower() if isinstance(node, exp.Anonymous) else _NAMES.get(type(node), "")
    if name in _REFUSED:
        raise Differs(f"{name} {_REFUSED[name]}")


def _outer(node: exp.Expr, kind: type[exp.Expr]) -> Iterable[exp.Expr]:
    """Yield the nodes of a kind below a node, but not those whose type a cast has changed."""
    for found in node.find_all(kind):
        above = found.parent
        while above is not None and above is not node and not isinstance(above, exp.Cast):
            above = above.parent
        if not isinstance(above, exp.Cast) and not isinstance(node, exp.Cast):
            yield found


def _is_list(node: exp.Binary) -> bool:
    return any(isinstance(side.unnest(), exp.Array) for side in (node.this, node.expression))


def _type_of(value: exp.Expr) -> exp.Expr:
    return exp.func("typeof", value.copy())


def _typeof(value: exp.Expr, *names: str) -> exp.Expr:
    return exp.In(this=_type_of(value), expressions=[exp.Literal.string(name) for name in names])


def _choice(condition: exp.Expr, then: exp.Expr, otherwise: exp.Expr) -> exp.Expr:
    return exp.paren(exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise))


def _guarded(fault: exp.Expr, told: str, value: exp.Expr) -> exp.Expr:
    """Return a value for which DuckDB fails where it would be another one."""
    return _choice(fault, exp.func("error", exp.Literal.string(told)), value)
