"""`make run` works on any day: also on the Monday on which the running term of the demo begins, and when that is a public holiday in a new year."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from enterprises.placements.models import PlacementEvent
from enterprises.placements.types import EventKind
from tests.conftest import Blank
from trainhub.demo import accounts, ground, holidays, practice
from trainhub.demo.calendar import Calendar
from trainhub.demo.world import World
from trainhub.kernel.db import session, transaction
from trainhub.people.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MONDAY = date(2029, 1, 1)


def test_the_field_work_of_the_demo_can_begin_on_a_monday(blank_file: Blank, tmp_path: Path) -> None:
    """The part that goes by the week, and those that it stands on; the others go by days and years."""
    at = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 0, 30, tzinfo=UTC)
    with time_machine.travel(at), blank_file.opened(tmp_path / "own") as app, app.app_context(), transaction() as current:
        world = World(Calendar(MONDAY), 1)
        assert world.calendar.monday(0) == MONDAY
        world.made["person_of"] = lambda person_id: current.get(Person, person_id)
        for part in (ground.build, accounts.build, holidays.build, practice.build):
            part(world)
            current.flush()
        kinds = set(session().scalars(select(PlacementEvent.kind)))
    assert {EventKind.ABSENCE, EventKind.INCIDENT, EventKind.VISIT} <= kinds, "of the running term, which begins that day"
