"""`headgate plan`: what applying the working tree would do to an environment. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.app.environments import snapshot_of
from headgate.core.address import Address
from headgate.core.declarations import NOT_SHOWN, File, Kind
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import Refused, UsageError
from headgate.core.hashing import Digest, content_digest, digest
from headgate.core.plan import Action, Origin, Plan

if TYPE_CHECKING:
    from headgate.app.repository import Repository
    from headgate.app.session import Session
    from headgate.core.gate import Need
    from headgate.core.graph import Graph
    from headgate.core.ports.store import Reading
    from headgate.core.snapshot import Shown, Snapshot

_EQUAL = "equal"
"""The kind of cache entry that says: what this move left shows this graph."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a plan is asked for. ``refresh``: None for none, empty for all source tables.

    Not ``is_whole``: what only keeps what it shows may be left out of the plan, which is then for reading alone; where
    nothing changed, so may the commit.
    """

    environment: str = "dev"
    select: tuple[str, ...] = ()
    refresh: tuple[str, ...] | None = None
    is_whole: bool = True
    now: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what a reader of it wants to know beside it.

    ``shows`` counts the tables, views and seeds that the environment shows afterwards. ``is_behind``: nothing is to be
    done, but the protected environment has moved since this one was applied beside it. ``stale`` says what has moved
    since a saved plan was made; ``files`` is the code of a saved plan. ``left_out`` counts the tables, views and seeds
    that are kept and stand in no step. ``captured`` says when the tables of the engine were read whose captures are
    kept, the oldest first: what came into them since is not seen. ``now`` is the instant that it was asked to take for
    the present, empty for the clock's. ``needs`` is what its changes are known to need at the gate.
    """

    plan: Plan
    shows: int
    is_new: bool = False
    is_behind: bool = False
    warnings: tuple[Diagnostic, ...] = ()
    stale: tuple[Diagnostic, ...] = ()
    left_out: int = 0
    files: Mapping[str, bytes] | None = None
    captured: Mapping[Address, str] = field(default_factory=dict)
    now: str = ""
    needs: tuple[Need, ...] = ()


def plan(session: Session, repository: Repository, request: Request) -> Planned:
    """Return what would bring the environment to the working tree.

    Cost where nothing changed since the last apply: the files' stamps, one look-up; nothing is linked.
    """
    environment = session.environment(request.environment)
    with session.reading() as reading:
        return _planned(session, repository, request, reading, engine=environment.engine, is_patient=False)


def plan_for_apply(session: Session, repository: Repository, request: Request) -> Planned:
    """Return the same, with columns of source tables that were never seen looked up in the warehouse, if need be."""
    environment = session.environment(request.environment)
    with session.reading() as reading:
        planned = _planned(session, repository, request, reading, engine=environment.engine, is_patient=True)
    return replace(planned, now=request.now)


