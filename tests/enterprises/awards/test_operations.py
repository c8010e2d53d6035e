"""The way of an award on a real database: role x state x action, the range, no second award."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from enterprises.awards import companies, credit, operations, queries, steps
from enterprises.awards.models import Award
from enterprises.awards.operations import AlreadyAwarded, AwardRefused, NotEligible, WrongStep
from enterprises.awards.operations.acting import CONFERENCE
from enterprises.awards.specs import SPECS
from enterprises.awards.types import TRANSITIONS, Action, AwardState, CompanyRule, RuleCode, StepKind, Verdict, Who
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.models import BaseProfile
from enterprises.bases.types import AcceptanceStep, BaseType
from tests.factories import awards as make
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.awards import EDU, FIN, HR, NOW, ST, TODAY
from tests.factories.remembering import remembered
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, Refused, Stale
from trainhub.organisations import operations as organisations
from trainhub.organisations import queries as organisation_queries
from trainhub.organisations.types import HostSide, OrganisationState

WHEN = {"today": TODAY, "now": NOW}


def test_the_whole_way_of_a_practice_base(session: Session) -> None:
    base = make.base()
    row = make.apply(base)
    assert (row.state, row.applied_on, row.is_one_off, row.overlap_group) == (AwardState.APPLIED, TODAY, True, "training")
    make.examined(row)
    operations.recognise(award=row, on=TODAY, document="闽教（2026）1号", by=EDU, **WHEN)
    operations.accept(award=row, on=TODAY, document="闽教（2026）9号", by=EDU, **WHEN)
    operations.decide(award=row, amount_fen=80_000_000, minutes="厅务会纪要", payer="省财政厅", by=EDU, **WHEN)
    assert [f["code"] for f in row.findings if not f["met"]] == []
    operations.pay(award=row, on=TODAY, reference="闽财拨2026-17", by=FIN, **WHEN)
    operations.close(award=row, by=FIN, **WHEN)
    assert (row.state, row.amount_fen, row.payer, row.paid_on) == (AwardState.CLOSED, 80_000_000, "省财政厅", TODAY)
    assert queries.entitlements_of(base.id, TODAY)[0].verdict is Verdict.AWARDED


def test_the_steps_are_kept_with_the_base(session: Session) -> None:
    from enterprises.bases import queries as bases

    base = make.base()
    make.accepted(base)
    assert [(s.step, s.department) for s in bases.acceptances_of(base.id)] == [
        (AcceptanceStep.RECOGNISED, "dept_edu"),
        (AcceptanceStep.ACCEPTED, "dept_edu"),
    ]


def test_applying_again_is_refused_and_what_is_new_is_added_to_the_application(session: Session) -> None:
    row = make.apply(base := make.base())
    with pytest.raises(Refused, match="已有正在办理的申请") as told:
        make.apply(base)
    assert (told.value.code, told.value.status, len(queries.awards_of(base.id))) == ("under_way", 409, 1)
    operations.supplement(award=row, statement="补充协议", evidence=[7, 7], by=SYSTEM, today=TODAY, now=NOW)
    assert (row.statement, row.evidence) == (f"申请\n\n[{TODAY.isoformat()}] 补充协议", [7])
    with pytest.raises(AwardRefused, match="补充的内容"):
        operations.supplement(award=row, statement=" ", by=SYSTEM, today=TODAY, now=NOW)
    make.checked(row, is_positive=False)
    operations.supplement(award=row, statement="补正", evidence=[7, 8], by=SYSTEM, today=TODAY, now=NOW)
    assert row.evidence == [7, 8]
    make.checked(row)
    with pytest.raises(WrongStep, match="初审已通过"):
        operations.supplement(award=row, statement="再补", by=SYSTEM, today=TODAY, now=NOW)


def test_who_added_to_an_application_neither_checks_nor_decides_it(session: Session) -> None:
    """Another account that applies for the same organisation has a hand in the application, too (ADR 14)."""
    row, helper = make.apply(), accounts.account(roles=(Role.SYSTEM_ADMIN,))
    by = Identity(helper.id, helper.person_id, "补充者", frozenset({Grant(Role.SYSTEM_ADMIN)}))
    operations.supplement(award=row, statement="补充协议", by=by, today=TODAY, now=NOW)
    with transaction():  # the log is written with the commit
        pass
    with pytest.raises(NotAllowed, match="另一人办理"):
        steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="符合", by=by, **WHEN)
    make.examined(row)
    with pytest.raises(NotAllowed, match="另一人办理"):
        operations.recognise(award=row, on=TODAY, by=by, **WHEN)
    assert operations.recognise(award=row, on=TODAY, by=SYSTEM, **WHEN).state is AwardState.RECOGNISED


def test_each_year_of_an_incentive_is_an_application_of_its_own(session: Session) -> None:
    call: dict[str, Any] = {"company": make.company(), "by": SYSTEM, **WHEN}
    first = operations.apply_company(rule=CompanyRule.RESEARCH, year=2015, statement="2015", evidence=[1], **call)
    second = operations.apply_company(rule=CompanyRule.RESEARCH, year=2016, statement="2016", evidence=[2], **call)
    assert (first.id != second.id, second.year, second.statement, second.evidence) == (True, 2016, "2016", [2])
    with pytest.raises(Refused, match="已有正在办理的申请"):
        operations.apply_company(rule=CompanyRule.RESEARCH, year=2016, **call)
    operations.apply_company(rule=CompanyRule.PLATFORM, year=2015, **call)
    with pytest.raises(Refused, match="已有正在办理的申请"):  # it is given once, whatever the year
        operations.apply_company(rule=CompanyRule.PLATFORM, year=2016, **call)
    bid: dict[str, Any] = {"rule": CompanyRule.BID, "project": "甲", "project_number": "1", **call}
    operations.apply_company(year=2015, **bid)
    with pytest.raises(Refused, match="已有正在办理的申请"):  # and so is a project
        operations.apply_company(year=2016, **bid)


def test_a_second_award_for_the_same_thing_is_refused(session: Session) -> None:
    base = make.base()
    make.decided(base)
    with pytest.raises(AlreadyAwarded, match="不得重复享受"):
        make.apply(base)


def test_a_double_decision_is_refused(session: Session) -> None:
    row = make.decided()
    with pytest.raises(WrongStep, match="现为“已决定”"):
        operations.decide(award=row, amount_fen=60_000_000, minutes="再次", by=EDU, **WHEN)
    assert row.amount_fen == 60_000_000


def test_two_decisions_of_two_rows_are_stopped_by_the_database(session: Session) -> None:
    """Even past every check the unique index holds: a second row of the same base and rule cannot become decided."""
    base = make.base()
    first = make.accepted(base)
    session.execute(update(Award).where(Award.id == first.id).values(state=AwardState.REJECTED))
    session.expire_all()
    second = make.examined(make.apply(base))
    session.execute(update(Award).where(Award.id == first.id).values(state=AwardState.DECIDED, decided_on=None))
    second.state = AwardState.ACCEPTED
    session.flush()
    second.overlap_group = "other"
    session.flush()
    with pytest.raises(AlreadyAwarded):
        operations.decide(award=second, amount_fen=60_000_000, minutes="纪要", by=EDU, **WHEN)


def test_only_the_highest_of_overlapping_awards(session: Session) -> None:
    base = make.base(BaseType.PRACTICE_BASE, BaseType.TRAINING_BASE)
    reference = make.accepted(base, RuleCode.LEADING_FIRM_BASE)
    make.decided(base, RuleCode.PRACTICE_BASE)
    with pytest.raises(AlreadyAwarded, match="就高享受"):
        operations.decide(award=reference, amount_fen=10_000_000, minutes="参照", judgement="参照 FJ-16b", by=EDU, **WHEN)


def test_a_higher_award_takes_the_place_of_a_lower_one_that_is_revoked_first(session: Session) -> None:
    base = make.base(BaseType.PRACTICE_BASE, BaseType.TRAINING_BASE)
    lower = make.decided(base, RuleCode.LEADING_FIRM_BASE, 10_000_000, judgement="参照 FJ-16b")
    higher = make.accepted(base)
    seen = queries.overlaps_of(higher, TODAY)
    assert [(one.rule, one.award_id, one.is_given, one.is_higher) for one in seen] == [("FJ-24a", lower.id, True, False)]
    assert [one.is_higher for one in queries.overlaps_of(lower, TODAY)] == [True]
    call: dict[str, Any] = {"award": higher, "amount_fen": 60_000_000, "minutes": "纪要", "by": EDU, **WHEN}
    with pytest.raises(AlreadyAwarded, match=r"先把它撤销.*就高改享 FJ-16b"):
        operations.decide(**call)
    operations.revoke(award=lower, reason="就高改享 FJ-16b", by=EDU, **WHEN)
    assert operations.decide(**call).state is AwardState.DECIDED
    again = make.apply(base, RuleCode.LEADING_FIRM_BASE)  # whether it is the same thing is judged where it is decided
    assert [one["code"] for one in again.findings if one["status"] == "judge"] == ["FJ-24a.reference", "FJ-24a.group"]
    with pytest.raises(AlreadyAwarded, match="不予通过"):
        operations.decide(award=_accepted(again), amount_fen=10_000_000, minutes="参照", judgement="参照 FJ-16b", by=EDU, **WHEN)


def _accepted(row: Any) -> Any:
    make.examined(row)
    operations.recognise(award=row, on=TODAY, by=EDU, **WHEN)
    return operations.accept(award=row, on=TODAY, by=EDU, **WHEN)


@pytest.mark.parametrize("is_higher", [True, False])
def test_what_is_not_the_same_thing_leaves_the_group_of_a_rival(session: Session, is_higher: bool) -> None:
    """000:833: beside what was given of the group, higher or lower, an award for another thing is applied for and decided, for a reason that is kept."""
    base = make.base(BaseType.PRACTICE_BASE, BaseType.TRAINING_BASE)
    make.decided(base, RuleCode.PRACTICE_BASE)
    row = make.accepted(base, RuleCode.LEADING_FIRM_BASE)
    amount = 90_000_000 if is_higher else 10_000_000
    call: dict[str, Any] = {"award": row, "amount_fen": amount, "minutes": "纪要", "judgement": "参照 FJ-16b；创业基地另址建设", "by": EDU, **WHEN}
    with pytest.raises(AlreadyAwarded, match="就高享受"):
        operations.decide(**call)
    with pytest.raises(AwardRefused, match="需要由人判断"):
        operations.decide(**{**call, "judgement": ""}, overlap_group="另一组", overlap_reason="不是同一事项")
    assert operations.decide(**call, overlap_group="另一组", overlap_reason="不是同一事项").state is AwardState.DECIDED
    assert (row.overlap_group, row.overlap_reason) == ("另一组", "不是同一事项")
    assert [one["code"] for one in row.findings if one["status"] == "judge"] == ["FJ-24a.reference", "FJ-24a.group"]


def test_who_came_onto_the_credit_list_is_not_paid(session: Session) -> None:
    host = make.leading()
    row = make.decided(make.base(hosts=((host, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL))))
    host.credit_status = "失信"
    session.flush()
    with pytest.raises(NotEligible, match=r"信用状况.*不能拨付"):
        operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN)
    assert (row.state, row.payment_reference) == (AwardState.DECIDED, "")
    host.credit_status = "正常"
    session.flush()
    assert operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN).state is AwardState.PAID


def _revoke_recognition(base: Any) -> None:
    bases.record_acceptance(base=base, type=BaseType.PRACTICE_BASE, step=AcceptanceStep.REVOKED, on=TODAY, by=SYSTEM, now=NOW)


def _close_base(base: Any) -> None:
    organisations.close(organisation=base, reason="注销", by=SYSTEM, now=NOW)


def _close_lead(base: Any) -> None:
    _close_base(next(organisation for host, organisation in organisation_queries.hosts_of(base.id) if host.is_lead))


def _end_hosts(base: Any) -> None:
    for host, _organisation in organisation_queries.hosts_of(base.id):
        organisations.end_host(base=base, host_id=host.id, until=TODAY - timedelta(days=1), by=SYSTEM, now=NOW)


@pytest.mark.database
@pytest.mark.parametrize(
    ("lose", "named"),
    [
        (_revoke_recognition, "认定；验收"),
        (_end_hosts, "互联网龙头企业"),
        (_close_base, "单位在用"),
        (_close_lead, "互联网龙头企业；单位在用"),
    ],
)
def test_an_award_whose_ground_was_lost_is_neither_conferred_nor_paid(session: Session, lose: Callable[[Any], None], named: str) -> None:
    base = make.base()
    row = make.decided(base)
    lose(base)
    session.flush()
    with pytest.raises(NotEligible, match=f"{named}.*撤销这项奖励"):
        operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN)
    assert (row.state, row.payment_reference) == (AwardState.DECIDED, "")
    other = make.base()
    waits = make.decided(other, amount_fen=100_000_000)
    lose(other)
    session.flush()
    with pytest.raises(NotEligible, match=f"{named}.*登记为不同意"):
        operations.confer(award=waits, on=TODAY, is_positive=True, text="同意", by=HR, **WHEN)
    assert waits.state is AwardState.CONFERENCE


def test_who_was_closed_neither_applies_nor_is_decided_on(session: Session) -> None:
    """A base, its lead, an enterprise; a day before the closing is answered as it was, and what is in use again may go on."""
    base, company = make.base(), make.company()
    row = make.accepted(base)
    decide: dict[str, Any] = {"award": row, "amount_fen": 60_000_000, "minutes": "纪要", "by": EDU, **WHEN}

    def missing(on: date) -> list[str]:
        return [one["code"].split(".")[1] for one in queries.check(base.code, on)["rules"][0]["missing"]]

    for close, named in ((_close_lead, ["leading", "open"]), (_close_base, ["open"])):
        shut = base if close is _close_base else next(o for h, o in organisation_queries.hosts_of(base.id) if h.is_lead)
        close(base)
        assert (missing(TODAY), missing(TODAY - timedelta(days=1))[-1:]) == (named, ["accepted"])
        with pytest.raises(NotEligible, match="单位在用"):
            operations.decide(**decide)
        with pytest.raises(NotEligible, match="单位在用"):
            operations.apply(base=base, rule=RuleCode.LEADING_FIRM_BASE, by=SYSTEM, **WHEN)
        organisations.reopen(organisation=shut, by=SYSTEM, now=NOW)
        with pytest.raises(AwardRefused, match="没有核验") as told:
            operations.decide(**decide)
        assert (told.value.code, shut.name in told.value.message) == ("not_verified", True)
        organisations.verify(organisation=shut, by=SYSTEM, now=NOW)
    assert operations.decide(**decide).state is AwardState.DECIDED
    _close_base(company)
    with pytest.raises(NotEligible, match="单位在用"):
        operations.apply_company(company=company, rule=CompanyRule.PAYMENT_HQ, year=2026, by=SYSTEM, **WHEN)


def test_who_is_no_longer_verified_is_not_paid(session: Session) -> None:
    """A changed name is looked at again before money goes out."""
    base = make.base()
    row = make.decided(base)
    lead = next(o for h, o in organisation_queries.hosts_of(base.id) if h.is_lead)
    lead.state = OrganisationState.REGISTERED
    session.flush()
    with pytest.raises(AwardRefused, match=lead.name):
        operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN)
    organisations.verify(organisation=lead, by=SYSTEM, now=NOW)
    assert operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN).state is AwardState.PAID


@pytest.mark.parametrize(("kind", "rule"), [(BaseType.RURAL_PARK, RuleCode.RURAL_PARK), (BaseType.PRACTICE_BASE, RuleCode.PRACTICE_BASE)])
def test_where_nobody_stands_behind_a_base_any_more_nothing_is_paid(session: Session, kind: BaseType, rule: RuleCode) -> None:
    base = make.base(kind, workers=100)
    row = make.decided(base, rule, 20_000_000 if rule is RuleCode.RURAL_PARK else 60_000_000)
    for host, _organisation in organisation_queries.hosts_of(base.id):
        organisations.end_host(base=base, host_id=host.id, until=TODAY - timedelta(days=1), by=SYSTEM, now=NOW)
    with pytest.raises(NotEligible, match="条件已不具备"):
        operations.pay(award=row, on=TODAY, reference="1", by=FIN if rule is RuleCode.PRACTICE_BASE else HR, **WHEN)


def test_figures_are_those_of_the_decision(session: Session) -> None:
    """A park whose workers left after the decision is paid: the decision stores its findings."""
    base = make.base(BaseType.RURAL_PARK, workers=100)
    row = make.decided(base, RuleCode.RURAL_PARK, 20_000_000)
    session.get_one(BaseProfile, base.id).workers = 99
    session.flush()
    assert not queries.answer_of(row, TODAY).is_eligible
    assert operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN).state is AwardState.PAID


def test_check_answers_with_the_credit_of_the_day(session: Session) -> None:
    host = make.leading()
    base = make.base(hosts=((host, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL)))
    for day, is_listed in ((date(2026, 1, 10), False), (date(2026, 2, 10), True)):
        credit.enter(organisation=host, is_listed=is_listed, detail="信用福建", on=day, by=EDU, **WHEN)

    def missing(on: date) -> bool:
        return "FJ-16b.credit" in [one["code"] for one in queries.check(base.code, on)["rules"][0]["missing"]]

    assert [missing(day) for day in (date(2026, 1, 9), date(2026, 2, 9), date(2026, 2, 10), TODAY)] == [False, False, True, True]
    assert queries.check(base.code, TODAY)["undated"] == ["region_code", "uscc"]


def test_check_answers_with_the_mark_of_a_leading_enterprise_of_the_day(session: Session) -> None:
    """The mark of the host: what was replaced answers for the days before, the day of the change already knows the new one."""
    host = ground.enterprise(is_internet_enterprise=True)
    base = make.base(hosts=((host, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL)))
    for month, is_leading in ((1, True), (2, False), (2, True)):
        organisations.change(organisation=host, by=EDU, now=datetime(2026, month, 10, 1, tzinfo=UTC), is_leading_internet=is_leading)
    organisations.change(organisation=host, by=EDU, now=datetime(2026, 2, 20, 1, tzinfo=UTC), is_leading_internet=False)
    organisations.change(organisation=host, by=EDU, now=datetime(2026, 2, 25, 1, tzinfo=UTC), is_leading_internet=False, name="改名")

    def leads(on: date) -> bool:
        rule = queries.check(base.code, on)["rules"][0]
        return "leading" not in {one["code"].split(".")[-1] for one in rule["missing"]}

    days = [date(2026, 1, 9), date(2026, 1, 10), date(2026, 2, 9), date(2026, 2, 10), date(2026, 2, 19), date(2026, 2, 20), TODAY]
    assert [leads(day) for day in days] == [False, True, True, True, True, False, False]


def test_check_answers_with_the_figures_of_the_day(session: Session) -> None:
    """The four figures of the profile that rules ask for: what was replaced answers for the days before."""
    base = make.base(BaseType.RURAL_PARK, workers=90)
    profile = base_queries.profile(base.id)
    assert profile is not None
    for day, workers in ((10, 95), (10, 100), (20, None)):
        bases.change_base(profile=profile, workers=workers, by=SYSTEM, now=datetime(2026, 2, day, 4, tzinfo=UTC))

    def found(day: int) -> Any:
        answer = next(one for one in queries.entitlements_of(base.id, date(2026, 2, day)) if one.rule is RuleCode.RURAL_PARK)
        return next(one.found for one in answer.findings if one.code == "FJ-26d.workers")

    assert [found(day) for day in (1, 9, 10, 19, 20)] == [90, 90, 100, 100, None]


def test_what_was_given_before_is_shown_where_the_rule_is_not_one_off(session: Session) -> None:
    """FJ-26b-ext, 000:793: at most 50 a square metre over all awards of an area; FJ-26e: a person looks."""
    base = make.base(BaseType.INCUBATOR, area_extended_m2=1_000)
    call: dict[str, Any] = {"by": ST, **WHEN}

    def answer(rule: RuleCode) -> Any:
        return next(one for one in queries.entitlements_of(base.id, TODAY) if one.rule is rule)

    row = make.accepted(base, RuleCode.INCUBATOR_EXTENDED)
    operations.decide(award=row, amount_fen=4_000_000, minutes="纪要", **call)
    seen = answer(RuleCode.INCUBATOR_EXTENDED)
    assert (seen.verdict, seen.amount_max_fen, [one.code for one in seen.missing]) == (Verdict.TO_JUDGE, 1_000_000, ["FJ-26b-ext.again"])
    again = make.accepted(base, RuleCode.INCUBATOR_EXTENDED)
    operations.decide(award=again, amount_fen=1_000_000, minutes="纪要", judgement="另一处扩建", **call)
    assert answer(RuleCode.INCUBATOR_EXTENDED).verdict is Verdict.AWARDED
    make.decided(base, RuleCode.SOFTWARE_PARK_PLATFORM, 5_000_000, judgement="公共平台")
    assert [one.code for one in answer(RuleCode.SOFTWARE_PARK_PLATFORM).missing] == ["FJ-26e.platform", "FJ-26e.again"]


def test_a_reviewer_may_join_two_awards_in_one_group(session: Session) -> None:
    base = make.base(BaseType.PRACTICE_BASE, BaseType.INCUBATION_BASE, startup_entities=30)
    make.decided(base)
    other = make.accepted(base, RuleCode.INCUBATION_BASE)
    with pytest.raises(AlreadyAwarded):
        operations.decide(award=other, amount_fen=50_000_000, minutes="同一场地", overlap_group="training", overlap_reason="同一场地", by=HR, **WHEN)


@pytest.mark.parametrize("typed", ["另一组", ""])
def test_an_award_leaves_the_group_of_the_policy_for_a_reason_only(session: Session, as_role: Callable[..., FlaskClient], typed: str) -> None:
    """000:833: which incentives overlap is dated data; who judges otherwise in one case says why, and everybody who reads the award sees it."""
    row = make.accepted()
    call: dict[str, Any] = {"award": row, "amount_fen": 60_000_000, "minutes": "纪要", "by": EDU, **WHEN}
    if typed:
        with pytest.raises(AwardRefused, match=r"“training”.*“另一组”.*理由") as told:
            operations.decide(overlap_group=typed, **call)
        assert (told.value.field, row.state, row.overlap_group) == ("overlap_reason", AwardState.ACCEPTED, "training")
    operations.decide(overlap_group=typed, overlap_reason="不是同一事项", **call)
    kept = ("另一组", "不是同一事项") if typed else ("training", "")
    assert (row.overlap_group, row.overlap_reason) == kept
    audit.write_pending(session)
    event = session.scalars(select(audit.AuditEvent).where(audit.AuditEvent.did == "awards.award.decided")).one()
    assert event.data["overlap_group"] == kept[0]
    assert event.data.get("overlap_reason") == (kept[1] or None)
    key = row.id
    session.commit()
    assert ("不是同一事项" in as_role(Role.AUDITOR).get(f"/awards/{key}").text) is bool(typed)


def test_an_award_decided_again_after_the_conference_goes_back_to_the_group_of_the_policy(session: Session) -> None:
    row = make.accepted()
    call: dict[str, Any] = {"award": row, "amount_fen": 100_000_000, "minutes": "纪要", "by": EDU, **WHEN}
    operations.decide(overlap_group="另一组", overlap_reason="不是同一事项", **call)
    operations.confer(award=row, on=TODAY, is_positive=False, text="再议", by=EDU, **WHEN)
    operations.decide(**call)
    assert (row.overlap_group, row.overlap_reason) == ("training", "")


def test_a_separate_group_is_awarded_beside(session: Session) -> None:
    base = make.base(BaseType.PRACTICE_BASE, BaseType.INCUBATION_BASE, startup_entities=30)
    make.decided(base)
    row = make.accepted(base, RuleCode.INCUBATION_BASE)
    operations.decide(award=row, amount_fen=50_000_000, minutes="纪要", judgement="高校毕业生创业孵化基地", by=HR, **WHEN)
    assert row.state is AwardState.DECIDED


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        (49_999_999, None),
        (50_000_000, AwardState.DECIDED),
        (99_999_999, AwardState.DECIDED),
        (100_000_000, AwardState.CONFERENCE),
        (100_000_001, None),
        (None, None),
        (-1, None),
    ],
)
def test_the_amount_of_a_decision(session: Session, amount: int | None, state: AwardState | None) -> None:
    row = make.accepted()
    call: dict[str, Any] = {"award": row, "amount_fen": amount, "minutes": "纪要", "by": EDU, **WHEN}
    if state is not None:
        assert (operations.decide(**call).amount_fen, row.state) == (amount, state)
    else:
        with pytest.raises(AwardRefused) as refused:
            operations.decide(**call)
        assert (refused.value.code, row.state, row.amount_fen) == ("amount_out_of_range", AwardState.ACCEPTED, None)


def test_the_joint_conference_is_a_step_of_its_own(session: Session) -> None:
    row = make.decided(amount_fen=100_000_000)
    call: dict[str, Any] = {"award": row, "on": TODAY, "people": "省发改委等", **WHEN}
    assert (row.state, row.decided_on) == (AwardState.CONFERENCE, None)
    for wrong, refusal in (
        ({"by": FIN, "text": "同意"}, NotAllowed),
        ({"by": HR, "text": " "}, Refused),
        ({"by": HR, "text": "同意", "on": date(2026, 3, 1)}, Refused),
    ):
        with pytest.raises(refusal):
            operations.confer(**{**call, **wrong}, is_positive=True)
    with pytest.raises(WrongStep):
        operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN)
    operations.confer(**call, is_positive=False, text="金额偏高，请重新研究", by=HR)
    assert (row.state, row.amount_fen) == (AwardState.ACCEPTED, None)
    operations.decide(award=row, amount_fen=100_000_000, minutes="再议", by=EDU, **WHEN)
    operations.confer(**call, is_positive=True, text="联席会议纪要〔2026〕2号", by=HR)
    assert (row.state, row.decided_on, row.conference_minutes) == (AwardState.DECIDED, TODAY, "联席会议纪要〔2026〕2号")
    assert [step.is_positive for step in queries.steps_of(row.id)] == [True, True, False, True]
    with pytest.raises(WrongStep):
        operations.confer(**call, is_positive=True, text="再次", by=HR)


def test_what_was_given_meanwhile_stops_the_conference(session: Session) -> None:
    base = make.base(BaseType.PRACTICE_BASE, BaseType.TRAINING_BASE)
    row = make.decided(base, amount_fen=100_000_000)
    reference = make.accepted(base, RuleCode.LEADING_FIRM_BASE)
    operations.decide(award=reference, amount_fen=10_000_000, minutes="参照", judgement="参照 FJ-16b", by=EDU, **WHEN)
    with pytest.raises(AlreadyAwarded, match="就高享受"):
        operations.confer(award=row, on=TODAY, is_positive=True, text="同意", by=HR, **WHEN)


def test_a_host_that_is_blacklisted_meanwhile_stops_the_conference(session: Session) -> None:
    host = make.leading()
    row = make.decided(make.base(hosts=((host, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL))), amount_fen=100_000_000)
    host.credit_status = "失信"
    session.flush()
    with pytest.raises(NotEligible, match="信用状况"):
        operations.confer(award=row, on=TODAY, is_positive=True, text="同意", by=HR, **WHEN)
    assert row.state is AwardState.CONFERENCE


@pytest.mark.database
@pytest.mark.parametrize(("on", "is_good"), [(date(1900, 1, 1), False), (date(2014, 12, 31), False), (date(2015, 1, 1), True)])
def test_nothing_is_recognised_before_there_were_rules(session: Session, on: date, is_good: bool) -> None:
    base = make.base()
    row = make.examined(make.apply(base))
    if is_good:
        make.accept(base, on=on, steps=1)
        assert operations.recognise(award=row, on=on, by=EDU, **WHEN).recognised_on == on
        return
    with pytest.raises(Refused) as refused:
        operations.recognise(award=row, on=on, by=EDU, **WHEN)
    assert (refused.value.code, row.recognised_on) == ("no_rule_on_day", None)


@pytest.mark.parametrize("days", [-1, 0])
def test_nothing_is_recognised_before_its_inspection(session: Session, days: int) -> None:
    """But what the base's own file has from before: that is taken over with its day."""
    base, on = make.base(), TODAY + timedelta(days=days)
    row = make.examined(make.apply(base))
    call: dict[str, Any] = {"award": row, "on": on, "by": EDU, **WHEN}
    if days:
        with pytest.raises(AwardRefused, match="现场考察（2026-03-02）") as refused:
            operations.recognise(**call)
        assert (refused.value.field, row.recognised_on) == ("on", None)
        make.accept(base, on=on, steps=1)
    assert operations.recognise(**call).recognised_on == on
    if days:
        with pytest.raises(AwardRefused, match="现场考察（2026-03-02）"):
            operations.accept(**call)
    assert operations.accept(**{**call, "on": TODAY}).accepted_on == TODAY


