"""Tables of others that a promotion has set aside: they come back as they were, or it is told why they cannot."""

from pathlib import Path

import pytest

from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """``m.a`` and ``m.b`` in dev; in the engine somebody else's table of the one name and view of the other."""
    shop = Shop(tmp_path / "shop")
    shop.asset("m.a", "select 1 as x")
    shop.asset("m.b", "select x from m.a")
    shop.outside('create schema "M"')
    shop.outside('create table "M"."A" as select 42 as own')
    shop.outside('create view "M"."B" as select 43 as own')
    shop.apply()
    return shop


def names(shop: Shop) -> set[str]:
    found = shop.outside("select table_name from information_schema.tables where table_schema = 'M'")
    return {name for (name,) in found}


def test_they_come_back_under_their_names_as_written(shop: Shop) -> None:
    for _ in range(2):
        shop.does("promote", "dev", "--adopt", "--yes")
        assert names(shop) == {"a", "A__before_headgate", "b", "B__before_headgate"}
        shop.does("rollback", "prod", "--yes")
        assert names(shop) == {"A", "B"}
    assert shop.outside("select a.own, b.own from m.a, m.b") == [(42, 43)]


def test_a_name_that_somebody_has_taken_meanwhile_is_told(shop: Shop) -> None:
    shop.does("promote", "dev", "--adopt", "--yes")
    shop.outside("drop view m.a")
    shop.outside("create table m.a as select 7 as mine")
    told = shop.fails(1, "rollback", "prod", "--yes")
    assert "refused HG510  M.A__before_headgate cannot get the name M.A: something that Headgate did not make" in told
    assert shop.values("prod", "select x from m.b") == [["1"]]
    shop.outside("alter table m.a rename to mine")
    shop.does("rollback", "prod", "--yes")
    assert names(shop) == {"A", "B", "mine"}
