"""Files of ``tests/policy/``: scenarios of the gate, with every fault in them."""

from __future__ import annotations

from collections.abc import Iterator

from headgate.core.address import Address
from headgate.core.gate import Finding, Level, Topic, Verdict
from headgate.core.policy import WITH_BUDGET
from headgate.core.scenarios import Scenario
from headgate.project.check_form import FormCheck
from headgate.project.forms.scenarios import SCENARIO_FILE
from headgate.project.mapped import Mapped
from headgate.project.text import Text
from headgate.project.toml.gate import amount_of
from headgate.project.yaml_nodes import Fields, parse_yaml


def read_scenarios(source: Text) -> Iterator[Scenario]:
    """Yield the scenarios of a file that have their form. Faults go to ``source``."""
    node = parse_yaml(source)
    if node is None:
        return
    FormCheck(source).check(node, SCENARIO_FILE, "a file of scenarios")
    for said in Mapped(node).mappings("scenarios") if isinstance(node, Fields) else ():
        expect = next((verdict for verdict in Verdict if verdict.value == said.word("expect").lower()), None)
        if expect is None:
            continue
        yield Scenario(
            said.word("name"),
            said.fields.place,
            tuple(finding for one in said.mappings("given") for finding in _findings(one)),
            expect,
            said.words("by"),
            said.words("approved_by"),
            said.words("waiting") if "waiting" in said else None,
        )


def _findings(said: Mapped) -> Iterator[Finding]:
    """Yield a finding for each topic that is given of an asset."""
    for topic in Topic:
        if topic.value not in said:
            continue
        amount = _amount(said, topic)
        if amount is not None:
            told = f"{topic.value} {said.word(topic.value)}"
            address, column, owner = Address(said.word("asset")), said.word("column"), said.word("owner")
            yield Finding(topic, address, Level.SHOW, told, column, amount, 0, owner)


def _amount(said: Mapped, topic: Topic) -> float | None:
    """Return how much there is of a topic; None where it is said not to be."""
    if topic is Topic.DRIFT:
        return said.number(topic.value)
    if topic in WITH_BUDGET:
        return amount_of(said.word(topic.value))
    return 1.0 if said.truth(topic.value) else None
