"""Signed records of releases, as a user meets them: made, verified, exported, read by tools of others."""

import base64
import json
import os
import re
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headgate.core.hashing import digest
from headgate.core.json_form import dumps, loads
from headgate.plugins.signers.ed25519 import own_signer
from tests.laws.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three releases of prod: two promotions and a rollback."""
    shop = Shop(tmp_path_factory.mktemp("record") / "shop")
    shop.asset("m.orders", "select 1 as id, 100 as cents")
    shop.asset("m.total", "select sum(cents)::bigint as cents from m.orders")
    tests = "models:\n  - name: m.orders\n    columns:\n      - name: id\n        data_tests: [not_null, unique]\n"
    shop.file("assets/m.yml", tests)
    shop.commit("Begin")
    shop.apply()
    shop.promote()
    shop.asset("m.total", "select sum(cents)::bigint + 1 as cents from m.orders")
    shop.commit("Add one")
    shop.apply()
    shop.promote()
    shop.does("rollback", "prod", "--yes")
    return shop.root


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Shop:
    """A copy of that, to be altered."""
    root = tmp_path / "shop"
    shutil.copytree(made, root)
    found = Shop.__new__(Shop)
    found.root = root
    return found


def altered(shop: Shop, statement: str, *values: object) -> None:
    """Alter the state as somebody does who may write into its file."""
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as connection:
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


def entry(shop: Shop, collection: str, key: str) -> Any:
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as connection:
        found = connection.execute("select value from entries where collection = ? and key = ?", (collection, key))
        return loads(found.fetchone()[0])


def put(shop: Shop, collection: str, key: str, body: Any) -> None:
    altered(shop, "update entries set value = ? where collection = ? and key = ?", dumps(body), collection, key)


def with_log_mended(shop: Shop, change: Callable[[dict[str, Any]], None], *, serial: int) -> None:
    """Alter the event of a move of prod, and hash the log anew from there on, as a careful forger does."""
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as connection:
        previous = ""
        events = connection.execute("select number, kind, body from events order by number").fetchall()
        for number, kind, text in events:
            body = loads(text)
            if kind == "move" and (body["environment"], body["serial"]) == ("prod", serial):
                change(body)
            found = digest("event", previous, number, kind, dumps(body))
            connection.execute(
                "update events set body = ?, previous = ?, hash = ? where number = ?",
                (dumps(body), previous, found, number),
            )
            previous = found
        connection.commit()


def told(shop: Shop, *arguments: str) -> list[str]:
    """Return the summaries of what was found, which has to be something."""
    body = shop.json("verify", *arguments)
    assert body["exit_status"] == 1
    return [f"{one['code']} {one['summary']}" for one in body["diagnostics"]]


def test_every_release_of_a_protected_environment_is_signed(shop: Shop) -> None:
    result = shop.result("verify", "--all")
    assert [(one["release"], one["is_signed"], one["is_sound"]) for one in result["releases"]] == [
        (1, True, True), (2, True, True), (3, True, True),
    ]  # fmt: skip
    first, second, third = (one["predicate"] for one in result["releases"])
    assert first["previous"] is None
    assert second["previous"]["release"] == 1
    assert third["restores"] == third["restored"]["release"] == 1
    assert third["pointers"]["after"] == first["pointers"]["after"]
    assert third["pointers"]["before"] == second["pointers"]["after"]
    assert first["tests"]["result"] == "PASSED"
    assert "3 of 3 releases of prod as signed." in shop.does("verify", "--all")
    assert "release 3 of prod is as it was signed" in shop.does("verify")


def test_an_environment_that_is_not_protected_has_no_records(shop: Shop) -> None:
    assert told(shop, "--env", "dev") == [
        "HG730 release 2 of dev has no signed record: dev was not protected, or nothing was signed yet"
    ]


def test_a_signer_is_noted_once_in_the_log(shop: Shop) -> None:
    key = own_signer(Path(os.environ["XDG_CONFIG_HOME"]) / "headgate" / "signing-key.pem").key
    with closing(sqlite3.connect(shop.root / "warehouse.state.db")) as connection:
        events = connection.execute("select body from events where kind = 'signer'").fetchall()
    assert [loads(body)["key"] for (body,) in events] == [key]
    assert shop.does("record", "key").strip() == key


def test_altered_evidence_is_named(shop: Shop) -> None:
    from headgate.core.grounds import packed

    body = entry(shop, "records", "prod/0000000002")
    put(shop, "records", "prod/0000000002", {**body, "grounds": packed('{"checks":{}}')})
    assert told(shop, "2") == [
        "HG733 release 2 of prod: its signed record is not the one that the log tells of",
        "HG733 release 2 of prod: its evidence was altered",
    ]


def test_altered_source_code_is_named_in_each_release_that_has_it(shop: Shop) -> None:
    from headgate.core.hashing import content_digest

    text = (shop.root / "assets/m/orders.sql").read_bytes()
    other = base64.b64encode(zlib.compress(text.replace(b"100", b"900"))).decode()
    key = content_digest([text])
    altered(shop, "update entries set value = ? where collection = 'blobs' and key = ?", other, key)
    name = "its source file assets/m/orders.sql was altered, or is gone"
    assert told(shop, "--all") == [f"HG733 release {number} of prod: {name}" for number in (1, 2, 3)]
    altered(shop, "update entries set value = 'no base 64' where collection = 'blobs' and key = ?", key)
    assert told(shop, "1") == [f"HG733 release 1 of prod: {name}"]
    tree = entry(shop, "moves", "prod/0000000002")["tree"]
    altered(shop, "delete from entries where collection = 'trees' and key = ?", tree)
    assert told(shop, "2") == ["HG733 release 2 of prod: the list of its source files was altered, or is gone"]


def test_altered_measurements_are_named(shop: Shop) -> None:
    build = entry(shop, "moves", "prod/0000000001")["changes"]["m.orders"][1]["build"]
    body = entry(shop, "evidence", build)
    put(shop, "evidence", build, {**body, "answers": {}})
    assert told(shop, "1") == ["HG733 release 1 of prod: what was measured of m.orders was altered"]
    shop.does("verify", "2")  # which shows another build of another table


def test_an_altered_move_is_named_with_what_it_says_now(shop: Shop) -> None:
    body = entry(shop, "moves", "prod/0000000002")
    put(shop, "moves", "prod/0000000002", {**body, "by": "nobody"})
    found = told(shop, "2")
    assert found[0] == "HG733 release 2 of prod: its move is not the one that the log tells of"
    assert found[1].startswith("HG733 release 2 of prod: its move was altered: by is 'nobody' and was ")


def test_a_move_altered_with_its_event_and_the_whole_log_hashed_anew_is_named(shop: Shop) -> None:
    body = {**entry(shop, "moves", "prod/0000000001"), "commit": "0" * 40}
    put(shop, "moves", "prod/0000000001", body)
    with_log_mended(shop, lambda event: event.update(record=digest("move", dumps(body))), serial=1)
    assert [line.partition(" is ")[0] for line in told(shop, "1")] == [
        "HG733 release 1 of prod: its move was altered: commit"
    ]
    (found,) = told(shop, "2")
    assert re.fullmatch("HG733 .* event [0-9]+ of the log, on which it stands, was altered or is gone", found)


def test_altered_changes_of_a_move_are_named_in_every_release_after_it(shop: Shop) -> None:
    body = entry(shop, "moves", "prod/0000000001")
    body["changes"]["m.total"][1]["build"] = "h1:" + "0" * 64
    put(shop, "moves", "prod/0000000001", body)
    found = told(shop, "--all")
    assert "HG733 release 1 of prod: its move was altered: in what no word of the record tells" in found
    assert "HG733 release 1 of prod: the pointers after it are not those that were signed" in found
    assert "HG733 release 2 of prod: the pointers before it are not those that were signed" in found


def test_a_pointer_moved_by_hand_is_named(shop: Shop) -> None:
    body = entry(shop, "pointers", "dev/m.total")
    put(shop, "pointers", "prod/m.total", body)
    assert told(shop) == ["HG733 release 3 of prod: prod points to something else than it left: m.total"]


def test_an_altered_event_is_named(shop: Shop) -> None:
    altered(shop, "update events set kind = 'other' where number = 2")
    assert "HG564 event 2 of the log: its content is not what was written" in told(shop)


@pytest.mark.parametrize("part", ["payload", "signature"])
def test_an_altered_envelope_is_named(shop: Shop, part: str) -> None:
    body = entry(shop, "records", "prod/0000000002")
    if part == "payload":
        payload = base64.b64decode(body["envelope"]["payload"]).replace(b'"decision":"', b'"decision":"not ')
        body["envelope"]["payload"] = base64.b64encode(payload).decode()
    else:
        body["envelope"]["signatures"][0]["sig"] = base64.b64encode(b"0" * 64).decode()
    put(shop, "records", "prod/0000000002", body)
    with_log_mended(shop, lambda event: event.update(signed=digest("release record", dumps(body))), serial=2)
    found = told(shop, "2")
    assert found[0].startswith("HG731 release 2 of prod: no signature by a known signer holds; it names ")
    assert any("event" not in line and "another record of release 2" in line for line in told(shop, "3"))


def test_a_record_that_cannot_be_read_is_named(shop: Shop) -> None:
    put(shop, "records", "prod/0000000002", {"envelope": {}})
    assert told(shop, "2")[0].startswith("HG731 release 2 of prod: its record cannot be read")


def test_a_record_taken_away_is_missed(shop: Shop) -> None:
    altered(shop, "delete from entries where collection = 'records' and key = 'prod/0000000002'")
    assert told(shop, "2") == ["HG733 release 2 of prod: its signed record is gone"]
    with_log_mended(shop, lambda event: event.pop("signed"), serial=2)
    assert told(shop, "2") == ["HG733 release 2 of prod: its signed record is gone"]
    assert "HG733 release 3 of prod: it stands on the record of release 2, which is gone" in told(shop, "3")


def test_the_last_record_taken_away_with_its_event_is_missed(shop: Shop) -> None:
    altered(shop, "delete from entries where collection = 'records' and key = 'prod/0000000003'")
    with_log_mended(shop, lambda event: event.pop("signed"), serial=3)
    assert told(shop) == ["HG730 release 3 of prod has no signed record, though release 2 before it has one"]


def test_releases_from_before_there_were_records_are_told_so(shop: Shop) -> None:
    for serial in (1, 2, 3):
        altered(shop, "delete from entries where collection = 'records' and key = ?", f"prod/{serial:010d}")
        with_log_mended(shop, lambda event: event.pop("signed"), serial=serial)
    assert told(shop, "2") == [
        "HG730 release 2 of prod has no signed record: prod was not protected, or nothing was signed yet"
    ]
    shop.asset("m.total", "select 7::bigint as cents")
    shop.commit("Seven")
    shop.apply()
    shop.promote()
    body = shop.json("verify", "--all")
    assert body["exit_status"] == 0
    assert [one["severity"] for one in body["diagnostics"]] == ["warning"] * 3
    assert "1 of 4 releases of prod as signed, 3 without a record that holds." in shop.does("verify", "--all")


def test_a_record_signed_by_somebody_else_is_refused_where_signers_are_named(shop: Shop, tmp_path: Path) -> None:
    key = shop.does("record", "key").strip()
    other = own_signer(tmp_path / "other.pem").key
    config = (shop.root / "headgate.toml").read_text()
    shop.file("headgate.toml", f'{config}\n[record]\nsigners = ["{key}"]\n')
    assert shop.result("verify")["is_pinned"]
    shop.file("headgate.toml", f'{config}\n[record]\nsigners = ["{other}"]\n')
    (found,) = told(shop)
    assert found.startswith("HG732 release 3 of prod was signed by ")
    assert "not among [record] signers" in found


def test_a_forger_who_signs_anew_has_to_be_a_signer(shop: Shop, tmp_path: Path) -> None:
    """A key of one's own, put among those that the state has seen, counts nothing without an event of the log."""
    from headgate.core.envelope import key_id

    forger = own_signer(tmp_path / "forger.pem")
    body = {"key": forger.key, "at": "2026-01-01T00:00:00Z", "by": "me"}
    statement = "insert into entries (collection, key, value) values ('signers', ?, ?)"
    altered(shop, statement, key_id(forger.key), dumps(body))
    assert told(shop) == [f"HG732 the state holds a signer {key_id(forger.key)[:16]}, of which no event tells"]


