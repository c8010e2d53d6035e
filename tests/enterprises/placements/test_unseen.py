"""Before a round is published nobody but its planners sees anything of a plan; after a position is gone its rankers see that."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
CLOSED = make.at(make.TODAY + timedelta(days=8))
PAGES = (
    "/", "/placements/mine", "/placements/home", "/placements/", "/placements/confirm", "/placements/enterprise", "/placements/timeline",
    "/placements/seats", "/placements/positions", "/placements/positions/{position_id}", "/placements/rounds/{round_id}/preferences",
    "/placements/rounds/{round_id}/result", "/placements/rounds/{round_id}", "/placements/rounds/{round_id}/export.csv", "/placements/progress",
    "/placements/mine/weeks", "/bases/{base_code}", "/mentors/", "/notifications", "/learning/calendar?month=2026-06", "/api/v1/placements",
)  # fmt: skip


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A round that is closed, with a wish."""
    with time_machine.travel(make.NOW, tick=False), transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        base = ground.base(enterprise)
        make.opened_base(base=base)
        term = make.term(university=university, starts_on=date(2026, 6, 1), weeks=16)
        person = ground.person()
        make.mentor(enterprise=enterprise, person=person)
        position = make.position(enterprise=enterprise, base=base, terms=[term])
        other = make.position(enterprise=enterprise, base=base, terms=[term])
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        round_ = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        operations.save_preferences(round=round_, student=student, position_ids=[position.id, other.id], by=SYSTEM, now=make.NOW)
        return SimpleNamespace(
            programme_id=programme.id, enterprise_id=enterprise.id, person_id=student.person_id, mentor_person=person.id, student_id=student.id,
            ids={"round_id": round_.id, "position_id": position.id, "base_code": base.code}, round_id=round_.id, position_id=position.id,
        )  # fmt: skip


def readers(world: SimpleNamespace, as_role: AsRole) -> dict[str, FlaskClient]:
    return {
        "student": as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id),
        "mentor": as_role(Role.MENTOR, organisation_id=world.enterprise_id, person_id=world.mentor_person),
        "enterprise": as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id),
    }


def seen(browsers: dict[str, FlaskClient], world: SimpleNamespace) -> dict[tuple[str, str], tuple[int, str]]:
    """Status and words of every page for every reader."""
    found = {}
    for name, browser in browsers.items():
        for path in PAGES:
            answer = browser.get(path.format(**world.ids))
            words = re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.get_data(as_text=True), flags=re.S))
            found[name, path] = (answer.status_code, words if answer.status_code < 400 else "")
    return found


def test_a_plan_that_is_computed_changes_nothing_for_students_mentors_and_enterprises(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(CLOSED, tick=False):
        browsers = readers(world, as_role)
        with transaction():
            round_ = queries.round_(world.round_id)
            assert round_ is not None
            operations.close_round(round=round_, by=SYSTEM, now=CLOSED)
        before = seen(browsers, world)
        assert before["student", "/placements/mine"][0] == 200
        assert before["student", "/placements/rounds/{round_id}/result"][0] >= 400
        assert before["enterprise", "/placements/rounds/{round_id}"][0] == 403
        with transaction():
            round_ = queries.round_(world.round_id)
            assert round_ is not None
            assert operations.plan_round(round=round_, by=SYSTEM, now=CLOSED)["students"] == 1
        after = seen(browsers, world)
        assert {key for key in before if before[key] != after[key]} == set()
        with transaction():
            round_ = queries.round_(world.round_id)
            assert round_ is not None
            assert operations.publish_round(round=round_, by=SYSTEM, now=CLOSED) == 1
        last = seen(browsers, world)
        assert last["student", "/placements/rounds/{round_id}/result"][0] == 200
        assert last["student", "/placements/mine"] != before["student", "/placements/mine"]
        assert last["enterprise", "/placements/"] != before["enterprise", "/placements/"]


def test_a_wish_that_is_offered_no_more_is_named_to_its_student(world: SimpleNamespace, as_role: AsRole) -> None:
    with time_machine.travel(make.NOW, tick=False):
        browser = readers(world, as_role)["student"]
        page = f"/placements/rounds/{world.round_id}/preferences"
        assert "不再接收" not in browser.get(page).text
        with transaction():
            position = queries.position(world.position_id)
            assert position is not None
            title = position.title
            operations.close_position(position=position, by=SYSTEM, now=make.NOW)
        assert f"你填报的“{title}”已不再接收" in browser.get(page).text
        assert title in browser.get("/notifications").text
