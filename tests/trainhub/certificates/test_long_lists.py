"""A long list becomes a batch by a job: nobody waits for the answer, every problem is told with row and column, nothing is half done."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.certificates import list_tasks
from trainhub.certificates.models import IssueBatch, IssueItem
from trainhub.certificates.types import BatchSource
from trainhub.certificates.views import lists
from trainhub.kernel import clock, files, jobs
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import in_language
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]
HEAD = "姓名,学号,培训项目,培训基地,学时,班级,备注"
FILLER = "x" * 900
COUNT = 80


def _table(rows: list[str]) -> bytes:
    content = "\n".join([HEAD, *rows]).encode()
    assert len(content) > lists.SHORT
    return content


def _rows(*, hours: str = "48") -> list[str]:
    return [f"学员,2026{place:03d},课程,基地,{hours},二班,{FILLER}" for place in range(COUNT)]


@pytest.fixture
def issuer(session: Session) -> Organisation:
    return _with_students()


@remembered
def _with_students() -> Organisation:
    with transaction():
        here = ground.university()
        programme = ground.programme(here)
        for place in range(COUNT):
            ground.student(programme, who=ground.person("学员"), student_no=f"2026{place:03d}")
    return here


def _post(client: FlaskClient, content: bytes, issuer_id: int, key: str = "a") -> Any:
    data = {"title": "春季班", "kind": "training", "issuer_id": issuer_id, "submission_key": key, "file": (io.BytesIO(content), "名单.csv")}
    return client.post("/certificates/batches/import", data=data)


@pytest.fixture
def maker(session: Session, issuer: Organisation, as_role: AsRole) -> FlaskClient:
    """Whoever may issue here."""
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    session.commit()
    return client


def _kept(session: Session) -> list[StoredFile]:
    return list(session.scalars(sa.select(StoredFile)))


def test_a_long_list_is_checked_by_a_job_and_becomes_a_batch(session: Session, issuer: Organisation, maker: FlaskClient, as_role: AsRole) -> None:
    content, issuer_id = _table(_rows()), issuer.id
    answer = _post(maker, content, issuer_id)
    assert answer.status_code == 303
    where = answer.location
    page = maker.get(where)
    assert "检查签发名单 名单.csv" in page.text
    assert "排队" in page.text
    with in_language("en"):
        assert "Check the list 名单.csv" in maker.get(where).text
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0
    assert _post(maker, content, issuer_id).status_code == 303, "the same form again"
    assert len(session.scalars(sa.select(jobs.Job).where(jobs.Job.task == list_tasks.IMPORT)).all()) == 1
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer_id).get(where).status_code == 404, "somebody else's"
    (upload,) = _kept(session)
    assert (upload.is_sealed, files.read(upload)) == (True, content), (
        "it names people: it lies sealed, and the batch has the digest of the list itself"
    )
    jobs.run_all()
    batch = session.scalars(sa.select(IssueBatch)).one()
    assert (batch.count, batch.source, batch.digest, batch.title) == (COUNT, BatchSource.IMPORT, hashlib.sha256(content).hexdigest(), "春季班")
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueItem)) == COUNT
    assert maker.get(where).location == f"/certificates/batches/{batch.id}"
    assert maker.get(f"{where}/state").headers["HX-Refresh"] == "true"
    assert _kept(session) == [], "the upload is not kept"
    notice = session.scalars(sa.select(Notice).where(Notice.kind == "certificates.list_checked")).one()
    assert (notice.url, notice.values["n"]) == (where, COUNT)


def test_a_long_list_with_errors_leaves_nothing_but_what_is_to_be_put_right(session: Session, issuer: Organisation, maker: FlaskClient) -> None:
    rows = _rows()
    rows[41] = f"李四,2026041,课程,基地,48,二班,{FILLER}"
    where = _post(maker, _table(rows), issuer.id).location
    jobs.run_all()
    page = maker.get(where).text
    for said in ("没有建立签发批次", "第 43 行", "姓名与登记的不一致", "1 处"):
        assert said in page
    with in_language("en"):
        english = maker.get(where).text
    assert "姓名与登记的不一致" not in english
    assert "没有建立签发批次" not in english
    assert ">Name<" in english.replace("<span>", "").replace("</span>", "")
    table = maker.get(f"{where}/problems.csv").get_data(as_text=True)
    assert "43" in table
    assert "姓名与登记的不一致" in table
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0
    assert _kept(session) == []


def test_a_check_that_was_taken_up_twice_makes_one_batch(session: Session, issuer: Organisation, maker: FlaskClient) -> None:
    _post(maker, _table(_rows()), issuer.id)
    now = clock.now()
    slow, quick = jobs.claim(now), jobs.claim(now + jobs.LEASE + timedelta(seconds=1))
    assert slow is not None
    assert quick is not None
    assert jobs.run(quick) is jobs.JobState.DONE
    with transaction():
        session.get_one(jobs.Job, quick.id).state = jobs.JobState.RUNNING
    again = jobs.claim(now + 3 * jobs.LEASE)
    assert again is None or jobs.run(again) is jobs.JobState.DONE
    jobs.run(slow)
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 1


def test_who_may_no_longer_issue_makes_no_batch(session: Session, issuer: Organisation, as_role: AsRole) -> None:
    stranger = as_role(Role.UNIVERSITY_ADMIN, organisation_id=ground.university().id)
    session.commit()
    assert _post(stranger, _table(_rows()), issuer.id).status_code == 422
    assert session.scalars(sa.select(jobs.Job).where(jobs.Job.task == list_tasks.IMPORT)).all() == []
    assert _kept(session) == []


def test_what_is_no_table_is_refused_at_once_or_with_words(session: Session, issuer: Organisation, maker: FlaskClient) -> None:
    assert _post(maker, b"%PDF-1.7\n" + b"x" * lists.SHORT, issuer.id).status_code == 422
    answer = _post(maker, ("甲,乙\n" + f"1,{'y' * lists.SHORT}\n").encode(), issuer.id, "b")
    jobs.run_all()
    page = maker.get(answer.location).text
    assert "没有建立签发批次" in page
    assert "姓名" in page


def test_the_upload_of_a_job_that_was_killed_is_not_kept(session: Session, issuer: Organisation, maker: FlaskClient) -> None:
    _post(maker, _table(_rows()), issuer.id)
    running = jobs.claim(clock.now())
    assert running is not None
    stored = _kept(session)[0]
    key, sha256 = stored.id, stored.sha256
    with transaction():  # it made the batch, and was killed before it deleted the upload
        row = session.get_one(StoredFile, key)
        kept = {name: getattr(row, name) for name in ("kind", "name", "media_type", "size", "sha256", "uploaded_by_id", "uploaded_at")}
    assert jobs.run(running) is jobs.JobState.DONE
    with transaction():
        session.add(StoredFile(id=key, **kept))
    list_tasks.import_list(running)
    session.expire_all()
    assert (_kept(session), session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)), bool(sha256)) == ([], 1, True)


def test_the_upload_of_a_job_that_nobody_ends_is_erased(session: Session, issuer: Organisation, maker: FlaskClient) -> None:
    _post(maker, _table(_rows()), issuer.id)
    assert list_tasks.forget_uploads(jobs.Running(0, {}, None)) == {"erased": 0}, "its job may still come"
    with transaction():
        (row,) = _kept(session)
        row.uploaded_at -= list_tasks.KEPT + timedelta(minutes=1)
        other = StoredFile(kind="import", name="其他.csv", media_type="text/csv", size=1, sha256="ab" * 32, uploaded_at=row.uploaded_at)
        session.add(other)
    for erased in (1, 0):
        assert list_tasks.forget_uploads(jobs.Running(0, {}, None)) == {"erased": erased}
    session.expire_all()
    assert [one.name for one in _kept(session)] == ["其他.csv"], "uploads of other rooms are theirs"