def save(planned: Planned, root: Path, path: Path) -> None:
    """Leave the plan in a file, with the code that it was made from, which is read below ``root``.

    Raises ``Refused`` where a file is not what it was.
    """
    import base64

    from headgate.core.json_form import dumps
    from headgate.plan.stored import plan_to_json

    files = planned.files or {f.path: _as_planned(root, f) for f in planned.plan.origin.files}
    body = plan_to_json(planned.plan)
    body["shows"], body["is_new"], body["captured"] = planned.shows, planned.is_new, dict(planned.captured)
    body["files"] = {name: base64.b64encode(content).decode("ascii") for name, content in files.items()}
    body["seal"] = _seal(body)
    try:
        path.write_text(dumps(body) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def saved(path: Path, session: Session | None = None) -> Planned:
    """Return a saved plan; with a session also what has moved since it was made.

    Raises ``Refused`` where anything in it was altered: its keys do not hold the text that would run.
    """
    import base64

    from headgate.core.json_form import loads
    from headgate.plan.stale import stale_entries
    from headgate.plan.stored import plan_from_json

    if path.exists() and not path.is_file():  # a pipe or a device may never end
        raise UsageError(f"{path} is not a regular file")
    try:
        body: Any = loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a saved plan; headgate plan --out FILE makes one") from error
    found = plan_from_json(body)
    if body.pop("seal", None) != _seal(body):
        hint = "It was altered, or another version of Headgate made it. Plan again."
        raise Refused([Diagnostic("HG450", f"{path} is not as it was saved", hint=hint)])
    try:
        shows, files = int(body["shows"]), {n: base64.b64decode(t) for n, t in body["files"].items()}
        captured = {Address(address): str(at) for address, at in body.get("captured", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} is a damaged plan ({error!r}): plan again") from error
    stale: tuple[Diagnostic, ...] = ()
    if session is not None:
        stale = misplaced(session, found)
    if session is not None and not stale:
        with session.reading() as reading:
            stale = stale_entries(found, snapshot_of(session, reading, found.environment, engine=found.engine))
    return Planned(found, shows, bool(body.get("is_new")), stale=stale, files=files, captured=captured)


def _seal(body: Mapping[str, Any]) -> str:
    """Return the digest of all that a saved plan holds; empty where it holds what no plan does."""
    from headgate.core.json_form import dumps

    try:
        return digest("saved plan", dumps(body))
    except (UnicodeEncodeError, RecursionError):
        return ""


def _as_planned(root: Path, file: File) -> bytes:
    content = (root / file.path).read_bytes() if (root / file.path).is_file() else b""
    if content_digest((content,)) != file.digest:
        text = f"{file.path} changed since the plan was made"
        raise Refused([Diagnostic("HG451", text, Place(file.path), hint="Plan again.")])
    return content


def misplaced(session: Session, plan: Plan) -> tuple[Diagnostic, ...]:
    """Return one HG502 where the plan was made for another project, or for another engine than the environment has."""
    engine = session.environment(plan.environment).engine
    if plan.project != session.config.name:
        text = f"the plan was made in the project {plan.project}, this is {session.config.name}"
    elif plan.engine != engine:
        text = f"the plan was made for the engine {plan.engine}, {plan.environment} is in {engine} now"
    else:
        return ()
    return (Diagnostic("HG502", text, hint=f"Plan again: headgate plan {plan.environment}"),)


def _planned(
    session: Session, repository: Repository, request: Request, reading: Reading, *, engine: str, is_patient: bool
) -> Planned:
    from headgate.app.fitting import refuse_unfit
    from headgate.app.gate.foreseeing import needs_of
    from headgate.app.repository import graph_of, looked_up, recorded_shapes, undeclared_tables
    from headgate.app.running.arrived import noting_unfit_files
    from headgate.release.place import check_place

    if is_patient:  # a plan alone needs no warehouse
        session.check_warehouse(reading, engine)
    snapshot = snapshot_of(session, reading, request.environment, engine=engine)
    if snapshot.shown is None:
        session.check_state(reading, engine)
    bare = session.config.bare == request.environment
    becomes_bare = bare if snapshot.shown is not None and snapshot.shown.record.bare != bare else None
    is_plain = not request.select and not request.since and request.refresh is None and becomes_bare is None
    is_plain = is_plain and not (is_behind(snapshot) and goes_by_what_is_beside(session, reading, snapshot.shown))
    if is_plain:
        empty = _if_nothing_changed(session, repository, request, snapshot, reading, engine=engine)
        if empty is not None:
            return empty
    check_place(reading, request.environment, engine=engine, bare=bare)
    repository.look_at_git()
    if is_plain and not request.is_whole:
        short = _if_little_changed(session, repository, snapshot, reading, engine=engine)
        if short is not None:
            return short
    tables = undeclared_tables(repository.declarations)
    asked = tables if request.refresh == () else request.refresh or ()
    refresh = frozenset(map(Address, asked))
    recorded = recorded_shapes(session, tables, reading, engine=engine)
    recorded = looked_up(session, repository, recorded, engine=engine, refresh=refresh, is_patient=is_patient)
    with noting_unfit_files(session, repository, snapshot, engine=engine):
        graph, warnings = graph_of(session, repository, recorded, engine=engine)
    refuse_unfit(session, graph, request.environment, engine=engine)
    made = _make(session, graph, snapshot, repository.origin, request, engine=engine)
    made = replace(made, becomes_bare=becomes_bare)
    made = _hiding(session, repository, reading, made, snapshot, graph)
    if not request.select:
        made = _with_properties(session, repository, reading, made, snapshot)
    if request.is_whole or made.is_empty:  # then the environment probably shows this graph when it is planned next
        from headgate.app.linking.neighbours import remember

        remember(session.cache, repository.declarations, repository.tree, graph, repository.analyses)
    if made.is_empty and snapshot.shown is not None and not request.select:
        # Such an edit (a comment) moves nothing, so the environment's record never learns of this graph.
        shown = snapshot.shown
        session.cache.put(_EQUAL, {_equal_key(shown, graph.digest): "", _equal_key(shown, ""): graph.digest})
        session.cache.forget(_EQUAL, keep=50)
    return Planned(
        made,
        shows=_count_shown(made),
        is_new=snapshot.shown is None or not snapshot.shown.pointers,
        is_behind=made.is_empty and not request.select and is_behind(snapshot),
        warnings=warnings,
        captured=_captured(made, snapshot),
        needs=needs_of(session, repository, reading, made, snapshot, graph=graph),
    )


def _make(session: Session, graph: Graph, snapshot: Snapshot, origin: Origin, request: Request, *, engine: str) -> Plan:
    from headgate.app.session import now
    from headgate.plan.make import make_plan
    from headgate.plan.occasion import Occasion
    from headgate.plan.retyped import retyped_faults
    from headgate.plan.select import refreshed, selected

    made = make_plan(
        graph,
        snapshot,
        origin,
        project=session.config.name,
        engine=engine,
        select=selected(graph, request.select) if request.select else None,
        refresh=frozenset() if request.refresh is None else refreshed(graph, request.refresh),
        is_protected=session.is_protected(request.environment),
        occasion=Occasion(
            request.now or now(),
            since=request.since,
            is_draft=asks_for_commit(session, request.environment, origin),
        ),
    )
    if faults := tuple(retyped_faults(made, snapshot)):
        raise Refused(faults)
    return made


def _hiding(
    session: Session, repository: Repository, reading: Reading, made: Plan, snapshot: Snapshot, graph: Graph
) -> Plan:
    """Return the plan whose checks show no column that the release beside it protects."""
    from headgate.app.releasing.unprotecting import hidden_beside

    if snapshot.beside is None or not (made.tests or made.queries):
        return made
    hidden = hidden_beside(session, reading, repository, graph, snapshot.beside, engine=made.engine)
    return replace(made, protected=hidden)


def _with_properties(
    session: Session, repository: Repository, reading: Reading, made: Plan, snapshot: Snapshot
) -> Plan:
    """Return the plan with what is declared otherwise than by the code that the environment shows."""
    from headgate.app.releasing.code import properties_changed

    serial = snapshot.shown.record.serial if snapshot.shown is not None else 0
    return replace(made, properties=properties_changed(session, repository, reading, made.environment, serial))


def asks_for_commit(session: Session, environment: str, origin: Origin) -> bool:
    """Tell whether the code is in no commit, and only a commit is promoted from the environment."""
    return bool(origin.commit and origin.dirty) and session.beside(environment) is not None


def _if_nothing_changed(
    session: Session,
    repository: Repository,
    request: Request,
    snapshot: Snapshot,
    reading: Reading,
    *,
    engine: str,
) -> Planned | None:
    """Return the empty plan where the environment shows exactly the graph that the working tree was linked to before.

    Beside the graph a plan depends on the newest captures of source tables: each must be the one that is pointed to.
    """
    from headgate.app.repository import known_graph

    shown = snapshot.shown
    if shown is None or not _is_settled(snapshot, engine):
        return None
    graph = known_graph(session, repository, reading, engine=engine)
    if graph is None or (graph != shown.record.graph and not _is_known_equal(session, shown, graph)):
        return None
    beside = (snapshot.beside.record.name, snapshot.beside.record.serial) if snapshot.beside else None
    empty = Plan(
        project=session.config.name,
        environment=snapshot.name,
        engine=engine,
        serial=shown.record.serial,
        entries={},
        steps=(),
        reaches=(),
        origin=repository.origin if request.is_whole else Origin(repository.tree, repository.files),
        beside=beside,
        graph=graph,
    )
    captured = _captured(empty, snapshot)
    return Planned(empty, shows=len(shown.pointers), is_behind=is_behind(snapshot), captured=captured)


def is_behind(snapshot: Snapshot) -> bool:
    """Tell whether what is shown beside has moved since the environment was applied."""
    shown, beside = snapshot.shown, snapshot.beside
    return shown is not None and beside is not None and shown.record.beside != beside.record.serial


def goes_by_what_is_beside(session: Session, reading: Reading, shown: Shown | None) -> bool:
    """Tell whether the environment shows anything that is loaded or waits for a schedule.

    That depends on what came in beside as well. Cost: its pointers.
    """
    from headgate.app.releasing.code import told_if_known
    from headgate.release.history import move_of_code
    from headgate.release.stored import StoredPointers

    if shown is None or not isinstance(shown.pointers, StoredPointers):
        return False
    pointers = shown.pointers
    if any(next(pointers.of_kind(kind), None) for kind in (Kind.INCREMENTAL, Kind.SNAPSHOT)):
        return True
    move = move_of_code(reading, shown.record.name, shown.record.serial)
    return move is not None and any("cron" in told for told in told_if_known(session, reading, move).values())


def _is_settled(snapshot: Snapshot, engine: str) -> bool:
    """Tell whether the environment is of that engine and points to the newest captures of source tables."""
    shown = snapshot.shown
    if shown is None or shown.record.engine != engine:
        return False
    pointers = shown.pointers
    return all(c.exact or a not in pointers or pointers[a].build == c.build for a, c in snapshot.captures.items())


def _if_little_changed(
    session: Session, repository: Repository, snapshot: Snapshot, reading: Reading, *, engine: str
) -> Planned | None:
    """Return the short plan where nothing but a few texts differ from what the environment shows whole."""
    from headgate.app.gate.foreseeing import needs_of
    from headgate.app.linking.ground import ground_of
    from headgate.app.linking.neighbours import NotKept, listed, relinked
    from headgate.app.repository import known_graph
    from headgate.plan.short import Part, make_short_plan

    shown = snapshot.shown
    is_protected = session.is_protected(snapshot.name)
    if shown is None or is_protected or not _is_settled(snapshot, engine):
        return None
    last = _equal_key(shown, "")
    graph = session.cache.get(_EQUAL, (last,)).get(last) or shown.record.graph
    before = listed(session.cache, Digest(graph)) if graph else None
    if before is None or known_graph(session, repository, reading, engine=engine, tree=before.tree) != graph:
        return None
    found = relinked(repository.root, ground_of(session, engine), session.cache, before, repository.files)
    if found is None:
        return None
    part = Part(found.digest, found.changed, found.place, found.node, found.readers, found.is_live)
    try:
        made = make_short_plan(part, snapshot, repository.origin, project=session.config.name, engine=engine)
    except NotKept:
        return None
    if made is None:
        return None
    moved = sum(step.kind not in NOT_SHOWN for step in made.steps)
    return Planned(
        made,
        shows=found.assets,
        is_behind=made.is_empty and is_behind(snapshot),
        left_out=found.assets - moved,
        captured=_captured(made, snapshot),
        needs=needs_of(session, repository, reading, made, snapshot, is_short=True),
    )


def _captured(made: Plan, snapshot: Snapshot) -> Mapping[Address, str]:
    """Return when each capture was made that the environment reads afterwards, of tables of the engine alone.

    Files are looked at for every plan. Cost: one look-up for each such table.
    """
    pointers = snapshot.shown.pointers if snapshot.shown else {}
    tables = (address for address, capture in snapshot.captures.items() if not capture.exact)
    kept = {address: pointers[address].build for address in tables if address in pointers}
    for step in made.steps:
        if step.kind is Kind.SOURCE:
            kept.pop(step.address, None)
            if step.action in (Action.KEEP, Action.REUSE) and step.build and step.capture and not step.capture.exact:
                kept[step.address] = step.build
    snapshot.fetch(kept.values())
    found = ((build.created_at, address) for address, one in kept.items() if (build := snapshot.build(one)))
    return {address: at for at, address in sorted(found)}


def _is_known_equal(session: Session, shown: Shown, graph: Digest) -> bool:
    key = _equal_key(shown, graph)
    return key in session.cache.get(_EQUAL, (key,))


def _equal_key(shown: Shown, graph: str) -> str:
    return f"{shown.record.name}/{shown.record.intent}/{graph}"


def _count_shown(made: Plan) -> int:
    return sum(step.action is not Action.REMOVE and step.kind not in NOT_SHOWN for step in made.steps)
