"""What the days of a placement stand on: papers that came late, an insurance that ends, a base that moves onto a campus."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.placements import operations, queries, rules
from enterprises.placements.operations._support import BadDay, NotReady
from enterprises.placements.types import AgreementParty, DayProblem, Ground, OfferState, PlacementState
from tests.factories import enterprises as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import queries as ledger
from trainhub.notifications.models import Notice
from trainhub.people.models import Person

NOW, STARTS = make.NOW, date(2026, 3, 2)
THREE = (AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT)
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement from Monday 2 March 2026 on at a base, complete but for signatures, safety training and its beginning."""
    university, enterprise = ground.university(), ground.enterprise()
    programme, base = ground.programme(university), ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university)
    position = make.position(enterprise=enterprise, base=base, terms=[term], seats=3)
    student = ground.student(programme, petoe_since=date(2023, 9, 1))
    row = operations.place_student(student=student, position=position, term=term, **WHOLE)
    operations.accept_placement(placement=row, **WHOLE)
    operations.assign_mentor(placement=row, mentor=make.mentor(enterprise=enterprise), **WHOLE)
    operations.record_insurance(placement=row, policy_no="PICC-1", since=row.starts_on, until=row.ends_on, **WHOLE)
    return SimpleNamespace(
        university=university, enterprise=enterprise, programme=programme, base=base, term=term, position=position, student=student, row=row
    )  # fmt: skip


def begin(world: SimpleNamespace, *, signed_on: date, trained_on: date, on: date) -> None:
    """Sign, train, and register the start on a day."""
    for party in THREE:
        operations.sign_placement(placement=world.row, party=party, signed_name="签署人", signed_on=signed_on, by=SYSTEM, now=make.at(signed_on))
    operations.record_safety(placement=world.row, trained_on=trained_on, by=SYSTEM, now=make.at(on))
    operations.start_placement(placement=world.row, today=on, by=SYSTEM, now=make.at(on))


def log(world: SimpleNamespace, day: date, today: date) -> str:
    """Log a day; what is wrong with it."""
    try:
        operations.log_day(placement=world.row, on=day, today=today, by=SYSTEM, now=make.at(today))
    except BadDay as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(("day", "problem"), [(4, DayProblem.NO_PAPERS), (5, None), (6, None)])
def test_a_day_before_the_papers_earns_nothing(day: int, problem: DayProblem | None) -> None:
    assert rules.ground_problem(date(2026, 3, day), Ground(counts_from=date(2026, 3, 5))) is problem


@pytest.mark.parametrize(("day", "problem"), [(1, DayProblem.UNINSURED), (2, None), (20, None), (21, DayProblem.UNINSURED)])
def test_a_day_outside_the_insurance_earns_nothing(day: int, problem: DayProblem | None) -> None:
    assert rules.ground_problem(date(2026, 3, day), Ground(insured=(date(2026, 3, 2), date(2026, 3, 20)))) is problem


@pytest.mark.parametrize(("signed", "trained", "counts_from"), [(2, 2, None), (4, 2, 4), (2, 5, 5), (4, 5, 5)])
def test_days_count_from_the_last_paper_on_however_late_the_start(world: SimpleNamespace, signed: int, trained: int, counts_from: int | None) -> None:
    today = date(2026, 3, 13)
    begin(world, signed_on=date(2026, 3, signed), trained_on=date(2026, 3, trained), on=today)
    assert world.row.counts_from == (date(2026, 3, counts_from) if counts_from else None)
    first = counts_from or 2
    assert [log(world, date(2026, 3, day), today) for day in (2, first - 1, first, 6)] == [
        "no_papers" if first > 2 else "", "no_papers" if first > 2 else "outside", "", "",
    ]  # fmt: skip


