"""A file of a print run that the disk lost or damaged: the download says so, a job with a bar draws it again, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.trainhub.certificates.test_printing import _draw, _run
from trainhub.certificates import queries, tasks
from trainhub.certificates.models import PrintRun
from trainhub.certificates.operations import lost_files, printing
from trainhub.kernel import fonts, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Stale
from trainhub.kernel.jobs import Job, JobState

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]
BUTTON = "检查并重画丢失的文件"
DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "changed": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
}


@pytest.fixture
def run(session: Session) -> PrintRun:
    session.expire_on_commit = False
    made = _run(3)
    _draw(made)
    return made


def _path(run: PrintRun) -> Path:
    (chunk,) = queries.chunks_of(run.id)
    return printing.folder_of(tasks.root(), run) / printing.file_name(run, chunk)


def _job(session: Session, run: PrintRun) -> Job:
    session.expire_all()
    now = queries.run_by_id(run.id)
    assert now is not None
    found = queries.job_by_id(now.job_id)
    assert found is not None
    return found


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("what", ["all.zip", "all.pdf", "files/1/pdf"])
def test_a_download_says_what_happened_and_draws_nothing(run: PrintRun, as_role: AsRole, how: str, what: str) -> None:
    path = _path(run)
    DAMAGE[how](path)
    there = path.read_bytes() if path.exists() else None
    answer = as_role(Role.SYSTEM_ADMIN).get(f"/certificates/runs/{run.id}/{what}")
    assert answer.status_code == 409
    assert path.name in answer.text
    assert ("服务器上已没有这个文件" if how == "gone" else "已损坏") in answer.text
    assert BUTTON in answer.text
    assert (path.read_bytes() if path.exists() else None) == there


@pytest.mark.parametrize("how", DAMAGE)
def test_a_job_draws_it_again_byte_for_byte(session: Session, run: PrintRun, as_role: AsRole, how: str) -> None:
    path, admin, where = _path(run), as_role(Role.SYSTEM_ADMIN), f"/certificates/runs/{run.id}"
    whole = path.read_bytes()
    assert "个文件丢失或损坏" not in admin.get(where).text
    DAMAGE[how](path)
    assert ("1 个文件丢失或损坏" in admin.get(where).text) is (how != "changed"), "what has its length is found by the job"
    assert admin.post(f"{where}/redraw").status_code == 303
    job = _job(session, run)
    assert (job.task, job.state) == (lost_files.TASK, JobState.QUEUED)
    page = admin.get(where).text
    assert "正在检查各个文件" in page
    assert "htmx" in page
    assert "正在检查各个文件" in admin.get(f"{where}/state?drawn=1").text, "the bar, not the whole page"
    assert admin.post(f"{where}/redraw").status_code == 409
    session.commit()
    jobs.run_all()
    job = _job(session, run)
    assert (job.state, job.result) == (JobState.DONE, {"run": run.id, "drawn": [path.name]})
    assert (job.done_count, job.total_count) == (1, 1)
    assert path.read_bytes() == whole
    assert "个文件丢失或损坏" not in admin.get(where).text
    assert admin.get(f"{where}/files/1/pdf").data == whole


def test_where_nothing_is_lost_nothing_is_drawn(session: Session, run: PrintRun) -> None:
    before = _path(run).stat().st_mtime_ns
    with transaction():
        now = queries.run_by_id(run.id)
        assert now is not None
        lost_files.redraw(run=now, by=SYSTEM)
        with pytest.raises(Stale):
            lost_files.redraw(run=now, by=SYSTEM)
    jobs.run_all()
    assert (_job(session, run).result or {})["drawn"] == []
    assert _path(run).stat().st_mtime_ns == before


def test_what_would_not_be_the_same_is_not_put_in_its_place(session: Session, run: PrintRun, as_role: AsRole) -> None:
    path = _path(run)
    path.unlink()
    with transaction():
        chunk = queries.chunk(run.id, 1)
        assert chunk is not None
        chunk.sha256 = "0" * 64  # as if fonts or program had been others then
        now = queries.run_by_id(run.id)
        assert now is not None
        lost_files.redraw(run=now, by=SYSTEM)
    jobs.run_all()
    assert _job(session, run).state is JobState.FAILED
    assert not path.exists()
    page = as_role(Role.SYSTEM_ADMIN).get(f"/certificates/runs/{run.id}").text
    assert "重画的文件与当时印制的不同" in page
    assert BUTTON in page


def test_after_a_job_that_failed_there_is_still_a_button(session: Session, run: PrintRun, as_role: AsRole) -> None:
    """A damaged file has its length: nothing is seen of it but what the job finds, which a full disk may have stopped."""
    DAMAGE["changed"](_path(run))
    admin, where = as_role(Role.SYSTEM_ADMIN), f"/certificates/runs/{run.id}"
    admin.post(f"{where}/redraw")
    _job(session, run).state = JobState.FAILED
    session.commit()
    assert f'action="{where}/redraw"' in admin.get(where).text
    assert admin.post(f"{where}/redraw").status_code == 303


def test_a_worker_with_another_folder_is_told(session: Session, run: PrintRun, as_role: AsRole) -> None:
    """The job found or drew every file where it looks; the site still has none: to press again helps nobody."""
    admin, where = as_role(Role.SYSTEM_ADMIN), f"/certificates/runs/{run.id}"
    admin.post(f"{where}/redraw")
    session.commit()
    jobs.run_all()
    assert "共用打印文件夹" not in admin.get(where).text
    _path(run).unlink()
    assert "共用打印文件夹" in admin.get(where).text
