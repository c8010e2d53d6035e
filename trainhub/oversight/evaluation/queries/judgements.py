"""Selects on what persons judged and decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Select, func, select

from trainhub.kernel.db import session
from trainhub.oversight.evaluation.models import EvaluationDecision, ExpertJudgement, QualityRemark
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.rules import verdict
from trainhub.oversight.evaluation.types import AccreditationCase, AccreditationStanding, DecisionCase, JudgementCase
from trainhub.programmes import queries as programmes
from trainhub.programmes.types import AccreditationResult


def latest_judgements(programme_id: int, on: date) -> dict[str, JudgementCase]:
    """The latest judgement up to a day about every criterion that was judged: one query."""
    return {row.criterion: _case(row) for row in session().scalars(_until(programme_id, on))}


def latest_since(programme_id: int, on: date, since: datetime, later: Mapping[str, datetime]) -> dict[str, JudgementCase]:
    """The same of what was judged after a moment, or of some criteria after a `later` one."""
    found = session().scalars(_until(programme_id, on).where(ExpertJudgement.judged_at > since))
    return {row.criterion: _case(row) for row in found if row.judged_at > later.get(row.criterion, since)}


def latest_moment(programme_id: int) -> datetime | None:
    """When the latest judgement was written, by the clock of whoever wrote it."""
    return session().scalar(select(func.max(ExpertJudgement.judged_at)).where(ExpertJudgement.programme_id == programme_id))


def _until(programme_id: int, on: date) -> Select[ExpertJudgement]:
    known = select(ExpertJudgement).where(ExpertJudgement.programme_id == programme_id, ExpertJudgement.judged_on <= on)
    return known.order_by(ExpertJudgement.judged_on, ExpertJudgement.id)


def _case(row: ExpertJudgement) -> JudgementCase:
    return JudgementCase(row.result, row.remark, row.judged_by, row.judged_on)


def judgements_of(programme_id: int, criterion: str) -> list[ExpertJudgement]:
    """The history of judgements about one criterion, the latest first."""
    statement = (
        select(ExpertJudgement)
        .where(ExpertJudgement.programme_id == programme_id, ExpertJudgement.criterion == criterion)
        .order_by(ExpertJudgement.judged_on.desc(), ExpertJudgement.id.desc())
    )
    return list(session().scalars(statement))


def quality_on(programme_id: int, on: date) -> Quality | None:
    """The qualitative word that stands on a day."""
    row = remark_on(programme_id, on)
    return row.quality if row is not None else None


def remark_on(programme_id: int, on: date) -> QualityRemark | None:
    """The latest qualitative remark up to a day."""
    return session().scalar(
        select(QualityRemark)
        .where(QualityRemark.programme_id == programme_id, QualityRemark.remarked_on <= on)
        .order_by(QualityRemark.remarked_on.desc(), QualityRemark.id.desc())
        .limit(1)
    )


def decisions_of(programme_id: int) -> list[EvaluationDecision]:
    """How applications ended, the latest first."""
    statement = (
        select(EvaluationDecision)
        .where(EvaluationDecision.programme_id == programme_id)
        .order_by(EvaluationDecision.decided_on.desc(), EvaluationDecision.id.desc())
    )
    return list(session().scalars(statement))


def decision(key: int | None) -> EvaluationDecision | None:
    """A decision by id."""
    return session().get(EvaluationDecision, key) if key is not None else None


def decision_on(programme_id: int, on: date) -> DecisionCase | None:
    """The latest decision up to a day."""
    row = next((row for row in decisions_of(programme_id) if row.decided_on <= on), None)
    return DecisionCase(row.outcome, row.decided_on, row.verdict) if row is not None else None


def accreditation_on(programme_id: int, on: date) -> AccreditationCase | None:
    """The association's latest conclusion up to a day; the one before while that still holds and the latest has not begun.

    What the programme entered itself and nobody confirmed is only told where there is nothing else."""
    told = _concluded(programme_id, on)
    known = [one for one in told if one.is_confirmed] or told
    states = [verdict.standing(one, on) for one in known[:2]]
    if states == [AccreditationStanding.PENDING, AccreditationStanding.PASSED]:
        return known[1]
    return known[0] if known else None


def accreditation_since(programme_id: int, since: date, on: date) -> AccreditationCase | None:
    """The latest conclusion from a day up to another that somebody other than the programme stands for, whenever its validity begins."""
    return next((one for one in _concluded(programme_id, on) if one.is_confirmed and one.concluded_on >= since), None)


def _concluded(programme_id: int, on: date) -> list[AccreditationCase]:
    return [
        AccreditationCase(row.result is AccreditationResult.PASSED, row.concluded_on, row.valid_from, row.valid_years, row.confirmed_at is not None)
        for row in programmes.accreditations_of(programme_id)
        if row.concluded_on <= on
    ]
