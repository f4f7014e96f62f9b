"""A plan, and what came of applying it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.api.shown import WIDTH, Shown
from headgate.core.plan import Action
from headgate.words.checks import checks_text
from headgate.words.diagnostics import lines_of
from headgate.words.plan import STYLES, lines_of_plan, notes_of_empty, nothing_to_do, told_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.app.plan import Planned
    from headgate.core.address import Address
    from headgate.core.checks import Result
    from headgate.core.diagnostic import Diagnostic
    from headgate.core.plan import Reach, Step
    from headgate.core.records import Build


@dataclass(frozen=True, slots=True, repr=False)
class Plan(Shown):
    """What applying the working tree would do to an environment, and why. ``Project.apply`` carries it out.

    >>> import headgate
    >>> plan = headgate.open().plan("dev")
    >>> plan.is_empty
    False
    >>> [(step.address, step.cause.value) for step in plan.changes]
    [('marts.revenue', 'changed')]
    """

    _planned: Planned
    _root: Path

    @property
    def project(self) -> str:
        """The name of the project."""
        return self._planned.plan.project

    @property
    def environment(self) -> str:
        """The environment that it is for."""
        return self._planned.plan.environment

    @property
    def is_new(self) -> bool:
        """Whether the environment shows nothing yet."""
        return self._planned.is_new

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self._planned.plan.is_empty

    @property
    def steps(self) -> tuple[Step, ...]:
        """A step for each address, in the order of building; an empty plan may have none.

        Each has ``address``, ``kind``, ``action``, ``cause``, ``affected`` (columns whose values may differ), ``rows``
        and ``seconds`` as expected, ``owner`` and more: see ``headgate.core.plan.Step``.
        """
        return self._planned.plan.steps

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change what the environment shows."""
        return tuple(step for step in self.steps if step.action is not Action.KEEP)

    @property
    def reaches(self) -> tuple[Reach, ...]:
        """The exposures that the changes reach: ``address``, ``owner``, ``columns``, ``rows``."""
        return self._planned.plan.reaches

    @property
    def properties(self) -> Mapping[Address, tuple[str, ...]]:
        """What is declared otherwise than the environment goes by, as `lookback`, by address; it builds nothing."""
        return self._planned.plan.properties

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is not wrong and should be known."""
        return self._planned.warnings

    @property
    def stale(self) -> tuple[Diagnostic, ...]:
        """Why a plan that was read from a file can no longer be carried out; empty where it can."""
        return self._planned.stale

    @property
    def captured(self) -> Mapping[Address, str]:
        """When each table of the engine was read whose capture is kept: what came into it since is not seen."""
        return self._planned.captured

    def save(self, path: str | Path) -> None:
        """Leave the plan in a file, with the code that it was made from, for ``headgate apply --plan``.

        Raises ``Refused`` where a file was edited since it was made.
        """
        from headgate.app.plan import save

        save(self._planned, self._root, Path(path))

    def _lines(self) -> list[str]:
        stale = lines_of(self.stale)
        if self.is_empty:
            return [*stale, nothing_to_do(self._planned), *notes_of_empty(self._planned)]
        return [*stale, *([""] if stale else []), *lines_of_plan(self._planned, width=WIDTH)]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import lines, paragraph, table

        stale = lines(lines_of(self.stale))
        if self.is_empty:
            notes = notes_of_empty(self._planned)
            return (stale, paragraph(nothing_to_do(self._planned)), *(paragraph(note, "dim") for note in notes))
        head, changes, _, ends = told_plan(self._planned)
        return (stale, paragraph(head, "bold"), table(changes, ends, styles=STYLES))


@dataclass(frozen=True, slots=True, repr=False)
class Applied(Shown):
    """What an apply did: ``made`` are the builds that are new, ``seconds`` the whole time, ``text`` all in one line.

    ``checks`` are the results of the data tests of all that is shown: each has ``check``, ``outcome``, ``failures``,
    ``out_of`` and ``told``.

    Whoever has one has an environment that shows its plan: where anything fails, ``Project.apply`` raises.

    >>> import headgate
    >>> project = headgate.open()
    >>> done = project.apply(project.plan("dev"))
    >>> [(build.address, build.rows) for build in done.made]
    [('marts.revenue', 2)]
    """

    environment: str
    made: tuple[Build, ...]
    seconds: float
    text: str
    checks: tuple[Result, ...] = ()

    def _lines(self) -> list[str]:
        return [line for line in (self.text, checks_text(self.checks)) if line]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import paragraph, table
        from headgate.words.apply import BUILD_NUMBERS, row_of_build

        return (
            table([row_of_build(build) for build in self.made], right=BUILD_NUMBERS),
            *map(paragraph, self._lines()),
        )
