"""Who holds a seat in a run: enrolments, persons, numbers; never more of them than is asked for; and of whom a human is made."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import and_, func, or_, select

from courses.catalogue.models import Run, RunGroupMember
from courses.catalogue.types import RunState
from courses.learning.models import Enrolment
from courses.learning.queries import furthest
from courses.learning.types import SEATED, EnrolmentState
from trainhub.kernel.db import portions, session
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Source
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.models import Person, Student


def seated_ids(run_id: int) -> list[int]:
    """The enrolments that hold a seat."""
    return list(session().scalars(select(Enrolment.id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED)).order_by(Enrolment.id)))


def learning_ids(run_id: int) -> list[int]:
    """The enrolments of who learns or has completed: the completed stay so, but their mark follows what counts."""
    statement = select(Enrolment.id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    return list(session().scalars(statement.order_by(Enrolment.id)))


def unrecorded_ids(run_id: int) -> list[int]:
    """The completions of a run that counts for the goal without a training record of their own; none of a run that does not count."""
    recorded = select(TrainingRecord.id).where(TrainingRecord.source == Source.COURSE, TrainingRecord.source_id == Enrolment.id)
    statement = (
        select(Enrolment.id)
        .join(Run, Run.id == Enrolment.run_id)
        .where(Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.COMPLETED, Run.counts_for_goal, ~recorded.exists())
        .order_by(Enrolment.id)
    )
    return list(session().scalars(statement))


def seated_persons(run_id: int) -> list[int]:
    """The persons who hold a seat, by their id."""
    return list(
        session().scalars(select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED)).order_by(Enrolment.person_id))
    )


def seated_among(run_id: int, person_ids: Collection[int]) -> set[int]:
    """Those of some persons who hold a seat, whichever row of theirs it names."""
    rows = people.rows_of_humans(person_ids)
    statement = select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    seated = set(session().scalars(statement.where(Enrolment.person_id.in_(frozenset().union(*rows.values())))))
    return {person_id for person_id, same in rows.items() if same & seated}


def seated_of_cohort(run_id: int, cohort_id: int) -> list[int]:
    """The students of a cohort who hold a seat, by their id."""
    students = select(Student.person_id).where(Student.cohort_id == cohort_id)
    statement = select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED), Enrolment.person_id.in_(students))
    return list(session().scalars(statement.order_by(Enrolment.person_id)))


def count_seats(run_id: int) -> int:
    """How many persons hold a seat."""
    return session().scalar(select(func.count()).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))) or 0


def seated_outside(group_id: int, run_id: int, text: str = "", limit: int = 200) -> list[Person]:
    """Persons who hold a seat and are not in a group of the run, by name; whose name or pinyin holds `text`, `limit` at most."""
    inside = select(RunGroupMember.person_id).where(RunGroupMember.group_id == group_id)
    statement = select(Person).join(Enrolment, Enrolment.person_id == Person.id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    statement = statement.where(Person.id.not_in(inside))
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin))
    return list(session().scalars(statement.order_by(Person.pinyin, Person.id).limit(limit)))


def enrolments_among(run_id: int, person_ids: Iterable[int]) -> list[Enrolment]:
    """The enrolments of some humans in a run by id, of each the furthest: what they do counts there, whichever row of theirs it names."""
    rows = sorted(frozenset().union(*people.rows_of_humans(person_ids).values()))
    statement = select(Enrolment).where(Enrolment.run_id == run_id, Enrolment.person_id.in_(rows)).order_by(*furthest(Enrolment))
    enrolments = list(session().scalars(statement))
    standing = people.humans_of(row.person_id for row in enrolments)
    found: dict[int, Enrolment] = {}
    for row in enrolments:
        found.setdefault(standing[row.person_id], row)
    return sorted(found.values(), key=lambda row: row.id)


def seats_of(run_ids: Iterable[int], person_ids: Iterable[int]) -> dict[tuple[int, int], Enrolment]:
    """{(run, human): the enrolment that holds the seat}: one query for a thousand persons who stand for their humans."""
    runs, found = list(run_ids), dict[tuple[int, int], Enrolment]()
    human = func.coalesce(Person.merged_into_id, Person.id)
    statement = select(Enrolment, human).join(Person, Person.id == Enrolment.person_id)
    statement = statement.where(Enrolment.run_id.in_(runs), Enrolment.state.in_(SEATED)).order_by(*furthest(Enrolment))
    for some in portions(sorted(person_ids)):
        for row, person_id in session().execute(statement.where(human.in_(some))):
            found.setdefault((row.run_id, person_id), row)
    return found


def outlived(today: date) -> list[int]:
    """Runs that are closed or over (`rules.is_over`) in which somebody still waits for approval or a seat."""
    waits = select(Enrolment.run_id).where(Enrolment.state.in_((EnrolmentState.PENDING, EnrolmentState.WAITING)))
    is_over = and_(Run.ends_on < today, or_(Run.enrol_until.is_(None), Run.enrol_until < today))
    return list(session().scalars(select(Run.id).where(Run.id.in_(waits), or_(Run.state == RunState.CLOSED, is_over)).order_by(Run.id)))


def to_be_promoted(run_id: int) -> int:
    """How many who wait have a seat that is free: nobody, but while a job promotes the rest of very many."""
    free = session().execute(select(Run.quota, Run.taken).where(Run.id == run_id)).one_or_none()
    waiting = session().scalar(select(func.count()).where(Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.WAITING)) or 0
    return 0 if free is None else waiting if free.quota is None else max(0, min(waiting, free.quota - free.taken))


def runs_to_promote() -> list[int]:
    """Runs that are not closed in which somebody waits beside a free seat: none, but while a job promotes, or after one that failed for good."""
    waits = select(Enrolment.run_id).where(Enrolment.state == EnrolmentState.WAITING)
    is_free = or_(Run.quota.is_(None), Run.taken < Run.quota)
    return list(session().scalars(select(Run.id).where(Run.id.in_(waits), Run.state != RunState.CLOSED, is_free).order_by(Run.id)))


def waiting_persons(run_id: int) -> list[int]:
    """Who waits for approval or a seat."""
    states = (EnrolmentState.PENDING, EnrolmentState.WAITING)
    return list(session().scalars(select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(states)).order_by(Enrolment.id)))
