"""`headgate policy test` asks the real gate, and tells what came out otherwise."""

from __future__ import annotations

import pytest

from tests.gate.team import Team

pytestmark = pytest.mark.slow

SCENARIOS = """
scenarios:
  - name: a tenth of the rows gone waits for ops
    by: ada
    given:
      - {asset: m.orders, owner: ops, rows_removed: 10 %}
    expect: needs approval
    waiting: [ops]
  - name: ben may agree
    by: ada
    given:
      - {asset: m.orders, owner: ops, rows_removed: 10 %}
      - {asset: m.orders, owner: ops, column: price, drift: 0.4}
    approved_by: [ben@x.org]
    expect: pass
  - name: ada may not
    by: ada
    given:
      - {asset: m.orders, owner: ops, row_count: 6 %}
    approved_by: [ada]
    expect: needs approval
  - name: an empty table is blocked
    given: [{asset: m.orders, empty: true}]
    expect: blocked
"""


def test_scenarios_that_come_out_as_declared(team: Team) -> None:
    team.file("tests/policy/team.yml", SCENARIOS)
    assert team.does("policy", "test") == "4 scenarios passed.\n"
    assert "HG" not in team.does("check")


def test_the_declared_owner_is_asked_and_names_have_to_be_right(team: Team) -> None:
    def given(asset: str, waiting: str) -> str:
        said = f"[{{asset: {asset}, rows_removed: 10 %}}], expect: needs approval, waiting: [{waiting}]"
        return f"scenarios:\n  - {{by: ada, given: {said}}}\n"

    team.file("tests/policy/team.yml", given("m.orders", "ops"))
    assert team.does("policy", "test") == "1 scenario passed.\n"
    team.file("tests/policy/team.yml", given("m.orders", "sales, eve"))
    assert "  expected to wait for eve, sales, and it waits for ops" in team.fails(1, "policy", "test")
    team.file("tests/policy/team.yml", given("m.oders", "ops"))
    for command in (["policy", "test"], ["check"]):
        told = team.fails(1, *command)
        assert "nothing declares m.oders\n  tests/policy/team.yml:2:5\n  Did you mean m.orders or" in told
    team.file("tests/policy/team.yml", "scenarios: 5\n")
    assert "scenarios has to be a list" in team.fails(1, "check")


def test_a_policy_that_became_looser_is_found_out(team: Team) -> None:
    team.file("tests/policy/team.yml", SCENARIOS)
    text = (team.root / "headgate.toml").read_text()
    team.file("headgate.toml", text + '\n[gate]\nrows_removed = "20 %"\n')
    told = team.fails(1, "policy", "test")
    assert "failed  a tenth of the rows gone waits for ops  tests/policy/team.yml:3:5" in told
    assert "  expected needs approval, and the gate says pass" in told
    assert told.endswith("3 scenarios passed, 1 failed.\n")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("scenarios: 5\n", "scenarios has to be a list"),
        ("scenarios:\n  - {expect: pass}\n", "this entry of scenarios has no given"),
        ("scenarios:\n  - {given: [{asset: a.b, rows: 1}], expect: pass}\n", "unknown key rows in an entry of given"),
        (
            "scenarios:\n  - {given: [{asset: a.b, rows_removed: 1}], expect: pass}\n",
            "rows_removed has to be a share",
        ),
    ],
)
def test_a_scenario_that_cannot_be_tried_is_told(team: Team, text: str, fault: str) -> None:
    team.file("tests/policy/team.yml", text)
    assert fault in team.fails(1, "policy", "test")


def test_without_scenarios_that_is_said(team: Team) -> None:
    assert "There is no scenario in tests/policy." in team.does("policy", "test")
