"""The words of a plan: what changes and why, what is kept, what that reaches, what it costs."""

from __future__ import annotations

from typing import NamedTuple

from headgate.app.plan import Planned
from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN, Kind
from headgate.core.gate import Level
from headgate.core.listing import listed
from headgate.core.plan import Action, Cause, Plan, Step
from headgate.core.properties import PropertyChanges
from headgate.words.figures import age_text, counted, renamed_row, rows_text, seconds_text
from headgate.words.layout import aligned, styled, widths_of, wrapped
from headgate.words.properties import changed_rows

SHORT_MAX = 20
"""So many addresses are listed under one word; the others are counted."""

CAPTURES_MAX = 3
"""So many captures are listed, the oldest; the others are counted."""

STYLES = {
    "change": "yellow", "new": "green", "rebuild": "cyan", "capture": "cyan", "reorder": "yellow", "remove": "red",
    "switch": "cyan", "rename": "yellow", "reuse": "dim", "keep": "dim", "loses": "red",
    "needs": "yellow",
}  # fmt: skip
"""How the words are shown that begin a row."""


def nothing_to_do(planned: Planned) -> str:
    """Return what is said of an empty plan."""
    plan = planned.plan
    if any(not step.is_selected for step in plan.steps):
        return f"{plan.environment} equals the working tree in what was selected: nothing to do."
    if not planned.shows and not plan.steps:
        return f"{plan.environment} shows nothing, and the working tree has no assets."
    return f"{plan.environment} equals the working tree: nothing to do."


class PlanTold(NamedTuple):
    """A plan as rows of cells: word, what, why, effect. ``kept`` is filled in where every address is told."""

    head: str
    changes: list[tuple[str, ...]]
    kept: list[tuple[str, ...]]
    ends: list[tuple[str, ...]]


def told_plan(planned: Planned, *, is_verbose: bool = False) -> PlanTold:
    """Return the plan as people read it: what changes, what is kept, what that reaches, what it costs."""
    plan = planned.plan
    switched = switched_in(planned)
    rows = [*_changes(plan, switched, is_verbose=is_verbose), *_losses(plan)]
    rows += renamed_row(plan.environment, becomes_bare=plan.becomes_bare)
    rows += changed_rows(_beside_changes(plan), is_verbose=is_verbose)
    rows += [] if is_verbose else _kept(plan, switched, left_out=planned.left_out)
    kept = _kept_one_by_one(plan, switched) if is_verbose else []
    return PlanTold(
        headline(planned), rows, kept, [*_reaches(plan), *_needs(planned), *_captured(planned), *_expectations(plan)]
    )


def _beside_changes(plan: Plan) -> PropertyChanges:
    """Return the properties of what is kept, and tests that are queries: what is built goes by its new ones at once."""
    made = {step.address for step in plan.steps if step.action not in (Action.KEEP, Action.REUSE)}
    return {address: names for address, names in plan.properties.items() if address not in made}


def lines_of_plan(planned: Planned, *, width: int, is_verbose: bool = False) -> list[str]:
    """Return the plan as lines, what it changes and what that reaches under the same columns."""
    head, changes, kept, ends = told_plan(planned, is_verbose=is_verbose)
    widths = widths_of([("rebuild",), *changes, *ends])
    parts = [
        aligned(changes, width=width, widths=widths),
        aligned(kept, width=width),
        aligned(ends, width=width, widths=widths),
    ]
    lines = wrapped(head, width, between=" · ")
    for part in filter(None, parts):
        lines += ["", *(_coloured(line) for line in part)]
    return lines


def notes_of_empty(planned: Planned) -> list[str]:
    """Return what is told beside an empty plan: how old the captures are that are kept; the first step of all."""
    if not planned.shows and not planned.plan.steps:
        return [f"Next: write assets/SCHEMA/NAME.sql, then headgate plan {planned.plan.environment}"]
    return [f"{name} {captured}" + (f"; {hint}" if hint else "") for _, name, captured, hint in _captured(planned)]


def headline(planned: Planned) -> str:
    """Return project, environment, commit, and what it stands beside."""
    plan = planned.plan
    origin = plan.origin
    code = "outside of git"
    if origin.is_git:
        code = origin.commit[:7] or "no commit yet"
        if origin.dirty:
            code += f" and {counted(len(origin.dirty), 'changed file')}"
    parts = [plan.project, plan.environment + (" (new)" if planned.is_new else ""), code]
    if plan.beside is not None and plan.beside[1]:
        parts.append(f"beside {plan.beside[0]} (release {plan.beside[1]})")
    return " · ".join(parts)


