"""The forms of data tests and unit tests."""

from __future__ import annotations

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
    Single,
    Use,
    Whole,
    Words,
    needing,
)

REFERENCE = Words(
    told="SCHEMA.NAME, ref('NAME') or source('SCHEMA', 'NAME')",
    pattern=(
        r"\s*[^\s.'\"(){}]+(?:\.[^\s.'\"(){}]+)?\s*"
        r"|\s*(?:\{\{\s*)?(?:ref|source)\s*\(\s*(?:'[^']+'|\"[^\"]+\")\s*(?:,\s*(?:'[^']+'|\"[^\"]+\")\s*)?\)\s*(?:\}\})?\s*"
    ),
    hint="Write SCHEMA.NAME, ref('NAME') or source('SCHEMA', 'NAME').",
)

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,6})?(?:\s*%)?"

CONDITION = Words(
    told='a comparison of the number of failing rows, such as ">10", or of their share, such as "> 1%"',
    pattern=(
        rf"\s*(?:(?:<=|>=|<>|!=|==|=|<|>)\s*{_NUMBER}"
        rf"|[Bb][Ee][Tt][Ww][Ee][Ee][Nn]\s+{_NUMBER}\s+[Aa][Nn][Dd]\s+{_NUMBER})\s*"
    ),
    hint='Write it in quotes: ">10", "!= 0", "between 5 and 10" or "> 0.5%".',
    may_be_template=True,
)

OF_CONFIG = {
    "severity": Field(Choice(("error", "warn")), "What a failure means: `error` (by default) or `warn`."),
    "where": Field(TEXT, "A condition in SQL: only the rows that fulfil it are tested."),
    "warn_if": Field(CONDITION, "How many failing rows are a warning; `!= 0` by default."),
    "error_if": Field(CONDITION, "How many failing rows are an error; `!= 0` by default."),
    "limit": Field(Whole(), "How many failing rows are looked for at most."),
    "tags": Field(TEXTS, "Words to choose tests by."),
    "enabled": Field(TRUTH, "`false` leaves the test out."),
    "fail_calc": Field(TEXT, "What dbt counts as the number of failures.", Use.KEPT),
    "store_failures": Field(TRUTH, "`true`: the failing rows that are shown are kept, for `headgate show`."),
    "quarantine": Field(
        TRUTH,
        "`true`: rows that fail stand in a table beside, NAME_quarantine, and the asset is shown without them. Then"
        " neither `warn_if` nor `error_if` has a default.",
    ),
    "store_failures_as": Field(Choice(("ephemeral", "table", "view")), "How dbt keeps the failing rows.", Use.KEPT),
    "meta": Field(OPEN, "Whatever you want to note.", Use.KEPT),
    "alias": Field(TEXT, "The name of dbt's table of failing rows.", Use.KEPT),
    "database": Field(TEXT, "The database of dbt's table of failing rows.", Use.KEPT),
    "schema": Field(TEXT, "The schema of dbt's table of failing rows.", Use.KEPT),
    "group": Field(TEXT, "The group that the test belongs to.", Use.KEPT),
    "description": Field(TEXT, "What the test is for.", Use.KEPT),
}
"""What may stand below `config:` of a test, or directly in the test, where older projects have it."""

QUERY_HEADER = Keyed(
    "header of a data test",
    {
        **{key: field for key, field in OF_CONFIG.items() if key not in ("where", "quarantine")},
        "owner": Field(TEXT, "Who answers for it.", Use.KEPT),
        "template": Field(TEXT, "`jinja`: the query is a template, which is filled in before it is read; or `none`."),
    },
)
"""What a file of `tests/` may say above its query."""

_CONFIG = Keyed("configuration of a test", OF_CONFIG, others=ANYTHING)

OF_TESTS = {
    "name": Field(NAME, "A name of its own for the test."),
    "description": Field(TEXT, "What the test is for.", Use.KEPT),
    "column_name": Field(TEXT, "The column, where the test does not stand below one."),
    "config": Field(_CONFIG, "How the test is judged."),
    **{key: field for key, field in OF_CONFIG.items() if key not in ("description",)},
}


def _known(title: str, arguments: dict[str, Field], *needed: str) -> Field:
    """Return the form of a test whose arguments are known: they stand below `arguments:`, or directly in the test."""
    inside = Keyed(f"arguments of {title}", arguments, is_strict=True)
    fields = {**OF_TESTS, **arguments, "arguments": Field(inside, "What the test is given.")}
    needs = tuple(Need((key,), "arguments") for key in needed)
    return Field(Keyed(title, fields, needs=needs, is_strict=True), KNOWN_TOLD[title])


KNOWN_TOLD = {
    "not_null": "No value of the column is NULL.",
    "unique": "No value of the column stands twice; NULL does not count.",
    "accepted_values": "Every value of the column is one of `values`; NULL does not count.",
    "relationships": "Every value of the column is one of the column `field` of `to`; NULL does not count.",
}

_ARGUMENTS = {
    "not_null": {},
    "unique": {"columns": Field(TEXTS, "The columns of a combined key, instead of one.")},
    "accepted_values": {
        "values": Field(Several(ANYTHING), "The values that may be."),
        "quote": Field(TRUTH, "Whether dbt puts quotes around the values.", Use.KEPT),
    },
    "relationships": {
        "to": Field(REFERENCE, "The asset that has to hold the values."),
        "field": Field(Several(NAME, takes_one=True), "The column of `to`; beside `columns` as many of them."),
        "columns": Field(TEXTS, "The columns of a combined key, instead of one."),
    },
}

