"""A total that is computed while something changes is computed once more: on PostgreSQL two transactions stand side by side."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import select

from courses.gradebook import queries
from courses.gradebook.models import Gradebook, GradeColumn
from courses.gradebook.operations import books, grades, sheets
from courses.gradebook.tasks import hand_down_marks
from courses.gradebook.types import GradeKind
from courses.learning import operations as learning
from courses.learning.models import Enrolment, EnrolmentMark
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.parallel import linger
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.jobs import Running

NOW = make.NOW


def test_nobody_locks_the_book_between_the_check_and_the_mark(committed: Flask) -> None:
    if os.environ.get("TRAINHUB_TEST_DATABASE_URL", "sqlite").startswith("sqlite"):
        pytest.skip("one writer at a time on SQLite")
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()), is_published=True)
        run_id, key = run.id, make.enrolment(run).id
        column_id = column_by_hand(books.make(run=make.loaded(run), by=SYSTEM, now=NOW)).id
    order: list[str] = []
    checked = Event()

    def write() -> None:
        with committed.app_context(), transaction():
            found, one, row = queries.book_of(run_id), queries.column_by_id(column_id), session().get_one(Enrolment, key)
            assert found is not None
            assert one is not None
            grades.hold(found, [one])
            checked.set()
            linger(0.3)
            grades.set_grade(
                book=found, column=one, enrolment=row, kind=GradeKind.MANUAL, points_x10=900, reason="", version=None, by=SYSTEM, now=NOW
            )
            order.append("written")

    def lock() -> None:
        checked.wait(5)
        with committed.app_context(), transaction():
            found = queries.book_of(run_id)
            assert found is not None
            books.lock(book=found, is_locked=True, by=SYSTEM, now=NOW)
            order.append("locked")

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write), pool.submit(lock)]:
            done.result()
    assert order == ["written", "locked"]


def column_by_hand(book: Gradebook) -> GradeColumn:
    (category,) = queries.categories_of(book.id)
    return books.save_column(
        book=book, column_id=None, title="期末", category_id=category.id, max_x10=1000, weight_x10=10, is_extra=False, is_hidden=False,
        is_locked=False, by=SYSTEM, now=NOW,
    )  # fmt: skip


def test_a_mark_written_while_totals_are_computed_asks_for_its_total_again(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()), is_published=True)
        run_id, key = run.id, make.enrolment(run).id
        book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
        column_id = column_by_hand(book).id
    written, computed = Event(), Event()

    def write() -> None:
        """A teacher fills the column: the totals are asked for, the marks are not committed yet."""
        with committed.app_context(), transaction():
            found, row, one = queries.book_of(run_id), session().get_one(Enrolment, key), queries.column_by_id(column_id)
            assert found is not None
            assert one is not None
            given = {"kind": GradeKind.MANUAL, "points_x10": 900, "reason": "", "version": None}
            grades.set_grade(book=found, column=one, enrolment=row, by=SYSTEM, now=NOW, **given)  # type: ignore[arg-type]
            learning.ask_for_marks(run_id=run_id, enrolment_ids=[key], now=NOW)
            written.set()
            computed.wait(0.5)

    def compute() -> None:
        written.wait(5)
        with committed.app_context(), transaction():
            grades.hand_down(run_id=run_id, enrolment_ids=[key], by=SYSTEM, now=NOW)
        computed.set()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write), pool.submit(compute)]:
            done.result()
    with committed.app_context():
        hand_down_marks(Running(1, {}, None))
        mark = session().scalars(select(EnrolmentMark).where(EnrolmentMark.enrolment_id == key)).one()
        assert (mark.score_x10, mark.is_due) == (900, False)


def test_a_table_does_not_overwrite_a_mark_that_is_given_at_the_same_moment(committed: Flask) -> None:
    if os.environ.get("TRAINHUB_TEST_DATABASE_URL", "sqlite").startswith("sqlite"):
        pytest.skip("one writer at a time on SQLite")
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()), is_published=True)
        run_id, key = run.id, make.enrolment(run).id
        column_id = column_by_hand(books.make(run=make.loaded(run), by=SYSTEM, now=NOW)).id
    written = Event()
    found: list[str] = []

    def give() -> None:
        """A teacher's mark: written, not yet committed."""
        with committed.app_context(), transaction():
            book, one, row = queries.book_of(run_id), queries.column_by_id(column_id), session().get_one(Enrolment, key)
            assert book is not None
            assert one is not None
            given = {"kind": GradeKind.MANUAL, "points_x10": 900, "reason": "", "version": 0}
            grades.set_grade(book=book, column=one, enrolment=row, by=SYSTEM, now=NOW, **given)  # type: ignore[arg-type]
            written.set()
            linger(0.7)

    def take() -> None:
        """A table that knew the line before that mark."""
        written.wait(5)
        try:
            with committed.app_context(), transaction():
                book = queries.book_of(run_id)
                assert book is not None
                _categories, columns = queries.rules_of(book.id)
                wanted = [sheets.Wanted(key, 0, columns[0], GradeKind.MANUAL, 100, ("t.csv", None, 2))]
                sheets.write(book=book, wanted=wanted, filename="t.csv", reason="", by=SYSTEM, now=NOW)
        except Refused as refused:
            found.append(type(refused).__name__)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(give), pool.submit(take)]:
            done.result()
    with committed.app_context():
        grade = queries.grade(column_id, key)
        assert (found, grade.points_x10 if grade else None) == (["GradesStale"], 900)