def switched_in(planned: Planned) -> frozenset[Address]:
    """Return what the environment shows otherwise afterwards although nothing is built: the build is there already.

    A new environment shows nothing yet; there the builds that it shares are counted, not listed.
    """
    if planned.is_new:
        return frozenset()
    steps = planned.plan.doing(Action.REUSE)
    return frozenset(s.address for s in steps if s.replaces is not None or s.kind not in NOT_SHOWN)


def _changes(plan: Plan, switched: frozenset[Address], *, is_verbose: bool) -> list[tuple[str, ...]]:
    by_word: dict[str, list[Step]] = {}
    for step in plan.steps:
        if step.address in switched or step.action not in (Action.KEEP, Action.REUSE):
            by_word.setdefault(told_step(step, switched).word, []).append(step)
    order = ("change", "new", "reorder", "rebuild", "load", "switch", "capture", "remove")
    rows: list[tuple[str, ...]] = []
    for word in sorted(by_word, key=lambda w: order.index(w) if w in order else len(order)):
        steps = by_word[word]
        shown = steps if is_verbose else steps[:SHORT_MAX]
        for step in shown:
            told = told_step(step, switched)
            rows.append((word, step.address, told.reason, told.effect))
        if len(steps) > len(shown):
            rows.append((word, f"and {len(steps) - len(shown):,} more", "", "--verbose lists them"))
    return rows


class StepTold(NamedTuple):
    """What a plan says of a step, in text and in JSON alike."""

    word: str
    reason: str
    effect: str


def told_step(step: Step, switched: frozenset[Address]) -> StepTold:
    """Return what is said of a step; ``switched`` are the addresses that ``switched_in`` gives."""
    from headgate.plan.explain import effect_of, reason_of, word_of

    if step.address in switched:
        word = _word_of_switch(step)
        return StepTold(word, _reason(step, word, reason_of(step)), "built already")
    if step.action in (Action.KEEP, Action.REUSE):
        return StepTold("reuse" if step.is_selected else word_of(step), reason_of(step) or "unchanged", "")
    word = word_of(step)
    return StepTold(word, _reason(step, word, reason_of(step)), _effect(step, effect_of(step)))


def _word_of_switch(step: Step) -> str:
    if step.replaces is None:
        return "new"
    return "change" if step.cause is Cause.CHANGED else "switch"


def kind_text(kind: Kind) -> str:
    """Return a kind of asset with its article.

    >>> kind_text(Kind.INCREMENTAL), kind_text(Kind.UNCHECKED)
    ('an incremental', 'rows before tests')
    """
    if kind is Kind.UNCHECKED:
        return "rows before tests"
    return f"{'an' if kind.value[0] in 'aeiou' else 'a'} {kind.value}"


def _reason(step: Step, word: str, reason: str) -> str:
    """Return the reason; what is new needs none, so its kind stands there. What was added says why it was."""
    is_plain = reason == "new" or step.action is Action.REUSE
    told = kind_text(step.kind) if is_plain and word in ("new", "capture") else reason
    return f"{told}; added: {step.added}" if step.added and step.added != told else told


def _effect(step: Step, effect: str) -> str:
    """Return the effect; a place on a file's first line is the file's."""
    place = step.place
    return place.path if place is not None and effect == str(place) and place.line <= 1 else effect


def _losses(plan: Plan) -> list[tuple[str, ...]]:
    """Return what can be read now and not, or not in the same way, afterwards."""
    rows: list[tuple[str, ...]] = []
    for step in plan.steps:
        difference = step.difference
        if step.is_destructive and step.action is not Action.REMOVE and difference is not None:
            types = {column.name: column.type for column in step.shape}
            retyped = (f"the type of {c}, now {types[c]}" for c in difference.columns_retyped)
            gone = [*difference.columns_removed, *retyped]
            what = listed(gone) if gone else f"what it was: it is a {step.kind.value} now"
            rows.append(("loses", step.address, what, "its readers may break"))
        if step.load is not None and step.load.lost:
            rows.append(("loses", step.address, listed([str(one) for one in step.load.lost]), "it begins later now"))
    return rows


