"""A real project for a sequence of loads: files, git, a warehouse, and the commands as functions."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from fuzz.loading_reference import FOREVER, Data, Settings
from headgate.app.apply import apply
from headgate.app.plan import Request, plan_for_apply
from headgate.app.promote import promote
from headgate.app.releasing.promotion import plan_promotion
from headgate.app.repository import open_repository
from headgate.app.rollback import plan_rollback, rollback
from headgate.app.run import RunRequest, plan_run, run
from headgate.core.errors import HeadgateError, Refused
from headgate.plugins.engines.duckdb import DuckEngine
from headgate.plugins.engines.postgres import PostgresEngine

TOML = """name = "loads"
[engines.local]
{engine}
[environments.prod]
engine = "local"
protected = true
retain = "0 seconds"
[environments."*"]
engine = "local"
retain = "0 seconds"
"""


TOO_MUCH = 1_000
"""The table over all assets refuses such a value."""


class Cut(BaseException):
    """The process is as good as gone."""


class Reader:
    """Asks what environments show."""

    def __init__(self, settings: Settings, ask: Callable[[str], list[Any]]) -> None:
        self._settings = settings
        self._ask = ask

    def rows(self, environment: str, name: str) -> list[tuple[Any, ...]]:
        """Return the rows of an asset, sorted as the reference sorts them."""
        settings = self._settings
        at = "ts at time zone 'UTC'" if settings.is_instant else "ts"
        columns = f"id, {at}, v"
        if name == "hist":
            plain = settings.by_timestamp and not settings.is_instant
            columns += (
                ", valid_from, valid_to" if plain else ", valid_from at time zone 'UTC', valid_to at time zone 'UTC'"
            )
        rows = self._ask(f"select {columns} from {_schema(environment)}.{name}")
        return sorted(rows, key=lambda r: (*r[:1], *r[3:4], r[4] or FOREVER) if name == "hist" else r)

    def counts(self, environment: str) -> dict[str, int]:
        """Return what the table over all assets counted."""
        return dict(self._ask(f"select asset, n from {_schema(environment)}.total"))


def _schema(environment: str) -> str:
    return "m" if environment == "prod" else f"m__{environment}"


class World:
    """One project in a folder; every command opens and closes everything, as a process would."""

    def __init__(self, root: Path, settings: Settings, url: str = "") -> None:
        self.root = root
        self.url = url
        self.settings = settings
        (root / "assets" / "m").mkdir(parents=True)
        (root / "data").mkdir()
        engine = f'kind = "postgres"\nurl = "{url}"' if url else 'kind = "duckdb"\npath = "warehouse.duckdb"'
        (root / "headgate.toml").write_text(TOML.format(engine=engine))
        (root / "assets" / "raw.yml").write_text(
            "sources:\n  - name: raw\n    tables:\n      - name: events\n        path: data/events.parquet\n"
        )
        self.write(())
        self._git("init", "-q", "-b", "main")

    def write(self, data: Data) -> None:
        """Leave the source's file with these rows."""
        kind = "timestamptz" if self.settings.is_instant else "timestamp"
        offset = "+00" if self.settings.is_instant else ""
        rows = [f"({r.id}, '{r.at:%Y-%m-%d %H:%M:%S}{offset}', {r.v}, {r.gone})" for r in data]
        values = ", ".join(rows or ["(0, '2000-01-01', 0, true)"])
        picked = f"select id::bigint as id, ts::{kind} as ts, v::bigint as v, gone::boolean as gone"
        target = self.root / "data" / "events.parquet"
        only = "true" if data else "false"
        duckdb.execute(f"copy ({picked} from (values {values}) as t(id, ts, v, gone) where {only}) to '{target}'")

    def write_code(self, codes: dict[str, int]) -> None:
        """Leave the assets with these factors, and commit them."""
        s = self.settings
        query = "select e.id, e.ts, e.v * {}{} as v{} from raw.events as e"
        timed = (
            f"kind: incremental\ntime_column: ts\ngrain: {s.grain}\ntime_zone: {s.zone}\n"
            f"lookback: {s.lookback}\nstart: {s.start:%Y-%m-%d}\nbatch: 5"
        )
        flag = "\ndeletes: gone" if s.deletes == "flag" else ""
        headers = {
            "inc": timed,
            "key": "kind: incremental\nunique_key: id" + ("\ndeletes: missing" if s.deletes == "missing" else flag),
            "both": f"{timed}\nunique_key: id{flag}",
            "hist": "kind: snapshot\nunique_key: id\n"
            + ("updated_at: ts" if s.by_timestamp else "check: [ts, v]")
            + ("\ndeletes: missing" if s.closes_missing else ""),
        }
        for name, code in codes.items():
            text = query.format(code, "::bigint", ", e.gone" if name in ("key", "both") and s.deletes == "flag" else "")
            if name == "both":  # several rows of a key, each at a time of its own
                text = text.replace("e.id, e.ts", "e.id % 3 as id, e.ts + e.id * interval '1 second' as ts")
            where = " where e.ts >= :start and e.ts < :end" if name in ("inc", "both") else ""
            (self.root / "assets" / "m" / f"{name}.sql").write_text(
                f"/* headgate\n{headers[name]}\n*/\n{text}{where}\n"
            )
        refused = f"cast(case when max(v) >= {TOO_MUCH} then 'no' else '0' end as integer)"
        counts = " union all ".join(
            f"select '{name}' as asset, count(*) + {refused} as n from m.{name}" for name in codes
        )
        (self.root / "assets" / "m" / "total.sql").write_text(f"{counts}\n")
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", "code")

    def apply(self, now: datetime) -> None:
        """Apply the working tree to dev."""
        session, repository = open_repository(self.root)
        with session:
            session.settle("dev")
            planned = plan_for_apply(session, repository, Request("dev", now=_instant(now)))
            if not planned.plan.is_empty:
                done = apply(session, planned, report=_silent)
                assert done.outcome.is_complete, done.outcome.failures

    def restate(self, now: datetime, since: str, until: str) -> bool:
        """Load an interval of prod again; tell whether any of it could be."""
        try:
            self.run("prod", now, since, until)
        except Refused as refused:
            if refused.diagnostics[0].code != "HG407":
                raise
            return False
        return True

    def run(self, environment: str, now: datetime, since: str = "", until: str = "") -> None:
        """Run an environment, restating an interval where one is given."""
        session, repository = open_repository(self.root)
        with session:
            session.settle(environment)
            opened = "what is shown is compared here, whatever it is"
            request = RunRequest(environment, now=_instant(now), since=since, until=until, overridden=opened)
            ran = run(session, plan_run(session, repository, request), report=_silent)
            assert ran.outcome is None or ran.outcome.is_complete, ran.outcome.failures

    def run_in_vain(self, environment: str, now: datetime, data: Data) -> None:
        """Run an environment on data that the table over all assets refuses; then leave what was there."""
        session, repository = open_repository(self.root)
        path = self.root / "data" / "events.parquet"
        before = path.read_bytes()
        self.write(data)
        with session:
            session.settle(environment)
            ran = run(
                session, plan_run(session, repository, RunRequest(environment, now=_instant(now))), report=_silent
            )
            assert ran.outcome is not None, "it took nothing in"
            assert not ran.outcome.is_complete, "what is refused was published"
        path.write_bytes(before)

    def promote(self) -> bool:
        """Promote dev; tell whether that was possible."""
        session, repository = open_repository(self.root)
        with session:
            session.settle("prod")
            try:
                planned = plan_promotion(session, repository, source="dev", to=None)
            except Refused:
                return False
            promote(session, repository, planned, overridden="what is shown is compared here, whatever it is")
            return True

    def roll_back(self) -> bool:
        """Roll prod back by one move; tell whether that was possible."""
        session, _ = open_repository(self.root)
        with session:
            session.settle("prod")
            try:
                planned = plan_rollback(session, "prod", to=None)
            except Refused:
                return False
            rollback(session, planned)
            return True

    def collect(self) -> None:
        """Drop all that nobody shows and no rollback needs."""
        from headgate.app.gc import gc

        session, _ = open_repository(self.root)
        with session:
            gc(session)

    def stamp(self) -> tuple[int, ...] | None:
        """Return what is another one after the warehouse was written to; None where nothing tells."""
        path = self.root / "warehouse.duckdb"
        if self.url or not path.exists():
            return None
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Read what is shown, on one connection: to open a file takes longer than to read it."""
        if self.url:
            with psycopg.connect(self.url, options="-c timezone=UTC") as server:
                yield Reader(self.settings, lambda query: server.execute(query.encode()).fetchall())
            return
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True, config={"threads": 1}) as connection:
            connection.execute("set timezone = 'UTC'")
            yield Reader(self.settings, lambda query: connection.execute(query).fetchall())

    def cut_after(self, calls: int) -> AbstractContextManager[None]:
        """Cut whatever runs inside off at the given writing call of the engine: before it, or after it is done."""
        return cut_after(calls, PostgresEngine if self.url else DuckEngine)

    def _git(self, *arguments: str) -> None:
        name = ("-c", "user.name=fuzz", "-c", "user.email=fuzz@localhost", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *name, *arguments], cwd=self.root, check=True, capture_output=True)


@contextmanager
def cut_after(calls: int, kind: type[Any]) -> Iterator[None]:
    """Make the given writing call of an engine the last one."""
    left = [calls]
    names = ("build", "begin_load", "load_part", "end_load", "publish", "adopt", "drop")
    originals: dict[str, Callable[..., Any]] = {name: getattr(kind, name) for name in names}

    def watched(name: str) -> Callable[..., Any]:
        def call(engine: Any, *args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Cut(f"before {name}")
            result = originals[name](engine, *args, **kwargs)
            left[0] -= 1
            if left[0] == 0:
                raise Cut(f"after {name}")
            return result

        return call

    for name in names:
        setattr(kind, name, watched(name))
    try:
        yield
    except (Cut, HeadgateError):
        if left[0] > 0:
            raise
    finally:
        for name, original in originals.items():
            setattr(kind, name, original)


def _instant(now: datetime) -> str:
    return f"{now.isoformat()}Z"


def _silent(_event: object) -> None:
    return None
