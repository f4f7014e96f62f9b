"""A project of several people: ada and ben answer for its tables, eve for the dashboard."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing

from headgate.core.declarations import File
from headgate.core.hashing import Digest, content_digest
from headgate.release.source_code import tree_digest
from tests.laws.shop import Shop

OWNERS = '\n[owners.ops]\nmembers = ["ada", "ben@x.org"]\n\n[owners.sales]\nmembers = ["eve"]\n'
ORDERS = "select id, price * {factor} as price from raw.orders"


class Team(Shop):
    """A project of several people; ``become`` says who is at work."""

    become: Callable[[str], None]

    def edit(self, message: str, **files: str) -> str:
        """Change the price, or files, and apply; return the commit."""
        for path, text in files.items():
            self.file(path, text)
        commit = self.commit(message)
        self.apply()
        return commit

    def price(self, factor: int, *, where: str = "") -> str:
        """Change what the orders cost, and apply."""
        self.asset("m.orders", ORDERS.format(factor=factor) + where)
        return self.edit(f"Times {factor}")

    def entries(self, collection: str) -> dict[str, str]:
        """Return what the state holds in a collection."""
        with closing(sqlite3.connect(self.root / "warehouse.state.db")) as connection:
            query = "select key, value from entries where collection = ?"
            return dict(connection.execute(query, (collection,)).fetchall())

    def alter(self, collection: str, change: Callable[[str], str | None]) -> int:
        """Alter the state as somebody does who has its file; return how many entries were altered."""
        altered = 0
        with closing(sqlite3.connect(self.root / "warehouse.state.db")) as connection, connection:
            for key, before in self.entries(collection).items():
                after = change(before)
                if after is None:
                    connection.execute("delete from entries where collection = ? and key = ?", (collection, key))
                elif after != before:
                    connection.execute(
                        "update entries set value = ? where collection = ? and key = ?", (after, collection, key)
                    )
                altered += after != before
        return altered

    def drop(self, collection: str, *keys: str) -> int:
        """Have the state and the cache lose entries, all of a collection where none is named; return how many."""
        shutil.rmtree(self.root / ".headgate")
        lost = set(keys or self.entries(collection))
        with closing(sqlite3.connect(self.root / "warehouse.state.db")) as connection, connection:
            for key in lost:
                connection.execute("delete from entries where collection = ? and key = ?", (collection, key))
        return len(lost)

    def blob(self, path: str) -> str:
        """Return under which key the state keeps a file as it stands here."""
        return content_digest([(self.root / path).read_bytes()])

    def forge(self, path: str, text: str) -> None:
        """Have the state say that the released code has another text under a path, and all digests fit."""
        (tree, listing), *_ = self.entries("trees").items()
        content = text.encode()
        blob = content_digest([content])
        files = {**json.loads(listing), path: [blob, len(content)]}
        forged = tree_digest([File(name, Digest(one), size) for name, (one, size) in files.items()])
        packed = base64.b64encode(zlib.compress(content)).decode("ascii")
        added = [("blobs", blob, packed), ("trees", forged, json.dumps(files))]
        with closing(sqlite3.connect(self.root / "warehouse.state.db")) as connection, connection:
            connection.executemany("insert into entries values (?, ?, ?)", added)
        self.alter("moves", lambda move: move.replace(tree, forged))

    def decision(self, release: int) -> dict[str, object]:
        """Return the decision that a release of prod keeps."""
        found: dict[str, object] = json.loads(self.entries("decisions")[f"prod/{release:010d}"])
        return found

    def released(self) -> int:
        """Return the number of prod's last release."""
        return int(self.result("releases", "prod")["releases"][0]["serial"])
