"""Placements with their days, logs and signatures; what permissions over them are judged on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from enterprises.mentors import queries as mentors
from enterprises.mentors.models import Mentor
from enterprises.permissions import PLACEMENT_VIEWERS
from enterprises.placements.models import AgreementSignature, AgreementText, DayEntry, Placement, Position, Term
from enterprises.placements.queries.ended import is_over, is_undone
from enterprises.placements.types import AgreementParty, DayState, PlacementState
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme
from trainhub.programmes.types import DegreeLevel

HELD = (PlacementState.STARTED, PlacementState.FINISHED)
DECIDED = (*HELD, PlacementState.WITHDRAWN)
"""Whose waiting days a mentor decides: what waits in one that was withdrawn had been confirmed before, see `daily.returned`."""
OF: sa.BindParameter[int] = sa.bindparam("placement_id")
_SIGNATURES = select(AgreementSignature).where(AgreementSignature.placement_id == OF).order_by(AgreementSignature.signed_on, AgreementSignature.id)
_PERSON = select(Student.person_id).where(Student.id == sa.bindparam("student_id"))
"""Made once: to build such a statement takes longer than to send it."""
LIVE = Placement.state != PlacementState.WITHDRAWN


@dataclass(frozen=True, slots=True)
class StartFacts:
    """What the checklist before a start asks of a placement's student."""

    birth_on: date | None
    degree_level: DegreeLevel
    signed: frozenset[AgreementParty]


def placement(placement_id: int) -> Placement | None:
    """A placement by id."""
    return session().get(Placement, placement_id)


def start_facts(row: Placement) -> StartFacts:
    """Birth date, level of the programme, and who has signed every text that stands (agreement and amendments)."""
    birth_on, level = (
        session()
        .execute(
            select(Person.birth_on, Programme.degree_level)
            .select_from(Student)
            .join(Person, Person.id == Student.person_id)
            .join(Programme, Programme.id == Student.programme_id)
            .where(Student.id == row.student_id)
        )
        .one()
    )
    return StartFacts(birth_on, level, signed_all(row.id))


def signed_all(placement_id: int) -> frozenset[AgreementParty]:
    """Who has signed the agreement, in its corrected form if there is one, and every amendment."""
    rows = session().execute(
        select(AgreementText.number, AgreementText.is_replaced).where(AgreementText.placement_id == placement_id).order_by(AgreementText.number)
    )
    known = {number: is_replaced for number, is_replaced in rows}
    standing = [number for number in sorted({1, *known}) if not known.get(number, False)]
    signed = {(row.text_no, row.party) for row in signatures_of(placement_id)}
    return frozenset(party for party in AgreementParty if all((number, party) in signed for number in standing))


def signatures_of(placement_id: int) -> list[AgreementSignature]:
    """The signatures under the three-party agreement."""
    return list(session().scalars(_SIGNATURES, {"placement_id": placement_id}))


def student(student_id: int) -> Student:
    """The student of a placement."""
    return session().get_one(Student, student_id)


def person_of_student(student_id: int) -> int | None:
    """Whose placement it is."""
    return session().scalar(_PERSON, {"student_id": student_id})  # two persons may have been parted since the student was read


def person_of_mentor(mentor_id: int | None) -> int | None:
    """The mentor's person."""
    return session().scalar(select(Mentor.person_id).where(Mentor.id == mentor_id)) if mentor_id is not None else None


def major_of(student_id: int) -> str:
    """The code of a student's major."""
    statement = select(Programme.major_code).join(Student, Student.programme_id == Programme.id).where(Student.id == student_id)
    return session().scalar(statement) or ""


def title_of(placement_id: int) -> str:
    """Enterprise, position and term in one line."""
    enterprise, title, term = (
        session()
        .execute(
            select(Organisation.name, Position.title, Term.title)
            .select_from(Placement)
            .join(Organisation, Organisation.id == Placement.enterprise_id)
            .join(Position, Position.id == Placement.position_id)
            .join(Term, Term.id == Placement.term_id)
            .where(Placement.id == placement_id)
        )
        .one()
    )
    return titled(enterprise, title, term)


def titled(enterprise: str, position: str, term: str) -> str:
    """A placement in one line."""
    return f"{enterprise} · {position}（{term}）"


def live_of_student(student_id: int) -> list[Placement]:
    """A student's placements that stand, in time."""
    return list(session().scalars(select(Placement).where(Placement.student_id == student_id, LIVE).order_by(Placement.starts_on, Placement.id)))


def load_beside(student_id: int, *, mentor_id: int, starts_on: date, ends_on: date, today: date) -> int:
    """How many students a mentor has in a span beside one, those finished included: who guides a student's capstone takes on nobody more with
    the placement."""
    return len(mentors.guided_by([mentor_id], starts_on, ends_on, today=today)[mentor_id] - {student_id})


