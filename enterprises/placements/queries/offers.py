"""Terms, positions, training plans, preferences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from enterprises.bases import queries as bases
from enterprises.permissions import OFFERERS, SCHOOL
from enterprises.placements import rules
from enterprises.placements.models import Placement, PlanItem, Position, PositionSeats, Preference, Round, Term
from enterprises.placements.queries.hosting import open_seats
from enterprises.placements.types import Choice, LawFacts, OfferState, PlacementState, PlanLine, SeatDecision
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation, Region
from trainhub.people.models import Person, Student
from trainhub.people.types import Gender
from trainhub.programmes.models import Cohort, Programme
from trainhub.programmes.types import DegreeLevel


# -- the training plan --------------------------------------------------------------------------------------------------
def plan_items(version_id: int) -> list[PlanItem]:
    """The items of an enterprise training plan, in order."""
    return list(session().scalars(select(PlanItem).where(PlanItem.version_id == version_id).order_by(PlanItem.position)))


def plan_lines(version_id: int) -> list[PlanLine]:
    """What rules ask of the items: an item at a base on campus is not at an enterprise, whatever was ticked."""
    rows = plan_items(version_id)
    campus = bases.on_campus({row.base_id for row in rows if row.base_id is not None})
    return [
        PlanLine(row.title, row.weeks_x10, row.is_at_enterprise and row.base_id not in campus, row.has_enterprise_mentor, row.assessment)
        for row in rows
    ]


def plan_item(item_id: int) -> PlanItem | None:
    """An item by id."""
    return session().get(PlanItem, item_id)


# -- terms --------------------------------------------------------------------------------------------------------------
def term(term_id: int) -> Term | None:
    """A term by id."""
    return session().get(Term, term_id)


def terms_of(university_id: int) -> list[Term]:
    """The terms of a university, in time."""
    return list(session().scalars(select(Term).where(Term.university_id == university_id).order_by(Term.starts_on, Term.id)))


def terms_by_ids(ids: Collection[int]) -> list[Term]:
    """Terms in time."""
    return list(session().scalars(select(Term).where(Term.id.in_(list(ids))).order_by(Term.starts_on, Term.id)))


def all_terms(*, until: Any = None) -> list[tuple[Term, str]]:
    """Terms of every university that are not over, with the university's name: enterprises offer seats in them."""
    statement = select(Term, Organisation.name).join(Organisation, Organisation.id == Term.university_id)
    if until is not None:
        statement = statement.where(Term.ends_on >= until)
    return [(row, name) for row, name in session().execute(statement.order_by(Term.starts_on, Organisation.pinyin, Term.id))]


TERM_SORTS: dict[str, tuple[Any, ...]] = {
    "title": (Term.title,),
    "university": (Organisation.pinyin, Term.starts_on),
    "starts": (Term.starts_on,),
    "weeks": (Term.weeks, Term.starts_on),
}
POSITION_SORTS: dict[str, tuple[Any, ...]] = {
    "title": (Position.title,),
    "enterprise": (Organisation.pinyin, Position.title),
    "state": (Position.state, Position.title),
}


def terms_visible(identity: Identity, sort: str = "") -> Any:
    """The terms of the reader's universities, the latest first unless sorted otherwise."""
    statement = select(Term, Organisation.name.label("university")).join(Organisation, Organisation.id == Term.university_id)
    return organisations.ordered_or(
        statement.where(of_own_schools(identity)), sort, TERM_SORTS, Term.starts_on.desc(), Term.id.desc(), unique=Term.id
    )


def has_placements(*, term_id: int) -> bool:
    """Whether anybody is or was placed in a term."""
    return session().scalar(select(Placement.id).where(Placement.term_id == term_id).limit(1)) is not None


def subject_of_university(university_id: int) -> Subject:
    """A university with all its programmes: what belongs to the whole school is also its programmes' business."""
    university = organisations.by_id(university_id)
    assert university is not None
    above = organisations.subject_of(university)
    ids = session().scalars(select(Programme.id).where(Programme.university_id == university_id))
    return Subject.of(organisations=above.organisations, regions=above.regions, programmes=ids)