def _kept(plan: Plan, switched: frozenset[Address], *, left_out: int) -> list[tuple[str, ...]]:
    kept = plan.doing(Action.KEEP, Action.REUSE)
    found = [s for s in kept if s.kind not in NOT_SHOWN and s.address not in switched]
    selected = [step for step in found if step.is_selected]
    rows: list[tuple[str, ...]] = []
    if selected or left_out:
        rows.append(("reuse", counted(len(selected) + left_out, "asset"), _why_kept(plan)))
    if len(found) > len(selected):
        rows.append(("keep", counted(len(found) - len(selected), "asset"), "not selected"))
    return rows


def _why_kept(plan: Plan) -> str:
    """Return why what is reused is safe, in one line."""
    columns: list[str] = []
    moved = [step for step in plan.steps if step.action is not Action.KEEP and step.is_selected]
    for step in moved:
        difference = step.difference
        if difference is not None and step.cause.value == "changed":
            columns += [*difference.columns_changed, *difference.columns_removed, *difference.columns_retyped]
    named = listed(tuple(dict.fromkeys(columns)), 3)
    if named:
        return f"none depends on {named} or on changed rows"
    shared = [step for step in plan.doing(Action.REUSE) if step.kind not in NOT_SHOWN]
    if shared and plan.beside is not None and plan.beside[1]:
        return "they are built already"
    return "nothing that they read changes"


def _kept_one_by_one(plan: Plan, switched: frozenset[Address]) -> list[tuple[str, ...]]:
    kept = [step for step in plan.doing(Action.KEEP, Action.REUSE) if step.address not in switched]
    return [(told.word, step.address, told.reason) for step in kept for told in (told_step(step, switched),)]


def _reaches(plan: Plan) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for reach in plan.reaches:
        columns = [name for names in reach.columns.values() for name in names]
        what = listed(columns) if columns else "its rows may change"
        rows.append(("reaches", reach.address, f"owner: {reach.owner}" if reach.owner else "no owner", what))
    return rows


def _needs(planned: Planned) -> list[tuple[str, ...]]:
    """Return what the gate will ask for, as far as a plan tells."""
    rows: list[tuple[str, ...]] = []
    for need in planned.needs:
        what = "mending" if need.level is Level.BLOCK else f"{need.owner or 'somebody'} to agree"
        told: dict[Address, list[str]] = {}
        for one in need.findings:
            told.setdefault(one.address, []).append(one.told)
        rows.append(
            (
                "needs" if need.is_certain else "may need",
                what,
                listed([f"{address}: {listed(texts, 2)}" for address, texts in told.items()], 2),
            )
        )
    return rows


def _captured(planned: Planned) -> list[tuple[str, ...]]:
    """Return how old the captures are that are kept: of tables of the engine, which are not looked at again."""
    from headgate.app.ages import age_seconds

    rows: list[tuple[str, ...]] = [
        ("reads", address, f"captured {age_text(age_seconds(at))}", "--refresh looks again")
        for address, at in planned.captured.items()
    ]
    more = len(rows) - CAPTURES_MAX
    return rows if more <= 0 else [*rows[:CAPTURES_MAX], ("reads", f"and {more:,} more", "captured later", "")]


def _expectations(plan: Plan) -> list[tuple[str, ...]]:
    builds = plan.doing(Action.BUILD, Action.LOAD, Action.CAPTURE)
    tables = [s for s in builds if s.kind is not Kind.VIEW]
    if not tables:
        return []
    made = sum(s.action is not Action.CAPTURE for s in tables)
    captures, views = len(tables) - made, len(builds) - len(tables)
    counts = [counted(made, "build")] if made else []
    counts += [counted(captures, "capture")] if captures else []
    counts += [counted(views, "view")] if views else []
    what, *more = counts
    known = [s for s in tables if s.seconds is not None]
    if len(known) < len(tables):
        return [("expect", what, ", ".join(more))]
    more.append(rows_text(sum(s.rows or 0 for s in known)))
    more.append(f"about {seconds_text(sum(s.seconds or 0.0 for s in known))}")
    return [("expect", what, ", ".join(more), "from recorded builds")]


def _coloured(line: str) -> str:
    word, _, rest = line.strip().partition(" ")
    style = STYLES.get(word)
    if style is None or not line.startswith("  ") or line.startswith("   "):
        return line
    return f"  {styled(word, style)} {rest}" if style != "dim" else styled(line, "dim")
