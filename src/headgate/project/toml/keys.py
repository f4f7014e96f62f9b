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
    "gate": "What a release may do to data, and who has to agree.",
    "owners": "Who the owners of assets are, by name.",
    "record": "How releases are signed, and by whom.",
    "evidence": "What measuring a change may cost.",
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

RECORD: Mapping[str, str] = {
    "key": 'The file of the private key that signs, or `"env:NAME"`; a key of your own by default.',
    "signers": "The public keys that count when a release is verified; those seen so far by default.",
}

EVIDENCE: Mapping[str, str] = {
    "rows": "So many rows the larger of two builds may have to be compared; any number by default.",
    "timeout": "How long an engine may compare two builds; as long as it takes by default.",
}

TEMPLATE: Mapping[str, str] = {
    "default": "What SQL files are that do not say it: `jinja`, or plain SQL (`none`).",
    "env": "The variables of the environment that templates may read.",
    "target": "What `target` holds in templates.",
}

GATE_TOPICS: Mapping[str, str] = {
    "contract": "A column that a contract promises is gone, or of another type.",
    "empty": "No row, where there were some.",
    "key": "Keys that stand twice, or hold NULL, where they did not; a share of rows.",
    "rows_removed": "Rows that are gone; a share of those that there were.",
    "rows_added": "Rows that are new; a share of those that there were.",
    "rows_changed": "Rows in which a column changes, beyond its tolerance; a share of those that stay.",
    "row_count": "How far the number of rows moves, up or down; `5 %` by default.",
    "drift": "How far a distribution moves, beyond what chance does; an effect size.",
    "columns_added": "A column is new.",
    "columns_reordered": "Columns stand in another order, as `select *` shows them.",
    "columns_removed": "A column is gone.",
    "columns_retyped": "A column has another type.",
    "columns_unprotected": "The values of a protected column would be shown.",
    "assets_removed": "An asset is no longer declared.",
    "consumer": "A dashboard of another owner reads what changes.",
    "unstable": "What differs need not come out the same twice.",
    "policy": "The change alters the policy, an owner or a data test.",
}

GATE_RUN: Mapping[str, str] = {
    "empty": "No row, where there were some; blocked by default.",
    "row_count": "How many of the rows may be gone after a load, of tables with 100 rows and more; `50 %` by default.",
    "drift": "How far a distribution may move with a load, an effect size. Where it is said each load is profiled.",
}

GATE: Mapping[str, str] = {
    **GATE_TOPICS,
    "run": "What new data that a run takes in may do.",
    "owner": "Who agrees to changes of the policy; any owner by default.",
    "expected": "What expected changes do: `lower` (the default), or `tell`, so that an owner agrees all the same.",
}

GATE_RULE: Mapping[str, str] = {
    "level": "`show`, `approve` or `block`: what a finding beyond the budget does.",
    "budget": 'How far it may go and is only shown: `"2 %"`, of drift `"0.2"`.',
}

OWNER: Mapping[str, str] = {
    "members": "Their user names and e-mail addresses: who agrees to changes of the owner's assets.",
}

SHARE = r"\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%\s*"
"""A share of rows."""

EFFECT = r"\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*"
"""An effect size."""

GATE_PATTERN = r"[^\s.]+\.[^\s.]+(?:\.[^\s.]+)?"
"""Assets, or columns of them: `marts.*`, `marts.orders.price`."""

ONE_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*"
"""What may stand on one line: nothing that ends it, commands a terminal or turns the order of letters round."""
