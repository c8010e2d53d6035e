"""What is refused is told on the page it was asked from, beside the field that can mend it; and nothing suspended is called valid."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, WRITER, certificate
from trainhub.certificates import operations, queries
from trainhub.certificates.operations import batches, blanks, printing, templates
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind, PrintMode, State
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
LONG = "面向智能制造现场的工业互联网平台架构与数据采集技术综合实践" * 9


@pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
def test_a_draft_that_cannot_be_released_keeps_its_page_with_the_reason_beside_the_template(session: Session, as_role: AsRole) -> None:
    with transaction():
        issuer = ground.university()
        number = certificate(issuer=issuer, facts={"course": LONG}).number
        stands = certificate(issuer=issuer).number
        head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    where = f"/certificates/{number}"
    answer = head.post(f"{where}/release", data={"template": "completion"})
    assert (answer.status_code, f'action="{where}/release"' in answer.text) == (422, True)
    assert all(said in answer.text for said in ('id="template-error"', "超出这个模板的版面", 'aria-invalid="true"'))
    answer = head.post(f"{where}/release", data={"template": "no_such"})
    assert (answer.status_code, 'id="template-error"' in answer.text) == (422, True), "a template that is gone is not taken for the one of before"
    assert queries.by_number(number).state is State.DRAFT  # type: ignore[union-attr]
    answer = head.post(f"/certificates/{stands}/release", data={"template": "completion"})
    assert (answer.status_code, "无需再次签发" in answer.text, f"/certificates/{stands}" in answer.text) == (422, True, True)


def test_books_that_cannot_be_closed_say_so_beside_what_mends_them(session: Session, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        for _one in range(2):
            certificate(Kind.TRAINING, issuer=here)
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=here.id)
        given = {"by": SYSTEM, "now": ground.NOW}
        run = printing.start_run(title="套打", wanted=wanted, mode=PrintMode.OVERPRINT, site="https://certificates.example.edu.cn", **given)
        admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
        where = f"/certificates/runs/{run.id}"
    early = admin.post(f"{where}/blanks/settle")
    assert (early.status_code, "还没有画完，不能核销" in early.text, ">套打<" in early.text) == (422, True, True)
    with transaction():
        (chunk,) = queries.chunks_of(run.id)
        assert printing.note_drawn(run=queries.run_by_id(run.id), chunk=chunk, drawn=printing.Drawn({1: 1, 2: 2}, b"pages", "sum"), **given)
    lacking = admin.post(f"{where}/blanks/settle")
    assert (lacking.status_code, 'id="first-error"' in lacking.text, "还有 2 页没有对应的空白证书号" in lacking.text) == (422, True, True)
    assert queries.run_by_id(run.id).settled_at is None  # type: ignore[union-attr]
    with transaction():
        blanks.take(run=queries.run_by_id(run.id), first="A01", count=2, **given)
    assert admin.post(f"{where}/blanks/settle").status_code == 303
    posts = {"settle": {}, "lay": {}, "spoil": {"serial": "A01", "reason": "卡纸"}, "return": {"first": "A01", "count": "1", "reason": "领多"}}
    for verb, sent in posts.items():
        again = admin.post(f"{where}/blanks/{verb}", data=sent)
        assert (verb, again.status_code, "已经核销" in again.text, ">套打<" in again.text) == (verb, 422, True, True)
    again = admin.post(f"{where}/blanks", data={"first": "B01", "count": "1"})
    assert (again.status_code, "已经核销" in again.text) == (422, True)


def test_a_correction_of_a_suspended_certificate_does_not_call_it_valid(session: Session, as_role: AsRole) -> None:
    with transaction():
        issuer = ground.university()
        suspended, stands = certificate(issuer=issuer), certificate(issuer=issuer)
        operations.suspend(certificate=suspended, **REASON)
        numbers = {True: suspended.number, False: stands.number}
        head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    sent = {"fact_name": "王一二", "fact_course": "智能制造导论", "fact_hours": "40", "reason": "学时有误", "document": "教务3号", "on": "2026-03-02"}
    for is_suspended, number in numbers.items():
        answer = head.post(f"/certificates/{number}/change/correct", data=sent, follow_redirects=True)
        assert ("更正已提交" in answer.text, "仍然有效" in answer.text) == (True, not is_suspended)
        assert ("同样暂停" in answer.text) is is_suspended


def test_who_decides_second_reads_that_it_was_decided(session: Session, as_role: AsRole) -> None:
    with transaction():
        issuer = ground.university()
        given = {"title": "一期", "kind": Kind.TRAINING, "source": BatchSource.SELECTION, "issuer": issuer, "by": WRITER, "now": ground.NOW}
        rows = [Wanted(ground.person().id, FACTS[Kind.TRAINING])]
        batch = batches.prepare(rows=rows, **given)
        first, second = (as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id) for _one in range(2))
    where = f"/certificates/batches/{batch.id}"
    assert first.post(f"{where}/decide", data={"decision": "approve"}).status_code == 303
    for sent in ({"decision": "approve"}, {"decision": "reject", "reason": "名单有误"}):
        late = second.post(f"{where}/decide", data=sent)
        assert (late.status_code, "这个批次已经审核过，不能再次审核" in late.text) == (422, True)


def test_a_template_that_is_no_draft_any_more_says_why_nothing_was_done(session: Session, as_role: AsRole) -> None:
    drawer, other = Identity(1, None, "甲", ()), Identity(2, None, "乙", ())
    with transaction():
        row = templates.start(code="ours", kind=Kind.TRAINING, owner=None, by=drawer, now=ground.NOW)
        key, version, body = row.id, row.version, row.body
        templates.submit(template=row, by=drawer, now=ground.NOW)
        admin = as_role(Role.SYSTEM_ADMIN)
    where = f"/certificates/templates/{key}"
    late = admin.post(where, data={"body": body, "version": str(version)})
    assert (late.status_code in (409, 422), 'role="alert"' in late.text, "没有处理" in late.text) == (True, True, True)
    with transaction():
        templates.decide(template=queries.template_by_id(key), is_approved=True, reason="", by=other, now=ground.NOW)  # type: ignore[arg-type]
    for sent in ({"decision": "approve"}, {"decision": "reject", "reason": "字太小"}):
        late = admin.post(f"{where}/decide", data={**sent, "version": str(version)})
        assert (late.status_code in (409, 422), "没有处理" in late.text) == (True, True)
