"""What the evaluation keeps of students, teachers and experts, told for the page "my data": each is one select."""

from __future__ import annotations

from trainhub.identity.queries.owned import Owned, pick
from trainhub.oversight.evaluation import labels
from trainhub.oversight.evaluation.models import ExchangeRecord, Incentive, TeacherOutput
from trainhub.oversight.evaluation.workflow.models import Application, VisitExpert, VisitOpinion
from trainhub.oversight.evaluation.workflow.words import OPINIONS
from trainhub.people.models import Student, Teacher
from trainhub.people.queries import same_human
from trainhub.programmes.models import Programme


def exchanges(person_id: int) -> Owned:
    """Stays abroad and other exchanges of a student."""
    row = ExchangeRecord
    statement = pick(row, row.kind, row.partner, row.country, row.took_place_on).join(Student, Student.id == row.student_id)
    return Owned(statement.where(same_human(Student.person_id, person_id)).order_by(row.id), {"kind": labels.EXCHANGES})


def incentives(person_id: int) -> Owned:
    """What a teacher was given for the work in the programme."""
    row = Incentive
    statement = pick(row, Programme.name.label("programme"), row.kind, row.title.label("item"), row.granted_on).join(
        Teacher, Teacher.id == row.teacher_id
    )
    joined = statement.join(Programme, Programme.id == row.programme_id).where(same_human(Teacher.person_id, person_id))
    return Owned(joined.order_by(row.id), {"kind": labels.INCENTIVES})


def outputs(person_id: int) -> Owned:
    """Papers, textbooks and prizes of a teacher."""
    row = TeacherOutput
    statement = pick(row, Programme.name.label("programme"), row.kind, row.title.label("item"), row.published_on).join(
        Teacher, Teacher.id == row.teacher_id
    )
    joined = statement.join(Programme, Programme.id == row.programme_id).where(same_human(Teacher.person_id, person_id))
    return Owned(joined.order_by(row.id), {"kind": labels.OUTPUTS})


def visits(account_id: int) -> Owned:
    """Visits to which an expert was appointed."""
    row = VisitExpert
    columns = (row.is_leader, row.assigned_at, row.declared_at, row.has_conflict, row.conflict, row.submitted_at, row.ended_at, row.end_reason)
    statement = pick(row, Programme.name.label("programme"), *columns).join(Application, Application.id == row.application_id)
    return Owned(statement.join(Programme, Programme.id == Application.programme_id).where(row.account_id == account_id).order_by(row.id))


def opinions(account_id: int) -> Owned:
    """What an expert said on visits."""
    row = VisitOpinion
    statement = pick(row, Programme.name.label("programme"), row.criterion, row.opinion.label("result"), row.remark, row.said_at)
    joined = statement.join(VisitExpert, VisitExpert.id == row.expert_id).join(Application, Application.id == VisitExpert.application_id)
    joined = joined.join(Programme, Programme.id == Application.programme_id).where(VisitExpert.account_id == account_id)
    return Owned(joined.order_by(row.id), {"result": OPINIONS})
