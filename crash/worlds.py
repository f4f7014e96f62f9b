"""Worlds: folders with a project, its repository, its warehouse and its state, made once and copied for every run."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from crash.databases import Databases
from crash.process import done, git
from crash.projects import ON_DUCKDB, ON_POSTGRES, RATES, TAKEN, URL, orders_of, rates_of, write
from crash.warehouses import writing


class Worlds:
    """Templates, each made from an earlier one when it is first asked for; on PostgreSQL where databases are given.

    ``templates`` is where they are, if others use the same ones; else they are beside the copies.
    """

    def __init__(self, folder: Path, databases: Databases | None = None, templates: Path | None = None) -> None:
        self.folder = folder
        self._templates = templates or folder
        self.databases = databases
        self._where = ON_POSTGRES if databases else ON_DUCKDB
        self._numbers = count(1)
        folder.mkdir(exist_ok=True)
        self._templates.mkdir(exist_ok=True)

    def get(self, name: str) -> Path:
        """Return the template called ``name``; its docstring says what it is."""
        path = self._templates / name
        with _alone(path.with_suffix(".lock")):
            if not path.exists():
                getattr(self, f"_{name}")(path)
        return path

    def copy(self, name: str) -> Path:
        """Return a copy of a template, to be removed."""
        return self._copied(self.get(name), self.folder / f"{name}-{next(self._numbers)}")

    def beside(self, world: Path) -> Path:
        """Return a copy of a world's folder, with the same database: another machine's; it goes with the world."""
        return Path(shutil.copytree(world, _beside(world), symlinks=True))

    def remove(self, world: Path) -> None:
        """Take a copy away."""
        if self.databases:
            self.databases.drop((world / URL).read_text())
        for folder in (world, _beside(world)):
            shutil.rmtree(folder, ignore_errors=True)

    def _copied(self, template: Path, target: Path) -> Path:
        shutil.copytree(template, target, symlinks=True)
        if self.databases:
            (target / URL).write_text(self.databases.copied((template / URL).read_text()))
        return target

    def _new(self, world: Path) -> None:
        """Code and data of version 1; nothing was ever applied."""
        world.mkdir(parents=True)
        if self.databases:
            (world / URL).write_text(self.databases.new())
        git(world, "init", "-q", "-b", "main")
        shutil.rmtree(world / ".git/hooks", ignore_errors=True)
        self._commit(world, 1)
        write_data(world, 1)

    def _released(self, world: Path) -> None:
        """Version 1 in dev and prod."""
        self._copied(self.get("new"), world)
        done(world, "apply", "dev", "--yes")
        done(world, "promote", "dev", "--yes")

    def _edited(self, world: Path) -> None:
        """Version 1 in dev and prod; the code and the data are version 2."""
        self._copied(self.get("released"), world)
        self._commit(world, 2)
        write_data(world, 2)

    def _applied(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod."""
        self._copied(self.get("edited"), world)
        done(world, "apply", "dev", "--yes")

    def _promoted(self, world: Path) -> None:
        """Version 2 in both; prod can go back to 1."""
        self._copied(self.get("applied"), world)
        done(world, "promote", "dev", "--yes")

    def _ahead(self, world: Path) -> None:
        """Version 3 in dev, 2 in prod, which can go back to 1."""
        self._copied(self.get("promoted"), world)
        self._commit(world, 3)
        write_data(world, 3)
        done(world, "apply", "dev", "--yes")

    def _littered(self, world: Path) -> None:
        """As ``ahead``, with an environment more; nothing that was replaced is retained: version 1 is garbage."""
        self._copied(self.get("promoted"), world)
        self._commit(world, 2, retain="0 seconds")
        done(world, "apply", "dev", "--yes")
        done(world, "promote", "dev", "--yes")
        self._commit(world, 3, retain="0 seconds")
        write_data(world, 3)
        done(world, "apply", "dev", "--yes")
        done(world, "apply", "pr-1", "--yes")

    def _reloaded(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod; the data is version 3."""
        self._copied(self.get("applied"), world)
        write_data(world, 3)

    def _undone(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod, which took in the data of version 2 and went back; the data is version 3."""
        self._copied(self.get("applied"), world)
        done(world, "run", "prod")
        done(world, "rollback", "prod", "--yes")
        write_data(world, 3)

    def _taken(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod; somebody else has a table and a view where version 2 shows its own."""
        self._copied(self.get("applied"), world)
        take_names(world)

    def _adopted(self, world: Path) -> None:
        """Version 2 in both, with what somebody else had set aside; prod can go back to 1."""
        self._copied(self.get("taken"), world)
        done(world, "promote", "dev", "--adopt", "--yes")

    def _commit(self, world: Path, version: int, retain: str = "7 days") -> None:
        write(world, version, where=self._where)
        toml = world / "headgate.toml"
        toml.write_text(toml.read_text().replace("0 seconds", retain))
        git(world, "add", "-A")
        git(world, "commit", "-q", "-m", f"Version {version}, kept for {retain}")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock file for the time of a ``with``."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _beside(world: Path) -> Path:
    return world.with_name(f"{world.name}-beside")


def write_data(world: Path, version: int) -> None:
    """Make the world's data that version's: the file at once, the table in one transaction."""
    (world / "data").mkdir(exist_ok=True)
    (world / "data/orders.csv").write_text(orders_of(version))
    with writing(world) as execute:
        execute("create schema if not exists raw")
        execute(f"create table if not exists raw.rates ({RATES})")
        execute("delete from raw.rates")
        execute(f"insert into raw.rates {rates_of(version)}")


def take_names(world: Path) -> None:
    """Make a table and a view of somebody else under names of assets."""
    with writing(world) as execute:
        execute("create table raw.taken as select 'somebody else' as whose")
        for kind, (schema, name) in zip(("table", "view"), TAKEN, strict=True):
            execute(f"create {kind} {schema}.{name} as select 'somebody else' as whose")
