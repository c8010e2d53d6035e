"""What the ledger keeps about somebody, told for the page "my data": each is one select."""

from __future__ import annotations

import sqlalchemy as sa

from trainhub.identity.queries.owned import Owned, pick, tenths
from trainhub.ledger import labels
from trainhub.ledger.models import ConfirmedDay, Milestone, PossibleDuplicate, RecordCancellation, TrainingRecord
from trainhub.organisations.models import Organisation
from trainhub.people.models import Student
from trainhub.people.queries import same_human


def trainings(person_id: int) -> Owned:
    """Every training record, cancelled ones too."""
    row = TrainingRecord
    columns = (
        row.course,
        row.category,
        row.hours_x10.label("hours"),
        row.completed_on,
        row.is_counted,
        row.source,
        row.recorded_at,
        row.cancelled_at,
    )
    statement = pick(row, Organisation.name.label("organisation"), *columns).join(Organisation, Organisation.id == row.organisation_id)
    return Owned(
        statement.where(same_human(row.person_id, person_id)).order_by(row.completed_on, row.id),
        {"category": labels.CATEGORIES, "hours": tenths, "source": labels.SOURCES},
    )


def cancellations(person_id: int) -> Owned:
    """Records that were cancelled, and why."""
    row = RecordCancellation
    statement = pick(row, TrainingRecord.course, TrainingRecord.completed_on, row.reason, row.at).join(
        TrainingRecord, TrainingRecord.id == row.record_id
    )
    return Owned(statement.where(same_human(TrainingRecord.person_id, person_id)).order_by(row.id), {"reason": labels.reason})


def milestones(person_id: int) -> Owned:
    """Everything a person finished."""
    row = Milestone
    columns = (row.title.label("item"), row.source, row.hours_x10.label("hours"), row.score_x10.label("score"), row.reached_on, row.withdrawn_at)
    statement = pick(row, *columns, Organisation.name.label("organisation")).outerjoin(Organisation, Organisation.id == row.organisation_id)
    return Owned(
        statement.where(same_human(row.person_id, person_id)).order_by(row.reached_on, row.id),
        {"source": labels.SOURCES, "hours": tenths, "score": tenths},
    )


def confirmed_days(person_id: int) -> Owned:
    """Days in enterprises that were confirmed."""
    row = ConfirmedDay
    columns = (row.on.label("on_day"), row.confirmed_at, row.withdrawn_at, row.withdrawal_reason)
    statement = pick(row, Organisation.name.label("enterprise"), *columns).join(Organisation, Organisation.id == row.enterprise_id)
    joined = statement.join(Student, Student.id == row.student_id).where(same_human(Student.person_id, person_id))
    return Owned(joined.order_by(row.on, row.id))


def possible_duplicates(person_id: int) -> Owned:
    """That an entry of the same look was found and what was decided; who the other is stays untold. What waits is not told: a pair is found when a list
    brings a number, and a stranger who had typed it would learn that it came."""
    row = PossibleDuplicate
    mine = sa.or_(same_human(row.person_id, person_id), same_human(row.other_person_id, person_id))
    return Owned(pick(row, row.found_at, row.decided_at, row.is_same).where(mine, row.decided_at.is_not(None)).order_by(row.id))
