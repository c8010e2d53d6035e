"""The special requirements are judged on what was frozen at the submission; later facts count where a criterion is reopened with a reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.trainhub.oversight.evaluation.test_outside import head_of, make_soft, tied_to
from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, accredited, at, at_the_group_alone, by_the_group, go, judge, play, scheduled  # noqa: F401 - fixtures
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import Refused
from trainhub.ledger.models import ConfirmedDay
from trainhub.oversight.evaluation import deciding, readiness
from trainhub.oversight.evaluation.documents import archive, verdict
from trainhub.oversight.evaluation.models import EvaluationDecision, ExpertJudgement
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.types import JudgementResult, Verdict
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Reopening
from trainhub.oversight.evaluation.workflow.operations import reopening
from trainhub.oversight.evaluation.workflow.types import Event, State
from trainhub.people.models import PetoeSpan
from trainhub.policy.findings import Status
from trainhub.programmes import operations as programmes

THEN = DAY + timedelta(days=3)


def loses_days(play: Play, session: Session) -> None:
    session.execute(sa.delete(ConfirmedDay).where(ConfirmedDay.student_id == play.built.students[0].id))
    session.expire_all()


def status_of(play: Play, code: str, on: date = THEN) -> Status:
    return next(one.status for one in readiness.assess(play.built.programme, on).findings if one.code == code)


def test_what_is_lost_or_mended_after_the_submission_does_not_move_the_verdict(play: Play, session: Session) -> None:
    accredited(play)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    loses_days(play, session)
    assert status_of(play, "7.2") is Status.NOT_MET, "what stands today is the programme's, and its page shows it"
    assert go(row, Event.CONCLUDE, THEN, play.group).verdict is Verdict.ACCREDITED_SPECIAL_MET
    decision = session.get_one(EvaluationDecision, row.decision_id)
    assert next(one["status"] for one in decision.findings if one["code"] == "7.2") == "met"


def test_the_programme_cannot_take_a_student_out_of_the_group_after_the_submission(play: Play, session: Session) -> None:
    accredited(play)
    loses_days(play, session)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    session.execute(sa.update(PetoeSpan).where(PetoeSpan.student_id == play.built.students[0].id).values(until=date(2024, 1, 1)))
    programmes.change_cohort(cohort=play.built.cohort, graduated_on=None, reason="误登记", by=SYSTEM, now=at(DAY))
    session.expire_all()
    assert status_of(play, "7.2") is Status.MET
    assert go(row, Event.CONCLUDE, THEN, play.group).verdict is Verdict.ACCREDITED_SPECIAL_NOT_MET
    decision = session.get_one(EvaluationDecision, row.decision_id)
    assert next(one["denominator"] for one in decision.findings if one["code"] == "7.2") == "2022 级（已毕业）卓越计划学生 4 人"


def test_the_programmes_own_word_on_soft_data_is_not_frozen_into_the_verdict(play: Play, session: Session) -> None:
    """Judged met by the head before the submission, and data that would refuse it afterwards: the group decides on what was handed in."""
    accredited(play)
    make_soft(session)
    soft = deciding.unsettled(play.built.programme, DAY)["4.2"]
    head = head_of(play)
    judging.record_judgement(
        programme=play.built.programme, criterion="4.2", result=JudgementResult.MET, remark="可以", by=head, today=DAY, now=at(DAY), finding=soft
    )
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    with pytest.raises(Refused, match=r"没有专家判断.*4\.2。"):
        go(row, Event.CONCLUDE, THEN, play.group)
    assert deciding.raw(row, play.built.programme)["4.2"].status is Status.JUDGE


def test_a_criterion_is_reopened_with_a_reason_and_the_verdict_says_so(play: Play, session: Session) -> None:
    accredited(play)
    programme = play.built.programme
    kept = [row.on for row in session.scalars(sa.select(ConfirmedDay).where(ConfirmedDay.student_id == play.built.students[0].id))]
    days = {"student_id": play.built.students[0].id, "enterprise_id": play.built.enterprise.id, "base_id": play.built.base.id, "source_id": 1}
    loses_days(play, session)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    session.execute(sa.insert(ConfirmedDay), [{**days, "on": day, "confirmed_at": at(DAY)} for day in kept])
    session.expire_all()

    def reopen(code: str = "7.2", reason: str = "学校补交了漏录的考勤原件", by: object = play.group) -> Reopening:
        return reopening.reopen(application=row, criterion=code, reason=reason, by=by, today=THEN, now=at(THEN))  # type: ignore[arg-type]

    with pytest.raises(Refused, match="请写明理由"):
        reopen(reason=" ")
    with pytest.raises(Refused, match="由专家判断"):
        reopen(code="1.3")
    with pytest.raises(Refused, match="没有编号为"):
        reopen(code="99.1")
    with pytest.raises(Refused, match="你在本校担任角色"):
        reopen(by=tied_to(play, play.group, session))
    with pytest.raises(Refused, match="专家工作组"):
        reopen(by=play.association)
    assert deciding.resting(row, programme, THEN).verdict is Verdict.ACCREDITED_SPECIAL_NOT_MET
    first = reopen()
    assert reopen() is first, "the same again changes nothing"
    assert [one.criterion for one in queries.reopenings_of(row.id)] == ["7.2"]
    events = [one.data["criterion"] for one in session.info["audit"] if one.did == "evaluation.criterion.reopened"]
    assert events == ["7.2"]
    loses_days(play, session)  # what happens after that again moves nothing
    assert go(row, Event.CONCLUDE, THEN, play.group).verdict is Verdict.ACCREDITED_SPECIAL_MET
    decision = session.get_one(EvaluationDecision, row.decision_id)
    told = next(one["details"] for one in decision.findings if one["code"] == "7.2")
    assert told[0] == f"{play.group.name}（2026-09-10）重新核查：学校补交了漏录的考勤原件"
    paper = verdict.content(row, programme)
    assert any("学校补交了漏录的考勤原件" in str(block) for block in paper.blocks)
    assert any(piece.path.startswith("05-评价结论") for piece in archive.pieces(programme, THEN, row.id))
    with pytest.raises(Refused, match="不能重新核查"):
        reopen(reason="再来")
    first.reason = "改写"
    with pytest.raises(RuntimeError, match="append-only"):
        session.flush()


def test_the_group_that_is_reopened_is_the_one_that_was_submitted(play: Play, session: Session) -> None:
    accredited(play)
    row = at_the_group_alone(play)
    programmes.change_cohort(cohort=play.built.cohort, graduated_on=None, reason="误登记", by=SYSTEM, now=at(DAY))
    session.expire_all()
    with pytest.raises(Refused, match="2022 级的毕业登记与提交时不同"):
        reopening.reopen(application=row, criterion="7.2", reason="补交", by=play.group, today=THEN, now=at(THEN))


def test_a_judgement_of_before_a_reopening_counts_no_more(play: Play, session: Session) -> None:
    """The association reopens after the visit; what the visitors said of the old facts is said anew."""
    make_soft(session)
    row = scheduled(play)
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    with pytest.raises(Refused, match="不能重新核查"):
        reopening.reopen(application=row, criterion="4.2", reason="合同已改", by=play.association, today=DAY, now=at(DAY))
    next_day = DAY + timedelta(days=1)
    go(row, Event.END_VISIT, next_day, play.who(play.leader))
    assert session.scalar(sa.select(ExpertJudgement).where(ExpertJudgement.criterion == "4.2")) is not None
    later = at(next_day) + timedelta(minutes=1)
    reopening.reopen(application=row, criterion="4.2", reason="合同已改", by=play.association, today=next_day, now=later)
    accredited(play, 3, DAY)
    row.state = State.IN_WORKING_GROUP
    session.flush()
    with pytest.raises(Refused, match=r"没有专家判断.*4\.2。"):
        go(row, Event.CONCLUDE, THEN, play.group)
