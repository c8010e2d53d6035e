"""What somebody answered in surveys, told for the page "my data": one select each."""

from __future__ import annotations

from trainhub.identity.models import Account
from trainhub.identity.queries.owned import Owned, pick
from trainhub.organisations.models import Organisation
from trainhub.oversight.surveys import labels
from trainhub.oversight.surveys.models import DemandAnswer, GraduateAnswer, Survey
from trainhub.people.models import Student
from trainhub.people.queries import same_human


def graduate_answers(person_id: int) -> Owned:
    """The answers of a graduate."""
    row = GraduateAnswer
    columns = (row.status, row.employer, row.is_in_fujian, row.is_in_field, row.pay, row.satisfaction, row.comment, row.answered_at, row.replaced_at)
    statement = pick(row, Survey.title.label("survey"), Survey.year, *columns).join(Survey, Survey.id == row.survey_id)
    joined = statement.join(Student, Student.id == row.student_id).where(same_human(Student.person_id, person_id))
    return Owned(joined.order_by(row.id), {"status": labels.STATUSES, "pay": labels.PAYS})


def demand_answers(person_id: int) -> Owned:
    """That one filled in a survey for an enterprise: for which, and when; the figures are the enterprise's."""
    row = DemandAnswer
    columns = (
        Survey.title.label("survey"),
        Survey.year,
        Organisation.name.label("enterprise"),
        row.key_field_no.label("key_field"),
        row.answered_at,
        row.replaced_at,
    )
    statement = pick(row, *columns).join(Survey, Survey.id == row.survey_id).join(Organisation, Organisation.id == row.organisation_id)
    joined = statement.join(Account, Account.id == row.answered_by_id).where(same_human(Account.person_id, person_id))
    return Owned(joined.order_by(row.id))
