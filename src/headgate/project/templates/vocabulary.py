"""The names that every template is given, and why it is not given what dbt and Jinja give beside them."""

from __future__ import annotations

from collections.abc import Mapping

GIVEN: Mapping[str, str] = {
    "config": "`config(materialized='view', tags=['daily'])` says what a header may say; it gives no text. "
    "`config.get(NAME, DEFAULT)` reads what the file, its header or a property file says.",
    "dict": "`dict(a=1)` is a mapping.",
    "env_var": "`env_var(NAME, DEFAULT)` is a variable of the process that `[template] env` lists.",
    "exceptions": "`exceptions.raise_compiler_error(TEXT)` refuses with a message, `exceptions.warn(TEXT)` warns.",
    "execute": "True.",
    "fromjson": "`fromjson(TEXT, DEFAULT)` reads JSON.",
    "is_incremental": "False: an incremental has `:start` and `:end` in its SQL.",
    "log": "Gives no text, and writes nothing.",
    "namespace": "`namespace(a=1)` holds names that a loop can set for those outside: `{% set ns.a = 2 %}`.",
    "print": "Gives no text, and writes nothing.",
    "range": "`range(STOP)`, `range(START, STOP, STEP)` is a list of numbers.",
    "ref": "`ref(NAME)`, `ref(SCHEMA, NAME)` is an asset, written as SQL names it. A bare name means the asset of the "
    "file's own schema, else the only one of that name.",
    "return": "`return(VALUE)` ends a macro with a value.",
    "set": "`set(LIST)` is the list without repetitions.",
    "source": "`source(SCHEMA, NAME)` is a source, written as SQL names it.",
    "target": "What `[template.target]` says, and `target.type`, the kind of the engine.",
    "this": "The asset itself: `this.schema`, `this.name`, and as text its address.",
    "tojson": "`tojson(VALUE)` writes JSON.",
    "var": "`var(NAME, DEFAULT)` is a value of `[vars]`: a text, a number, a list or a mapping.",
    "zip": "`zip(LIST, LIST)` is a list of rows.",
}
"""The names that every template is given, each with a sentence. No macro may be called so."""

OF_BLOCKS = frozenset({"caller", "kwargs", "loop", "varargs"})
"""Names that macros and loops set for what stands in them."""

_NO_RESULTS = "A template is filled in before anything is built, so that a plan can be made of it: it sees no data."
_NO_CHANCE = "A text that is another one at each plan could not be planned. Declare the value under [vars]."
_NO_PROJECT = "What a text depends on is seen by the relations that it names; the rest of the project is closed to it."
_NO_PACKAGE = "Packages are not installed: copy the macro that you need into macros/."
_NO_BLOCKS = "A template is one file: macros of macros/ are called by their names."

CLOSED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "adapter", "api", "get_columns_in_relation", "load_agate_table", "load_relation", "load_result",
            "run_query", "statement", "store_raw_result", "store_result",
        ),
        _NO_RESULTS,
    ),
    **dict.fromkeys(
        (
            "builtins", "context", "database_schemas", "flags", "graph", "model", "results", "schemas",
            "selected_resources", "submit_python_job", "write",
        ),
        _NO_PROJECT,
    ),
    **dict.fromkeys(
        ("dbt_version", "invocation_args_dict", "invocation_id", "modules", "run_started_at", "thread_id"), _NO_CHANCE
    ),
    **dict.fromkeys(("codegen", "dbt", "dbt_date", "dbt_expectations", "dbt_utils"), _NO_PACKAGE),
    **dict.fromkeys(("self", "super"), _NO_BLOCKS),
    "cycler": "Write loop.cycle('odd', 'even') in a loop.",
    "joiner": "Write {% if not loop.last %},{% endif %} in a loop.",
    "lipsum": "It is of use for examples alone.",
}  # fmt: skip
"""Names with the reason why templates are not given them."""
