"""An offer that is changed while students rank it: who is asked and told, and what becomes of the wishes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import OfferState, SeatDecision
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people

AsRole = Callable[..., FlaskClient]
NOW, TODAY = make.NOW, make.TODAY
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """An open round in which a student ranks two offers of one enterprise; a third is there."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(university)
        term = make.term(university=university, starts_on=date(2026, 6, 1))
        first, second, third = (make.position(enterprise=enterprise, terms=[term], title=title) for title in ("首选岗位", "次选岗位", "第三岗位"))
        student, other = ground.student(programme, petoe_since=date(2023, 9, 1)), ground.student(programme, petoe_since=date(2023, 9, 1))
        for one in (student, other):
            identity.account(person=people.person(one.person_id))
        head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
        row = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        operations.save_preferences(round=row, student=student, position_ids=[first.id, second.id], **WHOLE)
        operations.save_preferences(round=row, student=other, position_ids=[second.id], **WHOLE)
    accounts = identities.accounts_of_persons([student.person_id, other.person_id])
    return SimpleNamespace(
        round_id=row.id,
        first=first.id,
        second=second.id,
        third=third.id,
        term_id=term.id,
        student_id=student.id,
        person_id=student.person_id,
        programme_id=programme.id,
        enterprise_id=enterprise.id,
        university_id=university.id,
        student=accounts[student.person_id],
        other=accounts[other.person_id],
        head=head.id,
    )


def position(key: int) -> Any:
    found = queries.position(key)
    assert found is not None
    return found


def round_of(world: SimpleNamespace) -> Any:
    found = queries.round_(world.round_id)
    assert found is not None
    return found


def ranked(world: SimpleNamespace) -> list[int]:
    return [row.position_id for row in queries.preferences_of(world.round_id, world.student_id)]


def as_student(world: SimpleNamespace, as_role: AsRole) -> FlaskClient:
    return as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)


def sent(page: str, **button: int) -> dict[str, Any]:
    """The form of the page as a browser sends it, with the button that was pressed."""
    positions = re.findall(r'<input type="hidden" name="position" value="(\d+)">', page)
    shown = re.search(r'name="shown" value="([^"]*)"', page)
    assert shown is not None
    return {"position": positions, "shown": shown[1], **{name: str(key) for name, key in button.items()}}


# -- what rests keeps its place ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("why", ["edited", "closed"])
def test_saving_another_wish_loses_none_that_is_not_on_offer(world: SimpleNamespace, as_role: AsRole, why: str) -> None:
    with transaction():
        if why == "edited":
            operations.change_position(position=position(world.first), hours_per_day=7, **WHOLE)
        else:
            operations.close_position(position=position(world.first), **WHOLE)
    browser, url = as_student(world, as_role), f"/placements/rounds/{world.round_id}/preferences"
    page = browser.get(url).text
    assert "首选岗位" in page
    assert browser.post(url, data=sent(page, add=world.third)).status_code == 303
    assert ranked(world) == [world.first, world.second, world.third]
    assert browser.post(url, data=sent(browser.get(url).text, down=world.first)).status_code == 303
    assert ranked(world) == [world.second, world.first, world.third]
    assert browser.post(url, data=sent(browser.get(url).text, drop=world.first)).status_code == 303
    assert ranked(world) == [world.second, world.third]


def test_a_wish_that_waits_for_the_school_is_told_from_one_that_is_gone(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        operations.change_position(position=position(world.first), hours_per_day=7, **WHOLE)
        operations.close_position(position=position(world.second), **WHOLE)
    page = as_student(world, as_role).get(f"/placements/rounds/{world.round_id}/preferences").text
    assert "你填报的“首选岗位”正等待学校重新审核，名次保留" in page
    assert "你填报的“次选岗位”已不再接收" in page


# -- before it is saved --------------------------------------------------------------------------------------------------
def told(account_id: int, kind: str) -> int:
    return len(db.session.scalars(select(Notice.id).where(Notice.kind == kind, Notice.account_id == account_id)).all())


def as_host(world: SimpleNamespace, as_role: AsRole) -> FlaskClient:
    return as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)


