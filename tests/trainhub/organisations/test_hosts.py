"""Hosts of a base: two editors notice each other, and a partnership that ended stays in the past when it begins again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import NotFound, Stale
from trainhub.organisations import operations, queries
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.operations import BadOrganisation
from trainhub.organisations.types import HostSide

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def add(base: Organisation, partner: Organisation, *, since: date | None = None, is_lead: bool = False, version: int | None = None) -> BaseHost:
    return operations.add_host(
        base=base, organisation=partner, side=HostSide.SCHOOL, since=since, is_lead=is_lead, by=SYSTEM, now=NOW, version=version
    )


def end(base: Organisation, host: BaseHost, until: date) -> None:
    operations.end_host(base=base, host_id=host.id, until=until, by=SYSTEM, now=NOW)


def spans(base: Organisation, partner: Organisation) -> list[tuple[date | None, date | None]]:
    """When an organisation was a partner, the earliest first."""
    found = [(host.since, host.until) for host, one in queries.hosts_of(base.id) if one.id == partner.id]
    return sorted(found, key=lambda pair: pair[0] or date.min)


def test_a_partnership_that_begins_again_keeps_the_years_between(session: Session) -> None:
    base, school = ground.base(ground.enterprise()), ground.university()
    end(base, add(base, school, since=date(2016, 1, 1)), date(2020, 6, 30))
    for since in (date(2015, 12, 31), date(2020, 6, 30)):
        with pytest.raises(BadOrganisation, match="2020-06-30"):
            add(base, school, since=since)
    add(base, school, since=date(2020, 7, 1))
    add(base, school, since=date(2020, 7, 1))
    assert spans(base, school) == [(date(2016, 1, 1), date(2020, 6, 30)), (date(2020, 7, 1), None)]
    assert queries.host_ids(base.id).count(school.id) == 1


def test_without_a_day_it_begins_again_today(session: Session) -> None:
    base, school = ground.base(ground.enterprise()), ground.university()
    end(base, add(base, school), date(2026, 3, 1))
    add(base, school)
    assert spans(base, school) == [(None, date(2026, 3, 1)), (date(2026, 3, 2), None)]


def test_what_was_ended_by_mistake_today_goes_on(session: Session) -> None:
    base, school = ground.base(ground.enterprise()), ground.university()
    end(base, add(base, school, since=date(2016, 1, 1)), date(2026, 3, 2))
    add(base, school)
    assert spans(base, school) == [(date(2016, 1, 1), None)]


def test_another_first_day_of_a_standing_partnership_is_not_dropped_silently(session: Session) -> None:
    base, school = ground.base(ground.enterprise()), ground.university()
    add(base, school)
    add(base, school, since=date(2016, 1, 1))  # nobody had said when: now somebody does
    assert spans(base, school) == [(date(2016, 1, 1), None)]
    with pytest.raises(BadOrganisation, match="2016-01-01"):
        add(base, school, since=date(2017, 1, 1))


def test_the_second_editor_of_hosts_is_told_and_the_lead_stays(session: Session) -> None:
    base, first, second = ground.base(ground.enterprise()), ground.university(), ground.university()
    opened = base.version
    add(base, first, is_lead=True, version=opened)
    assert base.version > opened
    with pytest.raises(Stale):
        add(base, second, is_lead=True, version=opened)
    assert [partner.id for host, partner in queries.hosts_of(base.id) if host.is_lead] == [first.id]
    opened = base.version
    end(base, next(host for host, partner in queries.hosts_of(base.id) if partner.id == first.id), date(2026, 3, 2))
    assert base.version > opened


def test_the_database_refuses_two_standing_partnerships_of_one_organisation(session: Session) -> None:
    base, school = ground.base(ground.enterprise()), ground.university()
    add(base, school)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(BaseHost(base_id=base.id, organisation_id=school.id, side=HostSide.SCHOOL))
        session.flush()


def test_ending_what_is_no_partnership_of_the_base_says_so(session: Session) -> None:
    base = ground.base(ground.enterprise())
    with pytest.raises(NotFound):
        operations.end_host(base=base, host_id=999_999, until=date(2026, 3, 2), by=SYSTEM, now=NOW)


def test_the_form_carries_the_version_of_the_base(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base, first, second = ground.base(ground.enterprise()), ground.university(), ground.university()
    code, keys = base.code, (first.id, second.id)
    session.commit()
    client, where = as_role(Role.SYSTEM_ADMIN), f"/organisations/{code}/hosts"
    version = client.get(where).text.split('name="version"')[1].split('value="')[1].split('"')[0]

    def send(partner: int, **more: Any) -> int:
        return client.post(where, data={"organisation_id": partner, "side": "school", "is_lead": "y", "version": version, **more}).status_code

    assert [send(keys[0]), send(keys[1]), send(keys[0])] == [303, 409, 409]
    found = queries.by_code(code)
    assert found is not None
    assert [partner.id for host, partner in queries.hosts_of(found.id) if host.is_lead] == [keys[0]]
