"""No organisation chooses its city, and no partner of a base rules the others: that is said by who verifies them, and by the lead."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as identity
from trainhub.identity import queries as accounts
from trainhub.identity.permissions import Can
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Identity, Role, may
from trainhub.kernel.db import db
from trainhub.kernel.errors import NotAllowed
from trainhub.organisations import operations, queries
from trainhub.organisations.imports import SPEC
from trainhub.organisations.models import Organisation
from trainhub.organisations.operations import BadOrganisation
from trainhub.organisations.types import HostSide, OrganisationState

pytestmark = pytest.mark.database
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def who(role: Role, **scope: Any) -> Identity:
    return accounts.identity_of(make.account(roles=(role,), **scope).id, today=clock.today())


def change(row: Organisation, by: Identity, **fields: Any) -> dict[str, list[Any]]:
    return operations.change(organisation=row, by=by, now=NOW, **fields)


# -- where an organisation belongs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_verified", [True, False])
def test_an_organisation_does_not_move_itself(session: Session, is_verified: bool) -> None:
    row, parent = ground.enterprise(region_code="350100", is_verified=is_verified), ground.enterprise()
    by = who(Role.ENTERPRISE_COORDINATOR, organisation_id=row.id)
    for fields in ({"region_code": "350200"}, {"region_code": None}, {"region_code": "350102"}):
        with pytest.raises(BadOrganisation) as refused:
            change(row, by, **fields)
        assert (refused.value.field, refused.value.code) == ("region_code", "judged")
    if is_verified:
        with pytest.raises(BadOrganisation) as refused:
            change(row, by, parent_id=parent.id)
        assert refused.value.field == "parent_id"
    assert change(row, by, region_code="350100", address="工业路1号").keys() == {"address"}
    assert row.region_code == "350100"


def test_where_nothing_is_known_it_may_say(session: Session) -> None:
    row = ground.enterprise(region_code=None, is_verified=False)
    change(row, who(Role.ENTERPRISE_COORDINATOR, organisation_id=row.id), region_code="350102")
    assert row.region_code == "350102"


def test_an_operator_moves_inside_the_own_city_only(session: Session) -> None:
    row, by = ground.enterprise(region_code="350100"), who(Role.PREFECTURE_OPERATOR, region_code="350100")
    change(row, by, region_code="350102")
    assert row.state is OrganisationState.VERIFIED, "another county of the same city"
    for elsewhere in ("350200", "350128", None):
        with pytest.raises(BadOrganisation) as refused:
            change(row, by, region_code=elsewhere)
        assert refused.value.code == "region_beyond"
    change(row, who(Role.DEPT_HR), region_code="350200")
    assert row.state is OrganisationState.REGISTERED, "the other city looks at it"


def test_a_file_says_so_before_it_is_applied(session: Session) -> None:
    row, by = ground.enterprise(region_code="350100"), who(Role.PREFECTURE_OPERATOR, region_code="350100")
    text = f"code,name,kind,region_code\n{row.code},{row.name},企业,350200\n"
    draft = imports.examine(SPEC, io.BytesIO(text.encode()), filename="o.csv", by=by, today=clock.today())
    assert [one.column for one in draft.errors] == ["region_code"]


def test_the_form_offers_what_may_be_changed(app: Flask, session: Session) -> None:
    row = ground.enterprise(region_code="350100")
    coordinator = make.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=row.id)
    operator = make.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100")
    code = row.code
    db.session.commit()
    pages = [make.sign_in(app, one).get(f"/organisations/{code}/edit").text for one in (coordinator, operator)]
    assert [('name="region_code"' in page, 'name="address"' in page) for page in pages] == [(False, True), (True, True)]
    for key, value in (("coordinator", "350100"), ("operator", "350102")):
        made = coordinator if key == "coordinator" else operator
        answer = make.sign_in(app, made).post(f"/organisations/{code}/edit", data={"name": row.name, "region_code": "350102", "uscc": row.uscc})
        assert answer.status_code == 303
        session.refresh(row)
        assert row.region_code == value


# -- who rules a base -----------------------------------------------------------------------------------------------------


def test_a_partner_ends_nobody_and_takes_no_lead(session: Session) -> None:
    lead, partner, third = ground.enterprise(), ground.enterprise(), ground.university()
    base = ground.base(lead, partner)
    hosts = {organisation.id: host for host, organisation in queries.hosts_of(base.id)}
    by = who(Role.ENTERPRISE_COORDINATOR, organisation_id=partner.id)
    acts: tuple[Callable[[Identity], Any], ...] = (
        lambda who: operations.add_host(base=base, organisation=partner, side=HostSide.ENTERPRISE, is_lead=True, by=who, now=NOW),
        lambda who: operations.add_host(base=base, organisation=third, side=HostSide.SCHOOL, is_lead=False, by=who, now=NOW),
        lambda who: operations.end_host(base=base, host_id=hosts[lead.id].id, until=NOW.date(), by=who, now=NOW),
    )
    for act in acts:
        with pytest.raises(NotAllowed):
            act(by)
    assert (hosts[lead.id].is_lead, hosts[lead.id].until) == (True, None)
    for by in (who(Role.CENTRE_LEADER, organisation_id=base.id), who(Role.ENTERPRISE_COORDINATOR, organisation_id=lead.id), SYSTEM):
        acts[1](by)


def test_the_accounts_of_a_base_are_the_leads(session: Session) -> None:
    lead, partner = ground.enterprise(), ground.enterprise()
    base = ground.base(lead, partner)
    leader = make.account(roles=(Role.CENTRE_LEADER,), organisation_id=base.id)
    trainee = make.account(roles=(Role.TRAINEE,), organisation_id=base.id)
    by, chief = (who(Role.ENTERPRISE_COORDINATOR, organisation_id=one.id) for one in (partner, lead))
    for account in (leader, trainee):
        with pytest.raises(identity.GrantRefused):
            identity.reset_link(account=account, by=by, today=clock.today(), now=clock.now())
        assert identity.reset_link(account=account, by=chief, today=clock.today(), now=clock.now())
    with pytest.raises(identity.GrantRefused):
        identity.grant_role(account=make.account(), role=Role.CENTRE_LEADER, by=by, today=clock.today(), now=clock.now(), organisation_id=base.id)
    assert accounts.subject_of_account(leader.id, today=clock.today()).organisations >= {partner.id}, "who sees them is unchanged"


def test_the_page_of_a_base_shows_what_may_be_done(app: Flask, session: Session) -> None:
    lead, partner = ground.enterprise(), ground.enterprise()
    code = ground.base(lead, partner).code
    chief, other = (make.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=one.id) for one in (lead, partner))
    db.session.commit()
    pages = [make.sign_in(app, one).get(f"/organisations/{code}").text for one in (chief, other)]
    assert [f"/organisations/{code}/hosts" in page for page in pages] == [True, False]
    assert make.sign_in(app, other).get(f"/organisations/{code}/hosts").status_code == 403


# -- a closed organisation --------------------------------------------------------------------------------------------------


def test_who_rules_a_closed_organisation_rules_nothing_until_it_is_open_again(app: Flask, session: Session) -> None:
    row = ground.enterprise()
    base = ground.base(row)
    coordinator = make.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=row.id)
    mentor = make.account(roles=(Role.MENTOR,), organisation_id=row.id)

    def rules(account: Any) -> set[Role]:
        return set(accounts.identity_of(account.id, today=clock.today()).roles)

    by = accounts.identity_of(coordinator.id, today=clock.today())
    assert may(by, Can.ACCOUNT_RESET, queries.subject_of(base))
    operations.close(organisation=row, reason="注销", by=SYSTEM, now=NOW)
    session.flush()
    assert (rules(coordinator), rules(mentor)) == (set(), {Role.MENTOR})
    by = accounts.identity_of(coordinator.id, today=clock.today())
    assert not any(may(by, can, queries.subject_of(one)) for can in (Can.ACCOUNT_RESET, Can.ACCOUNT_VIEW) for one in (row, base))
    admin = make.account(roles=(Role.SYSTEM_ADMIN,))
    db.session.commit()
    assert "机构已停用，暂不生效" in make.sign_in(app, admin).get(f"/accounts/{coordinator.id}").text
    operations.reopen(organisation=session.get_one(Organisation, row.id), by=SYSTEM, now=NOW)
    session.flush()
    assert rules(coordinator) == {Role.ENTERPRISE_COORDINATOR}
