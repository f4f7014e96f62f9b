"""What unit tests found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.api.shown import Shown

if TYPE_CHECKING:
    from headgate.app import test
    from headgate.core.diagnostic import Diagnostic
    from headgate.trial.verdict import Tried


@dataclass(frozen=True, slots=True, repr=False)
class Tested(Shown):
    """How each unit test ended: ``passed``, ``failed``, ``faulty`` (it could not be run) or ``skipped``.

    Where one failed, its ``difference`` has the rows that are ``missing``, ``unexpected`` and ``changed``.

    >>> import headgate
    >>> tested = headgate.open().test()
    >>> [(one.test.name, one.outcome.value) for one in tested]
    [('adds_up', 'failed')]
    >>> tested  # doctest: +ELLIPSIS
    failed  marts.revenue  adds_up  tests/revenue.yml:2
      1 changed
                  customer  total
        expected  ada          15
        came      ada          30
                               ^^
    <BLANKLINE>
    1 test: 1 failed
    """

    _tested: test.Tested

    def __iter__(self) -> Iterator[Tried]:
        return iter(self._tested.tried)

    def __len__(self) -> int:
        return len(self._tested.tried)

    @property
    def is_good(self) -> bool:
        """Whether no test failed, and none could not be run."""
        return self._tested.is_good

    @property
    def failed(self) -> int:
        """How many failed, or could not be run."""
        from headgate.trial.verdict import Outcome

        return self._tested.count(Outcome.FAILED) + self._tested.count(Outcome.FAULTY)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Faults in files that hold tests: what is faulty there is not read as one."""
        return self._tested.diagnostics

    def _lines(self) -> list[str]:
        from headgate.words.test import lines_of_tests, nothing_text, sum_text

        if not self._tested.tried and not self._tested.diagnostics:
            return nothing_text(self._tested).split("\n")
        lines = lines_of_tests(self._tested)
        return [*lines, *([] if self.is_good else [""]), sum_text(self._tested)]

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import lines

        return (lines(self._lines()),)
