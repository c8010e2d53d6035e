"""Conflicts of mentors: nobody turns numbers into names, and who takes one back is never the mentor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.mentors import operations, queries
from enterprises.placements import operations as placements
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role

NOW = make.NOW


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A mentor of a firm; students: one placed there, one who ranked a position there, one who has nothing to do with it."""
    return _world()


@remembered
def _world() -> SimpleNamespace:
    university, firm = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    term = make.term(university=university, starts_on=date(2026, 4, 6), weeks=32)
    place = make.position(enterprise=firm, terms=[term])
    placed, ranked, stranger = (ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(3))
    placements.place_student(student=placed, position=place, term=term, by=SYSTEM, now=NOW)
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
    placements.save_preferences(round=round, student=ranked, position_ids=[place.id], by=SYSTEM, now=NOW)
    mentor = make.mentor(enterprise=firm)
    return SimpleNamespace(
        mentor=mentor.id, person=mentor.person_id, firm=firm.id, programme=programme.id, other_programme=ground.programme().id,
        placed=(placed.id, placed.student_no), ranked=(ranked.id, ranked.student_no), stranger=(stranger.id, stranger.student_no),
    )  # fmt: skip


def signed_in(session: Session, as_role: Callable[..., FlaskClient], world: SimpleNamespace, side: str) -> FlaskClient:
    session.commit()
    match side:
        case "mentor":
            return as_role(Role.MENTOR, organisation_id=world.firm, person_id=world.person)
        case "firm":
            return as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.firm)
        case "school":
            return as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme)
    return as_role(Role.PROGRAMME_ADMIN, programme_id=world.other_programme)


def declared(client: FlaskClient, world: SimpleNamespace, number: str) -> int:
    return client.post(f"/mentors/{world.mentor}/conflicts", data={"student_no": number, "reason": "亲属"}).status_code


@pytest.mark.parametrize(
    ("side", "who", "status"),
    [
        ("mentor", "placed", 303), ("mentor", "ranked", 303), ("mentor", "stranger", 422),
        ("firm", "placed", 303), ("firm", "ranked", 303), ("firm", "stranger", 422),
        ("school", "placed", 303), ("school", "stranger", 303), ("other", "placed", 422), ("other", "stranger", 422),
    ],
)  # fmt: skip
def test_everybody_names_their_own_students_alone(
    session: Session, as_role: Callable[..., FlaskClient], world: SimpleNamespace, side: str, who: str, status: int
) -> None:
    client, (student_id, number) = signed_in(session, as_role, world, side), getattr(world, who)
    assert declared(client, world, number) == status
    assert (queries.conflict(world.mentor, student_id) is not None) == (status == 303)


def test_an_unknown_number_and_a_strangers_are_answered_alike(session: Session, as_role: Callable[..., FlaskClient], world: SimpleNamespace) -> None:
    client, at = signed_in(session, as_role, world, "mentor"), f"/mentors/{world.mentor}/conflicts"
    answers = [client.post(at, data={"student_no": no, "reason": "亲属"}).text for no in (world.stranger[1], "no-such-number")]
    assert [("不存在" in one, "其他学生的回避请由其学校登记" in one) for one in answers] == [(False, True)] * 2


@pytest.mark.parametrize(
    ("by", "may"),
    [
        ("mentor", {"mentor": False, "firm": True, "school": True, "other": False}),
        ("firm", {"mentor": False, "firm": True, "school": True, "other": False}),
        ("school", {"mentor": False, "firm": False, "school": True, "other": False}),
    ],
)
def test_the_declarers_side_or_the_school_takes_it_back_and_never_the_mentor(
    session: Session, as_role: Callable[..., FlaskClient], world: SimpleNamespace, by: str, may: dict[str, bool]
) -> None:
    student_id, number = world.placed
    assert declared(signed_in(session, as_role, world, by), world, number) == 303
    at = f"/mentors/{world.mentor}/conflicts/{student_id}/withdraw"
    for side, is_allowed in sorted(may.items(), key=lambda one: one[1]):
        client = signed_in(session, as_role, world, side)
        page = client.get(f"/mentors/{world.mentor}").text
        assert (at in page) == is_allowed
        assert (number in page) == (side != "other")
        status = client.post(at, data={"reason": "核实后并非亲属"}).status_code
        assert (status, queries.conflict(world.mentor, student_id) is None) == ((303, True) if is_allowed else (403, False))
        if is_allowed:
            assert declared(signed_in(session, as_role, world, by), world, number) == 303


def test_what_nobody_known_declared_only_the_school_takes_back(session: Session, as_role: Callable[..., FlaskClient], world: SimpleNamespace) -> None:
    student_id, number = world.placed
    operations.declare_conflict(mentor=queries.by_id(world.mentor), student=queries.students_by_no(number)[0], reason="亲属", by=SYSTEM, now=NOW)  # type: ignore[arg-type]
    at = f"/mentors/{world.mentor}/conflicts/{student_id}/withdraw"
    for side, status in (("firm", 403), ("school", 303)):
        assert signed_in(session, as_role, world, side).post(at, data={"reason": "核实"}).status_code == status
