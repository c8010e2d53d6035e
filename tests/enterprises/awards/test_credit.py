"""Credit is what somebody looked up: no word that was typed, of nobody else, and not of another code (FJ-31, 000:817)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import credit, operations, queries
from enterprises.awards.operations import AwardRefused, NotEligible
from enterprises.awards.types import GOOD, AwardState, RuleCode
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.types import BaseType
from tests.factories import awards as make
from tests.factories import ground
from tests.factories.awards import EDU, FIN, HR, NOW, ST, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.imports import ImportRefused, execute_bytes
from trainhub.organisations import imports
from trainhub.organisations import operations as organisations
from trainhub.organisations.rules import GOOD_CREDIT
from trainhub.organisations.types import HostSide
from trainhub.policy.book import book

WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}
DECISION: dict[str, Any] = {"amount_fen": 60_000_000, "minutes": "纪要", "by": EDU, **WHEN}
LOOK: dict[str, Any] = {"is_listed": False, "detail": "信用福建", "on": TODAY, "by": EDU, **WHEN}


@pytest.mark.parametrize("typed", ["", "待核查", "良好", "失信被执行人"])
def test_a_word_that_is_no_answer_of_a_look_up_is_none(session: Session, typed: str) -> None:
    host = make.leading()
    row = make.accepted(make.base(hosts=((host, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL))))
    host.credit_status = typed
    session.flush()
    with pytest.raises(AwardRefused, match="还没有核查信用") as refused:
        operations.decide(award=row, **DECISION)
    assert refused.value.code == "credit_unknown"
    credit.enter(organisation=host, **LOOK)
    assert operations.decide(award=row, **DECISION).state is AwardState.DECIDED


def test_a_base_that_is_a_legal_person_is_looked_up_itself(session: Session) -> None:
    base = make.base()
    base.uscc = ground.uscc()
    session.flush()
    row = make.accepted(base)
    with pytest.raises(AwardRefused, match=base.name):
        operations.decide(award=row, **DECISION)
    credit.enter(organisation=base, **LOOK)
    operations.decide(award=row, **DECISION)
    base.credit_status, base.credit_checked_on = "", None  # as one that was decided before this was asked for
    session.flush()
    with pytest.raises(AwardRefused, match=base.name):
        operations.pay(award=row, on=TODAY, reference="1", by=FIN, **WHEN)


def test_the_page_of_a_base_takes_its_look_up(as_role: Callable[..., FlaskClient], session: Session) -> None:
    with_code, without = make.base(), make.base()
    with_code.uscc = ground.uscc()
    code, other = with_code.code, without.code
    session.commit()
    office = as_role(Role.DEPT_EDU)
    assert f"/awards/credit/{code}" in office.get(f"/awards/bases/{code}").text
    assert "/awards/credit/" not in office.get(f"/awards/bases/{other}").text
    wrong = office.post(f"/awards/credit/{code}", data={"result": "good", "on": TODAY.isoformat(), "detail": ""})
    assert wrong.status_code == 422
    sent = office.post(f"/awards/credit/{code}", data={"result": "good", "on": TODAY.isoformat(), "detail": "信用福建"})
    assert (sent.status_code, sent.location) == (303, f"/awards/bases/{code}")
    session.expire_all()
    assert with_code.credit_status == "正常"
    assert "信用福建" in office.get(f"/awards/bases/{code}").text
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350100").post(f"/awards/credit/{code}/look-up").status_code == 403


def test_a_list_of_organisations_brings_no_credit(session: Session) -> None:
    host = make.company()
    file: dict[str, Any] = {"filename": "a.csv", "by": SYSTEM, **WHEN}
    head = "机构代码,名称,类型,信用状况\n"
    line = f"{host.code},{host.name},企业,"
    assert execute_bytes(imports.SPEC, f"{head}{line}正常\n".encode(), **file).changed == 0
    for text in (f"{head}{line}失信\n", f"{head}X-NEW-1,新企业,企业,正常\n"):
        with pytest.raises(ImportRefused) as refused:
            execute_bytes(imports.SPEC, text.encode(), **file)
        assert any("信用核查" in one["problem"] for one in refused.value.details)


def test_another_code_is_another_legal_person(session: Session) -> None:
    assert GOOD == GOOD_CREDIT, "one word for two rooms, of which neither may ask the other"
    good, bad = make.company(), make.company(credit_status="失信")
    for one in (good, bad):
        organisations.change(organisation=one, uscc=ground.uscc(), by=SYSTEM, now=NOW)
    assert (good.credit_status, good.credit_checked_on, bad.credit_status) == ("", None, "失信")
    assert queries.unknown_credit(good, TODAY) == [good.name]


@pytest.mark.parametrize(("left", "agrees"), [(None, False), (19, False), (20, True), (21, True)])
def test_the_conference_agrees_to_nothing_whose_conditions_fell_away(session: Session, left: int | None, agrees: bool) -> None:
    """FJ-26c, 000:793: 超过 20 户以上. The figure falls, or is taken out, after the amount was put forward; of 20 the persons of the conference judge."""
    base = make.base(BaseType.INCUBATION_BASE, startup_entities=30)
    row = make.accepted(base, RuleCode.INCUBATION_BASE)
    operations.decide(award=row, judgement="民营互联网创业孵化基地", **{**DECISION, "amount_fen": 100_000_000, "by": HR})
    assert row.state is AwardState.CONFERENCE
    profile = base_queries.profile(base.id)
    assert profile is not None
    bases.change_base(profile=profile, startup_entities=left, by=SYSTEM, now=NOW)
    call: dict[str, Any] = {"award": row, "on": TODAY, "text": "同意", "by": ST, **WHEN}
    if agrees:
        assert operations.confer(is_positive=True, **call).state is AwardState.DECIDED
        return
    with pytest.raises(NotEligible, match="登记为不同意"):
        operations.confer(is_positive=True, **call)
    session.expire(row)
    assert operations.confer(is_positive=False, **call).state is AwardState.ACCEPTED


# -- a look-up holds for some time --------------------------------------------------------------------------------------
LEAST = book().at("own.awards.credit_days", on=TODAY).number


def _seen(organisation: Any, days_ago: int, *, is_listed: bool = False) -> None:
    day = TODAY - timedelta(days=days_ago)
    credit.enter(organisation=organisation, is_listed=is_listed, detail="信用福建", on=day, by=SYSTEM, today=TODAY, now=NOW)


@pytest.mark.parametrize(("days_ago", "is_asked"), [(0, False), (LEAST - 1, False), (LEAST, False), (LEAST + 1, True)])
def test_a_look_up_that_is_too_old_is_repeated_before_the_decision_and_the_payment(session: Session, days_ago: int, is_asked: bool) -> None:
    company = make.company(credit_status="")
    _seen(company, days_ago)
    base = make.base(hosts=((company, HostSide.ENTERPRISE),))
    for one in (company, base):
        told = queries.unknown_credit(one, TODAY)
        assert [company.name in name and "已超过" in name for name in told] == [True] * is_asked
    assert queries.unknown_credit(company, TODAY - timedelta(days=days_ago)) == []


def test_a_newer_look_up_holds_again_and_what_was_found_against_somebody_does_not_age(session: Session) -> None:
    company, listed = make.company(credit_status=""), make.company(credit_status="")
    _seen(company, LEAST + 1)
    _seen(listed, LEAST + 1, is_listed=True)
    assert (len(queries.unknown_credit(company, TODAY)), queries.unknown_credit(listed, TODAY)) == (1, [])
    _seen(company, 0)
    assert queries.unknown_credit(company, TODAY) == []


@pytest.mark.parametrize(("days_ago", "is_asked"), [(LEAST, False), (LEAST + 1, True)])
def test_a_look_up_that_is_known_of_the_organisation_alone_ages_too(session: Session, days_ago: int, is_asked: bool) -> None:
    known = make.company(credit_status="正常")
    known.credit_checked_on = TODAY - timedelta(days=days_ago)
    session.flush()
    assert len(queries.unknown_credit(known, TODAY)) == is_asked


def test_of_two_look_ups_the_later_counts_wherever_it_is_known(session: Session) -> None:
    company = make.company(credit_status="")
    _seen(company, LEAST + 1)
    company.credit_checked_on = TODAY - timedelta(days=1)
    session.flush()
    assert queries.unknown_credit(company, TODAY) == []


def test_nothing_is_decided_on_an_old_look_up(session: Session) -> None:
    leading = make.leading()
    base = make.base(hosts=((leading, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL)))
    _seen(leading, LEAST + 1)
    row = make.accepted(base)
    call: dict[str, Any] = {"award": row, "amount_fen": 60_000_000, "minutes": "纪要", "by": EDU, "today": TODAY, "now": NOW}
    with pytest.raises(AwardRefused, match="核查已过期") as refused:
        operations.decide(**call)
    assert refused.value.code == "credit_unknown"
    _seen(leading, 0)
    assert operations.decide(**call).state is AwardState.DECIDED
