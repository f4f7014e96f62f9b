"""What a promotion would do: which pointers a protected environment takes over, with the code that goes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.app.measured.measuring import NO_TESTS, Tests, tests_of
from headgate.app.repository import Repository, committed, linked_now
from headgate.app.session import user
from headgate.core.checks import not_run
from headgate.core.declarations import NOT_SHOWN, FileSource, Kind, TableSource
from headgate.core.diagnostic import Diagnostic, Severity, has_errors
from headgate.core.errors import Refused, UsageError
from headgate.core.listing import listed

if TYPE_CHECKING:
    from headgate.app.releasing.altered import Altered
    from headgate.app.session import Session
    from headgate.core.address import Address
    from headgate.core.declarations import File
    from headgate.core.graph import Graph
    from headgate.core.ports.store import Reading
    from headgate.core.records import Build, Move
    from headgate.release.choose import Code
    from headgate.release.promote import PromotionPlan


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion would do. ``files`` is the code that goes with it; numbers count what readers see.

    ``graph`` is that of the code, ``altered`` how it differs from what was released. ``heads`` are the records of both
    environments that it was decided on. ``differs``: nothing is promoted, and the source shows something else, that is
    in no commit or not in the one checked out; ``elsewhere`` is the commit that it shows then, where that is no part of
    the one checked out, and empty where what it shows was in none and is not what stands here. ``left`` are assets that
    only the source shows. ``is_clean``: the working tree equals the commit.
    """

    plan: PromotionPlan
    graph: Graph
    altered: Altered
    commit: str
    files: tuple[File, ...]
    contents: dict[str, bytes]
    moved: int
    kept: int
    removed: int
    is_git: bool
    differs: bool
    heads: tuple[str | None, ...]
    left: tuple[Address, ...]
    is_clean: bool = True
    elsewhere: str | None = None
    adopted: tuple[Address, ...] = ()
    """Tables of somebody else that are set aside."""
    tests: Tests = NO_TESTS
    """What has to come out of the data that will be shown."""
    not_run: tuple[str, ...] = ()
    """Why data tests that are declared do not run."""
    live: Mapping[Address, str] = field(default_factory=dict)
    """Tables of the engine that views among what moves show as they are, and when each was captured for comparing."""

    @property
    def release(self) -> int:
        """The number that the release will have."""
        return self.plan.serial + 1


def target_of(session: Session, source: str, to: str | None) -> str:
    """Return the environment to promote to: the one named, else the protected one."""
    if "." in source:
        raise UsageError(
            f"{source} is no environment: a promotion takes over all that one shows, as in headgate promote dev"
        )
    if to is None:
        names = [name for name in session.protected() if name != source]
        if len(names) != 1:
            raise UsageError(_no_target(session, source, names))
        to = names[0]
    if to == source:
        raise UsageError(f"{source} cannot be promoted to itself")
    with session.reading() as reading:
        session.recorded(reading, source)
    if session.environment(to).engine != session.environment(source).engine:
        text = f"{source} and {to} live in different engines"
        raise Refused([Diagnostic("HG509", text, hint="Promote between environments of one engine.")])
    return to


def _no_target(session: Session, source: str, names: list[str]) -> str:
    """Return why it is not clear where to promote to: none or several of the protected environments are left."""
    if names:
        return f"there are several protected environments ({', '.join(names)}): say which one with --to NAME"
    if source in session.protected():
        return f"{source} is what others are promoted to: name where the change was proven, as in headgate promote dev"
    return "no environment is protected: say which one to promote to with --to NAME"


def plan_promotion(
    session: Session, repository: Repository, *, source: str, to: str | None, adopts: bool = False
) -> Promotion:
    """Return what promoting ``source`` would do, with the code that the checked-out commit has.

    Raises ``Refused`` where a rule forbids it. With ``adopts`` the warehouse is asked which tables are in the way.
    """
    target = target_of(session, source, to)
    with committed(session, repository) as code, session.reading() as reading:
        is_later = _is_later(code, reading, target)
        is_clean = code.root == session.root
        promotion = _planned(session, code, reading, (source, target), is_clean=is_clean, is_later=is_later)
        if promotion.differs:
            place = (repository, reading, source)
            move = _shown_elsewhere(*place) or _shown_uncommitted(*place)
            promotion = replace(promotion, elsewhere=_commit_of(move) if move else None)
    return _adopting(session, promotion, session.environment(target).engine) if adopts else promotion


def plan_shown(session: Session, repository: Repository, *, source: str, to: str | None) -> Promotion:
    """Return what promoting ``source`` would do with the code that it shows, wherever somebody stands who looks at it.

    It is the code of the checked-out commit where that holds the commit that ``source`` shows. What was applied before
    it was committed is in no commit as far as the state knows: where files differ from theirs here, somebody is at work
    on it and has to commit it first. Files come from the state; who made a commit that this clone lacks is not known
    here. Raises ``Refused`` as ``plan_promotion`` does.
    """
    from headgate.app.releasing.code import released

    target = target_of(session, source, to)
    with session.reading() as reading:
        move = _shown_elsewhere(repository, reading, source)
        if move is None:
            promotion = plan_promotion(session, repository, source=source, to=to)
            move = _shown_uncommitted(repository, reading, source) if promotion.differs and promotion.is_clean else None
            if move is None:
                return promotion
        commit = _commit_of(move)
        with released(session, repository, reading, move) as files:
            git = replace(repository.git, commit=commit)
            code = Repository(files.root, git, home=session.root, memory=repository.memory)
            is_later = _is_later(code, reading, target) if git.knows(commit) else None
            return _planned(session, code, reading, (source, target), is_clean=True, is_later=is_later)


