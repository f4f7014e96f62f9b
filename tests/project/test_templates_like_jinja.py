"""What our evaluator gives is what Jinja gives, for every construct that both have."""

import random
from pathlib import Path

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from tests.project.template_stage import filled, given

pytestmark = pytest.mark.slow

JINJA = SandboxedEnvironment(
    undefined=StrictUndefined, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], keep_trailing_newline=True
)

VALUES = "{% set n = 3 %}{% set t = 'ab c' %}{% set l = [3, 1, 2] %}{% set d = {'x': 1, 'y': [2]} %}"

CASES, _, REFUSED = (Path(__file__).parent / "templates_like_jinja.txt").read_text().partition("+++\n")
SAME = [case.removesuffix("\n") for case in CASES.split("===\n")[1:]]
BOTH_REFUSE = REFUSED.splitlines()


@pytest.mark.parametrize("template", SAME)
def test_what_jinja_gives_is_given(template: str) -> None:
    template = VALUES + template
    assert given(template) == JINJA.from_string(template).render()


@pytest.mark.parametrize("template", BOTH_REFUSE)
def test_what_jinja_refuses_is_refused(template: str) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  # Jinja raises whatever Python does
        JINJA.from_string(template).render()
    assert filled(template).is_faulty


ATOMS = (
    "1", "0", "2.5", "'a'", "'b c'", "''", "none", "true", "[]", "[1, 2]", "['x', 'y']", "{'k': 1}", "(1, 2)", "-3",
    "'3'",
)  # fmt: skip
SHAPES = (
    "({0} + {1})", "({0} * {1})", "({0} - {1})", "({0} ~ {1})", "({0} == {1})", "({0} < {1})", "({0} in {1})",
    "({0} and {1})", "({0} or {1})", "(not {0})", "({0} if {1} else {0})", "({0} | default({1}))", "({0} | string)",
    "({0} | length)", "({0} | list)", "({0} | first)", "({0} | join({1}))", "({0} | int)", "({0} | sort)",
    "({0} | unique | list)", "({0} | sum)", "({0} | upper)", "({0} | replace('a', {1}))", "({0} is number)",
    "({0} is iterable)", "({0})[0]", "({0})[1:]", "({0}).k", "[{0}, {1}]", "{{'k': {0}}}", "({0} / {1})", "({0} % 3)",
    "({0} | float)", "({0} | abs)", "({0} | max)", "({0} | reverse | list)", "({0} | map('string') | list)",
    "({0} >= {1})", "({0} // {1})", "({0} | last)", "({0} | round)", "({0} | trim)",
)  # fmt: skip


def expression(chance: random.Random, depth: int) -> str:
    if depth == 0:
        return chance.choice(ATOMS)
    return chance.choice(SHAPES).format(*(expression(chance, depth - 1) for _ in range(2)))


def by_jinja(template: str) -> str | None:
    try:
        return JINJA.from_string(template).render()
    except Exception:  # whatever Python raises
        return None


@pytest.mark.parametrize("seed", range(4))
def test_random_expressions_give_what_jinja_gives(seed: int) -> None:
    chance = random.Random(seed)
    differing = []
    for _ in range(300):
        template = "{{ " + expression(chance, chance.choice((1, 1, 2, 3))) + " }}"
        found, wanted = filled(template), by_jinja(template)
        ours = None if found.is_faulty else found.text
        # We refuse more: numbers of texts, orders of lists. What we give is what Jinja gives.
        if ours is not None and ours != wanted:
            differing.append((template, ours, wanted))
    assert differing == []
