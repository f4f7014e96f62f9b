"""The form of ``headgate.toml``: what may stand under each of its keys."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.declarations import TEMPLATES
from headgate.project.forms.form import (
    ANYTHING,
    TEXT,
    TRUTH,
    Choice,
    Either,
    Field,
    Form,
    Keyed,
    Several,
    Words,
    any_case,
)
from headgate.project.toml import keys
from headgate.project.units import DURATIONS, SIZES


def _keyed(title: str, told: Mapping[str, str], forms: Mapping[str, Form]) -> Keyed:
    return Keyed(title, {key: Field(forms[key], sentence) for key, sentence in told.items()})


def _amount(units: Mapping[str, int], *, least: str) -> str:
    """Return the pattern of an amount whose number fits ``least``."""
    return rf"\s*{least}[0-9]{{1,6}}\s*(?:{'|'.join(any_case(unit) for unit in sorted(units))})\s*"


_ANY, _NOT_ZERO = "", r"(?!0+\s*[A-Za-z])"
_FILE = Words("a path", pattern=r"(?!:)[^\x00]*")
_LANGUAGE = Words("jinja or none", pattern="|".join(("", *TEMPLATES)), is_literal=True)
_ENGINE_NAME = Words("a name of letters, digits, _ and -", pattern=r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_ENVIRONMENT_NAME = Words(
    "* or a name in lower case such as dev-2", pattern=r"\*|(?=.{1,40}$)[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*"
)
_SCHEMA_NAME = Words(
    "a name that does not begin with pg_",
    pattern=rf"(?!{any_case('pg_')}|(?:{any_case('information_schema')}|{any_case('public')})$){keys.ONE_LINE}",
)
_VARIABLE = Words("the name of a variable", pattern=r"[A-Za-z_][A-Za-z0-9_]*", is_literal=True)

ENGINE = _keyed(
    "engine",
    keys.ENGINE,
    {"kind": Choice(keys.ENGINE_KINDS), "path": _FILE, "url": TEXT, "allow": Several(TEXT, takes_one=True)},
)

ENVIRONMENT = _keyed(
    "environment",
    keys.ENVIRONMENT,
    {
        "engine": TEXT,
        "protected": TRUTH,
        "retain": Words('a duration such as "7 days"', pattern=_amount(DURATIONS, least=_ANY)),
        "bare_schemas": TRUTH,
    },
)

PYTHON = _keyed(
    "bounds of Python assets",
    keys.PYTHON,
    {
        "timeout": Words('a duration such as "10 minutes"', pattern=_amount(DURATIONS, least=_NOT_ZERO)),
        "memory": Words('a size such as "2 GB"', pattern=_amount(SIZES, least=_NOT_ZERO)),
    },
)

TEMPLATE = _keyed(
    "templates",
    keys.TEMPLATE,
    {
        "default": _LANGUAGE,
        "env": Several(_VARIABLE, takes_one=True),
        "target": Keyed("target", others=ANYTHING),
    },
)

CONFIG_FILE = _keyed(
    "headgate.toml",
    keys.PROJECT,
    {
        "name": Words("one line of text", pattern=keys.ONE_LINE),
        "engines": Keyed("engines", others=ENGINE, keys=_ENGINE_NAME),
        "environments": Keyed("environments", others=ENVIRONMENT, keys=_ENVIRONMENT_NAME),
        "state": _keyed("state", keys.STATE, {"url": TEXT, "schema": _SCHEMA_NAME}),
        "python": PYTHON,
        "template": Either((_LANGUAGE, TEMPLATE)),
        "vars": Keyed("variables", others=ANYTHING),
    },
)
