"""The record of a build before it is made: versions, key, what it read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused
from headgate.core.graph import Node, SourceNode, SqlBody
from headgate.core.hashing import Digest
from headgate.core.load_versions import key_of_load, loaded_versions, published_load_versions
from headgate.core.loading import Load, LoadPlan
from headgate.core.plan import Step
from headgate.core.ports.engine import physical_name
from headgate.core.recipe import Read, Recipe
from headgate.core.records import Build, BuildStatus, Capture
from headgate.core.versions import (
    Versions,
    build_id,
    build_key,
    live_version,
    plain_versions,
    published_versions,
    source_key,
    source_versions,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every build of one apply has in common."""

    engine: str
    fence: int
    now: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A key, and what it was computed from; ``base`` is the build that a load goes on with."""

    step: Step
    key: Digest
    versions: Versions
    reads: Mapping[Read, Digest]
    base: Build | None = None


def draft(step: Step, builds: Mapping[Address, Build], base: Build | None = None) -> Draft:
    """Return the key of a step whose inputs are all decided; raise ``Refused`` where it is not the plan's.

    ``base`` is the build that a load goes on with.
    """
    drafted = draft_on(step, builds, base)
    if step.key is not None and step.key != drafted.key:
        raise Refused(
            [
                Diagnostic(
                    "HG450",
                    f"the plan's key for {step.address} is not the one that it has now",
                    step.place,
                    hint="The plan was made by another version of Headgate, or altered. Plan again.",
                )
            ]
        )
    return drafted


def draft_on(step: Step, builds: Mapping[Address, Build], base: Build | None = None) -> Draft:
    """Return the key of a step over these very inputs, whether or not the plan expected them."""
    if isinstance(step.node, SourceNode):
        return _draft_of_source(step, step.node)
    return _draft_of_node(step, builds, base)


def drafted_again(build: Build, drafted: Draft, builds: Mapping[Address, Build]) -> Build:
    """Return the record of a build that is still to be made, over what its inputs turned out to be.

    It keeps its id and its physical name: the state has it under them. A crash before it is sealed leaves what was
    recorded first, which is as true: the versions that its inputs were planned with are theirs as well.
    """
    if not isinstance(drafted.step.node, Node):
        raise AssertionError(f"{build.address} reads nothing, so nothing can have turned out otherwise")
    versions = published_versions(drafted.step.node.recipe, drafted.versions, build.id)
    inputs = {address: builds[address].id for address in build.inputs}
    return replace(build, key=drafted.key, versions=versions, reads=drafted.reads, inputs=inputs)


def started_build(drafted: Draft, builds: Mapping[Address, Build], *, frame: Frame, nonce: str) -> Build:
    """Return the record, still ``BUILDING``, of one attempt at the draft; a view has no physical table."""
    step, key = drafted.step, drafted.key
    identity = build_id(key, nonce)
    build = Build(
        id=identity,
        key=key,
        address=step.address,
        kind=step.kind,
        engine=frame.engine,
        shape=step.shape,
        recipe=Digest(""),
        versions=drafted.versions,
        reads=drafted.reads,
        inputs={address: builds[address].id for address in step.inputs if address in builds},
        relation="" if step.kind is Kind.VIEW else physical_name(step.address, identity),
        status=BuildStatus.BUILDING,
        created_at=frame.now,
        fence=frame.fence,
        code=step.code,
    )
    if isinstance(step.node, Node):
        recipe = step.node.recipe
        body = step.node.body if isinstance(step.node.body, SqlBody) and step.kind is Kind.VIEW else None
        body = replace(body, template=None) if body is not None and body.template is not None else body
        if step.load is not None:
            return _started_load(replace(build, recipe=recipe.digest()), drafted, step.load, recipe)
        published = published_versions(recipe, drafted.versions, identity)
        return replace(build, recipe=recipe.digest(), versions=published, body=body)
    if isinstance(step.node, SourceNode):
        return replace(build, location=step.node.location, capture=replace(capture_of(step, step.node), build=identity))
    raise AssertionError(f"{step.address} is to be made, and the plan does not say from what")


def _started_load(build: Build, drafted: Draft, load: LoadPlan, recipe: Recipe) -> Build:
    """Return the record of a load. Which storage it goes on in, and under which number, is the engine's to say."""
    base = drafted.base
    versions = published_load_versions(recipe, drafted.versions, load, build.id)
    before = base.load if base is not None else None
    told = Load(
        number=before.number if before is not None else 0,
        base=load.base,
        covered=load.covered,
        loaded=load.parts,
        is_part=load.is_part,
        axis=load.axis,
        since=load.since,
        forks=before.forks if before is not None else (),
        is_draft=load.is_draft,
    )
    return replace(build, versions=versions, load=told)


def capture_of(step: Step, node: SourceNode) -> Capture:
    """Return the capture that the step makes; the build is not known in it yet."""
    if step.capture is not None:
        return step.capture
    if node.token is not None:
        return Capture(node.token, 1, exact=True, build=Digest(""))
    raise AssertionError(f"{step.address} is to be captured, and the plan does not say under which number")


def _draft_of_source(step: Step, node: SourceNode) -> Draft:
    versions = source_versions(capture_of(step, node).token, step.shape)
    return Draft(step, source_key(node.location, step.shape, versions), versions, {})


def _draft_of_node(step: Step, builds: Mapping[Address, Build], base: Build | None) -> Draft:
    if not isinstance(step.node, Node):
        raise AssertionError(f"{step.address} is to be made, and the plan does not say from what")
    recipe = step.node.recipe
    reads: dict[Read, Digest] = {}

    def seen(read: Read) -> Digest:
        version = reads[read] = reads.get(read) or _version_of(read, builds)
        return version

    versions = plain_versions(recipe, seen)
    if versions is None:
        raise AssertionError(f"{step.address} has no versions although all its inputs have")
    if step.load is None:
        return Draft(step, build_key(recipe.kind, recipe.shape, versions), versions, reads)
    loading = step.node.properties.loading
    tracking = loading.tracking if loading else None
    key = key_of_load(recipe, versions, step.load, base, tracking)
    return Draft(step, key, loaded_versions(versions, step.load, base, tracking), reads, base)


def _version_of(read: Read, builds: Mapping[Address, Build]) -> Digest:
    """Return the published version of what is read. A source without a capture is live."""
    if read.address not in builds:
        return live_version(read)
    version = builds[read.address].versions.of(read.aspect, read.column)
    if version is None:
        raise AssertionError(f"{read.address} has no column {read.column}")
    return version