def _shown_elsewhere(repository: Repository, reading: Reading, source: str) -> Move | None:
    """Return the move whose code an environment shows, where its commit is no part of the one that is checked out.

    None where the files are the same, and where what is shown was in no commit. Cost: a git command, where they differ.
    """
    git, move = repository.git, _other_move(repository, reading, source)
    if move is None or move.dirty or move.commit in ("", git.commit) or git.is_ancestor(move.commit, git.commit):
        return None
    return move


def _shown_uncommitted(repository: Repository, reading: Reading, source: str) -> Move | None:
    """Return the move whose code an environment shows, where that was in no commit and is not what stands here."""
    move = _other_move(repository, reading, source)
    return move if move is not None and move.dirty else None


def _commit_of(move: Move) -> str:
    """Return the commit that has the code of a move; empty where it was in none."""
    return "" if move.dirty else move.commit


def _other_move(repository: Repository, reading: Reading, source: str) -> Move | None:
    """Return the move whose code an environment shows; None where that stands here, and where nothing is committed."""
    from headgate.release.history import move_of_code
    from headgate.release.stored import read_environment

    record, _ = read_environment(reading, source)
    move = move_of_code(reading, source, record.serial) if record else None
    return None if move is None or not repository.git.commit or move.tree == repository.tree else move


def _planned(
    session: Session,
    code: Repository,
    reading: Reading,
    names: tuple[str, str],
    *,
    is_clean: bool,
    is_later: bool | None,
) -> Promotion:
    from headgate.app.releasing.altered import altered as altered_by

    source, target = names
    graph, warnings = linked_now(session, code, reading, engine=session.environment(target).engine)
    contents = {f.path: (code.root / f.path).read_bytes() for f in code.declarations.tree}
    chosen = _code(code, graph, is_clean=is_clean, is_later=is_later)
    plan = _plan(session, reading, source, target, code, chosen)
    differs = plan.intended is None and _is_different(session, reading, plan, code)
    if has_errors(plan.diagnostics):
        raise Refused(plan.diagnostics)
    altered = altered_by(session, reading, plan, code, graph)
    promotion = _counted(
        plan,
        code,
        contents,
        replace(graph, protected=altered.hidden),
        altered,
        differs=differs,
        heads=heads_of(reading, source, target),
        left=_left(reading, source, plan),
    )
    read = _read_live(reading, plan)
    live = {address: build.created_at for address, build in read.items() if isinstance(build.location, TableSource)}
    return replace(
        _warned(session, promotion, read),
        is_clean=is_clean,
        tests=tests_of(promotion.graph),
        not_run=not_run(warnings),
        live=live,
    )


def _adopting(session: Session, promotion: Promotion, engine: str) -> Promotion:
    """Return the promotion that sets aside what somebody else has under the names that it shows."""
    from headgate.release.publish import taken_by_others
    from headgate.release.snapshot import take_snapshot

    plan = promotion.plan
    if plan.intended is None:
        return promotion
    with session.reading() as reading:
        shown = take_snapshot(reading, environment=plan.target, beside=None, engine=engine).shown
        opened = session.engine(engine, is_read_only=True)
        try:
            taken = taken_by_others(plan.intended, shown, opened)
        finally:
            opened.close()
    return replace(promotion, plan=replace(plan, intended=replace(plan.intended, adopts=True)), adopted=taken)


def _code(code: Repository, graph: Graph, *, is_clean: bool, is_later: bool | None) -> Code:
    from headgate.release.choose import Code
    from headgate.release.source_code import tree_digest

    return Code(
        graph=graph,
        tree=tree_digest(code.declarations.tree),
        commit=code.git.commit,
        is_clean=is_clean,
        is_ancestor=is_later,
    )


def _is_later(code: Repository, reading: Reading, target: str) -> bool | None:
    """Tell whether the commit of the target's release is part of that of the code; None where either has none.

    A released commit that this clone does not know is one that it lacks: taking it for unknown would undo that release.
    """
    commit, released = code.git.commit, _released_commit(reading, target)
    return bool(code.git.is_ancestor(released, commit)) if commit and released else None


def _released_commit(reading: Reading, target: str) -> str:
    """Return the commit of the release that the target shows; empty where there is none."""
    from headgate.release.history import read_moves
    from headgate.release.stored import read_environment

    record, _ = read_environment(reading, target)
    moves = read_moves(reading, target, after=record.serial - 1) if record else ()
    return moves[-1].commit if moves else ""


