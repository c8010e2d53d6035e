"""The administrator sees every background job, begins again what may be, calls off what can be; nobody else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import identity as make
from trainhub.identity.cli_jobs import jobs as commands
from trainhub.kernel import clock, job_control, jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, say
from trainhub.kernel.job_control import WhyNot

pytestmark = pytest.mark.database
SOMEBODY = Identity(account_id=7, person_id=None, name="王老师")
TITLE = N_("导入花名册 %(name)s")


@pytest.fixture
def task(app: Flask) -> Iterator[dict[str, Any]]:
    """A task; `ends` is what it raises, `calls` how often it ran, `inside` what is done in its middle, `of` how many steps it has (two are done)."""
    how: dict[str, Any] = {"calls": 0}

    def run(running: jobs.Running) -> dict[str, int]:
        how["calls"] += 1
        running.progress(1, 4)
        if "inside" in how:
            how["inside"](running)
        running.progress(2, how.get("of", 4))
        if how.get("ends"):
            raise how["ends"]
        return {"rows": 4}

    app.extensions.setdefault("trainhub.tasks", {})["test.task"] = run
    yield how
    del app.extensions["trainhub.tasks"]["test.task"]


def _ask(by: Identity = SOMEBODY, **more: Any) -> int:
    with transaction():
        return jobs.ask("test.task", by=by, title=say(TITLE, name="2026.xlsx"), **more).id


def _run(job_id: int, session: Session) -> jobs.Job:
    job = session.get_one(jobs.Job, job_id)
    while (claimed := jobs.claim(clock.now() + timedelta(hours=1))) is not None:
        jobs.run(claimed)
    session.expire_all()
    return job


def _why(job: jobs.Job, now: datetime | None = None) -> WhyNot | None:
    return job_control.why_not_again(job, is_newer=job_control.is_newer_there(job), now=now or clock.now())


def test_a_failure_of_the_installation_is_shown_and_begun_again(app: Flask, session: Session, task: dict[str, Any]) -> None:
    task["ends"] = RuntimeError("boom at line 3")
    job = _run(job_id := _ask(), session)
    assert (job.state, task["calls"]) == (jobs.JobState.FAILED, 3)
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    for asked in ("state=failed", "kept=fault"):
        listed = admin.get(f"/jobs?{asked}").text
        assert "导入花名册 2026.xlsx" in listed
        assert f"/jobs/{job_id}" in listed
    page = admin.get(f"/jobs/{job_id}").text
    assert "boom at line 3" in page
    assert f"任务编号 {job_id}" in page
    assert f"job={job_id}" in page
    task["ends"] = None
    for _twice in range(2):
        answer = admin.post(f"/jobs/{job_id}/again")
        assert (answer.status_code, answer.location) == (303, f"/jobs/{job_id}")
    session.expire_all()
    assert (job.state, job.result, job.message) == (jobs.JobState.QUEUED, None, "")
    assert _run(job_id, session).state is jobs.JobState.DONE
    assert job.attempts == 4, "counted on: a worker that was held up knows by the number that the job is another's"
    assert list(session.scalars(select(AuditEvent.did).where(AuditEvent.on_kind == "job", AuditEvent.on_id == str(job_id)))) == [
        "kernel.job.begun_again"
    ]
    assert admin.post(f"/jobs/{job_id}/again").status_code == 422, "it is done"
    assert "后台任务：已重新执行" in admin.get("/audit?on_kind=job").text


@pytest.mark.parametrize(("past", "why"), [(timedelta(days=6, hours=23), None), (timedelta(days=7, seconds=1), WhyNot.OLD)])
def test_only_what_failed_lately_is_begun_again(session: Session, task: dict[str, Any], past: timedelta, why: WhyNot | None) -> None:
    task["ends"] = RuntimeError("boom")
    job = _run(_ask(), session)
    assert job.finished_at is not None
    assert _why(job, job.finished_at + past) is why


def test_what_somebody_handed_in_wrong_is_theirs(app: Flask, session: Session, task: dict[str, Any]) -> None:
    task["ends"] = Refused("名单第 3 行有误")
    job = _run(_ask(), session)
    assert _why(job) is WhyNot.CONTENT
    page = make.signed_in_client(app, Role.SYSTEM_ADMIN).get(f"/jobs/{job.id}").text
    assert "名单第 3 行有误" in page
    assert "请发起人按原因改正后重新发起" in page
    assert "/again" not in page
    nobodys = _run(_ask(SYSTEM), session)
    assert _why(nobodys) is None, "there is nobody who would ask for it again"


def test_a_newer_one_of_the_same_stands_instead(session: Session, task: dict[str, Any]) -> None:
    task["ends"] = RuntimeError("boom")
    first, other = _run(_ask(batch=1), session), _run(_ask(batch=2), session)
    assert (_why(first), _why(other)) == (None, None)
    _ask(batch=1)
    assert (_why(first), _why(other)) == (WhyNot.NEWER, None)


def test_the_same_for_a_later_change_is_newer_too(session: Session, task: dict[str, Any]) -> None:
    """Each judging of a run is asked for with the instant of its change."""
    task["ends"] = RuntimeError("boom")
    first, other = _run(_ask(run_id=1, changed_at="2026-03-01"), session), _run(_ask(run_id=2, changed_at="2026-03-01"), session)
    more = _run(_ask(run_id=3, changed_at="2026-03-01", records=True), session)
    _ask(run_id=1, changed_at="2026-03-02")
    _ask(run_id=3, changed_at="2026-03-02")
    assert (_why(first), _why(other), _why(more)) == (WhyNot.NEWER, None, None), "the newer does not record what the older would"


def test_one_that_waits_is_called_off_once(app: Flask, session: Session, task: dict[str, Any]) -> None:
    job_id = _ask()
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    for _twice in range(2):
        assert admin.post(f"/jobs/{job_id}/cancel").status_code == 303
    job = _run(job_id, session)
    assert (job_control.standing(job), task["calls"]) == (job_control.Standing.CANCELLED, 0)
    assert "系统管理员取消了这项任务" in job.shown_message
    found = list(session.scalars(select(AuditEvent.did).where(AuditEvent.on_kind == "job", AuditEvent.on_id == str(job_id))))
    assert found == ["kernel.job.called_off"]
    assert f"/jobs/{job_id}" in admin.get("/jobs?state=cancelled").text
    assert f"/jobs/{job_id}" not in admin.get("/jobs?state=failed").text
    assert admin.post(f"/jobs/{job_id}/again").status_code == 303
    assert _run(job_id, session).state is jobs.JobState.DONE
    assert admin.post(f"/jobs/{job_id}/cancel").status_code == 422, "it has ended"


def test_one_that_runs_stops_at_its_next_step(session: Session, task: dict[str, Any]) -> None:
    def call_off(running: jobs.Running) -> None:
        with transaction():
            job_control.cancel(job=job_control.job_of(running.id), by=SYSTEM, now=clock.now())

    task["inside"] = call_off
    job = _run(_ask(), session)
    assert (job_control.standing(job), job.done_count) == (job_control.Standing.CANCELLED, 1)


def test_one_whose_last_step_was_done_when_it_was_called_off_is_told_as_done(session: Session, task: dict[str, Any]) -> None:
    """Its work is whole: “called off” would send somebody to do it again, and hide what came of it."""

    def call_off(running: jobs.Running) -> None:
        with transaction():
            job_control.cancel(job=job_control.job_of(running.id), by=SYSTEM, now=clock.now())

    task["inside"], task["of"] = call_off, 2
    job = _run(_ask(), session)
    assert (job_control.standing(job), job.state, job.shown_message) == (job_control.Standing.DONE, jobs.JobState.DONE, "")
    assert job.result == {"rows": 4}


def test_one_that_tells_nothing_runs_to_its_end(session: Session, task: dict[str, Any]) -> None:
    job_id = _ask()
    assert jobs.claim(clock.now()) is not None
    with pytest.raises(Refused) as refused, transaction():
        job_control.cancel(job=job_control.job_of(job_id), by=SYSTEM, now=clock.now())
    assert refused.value.code == "job_runs"
    with transaction():  # its worker died: nobody works any more
        job_control.cancel(job=job_control.job_of(job_id), by=SYSTEM, now=clock.now() + jobs.LEASE + timedelta(seconds=1))
    assert job_control.standing(job_control.job_of(job_id)) is job_control.Standing.CANCELLED


def test_what_came_by_itself_and_is_done_hides_nothing(app: Flask, session: Session, task: dict[str, Any]) -> None:
    own, asked = _run(_ask(SYSTEM), session).id, _run(_ask(), session).id
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    for kept, shown in (("", {asked}), ("own", {own}), ("asked", {asked}), ("fault", set()), ("all", {own, asked})):
        page = admin.get(f"/jobs?task=test.task&kept={kept}").text
        assert {one for one in (own, asked) if f'"/jobs/{one}"' in page} == shown, kept
    assert "2026.xlsx" in admin.get("/jobs/export.csv?task=test.task&kept=all").text
    assert "进行中" in admin.get("/jobs").text


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.UNIVERSITY_ADMIN, Role.DEPT_EDU])
def test_nobody_else_sees_or_steers_them(app: Flask, session: Session, task: dict[str, Any], role: Role) -> None:
    job_id = _ask()
    client = make.signed_in_client(app, role)
    assert [client.get(at).status_code for at in ("/jobs", f"/jobs/{job_id}", f"/jobs/{job_id}/state", "/jobs/export.csv")] == [403] * 4
    assert [client.post(f"/jobs/{job_id}/{verb}").status_code for verb in ("again", "cancel")] == [403] * 2


def test_navigation_and_first_page_lead_there(app: Flask, client: FlaskClient, session: Session, task: dict[str, Any]) -> None:
    task["ends"] = RuntimeError("boom")
    job = _run(_ask(), session)
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    page = admin.get("/").text
    assert page.count('href="/jobs"') >= 1
    assert 'href="/jobs?kept=fault"' in page
    assert f'href="/jobs/{job.id}"' in page


def test_a_list_of_thirty_takes_the_queries_of_one(app: Flask, session: Session, task: dict[str, Any], count_queries: list[str]) -> None:
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    taken = []
    for more in (1, 29):
        for n in range(more):
            _ask(batch=f"{more}-{n}")
        session.expire_all()
        count_queries.clear()
        assert admin.get("/jobs?size=50").status_code == 200
        taken.append(len(count_queries))
    assert taken[0] == taken[1]


def test_the_commands_do_the_same(app: Flask, session: Session, task: dict[str, Any]) -> None:
    def run(*words: str) -> Any:
        return json.loads(CliRunner().invoke(commands, [*words, "--json"], obj={"create_app": lambda: app}).stdout)

    task["ends"] = RuntimeError("boom")
    job = _run(_ask(), session)
    listed = run("list", "--state", "failed", "--task", "test.task")
    assert [(one["job"], one["bug"]) for one in listed["jobs"]] == [(job.id, "RuntimeError: boom")]
    told = run("show", str(job.id))
    assert (told["may_retry"], told["may_cancel"]) == (True, False)
    assert run("retry", str(job.id)) == {"job": job.id, "state": "queued"}
    assert run("cancel", str(job.id)) == {"job": job.id, "state": "cancelled"}
    assert run("show", "999999999")["error"]["code"] == "not_found"
