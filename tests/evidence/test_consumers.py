"""Consumers are told of what changes below them, and a change that says that they read less hides nothing of it."""

from headgate.core.address import Address
from headgate.core.comparison import ColumnDifference
from headgate.core.policy import Policy
from headgate.evidence.consumers import Consumer, findings_of_consumers, uses_joined, uses_lost
from headgate.evidence.decide import weighed
from headgate.evidence.findings import Touched, findings_of
from tests.evidence.test_findings import ORDERS, compared, levels


def test_a_consumer_of_another_owner_is_reached_by_what_it_reads() -> None:
    price = ColumnDifference("price", 5, 5)
    changed = weighed(findings_of(Touched(ORDERS, owner="ops", comparison=compared(columns=(price,)))), Policy())
    boards = [
        Consumer(Address("boards.sales"), "sales", {ORDERS: ("id", "price")}),
        Consumer(Address("boards.ids"), "sales", {ORDERS: ("id",)}),
        Consumer(Address("boards.own"), "ops", {ORDERS: ("price",)}),
        Consumer(Address("boards.nobody"), "", {ORDERS: ("price",)}),
    ]
    reached = findings_of_consumers(boards, changed)
    assert levels(*reached) == [
        "approve consumer boards.sales",
        "show consumer boards.own",
        "show consumer boards.nobody",
    ]
    assert reached[0].told == "reads what changes: marts.orders (price)"
    assert reached[0].owner == "sales"


def test_rows_reach_every_consumer_and_what_is_only_shown_reaches_none() -> None:
    board = Consumer(Address("boards.sales"), "sales", {ORDERS: ("id",)})
    gone = weighed(findings_of(Touched(ORDERS, owner="ops", comparison=compared(removed=9))), Policy())
    assert levels(*findings_of_consumers([board], gone)) == ["approve consumer boards.sales"]
    more = weighed(findings_of(Touched(ORDERS, owner="ops", comparison=compared(added=9, rows_after=1009))), Policy())
    assert findings_of_consumers([board], more) == ()


def test_what_a_consumer_was_released_to_read_counts_with_what_the_change_says() -> None:
    other = Address("marts.other")
    assert uses_joined({ORDERS: ("price",)}, {other: ()}) == {ORDERS: ("price",), other: ()}
    assert uses_joined({ORDERS: ()}, {ORDERS: ("id",)}) == {ORDERS: ()}
    assert uses_joined({ORDERS: ("id",)}, {ORDERS: ("price",)}) == {ORDERS: ("id", "price")}


def test_only_what_is_read_no_more_is_lost() -> None:
    assert uses_lost({ORDERS: ("ID", "price")}, {ORDERS: ("price", "id", "tax")}) == ()
    assert uses_lost({ORDERS: ("price",)}, {ORDERS: ()}) == ()
    assert uses_lost({ORDERS: ()}, {ORDERS: ()}) == ()
    assert uses_lost({ORDERS: ()}, {ORDERS: ("id",)}) == ("marts.orders but for id",)
    assert uses_lost({ORDERS: ("price",)}, {}) == ("marts.orders (price)",)
