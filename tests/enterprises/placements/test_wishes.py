"""A list of wishes that stands open twice loses nothing, and what became ineligible locks nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import Stale
from trainhub.people import queries as people

AsRole = Callable[..., FlaskClient]
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(make.NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """An open round over a later term with four positions of one seat."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        student, other = (ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(2))
        term = make.term(university=university, starts_on=date(2026, 6, 1))
        posts = [make.position(enterprise=enterprise, terms=[term], seats=1) for _n in range(4)]
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        return SimpleNamespace(
            round_id=round.id, student_id=student.id, person_id=student.person_id, other_id=other.id, programme_id=programme.id, term_id=term.id, posts=[post.id for post in posts]
        )  # fmt: skip


def kept(world: SimpleNamespace) -> list[int]:
    """The stored list, as numbers of the four positions."""
    db.session.expire_all()
    return [world.posts.index(row.position_id) for row in queries.preferences_of(world.round_id, world.student_id)]


def save(world: SimpleNamespace, *wanted: int, **more: Any) -> None:
    student, round = people.student(world.student_id), queries.round_(world.round_id)
    assert student is not None
    assert round is not None
    operations.save_preferences(round=round, student=student, position_ids=[world.posts[n] for n in wanted], **more, **WHOLE)


def fill(world: SimpleNamespace, *numbers: int) -> None:
    """No seat is left at some positions."""
    term = queries.term(world.term_id)
    for number in numbers:
        position = queries.position(world.posts[number])
        assert position is not None
        assert term is not None
        operations.set_seats(position=position, term=term, seats=0, **WHOLE)


class Page:
    """The form of the wishes as a browser sends it."""

    def __init__(self, browser: FlaskClient, world: SimpleNamespace) -> None:
        self.browser, self.url = browser, f"/placements/rounds/{world.round_id}/preferences"
        text = browser.get(self.url).text
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
        self.fields = {name: [value for other, value in found if other == name] for name in ("position", "shown")}

    def press(self, name: str, key: int) -> Any:
        return self.browser.post(self.url, data={**self.fields, name: str(key)})


@pytest.fixture
def browser(world: SimpleNamespace, as_role: AsRole) -> FlaskClient:
    """The student's."""
    return as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)


def test_two_pages(world: SimpleNamespace, browser: FlaskClient) -> None:
    one, other = Page(browser, world), Page(browser, world)
    assert one.press("add", world.posts[0]).status_code == 303
    refused = other.press("add", world.posts[1])
    assert (refused.status_code, "刚在别处改过" in refused.text) == (422, True)
    assert kept(world) == [0]
    assert Page(browser, world).press("add", world.posts[1]).status_code == 303
    assert kept(world) == [0, 1]


def test_a_button_pressed_twice_is_one_wish(world: SimpleNamespace, browser: FlaskClient) -> None:
    page = Page(browser, world)
    assert [page.press("add", world.posts[2]).status_code for _n in range(2)] == [303, 303]
    assert kept(world) == [2]


def test_an_order_that_was_not_shown_is_not_overwritten(world: SimpleNamespace, browser: FlaskClient) -> None:
    save(world, 0, 1, 2)
    db.session.commit()
    page = Page(browser, world)
    assert Page(browser, world).press("up", world.posts[2]).status_code == 303
    assert page.press("drop", world.posts[0]).status_code == 422
    assert kept(world) == [0, 2, 1]


def test_a_list_that_was_shown_otherwise_is_stale(world: SimpleNamespace) -> None:
    save(world, 0, 1, shown=[])
    with pytest.raises(Stale):
        save(world, 2, shown=[world.posts[0]])
    save(world, 0, 1, shown=[])  # the same again
    save(world, 2, shown=[world.posts[0], world.posts[1]])
    assert kept(world) == [2]


def test_a_wish_that_is_not_offered_any_more_was_shown_too(world: SimpleNamespace, browser: FlaskClient) -> None:
    save(world, 0, 1)
    position = queries.position(world.posts[0])
    assert position is not None
    operations.close_position(position=position, **WHOLE)
    db.session.commit()
    assert Page(browser, world).press("add", world.posts[2]).status_code == 303
    assert kept(world) == [0, 1, 2]  # it may be approved again: only the student drops it
    assert Page(browser, world).press("drop", world.posts[0]).status_code == 303
    assert kept(world) == [1, 2]


def test_two_wishes_without_seats_are_dropped_one_by_one(world: SimpleNamespace, browser: FlaskClient) -> None:
    save(world, 0, 1)
    fill(world, 0, 1)
    db.session.commit()
    assert Page(browser, world).press("add", world.posts[2]).status_code == 303
    assert Page(browser, world).press("up", world.posts[2]).status_code == 303
    assert Page(browser, world).press("drop", world.posts[0]).status_code == 303
    assert kept(world) == [2, 1]


def test_a_new_wish_without_seats_is_refused(world: SimpleNamespace) -> None:
    save(world, 0)
    fill(world, 1)
    with pytest.raises(BadPlacement) as refused:
        save(world, 0, 1)
    assert refused.value.code == "not_eligible"


def test_a_list_that_has_become_too_long_can_be_shortened_and_not_lengthened(world: SimpleNamespace) -> None:
    save(world, 0, 1, 2)
    round = queries.round_(world.round_id)
    assert round is not None
    operations.change_round(round=round, max_preferences=1, **WHOLE)
    save(world, 1, 0)
    assert kept(world) == [1, 0]
    with pytest.raises(BadPlacement) as refused:
        save(world, 1, 0, 2)
    assert refused.value.code == "too_many"
