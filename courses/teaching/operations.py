"""What can be done with teaching: offer courses, designate the six, hand out tasks, plan secondments, keep files of part-time teachers."""

from __future__ import annotations

from datetime import date, datetime

from courses.curriculum.locking import name_course
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import CourseCategory, Importance
from courses.teaching import queries
from courses.teaching.models import Offering, PartTimeAppointment, PartTimeAppraisal, Secondment, TeachingTask
from courses.teaching.types import AppraisalResult, SecondmentState
from courses.teaching.types import semester_of as semester_of
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import lock, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.people.models import Teacher
from trainhub.people.types import TeacherKind
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort


class BadOffering(Refused):
    """An offering, or its designation, is impossible."""

    code = "bad_offering"


class OfferingGone(BadOffering):
    """The offering was taken back since it was read: there is nothing left of which a page could tell."""

    code = "offering_gone"


class BadTask(Refused):
    """A teaching task is impossible; a part-time teacher may not start before the training is passed."""

    code = "bad_teaching_task"


class BadSecondment(Refused):
    """A secondment is impossible."""

    code = "bad_secondment"


class BadAppointment(Refused):
    """A fact of a part-time teacher's file is impossible."""

    code = "bad_appointment"


def not_ahead(day: date, now: datetime, refused: type[Refused], field: str) -> None:
    """What has happened has a day that has come: a conclusion or an examination of next month would count at once."""
    if day > local(now).date():
        raise refused(_("日期不能晚于今天。"), field=field)


def check_first_day(day: date, cohort: Cohort) -> None:
    """Nothing is taught to a cohort before it is there. Raises BadOffering."""
    if day < cohort.starts_on:
        raise BadOffering(_("首次授课日期不能早于该年级入学日期 %(day)s。", day=cohort.starts_on), field="first_teaching_on")


def check_designated(course: CurriculumCourse, on: date, lead_teacher_id: int | None) -> None:
    """Raises BadOffering unless a course taught from a day may be one of the six: core or major specialty that everybody takes (PETOE-5.1, 002:481,
    002:271), with a lead."""
    wanted = book().at("petoe.core_course_importance", on=on).items
    if course.category is not CourseCategory.SPECIALTY or Importance(course.importance).value not in wanted:
        raise BadOffering(_("“%(name)s”不是主要或核心的专业课程，不能列入 6 门课程（PETOE-5.1）。", name=course.name), field="course_id")
    if course.is_optional:
        raise BadOffering(_("“%(name)s”是选修课，不是全体学生都修读，不能列入 6 门课程（PETOE-5.1）。", name=course.name), field="course_id")
    if lead_teacher_id is None:
        raise BadOffering(_("请先指定主讲教师，再列入 6 门课程。"), field="lead_teacher_id")


