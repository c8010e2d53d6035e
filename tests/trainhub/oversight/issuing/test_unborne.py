"""A selection or a list of what rooms record is compared with the records before it is decided: whom nothing bears is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, TODAY, WRITER
from tests.trainhub.ledger.test_holidays import MONDAY, THREE, all_entered, rule
from trainhub.certificates.models import IssueBatch
from trainhub.certificates.operations import batches
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Source
from trainhub.organisations.models import Organisation
from trainhub.oversight.issuing.recorded_queries import unborne_in
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _reach(who: Person, source: Source, title: str, hours_x10: int = 0) -> None:
    thing = {"person_id": who.id, "source": source, "key": f"{source.value}:{ground.unique()}", "title": title, "hours_x10": hours_x10}
    ledger.reach_milestone(**thing, reached_on=TODAY, by=SYSTEM, now=ground.NOW)  # type: ignore[arg-type]


def _batch(at: Organisation, kind: Kind, *asked: tuple[Person, dict[str, Any]]) -> IssueBatch:
    rows = [batches.Wanted(who.id, {**FACTS[kind], **facts}) for who, facts in asked]
    return batches.prepare(title="一批", kind=kind, source=BatchSource.SELECTION, issuer=at, rows=rows, by=WRITER, now=ground.NOW)


def test_a_completion_is_borne_by_the_course_with_its_hours(session: Session, as_role: AsRole) -> None:
    with transaction():
        at, right, stays, other, none, unknown = ground.university(), *(ground.person(f"林{n}") for n in "甲乙丙丁戊")
        gone = ground.person("林乙")
        _reach(right, Source.COURSE, "智能制造导论", 320)
        _reach(gone, Source.COURSE, "智能制造导论", 320)
        _reach(other, Source.COURSE, "智能制造导论", 310)
        _reach(none, Source.COURSE, "另一门课", 320)
        _reach(unknown, Source.COURSE, "智能制造导论")
        ground.merge(stays, gone)
        batch = _batch(at, Kind.COMPLETION, *((one, {}) for one in (right, stays, other, none, unknown)))
        assert unborne_in(batch) == [("林丙", ("hours",)), ("林丁", ())]
    page = as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id).get(f"/certificates/batches/{batch.id}").text
    assert "2 人的内容与平台的记录对不上" in page
    assert "林丙：学时" in page
    assert "林丁：平台上没有这项记录" in page
    with transaction():
        batches.decide(batch=batch, is_approved=False, reason="核对", by=DECIDER, today=TODAY, now=ground.NOW)
    assert "对不上" not in as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id).get(f"/certificates/batches/{batch.id}").text


def test_a_capstone_is_borne_by_one_that_was_passed(session: Session) -> None:
    at, right, other = ground.university(), ground.person("林甲"), ground.person("林乙")
    _reach(right, Source.CAPSTONE, FACTS[Kind.CAPSTONE]["topic"])
    _reach(other, Source.CAPSTONE, "另一题目")
    assert unborne_in(_batch(at, Kind.CAPSTONE, (right, {}), (other, {}))) == [("林乙", ())]


@pytest.mark.parametrize("long", [299, 300, 301])
def test_a_title_is_found_by_as_much_as_the_ledger_keeps_of_it(session: Session, long: int) -> None:
    who, topic = ground.person(), "伺" * long
    _reach(who, Source.CAPSTONE, topic)
    assert unborne_in(_batch(ground.university(), Kind.CAPSTONE, (who, {"topic": topic}))) == []


@pytest.mark.parametrize(("typed", "told"), [("\uff30\uff2c\uff23 控制 技术", False), ("plc控制技术", False), ("PLC控制技术（二）", True)])
def test_a_title_is_found_as_people_read_it(session: Session, typed: str, told: bool) -> None:
    """Width, case and blanks are the keyboard's: they are no other course."""
    who = ground.person("林甲")
    _reach(who, Source.COURSE, "PLC控制技术", 320)
    found = unborne_in(_batch(ground.university(), Kind.COMPLETION, (who, {"course": typed})))
    assert found == ([("林甲", ())] if told else [])


