"""`headgate policy test`: what the gate decides of declared findings, without any data. The real rules, no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused, UsageError

if TYPE_CHECKING:
    from headgate.core.policy import Policy
    from headgate.core.scenarios import Scenario

FOLDER = "tests/policy"


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
    from headgate.project.scenarios import read_scenarios
    from headgate.project.text import Text, decoded

    folder = root / FOLDER
    paths = [root / file] if file else sorted(p for p in folder.rglob("*") if p.suffix in (".yml", ".yaml"))
    found: list[Scenario] = []
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
        found += read_scenarios(source)
        faults += source.all_faults()
    if faults:
        raise Refused(faults)
    return tuple(Tried(one.name, one.place, tuple(_differences(one, policy))) for one in found)


def _differences(scenario: Scenario, policy: Policy) -> Iterator[str]:
    from headgate.core.hashing import digest
    from headgate.evidence.agree import approvals_of
    from headgate.evidence.decide import Case, decide, weighed

    case = Case(policy, digest("change", "scenario"), 1, "prod", "2000-01-01", scenario.authors)
    found = weighed(scenario.findings, policy)
    decision = decide(found, case)
    approvals = [
        approval
        for name in scenario.approved_by
        for approval in approvals_of(decision, environment="prod", by=name, identity=(name,), policy=policy, at="")
    ]
    decision = decide(found, case, approvals)
    if decision.verdict is not scenario.expect:
        yield f"expected {scenario.expect.value}, and the gate says {decision.verdict.value}"
        yield from (f"{one.level.value:<8} {one.address}  {one.told}" for one in decision.findings)
    waiting = sorted(decision.waiting)
    if scenario.waiting is not None and sorted(scenario.waiting) != waiting:
        yield f"expected to wait for {sorted(scenario.waiting)}, and it waits for {waiting}"
