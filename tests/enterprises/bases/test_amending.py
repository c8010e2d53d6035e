"""Agreements are corrected and ended early with a reason; who is inspected reports, who inspects closes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations, queries
from enterprises.bases.types import AgreementTopic, Conclusion, InspectionKind
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
DAYS: dict[str, Any] = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2028, 1, 1)}
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(make.NOW, tick=False):
        yield


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A base with one agreement and one finding of an inspection."""
    with transaction():
        enterprise = ground.enterprise()
        base = ground.base(enterprise)
        make.opened_base(base=base, has_agreement=False)
        row = operations.sign_agreement(base=base, title="协议", topics=tuple(AgreementTopic), **DAYS, **WHOLE)
        inspection = operations.record_inspection(
            base=base,
            kind=InspectionKind.SAFETY,
            on=make.TODAY,
            inspectors="应急局",
            conclusion=Conclusion.CONDITIONAL,
            findings=["缺护栏"],
            **WHOLE,
        )
        [finding] = queries.findings_of(base.id)[inspection.id]
        return SimpleNamespace(base=base, base_id=base.id, code=base.code, enterprise_id=enterprise.id, row=row, row_id=row.id, finding_id=finding.id)


def changed(world: SimpleNamespace, **fields: Any) -> Any:
    facts = {"title": "协议", "topics": tuple(AgreementTopic), **DAYS, "reason": "企业停业", **fields}
    return operations.change_agreement(agreement=world.row, base=world.base, **facts, **WHOLE)


def test_an_agreement_ends_early_and_the_log_keeps_what_stood_there(world: SimpleNamespace, session: Session) -> None:
    for _time in range(2):
        with transaction():
            changed(world, until=date(2026, 6, 30))
    assert [span.until for span in queries.spans(queries.agreements_of(world.base_id))] == [date(2026, 6, 30)]
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.did == "bases.agreement.changed"))
    assert (event.data["reason"], event.data["changed"]["until"]) == ("企业停业", ["2028-01-01", "2026-06-30"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"until": date(2026, 6, 30), "reason": " "}, "reason"),
        ({"until": date(2025, 12, 31)}, "until"),
        ({"title": " "}, "title"),
        ({"signed_on": make.TODAY + timedelta(days=1)}, "signed_on"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(world: SimpleNamespace, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(operations.BadBase) as refused:
        changed(world, **fields)
    assert refused.value.field == field
    assert queries.agreements_of(world.base_id)[0].until == date(2028, 1, 1)


def test_a_correction_with_nothing_changed_asks_for_no_reason(world: SimpleNamespace) -> None:
    assert changed(world, reason="").until == date(2028, 1, 1)


def test_the_page_corrects_an_agreement_and_others_may_not(world: SimpleNamespace, session: Session, as_role: AsRole) -> None:
    school = ground.university()
    key, name = school.id, school.name
    session.commit()
    url = f"/bases/agreements/{world.row_id}/edit"
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
    assert as_role(Role.STUDENT).get(url).status_code == 403
    assert 'value="2028-01-01"' in host.get(url).text
    facts = {"title": "协议", "signed_on": "2026-01-01", "since": "2026-01-01", "until": "2027-01-01", "topics": ["term"], "version": "1"}
    assert "没有写明签署的学校" in host.get(f"/bases/{world.code}").text
    assert host.post(url, data={**facts, "reason": "录入有误"}).status_code == 422, "which school signed is asked"
    facts["university_id"] = str(key)
    assert host.post(url, data=facts).status_code == 422  # no reason
    assert host.post(url, data={**facts, "reason": "录入有误"}).status_code == 303
    assert [(row.until, row.university_id) for row in queries.agreements_of(world.base_id)] == [(date(2027, 1, 1), key)]
    assert name in host.get(f"/bases/{world.code}").text
    assert host.post(url, data={**facts, "until": "2027-02-01", "reason": "旧页面"}).status_code in (409, 422)
    assert queries.agreements_of(world.base_id)[0].until == date(2027, 1, 1)


def test_who_is_inspected_reports_and_who_inspects_closes(world: SimpleNamespace, as_role: AsRole) -> None:
    url = f"/bases/findings/{world.finding_id}"
    host, inspector = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id), as_role(Role.DEPT_EDU)
    assert host.post(f"{url}/close", data={"measure": "已装护栏"}).status_code == 403
    assert host.post(f"{url}/measure", data={"measure": ""}).status_code == 422
    assert inspector.post(f"{url}/close", data={"measure": ""}).status_code == 422
    assert host.post(f"{url}/measure", data={"measure": "已装护栏"}).status_code == 303
    found = queries.finding(world.finding_id)
    assert found is not None
    assert (found[0].measure, found[0].closed_on) == ("已装护栏", None)
    page = host.get(f"/bases/{world.code}").text
    assert "已报整改，待核实" in page
    assert f"{url}/close" not in page
    assert inspector.post(f"{url}/close", data={}).status_code == 303
    found = queries.finding(world.finding_id)
    assert found is not None
    assert (found[0].measure, found[0].closed_on) == ("已装护栏", make.TODAY)
    assert host.post(f"{url}/measure", data={"measure": "改口"}).status_code == 422
