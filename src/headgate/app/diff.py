"""`headgate diff`: two environments, releases or tables beside each other, in one engine or across two.

Nothing is written, and no lease is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold, split
from headgate.core.comparison import Comparison, Rung, Tolerance
from headgate.core.declarations import NOT_SHOWN, TableSource
from headgate.core.diagnostic import Diagnostic, nearest
from headgate.core.errors import Refused, UsageError

if TYPE_CHECKING:
    from headgate.app.measured.hiding import Hiding
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.ports.comparing import Counted, Pairing, Side
    from headgate.core.ports.engine import Engine
    from headgate.core.ports.store import Reading
    from headgate.core.recipe import Shape
    from headgate.core.records import Pointer
    from headgate.evidence.wishes import Wish

_RELEASE = re.compile(r"(.+)@(\d+)")
_TABLE = re.compile(r"([^:]+):([^.]+)\.(.+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: two sides by name, addresses (none: all), a key and tolerances in place of those declared.

    ``tolerances`` are by folded column, or under the empty name for all numbers. ``limit`` is how many rows are shown
    of each kind. ``hides_words``: what an engine says may quote a protected value.
    """

    before: str
    after: str
    addresses: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    limit: int = 5
    hides_words: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """One side: what people call it, its engine, and what it shows; or the one table that it is."""

    label: str
    engine: str
    pointers: Mapping[Address, Pointer] = field(default_factory=dict)
    table: TableSource | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """What came of it: the comparisons of what is on both sides, most important first, and what only one side has.

    ``same`` counts addresses that need no look, as both sides show one build.
    """

    before: str
    after: str
    comparisons: tuple[Comparison, ...]
    same: int = 0
    only_before: tuple[Address, ...] = ()
    only_after: tuple[Address, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Tell whether both sides are known to show the same."""
        return not self.only_before and not self.only_after and all(one.is_equal for one in self.comparisons)


@dataclass(frozen=True, slots=True)
class _Work:
    """One diff on its way: both sides, what is asked, wished and hidden; ``opened`` closes engines at the end."""

    session: Session
    reading: Reading
    sides: tuple[Target, Target]
    asked: Asked
    wishes: Mapping[Address, Wish]
    hiding: Hiding
    opened: ExitStack

    def wish_of(self, address: Address, shape: Shape) -> Wish:
        """Return what is wished of the comparison of an address."""
        return _wished(self.wishes.get(address), self.asked, shape)

    def hidden(self, side: Target, name: Address, shape: Shape) -> frozenset[str]:
        """Return the columns, folded, that nobody may see of what a side has under a name."""
        if side.table is not None:
            return self.hiding.of_table(side.table, shape)
        return self.hiding.of_address(name, shape)

    def engine(self, name: str) -> Engine:
        """Return an open session on an engine, which is only read."""
        found = self.session.engine(name, is_read_only=True)
        self.opened.callback(found.close)
        return found


def diff(session: Session, repository: Repository, asked: Asked) -> Diff:
    """Return how two sides differ. Raises ``Refused`` where one is not there, ``UsageError`` where they do not fit.

    Cost: nothing where equal versions, or what was kept of an earlier comparison, prove it; else what the ladder needs.
    Across engines every row of both sides goes through this process.
    """
    with session.reading() as reading, ExitStack() as opened:
        before, after = (_target(session, reading, name) for name in (asked.before, asked.after))
        wishes, hiding = _declared(session, repository, reading, (before, after))
        limit = asked.limit if hiding.graph is not None else 0
        asked = replace(asked, limit=limit, hides_words=asked.hides_words or hiding.hides_words)
        work = _Work(session, reading, (before, after), asked, wishes, hiding, opened)
        is_across = before.table or after.table or before.engine != after.engine
        return _across(work) if is_across else _within_one(work)


def _declared(
    session: Session, repository: Repository, reading: Reading, sides: tuple[Target, Target]
) -> tuple[Mapping[Address, Wish], Hiding]:
    """Return what the working tree says; where it has faults nobody knows what is protected.

    It is read for the engine of an environment: that of a single table need not understand it.
    """
    from headgate.app.measured.comparing import wishes_of
    from headgate.app.measured.hiding import Hiding
    from headgate.app.releasing.unprotecting import hidden_by_releases
    from headgate.app.repository import linked_now
    from headgate.evidence.wishes import wish_of

    shown_first = sorted(sides, key=lambda side: side.table is not None)
    for engine in dict.fromkeys(side.engine for side in shown_first):
        with suppress(Refused):
            graph, _ = linked_now(session, repository, reading, engine=engine)
            hidden = hidden_by_releases(session, reading, repository, graph, engine=engine)
            return wishes_of(graph), Hiding(reading, replace(graph, protected=hidden))
    assets = repository.declarations.assets
    return {asset.address: wish_of(asset.properties) for asset in assets}, Hiding(reading, None)


def _target(session: Session, reading: Reading, name: str) -> Target:
    if table := _TABLE.fullmatch(name):
        if table[1] not in session.config.engines:
            near = nearest(table[1], session.config.engines)
            hint = f"Did you mean {near[0]}?" if near else f"There is {', '.join(session.config.engines)}."
            raise Refused([Diagnostic("HG125", f"there is no engine {table[1]}", hint=hint)])
        return Target(name, table[1], table=TableSource(table[2], table[3]))
    release = _RELEASE.fullmatch(name)
    environment, serial = (release[1], int(release[2])) if release else (name, 0)
    from headgate.app.questions import shown_now
    from headgate.release.history import pointers_as_of, read_moves

    record, pointers = shown_now(session, reading, environment)
    if not release:
        return Target(environment, record.engine, pointers)
    if not 0 < serial <= record.serial:
        hint = f"Look: headgate releases {environment}"
        raise Refused([Diagnostic("HG514", f"{environment} has no release {serial}", hint=hint)])
    moves = read_moves(reading, environment, after=serial)
    return Target(name, record.engine, pointers_as_of(serial, pointers, moves))


def _within_one(work: _Work) -> Diff:
    """Compare two sets of pointers of one engine by their builds."""
    from headgate.app.measured.comparing import Beside, asks_of, evidence_of, known_of, pairs_of
    from headgate.evidence.compare import SAMPLE_ROWS, compare

    session, asked = work.session, work.asked
    before, after = work.sides
    chosen = _chosen(asked.addresses, before.pointers, after.pointers)
    _demand_columns(asked, (side.pointers[a].shape for side in work.sides for a in chosen if a in side.pointers))
    wishes = {a: work.wish_of(a, after.pointers[a].shape) for a in chosen if a in after.pointers}
    hidden = work.hiding.of_shown(chosen, before.pointers, after.pointers)
    beside = Beside(
        before.pointers, after.pointers, wishes, protected=hidden, chosen=frozenset(chosen),
        hides_words=asked.hides_words,
    )  # fmt: skip
    pairs, build_of = pairs_of(work.reading, beside)
    own = evidence_of(work.reading, pairs)
    found: dict[Address, Comparison] = {}
    asks = None
    for pair in pairs:
        if pair.address not in before.pointers:
            continue
        known = known_of(session, pair, own) if asked.limit == SAMPLE_ROWS else None
        if known is None:
            if asks is None:
                asks = asks_of(session, work.engine(after.engine), str(session.root), beside, build_of)
            prints = {key: one for evidence in own.values() for key, one in evidence.fingerprints.items()}
            known = compare(pair, prints, asks, session.config.cost_limit, asked.limit).comparison
        found[pair.address] = known
    both = [a for a in chosen if a in before.pointers and a in after.pointers]
    return _told(work.sides, found, len(both) - len(found), chosen)


def _across(work: _Work) -> Diff:
    """Compare what stands in two engines, or is no build, address by address."""
    from headgate.app.measured.across import scratch
    from headgate.app.session import own_folder
    from headgate.release.stored import StoredBuilds

    session, sides = work.session, work.sides
    builds = StoredBuilds(work.reading)
    engines = {name: work.engine(name) for name in dict.fromkeys(one.engine for one in sides)}
    pairs = _pairs_of_tables(work.asked.addresses, sides)
    found: dict[Address, Comparison] = {}
    with scratch(own_folder(session.root)) if len(engines) > 1 else _nothing() as aside:
        laid = {
            address: [
                _relation(session, engines[side.engine], side, name, builds.get)
                for side, name in zip(sides, names, strict=True)
            ]
            for address, names in pairs.items()
        }
        _demand_columns(work.asked, (shape for relations in laid.values() for _, shape in relations))
        for address, names in pairs.items():
            relations = laid[address]
            hidden = frozenset[str]().union(
                *(work.hidden(side, one, shape) for side, one, (_, shape) in zip(sides, names, relations, strict=True))
            )
            found[address] = _compared(work, address, relations, hidden, engines, aside)
    chosen = (
        () if sides[0].table or sides[1].table else _chosen(work.asked.addresses, sides[0].pointers, sides[1].pointers)
    )
    return _told(sides, found, 0, chosen)


def _compared(
    work: _Work,
    address: Address,
    relations: Sequence[tuple[str, Shape]],
    hidden: frozenset[str],
    engines: Mapping[str, Engine],
    aside: Engine | None,
) -> Comparison:
    from headgate.app.measured.across import There, meet, tolerances_across
    from headgate.app.measured.comparing import within
    from headgate.core.ports.comparing import Side
    from headgate.evidence.compare import compare_relations

    base, asked = Comparison(address, rung=Rung.KEYED), work.asked
    engine = aside or engines[work.sides[0].engine]
    (old, before), (new, after) = relations
    wish = work.wish_of(address, after)
    if aside is not None:
        wish = replace(wish, tolerances=tolerances_across(before, after, wish.tolerances))
    seconds = work.session.config.cost_limit.seconds

    def lay() -> tuple[Side, Side]:
        if aside is None:
            return Side(old, before), Side(new, after)
        first, second = (engines[side.engine] for side in work.sides)
        return meet(aside, address, There(first, old, before), There(second, new, after))

    def ask(pairing: Pairing) -> Counted:
        return within(seconds, lambda: engine.compare(pairing, asked.limit), engine.interrupt)

    return compare_relations(base, lay, wish, ask, protected=hidden, hides_words=asked.hides_words)


def _relation(session: Session, engine: Engine, side: Target, name: Address, build_of: object) -> tuple[str, Shape]:
    """Return SQL text of what a side has under a name, and its columns."""
    from headgate.release.bindings import Bindings
    from headgate.sql.bind import inlined

    if side.table is None:
        bindings = Bindings(side.pointers, build_of, engine, str(session.root), reads_captures=True)  # type: ignore[arg-type]
        return inlined(bindings.shown(name)), side.pointers[name].shape
    shape = engine.columns([side.table]).get(side.table)
    if not shape:
        where = f"{side.table.schema}.{side.table.name}"
        raise Refused([Diagnostic("HG202", f"there is no table {where} in {side.engine}")])
    return engine.source(side.table, str(session.root)), shape


def _pairs_of_tables(names: tuple[str, ...], sides: tuple[Target, Target]) -> Mapping[Address, tuple[Address, Address]]:
    """Return under which names both sides are compared, by what people call them."""
    before, after = sides
    if before.table or after.table:
        shown = after if before.table else before
        if shown.table:
            table = shown.table
            one = Address(f"{table.schema}.{table.name}")
            return {one: (one, one)}
        chosen = _chosen(names, shown.pointers, shown.pointers)
        if len(names) != 1 or len(chosen) != 1:
            raise UsageError(f"{shown.label} shows many tables: say which one, as in headgate diff A B marts.orders")
        return {chosen[0]: (chosen[0], chosen[0])}
    chosen = _chosen(names, before.pointers, after.pointers)
    return {a: (a, a) for a in chosen if a in before.pointers and a in after.pointers}


def _chosen(
    names: Sequence[str], before: Mapping[Address, Pointer], after: Mapping[Address, Pointer]
) -> tuple[Address, ...]:
    """Return the addresses that are compared, sorted: those named, else all that people can read."""
    shown = {a: None for side in (before, after) for a, p in side.items() if p.kind not in NOT_SHOWN}
    if not names:
        return tuple(sorted(shown))
    found: dict[Address, None] = {}
    faults: list[Diagnostic] = []
    for name in names:
        fits = [a for a in shown if fold(a) == fold(name)] or [a for a in shown if fold(split(a)[1]) == fold(name)]
        if len(fits) == 1:
            found[fits[0]] = None
            continue
        near = fits or nearest(name, shown)
        hint = f"Did you mean {' or '.join(near[:3])}?" if near else ""
        faults.append(Diagnostic("HG202", f"{name} is {'ambiguous' if fits else 'on neither side'}", hint=hint))
    if faults:
        raise Refused(faults)
    return tuple(sorted(found))


def _demand_columns(asked: Asked, shapes: Iterable[Shape]) -> None:
    """Raise ``Refused`` where a key or a tolerance is given for columns that nothing which is compared has."""
    names = {fold(column.name): column.name for shape in shapes for column in shape}
    given = {f"--key {name}": name for name in asked.key} | {f"--tolerance {name}": name for name in asked.tolerances}
    faults = []
    for option, name in given.items():
        if name and names and fold(name) not in names:
            near = nearest(name, names.values())
            hint = f"Did you mean {' or '.join(near[:3])}?" if near else ""
            faults.append(Diagnostic("HG203", f"{option}: no table that is compared has such a column", hint=hint))
    if faults:
        raise Refused(faults)


def _wished(wish: Wish | None, asked: Asked, shape: Shape) -> Wish:
    """Return what is wished of a comparison, as the command line or the repository says."""
    from headgate.core.column_types import Family, family_of
    from headgate.evidence.wishes import NO_WISH

    wish = wish or NO_WISH
    near = dict(wish.tolerances)
    if "" in asked.tolerances:
        near |= {fold(c.name): asked.tolerances[""] for c in shape if family_of(c.type) is Family.NUMBER}
    near |= {name: one for name, one in asked.tolerances.items() if name}
    return replace(wish, keys=(asked.key,) if asked.key else wish.keys, tolerances=near)


def _told(
    sides: tuple[Target, Target], found: Mapping[Address, Comparison], same: int, chosen: Sequence[Address]
) -> Diff:
    """Return the result, what differs most first."""
    before, after = sides
    ranked = sorted(found.values(), key=lambda one: (one.is_equal, -_weight(one), one.address))
    return Diff(
        before.label,
        after.label,
        tuple(ranked),
        same,
        tuple(a for a in chosen if a in before.pointers and a not in after.pointers),
        tuple(a for a in chosen if a in after.pointers and a not in before.pointers),
    )


def _weight(comparison: Comparison) -> float:
    """Return how important a difference is: what was not compared, lost columns, then the share of rows that differ."""
    if comparison.incomplete:
        return 3.0
    rows = max(comparison.rows_before, comparison.rows_after, 1)
    share = (comparison.added + comparison.removed + comparison.changed) / rows
    return share + (2.0 if comparison.shape.removed or comparison.shape.retyped else 0.0)


@contextmanager
def _nothing() -> Iterator[None]:
    yield None
