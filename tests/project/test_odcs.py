"""Contracts of the Open Data Contract Standard: what goes in comes out, and what comes out is valid and goes in."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from headgate.core.address import Address
from headgate.core.contract_tests import with_promised
from headgate.core.declarations import Kind, Properties
from headgate.core.diagnostic import Severity
from headgate.core.json_form import dumps
from headgate.core.recipe import Column
from headgate.project.odcs.document import Contracted, document_of
from headgate.project.odcs.entries import Names, Target, taken_over
from headgate.project.odcs.property_text import Put, values_in, with_entries
from headgate.project.odcs.written import properties_in, properties_of
from headgate.project.odcs.yaml_text import yaml_text
from headgate.project.property_files import PropertyFile
from headgate.project.text import Text
from tests.project.odcs_stage import ANY, documents, faults_of

ORDERS, PEOPLE = Address("shop.orders"), Address("shop.people")
BY_NAME = {"orders": ORDERS, "people": PEOPLE}
NAMES = Names(BY_NAME.get)
SHAPE = (Column("id", "BIGINT"), Column("status", "VARCHAR"), Column("Order Date", "DATE"))
OLD_ENTRIES: list[dict[str, Any]] = [
    {},
    {"name": "orders"},
    {
        "name": "shop.orders", "description": "Old", "group": "g", "meta": {"a": 1, "odcs": {"x": 1}},
        "tests": ["unique"],
        "columns": [{"name": "ID", "type": "date", "description": "Key", "meta": {"b": 2}}, "other"],
    },
]  # fmt: skip


def target(address: Address, owner: str, entry: dict[str, Any]) -> Target:
    declared = properties_in(entry)
    properties = replace(declared, owner=declared.owner or owner)
    return Target(address, Kind.TABLE, properties, entry, SHAPE)


def declared(text: str, targets: list[Target]) -> tuple[list[Contracted], dict[str, Any]]:
    """Return assets and what is said of a contract, as a repository with this file declares them."""
    file = PropertyFile(Text("assets/shop/all.yml", text))
    file.read()
    assert [fault for fault in file.source.all_faults() if fault.severity is Severity.ERROR] == []
    said = {statement.name: properties_of(statement) for statement in file.statements}
    found = []
    for one in targets:
        table = one.address.partition(".")[2]
        name = next((name for name in (one.address, table) if name in said), "")
        own = said.get(name, Properties())
        tests, _ = with_promised(own.tests, own.constraints)
        own = replace(own, tests=tests, owner=own.owner or one.properties.owner)
        found.append(Contracted(one.address, one.kind, own, one.shape))
    return found, dict(file.kept[0].values) if file.kept else {}


def written(document: dict[str, Any], targets: list[Target]) -> str:
    """Return the property file that an import writes."""
    taken = taken_over(document, targets, NAMES)
    puts = [
        Put("models", entry, name=one.entry.get("name", ""))
        for one, entry in zip(targets, taken.entries, strict=True)
        if entry is not None
    ]
    puts += [Put("contracts", taken.contract)] if taken.contract else []
    before = [dict(one.entry) for one in targets if one.entry]
    return with_entries("a.yml", yaml_text({"models": before}).encode() if before else b"", tuple(puts)).decode()


def comes_out(document: dict[str, Any], owner: str, old: dict[str, Any]) -> None:
    objects = [BY_NAME[one["name"]] for one in document["schema"]]
    targets = [target(address, owner, old if address == ORDERS else {}) for address in objects]
    assets, said = declared(written(document, targets), targets)
    found = document_of(assets, said, is_known=NAMES.is_known)
    assert dumps(found) == dumps(document)
    assert values_in("a.yml", yaml_text(found).encode()) == document


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 15))])
def test_a_contract_comes_out_as_it_went_in(seed: int) -> None:
    for number, document in enumerate(documents(seed, 10)):
        comes_out(document, ("", "ops")[number % 2], OLD_ENTRIES[number % 3])


def test_the_contracts_of_the_tests_are_valid() -> None:
    assert [fault for document in documents(1, 10) for fault in faults_of(document)] == []


def test_any_value_is_written_so_that_it_reads_as_itself() -> None:
    chance = Random(1)
    for _ in range(300):
        value = ANY.draw(chance)
        assert dumps(values_in("a.yml", yaml_text({"value": value}).encode())["value"]) == dumps(value)


SHOP = """\
models:
  - name: orders
    description: What was ordered
    owner: ops
    tags: [core]
    contract: {enforced: true}
    constraints:
      - {type: primary_key, columns: [line, id]}
      - {type: check, name: paid, expression: "cents > 0"}
      - {type: unique, columns: [id, buyer]}
    data_tests:
      - row_count: {min: 1, max: 9}
      - row_count: {equals: 5, config: {severity: warn}}
      - unique: {columns: [id, line], name: once}
      - expression: {expression: "id > line", config: {where: "id > 1"}}
    columns:
      - {name: id, data_type: bigint, constraints: [{type: not_null}]}
      - name: line
        data_type: decimal(9, 2)
        data_tests: [{not_null: {config: {error_if: "> 1%", warn_if: "> 1%"}}}]
      - name: buyer
        data_type: integer
        protected: true
        constraints: [{type: foreign_key, to: shop.people, to_columns: [id]}, {type: unique}]
      - name: state
        data_type: text
        description: How far
        meta: {classification: internal}
        data_tests:
          - accepted_values: {values: [open, 1, true], config: {tags: [x], severity: warn, warn_if: "between 1 and 5"}}
          - regex: {pattern: "^o"}
          - unique
          - not_null: {config: {warn_if: "> 0", error_if: "> 5"}}
