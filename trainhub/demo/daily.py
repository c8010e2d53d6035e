"""What the demo shows beside days and weeks: leave, an incident, a visit, reviews, a place a student found, appraisals, a plan tried out."""

from __future__ import annotations

from datetime import timedelta

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.types import BaseLevel
from enterprises.mentors import operations as mentors
from enterprises.mentors.types import AppraisalGrade
from enterprises.placements import planning, queries
from enterprises.placements.models import Placement
from enterprises.placements.operations import events, logs, plans, selffound
from enterprises.placements.types import EventKind, NoteSide, PlacementState, PlanKind, RaterSide, WhatIf
from trainhub.demo import field
from trainhub.demo.world import World

PLACES = ((2_607_421, 11_929_655), (2_449_091, 11_811_022), (2_490_853, 11_858_654), (2_665_924, 11_952_693))
"""Where the first bases stand, in degrees times 100,000 (福州, 厦门, 泉州, 宁德)."""


def build(world: World) -> None:
    """After the rounds; a handful of each."""
    calendar = world.calendar
    for base, (latitude, longitude) in zip(world.bases, PLACES, strict=False):
        profile = base_queries.profile(base.id)
        if profile is not None:
            bases.change_base(
                profile=profile,
                latitude_e5=latitude,
                longitude_e5=longitude,
                level=BaseLevel.PROVINCIAL,
                school_invested_fen=120_000_000,
                enterprise_invested_fen=380_000_000,
                by=world.by,
                now=calendar.at(-700),
            )
    running_term = world.made["terms"][3]
    bases.set_period(
        base=world.bases[0],
        title=running_term.title,
        since=running_term.starts_on,
        until=running_term.ends_on,
        capacity=100 * world.scale,
        facilities="本学期新增视觉检测产线 1 条，工位 20 个。",
        by=world.by,
        now=calendar.at(-90),
    )
    students = world.students[2, calendar.final_entry + 1][:8]
    running = [row for student in students for row in field.live(student) if row.state is PlacementState.STARTED and row.ends_on > world.day]
    _events(world, running)
    for row in [one for student in students for one in field.live(student) if one.state is PlacementState.STARTED][:4]:
        for log in queries.logs_of([row.id])[-2:]:
            logs.add_note(log=log, placement=row, side=NoteSide.MENTOR, text="记录具体，下周把数据附上。", by=world.by, now=calendar.at(-2))
            logs.review_week(log=log, placement=row, comment="", today=calendar.plus(-1), by=world.by, now=calendar.at(-1))
    for number, mentor in enumerate(world.mentors[:6]):
        grade = AppraisalGrade.EXCELLENT if number % 3 == 0 else AppraisalGrade.GOOD
        mentors.appraise_mentor(mentor=mentor, year=world.day.year - 1, grade=grade, text="指导认真，确认及时。", by=world.by, now=calendar.at(-150))
    _ratings(world)
    _self_found(world)
    _tried_out(world)


def _events(world: World, running: list[Placement]) -> None:
    calendar = world.calendar
    told = (
        (EventKind.ABSENCE, calendar.plus(3), calendar.plus(4), "参加全国大学生工程训练竞赛省赛。", "", False),
        (EventKind.INCIDENT, calendar.plus(-2), calendar.plus(-2), "搬运工件时手指轻微擦伤，已在医务室处理。", "", False),
        (EventKind.VISIT, calendar.plus(-3), calendar.plus(-3), "走访车间与宿舍，学生状态良好，安全培训记录齐全。", "无需整改。", True),
    )
    for row, (kind, since, until, text, outcome, is_settled) in zip(running, told, strict=False):
        if kind is not EventKind.VISIT and not row.starts_on <= since <= until <= row.ends_on:
            continue  # the term has just begun, or is about to end
        events.report_event(
            placement=row,
            kind=kind,
            since=since,
            until=until,
            text=text,
            outcome=outcome,
            is_settled=is_settled,
            by=world.acting(queries.student(row.student_id).person_id) if not is_settled else world.by,
            now=calendar.at(-1),
        )


def _ratings(world: World) -> None:
    """The younger class rates the term that has just ended."""
    for number, student in enumerate(world.students[2, world.calendar.final_entry + 1][:12]):
        for row in field.live(student):
            if row.state is PlacementState.FINISHED and timedelta() <= world.day - row.ends_on <= timedelta(days=30):
                logs.rate(
                    placement=row,
                    side=RaterSide.STUDENT,
                    marks={"work": 4 + number % 2, "guidance": 5 - number % 2, "safety": 5, "life": 3 + number % 3},
                    comment="导师愿意讲，工位紧张时要排队。" if number % 4 == 0 else "",
                    today=world.day,
                    by=world.acting(student.person_id),
                    now=world.calendar.at(0),
                )


def _self_found(world: World) -> None:
    """A student of the younger class has found a place for the next term."""
    students = world.students[2, world.calendar.final_entry + 1]
    student = students[min(15, len(students) - 1)]
    selffound.propose_self_found(
        student=student,
        term=world.made["terms"][4],
        enterprise_name=world.enterprises[5].name,
        title="检测工程助理",
        address="开发区二期 3 号厂房",
        contact="人力资源部 0591-0000000",
        text="参与机器视觉检测线的调试和数据整理，与机械专业的测控课程相关。",
        by=world.acting(student.person_id),
        now=world.calendar.at(-2),
    )


def _tried_out(world: World) -> None:
    """What the open round would come to today, and with more seats: two plans to compare."""
    round_ = next(
        row for row in queries.rounds_to_close(world.day + timedelta(days=60)) if row.cohort_id == world.cohorts[2, world.calendar.final_entry].id
    )
    position = queries.offered_in(round_.term_ids)[0]
    for seats in (2, -5):
        what = WhatIf(position_id=position.id, term_id=round_.term_ids[0], seats=seats)
        problem = planning.problem_of(round_, today=world.day, kind=PlanKind.WHAT_IF, what_ifs=(what,))
        plans.keep_plan(
            round=round_, data=planning.compute(problem, now=world.calendar.at(0), time_limit=20.0), by=world.by, now=world.calendar.at(0)
        )
