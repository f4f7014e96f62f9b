"""OpenLineage: events of datasets with the facets ``schema`` (1-1-1) and ``columnLineage`` (1-2-0).

The addresses here are identifiers of the specification; nothing is fetched from them or sent there. What steers all
columns alike stands once, under ``dataset``, as the specification recommends. Where it is known only that an input is
read, it has no ``transformations``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from headgate.core.address import Address
from headgate.core.lineage import AssetLineage, Edge, Subtype, type_of
from headgate.core.recipe import Aspect, Read, Shape

EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent"
SCHEMA = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
COLUMN_LINEAGE = (
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
)


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes events: ``namespace`` is that of all datasets, ``producer`` the URI of who tells of them."""

    namespace: str
    producer: str

    def dataset_event(self, address: Address, shape: Shape, lineage: AssetLineage, *, at: str) -> dict[str, Any]:
        """Return the event that tells of one dataset: its columns, and what steers them where anything does.

        ``lineage`` names columns alone: rows and orders of other datasets are spelled out. ``at`` is a time of ISO
        8601.
        """
        facets = {"schema": self._facet(SCHEMA, fields=[{"name": c.name, "type": c.type} for c in shape])}
        if lineage.rows or lineage.order or any(lineage.columns.values()):
            facets["columnLineage"] = self.column_lineage(lineage)
        return {
            "eventTime": at,
            "producer": self.producer,
            "schemaURL": EVENT,
            "dataset": {"namespace": self.namespace, "name": address, "facets": facets},
        }

    def column_lineage(self, lineage: AssetLineage) -> dict[str, Any]:
        """Return the facet."""
        columns = lineage.columns.items()
        fields = {name: {"inputFields": _input_fields(edges, self.namespace)} for name, edges in columns}
        dataset = _input_fields((*lineage.rows, *lineage.order), self.namespace)
        return self._facet(COLUMN_LINEAGE, fields=fields, dataset=dataset)

    def _facet(self, schema: str, **fields: Any) -> dict[str, Any]:
        return {"_producer": self.producer, "_schemaURL": schema, **fields}


def _input_fields(edges: Iterable[Edge], namespace: str) -> list[dict[str, Any]]:
    by_read: dict[Read, list[Edge]] = {}
    for edge in dict.fromkeys(edges):
        if edge.read.aspect is Aspect.COLUMN:
            by_read.setdefault(edge.read, []).append(edge)
    return [_input_field(read, found, namespace) for read, found in by_read.items()]


def _input_field(read: Read, edges: list[Edge], namespace: str) -> dict[str, Any]:
    field: dict[str, Any] = {"namespace": namespace, "name": read.address, "field": read.column}
    known = [edge for edge in edges if edge.subtype is not Subtype.OPAQUE]
    if known:
        field["transformations"] = [
            {"type": type_of(edge.subtype), "subtype": edge.subtype.value, "description": "", "masking": edge.masking}
            for edge in known
        ]
    return field
