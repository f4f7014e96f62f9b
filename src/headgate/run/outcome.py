"""What carrying a plan out came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic
from headgate.core.records import Build


@dataclass(frozen=True, slots=True)
class Failure:
    """One address that could not be captured or built, and why."""

    address: Address
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every build that the plan's result points to, as far as it was reached: kept, reused and made.

    ``made`` are the addresses whose build is new. ``not_started`` waits for something that failed, or was cut short by
    ``is_interrupted``; its builds, and those of ``failures``, are missing. ``cut_off`` were to be made, and stay as
    they were, because what they read came out equal.
    """

    builds: Mapping[Address, Build]
    failures: tuple[Failure, ...] = ()
    not_started: tuple[Address, ...] = ()
    made: tuple[Address, ...] = ()
    is_interrupted: bool = False
    cut_off: tuple[Address, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Tell whether everything is there, so that it may be published."""
        return not self.failures and not self.not_started
