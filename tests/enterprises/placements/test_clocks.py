"""Midnight, time zones and changes of the clock: days and deadlines are those of Shanghai, wherever server and browser stand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.types import RoundState
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Pacific/Auckland")
"""Of servers; in New York the clock is put forward on 8 March 2026, in Berlin on 29 March, in Auckland back on 5 April."""


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine's own clock in another zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A student in a placement of 32 weeks, and a round open for a later term: made anew each time, in the zone of the machine."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        base = ground.base(enterprise)
        make.opened_base(base=base)
        term = make.term(university=university, starts_on=date(2026, 2, 23), weeks=10)
        later = make.term(university=university, starts_on=date(2026, 6, 1), weeks=16)
        position = make.position(enterprise=enterprise, base=base, terms=[term, later])
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        placement = make.started(student=student, position=position, term=term, mentor=make.mentor(enterprise=enterprise))
        round_ = make.round(
            programme=programme, cohort=ground.cohort(programme), terms=[later], opens_on=date(2026, 3, 1), closes_on=date(2026, 3, 29)
        )
        return SimpleNamespace(
            programme_id=programme.id, person_id=student.person_id, student_id=student.id, placement_id=placement.id, round_id=round_.id,
            position_id=position.id,
        )  # fmt: skip


def moment(day: date, hour: int, minute: int, second: int) -> datetime:
    """An instant by the clock of Shanghai."""
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SHANGHAI)


def logged(browser: FlaskClient, world: SimpleNamespace, at: datetime, day: date) -> int:
    """Log a day at an instant; the answer's status."""
    week = [day - timedelta(days=day.weekday()) + timedelta(days=n) for n in range(7)]
    known = {f"day_{entry.on}": "1" for entry in queries.entries_between(world.placement_id, week[0], week[-1])}
    with time_machine.travel(at, tick=False):
        return browser.post(f"/placements/{world.placement_id}/days?week={day}", data={**known, f"day_{day}": "1"}).status_code


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 3, 31)])
def test_a_day_is_logged_around_midnight_of_shanghai(zone: str, world: SimpleNamespace, as_role: AsRole, day: date) -> None:
    """The nights in which clocks change elsewhere, and one in which none does: a day opens at 00:00:00, not a second earlier."""
    with time_machine.travel(moment(day, 23, 50, 0), tick=False):
        browser = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
    tomorrow = day + timedelta(days=1)
    assert logged(browser, world, moment(day, 23, 59, 59), tomorrow) == 422
    assert logged(browser, world, moment(day, 23, 59, 59), day) == 303
    assert logged(browser, world, moment(tomorrow, 0, 0, 0), tomorrow) == 303
    assert logged(browser, world, moment(tomorrow, 0, 0, 0), day) == 303
    assert [entry.on for entry in queries.entries_of(world.placement_id)] == [day, tomorrow]


@pytest.mark.parametrize("closes_on", [date(2026, 3, 8), date(2026, 3, 29)])
def test_wishes_are_locked_after_the_last_second_of_the_day(zone: str, world: SimpleNamespace, as_role: AsRole, closes_on: date) -> None:
    """23:59:59 is in time, the next midnight is not; the night's job closes nothing before it."""
    with transaction():
        round_ = queries.round_(world.round_id)
        assert round_ is not None
        round_.closes_on = closes_on
    with time_machine.travel(moment(closes_on, 23, 50, 0), tick=False):
        browser = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
    page, wish = f"/placements/rounds/{world.round_id}/preferences", {"add": str(world.position_id)}
    with time_machine.travel(moment(closes_on, 23, 59, 59), tick=False):
        assert clock.today() == closes_on
        assert queries.rounds_to_close(clock.today()) == []
        assert browser.post(page, data=wish).status_code == 303
    assert clock.end_of(closes_on) == moment(closes_on, 23, 59, 59).replace(microsecond=999_999)
    with time_machine.travel(moment(closes_on + timedelta(days=1), 0, 0, 0), tick=False):
        assert browser.post(page, data={"drop": str(world.position_id)}).status_code == 422
        assert [row.id for row in queries.rounds_to_close(clock.today())] == [world.round_id]
    assert [row.position_id for row in queries.preferences_of(world.round_id, world.student_id)] == [world.position_id]


def test_a_round_closed_early_promises_no_later_day(world: SimpleNamespace, as_role: AsRole) -> None:
    """The student's list, the page of wishes and the calendar say the day on which it was closed."""
    day = date(2026, 3, 10)
    with time_machine.travel(moment(day, 15, 0, 0), tick=False):
        browser = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
        with transaction():
            round_ = queries.round_(world.round_id)
            assert round_ is not None
            operations.close_round(round=round_, by=SYSTEM, now=clock.now())
        assert (round_.state, round_.closes_on) == (RoundState.CLOSED, day)
        for path in ("/placements/mine", f"/placements/rounds/{world.round_id}/preferences", "/learning/calendar?month=2026-03", "/notifications/"):
            page = browser.get(path)
            assert page.status_code == 200, path
            assert "2026-03-29 24" not in page.text
            if path != "/notifications/":
                assert "2026-03-29" not in page.get_data(as_text=True).replace("week=2026-03-29", ""), path
        assert "已提前截止" in browser.get("/notifications/").text
        refused = browser.post(f"/placements/rounds/{world.round_id}/preferences", data={"add": str(world.position_id)})
        assert refused.status_code == 422
        assert "2026-03-10" in refused.text
