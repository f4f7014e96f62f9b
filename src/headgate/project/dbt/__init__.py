"""A dbt project as files of a Headgate repository. dbt itself is not needed; nothing of a project is run."""
