"""`headgate policy test`: what the gate decides of declared findings, without any data. The real rules, no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused, UsageError
from headgate.core.gate import Finding, Level, Topic, Verdict

if TYPE_CHECKING:
    from headgate.core.policy import Policy
    from headgate.project.text import Text

FOLDER = "tests/policy"

_KEYS = ("name", "by", "given", "approved_by", "expect", "waiting")
_VERDICTS = {verdict.value: verdict for verdict in Verdict}


@dataclass(frozen=True, slots=True)
class Tried:
    """One scenario: what was expected of the gate, and what it said; ``told`` says where they differ, in lines."""

    name: str
    place: Place
    told: tuple[str, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Tell whether the gate decided as expected."""
        return not self.told


def policy_test(root: Path, policy: Policy, file: str = "") -> tuple[Tried, ...]:
    """Return what came of every scenario, or of those of one file; raise ``Refused`` where one cannot be read."""
    from headgate.project.text import Text, decoded

    folder = root / FOLDER
    paths = [root / file] if file else sorted(p for p in folder.rglob("*") if p.suffix in (".yml", ".yaml"))
    found: list[Tried] = []
    faults: list[Diagnostic] = []
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
        source = decoded(name, content)
        if not isinstance(source, Text):
            faults.append(source)
            continue
        found += _tried(source, policy)
        faults += source.all_faults()
    if faults:
        raise Refused(faults)
    return tuple(found)


def _tried(source: Text, policy: Policy) -> Iterator[Tried]:
    from headgate.project.yaml_nodes import Fields, Items, parse_yaml, value_of

    node = parse_yaml(source)
    if node is None:
        return
    entries = (
        next((value for key, value in node.pairs if key.text == "scenarios"), None)
        if isinstance(node, Fields)
        else None
    )
    if not isinstance(entries, Items):
        source.fault("HG309", "scenarios of the gate stand in a list below `scenarios:`", node.place)
        return
    for entry in entries.items:
        body = value_of(entry)
        if not isinstance(body, dict) or not isinstance(body.get("given"), list) or body.get("expect") not in _VERDICTS:
            hint = f"It needs `given:`, a list of findings, and `expect:`, {', '.join(_VERDICTS)}."
            source.fault("HG309", "this scenario cannot be tried", entry.place, hint)
            continue
        if unknown := [key for key in body if key not in _KEYS]:
            source.fault("HG309", f"a scenario has no key {unknown[0]}", entry.place, f"Known are {', '.join(_KEYS)}.")
            continue
        try:
            findings = tuple(_finding(one) for one in body["given"])
        except ValueError as fault:
            source.fault("HG309", str(fault), entry.place)
            continue
        yield Tried(str(body.get("name", "")), entry.place, tuple(_differences(body, findings, policy)))


def _finding(said: Any) -> Finding:
    """Return the finding of ``{asset, owner, column, TOPIC: amount}``; raise ``ValueError`` where it is none."""
    from headgate.core.policy import WITH_BUDGET
    from headgate.project.toml.gate import amount_of

    if not isinstance(said, dict) or "asset" not in said:
        raise ValueError("a finding names its asset: `- asset: marts.orders`")
    topics = [key for key in said if key not in ("asset", "owner", "column")]
    known = {topic.value: topic for topic in Topic}
    if len(topics) != 1 or topics[0] not in known:
        raise ValueError(f"a finding has one topic: {', '.join(known)}")
    topic, value = known[topics[0]], said[topics[0]]
    amount: float | None = 1.0
    if topic is Topic.DRIFT and not isinstance(value, bool):
        amount = float(value) if isinstance(value, int | float) else None
    elif topic in WITH_BUDGET:
        amount = amount_of(str(value))
    if amount is None:
        raise ValueError(f"{topic.value} cannot be {value!r}: write an amount such as 2 %, of drift a number")
    owner, column = str(said.get("owner", "")), str(said.get("column", ""))
    return Finding(topic, Address(str(said["asset"])), Level.SHOW, f"{topic.value} {value}", column, amount, 0, owner)


def _differences(body: dict[str, Any], findings: tuple[Finding, ...], policy: Policy) -> Iterator[str]:
    from headgate.core.hashing import digest
    from headgate.evidence.agree import approvals_of
    from headgate.evidence.decide import Case, decide, weighed

    by = body.get("by", [])
    authors = tuple(map(str, by if isinstance(by, list) else [by]))
    case = Case(policy, digest("change", "scenario"), 1, "prod", "2000-01-01", authors)
    found = weighed(findings, policy)
    decision = decide(found, case)
    approvals = [
        approval
        for name in body.get("approved_by", ())
        for approval in approvals_of(
            decision, environment="prod", by=str(name), identity=(str(name),), policy=policy, at=""
        )
    ]
    decision = decide(found, case, approvals)
    if decision.verdict is not _VERDICTS[body["expect"]]:
        yield f"expected {body['expect']}, and the gate says {decision.verdict.value}"
        yield from (f"{one.level.value:<8} {one.address}  {one.told}" for one in decision.findings)
    waiting = sorted(decision.waiting)
    if "waiting" in body and sorted(map(str, body["waiting"] or ())) != waiting:
        yield f"expected to wait for {body['waiting']}, and it waits for {waiting}"