def of_own_schools(identity: Identity) -> sa.ColumnElement[bool]:
    """Terms of the universities that somebody acts for, as a whole or for a programme of theirs."""
    return own_schools(identity, Term.university_id)


def own_schools(identity: Identity, university: Any) -> sa.ColumnElement[bool]:
    """Whether a column names a university that somebody acts for, as a whole or for a programme of theirs."""
    programmes = identity.programme_ids(*SCHOOL)
    clause = organisations.scope(identity, SCHOOL, organisations=(university,))
    if programmes:
        clause = or_(clause, university.in_(select(Programme.university_id).where(Programme.id.in_(sorted(programmes)))))
    return clause


# -- positions ----------------------------------------------------------------------------------------------------------
def position(position_id: int) -> Position | None:
    """A position by id."""
    return session().get(Position, position_id)


def position_by_code(code: str) -> Position | None:
    """A position by its code."""
    return session().scalar(select(Position).where(Position.code == code))


def is_open(position_id: int, term_id: int) -> bool:
    """Whether students of the school may be placed there in its term."""
    statement = select(Position.id).join(PositionSeats, PositionSeats.position_id == Position.id)
    return session().scalar(statement.where(Position.id == position_id, PositionSeats.term_id == term_id, open_seats())) is not None


def positions_by_ids(ids: Collection[int]) -> dict[int, Position]:
    """Positions by id."""
    return {row.id: row for row in session().scalars(select(Position).where(Position.id.in_(list(ids))))}


def offers_at_base(base_id: int) -> list[Position]:
    """The positions at a base that were handed in or approved."""
    statement = select(Position).where(Position.base_id == base_id, Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED]))
    return list(session().scalars(statement.order_by(Position.id)))


def going_at_base(base_id: int, on: date) -> list[Placement]:
    """The placements at a base that stand and are not over on a day."""
    going = (PlacementState.PLANNED, PlacementState.ACCEPTED, PlacementState.STARTED)
    statement = select(Placement).where(Placement.base_id == base_id, Placement.state.in_(going), Placement.ends_on >= on)
    return list(session().scalars(statement.order_by(Placement.id)))


def seats_of(position_id: int, term_id: int) -> PositionSeats | None:
    """The seats of a position in a term."""
    return session().get(PositionSeats, (position_id, term_id))


def seats_of_position(position_id: int) -> list[PositionSeats]:
    """The seats of a position in every term."""
    return list(session().scalars(select(PositionSeats).where(PositionSeats.position_id == position_id).order_by(PositionSeats.term_id)))


def seats_at_base(base_id: int, position_id: int) -> list[tuple[date, date, int]]:
    """(first day, last day, seats) that approved positions at a base offer, and one more position. Seats that rest while their enterprise is
    verified anew count too: they come back without a decision."""
    return _seats_of_many(Position.base_id == base_id, position_id)


def seats_at_unit(enterprise_id: int, position_id: int) -> list[tuple[date, date, int]]:
    """The same of all positions of an enterprise."""
    return _seats_of_many(Position.enterprise_id == enterprise_id, position_id)


def _seats_of_many(where: sa.ColumnElement[bool], position_id: int) -> list[tuple[date, date, int]]:
    approved = sa.and_(Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED]), PositionSeats.decision == SeatDecision.APPROVED)
    statement = (
        select(Term.starts_on, Term.ends_on, PositionSeats.seats)
        .join(PositionSeats, PositionSeats.term_id == Term.id)
        .join(Position, Position.id == PositionSeats.position_id)
        .where(where, or_(approved, Position.id == position_id), PositionSeats.seats > 0)
        .order_by(Term.starts_on, Term.id, Position.id)
    )
    return [(since, until, seats) for since, until, seats in session().execute(statement)]


def seats_of_positions(position_ids: Collection[int]) -> dict[int, list[PositionSeats]]:
    """By position its seats in every term."""
    found: dict[int, list[PositionSeats]] = defaultdict(list)
    for row in session().scalars(select(PositionSeats).where(PositionSeats.position_id.in_(list(position_ids))).order_by(PositionSeats.term_id)):
        found[row.position_id].append(row)
    return found


