"""Two clocks in one load: the query filters by one column, and rows belong to intervals by another one."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.core.diagnostic import Diagnostic
from headgate.core.recipe import Read


@dataclass(frozen=True, slots=True)
class Clocks:
    """What such a query goes by: columns of its inputs.

    The column of times is made of those in ``time``. Those in ``compared`` stand beside ``:start`` and ``:end``, or
    equal one that does; the two have none in common. ``warning`` is what to tell, unless both come from one column
    further up.
    """

    time: tuple[Read, ...]
    compared: tuple[Read, ...]
    warning: Diagnostic
