"""Files on a clock as coarse as a file system's may be: a change right after a look has left no time stamp."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from run_stage import Stage, file_source

from headgate.core.hashing import Digest, content_digest
from headgate.core.plan import Step
from headgate.run import guard

WRITTEN = 1_700_000_000
BEFORE, AFTER = "n\n1\n", "n\n2\n"


@dataclass
class Clocks:
    """``now`` is what the clock says; a file's two time stamps stand where they were set, whoever writes to it."""

    now: float
    modified: float = WRITTEN
    changed: float = WRITTEN
    reads: int = 0

    def stat(self, path: Path) -> SimpleNamespace:
        real = os.stat(path)
        return SimpleNamespace(
            st_size=real.st_size,
            st_ino=real.st_ino,
            st_mtime=self.modified,
            st_mtime_ns=int(self.modified * 1e9),
            st_ctime=self.changed,
            st_ctime_ns=int(self.changed * 1e9),
        )


def _placed(clocks: Clocks, root: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """Return the step that captures ``f.csv``, with the clocks in the place of the system's."""
    (root / "f.csv").write_text(BEFORE)
    plan = Stage(root).plan([file_source(root, "raw.f", "n", "f.csv")])

    def counted(chunks: Iterable[bytes]) -> Digest:
        clocks.reads += 1
        return content_digest(chunks)

    monkeypatch.setattr(guard, "os", SimpleNamespace(stat=clocks.stat))
    monkeypatch.setattr(guard, "time", SimpleNamespace(time=lambda: clocks.now))
    monkeypatch.setattr(guard, "content_digest", counted)
    return plan.steps[0]


@pytest.mark.parametrize(
    "clocks",
    [
        Clocks(WRITTEN),
        Clocks(WRITTEN + guard.RACY_SECONDS - 0.01),
        Clocks(WRITTEN + 100, modified=WRITTEN + 99),
        Clocks(WRITTEN + 100, changed=WRITTEN + 99),
        Clocks(WRITTEN - 100),
    ],
    ids=["just now", "within the time", "modified just now", "set back just now", "in the future"],
)
def test_a_file_written_just_before_it_was_looked_at_is_read_again(
    clocks: Clocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = _placed(clocks, tmp_path, monkeypatch)
    before = guard.stamps(step, str(tmp_path))
    assert isinstance(before, tuple)
    assert guard.fault_after(step, str(tmp_path), before) is None
    (tmp_path / "f.csv").write_text(AFTER)
    clocks.now += 100
    fault = guard.fault_after(step, str(tmp_path), before)
    assert fault is not None
    assert (fault.code, fault.summary) == ("HG451", "f.csv changed while it was read")


def test_a_file_that_has_rested_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(WRITTEN + guard.RACY_SECONDS + 0.01)
    step = _placed(clocks, tmp_path, monkeypatch)
    before = guard.stamps(step, str(tmp_path))
    assert isinstance(before, tuple)
    assert guard.fault_after(step, str(tmp_path), before) is None
    assert clocks.reads == 1


def test_a_file_that_was_set_back_to_its_time_is_found_by_when_that_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(WRITTEN + 100)
    step = _placed(clocks, tmp_path, monkeypatch)
    before = guard.stamps(step, str(tmp_path))
    assert isinstance(before, tuple)
    clocks.changed += 101
    fault = guard.fault_after(step, str(tmp_path), before)
    assert fault is not None
    assert fault.code == "HG451"
