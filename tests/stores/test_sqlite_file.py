"""The state file: what may be wrong with it, its formats and how one leads to the next, its chain of events."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from headgate.core.errors import StoreFailed, StoreTooNew
from headgate.core.events import verify_events
from headgate.core.ports.store import Batch, Entry, EventChainFault, NewEvent, StateStore
from headgate.plugins.stores.migration import Migration
from headgate.plugins.stores.sqlite import open_sqlite_store
from headgate.plugins.stores.sqlite_migrations import known_migrations
from tests.golden import write_state

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("state-*.db"))
SECOND = Migration(2, "create table notes (text text);\n-- why\ninsert into notes values ('a;b');\n")


@contextmanager
def opened(path: Path, *, create: bool = True, steps: list[Migration] | None = None) -> Iterator[StateStore]:
    with closing(open_sqlite_store(path, create=create, nonce=lambda: "id", migrations=steps)) as store:
        yield store


def fault(path: Path, *, create: bool = True, steps: list[Migration] | None = None) -> StoreFailed:
    with opened(path, create=create, steps=steps) as store, pytest.raises(StoreFailed) as caught:
        store.identity()
    assert caught.value.hint
    return caught.value


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "w.state.db"
    with opened(path) as store:
        store.commit(Batch(entries=(Entry("c", "a", "1"),), events=tuple(NewEvent("e", {"i": i}) for i in range(4))))
    return path


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert "mkdir -p" in fault(tmp_path / "no" / "w.db").hint


def test_a_state_that_does_not_exist_is_only_made_where_wanted(tmp_path: Path) -> None:
    assert fault(tmp_path / "w.db", create=False).hint == "headgate apply"
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_touched_before_the_first_use(tmp_path: Path) -> None:
    open_sqlite_store(tmp_path / "no" / "w.db", nonce=lambda: "id").close()
    open_sqlite_store(tmp_path / "w.db", nonce=lambda: "id").close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    path.write_text("name = 'flights'\n" * 500)
    assert "is not a state of Headgate" in str(fault(path))
    assert path.read_text() == "name = 'flights'\n" * 500


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "w.db").mkdir()
    assert "cannot be opened" in str(fault(tmp_path / "w.db"))


def test_the_sqlite_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    change(path, "create table t (a)")
    before = path.read_bytes()
    assert "not a state of Headgate" in str(fault(path))
    assert path.read_bytes() == before


def test_a_damaged_file(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (path.stat().st_size - 100))
    assert "damaged" in str(fault(path))


def test_names_that_a_uri_would_take_apart(tmp_path: Path) -> None:
    path = tmp_path / "a%20b?mode=ro#ä.db"
    with opened(path) as store:
        store.commit(Batch(entries=(Entry("c", "a", "1"),)))
    with opened(path, create=False) as store, store.reading() as reading:
        assert reading.get("c", ["a"]) == {"a": "1"}


def test_a_text_that_is_not_unicode_is_refused(path: Path) -> None:
    with opened(path) as store:
        with pytest.raises(StoreFailed, match="not Unicode"):
            store.commit(Batch(entries=(Entry("c", "b", "1"), Entry("c", "a", "\udc80"))))
        with store.reading() as reading:
            assert dict(reading.scan("c")) == {"a": "1"}


WRITE = """
import sys, pathlib
from headgate.core.errors import StoreFailed
from headgate.core.ports.store import Batch, Entry
from headgate.plugins.stores.sqlite import open_sqlite_store
{before}
store = open_sqlite_store(pathlib.Path(sys.argv[1]), nonce=lambda: "id")
try:
    store.commit(Batch(entries=tuple(Entry("c", f"k{{i}}", "x" * 1000) for i in range(5000))))
except StoreFailed as failed:
    print(failed, "|", failed.hint)
