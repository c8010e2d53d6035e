"""The demo's field work: bases, mentors, terms, positions, two rounds, placements with their days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from enterprises.bases import operations as bases
from enterprises.bases.types import AcceptanceStep, AgreementTopic, BaseType, LeaderSide
from enterprises.mentors import operations as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import queries as placement_queries
from enterprises.placements.models import Placement, Position, Term
from enterprises.placements.operations import days, offers, placing, rounds
from enterprises.placements.types import AgreementParty, LogTag
from trainhub.demo.calendar import working_days
from trainhub.demo.ground import register
from trainhub.demo.invented import BASES, PROGRAMMES
from trainhub.demo.world import World
from trainhub.people.models import Student

SKILLS = ("数控加工", "工业机器人", "PLC", "嵌入式", "数据分析", "云平台运维", "质量管理", "工艺设计", "电池工艺", "电子商务运营")
POSTS = ("产线工艺工程师", "设备运维工程师", "软件开发工程师", "质量工程师", "数据分析助理")
NOTES = (
    "跟随导师巡检产线，记录设备运行参数。",
    "参与夹具改进方案讨论，整理测量数据。",
    "学习作业指导书与安全规程，完成实操考核。",
    "编写接口联调脚本，定位并修复两处缺陷。",
    "参加班组例会，汇报本周进展与问题。",
)
WEEKLY = "本周熟悉了岗位的工艺流程和质量要求，在导师指导下完成了一次小改进，并学习了企业的安全文化。"


def build(world: World) -> None:
    """In the order in which it could have happened."""
    _bases(world)
    _mentors(world)
    _history(world)
    _first_round(world)
    _current_term(world)
    _open_round(world)


def _bases(world: World) -> None:
    calendar = world.calendar
    leaders = world.row_of_people(17, age_from=40, age_to=58)
    for place, (base, (_code, name, _region, types)) in enumerate(zip(world.bases, BASES, strict=True)):
        bases.open_base(
            base=base,
            by=world.by,
            now=calendar.at(-790),
            opened_on=calendar.plus(-780),
            capacity_per_term=80 * world.scale,
            facilities="实训车间 1200 平方米，工位 80 个，教室 3 间，配有安全员。",
            summary=f"{name}由校企双方共建，承担企业培养方案中的实践教学。",
            startup_entities=26 if "incubation_base" in types else None,
            workers=100 if "rural_park" in types else None,
            area_new_m2=3200 if "incubator" in types else None,
        )
        for kind in types:
            bases.add_type(base=base, type=BaseType(kind), since=calendar.plus(-780), by=world.by, now=calendar.at(-780))
        sides = (LeaderSide.SCHOOL, LeaderSide.ENTERPRISE) if place != 3 else (LeaderSide.ENTERPRISE,)
        for side in sides:
            bases.add_leader(
                base=base,
                person=register(world, next(leaders)),
                side=side,
                post="教务处处长" if side is LeaderSide.SCHOOL else "副总经理",
                since=calendar.plus(-780),
                by=world.by,
                now=calendar.at(-780),
            )
        if place < 6:
            ends = calendar.plus(60) if place == 5 else calendar.plus(1200)
            bases.sign_agreement(
                base=base,
                title=f"{name}合作教育协议",
                signed_on=calendar.plus(-785),
                since=calendar.plus(-780),
                until=ends,
                topics=tuple(AgreementTopic) if place != 5 else tuple(AgreementTopic)[:3],
                by=world.by,
                now=calendar.at(-780),
            )
    _acceptances(world)


def _acceptances(world: World) -> None:
    """Base 2 is recognised and accepted by the education department, base 4 only recognised, base 8 recognised by science."""
    calendar = world.calendar
    for place, kind, step, ago in (
        (1, BaseType.PRACTICE_BASE, AcceptanceStep.RECOGNISED, 400),
        (1, BaseType.PRACTICE_BASE, AcceptanceStep.ACCEPTED, 120),
        (3, BaseType.TRAINING_INSTITUTION, AcceptanceStep.RECOGNISED, 90),
        (7, BaseType.INCUBATOR, AcceptanceStep.RECOGNISED, 200),
    ):
        bases.record_acceptance(
            base=world.bases[place],
            type=kind,
            step=step,
            on=calendar.plus(-ago),
            by=world.by,
            now=calendar.at(-ago),
            document=f"演示文件〔{calendar.plus(-ago).year}〕{place + 1}号",
        )


def _mentors(world: World) -> None:
    """Sixty mentors at scale 1; the demo account `mentor` is the first of the first enterprise."""
    row = world.row_of_people(19, age_from=28, age_to=55)
    calendar = world.calendar
    for place, enterprise in enumerate(world.enterprises):
        for number in range((5 if place < 4 else 4) * world.scale):
            is_account = place == 0 and number == 0
            person = world.persons["mentor"] if is_account else register(world, next(row))
            world.mentors.append(
                mentors.add_mentor(
                    person=person,
                    enterprise=enterprise,
                    since=calendar.plus(-1500),
                    skills=tuple(SKILLS[(place + number + step) % len(SKILLS)] for step in range(2)),
                    post=POSTS[number % len(POSTS)],
                    title=("高级工程师", "工程师", "技师")[number % 3],
                    years_experience=4 + (place + number) % 15,
                    load_limit=10,
                    is_shared=number % 2 == 0,
                    trained_on=calendar.plus(-1400),
                    by=world.by,
                    now=calendar.at(-1500),
                )
            )
    world.made["mentors_of"] = {e.id: [m for m in world.mentors if m.enterprise_id == e.id] for e in world.enterprises}


def _position(world: World, place: int, terms: Sequence[tuple[Term, int]], now: datetime, *, ordinal: int = 0) -> Position:
    """An approved position of an enterprise with seats in terms; at its base when it hosts one."""
    enterprise = world.enterprises[place]
    base = next((b for b, (_c, _n, region, _t) in zip(world.bases, BASES, strict=True) if region == enterprise.region_code), None)
    position = offers.offer_position(
        enterprise=enterprise,
        title=POSTS[(place + ordinal) % len(POSTS)],
        base=base,
        majors=() if place % 3 == 0 else tuple(major for _c, _u, major, _n, _e, _f in PROGRAMMES),
        skills=SKILLS[place % 5 : place % 5 + 2],
        county_code=enterprise.region_code,
        description="在企业导师指导下参与真实生产与研发项目，周一至周五，每日不超过 8 小时，提供工作餐与意外险。",
        by=world.by,
        now=now,
    )
    for term, seats in terms:
        offers.set_seats(position=position, term=term, seats=seats, by=world.by, now=now)
    offers.submit_position(position=position, by=world.by, now=now)
    return offers.approve_position(position=position, by=world.by, now=now)


def _term(world: World, university: int, code: str, title: str, starts_on: date, weeks: int) -> Term:
    return offers.create_term(
        university=world.universities[university],
        code=code,
        title=title,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=weeks * 7 - 1),
        weeks=weeks,
        by=world.by,
        now=world.calendar.at(-1000),
    )


def _history(world: World) -> None:
    """The graduated 卓越 classes of programmes 1 and 2: three terms at one enterprise each, 34 weeks.

    Three students of programme 2 broke off: fewer than 32 weeks (the known failure of criterion 7.2).
    """
    entry = world.calendar.graduated
    ends = world.calendar.graduates(entry)
    for place in (0, 1):
        starts = [ends - timedelta(days=7 * weeks) for weeks in (68, 40, 12)]
        starts = [day - timedelta(days=day.weekday()) for day in starts]
        terms = [
            _term(world, place, f"{entry + 3}-{number}", f"{entry} 级企业学习第 {number} 阶段", day, weeks)
            for number, (day, weeks) in enumerate(zip(starts, (12, 12, 10), strict=True), start=1)
        ]
        world.made.setdefault("history_terms", {})[place] = terms
        hosts = (0, 1, 2, 3) if place == 0 else (1, 3, 13, 4)
        seats = -(-20 * world.scale // 4)
        early = world.calendar.at((starts[0] - world.day).days - 60)
        positions = [_position(world, host, [(term, seats) for term in terms], early, ordinal=place) for host in hosts]
        for number, student in enumerate(world.students[place, entry][: 20 * world.scale]):
            position = positions[number % 4]
            world.made.setdefault("enterprise_of", {})[student.id] = position.enterprise_id
            is_short = place == 1 and number % 20 in (2, 9, 15)
            for term in terms:
                drops = 25 if is_short and term is terms[-1] else 0
                _whole_placement(world, student, position, term, number, drop_days=drops)


def _whole_placement(world: World, student: Student, position: Position, term: Term, number: int, *, drop_days: int = 0) -> Placement:
    """A placement from its offer to its grade."""
    placement = placing.place_student(
        student=student,
        position=position,
        term=term,
        mentor=_mentor_for(world, position, number),
        by=world.by,
        now=_instant(world, term.starts_on, -30),
    )
    _begin(world, placement, student)
    _log_and_decide(world, placement, working_days(term.starts_on, term.ends_on)[: -drop_days or None], number)
    return _end(world, placement, number)


def _mentor_for(world: World, position: Position, number: int) -> Mentor:
    pool: list[Mentor] = world.made["mentors_of"][position.enterprise_id]
    return pool[number % len(pool)]


def _instant(world: World, day: date, plus: int = 0) -> datetime:
    return world.calendar.at((day - world.day).days + plus)


def _begin(world: World, placement: Placement, student: Student) -> None:
    """Accepted, signed by three parties, insured, trained in safety, started."""
    before = placement.starts_on - timedelta(days=14)
    now = _instant(world, before)
    placing.accept_placement(placement=placement, by=world.by, now=now)
    for party, name in ((AgreementParty.SCHOOL, "教务处"), (AgreementParty.ENTERPRISE, "人力资源部"), (AgreementParty.STUDENT, "学生本人")):
        placing.sign_placement(placement=placement, party=party, signed_name=name, signed_on=before, by=world.by, now=now)
    placing.record_insurance(
        placement=placement, policy_no=f"DEMO-{placement.id:06d}", since=placement.starts_on, until=placement.ends_on, by=world.by, now=now
    )
    placing.record_safety(placement=placement, trained_on=before, by=world.by, now=now)
    placing.start_placement(placement=placement, today=placement.starts_on, by=world.by, now=_instant(world, placement.starts_on))


def _log_and_decide(world: World, placement: Placement, logged: list[date], number: int, *, decided: list[date] | None = None) -> None:
    if not logged:
        return
    last = logged[-1]
    days.log_week(
        placement=placement,
        days={day: NOTES[(number + step) % len(NOTES)] for step, day in enumerate(logged)},
        week=logged,
        today=last,
        by=world.by,
        now=_instant(world, last),
    )
    for day in logged[::5]:
        days.save_weekly_log(
            placement=placement,
            on=day,
            text=WEEKLY,
            tags=(list(LogTag)[(number + day.day) % 5], LogTag.PRACTICE),
            today=last,
            by=world.by,
            now=_instant(world, last),
        )
    approved = logged if decided is None else decided
    if approved:
        days.decide_days(placement=placement, days=approved, is_approved=True, today=last, by=world.by, now=_instant(world, last, 1))


def _end(world: World, placement: Placement, number: int) -> Placement:
    day = placement.ends_on + timedelta(days=1)
    placing.grade_placement(
        placement=placement,
        score_x10=760 + number * 37 % 210,
        comment="认真踏实，能独立完成任务，善于沟通。",
        today=placement.ends_on,
        by=world.by,
        now=_instant(world, placement.ends_on),
    )
    return placing.finish_placement(placement=placement, today=day, by=world.by, now=_instant(world, day))


def _first_round(world: World) -> None:
    """The finished round of programme 3: the final cohort chose and was placed by the planner in two terms, 24 weeks."""
    calendar, entry = world.calendar, world.calendar.final_entry
    first, second = calendar.monday(-224), calendar.monday(-133)
    terms = [
        _term(world, 2, f"{entry}-F1", f"{entry} 级企业学习第一阶段", first, 12),
        _term(world, 2, f"{entry}-F2", f"{entry} 级企业学习第二阶段", second, 12),
    ]
    world.made["first_terms"] = terms
    seats = -(-12 * world.scale // 1)
    early = _instant(world, first, -70)
    positions = [_position(world, host, [(term, seats) for term in terms], early) for host in (0, 2, 5, 7)]
    world.made["first_positions"] = positions
    students = world.students[2, entry]
    opens = first - timedelta(days=56)
    round_ = rounds.create_round(
        programme=world.programmes[2],
        cohort=world.cohorts[2, entry],
        title=f"{entry} 级企业学习第一轮",
        opens_on=opens,
        closes_on=opens + timedelta(days=13),
        terms=terms,
        by=world.by,
        now=_instant(world, opens, -3),
    )
    rounds.open_round(round=round_, by=world.by, now=_instant(world, opens))
    for number, student in enumerate(students):
        wishes = [positions[0]] if number == 0 else []
        wishes += [p for p in _turned(positions, number) if p not in wishes]
        rounds.save_preferences(
            round=round_,
            student=student,
            position_ids=[p.id for p in wishes[:3]],
            by=world.acting(student.person_id),
            now=_instant(world, opens, 1 + number % 12),
        )
    rounds.close_round(round=round_, by=world.by, now=_instant(world, opens, 14))
    rounds.plan_round(round=round_, by=world.by, now=_instant(world, opens, 15))
    rounds.publish_round(round=round_, by=world.by, now=_instant(world, opens, 16))
    for number, student in enumerate(students):
        for placement in placement_queries.live_of_student(student.id):
            position = next(p for p in positions if p.id == placement.position_id)
            mentor = world.made["mentors_of"][position.enterprise_id][0 if number == 0 else number % 4]
            world.made.setdefault("enterprise_of", {})[student.id] = position.enterprise_id
            placing.assign_mentor(placement=placement, mentor=mentor, by=world.by, now=_instant(world, opens, 20))
            _begin(world, placement, student)
            _log_and_decide(world, placement, working_days(placement.starts_on, placement.ends_on), number)
            _end(world, placement, number)


def _turned(items: Sequence[Position], by: int) -> list[Position]:
    at = by % len(items)
    return [*items[at:], *items[:at]]


def _current_term(world: World) -> None:
    """Programme 3's third-year 卓越 class is in its first term: four weeks confirmed, the last two wait for the mentors."""
    entry = world.calendar.final_entry + 1
    starts = world.calendar.monday(-40)
    term = _term(world, 2, f"{entry}-N1", f"{entry} 级企业学习第一阶段", starts, 12)
    early = _instant(world, starts, -60)
    seats = -(-7 * world.scale // 1)
    positions = [_position(world, host, [(term, seats)], early, ordinal=2) for host in (0, 2, 5)]
    yesterday = world.calendar.plus(-1)
    for number, student in enumerate(world.students[2, entry][: 20 * world.scale]):
        position = positions[number % 3]
        pool = world.made["mentors_of"][position.enterprise_id]
        placement = placing.place_student(
            student=student,
            position=position,
            term=term,
            mentor=pool[0 if number % 3 == 0 and number < 15 else number % len(pool)],
            by=world.by,
            now=_instant(world, starts, -30),
        )
        _begin(world, placement, student)
        logged = working_days(starts, yesterday)
        _log_and_decide(world, placement, logged, number, decided=[day for day in logged if day < starts + timedelta(days=28)])
        world.made["current_placements"] = [*world.made.get("current_placements", []), placement]


def _open_round(world: World) -> None:
    """The open round of programme 3's final cohort for its last term; a third of the students have chosen, `student` has not."""
    calendar, entry = world.calendar, world.calendar.final_entry
    term = _term(world, 2, f"{entry}-F3", f"{entry} 级企业学习第三阶段", calendar.monday(56), 12)
    seats = -(-10 * world.scale // 1)
    positions = [_position(world, host, [(term, seats)], calendar.at(-20), ordinal=1) for host in (0, 2, 5, 7, 8)]
    opens = calendar.plus(-5)
    round_ = rounds.create_round(
        programme=world.programmes[2],
        cohort=world.cohorts[2, entry],
        title=f"{entry} 级企业学习第二轮",
        opens_on=opens,
        closes_on=calendar.plus(14),
        terms=[term],
        by=world.by,
        now=calendar.at(-8),
    )
    rounds.open_round(round=round_, by=world.by, now=calendar.at(-5))
    for number, student in enumerate(world.students[2, entry]):
        if number % 3 == 1:
            rounds.save_preferences(
                round=round_,
                student=student,
                position_ids=[p.id for p in _turned(positions, number)[:3]],
                by=world.acting(student.person_id),
                now=calendar.at(-3),
            )