def test_who_is_told_that_days_are_lost(world: SimpleNamespace, session: Session) -> None:
    account = identity.account(person=session.get_one(Person, world.student.person_id), has_consented=False)
    begin(world, signed_on=date(2026, 3, 4), trained_on=date(2026, 3, 2), on=date(2026, 3, 13))
    [told] = session.scalars(select(Notice).where(Notice.kind == "placements.started", Notice.account_id == account.id))
    assert told.values["day"] == "2026-03-04"
    # The days before the papers are nobody's to remind of, those after are.
    assert [(gap.placement_id, gap.lacking) for gap in queries.gaps_of_week(date(2026, 3, 2))] == [(world.row.id, 3)]
    assert [(gap.placement_id, gap.lacking) for gap in queries.gaps_of_week(date(2026, 3, 9))] == [(world.row.id, 5)]


@pytest.mark.parametrize(("until", "lacking"), [(1, []), (2, [1]), (4, [3]), (6, [5]), (8, [5])])
def test_nobody_is_reminded_of_days_that_the_insurance_does_not_cover(world: SimpleNamespace, until: int, lacking: list[int]) -> None:
    begin(world, signed_on=STARTS, trained_on=STARTS, on=STARTS)
    world.row.insured_until = date(2026, 3, until)
    assert [gap.lacking for gap in queries.gaps_of_week(STARTS)] == lacking
    world.row.insured_from, world.row.insured_until = date(2026, 3, until), world.row.ends_on
    assert [gap.lacking for gap in queries.gaps_of_week(STARTS)] == [one for one in [max(0, 5 - max(0, until - 2))] if one]


@pytest.mark.parametrize(("until", "lacking"), [(1, 0), (2, 1), (6, 5), (12, 9), (31, 9)])
def test_the_light_asks_for_no_day_that_the_insurance_does_not_cover(world: SimpleNamespace, until: int, lacking: int) -> None:
    """Nine working days went by until the Friday of the second week."""
    today = date(2026, 3, 13)
    begin(world, signed_on=STARTS, trained_on=STARTS, on=STARTS)
    world.row.insured_until = date(2026, 3, until)
    progress = queries.progress_of_student(world.student.id, on=today)
    assert progress is not None
    assert dict(progress.why).get("unlogged", 0) == lacking  # type: ignore[call-overload]
    world.row.insured_from, world.row.insured_until = date(2026, 3, until), world.row.ends_on
    progress = queries.progress_of_student(world.student.id, on=today)
    assert progress is not None
    assert dict(progress.why).get("unlogged", 0) == {1: 9, 2: 9, 6: 5, 12: 1, 31: 0}[until]  # type: ignore[call-overload]


def test_a_day_that_waits_outside_the_insurance_is_not_sure(world: SimpleNamespace) -> None:
    today = date(2026, 3, 13)
    begin(world, signed_on=STARTS, trained_on=STARTS, on=STARTS)
    days = make.weekdays(STARTS, 8)
    for day in days:
        operations.log_day(placement=world.row, on=day, today=today, by=SYSTEM, now=make.at(today))
    expected = []
    for until in (world.row.ends_on, days[-1], days[5], days[4]):
        world.row.insured_until = until
        progress = queries.progress_of_student(world.student.id, on=today)
        assert progress is not None
        expected.append(progress.to_come)
    assert expected[1:] == [8, 6, 5]  # what waits and is covered; nothing is to come after the insurance


@pytest.mark.parametrize("until", [12, 13, 16, 20])
def test_days_after_the_insurance_are_possible_but_not_sure(world: SimpleNamespace, until: int) -> None:
    """Somebody has to renew it: the light says so, and asks for no other place."""
    today = date(2026, 3, 13)
    begin(world, signed_on=STARTS, trained_on=STARTS, on=STARTS)

    def progress() -> tuple[int, int, dict[Any, int]]:
        found = queries.progress_of_student(world.student.id, on=today)
        assert found is not None
        return found.to_come, found.still_open, dict(found.why)

    to_come, still_open, why = progress()
    world.row.insured_until = date(2026, 3, until)
    sure = {12: 0, 13: 1, 16: 2, 20: 6}[until]
    rest = to_come - sure
    assert progress() == (sure, still_open + rest, {**why, "uninsured": rest})
    world.row.insured_from, world.row.insured_until = date(2026, 3, 16), world.row.ends_on
    assert progress()[:2] == (to_come - 1, still_open + 1)
    world.row.insured_from = world.row.insured_until = None  # nobody entered it
    assert progress() == (to_come, still_open, why)


