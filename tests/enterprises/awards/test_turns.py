"""Who has to act next with an application hears of it, and finds it on their first page; nobody else is sent to what they would be refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.awards import companies, operations, steps, turns
from enterprises.awards.turns import Turn
from enterprises.awards.types import CompanyRule, RuleCode, StepKind
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.types import BaseType
from tests.factories import awards as make
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.awards import EDU, FIN, HR, NOW, ST, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.notifications.models import Notice
from trainhub.organisations import operations as organisations

pytestmark = pytest.mark.database
WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}


def _city(code: str = "350100") -> Identity:
    return Identity(None, None, "市", grants=(Grant(Role.PREFECTURE_OPERATOR, kind=ScopeKind.REGION, region_code=code),))


def _waits_for(key: int) -> dict[str, Turn]:
    found = {}
    for name, one in (("city", _city()), ("other city", _city("350200")), ("edu", EDU), ("hr", HR), ("st", ST), ("fin", FIN)):
        for turn, ids in turns.turns(one, TODAY).items():
            if key in ids:
                found[name] = turn
    return found


def test_an_application_goes_from_hand_to_hand(session: Session) -> None:
    row = make.apply()
    assert _waits_for(row.id) == {"city": Turn.CHECK}
    make.checked(row)
    assert _waits_for(row.id) == {"edu": Turn.RECEIVE}
    other = make.examined(make.apply())
    assert _waits_for(other.id) == {"edu": Turn.RECEIVE}
    operations.recognise(award=other, on=TODAY, by=EDU, **WHEN)
    assert _waits_for(other.id) == {"edu": Turn.ACCEPT}
    operations.accept(award=other, on=TODAY, by=EDU, **WHEN)
    assert _waits_for(other.id) == {"edu": Turn.DECIDE}
    operations.decide(award=other, amount_fen=80_000_000, minutes="纪要", payer="省财政厅", by=EDU, **WHEN)
    assert _waits_for(other.id) == {"fin": Turn.PAY}
    operations.pay(award=other, on=TODAY, reference="1", by=FIN, **WHEN)
    assert _waits_for(other.id) == {}


def test_what_is_found_wanting_waits_for_who_applied(session: Session) -> None:
    row = make.apply()
    city = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100")
    make.checked(row, is_positive=False)
    assert _waits_for(row.id) == {}
    with transaction():  # the log, which tells when, is written with the unit of work
        operations.supplement(award=row, statement="补充协议", by=SYSTEM, **WHEN)
    assert _waits_for(row.id) == {"city": Turn.CHECK}
    assert list(session.scalars(select(Notice.kind).where(Notice.account_id == city.id))) == ["awards.added"]


def test_the_department_of_the_rule_and_its_payer(session: Session) -> None:
    row = make.apply(make.base(BaseType.RURAL_PARK, workers=100), RuleCode.RURAL_PARK)
    make.checked(row)
    (waits,) = _waits_for(row.id).items()
    assert waits[1] is Turn.RECEIVE
    assert waits[0] != "st"


def test_each_is_told_when_it_is_their_turn(session: Session) -> None:
    city = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100")
    edu, hr, fin = (accounts.account(roles=(role,)) for role in (Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_FIN))
    far = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350200")

    def told(account: Any) -> list[str]:
        return [kind.removeprefix("awards.") for kind in session.scalars(select(Notice.kind).where(Notice.account_id == account.id))]

    row = make.examined(make.apply())
    assert (told(city), told(edu), told(hr), told(far)) == (["to_check"], ["to_handle"], [], [])
    operations.recognise(award=row, on=TODAY, by=EDU, **WHEN)
    operations.accept(award=row, on=TODAY, by=EDU, **WHEN)
    operations.decide(award=row, amount_fen=80_000_000, minutes="纪要", payer="省财政厅", by=EDU, **WHEN)
    assert (told(fin), told(hr)) == (["to_pay"], [])


def test_who_names_no_region_waits_for_it_and_somebody_is_told(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """FJ-12, FJ-10c: a code of Fujian without a region makes no recipient from elsewhere; the check is the city's once the region is entered."""
    department = accounts.account(roles=(Role.DEPT_ST,))
    for rule, code in ((CompanyRule.INVESTOR, "91350100"), (CompanyRule.RESEARCH, "91350200")):
        company = make.company(region_code=None, is_verified=False, uscc=ground.uscc(code))
        who = accounts.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=company.id)
        row = operations.apply_company(company=company, rule=rule, year=2026, by=SYSTEM, **WHEN)
        assert set(_waits_for(row.id).values()) == {Turn.PLACE}
        assert "awards.to_place" in session.scalars(select(Notice.kind).where(Notice.account_id == who.id)).all()
        company.region_code = "350102"
        session.flush()
        assert _waits_for(row.id) == {"city": Turn.CHECK}
        company.region_code = None
    assert set(session.scalars(select(Notice.kind).where(Notice.account_id == department.id))) == {"awards.to_place"}
    session.commit()
    asked = [("登记申请单位的所在地区" in as_role(role).get("/").text) for role in (Role.DEPT_ST, Role.DEPT_EDU)]
    assert asked == [False, True], "only who may enter it is asked to"
    page = f"/awards/{row.id}"
    links = [f'/organisations/{company.code}/edit"' in as_role(role).get(page).text for role in (Role.DEPT_ST, Role.DEPT_EDU)]
    assert links == [False, True]
    abroad = make.company(region_code=None, is_verified=False, uscc=ground.uscc("91110108"))
    row = operations.apply_company(company=abroad, rule=CompanyRule.INVESTOR, year=2026, by=SYSTEM, **WHEN)
    assert set(_waits_for(row.id).values()) == {Turn.CHECK}


