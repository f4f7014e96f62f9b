"""Comparing: a build beside the one that it would replace, on a ladder that stops at the first rung that answers.

What equal versions prove is never looked at. Then fingerprints are laid beside each other; they are kept with their
builds, so that of the older side nobody need read a row. Only then the rows themselves are compared, by key where there
is one, and in those columns alone that are not proven to be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace

from headgate.core.address import Address, fold
from headgate.core.common_columns import common_columns, name_called
from headgate.core.comparison import (
    ColumnDifference,
    Comparison,
    Retyped,
    Rung,
    ShapeDifference,
    Tolerance,
)
from headgate.core.declarations import Kind
from headgate.core.errors import StatementFailed
from headgate.core.fingerprints import Fingerprint, are_equal, equal_columns
from headgate.core.hashing import Digest, digest
from headgate.core.limits import NO_COST_LIMIT, CostLimit
from headgate.core.listing import listed
from headgate.core.ports.comparing import Counted, Pairing, Side
from headgate.core.protection import comparison_without_protected
from headgate.core.recipe import Column, Shape
from headgate.core.records import Build
from headgate.evidence.wishes import NO_WISH, Wish

COMPARING = 4
"""The number of the way in which builds are compared. Raise it when the same two get another answer."""

SAMPLE_ROWS = 5
"""So many rows that differ are kept of each kind."""

LOST = "the table that is shown is lost, and nothing can be compared with it"
"""Why a comparison is incomplete whose older side is not there any more: that is no new table."""

_FEW_COLUMNS = 4
"""To compare so many by key costs less than a fingerprint of a whole table (3.2 against 4.1 s of 10 million rows)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two builds of one address with their columns as they are shown; ``before`` is None where there is none.

    ``contents`` identify what both hold (``content_of``); ``moved`` are sources that moved on between them;
    ``protected`` are the columns, folded, whose values are shown to nobody. ``hides_words``: what an engine says of it
    may quote such a value, of these columns or of what views among them read. ``is_lost``: no row of the older build
    can be read any more, so that only versions, and what was found before, say anything. ``rows_lost``: so many rows a
    lost build had that the same code made, and is no older side. ``is_fleeting``: one of them is a view that may show
    something else at the next look, as by the clock: what was found is not found again.
    """

    address: Address
    before: Build | None
    after: Build
    shape_before: Shape
    shape_after: Shape
    contents: tuple[Digest, Digest] = (Digest(""), Digest(""))
    wish: Wish = NO_WISH
    moved: tuple[Address, ...] = ()
    protected: frozenset[str] = field(kw_only=True)
    hides_words: bool = False
    is_lost: bool = False
    rows_lost: int = 0
    is_fleeting: bool = False


@dataclass(frozen=True, slots=True)
class Asks:
    """What can be asked: SQL text of both sides of an address, and an engine's fingerprints and comparisons."""

    relations: Callable[[Address], tuple[str, str]]
    fingerprint: Callable[[Side, tuple[str, ...], Fingerprint | None], Fingerprint | None]
    compare: Callable[[Pairing, int], Counted]


class TooCostly(Exception):
    """Raised by what is asked where it would take longer than the cost limit allows; the text says so."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a pair, and the fingerprints that were found on the way, by build."""

    comparison: Comparison
    fingerprints: Mapping[Digest, Fingerprint] = field(default_factory=dict)


def key_of_pair(pair: Pair) -> Digest:
    """Return the key under which a comparison is kept: the contents of both sides, and how they are compared."""
    names = tuple(tuple((c.name, c.type) for c in shape) for shape in (pair.shape_before, pair.shape_after))
    near = tuple(sorted((n, repr(t.absolute), repr(t.relative)) for n, t in pair.wish.tolerances.items()))
    return digest("comparison", COMPARING, pair.after.engine, *pair.contents, *names, _keys_of(pair)[0], near)


def fingerprint_key(content: Digest, key: Iterable[str]) -> Digest:
    """Return the key under which a fingerprint is kept."""
    return digest("fingerprint of", content, tuple(map(fold, key)))