def test_who_lacks_only_insurance_wants_no_other_place(world: SimpleNamespace, as_role: Callable[..., FlaskClient]) -> None:
    """The table of demand and the file say of such days that they are placed: what is lacking is a policy."""
    with transaction():
        world.programme.is_petoe = True
        begin(world, signed_on=STARTS, trained_on=STARTS, on=STARTS)
        rest = make.term(university=world.university, starts_on=date(2026, 9, 7))
        make.position(enterprise=world.enterprise, base=world.base, terms=[rest], seats=1)
        key = world.row.id
    with time_machine.travel(make.at(date(2026, 3, 13)), tick=False):
        head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.university.id)

        def read() -> tuple[str, dict[str, int]]:
            page = head.get("/placements/seats").text
            [line] = csv.DictReader(StringIO(head.get("/placements/progress.csv").text.removeprefix("\ufeff")))
            return page[page.index('aria-label="按专业"') :].split("</table>")[0], {
                name: int(line[name]) for name in ("尚可计入天数", "待投保天数", "仍可安排天数")
            }

        table, days = read()
        assert days["待投保天数"] == 0
        with transaction():
            row = queries.placement(key)
            assert row is not None
            row.insured_until = date(2026, 3, 20)
        shorter, left = read()
    assert shorter == table
    assert left == {"尚可计入天数": 6, "待投保天数": days["尚可计入天数"] - 6, "仍可安排天数": days["仍可安排天数"]}


@pytest.mark.parametrize("until", [5, 6])
def test_a_day_that_waits_uninsured_makes_up_for_none_that_is_missing(world: SimpleNamespace, until: int) -> None:
    """Friday was logged: of five days four are missing; where the insurance ends on Thursday all four that it covers."""
    today = date(2026, 3, 9)
    begin(world, signed_on=STARTS, trained_on=STARTS, on=STARTS)
    assert log(world, date(2026, 3, 6), today) == ""
    world.row.insured_until = date(2026, 3, until)
    progress = queries.progress_of_student(world.student.id, on=today)
    assert progress is not None
    assert dict(progress.why)["unlogged"] == 4  # type: ignore[index]


def test_days_before_the_papers_are_not_missing(world: SimpleNamespace) -> None:
    """Nine working days went by, of which two were before the agreement: seven could have been logged."""
    begin(world, signed_on=date(2026, 3, 4), trained_on=date(2026, 3, 2), on=date(2026, 3, 13))
    progress = queries.progress_of_student(world.student.id, on=date(2026, 3, 13))
    assert progress is not None
    assert dict(progress.why)["unlogged"] == 7  # type: ignore[index]


def test_papers_put_right_afterwards_hold_for_days_that_wait(world: SimpleNamespace) -> None:
    today = date(2026, 3, 6)
    begin(world, signed_on=STARTS, trained_on=STARTS, on=today)
    days = make.weekdays(STARTS, 5)
    assert [log(world, day, today) for day in days] == [""] * 5
    operations.record_safety(placement=world.row, trained_on=date(2026, 3, 4), by=SYSTEM, now=make.at(today))
    confirm: dict[str, Any] = {"placement": world.row, "is_approved": True, "today": today, "by": SYSTEM, "now": make.at(today)}
    with pytest.raises(BadDay) as refused:
        operations.decide_days(days=days, **confirm)
    assert (refused.value.code, "2026-03-02" in refused.value.message) == ("no_papers", True)
    assert ledger.weeks_of(world.student.id).credited_days == 0
    assert operations.decide_days(days=days[2:], **confirm) == 3
    assert operations.decide_days(days=days[:2], **{**confirm, "is_approved": False}, reason="协议之前") == 2


