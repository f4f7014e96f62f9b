"""Tests of dbt's packages that are not understood, and what says the same here."""

from __future__ import annotations

from collections.abc import Mapping

INSTEAD: Mapping[str, str] = {
    "dbt_utils.recency": "`freshness` below the column of times, with `warn_after` or `error_after`",
    "dbt_utils.cardinality_equality": "`equality` with the other asset as `to` and the column as `compare_columns`",
    "dbt_utils.mutually_exclusive_ranges": "a query in `tests/` of the rows that overlap",
    "dbt_utils.sequential_values": "a query in `tests/` of the rows after a gap",
    "dbt_expectations.expect_row_values_to_have_recent_data": "`freshness` below the column of times",
    "dbt_expectations.expect_column_values_to_be_null": "`expression` below the column: `is null`",
    "dbt_expectations.expect_column_min_to_be_between": "`range`, which every value has to keep to",
    "dbt_expectations.expect_column_max_to_be_between": "`range`, which every value has to keep to",
    "dbt_expectations.expect_column_sum_to_be_between": "`sum`",
    "dbt_expectations.expect_column_distinct_count_to_equal": "`distinct` with `min` and `max` alike",
    "dbt_expectations.expect_column_unique_value_count_to_be_between": "`distinct`",
    "dbt_expectations.expect_column_distinct_values_to_be_in_set": "`accepted_values`",
    "dbt_expectations.expect_column_value_lengths_to_be_between": "`expression`, over `length(...)`",
    "dbt_expectations.expect_column_values_to_not_match_regex": "`expression`, in the engine's own words",
    "dbt_expectations.expect_column_pair_values_A_to_be_greater_than_B": "`expression`: `a > b`",
    "dbt_expectations.expect_compound_columns_to_be_unique": "`unique` with `columns`",
    "dbt_expectations.expect_table_row_count_to_equal": "`row_count` with `equals`",
    "dbt_expectations.expect_table_row_count_to_equal_other_table": "`equal_row_count` with `to`",
    "dbt_expectations.expression_is_true": "`expression`",
}
"""What to write in their place, by name."""
