"""What the rows of builds look like: measured once under the lease, kept with the builds, known without a warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.app.session import Held
    from headgate.core.hashing import Digest
    from headgate.core.ports.measuring import Measured
    from headgate.core.ports.store import Reading
    from headgate.core.profiles import Profile
    from headgate.core.progress import RunEvent
    from headgate.core.records import Build
    from headgate.evidence.profile import Begun


def profiled(
    held: Held,
    builds: Sequence[Build],
    *,
    protected: Mapping[Digest, Set[str]],
    like: Mapping[Digest, Sequence[Digest]] | None = None,
    relation_of: Callable[[Build], str] | None = None,
    report: Callable[[RunEvent], None] = lambda _: None,
) -> Mapping[Digest, Profile]:
    """Return the profile of each build by its id, measured where it is not known, and kept.

    ``protected`` are the columns of each, folded, of which counts alone are kept and given: whoever asks has to say.
    ``like``: builds that each of them replaces; columns with equal versions are taken from their profiles.
    ``relation_of`` gives the SQL text of a build's rows; it is needed for views, which have no table.
    Ctrl-C ends what the engine computes; finished profiles are kept. Cost: a look-up where everything is known.
    """
    from headgate.app.measured.side_by_side import answers, is_small
    from headgate.evidence.profile import keeping_profiles, kept_profiles, profile
    from headgate.sql.bind import shown_table

    def ask(
        tables: Sequence[tuple[Build, Measured]], begun: Begun
    ) -> AbstractContextManager[Iterator[tuple[int, Profile]]]:
        questions = [(is_small(build), partial(held.engine.profile, table)) for build, table in tables]
        return answers(questions, held.engine.interrupt, begun=begun)

    def table_of(build: Build) -> str:
        return shown_table(build, held.engine)

    like = like or {}
    wanted = dict.fromkeys(one for build in builds for one in (build.id, *like.get(build.id, ())))
    with held.store.reading() as reading:
        kept = kept_profiles(wanted, reading)
    return profile(
        builds,
        kept,
        like=like,
        ask=ask,
        relation_of=relation_of or table_of,
        keep=keeping_profiles(held.store, held.lease),
        report=report,
        protected=protected,
    )


def known_profiles(
    reading: Reading, builds: Iterable[Digest], protected: Mapping[Digest, Set[str]]
) -> Mapping[Digest, Profile]:
    """Return the profiles that are kept of builds; no warehouse is opened. What was not measured is not there.

    ``protected`` as in ``profiled``.
    """
    from headgate.evidence.profile import kept_profiles, known_profile
    from headgate.release.stored import StoredBuilds

    records = StoredBuilds(reading)
    found: dict[Digest, Profile] = {}
    for one, kept in kept_profiles(builds, reading).items():
        build = records.get(one)
        known = None if build is None else known_profile(build, [kept], protected.get(one, frozenset()))
        if known is not None:
            found[one] = known
    return found
