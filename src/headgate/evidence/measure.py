"""Measuring: what is not known yet of builds is asked of the engine, kept with them, and judged.

All that is asked of one build goes to the engine at once. An answer is kept under a key that says what it is about
(``keys.py``), so what was found of a build, or of the one that it replaces, is not looked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from headgate.core.address import Address, fold
from headgate.core.checks import Check, Compiled, Failed, Outcome, Result, Sample, judged
from headgate.core.errors import StatementFailed
from headgate.core.evidence import Evidence, evidence_from_text, evidence_to_text
from headgate.core.hashing import Digest, digest
from headgate.core.measures import Answer, Figure, Fragment, Measure, Newest, Of, Shown, digest_of, others_of
from headgate.core.ports.measuring import Measured, Unanswered
from headgate.core.ports.store import Lease, Reading, StateStore
from headgate.core.progress import Checked, Measuring, RunEvent, Started
from headgate.core.promises import DeclaredTest
from headgate.core.protection import HIDDEN, unquoted, without_protected
from headgate.core.records import Build, Collection
from headgate.evidence.keys import Understand, key_of
from headgate.evidence.tied import keep_tied

Ask: TypeAlias = Callable[[Measured, Sequence[Measure]], Mapping[Measure, Answer | Unanswered]]
"""Gives the answers to measures of a table."""

Show: TypeAlias = Callable[[Measured, Shown, int], Sample]
"""Gives some rows that fail a measure."""

_FAILING = (Outcome.FAIL, Outcome.WARN)

SAMPLE_ROWS, SAMPLE_ROWS_MAX, SAMPLES_MAX = 5, 100, 20
"""So many failing rows of a check are shown unless it says ``limit``; so many at most; of so many checks of a build."""

KEPT_AT_ONCE = 50
"""So many builds' evidence is written together."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A build with the checks of its asset, and the builds of others that they look at.

    ``like`` are builds that may have been measured before and have much in common with it: those that it replaces.
    ``unfit`` are tests that do not fit what is shown, each with why. ``protected`` are the columns whose values are not
    shown, folded. ``quotable`` is whose protected values an engine may quote that refuses what is asked: its own, or of
    something that is read.
    """

    build: Build
    checks: tuple[Check, ...]
    others: Mapping[Address, Build] = field(default_factory=dict)
    like: tuple[Digest, ...] = ()
    unfit: tuple[tuple[DeclaredTest, str], ...] = ()
    protected: frozenset[str] = frozenset()
    quotable: Address | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of some subjects: all answers by key, and which of them stand with each build itself."""

    answers: Mapping[Digest, Answer]
    own: Mapping[Digest, Evidence]


def known_of(subjects: Iterable[Subject], reading: Reading) -> Known:
    """Return what was measured of the subjects' builds, and of those that they are like. Cost: one look-up for all."""
    subjects = tuple(subjects)
    wanted = {one: None for s in subjects for one in (s.build.id, *s.like)}
    texts = reading.get(Collection.EVIDENCE, wanted) if wanted else {}
    found = {one: evidence_from_text(texts.get(one)) for one in wanted}
    answers = {key: answer for evidence in found.values() for key, answer in evidence.answers.items()}
    return Known(answers, {s.build.id: found[s.build.id] for s in subjects})


@dataclass(frozen=True, slots=True)
class Asking:
    """What is to be found out of one subject, by key; ``fleeting`` is found out each time, and not kept.

    ``secret`` are keys under which it may have been kept when it was no value of a protected column yet.
    """

    subject: Subject
    keys: Mapping[Measure, Digest]
    fleeting: tuple[Measure, ...]
    secret: frozenset[Digest] = frozenset()

    def lacking(self, answers: Mapping[Digest, Answer]) -> tuple[Measure, ...]:
        """Return what is not among ``answers``."""
        return (*(measure for measure, key in self.keys.items() if key not in answers), *self.fleeting)


def asking(subject: Subject, understood: Understand) -> Asking:
    """Return what the checks of a subject ask, each once."""
    measures = dict.fromkeys(measure for check in subject.checks for measure in check.compiled.measures)
    keys = {m: key_of(m, subject.build, subject.others, understood) for m in measures}
    secret = {m: key for m, key in keys.items() if key is not None and _is_secret(m, subject, understood)}
    lasting = {measure: key for measure, key in keys.items() if key is not None and measure not in secret}
    fleeting = tuple(measure for measure in keys if measure not in lasting)
    return Asking(subject, lasting, fleeting, frozenset(secret.values()))


