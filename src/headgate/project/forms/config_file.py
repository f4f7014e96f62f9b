"""The form of ``headgate.toml``: what may stand under each of its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

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
    needing,
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
_PUBLIC_KEY = Words("a public key, as `headgate record key` prints it", pattern=r"ed25519:[A-Za-z0-9+/_-]{43}=")
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

_DURATION = Words('a duration such as "10 minutes"', pattern=_amount(DURATIONS, least=_NOT_ZERO))

PYTHON = _keyed(
    "bounds of Python assets",
    keys.PYTHON,
    {
        "timeout": _DURATION,
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

_LEVEL = Words("show, approve or block", pattern="show|approve|block", is_literal=True)
_NAME = Words("a name", pattern=rf"(?!env:){keys.ONE_LINE}", is_literal=True)
_MEMBER = Words("a user name or an e-mail address", pattern=rf"(?!env:|$){keys.ONE_LINE}", is_literal=True)


def _rule(told: str, amount: str) -> Either:
    words = Words(told, pattern=f"show|approve|block|{amount}", is_literal=True)
    budget = Words(told, pattern=amount, is_literal=True)
    return Either((words, _keyed(f"rule of {told}", keys.GATE_RULE, {"level": _LEVEL, "budget": budget})))


_LEVELED = Either((_LEVEL, _keyed("rule", {"level": keys.GATE_RULE["level"]}, {"level": _LEVEL})))
_SHARED = _rule("a level, or a share such as 2 %", keys.SHARE)
_DRIFT = _rule("a level, or an effect size such as 0.2", keys.EFFECT)
_GUARDED = Words("approve or block", pattern="approve|block", is_literal=True)
_OF_POLICY = Either((_GUARDED, _keyed("rule of policy", {"level": keys.GATE_RULE["level"]}, {"level": _GUARDED})))
_SHARES = ("key", "rows_removed", "rows_added", "rows_changed", "row_count")
_TOPICS: Mapping[str, Form] = {
    **dict.fromkeys(keys.GATE_TOPICS, _LEVELED),
    **dict.fromkeys(_SHARES, _SHARED),
    "drift": _DRIFT,
    "policy": _OF_POLICY,
}
_SECTION = _keyed("gate of some assets", keys.GATE_TOPICS, _TOPICS)
_PATTERN = Words("a pattern of assets such as marts.*", pattern=keys.GATE_PATTERN)


def _gate(title: str, told: Mapping[str, str], forms: Mapping[str, Form], section: Keyed) -> Keyed:
    return replace(_keyed(title, told, forms), others=section, keys=_PATTERN)


_OF_RUNS = {topic: _TOPICS[topic] for topic in keys.GATE_RUN}
_RUN = _gate("gate of runs", keys.GATE_RUN, _OF_RUNS, _keyed("gate of runs of some assets", keys.GATE_RUN, _OF_RUNS))
_EXPECTED = Words("lower or tell", pattern="lower|tell", is_literal=True)
GATE = _gate("gate", keys.GATE, {**_TOPICS, "run": _RUN, "owner": _NAME, "expected": _EXPECTED}, _SECTION)
OWNER = replace(
    _keyed("owner", keys.OWNER, {"members": Several(_MEMBER, takes_one=True)}),
    needs=needing("members"),
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
        "gate": GATE,
        "owners": Keyed("owners", others=OWNER),
        "evidence": _keyed(
            "evidence",
            keys.EVIDENCE,
            {
                "rows": Words("a whole number above 0", pattern=r"([1-9][0-9]{0,11})?"),
                "timeout": _DURATION,
            },
        ),
        "record": _keyed("record", keys.RECORD, {"key": TEXT, "signers": Several(_PUBLIC_KEY, takes_one=True)}),
    },
)
