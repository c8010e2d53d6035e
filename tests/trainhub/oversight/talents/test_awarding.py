"""Money for talent (FJ-15b, FJ-15d): at, below and above both bounds, minutes, conference, payment, revocation, once a year."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import credit, funds
from enterprises.awards import queries as pools
from enterprises.awards.operations import AlreadyAwarded, AwardRefused, NotEligible, WrongStep
from enterprises.awards.types import AwardState, PoolKind
from tests.factories import awards as make
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.awards import EDU, FIN, HR, NOW, ST, TODAY
from tests.factories.parallel import together
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed
from trainhub.organisations import operations as closing
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.talents import award_queries, awarding, cli, noticing, operations
from trainhub.oversight.talents.award_models import TalentAward, TalentObjection
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.noticing import NoticeRefused
from trainhub.oversight.talents.types import TalentKind, TalentState
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import PairDecision

WAN = 1_000_000  # fen
WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}
LAST, AFTER = TODAY + timedelta(days=7), TODAY + timedelta(days=8)
"""The last day of a notice that began today, and the first day on which it may be paid (own.talents.notice_days)."""
AsRole = Callable[..., FlaskClient]
WHOLE: dict[str, Any] = {"rank_china": 20, "rank_year": 2025, "years_there": 3, "is_mid_senior": True, "project": "平台"}


def _talent(kind: TalentKind = TalentKind.LEADING, **facts: Any) -> Talent:
    """A recognised talent."""
    facts = {**(WHOLE if kind is TalentKind.LEADING else {}), **facts}
    row = operations.nominate(person=ground.person(), kind=kind, merits="业绩", by=SYSTEM, **WHEN, **facts)
    operations.review(row=row, opinion="建议", by=SYSTEM, today=TODAY)
    return operations.recognise(row=row, decision="同意", by=SYSTEM, today=TODAY)


def _decide(row: Talent, wan: float = 50, **given: Any) -> Any:
    return awarding.decide(**{"talent": row, "amount_fen": int(wan * WAN), "minutes": "纪要3号", "by": HR, **WHEN, **given})


def _pool(kind: PoolKind = PoolKind.NEW, wan: int = 100) -> int:
    return funds.open_pool(year=2026, name=f"资金{kind}", kind=kind, planned_fen=wan * WAN, by=SYSTEM, now=NOW).id


def test_who_nominated_neither_reviews_nor_recognises_nor_decides_the_money(session: Session) -> None:
    """As with awards (ADR 14): another human does, a second account of the same is none."""
    mine, other = (
        replace(HR, account_id=accounts.account(person=ground.person()).id),
        replace(HR, account_id=accounts.account(person=ground.person()).id),
    )
    row = operations.nominate(person=ground.person(), kind=TalentKind.LEADING, merits="业绩", by=mine, **WHEN, **WHOLE)
    with pytest.raises(NotAllowed, match="由你推荐，评审意见须由另一人登记"):
        operations.review(row=row, opinion="建议", by=mine, today=TODAY)
    assert row.state is TalentState.NOMINATED
    operations.review(row=row, opinion="建议", by=other, today=TODAY)
    with pytest.raises(NotAllowed, match="由你推荐"):
        operations.recognise(row=row, decision="同意", by=mine, today=TODAY)
    operations.recognise(row=row, decision="同意", by=other, today=TODAY)
    with pytest.raises(NotAllowed, match="由你推荐"):
        _decide(row, by=mine)
    given = _decide(row, 100, by=other)
    assert given.state is AwardState.CONFERENCE
    with pytest.raises(NotAllowed, match="由你推荐"):
        awarding.confer(award=given, on=TODAY, is_positive=True, text="同意", by=mine, **WHEN)
    awarding.confer(award=given, on=TODAY, is_positive=True, text="同意", by=ST, **WHEN)
    with pytest.raises(NotAllowed, match="由你推荐"):
        awarding.pay(award=given, on=AFTER, reference="1", pool_id=_pool(), by=replace(FIN, account_id=mine.account_id), today=AFTER, now=NOW)


def test_who_changed_work_is_paid_by_the_credit_of_the_employer_of_now(session: Session, as_role: AsRole) -> None:
    gone, now_at = make.company(), make.company()
    row = _talent(employer_id=gone.id)
    closing.close(organisation=gone, reason="停业", by=SYSTEM, now=NOW)
    with pytest.raises(NotEligible):
        _decide(row)
    session.commit()
    client, where = as_role(Role.DEPT_HR), f"/talents/{row.id}"
    assert gone.name in client.get(where).text
    assert client.post(f"{where}/move", data={"employer": now_at.id, "reason": ""}).status_code == 422
    assert as_role(Role.DEPT_EDU).post(f"{where}/move", data={"employer": now_at.id, "reason": "劳动合同"}).status_code == 403
    client = as_role(Role.DEPT_HR)
    assert client.post(f"{where}/move", data={"employer": now_at.id, "reason": "劳动合同", "version": row.version + 7}).status_code == 409
    for _twice in range(2):
        assert client.post(f"{where}/move", data={"employer": now_at.id, "reason": "劳动合同"}).status_code == 303
    told = client.get(where).text
    assert (now_at.name in told, told.count("变更工作单位") >= 2) == (True, True)
    session.expire_all()
    assert row.employer_id == now_at.id
    given = _decide(row)
    assert given.state is AwardState.DECIDED
    noticing.publish(award=given, by=HR, today=TODAY)
    for wrong in (gone.id, 0, 987_654):
        with pytest.raises(operations.TalentRefused):
            operations.move(row=row, employer_id=wrong, reason="劳动合同", by=HR)
    with pytest.raises(operations.TalentRefused, match="正在办理"):
        operations.move(row=row, employer_id=make.company().id, reason="劳动合同", by=HR)
    awarding.revoke(award=given, reason="换了工作单位", by=HR, **WHEN)
    school = ground.organisation(OrganisationKind.VOCATIONAL_SCHOOL, name="闽江职业技术学院")
    session.commit()
    assert client.post(f"{where}/move", data={"employer": school.id, "reason": "劳动合同"}).status_code == 303
    assert [employer for award, _kind, _name, employer in award_queries.published() if award.id == given.id] == [now_at.name], "as it was published"


@pytest.mark.parametrize(
    ("fen", "state"),
    [
        (30 * WAN - 1, None),
        (30 * WAN, AwardState.DECIDED),
        (30 * WAN + 1, AwardState.DECIDED),
        (100 * WAN - 1, AwardState.DECIDED),
        (100 * WAN, AwardState.CONFERENCE),
        (100 * WAN + 1, None),
    ],
)
def test_the_amount_stays_inside_the_range(session: Session, fen: int, state: AwardState | None) -> None:
    row = _talent()
    if state is None:
        with pytest.raises(AwardRefused, match="300,000"):
            _decide(row, amount_fen=fen)
    else:
        assert _decide(row, amount_fen=fen).state is state


def test_from_the_decision_to_the_payment_out_of_the_new_fund(session: Session) -> None:
    row = _talent()
    with pytest.raises(AwardRefused, match="纪要"):
        _decide(row, minutes=" ")
    with pytest.raises(NotAllowed):
        _decide(row, by=EDU)
    made = _decide(row)
    assert {one["status"] for one in made.findings} == {"met"}
    new, own, small = _pool(), _pool(PoolKind.DEPARTMENT), _pool(PoolKind.INTEGRATED)
    noticing.publish(award=made, by=HR, today=TODAY)
    pay: dict[str, Any] = {"award": made, "on": AFTER, "reference": "P-1", "by": FIN, "today": AFTER, "now": NOW}
    for pool in (None, own, small):
        with pytest.raises(AwardRefused, match="新增引导资金"):
            awarding.pay(**pay, pool_id=pool)
    with pytest.raises(NotAllowed):
        awarding.pay(**{**pay, "by": ST}, pool_id=new)
    with pytest.raises(AwardRefused, match="晚于"):
        awarding.pay(**{**pay, "on": AFTER + timedelta(days=1)}, pool_id=new)
    awarding.pay(**pay, pool_id=new)
    assert (made.state, made.payment_reference, pools.pool(new).spent_fen) == (AwardState.PAID, "P-1", 50 * WAN)  # type: ignore[union-attr]
    with pytest.raises(WrongStep):
        awarding.pay(**pay, pool_id=new)
    awarding.revoke(award=made, reason="材料不实", by=HR, **WHEN)
    assert (made.state, pools.pool(new).spent_fen) == (AwardState.REVOKED, 50 * WAN)  # type: ignore[union-attr]
    again = _decide(row)
    assert again.id != made.id
    noticing.publish(award=again, by=HR, today=TODAY)
    with pytest.raises(AwardRefused, match="还没有收回"):
        awarding.pay(**{**pay, "award": again}, pool_id=new)
    back: dict[str, Any] = {"award": made, "on": AFTER, "reference": "R-1", "today": AFTER}
    with pytest.raises(NotAllowed):
        awarding.recover(by=ST, **back)
    with pytest.raises(AwardRefused, match="凭证"):
        awarding.recover(by=FIN, **{**back, "reference": ""})
    for _time in range(2):
        awarding.recover(by=FIN, **back)
        assert (made.recovered_on, pools.pool(new).spent_fen) == (AFTER, 0)  # type: ignore[union-attr]
    assert awarding.pay(**{**pay, "award": again}, pool_id=new).state is AwardState.PAID


def test_who_entered_the_word_of_the_conference_does_not_pay(session: Session) -> None:
    one, two, three = (accounts.account().id for _ in range(3))
    made = _decide(_talent(), 100, by=replace(HR, account_id=one))
    awarding.confer(award=made, on=TODAY, is_positive=True, text="同意", by=replace(HR, account_id=two), **WHEN)
    noticing.publish(award=made, by=HR, today=TODAY)
    pay: dict[str, Any] = {"award": made, "on": AFTER, "reference": "P-1", "pool_id": _pool(), "today": AFTER, "now": NOW}
    for own in (one, two):
        with pytest.raises(NotAllowed, match="须由另一人办理"):
            awarding.pay(by=replace(FIN, account_id=own), **pay)
    assert awarding.pay(by=replace(FIN, account_id=three), **pay).state is AwardState.PAID


def test_one_year_once_and_another_year_again(session: Session) -> None:
    row = _talent()
    _decide(row)
    with pytest.raises(AlreadyAwarded, match="同一年"):
        _decide(row)
    assert _decide(row, today=date(2027, 1, 4)).year == 2027
    operations.end(row=row, decision="调离", by=SYSTEM, today=TODAY)
    with pytest.raises(NotEligible):
        _decide(row, today=date(2028, 1, 4))


def test_an_employer_taken_out_of_use_stops_the_money_at_every_step(session: Session) -> None:
    """Nothing goes to who was closed, as with bases and enterprises: neither decided, conferred nor paid until it is in use again."""
    employer = make.company()
    row = _talent(employer_id=employer.id)

    def shut(call: Callable[[], Any]) -> Any:
        closing.close(organisation=employer, reason="注销", by=SYSTEM, now=NOW)
        with pytest.raises(NotEligible) as told:
            call()
        assert [one["column"] for one in told.value.details] == ["FJ-15b.open"]
        assert employer.name in told.value.details[0]["value"]
        closing.reopen(organisation=employer, by=SYSTEM, now=NOW)
        return call()

    made = shut(lambda: _decide(row, 100))
    shut(lambda: awarding.confer(award=made, on=TODAY, is_positive=True, text="同意", by=HR, **WHEN))
    noticing.publish(award=made, by=HR, today=TODAY)
    pay: dict[str, Any] = {"award": made, "on": AFTER, "reference": "P-1", "by": FIN, "today": AFTER, "now": NOW, "pool_id": _pool()}
    assert shut(lambda: awarding.pay(**pay)).state is AwardState.PAID


def test_a_talent_whose_conditions_are_gone_gets_nothing(session: Session) -> None:
    row = _talent()
    row.is_mid_senior = False
    with pytest.raises(NotEligible):
        _decide(row)
    firm = make.company()
    firm.credit_status, listed = "失信", _talent(employer_id=firm.id)
    with pytest.raises(NotEligible):
        _decide(listed)


@pytest.mark.parametrize(("on", "is_good"), [(date(1990, 1, 1), False), (TODAY - timedelta(days=1), False), (TODAY, True)])
def test_a_conference_is_not_before_the_amount_was_put_before_it(session: Session, on: date, is_good: bool) -> None:
    made = _decide(_talent(), 100)
    call: dict[str, Any] = {"award": made, "on": on, "is_positive": True, "text": "同意", "by": HR, **WHEN}
    if is_good:
        assert awarding.confer(**call).decided_on == on
        return
    with pytest.raises(AwardRefused, match="不能早于上一步"):
        awarding.confer(**call)
    assert made.state is AwardState.CONFERENCE


@pytest.mark.database
def test_a_talent_taken_out_of_the_database_is_neither_conferred_nor_paid(session: Session) -> None:
    paid, waits, pool = _talent(), _talent(), _pool()
    made, put_forward = _decide(paid), _decide(waits, 100)
    noticing.publish(award=made, by=HR, today=TODAY)
    for row in (paid, waits):
        operations.end(row=row, decision="业绩造假", by=SYSTEM, today=TODAY)
    with pytest.raises(AwardRefused, match="已经出库"):
        awarding.pay(award=made, on=AFTER, reference="P", pool_id=pool, by=FIN, today=AFTER, now=NOW)
    with pytest.raises(AwardRefused, match="已经出库"):
        awarding.confer(award=put_forward, on=TODAY, is_positive=True, text="同意", by=HR, **WHEN)
    assert (made.state, put_forward.state) == (AwardState.DECIDED, AwardState.CONFERENCE)
    awarding.confer(award=put_forward, on=TODAY, is_positive=False, text="已出库", by=HR, **WHEN)
    assert awarding.revoke(award=made, reason="业绩造假", by=HR, **WHEN).state is AwardState.REVOKED


def test_a_company_that_came_onto_the_credit_list_is_not_paid(session: Session) -> None:
    firm = make.company()
    made, pool = _decide(_talent(employer_id=firm.id)), _pool()
    firm.credit_status = "失信"
    with pytest.raises(NotEligible, match="失信"):
        awarding.pay(award=made, on=TODAY, reference="P", pool_id=pool, by=FIN, **WHEN)


def test_the_joint_conference_agrees_or_sends_back(session: Session) -> None:
    row = _talent()
    made = _decide(row, 100)
    with pytest.raises(NotAllowed):
        awarding.confer(award=made, on=TODAY, is_positive=True, text="同意", by=FIN, **WHEN)
    awarding.confer(award=made, on=TODAY, is_positive=False, text="再议", by=ST, **WHEN)
    assert (made.state, made.reason) == (AwardState.REJECTED, "再议")
    again = _decide(row, 100)
    awarding.confer(award=again, on=TODAY, is_positive=True, text="同意", by=ST, **WHEN)
    assert (again.state, again.decided_on) == (AwardState.DECIDED, TODAY)


def test_high_level_talent_by_fj_15d_is_judged_by_a_person_without_bounds(session: Session) -> None:
    row = _talent(TalentKind.HIGH_LEVEL)
    with pytest.raises(AwardRefused, match="判断"):
        _decide(row, 1)
    with pytest.raises(AwardRefused, match="大于零"):
        _decide(row, 0, judgement="参照办法第五条")
    made = _decide(row, 1, judgement="参照办法第五条")
    noticing.publish(award=made, by=HR, today=TODAY)
    awarding.pay(award=made, on=AFTER, reference="P", pool_id=None, by=FIN, today=AFTER, now=NOW)
    assert (made.rule, made.state, made.pool_id) == ("FJ-15d", AwardState.PAID, None)
    with pytest.raises(AwardRefused, match="兼职导师"):
        _decide(_talent(TalentKind.PART_TIME_MENTOR))


def test_two_entries_of_one_human_share_the_year(session: Session) -> None:
    row = _talent()
    _decide(row)
    operations.end(row=row, decision="调离", by=SYSTEM, today=TODAY)
    person = session.get_one(type(ground.person()), row.person_id)
    other = operations.nominate(person=person, kind=TalentKind.LEADING, merits="再次", by=SYSTEM, **WHEN, **WHOLE)
    operations.review(row=other, opinion="建议", by=SYSTEM, today=TODAY)
    operations.recognise(row=other, decision="同意", by=SYSTEM, today=TODAY)
    with pytest.raises(AlreadyAwarded):
        _decide(other)
    assert [one.year for one in award_queries.awards_of(other)] == [2026]


def test_nothing_is_decided_or_paid_before_the_employer_s_credit_was_looked_up(session: Session) -> None:
    firm, school = make.company(credit_status=""), ground.university()
    row, pool = _talent(employer_id=firm.id), _pool()
    with pytest.raises(AwardRefused, match=f"核查已过期：{firm.name}"):
        _decide(row)
    look_up: dict[str, Any] = {"organisation": firm, "is_listed": False, "detail": "平台查询", "on": TODAY, "by": HR, **WHEN}
    credit.enter(**look_up)
    made = _decide(row)
    noticing.publish(award=made, by=HR, today=TODAY)
    firm.credit_status, firm.credit_checked_on = "", None  # as one that was decided before this was asked for
    session.flush()
    pay: dict[str, Any] = {"award": made, "on": AFTER, "reference": "P-1", "pool_id": pool, "by": FIN, "today": AFTER, "now": NOW}
    with pytest.raises(AwardRefused, match="还没有核查信用"):
        awarding.pay(**pay)
    credit.enter(**look_up)
    assert awarding.pay(**pay).state is AwardState.PAID
    assert _decide(_talent(employer_id=school.id)).state is AwardState.DECIDED  # a school is not asked


@pytest.mark.database
@pytest.mark.parametrize("paid_before", [None, 0, 1])
def test_one_human_under_two_persons_is_paid_once(session: Session, paid_before: int | None) -> None:
    """Both decided before the persons were found to be one: the earlier is paid, or stays paid; the other is refused."""
    entries, pool = [_talent(), _talent()], _pool()
    made = [_decide(row) for row in entries]
    for one in made:
        noticing.publish(award=one, by=HR, today=TODAY)
    pay: dict[str, Any] = {"on": AFTER, "reference": "P-1", "pool_id": pool, "by": FIN, "today": AFTER, "now": NOW}
    if paid_before is not None:
        awarding.pay(award=made[paid_before], **pay)
    people.note_decision(
        first_id=entries[0].person_id, second_id=entries[1].person_id, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW
    )
    stands = paid_before or 0
    with pytest.raises(AlreadyAwarded, match="判定为同一人"):
        awarding.pay(award=made[1 - stands], **pay)
    if paid_before is None:
        awarding.pay(award=made[0], **pay)
    assert [one.state for one in made] == ([AwardState.PAID, AwardState.DECIDED] if not stands else [AwardState.DECIDED, AwardState.PAID])


@pytest.mark.parametrize(("days", "is_paid"), [(0, False), (6, False), (7, False), (8, True)])
def test_it_is_paid_from_the_day_after_the_notice(session: Session, days: int, is_paid: bool) -> None:
    made, pool, on = _decide(_talent()), _pool(), TODAY + timedelta(days=days)
    pay: dict[str, Any] = {"award": made, "on": on, "reference": "P-1", "pool_id": pool, "by": FIN, "today": on, "now": NOW}
    with pytest.raises(NoticeRefused, match="还没有公示"):
        awarding.pay(**pay)
    with pytest.raises(NotAllowed):
        noticing.publish(award=made, by=EDU, today=TODAY)
    noticing.publish(award=made, by=HR, today=TODAY)
    noticing.publish(award=made, by=HR, today=AFTER)
    assert (made.published_on, made.notice_until) == (TODAY, LAST)  # publishing again changes nothing
    if is_paid:
        assert awarding.pay(**pay).state is AwardState.PAID
    else:
        with pytest.raises(NoticeRefused, match=str(LAST)):
            awarding.pay(**pay)
        assert (made.state, made.payment_reference) == (AwardState.DECIDED, "")


def test_what_waits_for_the_conference_or_was_revoked_is_not_published(session: Session) -> None:
    waiting, gone = _decide(_talent(), 100), _decide(_talent())
    awarding.revoke(award=gone, reason="材料不实", by=HR, **WHEN)
    for row in (waiting, gone):
        with pytest.raises(NoticeRefused):
            noticing.publish(award=row, by=HR, today=TODAY)
        assert row.published_on is None


@pytest.mark.parametrize("is_upheld", [False, True])
def test_an_objection_stops_the_payment_until_it_is_found_wrong(session: Session, is_upheld: bool) -> None:
    made, pool = _decide(_talent()), _pool()
    told: dict[str, Any] = {"award": made, "on": TODAY, "objector": "王某 0591-1", "text": "业绩不实", "by": HR, **WHEN}
    with pytest.raises(NoticeRefused, match="正在公示"):
        noticing.object_to(**told)
    noticing.publish(award=made, by=HR, today=TODAY)
    for wrong in ({"on": TODAY - timedelta(days=1)}, {"on": TODAY + timedelta(days=1)}, {"objector": " "}, {"text": ""}):
        with pytest.raises(NoticeRefused):
            noticing.object_to(**{**told, **wrong})
    with pytest.raises(NotAllowed):
        noticing.object_to(**{**told, "by": FIN})
    row = noticing.object_to(**told)
    pay: dict[str, Any] = {"award": made, "on": AFTER, "reference": "P-1", "pool_id": pool, "by": FIN, "today": AFTER, "now": NOW}
    with pytest.raises(NoticeRefused, match="还没有核实"):
        awarding.pay(**pay)
    with pytest.raises(NoticeRefused, match="结论"):
        noticing.settle(objection=row, is_upheld=is_upheld, answer=" ", by=HR, now=NOW)
    noticing.settle(objection=row, is_upheld=is_upheld, answer="查阅原单位证明", by=HR, now=NOW)
    with pytest.raises(NoticeRefused, match="不能改变"):
        noticing.settle(objection=row, is_upheld=not is_upheld, answer="再议", by=HR, now=NOW)
    if is_upheld:
        with pytest.raises(NoticeRefused, match="撤销"):
            awarding.pay(**pay)
        assert awarding.revoke(award=made, reason="异议成立", by=HR, today=AFTER, now=NOW).state is AwardState.REVOKED
    else:
        assert awarding.pay(**pay).state is AwardState.PAID


def test_everybody_reads_the_notice_and_nobody_the_objector(session: Session, as_role: AsRole, app: Flask) -> None:
    firm = make.company(name="闽演示云")
    row, key = _talent(employer_id=firm.id), firm.id
    name = session.get_one(Person, row.person_id).name
    made = _decide(row)
    where = f"/talents/awards/{made.id}"
    session.commit()
    hr, anybody = as_role(Role.DEPT_HR), app.test_client()
    assert name not in anybody.get("/talents/awards/published").text
    assert hr.post(f"{where}/publish").status_code == 303
    for address in ("/talents/awards/published", "/talents/awards/published.csv"):
        assert name in anybody.get(address).text
        assert "闽演示云" in anybody.get(address).text
    said = {"on": str(clock.today()), "objector": "王某", "text": "业绩不实"}
    assert hr.post(f"{where}/objections", data=said | {"text": ""}).status_code == 422
    assert hr.post(f"{where}/objections", data=said).status_code == 303
    coordinator = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key)
    assert "王某" in hr.get(where).text
    assert "王某" not in as_role(Role.DEPT_FIN).get(where).text
    assert "业绩不实" not in coordinator.get(where).text
    assert coordinator.post(f"{where}/objections", data=said).status_code == 403
    with app.app_context():
        [objection] = award_queries.objections_of(int(where.rsplit("/", 1)[1]))
        number = objection.id
    assert coordinator.post(f"/talents/objections/{number}", data={"is_upheld": "no", "answer": "不实"}).status_code == 403
    assert hr.post(f"/talents/objections/{number}", data={"is_upheld": "no"}).status_code == 422
    assert hr.post(f"/talents/objections/{number}", data={"is_upheld": "no", "answer": "经核实业绩属实"}).status_code == 303
    text = hr.get(where).text
    for said in ("经核实业绩属实", "已公示", "已登记公示异议", "公示异议已有结论"):
        assert said in text, said
    assert hr.post(f"{where}/revoke", data={"reason": "本人放弃"}).status_code == 303
    text = anybody.get("/talents/awards/published").text
    assert (name in text, name[0] + "*" in text, "已撤销" in text) == (False, True, True)


def _end_notice(session: Session, where: str) -> None:
    """As if the notice had begun ten days ago."""
    session.expire_all()
    row = session.get_one(TalentAward, int(where.rsplit("/", 1)[1]))
    row.published_on = row.decided_on = clock.today() - timedelta(days=10)
    row.notice_until = clock.today() - timedelta(days=3)
    session.commit()


def test_the_pages_and_the_command(session: Session, as_role: AsRole, app: Any) -> None:
    firm = make.company()
    row, key = _talent(employer_id=firm.id), firm.id
    talent, pool = row.id, _pool()
    session.commit()
    hr, fin, coordinator = as_role(Role.DEPT_HR), as_role(Role.DEPT_FIN), as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key)
    assert f"/talents/{talent}/award" in hr.get(f"/talents/{talent}").text
    assert "300,000" in hr.get(f"/talents/{talent}/award").text
    assert coordinator.get(f"/talents/{talent}/award").status_code == 403
    bad = hr.post(f"/talents/{talent}/award", data={"amount": "299999.99", "minutes": "纪要"})
    assert (bad.status_code, "300,000" in bad.text) == (422, True)
    stale = hr.post(f"/talents/{talent}/award", data={"amount": "1000000", "minutes": "纪要", "version": "1"})  # it was reviewed and recognised since
    assert (stale.status_code, "刚被其他人修改过" in stale.text) == (409, True)
    where = hr.post(f"/talents/{talent}/award", data={"amount": "1000000", "minutes": "纪要"}).headers["Location"]
    confer = {"on": str(clock.today()), "is_positive": "yes", "text": "同意"}
    assert (hr.post(f"{where}/confer", data=confer).status_code, f"{where}/confer" in hr.get(where).text) == (403, False)
    assert as_role(Role.DEPT_HR).post(f"{where}/confer", data=confer).status_code == 303
    paid = {"on": str(clock.today()), "reference": "P-9", "pool": str(pool)}
    refused = fin.post(f"{where}/pay", data=paid)
    assert (refused.status_code, "还没有公示" in refused.text) == (422, True)
    assert (coordinator.post(f"{where}/publish").status_code, fin.post(f"{where}/publish").status_code) == (403, 403)
    seen = re.search(r'name="version" value="([0-9]+)"', hr.get(where).text)
    assert seen is not None
    for at in ("publish", "revoke"):
        assert hr.post(f"{where}/{at}", data={"reason": "材料不实", "version": str(int(seen[1]) - 1)}).status_code == 409, at
    assert hr.post(f"{where}/publish", data={"version": seen[1]}).status_code == 303
    assert hr.post(f"{where}/publish", data={"version": seen[1]}).status_code == 303, "pressed twice it changes nothing"
    stale = hr.post(f"{where}/objections", data={"on": paid["on"], "objector": "某", "text": "不实", "version": seen[1]})
    assert (stale.status_code, "刚被其他人修改过" in stale.text) == (409, True)
    refused = fin.post(f"{where}/pay", data=paid)
    assert (refused.status_code, "次日起才能拨付" in refused.text) == (422, True)
    _end_notice(session, where)
    assert "新增引导资金" in fin.get(where).text
    assert fin.post(f"{where}/pay", data=paid | {"pool": "0"}).status_code == 422
    assert coordinator.post(f"{where}/pay", data=paid).status_code == 403
    answer = fin.post(f"{where}/pay", data=paid)
    assert answer.status_code == 303, answer.text
    assert "P-9" in coordinator.get(where).text
    assert "已拨付" in hr.get("/talents/awards?rule=FJ-15b&state=paid&sort=-amount").text
    assert "1000000.00" in hr.get("/talents/awards.csv").text
    told = CliRunner().invoke(cli.talents, ["support", "--talent", str(talent), "--json"], obj={"create_app": lambda: app}).stdout
    assert [(one["year"], one["state"], one["amount_fen"]) for one in json.loads(told)["awards"]] == [(2026, "paid", 100 * WAN)]
    assert hr.post(f"{where}/revoke", data={"reason": "材料不实"}).status_code == 303
    assert "待收回" in fin.get("/talents/awards?state=to_recover").text
    assert "收回已撤销的人才资金支持" in fin.get("/").text
    assert fin.post(f"{where}/recover", data={"on": str(clock.today()), "reference": ""}).status_code == 422
    assert fin.post(f"{where}/recover", data={"on": str(clock.today()), "reference": "R-9"}).status_code == 303
    assert "R-9" in fin.get(where).text
    assert "收回已撤销的人才资金支持" not in fin.get("/").text


def test_two_decisions_at_once_give_one_award(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key = _talent().id
    act = lambda: _decide(current().get_one(Talent, key))  # noqa: E731
    assert together(committed, act, act) == ["", "already_awarded"]
    with committed.app_context():
        assert len(award_queries.awards_of(current().get_one(Talent, key))) == 1


@pytest.mark.database
@pytest.mark.parametrize(("is_objected_first", "answers"), [(True, ["", "objection_open"]), (False, ["", "wrong_step"])])
def test_an_objection_of_the_moment_of_payment_is_heard_or_refused(committed: Flask, is_objected_first: bool, answers: list[str]) -> None:
    with committed.app_context(), transaction():
        made = _decide(_talent())
        noticing.publish(award=made, by=HR, today=TODAY)
        key, pool = made.id, _pool()

    def objected() -> object:
        award = current().get_one(TalentAward, key)
        return noticing.object_to(award=award, on=AFTER, objector="某某", text="业绩不实", by=HR, today=AFTER, now=NOW)

    def paid() -> object:
        award = current().get_one(TalentAward, key)
        return awarding.pay(award=award, on=AFTER, reference="P", pool_id=pool, by=FIN, today=AFTER, now=NOW)

    acts = (objected, paid) if is_objected_first else (paid, objected)
    assert together(committed, *acts) == answers
    with committed.app_context():
        assert (current().get_one(TalentAward, key).state is AwardState.PAID, len(award_queries.objections_of(key))) == (
            not is_objected_first,
            int(is_objected_first),
        )


@pytest.mark.database
def test_an_objection_settled_by_two_at_once_has_one_finding(committed: Flask) -> None:
    with committed.app_context(), transaction():
        made = _decide(_talent())
        noticing.publish(award=made, by=HR, today=TODAY)
        key = noticing.object_to(award=made, on=TODAY, objector="某某", text="业绩不实", by=HR, today=TODAY, now=NOW).id

    def settled(is_upheld: bool) -> object:
        return noticing.settle(objection=current().get_one(TalentObjection, key), is_upheld=is_upheld, answer="查实", by=HR, now=NOW)

    assert together(committed, lambda: settled(True), lambda: settled(False)) == ["", "wrong_step"]
    with committed.app_context():
        assert current().get_one(TalentObjection, key).is_upheld is True
