"""The students behind 9.6 and 9.8 are named; a record without evidence shows nothing (C-1.4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.curriculum.models import CurriculumCourse
from courses.teaching import operations as teaching_operations
from courses.teaching import queries as teaching
from courses.teaching.models import Offering
from tests.factories import evaluation as factory
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.evaluation import behind, readiness
from trainhub.oversight.evaluation.operations import registers
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.register_types import ExchangeKind, ParticipationArea

W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


def test_the_students_who_took_part_and_who_come_from_abroad_are_named(session: Session) -> None:
    built = factory.bare(students=3, foreign=1)
    abroad, met, _other = built.students
    registers.add_exchange(student=met, kind=ExchangeKind.SHORT_VISIT, partner="大学", country="DE", took_place_on=date(2025, 7, 1), **W)
    case = case_of(built.programme, factory.TODAY)
    for code, who in (("9.6", met), ("9.8", abroad)):
        table = behind.behind(case, code)
        assert table is not None
        assert (table.all, len(table.rows)) == (3, 3), code
        assert [who.student_no in str(row[0]) for row in table.rows if str(row[1]) == "是"] == [True], code


@pytest.mark.parametrize(("evidence", "verdict"), [("", "不符合"), ("会议纪要", "符合")])
def test_only_what_has_evidence_counts(session: Session, evidence: str, verdict: str) -> None:
    built = factory.bare(students=1)
    for area, code in ((ParticipationArea.STANDARD, "1.4"), (ParticipationArea.CURRICULUM, "2.7"), (ParticipationArea.PLACEMENT_PLAN, "6.5")):
        registers.add_participation(
            programme=built.programme,
            area=area,
            expert="郑工程",
            enterprise="企业",
            held_on=date(2025, 7, 1),
            contribution="审定",
            evidence=evidence,
            **W,
        )
        told = case_of(built.programme, factory.TODAY).evidence[code]
        assert told == f"行业企业专家参与记录 1 次，其中有佐证 {len(evidence) // 4} 次（不少于 1 次，{verdict}）", code


def test_an_optional_course_is_none_of_the_six(session: Session) -> None:
    """002:271: everybody has six of them; one that was designated before the rule is told and not counted."""
    built = factory.meeting(students=2)
    offering = next(one for one in teaching.offerings_of_cohorts([built.cohort.id]) if one.is_designated)
    before = {one.code: one.status.value for one in readiness.assess(built.programme, factory.TODAY).findings}
    assert (before["5.1"], before["5.2"]) == ("met", "met")
    course = session.get_one(CurriculumCourse, offering.course_id)
    course.is_optional = True
    session.flush()
    found = {one.code: one for one in readiness.assess(built.programme, factory.TODAY).findings}
    assert found["5.1"].status.value == "not_met"
    assert any(course.name in line and "选修课" in line for line in found["5.1"].details)
    row = session.get_one(Offering, offering.id)
    row.is_designated = False
    with pytest.raises(teaching_operations.BadOffering, match="选修课"):
        teaching_operations.designate(offering=row, course=course, **W)
