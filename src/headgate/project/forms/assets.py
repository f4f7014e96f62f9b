"""The forms of entries about assets: `models:`, `assets:` and `seeds:`, and their `config:`."""

from __future__ import annotations

from headgate.project.forms.adapters import OF_ADAPTERS
from headgate.project.forms.columns import COLUMNS, CONSTRAINT, CONTRACT
from headgate.project.forms.data_tests import DATA_TESTS
from headgate.project.forms.form import (
    ANYTHING,
    NAME,
    OPEN,
    TEXT,
    TEXTS,
    TRUTH,
    Choice,
    Either,
    Field,
    Keyed,
    Need,
    Several,
    Use,
    Whole,
    needing,
)
from headgate.project.forms.loading import OF_DBT, OF_LOADING

PERIODS = ("minute", "hour", "day")

OWNER = Either(
    (
        TEXT,
        Keyed(
            "owner",
            {
                "name": Field(TEXT, "The team or the person."),
                "email": Field(TEXTS, "Where they can be reached."),
            },
            others=ANYTHING,
            needs=(Need(("name", "email")),),
        ),
    )
)

DOCS = Keyed(
    "docs",
    {
        "show": Field(TRUTH, "Whether dbt's documentation shows it.", Use.KEPT),
        "node_color": Field(TEXT, "Its colour in dbt's documentation.", Use.KEPT),
    },
)

QUOTING = Keyed(
    "quoting",
    {
        "database": Field(TRUTH, "Whether dbt puts quotes around the database.", Use.KEPT),
        "schema": Field(TRUTH, "Whether dbt puts quotes around the schema.", Use.KEPT),
        "identifier": Field(TRUTH, "Whether dbt puts quotes around the name.", Use.KEPT),
        "snowflake_ignore_case": Field(TRUTH, "How dbt writes names for Snowflake.", Use.KEPT),
    },
)

_BUILD_AFTER = Keyed(
    "build_after",
    {
        "count": Field(Whole(), "How many periods.", Use.KEPT),
        "period": Field(Choice(PERIODS), "The unit.", Use.KEPT),
        "updates_on": Field(Choice(("any", "all")), "Whether one input with new data is enough.", Use.KEPT),
    },
)

_FRESHNESS_OF_MODELS = Keyed(
    "freshness of a model", {"build_after": Field(_BUILD_AFTER, "When dbt builds it again.", Use.UNUSED)}
)

ACCESS = Choice(("private", "protected", "public"))

ISOLATE_TOLD = (
    "`true`: where its sources have moved on as well, a change of code is compared with what the released code makes "
    "of the same new data."
)

_HOOKS = "SQL that dbt runs"

CONFIG = Keyed(
    "configuration of an asset",
    {
        "materialized": Field(TEXT, "`table` (by default), `view`, `incremental` or `snapshot`.", Use.READ),
        **OF_LOADING,
        **OF_DBT,
        "tags": Field(TEXTS, "Words to choose assets by."),
        "meta": Field(OPEN, "Whatever you want to note; `owner` in it is the owner."),
        "owner": Field(OWNER, "Who answers for it."),
        "group": Field(TEXT, "The group that it belongs to; its owner is the group's unless it says another."),
        "contract": Field(CONTRACT, "Whether it is held to its declared columns, their types and its constraints."),
        "isolate": Field(TRUTH, ISOLATE_TOLD),
        "enabled": Field(TRUTH, "`false` is not supported: take the file out of `assets/`.", Use.REFUSED),
        "access": Field(ACCESS, "Who may read it.", Use.KEPT),
        "description": Field(TEXT, "What it holds.", Use.KEPT),
        "docs": Field(DOCS, "How dbt's documentation shows it.", Use.KEPT),
        "quoting": Field(QUOTING, "Where dbt puts quotes.", Use.KEPT),
        "persist_docs": Field(
            Keyed(
                "persist_docs",
                {
                    "relation": Field(TRUTH, "Whether the description becomes a comment in the engine.", Use.KEPT),
                    "columns": Field(TRUTH, "Whether those of columns do.", Use.KEPT),
                },
            ),
            "What dbt writes into the engine as comments.",
            Use.KEPT,
        ),
        "static_analysis": Field(TEXT, "How dbt checks the SQL.", Use.KEPT),
        "freshness": Field(_FRESHNESS_OF_MODELS, "When dbt builds it again.", Use.KEPT),
        "alias": Field(TEXT, "Another name in the engine. Headgate's is that of the file.", Use.UNUSED),
        "schema": Field(TEXT, "Another schema in the engine. Headgate's is that of the folder.", Use.UNUSED),
        "database": Field(TEXT, "Another database.", Use.UNUSED),
        "grants": Field(Keyed("grants", others=TEXTS), "Who gets which right in the engine.", Use.UNUSED),
        "pre_hook": Field(ANYTHING, f"{_HOOKS} before.", Use.UNUSED),
        "pre-hook": Field(ANYTHING, f"{_HOOKS} before.", Use.UNUSED),
        "post_hook": Field(ANYTHING, f"{_HOOKS} afterwards.", Use.UNUSED),
        "post-hook": Field(ANYTHING, f"{_HOOKS} afterwards.", Use.UNUSED),
        "sql_header": Field(TEXT, f"{_HOOKS} in front of the query.", Use.UNUSED),
        "on_schema_change": Field(TEXT, "What becomes of an incremental table whose columns change.", Use.KEPT),
        "incremental_predicates": Field(TEXTS, "What narrows the rows that are replaced.", Use.KEPT),
        "predicates": Field(TEXTS, "The older name of `incremental_predicates`.", Use.KEPT),
        "concurrent_batches": Field(TRUTH, "Whether batches run side by side.", Use.KEPT),
        "column_types": Field(Keyed("column_types", others=TEXT), "Types of a seed: write `data_type`.", Use.UNUSED),
        "delimiter": Field(TEXT, "What stands between the values of a seed: Headgate reads commas.", Use.UNUSED),
        "quote_columns": Field(TRUTH, "Whether dbt puts quotes around the columns of a seed.", Use.KEPT),
        "latest_version_pointer": Field(ANYTHING, "How dbt names the latest version.", Use.KEPT),
        **{key: Field(ANYTHING, f"A setting of {adapter}.", Use.KEPT) for key, adapter in OF_ADAPTERS.items()},
    },
)  # fmt: skip

