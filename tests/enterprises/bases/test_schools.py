"""A base that several schools build: an agreement and a leader of a school's side say which school."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations, queries
from enterprises.bases.types import LeaderSide
from tests.factories import enterprises as make
from tests.factories import ground, identity
from trainhub.kernel.access import SYSTEM, Role
from trainhub.notifications.models import Notice
from trainhub.organisations import operations as organisations
from trainhub.organisations import queries as organisation_queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import HostSide

W: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}
DAYS: dict[str, Any] = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2028, 1, 1), "topics": []}

pytestmark = pytest.mark.database


def built(schools: int) -> tuple[Organisation, list[Organisation]]:
    base, found = ground.base(), [ground.university() for _n in range(schools)]
    make.opened_base(base=base, has_agreement=False)
    for school in found:
        organisations.add_host(base=base, organisation=school, side=HostSide.SCHOOL, is_lead=False, since=date(2020, 1, 1), **W)
    return base, found


def test_the_only_school_is_meant_of_several_one_is_said(session: Session) -> None:
    base, (school,) = built(1)
    assert operations.sign_agreement(base=base, title="协议", **DAYS, **W).university_id == school.id
    base, (first, second) = built(2)
    assert operations.sign_agreement(base=base, title="协议", **DAYS, **W).university_id is None
    signed = [operations.sign_agreement(base=base, title="协议", university_id=one.id, **DAYS, **W) for one in (first, second)]
    assert [row.university_id for row in signed] == [first.id, second.id]
    with pytest.raises(operations.BadBase) as refused:
        operations.sign_agreement(base=base, title="协议", university_id=school.id, **DAYS, **W)
    assert refused.value.field == "university_id"


def test_the_page_asks_for_whom_a_leader_leads(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base, (first, second) = built(2)
    facts: dict[str, Any] = {"base": base, "person": ground.person(), "post": "处长", "since": date(2025, 1, 1), **W}
    leader = operations.add_leader(side=LeaderSide.SCHOOL, **facts)
    assert (leader.university_id, operations.add_leader(side=LeaderSide.ENTERPRISE, university_id=first.id, **facts).university_id) == (None, None)
    at, keys = f"/bases/{base.code}", (first.id, second.id)
    key, base_id = leader.id, base.id
    session.commit()
    editor = as_role(Role.SYSTEM_ADMIN)
    assert "没有写明代表的学校" in editor.get(at).text
    assert editor.post(f"{at}/leaders/{key}/school", data={"university_id": str(keys[1])}).status_code == 303
    unsaid = editor.post(f"{at}/leaders/{key}/school", data={"university_id": str(keys[0])})
    assert (unsaid.status_code, "更正所代表学校的理由" in unsaid.text) == (422, True)
    assert [row.university_id for row in queries.leader_rows(base_id) if row.id == key] == [keys[1]]
    page = editor.get(at).text
    assert ("没有写明代表的学校" in page, "更正的理由" in page) == (False, True)
    corrected = {"university_id": str(keys[0]), "reason": "登记时选错"}
    assert [editor.post(f"{at}/leaders/{key}/school", data=corrected).status_code for _n in range(2)] == [303, 303]
    session.expire_all()
    assert [row.university_id for row in queries.leader_rows(base_id) if row.id == key] == [keys[0]]
    assert as_role(Role.STUDENT).post(f"{at}/leaders/{key}/school", data={"university_id": str(keys[0])}).status_code == 403


def test_the_agreement_of_a_school_that_builds_no_more_is_ended_as_its_own(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """A school leaves the base, then its agreement is ended early: nobody else becomes the party of it."""
    base, (first, second) = built(2)
    row = operations.sign_agreement(base=base, title="协议", university_id=first.id, **DAYS, **W)
    host = next(host for host, one in organisation_queries.hosts_of(base.id) if one.id == first.id)
    organisations.end_host(base=base, host_id=host.id, until=date(2026, 2, 1), **W)
    assert queries.schools_of(base.id) == [(second.id, second.name)]
    late = operations.sign_agreement(base=base, title="补登的协议", university_id=first.id, **DAYS, **W)
    assert late.university_id == first.id, "a paper of its own years"
    key, school = row.id, first.id
    session.commit()
    editor = as_role(Role.SYSTEM_ADMIN)
    page = editor.get(f"/bases/agreements/{key}/edit").text
    (option,) = re.findall(rf'<option[^>]* value="{school}"[^>]*>', page)
    assert 'name="reason"' in page
    assert "selected" in option
    facts = {
        "title": "协议",
        "signed_on": "2026-01-01",
        "since": "2026-01-01",
        "until": "2026-02-28",
        "university_id": str(school),
        "reason": "提前终止",
    }
    assert editor.post(f"/bases/agreements/{key}/edit", data={**facts, "version": str(row.version)}).status_code == 303
    session.expire_all()
    changed = queries.agreement(key)
    assert changed is not None
    assert (changed.university_id, changed.until) == (school, date(2026, 2, 28))


def test_a_leader_is_named_where_nobody_builds_the_base(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base, school = ground.base(), ground.university()
    make.opened_base(base=base, has_agreement=False)
    operations.add_leader(base=base, person=ground.person(), side=LeaderSide.SCHOOL, post="处长", since=date(2025, 1, 1), **W)
    at, name = f"/bases/{base.code}", school.name
    session.commit()
    page = as_role(Role.SYSTEM_ADMIN).get(at).text
    assert ("登记学校" in page, name in page) == (True, True)


def test_a_school_that_sends_students_enters_its_own_agreement(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """It builds nothing there, and its start asks for a paper of its own: that one it enters and corrects, nobody else's."""
    base, (builder,) = built(1)
    sender, stranger = ground.university(), ground.university()
    theirs = operations.sign_agreement(base=base, title="共建协议", **DAYS, **W)
    enterprise = ground.enterprise()
    organisations.add_host(base=base, organisation=enterprise, side=HostSide.ENTERPRISE, is_lead=True, since=date(2020, 1, 1), **W)
    make.position(enterprise=enterprise, base=base, terms=[make.term(university=sender)])
    base_id, keys, their_key, their_version = base.id, (sender.id, builder.id, stranger.id), theirs.id, theirs.version
    at = f"/bases/{base.code}"
    session.commit()
    sends, sends_nobody = (as_role(Role.UNIVERSITY_ADMIN, organisation_id=keys[n]) for n in (0, 2))
    facts = {"title": "本校协议", "signed_on": "2026-01-01", "since": "2026-01-01", "until": "2028-01-01"}
    assert f"{at}/agreements" in sends.get(at).text
    assert f"{at}/agreements" not in sends_nobody.get(at).text
    assert [one.get(f"{at}/agreements").status_code for one in (sends, sends_nobody)] == [200, 403]
    assert sends.post(f"{at}/agreements", data={**facts, "university_id": str(keys[1])}).status_code in (403, 422)
    assert sends_nobody.post(f"{at}/agreements", data={**facts, "university_id": str(keys[2])}).status_code == 403
    assert [row.id for row in queries.agreements_of(base_id)] == [their_key]
    assert sends.post(f"{at}/agreements", data={**facts, "university_id": str(keys[0])}).status_code == 303
    (own,) = [row for row in queries.agreements_of(base_id) if row.id != their_key]
    own_key, version = own.id, own.version
    assert own.university_id == keys[0]
    page = sends.get(at).text
    assert (f"agreements/{own_key}/edit" in page, f"agreements/{their_key}/edit" in page) == (True, False)
    changed = {**facts, "until": "2027-01-01", "reason": "提前终止"}
    assert sends.get(f"/bases/agreements/{their_key}/edit").status_code == 403
    taken = {**changed, "university_id": str(keys[0]), "version": str(their_version)}
    assert sends.post(f"/bases/agreements/{their_key}/edit", data=taken).status_code == 403
    given_away = {**changed, "university_id": str(keys[1]), "version": str(version)}
    assert sends.post(f"/bases/agreements/{own_key}/edit", data=given_away).status_code in (403, 422)
    assert sends.post(f"/bases/agreements/{own_key}/edit", data={**given_away, "university_id": str(keys[0])}).status_code == 303
    session.expire_all()
    found = {row.id: (row.university_id, row.until) for row in queries.agreements_of(base_id)}
    assert found == {their_key: (keys[1], date(2028, 1, 1)), own_key: (keys[0], date(2027, 1, 1))}
    assert sends.get(f"{at}/edit").status_code == 403, "nothing else of the base is its own"