def _plan(
    session: Session, reading: Reading, source: str, target: str, repository: Repository, code: Code
) -> PromotionPlan:
    from headgate.app.releasing.code import properties_changed
    from headgate.release.history import read_moves, rollback_shown, serial_before
    from headgate.release.promote import plan_promotion as planned
    from headgate.release.snapshot import take_snapshot

    engine = session.environment(target).engine
    ours = take_snapshot(reading, environment=source, beside=None, engine=engine)
    theirs = take_snapshot(reading, environment=target, beside=None, engine=engine)
    is_beside = session.beside(source) == target
    known = ours.shown.record.beside if ours.shown else 0
    last = serial_before(reading, target, theirs.shown.record.serial) if theirs.shown else 0
    return planned(
        source=ours,
        target=theirs,
        code=code,
        engine=engine,
        by=user(),
        bare=repository.declarations.config.bare == target,
        moves=read_moves(reading, target, after=known if is_beside else last),
        is_beside=is_beside,
        rolled_back=rollback_shown(reading, target, theirs.shown.record.serial) if theirs.shown else None,
        properties=properties_changed(session, repository, reading, target, theirs.shown.record.serial)
        if theirs.shown
        else {},
    )


def heads_of(reading: Reading, source: str, target: str) -> tuple[str | None, ...]:
    """Return the records of both environments as they are stored; each move writes another one."""
    from headgate.release.stored import read_environment

    return tuple(read_environment(reading, name)[1] for name in (source, target))


def _is_different(session: Session, reading: Reading, plan: PromotionPlan, code: Repository) -> bool:
    """Tell whether the source shows other code than that of the commit; other data alone does not count."""
    from headgate.app.releasing.code import properties_changed
    from headgate.release.stored import read_environment

    if plan.other_code:
        return True
    record, _ = read_environment(reading, plan.source)
    return record is not None and bool(properties_changed(session, code, reading, plan.source, record.serial))


def _read_live(reading: Reading, plan: PromotionPlan) -> Mapping[Address, Build]:
    """Return the sources that the views among what moves read as they are, directly or through views.

    Each comes with the capture in whose place they are compared.
    """
    from headgate.release.bindings import inputs_of_view
    from headgate.release.stored import StoredBuilds

    if plan.intended is None:
        return {}
    pointers, builds = plan.intended.pointers, StoredBuilds(reading)
    waiting = [item.address for item in plan.moved if pointers[item.address].kind is Kind.VIEW]
    found: dict[Address, Build] = {}
    seen = set(waiting)
    while waiting:
        build = builds.get(pointers[waiting.pop()].build)
        for address in () if build is None else inputs_of_view(build):
            pointer = pointers.get(address)
            if pointer is None or address in seen:
                continue
            seen.add(address)
            if pointer.kind is Kind.VIEW:
                waiting.append(address)
            elif (read := builds.get(pointer.build)) is not None and read.location is not None:
                found[address] = read
    return dict(sorted(found.items()))


def _warned(session: Session, promotion: Promotion, read: Mapping[Address, Build]) -> Promotion:
    """Return the promotion with a warning where views go on reading files here, and the warehouse is elsewhere.

    Where both are in one folder neither goes without the other.
    """
    engine = session.config.engines[session.environment(promotion.plan.target).engine]
    if (session.root / engine.path).resolve().is_relative_to(session.root.resolve()):
        return promotion
    files = [
        file.path
        for build in read.values()
        if isinstance(build.location, FileSource)
        for file in build.location.files
        if not Path(file.path).is_absolute()
    ]
    if not files:
        return promotion
    warning = Diagnostic(
        "HG519",
        f"views that {promotion.plan.target} will show read files of this folder: {listed(files)}",
        hint="The warehouse lies elsewhere: where this folder goes, as that of a CI job does, they fail. "
        "Make them tables, or let the source name a folder that stays.",
        severity=Severity.WARNING,
    )
    return replace(promotion, plan=replace(promotion.plan, diagnostics=(*promotion.plan.diagnostics, warning)))


def _left(reading: Reading, source: str, plan: PromotionPlan) -> tuple[Address, ...]:
    """Return the assets that the source shows and the commit does not have."""
    from headgate.release.stored import read_pointers

    if plan.intended is None:
        return ()
    shown = read_pointers(reading, source)
    return tuple(a for a in shown if a not in plan.intended.pointers and shown[a].kind not in NOT_SHOWN)


def _counted(
    plan: PromotionPlan,
    code: Repository,
    contents: dict[str, bytes],
    graph: Graph,
    altered: Altered,
    *,
    differs: bool,
    heads: tuple[str | None, ...],
    left: tuple[Address, ...],
) -> Promotion:
    pointers = plan.intended.pointers if plan.intended else {}
    shown = {address for address, pointer in pointers.items() if pointer.kind not in NOT_SHOWN}
    return Promotion(
        plan=plan,
        graph=graph,
        altered=altered,
        commit=code.git.commit,
        files=code.declarations.tree,
        contents=contents,
        moved=sum(item.address in shown for item in plan.moved),
        kept=sum(address in shown for address in plan.kept) if shown else len(plan.kept),
        removed=len(plan.removed),
        is_git=code.git.is_git,
        differs=differs,
        heads=heads,
        left=left,
    )
