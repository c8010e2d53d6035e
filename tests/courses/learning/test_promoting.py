"""Very many who wait for a seat when a quota is raised: some get one at once, the rest by a job, and nobody goes past them meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.catalogue.models import Run
from courses.catalogue.operations import offerings
from courses.catalogue.types import RunMode
from courses.learning import operations, tasks
from courses.learning.models import Enrolment
from courses.learning.operations import enrolling
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.identity import account as make_account
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.jobs import Job, Running
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


@pytest.fixture
def lead(session: Session) -> Person:
    return ground.person()


@pytest.fixture
def run(session: Session, lead: Person, monkeypatch: pytest.MonkeyPatch) -> Run:
    """One seat, taken, and four who wait; two are promoted at once."""
    monkeypatch.setattr(enrolling, "AT_ONCE", 2, raising=False)
    made = make.run(lead=lead, quota=1)
    make.text(make.unit(made))
    made = make.publish(made)
    for n in range(5):
        make.enrolment(made, now=NOW + timedelta(minutes=n))
    return made


def states(session: Session, run: Run) -> str:
    """The first letters of the states in the order in which they asked."""
    session.expire_all()
    statement = select(Enrolment.state).where(Enrolment.run_id == run.id).order_by(Enrolment.asked_at, Enrolment.id)
    return "".join(state.value[0] for state in session.scalars(statement))


@pytest.mark.parametrize(
    ("quota", "at_once", "then"), [(2, "aawww", "aawww"), (3, "aaaww", "aaaww"), (4, "aaaww", "aaaaw"), (None, "aaaww", "aaaaa")]
)
def test_who_waits_is_promoted_by_a_job_where_they_are_many(session: Session, run: Run, quota: int | None, at_once: str, then: str) -> None:
    offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, quota=quota)
    assert len(operations.promote(run_id=run.id, by=SYSTEM, now=NOW)) == at_once.count("a") - 1
    assert states(session, run) == at_once
    asked = session.scalar(select(func.count()).select_from(Job).where(Job.task == tasks.PROMOTE))
    assert asked == (at_once != then)
    session.commit()
    jobs.run_all()
    assert states(session, run) == then
    assert session.scalar(select(Run.taken).where(Run.id == run.id)) == then.count("a")
    if asked:
        assert operations.promote(run_id=run.id, by=SYSTEM, now=NOW) == []  # safe to repeat


def test_who_comes_meanwhile_stands_behind_them(session: Session, run: Run) -> None:
    offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, quota=5)
    operations.promote(run_id=run.id, by=SYSTEM, now=NOW)
    new = operations.enrol(run=run, person_id=ground.person().id, by=SYSTEM, now=NOW + timedelta(hours=1), is_approved=True)
    assert new.state is EnrolmentState.WAITING
    session.commit()
    jobs.run_all()
    assert states(session, run) == "aaaaaw"


def test_who_is_approved_meanwhile_stands_where_they_asked(session: Session, run: Run) -> None:
    run.mode = RunMode.APPROVAL
    asked = operations.enrol(run=run, person_id=ground.person().id, by=SYSTEM, now=NOW + timedelta(minutes=10))
    offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, quota=None)
    operations.promote(run_id=run.id, by=SYSTEM, now=NOW)
    make_account(person=session.get_one(Person, asked.person_id))
    assert operations.approve(enrolment=asked, by=SYSTEM, now=NOW + timedelta(hours=1)).state is EnrolmentState.WAITING
    assert "正在依次安排名额" in session.scalars(select(Notice.message).where(Notice.kind == "courses.approved")).one()
    session.commit()
    jobs.run_all()
    assert states(session, run) == "aaaaaa"


def test_a_job_that_failed_for_good_leaves_nobody_beside_a_free_seat(session: Session, run: Run) -> None:
    offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, quota=None)
    operations.promote(run_id=run.id, by=SYSTEM, now=NOW)
    (job,) = session.scalars(select(Job).where(Job.task == tasks.PROMOTE))
    job.state = jobs.JobState.FAILED
    session.commit()
    assert states(session, run) == "aaaww"
    assert tasks.promote_left(Running(0, {}, None)) == {"runs": 1}
    assert states(session, run) == "aaaaa"
    assert tasks.promote_left(Running(0, {}, None)) == {"runs": 0}


def test_where_no_seat_is_free_nobody_is_promoted_by_the_clock(session: Session, run: Run) -> None:
    session.commit()
    assert tasks.promote_left(Running(0, {}, None)) == {"runs": 0}
    assert states(session, run) == "awwww"


def test_who_asks_again_has_no_former_decision(session: Session, run: Run, as_role: AsRole) -> None:
    run.mode, run.quota = RunMode.APPROVAL, None
    asked = operations.enrol(run=run, person_id=ground.person().id, by=SYSTEM, now=NOW)
    asked.decided_by_id = make_account().id
    operations.withdraw(enrolment=asked, by=SYSTEM, now=NOW)
    again = operations.enrol(run=run, person_id=asked.person_id, by=SYSTEM, now=NOW)
    assert (again.id, again.state, again.decided_by_id) == (asked.id, EnrolmentState.PENDING, None)


def test_of_a_run_that_is_closed_nobody_is_promoted_and_nobody_stands_behind(session: Session, run: Run) -> None:
    offerings.update_run(run=run, version=None, by=SYSTEM, now=NOW, quota=5)
    operations.promote(run_id=run.id, by=SYSTEM, now=NOW)
    run.ends_on = NOW.date() - timedelta(days=1)
    session.flush()
    put_in = operations.enrol(run=run, person_id=ground.person().id, by=SYSTEM, now=NOW + timedelta(hours=1), is_approved=True)
    assert put_in.state is EnrolmentState.ACTIVE
    session.commit()
    jobs.run_all()
    assert states(session, run) == "aaawwa"


def test_the_page_says_that_the_rest_follows(as_role: AsRole, session: Session, run: Run, lead: Person) -> None:
    owner_id = run.course.owner_id
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=owner_id, person_id=lead.id)
    address = f"/teaching/runs/{run.id}/settings"
    given = {"starts_on": "2026-03-02", "mode": "open", "pass_mark": "60", "goal_category": "worker", "version": str(run.version), "quota": "9"}
    assert teacher.post(address, data=given).status_code == 303
    assert "还有 2 名候补学员正在后台依次转正" in teacher.get(address).text
