"""Keys: made once, for their owner alone, by however many processes at once; in the form of other tools."""

import multiprocessing
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from headgate.core.envelope import pem_of
from headgate.core.errors import EnvironmentFailed
from headgate.plugins.signers.ed25519 import is_signed, own_signer, signer_of_file, signer_of_text

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings" / "headgate" / "key.pem"
    first, second = own_signer(path), own_signer(path)
    assert first.key == second.key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["key.pem"]


def test_a_signature_holds_for_its_message_and_key_alone(tmp_path: Path) -> None:
    ours, other = own_signer(tmp_path / "a"), own_signer(tmp_path / "b")
    signature = ours.sign(b"text")
    assert is_signed(ours.key, b"text", signature)
    assert not is_signed(other.key, b"text", signature)
    assert not is_signed(ours.key, b"texts", signature)
    assert not is_signed(ours.key, b"text", signature[:-1])
    assert not is_signed(ours.key, b"text", bytes([signature[0] ^ 1]) + signature[1:])
    assert ours.sign(b"text") == signature


def _key_of(path: str) -> str:
    return own_signer(Path(path)).key


def test_processes_that_make_it_at_once_use_one_key(tmp_path: Path) -> None:
    path = tmp_path / "headgate" / "key.pem"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(_key_of, [str(path)] * 12)
    assert len(set(keys)) == 1
    assert [one.name for one in path.parent.iterdir()] == ["key.pem"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    own_signer(path)
    path.chmod(0o640)
    with pytest.raises(EnvironmentFailed, match="others may read") as refused:
        own_signer(path)
    assert refused.value.code == "HG736"


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailed, match="cannot be made") as refused:
        own_signer(tmp_path / "file" / "key.pem")
    assert "[record] key" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_and_never_told(text: str) -> None:
    with pytest.raises(EnvironmentFailed) as refused:
        signer_of_text(text, "the variable KEY")
    assert str(refused.value) == "the variable KEY holds no key to sign with"
    assert "AAAA" not in refused.value.hint


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match="cannot be read: No such file"):
        signer_of_file(tmp_path / "none.pem")


@needs_openssl
def test_a_key_that_openssl_made_signs(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    signer = signer_of_file(path)
    public = subprocess.run(
        ["openssl", "pkey", "-in", path, "-pubout"], check=True, capture_output=True, text=True
    ).stdout  # fmt: skip
    assert pem_of(signer.key) == public


@needs_openssl
def test_openssl_reads_a_key_that_was_made_here_and_checks_its_signature(tmp_path: Path) -> None:
    signer = own_signer(tmp_path / "key.pem")
    (tmp_path / "public.pem").write_text(pem_of(signer.key))
    (tmp_path / "message").write_bytes(b"a message")
    (tmp_path / "signature").write_bytes(signer.sign(b"a message"))
    command = "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Signature Verified Successfully" in done.stdout
