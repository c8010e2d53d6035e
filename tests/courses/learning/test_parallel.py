"""Quotas hold under parallel requests, each with its own connection and commit; on PostgreSQL too where one is given."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import offerings
from courses.learning import operations, queries
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction

SEATS, ASKING, THREADS = 20, 60, 8


def states(app: Flask, run_id: int) -> tuple[Counter[EnrolmentState], int | None]:
    with app.app_context():
        counted = Counter(session().scalars(select(Enrolment.state).where(Enrolment.run_id == run_id)))
        return counted, session().scalar(select(Run.taken).where(Run.id == run_id))


def test_parallel_enrolments_fill_the_seats_exactly_and_withdrawals_promote(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()), is_published=True, quota=SEATS)
        run_id, people = run.id, [ground.person().id for _ in range(ASKING)]

    def ask(person_id: int) -> None:
        with committed.app_context(), transaction():
            found = catalogue.run_by_id(run_id)
            assert found is not None
            operations.enrol(run=found, person_id=person_id, by=SYSTEM, now=make.NOW)

    def leave(person_id: int) -> None:
        with committed.app_context(), transaction():
            row = session().scalars(select(Enrolment).where(Enrolment.run_id == run_id, Enrolment.person_id == person_id)).one()
            operations.withdraw(enrolment=row, by=SYSTEM, now=make.NOW)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, [*people, *people[:10]]))  # ten press twice
    assert states(committed, run_id) == (Counter({EnrolmentState.ACTIVE: SEATS, EnrolmentState.WAITING: ASKING - SEATS}), SEATS)
    with committed.app_context():
        seated = list(session().scalars(select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.ACTIVE)))
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(leave, [*seated[:12], *seated[:4]]))
    left = Counter({EnrolmentState.ACTIVE: SEATS, EnrolmentState.WAITING: ASKING - SEATS - 12, EnrolmentState.WITHDRAWN: 12})
    assert states(committed, run_id) == (left, SEATS)


def test_the_database_itself_refuses_more_than_the_quota(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()), quota=1)
        run_id = run.id
    with committed.app_context(), pytest.raises(sa.exc.IntegrityError), transaction():
        session().execute(sa.update(Run).where(Run.id == run_id).values(taken=2))


def test_a_learner_who_reports_twice_at_once_is_never_refused_and_completes(committed: Flask) -> None:
    """A video in one window and a button in another: both count, whichever comes first."""
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()))
        unit = make.unit(run)
        blocks = [make.text(unit).id for _n in range(6)]
        make.publish(run)
        enrolment_id = make.enrolment(make.loaded(run)).id
    meeting = Barrier(2)

    def report(block_id: int) -> None:
        with committed.app_context(), transaction():
            row, block = queries.enrolment_by_id(enrolment_id), session().get_one(Block, block_id)
            assert row is not None
            with suppress(BrokenBarrierError):  # where writers queue before they read, nobody comes to the meeting
                meeting.wait(0.5)
            operations.mark_done(enrolment=row, block=block, by=SYSTEM, now=make.NOW)

    with ThreadPoolExecutor(2) as pool:
        for pair in (blocks[:2], blocks[2:4], blocks[4:]):
            list(pool.map(report, pair))
            meeting.reset()
    with committed.app_context():
        row = session().get_one(Enrolment, enrolment_id)
        assert (row.state, row.progress_x1000) == (EnrolmentState.COMPLETED, 1000)


def test_who_enrols_while_the_run_is_closed_does_not_wait_in_it_for_ever(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()), is_published=True, quota=1)
        make.enrolment(run)
        run_id, person_id = run.id, ground.person().id

    def close() -> None:
        found = catalogue.run_by_id(run_id)
        assert found is not None
        offerings.close_run(run=found, by=SYSTEM, now=make.NOW)
        operations.close_waiting(run_id=run_id, by=SYSTEM, now=make.NOW)

    def ask() -> None:
        found = catalogue.run_by_id(run_id)
        assert found is not None
        operations.enrol(run=found, person_id=person_id, by=SYSTEM, now=make.NOW)

    assert together(committed, close, ask) == ["", "enrolment_closed"]
    assert states(committed, run_id)[0] == Counter({EnrolmentState.ACTIVE: 1})
