"""Addresses: the name of an asset, ``schema.name``."""

from __future__ import annotations

import re
from typing import NewType

Address = NewType("Address", str)
"""``schema.name``; both parts are words of letters, digits and ``_`` that begin with a letter or ``_``.

A schema has no two ``_`` in a row, which separate it from an environment; a name may (``stg_shop__orders``).
"""

_PART = re.compile(r"[^\W\d]\w*", re.UNICODE)
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")

_ENGINES_OWN = frozenset({"information_schema", "memory", "pg_catalog", "system", "temp"})
"""Schemas and databases that DuckDB always has: a schema of that name is refused, or ambiguous wherever it is named."""

_DEFAULT = "main"
"""Where tables stand that were made without a schema: a source may be there, a view of ours would be in their way."""


def make_address(schema: str, name: str) -> Address:
    """Return the address of ``name`` in ``schema``; raise ``ValueError`` with a sentence where it is not allowed."""
    fault = _fault_in_separated(schema) or fault_in_part(name)
    if fault:
        raise ValueError(fault)
    return Address(f"{schema}.{name}")


def parse_address(text: str) -> Address:
    """Return ``text`` as an address; raise ``ValueError`` with a sentence where it is none."""
    schema, dot, name = text.partition(".")
    if not dot or "." in name:
        raise ValueError(f"an address is SCHEMA.NAME, not {text!r}")
    return make_address(schema, name)


def split(address: Address) -> tuple[str, str]:
    """Return the schema and the name of an address."""
    schema, _, name = address.partition(".")
    return schema, name


def fold(text: str) -> str:
    """Return ``text`` as engines compare names: two addresses that fold alike are the same to them."""
    return text.casefold()


def fault_in_part(part: str) -> str:
    """Return why ``part`` cannot be the name of an asset, or the empty string."""
    if not _PART.fullmatch(part):
        return f"{part!r} is not a word of letters, digits and underscores that begins with a letter"
    if fold(part) == "headgate":
        return "'headgate' is the schema of Headgate's own tables"
    if len(part) > 60:
        return f"{part[:20]!r}... is longer than 60 characters"
    return ""


def fault_in_schema(schema: str, *, of_assets: bool) -> str:
    """Return why ``schema`` cannot be the schema of assets, or of sources, or the empty string.

    >>> fault_in_schema("Temp", of_assets=True)
    "'Temp' is a schema of the engine's own"
    """
    if fold(schema) in _ENGINES_OWN or (of_assets and fold(schema) == _DEFAULT):
        return f"{schema!r} is a schema of the engine's own"
    return _fault_in_separated(schema)


def part_like(text: str, *, is_schema: bool) -> str:
    """Return ``text`` where it can be a schema of sources or a name, else what is most like it and can.

    >>> part_like("raw-data 2", is_schema=True), part_like("2024__sales", is_schema=False)
    ('raw_data_2', '_2024__sales')
    """
    part = re.sub(r"\W+", "_", text, flags=re.UNICODE)
    part = re.sub(r"_{2,}", "_", part) if is_schema else part
    part = (part if _PART.match(part) else f"_{part}")[:60]
    fault = fault_in_schema(part, of_assets=False) if is_schema else fault_in_part(part)
    return f"{part}_data" if fault else part


def _fault_in_separated(schema: str) -> str:
    if "__" in schema:
        return f"{schema!r} contains '__', which separates a schema from an environment in the engine"
    return fault_in_part(schema)


def fault_in_environment(name: str) -> str:
    """Return why ``name`` cannot name an environment, or the empty string."""
    if not _ENVIRONMENT.fullmatch(name) or "__" in name:
        return f"{name!r} is not a name in lower case such as dev, dev-2 or pr-12"
    if len(name) > 40:
        return f"{name[:20]!r}... is longer than 40 characters"
    return ""


def environment_like(text: str, prefix: str = "") -> str:
    """Return the name of an environment that is most like ``text``; ``prefix`` stands before it. Empty for no letter.

    >>> environment_like("Feature/Faster_Marts", "ci-"), environment_like("main"), environment_like("2.0")
    ('ci-feature-faster-marts', 'main', 'v2-0')
    """
    name = "-".join(re.findall(r"[a-z0-9]+", text.lower()))
    if name and not prefix and name[0].isdigit():
        prefix = "v"
    return f"{prefix}{name}"[:40].rstrip("-") if name else ""


def environment_schema(schema: str, environment: str, *, bare: bool) -> str:
    """Return the engine's schema that shows ``schema`` in ``environment``.

    >>> environment_schema("staging", "pr-12", bare=False)
    'staging__pr_12'
    """
    return schema if bare else f"{schema}__{environment.replace('-', '_')}"