ARGUMENTS = {kind: frozenset(arguments) for kind, arguments in _ARGUMENTS.items()}
"""The arguments of the tests that dbt itself has."""

NEEDED = {"accepted_values": ("values",), "relationships": ("to", "field")}
"""Those that some of them cannot do without."""

KNOWN = {kind: _known(kind, arguments, *NEEDED.get(kind, ())) for kind, arguments in _ARGUMENTS.items()}
"""The tests that dbt itself has."""

_OTHER = Keyed("test", {**OF_TESTS, "arguments": Field(OPEN, "What the test is given.")}, others=ANYTHING)

_TEST_NAME = Words(
    told="the name of a test", pattern=r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*){0,2}",
    hint="Write `- unique`, or `- dbt_utils.at_least_one`.",
)  # fmt: skip

_NAMED = Keyed(
    "test with test_name",
    {**_OTHER.fields, "test_name": Field(_TEST_NAME, "Which test it is.")},
    others=ANYTHING,
    needs=needing("test_name"),
    cases=(
        Case("test_name", ("accepted_values",), (Need(("values",), "arguments"),)),
        Case("test_name", ("relationships",), (Need(("to",), "arguments"), Need(("field",), "arguments"))),
    ),
)

_TEST_ALONE = Words(
    told="the name of a test that needs no arguments",
    pattern=rf"(?!(?:accepted_values|relationships)$)(?:{_TEST_NAME.pattern})",
    hint="Write `- unique`; arguments stand below a name: `- accepted_values: {values: [...]}`.",
)

DATA_TESTS = Several(
    Either((_TEST_ALONE, Single("data test", KNOWN, _OTHER, _TEST_NAME, "test_name", _NAMED))), takes_one=True
)
"""`unique`, `unique: {...}` or `{test_name: unique, ...}`."""

_GIVEN_OR_EXPECTED = {
    "format": Field(Choice(("dict", "csv", "sql")), "How the rows are written: `dict` (by default), `csv` or `sql`."),
    "rows": Field(ANYTHING, "The rows: a list of mappings, or a text for `csv` and `sql`."),
    "fixture": Field(TEXT, "A file below `tests/fixtures/` that holds the rows."),
}
_ROWS = (
    Case("format", ("", "dict"), forms={"rows": Several(OPEN)}),
    Case("format", ("csv", "sql"), forms={"rows": TEXT}),
)

_INPUT = Words(
    told="SCHEMA.NAME, ref('NAME'), source('SCHEMA', 'NAME') or this", pattern=REFERENCE.pattern, hint=REFERENCE.hint
)

_GIVEN = Keyed(
    "given rows",
    {"input": Field(_INPUT, "What has these rows."), **_GIVEN_OR_EXPECTED},
    needs=needing("input"),
    cases=_ROWS,
)

UNIT_TEST = Keyed(
    "unit test",
    {
        "name": Field(NAME, "The name of the unit test."),
        "model": Field(NAME, "The asset that is tested: SCHEMA.NAME, or its name alone."),
        "description": Field(TEXT, "What the unit test is for."),
        "given": Field(Several(_GIVEN), "The rows that its inputs have; an input that is not listed has none."),
        "expect": Field(
            Keyed("expected rows", dict(_GIVEN_OR_EXPECTED), needs=(Need(("rows", "fixture")),), cases=_ROWS),
            "The rows that come out, in any order; columns that no row names are not compared.",
        ),
        "now": Field(TEXT, "What the query takes for the present: `2024-01-31 12:00:00`, in UTC."),
        "interval": Field(
            Keyed(
                "interval",
                {
                    "start": Field(NAME, "What `:start` stands for."),
                    "end": Field(NAME, "What `:end` stands for."),
                },
                needs=needing("start", "end"),
            ),
            "The interval that an incremental asset is made for.",
        ),
        "overrides": Field(
            Keyed(
                "overrides",
                {
                    "macros": Field(OPEN, "Macros that give these values instead.", Use.KEPT),
                    "vars": Field(OPEN, "Variables that have these values instead.", Use.KEPT),
                    "env_vars": Field(OPEN, "Variables of the environment that have these values instead.", Use.KEPT),
                },
            ),
            "What the template is given instead.",
        ),
        "tags": Field(TEXTS, "Words to choose unit tests by."),
        "meta": Field(OPEN, "Whatever you want to note.", Use.KEPT),
        "config": Field(
            Keyed(
                "configuration of a unit test",
                {
                    "tags": Field(TEXTS, "Words to choose unit tests by."),
                    "meta": Field(OPEN, "Whatever you want to note.", Use.KEPT),
                    "enabled": Field(TRUTH, "`false` leaves the unit test out."),
                },
                others=ANYTHING,
            ),
            "Settings of the unit test.",
        ),
        "versions": Field(ANYTHING, "Versions of the model, which this version of Headgate has not.", Use.REFUSED),
    },
    needs=needing("name", "model", "expect"),
)  # fmt: skip
