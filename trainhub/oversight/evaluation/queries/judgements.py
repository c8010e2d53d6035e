"""Selects on what persons judged and decided."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from trainhub.kernel.db import session
from trainhub.oversight.evaluation.models import EvaluationDecision, ExpertJudgement, QualityRemark
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.types import AccreditationCase, DecisionCase, JudgementCase
from trainhub.programmes import queries as programmes
from trainhub.programmes.types import AccreditationResult


def latest_judgements(programme_id: int, on: date) -> dict[str, JudgementCase]:
    """The latest judgement up to a day about every criterion that was judged: one query."""
    statement = (
        select(ExpertJudgement)
        .where(ExpertJudgement.programme_id == programme_id, ExpertJudgement.judged_on <= on)
        .order_by(ExpertJudgement.judged_on, ExpertJudgement.id)
    )
    return {row.criterion: JudgementCase(row.result, row.remark, row.judged_by, row.judged_on) for row in session().scalars(statement)}


def judgements_of(programme_id: int, criterion: str) -> list[ExpertJudgement]:
    """The history of judgements about one criterion, the latest first."""
    statement = (
        select(ExpertJudgement)
        .where(ExpertJudgement.programme_id == programme_id, ExpertJudgement.criterion == criterion)
        .order_by(ExpertJudgement.judged_on.desc(), ExpertJudgement.id.desc())
    )
    return list(session().scalars(statement))


def latest_times(programme_id: int) -> dict[str, datetime]:
    """When each criterion that was judged was judged last."""
    statement = select(ExpertJudgement.criterion, func.max(ExpertJudgement.judged_at)).where(ExpertJudgement.programme_id == programme_id)
    return {code: at for code, at in session().execute(statement.group_by(ExpertJudgement.criterion))}


def quality_on(programme_id: int, on: date) -> Quality | None:
    """The qualitative word that stands on a day."""
    row = session().scalar(
        select(QualityRemark)
        .where(QualityRemark.programme_id == programme_id, QualityRemark.remarked_on <= on)
        .order_by(QualityRemark.remarked_on.desc(), QualityRemark.id.desc())
        .limit(1)
    )
    return row.quality if row is not None else None


def decisions_of(programme_id: int) -> list[EvaluationDecision]:
    """How applications ended, the latest first."""
    statement = (
        select(EvaluationDecision)
        .where(EvaluationDecision.programme_id == programme_id)
        .order_by(EvaluationDecision.decided_on.desc(), EvaluationDecision.id.desc())
    )
    return list(session().scalars(statement))


def decision_on(programme_id: int, on: date) -> DecisionCase | None:
    """The latest decision up to a day."""
    row = next((row for row in decisions_of(programme_id) if row.decided_on <= on), None)
    return DecisionCase(row.outcome, row.decided_on, row.verdict) if row is not None else None


def accreditation_on(programme_id: int, on: date) -> AccreditationCase | None:
    """The association's latest conclusion up to a day."""
    row = programmes.accreditation_on(programme_id, on)
    if row is None:
        return None
    return AccreditationCase(row.result is AccreditationResult.PASSED, row.concluded_on, row.valid_from, row.valid_years)
