"""One placement of the demo from its offer to its end, and the placements of the classes that have graduated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.types import AgreementTopic, Conclusion, InspectionKind
from enterprises.mentors.models import Mentor
from enterprises.placements import queries
from enterprises.placements.models import Placement, Position, Term
from enterprises.placements.operations import agreements, approving, days, finishing, logs, offers, placing, seating
from enterprises.placements.types import AgreementParty, LogTag
from trainhub.demo.calendar import working_days
from trainhub.demo.invented import BASES, PROGRAMMES
from trainhub.demo.practice_texts import COMMENTS, GRADES, NOTES, WEEKLY
from trainhub.demo.world import World
from trainhub.organisations.models import Organisation
from trainhub.people.models import Student

POSTS = ("产线工艺工程师", "设备运维工程师", "软件开发工程师", "质量工程师", "数据分析助理")
DESCRIPTION = "在企业导师指导下参与真实生产与研发项目，周一至周五，每日不超过 8 小时，提供工作餐与意外险。"


@dataclass(frozen=True, slots=True)
class Diary:
    """How a student's days went: `absent` never logged, `rejected` by day with the reason, the last `waiting` undecided.

    `portion`: how many days the mentor decides at a time.
    """

    absent: Collection[date] = ()
    rejected: Mapping[date, str] = field(default_factory=dict)
    waiting: int = 0
    portion: int = 1000


WHOLE = Diary()


def position(world: World, place: int, terms: Sequence[tuple[Term, int]], now: datetime, *, ordinal: int = 0) -> Position:
    """An approved position of an enterprise with seats in terms; at its base when it hosts one."""
    enterprise = world.enterprises[place]
    base = next((b for b, (_c, _n, region, _t) in zip(world.bases, BASES, strict=True) if region == enterprise.region_code), None)
    if base is None:
        _seen(world, enterprise, [one for one, _seats in terms])
    made = offers.offer_position(
        enterprise=enterprise,
        title=POSTS[(place + ordinal) % len(POSTS)],
        base=base,
        majors=() if place % 3 == 0 else tuple(major for _c, _u, major, _n, _e, _f in PROGRAMMES),
        skills=world.made["skills"][place % 5 : place % 5 + 2],
        county_code=enterprise.region_code,
        description=DESCRIPTION,
        by=world.by,
        now=now,
    )
    for term, seats in terms:
        seating.set_seats(position=made, term=term, seats=seats, by=world.by, now=now)
        if base is not None:
            _signed(world, base, term.university_id)
        if base_queries.interest(enterprise.id, term.starts_on.year) is None:
            bases.state_interest(enterprise=enterprise, year=term.starts_on.year, is_interested=True, seats=seats, by=world.by, now=now)
    offers.submit_position(position=made, by=world.by, now=now)
    return approving.approve_position(position=made, by=world.by, now=now)


def _signed(world: World, base: Organisation, university_id: int) -> None:
    """A school that sends students to a base others build has signed there, too."""
    known = base_queries.agreements_of(base.id)
    if not known or any(row.university_id in (None, university_id) for row in known):
        return
    longest = known[0]
    bases.sign_agreement(
        base=base,
        university_id=university_id,
        title=longest.title,
        signed_on=longest.signed_on,
        since=longest.since,
        until=longest.until,
        topics=[AgreementTopic(topic) for topic in longest.topics],
        now=world.calendar.at(-1180),
        by=world.by,
    )


def _seen(world: World, enterprise: Organisation, terms: Sequence[Term]) -> None:
    """Enterprises without a base were inspected before each term, and an agreement covers it."""
    for one in terms:
        ahead = (one.starts_on - world.day).days - 45
        seen = min(ahead, -1)
        bases.record_inspection(
            base=enterprise,
            kind=InspectionKind.ON_SITE,
            on=world.calendar.plus(seen),
            inspectors="教务处、实践教学科",
            conclusion=Conclusion.PASSED,
            text="场地、设备、安全制度和指导力量符合接收实习学生的要求。",
            now=world.calendar.at(seen + 1),
            by=world.by,
        )
        bases.sign_agreement(
            base=enterprise,
            title=f"{enterprise.name}实习合作协议",
            signed_on=world.calendar.plus(seen),
            since=world.calendar.plus(seen),
            until=one.ends_on,
            topics=tuple(AgreementTopic),
            now=world.calendar.at(seen + 1),
            by=world.by,
        )


def term(world: World, university: int, code: str, title: str, starts_on: date, weeks: int, *, spare: int = 0) -> Term:
    """A term of a university from a Monday on; `spare` weeks more make up for public holidays."""
    return offers.create_term(
        university=world.universities[university],
        code=code,
        title=title,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=(weeks + spare) * 7 - 1),
        weeks=weeks,
        by=world.by,
        now=world.calendar.at(-1000),
    )


def history(world: World) -> None:
    """The graduated 卓越 classes of programmes 1 and 2: three terms at one enterprise each, 34 weeks.

    Three students of programme 2 broke off: fewer than 32 weeks (the known failure of criterion 7.2).
    """
    entry = world.calendar.graduated
    ends = world.calendar.graduates(entry)
    for place in (0, 1):
        starts = [ends - timedelta(days=7 * weeks) for weeks in (68, 40, 12)]
        starts = [day - timedelta(days=day.weekday()) for day in starts]
        terms = [
            term(world, place, f"{entry + 3}-{number}", f"{entry} 级企业学习第 {number} 阶段", day, weeks)
            for number, (day, weeks) in enumerate(zip(starts, (12, 12, 10), strict=True), start=1)
        ]
        world.made.setdefault("history_terms", {})[place] = terms
        hosts = (0, 1, 2, 3) if place == 0 else (1, 3, 13, 4)
        seats = -(-20 * world.scale // 4)
        early = world.calendar.at((starts[0] - world.day).days - 60)
        positions = [position(world, host, [(one, seats) for one in terms], early, ordinal=place) for host in hosts]
        for number, student in enumerate(world.students[place, entry][: 20 * world.scale]):
            at = positions[number % 4]
            world.made.setdefault("enterprise_of", {})[student.id] = at.enterprise_id
            is_short = place == 1 and number % 20 in (2, 9, 15)
            for one in terms:
                worked = working_days(one.starts_on, one.ends_on)
                lost = worked[-25:] if is_short and one is terms[-1] else ()
                placement = place_student(world, student, at, one, mentor_for(world, at, number // 4))
                log(world, placement, worked, number, Diary(absent=lost))
                end(world, placement, number)


def place_student(world: World, student: Student, at: Position, in_term: Term, mentor: Mentor) -> Placement:
    """A student placed directly, a month ahead, and begun on the first day."""
    placement = placing.place_student(
        student=student, position=at, term=in_term, mentor=mentor, by=world.by, now=instant(world, in_term.starts_on, -30)
    )
    begin(world, placement)
    return placement


def mentor_for(world: World, at: Position, number: int) -> Mentor:
    """A mentor of the position's enterprise; numbers go round all of them."""
    pool: list[Mentor] = world.made["mentors_of"][at.enterprise_id]
    return pool[number % len(pool)]


