"""Every select on what can be certified from records: training classes in the ledger, placements a mentor guided to their end."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement, Position
from enterprises.placements.types import PlacementState
from trainhub.kernel.db import session
from trainhub.ledger.models import RosterBatch, TrainingRecord
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student

MOST_CLASSES = 200


@dataclass(frozen=True, slots=True)
class TrainingClass:
    """The people who completed one training at one base in a span of days; `key` is the first of its records."""

    key: int
    base: str
    course: str
    first: date
    last: date
    people: int


def classes_of(organisation_ids: Collection[int], since: date, until: date) -> list[TrainingClass]:
    """The trainings completed at these bases in a span of days, the latest first."""
    statement = (
        select(
            func.min(TrainingRecord.id),
            Organisation.name,
            TrainingRecord.course,
            func.min(TrainingRecord.completed_on),
            func.max(TrainingRecord.completed_on),
            func.count(),
        )
        .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
        .where(TrainingRecord.organisation_id.in_(list(organisation_ids)), *_standing(since, until))
        .group_by(Organisation.id, Organisation.name, TrainingRecord.course)
        .order_by(func.max(TrainingRecord.completed_on).desc(), Organisation.name, TrainingRecord.course)
        .limit(MOST_CLASSES)
    )
    return [TrainingClass(*row) for row in session().execute(statement)]


def _standing(since: date, until: date) -> tuple[ColumnElement[bool], ...]:
    return TrainingRecord.cancelled_at.is_(None), TrainingRecord.completed_on >= since, TrainingRecord.completed_on <= until


def records_of(key: int, organisation_ids: Collection[int], since: date, until: date) -> list[tuple[TrainingRecord, str]]:
    """The records of a class with the name of the base; empty when the class is none of these bases'."""
    first = session().get(TrainingRecord, key)
    if first is None or first.organisation_id not in set(organisation_ids):
        return []
    statement = (
        select(TrainingRecord, Organisation.name)
        .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
        .where(TrainingRecord.organisation_id == first.organisation_id, TrainingRecord.course == first.course, *_standing(since, until))
        .order_by(TrainingRecord.completed_on, TrainingRecord.id)
    )
    return [(record, name) for record, name in session().execute(statement)]


def universities_with_finished() -> set[int]:
    """The universities whose students have finished a placement with a mentor."""
    statement = (
        select(Student.university_id)
        .join(Placement, Placement.student_id == Student.id)
        .where(Placement.state == PlacementState.FINISHED, Placement.mentor_id.is_not(None))
        .distinct()
    )
    return set(session().scalars(statement))


@dataclass(frozen=True, slots=True)
class Guided:
    """A finished placement with who guided it."""

    placement: Placement
    mentor_person_id: int
    mentor: str
    enterprise: str
    position: str
    student: str


def guided_at(university_id: int, since: date, until: date) -> list[Guided]:
    """The placements of a university's students that ended in a span of days, by mentor."""
    learner = aliased(Person)
    statement = (
        select(Placement, Mentor.person_id, Person.name, Organisation.name, Position.title, learner.name)
        .join(Mentor, Mentor.id == Placement.mentor_id)
        .join(Person, Person.id == Mentor.person_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .join(Position, Position.id == Placement.position_id)
        .join(Student, Student.id == Placement.student_id)
        .join(learner, learner.id == Student.person_id)
        .where(
            Student.university_id == university_id,
            Placement.state == PlacementState.FINISHED,
            Placement.ends_on >= since,
            Placement.ends_on <= until,
        )
        .order_by(Organisation.name, Person.name, Mentor.person_id, Placement.starts_on, Placement.id)
    )
    return [Guided(*row) for row in session().execute(statement)]


@dataclass(frozen=True, slots=True)
class Origin:
    """A training record with the roster it came in; without one it was recorded by hand or by a room."""

    id: int
    recorded_at: datetime
    cancelled_at: datetime | None
    file_name: str | None
    sha256: str | None


def origins_of(ids: Iterable[int]) -> list[Origin]:
    """Where training records come from."""
    statement = (
        select(TrainingRecord.id, TrainingRecord.recorded_at, TrainingRecord.cancelled_at, RosterBatch.file_name, RosterBatch.sha256)
        .outerjoin(RosterBatch, RosterBatch.id == TrainingRecord.batch_id)
        .where(TrainingRecord.id.in_(sorted(set(ids))))
    )
    return [Origin(*row) for row in session().execute(statement)]
