"""A small project that tests drive as a user does: files, commands of `headgate`, and the engine from outside."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from tests.cli.scenario import GIT, headgate

CONFIG = """
name = "shop"

[engines.local]
kind = "duckdb"
path = "warehouse.duckdb"

[environments.prod]
engine = "local"
protected = true

[environments."*"]
engine = "local"
"""


class Shop:
    """A project in ``root``: the one that is there, or an empty one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        if not (root / "headgate.toml").exists():
            self.file("headgate.toml", CONFIG)

    def file(self, path: str, text: str) -> None:
        """Leave a file."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def asset(self, address: str, query: str, *, kind: str = "table") -> None:
        """Leave an asset."""
        path = f"assets/{address.replace('.', '/')}.sql"
        self.file(path, f"/* headgate\nkind: {kind}\nowner: ops\n*/\n{query}\n")

    def source(self, text: str) -> None:
        """Leave tables of the schema ``raw``: their entries in YAML."""
        self.file("assets/sources.yml", f"sources:\n  - name: raw\n    owner: ops\n    tables:\n{text}")

    def tries(self, *arguments: str) -> tuple[str, int]:
        """Return what a command wrote, and its exit status."""
        text, status = headgate(list(arguments), self.root)
        assert "Traceback" not in text
        assert status != 70, text
        return text, status

    def does(self, *arguments: str) -> str:
        """Return what a command wrote that has to succeed."""
        text, status = self.tries(*arguments)
        assert status == 0, text
        return text

    def fails(self, status: int, *arguments: str) -> str:
        """Return what a command wrote that has to end with ``status``."""
        text, found = self.tries(*arguments)
        assert found == status, text
        return text

    def json(self, *arguments: str) -> dict[str, Any]:
        """Return the one JSON object of a command."""
        body: dict[str, Any] = json.loads(self.tries(*arguments, "--json")[0])
        return body

    def apply(self, environment: str = "dev", *more: str) -> dict[str, Any]:
        """Apply, and return the result."""
        return self.result("apply", environment, "--yes", *more)

    def promote(self, source: str = "dev") -> dict[str, Any]:
        """Promote to prod, and return the result."""
        return self.result("promote", source, "--yes")

    def result(self, *arguments: str) -> dict[str, Any]:
        """Return the result of a command that has to succeed."""
        body = self.json(*arguments)
        assert body["exit_status"] == 0, body
        found: dict[str, Any] = body["result"]
        return found

    def values(self, environment: str, query: str) -> list[list[str]]:
        """Return the rows of a query as texts."""
        lines = self.does("sql", environment, query, "--format", "csv").splitlines()
        return [line.split(",") for line in lines[1:]]

    def outside(self, statement: str) -> list[tuple[Any, ...]]:
        """Carry out SQL as any other client of the warehouse does."""
        with closing(duckdb.connect(str(self.root / "warehouse.duckdb"))) as connection:
            return connection.execute(statement).fetchall()

    def tables(self) -> set[str]:
        """Return the names of the physical tables."""
        found = self.outside(
            "select table_name from duckdb_tables() where schema_name = 'headgate'"
            " and table_name not in ('builds', 'environments', 'state', 'schemas', 'makers', 'log')"
        )
        return {name for (name,) in found}

    def ids(self, environment: str) -> dict[str, str]:
        """Return what every address of an environment points to."""
        with closing(sqlite3.connect(f"file:{self.root}/warehouse.state.db?mode=ro", uri=True)) as connection:
            rows = connection.execute("select key, value from entries where collection = 'pointers'").fetchall()
        start = f"{environment}/"
        return {key.removeprefix(start): json.loads(value)["build"] for key, value in rows if key.startswith(start)}

    def git(self, *arguments: str) -> str:
        """Return what git said."""
        command = (*GIT, *arguments)
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> str:
        """Commit everything, in a repository that is made if need be; return the commit."""
        if not (self.root / ".git").exists():
            self.file(".gitignore", "warehouse*\n")
            self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()


Preparing = Callable[[Shop], object]
"""What makes of an empty project what several tests begin with."""

Beginning = Callable[[Preparing], Shop]
"""What gives a copy of a project that was prepared so."""
