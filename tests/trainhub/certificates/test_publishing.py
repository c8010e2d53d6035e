"""Keys, lists and credentials that anybody may fetch; links of holders; lists of certificates to check."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate
from trainhub.certificates import cli, credentials, documents, openbadges, operations, tasks
from trainhub.certificates.layouts import reading
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import keys as signing
from trainhub.certificates.signers import LostKey, SeedSigner, Trust, is_signed, key_id, multikey
from trainhub.certificates.types import Kind, State
from trainhub.kernel import backup, clock, fonts, keys
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.initialise import load_reference
from trainhub.kernel.keys import keyring

AsRole = Callable[..., FlaskClient]
with_fonts = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")


@pytest.fixture(autouse=True)
def _fresh_window(app: Flask, session: Session) -> None:
    app.extensions.pop("trainhub.certificates.window", None)
    session.expire_on_commit = False


def _kept(**given: Any) -> Certificate:
    with transaction():
        return certificate(**given)


def _run(app: Flask, *args: str) -> dict[str, Any]:
    result = CliRunner().invoke(cli.certificates, [*args, "--json"], obj={"create_app": lambda: app})
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_the_address_gives_a_credential_without_names(session: Session, client: FlaskClient) -> None:
    made = _kept(who=ground.person("欧阳娜娜"))
    answer = client.get(f"/V/{made.number}/{made.code}.json")
    assert answer.mimetype == "application/vc"
    found = answer.get_json(force=True)
    assert "欧阳娜娜" not in answer.text
    badge = openbadges.verified(found, "did:web:127.0.0.1%3A8000", tasks.trust())
    assert badge is not None
    assert badge.identity == openbadges.hashed_name("欧阳娜娜", badge.salt)
    assert badge.number == made.number
    did = client.get("/.well-known/did.json").get_json(force=True)
    assert found["proof"][0]["verificationMethod"] in did["assertionMethod"]
    assert client.get(f"/V/{made.number}/000000000000.json").status_code == 404


def test_the_list_says_what_no_longer_stands(session: Session, client: FlaskClient) -> None:
    good, revoked, suspended = (_kept() for _ in range(3))
    with transaction():
        operations.revoke(certificate=revoked, **REASON)
        operations.suspend(certificate=suspended, **REASON)

    def bits() -> list[bool]:
        encoded = client.get("/status/1").get_json(force=True)["credentialSubject"]["encodedList"][1:]
        data = gzip.decompress(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        places = [openbadges.place_of(one.id)[1] for one in (good, revoked, suspended)]
        return [bool(data[place >> 3] & (0x80 >> (place & 7))) for place in places]

    assert bits() == [False, True, True]
    with transaction():
        operations.resume(certificate=suspended, **REASON)
    assert bits() == [False, True, False]
    assert client.get("/status/2").status_code == 404


def test_what_a_public_credential_rests_on_names_nobody(session: Session, app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    made = _kept(kind=Kind.MENTOR, evidence=[("placement", 1, "指导欧阳娜娜 32 周"), ("placement", 2, "指导司马相如 32 周")])
    answer = client.get(f"/V/{made.number}/{made.code}.json")
    assert answer.get_json(force=True)["credentialSubject"]["achievement"]["criteria"]["narrative"] == "企业指导教师证明"
    for name in ("欧阳娜娜", "司马相如"):
        assert name not in json.dumps(answer.get_json(force=True), ensure_ascii=False)
    maker, file = tasks.maker(), tmp_path / "public.json"
    before = replace(documents.badge_of(made, maker, is_public=True), narrative="指导欧阳娜娜 32 周；指导司马相如 32 周")
    for data in (answer.data, json.dumps(openbadges.signed(before, maker.signer)).encode()):
        file.write_bytes(data)
        assert _run(app, "verify", str(file))["status"] == "issued", "also what was fetched before the names were left out"
    own = documents.badge_of(made, maker)
    assert own.narrative == "企业学习 2 项", "the holder hands the own file on: it says what kinds of records there are, and how many"
    for before in (own, replace(own, narrative="指导欧阳娜娜 32 周；指导司马相如 32 周")):
        file.write_bytes(json.dumps(openbadges.signed(before, maker.signer)).encode())
        assert _run(app, "verify", str(file))["status"] == "issued", "also what was downloaded before"


@with_fonts
def test_a_pdf_carries_the_credential_and_a_changed_one_is_found_out(session: Session, app: Flask, tmp_path: Path) -> None:
    made = _kept(who=ground.person("张三"))
    pdf = documents.pdf_of(made, tasks.maker())
    found = [one for one in map(openbadges.parse, reading.read(pdf).attachments) if one is not None]
    assert [one["credentialSubject"]["identifier"][0]["identityHash"] for one in found] == ["张三"]
    file = tmp_path / "badge.json"
    file.write_text(json.dumps(found[0], ensure_ascii=False), "utf-8")
    assert _run(app, "verify", str(file))["status"] == "issued"
    with transaction():
        made.evidence = [*made.evidence, {"kind": "enrolment", "id": "7", "text": "选课"}]
    (tmp_path / "known.pdf").write_bytes(pdf)
    assert _run(app, "verify", str(tmp_path / "known.pdf"))["status"] == "issued", "its record was found after it was downloaded"
    elsewhere = tmp_path / "moved.pdf"
    elsewhere.write_bytes(documents.pdf_of(made, replace(tasks.maker(), site="https://before.example.edu.cn")))
    assert _run(app, "verify", str(elsewhere))["status"] == "issued"
    found[0]["credentialSubject"]["identifier"][0]["identityHash"] = "李四"
    file.write_text(json.dumps(found[0], ensure_ascii=False), "utf-8")
    assert _run(app, "verify", str(file))["status"] == "tampered"
    file.write_text("{}", "utf-8")
    assert _run(app, "verify", str(file))["error"]["code"] == "file_not_readable"


def test_a_file_made_to_keep_us_busy_is_put_down_at_once() -> None:
    start = time.process_time()
    assert reading.read(b"%PDF-1.5\n" + b"<" * 4_000_000).attachments == ()
    bomb = zlib.compress(bytes(2_000_000))
    head = b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n" % len(bomb)
    with pytest.raises(reading.NotReadable):
        reading.read(b"%PDF-1.5\n" + b"1 0 obj\n%b%b\nendstream\nendobj\n" % (head, bomb) * 300)
    assert time.process_time() - start < 5, "seconds; it took minutes a megabyte"


@with_fonts
def test_old_keys_still_verify_and_leaked_ones_do_not(session: Session, app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    made = _kept()
    old, file = documents.pdf_of(made, tasks.maker()), tmp_path / "old.pdf"
    file.write_bytes(old)
    first = tasks.maker().signer.public
    assert _run(app, "keys", "rotate", "--yes")["leaked"] is False
    second = tasks.maker().signer.public
    assert first != second
    assert _run(app, "verify", str(file))["status"] == "issued"
    assert len(client.get("/.well-known/did.json").get_json(force=True)["verificationMethod"]) == 2
    newer = documents.pdf_of(made, tasks.maker())
    assert _run(app, "keys", "rotate", "--leaked", "--yes")["old"] == key_id(second), "without a name: the present one"
    assert {one["key"]: one["state"] for one in _run(app, "keys", "list")["keys"]} == {
        key_id(tasks.maker().signer.public): "present",
        key_id(first): "old",
        key_id(second): "leaked",
    }
    assert _run(app, "verify", str(file))["status"] == "issued"
    file.write_bytes(newer)
    answer = _run(app, "verify", str(file))
    assert answer["status"] == "tampered"
    assert "已作废的密钥" in answer["reason"]
    file.write_bytes(documents.pdf_of(made, tasks.maker()))
    assert _run(app, "verify", str(file))["status"] == "issued"
    present = tasks.maker().signer.public
    answer = _run(app, "keys", "rotate", "--leaked", key_id(first), "--yes")
    assert (answer["old"], answer["new"]) == (key_id(first), key_id(present)), "the first one lies in keys.json for ever, and is named when it leaks"
    assert _run(app, "verify", str(file))["status"] == "issued"
    file.write_bytes(old)
    assert _run(app, "verify", str(file))["status"] == "tampered"
    assert _run(app, "keys", "rotate", "--leaked", "0123456789abcdef", "--yes")["error"]["code"] == "no_key"


@pytest.fixture
def lose_keys(app: Flask, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Puts a keys.json made anew in the place of the one the database belongs to."""
    kept = keyring()

    def lose() -> None:
        keys.make(tmp_path, "secret of another day, long enough")
        app.extensions["trainhub.keyring"] = keys.load(tmp_path, "secret of another day, long enough")

    yield lose
    app.extensions["trainhub.keyring"] = kept


