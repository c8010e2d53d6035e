"""What a person decided of single blocks for a learner (excused, or a mark that was written), as the gradebook handed it down; and whose mark is not
the gradebook's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from courses.learning.models import Enrolment, EnrolmentMark
from courses.learning.queries import as_settled, furthest
from courses.learning.rules import is_kept
from courses.learning.types import EnrolmentState, Missed
from trainhub.kernel.db import portions, session
from trainhub.people import queries as people


def of_many(enrolment_ids: Sequence[int]) -> dict[int, dict[int, int | None]]:
    """By enrolment and block the score that was written, None where the learner is excused; only of whom anything was decided."""
    found = {}
    for some in portions(enrolment_ids):
        statement = select(EnrolmentMark.enrolment_id, EnrolmentMark.settled)
        for key, stored in session().execute(statement.where(EnrolmentMark.enrolment_id.in_(some), EnrolmentMark.settled.is_not(None))):
            found[key] = as_settled(stored)
    return found


def of_run(run_id: int) -> dict[int, dict[int, int | None]]:
    """The same of everybody in a run: one query."""
    statement = select(EnrolmentMark.enrolment_id, EnrolmentMark.settled).join(Enrolment, Enrolment.id == EnrolmentMark.enrolment_id)
    found = session().execute(statement.where(Enrolment.run_id == run_id, EnrolmentMark.settled.is_not(None)))
    return {key: as_settled(stored) for key, stored in found}


def kept_marks(enrolment_ids: Sequence[int]) -> dict[int, int | None]:
    """By enrolment the mark of who had completed the run before it had a gradebook, and of whom nobody has decided anything there since: the total
    of the book is not their mark. One query a piece."""
    found = {}
    for some in portions(enrolment_ids):
        statement = select(Enrolment.id, Enrolment.score_x10, Enrolment.missed, EnrolmentMark.is_written)
        statement = statement.outerjoin(EnrolmentMark, EnrolmentMark.enrolment_id == Enrolment.id).where(Enrolment.id.in_(some))
        for key, score, stored, is_written in session().execute(statement.where(Enrolment.state == EnrolmentState.COMPLETED)):
            if is_kept(Missed.of(stored), is_written=bool(is_written)):
                found[key] = score
    return found


def by_run(person_id: int, run_ids: Iterable[int]) -> dict[int, dict[int, int | None]]:
    """The same for a human, by run; of two enrolments in one run of the furthest."""
    statement = select(Enrolment.run_id, EnrolmentMark.settled).outerjoin(EnrolmentMark, EnrolmentMark.enrolment_id == Enrolment.id)
    found: dict[int, dict[int, int | None]] = {}
    mine = statement.where(people.of_human(Enrolment.person_id, person_id), Enrolment.run_id.in_(list(run_ids)))
    for run_id, stored in session().execute(mine.order_by(*furthest(Enrolment))):
        found.setdefault(run_id, as_settled(stored))
    return found
