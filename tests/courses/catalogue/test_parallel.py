"""Two authors at once (PostgreSQL): what each of them may do alone must not add up to what neither may."""

from __future__ import annotations

import os
from typing import Any

import pytest
from flask import Flask

from courses.catalogue import authoring_queries as authored
from courses.catalogue import holding_queries, queries
from courses.catalogue.models import Course, RunGroup, Unit
from courses.catalogue.operations import content, groups, offerings, team
from courses.catalogue.types import Access, Condition, ConditionKind, MoveTo, StaffRole
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.parallel import at_once
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction

pytestmark = pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite")
GIVEN: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}


def test_two_who_make_parts_wait_for_each_other_do_not_close_both(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run()
        units = [make.unit(run, title=title) for title in ("甲", "乙")]
        run_id = run.id
        pairs = [(one.id, other.key) for one, other in (units, reversed(units))]

    def wait_for(unit_id: int, key: str) -> None:
        access = Access((Condition(ConditionKind.DONE, f"unit:{key}"),)).plain()
        content.update_part(part=session().get_one(Unit, unit_id), version=None, access=access, **GIVEN)

    found = at_once(committed, *(lambda pair=pair: wait_for(*pair) for pair in pairs), holds=0.3)
    with committed.app_context():
        closed = [unit.title for unit in queries.outline(run_id).units if unit.access]
        assert (found, len(closed)) == (["", "bad_course"], 1)


def test_two_leads_who_take_each_other_off_leave_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(lead=ground.person())
        other = ground.person()
        offerings.set_staff(run=run, person_id=other.id, role=StaffRole.LEAD, **GIVEN)
        run_id = run.id
        persons = [row.person_id for row in make.loaded(run).staff]

    def off(person_id: int) -> None:
        found = queries.run_by_id(run_id)
        assert found is not None
        offerings.set_staff(run=found, person_id=person_id, role=None, **GIVEN)

    found = at_once(committed, *(lambda key=key: off(key) for key in persons), holds=0.3)
    with committed.app_context():
        assert (sorted(found), holding_queries.count_leads(run_id)) == (["", "bad_course"], 1)


def test_two_who_write_prerequisites_at_once_close_no_circle(committed: Flask) -> None:
    with committed.app_context(), transaction():
        ids = [make.course().id for _n in range(2)]

    def after(one: int, other: int) -> None:
        team.set_prerequisites(course=session().get_one(Course, one), required_ids=[other], **GIVEN)

    found = at_once(committed, lambda: after(*ids), lambda: after(*reversed(ids)), holds=0.3)
    assert sorted(found) == ["", "bad_course"]


def test_two_who_move_parts_at_once_leave_every_place_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run()
        section = make.section(run)
        ids = [make.unit(run, section, title=title).id for title in "甲乙丙"]
        section_id = section.id

    def up(key: int) -> None:
        content.move(part=session().get_one(Unit, key), to=MoveTo.UP, **GIVEN)

    found = at_once(committed, lambda: up(ids[1]), lambda: up(ids[2]), holds=0.3)
    with committed.app_context():
        assert (found, sorted(unit.position for unit in queries.units_of(section_id))) == (["", ""], [1, 2, 3])


def test_one_person_put_into_two_groups_at_once_is_in_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run()
        learner = make.enrolment(run).person_id
        ids = [groups.add_group(run=run, name=name, set_name="实验", **GIVEN).id for name in ("甲", "乙")]
        run_id = run.id

    def put(group_id: int) -> None:
        groups.change_members(group=session().get_one(RunGroup, group_id), joining=[learner], leaving=[], learners=[learner], **GIVEN)

    found = at_once(committed, *(lambda key=key: put(key) for key in ids), holds=0.3)
    with committed.app_context():
        assert (found, sum(authored.group_sizes(run_id).values())) == (["", ""], 1)
