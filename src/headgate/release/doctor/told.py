"""What a person is told of a finding: what is wrong, what it means for readers, what a repair would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from headgate.core.diagnostic import Diagnostic
from headgate.core.listing import listed
from headgate.core.ports.engine import Standing
from headgate.release.doctor.findings import (
    Damage,
    Finding,
    FoundAgain,
    LeftView,
    Orphan,
    OrphanKind,
    Span,
    TableDamage,
    ViewDrift,
)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words. ``repair`` says what would be done; where it is empty, ``way`` says what helps instead."""

    code: str
    summary: str
    meaning: str
    repair: str = ""
    way: str = ""

    def diagnostic(self) -> Diagnostic:
        """Return it as a diagnostic."""
        hint = f"Repair: {self.repair}" if self.repair else self.way
        return Diagnostic(self.code, self.summary, detail=self.meaning, hint=hint)


def told(finding: Finding) -> Told:
    """Return a finding in words."""
    match finding:
        case ViewDrift():
            return _of_view(finding)
        case LeftView(environment, schema, name):
            return Told(
                "HG560",
                f"{environment}: {schema}.{name} is a view over builds that {environment} does not show",
                "Readers of it see what was shown at another time, or what somebody made of it.",
                "drop that view",
            )
        case TableDamage():
            return _of_table(finding)
        case FoundAgain(_, address, relation):
            return Told(
                "HG561",
                f"the table of {address} was marked as lost and is there again, as it was made",
                f"headgate.{relation} can be shown and reused again.",
                "take the mark away",
            )
        case Orphan():
            return _of_orphan(finding)
        case _:
            assert_never(finding)


def _of_view(drift: ViewDrift) -> Told:
    name = f"{drift.schema}.{drift.name}"
    belongs = f"Release {drift.serial} of {drift.environment} shows {drift.address} there."
    again = "show it again from the recorded pointers"
    match drift.standing:
        case Standing.TABLE:
            summary = f"{drift.environment}: {name} is a table that Headgate did not make, where a view belongs"
            way = f"Rename or drop that table, which may be somebody's work; then: headgate doctor --repair\n{belongs}"
            return Told("HG560", summary, "Readers see that table.", way=way)
        case Standing.ABSENT:
            return Told("HG560", f"{drift.environment}: the view {name} was dropped", _error(belongs), again)
        case _:
            summary = f"{drift.environment}: the view {name} was replaced by another query"
            if drift.is_due:
                return Told("HG560", summary, f"Readers see what that query gives. {belongs}", again)
            meaning = f"What belongs there is lost. {belongs}"
            return Told("HG560", summary, meaning, "drop that view; the next apply shows what belongs there")


def _error(belongs: str) -> str:
    return f"Readers of it get an error. {belongs}"


def _of_table(damage: TableDamage) -> Told:
    table = f"(headgate.{damage.relation})"
    summary = {
        Damage.GONE: f"the table of {damage.address} is gone {table}",
        Damage.COLUMNS: f"the table of {damage.address} has other columns than were made: {damage.detail} {table}",
        Damage.ROWS: f"the table of {damage.address} has {damage.detail} {table}",
        Damage.ROW: f"the table of {damage.address} has lost its row in headgate.builds {table}",
    }[damage.damage]
    repair = "mark its build as lost, so that the next plan builds it again"
    return Told("HG561", summary, _of_spans(damage), repair)


def _of_spans(damage: TableDamage) -> str:
    """Return who sees the damage, and what cannot be gone back to."""
    sentences = []
    if damage.shown:
        names = [f"{span.environment} (since {span.first})" for span in damage.shown]
        seen = "get an error" if damage.damage is Damage.GONE else "see it as it is"
        sentences.append(f"{listed(names)} {_shows(names)} it; readers {seen}.")
    if damage.needed:
        spans = [_of_span(span) for span in damage.needed]
        sentences.append(f"Without it there is no way back to {listed(spans)}.")
    return " ".join(sentences) or "Nothing shows it."


def _shows(names: Sequence[str]) -> str:
    return "shows" if len(names) == 1 else "show"


def _of_span(span: Span) -> str:
    serials = str(span.first) if span.first == span.last else f"{span.first} to {span.last}"
    return f"{span.environment} {serials}"


def _of_orphan(orphan: Orphan) -> Told:
    table = f"headgate.{orphan.relation}"
    match orphan.kind:
        case OrphanKind.BUILD:
            summary = f"{table} is a build that the state knows nothing of"
            return Told("HG562", summary, "Nothing can show it; it takes room.", "drop it")
        case OrphanKind.TABLE:
            summary = f"{table} belongs to no build"
            meaning = "Only Headgate's own tables belong into the schema headgate; nothing can show this one."
            return Told("HG562", summary, meaning, "drop it")
        case OrphanKind.ROW:
            summary = f"headgate.builds has a row for {table} that stands for no build"
            return Told("HG562", summary, "Readers see nothing of it.", "erase the row")
        case _:
            assert_never(orphan.kind)