def content_of(build: Build, inputs: Callable[[Address], Digest]) -> Digest:
    """Return the identity of what a build holds; of a view that is what it reads, which ``inputs`` gives."""
    columns = tuple(sorted((c.name, c.type, build.versions.columns[c.name]) for c in build.shape))
    reads = tuple((a, inputs(a)) for a in sorted(build.inputs)) if build.kind is Kind.VIEW else ()
    return digest("content", build.versions.rows, columns, reads)


def shape_difference(before: Shape, after: Shape) -> ShapeDifference:
    """Return how two tables' columns differ; the order counts among those that both have."""
    found = common_columns(before, after)
    retyped = (Retyped(new.name, old.type, new.type) for old, new in found.both if old.type != new.type)
    return ShapeDifference(found.added, found.removed, tuple(retyped), found.is_reordered)


def without_a_look(pair: Pair, limit: CostLimit = NO_COST_LIMIT) -> Comparison | None:
    """Return what is known of a pair by versions and numbers alone; None where somebody has to look."""
    base = _base(pair)
    if pair.before is None:
        return base
    proven = _proven(pair)
    if unclear := common_columns(pair.shape_before, pair.shape_after).unclear:
        return _without_names(base, unclear)
    if _rows_pair_off(pair) and proven >= set(_shared(pair)):
        return replace(base, rung=Rung.SAME, proven=_shared(pair))
    if pair.is_lost:
        return replace(base, rung=Rung.INCOMPLETE, incomplete=LOST)
    most = max(pair.before.rows, pair.after.rows)
    if limit.rows is not None and most > limit.rows:
        told = f"cost limit: {most:,} rows, and at most {limit.rows:,} are compared"
        return replace(base, rung=Rung.INCOMPLETE, incomplete=told)
    return None


def compare(
    pair: Pair,
    known: Mapping[Digest, Fingerprint],
    asks: Asks,
    limit: CostLimit = NO_COST_LIMIT,
    sample: int = SAMPLE_ROWS,
) -> Compared:
    """Return how the builds of a pair differ. ``known`` are fingerprints by their keys.

    ``sample`` rows that differ are shown of each kind.

    Cost: nothing where versions prove it or the cost limit forbids it; else what the ladder needs.
    """
    if (found := without_a_look(pair, limit)) is not None:
        return Compared(found)
    assert pair.before is not None
    climb = _Climb(pair, known, asks, sample)
    try:
        return climb.compared()
    except (TooCostly, StatementFailed) as fault:
        return Compared(_unfinished(_base(pair), fault, hides_words=pair.hides_words), climb.found)