def edited(page: str, **changes: str) -> dict[str, str]:
    """The form of the page as a browser sends it, with what was typed."""
    tags = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", page)]
    found = {tag["name"]: tag.get("value", "") for tag in tags if "name" in tag and tag.get("type") != "checkbox"}
    return {**found, **changes}


def test_the_enterprise_is_warned_before_it_takes_a_ranked_offer_out_of_a_round(world: SimpleNamespace, as_role: AsRole) -> None:
    host, url = as_host(world, as_role), f"/placements/positions/{world.second}/edit"
    page = host.get(url).text
    assert "有 2 名学生在进行中的轮次填报了这个岗位" in page
    refused = host.post(url, data=edited(page, hours_per_day="7"))
    assert (refused.status_code, "请勾选“仍要保存”" in refused.text) == (422, True)
    assert (position(world.second).hours_per_day, position(world.second).state) == (8, OfferState.APPROVED)
    host = as_host(world, as_role)  # what is refused is rolled back, and with it here the session
    assert host.post(url, data=edited(host.get(url).text, hours_per_day="7", goes_on="y")).status_code == 303
    assert (position(world.second).hours_per_day, position(world.second).state) == (7, OfferState.SUBMITTED)


def test_what_the_schools_do_not_judge_needs_no_second_thought(world: SimpleNamespace, as_role: AsRole) -> None:
    host, url = as_host(world, as_role), f"/placements/positions/{world.second}/edit"
    assert host.post(url, data=edited(host.get(url).text, conditions="包食宿")).status_code == 303
    assert (position(world.second).conditions, position(world.second).state) == ("包食宿", OfferState.APPROVED)


def test_an_offer_that_nobody_ranks_is_edited_as_before(world: SimpleNamespace, as_role: AsRole) -> None:
    host, url = as_host(world, as_role), f"/placements/positions/{world.third}/edit"
    page = host.get(url).text
    assert ("仍要保存" in page, "在进行中的轮次填报了" in page) == (False, False)
    assert host.post(url, data=edited(page, hours_per_day="7")).status_code == 303
    assert told(world.head, "placements.offer_rests") == 0


# -- who is told ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("change", ["text", "seats"])
def test_who_ranks_it_and_the_heads_are_told_and_told_again_when_it_is_back(world: SimpleNamespace, change: str) -> None:
    row = position(world.second)
    if change == "text":
        operations.change_position(position=row, hours_per_day=7, **WHOLE)
    else:
        operations.set_seats(position=row, term=queries.term(world.term_id), seats=9, **WHOLE)
    for account_id in (world.student, world.other):
        assert told(account_id, "placements.position_rests") == 1
    assert told(world.head, "placements.offer_rests") == 1
    operations.approve_position(position=row, **WHOLE)
    for account_id in (world.student, world.other):
        assert told(account_id, "placements.position_back") == 1
    operations.change_position(position=row, hours_per_day=6, by=SYSTEM, now=NOW + timedelta(hours=1))
    assert told(world.student, "placements.position_rests") == 2  # each time anew


def test_who_does_not_rank_it_hears_nothing(world: SimpleNamespace) -> None:
    operations.change_position(position=position(world.first), hours_per_day=7, **WHOLE)
    assert (told(world.student, "placements.position_rests"), told(world.other, "placements.position_rests")) == (1, 0)


def test_after_the_deadline_the_heads_still_have_to_know(world: SimpleNamespace) -> None:
    operations.close_round(round=round_of(world), **WHOLE)
    operations.change_position(position=position(world.second), hours_per_day=7, **WHOLE)
    assert (told(world.head, "placements.offer_rests"), told(world.student, "placements.position_rests")) == (1, 1)
    operations.approve_position(position=position(world.second), **WHOLE)
    operations.close_position(position=position(world.second), **WHOLE)
    assert (told(world.head, "placements.offer_gone"), told(world.student, "placements.position_gone")) == (1, 1)


