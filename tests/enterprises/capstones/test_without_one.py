"""T2 and M8.1 to M8.3 list everybody of a cohort (002:576 全体学生): who has no capstone stands there as 未下达."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations
from enterprises.capstones.queries.unassigned import unassigned_in
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.oversight.evaluation.documents.tables import capstone_table
from trainhub.people import operations as people
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort


@remembered
def _cohort(session: Session) -> tuple[make.Case, Student, Student, Cohort]:
    found = make.case()
    of = session.get_one(Cohort, found.student.cohort_id)
    petoe = ground.student(found.programme, who=ground.person(), petoe_since=date(2023, 9, 1))
    plain, gone = (ground.student(found.programme, who=ground.person()) for _n in range(2))
    gone.state, gone.left_on = StudentState.WITHDRAWN, date(2025, 9, 1)
    assert {one.cohort_id for one in (petoe, plain, gone)} == {of.id}
    session.flush()
    return found, petoe, plain, of


@pytest.mark.parametrize("which", ["t2", "m81", "m82", "m83"])
def test_a_table_lists_who_has_no_capstone(session: Session, as_role: Callable[..., FlaskClient], which: str) -> None:
    found, petoe, plain, of = _cohort(session)
    wanted = [found.student.student_no, petoe.student_no, plain.student_no]
    head, at = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id), f"/capstones/cohorts/{found.programme.code}/{of.year}"
    session.commit()
    rows = list(csv.DictReader(io.StringIO(head.get(f"{at}/materials/{which}.csv").data.decode("utf-8-sig"))))
    assert [row["学号"].strip("\t=\"'") for row in rows] == wanted
    assert [row["题目"] for row in rows] == [found.topic.title, "未下达", "未下达"]
    assert [row["是否卓越计划"] for row in rows] == ["是", "是", "否"]
    assert set(rows[2].values()) == {plain.student_no, rows[2]["姓名"], "未下达", "否", ""}
    page = head.get(f"{at}/materials/{which}").text
    assert page.count("未下达") == 2
    assert head.get(f"{at}/materials/{which}.pdf").data.startswith(b"%PDF")
    if which == "t2":
        assert "未下达" in head.get(f"{at}/t2.csv").data.decode("utf-8-sig")


def test_whose_capstone_was_ended_has_none(session: Session) -> None:
    found, _petoe, _plain, of = _cohort(session)
    operations.withdraw(capstone=found.capstone, reason="应征入伍", by=SYSTEM, today=TODAY, now=NOW)
    assert found.student.student_no in [one.student_no for one in unassigned_in(of.id, TODAY)]


def test_the_dossier_lists_them_where_capstones_have_begun(session: Session) -> None:
    found, petoe, plain, of = _cohort(session)
    ground.student(found.programme, year=of.year + 2)
    first, others = capstone_table(found.programme, TODAY)
    assert [(row[2], row[4]) for row in first.rows] == [(found.student.student_no, found.topic.title), (petoe.student_no, "未下达")]
    assert [(row[2], row[4]) for row in others.rows] == [(plain.student_no, "未下达")]


def _without(of: make.Case, on: date) -> list[str]:
    return [row[2] for table in capstone_table(of.programme, on) for row in table.rows if row[4] == "未下达"]


def test_the_dossier_of_an_old_day_knows_who_was_where_then(session: Session) -> None:
    """T2 is of the group of the day as T1 is: that the one with a capstone went to another cohort later ends nothing of before."""
    found, petoe, plain, of = _cohort(session)
    later = ground.cohort(found.programme, of.year + 1)
    people.move_student(student=found.student, programme=found.programme, cohort=later, on=TODAY, reason="编班", by=SYSTEM, now=NOW)
    assert _without(found, TODAY - timedelta(days=1)) == [petoe.student_no, plain.student_no]
    assert _without(found, TODAY) == [], "of a cohort in which nobody has one any more nothing is asked yet"


def test_who_graduates_later_had_not_on_the_day(session: Session) -> None:
    found, petoe, plain, of = _cohort(session)
    operations.withdraw(capstone=found.capstone, reason="应征入伍", by=SYSTEM, today=TODAY, now=NOW)
    for one in (found.student, petoe, plain):
        one.state, one.left_on = StudentState.GRADUATED, TODAY
    session.flush()
    assert _without(found, TODAY - timedelta(days=1)) == []
    assert [one.is_graduate for one in unassigned_in(of.id, TODAY - timedelta(days=1))] == [False] * 3
    assert sorted(_without(found, TODAY)) == sorted(one.student_no for one in (found.student, petoe, plain))
