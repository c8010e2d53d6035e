"""Every select on mentors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import func, or_, select

from enterprises.mentors.models import Mentor, MentorAppraisal, MentorConflict
from enterprises.permissions import MENTOR_VIEWERS, SCHOOL, Can
from trainhub.identity.groups import Group, Listed, Why
from trainhub.identity.permissions import OPENERS
from trainhub.identity.queries import account_of_person, accounts_holding, with_account
from trainhub.kernel.access import Identity, Role, Subject, may
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.clock import local
from trainhub.kernel.db import portions, session
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people import queries as people
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.rules import school_number_spellings

PARTNERS = "enterprises.mentors.partners"
"""Features say with which enterprises the reader's schools work: functions (reader) -> select of enterprise ids."""
Partners = Callable[[Identity], sa.Select[Any]]
GUIDES = "enterprises.mentors.guides"
"""Features above say whom mentors guide: functions (mentor ids, first day, last day, today) -> (mentor id, student id)."""
Guides = Callable[[Collection[int], date, date, date], Iterable[tuple[int, int]]]


def by_id(mentor_id: int) -> Mentor | None:
    """A mentor by id."""
    return session().get(Mentor, mentor_id)


def of_person(person_id: int) -> list[Mentor]:
    """A person's memberships in the pool, the latest first."""
    return list(session().scalars(select(Mentor).where(Mentor.person_id == person_id).order_by(Mentor.since.desc(), Mentor.id.desc())))


def of_persons(person_ids: Collection[int]) -> list[Mentor]:
    """The memberships of several rows of persons; asked in portions."""
    ids, found = sorted(person_ids), list[Mentor]()
    for some in portions(ids, 500):
        found += session().scalars(select(Mentor).where(Mentor.person_id.in_(some)))
    return found


def in_office(on: date) -> sa.ColumnElement[bool]:
    """Whether a mentor is in the pool on a day."""
    return sa.and_(Mentor.since <= on, or_(Mentor.until.is_(None), Mentor.until >= on))


def persons_elsewhere(person_ids: Collection[int], by: Identity, today: date) -> set[int]:
    """Of these rows of persons the mentors of enterprises whose mentors `by` may not edit; asked in portions, judged once an enterprise.

    Who left one enterprise and is a mentor of another is the other's; who left all belongs to each of them still.
    """
    found, judged = set[int](), dict[int, bool]()
    rows = of_persons(person_ids)
    staying = {mentor.person_id for mentor in rows if mentor.until is None or mentor.until >= today}
    for mentor in rows:
        if mentor.person_id in staying and mentor.until is not None and mentor.until < today:
            continue
        if mentor.enterprise_id not in judged:
            judged[mentor.enterprise_id] = may(by, Can.MENTOR_EDIT, subject_of(mentor))
        if not judged[mentor.enterprise_id]:
            found.add(mentor.person_id)
    return found


def ids_of_person(person_id: int | None) -> frozenset[int]:
    """The mentor ids of a person."""
    if person_id is None:
        return frozenset()
    return frozenset(session().scalars(select(Mentor.id).where(Mentor.person_id == person_id)))


def load_of_enterprise(enterprise_id: int, on: date) -> tuple[int, int]:
    """How many mentors an enterprise has on a day, and the students they may have together."""
    row = (
        session()
        .execute(
            select(func.count(Mentor.id), func.coalesce(func.sum(Mentor.load_limit), 0)).where(Mentor.enterprise_id == enterprise_id, in_office(on))
        )
        .one()
    )
    return int(row[0]), int(row[1])


def loads_of_enterprises(enterprise_ids: Collection[int], on: date) -> dict[int, int]:
    """By enterprise the students all its mentors may have together on a day."""
    statement = (
        select(Mentor.enterprise_id, func.sum(Mentor.load_limit))
        .where(Mentor.enterprise_id.in_(list(enterprise_ids)), in_office(on))
        .group_by(Mentor.enterprise_id)
    )
    return {key: int(total) for key, total in session().execute(statement)}


def choices(enterprise_id: int, on: date) -> list[tuple[int, str]]:
    """Mentors of an enterprise for forms."""
    statement = select(Mentor.id, Person.name).join(Person, Person.id == Mentor.person_id).where(Mentor.enterprise_id == enterprise_id, in_office(on))
    return [(key, name) for key, name in session().execute(statement.order_by(Person.pinyin, Mentor.id))]


