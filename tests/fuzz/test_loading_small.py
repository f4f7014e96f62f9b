"""Some random sequences of loads against the reference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fuzz.loading import Loads
from tests.postgres.server import Server

pytestmark = pytest.mark.slow

FEW = settings(
    max_examples=3,
    stateful_step_count=20,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)


def test_every_table_equals_the_reference() -> None:
    run_state_machine_as_test(Loads, settings=FEW)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_every_table_in_postgresql_equals_the_reference(server: Server) -> None:
    class InPostgres(Loads):
        def url(self) -> str:
            return server.database().url

    run_state_machine_as_test(InPostgres, settings=FEW)
