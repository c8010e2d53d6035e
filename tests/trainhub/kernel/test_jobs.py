"""Jobs: at least once, one row as truth and queue, re-queued when a worker dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from trainhub.kernel import clock, jobs, logs
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _, in_language, listed, remembering, say


@pytest.fixture
def task(app: Flask) -> Iterator[list[Any]]:
    """A task that notes its calls; `fail` and `refuse` in its arguments decide how it ends."""
    calls: list[Any] = []

    def run(job: jobs.Running) -> dict[str, int]:
        calls.append(dict(job.args))
        if job.args.get("refuse"):
            raise Refused("名单第 3 行有误")
        if job.args.get("words"):
            lacks = listed([_("姓名"), _("学号")])
            details = [{"row": 3, "problem": _("此项不能为空。")}]
            raise Refused(
                _("模板必填的%(fields)s没有内容，没有签发。请在来源中补全后再签发，或换用不要求这些内容的模板。", fields=lacks), details=details
            )
        if job.args.get("fail"):
            raise RuntimeError("boom")
        job.progress(1, 2, "half")
        return {"rows": 2}

    app.extensions.setdefault("trainhub.tasks", {})["test.task"] = run
    yield calls
    del app.extensions["trainhub.tasks"]["test.task"]


ROW = "陈某某13900000000\n\n福州市鼓楼区"


@pytest.fixture
def broken_by(app: Flask) -> Iterator[list[BaseException]]:
    """A task that fails of what is put into the list, or, of nothing, of a row that the database refuses and quotes."""
    why: list[BaseException] = []

    def run(_job: jobs.Running) -> None:
        if why:
            raise why[0]
        with transaction() as current:
            current.execute(sa.text("INSERT INTO organisation (code, name) VALUES ('X', :name)"), {"name": ROW})

    app.extensions["trainhub.tasks"]["test.task"] = run
    yield why
    del app.extensions["trainhub.tasks"]["test.task"]


def test_a_failed_job_tells_no_row_of_the_database(session: Session, broken_by: list[BaseException]) -> None:
    """PostgreSQL quotes the row it refuses, over several lines; neither the log, the table nor the page of the administrator may repeat it."""
    job_id = _ask()
    with capture_logs() as told:
        jobs.run_all()
    (entry,) = [one for one in told if one["event"] == "job.failed"]
    written = str(logs.with_exception(None, "error", dict(entry)))
    kept = _job(session, job_id).result
    assert "organisation" in written
    assert "IntegrityError" in kept["bug"]
    assert [word in f"{written}{kept}" for word in ("陈某某", "13900000000", "鼓楼")] == [False, False, False]


def test_what_a_failed_job_keeps_is_one_line(session: Session, broken_by: list[BaseException]) -> None:
    broken_by.append(ValueError("第一行\n第二行 13900000000"))
    job_id = _ask()
    jobs.run_all()
    assert _job(session, job_id).result == {"bug": "ValueError: 第一行"}


def _job(session: Session, job_id: int) -> jobs.Job:
    return session.scalars(sa.select(jobs.Job).where(jobs.Job.id == job_id).execution_options(populate_existing=True)).one()


def _ask(**args: Any) -> int:
    with transaction():
        return jobs.ask("test.task", by=SYSTEM, title="测试", **args).id


def test_a_job_runs_and_keeps_its_result_and_progress(session: Session, task: list[Any]) -> None:
    job_id = _ask(file=7)
    assert jobs.run_all() == 1
    job = _job(session, job_id)
    assert (job.state, job.result, job.done_count, job.total_count, task) == (jobs.JobState.DONE, {"rows": 2}, 1, 2, [{"file": 7}])
    assert jobs.run_all() == 0


def test_a_refusal_ends_the_job_with_its_words(session: Session, task: list[Any]) -> None:
    job_id = _ask(refuse=True)
    jobs.run_all()
    job = _job(session, job_id)
    assert (job.state, job.message, len(task)) == (jobs.JobState.FAILED, "名单第 3 行有误", 1)


def test_a_bug_is_tried_again_and_fails_at_the_third_time(session: Session, task: list[Any]) -> None:
    job_id = _ask(fail=True)
    states = []
    for _time in range(3):
        session.execute(sa.update(jobs.Job).values(run_after_at=clock.now()))
        jobs.run_all()
        states.append(_job(session, job_id).state)
    assert states == [jobs.JobState.QUEUED, jobs.JobState.QUEUED, jobs.JobState.FAILED]
    assert len(task) == 3
    failed = _job(session, job_id)
    assert f"任务编号 {job_id}" in failed.shown_message, "nobody but the administrator is told of Python"
    assert failed.result == {"bug": "RuntimeError: boom"}


def test_a_job_whose_worker_died_is_taken_up_after_its_lease(session: Session, task: list[Any]) -> None:
    job_id = _ask()
    now = clock.now()
    assert jobs.claim(now) is not None
    assert jobs.claim(now + jobs.LEASE - timedelta(seconds=1)) is None
    again = jobs.claim(now + jobs.LEASE + timedelta(seconds=1))
    assert again is not None
    assert again.id == job_id
    assert _job(session, job_id).attempts == 2


def test_a_job_that_kills_its_worker_each_time_fails_with_words(session: Session, task: list[Any]) -> None:
    job_id, now = _ask(), clock.now()
    for claimed in range(1, 4):
        assert _job(session, job_id).state is not jobs.JobState.FAILED
        running = jobs.claim(now)
        assert running is not None, f"claimed for the {claimed}. time"
        assert running.attempt == claimed
        now += jobs.LEASE + timedelta(seconds=1)
    assert _job(session, job_id).state is jobs.JobState.RUNNING, "the third worker may live yet"
    assert jobs.claim(now - timedelta(seconds=2)) is None
    assert _job(session, job_id).state is jobs.JobState.RUNNING
    assert jobs.claim(now) is None, "not a fourth time"
    failed = _job(session, job_id)
    assert (failed.state, failed.attempts, failed.finished_at, failed.lease_until_at) == (jobs.JobState.FAILED, 3, now, None)
    assert f"任务编号 {job_id}" in failed.shown_message
    assert "3 次" in failed.shown_message
    assert failed.shown_result["error"]["message"] == failed.shown_message
    with in_language("en"):
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in failed.shown_message)
    assert jobs.run(jobs.Running(job_id, {}, None, 3)) is jobs.JobState.RUNNING, "the third comes to life again: it is not heard"
    assert _job(session, job_id).state is jobs.JobState.FAILED


def test_a_deadly_job_holds_up_no_other(session: Session, task: list[Any]) -> None:
    now, later = clock.now(), clock.now() + 4 * (jobs.LEASE + timedelta(seconds=1))
    with transaction():
        for _each in range(6):
            job = jobs.ask("test.task", by=SYSTEM, title="测试")
            job.state, job.attempts, job.lease_until_at = jobs.JobState.RUNNING, 3, now
    job_id = _ask(file=9)
    running = jobs.claim(later)
    assert running is not None
    assert running.id == job_id
    assert session.scalar(sa.select(sa.func.count()).where(jobs.Job.state == jobs.JobState.FAILED)) == 6


def test_the_same_work_is_queued_once(session: Session, task: list[Any]) -> None:
    assert _ask(unique_key="roster:1") == _ask(unique_key="roster:1")
    assert jobs.run_all() == 1


def test_later_work_waits(session: Session, task: list[Any]) -> None:
    _ask(run_after=clock.now() + timedelta(hours=1))
    assert jobs.run_all() == 0


def test_every_reader_reads_a_job_in_their_language(session: Session, task: list[Any]) -> None:
    with transaction():
        job_id = jobs.ask("test.task", by=SYSTEM, title=say(N_("打印证书：%(title)s"), title="春季班"), words=True).id
    jobs.run_all()
    job = _job(session, job_id)
    assert (job.shown_title, job.shown_message) == (
        "打印证书：春季班",
        "模板必填的姓名、学号没有内容，没有签发。请在来源中补全后再签发，或换用不要求这些内容的模板。",
    )
    assert job.shown_result["error"]["details"] == [{"row": 3, "problem": "此项不能为空。"}]
    with in_language("en"):
        assert job.shown_title == _("打印证书：%(title)s", title="春季班") != "打印证书：春季班"
        assert "Name, Student number" in job.shown_message
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in job.shown_message)
        assert job.shown_result["error"]["details"] == [{"row": 3, "problem": _("此项不能为空。")}]
        assert job.shown_result["error"]["message"] == job.shown_message


def test_progress_is_told_in_the_language_of_the_reader(session: Session, task: list[Any]) -> None:
    job_id = _ask()
    running = jobs.claim(clock.now())
    assert running is not None
    with remembering():
        running.progress(1, 2, _("已排队，即将开始。"))
    with in_language("en"):
        assert _job(session, job_id).shown_message == _("已排队，即将开始。") != "已排队，即将开始。"


def test_jobs_of_an_earlier_version_stay_readable(session: Session, task: list[Any]) -> None:
    with transaction():
        job_id = jobs.ask("test.task", by=SYSTEM, title="打印证书：100% 的春季班").id
        job = _job(session, job_id)
        job.message, job.result = "证书 %(number)s 中有这台机器的字体没有的字", {"error": {"code": "x", "message": "旧的说明", "details": []}}
    with in_language("en"):
        job = _job(session, job_id)
        assert (job.shown_title, job.shown_message) == ("打印证书：100% 的春季班", "证书 %(number)s 中有这台机器的字体没有的字")
        assert job.shown_result["error"]["message"] == "旧的说明"


def test_a_worker_that_was_overtaken_is_no_longer_heard(session: Session, task: list[Any]) -> None:
    job_id, now = _ask(file=7), clock.now()
    slow = jobs.claim(now)
    quick = jobs.claim(now + jobs.LEASE + timedelta(seconds=1))
    assert slow is not None
    assert quick is not None
    with pytest.raises(jobs.Overtaken):
        slow.progress(2, 2)
    assert jobs.run(slow) is jobs.JobState.RUNNING, "it stops at the next word about its progress"
    assert (_job(session, job_id).state, _job(session, job_id).done_count) == (jobs.JobState.RUNNING, 0)
    quick.progress(1, 2)
    assert jobs.run(quick) is jobs.JobState.DONE
    assert jobs.run(slow) is jobs.JobState.RUNNING
    assert (_job(session, job_id).state, _job(session, job_id).attempts) == (jobs.JobState.DONE, 2)


def test_a_job_without_its_worker_is_known_as_such(session: Session, task: list[Any]) -> None:
    job_id, now = _ask(), clock.now()
    assert jobs.claim(now) is not None
    assert not _job(session, job_id).is_orphaned
    with transaction():
        _job(session, job_id).lease_until_at = now - timedelta(seconds=1)
    assert _job(session, job_id).is_orphaned


def test_every_regular_task_is_called_in_both_languages(session: Session, app: Flask) -> None:
    titles = [one.title for one in app.extensions["trainhub.periodic"]]
    with in_language("en"):
        assert [title for title in titles if _(title) == title] == []
    assert [title for title in titles if title.isascii()] == []