def loads_of_mentors(mentor_ids: Collection[int], starts_on: date, ends_on: date, *, today: date) -> dict[int, int]:
    """By mentor the students they guide in the span, placed or with their capstone."""
    return {key: len(students) for key, students in mentors.guided_by(mentor_ids, starts_on, ends_on, today=today).items()}


def placed_by_base(base_ids: Collection[int], on: date) -> dict[int, int]:
    """By base the students placed there on a day."""
    statement = (
        select(Placement.base_id, func.count(Placement.id))
        .where(Placement.base_id.in_(list(base_ids)), LIVE, Placement.starts_on <= on, Placement.ends_on >= on)
        .group_by(Placement.base_id)
    )
    return {key: count for key, count in session().execute(statement) if key is not None}


def of_base(base_id: int) -> list[Any]:
    """Placements at a base by term: title, dates, students; the latest first."""
    statement = (
        select(Term.id, Term.title, Term.starts_on, Term.ends_on, Organisation.name.label("university"), func.count(Placement.id).label("students"))
        .join(Term, Term.id == Placement.term_id)
        .join(Organisation, Organisation.id == Term.university_id)
        .where(Placement.base_id == base_id, LIVE)
        .group_by(Term.id, Term.title, Term.starts_on, Term.ends_on, Organisation.name)
        .order_by(Term.starts_on.desc(), Term.id)
    )
    return list(session().execute(statement))


def spans_at_base(base_id: int, since: date, until: date) -> list[tuple[date, date, int]]:
    """(first day, last day, 1) of the placements at a base that stand and share a day with a span."""
    statement = select(Placement.starts_on, Placement.ends_on).where(
        Placement.base_id == base_id, LIVE, Placement.starts_on <= until, Placement.ends_on >= since
    )
    return [(first, last, 1) for first, last in session().execute(statement.order_by(Placement.id))]


# -- who may ------------------------------------------------------------------------------------------------------------
def subject_of_placement(row: Placement) -> Subject:
    """University and programme, enterprise and base, student and mentor: for looking at it."""
    of_student_ = people.subject_of_student(student(row.student_id))
    return Subject.of(
        organisations=(*of_student_.organisations, row.enterprise_id, row.base_id),
        programmes=of_student_.programmes,
        regions=of_student_.regions,
        persons=(*of_student_.persons, person_of_mentor(row.mentor_id)),
    )


def subject_of_student_side(row: Placement) -> Subject:
    """University, programme and the student: for what the school and the student do."""
    return people.subject_of_student(student(row.student_id))


def at_enterprise(row: Placement) -> Subject:
    """Enterprise and base: for what the enterprise does."""
    return Subject.of(organisations=(row.enterprise_id, row.base_id))


def subject_of_enterprise(row: Placement) -> Subject:
    """The enterprise alone: for what it does in its own name. A base has other hosts, a university too, whose people lead it."""
    return Subject.of(organisations=(row.enterprise_id,))


def subject_of_mentor_side(row: Placement) -> Subject:
    """The mentor alone: for what only the mentor of this student does."""
    return Subject.of(persons=(person_of_mentor(row.mentor_id),))


def visible_to(identity: Identity) -> sa.ColumnElement[bool]:
    """Placements of the reader's university, programme, enterprise or base; a mentor's and a student's own."""
    clause = organisations.scope(
        identity,
        PLACEMENT_VIEWERS,
        organisations=(Student.university_id, Placement.enterprise_id, Placement.base_id),
        programmes=(Student.programme_id,),
        region=organisations.region_of(Student.university_id),
        persons=(Student.person_id,),
    )
    if identity.person_id is not None and identity.has(Role.MENTOR):
        mine = select(Mentor.id).where(Mentor.person_id == identity.person_id)
        clause = or_(clause, Placement.mentor_id.in_(mine))
    return clause


def school_side(identity: Identity) -> sa.ColumnElement[bool]:
    """Placements that the reader sees from the side of the student and the school, not only as a host of it."""
    return organisations.scope(
        identity,
        PLACEMENT_VIEWERS,
        organisations=(Student.university_id,),
        programmes=(Student.programme_id,),
        region=organisations.region_of(Student.university_id),
        persons=(Student.person_id,),
    )


def seen_of(ids: Collection[int], identity: Identity | None) -> list[int]:
    """Those of the placements that there are and that the reader may see; without a reader all of them."""
    statement = select(Placement.id).join(Student, Student.id == Placement.student_id).where(Placement.id.in_(ids)).order_by(Placement.id)
    return list(session().scalars(statement if identity is None else statement.where(visible_to(identity))))


