"""What a plan says, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_stage import Asset, Col, Exposure, Src, State, World, actions, graph_of, step_of

from headgate.core.address import Address
from headgate.core.declarations import Kind
from headgate.core.errors import Refused
from headgate.core.plan import Action, Cause, Difference, Influence, Reach
from headgate.core.records import BuildStatus
from headgate.plan.explain import effect_of, reason_of, word_of
from headgate.plan.select import refreshed, selected
from headgate.plan.stale import stale_entries

FLIGHTS: dict[str, Asset | Src | Exposure] = {
    "raw.flights": Src(("arr", "dep", "tailnum"), "2013"),
    "raw.planes": Src(("tailnum", "year")),
    "staging.flights": Asset(
        {
            "arr_delay": Col(1, ("raw.flights.arr",)),
            "dep_delay": Col(2, ("raw.flights.dep",)),
            "tailnum": Col(3, ("raw.flights.tailnum",)),
        },
        ("raw.flights",),
    ),
    "marts.carrier_delay": Asset(
        {
            "mean_delay": Col(1, ("staging.flights.arr_delay",), follows_rows=True),
            "p90_delay": Col(2, ("staging.flights.arr_delay",), follows_rows=True),
            "flights": Col(3, follows_rows=True),
        },
        ("staging.flights",),
    ),
    "marts.worst_routes": Asset(
        {"route": Col(1, ("staging.flights.tailnum",))},
        ("staging.flights",),
        steering=("staging.flights.arr_delay",),
    ),
    "marts.fleet_age": Asset(
        {"age": Col(1, ("raw.planes.year", "staging.flights.tailnum"))}, ("raw.planes", "staging.flights")
    ),
    "dashboards.punctuality": Exposure(("marts.carrier_delay.mean_delay", "marts.carrier_delay.flights")),
    "dashboards.fleet": Exposure(("marts.fleet_age.age",)),
}


def asset(world: World, name: str) -> Asset:
    found = world[name]
    assert isinstance(found, Asset)
    return found


def with_column(world: World, name: str, column: str, col: Col) -> dict[str, Asset | Src | Exposure]:
    item = asset(world, name)
    return {**world, name: replace(item, columns={**item.columns, column: col})}


EDITED = with_column(FLIGHTS, "staging.flights", "arr_delay", Col(9, ("raw.flights.arr",)))


def applied(world: World = FLIGHTS, name: str = "prod") -> State:
    state = State()
    state.apply(state.plan(world, name))
    return state


def test_a_changed_column_is_told_as_in_the_transcript() -> None:
    state = applied()
    plan = state.plan(EDITED, beside="prod")
    lines = [(word_of(s), s.address, reason_of(s), effect_of(s)) for s in plan.doing(Action.BUILD)]
    assert lines == [
        ("change", "staging.flights", "column arr_delay", "assets/staging.flights.sql"),
        ("rebuild", "marts.carrier_delay", "reads arr_delay", "columns mean_delay, p90_delay"),
        ("rebuild", "marts.worst_routes", "filters on arr_delay", "its rows may change"),
    ]
    kept = step_of(plan, "marts.fleet_age")
    assert kept.cause is Cause.SHARED
    assert kept.proof == f"same recipe and inputs as build {kept.build[3:9]} of prod"  # type: ignore[index]
    used = {Address("marts.carrier_delay"): ("mean_delay",)}
    assert plan.reaches == (Reach(Address("dashboards.punctuality"), "ops", used, rows=False),)
    assert plan.beside == ("prod", 1)
    assert [(s.rows, s.seconds) for s in plan.doing(Action.BUILD)] == [(100, 0.5)] * 3


def test_a_kept_asset_says_what_it_reads_and_that_it_did_not_change() -> None:
    state = applied(name="dev")
    step = step_of(state.plan(EDITED), "marts.fleet_age")
    assert step.action is Action.KEEP
    reads = "reads raw.planes.year, staging.flights.tailnum; row sets unchanged"
    assert step.proof == f"{reads}, build {step.build[3:9]}"  # type: ignore[index]


def test_the_difference_names_what_changed_in_the_code() -> None:
    state = applied(name="dev")
    item = asset(FLIGHTS, "marts.carrier_delay")
    columns = {
        "mean_delay": replace(item.columns["mean_delay"], type="DOUBLE"),
        "flights": replace(item.columns["flights"], salt=8),
        "routes": Col(7),
    }
    world = {**FLIGHTS, "marts.carrier_delay": replace(item, columns=columns, kind=Kind.VIEW, salt=5)}
    step = step_of(state.plan(world), "marts.carrier_delay")
    assert step.difference == Difference(
        ("routes",), ("p90_delay",), ("flights",), ("mean_delay",), rows=True, order=False, kind=True
    )
    assert step.is_destructive
    assert reason_of(step) == (
        "now a view; column flights; new column routes; without column p90_delay; type of mean_delay; its rows"
    )


def test_without_the_old_recipe_the_difference_is_what_the_versions_show() -> None:
    state = applied(name="dev")
    state.recipes.clear()
    step = step_of(state.plan(EDITED), "staging.flights")
    assert step.difference == Difference(columns_changed=("arr_delay",), rows=True)


def test_a_dropped_or_retyped_column_is_destructive_a_changed_one_is_not() -> None:
    state = applied(name="dev")
    item = asset(FLIGHTS, "marts.carrier_delay")
    dropped = {n: c for n, c in item.columns.items() if n != "flights"}
    retyped = {**item.columns, "flights": replace(item.columns["flights"], type="BIGINT")}
    for columns in (dropped, retyped):
        world = {**FLIGHTS, "marts.carrier_delay": replace(item, columns=columns)}
        assert step_of(state.plan(world), "marts.carrier_delay").is_destructive
    assert not any(step.is_destructive for step in state.plan(EDITED).steps)


def test_added_columns_rebuild_nobody_and_destroy_nothing() -> None:
    state = applied(name="dev")
    plan = state.plan(with_column(FLIGHTS, "staging.flights", "distance", Col(4)))
    assert actions(plan) == {"staging.flights": "build"}
    assert not step_of(plan, "staging.flights").is_destructive
    assert plan.reaches == ()


def test_another_order_of_columns_replaces_the_view_only() -> None:
    state = applied(name="dev")
    item = asset(FLIGHTS, "staging.flights")
    world = {**FLIGHTS, "staging.flights": replace(item, columns=dict(reversed(item.columns.items())))}
    plan = state.plan(world)
    assert actions(plan) == {"staging.flights": "reshape"}
    assert [c.name for c in step_of(plan, "staging.flights").shape] == ["tailnum", "dep_delay", "arr_delay"]
    assert (word_of(plan.steps[2]), reason_of(plan.steps[2])) == ("reorder", "order of columns")
    state.apply(plan)
    assert state.plan(world).is_empty


def test_what_is_no_longer_declared_is_removed() -> None:
    state = applied(name="dev")
    world = {n: i for n, i in FLIGHTS.items() if n not in ("marts.fleet_age", "raw.planes", "dashboards.fleet")}
    plan = state.plan(world)
    assert actions(plan) == {"marts.fleet_age": "remove", "raw.planes": "remove"}
    assert step_of(plan, "marts.fleet_age").is_destructive
    assert not step_of(plan, "raw.planes").is_destructive
    state.apply(plan)
    assert state.plan(world).is_empty


def test_a_source_that_only_views_read_is_live() -> None:
    world = {"raw.s": Src(("a",)), "m.v": Asset({"a": Col(1, ("raw.s.a",))}, ("raw.s",), Kind.VIEW)}
    state = applied(world, "dev")
    assert set(state.pointers["dev"]) == {"m.v"}
    assert state.plan(world).is_empty
    read_by_table = {**world, "m.t": Asset({"a": Col(1, ("m.v.a",))}, ("m.v",))}
    plan = state.plan(read_by_table)
    assert actions(plan) == {"raw.s": "capture", "m.v": "build", "m.t": "build"}
    state.apply(plan)
    assert state.broken("dev") == []
    plan = state.plan(world)
    assert actions(plan) == {"raw.s": "remove", "m.v": "reuse", "m.t": "remove"}
    state.apply(plan)
    assert state.broken("dev") == []


def test_new_content_of_a_file_and_back() -> None:
    state = applied(name="dev")
    world = {**FLIGHTS, "raw.flights": Src(("arr", "dep", "tailnum"), "2014")}
    plan = state.plan(world)
    step = step_of(plan, "raw.flights")
    assert (step.action, step.cause, reason_of(step)) == (Action.CAPTURE, Cause.DATA, "new data")
    reader = step_of(plan, "staging.flights")
    assert reader.cause is Cause.UPSTREAM
    assert reader.influences == (Influence(Address("raw.flights"), ("arr", "dep", "tailnum"), rows=True),)
    assert reason_of(reader) == "follows raw.flights"
    assert effect_of(reader) == "all of it may change"
    state.apply(plan)
    assert {s.action for s in state.plan(FLIGHTS).steps} == {Action.KEEP, Action.REUSE}


def test_a_source_table_is_captured_once_until_a_refresh_and_others_follow() -> None:
    state = applied()
    state.apply(state.plan(FLIGHTS, "dev"))
    planes = Address("raw.planes")
    plan = state.plan(FLIGHTS, "dev", refresh=frozenset({planes}))
    assert actions(plan) == {"raw.planes": "capture", "marts.fleet_age": "build"}
    step = step_of(plan, "raw.planes")
    assert step.capture is not None
    assert (step.capture.number, step.capture.exact) == (2, False)
    state.apply(plan)
    assert state.plan(FLIGHTS, "dev").is_empty
    assert actions(state.plan(FLIGHTS, "prod")) == {"raw.planes": "reuse", "marts.fleet_age": "reuse"}
    again = state.plan(FLIGHTS, "dev", refresh=frozenset({planes}))
    assert step_of(again, "raw.planes").key != step.key


def test_a_capture_of_another_table_is_not_taken() -> None:
    state = applied(name="dev")
    graph = graph_of(FLIGHTS)
    state.captures[Address("raw.planes")] = state.captures[Address("raw.flights")]
    assert state.plan(FLIGHTS).is_empty
    del state.captures[Address("raw.planes")]
    assert state.plan(FLIGHTS).is_empty
    state.lose(state.pointers["dev"][Address("raw.planes")].build)
    step = step_of(state.plan(FLIGHTS), "raw.planes")
    assert (step.action, step.cause) == (Action.CAPTURE, Cause.LOST)
    assert step.capture is not None
    assert step.capture.number == 2
    assert Address("raw.planes") in graph.nodes


def test_a_renamed_input_is_not_taken_for_the_old_one() -> None:
    """The key holds no address; the record of what was read does, and closure compares it."""
    seed = Asset({"a": Col(1)}, kind=Kind.SEED)
    for kind in (Kind.TABLE, Kind.VIEW):
        state = applied({"s.x": seed, "m.t": Asset({"a": Col(1, ("s.x.a",))}, ("s.x",), kind)}, "dev")
        renamed = {"s.y": seed, "m.t": Asset({"a": Col(1, ("s.y.a",))}, ("s.y",), kind)}
        plan = state.plan(renamed)
        assert actions(plan) == {"s.y": "reuse", "m.t": "build", "s.x": "remove"}
        state.apply(plan)
        assert state.broken("dev") == []
        assert state.plan(renamed).is_empty


def test_readers_of_what_may_differ_between_runs_follow_the_build() -> None:
    world: dict[str, Asset | Src | Exposure] = {
        "raw.s": Src(("a",), "x"),
        "m.t": Asset({"mean": Col(1, ("raw.s.a",), tainted=True), "a": Col(2, ("raw.s.a",))}, ("raw.s",)),
        "m.mean": Asset({"mean": Col(1, ("m.t.mean",))}, ("m.t",)),
        "m.a": Asset({"a": Col(1, ("m.t.a",))}, ("m.t",)),
    }
    state = applied(world, "dev")
    plan = state.plan(with_column(world, "m.t", "extra", Col(3)))
    assert actions(plan) == {"m.t": "build", "m.mean": "build"}
    assert step_of(plan, "m.t").key is not None
    assert step_of(plan, "m.mean").key is None
    assert step_of(plan, "m.t").affected == ("mean", "extra")
    assert step_of(plan, "m.mean").influences == (Influence(Address("m.t"), ("mean",)),)


def test_builds_of_another_engine_or_unsealed_ones_do_not_count() -> None:
    state = applied()
    for identity, build in state.builds.items():
        state.builds[identity] = replace(build, engine="other")
    assert {s.action for s in state.plan(FLIGHTS).steps} == {Action.CAPTURE, Action.BUILD}
    state = applied()
    for identity, build in state.builds.items():
        state.builds[identity] = replace(build, status=BuildStatus.BUILDING)
    assert {s.cause for s in state.plan(FLIGHTS, "prod").steps} == {Cause.LOST}


def test_a_protected_environment_stands_beside_nothing() -> None:
    state = applied(EDITED)
    state.apply(state.plan(FLIGHTS, "other"))
    step = step_of(state.plan(EDITED, "new", beside="other", is_protected=True), "staging.flights")
    assert step.action is Action.REUSE
    assert step.difference is None


def test_a_new_environment_beside_nothing_builds_all() -> None:
    plan = State().plan(FLIGHTS)
    assert {(s.action, s.cause) for s in plan.steps} == {(Action.CAPTURE, Cause.NEW), (Action.BUILD, Cause.NEW)}
    assert [r.address for r in plan.reaches] == ["dashboards.punctuality", "dashboards.fleet"]
    assert plan.serial == 0


# Selection


def test_a_selected_asset_brings_what_it_needs_and_no_more() -> None:
    plan = State().plan(FLIGHTS, select=frozenset({Address("marts.worst_routes")}))
    assert list(actions(plan)) == ["raw.flights", "staging.flights", "marts.worst_routes"]


def test_an_unselected_change_stays_out_unless_it_is_read() -> None:
    state = applied(name="dev")
    world = with_column(EDITED, "marts.fleet_age", "age", Col(9, ("raw.planes.year",)))
    plan = state.plan(world, select=frozenset({Address("marts.fleet_age")}))
    # staging.flights is read by what is selected, so its change comes in, and then so must those that read the change.
    assert list(actions(plan)) == ["staging.flights", "marts.carrier_delay", "marts.worst_routes", "marts.fleet_age"]
    plan = state.plan(with_column(world, "marts.worst_routes", "x", Col(1)), select=frozenset({Address("raw.planes")}))
    assert plan.is_empty


def test_new_data_comes_in_where_its_source_is_selected() -> None:
    state = applied(name="dev")
    world = with_column(FLIGHTS, "marts.worst_routes", "route", Col(9))
    world["raw.flights"] = Src(("arr", "dep", "tailnum"), "2014")
    plan = state.plan(world, select=frozenset({Address("marts.worst_routes")}))
    assert actions(plan) == {"marts.worst_routes": "build"}
    plan = state.plan(world, select=selected(graph_of(world), ["+marts.worst_routes"]))
    assert step_of(plan, "raw.flights").action is Action.CAPTURE


def test_a_selection_lets_the_undeclared_be() -> None:
    state = applied(name="dev")
    world = {n: i for n, i in FLIGHTS.items() if n not in ("marts.fleet_age", "dashboards.fleet")}
    plan = state.plan(world, select=frozenset({Address("marts.worst_routes")}))
    assert plan.is_empty
    assert not step_of(plan, "marts.fleet_age").is_selected
    assert reason_of(step_of(plan, "marts.fleet_age")) == "not selected"


def test_expressions() -> None:
    graph = graph_of(FLIGHTS)
    assert selected(graph, ["marts.fleet_age"]) == {"marts.fleet_age"}
    assert selected(graph, ["fleet_age"]) == {"marts.fleet_age"}
    assert selected(graph, ["raw.planes+"]) == {"raw.planes", "marts.fleet_age", "dashboards.fleet"}
    assert selected(graph, ["+marts.worst_routes"]) == {"marts.worst_routes", "staging.flights", "raw.flights"}
    assert selected(graph, ["raw.*", "dashboards.fleet"]) == {"raw.flights", "raw.planes", "dashboards.fleet"}
    assert selected(graph, ["+marts.*+"]) == set(FLIGHTS)
    assert selected(graph, ["*"]) == set(FLIGHTS)


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("marts.flet_age", "Did you mean marts.fleet_age?"),
        ("+mart.*", "Did you mean marts.*?"),
        ("flights", "Did you mean raw.flights or staging.flights?"),
        ("worst_route+", "Did you mean marts.worst_routes?"),
        ("", "headgate status dev lists the assets."),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(expression: str, hint: str) -> None:
    with pytest.raises(Refused) as refused:
        selected(graph_of(FLIGHTS), ["marts.fleet_age", expression])
    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == ("HG401", hint)


def test_what_can_be_refreshed() -> None:
    graph = graph_of(FLIGHTS)
    assert refreshed(graph, []) == refreshed(graph, ["raw.planes"]) == {"raw.planes"}
    with pytest.raises(Refused) as refused:
        refreshed(graph, ["raw.flights", "raw.plane"])
    assert [(d.code, d.hint) for d in refused.value.diagnostics] == [
        ("HG402", "Files are seen by content: leave it out."),
        ("HG402", "Did you mean raw.planes?"),
    ]


# Staleness


def test_a_plan_is_fresh_until_something_it_read_moves() -> None:
    state = applied()
    plan = state.plan(EDITED, beside="prod")
    assert stale_entries(plan, state.snapshot("dev")) == ()
    state.apply(state.plan(FLIGHTS, "other"))
    assert stale_entries(plan, state.snapshot("dev")) == ()
    state.apply(plan)
    assert stale_entries(state.plan(EDITED), state.snapshot("dev")) == ()
    told = stale_entries(plan, state.snapshot("dev"))
    assert {d.code for d in told} == {"HG502"}
    assert [d.summary for d in told if "carrier" in d.summary] == [
        "dev marts.carrier_delay was added since the plan was made"
    ]


def test_each_moved_entry_is_named() -> None:
    state = applied(name="dev")
    plan = state.plan(EDITED)
    state.lose(state.pointers["dev"][Address("marts.fleet_age")].build)
    (gone,) = stale_entries(plan, state.snapshot("dev"))
    assert gone.summary.endswith("of marts.fleet_age, which the plan keeps, is gone")
    state = applied(name="dev")
    state.apply(state.plan(EDITED))
    told = [d.summary for d in stale_entries(plan, state.snapshot("dev"))]
    assert [text.partition(" shows build ")[0] for text in told] == [
        "dev marts.carrier_delay",
        "dev marts.worst_routes",
        "dev staging.flights",
    ]
    world = {n: i for n, i in EDITED.items() if n != "marts.fleet_age"}
    state.apply(state.plan(world))
    told = [d.summary for d in stale_entries(plan, state.snapshot("dev"))]
    assert "dev marts.fleet_age was removed since the plan was made" in told


def test_a_newer_capture_or_another_order_makes_a_plan_stale() -> None:
    state = applied()
    planes = frozenset({Address("raw.planes")})
    state.apply(state.plan(FLIGHTS, "dev"))
    kept, taken = state.plan(EDITED), state.plan(EDITED, refresh=planes)
    limited = state.plan(EDITED, select=frozenset({Address("marts.worst_routes")}))
    state.apply(state.plan(FLIGHTS, "prod", refresh=planes))
    text = ["raw.planes was captured again (number 2) since the plan was made"]
    assert [d.summary for d in stale_entries(kept, state.snapshot("dev"))] == text
    assert [d.summary for d in stale_entries(taken, state.snapshot("dev"))] == text
    assert stale_entries(limited, state.snapshot("dev")) == ()
    state = applied(name="dev")
    plan = state.plan(FLIGHTS)
    item = asset(FLIGHTS, "staging.flights")
    state.apply(state.plan({**FLIGHTS, "staging.flights": replace(item, columns=dict(reversed(item.columns.items())))}))
    (told,) = stale_entries(plan, state.snapshot("dev"))
    assert told.summary == "dev staging.flights shows its columns in another order than when the plan was made"


def test_a_build_that_tells_its_id_never_stands_for_a_certain_one() -> None:
    world: World = {
        "m.uncertain": Asset({"a": Col(2)}, kind=Kind.SEED, tainted_rows=True),
        "m.certain": Asset({"a": Col(2)}, kind=Kind.SEED),
        "m.reader": Asset({"a": Col()}, ("m.certain",)),
    }
    state = State()
    state.apply(state.plan(world, "prod"))
    assert state.plan(world, "prod").is_empty
    uncertain, certain = (state.builds[state.pointers["prod"][Address(a)].build] for a in ("m.uncertain", "m.certain"))
    assert uncertain.key != certain.key
