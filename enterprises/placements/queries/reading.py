"""Who may read an offer: whom it is for, whose it is, and who decides about it; not everybody who is a student or a mentor somewhere."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from enterprises.mentors.models import Mentor
from enterprises.permissions import OFFERERS, SCHOOL
from enterprises.placements.models import Placement, Position, PositionSeats, Preference, Term
from enterprises.placements.queries.deciders import subject_of_position, subject_of_seats
from enterprises.placements.queries.hosting import open_seats
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.people.models import Student
from trainhub.people.queries import of_human


def reads_position(identity: Identity, position: Position) -> bool:
    """Whether somebody may read an offer: the enterprise (and its base's leader); schools in whose terms it has seats, with their supervisors; overseers;
    students to whom it is open, who rank it or were placed there; mentors of the enterprise, and those who guide somebody there."""
    if identity.over(subject_of_position(position), *OFFERERS) or identity.everywhere(Role.DEPT_EDU, Role.AUDITOR, Role.SYSTEM_ADMIN):
        return True
    if identity.over(subject_of_seats(position.id), *SCHOOL, Role.SCHOOL_SUPERVISOR):
        return True
    if identity.has(Role.MENTOR) and position.enterprise_id in identity.organisation_ids(Role.MENTOR):
        return True
    if identity.person_id is None:
        return False
    return _is_for(identity.person_id, position.id) or _guides_at(identity.person_id, position)


def _is_for(person_id: int, position_id: int) -> bool:
    """Open to the person as a student of a school, ranked by them, or theirs."""
    me = select(Student.id, Student.university_id).where(of_human(Student.person_id, person_id)).subquery()
    offered = (
        select(PositionSeats.position_id)
        .join(Position, Position.id == PositionSeats.position_id)
        .join(Term, Term.id == PositionSeats.term_id)
        .where(PositionSeats.position_id == position_id, open_seats(), Term.university_id.in_(select(me.c.university_id)))
    )
    ranked = select(Preference.id).where(Preference.position_id == position_id, Preference.student_id.in_(select(me.c.id)))
    placed = select(Placement.id).where(Placement.position_id == position_id, Placement.student_id.in_(select(me.c.id)))
    return bool(session().scalar(select(or_(offered.exists(), ranked.exists(), placed.exists()))))


def _guides_at(person_id: int, position: Position) -> bool:
    """A mentor of the enterprise, or of somebody placed at the position."""
    mine = of_human(Mentor.person_id, person_id)
    theirs = select(Mentor.id).where(mine, Mentor.enterprise_id == position.enterprise_id)
    guided = select(Placement.id).join(Mentor, Mentor.id == Placement.mentor_id).where(and_(mine, Placement.position_id == position.id))
    return bool(session().scalar(select(or_(theirs.exists(), guided.exists()))))
