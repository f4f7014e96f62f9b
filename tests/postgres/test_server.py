"""The servers that tests run against do what tests of them rely on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.postgres.server import INSTALLED, Database, Server, wait_until

pytestmark = pytest.mark.slow


def test_a_database_has_an_owner_of_its_own_without_superuser(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        row = connection.execute("select current_user, current_database(), rolsuper from pg_roles where rolname = user")
        assert row.fetchone() == (database.owner, database.name, False)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database.url_of(database.owner, password="wrong"))
    with psycopg.connect(database.url_of(database.role())) as other, pytest.raises(psycopg.Error, match="denied"):
        other.execute("create schema theirs")


def test_connections_can_be_cut(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        assert database.cut() == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")


@pytest.mark.parametrize("version", INSTALLED)
def test_a_stopped_server_starts_again_with_what_was_committed(version: int) -> None:
    server = Server(version)
    try:
        database = server.database()
        assert server.execute("show server_version_num")[0][0].startswith(str(version))
        with psycopg.connect(database.url) as connection:
            connection.execute("create table t as select 1 as a")
        server.stop("immediate")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(database.url)
        server.start()
        assert database.execute("select a from t") == [(1,)]
    finally:
        server.close()
    assert not server.folder.exists()


_KILLED = """
import os, signal
from tests.postgres.server import Server
server = Server()
print(server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_ends_with_the_process_that_started_it() -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED], capture_output=True, text=True, check=False)
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("headgate-postgres-")
    wait_until(lambda: not folder.exists())
