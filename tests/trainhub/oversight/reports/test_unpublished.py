"""What was never offered, and who was never admitted, is in no report and in no open data."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.catalogue.types import RunMode, RunState
from courses.learning.types import EnrolmentState
from tests.factories import courses as made
from trainhub.kernel.db import transaction
from trainhub.oversight.reports.queries import opendata, schools
from trainhub.oversight.reports.types import Asked, ReportKind

pytestmark = pytest.mark.database
SINCE, UNTIL, LATER = date(2026, 1, 1), date(2026, 12, 31), datetime(2100, 1, 1, tzinfo=UTC)


def _asked(moment: datetime = LATER) -> Asked:
    return Asked(ReportKind.QUALITY, SINCE, UNTIL, moment, None)


def test_only_published_runs_and_admitted_learners_are_counted(session: Session, client: FlaskClient) -> None:
    course = made.course()
    draft = made.run(course)
    owner, code = course.owner_id, course.code
    assert (schools.open_courses(_asked()).get(owner), opendata.courses(UNTIL)) == (None, [])
    run = made.run(course, is_published=True, mode=RunMode.APPROVAL)
    made.enrolment(run)  # first: nobody goes past those who wait
    for state in (EnrolmentState.PENDING, EnrolmentState.WAITING, EnrolmentState.WITHDRAWN):
        row = made.enrolment(run)
        row.state, row.enrolled_at = state, None
    session.flush()
    assert schools.open_courses(_asked())[owner] == (1, 1, 0)
    assert [(row[0], row[3], row[4]) for row in opendata.courses(UNTIL)] == [(code, 1, 1)]
    assert opendata.courses(run.starts_on - timedelta(days=1)) == []
    run.state = RunState.CLOSED
    session.flush()
    assert schools.open_courses(_asked())[owner] == (1, 1, 0)
    assert draft.state is RunState.DRAFT
    session.commit()
    assert [row["code"] for row in client.get("/open/courses.json").get_json()["rows"]] == [code]


def test_a_run_that_was_published_after_the_moment_of_a_report_was_a_draft_then(session: Session) -> None:
    with transaction():
        run = made.run(is_published=True)
        owner = run.course.owner_id
    assert owner not in schools.open_courses(_asked(made.NOW - timedelta(hours=1)))
    assert schools.open_courses(_asked())[owner][0] == 1
