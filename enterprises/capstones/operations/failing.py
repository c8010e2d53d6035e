"""A thesis that its reviewers do not let pass: it goes back to be revised and read again, or ends as failed without a defence."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.capstones import queries, rules
from enterprises.capstones.labels import FAILED_IN_REVIEW
from enterprises.capstones.models import Capstone, Reconsideration
from enterprises.capstones.operations._support import CapstoneRefused, demand, given, tell
from enterprises.capstones.operations.calling_off import give_back
from enterprises.capstones.operations.impartial import demand_impartial
from enterprises.capstones.types import Action, CapstoneState, Decision, ReasonKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _

TOLD_BACK = N_("%(name)s 的论文评阅不通过，退回修改后复评：%(reason)s")
TOLD_CONCLUDED = N_("%(name)s 的论文评阅不通过，不再答辩，按不合格办理：%(reason)s。成绩公布后可以申诉")


def _demand_failed(capstone: Capstone) -> None:
    """Refuse what is only for a thesis that its reviewers do not let defend."""
    if not queries.is_failed_in_review(capstone):
        raise CapstoneRefused(_("这篇论文没有“不通过”的评阅结论（或通过的评阅已多于不通过的），不能这样办理。"), code="not_failed")


def send_back(*, capstone: Capstone, reason: str, by: Identity, now: datetime) -> Capstone:
    """Send a thesis back that reviewers have failed: it is revised, handed in anew, and whoever failed it reads it again (复评).

    The reviews stay on record and count no longer; grades that are signed stay. Raises WrongState, CapstoneRefused.
    """
    demand(capstone, Action.SEND_BACK, by)
    _demand_failed(capstone)
    why = given(reason, _("请写明退回的理由，学生和双方导师会看到。"), field="reason")
    failed = queries.failed_reviews(capstone)
    for review in failed:
        review.cancelled_at = now
    if not queries.grades_of(capstone.id):
        capstone.state = CapstoneState.MIDTERM
    session().flush()
    audit.record(by=by, did="capstones.thesis.returned", on=capstone, data={"reviews": [review.id for review in failed], "reason": why})
    _tell(capstone, TOLD_BACK, why, f"sent_back:{max(review.id for review in failed)}", now)
    return capstone


def conclude_failed(*, capstone: Capstone, score_x10: int | None, note: str, by: Identity, today: date, now: datetime) -> Reconsideration:
    """End a capstone whose reviewers do not let it defend: a score below the pass mark with its reason, as a moderation that is settled.

    Every review that was asked for is heard or taken back before; a place in a timetable is given back. Not by somebody who supervises,
    has scored or stands near the student. What follows is publication, appeal and archive as of every result. Raises WrongState,
    CapstoneRefused.
    """
    demand(capstone, Action.CONCLUDE_FAILED, by)
    demand_impartial(capstone, by)
    _demand_failed(capstone)
    numbers = queries.numbers(today)
    if score_x10 is None or not 0 <= score_x10 < numbers.pass_mark.number:
        raise CapstoneRefused(
            _("没有答辩不能合格：请填写 0 分以上、低于 %(mark)s 分的成绩。", mark=f"{numbers.pass_mark.number / 10:g}"), field="score"
        )
    why = given(note, _("请写明按不合格办理的理由，学生和双方导师会看到。"), field="note", most=2000)
    before = queries.scores_of(capstone)["review"]
    if before is None:
        raise CapstoneRefused(_("还有评阅没有签名：请等待，或先撤回。"), field="note", code="review_open")
    for slot, group in queries.slots_of(capstone.id):
        if slot.recorded_at is None:
            give_back(capstone, slot, group, now)
    capstone.computation = {
        "scores_x10": queries.scores_of(capstone),
        "weights": queries.weights_of(capstone, today),
        "difference_x10": 0,
        "third_x10": None,
        "replaced": "",
    }
    row = Reconsideration(
        capstone_id=capstone.id,
        kind=ReasonKind.MODERATION,
        reason=FAILED_IN_REVIEW,
        before_x10=before,
        opened_by_id=by.account_id,
        opened_at=now,
        decision=Decision.UPHELD if score_x10 == before else Decision.CHANGED,
        after_x10=score_x10,
        note=why,
        decided_by_id=by.account_id,
        decided_at=now,
    )
    session().add(row)
    capstone.state, capstone.score_x10 = CapstoneState.GRADED, score_x10
    capstone.grade_text = rules.text_grade(score_x10, numbers.text_limits).value
    session().flush()
    audit.record(
        by=by, did="capstones.capstone.failed_in_review", on=capstone, data={"before_x10": before, "score_x10": score_x10, "note": why[:400]}
    )
    _tell(capstone, TOLD_CONCLUDED, why[:200], f"concluded:{row.id}", now)
    return row


def _tell(capstone: Capstone, message: str, reason: str, key: str, now: datetime) -> None:
    """Tell the student and both supervisors."""
    person_id = queries.person_of_student(capstone)
    tell(
        person_ids=[person_id, *(row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None)],
        kind="capstones.review_failed",
        message=message,
        values={"name": queries.rows_of([capstone.id])[capstone.id].student, "reason": reason},
        url=f"/capstones/{capstone.id}#reviews",
        unique_key=f"capstones.{key}",
        now=now,
    )
