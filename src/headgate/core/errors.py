"""The tree of exceptions. A fault in the user's repository is a ``Diagnostic`` value, never an exception of its own.

::

    HeadgateError
    ├── Refused                  a rule forbids it, told as diagnostics            exit status 1
    │   ├── LeaseHeld            somebody else changes the environment
    │   ├── LeaseLost            somebody else holds the lease by now
    │   └── StalePlan            an entry that the plan read has moved
    ├── UsageError               the command line is wrong                         exit status 2
    ├── EnvironmentFailed        engine, store, disk or network failed             exit status 3
    │   ├── EngineFailed
    │   │   ├── EngineBusy       another process holds the warehouse
    │   │   ├── WarehouseLost    the file of a warehouse is damaged, or not there
    │   │   └── StatementFailed  the engine refused a statement of the user        exit status 1
    │   ├── CodeFailed           a Python function of the user failed              exit status 1
    │   ├── StoreFailed
    │   │   └── StoreTooNew      written by a newer Headgate
    │   ├── ForgeFailed          GitHub or GitLab did not do what it was asked
    │   │   └── ForgeRefused     the token lacks the right
    │   └── Diverged             state and engine do not belong together
    └── Conflict                 a compare-and-swap lost; callers turn it into one of the above
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.core.diagnostic import Diagnostic


class HeadgateError(Exception):
    """Every exception that Headgate raises on purpose. Its text and its notes say all that a user needs.

    >>> import headgate
    >>> try:
    ...     headgate.open().plan("dev", select="marts.revenu")
    ... except headgate.HeadgateError as error:
    ...     print(type(error).__name__)
    Refused
    """

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback, which would tell a user nothing of their own."""
        return [f"{type(self).__name__}: {self}", *getattr(self, "__notes__", ())]


class Refused(HeadgateError):
    """Something is not allowed as things stand. Nothing was done.

    ``diagnostics`` are all the reasons; the text of the exception tells each with its place and its hint.

    >>> import headgate
    >>> try:
    ...     headgate.open().show("marts.revenu")
    ... except headgate.Refused as refused:
    ...     print(refused.diagnostics[0].code)
    ...     print(refused)
    HG401
    HG401 marts.revenu names no asset
      Did you mean marts.revenue?
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = tuple(diagnostics)


class LeaseHeld(Refused):
    """Another holder has the lease. The diagnostic names it."""


class LeaseLost(Refused):
    """Somebody else holds the lease by now. What was done before stands; nothing more may be written."""


class StalePlan(Refused):
    """An entry that the plan read has moved since. The diagnostics name the entries."""


class UsageError(HeadgateError):
    """The command, or the call, cannot be carried out as written.

    >>> import headgate
    >>> try:
    ...     headgate.open().apply("dev")
    ... except headgate.UsageError as error:
    ...     print(error)
    nothing was done: hand over what Project.plan returned, or say yes=True
    """


class EnvironmentFailed(HeadgateError):
    """Something outside of the repository failed. ``hint`` is the command to continue with.

    >>> import headgate, pathlib
    >>> written = pathlib.Path("warehouse.duckdb").write_text("no database")
    >>> try:
    ...     headgate.open().apply("dev", yes=True)
    ... except headgate.EnvironmentFailed as failed:
    ...     print(failed.code, failed.hint)
    HG600 Restore it from a backup; or move it away, and have it all built again: headgate doctor --repair
    """

    def __init__(self, message: str, *, code: str = "HG600", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        if hint:
            self.add_note(hint)


class EngineFailed(EnvironmentFailed):
    """The engine failed: out of memory, disk full, connection lost."""


class EngineBusy(EngineFailed):
    """Another process holds the warehouse and did not let go in time."""


class WarehouseLost(EngineFailed):
    """The file of a warehouse is damaged, or not there. ``way`` is the first part of a way out: restore it, or so."""

    def __init__(self, message: str, *, hint: str, way: str) -> None:
        super().__init__(message, hint=hint)
        self.way = way


class StatementFailed(EngineFailed):
    """The engine refused a statement that the user wrote.

    ``line`` and ``column`` count from 1 in the statement as given to the engine; 0 where the engine did not say.
    ``job`` is the address of the build that failed (``schema.name`` of the view, for a publication); empty for a query.
    """

    def __init__(self, message: str, *, line: int = 0, column: int = 0, job: str = "") -> None:
        super().__init__(message, code="HG601")
        self.line = line
        self.column = column
        self.job = job


class CodeFailed(EnvironmentFailed):
    """A Python function of the user failed, or was ended at a limit.

    ``path`` and ``line`` are those of the innermost frame that stands in the repository, empty and 0 where there is
    none; ``detail`` are further lines for the user: the other frames, what helps. ``printed`` is what the function had
    printed until then.
    """

    def __init__(self, message: str, *, path: str = "", line: int = 0, detail: str = "", code: str = "HG602") -> None:
        super().__init__(message, code=code)
        self.path = path
        self.line = line
        self.detail = detail
        self.printed = ""


class StoreFailed(EnvironmentFailed):
    """The state store failed."""


class StoreTooNew(StoreFailed):
    """The state was written by a newer Headgate than this one."""


class ForgeFailed(EnvironmentFailed):
    """GitHub or GitLab could not be reached, or did not do what it was asked."""

    def __init__(self, message: str, *, code: str = "HG610", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)


class ForgeRefused(ForgeFailed):
    """The token is not valid, lacks the right, or may not see what it was asked for."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, code="HG611", hint=hint)


class Diverged(EnvironmentFailed):
    """The warehouse and the state do not belong together, or one of them is an older copy."""


class Conflict(HeadgateError):
    """A condition of a batch did not hold; nothing of it was written. ``entry`` names the first that failed."""

    def __init__(self, entry: str) -> None:
        super().__init__(f"condition failed: {entry}")
        self.entry = entry


def lost_lease(resource: str) -> LeaseLost:
    """Return the refusal of a holder who was overtaken by the next one before anything was published."""
    from headgate.core.diagnostic import Diagnostic

    summary = f"the lease on {resource} was lost: somebody else holds it by now"
    hint = "Nothing was published. Run the same command again; finished builds are kept."
    return LeaseLost([Diagnostic("HG503", summary, hint=hint)])
