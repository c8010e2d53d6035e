"""What students said of bases."""

from __future__ import annotations

from sqlalchemy import func, select

from enterprises.placements.models import Placement, Rating, Term
from enterprises.placements.rules.ratings import Rated
from enterprises.placements.types import RaterSide
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student


def base_ratings(base_id: int) -> list[Rated]:
    """What students thought of a base. Which of it may be told: `rules.ratings.told`."""
    human = func.coalesce(Person.merged_into_id, Person.id)
    statement = (
        select(Term.ends_on, Rating.rated_at, human, Rating.marks)
        .join(Placement, Placement.id == Rating.placement_id)
        .join(Term, Term.id == Placement.term_id)
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(Placement.base_id == base_id, Rating.side == RaterSide.STUDENT)
        .order_by(Rating.placement_id)
    )
    return [Rated(ends, local(at).date(), key, marks) for ends, at, key, marks in session().execute(statement)]
