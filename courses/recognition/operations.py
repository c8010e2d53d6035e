"""Applying for credits, deciding, appealing; and the mapping tables. Nothing is recognised twice."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import IO

from sqlalchemy.exc import IntegrityError

from courses.catalogue import queries as catalogue
from courses.curriculum.locking import name_course
from courses.curriculum.models import CurriculumCourse
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from courses.recognition import queries, rules
from courses.recognition.models import CreditClaim, CreditMapping
from courses.recognition.types import OPEN, ClaimState, Evidence
from trainhub.certificates import queries as certificates
from trainhub.certificates.numbers import read_number
from trainhub.identity.queries import accounts
from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people
from trainhub.people.models import Student

EVIDENCE_MB = 20


class BadClaim(Refused):
    """The application, decision or mapping is not possible."""

    code = "bad_claim"


def credits(value: int) -> str:
    """Tenths of a credit as people write them."""
    return f"{Decimal(value) / 10:f}".rstrip("0").rstrip(".") if value % 10 == 0 else f"{Decimal(value) / 10:f}"


# -- mappings -----------------------------------------------------------------------------------------------------------


def add_mapping(
    *,
    course_code: str,
    target: CurriculumCourse,
    credits_x10: int,
    least_score_x10: int,
    since: date,
    until: date | None,
    document: str,
    by: Identity,
    now: datetime,
) -> CreditMapping:
    """An online course counts as a course of a plan, from a day on. Raises BadClaim and CourseGone."""
    name_course(target)
    course = queries.course_by_code(course_code)
    if course is None:
        raise BadClaim(_("没有代码为“%(code)s”的课程。", code=course_code.strip()[:60]), field="course_code")
    if not 0 < credits_x10 <= target.credits_x10:
        raise BadClaim(_("认定学分应大于 0，且不超过该课程的 %(n)s 学分。", n=credits(target.credits_x10)), field="credits")
    if until is not None and until < since:
        raise BadClaim(_("终止日期不能早于起始日期。"), field="until")
    other = queries.mapping_within(course.id, target.id, since, until)
    if other is not None and other.since <= since:
        raise BadClaim(_("从这一天起已有同样的对应关系。请先为原有的填写终止日期。"), field="since")
    if other is not None:
        raise BadClaim(_("从 %(day)s 起已有同样的对应关系。请把终止日期填在这一天之前。", day=other.since.isoformat()), field="until")
    row = CreditMapping(
        course_id=course.id,
        target_id=target.id,
        credits_x10=credits_x10,
        least_score_x10=least_score_x10,
        since=since,
        until=until,
        document=document.strip()[:200],
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.recognition.mapped", on=row, data={"course": course.code, "target": target.id, "credits_x10": credits_x10})
    return row


def end_mapping(*, mapping: CreditMapping, until: date, by: Identity, now: datetime) -> None:
    """End a mapping on a day; applications that were decided by it stand. One that has not begun is cancelled instead."""
    if until < mapping.since:
        raise BadClaim(_("这条对应关系还没有开始，请写明理由后取消。"), field="until")
    mapping.until = until
    session().flush()
    audit.record(by=by, did="courses.recognition.mapping_ended", on=mapping, data={"until": until.isoformat()})


def cancel_mapping(*, mapping: CreditMapping, reason: str, by: Identity, now: datetime) -> None:
    """Take away, with the reason, a mapping that has not begun: nobody can have applied by it."""
    if mapping.since <= local(now).date():
        raise BadClaim(_("这条对应关系已经开始，不能取消；请改为终止。"))
    if not reason.strip():
        raise BadClaim(_("请写明取消的理由。"), field="reason")
    told = {"course": mapping.course_id, "target": mapping.target_id, "since": mapping.since.isoformat(), "reason": reason.strip()[:500]}
    audit.record(by=by, did="courses.recognition.mapping_cancelled", on=mapping, data=told)
    session().delete(mapping)
    session().flush()


# -- applying -----------------------------------------------------------------------------------------------------------


def apply_with_run(*, student: Student, target: CurriculumCourse, enrolment: Enrolment, statement: str, by: Identity, now: datetime) -> CreditClaim:
    """Apply with a run one completed here: a mapping must hold on the day of completion, and the mark must suffice."""
    run = catalogue.run_by_id(enrolment.run_id)
    if (
        not people.is_same_human(enrolment.person_id, student.person_id)
        or enrolment.state is not EnrolmentState.COMPLETED
        or run is None
        or enrolment.completed_on is None
    ):
        raise BadClaim(_("只能用自己已经完成的课程申请。"), field="enrolment_id")
    _check_target(student, target)
    mapping = queries.mapping_for(run.course_id, target.id, enrolment.completed_on)
    if mapping is None:
        raise BadClaim(
            _("“%(a)s”没有列入“%(b)s”的学分认定对应表。请选择对应的课程，或与专业负责人联系。", a=run.title, b=target.name), field="target_id"
        )
    queries.hold_human(student.id)
    _check_course_unused(student.id, enrolment.id, target.id)
    why = rules.why_not(
        offered_x10=mapping.credits_x10, asked_x10=mapping.credits_x10, score_x10=enrolment.score_x10, least_score_x10=mapping.least_score_x10
    )
    if why == "too_low":
        raise BadClaim(
            _("成绩 %(a)s 低于对应表要求的 %(b)s 分。", a=credits(enrolment.score_x10 or 0), b=credits(mapping.least_score_x10)), field="enrolment_id"
        )
    return _store(
        CreditClaim(
            student_id=student.id,
            target_id=target.id,
            mapping_id=mapping.id,
            evidence=Evidence.RUN,
            evidence_key=rules.evidence_key(enrolment_id=enrolment.id, provider="", number=""),
            enrolment_id=enrolment.id,
            title=f"{run.title}（{run.course.code}/{run.code}）"[:200],
            provider=run.course.owner.name,
            completed_on=enrolment.completed_on,
            score_x10=enrolment.score_x10,
            statement=statement.strip()[:1000],
            asked_x10=mapping.credits_x10,
            asked_at=now,
        ),
        by,
    )


def apply_with_certificate(
    *,
    student: Student,
    target: CurriculumCourse,
    title: str,
    provider: str,
    number: str,
    completed_on: date,
    asked_x10: int,
    statement: str,
    file: IO[bytes],
    filename: str,
    by: Identity,
    now: datetime,
) -> CreditClaim:
    """Apply with a certificate from elsewhere and its scan."""
    _check_target(student, target)
    if not title.strip() or not provider.strip() or not number.strip():
        raise BadClaim(_("请填写课程名称、发证机构和证书编号。"), field="title")
    own = certificates.by_number(read_number(number))  # as it is printed, in groups
    if own is not None and not people.is_same_human(own.person_id, student.person_id):
        raise BadClaim(_("编号为 %(number)s 的证书由本平台签发给他人，不能用来申请。请核对编号。", number=number.strip()[:60]), field="number")
    if own is not None:
        raise BadClaim(
            _("这是本平台签发的证书。请在“用完成的课程申请”中选择这门课程，同一次学习不会认定两次。"), code="recognised_twice", field="number"
        )
    if completed_on > local(now).date():
        raise BadClaim(_("完成日期不能晚于今天。"), field="completed_on")
    if not 0 < asked_x10 <= target.credits_x10:
        raise BadClaim(_("申请学分应大于 0，且不超过该课程的 %(n)s 学分。", n=credits(target.credits_x10)), field="credits")
    kept = files.keep(file, name=filename, kind="evidence", by=by, now=now, allowed=sniff.IMAGES | {sniff.PDF.mime}, max_bytes=EVIDENCE_MB << 20)
    return _store(
        CreditClaim(
            student_id=student.id,
            target_id=target.id,
            evidence=Evidence.CERTIFICATE,
            evidence_key=rules.evidence_key(enrolment_id=None, provider=provider, number=number),
            file_id=kept.id,
            title=title.strip()[:200],
            provider=provider.strip()[:200],
            number=number.strip()[:100],
            completed_on=completed_on,
            statement=statement.strip()[:1000],
            asked_x10=asked_x10,
            asked_at=now,
        ),
        by,
    )


def _check_target(student: Student, target: CurriculumCourse) -> None:
    name_course(target)
    plan = queries.plan_of(student)
    if plan is None or target.version_id != plan.id:
        raise BadClaim(_("这门课程不在你所在年级的培养方案中。"), field="target_id")


def _check_course_unused(student_id: int, enrolment_id: int, target_id: int) -> None:
    """Who has completed a course in two runs has learnt it once."""
    used = queries.used_course(student_id, enrolment_id)
    if used is not None and (used.target_id, used.student_id) != (target_id, student_id):
        words = _("这门在线课程已经用于“%(name)s”的认定，不能再用于另一门课程。", name=used.target.name)
        raise BadClaim(words, code="recognised_twice", field="enrolment_id")


def _store(claim: CreditClaim, by: Identity) -> CreditClaim:
    """Insert, once per human; the database itself refuses a second application of one student for the same course or with the same evidence."""
    queries.hold_human(claim.student_id)
    _check_unused(claim)
    try:
        with session().begin_nested():
            session().add(claim)
            session().flush()
    except IntegrityError:
        _check_unused(claim)
        raise
    audit.record(
        by=by,
        did="courses.recognition.asked",
        on=claim,
        data={"student": claim.student_id, "target": claim.target_id, "evidence": claim.evidence_key},
    )
    return claim


def _check_unused(claim: CreditClaim) -> None:
    """Refuse, with the place, what this human uses in another application, also in another programme."""
    other = queries.in_use(claim.student_id, claim.target_id, claim.evidence_key, besides=claim.id or 0)
    if other is None:
        return
    if other.target_id == claim.target_id:
        raise BadClaim(_("这门课程已经认定或正在申请，不能重复认定。"), code="recognised_twice", field="target_id")
    if other.student_id == claim.student_id:
        raise BadClaim(_("这份证明材料已经用于另一门课程的认定，不能重复使用。"), code="recognised_twice", field="enrolment_id")
    words = _("这份证明材料已经用于你在另一个专业（学号 %(no)s）的认定，同一份材料只认定一次。", no=other.student.student_no)
    raise BadClaim(words, code="recognised_twice", field="enrolment_id")


def withdraw(*, claim: CreditClaim, by: Identity, now: datetime) -> None:
    """The student takes an undecided application back."""
    if claim.state not in OPEN:
        raise BadClaim(_("已经决定的申请不能撤回。"))
    claim.state = ClaimState.WITHDRAWN
    session().flush()
    audit.record(by=by, did="courses.recognition.withdrawn", on=claim, data={})


# -- deciding -----------------------------------------------------------------------------------------------------------


def decide(
    *, claim: CreditClaim, version: int | None, is_approved: bool, credits_x10: int | None, reason: str, by: Identity, now: datetime
) -> CreditClaim:
    """Approve with so many credits, or reject with a reason; of an appeal another person than the first should decide."""
    check_version(claim, version)
    if claim.state not in OPEN:
        raise BadClaim(_("这份申请已经决定或撤回。"))
    if people.is_same_human(by.person_id, claim.student.person_id):
        raise BadClaim(_("不能审核自己的申请。"))
    was_appeal = claim.state is ClaimState.APPEALED
    if was_appeal and accounts.is_same_holder(by.account_id, claim.decided_by_id):
        raise BadClaim(_("申诉应由作出原决定之外的人复核，请由高校管理员或其他专业负责人处理。"))
    if not reason.strip():
        raise BadClaim(_("请写明决定的理由。"), field="reason")
    if is_approved:
        asked = claim.asked_x10 if credits_x10 is None else credits_x10
        if not 0 < asked <= claim.target.credits_x10:
            raise BadClaim(_("认定学分应大于 0，且不超过该课程的 %(n)s 学分。", n=credits(claim.target.credits_x10)), field="credits")
        if claim.evidence is Evidence.RUN and asked > claim.asked_x10:
            raise BadClaim(_("按对应表最多认定 %(n)s 学分。需要更多时请先修改对应表。", n=credits(claim.asked_x10)), field="credits")
        _check_not_approved(claim)
        _check_still_earned(claim)
        claim.credits_x10, claim.state = asked, ClaimState.APPROVED
    else:
        claim.state = ClaimState.UPHELD if was_appeal else ClaimState.REJECTED
    if was_appeal:
        claim.appeal_reason = reason.strip()[:1000]
    else:
        claim.reason = reason.strip()[:1000]
    claim.decided_at, claim.decided_on, claim.decided_by, claim.decided_by_id = now, local(now).date(), by.name[:120], by.account_id
    session().flush()
    audit.record(
        by=by, did="courses.recognition.decided", on=claim, data={"state": claim.state, "credits_x10": claim.credits_x10, "reason": reason.strip()}
    )
    _tell_decided(claim, now)
    return claim


def _tell_decided(claim: CreditClaim, now: datetime) -> None:
    notifications.notify(
        account_ids=accounts.accounts_of_persons([claim.student.person_id]).values(),
        kind="courses.recognition.decided",
        message=N_("你的学分认定申请（%(title)s）已有结果，请查看。"),
        values={"title": claim.target.name},
        url=f"/recognition/{claim.id}",
        unique_key=f"recognition:{claim.id}:{claim.version}",
        now=now,
    )


def _check_not_approved(claim: CreditClaim) -> None:
    """Two persons who turned out to be one human may both have asked: what was recognised for one of them is not for the other."""
    queries.hold_human(claim.student_id)
    approved = (ClaimState.APPROVED,)
    other = queries.in_use(claim.student_id, claim.target_id, claim.evidence_key, states=approved, besides=claim.id)
    if other is None and claim.enrolment_id is not None:
        other = queries.used_course(claim.student_id, claim.enrolment_id, states=approved, besides=claim.id)
    if other is not None:
        words = _(
            "同一人已用这份材料或为这门课程获得认定（学号 %(no)s，%(name)s），不能再次认定。", no=other.student.student_no, name=other.target.name
        )
        raise BadClaim(words, code="recognised_twice")


def _check_still_earned(claim: CreditClaim) -> None:
    """A mark may have been corrected since the application: what is approved now holds by the mark of now."""
    enrolment = session().get(Enrolment, claim.enrolment_id, populate_existing=True) if claim.enrolment_id is not None else None
    mapping = session().get(CreditMapping, claim.mapping_id) if claim.mapping_id is not None else None
    if enrolment is None:
        return
    if enrolment.state is not EnrolmentState.COMPLETED:
        raise BadClaim(_("这门在线课程现在不是“已完成”，不能认定。请让学生查看学习进度。"))
    score, least = enrolment.score_x10, mapping.least_score_x10 if mapping is not None else 0
    if score is not None and score < least:
        raise BadClaim(_("申请之后成绩已改为 %(a)s，低于对应表要求的 %(b)s 分，不能认定。", a=credits(score), b=credits(least)))
    claim.score_x10 = score


def take_back(*, claim: CreditClaim, version: int | None, reason: str, by: Identity, now: datetime) -> CreditClaim:
    """Undo a recognition that was a mistake or rests on a forged certificate, with the reason; the student is told and may appeal.

    The evidence and the course are free again. Not by the student, whoever else decided.
    """
    check_version(claim, version)
    if claim.state is not ClaimState.APPROVED:
        raise BadClaim(_("只有已认定的申请可以撤销。"))
    if people.is_same_human(by.person_id, claim.student.person_id):
        raise BadClaim(_("不能审核自己的申请。"))
    if not reason.strip():
        raise BadClaim(_("请写明撤销的理由；学生会看到。"), field="reason")
    had = claim.credits_x10
    claim.credits_x10, claim.state = None, ClaimState.UPHELD if claim.appeal else ClaimState.REJECTED
    if claim.appeal:
        claim.appeal_reason = reason.strip()[:1000]
    else:
        claim.reason = reason.strip()[:1000]
    claim.decided_at, claim.decided_on, claim.decided_by, claim.decided_by_id = now, local(now).date(), by.name[:120], by.account_id
    session().flush()
    audit.record(by=by, did="courses.recognition.taken_back", on=claim, data={"credits_x10": had, "reason": reason.strip()})
    _tell_decided(claim, now)
    return claim


def appeal(*, claim: CreditClaim, text: str, by: Identity, now: datetime) -> CreditClaim:
    """Ask once for another look at a rejection, with reasons; refused when the course or evidence is in use meanwhile."""
    if claim.state is not ClaimState.REJECTED:
        raise BadClaim(_("只能对“不予认定”的决定申诉一次。"))
    if not text.strip():
        raise BadClaim(_("请写明申诉的理由。"), field="appeal")
    queries.hold_human(claim.student_id)
    if queries.in_use(claim.student_id, claim.target_id, claim.evidence_key) is not None:
        raise BadClaim(_("这门课程或这份材料已有另一份申请，不能再申诉。"), code="recognised_twice")
    if claim.enrolment_id is not None:
        _check_course_unused(claim.student_id, claim.enrolment_id, claim.target_id)
    claim.state, claim.appeal, claim.appealed_at = ClaimState.APPEALED, text.strip()[:1000], now
    session().flush()
    audit.record(by=by, did="courses.recognition.appealed", on=claim, data={"appeal": claim.appeal})
    return claim
