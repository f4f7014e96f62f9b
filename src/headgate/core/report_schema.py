"""The JSON Schema (draft 2020-12) of a report's JSON form, for those who read it by program.

Further fields may come under the same format, so what is not described here is allowed.
"""

from __future__ import annotations

from typing import Any

from headgate.core.checks import Outcome
from headgate.core.comparison import Rung
from headgate.core.gate import Level, Topic, Verdict
from headgate.core.report_json import REPORT_FORMAT

Schema = dict[str, Any]


def report_schema(*, comment: str) -> Schema:
    """Return the schema.

    >>> report_schema(comment="")["properties"]["project"]["type"]
    'string'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": comment,
        "title": "Report of a change",
        **_object(_REPORT, "What a change does to an environment, measured and decided."),
        "$defs": {name: _object(fields, told) for name, (told, fields) in sorted(_PARTS.items())},
    }


def _object(fields: Schema, told: str) -> Schema:
    return {"description": told, "type": "object", "properties": fields, "required": list(fields)}


def _text(told: str, **more: Any) -> Schema:
    return {"type": "string", "description": told, **more}


def _count(told: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": told}


def _number(told: str) -> Schema:
    return {"type": ["number", "null"], "description": f"{told} Null where there is none, or it is not finite."}


def _truth(told: str) -> Schema:
    return {"type": "boolean", "description": told}


def _one_of(kinds: type[Level | Topic | Verdict | Rung | Outcome], told: str) -> Schema:
    return {"enum": [one.value for one in kinds], "description": told}


def _list(items: Schema, told: str, **more: Any) -> Schema:
    return {"type": "array", "items": items, "description": told, **more}


def _map(values: Schema, told: str) -> Schema:
    return {"type": "object", "additionalProperties": values, "description": told}


def _part(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _part_or_null(name: str, told: str) -> Schema:
    return {"anyOf": [_part(name), {"type": "null"}], "description": told}


_TEXT: Schema = {"type": "string"}
_AMOUNT: Schema = {"type": ["number", "null"]}
_CELL: Schema = {"type": ["string", "null"]}
_AT = "When, in UTC: 2026-11-21T02:06:11Z."
_PLACE = "Where it is declared: path:line:column, empty where that is not known."

_REPORT: Schema = {
    "format": {"const": REPORT_FORMAT, "description": "Raised when a field changes its meaning or goes."},
    "project": _text("The name of the project."),
    "source": _text("The environment that shows the change."),
    "target": _text("The environment that would take it over."),
    "release": _count("The serial of the target's release that all was measured beside; 0: none yet."),
    "commit": _text("The commit of the change, empty outside of git."),
    "at": _text(_AT),
    "untouched": _count("How many other assets there are."),
    "unmet": _list(_TEXT, "What was expected of the change, in files of `changes/`, and is nothing of it."),
    "not_run": _list(_TEXT, "Why data tests that are declared do not run, each with its place."),
    "decision": _part("decision"),
    "assets": _list(_part("asset"), "What the change touches, in the order of the graph."),
}

_PARTS: dict[str, tuple[str, Schema]] = {
    "decision": (
        "What the gate decided, on what, and under which policy.",
        {
            "verdict": _one_of(Verdict, "What becomes of the change."),
            "policy": _text("The digest of the policy."),
            "change": _text("The digest of how recipes differ between the release and what would replace it."),
            "release": _count("The serial of the release that was decided beside."),
            "overridden": _text("Why somebody opened the gate in an emergency; empty where nobody did."),
            "findings": _list(_part("finding"), "All that was found."),
            "waiting": _map(_list(_TEXT, "Keys of findings."), "What nobody has agreed to yet, by who has to."),
            "approvals": _list(_part("approval"), "Who has agreed."),
        },
    ),
    "finding": (
        "One fact about an asset, with what it does to a release.",
        {
            "key": _text("Topic, address, column and what of it in one text."),
            "topic": _one_of(Topic, "What it is about, as a policy names it."),
            "address": _text("The asset."),
            "column": _text("The column; empty where it is about the whole asset."),
            "level": _one_of(Level, "block stops it, approve waits for an owner, show stops nothing."),
            "told": _text("What people read, without the address."),
            "amount": _number("How much: a share of rows between 0 and 1, or an effect size; more is worse."),
            "rows": _count("How many rows."),
            "owner": _text("Who owns the asset."),
            "expected": _text("Why it was to be expected; empty where nobody said so."),
            "aspect": _text("Which of several findings about one address or column it is; empty where there is one."),
            "parts": _map(_AMOUNT, "What is agreed to one by one, with its amount: directions, measures of a drift."),
            "is_of_data": _truth("New data alone brought it, and it is weighed as in a run."),
            "place": _text(_PLACE),
        },
    ),
    "approval": (
        "That an owner agrees to findings of a change: those, and nothing worse.",
        {
            "environment": _text("Of which environment."),
            "release": _count("The serial of the release that was measured beside."),
            "change": _text("The digest of the change."),
            "policy": _text("The digest of the policy."),
            "by": _text("Who agreed."),
            "owners": _list(_TEXT, "For which owners."),
            "at": _text(_AT),
            "amounts": _map(_AMOUNT, "The greatest amount agreed to, by the key of a finding."),
            "parts": _map(_map(_AMOUNT, "By its name."), "The greatest amount of each part, by the key of a finding."),
            "is_own": _truth("By the author, where nobody else is known who could agree."),
            "note": _text("What they wrote beside it."),
        },
    ),
    "asset": (
        "What is known of one asset that the change touches.",
        {
            "address": _text("schema.name."),
            "does": _text("What becomes of it: change, rebuild, new, remove and the like."),
            "reason": _text("Why."),
            "owner": _text("Who owns it."),
            "protected": _list(_TEXT, "Columns of which no value is in this report; a mark stands for them."),
            "comparison": _part_or_null("comparison", "Null where nothing was compared."),
            "before": _part_or_null("profile", "The rows that the target shows; null where they were not measured."),
            "after": _part_or_null("profile", "The rows that would replace them."),
            "checks": _list(_part("check"), "What came of its checks."),
            "findings": _list(_part("finding"), "What the gate found of it."),
        },
    ),
    "comparison": (
        "The build that would come beside the one that is shown. Seen from the older side.",
        {
            "rung": _one_of(Rung, "How the answer was found."),
            "before": _text("The id of the older build."),
            "after": _text("The id of the newer build."),
            "rows_before": _count("Rows of the older build."),
            "rows_after": _count("Rows of the newer build."),
            "key": _list(_TEXT, "The columns by which rows were paired; empty where there is no key."),
            "keys_before": _part("keys"),
            "keys_after": _part("keys"),
            "added": _count("Rows that only the newer build has."),
            "removed": _count("Rows that only the older build has."),
            "changed": _count("Rows of which some compared column differs beyond its tolerance."),
            "columns": _list(_part("column"), "The compared columns, over the rows that both sides have."),
            "proven": _list(_TEXT, "Columns that are equal because they are made of the same."),
            "shape": _part("shape"),
            "differences": _part("differences"),
            "drifts": _list(_part("drift"), "How far distributions moved."),
            "moved": _list(_TEXT, "Sources that moved on between the two builds."),
            "unkeyed": _text("Why there is no key to compare by; empty where there is one."),
            "incomplete": _text("What was not done, and why; empty where all was. It never counts as equal."),
            "data": _part_or_null(
                "comparison",
                "What the data alone does: the build that is shown beside what its code makes of the new data, which "
                "is then the older side here. Null where the two are not told apart.",
            ),
            "unisolated": _text("Why code and data are not told apart, although that was asked for; else empty."),
            "is_equal": _truth("Both sides are known to hold the same rows, exactly; and those of `data`, too."),
        },
    ),
    "keys": (
        "What the keys of one side are like.",
        {
            "nulls": _count("Rows with a NULL in the key."),
            "repeated": _count("Keys that stand in several rows."),
            "rows_repeated": _count("Those rows."),
        },
    ),
    "column": (
        "One compared column.",
        {
            "name": _text("Its name."),
            "changed": _count("Rows in which it differs at all."),
            "beyond": _count("Rows in which it differs by more than its tolerance."),
            "tolerance": _object(
                {"absolute": {"type": "number"}, "relative": {"type": "number"}}, "What counts as equal."
            ),
            "greatest": _number("The greatest absolute difference."),
        },
    ),
    "typed": ("A column with its type.", {"name": _text("Its name."), "type": _text("As the engine writes it.")}),
    "shape": (
        "How the columns differ.",
        {
            "added": _list(_part("typed"), "Columns that came."),
            "removed": _list(_part("typed"), "Columns that went."),
            "retyped": _list(
                _object({"name": _TEXT, "before": _TEXT, "after": _TEXT}, "The types of a column."),
                "Columns with another type.",
            ),
            "is_reordered": _truth("They stand in another order."),
        },
    ),
    "differences": (
        "Some of the rows that differ, the same ones each time. Null is NULL.",
        {
            "columns": _list(_TEXT, "What the cells are; the key first."),
            "rows": _list(
                _object(
                    {
                        "before": {"type": ["array", "null"], "items": _CELL, "description": "Null of an added row."},
                        "after": {"type": ["array", "null"], "items": _CELL, "description": "Null of a removed row."},
                        "columns": _list(_TEXT, "Those that changed."),
                    },
                    "A row.",
                ),
                "The rows.",
            ),
        },
    ),
    "drift": (
        "How far one distribution moved.",
        {
            "column": _text("The column."),
            "measure": _text("What the effect is: Wasserstein distance over the deviation, and the like."),
            "effect": _number("Its size, without unit."),
            "floor": _number("What it has to exceed to count: more than chance gives for so many rows."),
            "is_beyond": _truth("It counts."),
            "told": _text("The same in a few words."),
        },
    ),
    "profile": (
        "What the rows of a build look like.",
        {"rows": _count("How many."), "columns": _map(_part("figures"), "By name.")},
    ),
    "figures": (
        "What the values of one column look like.",
        {
            "type": _text("Its type as the engine writes it."),
            "nulls": _count("Rows in which it is NULL."),
            "nan": _count("Values that are no number; figures leave them out."),
            "distinct": _count("Different values; may be an estimate."),
            "least": {"type": ["string", "null"], "description": "The least value."},
            "greatest": {"type": ["string", "null"], "description": "The greatest value."},
            "mean": _number("The mean."),
            "deviation": _number("The standard deviation of a sample (n - 1)."),
            "sum": _number("The sum."),
            "sampled": _count("Quantiles and frequent values come from so many values; 0: from all of them."),
            "quantiles": _list(
                {"type": ["number", "null"]},
                "At 0, 1/200, 2/200 ... 1; of dates and times seconds since 1970 in UTC. Empty where there are none.",
            ),
            "top": _list(
                {"type": "array", "prefixItems": [_TEXT, {"type": "integer"}], "minItems": 2, "maxItems": 2},
                "The most frequent values with their number of rows, most frequent first.",
            ),
        },
    ),
    "check": (
        "What came of a check.",
        {
            "address": _text("The asset that it is about."),
            "name": _text("What people call it."),
            "kind": _text("Its kind."),
            "column": _text("The column that it is about; empty where it is about whole rows."),
            "place": _text(_PLACE),
            "is_promised": _truth("A contract promises it."),
            "outcome": _one_of(Outcome, "What it says."),
            "severity": {"enum": ["error", "warning"], "description": "Whether a failure stops a release."},
            "failures": _count("Rows, or keys, that fail."),
            "out_of": _count("Of so many."),
            "told": _text("What was found, or why nothing is known."),
            "sample": _part_or_null("sample", "Some of the rows that fail."),
        },
    ),
    "sample": (
        "Some rows. Null is NULL.",
        {
            "columns": _list(_TEXT, "What the cells are."),
            "rows": _list(_list(_CELL, "A row."), "The rows."),
            "protected": _list(_TEXT, "Columns whose values are not shown; a mark stands for them."),
        },
    ),
}
