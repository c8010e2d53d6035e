"""The administrator is told of jobs that failed by a fault of the installation, for as long as that is news."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from trainhub.kernel import clock
from trainhub.kernel.access import Role
from trainhub.kernel.jobs import Job, JobState

As = Callable[..., FlaskClient]
REFUSED = {"error": {"code": "bad_file", "message": "第3行有误", "details": []}}
DIED = {"error": {"code": "worker_died", "message": "中断了", "details": []}}


def _failed(session: Session, title: str, result: dict[str, Any] | None, *, age: timedelta = timedelta(), asked_by: int | None = 7) -> None:
    at = clock.now() - age
    facts: dict[str, Any] = {"args": {}, "state": JobState.FAILED, "asked_at": at, "run_after_at": at, "finished_at": at}
    session.add(Job(task="x", title=title, result=result, asked_by_id=asked_by, **facts))


def _told(as_role: As) -> str:
    page: str = as_role(Role.SYSTEM_ADMIN).get("/").text
    return page


def test_what_the_file_of_a_user_was_refused_for_is_the_users_to_mend(as_role: As, session: Session) -> None:
    _failed(session, "导入名单甲", REFUSED)
    _failed(session, "导入名单乙", {"bug": "KeyError: x"}, age=timedelta(days=8))
    session.commit()
    page = _told(as_role)
    assert [word in page for word in ("处理失败的后台任务", "导入名单甲", "导入名单乙")] == [False, False, False]


def test_faults_of_the_last_week_are_told_and_none_hides_behind_others(as_role: As, session: Session) -> None:
    _failed(session, "导入名单丙", {"bug": "KeyError: x"}, age=timedelta(days=6))
    _failed(session, "计算方案丁", DIED)
    _failed(session, "夜间清理戊", REFUSED, asked_by=None)
    for n in range(4):
        _failed(session, f"被退回的名单{n}", REFUSED)
    session.commit()
    page = _told(as_role)
    assert [word in page for word in ("处理失败的后台任务", "导入名单丙", "计算方案丁", "夜间清理戊", "被退回的名单")] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert "查看审计" not in page, "the audit log has no jobs"
