"""The forms of columns, constraints and contracts."""

from __future__ import annotations

from headgate.project.forms.data_tests import DATA_TESTS, REFERENCE
from headgate.project.forms.form import (
    ANYTHING,
    NAME,
    OPEN,
    TEXT,
    TEXTS,
    TRUTH,
    Case,
    Choice,
    Either,
    Field,
    Keyed,
    Need,
    Several,
    Use,
    needing,
)

CONSTRAINT_TYPES = ("not_null", "unique", "primary_key", "foreign_key", "check", "custom")

CONSTRAINT = Keyed(
    "constraint",
    {
        "type": Field(Choice(CONSTRAINT_TYPES), "What holds."),
        "name": Field(TEXT, "A name of its own for the constraint."),
        "columns": Field(TEXTS, "The columns that it is about, where it does not stand below one."),
        "expression": Field(TEXT, "The condition of a `check`; otherwise what the engine is told behind the type."),
        "to": Field(REFERENCE, "The asset that a `foreign_key` leads to."),
        "to_columns": Field(TEXTS, "The columns there."),
        "warn_unenforced": Field(TRUTH, "Whether dbt warns where the engine does not enforce it.", Use.KEPT),
        "warn_unsupported": Field(TRUTH, "Whether dbt warns where the engine does not know it.", Use.KEPT),
    },
    needs=needing("type"),
    cases=(
        Case("type", ("check", "custom"), (Need(("expression",)),)),
        Case("type", ("foreign_key",), (Need(("to", "expression")),)),
    ),
)

CONTRACT = Keyed(
    "contract",
    {
        "enforced": Field(
            TRUTH, "`true`: it has the declared columns and no others, with their types, and its `constraints` hold."
        ),
        "alias_types": Field(TRUTH, "Whether dbt translates names of types.", Use.KEPT),
        "checksum": Field(ANYTHING, "What dbt notes of the contract.", Use.KEPT),
    },
)

DATA_TYPE_TOLD = "Its type, as in CREATE TABLE: integer, decimal(10,2), text[]."

PROTECTED = Field(TRUTH, "`true`: its values, and what is made of them, are not shown in samples; `false` ends that.")

TOLERANCE = Either(
    (
        TEXT,
        Keyed(
            "tolerance",
            {
                "absolute": Field(TEXT, "By how much they may differ."),
                "relative": Field(TEXT, "By which share of the older value, beside that: `1%` or `0.01`."),
            },
        ),
    )
)
TOLERANCE_TOLD = "By how much numbers may differ from those that they replace, `0.01` or `1%`, and count as equal."

COLUMN = Keyed(
    "column",
    {
        "name": Field(NAME, "The name of the column."),
        "description": Field(TEXT, "What is in the column."),
        "data_type": Field(TEXT, DATA_TYPE_TOLD),
        "type": Field(TEXT, "The same as `data_type`."),
        "data_tests": Field(DATA_TESTS, "What has to hold of its values."),
        "tests": Field(DATA_TESTS, "The older name of `data_tests`."),
        "constraints": Field(Several(CONSTRAINT), "What an enforced `contract` promises of its values."),
        "protected": PROTECTED,
        "tolerance": Field(TOLERANCE, TOLERANCE_TOLD),
        "tags": Field(TEXTS, "Words to choose columns by."),
        "meta": Field(OPEN, "Whatever you want to note."),
        "config": Field(
            Keyed(
                "configuration of a column",
                {
                    "protected": PROTECTED,
                    "tags": Field(TEXTS, "Words to choose columns by."),
                    "meta": Field(OPEN, "Whatever you want to note."),
                    "policy_tags": Field(TEXTS, "Tags of BigQuery that steer access.", Use.KEPT),
                    "databricks_tags": Field(OPEN, "Tags of Databricks.", Use.KEPT),
                },
                others=ANYTHING,
            ),
            "Settings of the column.",
        ),
        "quote": Field(TRUTH, "Whether dbt puts quotes around the name.", Use.KEPT),
        "policy_tags": Field(TEXTS, "Tags of BigQuery that steer access.", Use.KEPT),
        "databricks_tags": Field(OPEN, "Tags of Databricks.", Use.KEPT),
        "column_mask": Field(OPEN, "The function of Databricks that hides the values.", Use.UNUSED),
        "granularity": Field(TEXT, "The unit of a column of times, for metrics.", Use.KEPT),
        "dimension": Field(ANYTHING, "The column as a dimension of metrics.", Use.KEPT),
        "entity": Field(ANYTHING, "The column as an entity of metrics.", Use.KEPT),
    },
    needs=needing("name"),
)

COLUMNS = Several(Either((NAME, COLUMN)))
"""Columns; a text is one of which only the name is said."""
