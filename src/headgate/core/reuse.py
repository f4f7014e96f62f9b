"""Which recorded builds may stand for a node."""

from __future__ import annotations

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


def _named_in(body: object) -> frozenset[Address]:
    return frozenset(r.address for r in body.references) if isinstance(body, SqlBody) else frozenset()