@with_fonts
@pytest.mark.parametrize("rotations", [0, 1])
def test_what_a_lost_key_signed_still_verifies(
    rotations: int, session: Session, app: Flask, as_role: AsRole, client: FlaskClient, tmp_path: Path, lose_keys: Callable[[], None]
) -> None:
    with transaction():
        load_reference()
        for _number in range(rotations):
            signing.rotate(ring=keyring(), by=SYSTEM, now=ground.NOW)
    made, file = _kept(), tmp_path / "old.pdf"
    file.write_bytes(documents.pdf_of(made, tasks.maker()))
    lost = tasks.maker().signer.public
    lose_keys()
    assert _run(app, "verify", str(file))["status"] == "issued", "verifying opens no key"
    admin = as_role(Role.SYSTEM_ADMIN)
    assert ("在用的密钥打不开" in admin.get("/certificates/keys").text) == bool(rotations)
    if rotations:
        with pytest.raises(LostKey, match="更换密钥"):
            documents.pdf_of(made, tasks.maker())
    for address in ("/status/1", f"/V/{made.number}/{made.code}.json"):
        answer = client.get(address)
        assert answer.status_code == (503 if rotations else 200)
        if rotations:
            told = answer.get_json()
            assert (answer.mimetype, told["code"], answer.headers["Access-Control-Allow-Origin"]) == ("application/problem+json", "not_signed", "*")
            assert (answer.headers["Retry-After"], "/verify" in told["detail"], "keys.json" in told["detail"]) == ("300", True, False)
    assert client.get(f"/V/{made.number}/{made.code}/verdict.json").get_json()["status"] == "issued", "what is not signed needs no key"
    admin = as_role(Role.SYSTEM_ADMIN)
    assert admin.post("/certificates/keys/rotate").status_code == 303
    assert "在用的密钥打不开" not in admin.get("/certificates/keys").text
    present = tasks.maker().signer.public
    assert present not in (lost, SeedSigner(keyring().signing).public)
    assert tasks.trust().good[0] == present
    published = client.get("/.well-known/did.json").text
    assert multikey(lost) in published
    assert _run(app, "verify", str(file))["status"] == "issued"
    file.write_bytes(documents.pdf_of(made, tasks.maker()))
    assert _run(app, "verify", str(file))["status"] == "issued"


