"""Python assets: functions of the repository that take tables and return one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from headgate.core.address import Address
from headgate.core.diagnostic import Place
from headgate.core.hashing import Digest
from headgate.core.limits import NO_LIMITS, Limits

Pinned = tuple[tuple[str, Digest], ...]
"""Files of the repository, by path, each with the digest of the content that is meant."""


class Form(StrEnum):
    """What a parameter receives; the value is how its annotation is written with full names."""

    POLARS = "polars.DataFrame"
    POLARS_LAZY = "polars.LazyFrame"
    PANDAS = "pandas.DataFrame"
    ARROW = "pyarrow.Table"
    ARROW_STREAM = "pyarrow.RecordBatchReader"
    DUCKDB = "duckdb.DuckDBPyRelation"


@dataclass(frozen=True, slots=True)
class PythonInput:
    """One parameter: the table that it receives, as what, and which of its columns (none given: all)."""

    parameter: str
    address: Address
    form: Form
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PythonBody:
    """A function, and everything of the repository that it may see.

    ``modules`` are the files that may be imported, its own included; ``variables`` the names of the environment
    variables that are passed on. ``written`` stands for what the repository says of it: no machine has a part in that.
    """

    path: str
    function: str
    inputs: tuple[PythonInput, ...]
    modules: Pinned
    variables: tuple[str, ...] = ()
    is_networked: bool = False
    limits: Limits = NO_LIMITS
    line: int = 1
    written: Digest = Digest("")


MODULE_ROOTS = ("lib/", "src/", "")
"""Where the modules of a repository are looked for, in this order, relative to its root."""


def module_name(path: str) -> str:
    """Return the name under which a file of the repository is imported.

    >>> module_name("lib/shop/rates.py"), module_name("assets/marts/__init__.py")
    ('shop.rates', 'assets.marts')
    """
    root = next(root for root in MODULE_ROOTS if path.startswith(root))
    return path.removeprefix(root).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True, slots=True)
class NamedInput:
    """One parameter as the decorator and its annotation say it; ``name`` is an address as written."""

    parameter: str
    name: str
    form: Form
    place: Place


@dataclass(frozen=True, slots=True)
class PythonDeclaration:
    """What a decorated function declares beside its properties.

    ``code`` stands for everything that can change what it returns but its inputs: its own text, the modules that it
    imports, the lock file, the interpreter, the values of its variables; ``written`` for the first three, which are the
    repository's. ``reads`` maps output columns to the columns
    of inputs (``parameter``, column) that they depend on; None where the author did not say. ``row_reads`` are those
    that decide which rows there are.
    """

    function: str
    inputs: tuple[NamedInput, ...]
    code: Digest
    written: Digest
    modules: Pinned
    variables: tuple[str, ...] = ()
    is_deterministic: bool = False
    is_networked: bool = False
    reads: Mapping[str, tuple[tuple[str, str], ...]] | None = None
    row_reads: tuple[tuple[str, str], ...] | None = None
    limits: Limits = NO_LIMITS
    line: int = 1