def test_after_publication_nobody_is_told(world: SimpleNamespace) -> None:
    later = make.at(TODAY + timedelta(days=8))
    operations.close_round(round=round_of(world), **WHOLE)
    operations.plan_round(round=round_of(world), by=SYSTEM, now=later)
    operations.publish_round(round=round_of(world), by=SYSTEM, now=later)
    operations.change_position(position=position(world.second), hours_per_day=7, goes_on=False, by=SYSTEM, now=later)
    assert told(world.head, "placements.offer_rests") == 0


@pytest.mark.parametrize("how", ["closed", "no_seats", "returned"])
def test_an_offer_that_goes_is_told_to_rankers_and_heads_each_time(world: SimpleNamespace, how: str) -> None:
    row = position(world.second)
    for turn in (1, 2):
        moment: dict[str, Any] = {"by": SYSTEM, "now": NOW + timedelta(hours=turn)}
        if how == "closed" and turn == 2:
            return
        if how == "closed":
            operations.close_position(position=row, **moment)
        elif how == "no_seats":
            operations.set_seats(position=row, term=queries.term(world.term_id), seats=0, **moment)
        else:
            operations.return_position(position=row, reason="补充安全措施", **moment)
        assert (told(world.student, "placements.position_gone"), told(world.head, "placements.offer_gone")) == (turn, turn)
        if how == "no_seats":
            operations.set_seats(position=row, term=queries.term(world.term_id), seats=5, **moment)
        if how == "returned":
            operations.submit_position(position=row, **moment)
        if how != "closed":
            operations.approve_position(position=row, **moment)
            assert queries.seats_of(row.id, world.term_id).decision is SeatDecision.APPROVED


def test_an_offer_that_rests_and_goes_then_is_told(world: SimpleNamespace) -> None:
    """They were told that the name stays on the list, and would have waited for nothing."""
    row = position(world.second)
    operations.change_position(position=row, hours_per_day=7, **WHOLE)
    operations.set_seats(position=row, term=queries.term(world.term_id), seats=0, **WHOLE)
    assert (told(world.student, "placements.position_gone"), told(world.head, "placements.offer_gone")) == (1, 1)
    fresh = make.position(enterprise=organisations.by_id(world.enterprise_id), terms=[queries.term(world.term_id)], is_approved=False)
    operations.submit_position(position=fresh, **WHOLE)
    operations.set_seats(position=fresh, term=queries.term(world.term_id), seats=0, **WHOLE)
    assert told(world.head, "placements.offer_gone") == 1  # what was never had is no loss


def test_a_head_who_gives_an_offer_back_is_not_told_of_it(world: SimpleNamespace) -> None:
    head = identities.identity_of(world.head, today=TODAY, origin="test")
    operations.return_position(position=position(world.second), reason="补充", by=head, now=NOW)
    assert (told(world.student, "placements.position_gone"), told(world.head, "placements.offer_gone")) == (1, 0)


def test_heads_hear_of_seats_that_go_though_nobody_ranks_them(world: SimpleNamespace) -> None:
    operations.close_position(position=position(world.third), **WHOLE)
    assert (told(world.head, "placements.offer_gone"), told(world.student, "placements.position_gone")) == (1, 0)


def test_a_place_made_for_one_student_is_nobody_elses_loss(world: SimpleNamespace) -> None:
    term = queries.term(world.term_id)
    assert term is not None
    row = operations.propose_self_found(student=queries.student(world.student_id), term=term, enterprise_name="自找企业", title="岗位", **WHOLE)
    operations.approve_self_found(row=row, enterprise=ground.enterprise(), **WHOLE)
    assert told(world.head, "placements.offer_gone") == 0


# -- a round over two terms ----------------------------------------------------------------------------------------------
def over_two(world: SimpleNamespace) -> tuple[Any, Any]:
    """The round has one more term, in which the second offer has seats, too."""
    second = make.term(university=organisations.by_id(world.university_id), starts_on=date(2026, 12, 7))
    operations.set_seats(position=position(world.second), term=second, seats=2, **WHOLE)
    operations.approve_position(position=position(world.second), **WHOLE)
    round_of(world).term_ids = [world.term_id, second.id]
    db.session.flush()
    return queries.term(world.term_id), second