def test_a_leading_firm_s_base_stands_in_fujian_or_nobody_knows(session: Session) -> None:
    """FJ-24a, 000:783: without a region it is not known where the base is; it applies once that is entered."""
    base = make.base(BaseType.TRAINING_BASE)
    base.region_code = None
    session.flush()
    place = next(one for one in queries.answer_of(Award(organisation_id=base.id, rule="FJ-24a"), TODAY).findings if one.code == "FJ-24a.place")
    assert (place.status.value, place.met) == ("no_data", False)
    with pytest.raises(NotEligible, match="建在福建"):
        make.apply(base, RuleCode.LEADING_FIRM_BASE)
    base.region_code = "350102"
    session.flush()
    assert make.apply(base, RuleCode.LEADING_FIRM_BASE).state is AwardState.APPLIED


@pytest.mark.parametrize(("days", "is_good"), [(-1, False), (0, True)])
def test_a_conference_is_not_before_the_application(session: Session, days: int, is_good: bool) -> None:
    """Though the base was recognised and accepted years before it applied."""
    base, long_ago = make.base(), date(2016, 1, 5)
    make.accept(base, on=long_ago)
    row = make.examined(make.apply(base))
    operations.recognise(award=row, on=long_ago, by=SYSTEM, **WHEN)
    operations.accept(award=row, on=long_ago, by=SYSTEM, **WHEN)
    operations.decide(award=row, amount_fen=100_000_000, minutes="纪要", by=SYSTEM, **WHEN)
    call: dict[str, Any] = {"award": row, "on": TODAY + timedelta(days=days), "is_positive": True, "text": "同意", "by": HR, **WHEN}
    if is_good:
        assert operations.confer(**call).decided_on == TODAY
        return
    with pytest.raises(Refused, match="上一步与今天之间"):
        operations.confer(**call)
    assert row.decided_on is None


