"""SQL text to meaning and back. The only user of sqlglot."""