def test_at_an_enterprise_too_a_school_changes_its_own_agreement_alone(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """Posts at no base: whose agreement it is opens the starts of that school, so that no other school ends or takes it."""
    enterprise, schools = ground.enterprise(), [ground.university() for _n in range(2)]
    make.position(enterprise=enterprise, base=None, terms=[make.term(university=one) for one in schools])
    named = [operations.sign_agreement(base=enterprise, title=f"协议{n}", university_id=schools[n].id, **DAYS, **W) for n in range(2)]
    nobodys = operations.sign_agreement(base=enterprise, title="未写明学校", **DAYS, **W)
    keys, ids, host = [one.id for one in schools], [row.id for row in (*named, nobodys)], enterprise.id
    version, at = nobodys.version, f"/bases/{enterprise.code}"
    session.commit()
    mine, runs = as_role(Role.UNIVERSITY_ADMIN, organisation_id=keys[0]), as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=host)
    assert [mine.get(f"/bases/agreements/{key}/edit").status_code for key in ids] == [200, 403, 200]
    assert [runs.get(f"/bases/agreements/{key}/edit").status_code for key in ids] == [200] * 3
    shown = mine.get(at).text
    assert [f"agreements/{key}/edit" in shown for key in ids] == [True, False, True]
    facts = {"title": "本校协议", "signed_on": "2026-01-01", "since": "2026-01-01", "until": "2027-01-01", "reason": "学校写明"}
    given = [mine.post(f"{at}/agreements", data={**facts, "university_id": said}) for said in (str(keys[1]), "")]
    given.append(mine.post(f"/bases/agreements/{ids[2]}/edit", data={**facts, "version": str(version), "university_id": ""}))
    given.append(mine.post(f"/bases/agreements/{ids[2]}/edit", data={**facts, "version": str(version), "university_id": str(keys[1])}))
    assert [one.status_code in (403, 422) for one in given] == [True] * 4
    assert mine.post(f"/bases/agreements/{ids[2]}/edit", data={**facts, "version": str(version), "university_id": str(keys[0])}).status_code == 303
    session.expire_all()
    assert {row.id: row.university_id for row in queries.agreements_of(host)} == {ids[0]: keys[0], ids[1]: keys[1], ids[2]: keys[0]}


