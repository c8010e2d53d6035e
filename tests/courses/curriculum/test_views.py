"""The pages of curricula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from courses.curriculum import queries
from tests.courses.curriculum.test_operations import course
from tests.factories import ground
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction


def test_a_programme_admin_adds_a_course_with_objective_and_assessment(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        programme = ground.programme()
        version = ground.version(programme)
        ids = programme.id, version.id
        known = course(version).id
    browser = as_role(Role.PROGRAMME_ADMIN, programme_id=ids[0])
    data = {"code": "C02", "name": "机器视觉", "category": "specialty", "importance": "major", "term": "6", "hours": "48", "credits": "3.0"}
    assert browser.post(f"/curriculum/{ids[1]}", data=data | {"language": "zh", "delivery_modes": ["lab"]}).status_code == 303
    path = f"/curriculum/{ids[1]}/courses/{known}"
    assert browser.post(path, data={"what": "objective", "o-text": "分析系统"}).status_code == 303
    assert browser.post(path, data={"what": "assessment", "a-kind": "exam", "a-weight_percent": "100"}).status_code == 303
    rows = queries.courses_of(ids[1])
    assert [(row.code, row.weight, len(row.objectives), row.credits_x10) for row in rows] == [("C01", 100, 1, 40), ("C02", 0, 0, 30)]
    for page in (f"/curriculum/{ids[1]}", path):
        assert browser.get(page).status_code == 200
    assert browser.post(path, data={"what": "assessment", "a-kind": "exam", "a-weight_percent": "5"}).status_code == 422


def test_readers_do_not_write_and_strangers_do_not_read(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        version_id = ground.version().id
    browser = as_role(Role.AUDITOR)
    assert browser.get(f"/curriculum/{version_id}").status_code == 200
    assert browser.post(f"/curriculum/{version_id}", data={"code": "X"}).status_code == 403
    assert as_role(Role.STUDENT).get(f"/curriculum/{version_id}").status_code == 403
    assert as_role(Role.AUDITOR).get("/curriculum/999999").status_code == 404
