"""The share of a similarity report is typed by the student; the school's supervisor confirms or corrects it, and that decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import CapstonePaper
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.queries.work import reports_to_check
from enterprises.capstones.types import CapstoneState, ReviewKind, Stage, SupervisorRole
from tests.factories import capstones as make
from tests.factories import identity
from tests.factories.capstones import NOW, TODAY
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.oversight.home import page
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
WHY = "报告首页的总相似比例是 41.5%，填写的是去除引用后的比例"


@remembered
def _reported(share_x10: int = 50) -> tuple[make.Case, CapstonePaper]:
    found = make.handed_in()
    paper = operations.hand_in(
        capstone=found.capstone, stage=Stage.SIMILARITY, file_id=make.pdf("报告.pdf"), similarity_x10=share_x10, by=found.by("student"), now=NOW
    )
    return found, paper


def test_a_corrected_share_decides_and_the_student_is_told(session: Session) -> None:
    found, paper = _reported()
    student = identity.account(person=found.who)
    with pytest.raises(CapstoneRefused) as no:
        operations.check_similarity(paper=paper, share_x10=415, reason=" ", by=found.by("school"), now=NOW)
    assert no.value.field == "reason"
    operations.check_similarity(paper=paper, share_x10=415, reason=WHY, by=found.by("school"), now=NOW)
    assert (paper.similarity_x10, paper.similarity_typed_x10, paper.similarity_reason) == (415, 50, WHY)
    assert make.told(student.id, "capstones.similarity") == [f"查重比例已由校内导师更正：5.0% → 41.5%。{WHY}"]
    with pytest.raises(CapstoneRefused, match=r"41\.5%"):
        operations.ask_review(capstone=found.capstone, person=make.signer(), kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.check_similarity(paper=paper, share_x10=45, reason="看错一行", by=found.by("school"), now=NOW + timedelta(hours=1))
    assert (paper.similarity_x10, paper.similarity_typed_x10) == (45, 50)
    operations.ask_review(capstone=found.capstone, person=make.signer(), kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    write_pending(session)
    said = [row.did for row in session.query(AuditEvent).filter(AuditEvent.did.like("capstones.paper.corr%"))]
    assert said == ["capstones.paper.corrected"] * 2


def test_a_share_that_is_right_is_confirmed_once(session: Session) -> None:
    found, paper = _reported()
    for hours in (0, 1):
        operations.check_similarity(paper=paper, share_x10=50, by=found.by("school"), now=NOW + timedelta(hours=hours))
    assert (paper.similarity_checked_at, paper.similarity_typed_x10, paper.similarity_reason) == (NOW, None, "")


@pytest.mark.parametrize("share", [-1, 1001])
def test_impossible_shares_and_other_papers_are_refused(session: Session, share: int) -> None:
    found, paper = _reported()
    with pytest.raises(CapstoneRefused):
        operations.check_similarity(paper=paper, share_x10=share, reason=WHY, by=found.by("school"), now=NOW)
    thesis = next(one for one, _file in queries.papers_of(found.capstone.id) if one.stage is Stage.THESIS)
    with pytest.raises(CapstoneRefused, match="只有查重报告"):
        operations.check_similarity(paper=thesis, share_x10=50, by=found.by("school"), now=NOW)


def test_the_supervisor_finds_it_at_home_and_checks_it_on_the_page(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, paper = _reported()
    assert found.school is not None
    school = found.student.university_id
    who = Identity(None, found.school.id, found.school.name, (Grant(Role.SCHOOL_SUPERVISOR, ScopeKind.ORGANISATION, school),))

    def todos() -> list[int | None]:
        with current_app.test_request_context():
            return [one.count for one in page.of(who, TODAY).todos if str(one.text) == "核对查重比例"]

    assert todos() == [1]
    teacher = as_role(Role.SCHOOL_SUPERVISOR, organisation_id=school, person_id=found.school.id)
    student = as_role(Role.STUDENT, organisation_id=school, person_id=found.who.id)
    key, at = found.capstone.id, f"/capstones/{found.capstone.id}/papers/{paper.id}/similarity"
    session.commit()
    shown = student.get(f"/capstones/{key}").text
    assert "未核对" in shown
    assert at not in shown
    assert at in teacher.get(f"/capstones/{key}").text
    assert student.post(at, data={"share": "5"}).status_code in (403, 404)
    answer = teacher.post(at, data={"share": "41.5", "reason": ""})
    assert answer.status_code == 422
    assert 'value="41.5"' in answer.text
    assert teacher.post(at, data={"share": "41.5", "reason": WHY}).status_code == 303
    shown = student.get(f"/capstones/{key}").text
    assert "学生填写 5.0%，更正为 41.5%" in shown
    assert WHY in shown
    assert todos() == []
    assert at in teacher.get(f"/capstones/{key}").text, "a slip is corrected in the same way"


@pytest.mark.parametrize(("typed", "after", "is_lifted"), [(301, 300, True), (301, 302, False), (300, 50, False), (50, 301, False)])
def test_heads_are_told_when_a_correction_takes_the_share_below_the_limit(session: Session, typed: int, after: int, is_lifted: bool) -> None:
    found, paper = _reported(typed)
    head = identity.account()
    identity.grant(head, Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    operations.check_similarity(paper=paper, share_x10=after, reason=WHY, by=found.by("school"), now=NOW)
    a, b = typed / 10, after / 10
    text = f"{found.who.name} 的查重比例由校内导师从 {a:.1f}% 更正为 {b:.1f}%，不再超过上限，请公布成绩前核实：{WHY}"
    assert make.told(head.id, "capstones.similarity") == ([text] if is_lifted else [])


def test_who_lifted_the_limit_alone_does_not_publish(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, paper = _reported(415)
    assert found.school is not None
    account = identity.account(person=found.school)
    head = replace(found.by("school"), account_id=account.id, grants=make.head_of(found.programme).grants)
    operations.check_similarity(paper=paper, share_x10=50, reason=WHY, by=head, now=NOW)
    make.guide(found)
    for role in SupervisorRole:
        make.grade(found, role)
    key, at = found.capstone.id, found.student.cohort_id
    desk = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    year = session.get_one(Cohort, at).year
    session.commit()
    said = "从 41.5% 更正为 5.0%"
    assert said in desk.get(f"/capstones/{key}").text
    assert said in desk.get(f"/capstones/cohorts/{found.programme.code}/{year}/concluding").text
    with pytest.raises(CapstoneRefused) as no:
        operations.finish(capstone=found.capstone, by=head, **TIMES)
    assert no.value.code == "own_correction"
    operations.finish(capstone=found.capstone, by=make.head_of(found.programme), **TIMES)
    assert found.capstone.state is CapstoneState.PASSED


def test_a_correction_that_is_taken_back_leaves_what_was_typed(session: Session) -> None:
    found, paper = _reported(50)
    for hours, share in enumerate((415, 50)):
        operations.check_similarity(paper=paper, share_x10=share, reason=WHY, by=found.by("school"), now=NOW + timedelta(hours=hours))
    assert (paper.similarity_x10, paper.similarity_typed_x10, paper.similarity_reason) == (50, None, "")


def test_a_report_that_the_supervisor_may_not_check_waits_at_nobodys_home(session: Session) -> None:
    found, _paper = _reported()
    assert found.school is not None
    assert reports_to_check(found.school.id) == {found.capstone.id}
    operations.record_conflict(person=found.school, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    assert reports_to_check(found.school.id) == frozenset()


def test_a_report_of_who_has_left_waits_at_nobodys_home(session: Session) -> None:
    found, _paper = _reported()
    assert found.school is not None
    found.student.state = StudentState.WITHDRAWN
    session.flush()
    assert reports_to_check(found.school.id) == frozenset()


def test_a_share_is_corrected_while_the_result_is_looked_at_again(session: Session) -> None:
    found, paper = _reported()
    make.guide(found)
    for role in SupervisorRole:
        make.grade(found, role)
    operations.moderate(capstone=found.capstone, reason="查重存疑", by=SYSTEM, now=NOW)
    operations.check_similarity(paper=paper, share_x10=60, reason=WHY, by=found.by("school"), now=NOW)
    assert paper.similarity_x10 == 60
