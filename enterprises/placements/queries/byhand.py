"""What a head chooses from who places one student by hand."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from enterprises.placements import rules
from enterprises.placements.models import Position, PositionSeats, Term
from enterprises.placements.queries.hosting import open_seats
from enterprises.placements.queries.placing import major_of
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Student


def seats_for(student: Student, today: date, *, only_free: bool) -> tuple[list[Term], list[tuple[int, str, str, list[tuple[str, int]]]]]:
    """(The terms of the student's school that are not over, positions on offer in them that take the student's major, each with its
    enterprise, title and by term the seats that are free; with `only_free` no position without any), by enterprise."""
    statement = select(Term).where(Term.university_id == student.university_id, Term.ends_on >= today).order_by(Term.starts_on, Term.id)
    terms = list(session().scalars(statement))
    titles = {term.id: term.title for term in terms}
    offered = session().execute(
        select(Position.id, Position.title, Position.majors, Organisation.name, PositionSeats.term_id, PositionSeats.seats - PositionSeats.taken)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .join(Organisation, Organisation.id == Position.enterprise_id)
        .join(Term, Term.id == PositionSeats.term_id)
        .where(PositionSeats.term_id.in_(list(titles)), open_seats())
        .order_by(Organisation.pinyin, Position.title, Position.id, Term.starts_on, Term.id)
    )
    major, found = major_of(student.id), dict[int, tuple[int, str, str, list[tuple[str, int]]]]()
    for key, title, majors, name, term_id, free in offered:
        if rules.accepts(majors, major):
            found.setdefault(key, (key, name, title, []))[3].append((titles[term_id], max(0, free)))
    return terms, [one for one in found.values() if not only_free or any(free for _term, free in one[3])]
