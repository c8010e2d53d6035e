"""What enterprises gave in a year: counts by year, scopes, the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones.types import CapstoneState
from enterprises.contributions import queries
from tests.factories import awards, ground
from tests.factories import capstones as make
from tests.factories.capstones import NOW
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source


def test_counts_of_a_year(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case()
    days = [date(2026, 1, 5) + timedelta(days=n) for n in range(7)] + [date(2025, 12, 31)]
    ledger.confirm_days(student_id=found.student.id, enterprise_id=found.enterprise.id, base_id=None, days=days, source_id=None, by=SYSTEM, now=NOW)
    for on in (date(2026, 2, 1), date(2026, 2, 2), date(2025, 2, 2)):
        ledger.record_training(
            person_id=found.who.id,
            organisation_id=found.enterprise.id,
            course="电商运营",
            category=Category.WORKER,
            county_code="350102",
            hours_x10=80,
            completed_on=on,
            is_counted=True,
            source=Source.ROSTER,
            by=SYSTEM,
            now=NOW,
        )
    ground.enterprise(name="没有贡献的企业")
    code, name = found.enterprise.code, found.enterprise.name
    (running,) = [r for r in queries.rows(awards.EDU, 2026) if r.code == code]
    assert running.capstones == 0  # one that goes on has not been given yet
    found.capstone.state, found.capstone.finished_on = CapstoneState.FAILED, date(2026, 2, 20)
    session.flush()
    assert [r.capstones for r in queries.rows(awards.EDU, 2026) if r.code == code] == [0]
    found.capstone.state = CapstoneState.PASSED
    session.flush()
    (row,) = [r for r in queries.rows(awards.EDU, 2026) if r.code == code]
    assert (row.students, row.days, row.weeks_x10, row.mentors, row.capstones, row.courses) == (1, 7, 14, 1, 1, 1)
    (before,) = [r for r in queries.rows(awards.EDU, 2025) if r.code == code]
    assert (before.students, before.days, before.capstones, before.courses) == (1, 1, 0, 1)
    stranger = ground.enterprise().id
    session.commit()
    client = as_role(Role.DEPT_EDU)
    page = client.get("/contributions/?year=2026").text
    assert (name in page, "没有贡献的企业" in page) == (True, False)
    assert f"{code}," in client.get("/contributions/2026.csv").data.decode("utf-8-sig")
    assert client.get("/contributions/?year=nonsense").status_code == 200
    assert client.get("/contributions/2026.pdf").status_code == 404
    other = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=stranger)
    assert name not in other.get("/contributions/?year=2026").text
    assert as_role(Role.STUDENT).get("/contributions/").status_code == 403
