"""Persons judge criteria, note quality, record how an application ended. Everything is appended, nothing is rewritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import catalogue, readiness
from trainhub.oversight.evaluation.models import EvaluationDecision, ExpertJudgement, ItemMarkSource, QualityRemark
from trainhub.oversight.evaluation.queries import judgements, marks
from trainhub.oversight.evaluation.queries.holding import hold_plan_item, hold_programme
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.rules.verdict import SOFT
from trainhub.oversight.evaluation.types import Assessment, CriterionKind, JudgementResult, MarkSource, Outcome
from trainhub.policy.findings import Finding, Status, as_dicts
from trainhub.programmes.models import Programme


class BadJudgement(Refused):
    """The criterion is not one a person decides, or the judgement lacks its reason."""

    code = "bad_judgement"


class BadDecision(Refused):
    """There is nothing that could be decided yet."""

    code = "bad_decision"


def record_judgement(
    *,
    programme: Programme,
    criterion: str,
    result: JudgementResult,
    remark: str,
    by: Identity,
    today: date,
    now: datetime,
    finding: Finding | None = None,
    left: frozenset[Status] = SOFT,
    seen: int | None = None,
    check: Callable[[], None] = lambda: None,
    is_anew: bool = False,
) -> ExpertJudgement:
    """Judge one criterion. The same result and remark on the same day by the same person again is returned as it is.

    A computed criterion is judged only where its status is `left` to a person: soft words, for the working group also what has no data.
    A remark is required for 未达到 and where there is no data. `seen`: the id of the latest judgement that was shown, 0 for none: the latest
    one decides, so nobody judges over what they did not read. `check`: whether it may be judged, asked again behind the lock: an application may
    have been submitted, or concluded, since the page was opened. `is_anew`: what was said before counts no more, so the same words are another
    judgement. Raises BadJudgement, Stale and what `check` raises.
    """
    known = catalogue.criteria().get(criterion)
    if known is None:
        raise BadJudgement(_("没有编号为 %(code)s 的评价要点。", code=criterion), field="criterion")
    if known.kind is CriterionKind.COMPUTED and (finding is None or finding.status not in left):
        raise BadJudgement(_("%(code)s 由数据计算，不能由人填写结论。请补全或更正数据。", code=criterion), field="result")
    remark = remark.strip()
    if result is JudgementResult.NOT_MET and not remark:
        raise BadJudgement(_("请写明未达到的理由。"), field="remark")
    if known.kind is CriterionKind.COMPUTED and finding is not None and finding.status is Status.NO_DATA and not remark:
        raise BadJudgement(_("%(code)s 没有数据，请写明判断的理由。", code=criterion), field="remark")
    hold_programme(programme.id)
    check()
    latest = next(iter(judgements.judgements_of(programme.id, criterion)), None)
    if (
        latest is not None
        and not is_anew
        and (latest.result, latest.remark, latest.judged_on, latest.judged_by_id) == (result, remark, today, by.account_id)
    ):
        return latest
    if seen is not None and seen != (latest.id if latest is not None else 0):
        raise Stale(_("这个要点在你打开页面之后又有新的判断，已显示在判断记录中；你的判断还没有保存，请看过后再提交。"))
    row = ExpertJudgement(
        programme_id=programme.id,
        criterion=criterion,
        result=result,
        remark=remark,
        judged_on=today,
        judged_by_id=by.account_id,
        judged_by=by.name[:200],
        judged_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="evaluation.judgement.recorded", on=programme, data={"criterion": criterion, "result": result.value})
    return row


def note_quality(
    *, programme: Programme, quality: Quality | None, text: str, by: Identity, today: date, now: datetime, seen: int | None = None
) -> QualityRemark:
    """Note 特色 or 优秀 with its text (PETOE-P16, 002:649); None takes it back. It only shows beside 达到.

    The latest stands. `seen`: the id of the one that was shown, 0 for none. The same again is returned as it is. Raises BadJudgement, Stale.
    """
    text = text.strip()
    if not text:
        raise BadJudgement(_("请写明定性评价的内容。"), field="text")
    hold_programme(programme.id)
    latest = judgements.remark_on(programme.id, today)
    if latest is not None and (latest.quality, latest.text, latest.remarked_by) == (quality, text, by.name[:200]):
        return latest
    if seen is not None and seen != (latest.id if latest is not None else 0):
        raise Stale(_("定性评价在你打开页面之后又有人写过，你的还没有保存。请看过现在的内容后再提交。"))
    row = QualityRemark(programme_id=programme.id, quality=quality, text=text, remarked_on=today, remarked_by=by.name[:200], remarked_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="evaluation.quality.noted", on=programme, data={"quality": quality.value if quality else None})
    return row


def record_decision(
    *,
    programme: Programme,
    outcome: Outcome,
    decided_on: date,
    by: Identity,
    now: datetime,
    reason: str = "",
    found: Assessment | None = None,
    accredited_until: date | None = None,
) -> EvaluationDecision:
    """Record how an application ended and freeze the findings it rests on (`found`, else as they stand now), for this decision alone.

    `accredited_until`: how long the accreditation is valid on which a verdict rests; kept with what university and programme are called now.

    The verdict is derived, never typed. Whoever asks sees to it that an application is decided once: its state says whether it was.
    Raises BadDecision when a conclusion is asked for that has no verdict yet.
    """
    found = found if found is not None else readiness.assess(programme, decided_on)
    if outcome is Outcome.CONCLUDED and found.verdict is None:
        raise BadDecision(_("还不能得出评价结论：认证结论、数据或专家判断尚不完整。"))
    university = organisations.by_id(programme.university_id)
    row = EvaluationDecision(
        programme_id=programme.id,
        outcome=outcome,
        decided_on=decided_on,
        verdict=found.verdict if outcome is Outcome.CONCLUDED else None,
        special_result=found.special_result.value if found.special_result else "",
        findings=as_dicts(found.findings),
        accredited_until=accredited_until,
        university=university.name if university is not None else "",
        programme=programme.name,
        reason=reason.strip()[:400],
        recorded_by_id=by.account_id,
        recorded_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(
        by=by,
        did="evaluation.decision.recorded",
        on=programme,
        data={"outcome": outcome.value, "on": decided_on, "verdict": row.verdict.value if row.verdict else None},
    )
    return row


def choose_mark_source(*, item_id: int, source: MarkSource, by: Identity, now: datetime) -> ItemMarkSource:
    """Say whose grade speaks for an item of the enterprise training plan (PETOE-6.9, 002:525); the same again changes nothing."""
    hold_plan_item(item_id)
    row = marks.chosen_source(item_id)
    if row is not None and row.source is source:
        return row
    if row is None:
        row = ItemMarkSource(item_id=item_id)
        session().add(row)
    row.source = source
    session().flush()
    audit.record(by=by, did="evaluation.mark_source.set", on=("plan_item", str(item_id)), data={"source": source.value})
    return row
