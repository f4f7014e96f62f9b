"""Edits of text: one word, number, name or pair of parentheses becomes another, whatever the query is.

Such an edit knows nothing of what it changes. Most give a query that means something else, some one that means the same
in other words, some one that the engine refuses; all three are wanted.
"""

# ruff: noqa: E501  # one form of SQL a line

from __future__ import annotations

import random
import re
from collections.abc import Callable

SWAPS: tuple[tuple[str, ...], ...] = (
    ("union all", "union", "except", "intersect", "except all", "intersect all", "union all by name"),
    ("left join", "join", "right join", "full join", "semi join", "anti join", "natural join", "cross join", ","),
    (" desc", " asc", ""), ("rows between", "range between", "groups between"), ("1 preceding", "2 preceding"),
    ("unbounded preceding", "1 preceding"), ("current row", "1 following", "unbounded following"),
    ("rollup", "cube", "grouping sets"), (" in (", " not in ("), ("exists (", "not exists ("), ("max(", "min(", "sum("),
    ("= any", "= all", "<> all"), ("nulls first", "nulls last", ""), (" and ", " or "), (" < ", " <= ", " = ", " <> "),
    (" + ", " - ", " * "), ("row_number()", "rank()", "dense_rank()"), ("lag(", "lead("), ("upper(", "lower("),
    ("count(*)", "count(distinct 1)", "sum(1)"), ("distinct ", ""), ("coalesce(", "nullif(", "greatest(", "least("),
    ("is null", "is not null"), ("limit", "offset"), ("'a'", "'b'", "'a%'"), ("true", "false"), (" like ", " not like "),
    ("partition by", "order by"), ("integer", "bigint", "varchar"), ("decimal(12,1)", "decimal(12,2)"),
    ("list_sort(", "list_distinct(", "list_reverse_sort("), ("lambda e: e", "lambda q: e", "lambda e: 2 * e"),
    ("string_agg(", "first(", "any_value("), ("bool_or(", "bool_and("), (" is not distinct from ", " = "),
    ("using (k)", "using (k, a)", "using (a)"), ("with recursive", "with"), ("where", "having", "qualify"), ("not (", "("),
    ("[1]", "[2]", "[1:]"), ("percent", ""), ("except (", "exclude ("), ("substring(", "left(", "right("),
)  # fmt: skip

NAMES = ("k", "a", "b", "c", "d", "m", "n", "s", "t0.k", "t1.k", "t0.a", "t1.a", "z.k", "z.a", "k.a", "p", "q")


def mutated(text: str, chance: random.Random) -> str:
    """Return the text with one thing changed; the same text where nothing was found in some tries."""
    forms: tuple[Callable[[str, random.Random], str], ...] = (
        _swapped, _swapped, _swapped, _renumbered, _renumbered, _renamed, _renamed, _unqualified, _unwrapped, _realiased, _rekeyed, _rekeyed,
        _retargeted,
    )  # fmt: skip
    for _ in range(8):
        found = chance.choice(forms)(text, chance)
        if found != text:
            return found
    return text


def _swapped(text: str, chance: random.Random) -> str:
    present = [(group, word) for group in SWAPS for word in group if word and word in text]
    if not present:
        return text
    group, word = chance.choice(present)
    places = [m.start() for m in re.finditer(re.escape(word), text)]
    place = chance.choice(places)
    other = chance.choice([w for w in group if w != word])
    return text[:place] + other + text[place + len(word) :]


def _replaced(text: str, pattern: str, chance: random.Random, other: Callable[[re.Match[str]], str]) -> str:
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    match = chance.choice(found)
    return text[: match.start()] + other(match) + text[match.end() :]


def _renumbered(text: str, chance: random.Random) -> str:
    return _replaced(
        text, r"(?<![\w.'\-])\d(?![\w.'])", chance, lambda m: str((int(m.group()) + chance.choice([1, 2])) % 7)
    )


def _renamed(text: str, chance: random.Random) -> str:
    """Let a reference name another column: of this relation, of another, or of whatever is found under a bare name."""
    return _replaced(text, r"\b(?:t\d|z)\.\w\b|(?<=[ (])[kabcdmns](?=[ ,)])", chance, lambda _: chance.choice(NAMES))


def _unqualified(text: str, chance: random.Random) -> str:
    return _replaced(text, r"\b(?:t\d|z|n\d)\.(?=\w)", chance, lambda _: chance.choice(["", "", "t0.", "t1."]))


def _unwrapped(text: str, chance: random.Random) -> str:
    """Take a pair of parentheses away, or put one around a name."""
    if chance.random() < 0.4:
        return _replaced(text, r"\b(?:t\d|z)\.\w\b", chance, lambda m: f"({m.group()})")
    found = list(re.finditer(r"(?<![\w\]])\(([^()]*)\)", text))
    if not found:
        return text
    match = chance.choice(found)
    return text[: match.start()] + match.group(1) + text[match.end() :]


def _realiased(text: str, chance: random.Random) -> str:
    """Give something another alias, often the name of a column: what was found elsewhere is found here from then on."""
    return _replaced(text, r"(?<= as )\w\b", chance, lambda _: chance.choice(["k", "a", "b", "m", "s", "p", "q"]))


def _rekeyed(text: str, chance: random.Random) -> str:
    """Give a window, a group, DISTINCT ON or an order another key, or a frame another bound."""
    word = chance.choice(["partition by ", "group by ", r"distinct on \(", "order by ", "rows ", "filter "])
    if word == "rows ":
        frames = ["rows 1 preceding", "rows 2 preceding", "rows unbounded preceding", ""]
        return _replaced(text, r"(?:rows|groups) [^)]*", chance, lambda _: chance.choice(frames))
    if word == "filter ":
        return _replaced(text, r"filter \((?:where )?[^()]*\)", chance, lambda _: "filter (where k > 1)")
    return _replaced(text, rf"(?<={word})[^ ,()]+", chance, lambda _: chance.choice(NAMES))


def _retargeted(text: str, chance: random.Random) -> str:
    """Read another relation."""
    known = sorted(set(re.findall(r"\b(?:raw\.r|m\.a)\d\b", text)))
    if len(known) < 2:
        return text
    return _replaced(text, r"\b(?:raw\.r|m\.a)\d\b", chance, lambda _: chance.choice(known))
