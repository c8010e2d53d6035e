"""Very many attempts whose time is over: all of them are handed in by one tick, whatever becomes of some."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from courses.assessment.models import Attempt, AttemptAnswer, QuestionVersion
from courses.assessment.operations import attempts
from courses.assessment.rules import GRACE
from courses.assessment.types import AttemptState
from courses.learning import tasks
from tests.factories import courses as make
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.jobs import Running


def begun(session: Session, *due: timedelta) -> list[Attempt]:
    """Attempts of as many learners, each at a quiz of its own, due so long ago."""
    run, rows = make.run(), []
    blocks = [make.quiz(make.unit(run), of=run) for _ in due]
    run = make.publish(run)
    for block, ago in zip(blocks, due, strict=True):
        row = attempts.start(block=block, person_id=make.enrolment(run).person_id, by=SYSTEM, now=clock.now() - timedelta(hours=1))
        row.due_at = clock.now() - ago
        rows.append(row)
    session.commit()
    return rows


def spoilt(session: Session, row: Attempt) -> None:
    """An attempt that cannot be graded: its question lost what it needs."""
    answer = session.query(AttemptAnswer).filter_by(attempt_id=row.id).one()
    version = session.get_one(QuestionVersion, answer.version_id)
    version.data = {**version.data, "options": [{"body": "没有键"}]}
    session.commit()


def states(session: Session, rows: list[Attempt]) -> list[AttemptState]:
    session.expire_all()
    return [session.get_one(Attempt, row.id).state for row in rows]


@pytest.mark.parametrize("bad", [(), (0,), (0, 1, 2), (3,)])
def test_one_tick_hands_in_all_and_passes_over_what_fails(session: Session, bad: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CLOSED_AT_ONCE", 2, raising=False)
    rows = begun(session, *(timedelta(minutes=minutes) for minutes in (30, 20, 20, 20, 10)), GRACE - timedelta(seconds=10))
    for n in bad:
        spoilt(session, rows[n])
    if bad:
        with pytest.raises(KeyError):
            tasks.close_overdue(Running(0, {}, None))
    else:
        assert tasks.close_overdue(Running(0, {}, None)) == {"closed": 5}
    still = AttemptState.IN_PROGRESS
    assert states(session, rows) == [still if n in bad or n == 5 else AttemptState.GRADED for n in range(6)]


def test_a_tick_ends_and_the_next_goes_on(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CLOSED_AT_ONCE", 2)
    monkeypatch.setattr(tasks, "CLOSING", timedelta(0))
    rows = begun(session, *[timedelta(minutes=9)] * 3)
    for count, left in ((2, 1), (1, 0), (0, 0)):
        assert tasks.close_overdue(Running(0, {}, None)) == {"closed": count}
        assert states(session, rows).count(AttemptState.IN_PROGRESS) == left
