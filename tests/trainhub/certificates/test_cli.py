"""`trainhub certificates verify` and `print`: the fields and statuses of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate, corrected
from trainhub.certificates import cli, documents, operations, queries
from trainhub.certificates.operations import printing
from trainhub.certificates.signers import SeedSigner
from trainhub.certificates.tasks import maker
from trainhub.certificates.types import Kind
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction

with_fonts = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    """Calls a command with --json."""
    session.expire_on_commit = False

    def call(*args: str) -> tuple[int, Any]:
        result = CliRunner().invoke(cli.certificates, [*args, "--json"], obj={"create_app": lambda: app})
        return result.exit_code, json.loads(result.stdout)

    return call


def test_a_number_with_its_code(run: Run) -> None:
    with transaction():
        made = certificate(who=ground.person("欧阳娜娜"))
    promised = {
        "status": "issued",
        "number": made.number,
        "holder_masked": "欧阳**",
        "kind": "completion",
        "issued_on": "2026-03-02",
        "reason": "",
    }
    assert run("verify", made.number, "--code", made.code) == (0, promised)
    assert run("verify", made.number) == (0, promised)
    assert run("verify", " ".join(made.number), "--code", made.code.lower()) == (0, promised)
    code, wrong = run("verify", made.number, "--code", "000000000000")
    assert (code, wrong["status"], wrong["holder_masked"], wrong["kind"], wrong["issued_on"]) == (0, "unknown", None, None, None)
    assert "逐位核对" in wrong["reason"]
    assert run("verify", "12345")[1]["status"] == "unknown"


def test_every_state(run: Run) -> None:
    with transaction():
        revoked, suspended, old, wrong = (certificate() for _ in range(4))
        operations.revoke(certificate=revoked, **REASON)
        operations.suspend(certificate=suspended, **REASON)
        operations.reissue(certificate=old, **REASON)
        corrected(wrong, facts={"hours": 99})
    alone = run("verify", revoked.number)[1]
    assert (alone["status"], alone["reason"]) == ("revoked", "学籍核查后不符合条件"), "who runs the server may know why"
    answers = [run("verify", one.number, "--code", one.code)[1] for one in (revoked, suspended, old, wrong)]
    assert [one["status"] for one in answers] == ["revoked", "suspended", "reissued", "superseded"]
    assert {one["reason"] for one in answers} == {"学籍核查后不符合条件"}


@with_fonts
def test_a_file(run: Run, app: Flask, tmp_path: Path) -> None:
    with transaction():
        made = certificate(who=ground.person("张三"))
    file = tmp_path / "c.pdf"
    pdf = documents.pdf_of(made, maker())
    file.write_bytes(pdf)
    assert run("verify", str(file))[1]["status"] == "issued"
    file.write_bytes(pdf.replace(b"%%EOF", b"9 0 obj <</Length 4>>stream\nBT ETendstream endobj\n%%EOF"))
    answer = run("verify", str(file))[1]
    assert (answer["status"], answer["number"]) == ("tampered", made.number)
    assert "文件与签发时不同" in answer["reason"]
    foreign = documents.Maker(site="http://127.0.0.1:8000", signer=SeedSigner(b"x" * 32))
    file.write_bytes(documents.pdf_of(made, foreign))
    answer = run("verify", str(file))[1]
    assert (answer["status"], answer["holder_masked"]) == ("tampered", None)
    assert "签名与内容不符" in answer["reason"]
    with transaction():
        operations.revoke(certificate=made, **REASON)
    file.write_bytes(pdf)
    assert run("verify", str(file))[1]["status"] == "revoked"
    file.write_bytes(b"hello")
    assert run("verify", str(file))[0] == 1
    assert run("verify", str(tmp_path / "none.pdf"))[1]["error"]["code"] == "no_file"


@with_fonts
def test_a_file_is_compared_with_the_code_given_beside(run: Run, app: Flask, tmp_path: Path) -> None:
    with transaction():
        made, other = certificate(), certificate()
    keys = tmp_path / "did.json"
    keys.write_bytes(app.test_client().get("/.well-known/did.json").data)
    pdf, badge = tmp_path / "c.pdf", tmp_path / "b.json"
    pdf.write_bytes(documents.pdf_of(made, maker()))
    badge.write_text(json.dumps(documents.badge_file_of(made, maker())), "utf-8")
    for file in (pdf, badge):
        for more in ((), ("--keys", str(keys))):
            good = run("verify", str(file), "--code", f" {made.code[:4].lower()}-{made.code[4:]}", *more)[1]
            assert (good["status"], good["number"]) == ("issued", made.number)
            wrong = run("verify", str(file), "--code", other.code, *more)[1]
            assert (wrong["status"], wrong["number"], wrong["holder_masked"]) == ("unknown", made.number, None)
            assert "与给出的核验码不同" in wrong["reason"]
    pdf.write_bytes(pdf.read_bytes() + b" ")
    assert run("verify", str(pdf), "--code", other.code)[1]["status"] == "tampered"


@with_fonts
def test_a_file_whose_facts_were_signed_otherwise(run: Run, tmp_path: Path) -> None:
    """Somebody who holds the key file draws other facts: the database still knows better."""
    with transaction():
        made = certificate()
        made.facts = {**made.facts, "hours": "400"}
        forged = documents.drawn(made, maker())
        made.facts = {**made.facts, "hours": "32"}
    file = tmp_path / "forged.pdf"
    file.write_bytes(forged)
    answer = run("verify", str(file))[1]
    assert (answer["status"], answer["reason"]) == ("tampered", "文件中的内容与平台中的记录不一致。")


@with_fonts
def test_printing_a_run(run: Run, tmp_path: Path) -> None:
    with transaction():
        issuer = ground.university()
        made = [certificate(issuer=issuer) for _ in range(3)]
        wanted = queries.CertificateFilter(kind=Kind.COMPLETION, issuer_id=issuer.id)
        row = printing.start_run(title="三月", wanted=wanted, by=SYSTEM, now=ground.NOW)
    code, answer = run("print", str(row.id), "--out", str(tmp_path / "out"))
    assert (code, answer["pages"]) == (0, 3)
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == sorted(answer["files"])
    first = (tmp_path / "out" / answer["files"][0]).read_bytes()
    assert first.startswith(b"%PDF-")
    assert run("print", str(row.id), "--out", str(tmp_path / "again"))[1] == answer
    assert (tmp_path / "again" / answer["files"][0]).read_bytes() == first
    manifest = (tmp_path / "out" / answer["files"][2]).read_text("utf-8-sig")
    assert all(one.number in manifest for one in made)
    assert run("print", "999999", "--out", str(tmp_path / "x"))[1]["error"]["code"] == "no_run"