def test_the_school_that_hosts_a_base_is_told_of_the_agreement_of_another(session: Session) -> None:
    """Both sides are told: whoever hosts the base is one, whatever kind of unit it is; of the schools that only send students the signer alone."""
    base, (host,) = built(1)
    signer, sender = ground.university(), ground.university()
    accounts = {one.id: identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=one.id) for one in (host, signer, sender)}
    ends: dict[str, Any] = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2026, 6, 1), "topics": []}
    row = operations.sign_agreement(base=base, title="外校协议", **ends, **W)
    row.university_id = signer.id
    session.flush()
    assert operations.remind_of_agreements(today=date(2026, 5, 20), now=make.NOW, schools=lambda _unit: {signer.id, sender.id}) == 1
    told = set(session.scalars(select(Notice.account_id).where(Notice.kind == "bases.agreement_ends")))
    assert told == {accounts[host.id].id, accounts[signer.id].id}


def test_the_school_that_leads_a_base_is_told_of_the_agreement_of_another_that_builds_it(session: Session) -> None:
    base, (leads, signer, third) = built(3)
    organisations.add_host(base=base, organisation=leads, side=HostSide.SCHOOL, is_lead=True, since=date(2020, 1, 1), **W)
    accounts = {one.id: identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=one.id) for one in (leads, signer, third)}
    ends: dict[str, Any] = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2026, 6, 1), "topics": []}
    operations.sign_agreement(base=base, title="共建协议", university_id=signer.id, **ends, **W)
    operations.remind_of_agreements(today=date(2026, 5, 20), now=make.NOW)
    told = set(session.scalars(select(Notice.account_id).where(Notice.kind == "bases.agreement_ends")))
    assert told == {accounts[leads.id].id, accounts[signer.id].id}


def test_who_renews_an_agreement_is_the_school_that_signed_it(session: Session) -> None:
    """It counts for that school alone, and is called by its name; of one that names none nobody knows whose it is."""
    base, (first, second) = built(2)
    sender, enterprise = ground.university(), ground.enterprise()
    organisations.add_host(base=base, organisation=enterprise, side=HostSide.ENTERPRISE, is_lead=True, since=date(2020, 1, 1), **W)
    accounts = {one.id: identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=one.id) for one in (first, second, sender)}
    accounts[enterprise.id] = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    today, ends = date(2026, 5, 20), {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "topics": []}
    operations.sign_agreement(base=base, title="本校协议", university_id=first.id, until=date(2026, 6, 1), **ends, **W)
    assert operations.remind_of_agreements(today=today, now=make.NOW, schools=lambda _unit: {sender.id}) == 1

    def told() -> dict[int, list[str]]:
        rows = session.scalars(select(Notice).where(Notice.kind == "bases.agreement_ends").order_by(Notice.id)).all()
        return {key: [str(row.values.get("school", "")) for row in rows if row.account_id == one.id] for key, one in accounts.items()}

    assert told() == {first.id: [first.name], second.id: [], sender.id: [], enterprise.id: [first.name]}
    operations.sign_agreement(base=base, title="没有写明学校的协议", until=date(2026, 6, 2), **ends, **W)
    operations.remind_of_agreements(today=today, now=make.NOW, schools=lambda _unit: {sender.id})
    assert {key: found[-1:] for key, found in told().items()} == {key: [""] for key in accounts}
