"""The public notice (公示) of money for a talent before it is paid: published, open for own.talents.notice_days, what is said against it.

The documents give no number of days and no way of objecting: both are our own dated decision. Anybody may read the notice; an
objection reaches the department by letter or telephone and is recorded with its answer.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from enterprises.awards.operations import may_act
from enterprises.awards.operations.acting import name as rule_name
from enterprises.awards.types import AwardState, Who
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.oversight.talents import award_queries as queries
from trainhub.oversight.talents.award_models import TalentAward, TalentObjection
from trainhub.policy.book import book


class NoticeRefused(Refused):
    """The notice cannot be now, or does not let the payment through."""

    code = "notice_refused"


def _may(award: TalentAward, by: Identity) -> None:
    if not may_act(by, award.rule, Who.DEPARTMENT):
        raise NotAllowed(_("“%(rule)s”的公示由该项规定的主管部门办理。", rule=rule_name(award.rule)))


def publish(*, award: TalentAward, by: Identity, today: date, version: int | None = None) -> TalentAward:
    """Publish a decision for everybody to read; the notice counts from the next day. Publishing twice changes nothing.

    Raises NoticeRefused, NotAllowed, Stale.
    """
    _may(award, by)
    if award.published_on is not None:
        return award
    check_version(award, version)
    if award.state is not AwardState.DECIDED:
        raise NoticeRefused(_("只有已决定、还没有拨付的资金支持可以公示。"), code="wrong_step")
    days = book().at("own.talents.notice_days", on=today).number
    award.published_on, award.notice_until = today, today + timedelta(days=days)
    session().flush()
    audit.record(by=by, did="talents.award.published", on=award, data={"on": today, "until": award.notice_until})
    return award


def object_to(
    *, award: TalentAward, on: date, objector: str, text: str, by: Identity, today: date, now: datetime, version: int | None = None
) -> TalentObjection:
    """Record what somebody says against a published award, until it is paid; one that comes after the notice is heard too.

    Raises NoticeRefused, NotAllowed, Stale.
    """
    queries.hold(award.talent_id)
    session().refresh(award)  # it may have been paid while this waited
    check_version(award, version)
    _may(award, by)
    if award.published_on is None or award.state is not AwardState.DECIDED:
        raise NoticeRefused(_("只有正在公示、还没有拨付的资金支持可以登记异议；已拨付的，核实后撤销。"), code="wrong_step")
    if not award.published_on <= on <= today:
        raise NoticeRefused(_("收到异议的日期须在公示日期与今天之间。"), field="on")
    if not objector.strip():
        raise NoticeRefused(_("请写明提出异议的单位或个人和联系方式。"), field="objector")
    if not text.strip():
        raise NoticeRefused(_("请写明异议的内容和理由。"), field="text")
    row = TalentObjection(award_id=award.id, on=on, objector=objector.strip()[:200], text=text.strip(), recorded_by_id=by.account_id, recorded_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="talents.award.objection_recorded", on=award, data={"objection": row.id, "on": on})
    return row


def settle(*, objection: TalentObjection, is_upheld: bool, answer: str, by: Identity, now: datetime) -> TalentObjection:
    """What the department found. Settling it again the same way changes nothing; a finding is not turned round.

    Raises NoticeRefused, NotAllowed.
    """
    award = session().get_one(TalentAward, objection.award_id)
    queries.hold(award.talent_id)
    session().refresh(objection)  # somebody else may have settled it while this waited
    _may(award, by)
    if objection.settled_at is not None:
        if objection.is_upheld is is_upheld:
            return objection
        raise NoticeRefused(_("这条异议已有结论，不能改变。有新的情况请另行登记异议。"), code="wrong_step")
    if not answer.strip():
        raise NoticeRefused(_("请写明核实的经过和结论。"), field="answer")
    objection.is_upheld, objection.answer = is_upheld, answer.strip()
    objection.settled_by_id, objection.settled_at = by.account_id, now
    session().flush()
    audit.record(
        by=by,
        did="talents.award.objection_settled",
        on=award,
        data={"objection": objection.id, "is_upheld": is_upheld},
    )
    return objection


def require(award: TalentAward, on: date) -> None:
    """The notice is over on the day of a payment, and nothing is left of what was said against it. Raises NoticeRefused."""
    if award.published_on is None or award.notice_until is None:
        raise NoticeRefused(_("还没有公示，不能拨付：先由主管部门公示这项决定。"), code="notice_needed")
    if on <= award.notice_until:
        raise NoticeRefused(_("公示到 %(day)s 为止，次日起才能拨付。", day=award.notice_until.isoformat()), field="on", code="notice_runs")
    found = queries.objections_of(award.id)
    if any(one.settled_at is None for one in found):
        raise NoticeRefused(_("公示期间收到的异议还没有核实结论，不能拨付。"), code="objection_open")
    if any(one.is_upheld for one in found):
        raise NoticeRefused(_("有异议经核实成立，不能拨付：由主管部门撤销这项决定。"), code="objection_upheld")