def visible_to(identity: Identity) -> sa.ColumnElement[bool]:
    """Departments see the whole pool, an enterprise its own mentors, a mentor themselves; a school the mentors of the enterprises it works
    with, and of others those who agreed to be seen by every school (RESEARCH-4.7b)."""
    inside = organisations.scope(
        identity, MENTOR_VIEWERS, organisations=(Mentor.enterprise_id,), region=Organisation.region_code, persons=(Mentor.person_id,)
    )
    if not identity.has(*SCHOOL, Role.SCHOOL_SUPERVISOR):
        return inside
    partners: list[Partners] = current_app.extensions.get(PARTNERS, [])
    return or_(inside, Mentor.is_shared, *(Mentor.enterprise_id.in_(ask(identity)) for ask in partners))


def is_visible(mentor: Mentor, identity: Identity) -> bool:
    """Whether a mentor is among those whom the reader sees."""
    statement = select(Mentor.id).join(Organisation, Organisation.id == Mentor.enterprise_id)
    return session().scalar(statement.where(Mentor.id == mentor.id, visible_to(identity))) is not None


def is_open_to(mentor: Mentor, identity: Identity) -> bool:
    """Whether who may view mentors may view this one: who keeps the file does, others those whom they see."""
    return may(identity, Can.MENTOR_EDIT, subject_of(mentor)) or is_visible(mentor, identity)


def guided_by(mentor_ids: Collection[int], since: date, until: date, *, today: date) -> dict[int, set[int]]:
    """By mentor the students they guide in a span, over all programmes and features: a student whose placement and capstone they guide is one."""
    ids, found = sorted(mentor_ids), {key: set[int]() for key in mentor_ids}
    guides: list[Guides] = current_app.extensions.get(GUIDES, [])
    for some in portions(ids, 900):
        for ask in guides:
            for mentor_id, student_id in ask(some, since, until, today):
                found[mentor_id].add(student_id)
    return found


def in_office_at(enterprise_ids: Collection[int], on: date) -> dict[int, int]:
    """By mentor in office on a day the enterprise."""
    statement = select(Mentor.id, Mentor.enterprise_id).where(Mentor.enterprise_id.in_(list(enterprise_ids)), in_office(on))
    return {key: enterprise_id for key, enterprise_id in session().execute(statement)}


SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Person.pinyin, Person.name),
    "enterprise": (Organisation.pinyin, Person.pinyin),
    "trained": (Mentor.trained_on, Person.pinyin),
}


def _narrowed(statement: Any, text: str, skill: str) -> Any:
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin, Mentor.post, Organisation.name))
    if skill:
        # Skills are a JSON list: one skill is found between its quotation marks, the same on both databases.
        statement = statement.where(sa.cast(Mentor.skills, sa.Text).contains(f'"{skill}"', autoescape=True))
    return statement


def for_export(identity: Identity, *, on: date | None = None, text: str = "", skill: str = "", sort: str = "") -> list[tuple[Mentor, Person, str]]:
    """(mentor, person, enterprise code) for the file that import reads; without a day also those who have left the pool."""
    statement: Any = (
        select(Mentor, Person, Organisation.code)
        .join(Person, Person.id == Mentor.person_id)
        .join(Organisation, Organisation.id == Mentor.enterprise_id)
        .where(visible_to(identity), sa.true() if on is None else in_office(on))
    )
    statement = organisations.ordered_or(_narrowed(statement, text, skill), sort, SORTS, Organisation.code, Person.pinyin, Mentor.id)
    return [tuple(row) for row in session().execute(statement)]


def by_mask(enterprise_ids: Collection[int]) -> dict[tuple[int, str], list[tuple[Mentor, Person]]]:
    """The mentors of enterprises, in the pool or not, by enterprise and the mask of their number ("": who have none); asked in portions."""
    found = dict[tuple[int, str], list[tuple[Mentor, Person]]]()
    ids = sorted(enterprise_ids)
    for some in portions(ids, 500):
        statement = select(Mentor, Person).join(Person, Person.id == Mentor.person_id).where(Mentor.enterprise_id.in_(some))
        for mentor, person in session().execute(statement.order_by(Mentor.id)):
            found.setdefault((mentor.enterprise_id, person.id_mask), []).append((mentor, person))
    return found


