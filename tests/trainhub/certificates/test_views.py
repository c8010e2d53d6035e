"""Pages of certificates: verification for everybody, one's own, the issuer's list and deeds, print runs, the API."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.api import api_client
from tests.factories.certificates import REASON, certificate, corrected, many
from tests.trainhub.certificates.scanning import codes_on
from trainhub.certificates import credentials, limiting, operations, queries, verifying
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import show_number
from trainhub.certificates.signers import Trust
from trainhub.certificates.types import Kind, State
from trainhub.kernel import clock, fonts, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

AsRole = Callable[..., FlaskClient]
with_fonts = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")


@pytest.fixture(autouse=True)
def _fresh_window(app: Flask, session: Session) -> None:
    """Guesses of other tests do not count; rows stay readable without asking again, so that only requests read."""
    app.extensions.pop("trainhub.certificates.window", None)
    session.expire_on_commit = False


def _kept(**given: Any) -> Certificate:
    with transaction():
        return certificate(**given)


# -- verification -------------------------------------------------------------------------------------------------------


def test_the_qr_address_shows_everything_but_the_whole_name(session: Session, client: FlaskClient) -> None:
    made = _kept(who=ground.person("欧阳娜娜"), issuer=ground.university(name="闽江理工大学"))
    answer = client.get(f"/V/{made.number}/{made.code}")
    assert answer.status_code == 200
    assert "证书真实有效" in answer.text
    assert "欧阳**" in answer.text
    assert "欧阳娜娜" not in answer.text
    for text in ("智能制造导论", "闽江理工大学", "2026-03-02", "结业证书"):
        assert text in answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_the_same_page_in_english(session: Session, client: FlaskClient) -> None:
    made = _kept()
    answer = client.get(f"/V/{made.number}/{made.code}?lang=en")
    assert '<html lang="en"' in answer.text
    assert "Certificate of Completion" in answer.text


def test_json_of_the_same_address(session: Session, client: FlaskClient) -> None:
    made = _kept(who=ground.person("张三"), issuer=ground.university(name="闽江理工大学"))
    answer = client.get(f"/V/{made.number}/{made.code}/verdict.json")
    assert answer.json == {
        "status": "issued",
        "number": made.number,
        "holder_masked": "张*",
        "kind": "completion",
        "issued_on": "2026-03-02",
        "reason": "",
        "state_on": "2026-03-02",
        "edition": 1,
        "issuer": "闽江理工大学",
        "facts": {"course": "智能制造导论", "hours": "32"},
        "history": [{"event": "issue", "state": "issued", "on": "2026-03-02", "reason": "", "edition": 1}],
    }


def test_a_code_is_read_as_people_type_it(session: Session, client: FlaskClient) -> None:
    made = _kept()
    typed = f"{made.code[:4]}-{made.code[4:8]}-{made.code[8:]}".lower()
    assert client.get(f"/V/{made.number}/{typed}").status_code == 200


def test_wrong_code_and_unknown_number_are_answered_alike(session: Session, client: FlaskClient) -> None:
    made = _kept()
    other = made.number[:16] + "9"  # another serial
    from trainhub.certificates.numbers import check_digit

    unknown = other + check_digit(other)
    wrong = client.get(f"/V/{made.number}/000000000000/verdict.json")
    none = client.get(f"/V/{unknown}/000000000000/verdict.json")
    assert wrong.status_code == none.status_code == 404
    assert {**wrong.json, "number": ""} == {**none.json, "number": ""}
    assert wrong.json["status"] == "unknown"
    assert wrong.json["holder_masked"] is None
    page = client.get(f"/V/{made.number}/000000000000")
    assert page.status_code == 404
    assert "没有查到这张证书" in page.text


def test_a_number_alone_shows_little(session: Session, client: FlaskClient) -> None:
    made = _kept(who=ground.person("张三"))
    answer = client.get(f"/V/{made.number}")
    assert answer.status_code == 200
    assert "张*" in answer.text
    assert "结业证书" in answer.text, "the number says the kind"
    for hidden in ("智能制造导论", "2026-03-02", made.code):
        assert hidden not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_guesses_are_limited_but_not_right_codes(session: Session, client: FlaskClient) -> None:
    made = _kept()
    for _ in range(30):
        assert client.get(f"/V/{made.number}").status_code == 200
    answer = client.get(f"/V/{made.number}")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert client.get(f"/V/{made.number}/000000000000").status_code == 429
    assert client.get(f"/V/{made.number}/{made.code}").status_code == 200


def test_programs_are_told_of_the_limit_as_programs(session: Session, client: FlaskClient) -> None:
    made = _kept()
    wrong = f"/V/{made.number}/000000000000"
    for path in (f"{wrong}.json", f"{wrong}/verdict.json"):
        for _ in range(30):
            client.get(path)
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (429, "application/problem+json", "60")
        assert (answer.get_json()["status"], answer.headers["Access-Control-Allow-Origin"]) == (429, "*")
    assert client.get("/status/99").mimetype == "application/problem+json"
    assert client.get(f"/V/{made.number}/000000000000").mimetype == "text/html", "people read a page"


def test_one_connection_has_one_count_whatever_address_it_takes(session: Session, client: FlaskClient) -> None:
    made = _kept()
    for place in range(30):
        assert client.get(f"/V/{made.number}", environ_base={"REMOTE_ADDR": f"2001:db8:0:7::{place:x}"}).status_code == 200
    for address, status in (("2001:db8:0:7:ffff::1", 429), ("2001:db8:0:8::1", 200), ("192.0.2.7", 200)):
        assert client.get(f"/V/{made.number}", environ_base={"REMOTE_ADDR": address}).status_code == status


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("?", "?"),
    ],
)
def test_whose_guesses_are_counted_together(address: str, counted: str) -> None:
    assert limiting.counted_as(address) == counted


def test_a_revoked_certificate_says_so(session: Session, client: FlaskClient) -> None:
    made = _kept()
    with transaction():
        operations.revoke(certificate=made, **REASON)
    answer = client.get(f"/V/{made.number}/{made.code}")
    for text in ("证书已撤销", "学籍核查后不符合条件", "2026-03-02"):
        assert text in answer.text
    assert client.get(f"/V/{made.number}/{made.code}/verdict.json").json["status"] == "revoked"
    assert client.get(f"/V/{made.number}/{made.code}/verdict.json").json["reason"] == "学籍核查后不符合条件"


def test_json_with_the_number_alone_says_what_its_page_says(session: Session, client: FlaskClient) -> None:
    made = _kept(who=ground.person("张三"))
    with transaction():
        operations.revoke(certificate=made, **REASON)
    answer = client.get(f"/V/{made.number}/verdict.json")
    assert answer.json == {
        "status": "revoked",
        "number": made.number,
        "holder_masked": "张*",
        "kind": "completion",
        "issued_on": None,
        "reason": "",
        "state_on": "2026-03-02",
    }
    assert (answer.headers["Cache-Control"], answer.headers["Access-Control-Allow-Origin"]) == ("private, no-store", "*")
    assert client.get("/V/350001120260000099/verdict.json").status_code == 404


def test_what_names_a_holder_is_listed_nowhere_and_no_cookie_is_kept_for_others(session: Session, client: FlaskClient) -> None:
    made = _kept()
    for path in (
        f"/V/{made.number}/{made.code}",
        f"/V/{made.number}/{made.code}.json",
        f"/V/{made.number}/{made.code}/verdict.json",
        f"/V/{made.number}",
    ):
        assert client.get(path).headers["X-Robots-Tag"] == "noindex", path
    told = client.get(f"/V/{made.number}/{made.code}?lang=en")
    assert "Set-Cookie" in told.headers
    assert "public" not in told.headers.get("Cache-Control", "")
    assert client.get(f"/V/{made.number}/{made.code}?lang=en").headers["Cache-Control"] == "public, max-age=60"


def test_the_reason_of_a_change_is_not_told_for_the_number_alone(session: Session, client: FlaskClient) -> None:
    made = _kept()
    with transaction():
        operations.suspend(certificate=made, **REASON)
    for change in (None, operations.revoke):
        if change is not None:
            with transaction():
                change(certificate=made, **REASON)
        page = client.get(f"/V/{made.number}")
        assert page.status_code == 200
        assert "2026-03-02" in page.text, "the day of the state"
        assert REASON["reason"] not in page.text
        assert "<dt>理由" not in page.text
        assert verifying.check(made.number).as_dict()["reason"] == ""
        assert REASON["reason"] in client.get(f"/V/{made.number}/{made.code}").text


def test_every_later_state_is_told_for_the_old_and_the_new_code(session: Session, client: FlaskClient) -> None:
    old = _kept()
    with transaction():
        second = operations.reissue(certificate=old, **REASON)

    def status(one: Certificate) -> str:
        answer = client.get(f"/V/{one.number}/{one.code}/verdict.json")
        return str(answer.json["status"])

    assert (status(old), status(second)) == ("reissued", "issued")
    with transaction():
        operations.suspend(certificate=second, **REASON)
    assert (status(old), status(second)) == ("suspended", "suspended")
    with transaction():
        third = corrected(second, facts={"hours": 40})
    assert (status(old), status(second), status(third)) == ("superseded", "superseded", "suspended"), "other words lift no suspension"
    with transaction():
        operations.resume(certificate=third, **REASON)
    assert (status(old), status(second), status(third)) == ("superseded", "superseded", "issued")


def test_a_record_changed_in_the_database_is_tampered(session: Session, client: FlaskClient) -> None:
    made = _kept()
    with transaction():
        made.facts = {**made.facts, "hours": "999"}
    answer = client.get(f"/V/{made.number}/{made.code}/verdict.json").json
    assert answer["status"] == "tampered"
    assert "facts" not in answer


def test_a_state_that_was_given_in_the_database_is_tampered(session: Session, client: FlaskClient) -> None:
    made = _kept()
    with transaction():
        operations.revoke(certificate=made, **REASON)
    with transaction():
        made.state = State.ISSUED
    answer = client.get(f"/V/{made.number}/{made.code}/verdict.json").json
    assert (answer["status"], "facts" in answer) == ("tampered", False)


def test_why_one_was_suspended_is_not_told_once_it_was_lifted(session: Session, client: FlaskClient) -> None:
    made = _kept()
    suspicion = {**REASON, "reason": "涉嫌代考，核查中", "document": "教务2026年第9号"}
    with transaction():
        operations.suspend(certificate=made, **suspicion)
    where = f"/V/{made.number}/{made.code}"
    assert suspicion["reason"] in client.get(where).text
    with transaction():
        operations.resume(certificate=made, **{**REASON, "reason": "未发现代考"})
    for path in (where, f"{where}/verdict.json"):
        told = client.get(path).get_data(as_text=True)
        told = json.dumps(json.loads(told), ensure_ascii=False) if path.endswith("json") else told
        assert [one for one in ("代考", suspicion["document"]) if one in told] == [], path
    assert [one["event"] for one in client.get(f"{where}/verdict.json").json["history"]] == ["issue", "suspend", "resume"], (
        "the steps stay, with their days"
    )
    with transaction():
        operations.suspend(certificate=made, **suspicion)
        operations.revoke(certificate=made, **{**REASON, "reason": "代考属实"})
    told = client.get(where).text
    assert "代考属实" in told
    assert told.count("涉嫌代考") == 1, "what led to the end is told, what was lifted before is not"


def test_the_form(session: Session, client: FlaskClient) -> None:
    made = _kept(who=ground.person("张三"))
    assert client.get("/verify").status_code == 200
    answer = client.get(f"/verify?number={made.number}&code={made.code}")
    assert (answer.status_code, answer.location) == (303, f"/V/{made.number}/{made.code}")
    spaced = " ".join(made.number)
    right = client.post("/verify", data={"number": spaced, "code": made.code, "name": " 张三 "})
    assert "姓名相符" in right.text
    wrong = client.post("/verify", data={"number": spaced, "code": made.code, "name": "李四"})
    assert "姓名不符" in wrong.text
    for name in ("张三", "李四"):
        unread = client.post("/verify", data={"number": spaced, "code": "", "name": name})
        assert "没有核对姓名" in unread.text, "a number alone tells nobody whose it is"
        assert "姓名相符" not in unread.text
        assert "姓名不符" not in unread.text
    assert "没有核对姓名" not in right.text + wrong.text + client.post("/verify", data={"number": spaced}).text
    assert "没有核对姓名" not in client.post("/verify", data={"number": "1" * 18, "name": "张三"}).text, "nothing was found to compare with"
    assert client.post("/verify", data={"number": "", "code": made.code}).status_code == 422
    bad = client.post("/verify", data={"number": "123", "code": "x"})
    assert bad.status_code == 404
    assert "末位是校验位" in bad.text


@with_fonts
def test_the_pdf_and_what_happens_when_it_is_changed(session: Session, app: Flask, as_role: AsRole, client: FlaskClient, tmp_path: Path) -> None:
    who = ground.person("王\u4dae垚")
    made = _kept(who=who)
    holder = as_role(Role.STUDENT, person_id=who.id)
    answer = holder.get(f"/certificates/{made.number}/pdf")
    assert answer.mimetype == "application/pdf"
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    assert holder.get(f"/certificates/{made.number}/pdf").data == answer.data
    pdf = answer.data

    def told(data: bytes) -> str:
        sent = client.post("/verify/file", data={"file": (io.BytesIO(data), "证书.pdf")})
        return sent.text

    assert "证书真实有效" in told(pdf)
    signed = json.loads(pdf_attachment(pdf))
    public = client.get("/.well-known/trainhub-certificates.json").json["keys"][0]
    trust = Trust((credentials.unb64(public["public_key"]),))
    assert credentials.is_signed(signed, trust)
    signed["certificate"]["facts"]["hours"] = "999"
    assert not credentials.is_signed(signed, trust)
    added = pdf.replace(b"%%EOF", b"99 0 obj <</Length 4>>stream\nq Q \nendstream endobj %%EOF")
    assert "内容与签发时不一致" in told(added)
    for disguised in _repainted(pdf):
        assert "内容与签发时不一致" in told(disguised)
    assert "这个文件不能自动核对" in told(b"%PDF-1.4 scanned"), "nothing was looked up: it is not said that nobody issued it"
    assert "无法读取" in told(b"not a pdf at all")
    with transaction():
        operations.revoke(certificate=made, **REASON)
    assert "证书已撤销" in told(pdf)
    assert holder.get(f"/certificates/{made.number}/pdf").status_code == 422
    if shutil.which("pdftotext"):
        file = tmp_path / "c.pdf"
        file.write_bytes(pdf)
        text = subprocess.run(["pdftotext", str(file), "-"], check=True, capture_output=True).stdout.decode()
        assert "王\u4dae垚" in text
        assert made.number in text


def _repainted(pdf: bytes) -> list[bytes]:
    """Files whose streams are all still there, while something more is drawn."""
    page = re.search(rb"(\d+) 0 obj\s*<</Type/Page/[^>]*>>", pdf)
    assert page is not None
    body = page[0].partition(b"obj")[2].strip()
    tree = re.search(rb"/Contents (\d+) 0 R", body)
    assert tree is not None
    paint = b"1 0 0 rg 0 0 800 500 re f"

    def again(page_body: bytes, *more: bytes) -> bytes:
        return pdf + b"%s 0 obj\n%s\nendobj\n" % (page[1], page_body) + b"".join(more) + b"startxref\n0\n%%EOF\n"

    both = body.replace(tree[0], b"/Contents [%s 0 R 900 0 R]" % tree[1])
    heads = (b"<</Type/EmbeddedFile/Length 25>>", b"<</X/ObjStm/Length 25>>", b"<</X/XRef/Length 25>>", b"<</Length 25>> % hidden")
    files = [again(both, b"900 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (head, paint)) for head in heads]
    note = b"<</Type/Annot/Subtype/FreeText/Rect[90 90 700 300]/DA(/Helv 40 Tf)/Contents(Distinction)>>"
    files.append(again(body.removesuffix(b">>") + b"/Annots[900 0 R]>>", b"900 0 obj\n%s\nendobj\n" % note))
    files.append(again(body.removesuffix(b">>") + b"/#41nnots[900 0 R]>>", b"900 0 obj\n%s\nendobj\n" % note.replace(b"/Subtype", b"/#53ubtype")))
    return files


def pdf_attachment(pdf: bytes) -> bytes:
    from trainhub.certificates.layouts import reading

    return reading.read(pdf).attachments[0]


@with_fonts
def test_the_qr_code_leads_to_the_verification_page(session: Session, as_role: AsRole) -> None:
    who = ground.person()
    made = _kept(who=who)
    file = as_role(Role.STUDENT, person_id=who.id).get(f"/certificates/{made.number}/pdf").data
    assert codes_on(file) == [[f"HTTP://127.0.0.1:8000/V/{made.number}/{made.code}"]]


def test_two_certificates_of_one_human_for_one_thing_are_pointed_out(session: Session, as_role: AsRole) -> None:
    two, issuer, other = [ground.person("王一"), ground.person("王一")], ground.university(), ground.university()
    first, second = (certificate(who=who, issuer=issuer, asked_key=f"course:MC-1/2026:person:{who.id}") for who in two)
    certificate(who=two[0], issuer=issuer, asked_key=f"course:MC-1/2027:person:{two[0].id}")
    assert queries.twins_of(first) == []
    people.decide_pair(first=two[0], second=two[1], decision=PairDecision.SAME, reason="已核对户口簿", by=SYSTEM, now=ground.NOW)
    assert queries.twins_of(first) == [second]
    session.commit()
    staff = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    assert "同一件事发过两张证书" in staff.get(f"/certificates/{first.number}").get_data(as_text=True)
    assert "有 1 组重复的证书" in staff.get("/certificates/").text
    page, table = staff.get("/certificates/doubled").text, staff.get("/certificates/doubled.csv").get_data(as_text=True)
    assert [show_number(one.number) in page and one.number in table for one in (first, second)] == [True, True]
    assert [text.count("智能制造导论") for text in (page, table)] == [2, 2], "who decides sees of which course"
    assert table.count("王一") == 2, "the certificate of another year is none of the two"
    stranger = as_role(Role.UNIVERSITY_ADMIN, organisation_id=other.id)
    assert "没有重复的证书" in stranger.get("/certificates/doubled").text
    second = corrected(second, facts={"hours": 48})
    session.commit()
    assert show_number(second.number) in staff.get("/certificates/doubled").text, "a correction leaves two for one thing"
    operations.revoke(certificate=second, **REASON)
    session.commit()
    assert "同一件事发过两张证书" not in staff.get(f"/certificates/{first.number}").get_data(as_text=True)
    assert "没有重复的证书" in staff.get("/certificates/doubled").text


# -- own and issuer's ---------------------------------------------------------------------------------------------------


def test_holders_see_their_own_certificates_only(session: Session, as_role: AsRole) -> None:
    who = ground.person()
    mine, other = _kept(who=who), _kept()
    holder = as_role(Role.STUDENT, person_id=who.id)
    page = holder.get("/certificates/mine")
    assert mine.number in page.text.replace(" ", "")
    assert other.number not in page.text.replace(" ", "")
    shown = holder.get(f"/certificates/{mine.number}")
    assert f"/V/{mine.number}/{mine.code}" in shown.text
    assert "完成课程" in shown.text
    assert holder.get(f"/certificates/{other.number}").status_code == 403
    assert holder.get(f"/certificates/{other.number}/pdf").status_code == 403
    assert holder.get("/certificates/").status_code == 403
    assert holder.get(f"/certificates/{mine.number}/change/revoke").status_code == 403


def test_somebody_without_certificates_is_told_how_to_get_one(as_role: AsRole) -> None:
    assert "还没有证书" in as_role(Role.TRAINEE).get("/certificates/mine").text


def test_an_issuer_sees_what_it_issued(session: Session, as_role: AsRole) -> None:
    here, there = ground.university(), ground.university(region_code="350200")
    ours, theirs = _kept(issuer=here), _kept(issuer=there)
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    page = admin.get("/certificates/").text.replace(" ", "")
    assert ours.number in page
    assert theirs.number not in page
    assert admin.get(f"/certificates/{theirs.number}").status_code == 403
    city = as_role(Role.PREFECTURE_OPERATOR, region_code="350200").get("/certificates/").text.replace(" ", "")
    assert theirs.number in city
    assert ours.number not in city
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350200").get(f"/certificates/{theirs.number}/change/revoke").status_code == 403
    everything = as_role(Role.AUDITOR).get("/certificates/").text.replace(" ", "")
    assert ours.number in everything
    assert theirs.number in everything
    assert ours.code not in as_role(Role.AUDITOR).get(f"/certificates/{ours.number}").text


@pytest.mark.parametrize("role", [Role.UNIVERSITY_ADMIN, Role.CENTRE_LEADER])
def test_an_issuer_finds_its_templates_and_the_fonts(session: Session, as_role: AsRole, role: Role) -> None:
    with transaction():
        here = ground.university()
    reader = as_role(role, organisation_id=here.id)
    page = reader.get("/certificates/").text
    for address in ("/certificates/templates", "/certificates/fonts"):
        assert f'href="{address}"' in page
        assert reader.get(address).status_code == 200
    assert 'href="/certificates/templates"' not in as_role(Role.AUDITOR).get("/certificates/").text


def test_filters_and_export(session: Session, as_role: AsRole) -> None:
    here = ground.university()
    first, second = _kept(issuer=here, who=ground.person("林一")), _kept(kind=Kind.PLACEMENT, issuer=here, who=ground.person("陈二"))
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)

    def found(**args: Any) -> set[str]:
        text = admin.get("/certificates/", query_string=args).text.replace(" ", "")
        return {one.number for one in (first, second) if one.number in text}

    assert found(kind="placement") == {second.number}
    assert found(q="林一") == {first.number}
    assert found(q=first.number[:15]) == {first.number}
    assert found(state="revoked") == set()
    assert found(since="2026-03-03") == set()
    assert found(kind="nonsense") == {first.number, second.number}
    assert admin.get("/certificates/?since=nonsense").status_code == 422
    answer = admin.get("/certificates/export.csv?kind=placement")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert second.number in lines[1]
    assert second.code not in answer.data.decode()
    assert admin.get("/certificates/export.xlsx").data[:2] == b"PK"


@pytest.mark.parametrize("sort", ["number", "-holder", "issued", "state", "nonsense"])
def test_lists_sort(session: Session, as_role: AsRole, sort: str) -> None:
    _kept()
    assert as_role(Role.AUDITOR).get(f"/certificates/?sort={sort}").status_code == 200


@pytest.mark.parametrize("path", ["/certificates/", "/certificates/mine"])
def test_lists_ask_the_same_number_of_queries_for_1_and_30(session: Session, as_role: AsRole, count_queries: list[str], path: str) -> None:
    here, who = ground.university(), ground.person()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id, person_id=who.id)

    def asked() -> int:
        session.rollback()
        session.expunge_all()
        count_queries.clear()
        assert client.get(path).status_code == 200
        return len(count_queries)

    _kept(issuer=here, who=who)
    asked()
    one = asked()
    with transaction():
        many(29, issuer=here, person_id=who.id)
    assert asked() == one


def test_what_waits_asks_the_same_number_of_queries_for_1_and_30(session: Session, as_role: AsRole, count_queries: list[str]) -> None:
    _all_drafts(1)
    client = as_role(Role.SYSTEM_ADMIN)

    def asked() -> int:
        session.rollback()
        session.expunge_all()
        count_queries.clear()
        assert client.get("/certificates/waiting?size=50").text.count('data-label="证书编号"') in (1, 30)
        return len(count_queries)

    asked()
    one = asked()
    _all_drafts(29)
    assert asked() == one


def _all_drafts(count: int) -> None:
    """So many drafts more, each of another person by another issuer."""
    with transaction():
        for _ in range(count):
            certificate(issuer=ground.base(ground.university())).state = State.DRAFT


def test_revoking_by_the_form(session: Session, as_role: AsRole) -> None:
    here = ground.university()
    made = _kept(issuer=here, today=clock.today())
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    url = f"/certificates/{made.number}/change/revoke"
    assert "撤销后不能恢复" in admin.get(url).text
    refused = admin.post(url, data={"reason": "", "document": "文", "on": clock.today().isoformat()})
    assert refused.status_code == 422
    assert "请写明理由" in refused.text
    given = {"reason": "弄虚作假", "document": "教务2026年第3号", "on": clock.today().isoformat(), "submission_key": "k-1"}
    answer = admin.post(url, data=given)
    assert (answer.status_code, answer.location) == (303, f"/certificates/{made.number}")
    assert admin.post(url, data=given).status_code == 303
    again = admin.post(url, data={**given, "submission_key": "k-2"})
    assert again.status_code == 422
    assert "已撤销" in again.text
    session.expire_all()
    found = queries.by_number(made.number)
    assert found is not None
    assert found.state is State.REVOKED
    assert admin.get(f"/certificates/{made.number}/change/explode").status_code == 404


def test_reissuing_and_correcting_by_the_form(session: Session, as_role: AsRole) -> None:
    here = ground.university()
    made = _kept(kind=Kind.PLACEMENT, issuer=here, today=clock.today())
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    reason = {"reason": "遗失", "document": "申请", "on": clock.today().isoformat()}
    admin.post(f"/certificates/{made.number}/change/reissue", data=reason)
    page = admin.get(f"/certificates/{made.number}/change/correct")
    assert 'value="2025-03-03"' in page.text
    facts = {f"fact_{name}": value for name, value in made.facts.items()} | {"fact_weeks": "33"}
    same = admin.post(f"/certificates/{made.number}/change/correct", data={**reason, **facts, "fact_weeks": "32"})
    assert "没有改动任何内容" in same.text
    for wrong in ({"fact_weeks": "-5"}, {"fact_starts_on": "1026-03-03"}):
        assert admin.post(f"/certificates/{made.number}/change/correct", data={**reason, **facts, **wrong}).status_code == 422
    answer = admin.post(f"/certificates/{made.number}/change/correct", data={**reason, **facts})
    assert answer.status_code == 303
    assert "有一份更正等待审核" in admin.get(f"/certificates/{made.number}").text
    session.expire_all()
    assert [one.state for one in queries.editions_of(made.number)] == [State.REISSUED, State.ISSUED], "it stands until the second person"
    batch = queries.open_correction(queries.by_number(made.number).id)  # type: ignore[union-attr]
    assert batch is not None
    assert admin.post(f"/certificates/batches/{batch.id}/decide", data={"decision": "approve"}).status_code == 422
    second = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    assert second.post(f"/certificates/batches/{batch.id}/decide", data={"decision": "approve"}).status_code == 303
    assert admin.get(f"/certificates/{made.number}?edition=1").status_code == 200
    shown = admin.get(f"/certificates/{made.number}").text
    session.expire_all()
    assert [one.state for one in queries.editions_of(made.number)] == [State.REISSUED, State.SUPERSEDED]
    new = queries.by_asked_key(made.asked_key)
    assert new is not None
    assert (new.facts["weeks"], new.facts["starts_on"], new.number != made.number) == ("33", "2025-03-03", True)
    assert new.number in shown.replace(" ", "")


@with_fonts
def test_a_print_run(session: Session, app: Flask, as_role: AsRole) -> None:
    here, there = ground.university(), ground.university()
    made = [_kept(issuer=here) for _ in range(3)]
    _kept(issuer=there)
    _kept(issuer=here, kind=Kind.PLACEMENT)
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    assert admin.get("/certificates/runs").status_code == 200
    form = {"kind": "completion", "issuer_id": here.id, "title": "三月结业", "mode": "full", "chunk_pages": "1000", "submission_key": "run-1"}
    assert admin.post("/certificates/runs/new", data={**form, "kind": "capstone", "submission_key": "x"}).status_code == 422
    assert admin.post("/certificates/runs/new", data={**form, "issuer_id": there.id, "submission_key": "y"}).status_code == 422
    answer = admin.post("/certificates/runs/new", data=form)
    assert answer.status_code == 303
    with transaction():
        operations.revoke(certificate=made[2], **REASON)
    jobs.run_all()
    page = admin.get(answer.location)
    assert "files/1/pdf" in page.text
    pdf = admin.get(f"{answer.location}/files/1/pdf")
    assert pdf.data.count(b"/Type/Page/") == 2
    manifest = admin.get(f"{answer.location}/files/1/csv").data.decode("utf-8-sig")
    assert [line.split(",")[1] for line in manifest.splitlines()[1:]] == [one.number for one in made]
    assert "未打印" in manifest
    assert admin.get(f"{answer.location}/files/9/pdf").status_code == 404
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=there.id).get(answer.location).status_code == 403


# -- API ----------------------------------------------------------------------------------------------------------------


def test_the_api_lists_and_shows_by_permission(session: Session, app: Flask) -> None:
    here = ground.university()
    made, other = _kept(issuer=here), _kept()
    client = api_client(app, Role.UNIVERSITY_ADMIN, scopes=("certificates:",), organisation_id=here.id)
    listed = client.get("/api/v1/certificates").json
    assert [one["number"] for one in listed["items"]] == [made.number]
    shown = client.get(f"/api/v1/certificates/{made.number}").json
    assert (shown["facts"]["hours"], shown["evidence"][0]["text"], shown["history"][0]["event"]) == ("32", "完成课程", "issue")
    assert made.code not in json.dumps(shown)
    assert client.get(f"/api/v1/certificates/{other.number}").status_code == 403
    assert client.get("/api/v1/certificates/123").status_code == 404
    first = client.get("/api/v1/certificates?limit=1").json
    assert first["next_cursor"] is None


@with_fonts
def test_the_api_tells_nobody_but_the_issuer_of_a_draft(session: Session, app: Flask) -> None:
    here, who = ground.university(), ground.person()
    draft = _kept(issuer=here, who=who, facts={"course": "面向智能制造现场的工业互联网平台架构与数据采集技术综合实践" * 9})
    assert draft.state is State.DRAFT
    where = f"/api/v1/certificates/{draft.number}"
    holder = api_client(app, scopes=("certificates:",), person=who)
    answer = holder.get(where)
    assert answer.status_code == 404, "as for a number nobody issued"
    assert answer.json["detail"] == f"没有编号为 {draft.number} 的证书，请核对编号。"
    staff = api_client(app, Role.UNIVERSITY_ADMIN, scopes=("certificates:",), organisation_id=here.id)
    assert staff.get(where).json["state"] == "draft"
    assert staff.get("/api/v1/certificates?state=draft").json["items"][0]["number"] == draft.number
    made = _kept(issuer=here, who=who)
    assert holder.get(f"/api/v1/certificates/{made.number}").status_code == 200


def test_nothing_is_deleted(session: Session) -> None:
    made = _kept()
    session.delete(made)
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
