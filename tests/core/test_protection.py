"""Which columns inherit the protection of others: by every way on which a value may come into them, and by no other."""

import pytest

from headgate.core.address import Address
from headgate.core.checks import Sample
from headgate.core.lineage import AssetLineage, Edge, Subtype
from headgate.core.protection import HIDDEN, inheriting, protected_read, without_protected
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


VIEW = Address("m.view")


@pytest.mark.parametrize(
    ("reads", "found"),
    [((PEOPLE,), PEOPLE), ((ORDERS,), None), ((ORDERS, VIEW), PEOPLE), ((ORDERS, PEOPLE, VIEW), PEOPLE), ((), None)],
)
def test_what_a_statement_may_quote_is_what_it_reads_also_through_views(
    reads: tuple[Address, ...], found: Address | None
) -> None:
    through = {VIEW: (Address("m.other"), VIEW), Address("m.other"): (PEOPLE, VIEW)}  # circles end, too
    assert protected_read(reads, PROTECTED, lambda address: through.get(address, ())) == found
