"""The demo's surveys, talent databases and reports."""

from __future__ import annotations

from datetime import date

from enterprises.awards import credit
from enterprises.awards import queries as pools
from enterprises.awards.types import PoolKind
from trainhub.demo.calendar import Calendar
from trainhub.demo.world import World
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.organisations import queries as organisations
from trainhub.oversight.reports import operations as reports
from trainhub.oversight.reports.queries import reports as report_queries
from trainhub.oversight.reports.types import ReportKind
from trainhub.oversight.surveys import operations as surveys
from trainhub.oversight.surveys.rules import Demand
from trainhub.oversight.surveys.types import GraduateStatus, PayBand, SurveyKind
from trainhub.oversight.talents import awarding, noticing
from trainhub.oversight.talents import operations as talents
from trainhub.oversight.talents.award_queries import never_looked_up
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.types import ExamKind, ExamLevel, Origin, TalentKind, TalentState
from trainhub.people import queries as people
from trainhub.people import rules as people_rules
from trainhub.people.types import IdType
from trainhub.programmes.types import DegreeLevel

SHORTAGES = (
    ("A01", "工业机器人系统集成工程师", 2, 3, 120, "硕士或五年以上现场经验"),
    ("A02", "工业互联网平台架构师", 1, 3, 60, "主持过两个以上平台项目"),
    ("A03", "动力电池工艺工程师", 6, 2, 200, "本科以上，熟悉模组装配"),
    ("B01", "数控机床可靠性工程师", 2, 2, 45, "本科以上"),
    ("B02", "电力电子研发工程师", 7, 1, 80, "硕士以上"),
    ("B03", "船舶电气设计师", 4, 1, 30, "本科以上，持相应资格"),
)
EXAMS = (
    ("软件设计师", ExamKind.SOFTWARE, ExamLevel.INTERMEDIATE),
    ("系统架构设计师", ExamKind.SOFTWARE, ExamLevel.SENIOR),
    ("网络工程师", ExamKind.SOFTWARE, ExamLevel.INTERMEDIATE),
    ("程序员", ExamKind.SOFTWARE, ExamLevel.JUNIOR),
    ("传输与接入", ExamKind.TELECOM, ExamLevel.INTERMEDIATE),
    ("互联网技术", ExamKind.TELECOM, ExamLevel.INTERMEDIATE),
)
FIELDS = (2, 1, 6, 1, 9, 2, 1, 2, 7, 1, 2, 8, 4, 1)
"""The key field of each enterprise of the demo, in its order."""
ANSWERED = (0, 1, 2, 3, 4, 5, 7, 8, 10, 12, 13)
"""Enterprises that have answered; the others still may."""


def build(world: World) -> None:
    """Surveys with answers, talent in every state, a shortage catalogue, pass lists."""
    _demand(world)
    _graduates(world)
    _talents(world)
    _exams(world)


def _demand(world: World) -> None:
    opened = world.calendar.at(-40)
    survey = surveys.open_survey(
        kind=SurveyKind.DEMAND,
        year=world.day.year,
        title=f"{world.day.year} 年企业工程技术人才需求调查",
        opens_on=world.calendar.plus(-40),
        closes_on=world.calendar.plus(30),
        by=world.by,
        now=opened,
    )
    for place in ANSWERED:
        field, size = FIELDS[place], 40 + place * 37 % 160
        first = Demand(
            field,
            staff=size,
            staff_senior=size // 5,
            staff_outside=size // 4,
            mean_pay_yuan=7_200 + place * 410,
            needed_managers=1 + place % 3,
            needed_engineers=6 + place * 3 % 17,
            needed_skilled=4 + place * 5 % 21,
            needed_three_years=60 + place * 7,
            level=DegreeLevel.BACHELOR if place % 4 else DegreeLevel.MASTER,
            hard_posts=SHORTAGES[place % len(SHORTAGES)][1] if place % 2 == 0 else "",
        )
        second = Demand(1, staff=9 + place, staff_senior=2, needed_engineers=3 + place % 4, needed_three_years=15)
        surveys.answer_demand(
            survey=survey,
            enterprise=world.enterprises[place],
            answers=[first] if field == 1 else [first, second],
            by=world.by,
            today=world.calendar.plus(-10),
            now=world.calendar.at(-10),
        )


def _graduates(world: World) -> None:
    entry = world.calendar.graduated
    year = world.calendar.graduates(entry).year
    first = min(date(year, 7, 1), world.day)
    survey = surveys.open_survey(
        kind=SurveyKind.GRADUATES,
        year=year,
        title=f"{year} 届毕业生跟踪调查",
        opens_on=first,
        closes_on=world.calendar.plus(45),
        by=world.by,
        now=world.calendar.at((first - world.day).days),
    )
    bands = (PayBand.FROM_4, PayBand.FROM_6, PayBand.FROM_6, PayBand.FROM_8, PayBand.FROM_8, PayBand.FROM_12, PayBand.UNTOLD)
    for place in range(len(world.programmes)):
        for number, student in enumerate(world.students.get((place, entry), [])):
            if number % 4 == 3:
                continue
            status = (GraduateStatus.STUDYING, *[GraduateStatus.EMPLOYED] * 5, GraduateStatus.STARTUP, GraduateStatus.SEEKING)[number % 8]
            surveys.answer_graduate(
                survey=survey,
                student=student,
                status=status,
                employer=world.enterprises[number % len(world.enterprises)].name,
                is_in_fujian=number % 5 != 0,
                is_in_field=number % 6 != 0,
                pay=bands[number % len(bands)],
                satisfaction=3 + number % 3,
                by=world.acting(student.person_id),
                today=world.day,
                now=world.now,
            )


