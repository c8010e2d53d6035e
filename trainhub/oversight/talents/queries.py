"""The talent databases: lists, one entry, sums for the reports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select, union
from sqlalchemy.orm import aliased

from enterprises.mentors.models import Mentor
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.clock import last_over
from trainhub.kernel.db import portions, session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.oversight.talents.models import ExamPass, ShortageItem, Talent
from trainhub.oversight.talents.permissions import VIEWERS
from trainhub.oversight.talents.types import OPEN_STATES, ExamKind, TalentKind, TalentState
from trainhub.people import queries as people
from trainhub.people.models import Employment, Person, Teacher
from trainhub.people.queries import of_human
from trainhub.people.rules import same_name

Employer = aliased(Organisation)
MOST_CANDIDATES = 50


def talent(talent_id: int) -> Talent | None:
    """An entry by id."""
    return session().get(Talent, talent_id)


def open_of(person_id: int, kind: TalentKind) -> Talent | None:
    """The standing entry of a human in one database, whichever of their rows is named."""
    rows = select(Talent).where(of_human(Talent.person_id, person_id), Talent.kind == kind, Talent.state.in_(OPEN_STATES))
    return session().scalar(rows.order_by(Talent.id).limit(1))


def standing_of(person_id: int) -> list[Talent]:
    """The standing entries of a human in all databases."""
    rows = select(Talent).where(of_human(Talent.person_id, person_id), Talent.state.in_(OPEN_STATES))
    return list(session().scalars(rows.order_by(Talent.id)))


def set_aside_of(person_id: int) -> list[Talent]:
    """The entries of a human that another one stands instead of, or stood when both were taken for one human."""
    rows = select(Talent).where(of_human(Talent.person_id, person_id), Talent.instead_id.is_not(None))
    return list(session().scalars(rows.order_by(Talent.id)))


def is_one_human(one: Talent, other: Talent) -> bool:
    """Whether two entries are of one human."""
    return people.is_same_human(one.person_id, other.person_id)


def subject_of(row: Talent) -> Subject:
    """What permissions over an entry are judged on: who nominated, the employer, the person."""
    return Subject.of(organisations=(row.nominated_by_org_id, row.employer_id), persons=(row.person_id,))


def visible_to(identity: Identity) -> sa.ColumnElement[bool]:
    """The entries an identity may see: departments all, an organisation those it nominated or employs, a person their own."""
    return organisations.scope(identity, VIEWERS, organisations=(Talent.nominated_by_org_id, Talent.employer_id), persons=(Talent.person_id,))


def listing(
    identity: Identity,
    *,
    text: str = "",
    kind: TalentKind | None = None,
    state: TalentState | None = None,
    field: int | None = None,
    origin: str = "",
) -> Any:
    """Rows of the database: the entry, the person's name, the employer."""
    statement: Any = (
        select(Talent, Person.name, Employer.name.label("employer"))
        .join(Person, Person.id == Talent.person_id)
        .outerjoin(Employer, Employer.id == Talent.employer_id)
        .where(visible_to(identity))
        .order_by(Talent.id.desc())
    )
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin, Employer.name, Talent.post))
    for column, wanted in ((Talent.kind, kind), (Talent.state, state), (Talent.key_field_no, field), (Talent.origin, origin)):
        if wanted:
            statement = statement.where(column == wanted)
    return statement


def _recognised(known_at: datetime, until: date) -> tuple[sa.ColumnElement[bool], ...]:
    """Entries that stood recognised on a day; one taken out since keeps the day until which it stood. Recognitions are kept with their
    day: those of the day of the moment itself are left out, so that counting again finds the same."""
    return (
        Talent.state.in_((TalentState.RECOGNISED, TalentState.ENDED)),
        Talent.decided_on <= min(until, last_over(known_at)),
        Talent.created_at <= known_at,
        or_(Talent.valid_until.is_(None), Talent.valid_until >= until),
    )


def _humans(known_at: datetime) -> tuple[sa.Subquery, sa.ColumnElement[int]]:
    """Who stood for whom at the moment, and the human of an entry by it: a report counts humans."""
    stood = people.mergings_at(known_at)
    return stood, func.coalesce(stood.c.into_id, Talent.person_id)


