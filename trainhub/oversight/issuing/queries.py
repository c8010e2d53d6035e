"""Every select on what can be certified from records: training classes in the ledger, placements a mentor guided to their end."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement, Position
from enterprises.placements.types import PlacementState
from trainhub.certificates import queries as certificates
from trainhub.certificates.models import Certificate, IssueBatch, IssueItem
from trainhub.certificates.queries import CertificateFilter
from trainhub.certificates.types import BatchState, Kind, State
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, RosterBatch, TrainingRecord
from trainhub.organisations.models import Organisation
from trainhub.oversight.issuing import rules
from trainhub.people import queries as people
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


def classes_of(organisation_ids: Collection[int], since: date, until: date) -> tuple[list[TrainingClass], bool]:
    """The trainings completed at these bases in a span of days, the latest first, and whether there are more than a page offers."""
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
        .limit(MOST_CLASSES + 1)
    )
    found = [TrainingClass(*row) for row in session().execute(statement)]
    return found[:MOST_CLASSES], len(found) > MOST_CLASSES


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


def supervised_already(university_id: int) -> set[int]:
    """The placements that a certificate of supervision of a university rests on, as far as it stands or waits, or a batch that is not issued yet.

    Who is certified for a span may be listed for another one that overlaps it: what tells apart is the placement.
    """
    states = (State.DRAFT, State.ISSUED, State.SUSPENDED)
    standing = select(Certificate.evidence).where(
        Certificate.kind == Kind.MENTOR, Certificate.issuer_id == university_id, Certificate.is_current.is_(True), Certificate.state.in_(states)
    )
    asked = (
        select(IssueItem.evidence)
        .join(IssueBatch, IssueBatch.id == IssueItem.batch_id)
        .where(
            IssueBatch.kind == Kind.MENTOR,
            IssueBatch.issuer_id == university_id,
            IssueBatch.state.in_((BatchState.PREPARED, BatchState.APPROVED)),
            IssueItem.certificate_id.is_(None),
        )
    )
    evidence = [*session().scalars(standing), *session().scalars(asked)]
    return {int(one["id"]) for rows in evidence for one in rows or () if one["kind"] == "placement"}


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


@dataclass(frozen=True, slots=True)
class Outdated:
    """A training certificate that stands though the record it rests on does not: `fields` are the facts that the record in its place does not
    bear; `replaced_by` is that record, None when nothing took its place and the certificate attests what is no longer recorded."""

    number: str
    edition: int
    holder: str
    issuer: str
    record_id: int
    cancelled_on: date
    replaced_by: int | None
    fields: tuple[str, ...]


def outdated(identity: Identity) -> list[Outdated]:
    """The certificates in the reader's scope that stand on a record that was cancelled, unless the record in its place says the same; by number.

    Asked from the cancelled records, which are few: a record's own certificate is found among its holder's by the evidence it keeps.
    """
    statement = (
        select(Certificate, Organisation.name, TrainingRecord.id, TrainingRecord.cancelled_at)
        .join(Organisation, Organisation.id == Certificate.issuer_id)
        .join(Person, Person.id == Certificate.person_id)
        .join(learner := aliased(Person), func.coalesce(learner.merged_into_id, learner.id) == Person.id)
        .join(TrainingRecord, TrainingRecord.person_id == learner.id)
        .where(
            TrainingRecord.cancelled_at.is_not(None),
            *certificates.clauses(identity, CertificateFilter(kind=Kind.TRAINING)),
            Certificate.state.in_((State.ISSUED, State.SUSPENDED)),
        )
        .order_by(Certificate.number)
    )
    rows = [row for row in session().execute(statement) if {"training_record": str(row[2])} in [{one["kind"]: one["id"]} for one in row[0].evidence]]
    standing = _in_place_of({row[2] for row in rows})
    found = []
    for certificate, issuer, record_id, cancelled_at in rows:
        record = standing.get(record_id)
        fields = rules.contradicted(certificate.facts, record[1]) if record else []
        if record is None or fields:
            assert cancelled_at is not None
            day = local(cancelled_at).date()
            one = Outdated(certificate.number, certificate.edition, certificate.holder, issuer, record_id, day, record and record[0], tuple(fields))
            found.append(one)
    return found


def _in_place_of(cancelled: Iterable[int]) -> dict[int, tuple[int, dict[str, Any]]]:
    """By a cancelled record, the one that stands in its place in the end, with what a certificate of it would say."""
    head = {key: key for key in cancelled}
    found: dict[int, tuple[int, dict[str, Any]]] = {}
    while head:
        statement = (
            select(RecordCancellation.record_id, TrainingRecord, Organisation.name)
            .join(TrainingRecord, TrainingRecord.id == RecordCancellation.replaced_by_id)
            .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
            .where(RecordCancellation.record_id.in_(sorted(head)))
        )
        after = {}
        for before, record, base in session().execute(statement):
            if record.cancelled_at is not None:
                after[record.id] = head[before]
                continue
            facts = rules.facts_of(course=record.course, base=base, hours_x10=record.hours_x10, completed_on=record.completed_on)
            found[head[before]] = record.id, facts
        head = after
    return found


PORTION = 1000


def contradicted_in(batch: IssueBatch) -> list[tuple[str, tuple[str, ...]]]:
    """(name, facts) of those in a batch whose training, recorded for the same course and day, says otherwise, in the order of the batch.

    Whoever is recorded more than once then (at two bases) contradicts nothing as long as one record says the same.
    """
    items = session().execute(select(IssueItem.person_id, IssueItem.facts).where(IssueItem.batch_id == batch.id).order_by(IssueItem.position)).all()
    rows = people.rows_of_humans(person_id for person_id, _said in items)
    recorded = _recorded({key for own in rows.values() for key in own}, {str(said.get("course")) for _person_id, said in items})
    found = []
    for person_id, said in items:
        thing = str(said.get("course")), said.get("ends_on")
        unlike = [rules.contradicted(said, facts) for key in sorted(rows[person_id]) for facts in recorded.get((key, *thing), ())]
        if unlike and all(unlike):
            found.append((person_id, tuple(unlike[0])))
    names = people.standing_names(person_id for person_id, _fields in found)
    return [(names[person_id], fields) for person_id, fields in found]


def _recorded(person_ids: Collection[int], courses: Collection[str]) -> dict[tuple[int, str, str], list[dict[str, Any]]]:
    """What certificates of the standing records of these people would say, by person, course and day."""
    found: dict[tuple[int, str, str], list[dict[str, Any]]] = {}
    wanted, only = sorted(person_ids), sorted(courses)
    for start in range(0, len(wanted), PORTION):
        columns = (TrainingRecord.person_id, TrainingRecord.course, TrainingRecord.hours_x10, TrainingRecord.completed_on, Organisation.name)
        statement = (
            select(*columns)
            .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
            .where(TrainingRecord.person_id.in_(wanted[start : start + PORTION]), TrainingRecord.cancelled_at.is_(None))
            .order_by(TrainingRecord.id)
        )
        if len(only) <= PORTION:
            statement = statement.where(TrainingRecord.course.in_(only))
        for person_id, course, hours_x10, day, base in session().execute(statement):
            said = rules.facts_of(course=course, base=base, hours_x10=hours_x10, completed_on=day)
            found.setdefault((person_id, course, day.isoformat()), []).append(said)
    return found
