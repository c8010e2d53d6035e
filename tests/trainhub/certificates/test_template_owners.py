"""Whose templates are: an issuer's own, with its seal, is used by nobody else; each issuer says from which its certificates are drawn."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.certificates import FACTS, certificate
from trainhub.certificates import imports, operations, queries
from trainhub.certificates.batch_forms import selection_form
from trainhub.certificates.models import CertificateTemplate, IssueBatch
from trainhub.certificates.operations import batches, templates
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, BatchState, Kind
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.sheets.types import SheetError
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]
DRAWER, CHECKER = (Identity(account_id=number, person_id=None, name="某人", grants=()) for number in (1, 2))


def _approved(code: str, owner: Organisation | None, change: Callable[[dict[str, Any]], Any] = lambda _body: None) -> None:
    row = templates.start(code=code, kind=Kind.TRAINING, owner=owner, by=DRAWER, now=ground.NOW)
    body = json.loads(row.body)
    change(body)
    templates.save(template=row, body=json.dumps(body), version=row.version, by=DRAWER)
    templates.submit(template=row, by=DRAWER, now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=CHECKER, now=ground.NOW)


def _approved_again(row: CertificateTemplate) -> None:
    """Another version, with another seal."""
    following = templates.next_version(template=row, by=DRAWER, now=ground.NOW)
    templates.submit(template=following, by=DRAWER, now=ground.NOW)
    templates.decide(template=following, is_approved=True, reason="", by=CHECKER, now=ground.NOW)


def _choose(issuer: Organisation, template: str) -> None:
    templates.choose(issuer=issuer, kind=Kind.TRAINING, template=template, by=SYSTEM, now=ground.NOW)


def _codes(issuer: Organisation) -> list[str]:
    return list(queries.template_choices(Kind.TRAINING, issuer))


def test_a_template_is_used_by_its_owner_alone(session: Session) -> None:
    owner, other = ground.university(), ground.university()
    school = ground.organisation(OrganisationKind.DEPARTMENT, name="机电学院", parent_id=owner.id)
    _approved("sealed", owner)
    _approved("for_all", None)
    assert (_codes(owner), _codes(school), _codes(other)) == (
        ["training", "for_all", "sealed"],
        ["training", "for_all", "sealed"],
        ["training", "for_all"],
    )
    assert certificate(Kind.TRAINING, issuer=school, template="sealed").template == "sealed"
    with pytest.raises(operations.CannotIssue, match="没有模板“sealed”"):
        certificate(Kind.TRAINING, issuer=other, template="sealed")
    with pytest.raises(templates.BadTemplate, match="不能用于"):
        _choose(other, "sealed")
    row = Wanted(ground.person().id, FACTS[Kind.TRAINING])
    with pytest.raises(operations.CannotIssue, match="没有模板“sealed”"):
        batches.prepare(
            title="一期", kind=Kind.TRAINING, template="sealed", source=BatchSource.IMPORT, issuer=other, rows=[row], by=SYSTEM, now=ground.NOW
        )


def test_what_nobody_names_is_drawn_from_the_issuers_own_choice(session: Session) -> None:
    owner = ground.university()
    school = ground.organisation(OrganisationKind.DEPARTMENT, name="机电学院", parent_id=owner.id)
    before = certificate(Kind.TRAINING, issuer=owner)
    _approved("first", owner)
    _approved("second", owner)
    _choose(owner, "first")
    assert [certificate(Kind.TRAINING, issuer=one).template for one in (owner, school, ground.university())] == ["first", "first", "training"]
    assert certificate(Kind.COMPLETION, issuer=owner).template == "completion"
    _choose(school, "second")
    batch = batches.prepare(
        title="一期",
        kind=Kind.TRAINING,
        source=BatchSource.SELECTION,
        issuer=school,
        rows=[Wanted(ground.person().id, FACTS[Kind.TRAINING])],
        by=SYSTEM,
        now=ground.NOW,
    )
    assert batch.template == "second"
    _choose(owner, "training")
    assert certificate(Kind.TRAINING, issuer=owner).template == "training"
    assert before.template == "training"


def test_a_template_that_asks_for_more_than_rules_know_is_no_default(session: Session) -> None:
    owner = ground.university()
    _approved("demanding", owner, lambda body: body["fields"].append({"name": "grade", "label": "等第", "label_en": "grade", "required": True}))
    with pytest.raises(templates.BadTemplate, match="必填“等第”"):
        _choose(owner, "demanding")


def test_the_pages_keep_owners_apart(session: Session, as_role: AsRole) -> None:
    with transaction():
        here, there = ground.university(), ground.university()
    mine, theirs, province = (
        as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id),
        as_role(Role.UNIVERSITY_ADMIN, organisation_id=there.id),
        as_role(Role.DEPT_EDU),
    )
    data = {"code": "our_training", "kind": "training"}
    assert mine.post("/certificates/templates", data={**data, "owner_id": 0}).status_code == 422, "what all use is drawn up by the province"
    assert mine.post("/certificates/templates", data={**data, "owner_id": there.id}).status_code == 422
    where = mine.post("/certificates/templates", data={**data, "owner_id": here.id}).location
    assert here.name in mine.get("/certificates/templates").text
    assert "our_training" not in theirs.get("/certificates/templates").text
    for ask in (theirs.get(where), theirs.post(f"{where}/submit"), theirs.post(f"{where}/preview", data={"body": "{}"})):
        assert ask.status_code == 403
    assert mine.post(f"{where}/submit", data={"version": 1}).status_code == 303
    assert province.post(f"{where}/decide", data={"decision": "approve", "version": 2}).status_code == 303
    defaults = "/certificates/templates/defaults"
    first = mine.get(defaults).text
    assert f'<option selected value="{here.id}"' not in first, "nothing is chosen before somebody chooses"
    assert first.count('value="">—</option>') == 2
    for untold in ({"issuer_id": "", "template": "our_training"}, {"issuer_id": here.id, "template": ""}, {"template": "our_training"}):
        assert mine.post(defaults, data=untold).status_code == 422
    assert "都用内置模板" in mine.get(defaults).text
    lists = "/certificates/batches/import"
    assert f"{lists}/training.xlsx?template=our_training" in mine.get(lists).text
    assert mine.get(f"{lists}/training.xlsx?template=our_training").data.startswith(b"PK")
    assert "our_training" not in theirs.get(lists).text
    for address in (f"{lists}/training.xlsx?template=our_training", f"{lists}/exam.xlsx?template=training"):
        assert theirs.get(address).status_code == 404, "another issuer's, or one of another kind"
    assert theirs.post(defaults, data={"issuer_id": here.id, "template": "training"}).status_code == 422
    assert mine.post(defaults, data={"issuer_id": here.id, "template": "our_training"}).status_code == 303
    assert "our_training" in mine.get(defaults).text
    assert "都用内置模板" in theirs.get(defaults).text
    assert mine.post(f"{where}/next").status_code == 303
    common = province.post("/certificates/templates", data={"code": "for_all", "kind": "training", "owner_id": 0}).location
    page = mine.get(common)
    assert page.status_code == 200
    assert "data-layout-editor" not in page.text, "who may not edit it sees it and no tools"
    assert mine.post(f"{common}/submit").status_code == 403


def test_choosing_by_hand_asks_for_the_facts_of_the_template(session: Session, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        programme = ground.programme(here)
        student = ground.student(programme)
        _approved("graded", here, lambda body: body["fields"].append({"name": "grade", "label": "等第", "label_en": "grade", "required": True}))
        _approved("plain", here, lambda body: body["fields"].append({"name": "remark", "label": "备注语", "label_en": "remark", "required": False}))
    mine = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    where = f"/certificates/batches/select?kind=training&programme={programme.id}"
    assert "fact_grade" not in mine.get(where).text
    assert "fact_grade" in mine.get(f"{where}&template=graded").text
    assert "fact_grade" not in mine.get(f"{where}&template=graded".replace("=training", "=exam")).text, "a template of another kind"
    form = {"title": "选", "issuer_id": here.id, "template": "graded", "fact_course": "课程", "fact_base": "基地", "fact_hours": "8"}
    data = {**form, "persons": [student.person_id]}
    assert mine.post(f"{where}&template=graded", data=data).status_code == 422, "the template demands a fact"
    answer = mine.post(f"{where}&template=graded", data={**data, "fact_grade": "优秀"})
    assert answer.status_code == 303
    assert "优秀" in mine.get(answer.location).text
    with transaction():
        _choose(here, "plain")
    assert "fact_remark" in mine.get(where).text, "without a choice: what the university issues from"


def _without(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        body["fields"] = [one for one in body["fields"] if one["name"] not in names]
        body["elements"] = [one for one in body["elements"] if not any(name in json.dumps(one) for name in names)]

    return change


def _listed(issuer: Organisation, template: str, text: str) -> IssueBatch:
    layout = queries.layout_of(template)
    found = imports.read(io.BytesIO(text.encode()), "名单.csv", layout, issuer.id, kind=Kind.TRAINING)
    imports.refuse_problems(found)
    given: dict[str, Any] = {"title": "一期", "kind": Kind.TRAINING, "source": BatchSource.IMPORT, "by": SYSTEM, "now": ground.NOW}
    return batches.prepare(template=template, issuer=issuer, rows=found.rows, **given)


def test_what_tells_two_certificates_apart_is_asked_for_whatever_the_template_prints(session: Session) -> None:
    owner = ground.university()
    ground.student(ground.programme(owner), who=ground.person("张三"), student_no="2026001")
    _approved("plain", owner, _without("course", "class_name", "starts_on", "ends_on"))
    head = "姓名,学号,培训基地,学时"
    with pytest.raises(SheetError, match="缺少必填列：培训项目"):
        _listed(owner, "plain", f"{head}\n张三,2026001,基地,48")
    keys = set()
    for template in ("plain", "training"):  # the paper of the one prints neither, its certificates are two all the same
        for row in ("课程甲,一班,2026-01-05", "课程甲,二班,2026-01-05", "课程甲,一班,2026年2月5日", "课程乙,一班,2026-01-05"):
            batch = _listed(owner, template, f"{head},培训项目,班级,结束日期\n张三,2026001,基地,48,{row}")
            keys.add(queries.first_items(batch.id, 1)[0].asked_key)
    assert len(keys) == 4, "the same four, whichever of the two they are drawn from"
    columns = [one.zh for one in imports.columns_of(Kind.TRAINING, queries.layout_of("plain"))]
    assert {"培训项目", "班级", "结束日期"} < set(columns), "the workbook to fill in has them too"
    form = selection_form(Kind.TRAINING, queries.layout_of("plain"))(formdata=None)
    assert {name: bool(form[f"fact_{name}"].description) for name in ("base", "course", "class_name", "ends_on")} == {
        "base": False,
        "course": True,
        "class_name": True,
        "ends_on": True,
    }, "what is not printed says why it is asked for"
    with pytest.raises(operations.CannotIssue, match="缺少培训项目"):
        batches.check(kind=Kind.TRAINING, issuer=owner, rows=[Wanted(ground.person().id, {"base": "基地", "hours": 48})], template="plain")


def test_a_template_of_one_course_tells_it_by_its_default(session: Session) -> None:
    owner = ground.university()
    ground.student(ground.programme(owner), who=ground.person("张三"), student_no="2026001")

    def one_course(body: dict[str, Any]) -> None:
        (course,) = [one for one in body["fields"] if one["name"] == "course"]
        course.update(common=True, default="安全培训")

    _approved("safety", owner, one_course)
    items = [
        queries.first_items(_listed(owner, template, text).id, 1)[0]
        for template, text in (
            ("safety", "姓名,学号,培训基地,学时\n张三,2026001,基地,8"),
            ("training", "姓名,学号,培训基地,学时,培训项目\n张三,2026001,基地,8,安全培训"),
        )
    ]
    assert (items[0].asked_key, items[0].facts["course"]) == (items[1].asked_key, "安全培训")


def test_an_issuer_that_moved_does_not_go_on_with_the_seal_of_the_one_before(session: Session, as_role: AsRole) -> None:
    with transaction():
        before, after = ground.university(), ground.university()
        school = ground.organisation(OrganisationKind.DEPARTMENT, name="机电学院", parent_id=before.id)
        _approved("sealed", before)
        _approved("new_seal", after)
        _choose(school, "sealed")
        assert certificate(Kind.TRAINING, issuer=school).template == "sealed"
        school.parent_id = after.id
        session.flush()
        assert certificate(Kind.TRAINING, issuer=school).template == "training"
        _choose(after, "new_seal")
        assert certificate(Kind.TRAINING, issuer=school).template == "new_seal", "as of an issuer that chose nothing"
    assert "不再可用" in as_role(Role.SYSTEM_ADMIN).get("/certificates/templates/defaults").text


@pytest.mark.parametrize("way", ["retired", "another version"])
def test_a_list_that_waits_is_not_issued_from_a_template_out_of_use(session: Session, way: str) -> None:
    with transaction():
        owner = ground.university()
        _approved("sealed", owner)
        ground.student(ground.programme(owner), who=ground.person("张三"), student_no="2026001")
        text = "姓名,学号,培训基地,学时,培训项目,班级,结束日期\n张三,2026001,基地,48,课程甲,一班,2026-01-05"
        batch = _listed(owner, "sealed", text)
        batch.asked_by_id = accounts.account().id
        row = queries.template_versions("sealed")[0]
        if way == "retired":
            templates.retire(template=row, reason="换章", by=SYSTEM, now=ground.NOW, version=row.version)
        else:
            _approved_again(row)
    decision: dict[str, Any] = {
        "batch": batch,
        "by": Identity(accounts.account().id, None, "另一人"),
        "reason": "换章",
        "today": ground.NOW.date(),
        "now": ground.NOW,
    }
    with pytest.raises(batches.CannotDecide, match="停用") as refused:
        batches.decide(is_approved=True, **decision)
    assert refused.value.code == "template_gone"
    assert batches.decide(is_approved=False, **decision).state is BatchState.REJECTED


def test_a_template_is_taken_out_of_use(session: Session, as_role: AsRole) -> None:
    with transaction():
        owner = ground.university()
        _approved("sealed", owner)
        _choose(owner, "sealed")
        made, waits = certificate(Kind.TRAINING, issuer=owner), certificate(Kind.TRAINING, issuer=owner, facts={"course": "很长" * 400})
        row = queries.template_versions("sealed")[0]
        key, version, number, waiting = row.id, row.version, made.number, waits.number
    address = f"/certificates/templates/{key}"
    stranger = as_role(Role.UNIVERSITY_ADMIN, organisation_id=ground.university().id)
    assert stranger.post(f"{address}/retire", data={"version": version, "reason": "换章"}).status_code in (403, 404)
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=owner.id)
    session.commit()
    assert "停用模板" in head.get(address).text
    refused = head.post(f"{address}/retire", data={"version": version, "reason": " "})
    assert (refused.status_code, "请写明理由" in refused.text) == (422, True)
    assert head.post(f"{address}/retire", data={"version": version + 1, "reason": "换章"}).status_code == 409
    assert head.post(f"{address}/retire", data={"version": version, "reason": "换章"}).status_code == 303
    assert head.post(f"{address}/retire", data={"version": version, "reason": "换章"}).status_code in (409, 422), "it is out of use already"
    session.expire_all()
    assert _codes(owner) == ["training"]
    assert "换章" in head.get(address).text
    assert "不再可用" in head.get("/certificates/templates/defaults").text
    with transaction():
        assert certificate(Kind.TRAINING, issuer=owner).template == "training"
    for page in (f"/certificates/{number}", f"/certificates/{number}/preview.svg", f"/certificates/{waiting}", "/certificates/waiting"):
        assert head.get(page).status_code == 200, "what was issued from it is drawn as before"
    draft = queries.by_number(waiting)
    assert draft is not None
    with pytest.raises(operations.CannotIssue, match="没有模板“sealed”"):
        operations.release(certificate=draft, by=SYSTEM, today=ground.NOW.date(), now=ground.NOW)
    assert head.post(f"{address}/next").status_code == 303, "a new version can follow"
