"""`headgate promote`, and `headgate plan prod`: what a release would change, and what it did."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from headgate.cli.opening import demand_answer, with_repository
from headgate.cli.terminal import Terminal, aligned, wrapped
from headgate.cli.words import counted, milliseconds_text, renamed_row

if TYPE_CHECKING:
    from headgate.app.promote import Promotion
    from headgate.app.repository import Repository
    from headgate.app.session import Session

_SHORT_MAX = 20


def run(options: Namespace, terminal: Terminal) -> int:
    """Say what would change, ask, switch, say what was done."""
    from headgate.app.promote import plan_promotion, promote, target_of

    session, repository = with_repository(options, terminal)
    with session:
        session.settle(target_of(session, options.source, options.to))
        promotion = plan_promotion(session, repository, source=options.source, to=options.to)
        _warn(promotion, terminal)
        if promotion.plan.is_empty:
            # What dev shows beside the commit cannot be released: somebody who meant to release it must hear of it.
            status = 1 if promotion.differs else 0
            if terminal.is_json:
                return _json(promotion, None, 0.0, terminal, status=status)
            _tell_nothing(promotion, terminal)
            return status
        _tell_left(promotion, terminal)
        demand_answer(terminal)
        if not terminal.says_yes and not terminal.ask(f"{_promise(promotion)} Go on?"):
            terminal.complain("Nothing was done.")
            return 1
        done = promote(session, repository, promotion, wait_seconds=options.wait)
        if terminal.is_json:
            return _json(done.promotion, done.move, done.switch_seconds, terminal)
        terminal.write(_result(done.promotion, done.switch_seconds))
        return 0


def show_promotion(
    session: Session, repository: Repository, target: str, options: Namespace, terminal: Terminal
) -> int:
    """Show what promoting dev to ``target`` would do; for ``headgate plan prod``."""
    from headgate.app.promote import plan_promotion
    from headgate.core.errors import UsageError

    if options.select or options.refresh is not None or options.out:
        raise UsageError(f"{target} is protected: a promotion takes over all of dev, and is not saved")
    promotion = plan_promotion(session, repository, source="dev", to=target)
    status = 10 if options.exit_code and not promotion.plan.is_empty else 0
    if terminal.is_json:
        _json(promotion, None, 0.0, terminal, command="plan", status=status)
        return status
    _warn(promotion, terminal)
    if promotion.plan.is_empty:
        _tell_nothing(promotion, terminal)
        return status
    for line in lines_of_promotion(
        promotion, project=session.config.name, width=terminal.width, is_verbose=options.verbose
    ):
        terminal.write(line)
    terminal.say()
    terminal.say("Next: headgate promote dev" + ("" if len(session.protected()) == 1 else f" --to {target}"))
    return status


def _tell_left(promotion: Promotion, terminal: Terminal) -> None:
    from headgate.core.listing import listed

    if promotion.left:
        code = f"commit {promotion.commit[:7]}" if promotion.commit else "the repository"
        terminal.say(f"{promotion.plan.source} also shows {listed(promotion.left)}: {code} does not have that.")


def _tell_nothing(promotion: Promotion, terminal: Terminal) -> None:
    source, target = promotion.plan.source, promotion.plan.target
    if not promotion.differs:
        terminal.write(f"{target} shows what {source} shows: nothing to do.")
        return
    code = f"commit {promotion.commit[:7]}" if promotion.commit else "the repository"
    terminal.write(f"{target} shows {code} already. {source} shows something else.")
    terminal.say(f"Next: commit what {source} shows, then headgate promote {source}")


def lines_of_promotion(promotion: Promotion, *, project: str, width: int, is_verbose: bool) -> list[str]:
    """Return what would move, and why."""
    from headgate.core.declarations import Kind

    plan = promotion.plan
    pointers = plan.intended.pointers if plan.intended else {}
    head = f"{project} · {plan.source} to {plan.target} · release {promotion.release} · {_commit(promotion)}"
    shown = [item for item in plan.moved if pointers[item.address].kind is not Kind.SOURCE]
    listed = shown if is_verbose else shown[:_SHORT_MAX]
    rows: list[tuple[str, ...]] = [("promote", item.address, item.reason) for item in listed]
    if len(shown) > len(listed):
        rows.append(("promote", f"and {len(shown) - len(listed):,} more", "--verbose lists them"))
    rows += renamed_row(plan.target, becomes_bare=plan.becomes_bare)
    rows += [("remove", item.address, item.reason) for item in plan.removed]
    if promotion.kept:
        rows.append(("keep", counted(promotion.kept, "asset"), "built on what will be shown, from the same code"))
    return [*wrapped(head, width, between=" · "), "", *aligned(rows, width=width)]


def _commit(promotion: Promotion) -> str:
    if promotion.commit:
        return promotion.commit[:7]
    return "no commit yet" if promotion.is_git else "outside of git, so without a commit"


def _promise(promotion: Promotion) -> str:
    where = f"(release {promotion.release}, {_commit(promotion)})"
    return f"{promotion.plan.target} will show {_changes(promotion)} {where}, built and unchanged since."


def _changes(promotion: Promotion) -> str:
    is_other = bool(promotion.removed) or promotion.plan.becomes_bare is not None
    parts = [counted(promotion.moved, "new asset")] if promotion.moved or not is_other else []
    parts += [f"{promotion.removed:,} fewer"] if promotion.removed else []
    if promotion.plan.becomes_bare is not None:
        parts += ["its schemas under other names"]
    return " and ".join(parts)


def _result(promotion: Promotion, seconds: float) -> str:
    kept = f", {promotion.kept:,} as before" if promotion.kept else ""
    target = promotion.plan.target
    back = f" Back again: headgate rollback {target}" if promotion.plan.serial else ""
    git = "" if promotion.commit else " It is recorded without a commit."
    return f"{target} now shows {_changes(promotion)}{kept}. Switched in {milliseconds_text(seconds)}.{git}{back}"


def _warn(promotion: Promotion, terminal: Terminal) -> None:
    from headgate.cli.views.diagnostics import lines_of

    if not terminal.is_json:
        for line in lines_of(promotion.plan.diagnostics):
            terminal.complain(line)


def _json(
    promotion: Promotion, move: Any, seconds: float, terminal: Terminal, *, command: str = "promote", status: int = 0
) -> int:
    from headgate.cli.envelope import print_envelope
    from headgate.core.json_form import plain

    plan = promotion.plan
    body = {
        "source": plan.source, "target": plan.target, "serial": move.serial if move else plan.serial,
        "commit": promotion.commit, "is_empty": plan.is_empty, "is_done": move is not None,
        "moved": plain(plan.moved), "removed": plain(plan.removed), "kept": list(plan.kept),
        "switch_seconds": round(seconds, 4), "becomes_bare": plan.becomes_bare,
    }  # fmt: skip
    return print_envelope(terminal, command, body, status=status, diagnostics=plan.diagnostics)
