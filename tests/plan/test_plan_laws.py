"""Laws of planning, over random projects and random edits."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_stage import ORIGIN, Asset, State, actions, graph_of
from plan_worlds import edits, worlds

from headgate.core.address import Address
from headgate.core.graph import Graph, Node, SourceNode
from headgate.core.plan import Action, Plan
from headgate.core.recipe import Aspect
from headgate.core.records import BuildStatus
from headgate.core.snapshot import Shown
from headgate.plan.assets import Case, computed_key, plan_asset, recorded_key
from headgate.plan.ground import ground_of
from headgate.plan.make import make_plan
from headgate.plan.outcome import Outcome
from headgate.plan.sources import plan_source

pytestmark = pytest.mark.slow

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(st.data())
def test_plan_of_an_applied_plan_is_empty_and_the_environment_is_closed(data: st.DataObject) -> None:
    state, world = State(), data.draw(worlds())
    for _ in range(3):
        state.apply(state.plan(world))
        assert actions(state.plan(world)) == {}
        assert state.plan(world).is_empty
        assert state.plan(world).reaches == ()
        assert state.broken("dev") == []
        world = data.draw(edits(world))


@QUICK
@given(st.data())
def test_an_inverse_edit_reuses_everything(data: st.DataObject) -> None:
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world))
    before = {a: p.build for a, p in state.pointers["dev"].items()}
    state.apply(state.plan(data.draw(edits(world, tables=False))))
    back = state.plan(world)
    assert back.doing(Action.BUILD, Action.CAPTURE) == ()
    state.apply(back)
    assert {a: p.build for a, p in state.pointers["dev"].items()} == before


@QUICK
@given(st.data())
def test_dev_shares_what_prod_has(data: st.DataObject) -> None:
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world, "prod"))
    shared = state.plan(world, "dev", beside="prod")
    assert {step.action for step in shared.steps} <= {Action.REUSE}
    assert shared.reaches == ()
    edited = data.draw(edits(world))
    state.apply(state.plan(edited, "dev", beside="prod"))
    assert state.broken("dev") == []
    assert state.plan(edited, "dev", beside="prod").is_empty
    assert state.plan(world, "prod").is_empty


@QUICK
@given(st.data())
def test_a_recorded_key_is_the_one_that_the_versions_give(data: st.DataObject) -> None:
    """The only short cut of planning. It is taken for everything where nothing changed."""
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world, "prod"))
    here = data.draw(st.sampled_from(["prod", "dev"]))
    edited = data.draw(st.one_of(st.just(world), edits(world)))
    if data.draw(st.booleans()):
        state.apply(state.plan(edited, here, beside="prod"))
        edited = data.draw(st.one_of(st.just(edited), edits(edited)))
    is_unchanged = edited == world and here == "prod"
    graph = graph_of(edited)
    ground = ground_of(state.snapshot(here, "prod"), engine="local", is_protected=False)
    outcomes: dict[Address, Outcome] = {}
    for address, node in graph.nodes.items():
        if isinstance(node, SourceNode):
            outcomes[address] = plan_source(node, ground, is_refreshed=False, is_held=False)
        elif isinstance(node, Node):
            case = Case(node, outcomes, ground, ground.standing(address))
            recorded = recorded_key(case)
            assert recorded in (None, computed_key(case))
            assert recorded is not None or not is_unchanged
            outcomes[address] = plan_asset(node, outcomes, ground)


@QUICK
@given(st.data())
def test_exactly_what_reads_a_change_is_built_and_told(data: st.DataObject) -> None:
    """The expected set is found by walking reads, without versions: term by term, from the edited column on."""
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world))
    names = [n for n, item in world.items() if isinstance(item, Asset)]
    name = data.draw(st.sampled_from(names))
    item = world[name]
    assert isinstance(item, Asset)
    column = data.draw(st.sampled_from(sorted(item.columns)))
    edited = {**world, name: replace(item, columns={**item.columns, column: replace(item.columns[column], salt=77)})}
    plan = state.plan(edited)
    expected = _expected(graph_of(edited), Address(name), column)
    assert {s.address for s in plan.doing(Action.BUILD)} == expected.keys()
    for step in plan.doing(Action.BUILD):
        columns = {aspect.removeprefix("column ") for aspect in expected[step.address] if aspect.startswith("column")}
        assert set(step.affected) == columns
        assert step.rows_affected == ("rows" in expected[step.address])
    _check_reaches(plan, expected, edited)


def _expected(graph: Graph, start: Address, column: str) -> dict[Address, set[str]]:
    """Return which aspects change of which nodes, for a change of the code of one column."""
    changed: dict[Address, set[str]] = {}
    for address, node in graph.nodes.items():
        if not isinstance(node, Node):
            continue
        terms = {"rows": node.recipe.rows, "order": node.recipe.order}
        terms |= {f"column {c.name}": c.term for c in node.recipe.columns}
        hit = {
            aspect
            for aspect, term in terms.items()
            if any(_aspect(r.aspect, r.column) in changed.get(r.address, ()) for r in term.reads)
        }
        if address == start:
            hit.add(f"column {column}")
        if hit:
            changed[address] = hit | {aspect for aspect, term in terms.items() if term.tainted}
    return changed


def _aspect(aspect: Aspect, column: str) -> str:
    return f"column {column}" if aspect is Aspect.COLUMN else aspect.value


def _check_reaches(plan: Plan, expected: dict[Address, set[str]], world: object) -> None:
    graph = graph_of(world)  # type: ignore[arg-type]
    uses = graph.nodes[Address("dash.d")].uses  # type: ignore[union-attr]
    columns = {
        address: hit
        for address, used in uses.items()
        if (hit := {c for c in used if f"column {c}" in expected.get(address, ())})
    }
    rows = any("rows" in expected.get(address, ()) for address in uses)
    assert bool(plan.reaches) == bool(columns or rows)
    for reach in plan.reaches:
        assert {a: set(c) for a, c in reach.columns.items()} == columns
        assert reach.rows == rows


@QUICK
@given(st.data())
def test_a_selection_stays_closed_and_leaves_the_rest(data: st.DataObject) -> None:
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world))
    before = {a: p.build for a, p in state.pointers["dev"].items()}
    if data.draw(st.booleans()):
        state.lose(data.draw(st.sampled_from(sorted(before.values()))))
    edited = data.draw(edits(world))
    graph = graph_of(edited)
    select = frozenset(data.draw(st.lists(st.sampled_from(sorted(graph.nodes)), max_size=2)))
    plan = state.plan(edited, select=select)
    state.apply(plan)
    after = {a: p.build for a, p in state.pointers["dev"].items()}
    assert {state.builds[build].status for build in after.values()} <= {BuildStatus.SEALED}
    assert state.broken("dev") == []
    for step in plan.steps:
        assert step.is_selected or (step.action is Action.KEEP and step.build == before[step.address])
    assert before.keys() - after.keys() <= {s.address for s in plan.doing(Action.REMOVE)}
    assert state.plan(edited, select=select).is_empty
    state.apply(state.plan(edited))
    assert state.broken("dev") == []
    assert state.plan(edited).is_empty


@QUICK
@given(st.data())
def test_lost_builds_come_back(data: st.DataObject) -> None:
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world))
    pointer = state.pointers["dev"][data.draw(st.sampled_from(sorted(state.pointers["dev"])))]
    state.lose(pointer.build)
    assert not state.plan(world).is_empty
    state.apply(state.plan(world))
    assert state.broken("dev") == []
    assert state.plan(world).is_empty


@QUICK
@given(st.data(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_count(data: st.DataObject, chance: random.Random) -> None:
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world, "prod"))
    state.apply(state.plan(data.draw(edits(world)), "dev", beside="prod"))
    graph = graph_of(data.draw(edits(world)))
    snapshot = state.snapshot("dev", "prod")

    def shuffled(shown: Shown | None) -> Shown | None:
        assert shown is not None
        items = list(shown.pointers.items())
        chance.shuffle(items)
        return replace(shown, pointers=dict(items))

    captures = list(state.captures.items())
    chance.shuffle(captures)
    other = replace(snapshot, shown=shuffled(snapshot.shown), beside=shuffled(snapshot.beside), captures=dict(captures))
    made = [make_plan(graph, s, ORIGIN, project="p", engine="local") for s in (snapshot, other)]
    assert made[0] == made[1]
    assert list(made[0].entries) == list(made[1].entries)