def test_a_shorter_policy_ends_the_days(world: SimpleNamespace) -> None:
    today = date(2026, 3, 13)
    begin(world, signed_on=STARTS, trained_on=STARTS, on=today)
    operations.record_insurance(placement=world.row, policy_no="PICC-2", since=STARTS, until=date(2026, 3, 11), by=SYSTEM, now=make.at(today))
    assert [log(world, date(2026, 3, day), today) for day in (11, 12)] == ["", "uninsured"]


# -- a base that moves onto a campus ------------------------------------------------------------------------------------
def move(world: SimpleNamespace, on: date, *, onto: bool = True) -> None:
    profile = base_queries.profile(world.base.id)
    assert profile is not None
    bases.change_base(profile=profile, is_on_campus=onto, by=SYSTEM, now=make.at(on))


def test_no_day_counts_from_the_move_on_and_days_before_stay(world: SimpleNamespace) -> None:
    today = date(2026, 3, 13)
    begin(world, signed_on=STARTS, trained_on=STARTS, on=STARTS)
    make.confirmed(world.row, make.weekdays(STARTS, 5))
    assert log(world, date(2026, 3, 9), today) == ""
    move(world, date(2026, 3, 11))
    assert [log(world, date(2026, 3, day), today) for day in (10, 11, 12)] == ["", "on_campus", "on_campus"]
    assert ledger.weeks_of(world.student.id).credited_days == 5
    confirm: dict[str, Any] = {"placement": world.row, "is_approved": True, "today": today, "by": SYSTEM, "now": make.at(today)}
    assert operations.decide_days(days=[date(2026, 3, 9), date(2026, 3, 10)], **confirm) == 2
    move(world, date(2026, 3, 13), onto=False)
    assert [log(world, date(2026, 3, day), today) for day in (11, 12, 13)] == ["on_campus", "on_campus", ""]


def test_offers_go_back_and_everybody_is_told(world: SimpleNamespace, session: Session) -> None:
    accounts = {
        "head": identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=world.programme.id),
        "host": identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=world.enterprise.id),
        "student": identity.account(person=session.get_one(Person, world.student.person_id), has_consented=False),
    }
    draft = operations.copy_position(position=world.position, **WHOLE)
    move(world, date(2026, 2, 20))
    assert (world.position.state, draft.state) == (OfferState.DRAFT, OfferState.DRAFT)
    assert "2026-02-20" in world.position.return_reason
    kinds = {
        name: set(session.scalars(select(Notice.kind).where(Notice.account_id == row.id, Notice.kind.contains("campus"))))
        for name, row in accounts.items()
    }
    assert kinds == {"head": {"placements.students_on_campus"}, "host": {"placements.offers_on_campus"}, "student": {"placements.base_on_campus"}}
    assert "校内" in world.position.return_reason
    assert world.row.state is PlacementState.ACCEPTED  # a place is not lost without a decision
    begins = {"signed_on": date(2026, 2, 1), "trained_on": date(2026, 2, 1), "on": STARTS}
    with pytest.raises(NotReady) as refused:
        begin(world, **begins)
    assert [one["code"] for one in refused.value.details] == ["on_campus"]
    move(world, date(2026, 3, 3))  # said again: nothing happens
    assert world.position.state is OfferState.DRAFT


def test_what_is_planned_on_a_campus_is_not_to_come(world: SimpleNamespace) -> None:
    before = queries.progress_of_student(world.student.id, on=date(2026, 2, 20))
    move(world, date(2026, 2, 20))
    after = queries.progress_of_student(world.student.id, on=date(2026, 2, 20))
    assert before is not None
    assert after is not None
    assert before.to_come > 0
    assert after.to_come == 0
    assert after.still_open == before.still_open + before.to_come
