"""A student who changes the programme counts in the old one until the day before, from the day in the new one, with everything that is theirs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.capstones.queries.facts import overview
from enterprises.placements.models import Placement
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation.models import ExchangeRecord
from trainhub.oversight.evaluation.queries import dossier, field, registers
from trainhub.oversight.evaluation.queries.members import Members, members_of
from trainhub.oversight.evaluation.register_types import ExchangeKind
from trainhub.people import operations as people
from trainhub.people.models import Student
from trainhub.programmes.models import Programme

DAY, ONE = date(2026, 3, 1), timedelta(days=1)
W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


def other(built: factory.Built) -> Programme:
    made = ground.programme(organisations.by_id(built.programme.university_id), name="电子信息工程")
    ground.cohort(made, built.cohort.year)
    return made


def move(student: Student, to: Programme, year: int, on: date = DAY) -> None:
    people.move_student(student=student, programme=to, cohort=ground.cohort(to, year), on=on, reason="教〔2026〕3号", **W)


def ids(members: Members) -> tuple[set[int], set[int], set[int]]:
    return {one.id for one in members.present}, {one.id for one in members.judged}, {one.id for one in members.belonging}


def test_the_old_programme_until_the_day_before_the_new_one_from_it(session: Session) -> None:
    built = factory.bare(students=3)
    new, mover = other(built), built.students[0]
    everybody = {one.id for one in built.students}
    move(mover, new, built.cohort.year)
    for on in (DAY - 2 * ONE, DAY - ONE):
        assert ids(members_of(built.programme.id, on)) == (everybody, everybody, everybody), on
        assert ids(members_of(new.id, on)) == (set(), set(), set()), on
    for on in (DAY, DAY + ONE):
        stay = everybody - {mover.id}
        assert ids(members_of(built.programme.id, on)) == (stay, stay, stay), on
        assert ids(members_of(new.id, on)) == ({mover.id}, set(), set()), on
    group = members_of(built.programme.id, DAY).group
    assert [mover.student_no in line for line in group.left] == [True], "who went before the end is listed apart (PETOE-7.2)"
    assert members_of(built.programme.id, DAY - ONE).group.left == ()
    assert members_of(new.id, DAY).group.left == (), "they left no plan of the new programme"


def test_who_joins_the_plan_of_the_new_programme_is_judged_there(session: Session) -> None:
    built = factory.bare(students=2)
    new, mover = other(built), built.students[0]
    move(mover, new, built.cohort.year)
    people.begin_petoe(student=mover, since=DAY, **W)
    members = members_of(new.id, DAY)
    assert ids(members)[1] == {mover.id}
    assert members.group.left == ()
    assert [str(DAY) in line for line in members.group.joined] == [True]


def test_who_is_taken_out_of_a_cohort_by_undoing_is_listed_there(session: Session) -> None:
    """Nobody of the 卓越计划 leaves a group without a trace (PETOE-7.2): the reason stands in the list, not in the log alone."""
    built = factory.bare(students=2)
    mover, later = built.students[0], ground.cohort(built.programme, built.cohort.year + 1)
    move(mover, built.programme, later.year)
    people.take_back(student=mover, reason="登记错人", **W)
    group = members_of(built.programme.id, DAY + ONE, (later.year,)).group
    assert [("登记错人" in line, mover.student_no in line) for line in group.left] == [(True, True)]
    new = other(built)
    move(mover, new, built.cohort.year)
    people.take_back(student=mover, reason="又错了", **W)
    assert members_of(new.id, DAY + ONE).group.left == (), "who joined no plan there left none"


def test_the_cohort_of_the_day(session: Session) -> None:
    built = factory.bare(students=2)
    mover, later = built.students[0], ground.cohort(built.programme, built.cohort.year + 1)
    move(mover, built.programme, later.year)

    def cohorts(on: date) -> set[int]:
        return {one.cohort_id for one in members_of(built.programme.id, on).present if one.id == mover.id}

    assert (cohorts(DAY - ONE), cohorts(DAY)) == ({built.cohort.id}, {later.id})
    assert mover.id in {one.student_id for one in overview(built.programme.id, built.cohort.id, DAY - ONE)}
    assert mover.id not in {one.student_id for one in overview(built.programme.id, built.cohort.id, DAY)}
    assert mover.id in {one.student_id for one in overview(built.programme.id, later.id, DAY)}


def test_days_and_placements_go_with_the_student(session: Session) -> None:
    built = factory.bare(students=1)
    mover = built.students[0]
    factory.in_the_field(built)
    (placement,) = session.scalars(select(Placement).where(Placement.student_id == mover.id))
    new = other(built)
    move(mover, new, built.cohort.year)
    people.begin_petoe(student=mover, since=DAY, **W)

    def days(programme: Programme, on: date) -> list[int]:
        judged = [one for one in members_of(programme.id, on).judged if one.id == mover.id]
        return [case.credited_days for case in field.credited_days(programme.id, judged, on=on, days_per_week=5)]

    assert days(built.programme, DAY - ONE) == [160], "the old evaluation of before is as it was"
    assert days(new, DAY) == [160], "the student's weeks are the student's"
    assert days(built.programme, DAY) == []
    for programme, on, is_there in ((built.programme, DAY - ONE, True), (built.programme, DAY, False), (new, DAY - ONE, False), (new, DAY, True)):
        assert [row.id for row in field.placements_of(programme.id, on)] == [placement.id] * is_there
        assert [row.student_id for row in dossier.placed(programme.id, date(2025, 1, 1), on)] == [mover.id] * is_there
        assert list(dossier.days_by_student(programme.id, on)) == [mover.id] * is_there


def test_who_left_the_plan_is_named_after_another_cohort_too(session: Session) -> None:
    """The plan is the programme's: another year of it ends no stay in it (PETOE-7.2)."""
    built = factory.bare(students=2)
    mover = built.students[0]
    people.end_petoe(student=mover, until=DAY - 30 * ONE, reason="本人申请", **W)
    assert [mover.student_no in line for line in members_of(built.programme.id, DAY - ONE).group.left] == [True]
    move(mover, built.programme, built.cohort.year + 1)
    later = built.cohort.year + 1
    stays = ground.student(built.programme, year=later, petoe_since=date(later, 9, 1))
    group = members_of(built.programme.id, DAY, (later,)).group
    assert group.size == 1, stays.student_no
    assert [mover.student_no in line for line in group.left] == [True]


def test_an_exchange_is_listed_where_the_student_was_on_the_day(session: Session) -> None:
    built = factory.bare(students=1)
    new, mover = other(built), built.students[0]
    went = ExchangeRecord(student_id=mover.id, kind=next(iter(ExchangeKind)), partner="某大学", country="DE", took_place_on=DAY - 9 * ONE)
    session.add(went)
    move(mover, new, built.cohort.year)
    for programme, on, is_there in ((built.programme, DAY - ONE, True), (built.programme, DAY, False), (new, DAY - ONE, False), (new, DAY, True)):
        assert bool(registers.exchanges(programme.id, on=on)) is is_there, (programme.name, on)
