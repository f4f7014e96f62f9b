"""All kinds of checks by their names: our own, which are dbt's where dbt has one, and those of dbt's packages."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.core.checks import Kind
from headgate.core.measures import Figure
from headgate.plugins.checks import freshness, shapes, tables, values

_LIST = {"values": "The values, a list.", "quote": "`false`: the values are SQL."}
_SET = {"value_set": "The values, a list.", "quote_values": "`false`: the values are SQL."}
_BETWEEN = {"min": "The least that may be.", "max": "The greatest that may be."}
_BETWEEN_VALUES = {"min_value": "The least that may be.", "max_value": "The greatest that may be."}
_INCLUSIVE = {"inclusive": "`false`: the bounds themselves may not be."}
_SHARE = {"at_least": "The share of rows, from 0 to 1.", "at_most": "The share that is not exceeded."}
_OTHER = {"to": "The other asset."}
_COMPARED = {"compare_model": "The other asset."}
_COLUMNS = {"compare_columns": "The columns that count, a list.", "exclude_columns": "Columns that do not count."}
_NAMES = {"column_list": "Names of columns, a list."}
_PARENT = {
    "to": "The asset that has to hold the values.",
    "field": "The column of `to`; beside `columns` as many of them, a list.",
    "columns": "The columns of a combined key, a list, where it stands below the asset.",
}

OWN: Mapping[str, Kind] = {
    "not_null": Kind("No value of the column is NULL.", values.not_null),
    "unique": Kind(
        "No value of the column, or no combination of `columns`, stands twice; one with NULL does not count.",
        tables.unique,
        {"columns": "The columns of a combined key, a list."},
    ),
    "accepted_values": Kind("Every value is one of `values`; NULL does not count.", values.accepted_values, _LIST),
    "relationships": Kind(
        "Every value, or combination of `columns`, is one of `field` of `to`; one with NULL does not count.",
        values.relationships,
        _PARENT,
    ),
    "not_null_proportion": Kind("At least a share of the values is not NULL.", values.not_null_proportion, _SHARE),
    "range": Kind(
        "Every value lies between `min` and `max`; NULL does not count, and NaN lies nowhere.",
        values.value_range,
        _BETWEEN | _INCLUSIVE,
    ),
    "regex": Kind(
        "A part of every text matches `pattern`; NULL does not count.",
        values.regex,
        {"pattern": "A regular expression, as the engine knows it."},
    ),
    "expression": Kind(
        "A condition in SQL is false of no row; below a column its name stands before it.",
        values.expression,
        {"expression": "The condition."},
        is_of_column=False,
    ),
    "row_count": Kind(
        "The number of rows lies between `min` and `max`, or is `equals`.",
        tables.row_count,
        {**_BETWEEN, "equals": "The very number."},
        is_of_column=False,
    ),
    "freshness": Kind(
        "Since the newest row no more time has passed than may; only time counts at which data was due.",
        freshness.freshness,
        {
            "warn_after": "How long there is no warning: `25 hours`, or `{count: 25, period: hour}`.",
            "error_after": "How long it does not fail.",
            "field": "The time of a row, in SQL, where it does not stand below a column.",
            "loaded_at_query": "Instead, a query that gives the newest time, over tables as the engine has them.",
            "cron": "When data comes, as five fields of cron.",
            "weekdays": "On which days it comes: `mon-fri`, or a list.",
            "holidays": "On which days it does not, a list of dates.",
            "time_zone": "Where those days and ticks are, and times without an offset: `UTC` by default.",
        },
    ),
    "quarantine": Kind(
        "So many rows are set aside by other tests, which say `quarantine: true`.",
        tables.quarantine,
        is_of_column=False,
    ),
    "schema": Kind(
        "The asset has the columns of `columns`, of these types. No row is read for it.",
        shapes.schema,
        {
            "columns": "Names with types, `{id: integer}`; or a list of names.",
            "exactly": "`true`: it has no others.",
            "ordered": "`true`: they stand in this order.",
        },
        is_of_column=False,
    ),
    "equal_row_count": Kind(
        "The asset has as many rows as another one.", tables.equal_row_count, _OTHER, is_of_column=False
    ),
    "equality": Kind(
        "The asset has the rows of another one, each as often.",
        tables.equality,
        {**_OTHER, **_COLUMNS},
        is_of_column=False,
    ),
    "mean": Kind("The mean lies between `min` and `max`.", tables.figure(Figure.MEAN), _BETWEEN),
    "sum": Kind("The sum lies between `min` and `max`.", tables.figure(Figure.SUM), _BETWEEN),
    "deviation": Kind(
        "The standard deviation (of a sample) lies between `min` and `max`.", tables.figure(Figure.DEVIATION), _BETWEEN
    ),
    "distinct": Kind(
        "The number of different values lies between `min` and `max`.", tables.figure(Figure.DISTINCT), _BETWEEN
    ),
}
"""Kinds without the name of a package; the first four are dbt's own."""

