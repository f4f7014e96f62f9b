"""Properties of assets out of their stored form, in which a plan and the cache keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate.core.address import Address
from headgate.core.comparison import EXACT, Tolerance
from headgate.core.declarations import DeclaredColumn, Kind, Properties
from headgate.core.diagnostic import Place, Severity
from headgate.core.loading import Deletion, Grain, Loading, Merging, Timing, Tracking
from headgate.core.promises import Condition, Constraint, ConstraintKind, Contract, DeclaredTest, Freshness


def properties_from_json(body: Mapping[str, Any]) -> Properties:
    """Return the properties of a stored form: each field of each noun as JSON has it."""
    return Properties(
        kind=Kind(body["kind"]) if body["kind"] is not None else None,
        owner=body["owner"],
        description=body["description"],
        tags=tuple(body["tags"]),
        columns=tuple(_column(one) for one in body["columns"]),
        meta=body["meta"],
        place=_place(body["place"]),
        group=body["group"],
        tests=tuple(test_from_json(one) for one in body["tests"]),
        constraints=tuple(_constraint(one) for one in body["constraints"]),
        contract=Contract(body["contract"]["is_enforced"], _place(body["contract"]["place"]))
        if body["contract"]
        else None,
        freshness=_freshness(body["freshness"]) if body["freshness"] else None,
        loading=loading_from_json(body["loading"]) if body.get("loading") else None,
        cron=body.get("cron", ""),
        is_isolated=body.get("is_isolated", False),
    )


def loading_from_json(body: Mapping[str, Any]) -> Loading:
    """Return how data comes in, of its stored form, which is its plain one."""
    timing, merging, tracking = body["timing"], body["merging"], body["tracking"]
    return Loading(
        timing=Timing(**{**timing, "grain": Grain(timing["grain"])}) if timing else None,
        merging=Merging(tuple(merging["key"]), Deletion(merging["deletion"]), merging["flag"]) if merging else None,
        tracking=Tracking(**{**tracking, "key": tuple(tracking["key"]), "checked": tuple(tracking["checked"])})
        if tracking
        else None,
        keeps_history=body["keeps_history"],
    )


def _freshness(body: Mapping[str, Any]) -> Freshness:
    listed = {key: tuple(body.get(key, ())) for key in ("weekdays", "holidays")}
    return Freshness(**{**body, **listed, "place": _place(body["place"])})


def _column(body: Mapping[str, Any]) -> DeclaredColumn:
    tolerance = Tolerance(**body["tolerance"]) if body.get("tolerance") else EXACT
    read = {"tags": tuple(body["tags"]), "place": _place(body["place"]), "tolerance": tolerance}
    return DeclaredColumn(**{**body, **read})


def test_from_json(body: Mapping[str, Any]) -> DeclaredTest:
    """Return a declared test of its stored form, which is its plain one."""
    read = {
        "references": {key: Address(address) for key, address in body["references"].items()},
        "severity": Severity(body["severity"]),
        "warn_if": Condition(**body["warn_if"]),
        "error_if": Condition(**body["error_if"]),
        "tags": tuple(body["tags"]),
        "place": _place(body["place"]),
    }
    return DeclaredTest(**{**body, **read})


def _constraint(body: Mapping[str, Any]) -> Constraint:
    read = {
        "kind": ConstraintKind(body["kind"]),
        "columns": tuple(body["columns"]),
        "to": Address(body["to"]) if body["to"] else None,
        "to_columns": tuple(body["to_columns"]),
        "place": _place(body["place"]),
    }
    return Constraint(**{**body, **read})


def _place(body: Mapping[str, Any] | None) -> Place | None:
    return None if body is None else Place(**body)