def _talents(world: World) -> None:
    items = [
        talents.list_shortage(
            year=world.day.year,
            code=code,
            post=post,
            key_field_no=field,
            urgency=urgency,
            wanted=wanted,
            requirement=requirement,
            source="演示目录",
            by=world.by,
            now=world.calendar.at(-90),
        )
        for code, post, field, urgency, wanted, requirement in SHORTAGES
    ]
    pool = [mentor for mentors in world.made["mentors_of"].values() for mentor in mentors][:9]
    made: list[Talent] = []
    for number, mentor in enumerate(pool):
        kind = (TalentKind.PART_TIME_MENTOR, TalentKind.HIGH_LEVEL, TalentKind.LEADING)[number % 3]
        leading = kind is TalentKind.LEADING
        made.append(
            talents.nominate(
                person=world.made["person_of"](mentor.person_id),
                kind=kind,
                merits="长期在生产一线主持技术改造，获省级科技奖励；指导学生完成多项现场课题。",
                employer_id=mentor.enterprise_id,
                by_organisation_id=mentor.enterprise_id,
                post=mentor.post,
                title=mentor.title,
                key_field_no=SHORTAGES[number % len(SHORTAGES)][2],
                shortage_id=items[number % len(items)].id if number % 2 else None,
                origin=(Origin.FUJIAN, Origin.CHINA, Origin.TAIWAN)[number % 3],
                former_employer="（演示）某云计算企业" if leading else "",
                rank_china=18 + number if leading else None,
                rank_year=world.day.year - 1 if leading else None,
                years_there=4 if leading else None,
                is_mid_senior=True if leading else None,
                project="工业视觉检测平台" if leading else "",
                by=world.by,
                today=world.calendar.plus(-60),
                now=world.calendar.at(-60),
            )
        )
    for row in made[1:7]:
        talents.review(row=row, opinion="专家组评审：业绩真实，建议认定。", by=world.by, today=world.calendar.plus(-30))
    for row in made[1:5]:
        if row.kind is not TalentKind.LEADING or (row.rank_china or 99) <= 20:
            talents.recognise(
                row=row,
                decision="同意认定入库。",
                document="闽人社演示〔1〕号",
                valid_until=world.calendar.plus(3 * 365),
                by=world.by,
                today=world.calendar.plus(-15),
            )
    _support(world, [row for row in made if row.state is TalentState.RECOGNISED])
    talents.reject(row=made[6], decision="业绩材料与岗位不符，请补充后重新推荐。", by=world.by, today=world.calendar.plus(-14))


def _support(world: World, recognised: list[Talent]) -> None:
    """Money for recognised talent: a leading one is published and paid, a high-level one is in its public notice."""
    day, now = world.calendar.plus(-12), world.calendar.at(-12)
    paid_on = max(world.calendar.plus(-2), date(world.day.year, 1, 1))  # the pool pays in its own year
    paid_at = world.calendar.at((paid_on - world.day).days)
    for row in recognised:
        employer = organisations.by_id(row.employer_id) if never_looked_up(row, day) and row.employer_id else None
        if employer is not None:
            credit.enter(organisation=employer, is_listed=False, detail="信用信息平台（演示）", on=day, by=world.by, today=day, now=now)
        if row.kind is TalentKind.LEADING:
            award = awarding.decide(talent=row, amount_fen=60_000_000, minutes="厅务会纪要〔3〕号", by=world.by, today=day, now=now)
            pool = next(one.id for one in pools.pools() if one.kind is PoolKind.NEW)
            noticing.publish(award=award, by=world.by, today=day)
            awarding.pay(award=award, on=paid_on, reference="DEMO-RC-0001", pool_id=pool, by=world.by, today=paid_on, now=paid_at)
    row = next(row for row in recognised if row.kind is TalentKind.HIGH_LEVEL)
    open_day, at = world.calendar.plus(-3), world.calendar.at(-3)
    award = awarding.decide(
        talent=row, amount_fen=10_000_000, minutes="厅务会纪要〔4〕号", judgement="符合办法规定的条件", by=world.by, today=open_day, now=at
    )
    noticing.publish(award=award, by=world.by, today=open_day)


def _exams(world: World) -> None:
    row = world.row_of_people(77, age_from=22, age_to=45)
    for number in range(24):
        who, (subject, exam, level) = next(row), EXAMS[number % len(EXAMS)]
        talents.add_pass(
            exam=exam,
            level=level,
            subject=subject,
            certificate_no=f"DEMO{world.day.year - number % 2}{number + 1:05d}",
            name=who.name,
            id_number_hash=people.hash_of(IdType.RESIDENT_ID, who.id_number),
            id_mask=people_rules.mask_number(IdType.RESIDENT_ID, who.id_number),
            person_id=None,
            passed_on=world.calendar.plus(-40 - 180 * (number % 3)),
            now=world.calendar.at(-20),
        )


def make_reports(calendar: Calendar) -> None:
    """Two reports, of which one is published, when everything else is there. Safe to repeat.

    They look back from the hour of the demo's day, and never ahead of the clock: what comes in until then would count when they are
    counted again.
    """
    last, now = date(calendar.day.year, 1, 1), min(calendar.at(0), clock.now())
    with transaction():
        if session().execute(report_queries.listing(SYSTEM).limit(1)).first() is not None:
            return
        for kind, since in ((ReportKind.CONTRIBUTION, date(last.year - 1, 1, 1)), (ReportKind.DEMAND, last)):
            row = reports.ask(kind=kind, since=since, until=calendar.day, by=SYSTEM, today=calendar.day, now=now)
            reports.make(report=row, by=SYSTEM, now=now)
            if kind is ReportKind.CONTRIBUTION:
                reports.publish(report=row, by=SYSTEM, today=calendar.day, now=now)
