"""An enterprise that stops half-way takes nothing of what was learnt there: a placement that was withdrawn while it ran counts to its last confirmed day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.capstones.models import Capstone
from enterprises.placements.models import AgreementSignature, DayEntry, Placement, PlanItem
from enterprises.placements.types import DayState, PlacementState
from tests.factories import evaluation as factory
from trainhub.ledger.models import ConfirmedDay
from trainhub.organisations.models import BaseHost
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.documents import tables
from trainhub.oversight.evaluation.queries import marks
from trainhub.people.types import StudentState
from trainhub.policy.findings import Finding, Status

pytestmark = pytest.mark.database
ON = factory.TODAY


def broken(session: Session, *, is_graded: bool = True, days: int = 80, elsewhere: bool = True) -> tuple[factory.Built, Placement, date]:
    """One student, a plan of twice sixteen weeks: eighty days at an enterprise that stopped, eighty at another position, both graded."""
    built = factory.meeting(students=1)
    built.cohort.graduated_on = built.students[0].left_on = ON - timedelta(days=10)
    built.students[0].state = StudentState.GRADUATED
    built.items[0].weeks_x10 = built.items[1].weeks_x10 = 160
    first = session.scalars(sa.select(Placement)).one()
    dates = session.scalars(sa.select(ConfirmedDay.on).where(ConfirmedDay.student_id == first.student_id).order_by(ConfirmedDay.on)).all()
    for day in dates[:days]:
        session.add(
            DayEntry(
                placement_id=first.id, student_id=first.student_id, on=day, state=DayState.APPROVED, decided_at=factory.NOW, created_at=factory.NOW
            )
        )
    names = [column.key for column in sa.inspect(Placement).columns if column.key != "id"]
    second = Placement(**{name: getattr(first, name) for name in names})
    first.state, first.started_on, first.withdrawal_reason = PlacementState.WITHDRAWN, first.starts_on, "企业停产"
    first.mentor_score_x10 = 850 if is_graded else None
    if elsewhere:
        second.starts_on, second.ends_on, second.mentor_score_x10 = dates[80], dates[-1], 900
        session.flush()
        session.add(second)
        session.flush()
        for party in ("school", "enterprise", "student"):
            session.add(AgreementSignature(placement_id=second.id, party=party, signed_name="签署人", signed_on=second.starts_on))
    session.flush()
    return built, first, dates[days - 1] if days else first.starts_on


def found(built: factory.Built, code: str, on: date = ON) -> Finding:
    return next(one for one in readiness.assess(built.programme, on).findings if one.code == code)


def test_what_was_learnt_there_counts_in_every_criterion(session: Session) -> None:
    built, first, last = broken(session)
    statuses = {code: found(built, code).status for code in ("6.2", "6.8", "6.9", "7.2", "8.2")}
    assert statuses == dict.fromkeys(statuses, Status.MET)
    assert "全部完成的学生 1/1 人" in str(found(built, "6.11").details)
    items = session.scalars(sa.select(PlanItem).order_by(PlanItem.position)).all()
    assert marks.item_marks(items, [first.student_id])[first.student_id]
    rows = tables.practice_table(built.programme, ON)[0].rows
    assert tuple(rows[0][10:14]) == (first.starts_on.isoformat(), last.isoformat(), "16", "32")
    assert [row[12] for row in rows] == ["16", "16"]


@pytest.mark.parametrize(("is_graded", "days"), [(False, 80), (True, 0)])
def test_without_a_mark_or_a_day_it_is_none(session: Session, is_graded: bool, days: int) -> None:
    built, _first, _last = broken(session, is_graded=is_graded, days=days)
    assert found(built, "6.9").status is Status.NOT_MET
    assert len(tables.practice_table(built.programme, ON)[0].rows) == 1 + bool(days), "T1 shows who came, graded or not"


def test_an_agreement_that_was_never_asked_for_again_is_not_asked_of_it(session: Session) -> None:
    built, first, _last = broken(session)
    session.execute(sa.delete(AgreementSignature).where(AgreementSignature.placement_id == first.id))
    assert found(built, "6.2").status is Status.MET


def test_a_capstone_is_covered_to_the_last_confirmed_day_and_not_beyond(session: Session) -> None:
    built, _first, last = broken(session, elsewhere=False)
    assert found(built, "8.2").status is Status.NOT_MET, "it goes on after the enterprise has stopped"
    capstone = session.scalars(sa.select(Capstone)).one()
    capstone.ends_on = last
    session.flush()
    assert found(built, "8.2").status is Status.MET
    capstone.ends_on = last + timedelta(days=30)
    session.flush()
    assert found(built, "8.2").status is Status.NOT_MET


@pytest.mark.parametrize(("is_graded", "status"), [(True, Status.MET), (False, Status.NOT_MET)])
def test_who_guided_there_counts_as_the_mark_does(session: Session, is_graded: bool, status: Status) -> None:
    """6.8: all of the programme were broken off, and no item names a base whose enterprise would still answer with its register."""
    built, _first, _last = broken(session, is_graded=is_graded, elsewhere=False)
    for item in built.items:
        item.base_id = None
    session.flush()
    assert found(built, "6.8").status is status


def test_who_guided_at_an_enterprise_that_left_the_base_counts(session: Session) -> None:
    built, first, _last = broken(session)
    assert first.base_id is not None
    session.execute(sa.update(BaseHost).where(BaseHost.base_id == first.base_id).values(until=ON - timedelta(days=1)))
    session.execute(sa.update(Placement).where(Placement.id != first.id).values(base_id=None))
    assert found(built, "6.8").status is Status.MET
    first.mentor_score_x10 = None
    session.flush()
    assert found(built, "6.8").status is Status.NOT_MET


def test_the_table_of_bases_has_where_all_were_broken_off(session: Session) -> None:
    """T4 beside T1: whoever came is counted, graded or not."""
    built, first, _last = broken(session, is_graded=False, elsewhere=False)
    for item in built.items:
        item.base_id = None
    session.flush()
    rows = tables.base_table(built.programme, ON)[0].rows
    assert [row[9] for row in rows] == ["1"], first.base_id
