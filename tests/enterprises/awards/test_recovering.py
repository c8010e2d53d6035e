"""What was paid and revoked is to come back: the pool waits for it, and so does whatever is given for the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import companies, funds, operations, queries, steps
from enterprises.awards.models import Award
from enterprises.awards.operations import AwardRefused
from enterprises.awards.steps import StepRefused
from enterprises.awards.types import TOTAL_KEYS, YEARLY_KEYS, AwardState, CompanyRule, PoolKind, StepKind
from tests.factories import awards as make
from tests.factories import identity as accounts
from tests.factories.awards import EDU, FIN, HR, NOW, ST, TODAY
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import NotAllowed
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]
WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}
WAN = 1_000_000  # fen
pytestmark = pytest.mark.database


def _paid(base: Any) -> tuple[Award, Any]:
    pool = funds.open_pool(year=2026, name=f"引导资金{base.id}", kind=PoolKind.NEW, planned_fen=200 * WAN, by=FIN, now=NOW)
    row = make.decided(base)
    operations.pay(award=row, on=TODAY, reference="1", pool_id=pool.id, by=FIN, **WHEN)
    return row, pool


def test_what_was_revoked_comes_back_once_and_is_recorded_by_who_pays(session: Session) -> None:
    row, pool = _paid(make.base())
    call: dict[str, Any] = {"award": row, "on": TODAY, "reference": "R-1", "today": TODAY}
    with pytest.raises(AwardRefused, match="已拨付后撤销"):
        operations.recover(by=FIN, **call)
    operations.revoke(award=row, reason="弄虚作假", by=EDU, **WHEN)
    with pytest.raises(NotAllowed, match="拨付单位"):
        operations.recover(by=HR, **call)
    for wrong in ({"reference": " "}, {"on": TODAY + timedelta(days=1)}, {"on": TODAY - timedelta(days=1)}):
        with pytest.raises(AwardRefused):
            operations.recover(by=FIN, **{**call, **wrong})
    for _time in range(2):
        operations.recover(by=FIN, **call)
        assert (row.recovered_on, row.recovery_reference, row.state, pool.spent_fen) == (TODAY, "R-1", AwardState.REVOKED, 0)


def test_nothing_is_paid_for_the_same_before_the_former_has_come_back(session: Session) -> None:
    base = make.base()
    row, pool = _paid(base)
    operations.revoke(award=row, reason="金额有误", by=EDU, **WHEN)
    again = make.decided(base)
    pay: dict[str, Any] = {"award": again, "on": TODAY, "reference": "2", "pool_id": pool.id, "by": FIN, **WHEN}
    with pytest.raises(AwardRefused, match="还没有收回") as refused:
        operations.pay(**pay)
    assert refused.value.code == "not_recovered"
    operations.recover(award=row, on=TODAY, reference="R", by=FIN, today=TODAY)
    assert operations.pay(**pay).state is AwardState.PAID


def test_what_was_never_paid_is_not_recovered(session: Session) -> None:
    row = make.decided()
    operations.revoke(award=row, reason="放弃", by=EDU, **WHEN)
    assert not queries.is_to_recover(row)


def test_the_pages_say_what_is_to_come_back(session: Session, as_role: AsRole) -> None:
    row, pool = _paid(make.base())
    operations.revoke(award=row, reason="弄虚作假", by=EDU, **WHEN)
    session.commit()
    fin = as_role(Role.DEPT_FIN)
    at, listed = f"/awards/{row.id}", "/awards/decisions?state=to_recover"
    assert "登记收回" in fin.get(at).text
    assert all("待收回" in fin.get(path).text for path in (at, listed))
    assert "收回已撤销的奖励" in fin.get("/").text
    assert fin.post(f"{at}/recover", data={"on": "", "reference": ""}).status_code == 422
    sent = fin.post(f"{at}/recover", data={"on": str(row.ended_on), "reference": "R-9"})
    assert sent.status_code == 303
    assert "R-9" in fin.get(at).text
    assert "还没有申请" in fin.get(listed).text
    assert "收回已撤销的奖励" not in fin.get("/").text
    assert funds.queries.pool(pool.id).spent_fen == 0  # type: ignore[union-attr]


def _bid(company: Organisation, project: str, number: str) -> Award:
    row = operations.apply_company(company=company, rule=CompanyRule.BID, year=2026, project=project, project_number=number, by=SYSTEM, **WHEN)
    steps.record(award=row, kind=StepKind.CHECK, on=TODAY, is_positive=True, text="符合", by=SYSTEM, **WHEN)
    return operations.decide(award=row, amount_fen=30 * WAN, minutes="纪要", judgement="符合", by=ST, **WHEN)


@pytest.mark.parametrize(
    ("project", "number", "is_same"),
    [
        ("另写的名称", "fj2026 03", True),
        ("北京项目", "FJ－2026－03", True),
        ("上海项目", "FJ-2026-04", False),
        ("上海项目", "FJ-2026-03-" + "0" * 30, False),
    ],
)
def test_one_contract_is_not_paid_twice_however_its_number_is_spelled(session: Session, project: str, number: str, is_same: bool) -> None:
    company = make.company()
    for key, value in {"contract_fen": 10_000_000, "contract_outside": 1}.items():
        for named in {"北京项目", project}:
            year = 2026 if key in YEARLY_KEYS | TOTAL_KEYS else 0
            companies.enter(company=company, key=key, year=year, value=Decimal(value), document="d", project=named, by=SYSTEM, now=NOW)
    pool = funds.open_pool(year=2026, name="引导资金", kind=PoolKind.NEW, planned_fen=200 * WAN, by=FIN, now=NOW)
    first = _bid(company, "北京项目", "FJ-2026-03")
    pay: dict[str, Any] = {"on": TODAY, "reference": "2", "pool_id": pool.id, "by": FIN, **WHEN}
    operations.pay(award=first, **pay)
    operations.revoke(award=first, reason="弄虚作假", by=ST, **WHEN)
    again = _bid(company, project, number)
    if is_same:
        with pytest.raises(AwardRefused, match="还没有收回"):
            operations.pay(award=again, **pay)
    else:
        assert operations.pay(award=again, **pay).state is AwardState.PAID


def test_a_rejection_keeps_the_findings_it_was_made_on(session: Session, as_role: AsRole) -> None:
    base = make.base()
    row = make.apply(base)
    base_lacks = {one["code"]: one["status"] for one in row.findings}
    make.accept(base)
    operations.reject(award=row, reason="材料不实", by=EDU, **WHEN)
    kept = {one["code"]: one["status"] for one in row.findings}
    assert (base_lacks["FJ-16b.accepted"], kept["FJ-16b.accepted"]) == ("not_met", "met"), "of the day of the rejection, not of the application"
    make.decided(base)
    audit.write_pending(session)
    session.commit()
    assert "FJ-16b（" not in as_role(Role.DEPT_EDU).get(f"/awards/{row.id}").text, "what was given since is none of its findings"


# -- steps and who takes them -------------------------------------------------------------------------------------------
def test_the_joint_conference_did_not_meet_before_the_amount_was_before_it(session: Session) -> None:
    row = make.accepted()
    later = TODAY + timedelta(days=10)
    operations.decide(award=row, amount_fen=100 * WAN, minutes="纪要", by=EDU, today=later, now=NOW + timedelta(days=10))
    confer: dict[str, Any] = {"award": row, "is_positive": True, "text": "同意", "by": ST, "today": later, "now": NOW + timedelta(days=10)}
    with pytest.raises(StepRefused, match="上一步与今天之间"):
        operations.confer(on=later - timedelta(days=1), **confer)
    assert operations.confer(on=later, **confer).decided_on == later


@pytest.mark.parametrize("kind", [StepKind.CHECK, StepKind.INSPECTION])
def test_who_applied_neither_checks_nor_inspects(session: Session, kind: StepKind) -> None:
    from dataclasses import replace

    from enterprises.awards.types import RuleCode

    own, other = (replace(SYSTEM, account_id=accounts.account().id) for _ in range(2))
    row = operations.apply(base=make.base(), rule=RuleCode.PRACTICE_BASE, statement="s", by=own, **WHEN)
    call: dict[str, Any] = {"award": row, "on": TODAY, "is_positive": True, "text": "属实", **WHEN}
    if kind is StepKind.INSPECTION:
        steps.record(kind=StepKind.CHECK, by=other, **call)
    with pytest.raises(NotAllowed, match="“申请”由你办理"):
        steps.record(kind=kind, by=own, **call)
    assert steps.record(kind=kind, by=other, **call).is_positive
