"""Which columns inherit the protection of others: by every way on which a value may come into them, and by no other."""

import pytest

from headgate.core.address import Address
from headgate.core.checks import Sample
from headgate.core.lineage import AssetLineage, Edge, Subtype
from headgate.core.protection import HIDDEN, inheriting, without_protected
from headgate.core.recipe import Aspect, Read

PEOPLE, ORDERS = Address("m.people"), Address("m.orders")
MAIL = Read(PEOPLE, Aspect.COLUMN, "Mail")
PROTECTED = {PEOPLE: frozenset({"mail"})}


@pytest.mark.parametrize(
    ("edge", "is_protected"),
    [
        (Edge(MAIL, Subtype.IDENTITY), True),
        (Edge(MAIL, Subtype.TRANSFORMATION), True),
        (Edge(MAIL, Subtype.TRANSFORMATION, masking=True), True),  # a hash
        (Edge(MAIL, Subtype.AGGREGATION), True),
        (Edge(MAIL, Subtype.OPAQUE), True),
        (Edge(Read(PEOPLE, Aspect.ROWS), Subtype.OPAQUE), True),  # a function that is given all of it
        (Edge(MAIL, Subtype.AGGREGATION, masking=True), False),  # a count
        (Edge(MAIL, Subtype.CONDITIONAL), False),
        (Edge(MAIL, Subtype.FILTER), False),
        (Edge(MAIL, Subtype.GROUP_BY), False),
        (Edge(Read(PEOPLE, Aspect.ROWS), Subtype.ROWS), False),
        (Edge(Read(PEOPLE, Aspect.COLUMN, "id"), Subtype.IDENTITY), False),
        (Edge(Read(ORDERS, Aspect.COLUMN, "mail"), Subtype.IDENTITY), False),
        (Edge(Read(ORDERS, Aspect.ROWS), Subtype.OPAQUE), False),
    ],
)
def test_protection_goes_where_a_value_may_go(edge: Edge, *, is_protected: bool) -> None:
    other = Edge(Read(ORDERS, Aspect.COLUMN, "id"), Subtype.IDENTITY)
    lineage = AssetLineage({"Out": (other, edge), "plain": (other,)})
    assert inheriting(lineage, PROTECTED) == ({"out"} if is_protected else set())


def test_a_sample_keeps_no_value_of_a_protected_column() -> None:
    sample = Sample(("id", "MAIL"), (("1", "a@b.c"), ("2", None)))
    found = without_protected(sample, {"mail"})
    assert found == Sample(("id", "MAIL"), (("1", HIDDEN), ("2", HIDDEN)), protected=("MAIL",))
    assert without_protected(sample, {"pay"}) is sample
