"""What tests of all folders may ask for. A server is started when the first test of a process asks for it."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgres.server import Database, Server

ALL_SLOW = "\npytestmark = pytest.mark.slow\n"


def pytest_configure(config: pytest.Config) -> None:
    """Hear interruptions, and let processes of tests hear them: a shell has its background jobs ignore them.

    Keys that sign releases are made in a folder of the tests, never among the settings of who runs them. No property
    fails because the machine is busy.
    """
    from hypothesis import HealthCheck
    from hypothesis import settings as properties

    properties.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    properties.load_profile("busy")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings = tempfile.TemporaryDirectory(prefix="headgate-settings-")
    config.add_cleanup(settings.cleanup)
    os.environ["XDG_CONFIG_HOME"] = settings.name


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files of which all tests are slow where only fast ones are wanted: half of the time to collect them."""
    if config.getoption("markexpr") != "not slow" or not collection_path.match("test_*.py"):
        return None
    return True if ALL_SLOW in collection_path.read_text() else None


def _server(version: int) -> Iterator[Server]:
    from tests.postgres.server import Server

    server = Server(version)
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """PostgreSQL 18, one a process of tests: do not stop it. Who wants to stop one starts a ``Server`` of its own."""
    yield from _server(18)


@pytest.fixture(scope="session")
def postgres_16() -> Iterator[Server]:
    """PostgreSQL 16, the oldest that is tested; as ``postgres`` otherwise."""
    yield from _server(16)


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """An empty database on PostgreSQL 18, with an owner of its own without superuser."""
    made = postgres.database()
    yield made
    postgres.drop(made)