class _Climb:
    """One walk up the ladder. ``found`` are the fingerprints that were asked for."""

    def __init__(self, pair: Pair, known: Mapping[Digest, Fingerprint], asks: Asks, sample: int) -> None:
        self.pair = pair
        self.known = known
        self.asks = asks
        self.sample = sample
        self.key, self.unkeyed = _keys_of(pair)
        self.found: dict[Digest, Fingerprint] = {}

    def compared(self) -> Compared:
        """Return what the first rung that answers says."""
        pair, key = self.pair, self.key
        texts = self.asks.relations(pair.address)
        before, after = Side(texts[0], pair.shape_before), Side(texts[1], pair.shape_after)
        proven = self._proven_under_the_key()
        left = [name for name in _shared(pair) if name not in {*key, *proven}]
        base = replace(_base(pair), proven=tuple(name for name in _shared(pair) if name in proven))
        equal: frozenset[str] = frozenset()
        if self._is_worth_hashing(len(left)):
            older, newer = self._fingerprints(before, after)
            if older is not None and newer is not None:
                if are_equal(older, newer):
                    return Compared(_equal(base, older, newer), self.found)
                equal = equal_columns(older, newer)
            before, after = _with_keys(before, older), _with_keys(after, newer)
        differing = tuple(name for name in left if fold(name) not in equal)
        beside = tuple(name for name in base.proven if name not in key)
        pairing = Pairing(before, after, key, differing, _near(pair.wish, left), beside)
        counted = self.asks.compare(pairing, self.sample)
        told = _told(base, counted, left, pairing)
        return Compared(comparison_without_protected(told, pair.protected), self.found)

    def _proven_under_the_key(self) -> frozenset[str]:
        """Return the columns that are proven to have the same values under the same keys, by the newer one's names.

        Versions pair the rows off, whatever their keys: they say nothing of keys that are not proven themselves.
        """
        found = _proven(self.pair) if self.key and _rows_pair_off(self.pair) else frozenset()
        return found if found >= set(self.key) else frozenset()

    def _is_worth_hashing(self, left: int) -> bool:
        """Tell whether fingerprints may save anything: as many rows, the same columns, more than a few to look at."""
        before, after = self.pair.before, self.pair.after
        assert before is not None
        is_view = Kind.VIEW in (before.kind, after.kind)
        shape = shape_difference(self.pair.shape_before, self.pair.shape_after)
        if is_view or before.rows != after.rows or shape.added or shape.removed or shape.retyped:
            return False
        return left > _FEW_COLUMNS or not self.key or not _rows_pair_off(self.pair)

    def _fingerprints(self, before: Side, after: Side) -> tuple[Fingerprint | None, Fingerprint | None]:
        """Return both sides' fingerprints; the second knows the first, and is None where that has other keys."""
        older, newer = (self.known.get(fingerprint_key(content, self.key)) for content in self.pair.contents)
        assert self.pair.before is not None
        if older is None:
            older = self._fingerprint(self.pair.before, before, newer)
        if newer is None:
            newer = self._fingerprint(self.pair.after, after, older)
        return older, newer

    def _fingerprint(self, build: Build, side: Side, beside: Fingerprint | None) -> Fingerprint | None:
        if (found := self.asks.fingerprint(side, self.key, beside)) is not None:
            self.found[build.id] = found
        return found


def compare_relations(
    base: Comparison,
    lay: Callable[[], tuple[Side, Side]],
    wish: Wish,
    ask: Callable[[Pairing], Counted],
    *,
    protected: Set[str],
    hides_words: bool,
) -> Comparison:
    """Return how two relations differ of which nothing is known but their columns; ``base`` says what they are.

    ``lay`` gives them where both can be asked. ``protected`` and ``hides_words`` as in a pair: whoever asks has to say.
    """
    try:
        before, after = lay()
        common = common_columns(before.shape, after.shape)
        key, unkeyed = wish.key_in(before.shape, after.shape)
        base = replace(base, key=key, unkeyed=unkeyed, shape=shape_difference(before.shape, after.shape))
        if common.unclear:
            return _without_names(base, common.unclear)
        left = [column.name for _, column in common.both if column.name not in key]
        pairing = Pairing(before, after, key, tuple(left), _near(wish, left))
        return comparison_without_protected(_told(base, ask(pairing), left, pairing), protected)
    except (TooCostly, StatementFailed) as fault:
        return _unfinished(base, fault, hides_words=hides_words)


def _without_names(base: Comparison, unclear: Iterable[str]) -> Comparison:
    """Return the comparison of sides of which some columns cannot be told apart."""
    told = f"{listed(tuple(unclear))} differ in case alone, and nobody can tell which is which"
    return replace(base, rung=Rung.INCOMPLETE, incomplete=told)


def _near(wish: Wish, names: Iterable[str]) -> Mapping[str, Tolerance]:
    """Return the tolerances of columns that have one."""
    return {name: one for name in names if (one := wish.tolerances.get(fold(name))) is not None}


def _unfinished(base: Comparison, fault: TooCostly | StatementFailed, *, hides_words: bool) -> Comparison:
    """Return a comparison that says why it was not finished."""
    told = str(fault)
    if isinstance(fault, StatementFailed):
        words = "words that may quote a protected value are not shown" if hides_words else fault
        told = f"the engine refused it: {words}"
    return replace(base, rung=Rung.INCOMPLETE, incomplete=told)


def _equal(base: Comparison, before: Fingerprint, after: Fingerprint) -> Comparison:
    """Return the comparison of sides with equal fingerprints."""
    rows = replace(base, rung=Rung.EQUAL, rows_before=before.rows, rows_after=after.rows)
    return replace(rows, keys_before=before.keys, keys_after=after.keys)


def _with_keys(side: Side, found: Fingerprint | None) -> Side:
    """Return a side that says that its key is a good one, where its fingerprint found that."""
    return replace(side, is_keyed=found is not None and bool(found.columns))


def _told(base: Comparison, counted: Counted, left: Iterable[str], pairing: Pairing) -> Comparison:
    """Return what was counted as a comparison; columns that hashes prove to be equal stand among the others."""
    by_name = {column.name: column for column in counted.columns}
    columns = tuple(by_name.get(name, ColumnDifference(name, 0, 0)) for name in left) if pairing.key else ()
    return replace(
        base,
        rung=Rung.KEYED if pairing.key else Rung.BAG,
        rows_before=counted.rows_before,
        rows_after=counted.rows_after,
        keys_before=counted.keys_before,
        keys_after=counted.keys_after,
        added=counted.added,
        removed=counted.removed,
        changed=counted.changed,
        columns=columns,
        differences=counted.differences,
    )


def _base(pair: Pair) -> Comparison:
    key, unkeyed = _keys_of(pair)
    if pair.before is None:
        return Comparison(
            pair.address, after=pair.after.id, rows_before=pair.rows_lost, rows_after=pair.after.rows, key=key
        )
    return Comparison(
        pair.address,
        pair.before.id,
        pair.after.id,
        rows_before=pair.before.rows,
        rows_after=pair.after.rows,
        key=key,
        shape=shape_difference(pair.shape_before, pair.shape_after),
        moved=pair.moved,
        unkeyed=unkeyed,
    )


def _keys_of(pair: Pair) -> tuple[tuple[str, ...], str]:
    return pair.wish.key_in(pair.shape_before if pair.before else pair.shape_after, pair.shape_after)


def _shared(pair: Pair) -> tuple[str, ...]:
    """Return the columns that both sides have, by the newer one's names and order."""
    return tuple(column.name for _, column in common_columns(pair.shape_before, pair.shape_after).both)


def _rows_pair_off(pair: Pair) -> bool:
    """Tell whether the versions of the rows are equal: then they pair off (law of reuse, `core/recipe.py`)."""
    return pair.before is not None and pair.before.versions.rows == pair.after.versions.rows


def _proven(pair: Pair) -> frozenset[str]:
    """Return the columns whose versions are equal, by the newer one's names."""
    assert pair.before is not None
    older, newer = pair.before.versions.columns, pair.after.versions.columns
    both = common_columns(pair.shape_before, pair.shape_after).both
    return frozenset(
        new.name
        for old, new in both
        if old.type == new.type and (was := _called(older, old)) is not None and was == _called(newer, new)
    )


def _called(versions: Mapping[str, Digest], column: Column) -> Digest | None:
    """Return the version of a column, however its name is written."""
    return versions.get(name_called(versions.keys(), column.name))


def sources_that_moved(before: Build, after: Build, build_of: Callable[[Digest], Build | None]) -> tuple[Address, ...]:
    """Return the sources of which two builds read different captures, sorted. Cost: a walk over what both are made of.

    What gc has erased says nothing any more.
    """
    old, new = (_captures(build, build_of) for build in (before, after))
    return tuple(sorted(a for a in old.keys() & new.keys() if old[a] != new[a]))


def _captures(build: Build, build_of: Callable[[Digest], Build | None]) -> Mapping[Address, Digest]:
    found: dict[Address, Digest] = {}
    waiting, seen = list(build.inputs.values()), set(build.inputs.values())
    while waiting:
        one = build_of(waiting.pop())
        if one is None:
            continue
        if one.kind is Kind.SOURCE:
            found[one.address] = one.versions.rows
        fresh = set(one.inputs.values()) - seen
        seen |= fresh
        waiting.extend(fresh)
    return found
