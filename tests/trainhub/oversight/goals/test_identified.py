"""Since when it is known who somebody is: figures of a past moment are counted again as they were, and who is identified after a closing is late."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from tests.trainhub.ledger.conftest import command  # noqa: F401 - a fixture
from trainhub.kernel import audit, clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries, reporting
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.types import Change
from trainhub.people import operations as people
from trainhub.people.identity_models import PersonIdentified
from trainhub.people.models import Person
from trainhub.people.operations import merging
from trainhub.people.operations.persons import open_number
from trainhub.people.types import Identified, IdType, PairDecision

pytestmark = pytest.mark.database
NOW, UNTIL = datetime(2016, 7, 1, 2, tzinfo=UTC), date(2016, 6, 30)
EARLY = NOW - timedelta(days=90)
AsRole = Callable[..., FlaskClient]


def _goal() -> Goal:
    goal = queries.by_code("fj-400k")
    assert goal is not None
    return goal


def _alone(now: datetime = NOW - timedelta(days=90)) -> Person:
    """Somebody who typed a number and whom nobody has looked at."""
    return ground.person(number_by_holder=True, now=now)


def _trained(person: Person, day: date, now: datetime, **more: Any) -> TrainingRecord:
    facts: dict[str, Any] = {
        "course": "网课",
        "category": Category.WORKER,
        "county_code": "350102",
        "hours_x10": 160,
        "is_counted": True,
        "source": Source.COURSE,
    }
    row, _is_new = ledger.record_training(person_id=person.id, organisation_id=ground.base().id, completed_on=day, by=SYSTEM, now=now, **facts | more)
    return row


def _counts(known_at: datetime | None = None) -> tuple[int, int]:
    found = reporting.report(_goal(), on=UNTIL, known_at=known_at)
    return found["persons"], found["enrolments"]


def _verify(person: Person, now: datetime, is_verified: bool = True) -> None:
    people.change_person(person=person, is_verified=is_verified, by=SYSTEM, now=now)


def test_who_is_identified_later_was_not_counted_before(session: Session) -> None:
    person, days = _alone(), [NOW + timedelta(days=n) for n in range(6)]
    _trained(person, date(2016, 3, 1), NOW - timedelta(days=60))
    _verify(person, days[1])
    _verify(person, days[3], False)
    assert [_counts(day)[0] for day in days] == [0, 1, 1, 1, 1, 1], "the number that an office confirmed by verifying stays theirs"
    nobody = ground.person(id_type=None, now=NOW - timedelta(days=90))
    _trained(nobody, date(2016, 3, 1), NOW - timedelta(days=60))
    for n, is_verified in ((1, True), (3, False), (5, True)):
        _verify(nobody, days[n], is_verified)
    assert [_counts(day)[0] for day in days] == [0, 2, 2, 1, 1, 2]
    assert _counts()[0] == 2
    span = session.scalars(select(PersonIdentified)).one()
    assert (span.person_id, span.since, span.until, span.how) == (nobody.id, days[1], days[3], Identified.DOCUMENT)
    assert (nobody.identified_at, nobody.identified_how) == (days[5], Identified.DOCUMENT)


@pytest.mark.parametrize(("after", "is_late"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_who_is_identified_after_a_closing_is_late(session: Session, after: timedelta, is_late: bool) -> None:
    goal, person = _goal(), _alone()
    _trained(person, date(2016, 3, 1), NOW - timedelta(days=60))
    if not is_late:
        _verify(person, NOW + after)
    closing = operations.close_period(goal=goal, until=UNTIL, reason="半年上报", by=SYSTEM, today=date(2016, 7, 1), now=NOW)
    if is_late:
        _verify(person, NOW + after)
    operations.refresh(goal=goal, now=NOW + timedelta(days=1))
    snapshot = queries.snapshot(closing.snapshot_id or 0)
    assert snapshot is not None
    assert (snapshot.persons, queries.kept_totals(goal)) == (0 if is_late else 1, (1, 1))
    assert (queries.late_counts(goal), queries.late_persons(goal)) == (({"350100": 1}, 1) if is_late else ({}, 0))
    assert [row.is_late for row in session.execute(queries.drill(goal, SYSTEM))] == [is_late]
    assert [row.is_late for row in session.execute(queries.enrolments(goal, SYSTEM))] == [is_late]
    assert len(session.execute(queries.drill(goal, SYSTEM, late=True)).all()) == is_late


def test_who_was_in_the_figures_is_not_late_when_identified_anew(session: Session) -> None:
    goal, person = _goal(), ground.person(id_type=None, is_verified=True, now=NOW - timedelta(days=90))
    _trained(person, date(2016, 3, 1), NOW - timedelta(days=60))
    operations.close_period(goal=goal, until=UNTIL, reason="半年上报", by=SYSTEM, today=date(2016, 7, 1), now=NOW)
    for n, is_verified in ((1, False), (2, True)):
        _verify(person, NOW + timedelta(days=n), is_verified)
    operations.refresh(goal=goal, now=NOW + timedelta(days=3))
    assert (queries.kept_totals(goal), queries.late_counts(goal)) == ((1, 1), {})


def test_two_who_change_places_are_seen_although_the_totals_agree(session: Session) -> None:
    """One identified in one city, one no longer in another: the sums of the whole say nothing."""
    goal = _goal()
    one, other = (ground.person(id_type=None, is_verified=n == 0, now=NOW - timedelta(days=90)) for n in range(2))
    _trained(one, date(2016, 3, 1), NOW - timedelta(days=60))
    _trained(other, date(2016, 3, 1), NOW - timedelta(days=60), county_code="350203")
    operations.rebuild(goal=goal, now=NOW)
    _verify(one, NOW + timedelta(hours=1), False)
    _verify(other, NOW + timedelta(hours=1))
    assert operations.refresh(goal=goal, now=NOW + timedelta(hours=2))
    assert queries.kept_progress(goal, prefectures=["350100", "350200"]).by_prefecture == {"350100": 0, "350200": 1}


@pytest.mark.parametrize("seed", range(3))
def test_every_past_figure_is_counted_again_whatever_happened_since(session: Session, seed: int) -> None:
    """A random history: recorded, cancelled, corrected, merged, parted, verified and not, numbers given and given up."""
    rng, base, goal = random.Random(seed), ground.base().id, _goal()
    persons = [_alone() if n % 3 else ground.person(id_type=None, now=NOW - timedelta(days=90)) for n in range(12)]
    facts: dict[str, Any] = {"organisation_id": base, "category": Category.WORKER, "county_code": "350102", "hours_x10": 160, "is_counted": True}
    seen: list[tuple[datetime, tuple[int, int]]] = []
    for step in range(120):
        now, person = NOW + timedelta(hours=step), rng.choice(persons)
        what = rng.choice(["record", "record", "cancel", "correct", "pair", "verify", "number", "office"])
        rows = list(session.scalars(select(TrainingRecord).where(TrainingRecord.cancelled_at.is_(None)).order_by(TrainingRecord.id)))
        if what == "record":
            source = rng.choice([Source.COURSE, Source.ROSTER])
            day = date(2016, 3, rng.randint(1, 9))
            by_number = source is Source.ROSTER and person.id_number_hash is not None
            ledger.record_training(
                person_id=person.id, course="网课", completed_on=day, source=source, by_number=by_number, by=SYSTEM, now=now, **facts
            )
        elif what == "cancel" and rows:
            ledger.cancel_record(record_id=rng.choice(rows).id, reason="重复", by=SYSTEM, now=now)
        elif what == "correct" and rows:
            row = rng.choice(rows)
            held = {key: getattr(row, key) for key in ("course", "category", "county_code", "completed_on", "is_counted")}
            try:
                ledger.correct_record(record=row, hours_x10=row.hours_x10 + 10, reason="更正", by=SYSTEM, today=now.date(), now=now, **held)
            except ledger.BadRecord:  # the person a merging made one with them has the same completion
                continue
        elif what == "pair":
            first, second = rng.sample(persons, 2)
            decision = rng.choice([PairDecision.SAME, PairDecision.DIFFERENT])
            try:
                people.decide_pair(first=first, second=second, decision=decision, reason="核对", by=SYSTEM, now=now)
            except merging.BadDecision:  # it would contradict another
                continue
        elif what == "verify":
            _verify(person, now, not person.is_verified)
        elif what == "number" and person.number_by_holder and person.merged_into_id is None:
            people.give_number(
                person=person, id_type=IdType.RESIDENT_ID, number=ground.resident_id(person.birth_on or date(1990, 1, 1)), by=SYSTEM, now=now
            )
        elif what == "office" and person.number_by_holder and person.id_number_hash is not None:
            persons.append(people.register_person(name=person.name, id_type=IdType.RESIDENT_ID, id_number=open_number(person), by=SYSTEM, now=now))
        seen.append((now, _counts()))
    assert len({counts for _now, counts in seen}) > 5
    assert [(now, _counts(now)) for now, _then in seen] == seen
    operations.refresh(goal=goal, now=NOW + timedelta(days=20))
    kept = queries.kept_totals(goal)
    operations.rebuild(goal=goal, now=NOW + timedelta(days=21))
    assert queries.kept_totals(goal) == kept == queries.completion_count(goal)


def test_the_page_of_a_snapshot_tells_why_the_ledger_says_otherwise(session: Session, as_role: AsRole) -> None:
    goal, late, verified, gone = _goal(), ground.person(now=EARLY), _alone(), ground.person(now=EARLY)
    _trained(verified, date(2016, 3, 1), NOW - timedelta(days=60))
    cancelled = _trained(gone, date(2016, 3, 2), NOW - timedelta(days=60))
    row = operations.take_snapshot(goal=goal, on=UNTIL, reason="半年", by=SYSTEM, now=NOW)
    _verify(verified, NOW + timedelta(hours=1))
    _trained(late, date(2016, 3, 3), NOW + timedelta(hours=1))
    ledger.cancel_record(record_id=cancelled.id, reason="重复", by=SYSTEM, now=NOW + timedelta(hours=1))
    found = queries.changes_since(goal, NOW, until=UNTIL)
    assert found == {Change.RECORDED: (1, 0), Change.IDENTIFIED: (1, 0), Change.CANCELLED: (0, 1)}
    key = row.id
    session.commit()
    hr, city = as_role(Role.DEPT_HR), as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    page = hr.get(f"/goals/fj-400k/snapshots/{key}?explain=1").text
    assert "按当时所知重算，与快照一致" in page
    assert "身份后来核实，或核实后来撤销" in page
    assert "按当时所知重新核算" in hr.get(f"/goals/fj-400k/snapshots/{key}").text
    assert "差异的来由" not in city.get(f"/goals/fj-400k/snapshots/{key}?explain=1").text, "a difference of one tells of one"


def test_a_restored_record_is_called_restored_and_a_corrected_one_corrected(session: Session) -> None:
    goal, before, later = _goal(), NOW - timedelta(days=60), NOW + timedelta(hours=1)
    rows = [_trained(ground.person(now=EARLY), date(2016, 3, day), before) for day in (1, 2, 3)]
    ledger.cancel_record(record_id=rows[0].id, reason="误作废", by=SYSTEM, now=before)
    moments = {"by": SYSTEM, "today": UNTIL}
    ledger.restore_record(record=rows[0], reason="恢复", now=later, **moments)
    ledger.cancel_record(record_id=rows[1].id, reason="误作废", by=SYSTEM, now=later)
    ledger.restore_record(record=rows[1], reason="恢复", now=later + timedelta(minutes=1), **moments)
    facts = {name: getattr(rows[2], name) for name in ("category", "county_code", "hours_x10", "completed_on", "is_counted")}
    made = ledger.correct_record(record=rows[2], course="另一课程", reason="课程有误", now=later, **facts, **moments)
    assert queries.changes_since(goal, NOW, until=UNTIL) == {Change.CORRECTED: (1, 1), Change.RESTORED: (2, 1)}
    made.recorded_at = later + timedelta(seconds=1)  # as imports of before wrote it: cancelled and written moments apart
    session.flush()
    assert queries.changes_since(goal, NOW, until=UNTIL) == {Change.CORRECTED: (1, 1), Change.RESTORED: (2, 1)}


def test_the_report_of_a_moment_by_the_command(session: Session, command: Callable[..., dict[str, Any]]) -> None:
    person = _alone()
    _trained(person, date(2016, 3, 1), NOW - timedelta(days=60))
    _verify(person, NOW)
    session.commit()
    asked = ("goals", "report", "--on", "2016-06-30", "--known-at")
    assert [command(*asked, f"2016-07-01T{at}")["persons"] for at in ("09:59", "10:00")] == [0, 1], "02:00 UTC is 10:00 here"


def test_the_page_of_a_person_tells_since_when_and_how(session: Session, as_role: AsRole) -> None:
    person = ground.person(id_type=None, now=EARLY)
    account = make.account()
    by = Identity(account.id, None, "核验员")
    people.change_person(person=person, is_verified=True, by=by, now=NOW)
    people.change_person(person=person, is_verified=False, by=by, now=NOW + timedelta(days=1))
    people.give_number(person=person, id_type=IdType.RESIDENT_ID, number=ground.resident_id(), by=by, now=NOW + timedelta(days=2))
    key = person.id
    audit.write_pending(session)
    session.commit()
    page = as_role(Role.SYSTEM_ADMIN).get(f"/people/persons/{key}").text
    for told in ("2016-07-03 10:00，单位登记证件号码，核验员", "核验本人及证件", "由 核验员 撤销"):
        assert told in page


def test_the_list_behind_a_figure_tells_when_each_was_identified(session: Session, as_role: AsRole) -> None:
    goal, person = _goal(), ground.person(now=EARLY)
    _trained(person, date(2016, 3, 1), NOW)
    operations.refresh(goal=goal, now=NOW)
    session.commit()
    hr = as_role(Role.DEPT_HR)
    assert "身份核实：" in hr.get("/goals/fj-400k/people").text
    assert f"{EARLY:%Y-%m-%d}" in hr.get("/goals/fj-400k/people.csv").text


def _changed(goal: Goal, **change: Any) -> None:
    held = {key: getattr(goal, key) for key in ("name", "target", "deadline", "source", "note", "state", "version")}
    with transaction():  # the log is written at its end
        operations.change(goal=goal, by=SYSTEM, now=NOW + timedelta(days=2), **{**held, **change})


@pytest.mark.parametrize("deadline", [date(2016, 6, 29), UNTIL, date(2016, 7, 1)])  # before, on and after the last day that counts
def test_what_was_known_is_read_against_the_goal_of_then(
    session: Session,
    as_role: AsRole,
    command: Callable[..., dict[str, Any]],
    deadline: date,
) -> None:
    """A snapshot of a goal whose target and deadline moved afterwards is counted again as it was, and the pages say why it differs now."""
    goal, moment = _goal(), NOW + timedelta(days=1)
    for day in (date(2016, 3, 1), UNTIL):
        _trained(ground.person(is_verified=True, now=EARLY), day, NOW)
    row = operations.take_snapshot(goal=goal, on=UNTIL, reason="半年上报", by=SYSTEM, now=moment)
    given = {key: value for key, value in row.report.items() if key != "targets"}
    _changed(goal, target=100, deadline=deadline)
    assert reporting.report(queries.goal_at(goal, moment), on=UNTIL, known_at=moment) == given
    lost = int(deadline < UNTIL)
    assert reporting.report(goal, on=UNTIL)["persons"] == 2 - lost
    assert queries.changes_since(goal, moment, until=UNTIL) == ({Change.DEADLINE: (0, 1)} if lost else {})
    page = as_role(Role.DEPT_HR).get(f"/goals/fj-400k/snapshots/{row.id}?explain=1").text
    assert ("按当时所知重算，与快照一致" in page, "截止日期改动" in page) == (True, bool(lost))
    at = clock.local(moment + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    assert command("goals", "report", "--on", "2016-06-30", "--known-at", at)["target"] == given["target"]


def test_a_deadline_put_off_brings_what_lies_beyond_the_former_one(session: Session) -> None:
    goal, moment = _goal(), NOW + timedelta(days=1)
    goal.deadline = date(2016, 5, 31)
    for day in (date(2016, 5, 31), date(2016, 6, 1)):
        _trained(ground.person(is_verified=True, now=EARLY), day, NOW)
    session.flush()
    _changed(goal, deadline=date(2016, 12, 31))
    assert queries.changes_since(goal, moment, until=UNTIL) == {Change.DEADLINE: (1, 0)}