def test_a_decision_needs_minutes(session: Session) -> None:
    with pytest.raises(AwardRefused, match="会议纪要"):
        operations.decide(award=make.accepted(), amount_fen=60_000_000, minutes=" ", by=EDU, **WHEN)


def test_missing_conditions_refuse_the_decision_with_their_clause(session: Session) -> None:
    base = make.base(hosts=((ground.enterprise(), HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL)))
    row = make.accepted(base)
    with pytest.raises(NotEligible, match="互联网龙头企业") as refused:
        operations.decide(award=row, amount_fen=60_000_000, minutes="纪要", by=EDU, **WHEN)
    assert [d["column"] for d in refused.value.details] == ["FJ-16b.leading"]
    assert "000:745" in refused.value.details[0]["problem"]


def test_equality_needs_the_judgement_of_a_person(session: Session) -> None:
    row = make.accepted(make.base(BaseType.INCUBATION_BASE, startup_entities=20), RuleCode.INCUBATION_BASE)
    with pytest.raises(AwardRefused) as refused:
        operations.decide(award=row, amount_fen=100, minutes="纪要", by=HR, **WHEN)
    assert refused.value.code == "judgement_needed"
    operations.decide(award=row, amount_fen=100, minutes="纪要", judgement="按“以上”含本数理解", by=HR, **WHEN)
    assert row.reason == "按“以上”含本数理解"


