"""What the room stores about somebody who teaches here, told for the page "my data": each is one select."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import func

from courses.catalogue import labels as catalogue_labels
from courses.catalogue.models import RunStaff, StaffInvitation
from courses.curriculum.models import CurriculumCourse
from courses.own.study_queries import COURSE, of_run
from courses.teaching import labels as teaching_labels
from courses.teaching.models import Offering, PartTimeAppointment, PartTimeAppraisal, Secondment, TeachingTask
from trainhub.identity.queries.owned import Owned, pick, tenths
from trainhub.organisations.models import Organisation
from trainhub.people.models import Teacher
from trainhub.people.queries import same_human

Select = sa.Select[Any]


def _of_teacher(statement: Select, teacher_id: Any, person_id: int) -> Select:
    return statement.join(Teacher, Teacher.id == teacher_id).where(same_human(Teacher.person_id, person_id))


def staff_roles(person_id: int) -> Owned:
    """Courses one teaches or helps with."""
    row = RunStaff
    statement = of_run(pick(row, *COURSE, row.role), row.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id), {"role": catalogue_labels.STAFF_ROLES})


def staff_invitations(person_id: int) -> Owned:
    """Invitations to teach."""
    row = StaffInvitation
    statement = of_run(pick(row, *COURSE, row.role, row.invited_at, row.answered_at, row.is_accepted), row.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id), {"role": catalogue_labels.STAFF_ROLES})


def tasks(person_id: int) -> Owned:
    """Teaching tasks."""
    row = TeachingTask
    columns = (row.title.label("item"), row.academic_year, row.semester, row.hours_x10.label("hours"), row.starts_on, row.issued_no)
    return Owned(_of_teacher(pick(row, *columns), row.teacher_id, person_id).order_by(row.id), {"hours": tenths})


def offerings(person_id: int) -> Owned:
    """Courses of the programme one leads."""
    row = Offering
    statement = pick(row, CurriculumCourse.name.label("course"), row.academic_year, row.semester, row.first_teaching_on, row.closed_on)
    joined = statement.join(CurriculumCourse, CurriculumCourse.id == row.course_id)
    return Owned(_of_teacher(joined, row.lead_teacher_id, person_id).order_by(row.id))


def appointments(person_id: int) -> Owned:
    """Letters of appointment of part-time teachers."""
    row = PartTimeAppointment
    columns = (row.letter_no, row.since, row.until, row.duties, row.training_hours, row.training_passed_on)
    return Owned(_of_teacher(pick(row, *columns), row.teacher_id, person_id).order_by(row.id))


def appraisals(person_id: int) -> Owned:
    """How the work of a part-time teacher was judged."""
    row, appointment = PartTimeAppraisal, PartTimeAppointment
    statement = pick(row, appointment.letter_no, row.appraised_on, row.result, row.remark).join(appointment, appointment.id == row.appointment_id)
    return Owned(_of_teacher(statement, appointment.teacher_id, person_id).order_by(row.id), {"result": teaching_labels.APPRAISALS})


def secondments(person_id: int) -> Owned:
    """Stays of a teacher in an enterprise."""
    row = Secondment
    enterprise = func.coalesce(Organisation.name, row.enterprise_name).label("enterprise")
    planned = (row.planned_since, row.planned_until, row.started_on, row.ended_on, row.is_full_time, row.reason, row.report)
    statement = pick(row, enterprise, row.post, row.state, *planned).outerjoin(Organisation, Organisation.id == row.enterprise_id)
    return Owned(_of_teacher(statement, row.teacher_id, person_id).order_by(row.id), {"state": teaching_labels.SECONDMENTS})