def test_a_key_of_the_project_signs(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_signer(tmp_path / "team.pem")
    config = (shop.root / "headgate.toml").read_text()
    shop.file("headgate.toml", f'{config}\n[record]\nkey = "env:TEAM_KEY"\n')
    shop.commit("Sign as a team")
    shop.apply()
    shop.asset("m.total", "select 8::bigint as cents")
    shop.commit("Eight")
    shop.apply()
    assert "HG736" in shop.fails(3, "promote", "dev", "--yes")
    for value in (str(tmp_path / "team.pem"), (tmp_path / "team.pem").read_text()):
        monkeypatch.setenv("TEAM_KEY", value)
        assert shop.does("record", "key").strip() == own_signer(tmp_path / "team.pem").key
    shop.promote()
    monkeypatch.delenv("TEAM_KEY")
    found = shop.result("verify")
    assert found["releases"][0]["key"] == own_signer(tmp_path / "team.pem").key


def test_a_release_that_there_is_not_is_told(shop: Shop) -> None:
    assert "HG530" in shop.fails(1, "verify", "9")
    assert "HG530" in shop.fails(1, "record", "export", "9")
    assert "HG730" in shop.fails(1, "record", "export", "1", "--env", "dev")
    assert shop.fails(2, "verify", "1", "--all")


def test_a_library_of_others_verifies_an_exported_record(shop: Shop, tmp_path: Path) -> None:
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    shop.does("record", "export", "2", "--out", str(tmp_path / "release.json"))
    shop.does("record", "key", "--pem", "--out", str(tmp_path / "signer.pem"))
    envelope = Envelope.from_dict(json.loads((tmp_path / "release.json").read_text()))
    public = (tmp_path / "signer.pem").read_text()
    key = SSlibKey(next(iter(envelope.signatures)), "ed25519", "ed25519", {"public": _raw_hex(public)})
    assert list(envelope.verify([key], 1).values()) == [key]
    statement = json.loads(envelope.payload)
    assert (statement["_type"], statement["predicate"]["release"]) == ("https://in-toto.io/Statement/v1", 2)
    names = [one["name"] for one in statement["subject"]]
    assert names == sorted(names) == ["commit", "m.orders", "m.total", "plan", "pointers", "tree"]
    envelope.payload += b" "
    with pytest.raises(VerificationError):
        envelope.verify([key], 1)


def _raw_hex(pem: str) -> str:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:].hex()
