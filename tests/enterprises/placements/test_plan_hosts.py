"""The enterprise training plan as the enterprises see it at whose bases it takes place: they sign their side themselves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.notifications.models import Notice

NOW, TODAY = make.NOW, make.TODAY


def as_host(hosted: SimpleNamespace, **changed: Any) -> Any:
    wanted = {"version": hosted.version, "enterprise_id": hosted.enterprise.id, "signed_name": "总工程师", "by": SYSTEM, "now": NOW}
    return operations.sign_plan_as_enterprise(**{**wanted, **changed})


@pytest.fixture
@remembered
def hosted(session: Session) -> SimpleNamespace:
    """A draft with a plan of 32 weeks at the base of an enterprise, whose coordinator has an account, and so has the head of the programme."""
    university, enterprise = ground.university(), ground.enterprise()
    programme, base = ground.programme(university, is_petoe=True), ground.base(enterprise)
    version = ground.version(programme, is_published=False)
    make.opened_base(base=base)
    items = [operations.add_plan_item(version=version, title=f"环节{n}", weeks_x10=n, base_id=base.id, by=SYSTEM, now=NOW) for n in (200, 120)]
    accounts = {
        "host": identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id),
        "head": identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id),
        "other": identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=ground.enterprise().id),
    }
    acting = {name: identities.identity_of(row.id, today=TODAY, origin="test") for name, row in accounts.items()}
    return SimpleNamespace(enterprise=enterprise, version=version, base=base, items=items, accounts=accounts, **acting)


def told(session: Session, who: Identity) -> list[str]:
    return list(session.scalars(select(Notice.kind).where(Notice.account_id == who.account_id).order_by(Notice.id)))


def test_each_side_signs_for_itself_and_the_other_is_told(hosted: SimpleNamespace, session: Session) -> None:
    operations.sign_plan(version=hosted.version, signed_name="院长", signed_on=TODAY, by=hosted.head, now=NOW)
    assert told(session, hosted.host) == ["placements.plan_to_sign"]
    row = as_host(hosted, by=hosted.host)
    assert (row.organisation_id, row.signed_on, row.recorded_by_id) == (hosted.enterprise.id, TODAY, hosted.host.account_id)
    assert as_host(hosted, by=hosted.host).signed_name == row.signed_name
    assert told(session, hosted.head) == ["placements.plan_signed"]
    write_pending(session)
    [event] = [
        one for one in session.scalars(select(AuditEvent).where(AuditEvent.did == "placements.plan.signed")) if one.data["side"] == "enterprise"
    ]
    assert (event.account_id, event.data["enterprise"]) == (hosted.host.account_id, hosted.enterprise.id)
    operations.check_plan(hosted.version, TODAY)


def test_a_change_makes_the_enterprise_look_again(hosted: SimpleNamespace, session: Session) -> None:
    as_host(hosted, by=hosted.host)
    operations.change_plan_item(item=hosted.items[0], weeks_x10=210, by=hosted.head, now=NOW)
    assert queries.plan_signatures(hosted.version.id) == []
    assert told(session, hosted.host) == ["placements.plan_lapsed"]


@pytest.mark.parametrize("who", ["another", "nowhere", "same", "short"])
def test_who_may_not_sign_for_the_enterprise(hosted: SimpleNamespace, who: str) -> None:
    changed: dict[str, Any] = {}
    if who == "another":
        changed["enterprise_id"] = ground.enterprise().id
    elif who == "nowhere":
        for item in hosted.items:
            operations.change_plan_item(item=item, base_id=None, by=SYSTEM, now=NOW)
    elif who == "same":
        operations.sign_plan(version=hosted.version, signed_name="院长", signed_on=TODAY, by=hosted.host, now=NOW)
        changed["by"] = hosted.host
    else:
        operations.change_plan_item(item=hosted.items[1], weeks_x10=119, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement) as refused:
        as_host(hosted, **changed)
    assert (refused.value.code == "plan_too_short") is (who == "short")
    assert (refused.value.code == "same_person") is (who == "same")


def test_the_page_of_the_enterprise(hosted: SimpleNamespace, session: Session, app: Flask) -> None:
    version_id, enterprise_id, url = hosted.version.id, hosted.enterprise.id, f"/placements/plans/{hosted.version.id}/enterprise"
    session.commit()
    with time_machine.travel(NOW, tick=False):
        host, head, other = (identity.sign_in(app, hosted.accounts[name]) for name in ("host", "head", "other"))
        assert [one.get(url).status_code for one in (host, head, other)] == [200, 403, 403]
        assert host.get(f"/placements/plans/{version_id}").status_code == 403
        assert url in host.get("/placements/enterprise").text
        assert url not in other.get("/placements/enterprise").text
        data = {"organisation_id": enterprise_id, "signed_name": "总工程师"}
        assert host.post(url, data=data).status_code == 422
        assert queries.plan_signatures(version_id) == []
        assert host.post(url, data={**data, "is_agreed": "y"}).status_code == 303
        assert "在线签署" in head.get(f"/placements/plans/{version_id}").text
