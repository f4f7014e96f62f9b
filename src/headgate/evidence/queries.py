"""Data tests that are queries: what is asked of them, and the key under which their answer is kept.

A query has a recipe as an asset has: which rows it gives follows from the term of its rows and the versions of what
that reads. So a test is asked again only where something came that can give it other rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headgate.core.address import Address
from headgate.core.checks import Check, Compiled, Failed
from headgate.core.declarations import Kind
from headgate.core.graph import QueryNode
from headgate.core.hashing import Digest, digest
from headgate.core.measures import Answer, Failing, Rows, Says, Sql
from headgate.core.records import Build, BuildStatus
from headgate.core.versions import Versions
from headgate.evidence.measure import Subject


def subject_of(
    query: QueryNode, build_of: Callable[[Address], Build | None], like: Callable[[Address], tuple[Digest, ...]]
) -> Subject | None:
    """Return what is asked of a query over the builds that are shown; None where one of them is not.

    Its answer is kept with the build of its first input. ``like`` are builds of that address that were shown before.
    """
    builds = {address: build_of(address) for address in query.inputs}
    known = {address: build for address, build in builds.items() if build is not None}
    if len(known) < len(builds) or not known:
        return None
    home = known[query.inputs[0]]
    versions = tuple(known[read.address].versions.of(read.aspect, read.column) or "" for read in query.rows.reads)
    is_fleeting = query.rows.tainted or any(build.kind is Kind.VIEW for build in known.values())
    rows = digest("query test", query.rows.hash, versions)
    asked = Build(
        id=home.id, key=rows, address=query.address, kind=Kind.VIEW if is_fleeting else Kind.TABLE, engine=home.engine,
        shape=query.shape, recipe=query.rows.hash, versions=Versions(rows, rows, {}), reads={}, inputs={}, relation="",
        status=BuildStatus.SEALED, created_at=home.created_at,
    )  # fmt: skip
    check = Check(query.address, query.test, Compiled((Rows(),), _failed, Failing(Says(Sql("false")))))
    return Subject(asked, (check,), {}, like(home.address))


def _failed(answers: Sequence[Answer]) -> Failed:
    count = int(answers[0] or 0)
    return Failed(count, count, f"it gives {count:,} {'row' if count == 1 else 'rows'}" if count else "")
