"""How a change alters what decides of it: the policy, owners, data tests, contracts; and what of it is a new recipe.

The policy that decides is the one that was released, and so are the owners: who edits them in a change is judged by
what they were before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from headgate.core.hashing import Digest, Part, digest

if TYPE_CHECKING:
    from headgate.app.releasing.unprotecting import Protection
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.address import Address
    from headgate.core.declarations import Config
    from headgate.core.expected import ExpectedChange
    from headgate.core.graph import Graph
    from headgate.core.policy import Policy
    from headgate.core.ports.store import Reading
    from headgate.core.properties import Told
    from headgate.core.protection import Protected
    from headgate.core.records import Move
    from headgate.evidence.findings import Gate
    from headgate.release.promote import PromotionPlan


Telling: TypeAlias = "Callable[[Session, Reading, Move], Told]"
"""What gives that which the code of a move declares: proven, or as it is remembered."""

_POLICIES, _KEPT = "policies 2", 20
"""The kind of cache entry that says which policy a move was made with; so many are kept."""


@dataclass(frozen=True, slots=True)
class Altered:
    """What a change is, beside a release. ``release`` is its serial, 0 where there is none yet.

    ``policy`` decides. ``change`` stands for all that is otherwise in code and settings, and for no data. ``owners``
    are those of what is released; of what is new, those of the change. ``expected`` came with the change. ``before`` is
    what the release declares, empty where the change declares the same. ``hidden`` are the columns whose values nobody
    sees before the change is released.
    """

    release: int
    policy: Policy
    gate: Gate
    change: Digest
    owners: Mapping[Address, str] = field(default_factory=dict)
    expected: tuple[ExpectedChange, ...] = ()
    before: Told = field(default_factory=dict)
    hidden: Protected = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a repository is judged by, beside a release: its policy and owners, and how the repository alters those.

    ``before`` is what is released, and ``now`` what the repository declares: None where that is the same, or where
    nobody can tell.
    """

    policy: Policy
    gate: Gate
    owners: Mapping[Address, str] = field(default_factory=dict)
    now: Told | None = None
    expected: tuple[ExpectedChange, ...] = ()
    before: Told = field(default_factory=dict)


def judged(
    session: Session, reading: Reading, code: Repository, environment: str, serial: int, *, telling: Telling
) -> Judged:
    """Return what judges a repository beside what ``environment`` shows at ``serial``.

    After a rollback that is the code which is shown again, by the policy and owners of what was released last. What of
    it is lost is not taken from the repository: then nobody can tell. ``telling`` gives what the released code
    declares: ``told_of_move`` where it decides. Cost: where no file differs, a look-up.
    """
    from headgate.app.released_settings import config_among
    from headgate.app.releasing.code import told_of_repository
    from headgate.core.errors import EnvironmentFailed
    from headgate.evidence.findings import Gate
    from headgate.project.walk import CONFIG_FILE
    from headgate.release.history import known_moves_of_code
    from headgate.release.log import demand_told
    from headgate.release.source_code import blobs_of

    config = code.declarations.config
    policy = config.policy
    try:
        found = known_moves_of_code(reading, environment, serial)
        for one in dict.fromkeys(move.serial for move in found or ()):
            demand_told(reading, environment, one)
    except EnvironmentFailed as lost:
        return Judged(policy, Gate(lost=str(lost)))
    if found is None:
        return Judged(policy, Gate(policy, policy), expected=_expected(code, {}))
    move, newest = found
    is_rolled_back = move.serial != newest.serial
    if move.tree == code.tree and not is_rolled_back:  # what came with it counted when it was released
        return Judged(policy, Gate(policy, policy))
    try:
        before = telling(session, reading, move)
        files = blobs_of(reading, move.tree)
        last, last_files = before, files
        if is_rolled_back:
            last, last_files = telling(session, reading, newest), blobs_of(reading, newest.tree)
        same = next((file.digest for file in code.files if file.path == CONFIG_FILE), None)
        was = config if same == last_files.get(CONFIG_FILE) else config_among(reading, last_files, config)
    except EnvironmentFailed as lost:
        return Judged(policy, Gate(lost=str(lost)))
    after = told_of_repository(session, code)
    owners = {address: told.get("owner", "") for address, told in {**before, **last}.items()}
    return Judged(was.policy, _gate(was, config, before, after), owners, after, _expected(code, files), before)


