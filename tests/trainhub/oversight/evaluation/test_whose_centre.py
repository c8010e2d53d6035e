"""A centre that several schools build with an enterprise: what another school signed there, and who leads for it, is not the programme's (PETOE-6.2, 6.6)."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.bases.models import BaseAgreement, BaseLeader
from enterprises.bases.types import LeaderSide
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.documents import tables
from trainhub.policy.findings import Finding

DAY = date(2026, 9, 7)

pytestmark = pytest.mark.database


def of(built: factory.Built) -> dict[str, Finding]:
    return {finding.code: finding for finding in readiness.assess(built.programme, DAY).findings}


def met(built: factory.Built) -> tuple[str, str]:
    found = of(built)
    return found["6.2"].status.value, found["6.6"].status.value


def given_to(session: Session, model: type[BaseAgreement] | type[BaseLeader], university_id: int | None) -> None:
    statement = sa.update(model).values(university_id=university_id)
    session.execute(statement.where(BaseLeader.side == LeaderSide.SCHOOL) if model is BaseLeader else statement)


@pytest.mark.parametrize("whose", ["another", "nobody"])
def test_what_another_school_signed_is_not_the_programmes(session: Session, whose: str) -> None:
    built = factory.meeting(students=2)
    assert met(built) == ("met", "met")
    other = ground.university().id if whose == "another" else None
    given_to(session, BaseAgreement, other)
    assert met(built) == ("met", "not_met")
    (line,) = of(built)["6.6"].details
    assert "本校没有签署" in line
    assert ("1 份为其他学校签署" in line, "1 份没有写明学校" in line) == (whose == "another", whose == "nobody")
    given_to(session, BaseLeader, other)
    assert met(built) == ("not_met", "not_met")
    assert any("学校方负责人" in line for line in of(built)["6.2"].details)
    (table,) = tables.base_table(built.programme, DAY)
    row = dict(zip(table.columns, table.rows[0], strict=True)) if isinstance(table.columns[0], str) else {}
    assert "合作教育协议" not in str(table.rows), "T4 prints no contract of another school as the programme's"
    assert row.get("学校负责人", "") == ""
    given_to(session, BaseAgreement, built.programme.university_id)
    given_to(session, BaseLeader, built.programme.university_id)
    assert met(built) == ("met", "met")