def heard(world: SimpleNamespace) -> list[int]:
    return [told(world.student, f"placements.position_{what}") for what in ("rests", "back", "gone")]


def test_while_a_term_of_the_round_is_left_nothing_rests_comes_back_or_goes(world: SimpleNamespace) -> None:
    first, second = over_two(world)
    row = position(world.second)
    base = heard(world)
    operations.set_seats(position=row, term=first, seats=9, **WHOLE)
    assert heard(world) == base
    operations.approve_position(position=row, **WHOLE)
    operations.return_position(position=row, reason="补充", term_ids=[second.id], **WHOLE)
    assert heard(world) == base
    operations.return_position(position=row, reason="补充", term_ids=[first.id], **WHOLE)
    assert heard(world) == [base[0], base[1], base[2] + 1]


def test_more_seats_need_a_second_thought_where_students_rank_the_offer(world: SimpleNamespace, as_role: AsRole) -> None:
    host, url = as_host(world, as_role), f"/placements/positions/{world.second}"
    page = host.get(url).text
    assert "仍要保存" in page
    sent_ = {"version": edited(page)["version"], f"seats_{world.term_id}": "9"}
    assert host.post(f"{url}/seats", data=sent_).status_code == 422
    assert queries.seats_of(world.second, world.term_id).seats < 9
    host = as_host(world, as_role)
    assert host.post(f"{url}/seats", data={**sent_, "goes_on": "1"}).status_code == 303
    assert (queries.seats_of(world.second, world.term_id).seats, position(world.second).state) == (9, OfferState.SUBMITTED)


def _said(world: SimpleNamespace, kind: str) -> list[tuple[str, int]]:
    rows = db.session.scalars(select(Notice).where(Notice.kind == kind, Notice.account_id == world.head).order_by(Notice.id))
    return [("不再接收" if "不再接收" in row.message else "其中一个学期", row.values["n"]) for row in rows]


def test_the_heads_hear_of_more_seats_and_of_one_term_that_goes_as_it_is(world: SimpleNamespace) -> None:
    """The wishes count on in the other term, yet seats of this one are out of the plan: a sentence of its own, with all who rank it."""
    first, second = over_two(world)
    row = position(world.second)
    rests = told(world.head, "placements.offer_rests")
    operations.set_seats(position=row, term=first, seats=9, **WHOLE)
    assert told(world.head, "placements.offer_rests") == rests + 1
    operations.approve_position(position=row, **WHOLE)
    operations.return_position(position=row, reason="补充", term_ids=[second.id], **WHOLE)
    assert _said(world, "placements.offer_gone") == [("其中一个学期", 2)]
    operations.return_position(position=row, reason="补充", term_ids=[first.id], by=SYSTEM, now=NOW + timedelta(hours=1))
    assert _said(world, "placements.offer_gone")[1:] == [("不再接收", 2)]


@pytest.mark.parametrize(("is_edited", "words"), [(False, "其他学期照常"), (True, "其他学期的席位等待审核")])
def test_the_heads_read_what_the_other_term_is(world: SimpleNamespace, is_edited: bool, words: str) -> None:
    first, second = over_two(world)
    row = position(world.second)
    if is_edited:
        operations.change_position(position=row, hours_per_day=7, **WHOLE)
    operations.set_seats(position=row, term=first, seats=0, **WHOLE)
    [said] = db.session.scalars(select(Notice).where(Notice.kind == "placements.offer_gone", Notice.account_id == world.head)).all()
    assert (words in said.message, second.id in {one.term_id for one in queries.seats_of_position(row.id)}) == (True, True)


def test_more_seats_in_one_term_promise_students_nothing_and_heads_the_truth(world: SimpleNamespace, as_role: AsRole) -> None:
    """In the other term of the round it takes part as before."""
    first, _second = over_two(world)
    with pytest.raises(BadPlacement) as refused:
        operations.set_seats(position=position(world.second), term=first, seats=9, goes_on=False, **WHOLE)
    assert ("其他学期照常" in refused.value.message, "他们和学校" in refused.value.message) == (True, False)
    assert f"“{first.title}”的席位" in refused.value.message
    db.session.refresh(position(world.second))
    operations.set_seats(position=position(world.second), term=first, seats=9, **WHOLE)
    statement = select(Notice.message).where(Notice.kind == "placements.offer_rests", Notice.account_id == world.head).order_by(Notice.id.desc())
    assert "其他学期照常" in db.session.scalars(statement).first()