def test_a_blacklisted_host_stops_the_application(session: Session) -> None:
    bad = make.leading(credit_status="失信")
    with pytest.raises(NotEligible, match="信用状况"):
        make.apply(make.base(hosts=((bad, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL))))


def test_a_base_of_another_type_does_not_apply(session: Session) -> None:
    with pytest.raises(NotEligible, match="基地类型"):
        make.apply(make.base(), RuleCode.RURAL_PARK)
    with pytest.raises(AwardRefused, match="不是基地"):
        make.apply(ground.enterprise())


def test_after_a_rejection_or_a_revocation_a_base_may_apply_again(session: Session) -> None:
    base = make.base()
    first = make.apply(base)
    with pytest.raises(AwardRefused, match="理由"):
        operations.reject(award=first, reason="", by=EDU, **WHEN)
    operations.reject(award=first, reason="材料不全", by=EDU, **WHEN)
    second = make.decided(base)
    assert second.id != first.id
    operations.revoke(award=second, reason="弄虚作假", by=EDU, **WHEN)
    assert make.apply(base).state is AwardState.APPLIED


def test_the_second_editor_is_told(session: Session) -> None:
    row = make.apply()
    with pytest.raises(Stale):
        operations.recognise(award=row, on=TODAY, by=EDU, version=row.version + 1, **WHEN)


