"""What a plan is made for: a change of the repository, or a run that takes new data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.core.address import Address
from headgate.core.declarations import Properties
from headgate.core.intervals import Interval


@dataclass(frozen=True, slots=True)
class Occasion:
    """``now`` is the present, an instant in UTC: it is read once, so that planning stays pure.

    ``is_run``: time alone is a reason to load. ``due`` are the addresses with a schedule whose time has come; others
    wait for it, whatever data there is. ``watermarks`` are noted with the captures of source tables. ``since``, an
    instant: what is begun anew starts there and is marked as a part; empty for all. ``restated`` are the intervals to
    load again on purpose, as moments of wall clocks. ``is_draft``: the code is in no commit, and a promotion would ask
    for one.
    """

    now: str
    is_run: bool = False
    due: frozenset[Address] = frozenset()
    watermarks: Mapping[Address, str] = field(default_factory=dict)
    since: str = ""
    restated: Mapping[Address, Interval] = field(default_factory=dict)
    is_draft: bool = False

    def has_to_wait(self, address: Address, properties: Properties) -> bool:
        """Tell whether an address takes no new data now, as its schedule says."""
        return bool(properties.cron) and address not in self.due


NO_OCCASION = Occasion("")
"""That of a plan in which nothing is loaded."""
