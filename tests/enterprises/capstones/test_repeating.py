"""Who failed repeats: a new capstone after the failed one is archived; that one stays, and the criteria judge the latest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, GuidanceEntry, Topic
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import CapstoneState, SupervisorRole
from tests.factories import capstones as make
from tests.factories.capstones import END, NOW, TODAY
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]
TIMES: dict[str, Any] = {"by": SYSTEM, "today": TODAY, "now": NOW}


@remembered
def _failed() -> make.Case:
    found = make.graded(40, 40)
    operations.finish(capstone=found.capstone, **TIMES)
    assert found.capstone.state is CapstoneState.FAILED
    return found


def _again(found: make.Case, topic: Topic | None = None) -> Capstone:
    topic = topic or make.topic(programme=found.programme, enterprise=found.enterprise)
    return operations.assign_capstone(student=found.student, topic=topic, starts_on=END, ends_on=END + timedelta(days=90), **TIMES)


def test_a_failed_capstone_is_repeated_once_it_is_archived(session: Session) -> None:
    found = _failed()
    cohort_id = found.student.cohort_id
    with pytest.raises(CapstoneRefused, match="还没有归档") as refused:  # an appeal may still turn it
        _again(found)
    assert refused.value.code == "not_archived"
    assert [student.id for student, _person in queries.without_capstone(cohort_id)] == []
    operations.accept_result(capstone=found.capstone, by=found.by("student"), today=TODAY, now=NOW)
    operations.archive(capstone=found.capstone, **TIMES)
    assert [student.id for student, _person in queries.without_capstone(cohort_id)] == [found.student.id]
    assert queries.capstone_of_student(found.student.id) is found.capstone

    repeat = _again(found)
    assert queries.capstone_of_student(found.student.id) is repeat
    assert queries.earlier_of(repeat) == [found.capstone]
    assert (found.capstone.state, found.capstone.score_x10) == (CapstoneState.FAILED, 400)
    assert _again(found, session.get_one(Topic, repeat.topic_id)) is repeat  # said twice
    with pytest.raises(CapstoneRefused, match="已有毕业设计"):
        _again(found)


def test_who_repeats_is_offered_on_the_page_that_gives_topics(session: Session, as_role: AsRole) -> None:
    found = _failed()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    nobody = "每名学生都已有毕业设计"
    session.commit()
    assert nobody in head.get(f"/capstones/cohorts/{found.programme.code}/{cohort.year}/assign").text
    operations.accept_result(capstone=found.capstone, by=found.by("student"), today=TODAY, now=NOW)
    operations.archive(capstone=found.capstone, **TIMES)
    session.commit()
    assert nobody not in head.get(f"/capstones/cohorts/{found.programme.code}/{cohort.year}/assign").text


def test_the_criteria_judge_the_repeat_and_the_failure_counts_as_history(session: Session) -> None:
    found = _failed()
    cohort_id = found.student.cohort_id
    operations.accept_result(capstone=found.capstone, by=found.by("student"), today=TODAY, now=NOW)
    operations.archive(capstone=found.capstone, **TIMES)
    repeat = _again(found)
    seen = queries.overview(found.programme.id, cohort_id, TODAY)
    assert [row.capstone.id for row in seen if row.capstone is not None] == [repeat.id]
    assert [row.topic for row in queries.export_rows(found.programme.id, cohort_id, TODAY)] == [queries.title_of(repeat)]
    assert len(queries.topics_table(cohort_id, TODAY)) == 1
    assert queries.board_of_cohort(found.programme.id, cohort_id, TODAY).states == {CapstoneState.ASSIGNED: 1, CapstoneState.FAILED: 1}
    operations.withdraw(capstone=repeat, reason="休学", **TIMES)
    assert queries.capstone_of_student(found.student.id) is found.capstone  # the failure speaks again


def test_who_repeats_under_the_same_mentor_is_one_student_of_theirs(session: Session) -> None:
    """The certificate and the directory say students, and a right certificate is not corrected into a wrong one."""
    found = _failed()
    cohort_id = found.student.cohort_id
    operations.accept_result(capstone=found.capstone, by=found.by("student"), today=TODAY, now=NOW)
    operations.archive(capstone=found.capstone, **TIMES)
    cohort = session.get_one(Cohort, cohort_id)
    first = operations.certify_supervision(programme=found.programme, cohort=cohort, **TIMES)
    assert (first.issued + first.waiting, first.corrected) == (1, 0)
    repeat = _again(found)
    assert found.field is not None
    operations.assign_supervisor(capstone=repeat, role=SupervisorRole.ENTERPRISE, person=found.field, **TIMES)
    (row,) = queries.directory(TODAY, cohort_id=cohort_id)
    assert (row["students"], row["live"]) == (1, 1)
    repeat.state = CapstoneState.PASSED
    session.add(
        GuidanceEntry(
            capstone_id=repeat.id, person_id=found.field.id, role=SupervisorRole.ENTERPRISE, on=TODAY, content="讨论",
            confirmed_at=NOW, created_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    (said,) = queries.supervised_in(cohort_id, on=END + timedelta(days=5))
    assert said.students == 1
