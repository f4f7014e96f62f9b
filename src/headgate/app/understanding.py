"""Whether code that was released is still understood: it had no fault then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Severity
from headgate.core.errors import EnvironmentFailed

if TYPE_CHECKING:
    from headgate.core.diagnostic import Diagnostic

_SURROUNDINGS = frozenset({"HG101", "HG123", "HG321", "HG322", "HG323", "HG334"})
"""Faults that tell of the machine and of the data that is there, not of the code."""


def first_fault(diagnostics: Iterable[Diagnostic]) -> Diagnostic | None:
    """Return the first fault of code itself, wherever it is read; None where it is understood."""
    faults = (one for one in diagnostics if one.severity is Severity.ERROR and one.code not in _SURROUNDINGS)
    return next(faults, None)


def not_understood(fault: Diagnostic) -> EnvironmentFailed:
    """Return that code which was released, then without a fault, is faulty to this version."""
    where = f"{fault.place}: " if fault.place else ""
    return EnvironmentFailed(f"the released code is not understood: {where}{fault.summary}")
