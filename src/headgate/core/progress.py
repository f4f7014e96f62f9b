"""What a run tells while it goes on: small frozen events, given one at a time from the thread that called it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from headgate.core.address import Address
from headgate.core.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Began:
    """The plan was checked and its builds are pinned. ``seconds`` is expected, None where nothing was recorded."""

    steps: int
    shared: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Started:
    """The address is being captured or built."""

    address: Address


@dataclass(frozen=True, slots=True)
class Finished:
    """The address has its build. ``is_reused``: the plan expected to build it, and a build was found."""

    address: Address
    rows: int
    seconds: float
    bytes: int
    is_reused: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The address could not be built, for the reason that the diagnostic gives."""

    address: Address
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Skipped:
    """The address was not started, since ``because`` failed; empty where the run was interrupted."""

    address: Address
    because: Address | None


@dataclass(frozen=True, slots=True)
class CutOff:
    """The address stays as it is: all that it reads came out equal to what it was made from."""

    address: Address
    rows: int


@dataclass(frozen=True, slots=True)
class Measuring:
    """So many addresses are looked at next; ``what`` names it: checks, comparisons, profiles."""

    what: str
    addresses: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What was asked about the rows of an address is known; ``Started`` told when it began to be found out."""

    address: Address


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user asked to stop: running statements are being ended, finished builds are kept. Once more ends at once."""


RunEvent: TypeAlias = Began | Started | Finished | Failed | Skipped | CutOff | Measuring | Checked | Interrupted