def recognised_counts(known_at: datetime, until: date) -> list[tuple[TalentKind, int]]:
    """Entries that stood recognised on a day, by database."""
    stood, human = _humans(known_at)
    statement = select(Talent.kind, func.count(sa.distinct(human))).outerjoin(stood, stood.c.gone_id == Talent.person_id)
    found = session().execute(statement.where(*_recognised(known_at, until)).group_by(Talent.kind).order_by(Talent.kind))
    return [(kind, int(count)) for kind, count in found]


def recognised_by_field(known_at: datetime, until: date) -> dict[int | None, int]:
    """High-level and leading talent that stood recognised on a day, by key field."""
    stood, human = _humans(known_at)
    found = session().execute(
        select(Talent.key_field_no, func.count(sa.distinct(human)))
        .outerjoin(stood, stood.c.gone_id == Talent.person_id)
        .where(Talent.kind != TalentKind.PART_TIME_MENTOR, *_recognised(known_at, until))
        .group_by(Talent.key_field_no)
    )
    return {field: int(count) for field, count in found}


# -- exams --------------------------------------------------------------------------------------------------------------
def passes(*, text: str = "", exam: ExamKind | None = None, year: int | None = None) -> Any:
    """Lines of pass lists, the latest first."""
    statement: Any = select(ExamPass).order_by(ExamPass.passed_on.desc(), ExamPass.id.desc())
    if text:
        statement = statement.where(organisations.matches(text, ExamPass.name, ExamPass.subject, ExamPass.certificate_no))
    if exam is not None:
        statement = statement.where(ExamPass.exam == exam)
    if year is not None:
        statement = statement.where(ExamPass.passed_on.between(date(year, 1, 1), date(year, 12, 31)))
    return statement


def exam_pass(pass_id: int) -> ExamPass | None:
    """A line by id."""
    return session().get(ExamPass, pass_id)


def passes_of(person_id: int) -> list[ExamPass]:
    """The passes of one human."""
    return list(
        session().scalars(
            select(ExamPass).where(passed_by(person_id), ExamPass.withdrawn_at.is_(None)).order_by(ExamPass.passed_on.desc(), ExamPass.id.desc())
        )
    )


def passed_by(person_id: int) -> sa.ColumnElement[bool]:
    """SQL, after one query that compares names: the passes of a human, also withdrawn ones: those that named one of their rows when the list came in, and those that came in before the person was
    registered, which the number finds where the name is the same and an office said it: what somebody typed about themselves shows them nobody's passes."""
    passes = (
        select(ExamPass.id, ExamPass.name, Person.name)
        .join(Person, Person.id_number_hash == ExamPass.id_number_hash)
        .where(ExamPass.person_id.is_(None), of_human(Person.id, person_id), Person.number_by_holder.is_(False))
    )
    by_number = {key for key, name, own in session().execute(passes) if same_name(own, name)}
    return or_(of_human(ExamPass.person_id, person_id), ExamPass.id.in_(sorted(by_number)))


def kept_of(person_ids: Collection[int]) -> dict[int, set[int]]:
    """Who of these persons is in the databases or passed an examination, also by the number alone: see `people.queries.KEPT`."""
    wanted, found = sorted(person_ids), dict[int, set[int]]()
    for part in portions(wanted, 900):
        by_number = select(Person.id, Person.name, ExamPass.name).join(ExamPass, ExamPass.id_number_hash == Person.id_number_hash)
        rows = session().execute(by_number.where(Person.id.in_(part)))
        found.update((key, {people.PROVINCE}) for key, name, other in rows if same_name(name, other))
        for statement in (select(Talent.person_id).where(Talent.person_id.in_(part)), select(ExamPass.person_id).where(ExamPass.person_id.in_(part))):
            found.update((key, {people.PROVINCE}) for key in session().scalars(statement) if key is not None)
    return found


def pass_counts(since: date, until: date, known_at: datetime) -> list[tuple[str, str, int]]:
    """Passes of a span by examination and level."""
    found = session().execute(
        select(ExamPass.exam, ExamPass.level, func.count())
        .where(ExamPass.passed_on.between(since, until), ExamPass.imported_at <= known_at)
        .where(or_(ExamPass.withdrawn_at.is_(None), ExamPass.withdrawn_at > known_at))
        .group_by(ExamPass.exam, ExamPass.level)
        .order_by(ExamPass.exam, ExamPass.level)
    )
    return [(exam, level, int(count)) for exam, level, count in found]


