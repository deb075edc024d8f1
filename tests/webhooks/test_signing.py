"""Signing, held to the vectors of the standard and to another implementation of it."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from journey.webhooks import signing

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors" / "standard-webhooks"
KNOWN = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": 1614265330,
    "payload": '{"test": 2432232314}',
    "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The standard's own example."""


def vectors() -> list[dict[str, Any]]:
    path = VECTORS / "signature_vectors.json"
    found = json.loads(path.read_bytes())["vectors"] if path.exists() else []
    return [each for each in found if each["name"].startswith("valid")]


def raw(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


@pytest.mark.parametrize("each", [KNOWN, *vectors()])
def test_the_signature_is_that_of_the_vectors(each: dict[str, Any]) -> None:
    body = each["payload"].encode()
    assert signing.signature(raw(each["secret"]), each["id"], each["timestamp"], body) == each["signature"]


@given(secret=st.binary(min_size=24, max_size=64), body=st.text().map(str.encode), name=st.uuids().map(str))
def test_another_implementation_believes_it(secret: bytes, body: bytes, name: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    headers = signing.headers([secret], name, now, body)
    Webhook(signing.shown(secret)).verify(body.decode(), headers, json_parse=False)


def test_while_secrets_are_exchanged_both_hold() -> None:
    new, old = signing.new_secret(), signing.new_secret()
    headers = signing.headers([new, old], "id", int(datetime.now(UTC).timestamp()), b"{}")
    for each in (new, old):
        Webhook(signing.shown(each)).verify("{}", headers)
    assert new != old
    assert len(new) == signing.SECRET_BYTES
