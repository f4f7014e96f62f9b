"""Profiles of builds: what is not known yet is asked of the engine, and kept with the build.

A column is asked for only where no profile is known of one with the same rows and the same values: after an edit of one
column the others come from the profile of the build that is replaced.

Of a protected column counts are kept, and nothing that may be the value of a row. So that is all that is given of it,
whether it was measured just now or before, and whether or not it was protected then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import TypeAlias

from headgate.core.address import fold
from headgate.core.evidence import KeptProfile, profile_from_text, profile_key, profile_to_text
from headgate.core.hashing import Digest
from headgate.core.ports.measuring import Measured
from headgate.core.ports.store import Lease, Reading, StateStore
from headgate.core.profiles import ColumnProfile, Profile
from headgate.core.progress import Checked, Measuring, RunEvent, Started
from headgate.core.records import Build, Collection
from headgate.evidence.keys import profile_keys
from headgate.evidence.measure import KEPT_AT_ONCE
from headgate.evidence.tied import keep_tied

Begun: TypeAlias = Callable[[int], None]
"""Told the number of a table when the engine begins with it."""

Ask: TypeAlias = Callable[
    [Sequence[tuple[Build, Measured]], Begun], AbstractContextManager[Iterator[tuple[int, Profile]]]
]
"""Gives the number of each of some builds' tables and the profile of its columns, as it is known."""


def kept_profiles(builds: Iterable[Digest], reading: Reading) -> Mapping[Digest, KeptProfile]:
    """Return the profiles that stand with builds. Cost: one look-up for all."""
    wanted = {profile_key(build): build for build in builds}
    texts = reading.get(Collection.EVIDENCE, wanted) if wanted else {}
    return {wanted[key]: profile_from_text(text) for key, text in texts.items()}


def known_profile(build: Build, kept: Iterable[KeptProfile], protected: Set[str]) -> Profile | None:
    """Return the profile of a build as far as these profiles tell; None where they tell nothing of it.

    Of ``protected`` columns, folded, it has counts alone.
    """
    keys, whole = profile_keys(build, protected), profile_keys(build)
    found: dict[str, ColumnProfile] = {}
    rows: int | None = None
    for one in kept:
        by_key = {key: name for name, key in one.keys.items()}
        for name in keys.keys() - found.keys():
            if (known := by_key.get(keys[name], by_key.get(whole[name]))) is not None:
                found[name] = one.profile.columns[known]
                rows = one.profile.rows
    if rows is None:
        return None
    return _without_values(Profile(rows, {name: found[name] for name in keys if name in found}), protected)


def profile(
    builds: Sequence[Build],
    kept: Mapping[Digest, KeptProfile],
    *,
    like: Mapping[Digest, Sequence[Digest]],
    ask: Ask,
    relation_of: Callable[[Build], str],
    keep: Callable[[Mapping[Digest, KeptProfile]], None],
    report: Callable[[RunEvent], None],
    protected: Mapping[Digest, Set[str]],
) -> Mapping[Digest, Profile]:
    """Return the profile of every build; ``keep`` is given some at a time, so that an interruption loses little.

    ``like`` are builds that each has much in common with. Views are asked each time, as they have no rows of their own.
    ``protected`` are the columns of each, folded, of which counts alone are kept and given.
    """
    unique = {build.id: build for build in builds}
    hidden = {one: protected.get(one, frozenset()) for one in unique}
    profiles = {one: _known(build, kept, like, hidden[one]) for one, build in unique.items()}
    lacking = {one: columns for one, build in unique.items() if (columns := _lacking(build, profiles[one]))}
    if lacking:
        report(Measuring("profiles", len(lacking)))
    keeping = _Keeping(kept, keep, hidden)
    wanted = [unique[one] for one in lacking]
    try:
        for one, build in unique.items():
            if one not in lacking:
                keeping.add(build, profiles[one])
        asked = [(build, Measured(relation_of(build), lacking[build.id])) for build in wanted]
        with ask(asked, lambda number: report(Started(wanted[number].address))) as answers:
            for number, answer in answers:
                build = wanted[number]
                found = _without_values(answer, hidden[build.id])
                profiles[build.id] = _with(profiles[build.id], found, build)
                keeping.add(build, profiles[build.id])
                report(Checked(build.address))
    finally:
        keeping.end()
    return profiles


class _Keeping:
    """Has profiles kept, some at a time, as far as they are not."""

    def __init__(
        self,
        kept: Mapping[Digest, KeptProfile],
        keep: Callable[[Mapping[Digest, KeptProfile]], None],
        hidden: Mapping[Digest, Set[str]],
    ) -> None:
        self._kept = kept
        self._keep = keep
        self._hidden = hidden
        self._fresh: dict[Digest, KeptProfile] = {}

    def add(self, build: Build, found: Profile) -> None:
        """Keep a profile, now or later."""
        keys = profile_keys(build, self._hidden[build.id])
        if keys and (build.id not in self._kept or self._kept[build.id].keys != keys):
            self._fresh[build.id] = KeptProfile(found, keys)
        if len(self._fresh) >= KEPT_AT_ONCE:
            self.end()

    def end(self) -> None:
        """Keep what was not kept yet."""
        if self._fresh:
            fresh, self._fresh = self._fresh, {}
            self._keep(fresh)


def _known(
    build: Build, kept: Mapping[Digest, KeptProfile], like: Mapping[Digest, Sequence[Digest]], protected: Set[str]
) -> Profile:
    near = [kept[one] for one in (build.id, *like.get(build.id, ())) if one in kept]
    return known_profile(build, near, protected) or Profile(0)


def _without_values(profile: Profile, protected: Set[str]) -> Profile:
    """Return a profile with counts alone of protected columns."""
    columns = {name: one.counts if fold(name) in protected else one for name, one in profile.columns.items()}
    return Profile(profile.rows, columns) if protected else profile


def _lacking(build: Build, known: Profile) -> Mapping[str, str]:
    """Return the columns, with their types, of which nothing is known."""
    return {column.name: column.type for column in build.shape if column.name not in known.columns}


def _with(known: Profile, found: Profile, build: Build) -> Profile:
    """Return a profile with columns more, in the order that the build has them in."""
    columns = {**known.columns, **found.columns}
    return Profile(found.rows, {column.name: columns[column.name] for column in build.shape})


def keeping_profiles(store: StateStore, lease: Lease) -> Callable[[Mapping[Digest, KeptProfile]], None]:
    """Return what writes profiles into a state, tied to its log; it raises ``LeaseLost`` where the lease was lost."""

    def keep(profiles: Mapping[Digest, KeptProfile]) -> None:
        texts = {profile_key(build): profile_to_text(one) for build, one in profiles.items()}
        keep_tied(store, Collection.EVIDENCE, texts, {"at": lease.since, "by": lease.holder}, lease=lease)

    return keep
