"""`headgate report` leaves every form of a report, and releases nothing."""

from pathlib import Path

import pytest

from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


def test_all_files_are_left_and_nothing_is_released(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.asset("m.orders", "select i as id, i % 7 as cents from range(20) t(i)")
    shop.git("init", "-q", "-b", "main")
    shop.git("add", "-A")
    shop.git("commit", "-q", "-m", "Begin")
    shop.apply()
    shop.promote()
    assert "nothing to do" in shop.does("report", "dev")
    assert not (shop.root / "report").exists()
    shop.asset("m.orders", "select i as id, i % 7 as cents from range(10) t(i)")
    shop.git("commit", "-q", "-a", "-m", "Take half")
    shop.apply()
    told = shop.does("report", "dev", "--out", "there")
    assert "10 rows of 20 are not there as they were, 50 %; no key pairs them off" in told
    assert "change  m.orders" in told, "the word of the plan"
    folder = shop.root / "there"
    assert {one.name for one in folder.iterdir()} == {"report.html", "summary.md", "junit.xml", "report.json"}
    summary = (folder / "summary.md").read_text()
    assert "10 rows of 20 are not there as they were, 50 %; no key pairs them off" in summary
    assert "change: changed" not in summary
    assert "`headgate approve dev --to prod`" in summary, "to be copied"
    assert shop.result("report", "dev", "--out", "there")["decision"]["verdict"] == "needs approval"
    assert len(shop.values("prod", "select id from m.orders")) == 20
