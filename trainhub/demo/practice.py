"""The demo's bases and mentors, and the placements that stand on them."""

from __future__ import annotations

from enterprises.bases import operations as bases
from enterprises.bases.types import AcceptanceStep, AgreementTopic, BaseType, Conclusion, InspectionKind, LeaderSide, Refusal
from enterprises.mentors import operations as mentors
from enterprises.placements import queries as placements
from trainhub.demo import daily, field, rounds
from trainhub.demo.field import POSTS
from trainhub.demo.ground import register, schools_of
from trainhub.demo.invented import BASES
from trainhub.demo.world import World
from trainhub.organisations.models import Organisation

SKILLS = ("数控加工", "工业机器人", "PLC", "嵌入式", "数据分析", "云平台运维", "质量管理", "工艺设计", "电池工艺", "电子商务运营")


def build(world: World) -> None:
    """In the order in which it could have happened."""
    world.made["skills"] = SKILLS
    _bases(world)
    _mentors(world)
    field.history(world)
    rounds.build(world)
    daily.build(world)
    _interest(world)


def _bases(world: World) -> None:
    calendar = world.calendar
    leaders, more = world.row_of_people(17, age_from=40, age_to=58), world.row_of_people(83, age_from=40, age_to=58)
    for place, (base, (_code, name, _region, types)) in enumerate(zip(world.bases, BASES, strict=True)):
        bases.open_base(
            base=base,
            by=world.by,
            now=calendar.at(-1190),
            opened_on=calendar.plus(-1180),
            capacity_per_term=80 * world.scale,
            facilities="实训车间 1200 平方米，工位 80 个，教室 3 间，配有安全员。",
            summary=f"{name}由校企双方共建，承担企业培养方案中的实践教学。",
            startup_entities=26 if "incubation_base" in types else None,
            workers=100 if "rural_park" in types else None,
            area_new_m2=3200 if "incubator" in types else None,
        )
        for ago in (1182, 830, 480, 130):
            is_second = place == 2 and ago == 1182
            bases.record_inspection(
                base=base,
                kind=InspectionKind.ON_SITE,
                on=calendar.plus(-ago),
                inspectors="教务处、实践教学科",
                conclusion=Conclusion.CONDITIONAL if is_second else Conclusion.PASSED,
                findings=("补装冲压工位的防护罩",) if is_second else (),
                due_on=calendar.plus(-1150) if is_second else None,
                text="场地、设备、安全制度和指导力量符合接收实习学生的要求。",
                by=world.by,
                now=calendar.at(-ago + 2),
            )
        for kind in types:
            bases.add_type(base=base, type=BaseType(kind), since=calendar.plus(-1180), by=world.by, now=calendar.at(-1180))
        schools = schools_of(world, place)
        for side, school in [*((LeaderSide.SCHOOL, school) for school in schools[:1]), (LeaderSide.ENTERPRISE, None)]:
            bases.add_leader(
                base=base,
                person=register(world, next(leaders)),
                side=side,
                university_id=school.id if school else None,
                post="教务处处长" if side is LeaderSide.SCHOOL else "副总经理",
                since=calendar.plus(-1180),
                by=world.by,
                now=calendar.at(-1180),
            )
        for school in schools[1:]:
            bases.add_leader(
                base=base,
                person=register(world, next(more)),
                side=LeaderSide.SCHOOL,
                university_id=school.id,
                post="教务处处长",
                since=calendar.plus(-1180),
                by=world.by,
                now=calendar.at(-1180),
            )
        signing: list[Organisation | None] = [*schools] or [None]
        for school in signing if place != 6 else ():
            ends = calendar.plus(85) if place == 5 else calendar.plus(1200)
            bases.sign_agreement(
                base=base,
                university_id=school.id if school else None,
                title=f"{name}合作教育协议",
                signed_on=calendar.plus(-1185),
                since=calendar.plus(-1180),
                until=ends,
                topics=tuple(AgreementTopic) if place != 5 else tuple(AgreementTopic)[:3],
                by=world.by,
                now=calendar.at(-1180),
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


def _interest(world: World) -> None:
    """What the enterprises say for the demo's year: all take students but two that offer nothing in it."""
    offering = placements.enterprises_offering(world.day.year)
    silent = [enterprise.id for enterprise in reversed(world.enterprises) if enterprise.id not in offering][:2]
    for place, enterprise in enumerate(world.enterprises):
        takes = enterprise.id not in silent
        bases.state_interest(
            enterprise=enterprise,
            year=world.day.year,
            is_interested=takes,
            seats=(8 + place % 3 * 4) * world.scale if takes else None,
            reasons=() if takes else (Refusal.NO_MENTORS, Refusal.COST),
            by=world.by,
            now=world.calendar.at(-200),
        )