@pytest.mark.parametrize(("weeks", "told"), [("1.8", False), ("2", False), ("2.2", True)])
def test_weeks_are_borne_by_confirmed_days(session: Session, weeks: str, told: bool) -> None:
    programme = ground.programme()
    student, none = ground.student(programme), ground.person("林乙")
    who, first = session.get_one(Person, student.person_id), date(2025, 1, 6)
    for days in (range(10), range(4)):  # the same days in a second enterprise count once
        confirmed = [first + timedelta(days=7 * (n // 5) + n % 5) for n in days]
        place = {"student_id": student.id, "enterprise_id": ground.enterprise().id, "base_id": None, "source_id": 1}
        ledger.confirm_days(**place, days=confirmed, by=SYSTEM, now=ground.NOW)  # type: ignore[arg-type]
    batch = _batch(ground.university(), Kind.PLACEMENT, (who, {"weeks": weeks}), (none, {}))
    assert unborne_in(batch) == [*([(who.name, ("weeks",))] if told else []), ("林乙", ())]


def _confirmed(student_id: int, days: list[date]) -> None:
    place = {"student_id": student_id, "enterprise_id": ground.enterprise().id, "base_id": None, "source_id": 1}
    ledger.confirm_days(**place, days=days, by=SYSTEM, now=ground.NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(("days", "weeks", "told"), [(6, "1", False), (7, "1", False), (7, "1.2", True), (7, "1.4", True)])
def test_a_week_bears_no_more_than_a_week_however_many_of_its_days_were_worked(session: Session, days: int, weeks: str, told: bool) -> None:
    student = ground.student(ground.programme())
    who, monday = session.get_one(Person, student.person_id), date(2025, 1, 6)
    _confirmed(student.id, [monday + timedelta(days=n) for n in range(days)])
    found = unborne_in(_batch(ground.university(), Kind.PLACEMENT, (who, {"weeks": weeks})))
    assert found == ([(who.name, ("weeks",))] if told else [])


@pytest.mark.parametrize(("worked", "weeks", "told"), [(2, "0.4", False), (2, "1", True), (3, "1", False), (4, "1", False), (4, "1.2", True)])
def test_a_full_holiday_week_bears_a_week(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worked: int, weeks: str, told: bool
) -> None:
    """By the one sum of the ledger: below, at and above the three days that are worked in the week of 5 October 2026."""
    all_entered()
    student = ground.student(ground.programme(ground.university(), is_petoe=True))
    who = session.get_one(Person, student.person_id)
    _confirmed(student.id, [*THREE, MONDAY + timedelta(days=6)][:worked])
    with rule(tmp_path / "params", monkeypatch, "own.weeks.holiday_rule"):
        found = unborne_in(_batch(ground.university(), Kind.PLACEMENT, (who, {"weeks": weeks})))
    assert found == ([(who.name, ("weeks",))] if told else [])


@pytest.mark.parametrize(("weeks", "told"), [("1", False), ("1.2", True)])
def test_the_same_week_in_two_studies_of_a_human_is_one(session: Session, weeks: str, told: bool) -> None:
    stays, gone = (ground.student(ground.programme()) for _ in range(2))
    who, other = (session.get_one(Person, one.person_id) for one in (stays, gone))
    monday = date(2025, 1, 6)
    _confirmed(stays.id, [monday + timedelta(days=n) for n in range(3)])
    _confirmed(gone.id, [monday + timedelta(days=n) for n in range(2, 6)])
    ground.merge(who, other)
    found = unborne_in(_batch(ground.university(), Kind.PLACEMENT, (who, {"weeks": weeks}), (other, {"weeks": weeks})))
    assert {fields for _name, fields in found} == ({("weeks",)} if told else set())


def test_what_rooms_do_not_record_is_not_compared(session: Session) -> None:
    batch = _batch(ground.university(), Kind.EXAM, (ground.person(), {}))
    assert unborne_in(batch) == []
