"""The same workload written as a project of each tool, and edits of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.workload import COLUMNS, RAW_TABLES, Asset, Workload

GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Project:
    """A project on disk. Its warehouse starts as a copy of `raw`, which holds the raw tables alone."""

    root: Path
    raw: Path
    workload: Workload

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    def reset_warehouse(self) -> None:
        """Leave the raw tables alone in the warehouse, and no state."""
        for path in self.root.glob("warehouse*"):
            path.unlink()
        shutil.copyfile(self.raw, self.warehouse)

    def remove(self, *names: str) -> None:
        """Remove folders and files of the project that are there."""
        for name in names:
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def write_asset(self, asset: Asset, salt: int) -> None:
        """Write one asset's file; another salt is an edit of what it means."""
        raise NotImplementedError

    def write_assets(self, assets: Iterable[Asset], salt: int = 0) -> None:
        for asset in assets:
            self.write_asset(asset, salt)


def _sources(*, with_types: str) -> str:
    columns = "".join(f"          - name: {name}\n            {with_types}: {kind}\n" for name, kind in COLUMNS)
    tables = "".join(f"      - name: t{n}\n        columns:\n{columns}" for n in range(RAW_TABLES))
    return f"version: 2\nsources:\n  - name: raw\n    schema: raw\n    tables:\n{tables}"


class HeadgateProject(Project):
    """Headgate: plain SQL files, one commit."""

    def write(self) -> None:
        for schema in ("staging", "marts"):
            (self.root / "assets" / schema).mkdir(parents=True, exist_ok=True)
        (self.root / "headgate.toml").write_text('name = "bench"\n')
        (self.root / ".gitignore").write_text("warehouse*\n.headgate/\n")
        (self.root / "assets" / "sources.yml").write_text(_sources(with_types="data_type"))
        self.write_assets(self.workload.assets)
        self._git("init", "--quiet")
        self.commit("Begin")
        self.reset_warehouse()

    def write_asset(self, asset: Asset, salt: int) -> None:
        text = "/* headgate\nowner: bench\n*/\n" + asset.sql(list(asset.inputs), salt)
        (self.root / "assets" / asset.schema / f"{asset.name}.sql").write_text(text)

    def commit(self, subject: str) -> None:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", subject)

    def _git(self, *arguments: str) -> None:
        subprocess.run((*GIT, *arguments), cwd=self.root, check=True, stdout=subprocess.DEVNULL)


class SqlmeshProject(Project):
    """SQLMesh: models of kind FULL, state in a file beside the warehouse."""

    def write(self) -> None:
        (self.root / "models").mkdir(parents=True)
        (self.root / "config.yaml").write_text(
            "gateways:\n  local:\n"
            "    connection:\n      type: duckdb\n      database: warehouse.duckdb\n"
            "    state_connection:\n      type: duckdb\n      database: warehouse.state.db\n"
            "default_gateway: local\nmodel_defaults:\n  dialect: duckdb\n  start: '2024-01-01'\n"
        )
        columns = "".join(f"    {name}: {kind}\n" for name, kind in COLUMNS)
        external = "".join(f"- name: raw.t{n}\n  columns:\n{columns}" for n in range(RAW_TABLES))
        (self.root / "external_models.yaml").write_text(external)
        self.write_assets(self.workload.assets)
        self.reset_warehouse()

    def write_asset(self, asset: Asset, salt: int) -> None:
        text = f"MODEL (name {asset.address}, kind FULL);\n\n" + asset.sql(list(asset.inputs), salt)
        (self.root / "models" / f"{asset.name}.sql").write_text(text)


class DbtProject(Project):
    """dbt with dbt-duckdb: models materialized as tables."""

    def write(self) -> None:
        (self.root / "models").mkdir(parents=True)
        (self.root / "dbt_project.yml").write_text(
            "name: bench\nversion: '1.0'\nprofile: bench\nmodels:\n  bench:\n    +materialized: table\n"
        )
        (self.root / "profiles.yml").write_text(
            "bench:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: warehouse.duckdb\n"
            "      threads: 2\n"
        )
        (self.root / "models" / "sources.yml").write_text(_sources(with_types="data_type"))
        self.write_assets(self.workload.assets)
        self.reset_warehouse()

    def write_asset(self, asset: Asset, salt: int) -> None:
        names = []
        for address in asset.inputs:
            schema, _, name = address.partition(".")
            names.append(f"{{{{ source('raw', '{name}') }}}}" if schema == "raw" else f"{{{{ ref('{name}') }}}}")
        (self.root / "models" / f"{asset.name}.sql").write_text(asset.sql(names, salt))