def _is_secret(measure: Measure, subject: Subject, understood: Understand) -> bool:
    """Tell whether an answer is a value, or a figure over the values, of a protected column."""
    if isinstance(measure, Of):
        return measure.figure is not Figure.DISTINCT and fold(measure.column) in subject.protected
    if not isinstance(measure, Newest) or not subject.protected:
        return False
    read = understood(Fragment(measure.expression.text, is_condition=False), subject.build.shape).columns
    return not subject.protected.isdisjoint(map(fold, read))


def measure(
    asked: Sequence[Asking],
    known: Known,
    *,
    ask: Ask,
    relation_of: Callable[[Address], str],
    keep: Callable[[Mapping[Digest, Evidence]], None],
    report: Callable[[RunEvent], None],
    show: Show,
) -> Mapping[Address, tuple[Result, ...]]:
    """Find out what is not known, have it kept, and return what came of every check.

    ``ask`` is an engine's ``measure``; ``relation_of`` gives the SQL text of the rows of an address. ``keep`` is given
    the evidence of some builds at a time, so that an interruption loses little. ``show`` is an engine's ``failing``.
    Cost: the engine is asked only for what lacks, and for some rows of what fails.
    """
    results: dict[Address, tuple[Result, ...]] = {}
    own = dict(known.own)
    fresh: dict[Digest, Evidence] = {}
    if asked:
        report(Measuring("checks", len(asked)))
    try:
        for one in asked:
            subject = one.subject
            report(Started(subject.build.address))
            found = _found(one, known, ask, relation_of)
            fresh.update(_more(one, found, own))
            own.update(fresh)
            told = _with_samples(_results(subject, found), subject, show, relation_of)
            fresh.update(_with_kept(one, told, own))
            own.update(fresh)
            results[subject.build.address] = told
            report(Checked(subject.build.address))
            if len(fresh) >= KEPT_AT_ONCE:
                keep(fresh)
                fresh = {}
    finally:
        if fresh:
            keep(fresh)
    return results


def _with_samples(
    results: Sequence[Result], subject: Subject, show: Show, relation_of: Callable[[Address], str]
) -> tuple[Result, ...]:
    """Return results with some rows of those that fail."""
    found: list[Result] = []
    for result in results:
        shown, limit = result.check.compiled.shown, result.check.test.limit
        is_shown = result.outcome in _FAILING and sum(r.sample is not None for r in found) < SAMPLES_MAX
        if is_shown and shown is not None and limit != 0:
            table = _table(subject, (shown,), relation_of)
            with suppress(StatementFailed):  # that it fails is known, and what an engine says may hold a value
                rows = show(table, shown, min(limit or SAMPLE_ROWS, SAMPLE_ROWS_MAX))
                result = replace(result, sample=without_protected(rows, subject.protected))
        found.append(result)
    return tuple(found)


def known_results(asked: Sequence[Asking], known: Known) -> Mapping[Address, tuple[Result, ...]]:
    """Return what is known to come of every check, without asking anybody; of what was not measured it is unknown."""
    results: dict[Address, tuple[Result, ...]] = {}
    for one in asked:
        found = _known_answers(one, known)
        samples = known.own[one.subject.build.id].samples
        results[one.subject.build.address] = tuple(_sampled(one, r, samples) for r in _results(one.subject, found))
    return results


def _sampled(one: Asking, result: Result, samples: Mapping[Digest, Sample]) -> Result:
    """Return a result that fails with the rows that were kept of it; what has become protected since is not shown."""
    key = _sample_key(one, result.check) if samples and result.outcome in _FAILING else None
    kept = samples.get(key) if key is not None else None
    return result if kept is None else replace(result, sample=without_protected(kept, one.subject.protected))


def _sample_key(one: Asking, check: Check) -> Digest | None:
    """Return the key under which failing rows of a check are kept; None where its answers are not."""
    shown, keys = check.compiled.shown, [one.keys.get(measure, "") for measure in check.compiled.measures]
    return digest("sample", digest_of(shown), *keys) if shown is not None and all(keys) else None


def _with_kept(one: Asking, results: Sequence[Result], own: Mapping[Digest, Evidence]) -> Mapping[Digest, Evidence]:
    """Return the evidence of a build with the failing rows of the checks that say ``store_failures``, if any is new."""
    evidence = own[one.subject.build.id]
    samples = {
        key: result.sample
        for result in results
        if result.sample is not None and result.check.test.keeps_failures
        if (key := _sample_key(one, result.check)) is not None
    }
    if samples.items() <= evidence.samples.items():
        return {}
    return {one.subject.build.id: replace(evidence, samples={**evidence.samples, **samples})}


