"""Constraints, contracts and freshness, as property files and headers write them."""

from __future__ import annotations

from dataclasses import replace

from headgate.core.diagnostic import Place
from headgate.core.promises import Constraint, ConstraintKind, Contract, Freshness
from headgate.project.forms.columns import CONSTRAINT, CONSTRAINT_TYPES
from headgate.project.forms.form import Use
from headgate.project.mapped import Mapped
from headgate.project.pieces import StatedConstraint
from headgate.project.references import reference_of

_KEPT_OF_CONSTRAINTS = frozenset(key for key, field in CONSTRAINT.fields.items() if field.use is Use.KEPT)
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def read_constraints(said: Mapped, column: str = "") -> tuple[StatedConstraint, ...]:
    """Return the constraints that a mapping lists; ``column`` is the one that they stand below."""
    found: list[StatedConstraint] = []
    for one in said.mappings("constraints"):
        kind = one.word("type").lower()
        if kind in CONSTRAINT_TYPES:
            to = one.text("to")
            constraint = Constraint(
                kind=ConstraintKind(kind),
                columns=(column,) if column else one.words("columns"),
                name=one.word("name"),
                expression=one.word("expression"),
                to_columns=one.words("to_columns"),
                kept=one.values(_KEPT_OF_CONSTRAINTS),
                place=one.fields.place,
            )
            found.append(StatedConstraint(constraint, reference_of(to) if to else None))
    return tuple(found)


def read_contract(*said: Mapped | None) -> Contract | None:
    """Return the contract that the first of several mappings holds."""
    for one in said:
        contract = one.mapping("contract") if one else None
        if one and contract:
            return Contract(contract.truth("enforced") is True, one.place("contract"))
    return None


def read_freshness(table: Mapped, source: Mapped) -> Freshness | None:
    """Return how fresh a table of a source has to be: what the table says goes before what its source says.

    A table with an empty ``freshness:`` has none. What stands in ``config:`` goes before what stands beside it.
    """
    levels = [level for said in (table, source) for level in (said.mapping("config"), said) if level]
    own = [level for level in (table.mapping("config"), table) if level]
    if any(level.is_emptied("freshness") for level in own):
        return None
    rules = [rule for level in levels if (rule := level.mapping("freshness"))]
    place = next((level.place("freshness") for level in levels if "freshness" in level), None)
    freshness = Freshness(
        warn_after_seconds=_seconds("warn_after", rules),
        error_after_seconds=_seconds("error_after", rules),
        filter=_first("filter", rules),
        loaded_at_field=_first("loaded_at_field", [*rules, *levels]),
        loaded_at_query=_first("loaded_at_query", [*rules, *levels]),
        cron=_first("cron", rules),
        weekdays=_listed("weekdays", rules),
        holidays=_listed("holidays", rules),
        time_zone=_first("time_zone", rules),
    )
    if freshness == Freshness():
        return None
    return replace(freshness, place=place or _place_of_time(levels))


def _place_of_time(levels: list[Mapped]) -> Place | None:
    keys = ("loaded_at_field", "loaded_at_query")
    return next((level.place(key) for level in levels for key in keys if key in level), None)


def _first(key: str, said: list[Mapped]) -> str:
    return next((one.word(key) for one in said if key in one), "")


def _listed(key: str, said: list[Mapped]) -> tuple[str, ...]:
    return next((one.words(key) for one in said if key in one), ())


def _seconds(key: str, rules: list[Mapped]) -> int | None:
    for rule in rules:
        after = rule.mapping(key)
        count = after.whole("count") if after else None
        if after and count is not None and (unit := _SECONDS.get(after.word("period").lower())):
            return count * unit
    return None
