"""The stored forms of comparisons and fingerprints, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate.core.address import Address
from headgate.core.comparison import (
    ColumnDifference,
    Comparison,
    Difference,
    Differences,
    Drift,
    KeyFacts,
    Retyped,
    Rung,
    ShapeDifference,
    Tolerance,
)
from headgate.core.fingerprints import Fingerprint
from headgate.core.hashing import Digest
from headgate.core.json_form import plain
from headgate.core.recipe import shape_from_json, shape_to_json


def comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the stored form of a comparison."""
    shape = comparison.shape
    body: dict[str, Any] = plain(comparison)
    body["shape"] = {**body["shape"], "added": shape_to_json(shape.added), "removed": shape_to_json(shape.removed)}
    body["data"] = None if comparison.data is None else comparison_to_json(comparison.data)
    return body


def comparison_from_json(body: Mapping[str, Any]) -> Comparison:
    """Return the comparison of its stored form."""
    told: dict[str, Any] = {
        **body,
        "address": Address(body["address"]),
        "before": Digest(body["before"]),
        "after": Digest(body["after"]),
        "rung": Rung(body["rung"]),
        "key": tuple(body["key"]),
        "keys_before": KeyFacts(**body["keys_before"]),
        "keys_after": KeyFacts(**body["keys_after"]),
        "columns": tuple(
            ColumnDifference(**{**one, "tolerance": Tolerance(**one["tolerance"])}) for one in body["columns"]
        ),
        "proven": tuple(body["proven"]),
        "shape": _shape_difference(body["shape"]),
        "differences": _differences(body["differences"]),
        "drifts": tuple(Drift(**one) for one in body["drifts"]),
        "moved": tuple(map(Address, body["moved"])),
        "data": comparison_from_json(body["data"]) if body.get("data") else None,
    }
    return Comparison(**told)


def fingerprint_from_json(body: Mapping[str, Any]) -> Fingerprint:
    """Return the fingerprint of its stored form, which is its plain one."""
    told: dict[str, Any] = {
        **body,
        "key": tuple(body["key"]),
        "keys": KeyFacts(**body["keys"]),
        "columns": {name: Digest(one) for name, one in body["columns"].items()},
        "whole": Digest(body["whole"]),
        "order": Digest(body.get("order", "")),
        "beginning": Digest(body.get("beginning", "")),
    }
    return Fingerprint(**told)


def _shape_difference(body: Mapping[str, Any]) -> ShapeDifference:
    return ShapeDifference(
        shape_from_json(body["added"]),
        shape_from_json(body["removed"]),
        tuple(Retyped(**one) for one in body["retyped"]),
        body["is_reordered"],
    )


def _differences(body: Mapping[str, Any]) -> Differences:
    rows = (Difference(tuple(one["before"]), tuple(one["after"]), tuple(one["columns"])) for one in body["rows"])
    return Differences(tuple(body["columns"]), tuple(rows))