def listing(identity: Identity, *, on: date, text: str = "", skill: str = "", enterprise_id: int | None = None, sort: str = "") -> Any:
    """The pool as columns, ordered by enterprise and name unless sorted otherwise."""
    statement: Any = (
        select(
            Mentor.id,
            Person.name,
            Mentor.post,
            Mentor.title,
            Mentor.skills,
            Mentor.load_limit,
            Mentor.is_shared,
            Mentor.trained_on,
            Mentor.until,
            Mentor.enterprise_id,
            Organisation.name.label("enterprise"),
        )
        .join(Person, Person.id == Mentor.person_id)
        .join(Organisation, Organisation.id == Mentor.enterprise_id)
        .where(visible_to(identity), in_office(on))
    )
    statement = _narrowed(statement, text, skill)
    if enterprise_id is not None:
        statement = statement.where(Mentor.enterprise_id == enterprise_id)
    return organisations.ordered_or(statement, sort, SORTS, Organisation.pinyin, Organisation.id, Person.pinyin, Mentor.id)


def skills_known(identity: Identity, on: date) -> list[str]:
    """Every skill of the visible pool, in order."""
    found: set[str] = set()
    statement = select(Mentor.skills).join(Organisation, Organisation.id == Mentor.enterprise_id).where(visible_to(identity), in_office(on))
    for skills in session().scalars(statement):
        found.update(skills)
    return sorted(found)


def subject_of(mentor: Mentor) -> Subject:
    """The enterprise (with its region) and the person."""
    enterprise = organisations.by_id(mentor.enterprise_id)
    assert enterprise is not None
    above = organisations.subject_of(enterprise)
    return Subject.of(organisations=above.organisations, regions=above.regions, persons=(mentor.person_id,))


def name_of(mentor_id: int) -> str:
    """A mentor's name."""
    return session().scalar(select(Person.name).join(Mentor, Mentor.person_id == Person.id).where(Mentor.id == mentor_id)) or ""


def names_at_base(base_id: int, on: date) -> list[tuple[str, date, date | None]]:
    """The roster of the enterprises that host a base: name with post, from, to; those who left come last."""
    hosts = organisations.host_ids(base_id)
    statement = (
        select(Person.name, Mentor.post, Mentor.since, Mentor.until)
        .join(Person, Person.id == Mentor.person_id)
        .where(Mentor.enterprise_id.in_(hosts), Mentor.since <= on)
        .order_by(sa.case((or_(Mentor.until.is_(None), Mentor.until >= on), 0), else_=1), Person.pinyin, Mentor.id)
    )
    return [(f"{name} {post}".strip(), since, until) for name, post, since, until in session().execute(statement)]


def in_office_since(since: datetime) -> list[people.Use]:
    """Who is in the pool, or was at an instant or later: it keeps their data in use."""
    return [people.Use(Mentor.person_id, or_(Mentor.until.is_(None), Mentor.until >= local(since).date()))]


def enterprises_of_persons(person_ids: Collection[int]) -> dict[int, set[int]]:
    """For whom these persons are or were mentors: see `people.queries.HOSTS`."""
    wanted, found = sorted(person_ids), dict[int, set[int]]()
    for some in portions(wanted, 900):
        for key, enterprise_id in session().execute(select(Mentor.person_id, Mentor.enterprise_id).where(Mentor.person_id.in_(some))):
            found.setdefault(key, set()).add(enterprise_id)
    return found


def appraisal(mentor_id: int, year: int) -> MentorAppraisal | None:
    """The appraisal of a year."""
    return session().get(MentorAppraisal, (mentor_id, year))


def appraisals_of(mentor_id: int) -> list[MentorAppraisal]:
    """Every appraisal, the latest first."""
    statement = select(MentorAppraisal).where(MentorAppraisal.mentor_id == mentor_id)
    return list(session().scalars(statement.order_by(MentorAppraisal.year.desc())))


def conflict(mentor_id: int, student_id: int) -> MentorConflict | None:
    """Why a mentor must not guide a student, if so."""
    return session().get(MentorConflict, (mentor_id, student_id))