def test_a_holder_shares_and_stops_sharing(session: Session, client: FlaskClient, as_role: AsRole) -> None:
    who = ground.person("欧阳娜娜")
    made = _kept(who=who)
    holder = as_role(Role.TRAINEE, person_id=who.id)
    where = f"/certificates/{made.number}"
    assert as_role(Role.SYSTEM_ADMIN).post(f"{where}/share").status_code == 403
    assert holder.post(f"{where}/share").status_code == 303
    page = holder.get(where).text
    token = page.partition("/S/")[2].partition('"')[0]
    shown = client.get(f"/S/{token}")
    assert "欧阳娜娜" in shown.text
    assert shown.headers["Cache-Control"] == "private, no-store"
    for said in (
        'property="og:title"',
        'property="og:url"',
        f'/S/{token}/picture.png"',
        'itemtype="https://schema.org/EducationalOccupationalCredential"',
    ):
        assert said in shown.text, "what social networks read"
    assert client.get(f"/S/{token}/picture.png").data.startswith(b"\x89PNG")
    profile = parse_qs(urlsplit(html.unescape(page.partition('href="https://www.linkedin.com')[2].partition('"')[0])).query)
    assert profile["certId"] == [made.number]
    assert profile["certUrl"][0].endswith(f"/S/{token}")
    assert f"/S/{token}" not in as_role(Role.SYSTEM_ADMIN).get(where).text
    assert holder.post(f"{where}/unshare").status_code == 303
    assert client.get(f"/S/{token}").status_code == client.get(f"/S/{token}/picture.png").status_code == 404
    assert holder.post(f"{where}/share").status_code == 303
    assert f"/S/{token}" not in holder.get(where).text
    answer = holder.get(f"{where}/badge.json")
    assert "欧阳娜娜" in answer.text


