"""A saved plan comes back exactly, and what is none is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_stage import State
from plan_worlds import edits, worlds

from headgate.core.address import Address
from headgate.core.declarations import DeclaredColumn, File, FileSource, Kind, Properties, TableSource
from headgate.core.diagnostic import Place
from headgate.core.errors import UsageError
from headgate.core.graph import Node, Reference, SeedBody, SourceNode, SqlBody
from headgate.core.hashing import Digest, digest
from headgate.core.json_form import dumps, loads
from headgate.core.plan import Action, Cause, Difference, Influence, Origin, Plan, Reach, Step
from headgate.core.recipe import Aspect, Column, ColumnRecipe, Read, Recipe, Term
from headgate.core.records import Capture
from headgate.plan.stale import stale_entries
from headgate.plan.stored import plan_from_json, plan_to_json

TEXT = st.text(max_size=6)
DIGESTS = st.sampled_from([digest("a"), digest("b"), Digest("")])
NAMES = st.lists(TEXT, max_size=3).map(tuple)
ADDRESSES = st.sampled_from([Address("a.b"), Address("c.d"), Address("e.é")])
FILES = st.builds(File, TEXT, DIGESTS, st.integers(0))
PLACES = st.builds(Place, TEXT, st.integers(0, 99), st.integers(0, 9), st.integers(0, 9))
SHAPES = st.lists(st.builds(Column, TEXT, TEXT), max_size=3).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
COLUMNS = st.builds(DeclaredColumn, TEXT, TEXT, TEXT, st.none() | PLACES)
PROPERTIES = st.builds(
    Properties,
    kind=st.none() | st.sampled_from(Kind),
    owner=TEXT,
    description=TEXT,
    tags=NAMES,
    columns=st.lists(COLUMNS, max_size=2).map(tuple),
    meta=st.dictionaries(TEXT, JSON, max_size=2),
    place=st.none() | PLACES,
)
READS = st.builds(Read, ADDRESSES, st.sampled_from(Aspect), TEXT)
TERMS = st.builds(Term, DIGESTS, st.lists(READS, max_size=3, unique=True).map(tuple), st.booleans())
RECIPES = st.builds(
    Recipe, TEXT, TERMS, TERMS, st.lists(st.builds(ColumnRecipe, TEXT, TEXT, TERMS), max_size=2).map(tuple), TEXT
)
REFERENCES = st.builds(Reference, st.integers(0, 9), st.integers(0, 9), ADDRESSES, TEXT, st.booleans())
BODIES = st.builds(SqlBody, TEXT, st.lists(REFERENCES, max_size=2).map(tuple), st.integers(1, 9)) | st.builds(
    SeedBody, TEXT, DIGESTS
)
INPUTS = st.lists(ADDRESSES, max_size=2).map(tuple)
NODES = st.builds(Node, ADDRESSES, st.sampled_from(Kind), RECIPES, INPUTS, BODIES, PLACES, DIGESTS, PROPERTIES)
LOCATIONS = st.builds(TableSource, TEXT, TEXT) | st.builds(
    FileSource, TEXT, TEXT, st.lists(FILES, max_size=2).map(tuple), st.dictionaries(TEXT, TEXT, max_size=2)
)
SOURCES = st.builds(SourceNode, ADDRESSES, LOCATIONS, SHAPES, st.none() | DIGESTS, st.booleans(), PLACES, PROPERTIES)
STEPS = st.builds(
    Step,
    address=ADDRESSES,
    kind=st.sampled_from(Kind),
    action=st.sampled_from(Action),
    cause=st.sampled_from(Cause),
    shape=SHAPES,
    inputs=INPUTS,
    key=st.none() | DIGESTS,
    build=st.none() | DIGESTS,
    replaces=st.none() | DIGESTS,
    node=st.none() | NODES | SOURCES,
    capture=st.none() | st.builds(Capture, DIGESTS, st.integers(0), st.booleans(), DIGESTS),
    difference=st.none() | st.builds(Difference, NAMES, NAMES, NAMES, NAMES, st.booleans(), st.booleans()),
    influences=st.lists(st.builds(Influence, ADDRESSES, NAMES, NAMES, st.booleans()), max_size=2).map(tuple),
    affected=NAMES,
    rows_affected=st.booleans(),
    is_destructive=st.booleans(),
    proof=TEXT,
    rows=st.none() | st.integers(0),
    seconds=st.none() | st.floats(0, 1e9),
    place=st.none() | PLACES,
    owner=TEXT,
    is_selected=st.booleans(),
)
REACHES = st.builds(Reach, ADDRESSES, TEXT, st.dictionaries(ADDRESSES, NAMES), st.booleans())
ORIGINS = st.builds(Origin, DIGESTS, st.lists(FILES, max_size=2).map(tuple), TEXT, NAMES, st.booleans())
PLANS = st.builds(
    Plan,
    project=TEXT,
    environment=TEXT,
    engine=TEXT,
    serial=st.integers(0),
    entries=st.dictionaries(ADDRESSES, DIGESTS),
    steps=st.lists(STEPS, max_size=3).map(tuple),
    reaches=st.lists(REACHES, max_size=2).map(tuple),
    origin=ORIGINS,
    beside=st.none() | st.tuples(TEXT, st.integers(0)),
    graph=DIGESTS,
)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(PLANS)
def test_every_plan_comes_back_exactly(plan: Plan) -> None:
    text = dumps(plan_to_json(plan))
    assert plan_from_json(loads(text)) == plan
    assert dumps(plan_to_json(plan_from_json(loads(text)))) == text


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_saved_plan_can_be_applied_and_once_stale_still_be_read(data: st.DataObject) -> None:
    state, world = State(), data.draw(worlds())
    state.apply(state.plan(world))
    edited = data.draw(edits(world))
    text = dumps(plan_to_json(state.plan(edited)))
    plan = plan_from_json(json.loads(text))
    assert stale_entries(plan, state.snapshot("dev")) == ()
    state.apply(plan)
    assert state.plan(edited).is_empty
    assert plan.is_empty == (stale_entries(plan, state.snapshot("dev")) == ())
    assert plan_from_json(json.loads(text)) == plan


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "not a saved plan"),
        ([], "not a saved plan"),
        ({"format": 1}, "format 1, and this Headgate reads format 2"),
        ({"format": 2}, "damaged"),
        ({"format": 2, "origin": {}, "beside": None, "steps": 3}, "damaged"),
    ],
)
def test_what_is_no_plan_is_refused(body: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        plan_from_json(body)  # type: ignore[arg-type]