def conflicts_of(mentor_id: int) -> list[tuple[MentorConflict, Student, str]]:
    """The students a mentor must not guide, with name and number."""
    statement = (
        select(MentorConflict, Student, Person.name)
        .join(Student, Student.id == MentorConflict.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(MentorConflict.mentor_id == mentor_id)
        .order_by(Person.pinyin, MentorConflict.student_id)
    )
    return [(row, student, f"{name}（{student.student_no}）") for row, student, name in session().execute(statement)]


def is_of_enterprise(row: MentorConflict, mentor: Mentor) -> bool:
    """Whether the enterprise's side declared a conflict: the mentor, or who acts for the enterprise. Of anybody else, and of whoever acts
    for it no more, only the school takes it back."""
    if row.declared_by_id is None:
        return False
    own = account_of_person(mentor.person_id)
    acting = accounts_holding(Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER, organisation_id=mentor.enterprise_id)
    return row.declared_by_id in acting or (own is not None and own.id == row.declared_by_id)


def withdrawn_conflicts(mentor_id: int) -> list[tuple[datetime, dict[str, Any]]]:
    """What was declared and taken back, the latest first, as the audit log has it: student, declared, declared_on, reason."""
    statement = select(AuditEvent.at, AuditEvent.data).where(
        AuditEvent.on_kind == Mentor.__tablename__, AuditEvent.on_id == str(mentor_id), AuditEvent.did == "mentors.conflict.withdrawn"
    )
    return [(at, data) for at, data in session().execute(statement.order_by(AuditEvent.id.desc()))]


def students_by_no(number: str) -> list[Student]:
    """The students with a number, however it is typed, of whatever university: who asks is told of those that are theirs alone."""
    for spelling in school_number_spellings(number):
        if found := list(session().scalars(select(Student).where(Student.student_no == spelling).order_by(Student.id))):
            return found
    return []


# -- accounts for the mentors of an enterprise ----------------------------------------------------------------------------


def account_group(enterprise_id: int) -> Group | None:
    """The mentors of an enterprise: a mentor over the enterprise."""
    enterprise = organisations.by_id(enterprise_id)
    if enterprise is None or enterprise.kind is not OrganisationKind.ENTERPRISE:
        return None
    title = _("%(name)s的指导教师", name=enterprise.name)
    return Group("mentors", enterprise.id, title, (Role.MENTOR,), organisations.subject_of(enterprise), organisation_id=enterprise.id)


def account_members(group: Group, today: date) -> list[Listed]:
    """The mentors by name; who is a mentor elsewhere too, or has studied or taught at a school, is not the enterprise's alone to invite: the same as
    `people.reach.beyond_reach` asks of one."""
    here = select(Mentor.person_id).where(Mentor.enterprise_id == group.id)
    stays = or_(Mentor.until.is_(None), Mentor.until >= today)
    elsewhere = set(session().scalars(select(Mentor.person_id).where(Mentor.person_id.in_(here), Mentor.enterprise_id != group.id, stays)))
    for table in (Student, Teacher):
        elsewhere.update(session().scalars(select(table.person_id).where(table.person_id.in_(here))))
    statement = select(Mentor.person_id, Person.name, Mentor.post, Person.email, Person.phone, in_office(today).label("is_here"))
    rows = session().execute(
        statement.join(Person, Person.id == Mentor.person_id).where(Mentor.enterprise_id == group.id).order_by(Person.pinyin, Mentor.id)
    )
    return [
        Listed(
            r.person_id,
            r.name,
            r.post,
            r.email,
            r.phone,
            why=Why.LEFT if not r.is_here else Why.ELSEWHERE if r.person_id in elsewhere else None,
        )
        for r in rows
    ]


def account_listing(identity: Identity, text: str, today: date) -> Any:
    """The enterprises inside the reader's scope that have mentors."""
    statement: Any = (
        select(Organisation.id, Organisation.name.label("title"), Organisation.code.label("sub"), func.count(), with_account(Mentor.person_id))
        .join(Mentor, Mentor.enterprise_id == Organisation.id)
        .where(organisations.scope(identity, OPENERS, organisations=(Organisation.id,)), in_office(today))
        .group_by(Organisation.id)
    )
    if text:
        statement = statement.where(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code))
    return statement.order_by(Organisation.pinyin, Organisation.id)
