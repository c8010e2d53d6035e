"""Two editors change one study at once, or give one number twice: the second is told, nothing is overwritten. Real commits, the run's database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.people import operations, queries
from trainhub.people.models import FormerSchoolNumber, FormerStudy, Student
from trainhub.programmes import queries as programmes

NOW, DAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2024, 9, 1)
pytestmark = pytest.mark.database


def _student(committed: Flask) -> tuple[int, int, list[int], str]:
    """(student, its version, two other cohorts of the programme, the number)."""
    with committed.app_context(), transaction():
        row = ground.student()
        programme = programmes.by_id(row.programme_id)
        assert programme is not None
        return row.id, row.version, [ground.cohort(programme, year).id for year in (2024, 2025)], row.student_no


def _moves(key: int, cohort_id: int, version: int | None) -> Callable[[], object]:
    def act() -> None:
        cohort, row = programmes.cohort_by_id(cohort_id), queries.student(key)
        assert cohort is not None
        assert row is not None
        programme = programmes.by_id(cohort.programme_id)
        assert programme is not None
        operations.move_student(student=row, programme=programme, cohort=cohort, on=DAY, reason="复学", version=version, by=SYSTEM, now=NOW)

    return act


def _numbers(key: int, number: str) -> Callable[[], object]:
    def act() -> None:
        row = queries.student(key)
        assert row is not None
        operations.renumber_student(student=row, student_no=number, reason="录入有误", by=SYSTEM, now=NOW)

    return act


def _kept(app: Flask, model: type[FormerStudy | FormerSchoolNumber]) -> int:
    with app.app_context():
        return session().scalar(select(func.count(model.id))) or 0


def test_two_editors_of_one_page(committed: Flask) -> None:
    key, version, (first, second), _no = _student(committed)
    assert together(committed, _moves(key, first, version), _moves(key, second, version)) == ["", "stale"]
    with committed.app_context():
        row = session().get_one(Student, key)
        assert (row.cohort_id, _kept(committed, FormerStudy)) == (first, 1)


def test_one_list_twice_at_once_changes_once(committed: Flask) -> None:
    key, _version, (first, _second), _no = _student(committed)
    assert together(committed, _moves(key, first, None), _moves(key, first, None)) == ["", ""]
    assert _kept(committed, FormerStudy) == 1


def test_one_number_for_two(committed: Flask) -> None:
    key, *_rest = _student(committed)
    with committed.app_context(), transaction():
        other = ground.student(programmes.by_id(session().get_one(Student, key).programme_id)).id
    assert together(committed, _numbers(key, "2024X77"), _numbers(other, "2024X77")) == ["", "student_known"]
    assert _kept(committed, FormerSchoolNumber) == 1
