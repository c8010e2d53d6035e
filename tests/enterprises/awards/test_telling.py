"""Who applied is told what became of the application, whoever moved it and whichever way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.awards import operations, steps
from enterprises.awards.models import Award
from enterprises.awards.types import CompanyRule, StepKind
from tests.factories import awards as make
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.awards import EDU, FIN, NOW, ST, TODAY
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.i18n import in_language
from trainhub.notifications.models import Notice
from trainhub.notifications.operations import text_of
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import HostSide

WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}


def _told(session: Session, account: Any) -> list[tuple[str, str]]:
    rows = session.scalars(select(Notice).where(Notice.account_id == account.id).order_by(Notice.id))
    return [(row.kind.removeprefix("awards."), text_of(row.message, row.values)) for row in rows]


def _base() -> tuple[Organisation, Any, Any]:
    """A base, who leads it, and the coordinator of the enterprise that hosts it."""
    host = make.leading()
    base = make.base(hosts=((host, HostSide.ENTERPRISE), (ground.university(), HostSide.SCHOOL)))
    leader = accounts.account(roles=(Role.CENTRE_LEADER,), organisation_id=base.id)
    coordinator = accounts.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=host.id)
    return base, leader, coordinator


def test_every_step_of_an_application_is_told_to_who_applies(session: Session) -> None:
    base, leader, coordinator = _base()
    stranger = accounts.account(roles=(Role.CENTRE_LEADER,), organisation_id=make.base().id)
    row = make.examined(make.apply(base))
    operations.recognise(award=row, on=TODAY, by=EDU, **WHEN)
    operations.accept(award=row, on=TODAY, by=EDU, **WHEN)
    operations.decide(award=row, amount_fen=80_000_000, minutes="厅务会纪要", payer="省财政厅", by=EDU, **WHEN)
    operations.pay(award=row, on=TODAY, reference="闽财拨2026-17", by=FIN, **WHEN)
    told = _told(session, leader)
    assert [kind for kind, _text in told] == ["reviewed", "inspected", "recognised", "accepted", "decided", "paid"]
    assert all(base.name in text and "%(" not in text for _kind, text in told)
    assert "¥800,000" in told[4][1]
    assert "闽财拨2026-17" in told[5][1]
    assert _told(session, coordinator) == told
    assert _told(session, stranger) == []
    urls = session.scalars(select(Notice.url).where(Notice.account_id == leader.id)).all()
    assert set(urls) == {f"/awards/{row.id}"}
    with in_language("en"):
        assert all(
            not any("\u4e00" <= letter <= "\u9fff" for letter in text.replace(base.name, "").replace("闽财拨", "").replace("省财政厅", ""))
            for _k, text in _told(session, leader)
        )


def test_a_check_that_found_against_it_says_what_is_wanted(session: Session) -> None:
    base, leader, _coordinator = _base()
    make.checked(make.apply(base), is_positive=False)
    [(kind, text)] = _told(session, leader)
    assert kind == "reviewed"
    assert "初审意见" in text
    assert "补充" in text


def test_a_refusal_and_a_revocation_are_told_with_their_reason(session: Session) -> None:
    base, leader, _coordinator = _base()
    operations.reject(award=make.apply(base), reason="协议已过期", by=EDU, **WHEN)
    assert "协议已过期" in _told(session, leader)[-1][1]
    row = make.decided(base)
    operations.revoke(award=row, reason="材料不实", by=EDU, **WHEN)
    assert _told(session, leader)[-1][0] == "revoked"
    assert "材料不实" in _told(session, leader)[-1][1]


def test_the_joint_conference_is_told_both_ways(session: Session) -> None:
    base, leader, _coordinator = _base()
    row = make.accepted(base)
    before = len(_told(session, leader))
    _put_forward(row)
    operations.confer(award=row, on=TODAY, is_positive=False, text="金额偏高", by=ST, **WHEN)
    _put_forward(row)
    operations.confer(award=row, on=TODAY, is_positive=True, text="同意", by=ST, **WHEN)
    told = _told(session, leader)[before:]
    assert [kind for kind, _text in told] == ["conference", "returned", "conference", "decided"]
    assert "金额偏高" in told[1][1]


def _put_forward(row: Award) -> None:
    operations.decide(award=row, amount_fen=100_000_000, minutes="纪要", payer="省财政厅", by=EDU, **WHEN)


def test_an_enterprise_is_told_of_its_incentive_and_who_applied_even_after_the_post(session: Session) -> None:
    company = make.company()
    coordinator = accounts.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=company.id)
    asker = accounts.account()
    row = operations.apply_company(company=company, rule=CompanyRule.RESEARCH, year=2016, by=Identity(asker.id, None, "申请人"), **WHEN)
    steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="属实", by=SYSTEM, **WHEN)
    for account in (coordinator, asker):
        assert [kind for kind, _text in _told(session, account)] == ["reviewed"]


def test_who_comes_from_elsewhere_is_told_that_the_department_checked(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """FJ-12, 000:727: no city of ours checks an investor from elsewhere, and nothing on its page says so; of one of ours the city does."""
    abroad, ours = make.company(region_code=None, is_verified=False, uscc=ground.uscc("91110108")), make.company(region_code="350102")
    said = []
    for company in (abroad, ours):
        who = accounts.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=company.id)
        row = operations.apply_company(company=company, rule=CompanyRule.INVESTOR, year=2026, by=SYSTEM, **WHEN)
        session.commit()
        assert "设区市" not in as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=company.id).get(f"/awards/{row.id}").text
        for is_positive in (True, False):
            steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=is_positive, text="意见", by=ST, **WHEN)
        said.append(["设区市" in text for _kind, text in _told(session, who)])
    assert said == [[False, False], [True, True]]
