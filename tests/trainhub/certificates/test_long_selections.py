"""A large selection becomes a batch by a job, like a long list: nobody waits for the answer, what is wrong is said, nothing is half done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.certificates import list_tasks
from trainhub.certificates.models import IssueBatch, IssueItem
from trainhub.certificates.operations import batches
from trainhub.certificates.types import BatchSource
from trainhub.certificates.views import batches as views
from trainhub.kernel import jobs
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import in_language
from trainhub.notifications.models import Notice
from trainhub.people.models import Student
from trainhub.people.types import StudentState

AsRole = Callable[..., FlaskClient]
FACTS = {"template": "training", "fact_course": "课程", "fact_base": "基地", "fact_hours": "8", "fact_ends_on": "2026-02-05"}


class Place:
    """A university with one programme, and whoever may issue for it."""

    def __init__(self, session: Session, as_role: AsRole, count: int) -> None:
        session.expire_on_commit = False
        with transaction():
            self.issuer = ground.university()
            self.programme = ground.programme(self.issuer)
            self.students = [ground.student(self.programme) for _one in range(count)]
        self.maker = as_role(Role.UNIVERSITY_ADMIN, organisation_id=self.issuer.id)
        self.where = f"/certificates/batches/select?kind=training&programme={self.programme.id}"

    def post(self, key: str = "k", **given: Any) -> Any:
        """Hand in the form for everybody unless persons are given."""
        whom = {} if "persons" in given else {"is_everyone": "y"}
        return self.maker.post(self.where, data={**FACTS, "title": "春季班", "issuer_id": self.issuer.id, "submission_key": key, **whom, **given})


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_tasks, "SELECTED_AT_ONCE", 3)


def _jobs(session: Session) -> list[jobs.Job]:
    return list(session.scalars(sa.select(jobs.Job).where(jobs.Job.task == list_tasks.SELECT)))


@pytest.mark.parametrize(("count", "is_job"), [(2, False), (3, False), (4, True)])
def test_only_a_large_selection_is_a_job(session: Session, as_role: AsRole, count: int, is_job: bool) -> None:
    answer = Place(session, as_role, count).post()
    assert answer.status_code == 303
    assert (len(_jobs(session)), session.scalar(sa.select(sa.func.count()).select_from(IssueBatch))) == ((1, 0) if is_job else (0, 1))


def test_a_large_selection_becomes_a_batch_by_a_job(session: Session, as_role: AsRole) -> None:
    here = Place(session, as_role, 5)
    where = here.post().location
    page = here.maker.get(where).text
    assert "检查签发人员 春季班" in page
    assert "排队" in page
    with in_language("en"):
        assert "Check the people of 春季班" in here.maker.get(where).text
    assert here.post().status_code == 303, "the same form again"
    (job,) = _jobs(session)
    assert set(job.args) == {"programme_id", "cohort_id", "studying", "facts", "title_of_batch", "kind", "issuer_id", "template"}, "nobody is named"
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.issuer.id).get(where).status_code == 404, "somebody else's"
    jobs.run_all()
    batch = session.scalars(sa.select(IssueBatch)).one()
    assert (batch.count, batch.source, batch.title, batch.asked_by_id) == (5, BatchSource.SELECTION, "春季班", job.asked_by_id)
    assert session.scalars(sa.select(IssueItem.person_id).order_by(IssueItem.position)).all() == [one.person_id for one in here.students]
    items = session.scalars(sa.select(IssueItem)).all()
    assert {tuple(sorted(one.facts.items())) for one in items} == {(("base", "基地"), ("course", "课程"), ("ends_on", "2026-02-05"), ("hours", "8"))}
    assert here.maker.get(where).location == f"/certificates/batches/{batch.id}"
    assert here.maker.get(f"{where}/state").headers["HX-Refresh"] == "true"
    notice = session.scalars(sa.select(Notice).where(Notice.kind == "certificates.list_checked")).one()
    assert (notice.url, notice.values["n"]) == (where, 5)
    session.get_one(jobs.Job, job.id).state = jobs.JobState.QUEUED
    session.commit()
    jobs.run_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 1, "harmless to repeat"


def test_what_goes_wrong_in_the_job_is_said_on_its_page(session: Session, as_role: AsRole) -> None:
    here = Place(session, as_role, 4)
    where = here.post().location
    with transaction():
        for one in session.scalars(sa.select(Student)):
            one.state = StudentState.GRADUATED
    jobs.run_all()
    page = here.maker.get(where).text
    for said in ("没有建立签发批次", "没有选择任何人", "重新选择"):
        assert said in page
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0


def test_more_than_a_batch_holds_is_refused_at_once(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_ITEMS", 4)
    here = Place(session, as_role, 5)
    answer = here.post()
    assert answer.status_code == 422
    assert "最多签发4张" in answer.text
    assert _jobs(session) == []


def test_the_page_reads_no_more_students_than_it_lists(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_LISTED", 2)
    here = Place(session, as_role, 5)
    session.expunge_all()
    page = here.maker.get(here.where).text
    assert "共 5 人，下面只列出前 2 人" in page
    assert sum(isinstance(one, Student) for one in session.identity_map.values()) <= 2


def test_who_may_no_longer_issue_makes_no_batch(session: Session, as_role: AsRole) -> None:
    here = Place(session, as_role, 4)
    where = here.post().location
    (job,) = _jobs(session)
    from trainhub.identity.models import RoleGrant

    with transaction():
        session.execute(sa.delete(RoleGrant).where(RoleGrant.account_id == job.asked_by_id))
    jobs.run_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0
    assert session.get_one(jobs.Job, job.id).state is jobs.JobState.FAILED
    assert where