# -- lists --------------------------------------------------------------------------------------------------------------
@cache
def named() -> Any:
    """Placements with every name of a list. Built once: labelling columns of aliases costs more than running the statement."""
    base, mentor_person, university = sa.orm.aliased(Organisation), sa.orm.aliased(Person), sa.orm.aliased(Organisation)
    return (
        select(
            Placement.id,
            Placement.state,
            Placement.starts_on,
            Placement.ends_on,
            Placement.student_id,
            Placement.mentor_id,
            Placement.enterprise_id,
            Placement.base_id,
            Placement.round_id,
            Placement.position_id,
            Placement.rank,
            Student.student_no,
            Person.name.label("student"),
            Programme.name.label("programme"),
            university.name.label("university"),
            Position.title.label("position"),
            Organisation.name.label("enterprise"),
            base.name.label("base"),
            base.name_en.label("base_en"),
            Term.title.label("term"),
            Term.weeks,
            mentor_person.name.label("mentor"),
        )
        .select_from(Placement)
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(university, university.id == Student.university_id)
        .join(Position, Position.id == Placement.position_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .join(Term, Term.id == Placement.term_id)
        .outerjoin(base, base.id == Placement.base_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .outerjoin(mentor_person, mentor_person.id == Mentor.person_id)
    )


def placement_view(placement_id: int) -> Any:
    """One placement with every name of its page."""
    return session().execute(_named_one(), {"placement_id": placement_id}).one()


@cache
def _named_one() -> Any:
    return named().where(Placement.id == OF)


def placement_views(placement_ids: Iterable[int]) -> dict[int, Any]:
    """The same for several, by id."""
    return {row.id: row for row in session().execute(named().where(Placement.id.in_(set(placement_ids))))}


def placements_by_id(placement_ids: Iterable[int]) -> list[Placement]:
    """Several placements."""
    return list(session().scalars(select(Placement).where(Placement.id.in_(set(placement_ids))).order_by(Placement.id)))


GOING = (PlacementState.PLANNED, PlacementState.ACCEPTED, PlacementState.STARTED)
SORTS: dict[str, tuple[Any, ...]] = {
    "student": (Person.pinyin, Person.name),
    "enterprise": (Organisation.pinyin, Person.pinyin),
    "term": (Placement.starts_on, Person.pinyin),
    "state": (Placement.state, Person.pinyin),
}


def listing(
    identity: Identity,
    *,
    text: str = "",
    state: PlacementState | None = None,
    term_id: int | None = None,
    without_mentor: bool = False,
    only_going: bool = False,
    unconfirmed_up_to: date | None = None,
    over_on: date | None = None,
    sort: str = "",
) -> Any:
    """Placements the reader may see, the latest term first unless sorted otherwise; `only_going` leaves out what is over.

    `without_mentor`: those that still take one (`operations.takes_mentor`). `unconfirmed_up_to`: only those with a day up to then that waits for its mentor. `over_on`: only those that are over by then, and not ended."""
    statement = named().where(visible_to(identity))
    if text:
        statement = statement.where(people.finds_student(text, Organisation.name, Position.title))
    if state is not None:
        statement = statement.where(Placement.state == state)
    if term_id is not None:
        statement = statement.where(Placement.term_id == term_id)
    if without_mentor:
        statement = statement.where(Placement.mentor_id.is_(None), or_(Placement.state.in_(GOING), is_undone()))
    statement = statement.where(Placement.state.in_(GOING)) if only_going else statement
    if unconfirmed_up_to is not None:
        late = select(DayEntry.id).where(DayEntry.placement_id == Placement.id, DayEntry.state == DayState.PENDING, DayEntry.on <= unconfirmed_up_to)
        statement = statement.where(late.exists())
    statement = statement.where(is_over(over_on)) if over_on is not None else statement
    return organisations.ordered_or(statement, sort, SORTS, Placement.starts_on.desc(), Organisation.pinyin, Person.pinyin, Placement.id)


def of_student(student_id: int) -> list[Any]:
    """Every placement of a student with names, the latest first."""
    statement = named().where(Placement.student_id == student_id)
    return list(session().execute(statement.order_by(Placement.starts_on.desc(), Placement.id.desc())))


def at_mentor(mentor_ids: Collection[int]) -> list[Any]:
    """Every placement a mentor guides or guided, the latest first."""
    statement = named().where(Placement.mentor_id.in_(list(mentor_ids)), LIVE)
    return list(session().execute(statement.order_by(Placement.ends_on.desc(), Person.pinyin, Placement.id)))


def ids_of_students(students: sa.Select[int]) -> sa.Select[int]:
    """The placements of students, as a part of a statement."""
    return select(Placement.id).where(Placement.student_id.in_(students))
