"""Selects on topics."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from enterprises.capstones import likeness
from enterprises.capstones.models import Capstone, Supervision, Topic, TopicMark
from enterprises.capstones.types import CONCLUDED, WITH_EVIDENCE, EvidenceState, SimilarTopic, TopicFilter, TopicRow, TopicState
from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme

TOPIC_ROLES = (
    Role.ENTERPRISE_COORDINATOR,
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.SCHOOL_SUPERVISOR,
    Role.DEPT_EDU,
    Role.INSPECTOR,
    Role.EXPERT,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)
CONFIDENTIAL_ROLES = (
    Role.ENTERPRISE_COORDINATOR,
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.DEPT_EDU,
    Role.INSPECTOR,
    Role.EXPERT,
    Role.SYSTEM_ADMIN,
)
"""Who reads what is confidential inside the scope of the role; auditors and teachers who do not supervise it see title and enterprise."""
CANDIDATES = 100
University = aliased(Organisation)


def topic(topic_id: int) -> Topic | None:
    """A topic by id."""
    return session().get(Topic, topic_id)


def topic_seen_by(topic_id: int, identity: Identity, on: date) -> Topic | None:
    """A topic the reader may know of."""
    return session().scalar(select(Topic).where(Topic.id == topic_id, topics_visible_to(identity, on)))


def has_seats() -> ColumnElement[bool]:
    """Topics that may be given to a student now: approved by both sides, a free seat, the enterprise is verified and still takes part."""
    verified = select(Organisation.id).where(Organisation.state == OrganisationState.VERIFIED)
    return and_(Topic.state == TopicState.APPROVED, Topic.closed_at.is_(None), Topic.taken < Topic.seats, Topic.enterprise_id.in_(verified))


def same_topic(enterprise_id: int, programme_id: int, title: str) -> Topic | None:
    """The topic with this very title that was neither refused nor withdrawn nor closed."""
    return session().scalar(
        select(Topic)
        .where(
            Topic.enterprise_id == enterprise_id,
            Topic.programme_id == programme_id,
            Topic.title == title[:200],
            Topic.state.in_((TopicState.PROPOSED, TopicState.APPROVED)),
            Topic.closed_at.is_(None),
        )
        .order_by(Topic.id)
        .limit(1)
    )


def topics_visible_to(identity: Identity, on: date) -> ColumnElement[bool]:
    """Topics inside the reader's scope; of the enterprise one is mentor of on a day; approved ones of one's own programme, and what one works on."""
    clauses = [_inside(identity, TOPIC_ROLES)]
    if identity.person_id is not None:
        mine = select(Student.programme_id).where(Student.person_id == identity.person_id)
        reserved = select(Student.id).where(Student.person_id == identity.person_id)
        is_free = or_(Topic.reserved_student_id.is_(None), Topic.reserved_student_id.in_(reserved))
        clauses += [and_(Topic.state == TopicState.APPROVED, Topic.programme_id.in_(mine), is_free), *_own(identity.person_id, on)]
    return or_(*clauses)


def opened_to(identity: Identity, on: date) -> ColumnElement[bool]:
    """Topics whose problem and papers the reader may read: every one that is not confidential; of the others both sides' heads and the
    authorities that evaluate, the enterprise's mentors, who proposed it, who works on it and who supervises that."""
    clauses = [Topic.is_confidential.is_(False), _inside(identity, CONFIDENTIAL_ROLES)]
    return or_(*clauses, *(_own(identity.person_id, on) if identity.person_id is not None else ()))


def is_opened_to(topic_id: int, identity: Identity, on: date) -> bool:
    """Whether the reader may read the problem of a topic and the papers of its capstones on a day."""
    return session().scalar(select(Topic.id).where(Topic.id == topic_id, opened_to(identity, on))) is not None


