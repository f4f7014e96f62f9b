"""What may be wrong with a state on PostgreSQL is told so that a person can do something about it, and no password."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from headgate.core.errors import StoreFailed, StoreTooNew
from headgate.core.events import verify_events
from headgate.core.ports.store import Batch, Entry, NewEvent, StateStore
from headgate.plugins.stores.migration import Migration
from headgate.plugins.stores.postgres import open_postgres_store
from headgate.plugins.stores.postgres_address import postgres_address
from headgate.plugins.stores.postgres_migrations import known_migrations
from headgate.plugins.stores.postgres_texts import loaded, stored
from tests.postgres.server import PASSWORD, PASSWORD_IN_URL, Database, Server

SCHEMA = "headgate_state"
SECOND = Migration(2, "create table notes (text text);\n-- why\ninsert into notes values ('a;b%s');\n")


@contextmanager
def opened(
    url: str, schema: str = SCHEMA, *, create: bool = True, steps: list[Migration] | None = None, patience: float = 1
) -> Iterator[StateStore]:
    store = open_postgres_store(
        postgres_address(url, schema), create=create, nonce=lambda: "id", migrations=steps, patience_seconds=patience
    )
    with closing(store):
        yield store


def fault(url: str, schema: str = SCHEMA, *, create: bool = True, steps: list[Migration] | None = None) -> StoreFailed:
    with opened(url, schema, create=create, steps=steps) as store, pytest.raises(StoreFailed) as caught:
        store.commit(Batch(entries=(Entry("c", "a", "1"),)))
    return checked(caught.value)


def checked(failed: StoreFailed) -> StoreFailed:
    """Return a fault that has a hint and no password, on one line."""
    told = "".join(traceback.format_exception(failed, chain=False)) + str(failed) + failed.hint
    assert PASSWORD not in told
    assert PASSWORD_IN_URL not in told
    assert failed.hint
    assert "\n" not in str(failed)
    return failed


def keep(url: str) -> None:
    with opened(url) as store:
        store.commit(Batch(entries=(Entry("c", "a", "1"),), events=tuple(NewEvent("e", {"i": i}) for i in range(4))))


def test_texts_with_characters_that_postgres_cannot_hold_keep_their_order() -> None:
    texts = [
        "",
        "\x00",
        "\x00\x00",
        "\x00\x01",
        "\x01",
        "\x01\x00",
        "\x01\x02",
        "\x02",
        "a",
        "a\x00",
        "a\x00b",
        "a\x01",
    ]
    assert [loaded(stored(text)) for text in texts] == texts
    assert sorted(texts, key=stored) == sorted(texts)
    assert not any("\x00" in stored(text) for text in texts)
    for text in texts:
        assert [t for t in texts if stored(t).startswith(stored(text))] == [t for t in texts if t.startswith(text)]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:se@cret@h/db", "%40"),
        ("postgresql://u:se/cret@h/db", "%2F"),
        ("postgresql://u:se%cret@h/db", "%25"),
        ("postgresql://u:secret@h:x/db", "port"),
        ("postgresql://u:secret@h:70000/db", "port"),
        ("postgresql://u:secret@h/db?sslmod=require", 'invalid URI query parameter: "sslmod"'),
        ("postgresql://u:secret@[::1/db", "%"),
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        postgres_address(url, SCHEMA)
    assert "cret" not in str(caught.value)
    assert "cret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:secret@h:5/db?sslmode=require", "postgresql://u@h:5/db"),
        ("postgres://h/db", "postgresql://h/db"),
        ("postgresql://u@h1:1,h2:2/db", "postgresql://u@h1:1,h2:2/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql:///run/postgresql/db"),
        ("postgresql://?service=team", "postgresql service team"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = postgres_address(url, SCHEMA)
    assert address.shown == shown
    assert "secret" not in repr(address)
    assert address.without_secrets("is secret, not") in {"is ***, not", "is secret, not"}


@pytest.mark.slow
def test_what_libpq_knows_is_passed_on(database: Database) -> None:
    failed = fault(f"{database.url}?sslmode=require")
    assert "does not support SSL" in str(failed)
    with opened(f"{database.url}?application_name=ours&sslmode=disable") as store:
        store.identity()
        assert database.execute("select application_name from pg_stat_activity where usename = %s", database.owner) == [
            ("ours",)
        ]


@pytest.mark.slow
def test_a_server_that_cannot_be_reached(database: Database) -> None:
    closed = database.url.replace(f":{database.server.port}/", ":1/")
    assert "cannot be reached" in str(fault(closed))
    assert "cannot be reached" in str(fault(database.url.replace("127.0.0.1", "no-such-host.invalid")))


@pytest.mark.slow
def test_a_user_that_is_refused(database: Database) -> None:
    failed = fault(database.url_of(database.owner, password="wr%40ng"))
    assert "refuses the user or the password" in str(failed)
    assert "wr@ng" not in str(failed)
    assert "refuses the user" in str(fault(database.url_of("nobody_known")))


@pytest.mark.slow
def test_a_database_that_is_not_there(database: Database) -> None:
    failed = fault(database.url.replace(f"/{database.name}", "/no_such"))
    assert "does not exist" in str(failed)
    assert "createdb" in failed.hint


@pytest.mark.slow
def test_a_user_who_may_not_make_a_schema_uses_one_that_was_made(database: Database) -> None:
    role = database.role()
    failed = fault(database.url_of(role))
    assert "right" in str(failed)
    assert "shared-state.md" in failed.hint
    database.execute(f'create schema "Our state" authorization {role}')
    with opened(database.url_of(role), "Our state") as store:
        assert store.identity() == "id"


@pytest.mark.slow
def test_a_user_who_may_only_read_looks_and_is_told_when_writing(database: Database) -> None:
    keep(database.url)
    role = database.role()
    assert "right" in str(fault(database.url_of(role)))
    database.execute(f"grant usage on schema {SCHEMA} to {role}")
    database.execute(f"grant select on all tables in schema {SCHEMA} to {role}")
    with opened(database.url_of(role)) as store:
        assert store.identity() == "id"
        with store.reading() as reading:
            assert dict(reading.scan("c")) == {"a": "1"}
            assert reading.lease("engine/local") is None
        with pytest.raises(StoreFailed, match="right") as caught:
            store.acquire("engine/local", holder="me", purpose="", at="")
        checked(caught.value)


@pytest.mark.slow
def test_a_colleague_with_grants_writes_to_a_state_that_another_one_made(database: Database) -> None:
    keep(database.url)
    role = database.role()
    database.execute(f"grant usage on schema {SCHEMA} to {role}")
    database.execute(f"grant select, insert, update, delete on all tables in schema {SCHEMA} to {role}")
    with opened(database.url_of(role)) as store:
        lease = store.acquire("engine/local", holder="me", purpose="", at="")
        store.commit(Batch((Entry("c", "a", None),), events=(NewEvent("e", {}),), lease=lease))
        store.release(lease)


@pytest.mark.slow
def test_the_grants_of_the_page_on_sharing_are_enough(postgres: Server) -> None:
    number = os.getpid()
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "shared-state.md").read_text()
    for name in ("keeper", "ada", "bob", "team"):
        text = re.sub(rf"\b{name}\b", f"{name}{number}", text)
    own, schema, grants = re.findall(r"^```sql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for statement in own.replace("'PASSWORD'", f"'{PASSWORD}'").strip().split("\n"):
        postgres.execute(statement)
    team = Database(postgres, f"team{number}", f"keeper{number}")
    team.execute(schema)
    for name in ("ada", "bob"):
        team.execute(f"create role {name}{number} login password '{PASSWORD}'")
    with opened(team.url, "shop_state") as store:
        store.commit(Batch((Entry("c", "a", "1"),)))
    team.execute(grants)
    with opened(team.url, "shop_state", steps=[*known_migrations(), SECOND]) as store:
        store.identity()
    for name in ("ada", "bob"):
        with opened(team.url_of(f"{name}{number}"), "shop_state", steps=[*known_migrations(), SECOND]) as store:
            with store.reading() as reading:
                assert reading.get("c", ["a"]) == {"a": "1"}
            if name == "ada":
                lease = store.acquire("engine/local", holder="ada", purpose="", at="")
                store.commit(Batch((Entry("c", "a", "1"),), events=(NewEvent("e", {}),), lease=lease))
            else:
                with pytest.raises(StoreFailed, match="right"):
                    store.commit(Batch((Entry("c", "a", "1"),)))
    assert team.execute(f"select has_table_privilege('ada{number}', 'shop_state.notes', 'insert')") == [(True,)]
    postgres.execute(f"drop database team{number} with (force)")


@pytest.mark.slow
def test_the_schema_of_something_else_is_left_alone(database: Database) -> None:
    database.execute(f"create schema {SCHEMA} authorization {database.owner} create table state (a int)")
    failed = fault(database.url)
    assert "not a state of Headgate" in str(failed)
    assert "schema =" in failed.hint
    assert database.execute(f"select count(*) from pg_class where relnamespace = '{SCHEMA}'::regnamespace") == [(1,)]


def test_several_states_in_one_database_know_nothing_of_each_other(database: Database) -> None:
    names = ["headgate_state", "Other 'state'", 'a"b%s{}', "ä\\x"]
    with ExitStack() as stack:
        stores = [stack.enter_context(opened(database.url, name)) for name in names]
        for name, store in zip(names, stores, strict=True):
            store.commit(Batch((Entry("c", "a", name),), events=(NewEvent("e", {}),)))
            assert store.acquire("engine/local", holder=name, purpose="", at="").fence == 1
        for name, store in zip(names, stores, strict=True):
            with store.reading() as reading:
                assert reading.get("c", ["a"]) == {"a": name}
                assert len(list(reading.events())) == 1


@pytest.mark.slow
def test_a_state_that_does_not_exist_is_only_made_where_wanted(database: Database) -> None:
    assert fault(database.url, create=False).hint == "headgate apply"
    assert database.execute("select 1 from pg_namespace where nspname = %s", SCHEMA) == []


@pytest.mark.slow
def test_a_database_in_another_encoding(postgres: Server) -> None:
    made = postgres.database()
    postgres.execute(f"drop database {made.name}")
    query = f"create database {made.name} owner {made.owner} encoding 'LATIN1' locale 'C' template template0"
    postgres.execute(query)
    failed = fault(made.url)
    assert "LATIN1" in str(failed)
    assert "UTF8" in failed.hint
    postgres.drop(made)


@pytest.mark.slow
def test_settings_of_a_role_change_nothing(database: Database) -> None:
    for setting in (
        "default_transaction_isolation to 'serializable'",
        "default_transaction_read_only to on",
        "synchronous_commit to off",
        "standard_conforming_strings to on",
        "search_path to pg_catalog, public",
        "client_encoding to 'LATIN1'",
        "bytea_output to 'escape'",
        "timezone to 'Asia/Kathmandu'",
    ):
        database.execute(f"alter role {database.owner} set {setting}")
    with opened(database.url) as store, opened(database.url) as other:
        for i in range(5):
            for each in (store, other):
                each.commit(Batch((Entry("c", "ä\\'\x00", str(i)),), events=(NewEvent("e", {"text": "ä\\'"}),)))
        with store.reading() as reading:
            assert dict(reading.scan("c")) == {"ä\\'\x00": "4"}
            assert verify_events(reading) is None
        lease = store.acquire("engine/local", holder="me", purpose="", at="")
        with other.reading() as reading:
            assert reading.lease("engine/local") == lease


@pytest.mark.slow
def test_a_statement_timeout_of_the_role_is_told(database: Database) -> None:
    keep(database.url)
    database.execute(f"alter role {database.owner} set statement_timeout to 1000")
    with opened(database.url) as store, psycopg.connect(database.url) as other:
        other.execute(f"select pg_advisory_xact_lock(hashtextextended('headgate {SCHEMA}', 0))")
        with pytest.raises(StoreFailed, match="statement_timeout") as caught:
            store.commit(Batch((Entry("c", "a", "2"),)))
        checked(caught.value)


@pytest.mark.slow
def test_no_connection_left_is_waited_for_and_told(database: Database) -> None:
    keep(database.url)
    database.execute(f"alter role {database.owner} connection limit 0")
    failed = fault(database.url)
    assert "no connection left" in str(failed)
    with opened(database.url, patience=20) as store:
        import threading

        query = f"alter role {database.owner} connection limit 5"
        later = threading.Timer(0.5, database.execute, (query,))
        later.start()
        assert store.identity() == "id"
        later.join()


@pytest.mark.slow
def test_a_key_that_is_too_long_for_an_index_is_told(database: Database) -> None:
    import random

    key = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))
    with opened(database.url) as store:
        with pytest.raises(StoreFailed, match="key as long") as caught:
            store.commit(Batch((Entry("c", key, "1"), Entry("c", "b", "1"))))
        checked(caught.value)
        store.commit(Batch((Entry("c", "b", "2"),)))


@pytest.mark.slow
def test_a_text_that_is_not_unicode_is_refused(database: Database) -> None:
    with opened(database.url) as store:
        for batch in (
            Batch((Entry("c", "b", "1"), Entry("c", "a", "\udc80"))),
            Batch((Entry("c", "\udc80", "1"),)),
            Batch((Entry("c", "b", "1"),), events=(NewEvent("\udc80", {}),)),
        ):
            with pytest.raises(StoreFailed, match="not Unicode"):
                store.commit(batch)
        with store.reading() as reading:
            assert dict(reading.scan("c")) == {}


@pytest.mark.slow
def test_a_state_of_a_newer_headgate_is_refused_unchanged(database: Database) -> None:
    keep(database.url)
    with opened(database.url) as store:
        assert store.identity() == "id"
        with opened(database.url, steps=[*known_migrations(), SECOND]) as newer:
            newer.identity()
        assert database.execute(f"select text from {SCHEMA}.notes") == [("a;b%s",)]
        with pytest.raises(StoreTooNew):
            store.commit(Batch(entries=(Entry("c", "a", "2"),)))
        with pytest.raises(StoreTooNew), store.reading():
            pass
        with pytest.raises(StoreTooNew):
            store.acquire("engine/local", holder="me", purpose="", at="")
    failed = fault(database.url)
    assert isinstance(failed, StoreTooNew)
    assert failed.hint == "pip install --upgrade headgate"
    assert database.execute(f"select value from {SCHEMA}.entries") == [("1",)]


@pytest.mark.slow
def test_an_altered_migration_is_refused(database: Database) -> None:
    keep(database.url)
    first = known_migrations()[0]
    assert "another migration 1" in str(fault(database.url, steps=[Migration(1, first.text + "\n")]))


@pytest.mark.slow
def test_a_migration_that_fails_leaves_the_old_format(database: Database) -> None:
    keep(database.url)
    broken = Migration(2, "create table notes (text text);\ninsert into nowhere values (1);\n")
    assert "nowhere" in str(fault(database.url, steps=[*known_migrations(), broken]))
    with opened(database.url) as store, store.reading() as reading:
        assert reading.get("c", ["a"]) == {"a": "1"}
    with opened(database.url, steps=[*known_migrations(), SECOND]) as store:
        store.identity()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (f"drop table {SCHEMA}.events", "not whole"),
        (f"drop schema {SCHEMA} cascade", "not whole"),
        (f"delete from {SCHEMA}.state where name = 'format'", "older"),
    ],
)
def test_a_state_that_is_taken_away_under_an_open_store(database: Database, statement: str, told: str) -> None:
    keep(database.url)
    with opened(database.url) as store:
        store.identity()
        database.execute(statement)
        with pytest.raises(StoreFailed, match=told) as caught:
            store.commit(Batch(events=(NewEvent("e", {}),)))
        checked(caught.value)


@pytest.mark.slow
def test_a_standby_is_read_and_refuses_to_be_written() -> None:
    server = Server()
    try:
        database = server.database()
        keep(database.url)
        server.stop()
        (server.data / "standby.signal").touch()
        server.start()
        failed = fault(database.url)
        assert "can only be read" in str(failed)
        assert "target_session_attrs" in failed.hint
        with opened(database.url) as store, store.reading() as reading:
            assert dict(reading.scan("c")) == {"a": "1"}
    finally:
        server.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "number", "reason"),
    [
        ("""update events set body = '{"i":7}' where number = 2""", 2, "content"),
        ("update events set previous = '' where number = 2", 2, "follow"),
        ("delete from events where number = 2", 3, "event 2 is missing"),
        ("update events set body = '[1]' where number = 2", 2, "content"),
    ],
)
def test_an_altered_log_is_found(database: Database, statement: str, number: int, reason: str) -> None:
    keep(database.url)
    database.execute(statement.replace("events", f"{SCHEMA}.events"))
    with opened(database.url) as store, store.reading() as reading:
        found = verify_events(reading)
    assert found is not None
    assert (found.number, reason in found.reason) == (number, True)


@pytest.mark.slow
def test_nothing_is_touched_before_the_first_use(database: Database) -> None:
    with opened(database.url):
        pass
    with suppress(ValueError), opened("postgresql://u:p@127.0.0.1:1/none"):
        pass
    assert database.execute("select 1 from pg_namespace where nspname = %s", SCHEMA) == []
