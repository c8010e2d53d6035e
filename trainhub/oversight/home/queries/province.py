"""Figures of goals and of the whole installation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from courses.catalogue.models import Course, Run
from courses.catalogue.types import RunState
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import State
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.ledger import queries as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters import queries as rosters
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.oversight.evaluation.models import ExpertJudgement
from trainhub.oversight.goals.models import GoalDay
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Programme


def persons_by_day(goal_id: int, regions: Collection[str] = ()) -> dict[date, int]:
    """Persons first counted for a goal by day, in some reporting units or in all."""
    statement = select(GoalDay.on, func.sum(GoalDay.persons)).where(GoalDay.goal_id == goal_id)
    if regions:
        statement = statement.where(GoalDay.prefecture.in_(sorted(regions)))
    return {day: int(count) for day, count in session().execute(statement.group_by(GoalDay.on))}


def records_since(identity: Identity, since: date) -> tuple[int, int]:
    """(training records the reader sees, those completed since a day); cancelled ones left out."""
    is_later = func.sum(case((TrainingRecord.completed_on >= since, 1), else_=0))
    statement = select(func.count(TrainingRecord.id), is_later).where(ledger.visible_to(identity), TrainingRecord.cancelled_at.is_(None))
    everything, later = session().execute(statement).one()
    return int(everything), int(later or 0)


def open_duplicates() -> int:
    """How many pairs of trainees wait for a decision whether they are the same person."""
    listed = rosters.possible_duplicates(only_open=True).order_by(None).subquery()
    return session().scalar(select(func.count()).select_from(listed)) or 0


def judged_criteria(programme_ids: Collection[int], on: date) -> dict[int, int]:
    """By programme how many criteria have a judgement up to a day."""
    statement = (
        select(ExpertJudgement.programme_id, func.count(func.distinct(ExpertJudgement.criterion)))
        .where(ExpertJudgement.programme_id.in_(list(programme_ids)), ExpertJudgement.judged_on <= on)
        .group_by(ExpertJudgement.programme_id)
    )
    return {key: count for key, count in session().execute(statement)}


@dataclass(frozen=True, slots=True)
class Sums:
    """What this installation holds, in whole numbers that name nobody."""

    courses: int
    persons: int
    bases: int
    certificates: int
    programmes: int
    students: int


def sums() -> Sums:
    """Published courses, humans with a completed training (two rows of one are one), bases, valid certificates, programmes, enrolled students."""
    current = session()

    def count(statement: object) -> int:
        return current.scalar(statement) or 0  # type: ignore[call-overload]

    return Sums(
        courses=count(select(func.count(Course.id)).where(Course.id.in_(select(Run.course_id).where(Run.state == RunState.PUBLISHED)))),
        persons=count(
            select(func.count(func.distinct(func.coalesce(Person.merged_into_id, Person.id))))
            .select_from(TrainingRecord)
            .join(Person, Person.id == TrainingRecord.person_id)
            .where(TrainingRecord.cancelled_at.is_(None))
        ),
        bases=count(
            select(func.count(Organisation.id)).where(Organisation.kind == OrganisationKind.BASE, Organisation.state == OrganisationState.VERIFIED)
        ),
        certificates=count(select(func.count(Certificate.id)).where(Certificate.is_current, Certificate.state.in_([State.ISSUED, State.REISSUED]))),
        programmes=count(select(func.count(Programme.id)).where(Programme.is_petoe)),
        students=count(select(func.count(Student.id)).where(Student.state == StudentState.ENROLLED)),
    )
