"""Databases of worlds on a PostgreSQL server, which is crashed and whose connections are cut."""

from __future__ import annotations

import threading
from itertools import count
from urllib.parse import urlsplit

from psycopg import sql

from tests.postgres.server import PASSWORD_IN_URL, Server


class Databases:
    """A server of its own, and the databases on it, all of one owner without superuser."""

    def __init__(self) -> None:
        self._server = Server()
        self._owner = self._server.role()
        self._numbers = count(1)
        self._guard = threading.Lock()

    def new(self) -> str:
        """Return the address of an empty database."""
        return self._made(sql.SQL(""))

    def copied(self, url: str) -> str:
        """Return the address of a copy. Nobody may be connected to the one that is copied."""
        return self._made(sql.SQL(" template {}").format(sql.Identifier(_name(url))))

    def drop(self, url: str) -> None:
        """Drop a database with whoever is connected to it."""
        with self._server.connection() as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(_name(url))))

    def crash(self) -> None:
        """Stop the server as if it had been killed, and start it: it recovers from its log."""
        port = self._server.port
        self._server.stop("immediate")
        self._server.start()
        if self._server.port != port:
            raise RuntimeError("somebody took the port of the server while it was down")

    def cut(self, url: str) -> int:
        """Cut all connections to a database; return how many there were."""
        query = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
        return len(self._server.execute(query, _name(url)))

    def close(self) -> None:
        """Stop the server for good."""
        self._server.close()

    def _made(self, template: sql.Composable) -> str:
        with self._guard:
            name = f"world{next(self._numbers)}"
        query = sql.SQL("create database {} owner {}{}")
        with self._server.connection() as connection:
            connection.execute(query.format(sql.Identifier(name), sql.Identifier(self._owner), template))
            # Until the next checkpoint a crash sets the sequences of a copied database back.
            connection.execute("checkpoint")
        return f"postgresql://{self._owner}:{PASSWORD_IN_URL}@127.0.0.1:{self._server.port}/{name}"


def _name(url: str) -> str:
    return urlsplit(url).path[1:]
