"""Worlds: folders with a project, its repository, its warehouse and its state, made once and copied for every run."""

from __future__ import annotations

import shutil
from pathlib import Path

from crash.process import done, git
from crash.projects import take_names, write, write_data


def copied(template: Path, target: Path) -> Path:
    """Leave a copy of a world at ``target`` and return it."""
    shutil.copytree(template, target, symlinks=True)
    return target


class Worlds:
    """Templates, each made from an earlier one when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> Path:
        """Return the template called ``name``; its docstring says what it is."""
        path = self.folder / name
        if not path.exists():
            getattr(self, f"_{name}")(path)
        return path

    def _new(self, world: Path) -> None:
        """Code and data of version 1; nothing was ever applied."""
        world.mkdir(parents=True)
        git(world, "init", "-q", "-b", "main")
        shutil.rmtree(world / ".git/hooks", ignore_errors=True)
        _commit(world, 1)
        write_data(world, 1)

    def _released(self, world: Path) -> None:
        """Version 1 in dev and prod."""
        copied(self.get("new"), world)
        done(world, "apply", "dev", "--yes")
        done(world, "promote", "dev", "--yes")

    def _edited(self, world: Path) -> None:
        """Version 1 in dev and prod; the code and the data are version 2."""
        copied(self.get("released"), world)
        _commit(world, 2)
        write_data(world, 2)

    def _applied(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod."""
        copied(self.get("edited"), world)
        done(world, "apply", "dev", "--yes")

    def _promoted(self, world: Path) -> None:
        """Version 2 in both; prod can go back to 1."""
        copied(self.get("applied"), world)
        done(world, "promote", "dev", "--yes")

    def _ahead(self, world: Path) -> None:
        """Version 3 in dev, 2 in prod, which can go back to 1."""
        copied(self.get("promoted"), world)
        _commit(world, 3)
        write_data(world, 3)
        done(world, "apply", "dev", "--yes")

    def _littered(self, world: Path) -> None:
        """As ``ahead``, with an environment more; nothing that was replaced is retained: version 1 is garbage."""
        copied(self.get("ahead"), world)
        done(world, "apply", "pr-1", "--yes")
        _commit(world, 3, retain="0 seconds")

    def _reloaded(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod; the data is version 3."""
        copied(self.get("applied"), world)
        write_data(world, 3)

    def _undone(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod, which took in the data of version 2 and went back; the data is version 3."""
        copied(self.get("applied"), world)
        done(world, "run", "prod")
        done(world, "rollback", "prod", "--yes")
        write_data(world, 3)

    def _taken(self, world: Path) -> None:
        """Version 2 in dev, 1 in prod; somebody else has a table and a view where version 2 shows its own."""
        copied(self.get("applied"), world)
        take_names(world)

    def _adopted(self, world: Path) -> None:
        """Version 2 in both, with what somebody else had set aside; prod can go back to 1."""
        copied(self.get("taken"), world)
        done(world, "promote", "dev", "--adopt", "--yes")


def _commit(world: Path, version: int, retain: str = "7 days") -> None:
    write(world, version)
    toml = world / "headgate.toml"
    toml.write_text(toml.read_text().replace("0 seconds", retain))
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", f"Version {version}, kept for {retain}")