def test_figures_that_changed_after_the_check_send_it_back_to_the_city(session: Session) -> None:
    """The department would be refused until the city has checked anew: it waits for the city, which is told, once for each check."""
    city, hr = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100"), accounts.account(roles=(Role.DEPT_HR,))
    base = make.base(BaseType.INCUBATION_BASE, startup_entities=21)
    row = make.accepted(base, RuleCode.INCUBATION_BASE)
    profile, minute = base_queries.profile(base.id), timedelta(minutes=1)
    assert profile is not None

    def told(account: Any) -> list[str]:
        return [kind.removeprefix("awards.") for kind in session.scalars(select(Notice.kind).where(Notice.account_id == account.id))]

    before = told(hr)
    bases.change_base(profile=profile, area_new_m2=7, by=SYSTEM, now=NOW + minute)  # no figure of this award
    assert (_waits_for(row.id), "to_check_again" in told(city)) == ({"hr": Turn.DECIDE}, False)
    for entities in (25, 26):
        bases.change_base(profile=profile, startup_entities=entities, by=SYSTEM, now=NOW + 2 * minute)
        assert _waits_for(row.id) == {"city": Turn.CHECK}
    assert (told(city).count("to_check_again"), told(hr)) == (1, before)
    bases.change_base(profile=profile, startup_entities=21, by=SYSTEM, now=NOW + 3 * minute)
    assert _waits_for(row.id) == {"hr": Turn.DECIDE}, "put back, it is what the check saw"


def test_a_figure_of_an_enterprise_after_the_check_sends_it_back_too(session: Session) -> None:
    city, company = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100"), make.company(region_code="350102")
    row = operations.apply_company(company=company, rule=CompanyRule.DATACENTRE, year=2026, by=SYSTEM, **WHEN)
    make.checked(row)
    assert set(_waits_for(row.id).values()) == {Turn.RECEIVE}
    later = {"document": "账目", "by": SYSTEM, "now": NOW + timedelta(minutes=1)}
    companies.enter(company=company, key="datacentre_fee_fen", year=2026, value=Decimal(1_000), **later)
    assert _waits_for(row.id) == {"city": Turn.CHECK}
    assert session.scalars(select(Notice.kind).where(Notice.account_id == city.id)).all()[-1] == "awards.to_check_again"