VERSIONS_TOLD = "Versions of a model, which this version of Headgate has not."

OF_ASSETS = {
    "name": Field(NAME, "SCHEMA.NAME; or its name alone: that of the file's own folder, else the only one."),
    "description": Field(TEXT, "What it holds."),
    "owner": Field(OWNER, "Who answers for it: alerts and approvals go there."),
    "kind": Field(TEXT, "`table` (by default), `view`, `incremental` or `snapshot`; a CSV file is a `seed`."),
    "materialized": Field(TEXT, "The same as `kind`."),
    **OF_LOADING,
    "template": Field(TEXT, "`jinja`: the text is a template, which is filled in before it is read; or `none`."),
    "tags": Field(TEXTS, "Words to choose assets by."),
    "meta": Field(OPEN, "Whatever you want to note; `owner` in it is the owner."),
    "columns": Field(COLUMNS, "Its columns: what they are, which types they have, what holds of them."),
    "data_tests": Field(DATA_TESTS, "What has to hold of its rows."),
    "tests": Field(DATA_TESTS, "The older name of `data_tests`."),
    "constraints": Field(Several(CONSTRAINT), "What an enforced `contract` promises of its rows."),
    "contract": Field(CONTRACT, "Whether it is held to its declared columns, their types and its constraints."),
    "isolate": Field(TRUTH, ISOLATE_TOLD),
    "group": Field(TEXT, "The group that it belongs to; its owner is the group's unless it says another."),
    "config": Field(CONFIG, "Settings, as dbt has them."),
    "access": Field(ACCESS, "Who may read it.", Use.KEPT),
    "docs": Field(DOCS, "How dbt's documentation shows it.", Use.KEPT),
    "deprecation_date": Field(TEXT, "When it goes.", Use.KEPT),
    "alias": Field(TEXT, "Another name in the engine. Headgate's is that of the file.", Use.UNUSED),
    "identifier": Field(TEXT, "Another name in the engine. Headgate's is that of the file.", Use.UNUSED),
    "schema": Field(TEXT, "Another schema in the engine. Headgate's is that of the folder.", Use.UNUSED),
    "database": Field(TEXT, "Another database.", Use.UNUSED),
    "grants": Field(Keyed("grants", others=TEXTS), "Who gets which right in the engine.", Use.UNUSED),
    "quoting": Field(QUOTING, "Where dbt puts quotes.", Use.KEPT),
    "versions": Field(ANYTHING, VERSIONS_TOLD, Use.REFUSED),
    "latest_version": Field(ANYTHING, VERSIONS_TOLD, Use.REFUSED),
    "version": Field(ANYTHING, "A number that means nothing here.", Use.KEPT),
    "time_spine": Field(OPEN, "The asset as the axis of times of metrics.", Use.KEPT),
    "semantic_model": Field(ANYTHING, "The asset as a model of metrics.", Use.KEPT),
    "derived_semantics": Field(ANYTHING, "More dimensions and entities of metrics.", Use.KEPT),
    "agg_time_dimension": Field(TEXT, "The column of times of metrics.", Use.KEPT),
    "primary_entity": Field(TEXT, "The entity of metrics.", Use.KEPT),
    "metrics": Field(ANYTHING, "Metrics of the asset.", Use.UNUSED),
    "static_analysis_off_reason": Field(TEXT, "Why dbt does not check the SQL.", Use.KEPT),
}  # fmt: skip

ASSET = Keyed("asset", OF_ASSETS, needs=needing("name"))
ASSETS = Several(Either((NAME, ASSET)))
"""Entries about assets; a text is one of which only the name is said."""