def by_certificates(numbers: list[str]) -> dict[str, ExamPass]:
    """Lines that stand, by certificate number."""
    found: dict[str, ExamPass] = {}
    for some in portions(numbers, 900):
        rows = session().scalars(select(ExamPass).where(ExamPass.certificate_no.in_(some), ExamPass.withdrawn_at.is_(None)))
        found.update({row.certificate_no: row for row in rows})
    return found


# -- shortage -----------------------------------------------------------------------------------------------------------
def catalogue(year: int) -> list[ShortageItem]:
    """The posts of a year, the most urgent first; withdrawn ones are left out."""
    return list(
        session().scalars(
            select(ShortageItem)
            .where(and_(ShortageItem.year == year, ShortageItem.is_withdrawn.is_(False)))
            .order_by(ShortageItem.urgency.desc(), ShortageItem.code)
        )
    )


def catalogue_years() -> list[int]:
    """The years that have a catalogue, the latest first."""
    return list(session().scalars(select(ShortageItem.year).distinct().order_by(ShortageItem.year.desc())))


def shortage_by_code(year: int, code: str) -> ShortageItem | None:
    """A post by year and code."""
    return session().scalar(select(ShortageItem).where(ShortageItem.year == year, ShortageItem.code == code))


def shortage(item_id: int) -> ShortageItem | None:
    """A post by id."""
    return session().get(ShortageItem, item_id)


def works_at(person_id: int) -> int | None:
    """The organisation of which a person is mentor or teacher now, else where they are employed; None where there is none, or more than one."""
    mentors = select(Mentor.enterprise_id).where(Mentor.person_id == person_id, Mentor.until.is_(None))
    teachers = select(Teacher.university_id).where(Teacher.person_id == person_id, Teacher.until.is_(None))
    found = (
        session().scalars(union(mentors, teachers)).all()
        or session()
        .scalars(
            select(Employment.organisation_id)
            .where(Employment.person_id == person_id, Employment.until.is_(None), Employment.organisation_id.is_not(None))
            .distinct()
        )
        .all()
    )
    return found[0] if len(found) == 1 else None


# -- who may be nominated -----------------------------------------------------------------------------------------------
def _works() -> sa.Subquery:
    """(person, organisation) of mentors, teachers and the employed, of today and of before."""
    mentors = select(Mentor.person_id, Mentor.enterprise_id.label("organisation_id"))
    teachers = select(Teacher.person_id, Teacher.university_id.label("organisation_id"))
    employed = select(Employment.person_id, Employment.organisation_id).where(Employment.organisation_id.is_not(None))
    return union(mentors, teachers, employed).subquery()


def _candidates(organisation_ids: Collection[int] | None) -> sa.Select[int, str, str]:
    statement = select(Person.id, Person.name, Person.id_mask).where(Person.merged_into_id.is_(None))
    if organisation_ids is not None:
        works = _works()
        statement = statement.where(Person.id.in_(select(works.c.person_id).where(works.c.organisation_id.in_(sorted(organisation_ids)))))
    return statement


def candidates(organisation_ids: Collection[int] | None, text: str) -> list[tuple[int, str, str, str]]:
    """(person, name, masked number, where they work or worked) of whom somebody may nominate, by name: everybody who is registered, or
    (of some organisations) who teaches, guides or is employed there or was. At most `MOST_CANDIDATES`: a longer list is searched further."""
    if organisation_ids is None and not text:
        return []
    statement = _candidates(organisation_ids).order_by(Person.pinyin, Person.id).limit(MOST_CANDIDATES)
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin))
    found = session().execute(statement).all()
    works, places = _works(), dict[int, list[str]]()
    rows = select(works.c.person_id, Organisation.name).join(Organisation, Organisation.id == works.c.organisation_id)
    for key, name in session().execute(rows.where(works.c.person_id.in_([one.id for one in found])).order_by(Organisation.name)):
        places.setdefault(key, []).append(name)
    return [(key, name, mask, "、".join(places.get(key, []))) for key, name, mask in found]


def candidate(organisation_ids: Collection[int] | None, person_id: int) -> Person | None:
    """The person, if they may be nominated by these organisations (None: by a department)."""
    found = session().execute(_candidates(organisation_ids).where(Person.id == person_id)).first()
    return None if found is None else session().get(Person, person_id)
