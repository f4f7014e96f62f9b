"""The forms of how data comes into incrementals and snapshots: our keys, and dbt's names for them."""

from __future__ import annotations

from headgate.project.forms.form import OPEN, TEXT, TEXTS, TRUTH, Choice, Field

CRON = Field(
    TEXT,
    'When a run takes new data, as five fields of cron, `0 6 * * *`, or a name in quotes, `"@daily"`. '
    "In the time zone of the asset; without it: always.",
)

OF_LOADING = {
    "time_column": Field(TEXT, "Of an incremental: the column of the query that says when a row happened."),
    "grain": Field(
        Choice(("minute", "hour", "day", "week", "month", "quarter", "year")),
        "The unit of time in which an incremental is loaded (`day` by default). Weeks begin on Monday.",
    ),
    "time_zone": Field(TEXT, "Where days begin: a name such as `Europe/Berlin` (`UTC` by default)."),
    "lookback": Field(
        TEXT, "How much is loaded again for rows that come late: `2 days`, `2d`, or a number of grains (0 by default)."
    ),
    "start": Field(TEXT, "The first moment that is loaded: `2013-01-01`. Without it all that there is."),
    "batch": Field(TEXT, "How much one statement loads at most: `30 days`, `30d`, or a number of grains."),
    "unique_key": Field(TEXTS, "The columns by which a row replaces an older one, or has a history."),
    "deletes": Field(
        TEXT, "What tells that a row is gone: `missing` from the query, or a column of the query that is then true."
    ),
    "history": Field(Choice(("keep",)), "`keep`: changed code holds for new data alone, and what is there stays."),
    "updated_at": Field(TEXT, "Of a snapshot: the column that says when a row changed."),
    "check": Field(TEXTS, "Of a snapshot: the columns whose change counts, or `all`. Instead of `updated_at`."),
    "cron": CRON,
}
"""Keys of assets, in headers and in property files."""

OF_DBT = {
    "event_time": Field(TEXT, "The same as `time_column`."),
    "batch_size": Field(Choice(("hour", "day", "month", "year")), "The same as `grain`."),
    "begin": Field(TEXT, "The same as `start`."),
    "check_cols": Field(TEXTS, "The same as `check`."),
    "incremental_strategy": Field(
        TEXT,
        "`microbatch`, `insert_overwrite` and `append` go by `time_column`, `merge` and `delete+insert` by"
        " `unique_key`: it has to fit them.",
    ),
    "strategy": Field(Choice(("timestamp", "check")), "Of a snapshot: whether it goes by `updated_at` or by `check`."),
    "hard_deletes": Field(
        Choice(("ignore", "invalidate", "new_record")), "Of a snapshot: `invalidate` is the same as `deletes: missing`."
    ),
    "invalidate_hard_deletes": Field(TRUTH, "Of a snapshot: `true` is the same as `deletes: missing`."),
    "full_refresh": Field(TRUTH, "Of an incremental: `false` is the same as `history: keep`."),
    "merge_update_columns": Field(TEXTS, "Not supported of incrementals: a row replaces the whole older one."),
    "merge_exclude_columns": Field(TEXTS, "Not supported of incrementals: a row replaces the whole older one."),
    "dbt_valid_to_current": Field(TEXT, "Not supported: `valid_to` is NULL for what is so now."),
    "snapshot_meta_column_names": Field(OPEN, "Not supported: the columns are `valid_from` and `valid_to`."),
}
"""dbt's names, below `config:`; where one means the same as ours, either may be written."""

OURS = {"event_time": "time_column", "batch_size": "grain", "begin": "start", "check_cols": "check"}
"""dbt's name of a key, and ours."""