@pytest.mark.parametrize("other", ["9", "0"])
def test_a_form_that_changes_both_terms_promises_nobody_the_other_one(world: SimpleNamespace, as_role: AsRole, other: str) -> None:
    """Both raised, or one raised and the other given up: nothing is left that takes part as before."""
    _first, second = over_two(world)
    db.session.commit()
    host, url = as_host(world, as_role), f"/placements/positions/{world.second}"
    sent_ = {"version": edited(host.get(url).text)["version"], f"seats_{world.term_id}": "9", f"seats_{second.id}": other}
    refused = host.post(f"{url}/seats", data=sent_)
    assert (refused.status_code, "其他学期照常" in refused.text, "他们和学校会收到通知" in refused.text) == (422, False, True)
    base, host = told(world.student, "placements.position_rests"), as_host(world, as_role)
    assert host.post(f"{url}/seats", data={**sent_, "goes_on": "1"}).status_code == 303
    assert told(world.student, "placements.position_rests") == base + 1
    statement = select(Notice).where(Notice.account_id == world.head, Notice.kind.in_(["placements.offer_rests", "placements.offer_gone"]))
    said = {row.kind: row.message for row in db.session.scalars(statement.order_by(Notice.id))}
    assert "审核通过前不参加安排" in said["placements.offer_rests"]
    assert ["其他学期照常" in one for one in said.values()] == [False] * (1 if other == "9" else 2)


@pytest.mark.parametrize("is_approved", [True, False])
def test_the_enterprise_reads_only_the_terms_with_seats(world: SimpleNamespace, is_approved: bool) -> None:
    first, second = over_two(world)
    row = position(world.second)
    host = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=world.enterprise_id)
    operations.change_position(position=row, hours_per_day=7, **WHOLE)
    operations.set_seats(position=row, term=first, seats=0, **WHOLE)
    if is_approved:
        operations.approve_position(position=row, **WHOLE)
    else:
        operations.return_position(position=row, reason="补充", **WHOLE)
    [said] = db.session.scalars(select(Notice).where(Notice.kind == "placements.offer_decided", Notice.account_id == host.id)).all()
    assert said.values["terms"] == second.title


def test_nothing_is_back_where_there_are_no_seats(world: SimpleNamespace) -> None:
    """A round over one of two terms: its seats went while the offer rested."""
    second = make.term(university=organisations.by_id(world.university_id), starts_on=date(2026, 12, 7))
    row = position(world.second)
    operations.set_seats(position=row, term=second, seats=2, **WHOLE)
    operations.approve_position(position=row, **WHOLE)
    back = told(world.student, "placements.position_back")
    operations.change_position(position=row, hours_per_day=7, **WHOLE)
    operations.set_seats(position=row, term=queries.term(world.term_id), seats=0, **WHOLE)
    operations.approve_position(position=row, by=SYSTEM, now=NOW + timedelta(hours=1))
    assert told(world.student, "placements.position_back") == back


def test_what_was_never_on_offer_is_no_loss_when_it_is_given_back(world: SimpleNamespace) -> None:
    fresh = make.position(enterprise=organisations.by_id(world.enterprise_id), terms=[queries.term(world.term_id)], is_approved=False)
    operations.submit_position(position=fresh, **WHOLE)
    operations.return_position(position=fresh, reason="补充", **WHOLE)
    assert told(world.head, "placements.offer_gone") == 0


def test_a_resting_offer_that_is_closed_is_told_to_the_heads(world: SimpleNamespace) -> None:
    """They were asked to hurry, and would look for it in vain."""
    operations.change_position(position=position(world.second), hours_per_day=7, **WHOLE)
    operations.close_position(position=position(world.second), **WHOLE)
    assert (told(world.student, "placements.position_gone"), told(world.head, "placements.offer_gone")) == (1, 1)
