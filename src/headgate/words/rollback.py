"""The words of a rollback: what would be shown again, and what that leaves as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.words.figures import age_text, counted, duration_text, milliseconds_text
from headgate.words.properties import properties_text

if TYPE_CHECKING:
    from headgate.app.rollback import Rollback, RolledBack


def nothing_text(promised: Rollback) -> str:
    """Return what is said where that is shown already."""
    return f"{promised.plan.environment} shows what release {promised.plan.restores} showed: nothing to do."


def result_text(done: RolledBack) -> str:
    """Return what was done."""
    plan = done.rollback.plan
    if not plan.restores:
        return f"{plan.environment} shows nothing now. Switched in {milliseconds_text(done.switch_seconds)}."
    return (
        f"{plan.environment} now shows release {plan.restores}. Switched in {milliseconds_text(done.switch_seconds)}."
    )


def promise_text(promised: Rollback) -> str:
    """Return what would be done, in one sentence."""
    from headgate.app.ages import age_seconds

    restored = promised.restored
    if not promised.plan.restores:
        back = "what was set aside for it gets its name back"
        return f"{promised.plan.environment} will show nothing, as before its first release; {back}."
    intended = promised.plan.intended
    properties = intended.properties if intended is not None else {}
    facts = [counted(promised.changed, "asset")] if promised.changed or not properties else []
    facts += [properties_text(properties)] if properties else []
    if restored is not None:
        age = age_text(age_seconds(restored.at))
        facts += [" ".join(part for part in (restored.commit[:7], f"of {restored.by}", age) if part)]
    facts += ["the same source data" if promised.is_same_data else "with the source data of then"]
    shown = f"{promised.plan.environment} will show release {promised.plan.restores} again ({', '.join(facts)})."
    return " ".join([shown, *lacking(promised)])


def lacking(promised: Rollback) -> list[str]:
    """Return a sentence for each incremental that would not hold all the intervals any more that it holds now."""
    return [
        f"{address} will lack {spans[0]}{f' and {len(spans) - 1} more' if len(spans) > 1 else ''}."
        for address, spans in promised.lacks.items()
    ]


def afterwards(done: RolledBack, *, is_protected: bool) -> list[str]:
    """Return what is left as it is, and the way back."""
    promised = done.rollback
    retain = promised.retain_seconds
    kept = f"is kept for {duration_text(retain)}" if retain else "goes with the next gc"
    way = "Back" if promised.is_forward else "Forward"
    lines = [f"Release {promised.left} {kept}. {way} again: headgate rollback {promised.plan.environment}"]
    if promised.is_of_data and not promised.is_forward:
        lines.append("The next run, of --watch too, takes in again what is in the sources still: mend that before.")
    elif is_protected and not promised.is_forward:
        lines.append("The repository still holds its change: the next promote says so and asks.")
    return lines