@pytest.mark.parametrize("rule", [RuleCode.INTERNET_ZONE])
def test_a_rule_without_money_is_decided_without_an_amount(session: Session, rule: RuleCode) -> None:
    row = make.decided(make.base(BaseType.INTERNET_ZONE), rule, None)
    assert (row.state, row.amount_fen) == (AwardState.DECIDED, None)


# -- role x state x action ----------------------------------------------------------------------------------------------
def _do(row: Award, action: Action, by: Any) -> Award:
    match action:
        case Action.RECOGNISE:
            return operations.recognise(award=row, on=TODAY, by=by, **WHEN)
        case Action.ACCEPT:
            return operations.accept(award=row, on=TODAY, by=by, **WHEN)
        case Action.DECIDE:
            return operations.decide(award=row, amount_fen=60_000_000, minutes="纪要", by=by, **WHEN)
        case Action.CONFER:
            return operations.confer(award=row, on=TODAY, is_positive=True, text="纪要", by=by, **WHEN)
        case Action.PAY:
            return operations.pay(award=row, on=TODAY, reference="凭证1", by=by, **WHEN)
        case Action.CLOSE:
            return operations.close(award=row, by=by, **WHEN)
        case Action.REJECT:
            return operations.reject(award=row, reason="理由", by=by, **WHEN)
        case Action.REVOKE:
            return operations.revoke(award=row, reason="理由", by=by, **WHEN)
        case _:
            raise AssertionError(action)


