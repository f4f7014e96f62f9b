"""A warehouse and a state in memory that outlive the sessions on them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from memory_state import Disk, MemoryStore
from release_stage import LEASE, Stage, shown_values

from tests.fakes.engine import FakeWarehouse


@dataclass
class World:
    warehouse: FakeWarehouse = field(default_factory=FakeWarehouse)
    disk: Disk = field(default_factory=Disk)
    ticks: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        for name, value in (("s", 1_000_000), ("t", 2_000_000)):
            self.warehouse.run(f"create table raw.{name} (x)")
            self.warehouse.run(f"insert into raw.{name} values ({value})")

    def session(self) -> Stage:
        self.disk.end_processes()
        store = MemoryStore(self.disk)
        lease = store.acquire(LEASE, holder="me", purpose="test", at="")
        stage = Stage(store, self.warehouse.open(), lease, self.ticks)
        stage.recover()
        return stage

    def shown(self, environment: str) -> dict[str, int]:
        return shown_values(self.warehouse.open(), MemoryStore(self.disk), environment)
