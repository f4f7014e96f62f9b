"""Damage as people and disks do it: with DuckDB and SQLite, behind Headgate's back."""

from __future__ import annotations

from tests.laws.shop import Shop


def tables_of(shop: Shop, address: str) -> list[str]:
    """Return the physical tables of an address, by name."""
    return sorted(name for name in shop.tables() if name.startswith(address.replace(".", "__") + "__"))


def table_of(shop: Shop, environment: str, address: str) -> str:
    """Return the physical table that an environment shows under an address."""
    identity = shop.ids(environment)[address].removeprefix("h1:")[:16]
    return f"{address.replace('.', '__')}__{identity}"


def drop_table(shop: Shop, environment: str, address: str) -> str:
    """Drop the table that an environment shows, and return its name."""
    name = table_of(shop, environment, address)
    shop.outside(f'drop table headgate."{name}"')
    return name


def codes(shop: Shop) -> list[str]:
    """Return the codes of what doctor finds, and check that it ends as it should."""
    body = shop.json("doctor")
    found = [diagnostic["code"] for diagnostic in body["diagnostics"]]
    assert body["exit_status"] == (1 if found else 0), body
    return found
