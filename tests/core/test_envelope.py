"""Envelopes: what is signed, and their form, as the standard has them."""

import base64
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.core.envelope import (
    Envelope,
    Signature,
    envelope_from_text,
    envelope_to_text,
    key_id,
    pem_of,
    public_key,
    public_key_of_text,
    raw_of,
    signed_bytes,
)

SIGNATURES = st.lists(st.builds(Signature, st.text(max_size=9), st.binary(max_size=70)), max_size=3).map(tuple)
ENVELOPES = st.builds(Envelope, st.text(max_size=30), st.binary(max_size=300), SIGNATURES)


def test_what_is_signed_is_the_example_of_the_standard() -> None:
    found = signed_bytes("http://example.com/HelloWorld", b"hello world")
    assert found == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_are_those_of_bytes() -> None:
    assert signed_bytes("ä", "ö".encode()) == b"DSSEv1 2 \xc3\xa4 2 \xc3\xb6"


@settings(deadline=None)
@given(st.text(max_size=20), st.binary(max_size=50), st.text(max_size=20), st.binary(max_size=50))
def test_different_texts_or_types_are_never_signed_alike(one: str, first: bytes, other: str, second: bytes) -> None:
    same = signed_bytes(one, first) == signed_bytes(other, second)
    assert same == ((one, first) == (other, second))


@settings(deadline=None)
@given(ENVELOPES)
def test_an_envelope_comes_back_as_it_was(envelope: Envelope) -> None:
    text = envelope_to_text(envelope)
    assert envelope_from_text(text) == envelope
    assert envelope_to_text(envelope_from_text(text)) == text


@settings(deadline=None)
@given(ENVELOPES)
def test_the_other_alphabet_of_base_64_is_read_as_well(envelope: Envelope) -> None:
    body = json.loads(envelope_to_text(envelope))
    body["payload"] = base64.urlsafe_b64encode(envelope.payload).decode()
    assert envelope_from_text(json.dumps(body)) == envelope


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"payload":1,"payloadType":"a","signatures":[]}',
        '{"payload":"%%","payloadType":"a","signatures":[]}', '{"payload":"","payloadType":"a","signatures":[1]}',
        '{"payload":"","payloadType":"a","signatures":[{"keyid":"a"}]}',
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        envelope_from_text(text)


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_one_line_that_comes_back(raw: bytes) -> None:
    key = public_key(raw)
    assert public_key_of_text(key) == key
    assert raw_of(key) == raw
    assert hashlib.sha256(base64.b64decode("".join(pem_of(key).splitlines()[1:-1]))).hexdigest() == key_id(key)


@pytest.mark.parametrize("text", ["", "ed25519:", "ed25519:AAAA", "ed25519:%", "rsa:AAAA", "AAAA"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        public_key_of_text(text)
