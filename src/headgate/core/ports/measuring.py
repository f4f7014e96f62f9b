"""The port of measuring: what an engine is asked of one table's rows, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.core.address import Address


@dataclass(frozen=True, slots=True)
class Measured:
    """The table that is measured, as SQL text that stands behind FROM; ``types`` are those of its columns, in order.

    ``others`` are the relations of other assets that are looked at beside it.
    """

    relation: str
    types: Mapping[str, str]
    others: Mapping[Address, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The engine refused the statement of one measure; ``why`` is what it said."""

    why: str
