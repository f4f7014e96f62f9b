"""What a job does with the request of a stranger: its files are checked, its unit tests run, and nothing else.

Neither the warehouse nor the state is opened. Nothing that a variable of the machine holds is read: settings, templates
and assets see a text that stands for it. None of its Python is called; where it has any, only what single files show is
checked. So it does not matter on whose machine this runs, though the exported jobs take one that has nothing to lose.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.diagnostic import Diagnostic, has_errors
from headgate.core.errors import Refused

if TYPE_CHECKING:
    from headgate.app.ci.attempt import Attempt


def checked_only(root: Path, made: Attempt) -> Attempt:
    """Return what is wrong with the files; the status is never 0, as nothing was measured."""
    from headgate.app.check import Checked, check
    from headgate.app.export_jobs import AnyVariable
    from headgate.app.repository import open_repository
    from headgate.app.test import test
    from headgate.core.diagnostic import Severity
    from headgate.project.git import git_state
    from headgate.project.load import load, load_config

    environ = AnyVariable()
    config, diagnostics = load_config(root, environ=environ)
    if has_errors(found := [one for one in diagnostics if one.code != "HG122"]):
        raise Refused(found)
    declared = load(root, environ=environ)
    of_python = {name for asset in declared.assets if asset.python for name in asset.python.variables}
    made = replace(made, project=config.name, commit=git_state(root).commit, status=1)
    if any(asset.python for asset in declared.assets) or any(engine.url for engine in config.engines.values()):
        found = list(declared.diagnostics)
        errors = sum(one.severity is Severity.ERROR for one in found)
        made = replace(made, checked=Checked(tuple(found), len(declared.assets) + len(declared.sources), 0.0))
        return replace(made, faults=(_unmeasured(made.where.number, is_bound=False),) if not errors else ())
    with _hidden(environ.asked | of_python | set(declared.variables)):
        session, repository = open_repository(root)
        with session:
            made = replace(made, checked=check(session, repository))
            made = replace(made, tested=test(session, repository, ""))
    return replace(made, faults=(_unmeasured(made.where.number, is_bound=True),))


def _unmeasured(number: int, *, is_bound: bool) -> Diagnostic:
    """Return that nothing was built, and what somebody who may do so does about it."""
    summary = "the request is from a fork: it was checked, and nothing was built or measured"
    detail = "" if is_bound else "What its SQL means was not looked at: that takes the server, or calls its Python."
    hint = (
        f"Whoever may push here, and has read the change, has it measured: push its commit to a branch of this "
        f"repository, as fork-{number}, and open a request from there."
    )
    return Diagnostic("HG570", summary, hint=hint, detail=detail)


@contextmanager
def _hidden(names: set[str]) -> Iterator[None]:
    """Have these variables of the process hold a text that stands for their values."""
    from headgate.app.export_jobs import ANY_VALUE

    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, ANY_VALUE))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
