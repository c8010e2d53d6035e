"""What an application and a verdict froze about somebody is told to them: by number, and by name where lecturers have none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.capstones.models import Capstone
from enterprises.placements.models import Placement
from tests.factories import evaluation as factory
from tests.factories import ground, identity
from trainhub.identity import queries as identity_queries
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.evaluation import own_queries
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.store.operations import freezing
from trainhub.oversight.evaluation.types import JudgementResult, Outcome
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.types import Route, State


def test_who_is_named_in_what_was_frozen_reads_it(session: Session) -> None:
    built = factory.failing(students=4)  # the first student lacks one day
    programme, first, other = built.programme, built.students[0], built.students[1]
    day, now = factory.TODAY, factory.NOW
    row = Application(programme_id=programme.id, route=Route.JOINT, state=State.SUBMITTED, state_since=day, created_at=now)
    session.add(row)
    session.flush()
    freezing.freeze(application_id=row.id, programme=programme, by=SYSTEM, today=day, now=now)
    told = own_queries.handed_in(first.person_id)
    assert {one["programme"] for one in told} == {programme.name}
    assert {one["on_day"] for one in told} == {day}
    lines = [one["text"] for one in told if one["criterion"] == "7.2"]
    assert any("159 天" in line and "还差 1 天" in line for line in lines)
    assert any(line.endswith("，159") for line in lines), "and the row of the table behind the finding"
    assert all(f"（{first.student_no}）" in line for line in lines)
    assert not any(f"（{other.student_no}）" in one["text"] for one in told)
    of_teachers = [one for teacher in built.teachers for one in own_queries.handed_in(teacher.person_id)]
    assert any(one["criterion"] == "5.2" for one in of_teachers), "lecturers stand there by name"
    assert own_queries.handed_in(ground.person().id) == []
    # -- what a decision was based on
    assert own_queries.decided(first.person_id) == []
    judging.record_decision(programme=programme, outcome=Outcome.NOT_ACCEPTED, decided_on=day, by=SYSTEM, now=now, reason="材料不全")
    decided = own_queries.decided(first.person_id)
    assert [one["criterion"] for one in decided if "159 天" in one["text"]] == ["7.2"]
    assert not any(one["criterion"] == "7.2" for one in own_queries.decided(other.person_id))


def test_who_judged_reads_what_they_said(session: Session) -> None:
    built = factory.meeting(students=1)
    account = identity.account()
    by = identity_queries.identity_of(account.id, today=factory.TODAY)
    judging.record_judgement(
        programme=built.programme, criterion="1.3", result=JudgementResult.NOT_MET, remark="定位不清", by=by, today=factory.TODAY, now=factory.NOW
    )
    rows = own_queries.judgements(account.id).rows()
    assert [(one["criterion"], one["result"], one["remark"]) for one in rows] == [("1.3", "未达到", "定位不清")]
    assert own_queries.judgements(account.id + 1).rows() == []


def test_nobody_reads_what_stands_there_of_others(session: Session) -> None:
    """A frozen line or row that lists many is told to each of them with their own part alone."""
    built = factory.meeting(students=4)
    programme, day, now = built.programme, factory.TODAY, factory.NOW
    for number, student in enumerate(built.students):  # nobody has a capstone; so much of the second placement each
        ends = date(2024, 9, 2) + timedelta(days=34 + 7 * number)
        session.execute(sa.update(Placement).where(Placement.student_id == student.id).values(ends_on=ends))
        session.execute(sa.update(Capstone).where(Capstone.student_id == student.id).values(finished_on=None, score_x10=None))
    row = Application(programme_id=programme.id, route=Route.JOINT, state=State.SUBMITTED, state_since=day, created_at=now)
    session.add(row)
    session.flush()
    freezing.freeze(application_id=row.id, programme=programme, by=SYSTEM, today=day, now=now)
    for student in built.students:
        mine = [one for one in own_queries.handed_in(student.person_id) if one["criterion"] == "6.11"]
        assert len(mine) == 2, "a row of each item"
        assert all(f"（{student.student_no}）" in one["text"] for one in mine)
        others = [f"（{other.student_no}）" for other in built.students if other is not student]
        assert not [one for one in own_queries.handed_in(student.person_id) if any(number in one["text"] for number in others)]


@pytest.mark.parametrize(
    ("text", "mine"),
    [
        ("2：只通到选修课程，3 名学生没有修读：张三（1）、李四（2）、王五（3）", "2：只通到选修课程，3 名学生没有修读：李四（2）"),
        (
            "电机学（EE301）：没有课程目标；3 名学生缺少达成结论：张三（1）、李四（2）、王五（3）等",
            "电机学（EE301）：没有课程目标；3 名学生缺少达成结论：李四（2）等",
        ),
        ("2：1 名学生还没有修读：李四（2）（提示）", "2：1 名学生还没有修读：李四（2）（提示）"),
        ("2：2 名学生还没有修读：张三（1）、李四（2）（提示）", "2：2 名学生还没有修读：李四（2）（提示）"),
        ("李四（2）：生产实习（校外）、毕业设计（二）没有考核结果", "李四（2）：生产实习（校外）、毕业设计（二）没有考核结果"),
        ("张三（1）和 李四（2）", "张三（1）和 李四（2）"),
        ("没有修读：张三（1）、李四（外）（2）、王五、六（3）、赵六（4）", "没有修读：李四（外）（2）"),
        ("甲：张三（1）、李四（2）等；乙：王五（3）、赵六（4）等", "甲：李四（2）等；乙：…等"),
    ],
)
def test_of_a_list_the_own_part_is_kept(text: str, mine: str) -> None:
    assert own_queries.own_part(text, "（2）") == mine
