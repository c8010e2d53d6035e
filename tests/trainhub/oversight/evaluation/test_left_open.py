"""What the data leave open at the working group: a criterion without anything to count ends in a verdict, not in a dead end."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.trainhub.oversight.evaluation.test_outside import accredited, at_the_group_alone
from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, at, by_the_group, go, play  # noqa: F401 - a fixture
from trainhub.kernel.access import Identity
from trainhub.kernel.errors import Refused
from trainhub.oversight.evaluation import deciding
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.rules.verdict import OPEN
from trainhub.oversight.evaluation.types import JudgementResult, Verdict
from trainhub.oversight.evaluation.workflow.types import Event
from trainhub.people.models import Teacher
from trainhub.people.types import TeacherKind
from trainhub.policy.findings import Status
from trainhub.programmes.models import Programme

LATER = at(DAY) + timedelta(hours=1)


def judge_4_7(programme: Programme, by: Identity, result: JudgementResult, remark: str, left: frozenset[Status]) -> None:
    raw = deciding.unsettled(programme, DAY)["4.7"]
    judging.record_judgement(programme=programme, criterion="4.7", result=result, remark=remark, by=by, today=DAY, now=LATER, finding=raw, left=left)


@pytest.mark.parametrize(
    ("result", "reached"),
    [(JudgementResult.MET, Verdict.ACCREDITED_SPECIAL_MET), (JudgementResult.NOT_MET, Verdict.ACCREDITED_SPECIAL_NOT_MET)],
)
def test_the_group_judges_what_has_no_data(play: Play, session: Session, result: JudgementResult, reached: Verdict) -> None:
    accredited(play)
    programme = play.built.programme
    gone = sa.update(Teacher).where(Teacher.programme_id == programme.id, Teacher.kind == TeacherKind.PART_TIME)
    session.execute(gone.values(until=DAY - timedelta(days=1)))
    session.expire_all()
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    resting = deciding.look(row, programme, DAY)[0]
    assert next(one.status for one in resting.findings if one.code == "4.7") is Status.NO_DATA
    assert deciding.undecided(resting) == ("4.7",)
    with pytest.raises(Refused, match=r"没有专家判断.*4\.7。"):
        go(row, Event.CONCLUDE, DAY, play.group)
    with pytest.raises(Refused, match="由数据计算"):  # the programme itself cannot: it brings the data
        judge_4_7(programme, play.group, result, "没有兼职教师", frozenset([Status.JUDGE]))
    with pytest.raises(Refused, match=r"4\.7 没有数据，请写明判断的理由|请写明未达到的理由"):
        judge_4_7(programme, play.group, result, " ", OPEN)
    judge_4_7(programme, play.group, result, "没有兼职教师", OPEN)
    assert go(row, Event.CONCLUDE, DAY, play.group).verdict is reached
