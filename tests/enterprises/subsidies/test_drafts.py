"""A draft of a claim holds completions that nobody else can claim: it is discarded, or lapses, and who drew it up is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enterprises.subsidies import operations, queries
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from enterprises.subsidies.operations import SubsidyRefused, WrongStep
from enterprises.subsidies.types import ClaimState
from tests.enterprises.subsidies.test_subsidies import NOW, TODAY, _claim, _trained, _world
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.parallel import together
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

DAYS = 30
AsRole = Callable[..., FlaskClient]


def _rival(session: Session, base: Any) -> Any:
    """Another base that trained one of the persons of a base in the same course."""
    other = ground.base()
    _trained(other, session.get_one(Person, queries.candidates(base.id, TODAY.replace(month=1, day=1), TODAY)[0].human_id))
    return other


def _events(session: Session, did: str) -> list[Any]:
    return list(session.scalars(select(AuditEvent).where(AuditEvent.did == did)))


def test_a_draft_that_is_discarded_sets_its_completions_free(session: Session) -> None:
    base = _world()
    other, claim = _rival(session, base), _claim(base)
    with pytest.raises(SubsidyRefused, match="其中 1 条在其他单位尚未提交的草稿里，草稿最迟 2026-04-01 失效") as told:
        _claim(other)
    assert base.name not in told.value.message
    operations.discard(claim=claim, by=SYSTEM, reason="重复生成", now=NOW)
    assert session.scalar(select(func.count()).select_from(SubsidyItem)) == 0
    assert queries.open_draft(base.id) is None
    assert _claim(other).item_count == 1


def test_only_a_draft_is_discarded(session: Session) -> None:
    claim = operations.submit(claim=_claim(_world()), by=SYSTEM, today=TODAY)
    with pytest.raises(WrongStep, match="已提交"):
        operations.discard(claim=claim, by=SYSTEM, reason="x", now=NOW)
    assert claim.item_count == 3


@pytest.mark.parametrize(("later", "left"), [(DAYS - 1, 1), (DAYS, 0), (DAYS + 1, 0)])
def test_a_draft_lapses_after_its_days(session: Session, later: int, left: int) -> None:
    base = _world()
    asker = accounts.account(roles=(Role.CENTRE_LEADER,), organisation_id=base.id)
    claim = _claim(base)
    key = claim.id
    kept = operations.submit(claim=_claim(_late(session)), by=SYSTEM, today=TODAY).id
    assert operations.lapse(today=TODAY + timedelta(days=later), now=NOW + timedelta(days=later)) == 1 - left
    assert len(session.scalars(select(SubsidyClaim).where(SubsidyClaim.id == key)).all()) == left
    again = queries.claim(kept)
    assert again is not None
    assert (again.state, again.item_count) == (ClaimState.SUBMITTED, 1)
    told = list(session.scalars(select(Notice.kind).where(Notice.account_id == asker.id)))
    assert told == (["subsidies.draft_lapsed"] if not left else ["subsidies.draft_ends"] if later >= DAYS - 7 else [])
    audit.write_pending(session)
    assert len(_events(session, "subsidies.claim.lapsed")) == 1 - left


def _late(session: Session) -> Any:
    base = ground.base()
    _trained(base, ground.person(is_verified=True), "大数据")
    return base


@pytest.mark.parametrize(("later", "told"), [(DAYS - 8, 0), (DAYS - 7, 1), (DAYS - 6, 1)])
def test_who_keeps_a_draft_is_reminded_once(session: Session, later: int, told: int) -> None:
    base = _world()
    asker = accounts.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=base.id)
    _claim(base)
    for _ in range(2):
        operations.lapse(today=TODAY + timedelta(days=later), now=NOW + timedelta(days=later))
    assert list(session.scalars(select(Notice.kind).where(Notice.account_id == asker.id))) == ["subsidies.draft_ends"] * told


def test_a_draft_drawn_up_anew_begins_its_days_again(session: Session) -> None:
    base = _world()
    claim = _claim(base)
    later = timedelta(days=DAYS - 1)
    operations.draw_up(organisation=base, since=claim.since, until=TODAY, by=SYSTEM, today=TODAY + later, now=NOW + later)
    assert operations.lapse(today=TODAY + timedelta(days=DAYS), now=NOW) == 0


def test_who_claims_does_not_wait_for_the_lapsing_of_the_night(session: Session) -> None:
    base = _world()
    other = _rival(session, base)
    _claim(base)
    later = timedelta(days=DAYS)
    row = operations.draw_up(organisation=other, since=TODAY.replace(month=1, day=1), until=TODAY, by=SYSTEM, today=TODAY + later, now=NOW + later)
    assert row.item_count == 1


@pytest.mark.database
@pytest.mark.parametrize("is_submitted_first", [True, False])
def test_a_draft_is_submitted_or_lapses(committed: Flask, is_submitted_first: bool) -> None:
    with committed.app_context(), transaction():
        key = _claim(_world()).id

    def submit() -> object:
        row = queries.claim(key)
        return row and operations.submit(claim=row, by=SYSTEM, today=TODAY)

    def lapse() -> object:
        return operations.lapse(today=TODAY + timedelta(days=DAYS), now=NOW)

    both = (submit, lapse) if is_submitted_first else (lapse, submit)
    said = together(committed, *both)
    assert said[0] == ""
    with committed.app_context():
        row = queries.claim(key)
        items = current().scalar(select(func.count()).select_from(SubsidyItem))
        assert (row.state if row else None, items) == ((ClaimState.SUBMITTED, 3) if is_submitted_first else (None, 0))


def test_the_page_discards_a_draft(session: Session, as_role: AsRole) -> None:
    base = _world()
    asker = accounts.account(roles=(Role.CENTRE_LEADER,), organisation_id=base.id)
    mine, theirs = _claim(base).id, _claim(_late(session)).id
    base_id, asker_id = base.id, asker.id
    session.commit()
    leader, hr = as_role(Role.CENTRE_LEADER, organisation_id=base_id), as_role(Role.DEPT_HR)
    assert f"/subsidies/{mine}/discard" in leader.get(f"/subsidies/{mine}").text
    assert "失效" in leader.get(f"/subsidies/{mine}").text
    assert f"/subsidies/{mine}/discard" not in as_role(Role.AUDITOR).get(f"/subsidies/{mine}").text
    assert as_role(Role.AUDITOR).post(f"/subsidies/{mine}/discard").status_code == 403
    assert leader.post(f"/subsidies/{theirs}/discard").status_code == 403
    assert hr.post(f"/subsidies/{mine}/discard", data={"reason": ""}).status_code == 422
    assert hr.post(f"/subsidies/{mine}/discard", data={"reason": "占用他人结业"}).status_code == 303
    assert hr.get(f"/subsidies/{mine}").status_code == 404
    notice = session.scalars(select(Notice).where(Notice.account_id == asker_id)).one()
    assert (notice.kind, notice.values["reason"]) == ("subsidies.draft_discarded", "占用他人结业")
    assert leader.post("/subsidies/", data={"organisation": str(base_id), "since": "2026-01-01", "until": "2026-02-28"}).status_code == 303
    again = queries.open_draft(base_id)
    assert again is not None
    assert leader.post(f"/subsidies/{again.id}/discard").status_code == 303  # one's own, without a reason
    assert leader.post(f"/subsidies/{again.id}/discard").status_code == 404


def test_a_claim_waits_on_the_first_page_of_who_has_to_act(session: Session, as_role: AsRole) -> None:
    """The department sees what was handed in, finance what was approved; a draft waits for who drew it up."""
    claim = _claim(_world())
    key = claim.id
    session.commit()
    hr, fin = as_role(Role.DEPT_HR), as_role(Role.DEPT_FIN)
    assert [word in hr.get("/").text for word in ("审核补助申领", "拨付培训补助")] == [False, False]
    for state, told in ((ClaimState.SUBMITTED, (True, False)), (ClaimState.SAMPLED, (True, False)), (ClaimState.APPROVED, (False, True))):
        row = queries.claim(key)
        assert row is not None
        row.state = state
        session.commit()
        assert "审核补助申领" in hr.get("/").text if told[0] else "审核补助申领" not in hr.get("/").text
        assert ("拨付培训补助" in fin.get("/").text) is told[1]
        assert "审核补助申领" not in fin.get("/").text
