"""Wrong entries are corrected or taken back: what they said and why they went stays in the audit log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from courses.curriculum import queries as curriculum
from courses.teaching import queries
from courses.teaching.models import Offering, Secondment, TeachingTask
from courses.teaching.operations import BadOffering, BadSecondment, BadTask, OfferingGone, check_designated, check_first_day, not_ahead
from courses.teaching.types import SecondmentState, semester_of
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import lock, session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.people.models import Teacher
from trainhub.programmes.models import Cohort


def take_back_task(*, task: TeachingTask, reason: str, by: Identity, now: datetime) -> None:
    """Take a teaching task back that was given by mistake. Raises BadTask without a reason."""
    if not reason.strip():
        raise BadTask(_("请写明删除的理由。"), field="reason")
    _remove(task, reason, by)


def take_back_secondment(*, secondment: Secondment, reason: str, by: Identity, now: datetime) -> None:
    """Take a plan back that nobody has begun, or the reason why none is needed. Raises BadSecondment."""
    if not reason.strip():
        raise BadSecondment(_("请写明删除的理由。"), field="reason")
    if secondment.state not in (SecondmentState.PLANNED, SecondmentState.EXEMPT):
        raise BadSecondment(_("已经开始的企业工作不能删除。"))
    _remove(secondment, reason, by)


TOLD = ("first_teaching_on", "lead_teacher_id", "closed_on", "waiver")
"""What an event may say of a correction; the words about a lecturer's work stay out of it."""


def correct_offering(
    *,
    offering: Offering,
    first_teaching_on: date,
    lead_teacher_id: int | None,
    closed_on: date | None,
    relevance: str,
    waiver: str,
    reason: str,
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
) -> Offering:
    """Say of an offering what is right: the day on which 5.1 and 5.2 rest (002:271), lead, closing, relevance (5.3), waiver (5.4). All of it
    is given; the same again changes nothing.

    The semester follows from the day. What was written about a lecturer (relevance, waiver) does not speak for another: with a new lead it
    goes, unless it was written anew with it. Raises Stale, OfferingGone, and BadOffering without a reason and for what cannot be.
    """
    lock(Cohort, offering.cohort_id)
    if not queries.is_there(Offering, queries.key_of(offering)):
        raise OfferingGone(_("这门开课刚被收回。"))
    session().refresh(offering)
    check_version(offering, opened_at)
    if not reason.strip():
        raise BadOffering(_("请写明更正的理由。"), field="reason")
    course, cohort = curriculum.course(offering.course_id), session().get_one(Cohort, offering.cohort_id)
    assert course is not None
    check_first_day(first_teaching_on, cohort)
    if closed_on is not None:
        if closed_on < first_teaching_on:
            raise BadOffering(_("结课日期不能早于首次授课日期。"), field="closed_on")
        not_ahead(closed_on, now, BadOffering, "closed_on")
    # What was designated before is judged anew only where its day or its lead change; the rest of it is corrected as it stands.
    if offering.is_designated and (first_teaching_on, lead_teacher_id) != (offering.first_teaching_on, offering.lead_teacher_id):
        check_designated(course, first_teaching_on, lead_teacher_id)
    said = {"relevance": relevance.strip(), "waiver": waiver.strip()[:400]}
    if lead_teacher_id != offering.lead_teacher_id:
        said = {key: "" if text == getattr(offering, key) else text for key, text in said.items()}
    facts = {"first_teaching_on": first_teaching_on, "lead_teacher_id": lead_teacher_id, "closed_on": closed_on, **said}
    changed = {key: [getattr(offering, key), value] for key, value in facts.items() if getattr(offering, key) != value}
    for key, (_before, value) in changed.items():
        setattr(offering, key, value)
    if changed:
        offering.academic_year, offering.semester = semester_of(first_teaching_on)
        session().flush()
        data = {**audit.changes(changed, told=TOLD), "reason": reason.strip()}
        audit.record(by=by, did="courses.teaching.offering_corrected", on=offering, data=data)
    return offering


def take_back_waiver(*, offering: Offering, reason: str, by: Identity, now: datetime, opened_at: int | None = None) -> Offering:
    """Take the written reason for more than two of the six back, and nothing else; again changes nothing.

    Raises Stale, OfferingGone, and BadOffering without a reason.
    """
    if not reason.strip():
        raise BadOffering(_("请写明撤销的理由。"), field="reason")
    lock(Cohort, offering.cohort_id)
    if not queries.is_there(Offering, queries.key_of(offering)):
        raise OfferingGone(_("这门开课刚被收回。"))
    session().refresh(offering)
    if offering.waiver:
        check_version(offering, opened_at)
        before, offering.waiver = offering.waiver, ""
        session().flush()
        data = {"waiver": [before, ""], "reason": reason.strip()}
        audit.record(by=by, did="courses.teaching.offering_corrected", on=offering, data=data)
    return offering


def take_back_offering(*, offering: Offering, reason: str, by: Identity, now: datetime) -> None:
    """Take an offering back that was arranged by mistake; again changes nothing.

    The list of who takes it goes with it. Raises BadOffering without a reason, once it is closed, while a teaching task is of it, and where
    something was marked or concluded about students of its cohort.
    """
    if not reason.strip():
        raise BadOffering(_("请写明删除的理由。"), field="reason")
    key = queries.key_of(offering)
    lock(Cohort, offering.cohort_id)
    if not queries.is_there(Offering, key):
        return
    session().refresh(offering)
    curriculum.hold_to_change(offering.course_id)  # marks are entered before, or find it taken back
    if offering.closed_on is not None:
        raise BadOffering(_("这门课已结课，不能收回。结课误填的，请先在“更正”中清空结课日期。"))
    tasks = queries.tasks_of_offering(key)
    if tasks:
        raise BadOffering(_("这门课还有教学任务“%(title)s”，请先收回任务。", title=tasks[0].title))
    if curriculum.is_concluded(offering.course_id, offering.cohort_id):
        raise BadOffering(_("这门课已有该年级学生的成绩或达成结论，不能收回。"))
    takers = queries.takers_of(key)
    for one in takers:
        session().delete(one)
    session().flush()
    _remove(offering, reason, by, {"takers": [one.student_id for one in takers]} if takers else None)


def _remove(row: TeachingTask | Secondment | Offering, reason: str, by: Identity, more: dict[str, Any] | None = None) -> None:
    key = queries.key_of(row)
    if not isinstance(row, Offering):
        lock(Teacher, row.teacher_id)
    if not queries.is_there(type(row), key):
        return  # somebody else took it back meanwhile
    said = {column.name: getattr(row, key) for key, column in row.__mapper__.c.items()}
    audit.record(by=by, did="courses.teaching.removed", on=row, data={"row": said, **(more or {}), "reason": reason.strip()})
    session().delete(row)
    session().flush()
