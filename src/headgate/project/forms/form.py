"""What a value may be: a closed union of forms. Nothing given (``null``) is always allowed where nothing is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import TypeAlias


class Use(Enum):
    """What becomes of a value whose form is right."""

    READ = "read"
    KEPT = "kept"
    """Kept as it is: nothing that Headgate does today depends on it, or on there being one."""
    UNUSED = "unused"
    """Kept, too; but dbt would do something, so that it is told, once for the whole repository."""
    REFUSED = "refused"
    """The reader refuses it, or some of its values, as not supported."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text; without a pattern a number or a truth counts as its letters.

    ``pattern`` is a regular expression for the whole text, in the words that Python and ECMAScript share. ``told``
    completes "has to be ...".
    """

    told: str = "a text"
    pattern: str = ""
    hint: str = ""
    is_filled: bool = False
    """An empty text is none."""
    may_be_template: bool = False
    """A template passes the pattern as well, and counts as nothing given."""
    is_literal: bool = False
    """In TOML: it cannot come from the environment."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, in lower or upper case; or a template, which counts as nothing given."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """True or false, also in the words of YAML 1.1 (yes, off); or a template, which counts as nothing given."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between bounds; or a template, which counts as nothing given."""

    least: int = 0
    most: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Number:
    """A number, whole or not, between bounds; or a template, which counts as nothing given."""

    least: float = 0.0
    most: float = 1_000.0


@dataclass(frozen=True, slots=True)
class Several:
    """A list. ``takes_one``: one item that is no list counts as a list of it."""

    item: Form
    takes_one: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a mapping. ``told`` is a sentence for people: it stands in editors and on the page of keys."""

    form: Form
    told: str
    use: Use = Use.READ


@dataclass(frozen=True, slots=True)
class Need:
    """At least one of ``keys`` has to be given, here or below the key ``inside``."""

    keys: tuple[str, ...]
    inside: str = ""


def needing(*keys: str) -> tuple[Need, ...]:
    """Return the needs of a mapping that has to have each of ``keys``."""
    return tuple(Need((key,)) for key in keys)


@dataclass(frozen=True, slots=True)
class Case:
    """What else holds where ``key`` says one of ``values``; the empty text stands for nothing given."""

    key: str
    values: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    forms: Mapping[str, Form] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A mapping. ``others`` is the form under keys that are not listed; None warns of them. ``title`` names it."""

    title: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    others: Form | None = None
    needs: tuple[Need, ...] = ()
    cases: tuple[Case, ...] = ()
    keys: Words | None = None
    """The form of the keys that are not listed."""
    is_strict: bool = False
    """Whether a key that is not listed is a fault, and no mere warning."""


@dataclass(frozen=True, slots=True)
class Single:
    """A mapping with one key, which says what it is (``- unique: {...}``); with the key ``marker`` it is ``marked``."""

    title: str
    kinds: Mapping[str, Field]
    others: Form
    keys: Words
    marker: str
    marked: Keyed


@dataclass(frozen=True, slots=True)
class Either:
    """One of several forms: at most one for a text, one for a list and one for a mapping, so that the kind decides."""

    of: tuple[Form, ...]


Form: TypeAlias = Anything | Words | Choice | Truth | Whole | Number | Several | Keyed | Single | Either

ANYTHING = Anything()
TEXT = Words()
NAME = Words(is_filled=True)
TRUTH = Truth()
TEXTS = Several(TEXT, takes_one=True)
OPEN = Keyed("mapping", others=ANYTHING)
"""A mapping whose keys are the user's own."""

TEMPLATE = r"\{\{|\{%"
"""What a text holds that dbt fills in."""

TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@cache
def whole_pattern(form: Words | Choice | Truth) -> re.Pattern[str]:
    """Return the pattern that a text of this form fits; that of a template beside it where one is allowed."""
    if isinstance(form, Words):
        return re.compile(rf"^(?:{form.pattern})$(?!\n)" + (f"|{TEMPLATE}" if form.may_be_template else ""))
    words = form.values if isinstance(form, Choice) else tuple(TRUTHS)
    return re.compile(f"^(?:{'|'.join(map(any_case, words))})$|{TEMPLATE}")


def any_case(word: str) -> str:
    """Return a pattern for a word in lower and upper case.

    >>> any_case("no_1")
    '[Nn][Oo]_1'
    """
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else re.escape(c) for c in word)
