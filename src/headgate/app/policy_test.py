"""`headgate policy test`: what the gate decides of declared findings, without any data. The real rules, no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.address import fold
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.errors import Refused, UsageError
from headgate.core.listing import listed

if TYPE_CHECKING:
    from headgate.core.declarations import Declarations
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


def policy_test(root: Path, declared: Declarations, file: str = "") -> tuple[Tried, ...]:
    """Return what came of every scenario, or of those of one file; raise ``Refused`` where one cannot be read."""
    paths = [root / file] if file else _files(root)
    found, faults = _read(root, paths)
    faults += _unknown(found, declared)
    if faults:
        raise Refused(faults)
    owners = _owners(declared)
    policy = declared.config.policy
    return tuple(Tried(one.name, one.place, tuple(_differences(_owned(one, owners), policy))) for one in found)


def faults_of_scenarios(root: Path, declared: Declarations) -> tuple[Diagnostic, ...]:
    """Return what names nothing in the scenarios that can be read. Cost: nothing where there is none."""
    paths = _files(root)
    return _unknown(_read(root, paths)[0], declared) if paths else ()


def _files(root: Path) -> list[Path]:
    return sorted(path for path in (root / FOLDER).rglob("*") if path.suffix in (".yml", ".yaml"))


def _read(root: Path, paths: Iterable[Path]) -> tuple[list[Scenario], list[Diagnostic]]:
    """Return the scenarios of some files, with every fault in them."""
    from headgate.project.scenarios import read_scenarios
    from headgate.project.text import Text, decoded

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
    return found, faults


def _owners(declared: Declarations) -> Mapping[str, str]:
    """Return who answers for each thing that is declared, by folded address."""
    return {
        **{fold(one.address): one.properties.owner for one in declared.assets},
        **{fold(one.address): one.properties.owner for one in declared.sources},
        **{fold(one.address): one.properties.owner for one in declared.exposures},
    }


def _unknown(scenarios: Iterable[Scenario], declared: Declarations) -> tuple[Diagnostic, ...]:
    """Return a fault for each asset of a scenario that nothing declares."""
    names = _owners(declared)
    told = {
        (one.place, finding.address): nearest(finding.address, names)
        for one in scenarios
        for finding in one.findings
        if fold(finding.address) not in names
    }
    return tuple(
        Diagnostic(
            "HG202", f"nothing declares {name}", place, f"Did you mean {' or '.join(near)}?" if near else "",
        )
        for (place, name), near in told.items()
    )  # fmt: skip


def _owned(scenario: Scenario, owners: Mapping[str, str]) -> Scenario:
    """Return the scenario where each finding has an owner: the declared one of its asset, if it names none."""
    findings = (one if one.owner else replace(one, owner=owners[fold(one.address)]) for one in scenario.findings)
    return replace(scenario, findings=tuple(findings))


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
    if scenario.waiting is not None and sorted(scenario.waiting) != sorted(decision.waiting):
        yield f"expected to wait for {_named(scenario.waiting)}, and it waits for {_named(decision.waiting)}"


def _named(owners: Iterable[str]) -> str:
    """Return owners as people say them.

    >>> _named([]), _named(["ops", ""])
    ('nobody', 'an owner that nobody declared, ops')
    """
    return listed(sorted(name or "an owner that nobody declared" for name in owners)) or "nobody"
