"""The forms of sources and exposures."""

from __future__ import annotations

from headgate.project.forms.assets import CONFIG, OWNER, PERIODS, QUOTING
from headgate.project.forms.columns import COLUMNS
from headgate.project.forms.data_tests import DATA_TESTS, REFERENCE
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
    Several,
    Use,
    Whole,
    Words,
    needing,
)
from headgate.project.forms.loading import CRON

_AFTER = Keyed(
    "time",
    {
        "count": Field(Whole(least=1), "How many periods."),
        "period": Field(Choice(PERIODS), "The unit."),
    },
    needs=needing("count", "period"),
)

_CONDITION = Words("a condition", is_filled=True)

FRESHNESS = Keyed(
    "freshness",
    {
        "warn_after": Field(_AFTER, "How old the newest row may be before there is a warning."),
        "error_after": Field(_AFTER, "How old the newest row may be before there is an error."),
        "filter": Field(_CONDITION, "A condition in SQL: only the rows that fulfil it are looked at."),
        "loaded_at_field": Field(TEXT, "The column, or expression in SQL, that says when a row was loaded."),
        "loaded_at_query": Field(TEXT, "A query that gives the time of the newest row, instead."),
        "cron": Field(TEXT, "When data comes, as five fields of cron: the age counts from there."),
        "weekdays": Field(TEXTS, "On which days data comes: `mon-fri`, or a list. Others do not count."),
        "holidays": Field(TEXTS, "On which days no data comes, a list of dates. They do not count."),
        "time_zone": Field(TEXT, "Where those days and ticks are, and times without an offset (`UTC` by default)."),
    },
)

_OPTIONS = Keyed("options of a reader", others=TEXT)

_OF_DATA = {
    "path": Field(TEXT, "Files that hold the data, as a glob; `{name}` stands for the name of the table."),
    "files": Field(TEXT, "The same as `path`."),
    "format": Field(TEXT, "`csv`, `json` or `parquet`, where the name of the files does not tell."),
    "options": Field(_OPTIONS, "What the engine's reader of files is told: `{delim: ';', header: true}`."),
    "external": Field(
        Keyed(
            "external",
            {
                "location": Field(TEXT, "The same as `path`."),
                "format": Field(TEXT, "`csv`, `json` or `parquet`."),
                "options": Field(_OPTIONS, "What the engine's reader of files is told."),
                "file_format": Field(TEXT, "The format, as dbt_external_tables has it.", Use.KEPT),
                "partitions": Field(ANYTHING, "Partitions, as dbt_external_tables has them.", Use.KEPT),
                "row_format": Field(TEXT, "How rows are written, as dbt_external_tables has it.", Use.KEPT),
                "tbl_properties": Field(ANYTHING, "Settings, as dbt_external_tables has them.", Use.KEPT),
                "using": Field(TEXT, "The reader, as dbt_external_tables has it.", Use.KEPT),
            },
            others=ANYTHING,
        ),
        "Files that hold the data, as dbt's packages have them.",
    ),
}

OF_CONFIG = {
    "enabled": CONFIG.fields["enabled"],
    "tags": Field(TEXTS, "Words to choose sources by."),
    "meta": Field(OPEN, "Whatever you want to note; `owner` in it is the owner."),
    "owner": Field(OWNER, "Who answers for it."),
    "freshness": Field(FRESHNESS, "How old its data may be."),
    "loaded_at_field": Field(TEXT, "The column, or expression in SQL, that says when a row was loaded."),
    "loaded_at_query": Field(TEXT, "A query that gives the time of the newest row."),
    "cron": CRON,
    "external_location": Field(TEXT, "The same as `path`."),
    "event_time": Field(TEXT, "The column that says when a row happened.", Use.KEPT),
    "description": Field(TEXT, "What it holds.", Use.KEPT),
    "schema_origin": Field(TEXT, "Where dbt takes the columns from.", Use.KEPT),
    **{key: field for key, field in CONFIG.fields.items() if field.told.startswith("A setting of ")},
}
_CONFIG = Keyed("configuration of a source", OF_CONFIG)

