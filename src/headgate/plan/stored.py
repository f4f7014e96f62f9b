"""A plan as JSON, and back. It is self-contained: it holds the SQL and the recipes of all that is to be built.

The contents of files are not in it: seeds and source files are read again when they are built, and must then have the
digests that the plan says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate.core.address import Address
from headgate.core.build_forms import (
    location_from_json,
    location_to_json,
    python_body_from_json,
    sql_body_from_json,
    sql_body_to_json,
)
from headgate.core.declarations import File, Kind
from headgate.core.diagnostic import Place
from headgate.core.errors import UsageError
from headgate.core.graph import Node, QueryNode, SeedBody, SourceNode, SqlBody
from headgate.core.hashing import Digest
from headgate.core.json_form import plain
from headgate.core.loading import load_plan_from_json
from headgate.core.plan import Action, Cause, Difference, Influence, Origin, Plan, Reach, Step
from headgate.core.python import PythonBody
from headgate.core.recipe import (
    ASPECTS,
    Read,
    Term,
    recipe_from_json,
    recipe_to_json,
    shape_from_json,
    shape_to_json,
)
from headgate.core.records import Capture
from headgate.plan.stored_properties import properties_from_json, test_from_json

FORMAT = 2
"""The number of the form. A reader refuses what it does not know."""

_PLAIN_STEP = (
    "address", "kind", "action", "cause", "inputs", "key", "build", "replaces", "capture", "difference", "influences",
    "affected", "rows_affected", "is_destructive", "proof", "rows", "seconds", "place", "owner", "is_selected",
    "added", "load", "code",
)  # fmt: skip
_DEFAULTS: Mapping[str, Any] = plain(Step(Address(""), Kind.TABLE, Action.KEEP, Cause.NONE, ()))


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the stored form of a plan: plain dicts, lists, text and numbers. Of a step, defaults are left out."""
    return {
        "format": FORMAT,
        "project": plan.project,
        "environment": plan.environment,
        "engine": plan.engine,
        "serial": plan.serial,
        "entries": dict(plan.entries),
        "steps": [_step_to_json(step) for step in plan.steps],
        "reaches": [plain(reach) for reach in plan.reaches],
        "origin": plain(plan.origin),
        "beside": plain(plan.beside),
        "graph": plan.graph,
        "becomes_bare": plan.becomes_bare,
        "scheduled": sorted(plan.scheduled),
        "properties": plain(plan.properties),
        "tests": plain(plan.tests),
        "queries": [_query_to_json(query) for query in plan.queries],
        "protected": {address: sorted(columns) for address, columns in plan.protected.items()},
    }


def plan_from_json(body: Mapping[str, Any]) -> Plan:
    """Return the plan of a stored form; raise ``UsageError`` where it is none, or one of another format."""
    form = body.get("format") if isinstance(body, Mapping) else None
    if form is None:
        raise UsageError("this is not a saved plan; headgate plan --out FILE makes one")
    if form != FORMAT:
        raise UsageError(f"the plan has format {form}, and this Headgate reads format {FORMAT}: plan again with it")
    try:
        return _plan_from_json(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"the saved plan is damaged ({error!r}): plan again") from error


def _plan_from_json(body: Mapping[str, Any]) -> Plan:
    origin, beside = body["origin"], body["beside"]
    return Plan(
        project=body["project"],
        environment=body["environment"],
        engine=body["engine"],
        serial=body["serial"],
        entries={Address(address): Digest(build) for address, build in body["entries"].items()},
        steps=tuple(_step_from_json(step) for step in body["steps"]),
        reaches=tuple(_reach_from_json(reach) for reach in body["reaches"]),
        origin=Origin(
            tree=origin["tree"],
            files=tuple(File(**file) for file in origin["files"]),
            commit=origin["commit"],
            dirty=tuple(origin["dirty"]),
            is_git=origin["is_git"],
        ),
        beside=(beside[0], beside[1]) if beside is not None else None,
        graph=body["graph"],
        becomes_bare=body.get("becomes_bare"),
        scheduled=frozenset(map(Address, body.get("scheduled", ()))),
        properties={Address(address): tuple(names) for address, names in body.get("properties", {}).items()},
        tests={Address(a): tuple(map(test_from_json, tests)) for a, tests in body.get("tests", {}).items()},
        queries=tuple(map(_query_from_json, body.get("queries", ()))),
        protected={Address(address): frozenset(names) for address, names in body.get("protected", {}).items()},
    )


def _query_to_json(query: QueryNode) -> dict[str, Any]:
    rows = query.rows
    return {
        "address": query.address,
        "rows": [rows.hash, [[r.address, r.aspect.value, r.column] for r in rows.reads], rows.tainted],
        "shape": shape_to_json(query.shape),
        "inputs": list(query.inputs),
        "body": sql_body_to_json(query.body),
        "test": plain(query.test),
    }