ACTORS = {role: make.as_role(role) for role in Role}


@remembered
def _examined() -> Award:
    """The application of an accepted base that was checked and inspected."""
    base = make.base()
    make.accept(base)
    return make.examined(make.apply(base))


@pytest.mark.parametrize("action", [a for a in Action if a is not Action.APPLY])
@pytest.mark.parametrize("state", list(AwardState))
def test_every_role_in_every_state(session: Session, state: AwardState, action: Action) -> None:
    row = _examined()
    row.decided_on, row.amount_fen = None, 60_000_000
    spec, step = SPECS[RuleCode.PRACTICE_BASE], TRANSITIONS[action]
    sides = {Who.DEPARTMENT: spec.departments, Who.PAYER: spec.payer_roles, Who.CONFERENCE: CONFERENCE}
    able = {Role(r) for r in sides[step.who]} | {Role.SYSTEM_ADMIN}
    for role, by in ACTORS.items():
        with session.begin_nested() as trial:
            row.state = state
            session.flush()
            if role not in able:
                with pytest.raises(NotAllowed, match="主管部门办理"):
                    _do(row, action, by)
            elif state not in step.before:
                with pytest.raises(Refused) as refused:
                    _do(row, action, by)
                assert refused.value.code == "wrong_step"
            else:
                assert _do(row, action, by).state is step.after
            trial.rollback()
        session.refresh(row)


