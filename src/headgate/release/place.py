"""Whether an environment may be where it shall be: in its engine, under schemas that no other environment has."""

from __future__ import annotations

from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused
from headgate.core.ports.store import Reading
from headgate.release.stored import read_environments


def check_place(reading: Reading, environment: str, *, engine: str, bare: bool) -> None:
    """Raise ``Refused`` where the environment lives in another engine, or its views would have another one's names.

    Cost: one scan of the environments' records.
    """
    records = dict(read_environments(reading))
    own = records.pop(environment, None)
    if own and own.engine != engine:
        summary = f"{environment} lives in the engine {own.engine}, not in {engine}"
        raise Refused([Diagnostic("HG509", summary, hint="Use another name for the environment in the other engine.")])
    for name, record in records.items():
        if record.engine != engine:
            continue
        if name.replace("-", "_") == environment.replace("-", "_"):
            summary = f"{environment} and {name} would have the same schemas in the engine"
            raise Refused([Diagnostic("HG507", summary, hint="Use a name that differs in more than - and _.")])
        if record.bare and bare:
            summary = f"{name} still has the schemas without suffix that {environment} shall have"
            hint = f"Apply or promote to {name} first, which gives its schemas a suffix. Or let it go, if it may."
            raise Refused([Diagnostic("HG507", summary, hint=hint)])
