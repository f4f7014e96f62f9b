"""Contracts for tests: the published schema of the standard, and documents that are valid by it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from jsonschema import Draft201909Validator

from tests.project.drawing import (
    Drawn,
    any_of,
    each,
    just,
    keyed,
    merged,
    one,
    several,
    some_of,
    truths,
    wholes,
)

SCHEMA = json.loads((files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8"))
"""The JSON Schema of ODCS 3.1.0, as the package of its Python model publishes it (MIT)."""


@cache
def validator() -> Draft201909Validator:
    return Draft201909Validator(SCHEMA)


def faults_of(document: Any) -> list[str]:
    """Return what the standard's schema says against a document."""
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator().iter_errors(document)
    ]


WORDS = one(
    ["a", "An order", "1.0", "1.0e5", "no", "null", "~", "2024-01-31", "12:30", "x: y # z", "- a", "'", '"',
     "\u00e9\u4e2d", "two\nlines", " padded ", "0x1f", "1_000", "{a}", "@x", "|", "trailing \n",
     "tab\there", "a\n\n  b\n", "\u2028", ""]
)  # fmt: skip
"""Texts that a careless writer of YAML would turn into something else."""

IDS = one(["a", "b-1", "C_2"])
NUMBERS = any_of(wholes(-5, 10**12), one([0.5, 1.0, 2.25, 1e20]))
SCALARS = any_of(WORDS, NUMBERS, truths(), just(None))
_INNER = any_of(SCALARS, several(SCALARS), keyed({"a": SCALARS}))
ANY = any_of(SCALARS, several(_INNER), keyed({"a": _INNER}, b=_INNER))
TAGS = several(WORDS, 3)
DEFINITIONS = several(keyed({"url": WORDS, "type": WORDS}, id=IDS, description=WORDS))
CUSTOM = several(keyed({"property": WORDS, "value": ANY}, id=IDS, description=WORDS))
ROLES = several(
    keyed({"role": WORDS}, description=WORDS, access=WORDS, firstLevelApprovers=WORDS, customProperties=CUSTOM)
)
MEMBERS = several(keyed({"username": WORDS}, name=WORDS, role=WORDS, dateIn=just("2024-01-31"), tags=TAGS))

_RULED = any_of(wholes(0, 10**6), one([0, 0, 0.5, 5.0, 1e-7, -3]))
_PAIRS = one([[1, 2], [0, 0.5], [2, 1], [3.0, 4.0]])
OPERATORS = any_of(
    *(
        keyed({key: _RULED})
        for key in (
            "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan",
            "mustBeLessOrEqualTo",
        )
    ),
    keyed({"mustBe": WORDS}),
    keyed({"mustBeBetween": _PAIRS}),
    keyed({"mustNotBeBetween": _PAIRS}),
)  # fmt: skip
_OF_RULES = keyed(
    id=IDS, authoritativeDefinitions=DEFINITIONS, businessImpact=WORDS, customProperties=CUSTOM, description=WORDS,
    dimension=one(["accuracy", "completeness", "uniqueness"]), method=WORDS, name=WORDS, schedule=WORDS,
    scheduler=WORDS,
    severity=one(["info", "warning", "error", "WARN", "x"]), tags=TAGS, unit=one(["rows", "percent", "other"]),
)  # fmt: skip
_ARGUMENTS = any_of(
    just({}),
    keyed({"validValues": several(any_of(WORDS, NUMBERS, just(None), truths()), 3)}),
    keyed({"pattern": WORDS}),
    keyed({"missingValues": several(any_of(just(None), WORDS))}),
    keyed({"properties": several(one(["id", "c\u00f4t\u00e9"]))}),
    keyed({"x": ANY}),
)
_METRICS = keyed(
    {"metric": one(["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"])},
    type=just("library"), arguments=_ARGUMENTS, rule=WORDS,
)  # fmt: skip
_OURS = one(
    [
        "not_null", {"unique": {}}, {"range": {"min": 1, "config": {"where": "x > 1"}}}, {"a": 1, "b": 2}, "", {},
        {"constraint": {"type": "check", "expression": "a > 0"}},
        {"constraint": {"type": "unique", "columns": ["id", "b"]}},
        {"constraint": {"type": "primary_key", "columns": ["id"], "name": "pk"}}, {"constraint": {"type": "no"}},
        {"constraint": "x"}, {"not_null": {"column_name": "id"}}, {"test_name": "unique"}, {"unique": {"limit": 3}},
        {"not_null": {"config": {"severity": "warn", "meta": {"a": 1}}}},
        {"constraint": {"type": "not_null", "columns": ["id"]}},
    ]
)  # fmt: skip
_SQL = keyed({"type": just("sql"), "query": WORDS})
_VENDORS = keyed({"type": just("custom"), "engine": one(["headgate", "headgate", "soda"]), "implementation": _OURS})
RULES = any_of(
    merged(_OF_RULES, _METRICS, OPERATORS),
    merged(_METRICS, OPERATORS),
    merged(_OF_RULES, _SQL, OPERATORS),
    merged(_OF_RULES, _VENDORS),
    merged(_OF_RULES, just({"type": "text"})),
)
_ELEMENT: dict[str, Drawn] = {
    "id": IDS, "description": WORDS, "businessName": WORDS, "authoritativeDefinitions": DEFINITIONS, "tags": TAGS,
    "customProperties": CUSTOM, "quality": several(RULES, 4),
}  # fmt: skip
_TYPES = [
    "VARCHAR(20)",
    "integer",
    "INT64",
    "decimal(9, 2)",
    "timestamp",
    "a, b",
    "x; drop",
    "STRUCT(a INTEGER)",
    " date ",
    "",
]
_TO = one(["people.id", "nobody.id", "schema/people/properties/id", "orders.id", ["people.id", "people.name"]])
_RELATIONSHIPS = several(keyed({"to": _TO}, type=just("foreignKey"), customProperties=CUSTOM))
_OPTIONS = {
    "string": keyed(minLength=wholes(0, 9), pattern=WORDS, format=WORDS),
    "integer": keyed(minimum=NUMBERS, format=just("i64")),
    "timestamp": keyed(timezone=truths(), maximum=WORDS),
    "object": keyed(minProperties=wholes(0, 3)),
    "array": keyed(maxItems=wholes(0, 3)),
}
_KINDS = ["", "string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean"]


