"""Marks that come from above: the gradebook hands totals down, learning stores them and completes what they complete."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from courses.catalogue.models import Run
from courses.learning.models import Enrolment, EnrolmentMark, MarkSource
from courses.learning.operations.progress import evaluate
from courses.learning.types import SEATED, Counted, Standing
from trainhub.kernel.access import Identity
from trainhub.kernel.db import UtcDateTime, session


def take_marks_from_book(*, run_id: int, is_shown: bool, now: datetime) -> None:
    """From now on the mark of this run is the total of its gradebook. Completed learners stay completed."""
    row = session().get(MarkSource, run_id)
    if row is None:
        row = MarkSource(run_id=run_id, since_at=now)
        session().add(row)
    row.is_shown = is_shown
    session().flush()
    ask_for_marks(run_id=run_id, now=now)


def ask_for_marks(*, run_id: int, now: datetime, enrolment_ids: Sequence[int] | None = None) -> None:
    """The totals of a run (or of some learners) may have changed `now`: two statements however many."""
    mine = sa.select(Enrolment.id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    if enrolment_ids is not None:
        mine = mine.where(Enrolment.id.in_(list(enrolment_ids)))
    known = sa.select(EnrolmentMark.enrolment_id)
    fresh = sa.select(Enrolment.id, sa.true(), sa.literal(now, UtcDateTime())).where(Enrolment.id.in_(mine), Enrolment.id.not_in(known))
    session().flush()
    due = sa.update(EnrolmentMark).where(EnrolmentMark.enrolment_id.in_(mine)).values(is_due=True, changed_at=now)
    session().execute(due.execution_options(synchronize_session=False))
    session().execute(sa.insert(EnrolmentMark).from_select(["enrolment_id", "is_due", "changed_at"], fresh))
    for row in session().identity_map.values():
        if isinstance(row, EnrolmentMark):
            session().expire(row)


def begin_marks(*, enrolment_ids: Sequence[int]) -> list[Enrolment]:
    """Totals of some learners are computed now, from what stands from here on: what changes until they are handed down asks for them again.

    The learners queue with everything they report (as `progress._alone`), then the totals are no longer due: both before anything is read.
    """
    wanted = sa.select(Enrolment).where(Enrolment.id.in_(enrolment_ids)).order_by(Enrolment.id)
    rows = list(session().scalars(wanted.with_for_update(key_share=True).execution_options(populate_existing=True)))
    cleared = sa.update(EnrolmentMark).where(EnrolmentMark.enrolment_id.in_(enrolment_ids)).values(is_due=False)
    session().execute(cleared.execution_options(synchronize_session=False))
    return rows


def take_mark(
    *,
    enrolment: Enrolment,
    score_x10: int | None,
    by: Identity,
    now: datetime,
    place: tuple[Run, Sequence[Counted]] | None = None,
    columns: Collection[int] = (),
    settled: Mapping[int, int | None] | None = None,
    is_written: bool = False,
) -> Standing:
    """The gradebook hands down a learner's total, and the `columns` in which they have nothing; only with a fresh total a run that has a gradebook
    is completed. `settled`: the blocks of which a person excused the learner (None), or wrote the score; `is_written`:
    whether anything like that stands in the line, so that its total becomes the mark of who had completed before there was a book.
    Who completes by it does so on the day on which everything was there, however late the total is reckoned (`day_of`)."""
    row = session().get(EnrolmentMark, enrolment.id, populate_existing=True)
    if row is None:
        row = EnrolmentMark(enrolment_id=enrolment.id)
        session().add(row)
    row.is_written = is_written
    row.score_x10, row.is_due, row.settled = score_x10, False, {str(key): score for key, score in (settled or {}).items()} or None
    session().flush()
    return evaluate(enrolment=enrolment, by=by, now=now, is_fresh=True, place=place, columns=columns, changed_at=row.changed_at)