def released_policy_digest(session: Session, reading: Reading, mark: str, move_of: Callable[[], Move | None]) -> str:
    """Return the digest of the policy that a move was made with; empty where there is none, or nobody can tell.

    For plans alone: what decides never goes by a cache. ``mark`` stands for that move alone. Cost: a look into the
    cache, which knows the last ones; ``move_of`` gives the move where it does not: that of a large release is long.
    """
    from headgate import __version__
    from headgate.app.released_settings import released_config
    from headgate.core.errors import EnvironmentFailed

    key = f"{__version__}/{mark}"
    if known := session.cache.get(_POLICIES, (key,)).get(key):
        return known
    move = move_of()
    if move is None:
        return ""
    try:
        found = released_config(reading, move, session.config).policy.digest
    except EnvironmentFailed:
        return ""
    session.cache.put(_POLICIES, {key: found})
    session.cache.forget(_POLICIES, keep=_KEPT)
    return found


def altered(session: Session, reading: Reading, plan: PromotionPlan, code: Repository, graph: Graph) -> Altered:
    """Return what a promotion of ``code`` alters. Cost: where no file differs, two look-ups."""
    from headgate.app.releasing.code import told_of_move
    from headgate.release.history import last_release

    config = code.declarations.config
    others: tuple[Part, ...] = ()
    judge = judged(session, reading, code, plan.target, plan.serial, telling=told_of_move)
    if judge.now is not None:
        settings = (config.policy.digest, tuple(sorted(n for n, e in config.environments.items() if e.protected)))
        others = (settings, tuple(_declared(judge.before, judge.now)))
    if plan.becomes_bare is not None:
        others = (*others, ("bare", str(plan.becomes_bare)))
    owners = {**{address: node.properties.owner for address, node in graph.nodes.items()}, **judge.owners}
    protection = _protection(session, reading, plan, graph, judge.before)
    exposed = {a: (tuple(sorted(names)), owners.get(a, "")) for a, names in protection.exposed.items()}
    return Altered(
        release=last_release(reading, plan.target, plan.serial),
        policy=judge.policy,
        gate=replace(judge.gate, exposed=exposed, environments=(*judge.gate.environments, *_renamed(plan))),
        change=_change(reading, plan, others),
        owners=owners,
        expected=judge.expected,
        before=judge.before,
        hidden=protection.hidden,
    )


def _renamed(plan: PromotionPlan) -> tuple[str, ...]:
    """Return that the names change under which readers find what the environment shows; nothing where they stay."""
    return () if plan.becomes_bare is None else (f"{plan.target} bare_schemas",)


def _protection(session: Session, reading: Reading, plan: PromotionPlan, graph: Graph, before: Told) -> Protection:
    from headgate.app.releasing.unprotecting import Beside, Protection, protection_beside
    from headgate.release.history import move_of_code

    move = move_of_code(reading, plan.target, plan.serial) if before else None
    if move is None:
        return Protection(graph.protected)
    engine = session.environment(plan.target).engine
    return protection_beside(session, reading, graph, Beside(move, before, plan.shown, engine))


