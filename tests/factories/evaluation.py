"""A small programme with everything evaluation asks for; bases, plan items, placements, days and capstones as plain rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enterprises.bases.models import BaseAgreement, BaseLeader, BaseTyping
from enterprises.bases.types import BaseType, LeaderSide
from enterprises.capstones.models import Capstone, GuidanceEntry, Supervision, Topic
from enterprises.capstones.types import CapstoneState, SupervisorRole, TopicSource, TopicState
from enterprises.mentors.models import Mentor
from enterprises.placements.models import AgreementSignature, Placement, PlanItem, PlanSignature, Position, Term
from enterprises.placements.types import PlacementState, PlanSide
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.demo import evaluation_data
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.ledger.models import ConfirmedDay
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import NationalityKind, TeacherKind
from trainhub.policy.book import book
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass
class Built:
    """What was made."""

    programme: Programme
    cohort: Cohort
    version: ProgrammeVersion
    enterprise: Organisation
    base: Organisation
    items: list[PlanItem]
    students: list[Student] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)
    mentor: Person | None = None


def weekdays(first: date, number: int) -> list[date]:
    """That many days from Monday to Friday."""
    days: list[date] = []
    while len(days) < number:
        if first.weekday() < 5:
            days.append(first)
        first += timedelta(days=1)
    return days


def filled(row: Any) -> Any:
    """The row with an empty list in every list column that needs one and has none: other rooms' tables grow."""
    for key, column in row.__mapper__.c.items():
        is_open = not column.nullable and column.default is None and not column.primary_key and getattr(row, key) is None
        if is_open and column.type._type_affinity.__name__ == "JSON":
            setattr(row, key, [])
    return row


@remembered
def bare(*, students: int = 10, teachers: int = 7, foreign: int = 0, year: int = 2022, today: date = TODAY) -> Built:
    """A programme with a plan, a cohort with 卓越计划 students, teachers, a centre, an enterprise training plan of 34 weeks."""
    programme = ground.programme(is_petoe=True)
    enterprise, current = ground.enterprise(), session()
    base = ground.base(enterprise)
    items: list[PlanItem] = []

    def in_enterprises(version: ProgrammeVersion) -> None:
        items.extend(
            PlanItem(version_id=version.id, position=n, title=title, weeks_x10=weeks, base_id=base.id, assessment="报告与答辩")
            for n, (title, weeks) in enumerate((("认识实习", 40), ("生产实习", 140), ("毕业设计", 160)), start=1)
        )
        current.add_all(items)
        current.add_all(PlanSignature(version_id=version.id, side=side, signed_name="签署人", signed_on=today) for side in PlanSide)
        current.flush()

    version = evaluation_data.plan_of(
        programme=programme, label=f"{year}版", from_cohort_year=year, by=SYSTEM, today=today, now=NOW, complete=in_enterprises
    )
    cohort = programmes.create_cohort(programme=programme, year=year, version=version, by=SYSTEM, now=NOW)
    topics = list(book().at("petoe.agreement_topics", on=today).items)
    current.add(BaseTyping(base_id=base.id, type=BaseType.EPEC, since=date(2019, 1, 1)))
    current.add(
        BaseAgreement(
            base_id=base.id,
            university_id=programme.university_id,
            title="合作教育协议",
            signed_on=date(2020, 1, 1),
            since=date(2020, 1, 1),
            until=date(2029, 12, 31),
            topics=topics,
        )
    )
    for side in LeaderSide:
        school = programme.university_id if side is LeaderSide.SCHOOL else None
        current.add(BaseLeader(base_id=base.id, person_id=ground.person().id, side=side, university_id=school, post="主任", since=date(2020, 1, 1)))
    current.flush()
    built = Built(programme, cohort, version, enterprise, base, items)
    for number in range(students):
        kind = NationalityKind.FOREIGN if number < foreign else None
        who = ground.person(id_type=None, nationality_kind=kind, nationality="MY") if kind else ground.person()
        built.students.append(ground.student(programme, year=year, who=who, petoe_since=date(year, 9, 1)))
    for number in range(teachers):
        kind_ = TeacherKind.PART_TIME if number == teachers - 1 else TeacherKind.FULL_TIME
        built.teachers.append(ground.teacher(of=programme, kind=kind_, since=date(2018, 9, 1)))
    return built


