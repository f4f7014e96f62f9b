"""The words of a doctor: what is wrong, what it means for readers, what a repair would do, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from headgate.core.diagnostic import Diagnostic
from headgate.core.listing import listed
from headgate.core.ports.engine import Standing
from headgate.release.doctor.findings import (
    Damage,
    Finding,
    Foreign,
    FoundAgain,
    LackingTables,
    LeftView,
    LogGap,
    OlderState,
    OpenBuilds,
    OpenMove,
    Orphan,
    OrphanKind,
    Restored,
    Span,
    TableDamage,
    ViewDrift,
    Way,
)
from headgate.words.figures import counted, seconds_text

if TYPE_CHECKING:
    from headgate.app.doctor import Checkup
    from headgate.core.records import Move
    from headgate.release.doctor.repair import Repaired


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
        case Restored():
            return _of_restored(finding)
        case Foreign(is_lost):
            return _of_foreign(is_lost=is_lost)
        case OlderState():
            return _of_older_state(finding)
        case LackingTables(damages):
            told = listed(sorted({damage.address for damage in damages}))
            return Told(
                "HG561",
                f"the warehouse lacks {counted(len(damages), 'table')} made after it was copied: {told}",
                "No environment can show them, and no rollback can go back to them.",
                "mark their builds as lost, so that the next plan builds what is needed of them",
            )
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
        case OpenMove():
            return _of_open_move(finding)
        case OpenBuilds(addresses, pins):
            failed = f"a command failed, or was cut off, and holds {counted(pins, 'build')} for its next try"
            return Told(
                "HG563",
                f"a command was cut off while it built {listed(addresses)}" if addresses else failed,
                "Readers see nothing of it. Any command that changes something settles it, too.",
                "keep what is finished, drop what is not",
            )
        case LogGap(faults):
            more = f", and at {listed([fault.where for fault in faults[1:]])}" if len(faults) > 1 else ""
            return Told(
                "HG564",
                f"the log in the state is not as it was written: {faults[0].where}: {faults[0].reason}{more}",
                "Readers see nothing of it. Until it is known what is missing, gc judges nothing to be old.",
                "write down what was found; what is gone from the log stays gone",
            )
        case _:
            assert_never(finding)


def _of_older_state(finding: OlderState) -> Told:
    has = f"the state has it at {finding.serial}" if finding.serial else "the state does not know it"
    return Told(
        "HG566",
        f"{finding.environment}: the warehouse shows release {finding.shown}, {has}: the state is an older copy",
        "Readers see that release. What it was made from stands in no record here, so nothing is changed.",
        way="Put the newer state file back: it belongs to this warehouse.",
    )


def _of_open_move(finding: OpenMove) -> Told:
    made = "had made it" if finding.is_made else "had not made it"
    return Told(
        "HG563",
        f"{finding.environment}: a command was cut off while it moved {finding.environment} to {finding.serial}",
        f"The engine {made}, so {finding.environment} shows {'that' if finding.is_made else 'what it showed before'}.",
        "record that it was made" if finding.is_made else "take back that it was meant",
    )


def summary_text(checkup: Checkup) -> str:
    """Return in one sentence how much is wrong."""
    count = counted(len(checkup.findings), "thing")
    return f"{count} in {checkup.warehouse} {'is' if len(checkup.findings) == 1 else 'are'} not as recorded."


def well_text(checkup: Checkup, *, seconds: float) -> str:
    """Return what is said where nothing is wrong."""
    if not checkup.environments:
        return f"{checkup.warehouse}: nothing is shown yet, and nothing is wrong. ({seconds_text(seconds)})"
    what = f"{counted(checkup.views, 'view')} and {counted(checkup.tables, 'table')}"
    verb = "is" if checkup.views + checkup.tables == 1 else "are"
    return f"{listed(checkup.environments)}: {what} {verb} as recorded. ({seconds_text(seconds)})"


def awaited_lines(checkup: Checkup) -> list[str]:
    """Return what environments lack until it is built again, and the way to that."""
    return [
        f"{name} awaits {listed(addresses)}, which was lost. {_way_to(name, checkup)}"
        for name, addresses in (checkup.awaited or {}).items()
    ]


def _way_to(environment: str, checkup: Checkup) -> str:
    if environment in checkup.protected:
        return "Build it elsewhere, then promote it: headgate apply dev && headgate promote dev"
    return f"Build it: headgate apply {environment}"


def done_text(done: Repaired) -> str:
    """Return what a repair did."""
    parts = [_moved_text(move, count) for move, count in zip(done.moves, done.shown, strict=True)]
    parts += [f"marked as lost: {listed(done.lost)}"] if done.lost else []
    parts += [f"no longer marked as lost: {listed(done.found)}"] if done.found else []
    parts += [f"dropped {listed(done.dropped)}"] if done.dropped else []
    parts += [f"wrote down {counted(done.noted, 'gap')} in the log"] if done.noted else []
    return f"Repaired: {'; '.join(parts)}." if parts else "Repaired."


def _moved_text(move: Move, shown: int) -> str:
    again = f"shows {counted(shown, 'view')} again" if shown else "is written down anew"
    return f"{move.environment} {again} (release {move.serial})"


def _of_restored(one: Restored) -> Told:
    if one.shown:
        summary = (
            f"{one.environment}: the state has it at {one.serial}, the warehouse at {one.shown}: it is an older copy"
        )
        meaning = f"Readers see release {one.shown}."
    else:
        summary = f"{one.environment}: the state has it at {one.serial}, the warehouse is a new one, or not there"
        meaning = "Readers see nothing of it."
    match one.way:
        case Way.FORWARD:
            repair = f"show release {one.serial} again, of which nothing is lost"
        case Way.BACK:
            repair = f"record that it shows release {one.shown} again; its history stays"
        case Way.PARTLY:
            repair = f"show of release {one.serial} what is there; {listed(one.lost)} must be built again"
        case _:
            assert_never(one.way)
    return Told("HG565", summary, f"{meaning}\nIf the newer warehouse file exists, put that back instead.", repair)


def _of_foreign(*, is_lost: bool) -> Told:
    summary = "the warehouse belongs to another state" + (", and of this one there is nothing yet" if is_lost else "")
    meaning = "What is in it may be shown by that state, so nothing of it is taken over or dropped."
    way = "Either put back the state file that was made with this warehouse; or begin anew: name another file in\n"
    return Told("HG567", summary, meaning, way=f"{way}headgate.toml (`path` of the engine), then headgate apply.")


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
        case OrphanKind.OTHER:
            meaning = "Only Headgate's own tables belong into the schema headgate, and it calls none so."
            way = "Copy it to a schema of your own, which may hold somebody's work; then drop it here."
            return Told("HG562", f"{table} is a table that Headgate did not make", meaning, way=way)
        case OrphanKind.ROW:
            summary = f"headgate.builds has a row for {table} that stands for no build"
            return Told("HG562", summary, "Readers see nothing of it.", "erase the row")
        case _:
            assert_never(orphan.kind)
