"""Whether any file changed that Headgate reads: seen by stats, so that looking costs next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.declarations import FileSource
from headgate.core.errors import HeadgateError

if TYPE_CHECKING:
    from headgate.project.walk import Stat

Stamps = Mapping[str, "Stat"]
"""What the file system says of each file, by path."""


def data_patterns(root: Path) -> tuple[str, ...]:
    """Return the globs of the data files that sources read; none where files cannot be read. Cost: reads them once."""
    from headgate.project.load import load

    try:
        declared = load(root)
    except (HeadgateError, OSError):
        return ()
    sources = (source.location for source in declared.sources)
    return tuple(dict.fromkeys(one.pattern for one in sources if isinstance(one, FileSource)))


def stamps(root: Path, patterns: tuple[str, ...]) -> Stamps:
    """Return the stats of every file that Headgate reads, data and fixtures too. Cost: a stat each; none is opened."""
    from headgate.project.data_files import matching
    from headgate.project.fixtures import fixture_files
    from headgate.project.walk import stat_of, walk

    found = {**walk(root).files, **fixture_files(root)}
    for pattern in patterns:
        for path in matching(root, pattern):
            try:
                found[path] = stat_of((root / path).stat())
            except OSError:
                continue  # it went just now, which the next look sees
    return found


def changed(before: Stamps, after: Stamps) -> tuple[str, ...]:
    """Return the paths that came, went or changed, sorted."""
    return tuple(sorted(path for path in {*before, *after} if before.get(path) != after.get(path)))
