"""Which recorded builds may stand for a node, and which of two has read older data."""

from __future__ import annotations

from collections.abc import Callable

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.graph import Node, SqlBody
from headgate.core.hashing import Digest
from headgate.core.records import Build


def stands_for(build: Build, node: Node, recipe: Digest) -> bool:
    """Tell whether ``build``, of the same key, may be shown as ``node``, whose recipe has the digest ``recipe``.

    The key says that the contents are those of ``node``. It holds no address, so the build may have been made from
    inputs of other names. Then its recorded reads could not be compared with what the environment shows under the
    names that ``node`` reads (closure), and a view would be bound to inputs that may be gone.
    """
    if build.recipe != recipe and frozenset(build.reads) != node.recipe.reads():
        return False
    if node.kind is not Kind.VIEW:
        return True
    return build.body is not None and _named_in(build.body) == _named_in(node.body)


def reads_older(build: Build, other: Build, known: Callable[[Digest], Build | None]) -> bool:
    """Tell whether ``other`` read newer data than ``build`` of something that both read.

    Captures of tables of the engine are numbered; otherwise what was made later is newer, and where what was read is
    gone, who was made later. Cost: two look-ups for each input that is not the same.
    """
    for address in sorted(build.inputs.keys() & other.inputs.keys()):
        if build.inputs[address] == other.inputs[address]:
            continue
        ours, theirs = known(build.inputs[address]), known(other.inputs[address])
        if ours is None or theirs is None:
            ours, theirs = build, other
        if _age(ours, theirs) < _age(theirs, ours):
            return True
    return False


def _age(build: Build, other: Build) -> tuple[int, str]:
    """Return what grows with how new a build is, beside another one."""
    one, two = build.capture, other.capture
    is_counted = one is not None and two is not None and not one.exact and not two.exact
    return (one.number, "") if one is not None and is_counted else (0, build.created_at)


def _named_in(body: object) -> frozenset[Address]:
    return frozenset(r.address for r in body.references) if isinstance(body, SqlBody) else frozenset()