def test_the_departments_of_other_rules_are_refused(session: Session) -> None:
    row = make.apply(make.base(BaseType.INCUBATION_BASE, startup_entities=30), RuleCode.INCUBATION_BASE)
    for by in (EDU, ST, FIN):
        with pytest.raises(NotAllowed):
            operations.recognise(award=row, on=TODAY, by=by, **WHEN)
    make.examined(row)
    operations.recognise(award=row, on=TODAY, by=HR, **WHEN)
    assert row.state is AwardState.RECOGNISED


# -- check --------------------------------------------------------------------------------------------------------------
def test_check_answers_in_the_words_of_the_contract(session: Session) -> None:
    base = make.base()
    answer = queries.check(base.code, TODAY)
    assert (answer["base"], answer["on"], len(answer["rules"])) == (base.code, "2026-03-02", 9)
    first = answer["rules"][0]
    assert {"rule", "eligible", "missing", "amount_min_fen", "amount_max_fen", "payer", "overlap_group"} <= set(first)
    assert (first["rule"], first["eligible"], [m["code"] for m in first["missing"]]) == (
        "FJ-16b",
        False,
        ["FJ-16b.recognised", "FJ-16b.accepted"],
    )
    assert {"code", "found", "required", "clause"} <= set(first["missing"][0])
    make.accept(base)
    assert queries.check(base.code, TODAY)["rules"][0]["eligible"] is True
    assert queries.check(base.code, date(2026, 1, 4))["rules"][0]["eligible"] is False