def items_of_position(position_id: int) -> list[Any]:
    """Term, university, seats and taken of a position, in time."""
    statement = (
        select(
            Term.id,
            Term.title,
            Term.starts_on,
            Term.ends_on,
            Term.weeks,
            Organisation.name.label("university"),
            PositionSeats.seats,
            PositionSeats.taken,
            PositionSeats.decision,
            PositionSeats.return_reason,
            Term.university_id,
        )
        .join(Term, Term.id == PositionSeats.term_id)
        .join(Organisation, Organisation.id == Term.university_id)
        .where(PositionSeats.position_id == position_id)
        .order_by(Term.starts_on, Term.id)
    )
    return list(session().execute(statement))


def _position_columns() -> Any:
    base = sa.orm.aliased(Organisation)
    seats = (
        select(
            PositionSeats.position_id,
            func.sum(PositionSeats.seats).label("seats"),
            func.sum(PositionSeats.taken).label("taken"),
        )
        .group_by(PositionSeats.position_id)
        .subquery()
    )
    return (
        select(
            Position.id,
            Position.code,
            Position.title,
            Position.state,
            Position.majors,
            Position.enterprise_id,
            Position.base_id,
            Organisation.name.label("enterprise"),
            base.name.label("base"),
            Region.name.label("region"),
            func.coalesce(seats.c.seats, 0).label("seats"),
            func.coalesce(seats.c.taken, 0).label("taken"),
        )
        .join(Organisation, Organisation.id == Position.enterprise_id)
        .outerjoin(base, base.id == Position.base_id)
        .outerjoin(Region, Region.code == Position.county_code)
        .outerjoin(seats, seats.c.position_id == Position.id)
    )


def position_row(position_id: int) -> Any:
    """One position with the names of its enterprise, base and region."""
    return session().execute(_position_columns().where(Position.id == position_id)).one_or_none()


def positions_listing(
    identity: Identity, *, text: str = "", state: OfferState | None = None, enterprise_id: int | None = None, sort: str = ""
) -> Any:
    """Positions an enterprise offers for itself; schools see what was submitted for terms of theirs, departments and auditors of everything
    everything submitted: nothing that `reading.reads_position` refuses. To a school a position waits while its own decision is due, whatever others have decided.
    """
    statement, theirs = _position_columns(), select(PositionSeats.position_id).join(Term, Term.id == PositionSeats.term_id)
    theirs = theirs.where(of_own_schools(identity))
    mine = organisations.scope(identity, OFFERERS, organisations=(Position.enterprise_id, Position.base_id))
    is_all = identity.everywhere(Role.DEPT_EDU, Role.AUDITOR, Role.SYSTEM_ADMIN)
    if is_all or identity.has(*SCHOOL):
        mine = or_(mine, sa.and_(Position.state != OfferState.DRAFT, sa.true() if is_all else Position.id.in_(theirs)))
    statement = statement.where(mine)
    if text:
        statement = statement.where(organisations.matches(text, Position.title, Position.code, Organisation.name, Organisation.pinyin))
    if state is not None:
        statement = statement.where(Position.state == state)
    if state is OfferState.SUBMITTED and identity.has(*SCHOOL):
        due = theirs.where(PositionSeats.decision == SeatDecision.WAITING, PositionSeats.seats > 0)
        statement = statement.where(or_(organisations.scope(identity, OFFERERS, organisations=(Position.enterprise_id,)), Position.id.in_(due)))
    if enterprise_id is not None:
        statement = statement.where(Position.enterprise_id == enterprise_id)
    waiting_first = sa.case(
        (Position.state == OfferState.SUBMITTED, 0), (Position.state == OfferState.DRAFT, 1), (Position.state == OfferState.APPROVED, 2), else_=3
    )
    sorts = {**POSITION_SORTS, "seats": (sa.literal_column("seats"), Position.title)}
    return organisations.ordered_or(statement, sort, sorts, waiting_first, Organisation.pinyin, Position.title, Position.id)


def enterprises_offering(year: int) -> set[int]:
    """The enterprises with seats in a term that begins in a year."""
    statement = (
        select(Position.enterprise_id)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .join(Term, Term.id == PositionSeats.term_id)
        .where(PositionSeats.seats > 0, Term.starts_on.between(date(year, 1, 1), date(year, 12, 31)))
    )
    return set(session().scalars(statement))


