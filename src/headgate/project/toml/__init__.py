"""``headgate.toml``: its keys, their places, and what it says."""
