"""What the data leave open at the working group: a criterion without anything to count ends in a verdict, not in a dead end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, accredited, at, at_the_group_alone, by_the_group, go, play  # noqa: F401 - a fixture
from trainhub.kernel.access import Identity
from trainhub.kernel.errors import Refused
from trainhub.oversight.evaluation import catalogue, deciding, readiness
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.rules import whole
from trainhub.oversight.evaluation.rules.verdict import OPEN
from trainhub.oversight.evaluation.types import InternationalCase, JudgementResult, PlanCase, Verdict
from trainhub.oversight.evaluation.workflow.types import Event
from trainhub.people.models import Teacher
from trainhub.people.types import TeacherKind
from trainhub.policy.findings import Finding, Status
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


NOTHING_OF = ("1.1", "2.2", "2.5", "4.2", "5.1", "5.2", "5.4", "6.2", "6.6", "6.8", "6.9", "7.1", "7.3", "8.2", "8.3")


@pytest.mark.parametrize("has_graduated", [True, False])
def test_what_a_graduated_cohort_has_nothing_of_is_not_met(play: Play, has_graduated: bool) -> None:
    """No capstone, no designated course, no centre, no plan, no closed course: a word of the group does not stand in for all of it."""
    case = case_of(play.built.programme, DAY)
    plan = PlanCase(cohort_years=(2022,), students=4)
    gone = tuple(replace(one, findings=(), has_ended=False, has_result=False) for one in case.capstones)
    empty = replace(case, plans=(plan,), candidates={2022: ()}, centres=(), placements=(), capstones=gone, teachers=(), part_time=())
    empty = replace(empty, group=replace(case.group, is_finished=has_graduated), international=InternationalCase(0, 0, 0, ()))
    found = whole.findings(empty, catalogue.criteria(), readiness.parameters(DAY))
    refused = {code for code, one in found.items() if one.status is Status.NOT_MET}
    left = {code for code, one in found.items() if one.status is Status.NO_DATA}
    if has_graduated:
        assert refused == {*NOTHING_OF, "9.4"}
        assert left == {"4.5", "4.7", "9.1", "9.6", "9.8"}
        assert all((found[code].found, found[code].required) != (None, None) for code in NOTHING_OF)
    else:
        assert refused == {"7.1", "7.3", "9.4"}, "an empty plan fails in any case (1.x)"


@pytest.mark.parametrize(("status", "code", "has_graduated", "expected"), [
    (Status.NO_DATA, "8.2", True, Status.NOT_MET),
    (Status.NO_DATA, "8.2", False, Status.NO_DATA),
    (Status.NO_DATA, "4.7", True, Status.NO_DATA),
    (Status.NO_DATA, "7.3", False, Status.NOT_MET),
    (Status.JUDGE, "8.2", True, Status.JUDGE),
])  # fmt: skip
def test_which_emptiness_is_legitimate(status: Status, code: str, has_graduated: bool, expected: Status) -> None:
    one = Finding(code, status, None, None, catalogue.criteria()[code].clause)
    assert whole.answered(one, has_graduated=has_graduated).status is expected
