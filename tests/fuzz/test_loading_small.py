"""Some random sequences of loads against the reference; `make fuzz` plays thousands."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fuzz.loading import Loads

pytestmark = pytest.mark.slow


def test_every_table_equals_the_reference() -> None:
    run_state_machine_as_test(
        Loads,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