def _gate(was: Config, now: Config, before: Told, after: Told) -> Gate:
    from headgate.core.contracts import promise_changes, promise_from_text
    from headgate.core.declarations import Kind
    from headgate.core.promises import QUERY
    from headgate.core.properties import uses_in
    from headgate.evidence.consumers import uses_lost
    from headgate.evidence.findings import Gate

    owners: dict[Address, tuple[str, str]] = {}
    tests: dict[Address, tuple[int, str]] = {}
    broken: dict[Address, tuple[tuple[str, ...], str]] = {}
    exposures: dict[Address, str] = {}
    narrowed: dict[Address, tuple[tuple[str, ...], str]] = {}
    for address, told in before.items():
        new = after.get(address)
        owner = told.get("owner", "")
        if new is None:
            if told.get("kind") == QUERY:
                tests[address] = (1, owner)
            elif told.get("kind") == Kind.EXPOSURE.value:
                exposures[address] = owner
            continue
        if owner and new.get("owner", "") != owner:
            owners[address] = (owner, new.get("owner", ""))
        if lost := uses_lost(uses_in(told), uses_in(new)):
            narrowed[address] = (lost, owner)
        if gone := _tests(told) - _tests(new):
            tests[address] = (len(gone), owner)
        promises = [promise_from_text(text) if _is_promise(text) else None for text in _contracts(told, new)]
        parts = tuple(str(one) for one in promise_changes(*promises) if one.is_breaking) if any(promises) else ()
        if parts:
            broken[address] = (parts, owner)
    return Gate(
        was.policy, now.policy, owners, tests, broken, tuple(_weakened(was, now)), exposures, _compared(before, after),
        narrowed=narrowed,
    )  # fmt: skip


def _compared(before: Told, after: Told) -> Mapping[Address, tuple[tuple[str, ...], str]]:
    """Return what assets would be compared by, looser than before or otherwise, with their owners."""
    from headgate.core.declarations import Kind
    from headgate.evidence.wishes import loosened, wish_told

    both = (a for a, told in before.items() if a in after and told.get("kind") != Kind.SOURCE.value)
    parts = {address: loosened(wish_told(before[address]), wish_told(after[address])) for address in both}
    return {address: (told, before[address].get("owner", "")) for address, told in parts.items() if told}


def _tests(told: Mapping[str, str]) -> frozenset[str]:
    return frozenset(told.get("data_tests", "").splitlines())


def _contracts(*told: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(one.get("contract", "") for one in told)


def _is_promise(text: str) -> bool:
    return text.startswith("{")


def _weakened(was: Config, now: Config) -> Iterator[str]:
    """Yield which settings of protected environments would protect less, as ``prod protected``."""
    for name, before in sorted(was.environments.items()):
        after = now.environment(name) if name != "*" else now.environments.get("*")
        if before.protected and (after is None or not after.protected):
            yield f"{name} protected"
        elif before.protected and after is not None and after.retain_seconds < before.retain_seconds:
            yield f"{name} retain"


def _expected(code: Repository, released: Mapping[str, Digest]) -> tuple[ExpectedChange, ...]:
    """Return the expected changes that the change itself brings: those of a release counted for that one."""
    return tuple(one for one in code.declarations.expected if released.get(one.path) != one.digest)


def _change(reading: Reading, plan: PromotionPlan, others: tuple[Part, ...]) -> Digest:
    """Return the digest of how recipes differ, and of what else differs in code and settings.

    Builds of one recipe on other data are no change. Cost: a look-up for the builds that move.
    """
    from headgate.release.stored import StoredBuilds

    builds = StoredBuilds(reading)
    moved = (*plan.moved, *plan.removed)
    builds.fetch(one for item in moved for one in (item.before, item.after) if one)

    def recipe(build: Digest | None) -> Part:
        found = builds.get(build) if build else None
        return (found.kind.value, found.recipe) if found else None

    recipes = ((item.address, recipe(item.before), recipe(item.after)) for item in moved)
    return digest("change", tuple(one for one in recipes if one[1] != one[2]), others)


def _declared(before: Told, after: Told) -> Iterable[Part]:
    """Yield what is declared otherwise than it is released, by address: of what is new, all of it."""
    for address in sorted(before.keys() | after.keys()):
        if before.get(address) != after.get(address):
            yield address, tuple(sorted(after.get(address, {}).items()))
