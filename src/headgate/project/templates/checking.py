"""What can be said of a file of macros without calling one: its macros, its faults, the names that it does not set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import nodes

from headgate.core.diagnostic import Diagnostic, Severity
from headgate.core.template import place_of
from headgate.project.templates.filters import CLOSED as CLOSED_FILTERS
from headgate.project.templates.filters import FILTERS
from headgate.project.templates.reading import Tree
from headgate.project.templates.statements import STATEMENTS, refused
from headgate.project.templates.tests import TESTS
from headgate.project.templates.values import instead
from headgate.project.templates.vocabulary import OF_BLOCKS

_MAY_BE_UNKNOWN = {"defined", "undefined", "default", "d"}


def macros_in(tree: Tree) -> list[tuple[str, int]]:
    """Return the macros of a file and where the name of each stands."""
    found = (node for node in tree.body if isinstance(node, nodes.Macro))
    return [(node.name, tree.source.text.find(node.name, node.lineno + len("macro"))) for node in found]


def names_lacking(tree: Tree) -> list[tuple[str, int]]:
    """Return the names that a file uses and nowhere sets, each once, with where they stand first."""
    used: dict[str, int] = {}
    own = set(OF_BLOCKS)
    asked: set[int] = set()
    for node in _all(tree):
        if isinstance(node, (nodes.Test, nodes.Filter)) and node.name in _MAY_BE_UNKNOWN:
            asked.add(id(node.node))
        elif isinstance(node, nodes.Macro) or (isinstance(node, nodes.Name) and node.ctx != "load"):
            own.add(node.name)
    for node in _all(tree):
        if isinstance(node, nodes.Name) and node.ctx == "load" and id(node) not in asked and node.name not in own:
            used[node.name] = min(used.get(node.name, node.lineno), node.lineno)
    return sorted(used.items(), key=lambda item: item[1])


def faults_in(tree: Tree) -> Iterator[Diagnostic]:
    """Yield a warning for each filter, test and statement of a file that no template can use."""
    for node in _all(tree):
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            hint = CLOSED_FILTERS.get(node.name) or instead(node.name[:60], FILTERS)
            yield warning(tree, "HG221", f"there is no filter {node.name[:60]}", node.lineno, hint)
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            hint = instead(node.name[:60], TESTS)
            yield warning(tree, "HG221", f"there is no test {node.name[:60]}", node.lineno, hint)
        elif isinstance(node, nodes.Stmt) and type(node) not in STATEMENTS:
            trouble = refused(node)
            yield warning(tree, trouble.code, trouble.summary, node.lineno, trouble.hint)


def warning(tree: Tree, code: str, summary: str, at: int, hint: str) -> Diagnostic:
    """Return a warning about a place of a file."""
    place = place_of(tree.source.text, tree.source.path, at, 1)
    return Diagnostic(code, summary, place, hint, "", tree.source.excerpt(place), Severity.WARNING)


def _all(tree: Tree) -> Iterator[Any]:
    """Yield all parts of a tree, however deep, in no order."""
    waiting: list[nodes.Node] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.iter_child_nodes())
