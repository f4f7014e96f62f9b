"""Settings of single adapters of dbt, by the adapter that knows them; thus a slip of the pen is told."""

from __future__ import annotations

from collections.abc import Mapping

_BY_ADAPTER = {
    "dbt's adapter for BigQuery": (
        "cluster_by", "enable_list_inference", "grant_access_to", "hours_to_expiration", "intermediate_format",
        "job_execution_timeout_seconds", "kms_key_name", "labels", "labels_from_meta", "max_staleness",
        "notebook_template_id", "partition_by", "partition_expiration_days", "partitions", "refresh_interval_minutes",
        "require_partition_filter", "reservation", "resource_tags", "storage_uri", "submission_method", "timeout",
    ),
    "dbt's adapter for Databricks or Spark": (
        "buckets", "clustered_by", "compression", "databricks_compute", "databricks_tags", "file_format",
        "include_full_name_in_path", "liquid_clustered_by", "auto_liquid_cluster", "location_root", "matched_condition",
        "merge_with_schema_evolution", "not_matched_by_source_action", "not_matched_by_source_condition",
        "not_matched_condition", "skip_matched_step", "skip_not_matched_step", "source_alias", "table_format",
        "target_alias", "target_file_size", "tblproperties", "use_uniform", "cluster_id", "create_notebook",
        "http_path", "index_url", "job_cluster_config", "python_job_config", "user_folder_for_python",
        "additional_libs", "dataproc_cluster_name", "jar_file_uri", "batch_id",
    ),
    "dbt's adapter for DuckDB": (
        "external_location", "format", "glue_database", "glue_register", "indexes", "location", "options",
        "parquet_read_options", "partition_columns", "plugin", "plugin_config", "formatter",
    ),
    "dbt's adapter for Postgres or Redshift": (
        "auto_refresh", "backup", "bind", "dist", "sort", "sort_type", "unlogged",
    ),
    "dbt's adapter for Snowflake": (
        "automatic_clustering", "base_location_root", "base_location_subpath", "catalog", "catalog_name",
        "change_tracking", "copy_grants", "copy_tags", "data_retention_time_in_days", "external_access_integrations",
        "external_volume", "iceberg_version", "immutable_where", "imports", "initialize",
        "max_data_extension_time_in_days", "packages", "python_version", "query_tag", "refresh_mode",
        "refresh_warehouse", "row_access_policy", "scheduler", "secrets", "secure",
        "snowflake_initialization_warehouse", "snowflake_warehouse", "storage_serialization_policy", "table_tag",
        "target_lag", "tmp_relation_type", "transient", "use_anonymous_sproc",
    ),
    "one of dbt's adapters": (
        "adapter_properties", "as_columnstore", "category", "compute", "enable_refresh", "on_configuration_change",
        "on_error", "primary_key", "schedule", "state", "sync", "table_type",
    ),
}  # fmt: skip

OF_ADAPTERS: Mapping[str, str] = {key: adapter for adapter, keys in _BY_ADAPTER.items() for key in keys}