def in_the_field(built: Built, *, short: int = 0) -> None:
    """A finished placement of 160 days for every student (the first `short` miss one day), and a capstone inside it."""
    current = session()
    first = date(built.cohort.year + 2, 9, 2)
    days = weekdays(first, 160)
    term = Term(
        university_id=built.programme.university_id, code=f"T{built.programme.id}", title="企业学习", starts_on=days[0], ends_on=days[-1], weeks=32
    )
    position = Position(
        code=f"POS-{built.programme.id}",
        enterprise_id=built.enterprise.id,
        base_id=built.base.id,
        title="工艺岗",
        majors=[],
        skills=[],
        created_at=NOW,
    )
    built.mentor = ground.person()
    current.add_all([filled(term), filled(position)])
    current.add(Mentor(person_id=built.mentor.id, enterprise_id=built.enterprise.id, skills=[], since=date(2020, 1, 1), created_at=NOW))
    topic = Topic(
        enterprise_id=built.enterprise.id,
        programme_id=built.programme.id,
        title="产线节拍优化",
        problem="瓶颈工序",
        source=TopicSource.ENGINEERING_PRACTICE,
        evidence="任务书",
        seats=1000,
        state=TopicState.APPROVED,
        created_at=NOW,
    )
    current.add(filled(topic))
    current.flush()
    confirmed: list[dict[str, Any]] = []
    for number, student in enumerate(built.students):
        placement = Placement(
            student_id=student.id,
            position_id=position.id,
            term_id=term.id,
            enterprise_id=built.enterprise.id,
            base_id=built.base.id,
            state=PlacementState.FINISHED,
            starts_on=days[0],
            ends_on=days[-1],
            insured_from=days[0],
            insured_until=days[-1],
            mentor_score_x10=850,
            created_at=NOW,
        )
        capstone = Capstone(
            student_id=student.id,
            topic_id=topic.id,
            enterprise_id=built.enterprise.id,
            state=CapstoneState.PASSED,
            starts_on=days[60],
            ends_on=days[-1],
            finished_on=days[-1] + timedelta(days=7),
            score_x10=850,
            created_at=NOW,
        )
        current.add_all([filled(placement), filled(capstone)])
        current.flush()
        for party in ("school", "enterprise", "student"):
            current.add(AgreementSignature(placement_id=placement.id, party=party, signed_name="签署人", signed_on=days[0]))
        for role, person_id in ((SupervisorRole.SCHOOL, built.teachers[0].person_id), (SupervisorRole.ENTERPRISE, built.mentor.id)):
            current.add(Supervision(capstone_id=capstone.id, role=role, person_id=person_id, since=days[50]))
            current.add_all(
                GuidanceEntry(
                    capstone_id=capstone.id,
                    person_id=person_id,
                    role=role,
                    on=days[70 + turn * 5],
                    content="讨论方案",
                    confirmed_at=NOW,
                    created_at=NOW,
                )
                for turn in range(8)
            )
        confirmed += [
            {
                "student_id": student.id,
                "enterprise_id": built.enterprise.id,
                "base_id": built.base.id,
                "on": day,
                "source_id": placement.id,
                "confirmed_at": NOW,
            }
            for day in days[: 159 if number < short else 160]
        ]
    current.execute(sa.insert(ConfirmedDay), confirmed)
    current.flush()


@remembered
def meeting(*, students: int = 10, **given: int) -> Built:
    """A programme that meets every computed criterion."""
    built = bare(students=students, foreign=-(-students // 10), **given)  # type: ignore[arg-type]
    in_the_field(built)
    evaluation_data.complete_programme(
        programme=built.programme, cohort=built.cohort, plan_item_ids=[item.id for item in built.items], by=SYSTEM, today=TODAY, now=NOW
    )
    return built


@remembered
def failing(*, students: int = 10) -> Built:
    """A programme that fails 5.2, 7.2 and 9.8 and nothing else that can be computed."""
    built = bare(students=students)
    in_the_field(built, short=1)
    evaluation_data.failing_programme(
        programme=built.programme, cohort=built.cohort, plan_item_ids=[item.id for item in built.items], by=SYSTEM, today=TODAY, now=NOW
    )
    return built
