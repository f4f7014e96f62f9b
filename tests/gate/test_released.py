"""What is decided about a protected environment goes by what was released, whatever the working tree says."""

import json
from pathlib import Path

import pytest

from headgate import __version__
from headgate.app.releasing import code as code_of_releases
from headgate.app.releasing import unprotecting
from headgate.plugins.stores.cache import Cache
from tests.gate.team import ORDERS, OWNERS, Team
from tests.gate.test_walk_around import PEOPLE, agreed, people
from tests.laws.shop import CONFIG, Shop

pytestmark = pytest.mark.slow

PROD = "[environments.prod]"
TAKEN = CONFIG.replace(PROD, f'[environments.aaa]\nengine = "local"\nbare_schemas = true\n\n{PROD}') + OWNERS
"""Settings by which ``aaa``, which nobody protects, has the names that readers of ``prod`` know."""

SHOWN = "select max(price) from m.orders"


def more_data(team: Team) -> None:
    """Let an order come in."""
    path = team.root / "data" / "orders.csv"
    team.file("data/orders.csv", f"{path.read_text()}{len(path.read_text().splitlines())},7\n")


def test_names_that_nobody_released_are_taken_by_no_run_and_no_rollback(team: Team) -> None:
    team.file("headgate.toml", TAKEN)
    more_data(team)
    team.does("run", "prod")
    assert team.outside(SHOWN) == [(1000,)]
    team.does("rollback", "prod", "--yes")
    assert team.outside(SHOWN) == [(1000,)]
    assert "HG507" in team.fails(1, "apply", "aaa", "--yes")


def test_names_that_are_in_no_commit_are_taken_by_no_promotion(team: Team) -> None:
    team.price(1, where=" where id > 0")
    team.file("headgate.toml", TAKEN)
    team.does("promote", "dev", "--yes")
    assert team.outside(SHOWN) == [(1000,)]


def test_names_that_a_change_takes_wait_for_an_owner(team: Team) -> None:
    team.file("headgate.toml", TAKEN)
    team.commit("Aaa is bare")
    assert "prod bare_schemas" in team.does("plan", "dev")
    team.apply()
    assert "environments prod bare_schemas" in team.fails(1, "promote", "dev", "--yes")
    agreed(team, "ben")
    team.does("promote", "dev", "--yes")
    assert team.outside(SHOWN.replace("m.", "m__prod.")) == [(1000,)]


FREED = {
    "protected no more": CONFIG.replace("protected = true", "protected = false"),
    "under another name": CONFIG.replace("environments.prod", "environments.live"),
    "beside another one": CONFIG.replace(
        PROD, f'[environments.aaa]\nengine = "local"\nprotected = true\nbare_schemas = true\n\n{PROD}'
    ),
}
"""Settings by which a change does not stand beside production any more."""


@pytest.mark.parametrize("settings", FREED)
def test_a_job_decides_beside_what_was_released(team: Team, settings: str) -> None:
    team.file("headgate.toml", FREED[settings] + OWNERS)
    team.asset("m.orders", ORDERS.format(factor=2))
    team.commit("Free")
    told = team.fails(1, "ci")
    assert "to prod" in told
    assert "price changes in 100 rows" in told


def test_a_job_that_is_built_beside_nothing_released_builds_nothing(team: Team) -> None:
    other = CONFIG.replace(PROD, f'[engines.other]\nkind = "duckdb"\npath = "other.duckdb"\n\n{PROD}')
    start, _, rest = other.partition('[environments."*"]')
    team.file("headgate.toml", f'{start}[environments."*"]{rest.replace("local", "other")}{OWNERS}')
    team.commit("Elsewhere")
    assert "HG572" in team.fails(1, "ci")
    assert not (team.root / "other.duckdb").exists()


def test_a_job_of_a_project_that_has_released_nothing_goes_by_its_checks(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.asset("m.a", "select 1 as id")
    shop.commit("Begin")
    shop.does("ci")


def test_a_check_that_fails_in_a_job_shows_no_column_that_production_protects(team: Team) -> None:
    people(team)
    team.file("headgate.toml", FREED["protected no more"] + OWNERS)
    team.source(PEOPLE.format("false"))
    test = "      - {name: contact, data_tests: [{regex: {arguments: {pattern: '^a'}}}]}\n"
    team.file("assets/m/people.yml", f"models:\n  - name: people\n    columns:\n{test}")
    team.asset("m.people", "select id, mail as contact from raw.people where id > 0")
    team.commit("Free")
    told = team.fails(1, "ci") + (team.root / ".headgate/ci/summary.md").read_text()
    assert "regex of contact: 100 of 100 rows do not match" in told
    assert "secret" not in told


def test_replaced_builds_stay_as_long_as_the_release_says(team: Team) -> None:
    team.price(2)
    team.does("promote", "dev", "--yes", "--override", "once")
    kept = CONFIG.replace("protected = true", 'protected = true\nretain = "0 seconds"') + OWNERS
    team.file("headgate.toml", kept)
    team.does("gc", "--yes")
    team.does("rollback", "prod", "--yes")
    team.commit("Keep nothing")
    team.apply()
    assert "environments prod retain" in team.fails(1, "promote", "dev", "--yes")


def test_a_diff_hides_what_the_release_protects(team: Team) -> None:
    people(team)
    team.asset("m.people", "select id, concat(mail, '!') as contact from raw.people")
    team.edit("Shout")
    team.source(PEOPLE.format("false"))
    told = team.does("diff", "prod", "dev")
    assert "100 added, 100 removed" in told
    assert "secret" not in told


def test_a_cache_says_neither_who_owns_nor_what_is_protected(team: Team) -> None:
    people(team)
    forged = Cache(team.root / ".headgate" / "cache.db")
    code, protected = f"{__version__}/{prod_tree(team)}", unprotecting._KIND
    told = json.loads(forged.get(code_of_releases._KIND, (code,))[code])
    told["m.orders"]["owner"] = told["m.board"]["owner"] = "ada"
    told["raw.people"].pop("protected")
    forged.put(code_of_releases._KIND, {code: json.dumps(told)})
    forged.put(protected, {code: "{}"})
    forged.close()
    team.source(PEOPLE.format("false"))
    team.price(2)
    said = team.fails(1, "promote", "dev", "--yes")
    assert "prod waits for ops (ada, ben@x.org) to agree" in said
    assert "mail is protected, and would not be any more" in said
    team.source(PEOPLE.format("false").replace("name: people", "name: folk"))
    team.asset("m.people", "select id, mail as contact from raw.folk")
    team.edit("Folk")
    assert "contact is protected, and would not be any more" in team.fails(1, "promote", "dev", "--yes")


def prod_tree(team: Team) -> str:
    """Return which tree production was released with last."""
    moves = [json.loads(text) for key, text in sorted(team.entries("moves").items()) if key.startswith("prod/")]
    return str(moves[-1]["tree"])
