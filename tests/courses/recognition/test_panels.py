"""Recognised credits stand on the student's own page, for those who may see them."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.courses.recognition.test_operations import certificate, decide, plan_course, studying
from trainhub.kernel.access import Role


def test_a_student_s_page_lists_what_was_recognised(as_role: Callable[..., FlaskClient], session: Session) -> None:
    session.expire_on_commit = False
    student = studying()
    claim = certificate(student, plan_course(student))
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=student.programme_id)
    session.commit()
    url = f"/people/students/{student.id}"
    assert "已认定学分" not in head.get(url).text
    decide(claim, True)
    session.commit()
    page = head.get(url).text
    assert "已认定学分" in page
    assert "2 学分，依据 机器学习" in page