def _query_from_json(body: Mapping[str, Any]) -> QueryNode:
    identity, reads, tainted = body["rows"]
    term = Term(Digest(identity), tuple(Read(Address(a), ASPECTS[aspect], c) for a, aspect, c in reads), bool(tainted))
    inputs = tuple(map(Address, body["inputs"]))
    return QueryNode(
        Address(body["address"]), term, shape_from_json(body["shape"]), inputs, sql_body_from_json(body["body"]),
        test_from_json(body["test"]),
    )  # fmt: skip


def _step_to_json(step: Step) -> dict[str, Any]:
    body: dict[str, Any] = {"shape": shape_to_json(step.shape)}
    for name in _PLAIN_STEP:
        value = plain(getattr(step, name))
        if value != _DEFAULTS[name] or name in ("address", "kind", "action", "cause"):
            body[name] = value
    if step.node is not None:
        body["node"] = _source_to_json(step.node) if isinstance(step.node, SourceNode) else _node_to_json(step.node)
    return body


def _step_from_json(stored: Mapping[str, Any]) -> Step:
    body = {**_DEFAULTS, **stored}
    return Step(
        address=Address(body["address"]),
        kind=Kind(body["kind"]),
        action=Action(body["action"]),
        cause=Cause(body["cause"]),
        shape=shape_from_json(body["shape"]),
        inputs=tuple(body["inputs"]),
        key=body["key"],
        build=body["build"],
        replaces=body["replaces"],
        node=_any_node_from_json(body["node"]) if body["node"] is not None else None,
        capture=Capture(**body["capture"]) if body["capture"] is not None else None,
        difference=_difference_from_json(body["difference"]) if body["difference"] is not None else None,
        influences=tuple(_influence_from_json(influence) for influence in body["influences"]),
        affected=tuple(body["affected"]),
        rows_affected=body["rows_affected"],
        is_destructive=body["is_destructive"],
        proof=body["proof"],
        rows=body["rows"],
        seconds=body["seconds"],
        place=None if body["place"] is None else Place(**body["place"]),
        owner=body["owner"],
        is_selected=body["is_selected"],
        added=body["added"],
        load=load_plan_from_json(body["load"]) if body["load"] is not None else None,
        code=body["code"],
    )


def _body_to_json(body: SqlBody | SeedBody | PythonBody) -> dict[str, Any]:
    """Return the entry that holds a body, under the name of its kind."""
    if isinstance(body, SqlBody):
        return {"sql": sql_body_to_json(body)}
    return {"seed" if isinstance(body, SeedBody) else "python": plain(body)}


def _body_from_json(body: Mapping[str, Any]) -> SqlBody | SeedBody | PythonBody:
    if "python" in body:
        return python_body_from_json(body["python"])
    return SeedBody(**body["seed"]) if "seed" in body else sql_body_from_json(body["sql"])


def _node_to_json(node: Node) -> dict[str, Any]:
    return {
        "address": node.address,
        "kind": node.kind.value,
        "recipe": recipe_to_json(node.recipe),
        "inputs": list(node.inputs),
        **_body_to_json(node.body),
        "place": plain(node.place),
        "file_digest": node.file_digest,
        "properties": plain(node.properties),
    }


def _source_to_json(node: SourceNode) -> dict[str, Any]:
    return {
        "address": node.address,
        "location": location_to_json(node.location),
        "shape": shape_to_json(node.shape),
        "token": node.token,
        "is_captured": node.is_captured,
        "place": plain(node.place),
        "properties": plain(node.properties),
    }


def _any_node_from_json(body: Mapping[str, Any]) -> Node | SourceNode:
    place, properties = Place(**body["place"]), properties_from_json(body["properties"])
    if "location" in body:
        return SourceNode(
            address=body["address"],
            location=location_from_json(body["location"]),
            shape=shape_from_json(body["shape"]),
            token=body["token"],
            is_captured=body["is_captured"],
            place=place,
            properties=properties,
        )
    return Node(
        address=body["address"],
        kind=Kind(body["kind"]),
        recipe=recipe_from_json(body["recipe"]),
        inputs=tuple(body["inputs"]),
        body=_body_from_json(body),
        place=place,
        file_digest=body["file_digest"],
        properties=properties,
    )


def _difference_from_json(body: Mapping[str, Any]) -> Difference:
    return Difference(**_with_tuples(body))


def _influence_from_json(body: Mapping[str, Any]) -> Influence:
    return Influence(**_with_tuples(body))


def _with_tuples(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in body.items()}


def _reach_from_json(body: Mapping[str, Any]) -> Reach:
    columns = {Address(address): tuple(names) for address, names in body["columns"].items()}
    return Reach(Address(body["address"]), body["owner"], columns, body["rows"])