_OF_SOURCES_AND_TABLES = {
    "description": Field(TEXT, "What it holds."),
    "owner": Field(OWNER, "Who answers for it."),
    "tags": Field(TEXTS, "Words to choose sources by."),
    "meta": Field(OPEN, "Whatever you want to note; `owner` in it is the owner."),
    "config": Field(_CONFIG, "Settings, as dbt has them."),
    "schema": Field(TEXT, "The schema in the engine (the name of the source, by default)."),
    "freshness": Field(FRESHNESS, "How old its data may be; of a table, `null` takes back what the source says."),
    "loaded_at_field": Field(TEXT, "The column, or expression in SQL, that says when a row was loaded."),
    "loaded_at_query": Field(TEXT, "A query that gives the time of the newest row."),
    "cron": CRON,
    **_OF_DATA,
    "group": Field(TEXT, "The group that it belongs to."),
    "loader": Field(TEXT, "What fills it.", Use.KEPT),
    "database": Field(TEXT, "The database that holds it.", Use.UNUSED),
    "catalog": Field(TEXT, "The catalogue that holds it.", Use.KEPT),
    "quoting": Field(QUOTING, "Where dbt puts quotes.", Use.KEPT),
    "docs": Field(OPEN, "How dbt's documentation shows it.", Use.KEPT),
}

TABLE = Keyed(
    "table of a source",
    {
        "name": Field(NAME, "The name by which assets read it: SOURCE.NAME."),
        "identifier": Field(TEXT, "The name in the engine (the name, by default)."),
        "columns": Field(COLUMNS, "Its columns: all of them, or none."),
        "data_tests": Field(DATA_TESTS, "What has to hold of its rows."),
        "tests": Field(DATA_TESTS, "The older name of `data_tests`."),
        **_OF_SOURCES_AND_TABLES,
    },
    needs=needing("name"),
)  # fmt: skip

SOURCE = Keyed(
    "source",
    {
        "name": Field(NAME, "The name by which assets read it: a schema."),
        "tables": Field(Several(Either((NAME, TABLE))), "Its tables."),
        **_OF_SOURCES_AND_TABLES,
        "data_tests": Field(DATA_TESTS, "Tests of a whole source, which dbt does not run either.", Use.UNUSED),
        "tests": Field(DATA_TESTS, "The older name of `data_tests`.", Use.UNUSED),
        "overrides": Field(TEXT, "The package whose source this replaces.", Use.UNUSED),
    },
    needs=needing("name", "tables"),
)  # fmt: skip

_COLUMN_USED = Words(
    told="SCHEMA.NAME.COLUMN", pattern=r"[^\s.]+(?:\.[^\s.]+)?\.[^.]+",
    hint="Write SCHEMA.NAME.COLUMN, or a mapping `SCHEMA.NAME: [COLUMN, ...]`.",
)  # fmt: skip

EXPOSURE = Keyed(
    "exposure",
    {
        "name": Field(NAME, "SCHEMA.NAME; or a name alone, in the schema of the file's folder."),
        "description": Field(TEXT, "What it is for."),
        "owner": Field(OWNER, "Who answers for it."),
        "depends_on": Field(Several(REFERENCE, takes_one=True), "The assets and sources that it reads."),
        "columns": Field(
            Either((_COLUMN_USED, Several(_COLUMN_USED), Keyed("columns by asset", others=TEXTS))),
            "The columns that it reads, where it does not read all: `SCHEMA.NAME: [COLUMN]` or `SCHEMA.NAME.COLUMN`.",
        ),
        "tags": Field(TEXTS, "Words to choose exposures by."),
        "meta": Field(OPEN, "Whatever you want to note; `owner` in it is the owner."),
        "config": Field(
            Keyed(
                "configuration of an exposure",
                {
                    "enabled": CONFIG.fields["enabled"],
                    "tags": Field(TEXTS, "Words to choose exposures by."),
                    "meta": Field(OPEN, "Whatever you want to note; `owner` in it is the owner."),
                },
            ),
            "Settings, as dbt has them.",
        ),
        "type": Field(
            Choice(("dashboard", "notebook", "analysis", "ml", "application")), "What it is.", Use.KEPT
        ),
        "label": Field(TEXT, "Its name for people.", Use.KEPT),
        "url": Field(TEXT, "Where it is.", Use.KEPT),
        "maturity": Field(Choice(("high", "medium", "low")), "How much one can rely on it.", Use.KEPT),
        "enabled": Field(TRUTH, "`false` is not supported: take the entry out.", Use.REFUSED),
        "docs": Field(OPEN, "How dbt's documentation shows it.", Use.KEPT),
    },
    needs=needing("name"),
)  # fmt: skip

SOURCES = Several(SOURCE)
EXPOSURES = Several(Either((NAME, EXPOSURE)))
