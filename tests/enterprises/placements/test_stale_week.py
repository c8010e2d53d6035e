"""A week that stands open on two devices: what the page had not shown is never taken back by saving it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries, rules
from enterprises.placements.types import DayState
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, session, transaction
from trainhub.kernel.errors import Stale

AsRole = Callable[..., FlaskClient]
WEEK = rules.week_of(make.TODAY)
FRIDAY = WEEK[4]
WHOLE: dict[str, Any] = {"week": WEEK, "today": FRIDAY, "by": SYSTEM, "now": make.at(FRIDAY)}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that runs."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        position = make.position(enterprise=enterprise, terms=[term])
        row = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
        return SimpleNamespace(key=row.id, programme_id=programme.id, person_id=student.person_id)


def running(world: SimpleNamespace) -> Any:
    return queries.placement(world.key)


def kept(world: SimpleNamespace) -> list[tuple[int, str]]:
    """Weekday and note of what is logged."""
    return [(entry.on.isoweekday(), entry.note) for entry in queries.entries_of(world.key)]


def test_a_page_that_is_out_of_date_takes_nothing_back(world: SimpleNamespace) -> None:
    shown: dict[date, int] = dict.fromkeys(WEEK, 0)
    operations.log_week(placement=running(world), days={WEEK[1]: "调试", WEEK[2]: "写报告"}, shown=shown, **WHOLE)
    with pytest.raises(Stale):
        operations.log_week(placement=running(world), days={WEEK[0]: "x"}, shown=shown, **WHOLE)
    with pytest.raises(Stale):  # another note than the one that was not shown
        operations.log_week(placement=running(world), days={WEEK[1]: "别的", WEEK[2]: "写报告"}, shown=shown, **WHOLE)
    assert kept(world) == [(2, "调试"), (3, "写报告")]
    # The same once more is a button pressed twice, and what was shown may be taken back.
    assert operations.log_week(placement=running(world), days={WEEK[1]: "调试", WEEK[2]: "写报告"}, shown=shown, **WHOLE) == (0, 0)
    now = {entry.on: entry.version for entry in queries.entries_of(world.key)}
    assert operations.log_week(placement=running(world), days={WEEK[0]: "x", WEEK[1]: "调试"}, shown={**shown, **now}, **WHOLE) == (1, 1)
    assert kept(world) == [(1, "x"), (2, "调试")]


def test_a_day_that_the_mentor_decided_meanwhile(world: SimpleNamespace) -> None:
    operations.log_week(placement=running(world), days={WEEK[0]: "a", WEEK[1]: "b"}, **WHOLE)
    shown = {**dict.fromkeys(WEEK, 0), **{entry.on: entry.version for entry in queries.entries_of(world.key)}}
    operations.decide_days(placement=running(world), days=[WEEK[0]], is_approved=True, today=FRIDAY, by=SYSTEM, now=make.at(FRIDAY))
    assert operations.log_week(placement=running(world), days={WEEK[0]: "a", WEEK[1]: "b", WEEK[2]: ""}, shown=shown, **WHOLE) == (1, 0)
    with pytest.raises(Stale):
        operations.log_week(placement=running(world), days={WEEK[1]: "b"}, shown=shown, **WHOLE)
    operations.decide_days(placement=running(world), days=[WEEK[1]], is_approved=False, reason="未到岗", today=FRIDAY, by=SYSTEM, now=make.at(FRIDAY))
    with pytest.raises(Stale):  # sent back: the page did not show why
        operations.log_week(placement=running(world), days={WEEK[0]: "a", WEEK[1]: "b"}, shown=shown, **WHOLE)


def test_a_note_can_be_emptied(world: SimpleNamespace) -> None:
    operations.log_week(placement=running(world), days={WEEK[0]: "写错的备注"}, **WHOLE)
    operations.log_week(placement=running(world), days={WEEK[0]: ""}, **WHOLE)
    assert kept(world) == [(1, "")]
    alone = {"today": FRIDAY, "by": SYSTEM, "now": make.at(FRIDAY)}
    operations.log_day(placement=running(world), on=WEEK[0], note="新的", **alone)
    operations.log_day(placement=running(world), on=WEEK[0], **alone)  # says nothing about the note
    assert kept(world) == [(1, "新的")]


def test_two_devices(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.at(FRIDAY), tick=False):
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
        url = f"/placements/{world.key}/days?week={WEEK[0]}"
        assert f'name="shown_{WEEK[1]}" value="0"' in student.get(url).text
        shown = {f"shown_{day}": "0" for day in WEEK}
        assert student.post(url, data={**shown, f"day_{WEEK[1]}": "1", f"note_{WEEK[1]}": "调试"}).status_code == 303
        refused = student.post(url, data={**shown, f"day_{WEEK[0]}": "1"})
        assert (refused.status_code, "刚在别处保存过" in refused.text) == (422, True)
        assert student.post(url, data={**shown, f"shown_{WEEK[0]}": "x", f"day_{WEEK[1]}": "1", f"note_{WEEK[1]}": "调试"}).status_code == 303
        db.session.expire_all()
        assert kept(world) == [(2, "调试")]


def test_a_day_that_was_sent_back_after_the_end_is_put_right_on_the_page(world: SimpleNamespace, as_role: AsRole) -> None:
    day, later = WEEK[0], WEEK[1]
    with time_machine.travel(make.at(FRIDAY), tick=False), transaction():
        make.confirmed(running(world), [day])
        operations.end_early(placement=running(world), on=FRIDAY, reason="换岗", today=FRIDAY, by=SYSTEM, now=make.at(FRIDAY))
        entry = queries.day_entry(world.key, day)
        assert entry is not None
        operations.correct_day(entry=entry, placement=running(world), reason="误操作", today=FRIDAY, by=SYSTEM, now=make.at(FRIDAY))
    with time_machine.travel(make.at(FRIDAY), tick=False):
        student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
        url = f"/placements/{world.key}/days?week={day}"
        page = student.get(url).text
        assert (f'name="day_{day}"' in page, f'name="day_{later}"' in page) == (True, False)
        assert student.post(url, data={f"day_{day}": "1", f"note_{day}": "装配"}).status_code == 303
        session().expire_all()
        entry = queries.day_entry(world.key, day)
        assert entry is not None
        assert entry.state is DayState.PENDING
