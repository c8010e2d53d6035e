"""Credit recognition: by mapping or certificate, decided with reason, appealed once, never recognised twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courses.catalogue.models import Course, Run
from courses.curriculum import operations as curriculum
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import CourseCategory
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from courses.recognition import operations, queries, rules
from courses.recognition.models import CreditClaim
from courses.recognition.types import ClaimState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories import work as made
from trainhub.certificates import queries as certificates
from trainhub.certificates.numbers import show_number
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.kernel.db import session as session_of
from trainhub.kernel.errors import Refused, Stale
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme

NOW, TODAY = make.NOW, date(2026, 3, 2)
GIVEN = {"by": SYSTEM, "now": NOW}


def test_evidence_has_one_name_however_it_is_typed() -> None:
    one = rules.evidence_key(enrolment_id=None, provider="学堂在线", number="XT-2026 001")
    assert one == rules.evidence_key(enrolment_id=None, provider=" 学堂在线 ", number="\uff38T2026001")
    assert rules.evidence_key(enrolment_id=7, provider="", number="") == "enrolment:7"


@pytest.mark.parametrize(
    ("asked", "score", "why"), [(20, 600, ""), (21, 600, "too_many"), (0, 600, "too_many"), (20, 599, "too_low"), (20, None, "")]
)
def test_a_mapping_offers_so_much_from_a_score_on(asked: int, score: int | None, why: str) -> None:
    assert rules.why_not(offered_x10=20, asked_x10=asked, score_x10=score, least_score_x10=600) == why


@pytest.mark.parametrize(("on", "holds"), [(date(2026, 1, 31), False), (date(2026, 2, 1), True), (date(2026, 3, 1), True), (date(2026, 3, 2), False)])
def test_a_mapping_holds_on_both_its_ends(on: date, holds: bool) -> None:
    assert rules.is_current(date(2026, 2, 1), date(2026, 3, 1), on) is holds


def plan_course(student: Student, code: str = "GC101", credits_x10: int = 20) -> CurriculumCourse:
    plan = queries.plan_of(student)
    assert plan is not None
    return curriculum.add_course(
        version=plan, code=code, name=f"工程{code}", category=CourseCategory.SPECIALTY, hours=32, credits_x10=credits_x10, term=3, **GIVEN
    )


def completed(student: Student) -> tuple[Course, Enrolment]:
    run = make.run(is_published=True)
    row = make.enrolment(run, student.person if "person" in student.__dict__ else None)
    if row.person_id != student.person_id:
        row = learning.enrol(run=run, person_id=student.person_id, by=SYSTEM, now=NOW, is_approved=True)
    block = make.queries.blocks_of_run(run.id)[0]
    learning.mark_done(enrolment=row, block=block, **GIVEN)
    assert row.completed_on is not None
    return run.course, row


@pytest.fixture
def student(session: Session) -> Student:
    return studying()


def studying() -> Student:
    """A student whose cohort has a published plan."""
    plan = ground.version(requirements=1)
    programme = session_of().get_one(Programme, plan.programme_id)
    found = queries.student_by_id(ground.student(programme).id)
    assert found is not None
    return found


def mapped(student: Student, **given: object) -> tuple[CurriculumCourse, Enrolment]:
    target = plan_course(student)
    course, row = completed(student)
    values = {
        "course_code": course.code,
        "target": target,
        "credits_x10": 20,
        "least_score_x10": 600,
        "since": TODAY,
        "until": None,
        "document": "教〔2026〕1号",
    }
    operations.add_mapping(**{**values, **given}, **GIVEN)  # type: ignore[arg-type]
    return target, row


def certificate(student: Student, target: CurriculumCourse, **given: object) -> CreditClaim:
    values = {"title": "机器学习", "provider": "学堂在线", "number": "XT-1", "completed_on": TODAY, "asked_x10": 20, "statement": ""}
    return operations.apply_with_certificate(student=student, target=target, file=made.pdf(), filename="证书.pdf", **{**values, **given}, **GIVEN)  # type: ignore[arg-type]


def decide(claim: CreditClaim, is_approved: bool, by: Identity = SYSTEM, **given: object) -> CreditClaim:
    found = queries.claim_by_id(claim.id)
    assert found is not None
    values = {"version": None, "credits_x10": None, "reason": "符合对应表", "now": NOW, **given}
    return operations.decide(claim=found, is_approved=is_approved, by=by, **values)  # type: ignore[arg-type]


def test_a_completed_run_is_recognised_by_the_mapping_of_the_day_and_shows_on_the_record(session: Session, student: Student) -> None:
    target, row = mapped(student)
    claim = operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)
    assert queries.recognised([student.id]) == {}
    decide(claim, True)
    assert [(c.code, c.credits_x10) for c in queries.recognised([student.id])[student.id]] == [("GC101", 20)]


def test_a_mapping_that_ended_before_or_belongs_to_another_plan_does_not_count(session: Session, student: Student) -> None:
    target, row = mapped(student, since=TODAY - timedelta(days=30), until=TODAY - timedelta(days=1))
    with pytest.raises(operations.BadClaim, match="对应表"):
        operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)
    other = studying()
    foreign = plan_course(other)
    with pytest.raises(operations.BadClaim, match="培养方案"):
        certificate(student, foreign)
    with pytest.raises(operations.BadClaim, match="自己"):
        operations.apply_with_run(student=other, target=foreign, enrolment=row, statement="", **GIVEN)


def test_nothing_is_recognised_twice(session: Session, student: Student) -> None:
    target, row = mapped(student)
    second = plan_course(student, "GC102")
    claim = operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)
    for again in range(2):
        with pytest.raises(operations.BadClaim) as refused:
            certificate(student, target, number=f"XT-{again}")
        assert refused.value.code == "recognised_twice"
        if not again:
            decide(claim, True)
    certificate(student, second)
    third = plan_course(student, "GC103")
    with pytest.raises(operations.BadClaim, match="证明材料"):
        certificate(student, third, number="\uff38\uff34 1")
    assert session.scalar(select(func.count()).select_from(CreditClaim)) == 2


def test_a_course_learnt_in_two_runs_or_certified_here_is_one_learning(session: Session, student: Student) -> None:
    target, row = mapped(student)
    operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)
    second = plan_course(student, "GC102")
    course = session.get_one(Run, row.run_id).course_id
    run = make.run(session.get_one(Course, course), is_published=True)
    again = learning.enrol(run=run, person_id=student.person_id, by=SYSTEM, now=NOW, is_approved=True)
    learning.mark_done(enrolment=again, block=make.queries.blocks_of_run(run.id)[0], **GIVEN)
    code = session.get_one(Course, course).code
    values = {"course_code": code, "target": second, "credits_x10": 20, "least_score_x10": 0, "since": TODAY, "until": None, "document": ""}
    operations.add_mapping(**values, **GIVEN)  # type: ignore[arg-type]
    with pytest.raises(operations.BadClaim, match="已经用于") as refused:
        operations.apply_with_run(student=student, target=second, enrolment=again, statement="", **GIVEN)
    assert refused.value.code == "recognised_twice"
    number = certificates.of_person(student.person_id)[0].number
    assert number
    with pytest.raises(operations.BadClaim, match="本平台签发"):
        certificate(student, second, number=f" {number} ", provider="某大学")


def test_evidence_is_recognised_once_for_a_human_in_two_programmes(session: Session, student: Student) -> None:
    target, row = mapped(student)
    second_plan = ground.version(requirements=1)
    second = queries.student_by_id(ground.student(session.get_one(Programme, second_plan.programme_id), who=student.person).id)
    assert second is not None
    other = plan_course(second)
    code = session.get_one(Course, session.get_one(Run, row.run_id).course_id).code
    values = {"course_code": code, "target": other, "credits_x10": 20, "least_score_x10": 0, "since": TODAY, "until": None, "document": ""}
    operations.add_mapping(**values, **GIVEN)  # type: ignore[arg-type]
    claims = [operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)]
    claims.append(certificate(student, plan_course(student, "GC102")))
    for approved in (False, True):
        with pytest.raises(operations.BadClaim, match="已经用于") as refused:
            operations.apply_with_run(student=second, target=other, enrolment=row, statement="", **GIVEN)
        assert refused.value.code == "recognised_twice"
        with pytest.raises(operations.BadClaim, match=f"学号 {student.student_no}"):
            certificate(second, other)
        if not approved:
            for claim in claims:
                decide(claim, True)
    assert certificate(second, other, number="XT-2").state is ClaimState.SUBMITTED  # other evidence is another matter
    stranger = studying()
    assert certificate(stranger, plan_course(stranger)).state is ClaimState.SUBMITTED  # a number of two humans is for people to judge


def test_two_persons_who_turn_out_to_be_one_get_one_recognition(session: Session, student: Student) -> None:
    target, twin = plan_course(student), studying()
    mine, theirs = certificate(student, target), certificate(twin, plan_course(twin))
    session.get_one(Person, twin.person_id).merged_into_id = student.person_id
    session.flush()
    decide(mine, True)
    with pytest.raises(operations.BadClaim, match="同一人") as refused:
        decide(theirs, True)
    assert refused.value.code == "recognised_twice"
    assert decide(theirs, False).state is ClaimState.REJECTED


def test_one_course_learnt_by_two_who_turn_out_to_be_one_is_recognised_once(session: Session, student: Student) -> None:
    target, row = mapped(student)
    twin = studying()
    course = session.get_one(Course, session.get_one(Run, row.run_id).course_id)
    run = make.run(course, is_published=True)
    theirs = learning.enrol(run=run, person_id=twin.person_id, by=SYSTEM, now=NOW, is_approved=True)
    learning.mark_done(enrolment=theirs, block=make.queries.blocks_of_run(run.id)[0], **GIVEN)
    other = plan_course(twin)
    values = {"course_code": course.code, "target": other, "credits_x10": 20, "least_score_x10": 0, "since": TODAY, "until": None, "document": ""}
    operations.add_mapping(**values, **GIVEN)  # type: ignore[arg-type]
    first = operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)
    second = operations.apply_with_run(student=twin, target=other, enrolment=theirs, statement="", **GIVEN)
    session.get_one(Person, twin.person_id).merged_into_id = student.person_id
    session.flush()
    decide(first, True)
    with pytest.raises(operations.BadClaim) as refused:
        decide(second, True)
    assert refused.value.code == "recognised_twice"


def test_nobody_decides_the_application_of_the_same_human(session: Session, student: Student) -> None:
    target = plan_course(student)
    twin = ground.student(session.get_one(Programme, student.programme_id), who=ground.person())
    found = queries.student_by_id(twin.id)
    assert found is not None
    claim = certificate(found, target)
    ground.merge(student.person, found.person)
    assert session.get_one(Student, claim.student_id).person_id == found.person.id, (
        "both study the same programme: one row stays with the other person"
    )
    head = Identity(account_id=11, person_id=student.person.id, name="专业负责人")
    for approved in (True, False):
        with pytest.raises(operations.BadClaim, match="自己"):
            decide(claim, approved, head)
    assert decide(claim, True, Identity(account_id=12, person_id=ground.person().id, name="教务处")).state is ClaimState.APPROVED


def test_an_appeal_is_not_decided_by_the_second_account_of_the_same_human(session: Session, student: Student) -> None:
    claim = certificate(student, plan_course(student))
    stays, gone = ground.person(), ground.person()
    first, second = accounts.account(person=stays), accounts.account(person=gone)
    ground.merge(stays, gone)
    heads = [Identity(account_id=one.id, person_id=stays.id, name="专业负责人") for one in (first, second)]
    decide(claim, False, heads[0])
    operations.appeal(claim=claim, text="重新扫描了", **GIVEN)
    with pytest.raises(operations.BadClaim, match="之外的人"):
        decide(claim, True, heads[1])
    office = Identity(account_id=accounts.account(person=ground.person()).id, person_id=None, name="教务处")
    assert decide(claim, True, office).state is ClaimState.APPROVED


def test_mappings_of_two_courses_do_not_overlap_whichever_is_entered_first(session: Session) -> None:
    student = studying()
    target, course = plan_course(student), make.course()
    values = {"course_code": course.code, "target": target, "credits_x10": 10, "least_score_x10": 0, "document": ""}
    day = timedelta(days=1)
    operations.add_mapping(**values, since=TODAY, until=TODAY + 9 * day, **GIVEN)  # type: ignore[arg-type]
    for since, until in ((TODAY - day, None), (TODAY - day, TODAY), (TODAY + 9 * day, None), (TODAY + day, TODAY + 2 * day)):
        with pytest.raises(operations.BadClaim, match="已有同样的对应关系"):
            operations.add_mapping(**values, since=since, until=until, **GIVEN)  # type: ignore[arg-type]
    operations.add_mapping(**values, since=TODAY - 5 * day, until=TODAY - day, **GIVEN)  # type: ignore[arg-type]
    operations.add_mapping(**values, since=TODAY + 10 * day, until=None, **GIVEN)  # type: ignore[arg-type]


def test_a_certificate_of_this_platform_is_known_however_its_number_is_typed(session: Session, student: Student) -> None:
    _target, row = mapped(student)
    other = plan_course(student, "GC102")
    (mine,) = certificates.of_person(row.person_id)
    for typed in (mine.number, show_number(mine.number), f" {mine.number[:6]}-{mine.number[6:]} "):
        with pytest.raises(operations.BadClaim, match="本平台签发的证书") as refused:
            certificate(student, other, number=typed)
        assert refused.value.code == "recognised_twice"
    stranger = studying()
    with pytest.raises(operations.BadClaim, match="签发给他人"):
        certificate(stranger, plan_course(stranger), number=show_number(mine.number))


def test_a_mapping_is_the_most_that_is_recognised_by_it(session: Session, student: Student) -> None:
    target, row = mapped(student, credits_x10=15)
    claim = operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)
    with pytest.raises(operations.BadClaim, match=r"最多认定 1\.5 学分"):
        decide(claim, True, credits_x10=16)
    assert decide(claim, True, credits_x10=15).credits_x10 == 15


@pytest.mark.parametrize(("score", "is_fine"), [(599, False), (600, True), (None, True)])
def test_a_mark_that_was_corrected_after_the_application_counts(session: Session, student: Student, score: int | None, is_fine: bool) -> None:
    target, row = mapped(student)
    row.score_x10 = 900
    claim = operations.apply_with_run(student=student, target=target, enrolment=row, statement="", **GIVEN)
    row.score_x10 = score
    session.flush()
    if is_fine:
        assert decide(claim, True).score_x10 == score
    else:
        with pytest.raises(operations.BadClaim, match=r"59\.9"):
            decide(claim, True)
        assert decide(claim, False).state is ClaimState.REJECTED


def test_a_mistaken_recognition_is_taken_back_with_its_reason_and_may_be_appealed(session: Session, student: Student) -> None:
    target = plan_course(student)
    claim = certificate(student, target)
    head = Identity(account_id=11, person_id=None, name="专业负责人")
    with pytest.raises(operations.BadClaim, match="已认定"):
        operations.take_back(claim=claim, version=None, reason="误", by=head, now=NOW)
    decide(claim, True, head)
    for by, reason, said in ((head, " ", "理由"), (Identity(account_id=12, person_id=student.person_id, name="本人"), "误", "自己")):
        with pytest.raises(operations.BadClaim, match=said):
            operations.take_back(claim=claim, version=None, reason=reason, by=by, now=NOW)
    operations.take_back(claim=claim, version=claim.version, reason="证书系伪造", by=head, now=NOW)
    assert (claim.state, claim.credits_x10, claim.reason) == (ClaimState.REJECTED, None, "证书系伪造")
    assert queries.recognised([student.id]) == {}
    operations.appeal(claim=claim, text="是真的", **GIVEN)
    other = Identity(account_id=13, person_id=None, name="教务处")
    decide(claim, True, other)
    operations.take_back(claim=claim, version=None, reason="发证机构否认", by=other, now=NOW)
    assert (claim.state, claim.appeal_reason) == (ClaimState.UPHELD, "发证机构否认")
    assert certificate(student, target, number="XT-9").state is ClaimState.SUBMITTED


def test_who_decides_sees_that_another_application_has_the_same_number(
    session: Session, student: Student, as_role: Callable[..., FlaskClient]
) -> None:
    """The provider is typed freely, and two students may hand in one certificate: a person judges, and must know."""
    session.expire_on_commit = False
    mine = certificate(student, plan_course(student))
    again = certificate(student, plan_course(student, "GC102"), provider="学堂在线（清华）")
    stranger = studying()
    theirs = certificate(stranger, plan_course(stranger))
    certificate(student, plan_course(student, "GC103"), number="T-1")  # ends the same, is another number
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=student.programme_id)
    page = head.get(f"/recognition/{mine.id}").text
    assert "另有 2 份有效的申请使用同一证书编号" in page
    assert f'href="/recognition/{again.id}"' in page
    assert f'href="/recognition/{theirs.id}"' not in page
    assert "1 份不在你负责的范围内" in page
    assert head.post(f"/recognition/{mine.id}", data={"do": "approve", "reason": "好", "credits": "2"}).status_code == 303
    assert "撤销认定" in head.get(f"/recognition/{mine.id}").text
    assert head.post(f"/recognition/{mine.id}", data={"do": "take_back", "reason": ""}).status_code == 422
    assert head.post(f"/recognition/{mine.id}", data={"do": "take_back", "reason": "同一证书"}).status_code == 303
    assert "同一证书" in head.get(f"/recognition/{mine.id}").text


def test_the_database_itself_refuses_a_second_recognition(session: Session, student: Student) -> None:
    target = plan_course(student)
    first = certificate(student, target)
    values = {c.key: getattr(first, c.key) for c in CreditClaim.__table__.columns if c.key not in ("id", "version", "evidence_key")}
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(CreditClaim(**values, evidence_key="other"))
        session.flush()


def test_a_rejection_has_a_reason_and_is_appealed_once_before_somebody_else(session: Session, student: Student) -> None:
    target = plan_course(student)
    claim = certificate(student, target)
    head = Identity(account_id=11, person_id=None, name="专业负责人")
    other = Identity(account_id=12, person_id=None, name="教务处")
    with pytest.raises(operations.BadClaim, match="理由"):
        decide(claim, False, head, reason=" ")
    seen = claim.version
    decide(claim, False, head, version=seen, reason="材料不清")
    with pytest.raises(operations.BadClaim, match="已经决定"):
        decide(claim, True, head)
    operations.appeal(claim=claim, text="重新扫描了", **GIVEN)
    with pytest.raises(operations.BadClaim, match="之外的人"):
        decide(claim, True, head)
    with pytest.raises(Stale):
        decide(claim, True, other, version=seen)
    decide(claim, False, other, reason="仍不清楚")
    assert claim.state is ClaimState.UPHELD
    with pytest.raises(operations.BadClaim, match="一次"):
        operations.appeal(claim=claim, text="再来", **GIVEN)
    again = certificate(student, target)  # the course is free again
    operations.withdraw(claim=again, **GIVEN)
    with pytest.raises(operations.BadClaim):
        operations.withdraw(claim=again, **GIVEN)


def test_credits_stay_within_the_course_and_files_are_what_they_say(session: Session, student: Student) -> None:
    target = plan_course(student)
    for asked in (0, 21):
        with pytest.raises(operations.BadClaim):
            certificate(student, target, asked_x10=asked)
    with pytest.raises(operations.BadClaim, match="今天"):
        certificate(student, target, completed_on=TODAY + timedelta(days=1))
    values = {"title": "a", "provider": "b", "number": "c", "completed_on": TODAY, "asked_x10": 10, "statement": ""}
    with pytest.raises(Refused):
        operations.apply_with_certificate(
            student=student, target=target, file=io.BytesIO(b"MZ\x90\0" + b"\0" * 99), filename="证.pdf", **values, **GIVEN
        )  # type: ignore[arg-type]
    claim = certificate(student, target)
    with pytest.raises(operations.BadClaim, match="认定学分"):
        decide(claim, True, credits_x10=21)
    assert decide(claim, True, credits_x10=15).credits_x10 == 15


def test_mappings_do_not_overlap_and_end_on_a_day(session: Session, student: Student) -> None:
    target, row = mapped(student)
    course = make.queries.run_by_id(row.run_id).course  # type: ignore[union-attr]
    values = {"course_code": course.code, "target": target, "credits_x10": 10, "least_score_x10": 0, "until": None, "document": ""}
    with pytest.raises(operations.BadClaim, match="终止日期"):
        operations.add_mapping(since=TODAY + timedelta(days=9), **values, **GIVEN)  # type: ignore[arg-type]
    mapping = queries.mapping_for(course.id, target.id, TODAY)
    assert mapping is not None
    operations.end_mapping(mapping=mapping, until=TODAY + timedelta(days=8), **GIVEN)
    assert operations.add_mapping(since=TODAY + timedelta(days=9), **values, **GIVEN).credits_x10 == 10  # type: ignore[arg-type]
    for bad in ({"course_code": "NONE"}, {"credits_x10": 21}, {"until": TODAY}):
        with pytest.raises(operations.BadClaim):
            operations.add_mapping(**{**values, "since": TODAY + timedelta(days=99), **bad}, **GIVEN)  # type: ignore[arg-type]


def test_a_mapping_that_has_not_begun_is_cancelled_with_a_reason(session: Session, student: Student) -> None:
    target, row = mapped(student)
    course = make.queries.run_by_id(row.run_id).course  # type: ignore[union-attr]
    begun = queries.mapping_for(course.id, target.id, TODAY)
    assert begun is not None
    operations.end_mapping(mapping=begun, until=TODAY, **GIVEN)
    values = {"course_code": course.code, "target": target, "credits_x10": 10, "least_score_x10": 0, "until": None, "document": ""}
    later = operations.add_mapping(since=TODAY + timedelta(days=1), **values, **GIVEN)  # type: ignore[arg-type]
    with pytest.raises(operations.BadClaim, match="还没有开始"):
        operations.end_mapping(mapping=later, until=TODAY, **GIVEN)
    for mapping, reason, words in ((later, " ", "理由"), (begun, "登记错了", "已经开始")):
        with pytest.raises(operations.BadClaim, match=words):
            operations.cancel_mapping(mapping=mapping, reason=reason, **GIVEN)
    operations.cancel_mapping(mapping=later, reason="登记错了", **GIVEN)
    assert [one.id for one in queries.mappings_of(target.version_id)] == [begun.id]
    write_pending(session)
    told = session.scalars(select(AuditEvent).where(AuditEvent.did == "courses.recognition.mapping_cancelled")).one()
    assert told.data["reason"] == "登记错了"
    assert operations.add_mapping(since=TODAY + timedelta(days=1), **values, **GIVEN).credits_x10 == 10  # type: ignore[arg-type]