def test_check_of_an_enterprise_is_of_a_year(session: Session) -> None:
    company = make.company()
    for key, value in (("contract_fen", 30_000_000), ("contract_outside", 1)):
        companies.enter(company=company, key=key, year=2026, value=Decimal(value), document="合同", project="云盘", by=SYSTEM, now=NOW)
    answer = queries.check_company(company.code, 2026, TODAY)
    assert (answer["company"], answer["year"], answer["on"], len(answer["rules"])) == (company.code, 2026, "2026-03-02", len(CompanyRule))
    (bid,) = [row for row in answer["rules"] if row["rule"] == "FJ-25a"]
    assert (bid["project"], bid["eligible"], bid["amount_max_fen"], bid["missing"]) == ("云盘", True, 90_000_000, [])
    (research,) = [row for row in answer["rules"] if row["rule"] == "FJ-11"]
    assert (research["eligible"], {"code", "found", "required", "clause"} <= set(research["missing"][0])) == (False, True)


def test_check_refuses_unknown_enterprises_and_years_without_rules(session: Session) -> None:
    company = make.company()
    for code, year, told in (
        ("nowhere", 2026, "no_such_company"),
        (make.base().code, 2026, "no_such_company"),
        (company.code, 2027, "no_rule_on_day"),
    ):
        with pytest.raises(Refused) as refused:
            queries.check_company(code, year, TODAY)
        assert refused.value.code == told
    with pytest.raises(Refused) as early:
        queries.check_company(company.code, 2013, TODAY)
    assert early.value.code == "no_rule_on_day"


def test_check_refuses_unknown_bases_and_days_without_rules(session: Session) -> None:
    for code in ("nowhere", ground.enterprise().code):
        with pytest.raises(Refused) as refused:
            queries.check(code, TODAY)
        assert refused.value.code == "no_such_base"
    with pytest.raises(Refused) as refused:
        queries.check(make.base().code, date(2014, 12, 31))
    assert refused.value.code == "no_rule_on_day"


def test_many_bases_cost_no_more_queries(session: Session, count_queries: list[str]) -> None:
    bases = [make.base().id for _ in range(12)]
    counts = []
    for ids in (bases[:1], bases):
        session.expire_all()
        count_queries.clear()
        queries.entitlements_of_many(ids, TODAY)
        counts.append(len(count_queries))
    assert counts[0] == counts[1]
    assert SYSTEM.account_id is None


@pytest.mark.database
def test_an_award_that_was_revoked_since_stood_until_then(session: Session) -> None:
    """On the eve of its revocation it had been given, on the day it had not; asked at whatever time."""
    base = make.base()
    award = make.decided(base)
    end = TODAY + timedelta(days=30)

    def given(on: date) -> Verdict:
        return next(one.verdict for one in queries.entitlements_of(base.id, on) if one.rule is RuleCode.PRACTICE_BASE)

    days = (TODAY, end - timedelta(days=1), end, end + timedelta(days=1))
    operations.revoke(award=award, reason="撤销", by=SYSTEM, today=end, now=NOW + timedelta(days=30))
    assert [given(day) for day in days] == [Verdict.AWARDED, Verdict.AWARDED, Verdict.ELIGIBLE, Verdict.ELIGIBLE]
    assert [len(queries.given_to(base.id, day)) for day in days] == [1, 1, 0, 0]


def test_nothing_is_decided_or_paid_before_the_credit_was_looked_up(session: Session) -> None:
    """Of every enterprise behind a base; a school is not asked."""
    lead, other = make.leading(), make.company(credit_status="")
    base = make.base(hosts=((lead, HostSide.ENTERPRISE), (other, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL)))
    award = make.accepted(base)
    call: dict[str, Any] = {"award": award, "amount_fen": 60_000_000, "minutes": "纪要", "by": EDU, **WHEN}
    with pytest.raises(AwardRefused, match=f"核查已过期：{other.name}。"):
        operations.decide(**call)
    found: dict[str, Any] = {"organisation": other, "is_listed": False, "detail": "平台查询", "by": EDU, **WHEN}
    credit.enter(on=TODAY, **found)
    assert operations.decide(**call).state is AwardState.DECIDED
    other.credit_status, other.credit_checked_on = "", None  # as an award that was decided before this was asked for
    session.flush()
    with pytest.raises(AwardRefused, match="还没有核查信用"):
        operations.pay(award=award, on=TODAY, reference="r", by=FIN, **WHEN)
    credit.enter(on=TODAY, **found)
    assert operations.pay(award=award, on=TODAY, reference="r", by=FIN, **WHEN).state is AwardState.PAID