def confidential_among(capstone_ids: Iterable[int]) -> frozenset[int]:
    """The capstones of confidential topics, of those asked for: their defence is not public."""
    statement = select(Capstone.id).join(Topic, Topic.id == Capstone.topic_id)
    return frozenset(session().scalars(statement.where(Capstone.id.in_(list(capstone_ids)), Topic.is_confidential.is_(True))))


def _in_office(on: date) -> ColumnElement[bool]:
    """SQL: a mentor whose term has begun and has not ended on a day of Shanghai's calendar: a database counts its own."""
    return and_(Mentor.since <= on, or_(Mentor.until.is_(None), Mentor.until >= on))


def _own(person_id: int, on: date) -> list[ColumnElement[bool]]:
    """Topics one proposed, of an enterprise one is mentor of, that one works on, or whose work one supervises."""
    mentored = select(Mentor.enterprise_id).where(Mentor.person_id == person_id, _in_office(on))
    worked = select(Capstone.topic_id).join(Student, Student.id == Capstone.student_id).where(Student.person_id == person_id)
    supervised = select(Capstone.topic_id).join(Supervision, Supervision.capstone_id == Capstone.id)
    return [
        Topic.proposed_by_person_id == person_id,
        Topic.enterprise_id.in_(mentored),
        Topic.id.in_(worked),
        Topic.id.in_(supervised.where(Supervision.person_id == person_id, Supervision.until.is_(None))),
    ]


def _inside(identity: Identity, roles: Sequence[Role]) -> ColumnElement[bool]:
    """Topics inside the scope of one of the reader's roles."""
    university = select(Programme.university_id).where(Programme.id == Topic.programme_id).correlate(Topic).scalar_subquery()
    region = (
        select(Organisation.region_code)
        .join(Programme, Programme.university_id == Organisation.id)
        .where(Programme.id == Topic.programme_id)
        .correlate(Topic)
        .scalar_subquery()
    )
    return organisations.scope(identity, roles, organisations=(Topic.enterprise_id, university), programmes=(Topic.programme_id,), region=region)


EVIDENCE: dict[EvidenceState, ColumnElement[bool]] = {
    EvidenceState.THERE: and_(Topic.evidence_file_id.is_not(None), Topic.evidence_waits.is_(False)),
    EvidenceState.WAITS: and_(Topic.evidence_waits.is_(True), Topic.state.in_(WITH_EVIDENCE)),
    EvidenceState.MISSING: Topic.evidence_file_id.is_(None),
}
"""SQL: what proves a topic; what waits for the school proves nothing (8.1)."""

TOPIC_SORTS: dict[str, tuple[Any, ...]] = {
    "title": (Topic.title,),
    "enterprise": (Organisation.pinyin, Topic.title),
    "programme": (Programme.name, Topic.title),
    "source": (Topic.source, Topic.title),
    "seats": (Topic.seats - Topic.taken, Topic.title),
    "state": (Topic.state, Topic.title),
}


def topics_listing(identity: Identity, wanted: TopicFilter, on: date, sort: str = "") -> organisations.Statement:
    """The rows of the library, newest first unless sorted otherwise; see `as_topic_row`."""
    clauses = [topics_visible_to(identity, on)]
    for column, value in (
        (Topic.programme_id, wanted.programme_id),
        (Topic.enterprise_id, wanted.enterprise_id),
        (Topic.source, wanted.source),
        (Topic.state, wanted.state),
    ):
        if value is not None:
            clauses.append(column == value)
    if wanted.evidence is not None:
        clauses.append(EVIDENCE[wanted.evidence])
    if wanted.has_seats:  # one that a student proposed is open to that student alone
        mine = select(Student.id).where(Student.person_id == (identity.person_id or 0))
        clauses += [has_seats(), or_(Topic.reserved_student_id.is_(None), Topic.reserved_student_id.in_(mine))]
    if wanted.text:
        skills = cast(Topic.skills, Text)
        public = organisations.matches(wanted.text, Topic.title, skills, Organisation.name, Organisation.pinyin)
        # who may not read a problem does not find it by its words either
        clauses.append(or_(public, and_(organisations.matches(wanted.text, Topic.problem), opened_to(identity, on))))
    statement: organisations.Statement = (
        select(
            Topic.id,
            Topic.title,
            Topic.enterprise_id,
            Organisation.name,
            Topic.programme_id,
            Programme.name,
            University.name,
            Topic.source,
            Topic.state,
            Topic.seats,
            Topic.taken,
            EVIDENCE[EvidenceState.THERE],
            Topic.evidence_waits,
            Topic.is_confidential,
            Topic.created_at,
        )
        .join(Organisation, Organisation.id == Topic.enterprise_id)
        .join(Programme, Programme.id == Topic.programme_id)
        .join(University, University.id == Programme.university_id)
        .where(and_(*clauses))
    )
    return organisations.ordered_or(statement, sort, TOPIC_SORTS, Topic.created_at.desc(), Topic.id.desc(), unique=Topic.id)


