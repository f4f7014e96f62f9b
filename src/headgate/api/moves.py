"""What promote, rollback and gc would do, and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.api.shown import WIDTH, Shown
from headgate.words.diagnostics import lines_of
from headgate.words.gc import rows_of, what_text
from headgate.words.layout import aligned
from headgate.words.plan import STYLES
from headgate.words.promote import left_text, lines_of_promotion, nothing_text, told_promotion
from headgate.words.rollback import nothing_text as nothing_to_roll_back
from headgate.words.rollback import promise_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.app import gc, rollback
    from headgate.app.releasing import promotion
    from headgate.core.address import Address
    from headgate.core.diagnostic import Diagnostic
    from headgate.release.promote import Promoted


@dataclass(frozen=True, slots=True, repr=False)
class Promotion(Shown):
    """What a promotion would do. ``Project.promote`` carries it out.

    >>> import headgate
    >>> project = headgate.open()
    >>> done = project.apply("dev", yes=True)
    >>> promotion = project.plan_promotion("dev")
    >>> promotion.target, promotion.release, [item.address for item in promotion.moved]
    ('prod', 2, ['marts.revenue'])
    """

    _promotion: promotion.Promotion
    _project: str

    @property
    def source(self) -> str:
        """The environment that is taken over from."""
        return self._promotion.plan.source

    @property
    def target(self) -> str:
        """The environment that changes."""
        return self._promotion.plan.target

    @property
    def release(self) -> int:
        """The number that the release will have."""
        return self._promotion.release

    @property
    def commit(self) -> str:
        """The commit whose code is promoted; empty outside of git."""
        return self._promotion.commit

    @property
    def is_empty(self) -> bool:
        """Whether the target shows all of it already."""
        return self._promotion.plan.is_empty

    @property
    def moved(self) -> tuple[Promoted, ...]:
        """The addresses that will show another build: ``address``, ``before``, ``after``, ``reason``."""
        return self._promotion.plan.moved

    @property
    def removed(self) -> tuple[Promoted, ...]:
        """The addresses that will be gone."""
        return self._promotion.plan.removed

    @property
    def properties(self) -> Mapping[Address, tuple[str, ...]]:
        """What is declared otherwise than the target goes by, as `lookback`, by address; it builds nothing."""
        return self._promotion.plan.properties

    @property
    def kept(self) -> int:
        """How many assets stay as they are."""
        return self._promotion.kept

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is not wrong and should be known."""
        return self._promotion.plan.diagnostics

    def _notes(self) -> list[str]:
        if not self.is_empty:
            return [left] if (left := left_text(self._promotion)) else []
        text, way_on = nothing_text(self._promotion)
        return [text, f"Next: {way_on}"] if way_on else [text]

    def _lines(self) -> list[str]:
        lines = lines_of(self.warnings)
        if not self.is_empty:
            lines += lines_of_promotion(self._promotion, project=self._project, width=WIDTH)
        return [*lines, *self._notes()]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import lines, paragraph, table

        notes = [paragraph(note) for note in self._notes()]
        if self.is_empty:
            return (lines(lines_of(self.warnings)), *notes)
        head, rows = told_promotion(self._promotion, project=self._project)
        return (lines(lines_of(self.warnings)), paragraph(head, "bold"), table(rows, styles=STYLES), *notes)


@dataclass(frozen=True, slots=True, repr=False)
class Rollback(Shown):
    """What a rollback would do. ``Project.rollback`` carries it out.

    >>> import headgate
    >>> project = headgate.open()
    >>> done = project.apply("dev", yes=True)
    >>> rollback = project.plan_rollback("dev")
    >>> rollback.restores, rollback.changed
    (1, ('marts.revenue',))
    """

    _rollback: rollback.Rollback

    @property
    def environment(self) -> str:
        """The environment that changes."""
        return self._rollback.plan.environment

    @property
    def restores(self) -> int:
        """The number of the release that is shown again."""
        return self._rollback.plan.restores

    @property
    def is_empty(self) -> bool:
        """Whether that is what is shown now."""
        return self._rollback.plan.intended is None

    @property
    def changed(self) -> tuple[Address, ...]:
        """The addresses that will show another build, captures of sources included."""
        return tuple(self._rollback.plan.changes)

    @property
    def is_same_data(self) -> bool:
        """Whether the source data stays as it is; otherwise that of then comes back."""
        return self._rollback.is_same_data

    def _lines(self) -> list[str]:
        return [nothing_to_roll_back(self._rollback) if self.is_empty else promise_text(self._rollback)]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph

        return tuple(paragraph(line) for line in self._lines())


@dataclass(frozen=True, slots=True, repr=False)
class Released(Shown):
    """What a promotion or a rollback did: ``release`` is the number of what the environment shows now.

    Not ``is_done``: it showed that already. ``seconds`` is how long the switch took, ``text`` all of it in words.

    >>> import headgate
    >>> project = headgate.open()
    >>> done = project.apply("dev", yes=True)
    >>> released = project.promote(project.plan_promotion("dev"))
    >>> released.environment, released.release, released.is_done
    ('prod', 2, True)
    """

    environment: str
    release: int
    is_done: bool
    seconds: float
    text: str

    def _lines(self) -> list[str]:
        return self.text.splitlines()

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph

        return tuple(paragraph(line) for line in self._lines())


@dataclass(frozen=True, slots=True, repr=False)
class Garbage(Shown):
    """What a collection would drop, or dropped (``is_dropped``). ``Project.gc`` drops it.

    >>> import headgate
    >>> garbage = headgate.open().plan_gc(drop=["dev"])
    >>> garbage.environments, garbage.is_dropped
    (('dev',), False)
    """

    _collected: gc.Collected
    _drop: tuple[str, ...]
    is_dropped: bool

    @property
    def engine(self) -> str:
        """The engine that it is in."""
        return self._collected.engine

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that go."""
        return self._collected.plan.environments

    @property
    def builds(self) -> tuple[Address, ...]:
        """The address of each build that goes; one that was built several times stands there as often."""
        return tuple(item.address for item in self._collected.plan.garbage)

    @property
    def bytes(self) -> int:
        """What the tables take together, as far as was recorded."""
        return self._collected.plan.bytes

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to drop."""
        return self._collected.plan.is_empty

    def _sum(self) -> str:
        if self.is_empty:
            return "Nothing to drop."
        what = what_text(self._collected)
        return f"Dropped {what}." if self.is_dropped else f"{what} would go."

    def _lines(self) -> list[str]:
        return [*aligned(rows_of(self._collected), width=WIDTH), self._sum()]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph, table

        return (table(rows_of(self._collected)), paragraph(self._sum()))
