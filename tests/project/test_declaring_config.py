"""``headgate.toml``: defaults, values of the environment, and where its faults are marked."""

from pathlib import Path

import pytest

from headgate.core.declarations import EngineConfig, EnvironmentConfig
from headgate.project.toml.config import seconds_of
from tests.project.project_stage import marked, read, told

WEEK = 7 * 86400


def test_the_example_of_the_design(tmp_path: Path) -> None:
    toml = (
        'name = "flights"\n[engines.local]\nkind = "duckdb"\npath = "env:WAREHOUSE"\n'
        '[environments.prod]\nengine = "local"\nprotected = true\nretain = "12 hours"\n[environments."*"]\n'
    )
    found = read(tmp_path, {"headgate.toml": toml}, WAREHOUSE="other.duckdb")
    assert told(found) == []
    assert found.config.engines == {"local": EngineConfig("local", "duckdb", "other.duckdb")}
    assert found.config.bare == "prod"
    assert found.config.environment("prod") == EnvironmentConfig("prod", "local", True, 43200)
    assert found.config.environment("pr-12") == EnvironmentConfig("pr-12", "local", False, WEEK)


def test_a_server_has_an_address_that_nothing_shows(tmp_path: Path) -> None:
    toml = '[engines.wh]\nkind = "postgres"\nurl = "env:URL"\n'
    found = read(tmp_path, {"headgate.toml": toml}, URL="postgresql://me:secret@there/shop")
    assert told(found) == []
    engine = found.config.engines["wh"]
    assert (engine.kind, engine.path, engine.url) == ("postgres", "", "postgresql://me:secret@there/shop")
    assert "secret" not in repr(found.config)


def test_two_engines_share_no_database(tmp_path: Path) -> None:
    engine = 'kind = "postgres"\nurl = "postgresql://me:secret@there/shop"\n'
    found = read(tmp_path, {"headgate.toml": f"[engines.a]\n{engine}[engines.b]\n{engine}"})
    assert [one.split()[0] for one in told(found)][:1] == ["HG124"]
    assert not any("secret" in one for one in told(found))


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("nam = 'x'\n", "HG121 nam"),
        ("[engines.a]\nknd = 'duckdb'\n", "HG121 knd"),
        ("[engines.a]\nkind = 'duckbd'  # typo\n", "HG125 'duckbd'"),
        ("[engines.a]\npath = 'env:NOT_SET_ANYWHERE'\n", "HG123 'env:NOT_SET_ANYWHERE'"),
        ("[engines.a]\npath = ':memory:'\n", "HG122 ':memory:'"),
        ("[engines.a]\n[engines.b]\n", "HG124 engines.b"),
        ('[engines.a]\npath = "w.db"\n[engines.b]\npath = "./w.db"\n', "HG124 engines.b"),
        ('[engines.a]\npath = "data/Headgate.duckdb"\n', 'HG122 "data/Headgate.duckdb"'),
        ("[engines.a]\nkind = 'postgres'\n", "HG125 engines.a"),
        ("[engines.a]\nkind = 'postgres'\nurl = 'http://x'\n", "HG125 'http://x'"),
        ("[engines.a]\nkind = 'postgres'\nurl = 'postgresql:///x'\npath = 'y'\n", "HG125 path"),
        ("[engines.a]\nurl = 'postgresql:///x'\n", "HG125 url"),
        ("[environments.prod]\nengine = 'lokal'\n", "HG125 'lokal'"),
        ("[environments.prod]\nprotected = 1\n", "HG122 1"),
        ("[environments.prod]\nretain = '7'\n", "HG122 '7'"),
        ("[environments.Prod]\n", "HG122 environments.Prod"),
        ("[environments.pr-1]\n[environments.pr_1]\n", "HG124 environments.pr_1"),
        ("[environments.a]\nbare_schemas = true\n[environments.b]\nbare_schemas = true\n", "HG124 bare_schemas"),
        ("environments = 1\n", "HG122 environments"),
        ("name = x\n", "HG120 x"),
        ("x = " + "[" * 5000, "HG120 x"),
    ],
)
def test_faults_are_marked(tmp_path: Path, toml: str, expected: str) -> None:
    (only,) = marked(read(tmp_path, {"headgate.toml": toml}))
    assert only == expected or (expected.startswith("HG120") and only.startswith("HG120"))


@pytest.mark.parametrize(
    ("toml", "summary", "place", "first"),
    [
        ('name = "a"\nstate = {}\nname = "b"\n', "name", "3:1", 1),
        ("[engines.a]\n[engines.b]\n[engines.a]\n", "engines.a", "3:2", 1),
        ("[engines.a]\n'path' = 'x'\n\n  path = 'y'\n", "engines.a.path", "4:3", 2),
        ("state.url = ''\n[state]\n", "state", "2:2", 1),
    ],
)
def test_a_key_that_stands_twice_is_told_with_both_lines(
    tmp_path: Path, toml: str, summary: str, place: str, first: int
) -> None:
    (fault,) = read(tmp_path, {"headgate.toml": toml}).diagnostics
    assert (fault.code, fault.summary) == ("HG111", f"{summary} stands twice in headgate.toml")
    assert str(fault.place) == f"headgate.toml:{place}"
    assert fault.hint.startswith(f"It stands on line {first} already;")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7 days", WEEK),
        ("1 week", WEEK),
        ("12h", 43200),
        ("30 Minutes", 1800),
        ("7", None),
        ("-1 day", None),
        ("", None),
    ],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds
