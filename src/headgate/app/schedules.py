"""Whose schedule has come: a run looks at what had a tick since the last run that looked at it."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.address import Address
from headgate.core.graph import ExposureNode, Graph


def due_at(graph: Graph) -> tuple[frozenset[Address], Mapping[Address, str]]:
    """Return the addresses with a schedule whose time has come, and of the others why they wait."""
    return frozenset(scheduled(graph)), {}


def scheduled(graph: Graph) -> Mapping[Address, str]:
    """Return the schedules of what has one."""
    return {
        address: node.properties.cron
        for address, node in graph.nodes.items()
        if not isinstance(node, ExposureNode) and node.properties.cron
    }