"""


def test_what_a_file_declares_is_valid_and_comes_back() -> None:
    empty = [Target(ORDERS, Kind.TABLE)]
    assets, said = declared(SHOP, empty)
    document = document_of(assets, said, is_known=NAMES.is_known)
    assert faults_of(document) == []
    again, more = declared(written(document, empty), empty)
    assert more == {}
    assert document_of(again, more, is_known=NAMES.is_known) == document
    assert replaced(again[0].properties) == replaced(assets[0].properties)


def replaced(properties: Properties) -> tuple[Any, ...]:
    """Return what an asset declares, without where it stands."""
    told = properties.owner, properties.description, properties.tags, properties.contract is not None
    columns = tuple(replace(column, place=None) for column in properties.columns)
    constraints = sorted(dumps(replace(one, place=None)) for one in properties.constraints)
    return *told, columns, constraints, sorted(dumps(replace(one, place=None)) for one in properties.tests)


def test_rules_of_the_library_are_checks_and_checks_are_rules_of_the_library() -> None:
    assets, said = declared(SHOP, [Target(ORDERS, Kind.TABLE)])
    document = document_of(assets, said, is_known=NAMES.is_known)
    (shown,) = document["schema"]
    told = {one["name"]: one.get("quality", []) for one in [shown, *shown["properties"]]}
    assert told["line"] == [{"metric": "nullValues", "mustBeLessOrEqualTo": 1, "unit": "percent"}]
    assert told["orders"][:3] == [
        {"metric": "rowCount", "mustBeBetween": [1, 9]},
        {"metric": "rowCount", "mustBe": 5, "severity": "warning"},
        {"metric": "duplicateValues", "arguments": {"properties": ["id", "line"]}, "mustBe": 0, "name": "once"},
    ]
    assert [one.get("metric") for one in told["state"]] == ["invalidValues", "invalidValues", "duplicateValues", None]
    assert told["state"][0]["mustNotBeBetween"] == [1, 5]
    assert [one["name"] for one in shown["properties"] if one.get("primaryKeyPosition")] == ["id", "line"]
    assert shown["properties"][2]["relationships"] == [{"to": "people.id"}]


def test_what_is_edited_is_not_hidden_behind_what_a_contract_said() -> None:
    document = {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "shop.orders", "version": "1.0.0", "status": "active",
        "team": {"name": "ops", "members": [{"username": "ada"}]},
        "schema": [
            {
                "name": "orders", "physicalName": "shop.orders", "physicalType": "table", "businessName": "Sales",
                "properties": [
                    {"name": "id", "logicalType": "number", "physicalType": "bigint", "businessName": "Key"},
                    {"name": "when", "physicalName": "day", "logicalType": "date", "physicalType": "date"},
                ],
            }
        ],
    }  # fmt: skip
    text = written(document, [Target(ORDERS, Kind.TABLE)])
    edited = text.replace("data_type: bigint", "data_type: text").replace("name: day", "name: date", 1)
    edited = edited.replace("owner: ops", "owner: sales")
    assets, said = declared(edited, [Target(ORDERS, Kind.TABLE)])
    found = document_of(assets, said, is_known=NAMES.is_known)
    assert faults_of(found) == []
    assert found["team"] == {"name": "sales", "members": [{"username": "ada"}]}
    assert found["schema"][0]["businessName"] == "Sales"
    assert found["schema"][0]["properties"] == [
        {"name": "id", "logicalType": "string", "physicalType": "text", "businessName": "Key"},
        {"name": "date", "logicalType": "date", "physicalType": "date"},
    ]
