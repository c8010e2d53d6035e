"""`trainhub certificates verify FILE --keys FILE`: anybody checks a file, without an installation, a database or a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate
from trainhub.certificates import cli, documents, openbadges, operations
from trainhub.certificates.models import Certificate
from trainhub.certificates.signers import SeedSigner
from trainhub.certificates.tasks import maker
from trainhub.kernel import fonts
from trainhub.kernel.db import transaction

with_fonts = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
Check = Callable[[bytes], dict[str, Any]]


def _nothing_installed() -> None:
    raise AssertionError("verifying with keys touches no installation")


def _run(*args: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(cli.certificates, ["verify", *args, "--json"], obj={"create_app": _nothing_installed})
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def made(session: Session) -> Certificate:
    """A certificate that was issued."""
    session.expire_on_commit = False
    with transaction():
        return certificate(who=ground.person("欧阳娜娜"))


@pytest.fixture(params=["did.json", "trainhub-certificates.json"])
def check(request: pytest.FixtureRequest, client: FlaskClient, tmp_path: Path) -> Check:
    """Checks bytes with the keys as the site publishes them."""
    keys, file = tmp_path / "keys.json", tmp_path / "presented"
    keys.write_bytes(client.get(f"/.well-known/{request.param}").data)

    def call(data: bytes) -> dict[str, Any]:
        file.write_bytes(data)
        return _run(str(file), "--keys", str(keys))[1]

    return call


@with_fonts
def test_a_pdf(app: Flask, made: Certificate, check: Check) -> None:
    pdf = documents.pdf_of(made, maker())
    answer = check(pdf)
    assert (answer["status"], answer["number"], answer["holder_masked"], answer["kind"]) == ("issued", made.number, "欧阳**", "completion")
    assert (answer["issued_on"], answer["offline"], "离线不能知道" in answer["reason"]) == ("2026-03-02", True, True)
    drawn = check(pdf.replace(b"%%EOF", b"9 0 obj <</Length 4>>stream\nBT ETendstream endobj\n%%EOF"))
    assert (drawn["status"], "文件与签发时不同" in drawn["reason"]) == ("tampered", True)
    foreign = documents.pdf_of(made, documents.Maker(site=maker().site, signer=SeedSigner(b"x" * 32)))
    assert check(foreign)["status"] == "tampered"
    assert check(b"hello")["error"]["code"] == "file_not_readable"


def _lists(client: FlaskClient, tmp_path: Path) -> Path:
    path = tmp_path / "1.json"
    path.write_bytes(client.get("/status/1").data)
    return path


@with_fonts
def test_a_status_list_tells_whether_it_stands(app: Flask, session: Session, client: FlaskClient, made: Certificate, tmp_path: Path) -> None:
    keys, pdf, badge = tmp_path / "did.json", tmp_path / "one.pdf", tmp_path / "one.json"
    keys.write_bytes(client.get("/.well-known/did.json").data)
    pdf.write_bytes(documents.pdf_of(made, maker()))
    badge.write_text(json.dumps(documents.badge_file_of(made, maker())), "utf-8")
    before = _lists(client, tmp_path).rename(tmp_path / "before.json")
    for file in (pdf, badge):
        answer = _run(str(file), "--keys", str(keys), "--status", str(before))[1]
        assert (answer["status"], "没有撤销" in answer["reason"], answer["status_at"][-1]) == ("issued", True, "Z")
    with transaction():
        operations.revoke(certificate=made, **REASON)
    after = _lists(client, tmp_path)
    data = json.loads(after.read_text("utf-8"))
    assert data["credentialSubject"] != json.loads(before.read_text("utf-8"))["credentialSubject"]
    for file in (pdf, badge):
        answer = _run(str(file), "--keys", str(keys), "--status", str(after))[1]
        assert (answer["status"], "已撤销" in answer["reason"]) == ("revoked", True)
    data["credentialSubject"] = json.loads(before.read_text("utf-8"))["credentialSubject"]
    after.write_text(json.dumps(data), "utf-8")
    code, answer = _run(str(pdf), "--keys", str(keys), "--status", str(after))
    assert (code, answer["error"]["code"]) == (1, "status_not_readable")
    assert CliRunner().invoke(cli.certificates, ["verify", str(pdf), "--status", str(before)], obj={"create_app": _nothing_installed}).exit_code == 2


@with_fonts
def test_a_list_without_its_place_is_told_to_be_the_wrong_one(app: Flask, made: Certificate, client: FlaskClient, tmp_path: Path) -> None:
    keys, pdf, other = tmp_path / "did.json", tmp_path / "one.pdf", tmp_path / "7.json"
    keys.write_bytes(client.get("/.well-known/did.json").data)
    pdf.write_bytes(documents.pdf_of(made, maker()))
    site = maker().site
    other.write_text(
        json.dumps(openbadges.status_list(f"{site}/status/7", [], "2026-03-02T00:00:00Z", openbadges.did_of(site), maker().signer)), "utf-8"
    )
    answer = _run(str(pdf), "--keys", str(keys), "--status", str(other))[1]
    assert (answer["status"], "需要 /status/1" in answer["reason"], "status_at" in answer) == ("issued", True, False)


@with_fonts
def test_a_list_of_before_the_certificate_says_nothing_of_it(app: Flask, made: Certificate, client: FlaskClient, tmp_path: Path) -> None:
    keys, pdf, old = tmp_path / "did.json", tmp_path / "one.pdf", tmp_path / "1.json"
    keys.write_bytes(client.get("/.well-known/did.json").data)
    pdf.write_bytes(documents.pdf_of(made, maker()))
    site = maker().site
    given = (openbadges.did_of(site), maker().signer)
    old.write_text(json.dumps(openbadges.status_list(f"{site}/status/1", [], "2026-01-05T00:00:00Z", *given)), "utf-8")
    answer = _run(str(pdf), "--keys", str(keys), "--status", str(old))[1]
    assert (answer["status"], "早于证书的签发" in answer["reason"], "status_at" in answer) == ("issued", True, False)


def test_a_credential(app: Flask, made: Certificate, check: Check) -> None:
    badge = documents.badge_file_of(made, maker())
    answer = check(json.dumps(badge).encode())
    assert (answer["status"], answer["number"], answer["holder_masked"], answer["kind"]) == ("issued", made.number, "欧阳**", "completion")
    badge["credentialSubject"]["achievement"]["name"] += "（优秀）"
    assert check(json.dumps(badge).encode())["status"] == "tampered"
    assert check(b'{"a": 1}')["error"]["code"] == "file_not_readable"


@pytest.mark.parametrize(
    "keys", ["", "[]", "{}", '{"verificationMethod": [{"publicKeyMultibase": "z6M"}]}', '{"type": "trainhub-certificate", "keys": []}']
)
def test_what_is_no_file_of_keys_is_refused(keys: str, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(keys, "utf-8")
    (tmp_path / "file").write_bytes(b"{}")
    code, answer = _run(str(tmp_path / "file"), "--keys", str(tmp_path / "keys.json"))
    assert (code, answer["error"]["code"]) == (1, "keys_not_readable")
    assert "did.json" in answer["error"]["message"]
    assert _run(str(tmp_path / "none.pdf"), "--keys", str(tmp_path / "keys.json"))[1]["error"]["code"] == "no_file"


def test_a_person_is_told_in_words(app: Flask, made: Certificate, client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "did.json").write_bytes(client.get("/.well-known/did.json").data)
    (tmp_path / "badge.json").write_text(json.dumps(documents.badge_file_of(made, maker())), "utf-8")
    said = CliRunner().invoke(cli.certificates, ["verify", str(tmp_path / "badge.json"), "--keys", str(tmp_path / "did.json")], obj={})
    assert said.stdout.startswith("签名有效（离线核对）\n")
    assert made.number in said.stdout
