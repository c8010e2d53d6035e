"""The page that verifies without us, run as it is in Chromium: the site's own, and the one file to keep, both without a network."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate
from tests.journeys.conftest import chromium  # noqa: F401 - a fixture
from tests.journeys.windows import DESK, PHONE, too_wide
from tests.trainhub.certificates.test_whole_file import AT, CHANGES, key_file, of_before
from trainhub.certificates import credentials, documents, openbadges, operations
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import keys as signing
from trainhub.certificates.pades import sealed
from trainhub.certificates.signers import SeedSigner, key_id
from trainhub.certificates.tasks import maker
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.keys import keyring

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup"),
]


@dataclass
class Told:
    """What the page said: `state` is ok, bad or wait."""

    state: str
    title: str
    text: str


Ask = Callable[..., Told]


@pytest.fixture
def made(session: Session) -> Certificate:
    """A certificate that was issued, with a character beyond U+FFFF and a quotation mark in what it says."""
    session.expire_on_commit = False
    with transaction():
        return certificate(who=ground.person("欧阳𠮷"), facts={"course": '智能制造 "导论" \\ 二'})


@pytest.fixture(params=["site", "file"])
def ask(request: pytest.FixtureRequest, app: Flask, client: FlaskClient, chromium: Any, tmp_path: Path) -> Iterator[Ask]:
    """Opens the page, cuts the network and hands it a file. Whatever it tries to fetch afterwards, or complains about, fails the test."""
    context = chromium.new_context(viewport=DESK, locale="zh-CN")
    page = context.new_page()
    site = app.config["SETTINGS"].base_url
    complaints: list[str] = []
    page.on("console", lambda one: complaints.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    is_open = True

    def answer(route: Any) -> None:
        if not is_open:
            complaints.append(f"fetches {route.request.url}")
            return route.abort()
        got = client.get(route.request.url.removeprefix(site))
        return route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.data)

    page.route("**/*", answer)
    if request.param == "site":
        page.goto(f"{site}/verify/offline", wait_until="load")
    else:
        (tmp_path / "kept.html").write_bytes(client.get("/verify/offline.html").data)
        page.unroute("**/*")
        page.goto((tmp_path / "kept.html").as_uri(), wait_until="load")
        page.route("**/*", answer)
    is_open = False
    context.set_offline(True)

    def hand_in(*files: tuple[str, bytes]) -> Told:
        page.evaluate("document.querySelector('[data-result]').replaceChildren()")
        page.set_input_files("input[type=file]", [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files])
        box = page.wait_for_selector("[data-result] .notice")
        state = str(box.get_attribute("class")).partition("notice-")[2]
        return Told(state, page.inner_text("[data-result] .notice-title"), page.inner_text("[data-result]"))

    yield hand_in
    page.set_viewport_size(PHONE)
    wide = too_wide(page)
    context.close()
    assert complaints == []
    assert not wide


def test_what_was_issued_holds(ask: Ask, made: Certificate, client: FlaskClient) -> None:
    pdf = ask(("certificate.pdf", documents.pdf_of(made, maker())))
    assert (pdf.state, "签名有效" in pdf.title) == ("ok", True)
    for said in (made.number, "欧阳𠮷", '智能制造 "导论" \\ 二', "学时", "不能知道证书此后是否被撤销"):
        assert said in pdf.text
    own = ask(("own.json", _badge(made)))
    assert (own.state, "欧阳𠮷" in own.text) == ("ok", True)
    public = ask(("public.json", client.get(f"/V/{made.number}/{made.code}.json").data))
    assert (public.state, "***" in public.text, "欧阳" in public.text) == ("ok", True, False)


def test_what_was_changed_does_not(ask: Ask, made: Certificate) -> None:
    pdf = documents.pdf_of(made, maker())
    drawn = ask(("drawn.pdf", pdf.replace(b"%%EOF", b"9 0 obj <</Length 4>>stream\nBT ETendstream endobj\n%%EOF")))
    assert (drawn.state, "文件与签发时不同" in drawn.title) == ("bad", True)
    for change in (
        lambda data: data["credentialSubject"]["achievement"].update(name="博士学位证书"),
        lambda data: data["credentialSubject"].update(licenseNumber="350001120260000025"),
        lambda data: data["credentialSubject"]["identifier"][0].update(identityHash="另一人"),
        lambda data: data["credentialStatus"].update(statusListIndex="7"),
        lambda data: data.update(validFrom="2020-01-01T00:00:00Z"),
        lambda data: data.update(evidence=[]),
        lambda data: data["proof"][0].update(proofValue="z" + "1" * 80),
        lambda data: data["proof"].append(data["proof"][0]),
    ):
        badge = json.loads(json.dumps(documents.badge_file_of(made, maker())))
        change(badge)
        told = ask(("changed.json", json.dumps(badge).encode()))
        assert (told.state, "签名与内容不符" in told.title) == ("bad", True), badge


def test_a_changed_file_is_found_out_as_the_site_does(ask: Ask, made: Certificate) -> None:
    pdf = documents.pdf_of(made, maker())
    for name, change in CHANGES.items():
        told = ask((f"{name}.pdf", change(pdf)))
        assert (told.state, "文件与签发时不同" in told.title) == ("bad", True), name
    signed = sealed(pdf, key_file(), AT)
    assert ask(("signed.pdf", signed)).state == "ok"
    assert ask(("twice.pdf", signed + signed[len(pdf) :])).state == "bad"
    assert ask(("shown.pdf", signed.replace(b"/Rect[0 0 0 0]", b"/Rect[0 0 9 9]"))).state == "bad"


def test_a_file_of_before_is_told_for_what_was_looked_at(ask: Ask, made: Certificate) -> None:
    pdf = of_before(made)
    for data in (pdf, sealed(pdf, key_file(), AT)):
        told = ask(("before.pdf", data))
        assert (told.state, "只核对了" in told.title, made.number in told.text) == ("wait", True, True)
        assert "不能知道证书此后是否被撤销" in told.text


def test_what_was_issued_under_another_address_of_ours_holds(ask: Ask, made: Certificate, client: FlaskClient) -> None:
    before = replace(maker(), site="https://before.example.edu.cn:8443")
    badge = json.dumps(documents.badge_file_of(made, before)).encode()
    for name, data in (("moved.pdf", documents.pdf_of(made, before)), ("moved.json", badge)):
        told = ask((name, data))
        assert (told.state, "签名有效" in told.title) == ("ok", True), name
        assert "https://before.example.edu.cn:8443" in told.text
        assert "现在的网址是 http://127.0.0.1:8000" in told.text
    with transaction():
        operations.revoke(certificate=made, **REASON)
    told = ask(("moved.json", badge), ("list.json", client.get("/status/1").data))
    assert (told.state, "已撤销" in told.title) == ("bad", True), "the list of the present address tells of it"


def test_what_another_key_signed_does_not(ask: Ask, made: Certificate) -> None:
    forger = documents.Maker(site=maker().site, signer=SeedSigner(b"x" * 32))
    for data, name in (
        (documents.pdf_of(made, forger), "forged.pdf"),
        (json.dumps(documents.badge_file_of(made, forger)).encode(), "forged.json"),
    ):
        told = ask((name, data))
        assert (told.state, "不是本平台签发的" in told.title) == ("bad", True), name


def test_what_is_no_certificate_is_told_so(ask: Ask) -> None:
    for data in (b"", b"hello", b"%PDF-1.4\n%%EOF", b'{"a": 1}', b"[1, 2]", b"null", b"\xff\xfe\x00", b"%PDF-1.4\n<</Length 9>>stream\nabc"):
        told = ask(("something", data))
        assert (told.state, "没有本平台的签名数据" in told.title) == ("bad", True), data


def _badge(made: Certificate) -> bytes:
    return json.dumps(documents.badge_file_of(made, maker())).encode()


def test_a_revoked_one_is_known_by_the_status_list_alone(ask: Ask, made: Certificate, client: FlaskClient) -> None:
    before, pdf = client.get("/status/1").data, documents.pdf_of(made, maker())
    with transaction():
        operations.revoke(certificate=made, **REASON)
    after = client.get("/status/1").data
    told = ask(("revoked.json", _badge(made)))
    assert (told.state, "不能知道证书此后是否被撤销" in told.text) == ("ok", True), "the signature is good, and no list was given"
    told = ask(("list.json", before), ("revoked.json", _badge(made)))
    assert (told.state, "状态列表中没有撤销、暂停或替代的记录" in told.text) == ("ok", True), "by a list of before"
    for data, name in ((_badge(made), "revoked.json"), (pdf, "revoked.pdf")):
        told = ask((name, data), ("list.json", after))
        assert (told.state, "已撤销、暂停，或已由新证书替代" in told.title) == ("bad", True), name
    assert ask(("revoked.json", _badge(made))).state == "bad", "the list stays"


def test_a_status_list_that_was_changed_says_nothing(ask: Ask, made: Certificate, client: FlaskClient) -> None:
    genuine = json.loads(client.get("/status/1").data)
    with transaction():
        operations.revoke(certificate=made, **REASON)
    revoked = json.loads(client.get("/status/1").data)
    changed = {**revoked, "credentialSubject": genuine["credentialSubject"]}
    forger = openbadges.status_list(genuine["id"], [], genuine["validFrom"], genuine["issuer"], SeedSigner(b"x" * 32))
    told = ask(("list.json", json.dumps(forger).encode()))
    assert (told.state, "没有采用：不是本平台的" in told.title) == ("bad", True)
    for wrong in (changed, {**genuine, "validFrom": "2030-01-01T00:00:00Z"}, {"type": genuine["type"]}, {**genuine, "proof": None}):
        told = ask(("list.json", json.dumps(wrong).encode()))
        assert (told.state, "状态列表的签名不符" in told.title) == ("bad", True)
    told = ask(("list.json", json.dumps(revoked).encode()))
    assert (told.state, "请再选择证书文件" in told.title) == ("wait", True)
    assert ask(("revoked.json", _badge(made))).state == "bad"


def test_a_page_that_was_kept_learns_the_keys_of_after_from_one_it_knows(ask: Ask, made: Certificate, client: FlaskClient) -> None:
    for _time in range(2):
        with transaction():
            signing.rotate(ring=keyring(), by=SYSTEM, now=ground.NOW)
    pdf, listed = documents.pdf_of(made, maker()), client.get("/status/1").data
    published = client.get("/.well-known/trainhub-certificates.json").get_json()
    told = ask(("newer.pdf", pdf))
    assert (told.state, "或文件比本页新" in told.title, "trainhub-certificates.json" in told.text) == ("bad", True, True)
    told = ask(("list.json", listed))
    assert (told.state, "列表比本页新" in told.title, "改动" in told.title) == ("bad", True, False), "a list of ours is not called forged"
    forged = json.loads(json.dumps(published))
    for one in forged["keys"]:
        one.get("vouched", {}).update(signature="A" * 86)
    own = SeedSigner(b"x" * 32)
    added = {"key": key_id(own.public), "algorithm": "Ed25519", "public_key": credentials.unsigned_key(own.public)["public_key"]}
    said = own.sign(credentials.vouching(own.public))
    added["vouched"] = {"by": key_id(own.public), "signature": urlsafe_b64encode(said).decode().rstrip("=")}
    for wrong in (forged, {**published, "keys": [added]}, {**published, "keys": [{**added, "vouched": None}]}):
        told = ask(("keys.json", json.dumps(wrong).encode()))
        assert (told.state, "没有由本页已有的密钥担保的新密钥" in told.title) == ("bad", True)
    assert ask(("newer.pdf", pdf)).state == "bad"
    told = ask(("keys.json", json.dumps(published).encode()))
    assert (told.state, "已认识 2 个新密钥" in told.title) == ("ok", True)
    told = ask(("newer.pdf", pdf), ("list.json", listed))
    assert (told.state, "签名有效" in told.title, "没有撤销" in told.text) == ("ok", True, True)
    assert ask(("newer.json", _badge(made))).state == "ok", "it stays"


def test_several_are_judged_each_by_its_name(ask: Ask, made: Certificate) -> None:
    told = ask(("good.json", _badge(made)), ("bad.json", b"{}"))
    assert told.text.index("good.json: 签名有效") < told.text.index("bad.json: 文件中没有本平台的签名数据")