def instant(world: World, day: date, plus: int = 0) -> datetime:
    """Ten in the morning of a day (and some days more); never later than the demo's own morning."""
    return world.calendar.at(min(0, (day - world.day).days + plus))


def prepare(world: World, placement: Placement) -> None:
    """Accepted, signed by three parties, insured, trained in safety."""
    before = min(placement.starts_on - timedelta(days=14), world.day)
    now = instant(world, before)
    placing.accept_placement(placement=placement, by=world.by, now=now)
    for party, name in ((AgreementParty.SCHOOL, "教务处"), (AgreementParty.ENTERPRISE, "人力资源部"), (AgreementParty.STUDENT, "学生本人")):
        agreements.sign_placement(placement=placement, party=party, signed_name=name, signed_on=before, by=world.by, now=now)
    placing.record_insurance(
        placement=placement, policy_no=f"DEMO-{placement.id:06d}", since=placement.starts_on, until=placement.ends_on, by=world.by, now=now
    )
    placing.record_safety(placement=placement, trained_on=before, by=world.by, now=now)


def begin(world: World, placement: Placement) -> None:
    """Prepared, and started on its first day."""
    prepare(world, placement)
    placing.start_placement(placement=placement, today=placement.starts_on, by=world.by, now=instant(world, placement.starts_on))


def log(world: World, placement: Placement, worked: Sequence[date], number: int, diary: Diary = WHOLE) -> None:
    """The days with their notes and weekly logs, decided by the mentor but for those that wait."""
    logged = [day for day in worked if day not in diary.absent]
    if not logged:
        return
    last = logged[-1]
    days.log_week(
        placement=placement,
        days={day: NOTES[(number * 5 + step) % len(NOTES)] for step, day in enumerate(logged)},
        week=logged,
        today=last,
        by=world.by,
        now=instant(world, last),
    )
    _weekly(world, placement, logged, number)
    decided = logged[: len(logged) - diary.waiting]
    approved = [day for day in decided if day not in diary.rejected]
    for first in range(0, len(approved), diary.portion):
        part = approved[first : first + diary.portion]
        days.decide_days(placement=placement, days=part, is_approved=True, today=part[-1], by=world.by, now=instant(world, part[-1], 1))
    for day, reason in diary.rejected.items():
        days.decide_days(placement=placement, days=[day], is_approved=False, reason=reason, today=day, by=world.by, now=instant(world, day, 1))


def _weekly(world: World, placement: Placement, logged: Sequence[date], number: int) -> None:
    """A log for each week, with the mentor's comment under every third."""
    mondays = list(dict.fromkeys(day - timedelta(days=day.weekday()) for day in logged))
    for step, monday in enumerate(mondays):
        on = next(day for day in logged if day >= monday)
        tags = (list(LogTag)[(number + step) % 5], LogTag.PRACTICE)
        row = logs.save_weekly_log(
            placement=placement, on=on, text=WEEKLY[(number + step) % len(WEEKLY)], tags=tags, today=on, by=world.by, now=instant(world, on, 4)
        )
        if (number + step) % 3 == 0:
            logs.comment_week(log=row, comment=COMMENTS[(number + step) % len(COMMENTS)], by=world.by, now=instant(world, on, 6))


def grade(world: World, placement: Placement, number: int) -> None:
    """The mentor's mark and words, on the last day."""
    finishing.grade_placement(
        placement=placement,
        score_x10=760 + number * 37 % 210,
        comment=GRADES[number % len(GRADES)],
        today=placement.ends_on,
        by=world.by,
        now=instant(world, placement.ends_on),
    )


def end(world: World, placement: Placement, number: int) -> Placement:
    """Graded and finished: the day after the last."""
    grade(world, placement, number)
    day = placement.ends_on + timedelta(days=1)
    return finishing.finish_placement(placement=placement, today=day, by=world.by, now=instant(world, day))


def live(student: Student) -> list[Placement]:
    """A student's placements that stand, in time."""
    return list(queries.live_of_student(student.id))
