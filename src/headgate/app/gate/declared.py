"""What is wrong with what a repository says of the gate: patterns that name nothing, expected changes that are over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic, Place, Severity

if TYPE_CHECKING:
    from headgate.core.declarations import Declarations


def faults_of_gate(declared: Declarations, today: str) -> tuple[Diagnostic, ...]:
    """Return warnings about the policy and the expected changes; ``today`` is a date. Cost: nothing without either."""
    if declared.config.gate is None and not declared.expected:
        return ()
    return (*_patterns(declared), *_expected(declared, today))


def _patterns(declared: Declarations) -> Iterator[Diagnostic]:
    policy = declared.config.policy
    patterns = dict.fromkeys(section.pattern for section in (*policy.sections, *policy.runs) if section.pattern)
    for pattern in patterns:
        if not _names(pattern, declared):
            text = f"the pattern {pattern} of the gate names no asset"
            hint = "As it stands nothing is held to it."
            yield Diagnostic("HG126", text, Place("headgate.toml"), hint, severity=Severity.WARNING)


def _expected(declared: Declarations, today: str) -> Iterator[Diagnostic]:
    for one in declared.expected:
        if one.is_past(today):
            text = f"{one.path} expects a change until {one.until}: it counts nothing any more"
            yield Diagnostic("HG127", text, one.place, "Take the file out.", severity=Severity.WARNING)
        for pattern in dict.fromkeys(bound.pattern for bound in one.bounds):
            if not _names(pattern, declared):
                text = f"{one.path} expects something of {pattern}, which names no asset"
                yield Diagnostic("HG126", text, one.place, "Nothing is expected by it.", severity=Severity.WARNING)


def _names(pattern: str, declared: Declarations) -> bool:
    """Tell whether a pattern means anything: of a pattern of columns its asset alone is looked at."""
    from headgate.core.policy import matches

    asset = ".".join(pattern.split(".")[:2])
    known = [one.address for one in declared.assets]
    known += [one.address for one in declared.exposures]
    known += [one.address for one in declared.sources]
    return any(matches(asset, address) for address in known)
