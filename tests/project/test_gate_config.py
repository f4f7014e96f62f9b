"""What headgate.toml says of the gate: budgets and levels by topic and by asset, owners; and every fault in it."""

import pytest

from headgate.core.address import Address
from headgate.core.gate import Level, Topic
from headgate.core.policy import Policy, Rule
from headgate.project.text import Text
from headgate.project.toml.config import read_config

ORDERS = Address("marts.orders")


def read(text: str) -> tuple[Policy, list[str]]:
    source = Text("headgate.toml", text)
    config = read_config(source, "shop", {"LEVEL": "show"})
    return config.policy, [
        f"{fault.code} {fault.place.line if fault.place else 0} {fault.summary}" for fault in source.all_faults()
    ]


def test_nothing_said_is_the_default() -> None:
    assert read('name = "shop"') == (Policy(), [])


def test_levels_and_budgets_of_all_of_some_and_of_one_column() -> None:
    policy, faults = read(
        """
[gate]
rows_removed = "block"
row_count = "10 %"
drift = "0.3"
owner = "platform"
expected = "tell"

[gate."marts.*"]
rows_changed = { level = "block", budget = "0.5 %" }

[gate."marts.orders.price"]
rows_changed = "2 %"

[gate.run]
row_count = "80 %"

[gate.run."marts.*"]
empty = "show"

[owners.ops]
members = ["ada", "ben@example.org"]

[owners.sales]
members = "eve"
"""
    )
    assert faults == []
    assert policy.rule(Topic.REMOVED, ORDERS) == Rule(Level.BLOCK, 0.0)
    assert policy.rule(Topic.COUNT, ORDERS) == Rule(Level.APPROVE, 0.1)
    assert policy.rule(Topic.DRIFT, ORDERS, "price") == Rule(Level.APPROVE, 0.3)
    assert policy.rule(Topic.CHANGED, ORDERS, "tax") == Rule(Level.BLOCK, 0.005)
    assert policy.rule(Topic.CHANGED, ORDERS, "price") == Rule(Level.BLOCK, 0.02)
    assert policy.run_rule(Topic.COUNT, ORDERS) == Rule(Level.APPROVE, 0.8)
    assert policy.run_rule(Topic.EMPTY, ORDERS).level is Level.SHOW
    assert policy.run_rule(Topic.EMPTY, Address("raw.a")).level is Level.BLOCK
    assert (policy.owner, policy.is_lowering) == ("platform", False)
    assert policy.owners == {"ops": ("ada", "ben@example.org"), "sales": ("eve",)}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[gate]\nrow_cont = "5 %"', "HG121 2 unknown key row_cont in [gate]"),
        ('[gate]\ncheck = "show"', "HG121 2 unknown key check in [gate]"),
        ('[gate]\nevidence = "show"', "HG121 2 unknown key evidence in [gate]"),
        ('[gate]\nmarts = { row_count = "5 %" }', "HG121 2 unknown key marts in [gate]"),
        ('[gate]\nrow_count = "5"', "HG122 2 row_count cannot be '5'"),
        ("[gate]\nrow_count = 5", "HG122 2 row_count cannot be 5"),
        ('[gate]\nrow_count = "-5 %"', "HG122 2 row_count cannot be '-5 %'"),
        ('[gate]\ndrift = "5 %"', "HG122 2 drift cannot be '5 %'"),
        ('[gate]\nconsumer = "5 %"', "HG122 2 consumer cannot be '5 %'"),
        ('[gate]\npolicy = "show"', "HG122 2 policy cannot be show"),
        ('[gate]\nrow_count = "env:LEVEL"', "HG122 2 row_count cannot be 'env:LEVEL'"),
        ('[gate]\nexpected = "no"', "HG122 2 expected cannot be 'no'"),
        ('[gate]\nrow_count = { levle = "show" }', "HG121 2 unknown key levle in row_count"),
        ('[gate."marts.*"]\nrow_cuont = "5 %"', "HG121 2 unknown key row_cuont in [gate.marts.*]"),
        ("[gate.run]\nrun = {}", "HG121 2 unknown key run in [gate.run]"),
        ('[gate.run]\nrows_added = "5 %"', "HG121 2 unknown key rows_added in [gate.run]"),
        ('[gate.run]\ndrift = "5 %"', "HG122 2 drift cannot be '5 %'"),
        ("gate = 5", "HG122 1 gate has to be a table"),
        ("[owners.ops]\nmember = []", "HG121 2 unknown key member in [owners.ops]"),
        ('[owners.ops]\nmembers = ["env:ME"]', "HG122 1 owner ops has no members"),
    ],
)
def test_every_fault_has_its_place(text: str, fault: str) -> None:
    assert fault in read(text)[1]