def _results(subject: Subject, found: Mapping[Measure, Answer | Unanswered]) -> tuple[Result, ...]:
    """Return what comes of every check, and of the tests that do not fit."""
    absent = (
        Result(Check(subject.build.address, test, Compiled((), lambda _: Failed(0, 0))), Outcome.ABSENT, told=why)
        for test, why in subject.unfit
    )
    results = (result_of(check, found) for check in subject.checks)
    told = (_untold(one) if _tells(one.check, subject.protected) else one for one in results)
    return (*told, *absent)


def _untold(result: Result) -> Result:
    """Return a result that tells no value of what was found; what is demanded stands in the repository."""
    demand = result.check.compiled.demands if result.outcome in _FAILING else ""
    return replace(result, told=f"{HIDDEN}, must be {demand}" if demand else HIDDEN)


def _tells(check: Check, protected: frozenset[str]) -> bool:
    """Tell whether what is told of a check may be a value, or a figure, of a protected column."""
    if not protected:
        return False
    figures = (m for m in check.compiled.measures if isinstance(m, Of) and m.figure is not Figure.DISTINCT)
    is_newest = any(isinstance(measure, Newest) for measure in check.compiled.measures)
    return is_newest or any(fold(measure.column) in protected for measure in figures)


def _known_answers(one: Asking, known: Known) -> dict[Measure, Answer | Unanswered]:
    return {measure: known.answers[key] for measure, key in one.keys.items() if key in known.answers}


def result_of(check: Check, found: Mapping[Measure, Answer | Unanswered]) -> Result:
    """Return what the answers say of a check; unknown where one of them is not there."""
    answers: list[Answer] = []
    for one in check.compiled.measures:
        answer = found.get(one, Unanswered("it was not measured"))
        if isinstance(answer, Unanswered):
            return Result(check, Outcome.UNKNOWN, told=answer.why)
        answers.append(answer)
    return judged(check, check.compiled.read(answers))


def _found(
    one: Asking, known: Known, ask: Ask, relation_of: Callable[[Address], str]
) -> Mapping[Measure, Answer | Unanswered]:
    subject = one.subject
    found = _known_answers(one, known)
    lacking = one.lacking(known.answers)
    if lacking:
        found.update(ask(_table(subject, lacking, relation_of), lacking))
    if subject.quotable is not None:  # an engine's words may hold the value that it could not read
        told = Unanswered(f"the engine refused it; {unquoted(subject.quotable)}")
        found.update({m: told for m, answer in found.items() if isinstance(answer, Unanswered)})
    return found


def _table(subject: Subject, measures: Sequence[Measure], relation_of: Callable[[Address], str]) -> Measured:
    """Return the table of a subject as measures look at it."""
    others = {other: relation_of(other) for measure in measures for other in others_of(measure)}
    types = {column.name: column.type for column in subject.build.shape}
    return Measured(relation_of(subject.build.address), types, others)


def _more(
    one: Asking, found: Mapping[Measure, Answer | Unanswered], own: Mapping[Digest, Evidence]
) -> Mapping[Digest, Evidence]:
    """Return all that is known of a build now, where that is not what stands with it.

    Values of columns that are protected by now are taken away from what was kept before.
    """
    build = one.subject.build.id
    before = own[build]
    lasting = {one.keys[m]: a for m, a in found.items() if m in one.keys and not isinstance(a, Unanswered)}
    answers = {key: answer for key, answer in {**before.answers, **lasting}.items() if key not in one.secret}
    samples = {key: without_protected(rows, one.subject.protected) for key, rows in before.samples.items()}
    after = replace(before, answers=answers, samples=samples)
    return {} if after == before else {build: after}


def keeping(store: StateStore, lease: Lease) -> Callable[[Mapping[Digest, Evidence]], None]:
    """Return what writes evidence into a state, tied to its log; it raises ``LeaseLost`` where the lease was lost."""

    def keep(evidence: Mapping[Digest, Evidence]) -> None:
        texts = {str(build): evidence_to_text(one) for build, one in evidence.items()}
        keep_tied(store, Collection.EVIDENCE, texts, {"at": lease.since, "by": lease.holder}, lease=lease)

    return keep
