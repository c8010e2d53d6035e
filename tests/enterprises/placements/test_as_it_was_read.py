"""What is approved or signed is what was read: whatever changed since the page was opened is shown first."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.mentors import queries as mentors
from enterprises.placements import operations, queries
from enterprises.placements.types import OfferState
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.people import queries as people

AsRole = Callable[..., FlaskClient]
NOW = make.NOW
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """An offer that waits for its school, and a placement with nothing signed."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        offer = make.position(enterprise=enterprise, terms=[term], is_approved=False)
        operations.submit_position(position=offer, **WHOLE)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        row = operations.place_student(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, **WHOLE)
        mentor = make.mentor(enterprise=enterprise)
    return SimpleNamespace(
        offer=offer.id, key=row.id, mentor=mentor.id, programme_id=programme.id, enterprise_id=enterprise.id, university_id=university.id,
        student=student, term=term,
    )  # fmt: skip


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_an_offer_that_was_edited_since_it_was_opened_is_not_approved(world: SimpleNamespace, as_role: AsRole) -> None:
    head, url = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id), f"/placements/positions/{world.offer}"
    version = hidden(head.get(url).text, "version")
    with transaction():
        operations.change_position(position=queries.position(world.offer), hours_per_day=12, **WHOLE)
    assert head.post(f"{url}/approve", data={"version": version}).status_code == 409
    assert queries.position(world.offer).state is OfferState.SUBMITTED
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university_id)
    version = hidden(head.get(url).text, "version")
    for _twice in range(2):
        assert head.post(f"{url}/approve", data={"version": version}).status_code == 303
    assert queries.position(world.offer).state is OfferState.APPROVED


def test_nobody_signs_what_changed_after_the_page_was_opened(world: SimpleNamespace, as_role: AsRole) -> None:
    host, url = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id), f"/placements/{world.key}/agreement"
    edition = hidden(host.get(url).text, "edition")
    with transaction():
        placement, mentor = queries.placement(world.key), mentors.by_id(world.mentor)
        assert placement is not None
        operations.assign_mentor(placement=placement, mentor=mentor, **WHOLE)
    sent = {"party": "enterprise", "signed_name": "人力资源部", "signed_on": make.TODAY.isoformat()}
    assert host.post(f"{url}/1/sign", data={**sent, "edition": edition}).status_code == 409
    assert queries.signatures_of(world.key) == []
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
    edition = hidden(host.get(url).text, "edition")
    assert host.post(f"{url}/1/sign", data={**sent, "edition": edition}).status_code == 303
    assert len(queries.signatures_of(world.key)) == 1


# -- told each time ------------------------------------------------------------------------------------------------------
def test_a_second_early_end_is_told_as_the_first_was(session: Session) -> None:
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        identity.account(person=people.person(student.person_id))
        host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
        position = make.position(enterprise=enterprise, terms=[term])
        row = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
    account_id = identities.accounts_of_persons([student.person_id])[student.person_id]

    def told(one: int, kind: str) -> int:
        return len(db.session.scalars(select(Notice.id).where(Notice.kind == kind, Notice.account_id == one)).all())

    for turn, day in enumerate((make.TODAY + timedelta(days=3), make.TODAY + timedelta(days=5)), start=1):
        when: dict[str, Any] = {"today": day, "by": SYSTEM, "now": make.at(day)}
        with transaction():
            operations.end_early(placement=row, on=day, reason=f"第{turn}次", **when)
            operations.end_early(placement=row, on=day, reason=f"第{turn}次", **when)
        assert (told(account_id, "placements.ended_early"), told(host.id, "placements.host_lost")) == (turn, turn)
        if turn == 1:
            with transaction():
                operations.reopen_placement(placement=row, reason="日期录错", **when)
