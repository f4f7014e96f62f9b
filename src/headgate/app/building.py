"""Plans carried out under a lease, with the engine, clock and Python of a session; what comes out equal is spared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.graph import Node
from headgate.core.plan import Action, Plan

if TYPE_CHECKING:
    from headgate.app.session import Held, Session
    from headgate.core.ports.python import PythonRunner
    from headgate.core.progress import RunEvent
    from headgate.run.outcome import Outcome


def carried_out(
    session: Session,
    plan: Plan,
    held: Held,
    *,
    report: Callable[[RunEvent], None],
    root: Path | None = None,
    threads: int = 0,
    is_shown: bool = True,
) -> Outcome:
    """Return the builds of a plan; what reads only what came out equal is not made.

    Not ``is_shown``: no environment will show them, so nothing gives way to them, and nothing is spared. ``root`` is
    where the plan's code is, unless that is the project's folder. Raises what ``run.carry_out`` does.
    """
    from headgate.app.measured.equating import Equating
    from headgate.app.session import nonce, now
    from headgate.run.carry_out import carry_out
    from headgate.run.cut_off import nothing_equal
    from headgate.run.later_loads import nothing_forgotten

    equating = Equating(held)
    outcome = carry_out(
        plan,
        store=held.store,
        engine=held.engine,
        lease=held.lease,
        clock=now,
        nonce=nonce,
        root=str(root or session.root),
        report=report,
        threads=threads,
        runner=_runner(session, plan, root),
        forget=held.forget_loads if is_shown else nothing_forgotten,
        equate=equating.equate if is_shown else nothing_equal,
    )
    equating.keep()
    return outcome


def _runner(session: Session, plan: Plan, root: Path | None) -> PythonRunner | None:
    """Return what calls the functions among the plan's steps; None where there are none."""
    from headgate.core.python import PythonBody

    nodes = (step.node for step in plan.doing(Action.BUILD))
    if not any(isinstance(node, Node) and isinstance(node.body, PythonBody) for node in nodes):
        return None
    return session.runner(root)
