"""Who had completed before there was a gradebook keeps the mark of then, on every page and table that shows a total."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.catalogue.operations import content
from courses.gradebook import queries
from courses.gradebook.operations import books, grades
from courses.learning.types import EnrolmentState
from tests.courses.learning.test_after_completion import quiz, sit
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role

NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def test_the_page_says_by_what_the_mark_of_a_completion_is_reckoned(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """The blocks that are listed by then need not give it."""
    run = make.run(pass_mark_x10=500, completion_share_x1000=500)
    unit = make.unit(run)
    first, _missed = quiz(run, unit), quiz(run, unit)
    make.publish(run)
    me, other = make.enrolment(make.loaded(run)), make.enrolment(make.loaded(run))
    sit(first, me, 1000)
    content.remove(part=_missed, by=SYSTEM, now=NOW)
    session.commit()
    pages = [as_role(Role.TRAINEE, person_id=one.person_id).get(f"/learning/runs/{run.id}/progress").text for one in (me, other)]
    assert ["按完成课程时计入的内容和权重计算" in page for page in pages] == [True, False]


def test_the_table_its_export_and_the_figures_say_the_mark_that_stands(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    lead = ground.person()
    run = make.run(lead=lead, pass_mark_x10=500, completion_share_x1000=500)
    unit = make.unit(run)
    first, _missed = quiz(run, unit), quiz(run, unit)
    make.publish(run)
    kept, other = make.enrolment(make.loaded(run)), make.enrolment(make.loaded(run))
    sit(first, kept, 1000)
    assert (kept.state, kept.score_x10) == (EnrolmentState.COMPLETED, 500)
    quiz(run, unit)  # counts for nobody who has completed, but weighs in the book of the others
    book = books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    book.missing_is_zero = False
    sit(first, other, 800)
    grades.hand_down(run_id=run.id, enrolment_ids=[kept.id, other.id], by=SYSTEM, now=NOW)
    session.commit()
    rows = {row.enrolment_id: row for row in queries.book_rows(book, [queries.learner(kept.id), queries.learner(other.id)])}
    assert [(rows[one.id].total.score_x10, rows[one.id].mark_x10, rows[one.id].is_kept) for one in (kept, other)] == [
        (1000, 500, True),
        (800, 800, False),
    ]
    assert queries.totals(run.id) == [500, 800]
    teacher = as_role(Role.LECTURER, person_id=lead.id)
    where = f"/teaching/runs/{run.id}/gradebook"
    page = teacher.get(where).text
    assert ("成绩册的总评是 100" in page, "† 表示" in page) == (True, True)
    lines = csv.DictReader(io.StringIO(teacher.get(f"{where}.csv").text.lstrip("\ufeff")))
    assert sorted(row["总评"] for row in lines) == ["50", "80"]
    assert "50 / 80" not in teacher.get(f"{where}/statistics").text
    assert "80 / 50" in teacher.get(f"{where}/statistics").text
    mine = as_role(Role.TRAINEE, person_id=kept.person_id).get(f"/learning/runs/{run.id}/grades/print").text
    assert "课程成绩" in mine
    assert ">50<" in mine


def test_a_completion_without_a_mark_is_not_said_to_have_one(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    lead = ground.person()
    run = make.run(lead=lead, pass_mark_x10=500, completion_share_x1000=500)
    unit = make.unit(run)
    first, _missed = quiz(run, unit), quiz(run, unit)
    make.publish(run)
    kept = make.enrolment(make.loaded(run))
    sit(first, kept, 1000)
    books.make(run=make.loaded(run), by=SYSTEM, now=NOW)
    session.commit()
    clients = as_role(Role.TRAINEE, person_id=kept.person_id), as_role(Role.LECTURER, person_id=lead.id)
    pages = (f"/learning/runs/{run.id}/grades", f"/teaching/runs/{run.id}/gradebook/learners/{kept.id}")

    def said() -> list[bool]:
        return ["课程成绩是" in client.get(page).text for client, page in zip(clients, pages, strict=True)]

    assert said() == [True, True]
    kept.score_x10 = None
    session.commit()
    assert said() == [False, False]
