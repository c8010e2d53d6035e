"""Who sees a field of a template: everybody who verifies, masked like the holder's name, or the holder and the issuer alone."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.api import api_client
from tests.factories.certificates import certificate
from trainhub.certificates import documents, openbadges, queries, tasks, verifying
from trainhub.certificates.layouts.model import Field, built_in
from trainhub.certificates.models import Certificate, CertificateTemplate
from trainhub.certificates.operations import keys, templates
from trainhub.certificates.types import Kind, Status
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
FIELDS: list[dict[str, Any]] = [
    {"name": "teacher", "label": "授课教师", "label_en": "teacher"},
    {"name": "name_en", "label": "英文姓名", "label_en": "name in English"},
    {"name": "id_no", "label": "证件号码", "label_en": "identity number"},
    {"name": "grade", "label": "等级", "label_en": "grade"},
]
FACTS = {"teacher": "诸葛孔明", "name_en": "Ouyang Nana", "id_no": "110101199003070011", "grade": "优秀"}


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _who(number: int) -> Identity:
    return Identity(account_id=number, person_id=None, name="某人", grants=())


def _draft(fields: list[dict[str, Any]] = FIELDS) -> CertificateTemplate:
    row = templates.start(code="with_teacher", kind=Kind.TRAINING, owner=None, by=_who(1), now=ground.NOW)
    body = json.loads(row.body)
    body["fields"] += fields
    box = [20, 60, 120, 6]
    body["elements"] += [{"kind": "text", "text": f"{{{one['name']}}}", "box": box} for one in fields]
    templates.save(template=row, body=json.dumps(body), version=row.version, by=_who(1))
    return row


def _issued(fields: list[dict[str, Any]] = FIELDS) -> tuple[Person, Certificate]:
    with transaction():
        row, who = _draft(fields), ground.person("欧阳娜娜")
        templates.submit(template=row, by=_who(1), now=ground.NOW)
        templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
        return who, certificate(Kind.TRAINING, who=who, template=row.code, facts=FACTS)


def _public(client: FlaskClient, made: Certificate) -> dict[str, str]:
    where = f"/V/{made.number}/{made.code}"
    return {path: client.get(path).get_data(as_text=True) for path in (where, f"{where}/verdict.json", f"{where}.json")}


def test_names_in_own_fields_are_masked_for_visitors(session: Session, client: FlaskClient) -> None:
    _who_has, made = _issued()
    for path, text in _public(client, made).items():
        text = json.dumps(json.loads(text), ensure_ascii=False) if path.endswith("json") else text
        assert "优秀" in text, path
        assert "诸葛**" in text, path
        assert "O***** N***" in text, path
        assert FACTS["id_no"] not in text, path
        assert [one for one in ("诸葛孔明", "Ouyang", "证件号码", "id_no") if one in text] == [], path


def test_the_holder_sees_and_hands_on_all_of_it(session: Session, client: FlaskClient, as_role: AsRole) -> None:
    who, made = _issued()
    page = as_role(Role.TRAINEE, person_id=who.id).get(f"/certificates/{made.number}").text
    badge = json.dumps(documents.badge_file_of(made, tasks.maker()), ensure_ascii=False)
    with transaction():
        share = keys.share(certificate=made, by=SYSTEM, now=ground.NOW)
    shared = client.get(f"/S/{share.token}").text
    for text in (page, badge):
        assert all(value in text for value in FACTS.values())
    assert all(FACTS[name] in shared for name in ("teacher", "name_en", "grade"))
    assert FACTS["id_no"] not in shared, "whoever has the link is not the holder"


def test_what_is_for_holder_and_issuer_alone_is_for_no_other_office(session: Session, app: Flask, as_role: AsRole) -> None:
    who, made = _issued()
    page, picture = f"/certificates/{made.number}", f"/certificates/{made.number}/preview.svg"

    def seen(role: Role, **scope: Any) -> tuple[bool, bool, str]:
        reader, program = as_role(role, **scope), api_client(app, role, scopes=("certificates:",), **scope)
        shown = reader.get(page).text
        assert "诸葛孔明" in shown
        return FACTS["id_no"] in shown, "id_no" in program.get(f"/api/v1{page}").json["facts"], reader.get(picture).text

    *whole, drawn = seen(Role.UNIVERSITY_ADMIN, organisation_id=made.issuer_id)
    assert whole == [True, True]
    for role in (Role.AUDITOR, Role.INSPECTOR):
        *told, other = seen(role)
        assert (told, other != drawn) == ([False, False], True)
    assert FACTS["id_no"] in as_role(Role.TRAINEE, person_id=who.id).get(page).text


def test_whoever_draws_it_up_decides(session: Session, client: FlaskClient) -> None:
    shown = {"teacher": "public", "name_en": "holder_only", "id_no": "masked", "grade": "masked"}
    _who_has, made = _issued([{**one, "shown": shown[one["name"]]} for one in FIELDS])
    page = _public(client, made)[f"/V/{made.number}/{made.code}"]
    assert "诸葛孔明" in page
    assert "英文姓名" not in page
    assert "1" + "*" * 17 in page
    assert "优*" in page


@pytest.mark.parametrize(
    ("name", "label", "kind", "shown"),
    [
        ("teacher", "授课教师", "text", "masked"),
        ("co", "合作导师", "text", "masked"),
        ("x", "姓名拼音", "text", "masked"),
        ("enterprise_mentor", "联系", "text", "masked"),
        ("name_en", "英文", "text", "masked"),
        ("id_no", "证件号码", "text", "holder_only"),
        ("phone", "电话", "text", "holder_only"),
        ("born_on", "出生日期", "date", "holder_only"),
        ("class_name", "班级", "text", "public"),
        ("course", "课程", "text", "public"),
        ("students", "指导学生人数", "number", "public"),
        ("teachers", "教师人数", "number", "public"),
        ("course", "教师教学能力提升", "text", "masked"),
        ("project_id", "项目编号", "text", "public"),
        ("exam_id", "考试编号", "text", "public"),
        ("venue_address", "举办地址", "text", "public"),
        ("home_address", "家庭地址", "text", "holder_only"),
        ("address", "地址", "text", "holder_only"),
        ("student_id", "学号", "text", "holder_only"),
        ("student_category", "学员类别", "text", "public"),
        ("unit", "指导教师单位", "text", "public"),
        ("advisor_unit", "单位", "text", "public"),
        ("advisor_name_en", "英文", "text", "masked"),
        ("teacher_en", "英文", "text", "masked"),
    ],
)
def test_what_a_field_is_called_decides_until_somebody_does(name: str, label: str, kind: Any, shown: str) -> None:
    assert Field(name, label, name, type=kind).visibility == shown
    assert Field(name, label, name, type=kind, shown="public").visibility == "public"


def test_the_templates_that_are_built_in_say_so_themselves() -> None:
    said = {one.name: one.shown for kind in Kind for one in built_in(kind.value).fields if one.shown}
    assert said == {"mentor": "masked", "school_supervisor": "masked", "enterprise_supervisor": "masked"}


def test_the_page_of_a_template_asks_and_warns(session: Session, as_role: AsRole) -> None:
    with transaction():
        row = _draft()
    editor, where = as_role(Role.SYSTEM_ADMIN), f"/certificates/templates/{row.id}"
    page = editor.get(where).text
    assert 'name="shown_teacher"' in page
    assert "授课教师" in page
    assert "对查验的人完整显示" not in page
    with transaction():
        current = queries.template_by_id(row.id)
        assert current is not None
        version = current.version
    chosen = {"version": version, "shown_teacher": "public", "shown_grade": "holder_only", "shown_id_no": "holder_only"}
    assert editor.post(f"{where}/shown", data=chosen).status_code == 303
    page = editor.get(where).text
    assert "“授课教师”像是人名或个人信息，却对查验的人完整显示" in page
    fields = {one.name: one for one in _layout(row.id).fields}
    assert {name: fields[name].shown for name in ("teacher", "grade", "id_no", "name_en")} == {
        "teacher": "public",
        "grade": "holder_only",
        "id_no": "",
        "name_en": "",
    }, "what is as the name suggests stays undecided"
    stale = editor.post(f"{where}/shown", data={**chosen, "shown_teacher": "masked"})
    assert (stale.status_code, "刚被其他人修改过" in stale.text) == (422, True)
    current = queries.template_by_id(row.id)
    assert current is not None
    for odd in ("nonsense", ""):
        answer = editor.post(f"{where}/shown", data={"version": current.version, "shown_teacher": odd})
        assert (answer.status_code, {one.name: one for one in _layout(row.id).fields}["teacher"].shown) == (422, "public")
    with transaction():
        current = queries.template_by_id(row.id)
        assert current is not None
        templates.submit(template=current, by=SYSTEM, now=ground.NOW)
    assert editor.post(f"{where}/shown", data=chosen).status_code == 422
    page = editor.get(where).text
    assert 'name="shown_teacher"' not in page
    assert "仅持证人和发证单位" in page, "who approves reads it"


def _layout(key: int) -> Any:
    row = queries.template_by_id(key)
    assert row is not None
    return templates.checked_layout(row.body)


def _checked(badge: openbadges.Badge) -> Status:
    maker = tasks.maker()
    signed = json.dumps(openbadges.signed(badge, maker.signer), ensure_ascii=False)
    return verifying.check_badge(signed.encode(), maker, tasks.trust()).status


def test_a_public_credential_of_before_still_holds(session: Session) -> None:
    """What hides a field was decided otherwise, then and later: it was signed and is out."""
    _who_has, made = _issued()
    now = documents.badge_of(made, tasks.maker(), is_public=True)
    assert ("诸葛**" in now.description, FACTS["id_no"] in now.description) == (True, False)
    whole = replace(now, description=now.description.replace("诸葛**", "诸葛孔明"))
    told = replace(whole, description=f"{whole.description}；等级：{FACTS['grade']}" if "等级" not in whole.description else whole.description)
    numbered = replace(now, description=now.description.replace("；等级", f"；证件号码：{FACTS['id_no']}；等级"))
    assert numbered != now
    assert [_checked(one) for one in (now, whole, told, numbered)] == [Status.ISSUED] * 4
    false = [replace(now, description=now.description.replace("诸葛**", "诸葛瞻")), replace(now, description=f"{now.description}；等级：优秀")]
    assert [_checked(one) for one in (*false, replace(now, title=f"{now.title}甲"))] == [Status.TAMPERED] * 3


def test_a_link_has_no_picture_of_what_is_for_the_holder_alone(session: Session, client: FlaskClient, as_role: AsRole) -> None:
    who, made = _issued()
    with transaction():
        token = keys.share(certificate=made, by=SYSTEM, now=ground.NOW).token
    assert "picture.png" not in client.get(f"/S/{token}").text
    assert client.get(f"/S/{token}/picture.png").status_code == 404
    assert as_role(Role.TRAINEE, person_id=who.id).get(f"/certificates/{made.number}/preview.png").status_code == 200
    with transaction():
        made.facts = {**made.facts, "id_no": ""}
    assert not documents.prints_private(made), "nothing of it is printed"


@pytest.mark.parametrize(("shown", "title"), [("masked", "：智**"), ("holder_only", ""), ("public", "：智能化"), ("", "：智能化")])
def test_the_title_of_a_public_credential_tells_what_its_field_allows(session: Session, shown: str, title: str) -> None:
    with transaction():
        row = _draft()
        body = json.loads(row.body)
        body["fields"] = [{**one, "shown": shown} if one["name"] == "course" else one for one in body["fields"]]
        templates.save(template=row, body=json.dumps(body), version=row.version, by=_who(1))
        templates.submit(template=row, by=_who(1), now=ground.NOW)
        templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
        made = certificate(Kind.TRAINING, template=row.code, facts={**FACTS, "course": "智能化"})
    layout, maker = _layout(row.id), tasks.maker()
    made_public = documents.badge_of(made, maker, is_public=True)
    assert made_public.title == f"{layout.title}{title}"
    assert documents.badge_of(made, maker).title == f"{layout.title}：智能化"
    before = replace(made_public, title=f"{layout.title}：智能化")
    assert [_checked(one) for one in (made_public, before)] == [Status.ISSUED] * 2


def test_the_offline_page_calls_the_fields_of_own_templates_by_their_labels(session: Session, client: FlaskClient) -> None:
    _issued()
    for path in ("/verify/offline", "/verify/offline.html"):
        (given,) = re.findall('data-labels="([^"]*)"', client.get(path).text)
        assert json.loads(html.unescape(given))["with_teacher"]["teacher"] == "授课教师", path