def test_the_first_page_leads_to_exactly_what_it_counts(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    row = make.apply()
    other = make.apply()
    make.checked(other)
    session.commit()
    city, edu, st = as_role(Role.PREFECTURE_OPERATOR, region_code="350100"), as_role(Role.DEPT_EDU), as_role(Role.DEPT_ST)
    assert "初审奖补申请" in city.get("/").text
    assert "/awards/decisions?turn=check" in city.get("/").text
    page = city.get("/awards/decisions?turn=check").text
    assert (f"/awards/{row.id}" in page, f"/awards/{other.id}" in page) == (True, False)
    assert ("受理奖补申请" in edu.get("/").text, "受理奖补申请" in st.get("/").text) == (True, False)
    page = edu.get("/awards/decisions?turn=receive").text
    assert (f'/awards/{row.id}"' in page, f'/awards/{other.id}"' in page) == (False, True)


def test_whose_turn_nothing_is_has_no_filter_and_who_applied_has_no_turn(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base = make.base()
    own = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100")
    mine = Identity(own.id, None, "市", grants=_city().grants)
    row = operations.apply(base=base, rule=RuleCode.PRACTICE_BASE, statement="申请", by=mine, **WHEN)
    assert (turns.turns(mine, TODAY), turns.turns(_city(), TODAY)) == ({}, {Turn.CHECK: [row.id]})
    base_id = base.id
    session.commit()
    shown = {
        role: "轮到我的" in as_role(role, **scope).get("/awards/decisions").text
        for role, scope in (
            (Role.CENTRE_LEADER, {"organisation_id": base_id}), (Role.AUDITOR, {}), (Role.DEPT_EDU, {}), (Role.PREFECTURE_OPERATOR, {"region_code": "350100"})
        )
    }  # fmt: skip
    assert shown == {Role.CENTRE_LEADER: False, Role.AUDITOR: False, Role.DEPT_EDU: True, Role.PREFECTURE_OPERATOR: True}


def test_the_question_is_four_however_many_there_are(session: Session, count_queries: list[str]) -> None:
    taken = []
    for n in (1, 3):
        for _more in range(n):
            make.checked(make.apply())
        session.flush()
        count_queries.clear()
        turns.turns(EDU, TODAY)
        taken.append(len(count_queries))
    assert taken[0] == taken[1]


def test_a_check_again_that_goes_against_it_leaves_nobody_before_a_closed_door(session: Session) -> None:
    """The department rejects or waits, nobody is asked for additions that are refused; the figure put right is the city's once more."""
    city, hr = accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100"), accounts.account(roles=(Role.DEPT_HR,))
    base = make.base(BaseType.INCUBATION_BASE, startup_entities=21)
    leader = accounts.account(roles=(Role.CENTRE_LEADER,), organisation_id=base.id)
    row = make.accepted(base, RuleCode.INCUBATION_BASE)
    profile = base_queries.profile(base.id)
    assert profile is not None

    def told(account: Any, kind: str) -> list[str]:
        return list(session.scalars(select(Notice.message).where(Notice.account_id == account.id, Notice.kind == f"awards.{kind}")))

    def entered(number: int, minutes: int) -> None:
        bases.change_base(profile=profile, startup_entities=number, by=SYSTEM, now=NOW + timedelta(minutes=minutes))

    def checked(minutes: int, *, is_positive: bool) -> None:
        now = NOW + timedelta(minutes=minutes)
        steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=is_positive, text="现场核对", by=SYSTEM, today=TODAY, now=now)

    entered(5, 1)
    checked(2, is_positive=False)
    assert _waits_for(row.id) == {"hr": Turn.REFUSE}
    assert len(told(hr, "to_settle")) == 1
    assert ["补充" in text for text in told(leader, "reviewed")] == [False, False]
    handled, again = len(told(hr, "to_handle")), len(told(city, "to_check_again"))
    entered(25, 3)
    assert _waits_for(row.id) == {"city": Turn.CHECK}
    assert (len(told(city, "to_check_again")), len(told(hr, "to_handle"))) == (again + 1, handled)
    checked(4, is_positive=True)
    assert (_waits_for(row.id), len(told(hr, "to_handle"))) == ({"hr": Turn.DECIDE}, handled + 1)


@pytest.mark.parametrize("is_positive", [True, False])
def test_nothing_is_accepted_against_the_last_check(session: Session, is_positive: bool) -> None:
    base = make.base(BaseType.INCUBATION_BASE, startup_entities=21)
    row = make.examined(make.apply(base, RuleCode.INCUBATION_BASE))
    operations.recognise(award=row, on=TODAY, by=SYSTEM, **WHEN)
    profile = base_queries.profile(base.id)
    assert profile is not None
    bases.change_base(profile=profile, startup_entities=22, by=SYSTEM, now=NOW + timedelta(minutes=1))
    facts: dict[str, Any] = {"award": row, "on": TODAY, "by": SYSTEM, "today": TODAY, "now": NOW + timedelta(minutes=2)}
    with pytest.raises(Refused, match="重新初审"):
        operations.accept(**facts)
    steps.record(kind=StepKind.CHECK, is_positive=is_positive, text="现场核对", **facts)
    if is_positive:
        assert operations.accept(**facts).accepted_on == TODAY
        return
    with pytest.raises(Refused, match="初审"):
        operations.accept(**facts)
    assert row.accepted_on is None


def test_when_the_region_is_entered_the_city_is_told_once(session: Session) -> None:
    city, hr, st = (
        accounts.account(roles=(role,), region_code=code)
        for role, code in ((Role.PREFECTURE_OPERATOR, "350100"), (Role.DEPT_HR, None), (Role.DEPT_ST, None))
    )
    company = make.company(region_code=None, is_verified=False)
    row = operations.apply_company(company=company, rule=CompanyRule.RESEARCH, year=2026, by=SYSTEM, **WHEN)

    def told(account: Any) -> list[str]:
        return list(session.scalars(select(Notice.kind).where(Notice.account_id == account.id)))

    words = [session.scalar(select(Notice.message).where(Notice.account_id == one.id)) for one in (hr, st)]
    assert (told(city), told(hr), told(st), "请先" in words[0], "请先" in words[1]) == ([], ["awards.to_place"], ["awards.to_place"], True, False)  # type: ignore[operator]
    assert _waits_for(row.id) == {"edu": Turn.PLACE, "hr": Turn.PLACE}
    for code in ("350102", "350104", None, "350102"):
        organisations.change(organisation=company, region_code=code, by=SYSTEM, now=NOW)
    assert (told(city), _waits_for(row.id)) == (["awards.to_check"], {"city": Turn.CHECK})
    make.checked(row)
    organisations.change(organisation=company, region_code="350203", by=SYSTEM, now=NOW)
    assert told(city).count("awards.to_check") == 1


def test_who_is_of_another_province_is_the_departments_to_refuse(session: Session) -> None:
    """There is no region to enter: only the department can end the application, and hears of it. Registered with the State may be here."""
    hr, st = accounts.account(roles=(Role.DEPT_HR,)), accounts.account(roles=(Role.DEPT_ST,))
    company = make.company(region_code=None, is_verified=False, uscc=ground.uscc("91110108"))
    row = operations.apply_company(company=company, rule=CompanyRule.RESEARCH, year=2026, by=SYSTEM, **WHEN)
    assert _waits_for(row.id) == {"st": Turn.REFUSE}
    company.uscc = ground.uscc("91100000")
    assert _waits_for(row.id) == {"edu": Turn.PLACE, "hr": Turn.PLACE}
    company.uscc = ground.uscc("91110108")
    kinds = {one.id: list(session.scalars(select(Notice.kind).where(Notice.account_id == one.id))) for one in (hr, st)}
    assert kinds == {hr.id: [], st.id: ["awards.to_refuse"]}
    operations.reject(award=row, reason="不在福建省内", by=ST, **WHEN)
    assert _waits_for(row.id) == {}


def test_bases_with_new_figures_are_asked_together_and_of_their_readers_alone(session: Session, count_queries: list[str]) -> None:
    taken: dict[str, list[int]] = {"hr": [], "fin": [], "st": []}
    rows = []
    for n in (1, 3):
        for _more in range(n):
            base = make.base(BaseType.INCUBATION_BASE, startup_entities=21)
            rows.append(make.accepted(base, RuleCode.INCUBATION_BASE))
            profile = base_queries.profile(base.id)
            assert profile is not None
            bases.change_base(profile=profile, startup_entities=25, by=SYSTEM, now=NOW + timedelta(minutes=1))
        for name, who in (("hr", HR), ("fin", FIN), ("st", ST)):
            session.flush()
            session.expire_all()
            count_queries.clear()
            turns.turns(who, TODAY)
            taken[name].append(len(count_queries))
    assert taken["hr"][0] == taken["hr"][1]
    assert set(taken["fin"]) == set(taken["st"])
    assert taken["fin"][0] < taken["hr"][0]
    assert turns.turns(_city(), TODAY) == {Turn.CHECK: [row.id for row in rows]}


def test_who_added_to_an_application_has_no_turn_and_neither_has_another_account_of_theirs(session: Session) -> None:
    """They would be refused (`steps.is_own`, `operations.hand_before`); somebody else of the city is told and finds it on the first page."""
    person, twin = ground.person(), ground.person()
    mine, also, other = (accounts.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100", person=one) for one in (person, twin, None))
    ground.merge(person, twin)
    by, second, third = (Identity(one.id, one.person_id, "市", grants=_city().grants) for one in (mine, also, other))
    row = make.apply()
    make.checked(row, is_positive=False)
    with transaction():
        operations.supplement(award=row, statement="补充协议", by=by, **WHEN)
    assert [turns.turns(one, TODAY) for one in (by, second, third)] == [{}, {}, {Turn.CHECK: [row.id]}]
    told = [
        list(session.scalars(select(Notice.kind).where(Notice.account_id == one.id, Notice.kind == "awards.added"))) for one in (mine, also, other)
    ]
    assert told == [[], [], ["awards.added"]]


def test_who_took_a_step_before_has_no_turn_that_is_another_persons(session: Session) -> None:
    edu = Identity(accounts.account(roles=(Role.DEPT_EDU,)).id, None, "省教育厅", grants=EDU.grants)
    row = make.accepted()
    operations.decide(award=row, amount_fen=100_000_000, minutes="纪要", payer="省财政厅", by=edu, **WHEN)
    assert [turns.turns(one, TODAY) for one in (edu, EDU)] == [{}, {Turn.CONFER: [row.id]}]
    abroad = make.company(region_code=None, is_verified=False, uscc=ground.uscc("91110108"))
    other = operations.apply_company(company=abroad, rule=CompanyRule.INVESTOR, year=2026, by=SYSTEM, **WHEN)
    (asked,) = {name for name in _waits_for(other.id)}
    role = {"edu": Role.DEPT_EDU, "hr": Role.DEPT_HR, "st": Role.DEPT_ST}[asked]
    checker = Identity(accounts.account(roles=(role,)).id, None, "省厅", grants=(Grant(role),))
    steps.record(award=other, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="属实", by=checker, **WHEN)
    assert (other.id in turns.turns(checker, TODAY).get(Turn.RECEIVE, []), _waits_for(other.id)) == (False, {asked: Turn.RECEIVE})


def test_who_took_a_step_before_is_not_told_to_take_the_next(session: Session) -> None:
    """Of an enterprise's application the department that checked does not decide; who decided, under whichever account, does not pay."""

    def told(key: int | None, kind: str) -> int:
        return len(session.scalars(select(Notice.id).where(Notice.account_id == key, Notice.kind == f"awards.{kind}")).all())

    abroad = make.company(region_code=None, is_verified=False, uscc=ground.uscc("91110108"))
    other = operations.apply_company(company=abroad, rule=CompanyRule.INVESTOR, year=2026, by=SYSTEM, **WHEN)
    (asked,) = {name for name in _waits_for(other.id)}
    role = {"edu": Role.DEPT_EDU, "hr": Role.DEPT_HR, "st": Role.DEPT_ST}[asked]
    checker, second = (accounts.account(roles=(role,)).id for _n in range(2))
    by = Identity(checker, None, "省厅", grants=(Grant(role),))
    steps.record(award=other, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="属实", by=by, **WHEN)
    assert (told(checker, "to_handle"), told(second, "to_handle")) == (0, 1)
    decider, payer = (accounts.account(roles=(Role.DEPT_EDU, Role.DEPT_FIN)).id for _n in range(2))
    row = make.accepted()
    by = Identity(decider, None, "省厅", grants=(*EDU.grants, *FIN.grants))
    operations.decide(award=row, amount_fen=80_000_000, minutes="纪要", payer="省财政厅", by=by, **WHEN)
    assert (told(decider, "to_pay"), told(payer, "to_pay")) == (0, 1)


def test_a_missing_region_is_told_once_for_a_check_however_many_figures_are_entered(session: Session) -> None:
    company = make.company(region_code="350102")
    who = accounts.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=company.id)
    row = make.checked(operations.apply_company(company=company, rule=CompanyRule.DATACENTRE, year=2026, by=SYSTEM, **WHEN))
    company.region_code = None
    for n in (1, 2, 3):
        entered: dict[str, Any] = {"document": "账目", "by": SYSTEM, "now": NOW + timedelta(minutes=n)}
        companies.enter(company=company, key="datacentre_fee_fen", year=2026, value=Decimal(1_000 * n), **entered)
    kinds = list(session.scalars(select(Notice.kind).where(Notice.account_id == who.id, Notice.url == f"/awards/{row.id}")))
    assert kinds.count("awards.to_place") == 1


@pytest.mark.parametrize("found", [None, False])
def test_the_page_offers_the_department_no_step_that_would_be_refused(
    session: Session, as_role: Callable[..., FlaskClient], found: bool | None
) -> None:
    """Before a check, and after one that went against it, nothing is decided: the page says why, and offers to reject it."""
    base = make.base(BaseType.INCUBATION_BASE, startup_entities=21)
    row = make.accepted(base, RuleCode.INCUBATION_BASE)
    fresh = make.apply()
    profile = base_queries.profile(base.id)
    assert profile is not None
    where, other = f"/awards/{row.id}", f"/awards/{fresh.id}"
    session.commit()
    hr, edu = as_role(Role.DEPT_HR), as_role(Role.DEPT_EDU)
    assert f'{where}/decide"' in hr.get(where).text
    page = edu.get(other).text
    assert (f'{other}/recognise"' in page, f'{other}/reject"' in page, "还没有初审通过" in page) == (False, True, True)
    bases.change_base(profile=profile, startup_entities=22, by=SYSTEM, now=NOW + timedelta(minutes=1))
    if found is not None:
        later = NOW + timedelta(minutes=2)
        steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=found, text="核对", by=SYSTEM, today=TODAY, now=later)
    session.commit()
    page = hr.get(where).text
    assert (f'{where}/decide"' in page, f'{where}/reject"' in page) == (False, True)
    assert ("初审之后指标有改动" if found is None else "最近一次初审没有通过") in page
    refused = hr.post(f"{where}/decide", data={"amount": "", "minutes": "纪要"})
    assert (refused.status_code, "初审" in refused.text) == (422, True)