"""


def write_after(before: str, path: Path) -> str:
    script = WRITE.format(before=textwrap.dedent(before))
    return subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True).stdout


def test_a_disk_that_is_full_loses_nothing(path: Path) -> None:
    told = write_after("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))", path)
    assert "disk" in told.split("|")[1]
    with opened(path) as store, store.reading() as reading:
        assert dict(reading.scan("c")) == {"a": "1"}
        assert verify_events(reading) is None


def test_a_file_that_may_not_be_written() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.db"
        with opened(path) as store:
            store.identity()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        try:
            told = write_after("import os; os.getuid() or os.setuid(65534)", path)
        finally:
            Path(folder).chmod(0o755)
    assert "may write" in told.split("|")[1]


def test_a_state_of_a_newer_headgate_is_refused_unchanged(path: Path) -> None:
    change(path, "pragma user_version = 2", "drop table migrations")
    before = path.read_bytes()
    failed = fault(path)
    assert isinstance(failed, StoreTooNew)
    assert failed.hint == "pip install --upgrade headgate"
    assert path.read_bytes() == before


def test_a_state_that_a_newer_headgate_migrates_under_an_open_one_is_refused(path: Path) -> None:
    with opened(path) as store:
        assert store.identity() == "id"
        with opened(path, steps=[*known_migrations(), SECOND]) as newer:
            newer.identity()
        with pytest.raises(StoreTooNew):
            store.commit(Batch(entries=(Entry("c", "a", "2"),)))
        with pytest.raises(StoreTooNew), store.reading():
            pass


def test_an_altered_migration_is_refused(path: Path) -> None:
    first = known_migrations()[0]
    assert "another migration 1" in str(fault(path, steps=[Migration(1, first.text + "\n")]))
    change(path, "update migrations set checksum = 'h1:00'")
    assert "another migration 1" in str(fault(path))


def test_migrations_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in known_migrations()] == list(range(1, len(known_migrations()) + 1))


def test_a_migration_that_fails_leaves_the_old_format(path: Path) -> None:
    broken = Migration(2, "create table notes (text text);\ninsert into nowhere values (1);\n")
    assert "nowhere" in str(fault(path, steps=[*known_migrations(), broken]))
    with opened(path) as store, store.reading() as reading:
        assert reading.get("c", ["a"]) == {"a": "1"}
    with opened(path, steps=[*known_migrations(), SECOND]) as store:
        store.identity()


MIGRATE = """
import sys, pathlib
from headgate.plugins.stores.sqlite import open_sqlite_store
from headgate.plugins.stores.migration import Migration
from headgate.plugins.stores.sqlite_migrations import known_migrations
rows = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) select i from n"
text = "".join(f"create table t{i} as {rows};\\n" for i in range(20))
steps = [*known_migrations(), Migration(2, text), Migration(3, "create table last (a);")]
store = open_sqlite_store(pathlib.Path(sys.argv[1]), nonce=lambda: "other", migrations=steps)
print("begin", flush=True)
store.identity()
print("end", flush=True)
"""


@pytest.mark.slow
def test_a_migration_killed_midway_leaves_the_old_format_or_the_new_one(path: Path) -> None:
    formats = set()
    for attempt in range(8):
        copy = path.with_name(f"{attempt}.db")
        shutil.copy(path, copy)
        with subprocess.Popen([sys.executable, "-c", MIGRATE, copy], stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(attempt * 0.006)
            process.send_signal(signal.SIGKILL)
        with closing(sqlite3.connect(copy)) as connection:
            (number,) = connection.execute("pragma user_version").fetchone()
            tables = connection.execute("select count(*) from sqlite_schema where type = 'table'").fetchone()[0]
        assert tables == {1: 5, 2: 25, 3: 26}[number]
        formats.add(number)
        subprocess.run([sys.executable, "-c", MIGRATE, copy], check=True, capture_output=True)
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("pragma user_version").fetchone() == (3,)
            assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    assert 1 in formats


def test_there_is_a_golden_file_for_every_format() -> None:
    assert [golden.name for golden in GOLDEN] == [f"state-{m.number:04}.db" for m in known_migrations()]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
@pytest.mark.parametrize("steps", [None, [*known_migrations(), SECOND]], ids=["today", "migrated"])
def test_a_golden_state_is_read(golden: Path, steps: list[Migration] | None, tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    shutil.copyfile(golden, path)
    with opened(path, create=False, steps=steps) as store:
        assert store.identity() == write_state.IDENTITY
        with store.reading() as reading:
            for (collection, key), value in write_state.ENTRIES.items():
                assert reading.get(collection, [key]) == {key: value}
            assert [(e.kind, e.body) for e in reading.events()] == [(e.kind, e.body) for e in write_state.EVENTS]
            assert verify_events(reading) is None
            assert reading.lease("engine/local") is None
        assert store.acquire("engine/local", holder="me", purpose="apply", at="now").fence == 3
        store.commit(Batch(events=(NewEvent("e", {}),)))
        with store.reading() as reading:
            assert verify_events(reading) is None
    if steps:
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("select text from notes").fetchall() == [("a;b",)]


@pytest.mark.parametrize(
    ("statement", "number", "reason"),
    [
        ("""update events set body = '{"i":7}' where number = 2""", 2, "content"),
        ("update events set kind = 'f' where number = 3", 3, "content"),
        ("update events set hash = 'h1:00' where number = 4", 4, "content"),
        ("update events set previous = '' where number = 2", 2, "follow"),
        ("delete from events where number = 2", 3, "event 2 is missing"),
        ("delete from events where number = 1", 2, "event 1 is missing"),
        ("update events set number = -number where number < 3", 3, "event 1 is missing"),
        ("update events set body = '{' where number = 2", 2, "content"),
        ("update events set body = '[1]' where number = 2", 2, "content"),
    ],
)
def test_an_altered_log_is_found(path: Path, statement: str, number: int, reason: str) -> None:
    change(path, statement)
    with opened(path) as store, store.reading() as reading:
        found = verify_events(reading)
    assert isinstance(found, EventChainFault)
    assert found.number == number
    assert reason in found.reason
    assert found.events[-1].number == number


def test_an_event_that_is_not_json_is_kept_as_the_text_that_it_is(path: Path) -> None:
    change(path, "update events set body = '{' where number = 2")
    with opened(path) as store, store.reading() as reading:
        assert [event.body for event in reading.events()][1] == {"unreadable": "{"}
