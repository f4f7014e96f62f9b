"""The settings of every connection to DuckDB: those that change results, and those that keep it from the outside.

Measured on 1.5.6 and 2.0.0. ``settings_identity`` goes into recipes, so a line of ``RESULT_SETTINGS`` is changed only
together with what it does to everybody's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headgate.plugins.engines.sql_texts import literal

if TYPE_CHECKING:
    import duckdb


class Setting(NamedTuple):
    """A setting, its value as SQL, and the major version of DuckDB that first knows it."""

    name: str
    value: str
    since: int = 1


RESULT_SETTINGS: tuple[Setting, ...] = (
    Setting("autoinstall_known_extensions", "false"),
    Setting("autoload_known_extensions", "false"),
    Setting("binary_as_string", "false"),
    Setting("Calendar", "'gregorian'"),
    Setting("default_collation", "''"),
    Setting("default_null_order", "'NULLS_LAST'"),
    Setting("default_order", "'ASC'"),
    # 2.0 knows other dialects; none is the meaning that 1.5 has.
    Setting("dialect_compatibility_mode", "'NONE'", since=2),
    Setting("disable_timestamptz_casts", "false"),
    # 1 // 0 is NULL on 1.5 and an error on 2.0 unless this is false.
    Setting("error_on_division_by_zero", "false", since=2),
    Setting("ieee_floating_point_ops", "true"),
    Setting("integer_division", "false"),
    # x -> x + 1 is refused by 2.0's default and accepted by 1.5's.
    Setting("lambda_syntax", "'ENABLE_SINGLE_ARROW'"),
    # A column of nothing but NULL is INTEGER on 1.5 and of the type "NULL" on 2.0 unless this is true.
    Setting("legacy_disable_null_type", "true", since=2),
    Setting("old_implicit_casting", "false"),
    Setting("order_by_non_integer_literal", "false"),
    Setting("pivot_limit", "100000"),
    Setting("preserve_identifier_case", "true"),
    Setting("preserve_insertion_order", "true"),
    Setting("python_enable_replacements", "false"),
    # 'ab' ~ 'a' is false on 1.5 (the whole text must match) and true on 2.0 unless this is full.
    Setting("regex_match_operator_semantics", "'full'", since=2),
    Setting("scalar_subquery_error_on_multiple_rows", "true"),
    Setting("TimeZone", "'UTC'"),
)
"""What changes results, sorted by name; the same on every supported version."""


def settings_identity() -> str:
    """Return the settings as one text, equal on every version of DuckDB.

    >>> "TimeZone='UTC'" in settings_identity()
    True
    """
    return "duckdb settings 1: " + ", ".join(f"{s.name}={s.value}" for s in RESULT_SETTINGS)


def version_of(version: str) -> tuple[int, int]:
    """Return major and minor of DuckDB's version text.

    >>> version_of("1.5.6")
    (1, 5)
    """
    major, minor = version.lstrip("v").split(".")[:2]
    return int(major), int(minor)


def settle(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    *,
    folders: Sequence[Path],
    files: Sequence[Path] = (),
    threads: int | None = None,
) -> bool:
    """Give the database all settings and lock them; only ``files`` and what is below ``folders`` can be read then.

    Returns False where it was locked before, and some of ``files`` cannot be read.

    ``set global`` makes them hold for the database and so for all cursors; a plain ``set`` of some (``lambda_syntax``,
    ``errors_as_json``) holds for one cursor only (seen). A second connection of the same process to the same file
    shares the database too: it is locked already and left as it is. Cost: about 1 ms.
    """
    locked = connection.execute("select current_setting('lock_configuration')").fetchone()
    if locked and locked[0]:
        return not files or _are_open(connection, files)
    major, _ = version_of(version)
    lines = [f"set global {s.name} = {s.value}" for s in RESULT_SETTINGS if s.since <= major]
    if threads is not None:
        lines.append(f"set global threads = {threads:d}")
    # The order matters: the list of folders cannot be changed once access is off, nor anything once it is locked.
    lines.append(f"set global allowed_directories = {_list_of(_spellings(f for f in folders if not f.is_file()))}")
    alone = _spellings((*(f for f in folders if f.is_file()), *files))
    lines.append(f"set global allowed_paths = {_list_of(alone)}")
    lines.append("set global enable_external_access = false")
    lines.append("set global errors_as_json = true")
    lines.append("set global lock_configuration = true")
    connection.execute(";".join(lines))
    return True


def _are_open(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> bool:
    """Tell whether a database that is locked reads all of ``files``."""
    names = ("allowed_directories", "allowed_paths")
    row = connection.execute(f"select {', '.join(f'current_setting({literal(name)})' for name in names)}").fetchone()
    folders, alone = row if row else ((), ())
    return all(
        str(file) in alone or any(file.is_relative_to(folder) for folder in folders)
        for file in map(Path.absolute, files)
    )


def _spellings(folders: Iterable[Path]) -> list[str]:
    """Return each folder as given and with its links resolved: DuckDB resolves what it opens, but not this list."""
    found: dict[str, None] = {}
    for folder in folders:
        found[str(folder.absolute())] = None
        found[str(folder.resolve())] = None
    return list(found)


def _list_of(texts: Sequence[str]) -> str:
    return "[" + ", ".join(literal(text) for text in texts) + "]"