def offer_course(
    *,
    course: CurriculumCourse,
    cohort: Cohort,
    first_teaching_on: date,
    by: Identity,
    now: datetime,
    lead: Teacher | None = None,
    is_designated: bool = False,
    relevance: str = "",
) -> Offering:
    """Offer a course of the plan to a cohort; the semester follows from the day. The same course again is returned as it is.

    Raises BadOffering when the course is not in the cohort's plan, or may not be designated, and CourseGone.
    """
    lock(Cohort, cohort.id)
    known = queries.offering_of(course.id, cohort.id)
    if known is not None:
        return known
    if programmes.followed_by(cohort) != course.version_id:
        raise BadOffering(_("“%(name)s”不在 %(year)d 级采用的培养方案中。", name=course.name, year=cohort.year), field="course_id")
    check_first_day(first_teaching_on, cohort)
    name_course(course)
    year, semester = semester_of(first_teaching_on)
    row = Offering(
        course_id=course.id,
        cohort_id=cohort.id,
        academic_year=year,
        semester=semester,
        first_teaching_on=first_teaching_on,
        lead_teacher_id=lead.id if lead is not None else None,
        relevance=relevance.strip(),
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.teaching.offered", on=row, data={"course": course.code, "year": cohort.year, "lead": row.lead_teacher_id})
    if is_designated:
        designate(offering=row, course=course, by=by, now=now)
    return row


def designate(*, offering: Offering, course: CurriculumCourse, by: Identity, now: datetime, is_designated: bool = True) -> Offering:
    """Make an offering one of the six of requirement 5 (002:271), or take that back. Again changes nothing.

    Raises BadOffering unless it is a core or major specialty course (PETOE-5.1, 002:481) with a lead lecturer.
    """
    if is_designated:
        check_designated(course, offering.first_teaching_on, offering.lead_teacher_id)
    if offering.is_designated != is_designated:
        offering.is_designated = is_designated
        session().flush()
        audit.record(by=by, did="courses.teaching.designated", on=offering, data={"course": course.code, "is_designated": is_designated})
    return offering


def assign_lead(*, offering: Offering, lead: Teacher, by: Identity, now: datetime) -> Offering:
    """Name the lead lecturer of an offering; what was written about the one before (relevance, waiver) falls away."""
    if offering.lead_teacher_id != lead.id:
        before, offering.lead_teacher_id = offering.lead_teacher_id, lead.id
        if before is not None:
            offering.waiver = offering.relevance = ""
        session().flush()
        audit.record(by=by, did="courses.teaching.lead_assigned", on=offering, data={"lead": [before, lead.id]})
    return offering


def waive_cap(*, offering: Offering, reason: str, by: Identity, now: datetime) -> Offering:
    """Write down why the lead lecturer may exceed the cap of two; an empty reason takes the waiver back (requirements.md 8.1, 1)."""
    reason = reason.strip()[:400]
    if offering.waiver != reason:
        offering.waiver = reason
        session().flush()
        audit.record(by=by, did="courses.teaching.cap_waived", on=offering, data={"reason": reason})
    return offering


def change_lead(*, offering: Offering, lead: Teacher, by: Identity, now: datetime, version: int | None = None) -> Offering:
    """Give an offering another lead lecturer; what was written about the one before (the reason for the number of courses, and how the
    work in enterprises supports the course, PETOE-5.3) falls away. Raises Stale, and BadOffering once it is closed."""
    check_version(offering, version)
    if offering.closed_on is not None:
        raise BadOffering(_("这门课已结课，主讲教师不能再更换；登记有误的，请用“更正”并写明理由。"), field="lead_teacher_id")
    if offering.lead_teacher_id != lead.id:
        before = offering.lead_teacher_id
        offering.lead_teacher_id, offering.waiver, offering.relevance = lead.id, "", ""
        session().flush()
        audit.record(by=by, did="courses.teaching.lead_changed", on=offering, data={"before": before, "after": lead.id})
    return offering


def close_offering(*, offering: Offering, closed_on: date, by: Identity, now: datetime) -> Offering:
    """Say that the conclusions about every student are complete (PETOE-2.5, 002:389)."""
    if closed_on < offering.first_teaching_on:
        raise BadOffering(_("结课日期不能早于首次授课日期。"), field="closed_on")
    not_ahead(closed_on, now, BadOffering, "closed_on")
    if offering.closed_on != closed_on:
        offering.closed_on = closed_on
        session().flush()
        audit.record(by=by, did="courses.teaching.closed", on=offering, data={"on": closed_on})
    return offering


def give_task(
    *,
    teacher: Teacher,
    title: str,
    hours_x10: int,
    starts_on: date,
    by: Identity,
    now: datetime,
    offering: Offering | None = None,
    issued_no: str = "",
) -> TeachingTask:
    """Hand out a teaching task (教学任务书). The same title in the same semester again replaces hours, first day, number and course.

    Raises BadTask: a part-time teacher starts no task before the training is passed (PETOE-4.7, 002:457), and none is of an
    offering that was taken back.
    """
    if offering is not None:
        lock(Cohort, offering.cohort_id)
        if not queries.is_there(Offering, queries.key_of(offering)):
            raise BadTask(_("这门开课刚被收回。"), field="offering_id")
    title = title.strip()
    if not title:
        raise BadTask(_("请填写教学任务的名称。"), field="title")
    if hours_x10 <= 0:
        raise BadTask(_("学时应大于 0。"), field="hours")
    if teacher.kind is TeacherKind.PART_TIME and book().at("petoe.parttime_training_required", on=starts_on).flag:
        passed = [a.training_passed_on for a in queries.appointments_of_teachers([teacher.id]) if a.training_passed_on is not None]
        if not passed or min(passed) > starts_on:
            raise BadTask(_("兼职教师须先通过岗前培训，再承担教学任务（PETOE-4.7）。请先登记培训通过日期。"), field="teacher_id")
    year, semester = semester_of(starts_on)
    lock(Teacher, teacher.id)
    known = queries.task(teacher.id, year, semester, title)
    if known is not None:
        facts = {"hours_x10": hours_x10, "starts_on": starts_on, "issued_no": issued_no.strip()}
        facts |= {"offering_id": offering.id} if offering is not None else {}
        changed = {key: [getattr(known, key), value] for key, value in facts.items() if getattr(known, key) != value}
        for key, (_before, value) in changed.items():
            setattr(known, key, value)
        if changed:
            session().flush()
            audit.record(by=by, did="courses.teaching.task_given", on=known, data=audit.changes(changed, told=facts))
        return known
    row = TeachingTask(
        teacher_id=teacher.id,
        offering_id=offering.id if offering is not None else None,
        academic_year=year,
        semester=semester,
        title=title,
        hours_x10=hours_x10,
        starts_on=starts_on,
        issued_no=issued_no.strip(),
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.teaching.task_given", on=row, data={"teacher": teacher.id, "title": title, "hours_x10": hours_x10})
    return row


def plan_secondment(
    *,
    teacher: Teacher,
    by: Identity,
    now: datetime,
    enterprise: Organisation | None = None,
    enterprise_name: str = "",
    post: str = "",
    planned_since: date | None = None,
    planned_until: date | None = None,
    is_full_time: bool = True,
    exempt_reason: str = "",
) -> Secondment:
    """Plan a teacher's work in an enterprise, or write down why none is needed. The same plan again is returned as it is; one of the same enterprise and
    first day that says otherwise is refused: 4.2 rests on its months."""
    if teacher.kind is not TeacherKind.FULL_TIME:
        raise BadSecondment(_("企业工作计划只为专职教师制定（PETOE-4.2）。"), field="teacher_id")
    name = enterprise.name if enterprise is not None else enterprise_name.strip()
    reason = exempt_reason.strip()
    if not reason and (not name or planned_since is None or planned_until is None):
        raise BadSecondment(_("请填写企业和计划起止日期，或写明不需要的理由。"), field="enterprise_name")
    if not reason and planned_since is not None and planned_until is not None and planned_until < planned_since:
        raise BadSecondment(_("计划结束日期不能早于开始日期。"), field="planned_until")
    state = SecondmentState.EXEMPT if reason else SecondmentState.PLANNED
    lock(Teacher, teacher.id)
    for known in queries.secondments_of_teachers([teacher.id]):
        if (known.enterprise_name, known.planned_since, known.reason) == (name, planned_since, reason):
            if not reason and (known.planned_until, known.is_full_time, known.post) != (planned_until, is_full_time, post.strip()):
                message = _("同一企业、同一开始日期的计划已登记，内容不同，没有保存：尚未开始的可以先删除原计划，再按新的内容登记。")
                raise BadSecondment(message, field="planned_until")
            return known
    row = Secondment(
        teacher_id=teacher.id,
        state=state,
        enterprise_id=enterprise.id if enterprise is not None else None,
        enterprise_name=name,
        post=post.strip(),
        planned_since=planned_since,
        planned_until=planned_until,
        is_full_time=is_full_time,
        reason=reason,
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.teaching.secondment_planned", on=row, data={"teacher": teacher.id, "at": name, "reason": reason})
    return row


def start_secondment(*, secondment: Secondment, started_on: date, by: Identity, now: datetime) -> Secondment:
    """Note the first day in the enterprise; again changes nothing."""
    if secondment.state is SecondmentState.EXEMPT:
        raise BadSecondment(_("这位教师已免予选送，没有可开始的计划。"))
    if secondment.state is SecondmentState.PLANNED:
        not_ahead(started_on, now, BadSecondment, "started_on")
        secondment.state, secondment.started_on = SecondmentState.STARTED, started_on
        session().flush()
        audit.record(by=by, did="courses.teaching.secondment_started", on=secondment, data={"on": started_on})
    return secondment


def finish_secondment(*, secondment: Secondment, ended_on: date, report: str, by: Identity, now: datetime) -> Secondment:
    """Note the last day and the report after it (PETOE-4.3, 002:447); again changes nothing."""
    if secondment.state is SecondmentState.DONE:
        return secondment
    if secondment.state is not SecondmentState.STARTED or secondment.started_on is None:
        raise BadSecondment(_("这项计划还没有开始，不能结束。"))
    if ended_on < secondment.started_on:
        raise BadSecondment(_("结束日期不能早于开始日期。"), field="ended_on")
    not_ahead(ended_on, now, BadSecondment, "ended_on")
    secondment.state, secondment.ended_on, secondment.report = SecondmentState.DONE, ended_on, report.strip()
    session().flush()
    audit.record(by=by, did="courses.teaching.secondment_finished", on=secondment, data={"on": ended_on})
    return secondment


def appoint_part_time(
    *,
    teacher: Teacher,
    since: date,
    duties: str,
    by: Identity,
    now: datetime,
    until: date | None = None,
    letter_no: str = "",
    training_hours: int = 0,
    training_passed_on: date | None = None,
) -> PartTimeAppointment:
    """Open the file of a part-time teacher. The same first day again replaces letter, last day and duties. Raises BadAppointment."""
    if teacher.kind is not TeacherKind.PART_TIME:
        raise BadAppointment(_("只有兼职教师需要聘任档案。"), field="teacher_id")
    if not duties.strip():
        raise BadAppointment(_("请写明岗位职责（PETOE-4.7）。"), field="duties")
    if until is not None and until < since:
        raise BadAppointment(_("聘期结束日期不能早于开始日期。"), field="until")
    lock(Teacher, teacher.id)
    known = next((a for a in queries.appointments_of_teachers([teacher.id]) if a.since == since), None)
    if known is not None:
        facts = {"letter_no": letter_no.strip(), "until": until, "duties": duties.strip()}
        changed = {key: [getattr(known, key), value] for key, value in facts.items() if getattr(known, key) != value}
        for key, (_before, value) in changed.items():
            setattr(known, key, value)
        if changed:
            session().flush()
            audit.record(by=by, did="courses.teaching.appointed", on=known, data=audit.changes(changed, told=facts))
        return known
    row = PartTimeAppointment(
        teacher_id=teacher.id,
        letter_no=letter_no.strip(),
        since=since,
        until=until,
        duties=duties.strip(),
        training_hours=training_hours,
        training_passed_on=training_passed_on,
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.teaching.appointed", on=row, data={"teacher": teacher.id, "since": since, "training": training_passed_on})
    return row


def pass_training(*, appointment: PartTimeAppointment, passed_on: date, hours: int, by: Identity, now: datetime) -> PartTimeAppointment:
    """Note that the training before the job is passed; again changes nothing. Raises BadAppointment."""
    not_ahead(passed_on, now, BadAppointment, "passed_on")
    if (appointment.training_passed_on, appointment.training_hours) != (passed_on, hours):
        appointment.training_passed_on, appointment.training_hours = passed_on, hours
        session().flush()
        audit.record(by=by, did="courses.teaching.training_passed", on=appointment, data={"on": passed_on, "hours": hours})
    return appointment


def appraise(
    *, appointment: PartTimeAppointment, appraised_on: date, result: AppraisalResult, by: Identity, now: datetime, remark: str = ""
) -> PartTimeAppraisal:
    """Note a periodic appraisal; the same day again replaces result and remark, so that a slip can be mended."""
    if appraised_on < appointment.since:
        raise BadAppointment(_("考核日期不能早于聘期开始日期。"), field="appraised_on")
    not_ahead(appraised_on, now, BadAppointment, "appraised_on")
    lock(PartTimeAppointment, appointment.id)
    known = queries.appraisal(appointment.id, appraised_on)
    if known is not None:
        if (known.result, known.remark) != (result, remark.strip()):
            before, known.result, known.remark = known.result, result, remark.strip()
            session().flush()
            audit.record(
                by=by, did="courses.teaching.appraised", on=appointment, data={"on": appraised_on, "before": before.value, "result": result.value}
            )
        return known
    row = PartTimeAppraisal(appointment_id=appointment.id, appraised_on=appraised_on, result=result, remark=remark.strip())
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.teaching.appraised", on=appointment, data={"on": appraised_on, "result": result.value})
    return row
