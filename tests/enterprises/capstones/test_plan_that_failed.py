"""A computation that came to nothing does not keep the cohort from another one."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.types import PlanMode, PlanState
from tests.factories import capstones as make
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.jobs import Job, JobState
from trainhub.programmes.models import Cohort


def test_another_one_is_asked_for_when_the_job_has_failed(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case(has_supervisors=False)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    first = operations.ask_for_plan(cohort=cohort, mode=PlanMode.FILL, by=SYSTEM, now=NOW)
    for state in (JobState.QUEUED, JobState.RUNNING):
        session.get_one(Job, first.job_id).state = state
        session.flush()
        assert operations.ask_for_plan(cohort=cohort, mode=PlanMode.FILL, by=SYSTEM, now=NOW) is first
    session.get_one(Job, first.job_id).state = JobState.FAILED
    at, programme_id, cohort_id = f"/capstones/cohorts/{found.programme.code}/{cohort.year}/board", found.programme.id, cohort.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    page = head.get(at).text
    assert ("失败" in page, "board/plan" in page, "http-equiv" in page) == (True, True, False)
    assert head.post(f"{at}/plan", data={"mode": "fill"}).status_code == 303
    session.expire_all()
    second = queries.waiting_plan(cohort_id)
    assert second is not None
    assert (second.id != first.id, first.state, second.state) == (True, PlanState.DISCARDED, PlanState.WAITING)
    operations.compute_plan(plan=first, by=SYSTEM, today=TODAY)  # the failed job is claimed again after all: nothing comes of it
    assert (first.state, first.result) == (PlanState.DISCARDED, None)