@with_fonts
def test_a_draft_has_no_credential_to_download(session: Session, as_role: AsRole) -> None:
    who = ground.person()
    draft = _kept(who=who, facts={"course": "面向智能制造现场的工业互联网平台架构与数据采集技术综合实践" * 9})
    assert draft.state is State.DRAFT
    holder, admin = as_role(Role.TRAINEE, person_id=who.id), as_role(Role.SYSTEM_ADMIN)
    where = f"/certificates/{draft.number}/badge.json"
    assert holder.get(where).status_code == 404, "the holder does not learn of it before it is issued"
    answer = admin.get(where)
    assert answer.status_code == 422
    assert "还没有签发" in answer.text
    gone = _kept(who=who)
    with transaction():
        operations.revoke(certificate=gone, **REASON)
    assert holder.get(f"/certificates/{gone.number}/badge.json").status_code == 200, "its status list tells that it was revoked"


def test_a_list_is_checked_row_by_row(session: Session, client: FlaskClient) -> None:
    good, revoked = _kept(who=ground.person("张三")), _kept()
    with transaction():
        operations.revoke(certificate=revoked, **REASON)
    rows = [
        f"{good.number},{good.code},张三",
        f"{good.number},{good.code},李四",
        f"{good.number},,张三",
        f"{revoked.number},{revoked.code},",
        "350001120260000017,000000000000,",
    ]
    text = "证书编号,核验码,姓名\n" + "\n".join(rows)

    def post(answer: str = "page") -> Any:
        return client.post("/verify/bulk", data={"file": (io.BytesIO(text.encode()), "名单.csv"), "answer": answer})

    page = post().text
    for said in ("证书真实有效", "姓名不符", "缺核验码", "证书已撤销", "没有查到这张证书"):
        assert said in page
    assert post("xlsx").data.startswith(b"PK")
    assert client.get("/verify/bulk").status_code == 200
    assert client.get("/verify/bulk/template").data.startswith(b"PK")
    assert client.post("/verify/bulk", data={"file": (io.BytesIO(b"x"), "a.csv")}).status_code == 422


def test_the_offline_page_carries_the_keys(client: FlaskClient) -> None:
    page = client.get("/verify/offline").text
    assert "verify-offline.js" in page
    assert "z6Mk" in page
    labels = json.loads(html.unescape(page.partition('data-labels="')[2].partition('"')[0]))
    assert labels["placement"]["mentor"] == "企业指导教师", "facts are not told by the names of their fields"


def test_the_offline_page_can_be_kept_as_one_file(client: FlaskClient) -> None:
    answer = client.get("/verify/offline.html")
    assert "attachment" in answer.headers["Content-Disposition"]
    page = answer.text
    script = page.partition("<script>")[2].partition("</script>")[0]
    policy = page.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    assert "default-src 'none'" in policy, "nothing is fetched from anywhere"
    assert openbadges.did_document("http://127.0.0.1:8000", tasks.trust().good)["verificationMethod"][0]["publicKeyMultibase"] in page


def test_the_page_of_keys_reminds_of_backups_and_rotates(session: Session, as_role: AsRole) -> None:
    admin = as_role(Role.SYSTEM_ADMIN)
    assert as_role(Role.UNIVERSITY_ADMIN).get("/certificates/keys").status_code == 403
    (tasks.root() / backup.NOTE).unlink(missing_ok=True)
    assert "还没有备份过" in admin.get("/certificates/keys").text
    backup.note_made(tasks.root(), clock.now())
    page = admin.get("/certificates/keys").text
    assert "请备份" not in page
    assert "第一个私钥仍留在 keys.json 中" in page, "what is destroyed and what is not"
    assert "请备份" not in admin.get("/certificates/").text
    before = tasks.maker().signer.public
    assert admin.post("/certificates/keys/rotate").status_code == 303
    assert tasks.maker().signer.public != before
    assert before in tasks.trust().good
    assert "更换后还没有备份过" in admin.get("/certificates/").text
    present = tasks.maker().signer.public
    withdraw = f"/certificates/keys/{key_id(before)}/leaked"
    assert withdraw in admin.get("/certificates/keys").text, "each row has its own button"
    for _once_and_again in range(2):
        assert admin.post(withdraw).status_code == 303
        assert tasks.trust() == Trust((present,), (before,))
    page = admin.get("/certificates/keys").text
    assert "已泄露" in page
    assert withdraw not in page
    assert admin.post(f"/certificates/keys/{key_id(present)}/leaked").status_code == 303
    assert tasks.trust().leaked == (present, before)
    assert admin.post("/certificates/keys/0123456789abcdef/leaked").status_code == 404
    assert as_role(Role.UNIVERSITY_ADMIN).post(withdraw).status_code == 403


