"""Processes that analyse SQL: one that ends is told as what it is, not as a reader of the output that has gone."""

import os
import signal
from pathlib import Path

import pytest

from headgate.app.linking.ground import on_duckdb
from headgate.app.linking.pool import PooledAnalyser
from headgate.core.address import Address
from headgate.core.declarations import AssetDeclaration, File, Kind, Properties
from headgate.core.errors import EnvironmentFailed
from headgate.core.hashing import digest


def _asset(number: int) -> AssetDeclaration:
    text = f"select {number} as a"
    file = File(f"assets/m/a{number}.sql", digest("test", text), len(text))
    return AssetDeclaration(Address(f"m.a{number}"), Kind.TABLE, file, text, Properties())


@pytest.mark.parametrize("is_asked_before", [True, False])
def test_a_process_that_was_killed_is_told(tmp_path: Path, *, is_asked_before: bool) -> None:
    assets = [_asset(number) for number in range(4)]
    pool = PooledAnalyser(tmp_path, on_duckdb())
    try:
        if is_asked_before:
            assert set(pool.names(assets)) == {asset.address for asset in assets}
        for process in pool._processes:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
        with pytest.raises(EnvironmentFailed, match=r"has ended \(exit code -9\)"):
            pool.names(assets)
    finally:
        pool.close()
