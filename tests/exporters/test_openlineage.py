"""Events of OpenLineage are what the specification demands, and leave out nothing that steers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from headgate.app.lineage import Question, lineage
from headgate.app.repository import open_repository
from headgate.core.recipe import Aspect
from tests.laws.shop import Shop

ASSETS = {
    "st.paid": "select id, cents, note from raw.orders where cents > 0",
    "st.first": "select id, note from raw.orders order by cents",
    "st.wide": "from (pivot st.paid on note in ('a') using sum(cents) group by id) select id, a",
    "m.counted": "select count(*) as n from st.paid",
    "m.again": "select n, (select count(*) from st.first) as m from m.counted",
    "m.number": "select row_number() over () as k from st.first",
    "m.exact": "select note, sum(cents) as cents from st.paid group by note having max(id) > 1",
    "m.both": """
        select e.note, md5(e.note) as h, count(w.a) as n
        from m.exact as e left join st.wide as w on e.cents = w.id
        group by all
    """,
}

FIELD = {
    "type": "object",
    "required": ["namespace", "name", "field"],
    "properties": {
        "namespace": {"type": "string"},
        "name": {"type": "string"},
        "field": {"type": "string"},
        "transformations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "subtype", "masking"],
                "properties": {"masking": {"type": "boolean"}},
                "oneOf": [
                    {"properties": {
                        "type": {"const": "DIRECT"},
                        "subtype": {"enum": ["IDENTITY", "TRANSFORMATION", "AGGREGATION"]},
                    }},
                    {"properties": {
                        "type": {"const": "INDIRECT"},
                        "subtype": {"enum": ["JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"]},
                    }},
                ],
            },
        },
    },
}  # fmt: skip
"""An input field of the facet columnLineage 1-2-0, and the words that its documentation has for transformations."""

FACET = {
    "type": "object",
    "required": ["_producer", "_schemaURL", "fields"],
    "properties": {
        "_producer": {"type": "string", "format": "uri"},
        "_schemaURL": {"const": "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json"
                                "#/$defs/ColumnLineageDatasetFacet"},
        "fields": {"type": "object", "additionalProperties": {
            "type": "object",
            "required": ["inputFields"],
            "properties": {"inputFields": {"type": "array", "items": FIELD}},
        }},
        "dataset": {"type": "array", "items": FIELD},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("shop"))
    made.file("assets/raw/orders.csv", "id,cents,note\n1,120,a\n2,80,b\n")
    for address, text in ASSETS.items():
        made.asset(address, text)
    return made


def events(shop: Shop) -> dict[str, Any]:
    answer, status = shop.tries("lineage", "raw.orders", "--downstream", "--openlineage")
    assert status == 0, answer
    found = [json.loads(line) for line in answer.splitlines()]
    return {event["dataset"]["name"]: event for event in found}


def test_events_are_as_the_specification_demands(shop: Shop) -> None:
    found = events(shop)
    assert set(found) == {"raw.orders", *ASSETS}
    for name, event in found.items():
        assert set(event) == {"eventTime", "producer", "schemaURL", "dataset"}
        facets = event["dataset"]["facets"]
        columns = {field["name"] for field in facets["schema"]["fields"]}
        if name == "raw.orders":
            assert "columnLineage" not in facets
            continue
        jsonschema.validate(facets["columnLineage"], FACET)
        assert set(facets["columnLineage"]["fields"]) == columns


def test_facets_leave_out_nothing_that_steers(shop: Shop) -> None:
    """From facet to facet the same columns of sources are reached as by walking upstream."""
    facets = {name: event["dataset"]["facets"].get("columnLineage") for name, event in events(shop).items()}
    session, repository = open_repository(Path(shop.root))
    with session:
        for address in ASSETS:
            for column in facets[address]["fields"]:
                walk = lineage(session, repository, Question(f"{address}.{column}"))
                steering = {(n.address, n.column) for n in walk.combined if n.aspect is Aspect.COLUMN}
                assert steering <= set(reached(facets, address, column)), (address, column)


def reached(facets: dict[str, Any], address: str, column: str) -> Iterator[tuple[str, str]]:
    pending, seen = [(address, column)], set()
    while pending:
        name, field = pending.pop()
        facet = facets[name]
        for one in (*facet["fields"][field]["inputFields"], *facet["dataset"]) if facet else ():
            node = (one["name"], one["field"])
            if node not in seen:
                seen.add(node)
                pending.append(node)
                yield node
