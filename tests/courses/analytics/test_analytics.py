"""A run summed up, the list of those who need help, its pages, the same queries for one learner and thirty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.analytics import operations, queries
from courses.analytics.models import RunSummary
from courses.analytics.types import Reason, Risk
from courses.catalogue.models import Run
from courses.learning import operations as learning
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@pytest.fixture
def lead(session: Session) -> Person:
    return ground.person()


@pytest.fixture
def run(session: Session, lead: Person) -> Run:
    """Two units; one learner has done both, one the first, one nothing; one is a student of a cohort."""
    made = make.run(lead=lead, ends_on=date(2026, 4, 30))
    first, second = make.unit(made, title="一", due_at=datetime(2026, 3, 12, tzinfo=UTC)), make.unit(made, title="二")
    texts = [make.text(first), make.text(second)]
    made = make.publish(made)
    student = ground.student()
    people = [session.get_one(Person, student.person_id), ground.person(), ground.person()]
    for number, who in enumerate(people):
        row = make.enrolment(made, who)
        for step, block in enumerate(texts[: 2 - number]):
            learning.mark_done(enrolment=row, block=block, by=SYSTEM, now=NOW + timedelta(minutes=10 * step))
    return made


def test_a_run_is_summed_up(session: Session, run: Run) -> None:
    made = operations.summarise(run_id=run.id, now=NOW + timedelta(hours=1))
    assert (made.learners, made.completed, made.active_week, made.never) == (3, 1, 2, 1)
    assert [(u.title, u.started, u.finished, u.stuck, u.minutes_median) for u in made.units] == [("一", 2, 2, 1, None), ("二", 1, 1, 1, 10.0)]
    assert [(g.learners, g.completed, g.progress_x1000) for g in made.groups] == [(2, 0, 250), (1, 1, 1000)]
    assert (sum(made.histogram), made.histogram[10], made.weeks[-1][1]) == (3, 1, 2)
    operations.summarise(run_id=run.id, now=NOW + timedelta(hours=2))
    assert len(session.scalars(select(RunSummary)).all()) == 1
    again = queries.summary_of(run.id)
    assert again is not None
    assert (again.units, again.groups) == (made.units, made.groups)


def test_an_empty_run_is_summed_up_too(session: Session) -> None:
    made = operations.summarise(run_id=make.run(is_published=True).id, now=NOW)
    assert (made.learners, made.groups, [u.started for u in made.units]) == (0, (), [0])


def test_who_needs_help(session: Session, run: Run) -> None:
    found = queries.at_risk(run, NOW + timedelta(days=20))
    assert [(row.judged.risk, row.judged.reasons, row.overdue) for row in found] == [
        (Risk.HIGH, (Reason.NEVER_STARTED, Reason.BEHIND, Reason.OVERDUE), 1),
        (Risk.MEDIUM, (Reason.INACTIVE,), 0),
    ]
    assert queries.narrowed(found, Risk.HIGH, "")[0].enrolment_id == found[0].enrolment_id
    assert queries.narrowed(found, None, "没有这个年级") == []


def test_the_pages(as_role: AsRole, session: Session, run: Run, lead: Person) -> None:
    stranger = ground.person()
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    url = f"/teaching/runs/{run.id}/analytics"
    assert "还没有统计" in teacher.get(url).text
    assert teacher.post(url).status_code == 303
    page = teacher.get(url).text
    assert "各单元的漏斗" in page
    assert "<svg" in page
    assert teacher.get(f"{url}/units.csv").data.decode("utf-8-sig").splitlines()[1].endswith("一,2,2,1,,")
    assert "需要重点帮助" in teacher.get(f"{url}/risk").text
    assert len(teacher.get(f"{url}/risk.csv").data.decode("utf-8-sig").splitlines()) == 3
    other = as_role(Role.TRAINEE, person_id=stranger.id)
    session.commit()
    assert [other.get(f"{url}{more}").status_code for more in ("", "/risk", "/risk.csv", "/units.csv")] == [403] * 4


@pytest.mark.parametrize("page", ["/analytics", "/analytics/risk", "/analytics/risk.csv", "/learners"])
def test_the_same_queries_for_three_learners_and_thirty(
    as_role: AsRole, session: Session, run: Run, lead: Person, count_queries: list[str], page: str
) -> None:
    operations.summarise(run_id=run.id, now=NOW)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)

    def ask() -> int:
        session.expire_all()
        count_queries.clear()
        assert teacher.get(f"/teaching/runs/{run.id}{page}").status_code == 200
        return len(count_queries)

    ask()
    few = ask()
    for _ in range(27):
        make.enrolment(run)
    session.commit()
    assert ask() == few
