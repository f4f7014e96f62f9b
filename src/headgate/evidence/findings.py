"""What was measured of a change, as findings: one fact about one address each. Pure; no policy is asked yet.

Every finding comes at the level SHOW, with its amount; ``decide.weighed`` gives it the level that the policy says.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from headgate.core.address import Address, fold
from headgate.core.checks import Outcome, Result
from headgate.core.comparison import EXACT, ColumnDifference, Comparison, Drift, KeyFacts, Rung, ShapeDifference
from headgate.core.diagnostic import Place, Severity
from headgate.core.gate import POLICY_ADDRESS, Finding, Level, Topic
from headgate.core.listing import listed
from headgate.core.policy import Policy, differences
from headgate.core.shares import number_text, share_text

_TOLD_MAX = 3

ROWS_MIN = 100
"""Of tables with fewer rows only that they are empty is told of new data: half of a few is a few."""

UNKEYED = "without a key"
"""The aspect of rows that cannot be paired off: a changed one is one that is gone and one more."""

NO_PARTS: Mapping[str, float] = {}
"""Those of a finding that is one thing."""

_UNPAIRED = {True: "; no key pairs it off", False: "; no key pairs them off"}
"""What is said of one row (True), and of several, that no key tells apart."""

_VANISHED = {
    (True, True): "is not there as it was", (True, False): "are not there as they were",
    (False, True): "is gone", (False, False): "are gone",
}  # fmt: skip
"""What is said of rows that no key tells apart (True), or one does; of one (True), or of several."""

_APPEARED = {
    (True, True): "was not there as it is", (True, False): "were not there as they are",
    (False, True): "is new", (False, False): "are new",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touched:
    """One address that a change touches, with what is known of it.

    ``owner`` answers for what is shown now; of what is new, for the change itself. ``is_source``: what is removed as an
    asset is a source from now on. ``comparison`` is None where there
    is none; ``lacks`` says so where there should be one. ``undrifted`` are columns of which nobody knows whether their
    distribution moved, though rows differ. ``unstable`` are the columns that need not come out the same
    twice; with ``has_unstable_rows`` the rows. ``is_of_data``: what is told of it comes from new data alone.
    """

    address: Address
    owner: str = ""
    is_removed: bool = False
    is_source: bool = False
    comparison: Comparison | None = None
    lacks: str = ""
    undrifted: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    unstable: frozenset[str] = frozenset()
    has_unstable_rows: bool = False
    place: Place | None = None
    is_of_data: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """How the change alters the gate itself: the policies before and after, and of assets what is gone or other.

    ``owners`` gives the owners before and after of assets whose owner is another one; ``tests`` how many data tests
    of an asset are gone or were altered, with the asset's owner; ``broken`` what of its contract is broken, with its
    owner; ``environments`` are settings of protected environments by which less is protected, or whose readers look for
    other names, as ``prod protected``; ``exposures`` are those that are no longer declared, with their owners;
    ``narrowed`` what others would be said to read no more, with theirs; ``compared`` what assets would be compared by,
    looser than before or otherwise, with their owners; ``exposed`` protected columns that would not be so any more,
    with their owners. ``lost`` says why nobody can tell.
    """

    before: Policy = field(default_factory=Policy)
    after: Policy = field(default_factory=Policy)
    owners: Mapping[Address, tuple[str, str]] = field(default_factory=dict)
    tests: Mapping[Address, tuple[int, str]] = field(default_factory=dict)
    broken: Mapping[Address, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    exposures: Mapping[Address, str] = field(default_factory=dict)
    compared: Mapping[Address, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    exposed: Mapping[Address, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    narrowed: Mapping[Address, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    lost: str = ""

    def touching(self, addresses: Container[Address]) -> Gate:
        """Return what of it is said by the declarations of these addresses; consumers that are gone stay told."""
        is_of_policy = POLICY_ADDRESS in addresses
        return replace(
            self,
            before=self.before if is_of_policy else self.after,
            owners={address: one for address, one in self.owners.items() if address in addresses},
            tests={address: one for address, one in self.tests.items() if address in addresses},
            broken={address: one for address, one in self.broken.items() if address in addresses},
            environments=self.environments if is_of_policy else (),
            compared={address: one for address, one in self.compared.items() if address in addresses},
            narrowed={address: one for address, one in self.narrowed.items() if address in addresses},
        )


def findings_of(touched: Touched) -> tuple[Finding, ...]:
    """Return what is to be told of one address, the gravest kinds first."""
    if touched.is_removed:
        told = "it becomes a source, and is shown to nobody" if touched.is_source else "it is no longer declared"
        return (_finding(touched, Topic.ASSET_REMOVED, told),)
    found = [*_of_checks(touched), *_of_evidence(touched)]
    comparison = touched.comparison
    if comparison is not None and comparison.rung is not Rung.NEW:
        found += findings_of_shape(touched, comparison.shape)
    if comparison is not None and comparison.rung not in (Rung.NEW, Rung.SAME):
        found += _of_keys(touched, comparison)
        found += _of_rows(touched, comparison)
        found += _of_columns(touched, comparison)
        found += _of_stability(touched, comparison)
    if comparison is not None:
        found += findings_of_drifts(touched, comparison.drifts)
        found += _of_data(touched, comparison.data)
    return tuple(found)


def findings_of_rows(touched: Touched, before: int, after: int) -> tuple[Finding, ...]:
    """Return what the numbers of rows tell of new data: which rows come and change is no fault, growth neither."""
    if after >= before:
        return ()
    comparison = Comparison(touched.address, rung=Rung.INCOMPLETE, rows_before=before, rows_after=after)
    found = _of_count(touched, comparison, "")
    return tuple(one for one in found if one.topic is Topic.EMPTY or before >= ROWS_MIN)


def findings_of_new_data(touched: Touched) -> tuple[Finding, ...]:
    """Return what a run would tell of the new data that came in beside a change, where the two are told apart.

    So they are where a table is brought back that was lost: its numbers of rows are all that is known on both sides.
    """
    comparison = touched.comparison
    is_back = comparison is not None and comparison.rung is Rung.NEW
    data = comparison.data if comparison is not None and not is_back else comparison
    if data is None or data.rung is Rung.SAME:
        return ()
    aside = "; what was shown is lost" if is_back else f"; by data alone: {listed(data.moved, _TOLD_MAX)}"
    found = findings_of_rows(replace(touched, is_of_data=True), data.rows_before, data.rows_after)
    return tuple(replace(one, told=one.told + aside) for one in found)


def findings_of_shape(touched: Touched, shape: ShapeDifference) -> Iterator[Finding]:
    """Yield which columns are new, gone or of another type, and that they stand in another order."""
    for column in shape.added:
        yield _finding(touched, Topic.COLUMN_ADDED, f"column {column.name} is new", column=column.name)
    for column in shape.removed:
        yield _finding(touched, Topic.COLUMN_REMOVED, f"column {column.name} is gone", column=column.name)
    for one in shape.retyped:
        told = f"column {one.name} is {one.after}, and was {one.before}"
        yield _finding(touched, Topic.COLUMN_RETYPED, told, column=one.name)
    if shape.is_reordered:
        told = "its columns stand in another order, as select * shows them"
        yield _finding(touched, Topic.COLUMN_REORDERED, told)


def findings_of_drifts(touched: Touched, drifts: Iterable[Drift]) -> Iterator[Finding]:
    """Yield one finding for each column that moved; its parts are by which measures, the greatest effect its amount."""
    moved: dict[str, list[Drift]] = {}
    for drift in drifts:
        if drift.is_beyond:
            moved.setdefault(drift.column, []).append(drift)
    for column, found in moved.items():
        told = f"{column}: {listed([one.told for one in found], _TOLD_MAX)}"
        parts = {" ".join(filter(None, (one.measure, one.way))): one.effect for one in found}
        yield _finding(touched, Topic.DRIFT, told, column=column, amount=max(parts.values()), parts=parts)


def findings_of_gate(gate: Gate) -> tuple[Finding, ...]:
    """Return how the change alters what decides of it."""
    found: list[Finding] = []
    if gate.lost:
        found.append(Finding(Topic.EVIDENCE, POLICY_ADDRESS, Level.SHOW, f"nobody can tell: {gate.lost}", amount=1.0))
    other = [*differences(gate.before, gate.after), *(f"environments {one}" for one in gate.environments)]
    if other:
        told = f"the policy itself changes: {listed(other, _TOLD_MAX)}"
        found.append(Finding(Topic.POLICY, POLICY_ADDRESS, Level.SHOW, told, amount=1.0, owner=gate.before.owner))
    for address, (before, after) in sorted(gate.owners.items()):
        told = f"its owner becomes {after}, and was {before}" if after else f"its owner, {before}, is gone"
        found.append(Finding(Topic.POLICY, address, Level.SHOW, told, amount=1.0, owner=before, aspect="owner"))
    for address, (count, owner) in sorted(gate.tests.items()):
        told = (
            "a data test is gone, or says something else" if count == 1 else f"{count} data tests are gone, or differ"
        )
        found.append(
            Finding(Topic.POLICY, address, Level.SHOW, told, "", 1.0, rows=count, owner=owner, aspect="data_tests")
        )
    for address, (parts, owner) in sorted(gate.compared.items()):
        told = f"how it is compared: {listed(parts, _TOLD_MAX)}"
        found.append(Finding(Topic.POLICY, address, Level.SHOW, told, amount=1.0, owner=owner, aspect="tolerance"))
    for address, (parts, owner) in sorted(gate.broken.items()):
        told = f"its contract promised more: {listed(parts, _TOLD_MAX)}"
        found.append(Finding(Topic.CONTRACT, address, Level.SHOW, told, "", 1.0, rows=len(parts), owner=owner))
    for address, (names, owner) in sorted(gate.exposed.items()):
        for name in names:
            told = f"{name} is protected, and would not be any more"
            found.append(Finding(Topic.COLUMN_UNPROTECTED, address, Level.SHOW, told, name, 1.0, owner=owner))
    for address, (parts, owner) in sorted(gate.narrowed.items()):
        told = f"it would no longer be said to read {listed(parts, _TOLD_MAX)}"
        found.append(Finding(Topic.POLICY, address, Level.SHOW, told, amount=1.0, owner=owner, aspect="depends_on"))
    for address, owner in sorted(gate.exposures.items()):
        told = "this consumer is no longer declared"
        found.append(Finding(Topic.ASSET_REMOVED, address, Level.SHOW, told, amount=1.0, owner=owner))
    return tuple(found)


def _finding(
    touched: Touched,
    topic: Topic,
    told: str,
    *,
    column: str = "",
    amount: float = 1.0,
    rows: int = 0,
    aspect: str = "",
    parts: Mapping[str, float] = NO_PARTS,
) -> Finding:
    return Finding(
        topic, touched.address, Level.SHOW, told, column, amount, rows, touched.owner, place=touched.place,
        aspect=aspect, parts=parts, is_of_data=touched.is_of_data,
    )  # fmt: skip


def _of_checks(touched: Touched) -> Iterator[Finding]:
    for result in touched.results:
        if result.outcome not in (Outcome.FAIL, Outcome.WARN):
            continue
        amount, test = float(result.outcome is Outcome.FAIL), result.check.test
        told = f"{result.check.name}: {result.told}"
        yield Finding(
            Topic.CHECK, touched.address, Level.SHOW, told, test.column, amount, result.failures, touched.owner,
            place=test.place or touched.place,
        )  # fmt: skip


def _of_evidence(touched: Touched) -> Iterator[Finding]:
    for result in touched.results:
        if result.outcome not in (Outcome.UNKNOWN, Outcome.ABSENT):
            continue
        is_needed = result.check.test.severity is Severity.ERROR
        told = f"{result.check.name} could not be measured: {result.told}"
        yield _finding(touched, Topic.EVIDENCE, told, aspect=result.check.name, amount=float(is_needed))
    if touched.comparison is None:
        if touched.lacks:
            yield _finding(touched, Topic.EVIDENCE, touched.lacks)
    elif touched.comparison.incomplete or touched.comparison.rung is Rung.INCOMPLETE:
        yield _finding(touched, Topic.EVIDENCE, f"incomplete: {touched.comparison.incomplete or 'not compared'}")
    if touched.undrifted:
        told = f"drift was not measured of {listed(touched.undrifted, _TOLD_MAX)}"
        yield _finding(touched, Topic.EVIDENCE, told)


def _of_data(touched: Touched, data: Comparison | None) -> Iterator[Finding]:
    """Yield what a reader breaks on, though it comes from new data alone; and that nobody knows what that does."""
    if data is None:
        return
    if data.incomplete or data.rung is Rung.INCOMPLETE:
        told = f"what the data alone does is incomplete: {data.incomplete}"
        yield _finding(replace(touched, is_of_data=True), Topic.EVIDENCE, told)
        return
    yield from findings_of_shape(touched, data.shape)
    if data.rung is not Rung.SAME:
        yield from _of_keys(touched, data)


def _of_keys(touched: Touched, comparison: Comparison) -> Iterator[Finding]:
    before, after = comparison.keys_before, comparison.keys_after
    key, rows = ", ".join(comparison.key), max(comparison.rows_after, 1)
    if not key:
        return
    if after.nulls > before.nulls:
        have = "has" if after.nulls == 1 else "have"
        told = f"{_rows(after.nulls)} {have} a NULL in the key ({key}); {_before(before, 'nulls')}"
        yield _finding(touched, Topic.KEY, told, aspect="NULL", amount=after.nulls / rows, rows=after.nulls)
    if after.repeated > before.repeated or after.rows_repeated > before.rows_repeated:
        told = f"{_rows(after.rows_repeated)} share {_keys(after.repeated)} ({key}); {_before(before, 'rows_repeated')}"
        amount = after.rows_repeated / rows
        yield _finding(touched, Topic.KEY, told, aspect="repeated", amount=amount, rows=after.rows_repeated)


def _before(facts: KeyFacts, name: str) -> str:
    count: int = getattr(facts, name)
    return f"there were {count:,}" if count else "there were none"


def _of_rows(touched: Touched, comparison: Comparison) -> Iterator[Finding]:
    aside = _moved(comparison)
    yield from _of_count(touched, comparison, aside)
    before = comparison.rows_before
    is_bag = comparison.rung is Rung.BAG
    aspect = UNKEYED if is_bag else ""
    if comparison.removed:
        is_one = comparison.removed == 1
        what = _VANISHED[is_bag, is_one]
        told = f"{_rows(comparison.removed)} of {before:,} {what}, {share_text(comparison.removed, before)}"
        amount = comparison.removed / max(before, 1)
        told += (_UNPAIRED[is_one] if is_bag else "") + aside
        yield _finding(touched, Topic.REMOVED, told, aspect=aspect, amount=amount, rows=comparison.removed)
    if comparison.added:
        is_one = comparison.added == 1
        what = _APPEARED[is_bag, is_one]
        told = f"{_rows(comparison.added)} {what} beside {before:,}{_UNPAIRED[is_one] if is_bag else ''}{aside}"
        amount = comparison.added / max(before, 1)
        yield _finding(touched, Topic.ADDED, told, aspect=aspect, amount=amount, rows=comparison.added)


def _of_count(touched: Touched, comparison: Comparison, aside: str) -> Iterator[Finding]:
    before, after = comparison.rows_before, comparison.rows_after
    if before and not after:
        yield _finding(touched, Topic.EMPTY, f"it is empty; there were {_rows(before)}{aside}", rows=before)
    elif before and before != after:
        way = "fewer" if after < before else "more"
        moved = abs(after - before)
        told = f"{_rows(after)} in place of {before:,}, {share_text(moved, before)} {way}{aside}"
        share = moved / before
        yield _finding(touched, Topic.COUNT, told, amount=share, rows=moved, parts={way: share})


def _of_columns(touched: Touched, comparison: Comparison) -> Iterator[Finding]:
    both = comparison.rows_both
    for column in comparison.columns:
        if column.changed:
            told = f"{column.name} changes in {_rows(column.changed)}, {share_text(column.changed, both)}"
            told += _tolerance_text(column) + _moved(comparison)
            amount = column.beyond / max(both, 1)
            yield _finding(touched, Topic.CHANGED, told, column=column.name, amount=amount, rows=column.beyond)


def _tolerance_text(column: ColumnDifference) -> str:
    by = f", by at most {number_text(column.greatest)}" if column.greatest is not None else ""
    if column.tolerance == EXACT:
        return by
    return f"{by}; in {column.beyond:,} beyond its tolerance" if column.beyond else f"{by}, within its tolerance"


def _of_stability(touched: Touched, comparison: Comparison) -> Iterator[Finding]:
    """Yield what differs and need not come out the same twice: then nobody can tell what the change did."""
    told = "differs, and need not come out the same twice"
    if touched.has_unstable_rows and (comparison.added or comparison.removed):
        yield _finding(touched, Topic.UNSTABLE, f"which rows there are {told}")
    names = frozenset(map(fold, touched.unstable))
    for column in comparison.columns:
        if column.beyond and fold(column.name) in names:
            yield _finding(touched, Topic.UNSTABLE, f"{column.name} {told}", column=column.name)


def _moved(comparison: Comparison) -> str:
    """Return what else may have caused a difference, or that nothing else has."""
    if comparison.data is not None:
        return "; on the same data"
    if not comparison.moved:
        return ""
    why = f" (not isolated: {comparison.unisolated})" if comparison.unisolated else ""
    return f"; {listed(comparison.moved, _TOLD_MAX)} has other data, too{why}"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _keys(count: int) -> str:
    return f"{count:,} {'key' if count == 1 else 'keys'}"
