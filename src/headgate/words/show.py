"""The words of an asset: what it is, its columns, what it reads, who reads it, its builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.core.intervals import shown
from headgate.core.properties import told_of_test
from headgate.words.checks import distinct_names, lines_of_sample, outcome_text
from headgate.words.figures import counted, seconds_text, time_text
from headgate.words.layout import aligned, styled
from headgate.words.loading import rows_of_loading

if TYPE_CHECKING:
    from headgate.app.show import AssetShown, Standing
    from headgate.core.checks import Result
    from headgate.core.intervals import Intervals
    from headgate.core.records import Build

_OUTCOMES_MAX = 100
"""So many characters of what came of a check stand in one line."""

Section = tuple[str, list[tuple[str, ...]]]
"""A title, and rows of cells below it."""


def facts_of(found: AssetShown) -> tuple[str, ...]:
    """Return its address, its kind, its owner and where it stands."""
    node = found.node
    owner = f"owner: {node.properties.owner}" if node.properties.owner else "no owner"
    return node.address, node.kind.value, owner, str(node.place)


def sections_of(found: AssetShown) -> list[Section]:
    """Return what is known of it, part by part; parts without a row are left out."""
    node = found.node
    uses = getattr(node, "uses", None)
    reads: list[tuple[str, ...]] = [(address,) for address in node.inputs]
    if uses:
        reads = [(address, ", ".join(columns)) for address, columns in uses.items()]
    sections: list[Section] = [
        ("columns", [(column.name, column.type, column.description) for column in found.columns]),
        ("loaded, by the working tree", rows_of_loading(node.properties)),
        ("loaded, in environments", [_row_of_standing(one) for one in found.standings if _is_telling(one)]),
        ("reads", reads),
        ("read by", [(address,) for address in found.readers]),
        ("checks", _rows_of_checks(found)),
        ("gate", _rows_of_gate(found)),
        ("builds", [_row(name, build) for name, build in found.builds]),
    ]
    return [(title, rows) for title, rows in sections if rows]


def _rows_of_checks(found: AssetShown) -> list[tuple[str, ...]]:
    """Return a row for each data test: what came of it in each environment; rows of their own where that is long."""
    rows: list[tuple[str, ...]] = []
    for key, name in _names_of_checks(found).items():
        told = [f"{at}: {outcome_text(one)}" for at, all_ in found.checks for one in all_ if _key(one) == key]
        joined = " · ".join(told)
        rows += [(name, joined)] if len(joined) <= _OUTCOMES_MAX else zip((name, *[""] * len(told)), told, strict=False)
    return rows


def _names_of_checks(found: AssetShown) -> dict[str, str]:
    """Return what each data test is called, by what tells it apart."""
    checks = {_key(one): one.check for _, results in found.checks for one in results}
    return dict(zip(checks, distinct_names(list(checks.values())), strict=True))


def _key(result: Result) -> str:
    """Return what tells a data test apart from all others of an asset, the same in every environment."""
    return f"{result.check.test.place} {told_of_test(result.check.test)}"


def _rows_of_gate(found: AssetShown) -> list[tuple[str, ...]]:
    """Return a row for each finding about it that was more than shown, of what is released and of what waits."""
    from headgate.words.gate import rows_of_asset

    return [row for where, decision in found.decisions for row in rows_of_asset(where, decision, found.node.address)]


def opaque_text(found: AssetShown) -> str:
    """Return what of it is not understood; empty where all of it is."""
    opaque = getattr(getattr(found.node, "recipe", None), "opaque", "")
    return f"Not understood, so any change of what it reads rebuilds it: {opaque}" if opaque else ""


def printed_text(found: AssetShown) -> str:
    """Return what the newest build printed, where it was made by a function."""
    newest = max(found.builds, key=lambda pair: pair[1].created_at, default=None)
    return newest[1].printed.strip() if newest else ""


def lines_of_asset(found: AssetShown, width: int) -> list[str]:
    """Return all of it as lines."""
    name, *facts = facts_of(found)
    lines = [" · ".join((styled(name, "bold"), *facts))]
    if description := found.node.properties.description:
        lines.append(description.strip())
    for title, rows in sections_of(found):
        lines += ["", title, *aligned(rows, width=width)]
    names = _names_of_checks(found)
    for environment, results in found.checks:
        for result in results:
            if sample := lines_of_sample(result):
                lines += ["", f"{names[_key(result)]} in {environment}", *sample]
    if printed := printed_text(found):
        lines += ["", "printed", *(f"  {line}" for line in printed.splitlines())]
    if opaque := opaque_text(found):
        lines += ["", opaque]
    return lines


def covered_text(covered: Intervals, *, is_part: bool = False) -> str:
    """Return from when to when intervals, one or more, reach, and how many gaps are between.

    >>> from headgate.core.intervals import Interval
    >>> days = [f"2026-03-{day:02d}T00:00:00" for day in (1, 4, 6, 15)]
    >>> covered_text((Interval(*days[:2]), Interval(*days[2:])))
    '2026-03-01 to 2026-03-15, 1 gap'
    """
    from headgate.core.intervals import Interval

    told = [str(Interval(covered[0].start, covered[-1].end))]
    told += [counted(len(covered) - 1, "gap")] if len(covered) > 1 else []
    told += ["a part"] if is_part else []
    return ", ".join(told)


_SCALARS = frozenset({"lookback", "batch", "start", "grain", "time_zone", "time_column", "cron", "owner"})
"""Properties whose values are told where the released code has others; of others the name will do."""


def _is_telling(one: Standing) -> bool:
    return bool(one.covered or one.cron or one.differs)


def _row_of_standing(one: Standing) -> tuple[str, ...]:
    parts = [covered_text(one.covered, is_part=one.is_part)] if one.covered else []
    parts += [f"next tick {time_text(one.next_tick)}"] if one.next_tick else []
    told = [_told_otherwise(name, value) for name, value in one.differs.items()]
    parts += [f"released with {', '.join(told)}"] if told else []
    return one.environment, " · ".join(parts)


def _told_otherwise(name: str, value: str) -> str:
    if name not in _SCALARS:
        return f"other {name}"
    value = shown(value) if name == "start" else value
    return f"{name} {value}" if value else f"no {name}"


def _row(name: str, build: Build) -> tuple[str, ...]:
    from headgate.core.hashing import short

    rows = counted(build.rows, "row") if build.relation else "a view"
    took = seconds_text(build.seconds) if build.relation else ""
    return (name, short(build.id), rows, took, time_text(build.created_at))
