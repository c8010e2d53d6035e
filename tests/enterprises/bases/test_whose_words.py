"""What is written for the schools is read by them, whole; enterprises read their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations, queries
from enterprises.bases.operations import BadBase
from enterprises.bases.types import Conclusion, InspectionKind, Refusal
from tests.factories import enterprises as make
from tests.factories import ground, identity
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(make.NOW, tick=False):
        yield


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """Two enterprises that take nobody this year, each with its words."""
    with transaction():
        university = ground.university()
        programme, one, two = ground.programme(university), ground.enterprise(), ground.enterprise()
        for enterprise, text in ((one, "去年学生中途离开"), (two, "产线搬迁")):
            operations.state_interest(
                enterprise=enterprise, year=2026, is_interested=False, reasons=[next(iter(Refusal))], text=text, by=SYSTEM, now=make.NOW
            )
    return SimpleNamespace(one=one.id, two=two.id, two_name=two.name, university=university.id, programme=programme.id)


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER])
def test_an_enterprise_reads_its_own_words_and_how_many_others_said_what(world: SimpleNamespace, as_role: AsRole, role: Role) -> None:
    page = as_role(role, organisation_id=world.one).get("/bases/interest?year=2026").text
    assert ("去年学生中途离开" in page, "产线搬迁" in page, world.two_name in page) == (True, False, False)
    assert "接收 0 家，不接收 2 家" in page


def test_what_was_said_for_another_year_is_not_overwritten_from_this_years_page(world: SimpleNamespace, as_role: AsRole) -> None:
    """The page of 2027 shows nothing of 2026, and holds no version of it."""
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.one)
    said = {"enterprise_id": str(world.one), "is_interested": "1", "seats": "3", "text": "接收"}
    assert host.post("/bases/interest?year=2027", data={**said, "year": "2027"}).status_code == 303
    refused = host.post("/bases/interest?year=2027", data={**said, "year": "2026"})
    assert (refused.status_code, "2026 年的意向已经填报" in refused.text) == (422, True)
    assert [queries.interest(world.one, year).is_interested for year in (2026, 2027)] == [False, True]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("role", "scope"), [(Role.PROGRAMME_ADMIN, "programme"), (Role.UNIVERSITY_ADMIN, "university"), (Role.DEPT_EDU, ""), (Role.SYSTEM_ADMIN, "")]
)
def test_schools_and_departments_read_all(world: SimpleNamespace, as_role: AsRole, role: Role, scope: str) -> None:
    over = {"programme": {"programme_id": world.programme}, "university": {"organisation_id": world.university}}.get(scope, {})
    page = as_role(role, **over).get("/bases/interest?year=2026").text
    assert ("去年学生中途离开" in page, "产线搬迁" in page) == (True, True)


@pytest.mark.parametrize(("length", "is_refused"), [(399, False), (400, False), (401, True)])
def test_nothing_that_an_inspection_found_is_cut(session: Session, length: int, is_refused: bool) -> None:
    base = ground.base()
    make.opened_base(base=base)
    given: dict[str, Any] = {"kind": InspectionKind.SAFETY, "on": date(2026, 3, 1), "inspectors": "安全处", "conclusion": Conclusion.CONDITIONAL}
    found = ["灭火器过期", "通" * length]
    if is_refused:
        with pytest.raises(BadBase) as why:
            operations.record_inspection(base=base, findings=found, **given, by=SYSTEM, now=make.NOW)
        assert (why.value.field, "第 2 条" in why.value.message, "401" in why.value.message) == ("findings", True, True)
        return
    row = operations.record_inspection(base=base, findings=found, **given, by=SYSTEM, now=make.NOW)
    assert [one.text for one in queries.findings_of(base.id)[row.id]] == found


def test_what_was_found_and_how_it_was_mended_is_told_to_the_other_side(session: Session) -> None:
    enterprise = ground.enterprise()
    base = ground.base(enterprise)
    make.opened_base(base=base)
    host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    inspector = identity.account(roles=(Role.INSPECTOR,))
    by_host, by_inspector = (identities.identity_of(one.id, today=make.TODAY, origin="test") for one in (host, inspector))

    def told(account: Any, kind: str) -> int:
        return len(db.session.scalars(select(Notice.id).where(Notice.account_id == account.id, Notice.kind == kind)).all())

    given: dict[str, Any] = {"base": base, "kind": InspectionKind.SAFETY, "on": date(2026, 3, 1), "inspectors": "安全处", "now": make.NOW}
    operations.record_inspection(**given, conclusion=Conclusion.PASSED, by=by_inspector)
    assert told(host, "bases.inspected") == 0  # nothing to mend
    row = operations.record_inspection(**given, conclusion=Conclusion.CONDITIONAL, findings=["灭火器过期"], by=by_inspector)
    [finding] = queries.findings_of(base.id)[row.id]
    operations.report_measure(finding=finding, base=base, measure="已更换", by=by_host, now=make.NOW)
    operations.close_finding(finding=finding, base=base, measure="", on=make.TODAY, by=by_inspector, now=make.NOW)
    assert [told(host, kind) for kind in ("bases.inspected", "bases.finding_reported", "bases.finding_closed")] == [1, 0, 1]
    assert [told(inspector, kind) for kind in ("bases.inspected", "bases.finding_reported", "bases.finding_closed")] == [0, 1, 0]
