"""The report of a change: everything that was measured and decided of it, as one noun that every form is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from headgate.core.address import Address
from headgate.core.checks import Result
from headgate.core.comparison import Comparison
from headgate.core.gate import Decision, Finding
from headgate.core.profiles import Profile


@dataclass(frozen=True, slots=True)
class AssetReport:
    """What is known of one address that a change touches.

    ``does`` says in a word what becomes of it, as plans do (``change``, ``rebuild``, ``new``, ``remove``), and
    ``reason`` why. ``before`` and ``after`` are the profiles of the two sides, None where one was not taken or is not
    there. ``protected`` are the columns whose values nobody may show: no report prints them, neither samples nor
    extremes nor frequent values.
    """

    address: Address
    does: str
    reason: str = ""
    owner: str = ""
    comparison: Comparison | None = None
    before: Profile | None = None
    after: Profile | None = None
    checks: tuple[Result, ...] = ()
    findings: tuple[Finding, ...] = ()
    protected: frozenset[str] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Report:
    """What a change does to an environment, measured and decided.

    ``source`` is the environment that shows the change, ``target`` the one that would take it over; ``release`` the
    serial of the release that it was measured beside (0: none). ``assets`` come in the order of the graph, only those
    that the change touches; ``untouched`` counts the others. ``at`` is when it was made. ``not_run`` is why data tests
    that are declared, of whatever asset, do not run. ``unmet`` says, in sentences, what was expected of the change and
    is nothing of it.
    """

    project: str
    source: str
    target: str
    release: int
    commit: str
    at: str
    decision: Decision
    assets: tuple[AssetReport, ...] = ()
    untouched: int = 0
    not_run: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
