"""The forms of groups, and of the sections of dbt that Headgate has nothing of yet: those are checked and kept."""

from __future__ import annotations

from headgate.project.forms.assets import CONFIG, DOCS, OF_ASSETS, OWNER
from headgate.project.forms.columns import COLUMNS
from headgate.project.forms.data_tests import OF_CONFIG
from headgate.project.forms.form import (
    ANYTHING,
    NAME,
    OPEN,
    TEXT,
    TEXTS,
    Field,
    Form,
    Keyed,
    Several,
    Use,
    needing,
)

NOTE = Field(OPEN, "Whatever you want to note.", Use.KEPT)

GROUP = Keyed(
    "group",
    {
        "name": Field(NAME, "The name by which assets say that they belong to it."),
        "owner": Field(OWNER, "Who answers for its assets."),
        "description": Field(TEXT, "What it is."),
        "meta": NOTE,
        "config": Field(Keyed("configuration of a group", {"meta": NOTE}, others=ANYTHING), "Settings.", Use.KEPT),
    },
    needs=needing("name", "owner"),
)


def _kept(told: str, form: Form) -> Field:
    return Field(form, told, Use.KEPT)


_COMMON = {
    "name": _kept("Its name.", NAME),
    "description": _kept("What it is.", TEXT),
    "docs": _kept("How dbt's documentation shows it.", DOCS),
    "meta": NOTE,
}

_OF_SNAPSHOT_CONFIG = {
    **CONFIG.fields,
    "target_schema": _kept("The schema of the snapshot.", TEXT),
    "target_database": _kept("The database of the snapshot.", TEXT),
}

_SNAPSHOT = Keyed(
    "snapshot",
    {
        **{key: OF_ASSETS[key] for key in ("name", "description", "owner", "group", "tags", "meta", "docs", "columns")},
        **{key: OF_ASSETS[key] for key in ("unique_key", "updated_at", "check", "deletes", "history", "cron")},
        "relation": _kept("What the snapshot reads. Write it as the query of a file instead.", TEXT),
        "data_tests": OF_ASSETS["data_tests"],
        "tests": OF_ASSETS["tests"],
        "config": Field(Keyed("configuration of a snapshot", _OF_SNAPSHOT_CONFIG, others=ANYTHING), "Settings."),
        "static_analysis_off_reason": OF_ASSETS["static_analysis_off_reason"],
    },
    needs=needing("name"),
)

SNAPSHOTS = Several(_SNAPSHOT)
"""Entries about assets that are snapshots; one with a `relation` and no file is kept."""

_ANALYSIS = Keyed(
    "analysis",
    {
        **_COMMON,
        "columns": _kept("Its columns.", COLUMNS),
        "config": _kept("Settings.", OPEN),
        "tags": _kept("Words to choose analyses by.", TEXTS),
        "group": _kept("The group that it belongs to.", TEXT),
        "static_analysis_off_reason": OF_ASSETS["static_analysis_off_reason"],
    },
    needs=needing("name"),
)

_ARGUMENT = Keyed(
    "argument",
    {
        "name": _kept("Its name.", NAME),
        "type": _kept("Its type.", TEXT),
        "data_type": _kept("Its type in the engine.", TEXT),
        "default_value": _kept("Its value where none is given.", ANYTHING),
        "description": _kept("What it is.", TEXT),
    },
    needs=needing("name"),
)

_MACRO = Keyed(
    "macro",
    {
        **_COMMON,
        "arguments": _kept("What it is given.", Several(_ARGUMENT)),
        "config": _kept("Settings.", Keyed("configuration of a macro", {"docs": _COMMON["docs"], "meta": NOTE})),
    },
    needs=needing("name"),
)

_SQL_TEST = Keyed(
    "test in SQL",
    {
        **_COMMON,
        "config": _kept("How it is judged.", Keyed("configuration of a test in SQL", OF_CONFIG, others=ANYTHING)),
        "arguments": _kept("What it is given.", Several(_ARGUMENT)),
    },
    needs=needing("name"),
)

CONTRACTS = "contracts"
"""The section of contracts that were imported."""

CONTRACT_ENTRY = Keyed(
    "data contract",
    {
        "id": Field(NAME, "Its identifier."),
        "assets": Field(TEXTS, "Whose contract it is, as SCHEMA.NAME, in its own order."),
        "name": Field(TEXT, "What it is called."),
        "version": Field(TEXT, "Its version."),
        "status": Field(TEXT, "How far it is: proposed, draft, active, deprecated, retired."),
    },
    others=ANYTHING,
    needs=needing("id", "assets"),
)
"""What a contract of the Open Data Contract Standard says of itself; any key of the standard may stand here."""

_NAMED = Keyed("entry", {"name": _kept("Its name.", NAME)}, others=ANYTHING, needs=needing("name"))
_ANY_ENTRY = Keyed("entry of an older form", others=ANYTHING)


def _unused(told: str, entry: Keyed) -> Field:
    return Field(Several(entry), told, Use.UNUSED)


OTHER_SECTIONS = {
    "analyses": _unused("Queries that dbt renders and does not run.", _ANALYSIS),
    "macros": _unused("What macros are and what they are given.", _MACRO),
    "data_tests": _unused("What dbt's tests in SQL are.", _SQL_TEST),
    "tests": _unused("The older name of `data_tests`.", _SQL_TEST),
    "functions": _unused("Functions in the engine.", _NAMED),
    "metrics": _unused("Metrics of dbt's semantic layer.", _NAMED),
    "semantic_models": _unused("Models of dbt's semantic layer.", _ANY_ENTRY),
    "saved_queries": _unused("Queries of dbt's semantic layer.", _NAMED),
}
"""Sections of dbt that Headgate has nothing of yet."""