def test_the_first_page_promises_an_enterprise_no_inspection(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """An enterprise's application is decided as soon as it was checked: nobody inspects or recognises it."""
    row = make.checked(
        operations.apply_company(company=make.company(region_code="350102"), rule=CompanyRule.DATACENTRE, year=2026, by=SYSTEM, **WHEN)
    )
    (name,) = _waits_for(row.id)
    session.commit()
    page = as_role({"edu": Role.DEPT_EDU, "hr": Role.DEPT_HR, "st": Role.DEPT_ST}[name]).get("/").text
    assert ("受理奖补申请" in page, "企业的等待决定" in page) == (True, True)


def test_who_applied_finds_on_the_first_page_what_is_asked_for(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """Only while more may be added, and until it was: then it is the city's turn."""
    base, company = make.base(), make.company(region_code="350102")
    row = make.apply(base)
    of_company = operations.apply_company(company=company, rule=CompanyRule.DATACENTRE, year=2026, by=SYSTEM, **WHEN)
    keys = base.id, make.base().id
    session.commit()
    leader, other = (as_role(Role.CENTRE_LEADER, organisation_id=key) for key in keys)
    boss, city = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=company.id), as_role(Role.PREFECTURE_OPERATOR, region_code="350100")

    def asked(client: FlaskClient, key: int) -> bool:
        page = client.get("/").text
        assert ("补充奖补申请的材料" in page) == (f'href="/awards/{key}"' in page)
        return f'href="/awards/{key}"' in page

    assert (asked(leader, row.id), asked(boss, of_company.id)) == (False, False)
    for one in (row, of_company):
        make.checked(one, is_positive=False)
    session.commit()
    assert (asked(leader, row.id), asked(boss, of_company.id), asked(other, row.id), asked(city, row.id)) == (True, True, False, False)
    assert leader.get(f"/awards/{row.id}").status_code == 200
    with transaction():
        operations.supplement(award=row, statement="补充协议", by=SYSTEM, **WHEN)
        make.checked(of_company)
    assert (asked(leader, row.id), asked(boss, of_company.id)) == (False, False)
    steps.record(
        award=row, kind=StepKind.CHECK, on=TODAY, is_positive=False, text="仍不足", by=SYSTEM, today=TODAY, now=clock.now() + timedelta(minutes=1)
    )
    session.commit()
    assert asked(leader, row.id)
    operations.reject(award=row, reason="材料不足", by=EDU, **WHEN)
    session.commit()
    assert not asked(leader, row.id)
