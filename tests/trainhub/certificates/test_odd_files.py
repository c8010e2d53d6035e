"""Files that somebody changed into what no program writes: halves of characters, addresses that are none. They are told, not fallen over."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories.certificates import certificate
from trainhub.certificates import documents, openbadges, standalone, tasks
from trainhub.certificates.signers import key_id
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import TooLarge

HALF = "\ud800"
Change = Callable[[dict[str, Any]], None]
CHANGES: dict[str, Change] = {
    "an address with half a bracket": lambda badge: badge.__setitem__("id", "https://[x/V/1/2.json"),
    "half a character in the name": lambda badge: badge.__setitem__("name", HALF),
    "in the number": lambda badge: badge["credentialSubject"].__setitem__("licenseNumber", HALF),
    "in the address": lambda badge: badge.__setitem__("id", f"https://{HALF}/V/1/2.json"),
    "in the proof": lambda badge: badge["proof"][0].__setitem__("created", HALF),
    "in a name of a member": lambda badge: badge.__setitem__(HALF, "1"),
}


@pytest.fixture
def badge(app: Flask, session: Session) -> dict[str, Any]:
    """What a holder downloads."""
    with transaction():
        made = certificate()
    return documents.badge_file_of(made, tasks.maker())


def _sent(client: FlaskClient, data: bytes, name: str) -> str:
    answer = client.post("/verify/file", data={"file": (io.BytesIO(data), name)})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_credential_is_tampered(client: FlaskClient, badge: dict[str, Any], change: Change) -> None:
    assert standalone.check(json.dumps(badge).encode(), tasks.trust())["status"] == "issued"
    changed = copy.deepcopy(badge)
    change(changed)
    data = json.dumps(changed).encode()
    assert "签名与内容不符" in _sent(client, data, "a.json")
    assert standalone.check(data, tasks.trust())["status"] == "tampered"


@pytest.mark.timeout(20)
def test_a_proof_of_megabytes_is_answered_at_once(client: FlaskClient, badge: dict[str, Any]) -> None:
    changed = copy.deepcopy(badge)
    changed["proof"][0]["proofValue"] = "z" + "2" * (openbadges.MOST_BYTES - 3000)
    data = json.dumps(changed).encode()
    assert len(data) < openbadges.MOST_BYTES
    assert "签名与内容不符" in _sent(client, data, "a.json")
    assert standalone.check(data, tasks.trust())["status"] == "tampered"
    pdf = b"%%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (len(data), data)
    assert "没有本平台的签名数据" in client.post("/verify/file", data={"file": (io.BytesIO(pdf), "a.pdf")}).text


def test_a_credential_larger_than_any_is_refused_in_words(client: FlaskClient, badge: dict[str, Any]) -> None:
    badge["proof"][0]["proofValue"] = "z" + "2" * openbadges.MOST_BYTES
    data = json.dumps(badge).encode()
    answer = client.post("/verify/file", data={"file": (io.BytesIO(data), "a.json")})
    assert (answer.status_code, "文件超过 256 KB" in answer.text) == (413, True)
    with pytest.raises(TooLarge):
        standalone.check(data, tasks.trust())


@pytest.mark.parametrize("number", ['"\\ud800"', b'"\xed\xa0\x80"'.decode("utf-8", "surrogatepass")], ids=["escaped", "raw"])
def test_a_pdf_with_half_a_character_is_tampered(app: Flask, client: FlaskClient, session: Session, number: str) -> None:
    key = key_id(tasks.maker().signer.public)
    said = f'{{"type":"trainhub-certificate","certificate":{{"number":{number}}},"key":"{key}","signature":"x"}}'.encode("utf-8", "surrogatepass")
    pdf = b"%%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (len(said), said)
    assert "签名与内容不符" in _sent(client, pdf, "a.pdf")
    assert standalone.check(pdf, tasks.trust())["status"] == "tampered"