def as_topic_row(row: Any) -> TopicRow:
    """A row of `topics_listing`."""
    return TopicRow(*row)


def topic_subject(row: Topic, on: date) -> Subject:
    """The enterprise, the programme with its university and region, and the mentors of the enterprise on a day (they may propose)."""
    programme = session().get(Programme, row.programme_id)
    assert programme is not None
    university = organisations.by_id(programme.university_id)
    return Subject.of(
        organisations=(row.enterprise_id, programme.university_id),
        programmes=(row.programme_id,),
        regions=organisations.region_path(university.region_code if university else None).codes,
        persons=session().scalars(select(Mentor.person_id).where(Mentor.enterprise_id == row.enterprise_id, _in_office(on))),
    )


def evidence_subject(row: Topic, on: date) -> Subject:
    """The same, and whoever proposed it: the evidence may be the own."""
    subject = topic_subject(row, on)
    proposer = () if row.proposed_by_person_id is None else (row.proposed_by_person_id,)
    return replace(subject, persons=subject.persons.union(proposer))


def similar(row: Topic, identity: Identity, on: date, *, most: int = 5) -> list[SimilarTopic]:
    """Topics of all years, programmes and enterprises that are alike in title or problem, the most alike first: a person judges.

    The marks of both find the candidates, the texts decide. What is confidential and not the reader's is named without its title.
    """
    marks = likeness.marks(row.title, row.problem)
    shared = (
        select(TopicMark.topic_id)
        .where(TopicMark.mark.in_(marks), TopicMark.topic_id != row.id)
        .group_by(TopicMark.topic_id)
        .having(func.count() > 1)
        .order_by(func.count().desc(), TopicMark.topic_id)
        .limit(CANDIDATES)
    )
    statement = (
        select(Topic, Organisation.name, Programme.name, topics_visible_to(identity, on))
        .join(Organisation, Organisation.id == Topic.enterprise_id)
        .join(Programme, Programme.id == Topic.programme_id)
        .where(Topic.id.in_(list(session().scalars(shared))), Topic.state != TopicState.REFUSED)
    )
    found = []
    for other, enterprise, programme, seen in session().execute(statement):
        share, less = likeness.shares((row.title, row.problem), (other.title, other.problem))
        title = "" if other.is_confidential and not seen else other.title
        one = SimilarTopic(other.id, title, enterprise, programme, local(other.created_at).year, other.taken, share, bool(seen))
        if share >= likeness.LIKE_FROM:
            found.append((share, less, one))
    return [one for _share, _less, one in sorted(found, key=lambda row: (-row[0], -row[1], row[2].id))[:most]]


