"""Who registered alone counts once an office has looked at them; offices see who waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.errors import NotAllowed
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries
from trainhub.people import operations as people
from trainhub.people.models import Person

pytestmark = pytest.mark.database
AsRole = Callable[..., FlaskClient]
NOW = datetime(2016, 7, 1, 2, tzinfo=UTC)


def waiting(county: str = "350102", **facts: Any) -> int:
    """The record of somebody who registered alone and finished a course."""
    person = ground.person("单小明", **({"number_by_holder": True} | facts))
    row, _is_new = ledger.record_training(
        person_id=person.id, organisation_id=ground.base().id, course="网课", category=Category.WORKER, county_code=county, hours_x10=160,
        completed_on=date(2016, 3, 1), is_counted=True, source=Source.COURSE, by=SYSTEM, now=NOW,
    )  # fmt: skip
    return row.id


def test_the_office_sees_who_waits_and_lets_them_count(session: Session, as_role: AsRole) -> None:
    key, goal = waiting(), queries.by_code("fj-400k")
    assert goal is not None
    operations.refresh(goal=goal, now=NOW)
    session.commit()
    hr, here = as_role(Role.DEPT_HR), f"/trainees/records/{key}"
    assert "另有 1 人次身份待核实" in hr.get("/goals/fj-400k").text
    assert "待核实身份" in hr.get("/trainees/?identity=waiting").text
    assert "待核实" in hr.get("/trainees/export.csv?identity=waiting").text
    assert "身份待核实，暂未计入目标" in hr.get(here).text
    assert hr.post(f"{here}/identify", data={"reason": ""}).status_code == 422
    assert hr.post(f"{here}/identify", data={"reason": "号码 11010519491231002X 已核对"}).status_code == 422, "no number in the log"
    assert hr.post(f"{here}/identify", data={"reason": "已查验身份证原件"}).status_code == 303
    operations.refresh(goal=goal, now=NOW + timedelta(minutes=1))
    session.commit()
    assert (queries.kept_totals(goal), goal.waiting_by_unit) == ((1, 1), {})
    assert "单小明" not in hr.get("/trainees/?identity=waiting").text
    assert "核实身份" not in hr.get(here).text
    person = session.scalars(select(Person).where(Person.name == "单小明")).one()
    assert (person.is_verified, person.number_by_holder) == (True, False)
    audit.write_pending(session)
    event = session.scalars(select(AuditEvent).where(AuditEvent.did == "people.person.identified")).one()
    assert event.data == {"reason": "已查验身份证原件"}


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (Role.PREFECTURE_OPERATOR, {"region_code": "350100"}, 303),
        (Role.PREFECTURE_OPERATOR, {"region_code": "350200"}, 403),
        (Role.SYSTEM_ADMIN, {}, 303),
        (Role.DEPT_FIN, {}, 403),
        (Role.AUDITOR, {}, 403),
    ],
)
def test_who_may(session: Session, as_role: AsRole, role: Role, scope: dict[str, Any], status: int) -> None:
    key = waiting()
    session.commit()
    assert as_role(role, **scope).post(f"/trainees/records/{key}/identify", data={"reason": "已查验身份证原件"}).status_code == status


def test_what_cannot_be_looked_at(session: Session) -> None:
    bare, person = ground.person(id_type=None), ground.person(number_by_holder=True)
    with pytest.raises(people.BadPerson, match="无从核对"):
        people.identify_person(person=bare, basis="已查验证件", by=SYSTEM, now=NOW)
    with pytest.raises(NotAllowed):
        people.identify_person(person=person, basis="已查验证件", by=Identity(1, person.id, "x"), now=NOW)
    assert people.identify_person(person=person, basis="已查验证件", by=SYSTEM, now=NOW)
    assert not people.identify_person(person=person, basis="已查验证件", by=SYSTEM, now=NOW)
