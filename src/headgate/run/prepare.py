"""What a plan needs of the state, and which builds it makes: decided before anything runs.

The id of a build is chosen before it is made, so the version that a tainted input will have is known as well, and with
it the key of everything that reads it. So all builds of a plan are known up front: they are pinned and recorded in one
batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.graph import Node
from headgate.core.hashing import Digest
from headgate.core.json_form import loads
from headgate.core.plan import Action, Plan, Step
from headgate.core.ports.loads import OpenLoad
from headgate.core.ports.store import Expectation, Nonce, Reading
from headgate.core.recipe import Recipe
from headgate.core.records import Build, BuildStatus, Collection
from headgate.core.reuse import stands_for
from headgate.run.draft import Draft, Frame, draft, started_build
from headgate.run.recorded import Builds
from headgate.run.staleness import bases_of, existing_builds, pointer_expectations

MAKING = (Action.CAPTURE, Action.BUILD, Action.LOAD)


@dataclass(frozen=True, slots=True)
class Task:
    """One build to make, recorded as ``build``, once ``waits_for`` are made. ``number`` is its place in the plan.

    ``base`` is the build that a load goes on with, ``load`` its storage, once the engine has said which.
    """

    number: int
    step: Step
    build: Build
    waits_for: frozenset[Address]
    base: Build | None = None
    load: OpenLoad | None = None

    @property
    def address(self) -> Address:
        """The address that it is made for."""
        return self.step.address


@dataclass(frozen=True, slots=True)
class Prepared:
    """All builds of the plan's result, of which ``tasks`` are to be made, in the plan's order.

    ``found`` were to be made and exist by now; ``shared`` are all that must stay, those found included. ``recipes`` are
    those of the tasks.
    """

    builds: Builds
    tasks: tuple[Task, ...]
    found: tuple[Address, ...]
    shared: tuple[Digest, ...]
    expects: tuple[Expectation, ...]
    recipes: Mapping[Digest, Recipe]


def prepare(plan: Plan, reading: Reading, *, frame: Frame, nonce: Nonce) -> Prepared:
    """Return what carrying ``plan`` out consists of; raise ``StalePlan`` where an entry that it read has moved.

    A build that was sealed under a wanted key since the plan was made is taken instead of being made again. Cost: one
    scan for each build to make.
    """
    expects = list(pointer_expectations(plan, reading))
    texts, held = existing_builds(plan, reading)
    expects += held
    bases, held = bases_of(plan, reading)
    expects += held
    builds = Builds(texts)
    shared = [step.build for step in plan.doing(Action.REUSE) if step.build] + list(bases)
    tasks: dict[Address, Task] = {}
    found: list[Address] = []
    for number, step in enumerate(plan.steps):
        if step.action not in MAKING:
            continue
        base = bases[step.load.base] if step.load is not None and step.load.base is not None else None
        base = None if base is None else _with_forks_that_count(base, reading)
        drafted = draft(step, builds, base)
        same = _newest(reading, drafted, frame.engine)
        if same is not None:
            build, text = same
            found.append(step.address)
            shared.append(build.id)
            expects.append(Expectation(Collection.BUILDS, build.id, text))
        else:
            build = started_build(drafted, builds, frame=frame, nonce=nonce())
            waits_for = frozenset(address for address in step.inputs if address in tasks)
            tasks[step.address] = Task(number, step, build, waits_for, base)
        builds.add(build, step.address)
    recipes = {t.build.recipe: t.step.node.recipe for t in tasks.values() if isinstance(t.step.node, Node)}
    return Prepared(builds, tuple(tasks.values()), tuple(found), tuple(shared), tuple(expects), recipes)


def _with_forks_that_count(base: Build, reading: Reading) -> Build:
    """Return the base without the forks that nobody can ask for: no build of their table is recorded any more."""
    if base.load is None or not base.load.forks:
        return base
    forks = (f for f in base.load.forks if next(iter(reading.scan(Collection.LOADS, f"{f.relation}/")), None))
    return replace(base, load=replace(base.load, forks=tuple(forks)))


def _newest(reading: Reading, drafted: Draft, engine: str) -> tuple[Build, str] | None:
    """Return the newest sealed build that may stand for the draft, with its stored text, or None."""
    prefix = f"{drafted.key}/"
    ids = [entry.removeprefix(prefix) for entry, _ in reading.scan(Collection.KEYS, prefix)]
    if not ids:
        return None
    texts = reading.get(Collection.BUILDS, ids).values()
    found = [(build_from_json(loads(text)), text) for text in texts]
    usable = [pair for pair in found if may_stand(pair[0], drafted.step, engine)]
    return max(usable, key=lambda pair: (pair[0].created_at, pair[0].id), default=None)


def may_stand(build: Build, step: Step, engine: str) -> bool:
    """Tell whether a build that has the step's key may be shown in its place."""
    if build.status is not BuildStatus.SEALED or build.engine != engine:
        return False
    if isinstance(step.node, Node):
        return stands_for(build, step.node, step.node.recipe.digest())
    return build.kind is step.kind
