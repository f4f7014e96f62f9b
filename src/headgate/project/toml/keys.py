"""The keys of ``headgate.toml``, each with a sentence about it. Light: every command reads that file.

Their forms stand in ``forms/config_file.py``, which takes the keys from here.
"""

from __future__ import annotations

from collections.abc import Mapping

ENGINE_KINDS = ("duckdb", "postgres")

PROJECT: Mapping[str, str] = {
    "name": "The project's name; that of its folder by default.",
    "engines": "The engines, by name.",
    "environments": 'The environments, by name; `"*"` stands for any other one.',
    "state": "Where the state is kept.",
    "python": "What a call of a Python asset may use.",
    "template": "How SQL files are filled in: `jinja` where they do not say otherwise.",
    "vars": "What `var` gives in templates.",
}

ENGINE: Mapping[str, str] = {
    "kind": "The kind of engine; `duckdb` by default.",
    "path": "The file of the warehouse, in a folder that is there, also elsewhere; `warehouse.duckdb` by default.",
    "url": 'The address of a PostgreSQL server: `"postgresql://user@host/database"`, or `"env:NAME"`.',
    "allow": "Folders outside of the repository that it may read.",
}

ENVIRONMENT: Mapping[str, str] = {
    "engine": "The engine that holds it; has to be said where there are several.",
    "protected": "Only promote, run and rollback change it; `prod` is, by default.",
    "retain": 'How long a replaced build stays for rollback; `"7 days"` by default.',
    "bare_schemas": "Its schemas have no suffix in the engine; the first protected one, by default.",
}

STATE: Mapping[str, str] = {
    "url": "Where the state is kept, `postgresql://...` or `sqlite:///FILE`; a file beside the warehouse by default.",
    "schema": "The schema that holds the state on PostgreSQL, one for each project; `headgate_state` by default.",
}

PYTHON: Mapping[str, str] = {
    "timeout": 'How long a call may take; `"1 hour"` by default.',
    "memory": 'How much memory a call may use; `"4 GB"` by default.',
}

TEMPLATE: Mapping[str, str] = {
    "default": "What SQL files are that do not say it: `jinja`, or plain SQL (`none`).",
    "env": "The variables of the environment that templates may read.",
    "target": "What `target` holds in templates.",
}

ONE_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*"
"""What may stand on one line: nothing that ends it, commands a terminal or turns the order of letters round."""