def open_topics(programme_id: int, *, student_ids: Collection[int] = ()) -> list[tuple[int, str]]:
    """(id, "title (enterprise, seats left)") of approved topics with a seat, for forms; of those that students proposed only the own ones of
    `student_ids`, with the student's name."""
    statement = (
        select(Topic.id, Topic.title, Organisation.name, Topic.seats - Topic.taken, Person.name)
        .join(Organisation, Organisation.id == Topic.enterprise_id)
        .outerjoin(Student, Student.id == Topic.reserved_student_id)
        .outerjoin(Person, Person.id == Student.person_id)
        .where(Topic.programme_id == programme_id, has_seats())
        .where(or_(Topic.reserved_student_id.is_(None), Topic.reserved_student_id.in_(list(student_ids))))
        .order_by(Organisation.pinyin, Topic.title, Topic.id)
    )
    found = []
    for key, title, enterprise, left, owner in session().execute(statement):
        own = "" if owner is None else _("，%(name)s自拟", name=owner)
        found.append((key, f"{title}（{enterprise}，余 {left}{own}）"))
    return found


def enterprise_choices(identity: Identity, on: date) -> list[tuple[int, str]]:
    """The verified enterprises for which the reader may propose: those of a role, or where one is mentor."""
    statement = select(Organisation.id, Organisation.name).where(
        Organisation.kind == OrganisationKind.ENTERPRISE, Organisation.state == OrganisationState.VERIFIED
    )
    if not identity.has(Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SCHOOL_SUPERVISOR, Role.SYSTEM_ADMIN):
        mentored = select(Mentor.enterprise_id).where(Mentor.person_id == (identity.person_id or 0), _in_office(on))
        statement = statement.where(or_(organisations.inside(identity, (Role.ENTERPRISE_COORDINATOR, Role.MENTOR)), Organisation.id.in_(mentored)))
    return [(key, name) for key, name in session().execute(statement.order_by(Organisation.pinyin, Organisation.id))]


def programme_choices(identity: Identity) -> list[tuple[int, str]]:
    """(id, "university · programme"): a school's own programmes, for an enterprise all of them."""
    statement = (
        select(Programme.id, Organisation.name, Programme.name)
        .join(Organisation, Organisation.id == Programme.university_id)
        .order_by(Organisation.pinyin, Programme.pinyin, Programme.id)
    )
    if not identity.has(Role.ENTERPRISE_COORDINATOR, Role.MENTOR):
        statement = statement.where(
            organisations.scope(
                identity,
                (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SCHOOL_SUPERVISOR, Role.SYSTEM_ADMIN),
                organisations=(Programme.university_id,),
                programmes=(Programme.id,),
            )
        )
    return [(key, f"{university} · {name}") for key, university, name in session().execute(statement)]


def live_topics_of(enterprise_id: int) -> list[Topic]:
    """The topics of an enterprise that were neither refused nor withdrawn."""
    statement = select(Topic).where(Topic.enterprise_id == enterprise_id, Topic.state.in_((TopicState.PROPOSED, TopicState.APPROVED)))
    return list(session().scalars(statement.order_by(Topic.id)))


def finished_with(topic_id: int) -> Any:
    """How many students have a published result with a topic: for them its seat is taken for good, and nothing of theirs is open."""
    return select(func.count()).select_from(Capstone).where(Capstone.topic_id == topic_id, Capstone.state.in_(CONCLUDED)).scalar_subquery()


def working_on(topic_id: int) -> int:
    """How many students work on a topic: while there is one it is not withdrawn."""
    return session().scalar(select(Topic.taken - finished_with(topic_id)).where(Topic.id == topic_id)) or 0


def placement_enterprises(student_id: int) -> list[tuple[int, str]]:
    """The verified enterprises where a student has or had a placement: where his own topic may come from."""
    statement = (
        select(Organisation.id, Organisation.name)
        .join(Placement, Placement.enterprise_id == Organisation.id)
        .where(
            Placement.student_id == student_id,
            Placement.state.in_((PlacementState.ACCEPTED, PlacementState.STARTED, PlacementState.FINISHED)),
            Organisation.state == OrganisationState.VERIFIED,
        )
        .distinct()
        .order_by(Organisation.name, Organisation.id)
    )
    return [(key, name) for key, name in session().execute(statement)]
