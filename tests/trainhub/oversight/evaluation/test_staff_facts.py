"""What evaluation reads in the files of teachers: doctorates, appointments, task books, one human under several numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.teaching import operations as teaching
from courses.teaching.models import Offering, PartTimeAppointment
from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement, PlanItem
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.evaluation import readiness
from trainhub.people import operations as people
from trainhub.people.models import Person, Teacher
from trainhub.people.types import Degree
from trainhub.policy.findings import Finding, Status

W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


def found_of(built: factory.Built, code: str, on: date = factory.TODAY) -> Finding:
    return next(one for one in readiness.assess(built.programme, on).findings if one.code == code)


@pytest.mark.parametrize("wrong", ["中国", "无", "CHN", "ZZ", "D1"])
def test_a_file_takes_only_codes_of_countries(session: Session, wrong: str) -> None:
    built = factory.bare(students=1, teachers=1)
    with pytest.raises(people.BadTeacher, match="ISO 3166") as refused:
        people.change_teacher(teacher=built.teachers[0], programme=built.programme, phd_country=wrong, **W)
    assert refused.value.field == "phd_country"
    with pytest.raises(people.BadTeacher, match="ISO 3166"):
        ground.teacher(of=built.programme, phd_country=wrong)


def test_a_code_is_kept_in_capitals(session: Session) -> None:
    built = factory.bare(students=1, teachers=1)
    people.change_teacher(teacher=built.teachers[0], programme=built.programme, phd_country=" de ", **W)
    assert built.teachers[0].phd_country == "DE"
    people.change_teacher(teacher=built.teachers[0], programme=built.programme, phd_country="", **W)
    assert built.teachers[0].phd_country == ""


@pytest.mark.database
@pytest.mark.parametrize(("days", "status"), [(0, "met"), (1, "not_met"), (400, "not_met"), (-1, "met")])
def test_an_appointment_that_ended_appoints_nobody(session: Session, days: int, status: str) -> None:
    """Its last day still counts (PETOE-4.7, 002:457)."""
    built = factory.meeting(students=2)
    assert found_of(built, "4.7").status.value == "met"
    last = factory.TODAY - timedelta(days=days)
    session.execute(sa.update(PartTimeAppointment).values(until=sa.case((PartTimeAppointment.since > last, PartTimeAppointment.since), else_=last)))
    session.expire_all()
    finding = found_of(built, "4.7")
    assert finding.status.value == status
    assert any("聘任已于" in line for line in finding.details) is (status == "not_met")


def test_an_appointment_that_follows_another_one_holds(session: Session) -> None:
    built = factory.meeting(students=2)
    row = session.scalars(sa.select(PartTimeAppointment)).one()
    row.until = factory.TODAY - timedelta(days=30)
    again = teaching.appoint_part_time(teacher=built.teachers[-1], since=factory.TODAY - timedelta(days=29), duties="指导", **W)
    session.flush()
    assert found_of(built, "4.7").status.value == "met"
    again.until = factory.TODAY - timedelta(days=1)
    session.flush()
    assert [line.partition("：")[2] for line in found_of(built, "4.7").details] == [f"聘任已于 {again.until} 到期"]


def test_one_human_under_several_numbers_is_one_lecturer_and_one_teacher(session: Session) -> None:
    """5.4 caps persons, 9.1 counts distinct ones (002:487, 002:585)."""
    built = factory.meeting(students=2)
    before = found_of(built, "9.1")
    leads = session.scalars(sa.select(Offering).where(Offering.is_designated.is_(True)).order_by(Offering.id)).all()
    first = session.get_one(Teacher, leads[0].lead_teacher_id)
    degree = people.add_degree(
        person=session.get_one(Person, first.person_id), degree=Degree.DOCTOR, university_name="大学", region="DE", awarded_on=date(2012, 7, 1), **W
    )
    people.verify_background(row=degree, basis="学位证书", **W)
    numbers = [first, *(ground.teacher(of=built.programme, who=session.get_one(Person, first.person_id)) for _n in range(2))]
    for place, offering in enumerate(leads):
        offering.lead_teacher_id = numbers[place % 3].id
    session.flush()
    cap = found_of(built, "5.4")
    assert (cap.status.value, cap.found) == ("not_met", 2)
    assert len([line for line in cap.details if f"主讲 {len(leads)} 门" in line]) == 1
    after = found_of(built, "9.1")
    assert after.denominator == before.denominator
    who = f"{session.get_one(Person, first.person_id).name}（"
    assert sum(line.startswith(who) and line.endswith("有国际背景") for line in after.details) == 1


@pytest.mark.parametrize("place", [5, -1], ids=["a junior one", "a part-time one"])
def test_the_first_task_of_a_new_term_turns_nothing_over(session: Session, place: int) -> None:
    """Workload is that of a term, of the last one that is over: the first order of the next one says nothing yet (PETOE-4.5, 002:453)."""
    built = factory.meeting(students=2)
    day = date(2026, 9, 7)
    before = found_of(built, "4.5", day)
    assert before.status.value == "met"
    teaching.give_task(teacher=built.teachers[place], title="新学年第一份任务书", hours_x10=320, starts_on=date(2026, 9, 1), **W)
    after = found_of(built, "4.5", day)
    assert (after.status, after.found, after.required) == (before.status, before.found, before.required)


def test_the_first_task_book_of_a_new_term_turns_the_text_of_part_time_teachers_not_over(session: Session) -> None:
    """The books of a term are all written when it is over; the text says of which term it speaks (PETOE-4.8, 002:459)."""
    built = factory.meeting(students=2)
    day = date(2026, 9, 7)

    def text() -> str:
        return readiness.look(built.programme, day)[1].evidence["4.8"]

    before = text()
    assert before.endswith("2025—2026 学年第 1 学期教学任务书不少于 1 份的 1/1 人")
    teaching.give_task(teacher=built.teachers[0], title="新学年第一份任务书", hours_x10=320, starts_on=date(2026, 9, 1), **W)
    assert text() == before


def test_before_any_term_is_over_the_running_one_is_asked(session: Session) -> None:
    built = factory.bare(students=1, teachers=3)
    built.teachers[0].is_senior = True
    for teacher, hours in zip(built.teachers[:2], (320, 640), strict=True):
        teaching.give_task(teacher=teacher, title="任务书", hours_x10=hours, starts_on=factory.TODAY, **W)
    assert (found_of(built, "4.5").status.value, found_of(built, "4.5").found) == ("not_met", "32.0 学时/人")


def test_the_mentors_of_an_item_are_persons_not_a_tick(session: Session) -> None:
    """6.8 (002:523): the plan says that somebody of the enterprise guides; without anybody on the register nobody does."""
    built = factory.meeting(students=2)

    def found() -> Finding:
        session.expire_all()
        return next(one for one in readiness.assess(built.programme, factory.TODAY).findings if one.code == "6.8")

    assert found().met
    session.execute(sa.update(Mentor).values(until=date(2021, 1, 1)))  # left before the placements; nobody was named in them
    assert (found().status, str(found().found).split("，")[0]) == (Status.NOT_MET, "环节 0/3")
    mentor, placement = session.scalars(sa.select(Mentor)).one(), session.scalars(sa.select(Placement)).first()
    assert placement is not None
    placement.mentor_id = mentor.id
    session.flush()
    assert found().met, "who guided a placement there is a person, also when the register has ended"
    session.execute(sa.update(PlanItem).where(PlanItem.position == 1).values(has_enterprise_mentor=False))
    assert str(found().found).startswith("环节 2/3"), "the plan itself names nobody"
