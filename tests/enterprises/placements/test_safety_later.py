"""The safety training of a placement that runs: days that count are not left before it, and days it opens are shown."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement, WrongState
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.ledger import queries as ledger

AsRole = Callable[..., FlaskClient]
STARTS, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.at(FRIDAY)}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that runs since Monday 2 March 2026, trained on that day."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        row = make.started(
            student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=make.mentor(enterprise=enterprise)
        )
        found = SimpleNamespace(key=row.id, student_id=student.id, programme_id=programme.id, enterprise_id=enterprise.id)
    return found


def row(world: SimpleNamespace) -> Any:
    return queries.placement(world.key)


@pytest.mark.parametrize(("plus", "is_refused"), [(-1, False), (0, False), (1, True), (2, True)])
def test_the_day_of_the_training_does_not_pass_days_that_count(world: SimpleNamespace, plus: int, is_refused: bool) -> None:
    make.confirmed(row(world), make.weekdays(STARTS, 5))
    wanted = {"placement": row(world), "trained_on": STARTS + timedelta(days=plus), "has_record": plus < 0, **WHOLE}
    if not is_refused:
        assert operations.record_safety(**wanted).counts_from is None
        return
    with pytest.raises(BadPlacement) as refused:
        operations.record_safety(**wanted)
    assert (refused.value.code, "2026-03-02" in refused.value.message) == ("days_confirmed", True)
    assert (row(world).safety_trained_on, row(world).counts_from, ledger.weeks_of(world.student_id).credited_days) == (STARTS, None, 5)


def test_corrected_days_are_in_nobody_s_way(world: SimpleNamespace) -> None:
    make.confirmed(row(world), [STARTS])
    entry = queries.day_entry(world.key, STARTS)
    assert entry is not None
    operations.correct_day(entry=entry, placement=row(world), reason="培训之前", today=FRIDAY, **WHOLE)
    assert operations.record_safety(placement=row(world), trained_on=date(2026, 3, 4), **WHOLE).counts_from == date(2026, 3, 4)


def test_a_training_moved_back_is_shown(world: SimpleNamespace) -> None:
    operations.record_safety(placement=row(world), trained_on=date(2026, 3, 4), **WHOLE)
    with pytest.raises(BadPlacement) as refused:
        operations.record_safety(placement=row(world), trained_on=date(2026, 3, 3), **WHOLE)
    assert (refused.value.code, refused.value.field, row(world).counts_from) == ("record_needed", "file", date(2026, 3, 4))
    assert operations.record_safety(placement=row(world), trained_on=date(2026, 3, 4), **WHOLE).counts_from == date(2026, 3, 4)  # the same again
    assert operations.record_safety(placement=row(world), trained_on=date(2026, 3, 3), has_record=True, **WHOLE).counts_from == date(2026, 3, 3)


def test_what_is_over_is_left_as_it_was(world: SimpleNamespace) -> None:
    operations.end_early(placement=row(world), on=FRIDAY, reason="换岗", today=FRIDAY, **WHOLE)
    with pytest.raises(WrongState):
        operations.record_safety(placement=row(world), trained_on=FRIDAY, has_record=True, **WHOLE)


def test_the_enterprise_sends_the_record_along(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
        url = f"/placements/{world.key}/safety"
        assert host.post(url, data={"safety_trained_on": "2026-03-04"}).status_code == 303
        assert host.post(url, data={"safety_trained_on": "2026-03-02"}).status_code == 422
        scan = (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "record.pdf")
        assert host.post(url, data={"safety_trained_on": "2026-03-02", "file": scan}).status_code == 303
        db.session.expire_all()
        assert (row(world).safety_trained_on, row(world).counts_from) == (STARTS, None)
