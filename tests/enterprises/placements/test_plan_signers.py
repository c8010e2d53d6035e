"""A training plan whose items lie at several enterprises: each of them signs, and until then the enterprise side has not signed."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries, rules
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import PlanPlace, PlanSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import my_data
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.kernel.errors import Stale
from trainhub.notifications.models import Notice
from trainhub.organisations import operations as organisations
from trainhub.organisations import queries as registered
from trainhub.organisations.types import HostSide

NOW, TODAY = make.NOW, make.TODAY
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.mark.parametrize(
    ("places", "signed", "lacking"),
    [
        ([], [], 0),
        ([{1}], [], 1),
        ([{1}], [1], 0),
        ([{1}], [None], 1),
        ([{1}, {2}], [1], 1),
        ([{1}, {2}], [1, 2], 0),
        ([{1, 2}], [2], 0),
        ([{1, 2}, {1, 3}], [1], 0),
        ([{1, 2}, {1, 3}], [2], 1),
        ([set()], [1], 1),
        ([set()], [None], 0),
        ([{1}, set()], [1], 1),
        ([{1}, set()], [1, None], 0),
    ],
)
def test_a_place_has_signed_with_one_of_its_hosts(places: list[set[int]], signed: list[int | None], lacking: int) -> None:
    assert len(rules.places_unsigned([PlanPlace(frozenset(hosts)) for hosts in places], signed)) == lacking


@pytest.fixture
@remembered
def two(session: Session) -> SimpleNamespace:
    """A draft with a plan of 32 weeks at the bases of two enterprises, whose coordinators have accounts, and so has the head."""
    programme = ground.programme(ground.university(), is_petoe=True)
    version, first, second = ground.version(programme, is_published=False), ground.enterprise(), ground.enterprise()
    bases = [ground.base(first), ground.base(second)]
    items = [
        operations.add_plan_item(version=version, title=f"环节{weeks}", weeks_x10=weeks, base_id=base.id, by=SYSTEM, now=NOW)
        for base, weeks in zip(bases, (200, 120), strict=True)
    ]
    person = ground.person("林经理")
    accounts = {
        "first": identity.account(person=person, roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=first.id),
        "second": identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=second.id),
        "head": identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id),
    }
    acting = {f"by_{name}": identities.identity_of(row.id, today=TODAY, origin="test") for name, row in accounts.items()}
    return SimpleNamespace(version=version, first=first, second=second, bases=bases, items=items, person=person, accounts=accounts, **acting)


def signs(two: SimpleNamespace, name: str, by: Identity | None = None) -> Any:
    enterprise = getattr(two, name)
    by = by or getattr(two, f"by_{name}")
    return operations.sign_plan_as_enterprise(version=two.version, enterprise_id=enterprise.id, signed_name=f"{name}工程师", by=by, now=NOW)


def on_paper(two: SimpleNamespace, enterprise_id: int | None, **changed: Any) -> Any:
    wanted = {"enterprise_id": enterprise_id, "signed_name": "厂长", "signed_on": TODAY - timedelta(days=3), "file_id": make.scan()}
    return operations.record_plan_signature(version=two.version, by=two.by_head, now=NOW, **{**wanted, **changed})


def school(two: SimpleNamespace, by: Identity | None = None) -> None:
    operations.sign_plan(version=two.version, signed_name="院长", signed_on=TODAY, by=by or two.by_head, now=NOW)


def sides(two: SimpleNamespace) -> list[PlanSide]:
    return [row.side for row in queries.plan_signatures(two.version.id)]


def told(session: Session, who: Identity) -> list[str]:
    return list(session.scalars(select(Notice.kind).where(Notice.account_id == who.account_id).order_by(Notice.id)))


def test_the_enterprise_side_has_signed_once_each_enterprise_has(two: SimpleNamespace, session: Session) -> None:
    school(two)
    signs(two, "first")
    assert sides(two) == [PlanSide.SCHOOL]
    with pytest.raises(BadPlacement) as refused:
        operations.check_plan(two.version, TODAY)
    assert (refused.value.code, two.second.name in refused.value.message, two.first.name in refused.value.message) == ("plan_unsigned", True, False)
    signs(two, "second")
    operations.check_plan(two.version, TODAY)
    [row] = [one for one in queries.plan_signatures(two.version.id) if one.side is PlanSide.ENTERPRISE]
    assert (row.signed_name, row.signed_on, row.organisation_id) == ("first工程师、second工程师", TODAY, None)
    assert told(session, two.by_head) == ["placements.plan_signed", "placements.plan_signed"]
    write_pending(session)
    events = session.scalars(select(AuditEvent).where(AuditEvent.did == "placements.plan.signed")).all()
    assert [event.data.get("enterprise") for event in events] == [None, two.first.id, two.second.id]


def test_only_those_who_have_not_signed_are_asked_when_the_school_has(two: SimpleNamespace, session: Session) -> None:
    signs(two, "first")
    assert signs(two, "first").id == signs(two, "first").id
    school(two)
    assert (told(session, two.by_first), told(session, two.by_second)) == ([], ["placements.plan_to_sign"])


def test_the_last_day_is_the_day_of_the_side(two: SimpleNamespace) -> None:
    on_paper(two, two.first.id, signed_on=TODAY - timedelta(days=9))
    assert sides(two) == []
    on_paper(two, two.second.id, signed_on=TODAY - timedelta(days=2))
    [row] = queries.plan_signatures(two.version.id)
    assert (row.side, row.signed_on) == (PlanSide.ENTERPRISE, TODAY - timedelta(days=2))


def test_one_of_the_hosts_signs_for_a_base_of_several(two: SimpleNamespace) -> None:
    """The second base is run by both: whoever of them has signed has signed for it."""
    organisations.add_host(base=two.bases[1], organisation=two.first, side=HostSide.ENTERPRISE, by=SYSTEM, now=NOW, is_lead=False)
    signs(two, "first")
    assert sides(two) == [PlanSide.ENTERPRISE]
    [row] = queries.plan_signatures(two.version.id)
    assert row.organisation_id == two.first.id


def test_an_item_that_names_no_enterprise_is_signed_on_paper(two: SimpleNamespace) -> None:
    operations.add_plan_item(version=two.version, title="企业一周", weeks_x10=10, by=SYSTEM, now=NOW)
    signs(two, "first")
    signs(two, "second")
    assert sides(two) == []
    school(two)
    with pytest.raises(BadPlacement, match="未写明企业的环节"):
        operations.check_plan(two.version, TODAY)
    on_paper(two, None)
    operations.check_plan(two.version, TODAY)


@pytest.mark.parametrize(
    ("wrong", "field"), [("scan", "file"), ("day", "signed_on"), ("name", "signed_name"), ("other", "party"), ("nobody", "party")]
)
def test_what_the_school_records_of_an_enterprise(two: SimpleNamespace, wrong: str, field: str) -> None:
    changed: dict[str, Any] = {
        "scan": {"file_id": None},
        "day": {"signed_on": TODAY + timedelta(days=1)},
        "name": {"signed_name": " "},
        "other": {"enterprise_id": ground.enterprise().id},
        "nobody": {"enterprise_id": None},
    }[wrong]
    with pytest.raises(BadPlacement) as refused:
        on_paper(two, **{"enterprise_id": two.first.id, **changed})
    assert refused.value.field == field
    assert queries.plan_host_signatures(two.version.id) == []


def test_nobody_signs_for_both_sides_whoever_comes_first(two: SimpleNamespace, session: Session) -> None:
    both = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=two.first.id)
    by = identities.identity_of(both.id, today=TODAY, origin="test")
    signs(two, "first", by)
    with pytest.raises(BadPlacement) as refused:
        school(two, by)
    assert refused.value.code == "same_person"


def test_a_change_clears_every_signature_and_asks_all_again(two: SimpleNamespace, session: Session) -> None:
    signs(two, "first")
    on_paper(two, two.second.id)
    assert sides(two) == [PlanSide.ENTERPRISE]
    operations.change_plan_item(item=two.items[0], weeks_x10=210, by=two.by_head, now=NOW)
    assert (sides(two), queries.plan_host_signatures(two.version.id)) == ([], [])
    write_pending(session)
    lapsed = session.scalars(select(AuditEvent).where(AuditEvent.did == "placements.plan_signature.discarded").order_by(AuditEvent.id)).all()
    assert [(event.data["side"], event.data["enterprise"]) for event in lapsed] == [("enterprise", two.first.id), ("enterprise", two.second.id)]
    assert [told(session, who)[-1] for who in (two.by_first, two.by_second)] == ["placements.plan_lapsed"] * 2


@pytest.mark.database
@pytest.mark.parametrize("what", ["changed", "added", "removed"])
def test_nobody_signs_what_was_changed_since_it_was_opened(two: SimpleNamespace, what: str) -> None:
    opened = queries.plan_edition(two.version.id)
    if what == "changed":
        operations.change_plan_item(item=two.items[0], weeks_x10=220, by=SYSTEM, now=NOW)
    else:
        extra = operations.add_plan_item(version=two.version, title="加练", weeks_x10=10, base_id=two.bases[0].id, by=SYSTEM, now=NOW)
        if what == "removed":
            opened = queries.plan_edition(two.version.id)
            operations.remove_plan_item(item=extra, by=SYSTEM, now=NOW)
    sent = {"version": two.version, "signed_name": "厂长", "now": NOW}
    with pytest.raises(Stale, match="在你打开之后有修改，没有签署"):
        operations.sign_plan_as_enterprise(enterprise_id=two.first.id, by=two.by_first, edition=opened, **sent)
    with pytest.raises(Stale):
        operations.sign_plan(signed_on=TODAY, by=two.by_head, edition=opened, **sent)
    with pytest.raises(Stale):
        on_paper(two, two.first.id, edition=opened)
    assert queries.plan_host_signatures(two.version.id) == []
    now = queries.plan_edition(two.version.id)
    assert operations.sign_plan_as_enterprise(enterprise_id=two.first.id, by=two.by_first, edition=now, **sent).signed_name == "厂长"


def test_the_page_of_a_stale_plan_shows_what_reads_now_and_asks_again(two: SimpleNamespace, session: Session, app: Flask) -> None:
    page, first_id, item = f"/placements/plans/{two.version.id}/enterprise", two.first.id, two.items[0]
    session.commit()
    with time_machine.travel(NOW, tick=False):
        host = identity.sign_in(app, two.accounts["first"])
        [opened] = re.findall(r'name="edition"[^>]*value="(\w+)"', host.get(page).text)
        operations.change_plan_item(item=item, title="改过的环节", by=SYSTEM, now=NOW)
        session.commit()
        data = {"organisation_id": first_id, "signed_name": "林经理", "is_agreed": "y", "edition": opened}
        answer = host.post(page, data=data)
        assert (answer.status_code, "改过的环节" in answer.text, "没有签署" in answer.text) == (409, True, True)
        [current] = re.findall(r'name="edition"[^>]*value="(\w+)"', answer.text)
        assert current != opened
        assert host.post(page, data={**data, "edition": current}).status_code == 303


def test_a_host_that_went_leaves_its_place_to_the_next(two: SimpleNamespace) -> None:
    """Its base has another enterprise when the other base signs: that one is asked."""
    signs(two, "first")
    [(host, _found)] = registered.hosts_of(two.bases[0].id)
    organisations.end_host(base=two.bases[0], host_id=host.id, until=TODAY, by=SYSTEM, now=NOW)
    successor = ground.enterprise()
    organisations.add_host(base=two.bases[0], organisation=successor, side=HostSide.ENTERPRISE, by=SYSTEM, now=NOW, is_lead=True)
    signs(two, "second")
    assert sides(two) == []
    on_paper(two, successor.id)
    assert sides(two) == [PlanSide.ENTERPRISE]


def test_who_signed_sees_it_in_my_data(two: SimpleNamespace, app: Flask) -> None:
    signs(two, "first")
    [part] = [one for one in my_data.of_account(two.accounts["first"].id, two.person.id) if one.name == "plan_signatures"]
    [row] = part.rows
    assert (row["enterprise"], row["signed_name"]) == (two.first.name, "first工程师")


def test_the_pages(two: SimpleNamespace, session: Session, app: Flask) -> None:
    version_id, names = two.version.id, (two.first.name, two.second.name)
    ids, school_page = (two.first.id, two.second.id), f"/placements/plans/{two.version.id}"
    school(two)
    session.commit()
    with time_machine.travel(NOW, tick=False):
        first, second, head = (identity.sign_in(app, two.accounts[name]) for name in ("first", "second", "head"))
        page = first.get(f"{school_page}/enterprise").text
        assert (page.count(">本企业<"), all(name in page for name in names)) == (1, True)
        data = {"organisation_id": ids[0], "signed_name": "林经理", "is_agreed": "y"}
        assert second.post(f"{school_page}/enterprise", data=data).status_code == 422
        assert first.post(f"{school_page}/enterprise", data=data).status_code == 303
        assert "签署方案" not in first.get(f"{school_page}/enterprise").text
        assert "本企业已签署" in first.get("/placements/enterprise").text
        assert "待签署" in second.get("/placements/enterprise").text
        sent = {"party": str(ids[1]), "signed_name": "厂长", "signed_on": TODAY.isoformat()}
        assert head.post(f"{school_page}/sign", data=sent).status_code == 422
        answer = head.post(f"{school_page}/sign", data={**sent, "file": (io.BytesIO(PDF), "签署页.pdf")}, content_type="multipart/form-data")
        assert answer.status_code == 303
        assert "校企双方已签署" in head.get(school_page).text
        [paper] = [row for row in queries.plan_host_signatures(version_id) if row.file_id is not None]
        scan_url, own = f"{school_page}/signatures/{paper.id}", f"{school_page}/signatures/{paper.id}/enterprise"
        assert scan_url in head.get(school_page).text
        assert [one.get(scan_url).status_code for one in (head, second, first)] == [200, 403, 403]
        assert own in second.get(f"{school_page}/enterprise").text
        assert [one.get(own).status_code for one in (head, second, first)] == [403, 200, 403]