@with_fonts
def test_everything_visitors_ask_is_answered_by_a_database_that_cannot_be_written(session: Session, client: FlaskClient) -> None:
    made, gone = _kept(who=ground.person("张三")), _kept()
    with transaction():
        operations.revoke(certificate=gone, **REASON)
        link = signing.share(certificate=made, by=SYSTEM, now=ground.NOW).token
    pdf = documents.pdf_of(made, tasks.maker())
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    session.execute(text("PRAGMA query_only = ON" if is_sqlite else "SET TRANSACTION READ ONLY"))
    try:
        table = f"证书编号,核验码,姓名\n{made.number},{made.code},张三\n".encode()
        answers = [
            client.get("/verify"),
            client.get(f"/V/{made.number}/{made.code}"),
            client.get(f"/V/{gone.number}/{gone.code}"),
            client.get(f"/V/{made.number}/{made.code}.json"),
            client.get(f"/V/{made.number}/{made.code}/verdict.json"),
            client.get(f"/V/{made.number}"),
            client.post("/verify", data={"number": made.number, "code": made.code, "name": "张三"}),
            client.post("/verify/file", data={"file": (io.BytesIO(pdf), "a.pdf")}),
            client.post("/verify/bulk", data={"file": (io.BytesIO(table), "名单.csv"), "answer": "page"}),
            client.get("/status/1"),
            client.get("/.well-known/did.json"),
            client.get("/verify/offline"),
            client.get(f"/S/{link}"),
        ]
    finally:
        if is_sqlite:
            session.execute(text("PRAGMA query_only = OFF"))
        else:
            session.rollback()
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert "证书真实有效" in answers[1].text
    assert "证书已撤销" in answers[2].text


def test_a_new_key_is_vouched_for_by_one_that_holds(session: Session, client: FlaskClient, lose_keys: Callable[[], None]) -> None:
    def published() -> dict[str, str]:
        found = client.get("/.well-known/trainhub-certificates.json").get_json()["keys"]
        by_name = {one["key"]: credentials.unb64(one["public_key"]) for one in found}
        for one in found:
            if "vouched" in one:
                message, signature = credentials.vouching(by_name[one["key"]]), credentials.unb64(one["vouched"]["signature"])
                assert is_signed(message, signature, by_name[one["vouched"]["by"]])
        return {one["key"]: one["vouched"]["by"] if "vouched" in one else "" for one in found}

    with transaction():
        load_reference()
    first = key_id(tasks.maker().signer.public)
    given: dict[str, Any] = {"ring": keyring(), "by": SYSTEM, "now": ground.NOW}
    with transaction():
        second = signing.rotate(**given)[1]
        third = signing.rotate(**given)[1]
    assert published() == {third: second, second: first, first: ""}
    with transaction():
        fourth = signing.withdraw(name=third, **given)[1]
    assert published() == {fourth: first, second: first, first: ""}, "what leaked vouches for nobody; the first key does"
    with transaction():
        signing.withdraw(name=first, **given)
    assert published() == {fourth: "", second: ""}, "nor for what it vouched for before it leaked"
    with transaction():
        fifth = signing.withdraw(name=fourth, **given)[1]
    assert published() == {fifth: "", second: ""}
    lose_keys()
    with transaction():
        sixth = signing.rotate(**given | {"ring": keyring()})[1]
    assert published()[sixth] == key_id(SeedSigner(keyring().signing).public), "by the first key of the new keys.json, which nobody else knows"
