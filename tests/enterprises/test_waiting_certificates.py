"""Certificates of placements, capstones and supervision that wait: their list asks the rooms as often for 30 real ones as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations as capstones
from enterprises.capstones.models import Capstone, GuidanceEntry, Supervision
from enterprises.capstones.types import SupervisorRole, TextGrade
from enterprises.mentors.models import Mentor
from enterprises.placements import operations as placements
from enterprises.placements.models import Placement
from tests.factories import evaluation, ground
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Kind, State
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

DAY = date(2026, 3, 2)
GIVEN = {"by": SYSTEM, "today": DAY, "now": ground.NOW}


def _placements(_built: evaluation.Built, session: Session) -> None:
    for row in session.scalars(sa.select(Placement)):
        placements.issue_certificate(placement=row, **GIVEN)


def _capstones(_built: evaluation.Built, session: Session) -> None:
    for row in session.scalars(sa.select(Capstone)):
        row.grade_text = TextGrade.GOOD
        capstones.issue_certificate(capstone=row, **GIVEN)


def _supervision(built: evaluation.Built, session: Session) -> None:
    for row in session.scalars(sa.select(Supervision).where(Supervision.role == SupervisorRole.ENTERPRISE)).all():
        row.person_id = ground.person().id  # each student has a mentor of their own
        session.add(Mentor(person_id=row.person_id, enterprise_id=built.enterprise.id, skills=[], since=date(2020, 1, 1), created_at=ground.NOW))
        mine = sa.update(GuidanceEntry).where(GuidanceEntry.capstone_id == row.capstone_id, GuidanceEntry.role == SupervisorRole.ENTERPRISE)
        session.execute(mine.values(person_id=row.person_id))
    session.flush()
    capstones.certify_supervision(programme=built.programme, cohort=built.cohort, **GIVEN)


@pytest.mark.parametrize(("kind", "certify"), [(Kind.PLACEMENT, _placements), (Kind.CAPSTONE, _capstones), (Kind.MENTOR, _supervision)])
def test_thirty_drafts_cost_as_many_queries_as_one(
    session: Session,
    as_role: Callable[..., FlaskClient],
    count_queries: list[str],
    kind: Kind,
    certify: Callable[[evaluation.Built, Session], None],
) -> None:
    session.expire_on_commit = False
    with transaction():
        built = evaluation.bare(students=30)
        evaluation.in_the_field(built)
        certify(built, session)
    keys = list(session.scalars(sa.select(Certificate.id).where(Certificate.kind == kind).order_by(Certificate.id)))
    assert len(keys) == 30
    client = as_role(Role.SYSTEM_ADMIN)

    def asked(count: int) -> int:
        with transaction():
            session.execute(sa.update(Certificate).values(state=State.ISSUED, note=""))
            session.execute(sa.update(Certificate).where(Certificate.id.in_(keys[:count])).values(state=State.DRAFT, note="overflows"))
        session.expunge_all()
        count_queries.clear()
        page = client.get("/certificates/waiting?size=50").text
        assert page.count('data-label="证书编号"') == count
        assert "来源记录现在不符合签发条件" not in page
        return len(count_queries)

    asked(1)
    assert asked(1) == asked(30)