def _logical(kind: str) -> Drawn:
    parts: dict[str, Drawn] = {"logicalTypeOptions": _OPTIONS[kind]} if kind in _OPTIONS else {}
    if kind == "object":
        parts["properties"] = several(keyed({"name": WORDS, "required": truths()}))
    if kind == "array":
        parts["items"] = just({"logicalType": "string"})
    return keyed({"logicalType": just(kind)} if kind else {}, **parts)


def _property(name: str) -> Drawn:
    said = keyed(
        {"name": just(name)},
        **_ELEMENT,
        physicalType=one(_TYPES), physicalName=one([name, f"{name}_1"]), primaryKey=truths(),
        primaryKeyPosition=wholes(-1, 3), required=truths(), unique=truths(), partitioned=truths(),
        partitionKeyPosition=wholes(-1, 3), classification=one(["restricted", "protected", "no", ""]),
        encryptedName=WORDS, transformSourceObjects=several(WORDS), transformLogic=WORDS, transformDescription=WORDS,
        examples=several(ANY), criticalDataElement=truths(), relationships=_RELATIONSHIPS,
    )  # fmt: skip
    return merged(said, one(_KINDS).then(_logical))


_PROPERTIES = some_of(["id", "c\u00f4t\u00e9", "Order Date", "status"]).then(lambda names: each(*map(_property, names)))
_BETWEEN_OBJECTS = several(
    one(
        [
            {"from": "orders.id", "to": "people.id"},
            {"from": ["orders.id", "orders.status"], "to": ["people.id", "people.name"]},
            {"from": ["orders.status", "orders.id"], "to": ["people.a", "people.b"], "type": "foreignKey"},
            {"from": ["orders.id", "other.status"], "to": ["people.id", "people.name"]},
            {"from": ["orders.id"], "to": ["people.id"]},
        ]
    ),
    2,
)


def _object(name: str) -> Drawn:
    return keyed(
        {"name": just(name), "properties": _PROPERTIES},
        **_ELEMENT,
        physicalName=one([f"shop.{name}", "other"]), physicalType=one(["table", "view", "topic"]),
        logicalType=just("object"), dataGranularityDescription=WORDS, relationships=_BETWEEN_OBJECTS,
    )  # fmt: skip


_ONE = each(_object("orders"))
_LATENCY = keyed(
    {"property": one(["latency", "Latency", "frequency"]), "value": one([1, 25, 0, 1.5, "1"])},
    unit=one(["d", "hours", "min", "y"]), element=one(["orders.Order Date", "ORDERS.status", "people.id", "id"]),
    scheduler=one(["cron", "airflow"]), schedule=one(["0 6 * * *", "61 * * * *"]), description=WORDS,
)  # fmt: skip
_SLA = several(
    any_of(
        _LATENCY,
        keyed({"property": WORDS, "value": SCALARS}, valueExt=SCALARS, unit=WORDS, element=WORDS, schedule=WORDS),
    )
)
_SERVERS = several(keyed({"server": WORDS, "type": just("custom")}, description=WORDS, environment=WORDS, roles=ROLES))
_TEAMS = any_of(
    MEMBERS,
    keyed(id=IDS, name=one(["crm", "ops", "no"]), description=WORDS, members=MEMBERS, tags=TAGS),
)
DOCUMENTS = keyed(
    {
        "apiVersion": one(["v3.1.0", "v3.1.0", "v3.0.2"]), "kind": just("DataContract"),
        "id": one(["orders", "shop.orders", "1.0", "no", "x: y"]), "version": one(["1.0.0", "2", "no"]),
        "status": one(["active", "draft", "deprecated", "no"]),
        "schema": any_of(just([]), _ONE, _ONE, each(_object("people"), _object("orders"))),
    },
    name=WORDS, tenant=WORDS, tags=TAGS, servers=_SERVERS, dataProduct=WORDS,
    description=keyed(usage=WORDS, purpose=WORDS, limitations=WORDS, customProperties=CUSTOM), domain=WORDS,
    support=several(keyed({"channel": WORDS}, url=WORDS, tool=WORDS)),
    price=keyed(priceAmount=NUMBERS, priceCurrency=WORDS, priceUnit=WORDS), team=_TEAMS, roles=ROLES,
    slaDefaultElement=WORDS, slaProperties=_SLA, authoritativeDefinitions=DEFINITIONS, customProperties=CUSTOM,
    contractCreatedTs=just("2024-01-31T12:00:00Z"),
)  # fmt: skip
"""Contracts with every field of the standard. Few of them say anything that makes sense together."""


def documents(seed: int, count: int) -> list[dict[str, Any]]:
    """Return some contracts; the same for the same seed."""
    chance = Random(seed)
    return [DOCUMENTS.draw(chance) for _ in range(count)]