# -- choosing -----------------------------------------------------------------------------------------------------------
def preferences_of(round_id: int, student_id: int) -> list[Preference]:
    """A student's ranked list in a round, best first."""
    statement = select(Preference).where(Preference.round_id == round_id, Preference.student_id == student_id)
    return list(session().scalars(statement.order_by(Preference.rank)))


def choices_of(round: Round, student: Student) -> list[Choice]:
    """Every approved position with seats in the round's terms, as this student sees it; those accepted first."""
    major = session().scalar(select(Programme.major_code).where(Programme.id == student.programme_id)) or ""
    base = sa.orm.aliased(Organisation)
    clashing = frozenset(clashing_terms(round, student))
    statement = (
        select(
            Position.id,
            Position.code,
            Position.title,
            Position.majors,
            Organisation.name,
            base.name.label("base"),
            Region.name.label("region"),
            PositionSeats.term_id,
            PositionSeats.seats - PositionSeats.taken,
        )
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .join(Organisation, Organisation.id == Position.enterprise_id)
        .outerjoin(base, base.id == Position.base_id)
        .outerjoin(Region, Region.code == Position.county_code)
        .where(open_seats(), PositionSeats.term_id.in_(list(round.term_ids)))
        .order_by(Organisation.pinyin, Position.title, Position.id, PositionSeats.term_id)
    )
    found: dict[int, Choice] = {}
    for key, code, title, majors, enterprise, base_name, region, term_id, left in session().execute(statement):
        if key not in found:
            found[key] = Choice(key, code, title, enterprise, base_name, region, {}, rules.accepts(majors, major), tuple(majors), clashing)
        found[key].seats[term_id] = left
    return sorted(found.values(), key=lambda choice: not choice.is_eligible)


def law_facts(student_ids: Collection[int]) -> dict[int, LawFacts]:
    """What the rules for placements ask of students."""
    statement = (
        select(Student.id, Programme.degree_level, Person.birth_on, Cohort.starts_on, Person.gender)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Person, Person.id == Student.person_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .where(Student.id.in_(list(student_ids)))
    )
    return {
        key: LawFacts(level is DegreeLevel.VOCATIONAL, birth_on, entered, gender is Gender.FEMALE)
        for key, level, birth_on, entered, gender in session().execute(statement)
    }


def clashing_terms(round: Round, student: Student) -> dict[int, str]:
    """The terms of a round that share a day with a placement of the student that stands: by term, where the student is then."""
    other = sa.orm.aliased(Term)
    statement = (
        select(other.id, Organisation.name)
        .select_from(Placement)
        .join(other, sa.and_(other.starts_on <= Placement.ends_on, other.ends_on >= Placement.starts_on))
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .where(
            Placement.student_id == student.id,
            Placement.state != PlacementState.WITHDRAWN,
            Placement.ended_early_on.is_(None),
            other.id.in_(list(round.term_ids)),
        )
        .order_by(other.starts_on, Placement.id)
    )
    return {term_id: name for term_id, name in session().execute(statement)}


def schools_of(unit_id: int) -> set[int]:
    """The universities for whose terms seats are offered by an enterprise, or at a base."""
    statement = (
        select(Term.university_id)
        .join(PositionSeats, PositionSeats.term_id == Term.id)
        .join(Position, Position.id == PositionSeats.position_id)
        .where(or_(Position.enterprise_id == unit_id, Position.base_id == unit_id))
    )
    return set(session().scalars(statement.distinct()))


def seats_by_position(position_ids: Collection[int], term_ids: Collection[int]) -> dict[int, list[tuple[int, int, int]]]:
    """By position (term, seats, taken) in time."""
    statement = (
        select(PositionSeats.position_id, PositionSeats.term_id, PositionSeats.seats, PositionSeats.taken)
        .join(Term, Term.id == PositionSeats.term_id)
        .where(PositionSeats.position_id.in_(list(position_ids)), PositionSeats.term_id.in_(list(term_ids)))
        .order_by(PositionSeats.position_id, Term.starts_on)
    )
    found: dict[int, list[tuple[int, int, int]]] = {}
    for position_id, term_id, seats, taken in session().execute(statement):
        found.setdefault(position_id, []).append((term_id, seats, taken))
    return found
