"""Files that are packed a thousand times smaller than they are."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from headgate.app.check import check
from headgate.app.repository import open_repository
from headgate.plugins.engines import duckdb_packed
from headgate.plugins.engines.duckdb_packed import grows_too_much

pytestmark = pytest.mark.slow

SOURCE = "sources:\n  - name: raw\n    owner: ops\n    tables:\n      - name: b\n        path: data/b.csv.gz\n"


def packed(path: Path, *pieces: bytes, times: int = 1) -> Path:
    """Write each piece as a file of its own, packed, one behind the other."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(gzip.compress(piece) * times for piece in pieces))
    return path


def test_a_bomb_is_refused_in_seconds(tmp_path: Path) -> None:
    packed(tmp_path / "data/b.csv.gz", b"a,b\n", b"1,2\n" * (1 << 22), times=120)  # 2 GB in 2 MB
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/s.yml").write_text(SOURCE)
    start = time.process_time()
    session, repository = open_repository(tmp_path)
    with session:
        (fault,) = check(session, repository).diagnostics
    assert (fault.code, fault.summary) == ("HG321", "data/b.csv.gz is more than 200 times larger than it looks")
    assert time.process_time() - start < 10  # it was minutes


@pytest.mark.parametrize(
    ("pieces", "is_bomb"),
    [
        ((b"1,2\n" * 10**6,), True),
        ((b"1,2\n", b"3,4\n" * 10**6), True),
        ((b"".join(b"%d,%d\n" % (n, n * n) for n in range(100_000)),), False),
    ],
    ids=["one", "the second of two", "data"],
)
def test_what_grows_too_much(
    pieces: tuple[bytes, ...], *, is_bomb: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_packed, "UNPACKED_BYTES_MIN", 1_000_000)
    assert grows_too_much(packed(tmp_path / "x/b.gz", *pieces)) is is_bomb


def test_a_damaged_file_is_left_to_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_packed, "UNPACKED_BYTES_MIN", 100_000)
    path = packed(tmp_path / "x/b.gz", b"1,2\n" * 1000)
    path.write_bytes(path.read_bytes()[:30] + b"\0" * 30)
    assert not grows_too_much(path)
    assert not grows_too_much(tmp_path / "none.gz")
