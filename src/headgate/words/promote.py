"""The words of a promotion: what would move and why, what that comes to, what is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.declarations import NOT_SHOWN
from headgate.core.listing import listed
from headgate.words.figures import counted, milliseconds_text, renamed_row, time_text
from headgate.words.layout import aligned, wrapped
from headgate.words.properties import changed_rows, properties_text

if TYPE_CHECKING:
    from headgate.app.releasing.promotion import Promotion

_SHORT_MAX = 20
_TOLD_MAX = 3


def told_promotion(
    promotion: Promotion, *, project: str, is_verbose: bool = False
) -> tuple[str, list[tuple[str, ...]]]:
    """Return a headline, and a row for each address that would move, with the reason."""
    plan = promotion.plan
    pointers = plan.intended.pointers if plan.intended else {}
    head = f"{project} · {plan.source} to {plan.target} · release {promotion.release} · {_commit(promotion)}"
    shown = [item for item in plan.moved if pointers[item.address].kind not in NOT_SHOWN]
    told = shown if is_verbose else shown[:_SHORT_MAX]
    rows: list[tuple[str, ...]] = [("promote", item.address, item.reason) for item in told]
    if len(shown) > len(told):
        rows.append(("promote", f"and {len(shown) - len(told):,} more", "--verbose lists them"))
    rows += renamed_row(plan.target, becomes_bare=plan.becomes_bare)
    rows += changed_rows(plan.properties, is_verbose=is_verbose)
    rows += [("remove", item.address, item.reason) for item in plan.removed]
    if promotion.kept:
        rows.append(("keep", counted(promotion.kept, "asset"), "built on what will be shown, from the same code"))
    return head, rows


def lines_of_promotion(promotion: Promotion, *, project: str, width: int, is_verbose: bool = False) -> list[str]:
    """Return what would move, and why, as lines."""
    head, rows = told_promotion(promotion, project=project, is_verbose=is_verbose)
    return [*wrapped(head, width, between=" · "), "", *aligned(rows, width=width)]


def nothing_text(promotion: Promotion, *, verb: str = "promote") -> tuple[str, str]:
    """Return what is said where nothing would move, and how to go on with ``verb``, where the source shows more."""
    source, target = promotion.plan.source, promotion.plan.target
    if not promotion.differs and promotion.plan.other_data:
        assets = listed(promotion.plan.other_data, _TOLD_MAX)
        return f"{target} shows {_code(promotion)} already; {source} has other data of {assets}: nothing to do.", ""
    if not promotion.differs:
        return f"{target} shows what {source} shows: nothing to do.", ""
    way_on = _way_on(promotion, verb)
    if not promotion.plan.serial:
        return f"{target} is new, and {_code(promotion)} has no assets for it. {source} shows some.", way_on
    others = promotion.plan.other_code
    other = f"shows something else: {listed(others, _TOLD_MAX)}" if others else "goes by other properties"
    return f"{target} shows {_code(promotion)} already. {source} {other}.", way_on


def _way_on(promotion: Promotion, verb: str) -> str:
    """Return how to go on where the source shows what the checked-out commit has not."""
    source, then = promotion.plan.source, f"then headgate {verb} {promotion.plan.source}"
    if promotion.elsewhere:
        commit = promotion.elsewhere[:7]
        return f"git switch --detach {commit}, which {source} shows (git fetch, if it is not here), {then}"
    if not promotion.is_clean:
        return f"commit what {source} shows, {then}"
    if promotion.elsewhere is not None:
        return f"check out the commit that has what {source} shows, {then}; or give that up: headgate apply {source}"
    return f"have {source} show {_code(promotion)}: headgate apply {source}"


def left_text(promotion: Promotion) -> str:
    """Return what the source shows and the commit does not have; empty where there is nothing."""
    if not promotion.left:
        return ""
    return f"{promotion.plan.source} also shows {listed(promotion.left)}: {_code(promotion)} does not have that."


def lines_of_live(promotion: Promotion) -> list[str]:
    """Return what the gate compared as it was once, and readers will see as it is."""
    return [
        f"{address} was compared as it was captured at {time_text(at)}; views show it as it is when it is read"
        for address, at in promotion.live.items()
    ]


def promise_text(promotion: Promotion) -> str:
    """Return what would be done, in one sentence."""
    where = f"(release {promotion.release}, {_commit(promotion)})"
    if _is_of_properties(promotion):
        return f"{promotion.plan.target} will go by other {properties_text(promotion.plan.properties)} {where}."
    shown = f"{promotion.plan.target} will show {_changes(promotion)} {where}, built and unchanged since."
    return f"{shown}{_aside(promotion)}"


def result_text(promotion: Promotion, seconds: float) -> str:
    """Return what was done; ``seconds`` is how long the switch took."""
    kept = f", {promotion.kept:,} as before" if promotion.kept else ""
    target = promotion.plan.target
    is_way_back = promotion.plan.serial or promotion.adopted
    back = f" Back again: headgate rollback {target}" if is_way_back else ""
    git = "" if promotion.commit else " It is recorded without a commit."
    told = properties_text(promotion.plan.properties) if promotion.plan.properties else ""
    if _is_of_properties(promotion):
        return f"{target}: no asset changes; {told}. Switched in {milliseconds_text(seconds)}.{git}{back}"
    kept += f"; other {told}" if told else ""
    return f"{target} now shows {_changes(promotion)}{kept}. Switched in {milliseconds_text(seconds)}.{git}{back}"


def _is_of_properties(promotion: Promotion) -> bool:
    """Tell whether nothing but properties becomes others."""
    plan = promotion.plan
    return bool(plan.properties) and not plan.moved and not plan.removed and plan.becomes_bare is None


def _aside(promotion: Promotion) -> str:
    """Return what becomes of tables of somebody else; empty where there are none in the way."""
    if not promotion.adopted:
        return ""
    gets = "gets another name" if len(promotion.adopted) == 1 else "get other names"
    return f" {listed(promotion.adopted)}, made by somebody else, {gets} until a rollback."


def _code(promotion: Promotion) -> str:
    return f"commit {promotion.commit[:7]}" if promotion.commit else "the repository"


def _commit(promotion: Promotion) -> str:
    if promotion.commit:
        return promotion.commit[:7]
    return "no commit yet" if promotion.is_git else "outside of git, so without a commit"


def _changes(promotion: Promotion) -> str:
    is_other = bool(promotion.removed) or promotion.plan.becomes_bare is not None
    parts = [counted(promotion.moved, "new asset")] if promotion.moved or not is_other else []
    parts += [f"{promotion.removed:,} fewer"] if promotion.removed else []
    if promotion.plan.becomes_bare is not None:
        parts += ["its schemas under other names"]
    return " and ".join(parts)