OF_PACKAGES: Mapping[str, Kind] = {
    "dbt_utils.unique_combination_of_columns": Kind(
        "No combination of values stands twice; here NULL is equal to NULL.",
        tables.unique_combination,
        {"combination_of_columns": "The columns, a list."},
        is_of_column=False,
    ),
    "dbt_utils.not_null_proportion": OWN["not_null_proportion"],
    "dbt_utils.accepted_range": Kind(
        "Every value lies between `min_value` and `max_value`; texts are SQL. As in `range`, NaN lies nowhere.",
        values.accepted_range,
        _BETWEEN_VALUES | _INCLUSIVE,
    ),
    "dbt_utils.expression_is_true": OWN["expression"],
    "dbt_utils.equal_rowcount": Kind("As `equal_row_count`.", tables.equal_row_count, _COMPARED, is_of_column=False),
    "dbt_utils.fewer_rows_than": Kind(
        "The asset has fewer rows than another one.", tables.fewer_rows, _COMPARED, is_of_column=False
    ),
    "dbt_utils.equality": Kind("As `equality`.", tables.equality, {**_COMPARED, **_COLUMNS}, is_of_column=False),
    "dbt_utils.relationships_where": Kind(
        "As `relationships`, over some rows of either side.",
        values.relationships,
        {**_PARENT, "from_condition": "Which rows of the asset count.", "to_condition": "Which rows of `to` count."},
    ),
    "dbt_utils.at_least_one": Kind("One value at least is not NULL.", values.at_least_one),
    "dbt_utils.not_constant": Kind("There are two different values at least.", values.not_constant),
    "dbt_utils.not_empty_string": Kind("No value is the empty text.", values.not_empty_string),
    "dbt_utils.not_accepted_values": Kind("No value is one of `values`.", values.not_accepted_values, _LIST),
    "dbt_expectations.expect_column_values_to_not_be_null": Kind("As `not_null`.", values.not_null),
    "dbt_expectations.expect_column_values_to_be_unique": Kind("As `unique`, of one column.", tables.unique),
    "dbt_expectations.expect_column_values_to_be_in_set": Kind(
        "As `accepted_values`, and NULL fails.", values.in_set(), _SET
    ),
    "dbt_expectations.expect_column_values_to_not_be_in_set": Kind(
        "As `dbt_utils.not_accepted_values`.", values.in_set(is_not=True), _SET
    ),
    "dbt_expectations.expect_table_row_count_to_be_between": Kind(
        "As `row_count`.", tables.row_count_between, _BETWEEN_VALUES, is_of_column=False
    ),
    "dbt_expectations.expect_column_values_to_match_regex": Kind(
        "As `regex`.", values.regex, {"regex": "The regular expression."}
    ),
    "dbt_expectations.expect_column_values_to_be_between": Kind(
        "As `dbt_utils.accepted_range`.", values.accepted_range, _BETWEEN_VALUES
    ),
    "dbt_expectations.expect_column_mean_to_be_between": Kind(
        "As `mean`.", tables.figure(Figure.MEAN, "min_value", "max_value"), _BETWEEN_VALUES
    ),
    "dbt_expectations.expect_column_stdev_to_be_between": Kind(
        "As `deviation`.", tables.figure(Figure.DEVIATION, "min_value", "max_value"), _BETWEEN_VALUES
    ),
    "dbt_expectations.expect_column_to_exist": Kind(
        "There is such a column.", shapes.column_exists, {"column_index": "Its place, from 1."}
    ),
    "dbt_expectations.expect_column_values_to_be_of_type": Kind(
        "The column has this type.", shapes.column_type, {"column_type": "The type."}
    ),
    "dbt_expectations.expect_column_values_to_be_in_type_list": Kind(
        "The column has one of these types.", shapes.column_type, {"column_type_list": "The types, a list."}
    ),
    "dbt_expectations.expect_table_columns_to_match_set": Kind(
        "The asset has these columns and no others.",
        shapes.columns_match(is_exact=True),
        _NAMES,
        is_of_column=False,
    ),
    "dbt_expectations.expect_table_columns_to_match_ordered_list": Kind(
        "The asset has these columns in this order and no others.",
        shapes.columns_match(is_exact=True, is_ordered=True),
        _NAMES,
        is_of_column=False,
    ),
    "dbt_expectations.expect_table_columns_to_contain_set": Kind(
        "The asset has these columns.", shapes.columns_match(is_exact=False), _NAMES, is_of_column=False
    ),
    "dbt_expectations.expect_table_columns_to_not_contain_set": Kind(
        "The asset has none of these columns.", shapes.columns_are_not, _NAMES, is_of_column=False
    ),
    "dbt_expectations.expect_table_column_count_to_equal": Kind(
        "The asset has so many columns.", shapes.column_count, {"value": "How many."}, is_of_column=False
    ),
    "dbt_expectations.expect_table_column_count_to_be_between": Kind(
        "The number of columns lies between two bounds.", shapes.column_count, _BETWEEN_VALUES, is_of_column=False
    ),
}
"""Kinds of dbt's packages: the most used ones, with the arguments that they have there."""

KINDS: Mapping[str, Kind] = {**OWN, **OF_PACKAGES}
