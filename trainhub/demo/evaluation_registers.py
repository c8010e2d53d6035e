"""The registers of a demo programme: joint programme, exchanges, participation, policies, budget, incentives, equivalences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from courses.curriculum.models import CurriculumCourse
from trainhub.kernel.access import Identity
from trainhub.oversight.evaluation.operations import practice_registers, registers, support
from trainhub.oversight.evaluation.register_types import (
    ActivityKind,
    BudgetPurpose,
    BudgetSource,
    Dimension,
    ExchangeKind,
    IncentiveKind,
    OutputKind,
    ParticipationArea,
    PolicyTopic,
    ProgrammeMode,
)
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.models import Teacher
from trainhub.people.types import Degree, StayKind, StudentState
from trainhub.programmes.models import Programme


def fill(
    *, programme: Programme, full_time: Sequence[Teacher], staff: int, courses: Sequence[CurriculumCourse], by: Identity, today: date, now: datetime
) -> None:
    """Entries in every register; `staff` is the number of teachers, full-time and part-time, of whom three in ten get a foreign background."""
    w: dict[str, Any] = {"by": by, "now": now}
    for place, teacher in enumerate(full_time[: -(-staff * 3 // 10)]):
        person = people_queries.person(teacher.person_id)
        assert person is not None
        row: people.Background
        if place % 2 == 0:
            row = people.add_degree(
                person=person,
                degree=Degree.DOCTOR,
                university_name="示范应用技术大学",
                region="DE",
                field="机械工程",
                awarded_on=date(2012, 7, 1),
                **w,
            )
        else:
            row = people.add_stay(
                person=person,
                kind=StayKind.UNIVERSITY,
                organisation_name="示范理工大学（香港）",
                region="HK",
                since=date(2018, 9, 1),
                until=date(2019, 10, 31),
                **w,
            )
        people.verify_background(row=row, basis="学位证书、派出文件（演示）", **w)
    registers.add_intl_programme(
        programme=programme,
        mode=ProgrammeMode.EXCHANGE,
        partner="示范应用技术大学",
        country="DE",
        agreement_no="国合（演示）6号",
        recognises_credits=True,
        since=today - timedelta(days=420),
        until=today + timedelta(days=1500),
        **w,
    )
    present = people_queries.students_of_programme(programme.id, states=[StudentState.ENROLLED, StudentState.SUSPENDED])
    present += people_queries.students_of_programme(programme.id, states=[StudentState.GRADUATED])
    for place, student in enumerate(present):
        if place % 3 < 2:
            kind = ExchangeKind.JOINT_COURSE if place % 2 else ExchangeKind.SHORT_VISIT
            registers.add_exchange(
                student=student, kind=kind, partner="示范应用技术大学", country="DE", took_place_on=today - timedelta(days=60), **w
            )
    for area in ParticipationArea:
        registers.add_participation(
            programme=programme,
            area=area,
            expert="郑工程（演示）",
            enterprise="闽江智能装备有限公司（演示）",
            held_on=today - timedelta(days=250),
            contribution="提出岗位能力清单并审定修改稿。",
            evidence="会议纪要（演示）",
            **w,
        )
    for number, topic in enumerate(topic for topic in PolicyTopic if topic is not PolicyTopic.OTHER):
        registers.add_policy_document(
            programme=programme,
            topic=topic,
            title=f"卓越计划实施文件（{number + 1}）",
            issued_no=f"校（{today.year - 1}）{20 + number}号",
            issued_on=today - timedelta(days=330),
            **w,
        )
    for place, purpose in enumerate(BudgetPurpose):
        registers.add_budget_line(
            programme=programme,
            year=today.year,
            purpose=purpose,
            source=BudgetSource.UNIVERSITY,
            planned_fen=(12 + place * 3) * 1_000_000,
            spent_fen=(5 + place * 2) * 1_000_000,
            **w,
        )
        support.set_need(
            programme=programme, year=today.year, purpose=purpose, need_fen=(11 + place * 3) * 1_000_000, basis="按上年支出和本年学生人数测算", **w
        )
    for kind_, teacher in zip(IncentiveKind, [*full_time, *full_time], strict=False):
        registers.add_incentive(
            programme=programme, kind=kind_, title="卓越计划专项奖励", granted_on=today - timedelta(days=150), teacher=teacher, **w
        )
    for course in (courses[4], courses[8]):
        registers.add_equivalence(
            programme=programme,
            course=course,
            university="示范应用技术大学",
            country="DE",
            foreign_course="Engineering Fundamentals",
            compared_on=today - timedelta(days=180),
            evidence="大纲逐项对照表",
            **w,
        )
    _practice(programme, full_time, courses, today, w)


def _practice(programme: Programme, full_time: Sequence[Teacher], courses: Sequence[CurriculumCourse], today: date, w: dict[str, Any]) -> None:
    """What stands beside criteria that experts judge: measures, cases, outputs, the rule of appraisal, two rounds of quality assurance."""
    firm = "闽江智能装备有限公司（演示）"
    measures = (
        (ActivityKind.METHODS, "引入项目式教学与过程评价", "", "", "三门专业课按境外同类课程的项目制组织教学，学生互评计入成绩。"),
        (ActivityKind.INDUSTRY, "与境外企业联合指导课程设计", "示范工业集团（演示）", "DE", "企业工程师在线授课 16 学时，提供两个真实案例。"),
        (ActivityKind.EVENT, "国际大学生工程设计邀请赛", "示范应用技术大学", "DE", "承办线上邀请赛，12 支队伍参加。"),
    )
    for kind, title, partner, country, text in measures:
        practice_registers.add_activity(
            programme=programme,
            kind=kind,
            title=title,
            partner=partner,
            country=country,
            took_place_on=today - timedelta(days=140),
            description=text,
            **w,
        )
    for place, course in enumerate(courses[4:8]):
        practice_registers.add_case(
            programme=programme,
            course=course,
            title=("产线节拍优化", "关键零件质量追溯", "设备状态监测", "柔性单元改造")[place],
            enterprise=firm,
            source="企业技术改造项目，数据已脱敏。",
            taken_up_on=today - timedelta(days=400),
            **w,
        )
    for kind_, teacher in zip(OutputKind, full_time, strict=False):
        name = {
            OutputKind.PAPER: "基于项目的课程改革实践",
            OutputKind.TEXTBOOK: "工程项目案例教程",
            OutputKind.PROJECT: "校企协同课程改革",
            OutputKind.AWARD: "教学成果奖（演示）",
        }[kind_]
        practice_registers.add_output(programme=programme, teacher=teacher, kind=kind_, title=name, published_on=today - timedelta(days=210), **w)
    practice_registers.add_scheme(
        programme=programme,
        title="专职教师聘任与考核办法",
        issued_no=f"校人（{today.year - 1}）9号",
        since=today - timedelta(days=330),
        weights={
            Dimension.PROJECT_DESIGN: 20,
            Dimension.RESEARCH: 15,
            Dimension.PATENT: 5,
            Dimension.COOPERATION: 15,
            Dimension.SERVICE: 5,
        },
        **w,
    )
    for days, closed in ((300, 240), (60, None)):
        practice_registers.add_review(
            programme=programme,
            held_on=today - timedelta(days=days),
            school_members=3,
            enterprise_members=4,
            findings="周志反馈不够及时。" if closed else "岗位轮换安排偏少。",
            actions="企业指导教师每周五前完成批阅。" if closed else "",
            closed_on=today - timedelta(days=closed) if closed else None,
            **w,
        )
