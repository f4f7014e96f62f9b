"""The form of a file of ``tests/policy/``: what was found of a change, and what the gate has to decide."""

from __future__ import annotations

from headgate.core.gate import Topic, Verdict
from headgate.core.policy import WITH_BUDGET
from headgate.project.forms.expected import EFFECT, SHARE
from headgate.project.forms.form import NAME, TEXT, TEXTS, TRUTH, Choice, Field, Form, Keyed, Need, Several, needing
from headgate.project.toml import keys

_TOLD = {
    Topic.CHECK.value: "A check failed.",
    Topic.EVIDENCE.value: "Something was not measured, or not to its end.",
    **keys.GATE_TOPICS,
}
"""What each topic is about; of the first two no policy speaks."""


def _form(topic: Topic) -> Form:
    if topic is Topic.DRIFT:
        return EFFECT
    return SHARE if topic in WITH_BUDGET else TRUTH


_FINDING = Keyed(
    "finding of a scenario",
    {
        "asset": Field(NAME, "The asset, `SCHEMA.NAME`."),
        "owner": Field(TEXT, "Who answers for it."),
        "column": Field(TEXT, "The column that it is about."),
        **{topic.value: Field(_form(topic), _TOLD[topic.value]) for topic in Topic},
    },
    needs=(*needing("asset"), Need(tuple(topic.value for topic in Topic))),
)

_SCENARIO = Keyed(
    "scenario of the gate",
    {
        "name": Field(TEXT, "What it shows."),
        "by": Field(TEXTS, "Who made the change: names, e-mail addresses."),
        "given": Field(Several(_FINDING), "What was found of the change."),
        "approved_by": Field(TEXTS, "Who agrees to all that waits."),
        "expect": Field(Choice(tuple(verdict.value for verdict in Verdict)), "What the gate has to decide."),
        "waiting": Field(TEXTS, "The owners that it has to wait for."),
    },
    needs=needing("given", "expect"),
)

SCENARIO_FILE = Keyed(
    "scenarios of the gate",
    {"scenarios": Field(Several(_SCENARIO), "Each is tried for itself.")},
    needs=needing("scenarios"),
)
