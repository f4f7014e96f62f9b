"""Quarantine: rows that fail a test stand in a table of their own, beside the table without them.

What the query of such an asset gives is built once, *unchecked*, and shown to nobody. The asset itself and its
quarantine are two selections of those rows, one the opposite of the other, each with a recipe as any table has.
"""

from __future__ import annotations

from headgate.core.address import Address

FAILED_TESTS = "failed_tests"
"""The column of a quarantine that names the tests which a row fails."""

_UNCHECKED = "__unchecked"


def unchecked_of(address: Address) -> Address:
    """Return where the rows stand that the query of an asset gives.

    >>> unchecked_of(Address("shop.orders")), quarantine_of(Address("shop.orders"))
    ('shop.orders__unchecked', 'shop.orders_quarantine')
    """
    return Address(f"{address}{_UNCHECKED}")


def parts_of(unchecked: Address) -> tuple[Address, Address]:
    """Return the asset whose rows stand there before they are told apart, and its quarantine.

    >>> parts_of(Address("shop.orders__unchecked"))
    ('shop.orders', 'shop.orders_quarantine')
    """
    address = Address(unchecked.removesuffix(_UNCHECKED))
    return address, quarantine_of(address)


def quarantine_of(address: Address) -> Address:
    """Return where the rows of an asset stand that fail."""
    return Address(f"{address}_quarantine")
