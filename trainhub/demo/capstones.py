"""What surrounds the demo's capstones: rubric, reviews, defences, third grade, moderation, appeal, archive, a round, a spot check."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from enterprises.capstones import queries
from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.operations import (
    archive,
    ask_into_team,
    ask_review,
    ask_third,
    comment,
    create_choices,
    draw,
    extend,
    form_group,
    form_team,
    give_opinion,
    hand_in,
    hand_in_anonymous,
    join_team,
    last_year,
    moderate,
    open_choices,
    publish_timetable,
    save_choices,
    save_wishes,
    send_to_experts,
    set_windows,
    sign_review,
    supply_anonymous,
    timetable,
)
from enterprises.capstones.types import ReviewKind, RoundKind, SpotVerdict, Stage, SupervisorRole, Verdict, WindowStage
from trainhub.demo.accounts import JUDGES, PASSWORD, READERS
from trainhub.demo.ground import register
from trainhub.demo.world import World
from trainhub.identity import operations as identity
from trainhub.identity import queries as accounts
from trainhub.kernel.access import Role
from trainhub.organisations import queries as organisations
from trainhub.people.models import Person

SPANS = (
    (WindowStage.TASK_BOOK, -120, -60),
    (WindowStage.OPENING, -110, -30),
    (WindowStage.MIDTERM, -60, 10),
    (WindowStage.DRAFT, -60, 25),
    (WindowStage.SIMILARITY, -40, 35),
    (WindowStage.THESIS, -40, 30),
    (WindowStage.REVIEW, -30, 38),
    (WindowStage.DEFENCE, -30, 45),
    (WindowStage.GRADING, -60, 50),
)


def _times(world: World, ago: int = 0) -> dict[str, Any]:
    return {"today": world.calendar.plus(-ago), "now": world.calendar.at(-ago)}


def _people(world: World, place: int) -> list[Person]:
    return [world.made["person_of"](t.person_id) for t in world.teachers[place] if t.kind.value == "full_time"]


def judge(world: World, running: dict[int, Capstone]) -> None:
    """Reviews, a timetable, a third grade and a moderation among the running capstones of programme 3."""
    teachers, supervisor = _people(world, 2), world.made["person_of"](world.teachers[2][1].person_id)
    others = [person for person in teachers if person.id != supervisor.id]
    _give_accounts(world, others)
    submitted = [running[number] for number in (1, 2, 13) if number in running]
    paper = world.made["thesis"].id
    for capstone in submitted:
        student = world.acting(queries.person_of_student(capstone))
        hand_in(capstone=capstone, stage=Stage.SIMILARITY, file_id=paper, similarity_x10=126, by=student, now=world.calendar.at(-12))
        hand_in_anonymous(capstone=capstone, file_id=paper, by=student, now=world.calendar.at(-11))
    have = accounts.accounts_of_persons(person.id for person in others)
    signing, asked = [person for person in others if person.id in have], {}
    for capstone, reviewer, kind in zip(
        submitted, (signing[0], signing[1], supervisor), (ReviewKind.BLIND, ReviewKind.CROSS, ReviewKind.CROSS), strict=False
    ):
        if reviewer.id in queries.barred_from(capstone):
            reviewer = next(person for person in signing if person.id not in queries.barred_from(capstone))
        asked[capstone.id] = ask_review(capstone=capstone, person=reviewer, kind=kind, due_on=world.calendar.plus(9), by=world.by, **_times(world, 8))
    first = asked[submitted[0].id]
    sign_review(
        review=first, score=86, verdict=Verdict.PASS, comment="选题来自现场，方案有对照试验，数据可信；图 4-3 需补充样本量，其余按意见修改后可以答辩。",
        by=world.acting(first.person_id), **_times(world, 4),
    )  # fmt: skip
    cohort = world.cohorts[2, world.calendar.final_entry]
    form_group(
        cohort=cohort, name="第一答辩组", room="实验楼 A305", on=world.calendar.plus(12), starts_minute=8 * 60 + 30, minutes_each=30, chair=others[2],
        members=others[3:5] or others[:2], secretary=supervisor, by=world.by, now=world.calendar.at(-3),
    )  # fmt: skip
    timetable(cohort=cohort, by=world.by, **_times(world, 2))
    publish_timetable(cohort=cohort, by=world.by, now=world.calendar.at(-1))
    if 15 in running:
        third = next(person for person in (supervisor, *signing) if person.id not in queries.barred_from(running[15]))
        ask_third(capstone=running[15], person=third, by=world.by, **_times(world, 3))
    if 16 in running:
        moderate(capstone=running[16], reason="校内评分与同组其他学生相比明显偏高，请学院复核。", by=world.by, now=world.calendar.at(-2))
    _talk(world, running)
    if 10 in running:
        _wish(world, running[10])


def _wish(world: World, capstone: Capstone) -> None:
    """A student without supervisors says whom he would like."""
    me = world.acting(queries.person_of_student(capstone))
    for role in SupervisorRole:
        people = [one.person_id for one in queries.wishable(capstone, role, world.day)][1:3]
        save_wishes(capstone=capstone, role=role, person_ids=people, by=me, **_times(world, 1))


def _talk(world: World, running: dict[int, Capstone]) -> None:
    """A comment on a draft, more time for one student, the windows of the cohort."""
    cohort = world.cohorts[2, world.calendar.final_entry]
    days = {stage: (world.calendar.plus(first), world.calendar.plus(last)) for stage, first, last in SPANS}
    drafting = running[0]
    draft = next(paper for paper, _file in queries.papers_of(drafting.id) if paper.stage is Stage.DRAFT)
    school = queries.live_supervision(drafting.id, SupervisorRole.SCHOOL)
    assert school is not None
    comment(
        paper=draft, text="第三章先写清误判的定义，再给样本量；图 3-2 的坐标缺单位。", by=world.acting(school.person_id), now=world.calendar.at(-6)
    )
    set_windows(cohort=cohort, windows=days, by=world.by, now=world.calendar.at(-20))
    extend(
        capstone=running[6], stage=WindowStage.THESIS, until=world.calendar.plus(44), reason="企业产线停机检修两周，现场试验顺延。", by=world.by,
        now=world.calendar.at(-5),
    )  # fmt: skip


def choose(world: World, topics: list[Topic]) -> None:
    """An open round for the students who have no capstone yet, with a team and some choices."""
    cohort = world.cohorts[2, world.calendar.final_entry]
    free = [student for student, _person in queries.without_capstone(cohort.id)]
    start = world.calendar.plus(20)
    row = create_choices(
        cohort=cohort, kind=RoundKind.FIRST, opens_on=world.calendar.plus(-4), closes_on=world.calendar.plus(10), starts_on=start,
        ends_on=start + timedelta(days=110), by=world.by, now=world.calendar.at(-5),
    )  # fmt: skip
    open_choices(round=row, by=world.by, now=world.calendar.at(-4))
    if len(free) < 4 or len(topics) < 3:
        return
    leader, mate = free[0], free[1]
    me, other = world.acting(leader.person_id), world.acting(mate.person_id)
    team = form_team(round=row, leader=leader, name="视觉检测小组", by=me, now=world.calendar.at(-3))
    ask_into_team(team=team, student=mate, by=me, now=world.calendar.at(-3))
    join_team(team=team, student=mate, by=other, now=world.calendar.at(-2))
    save_choices(round=row, student=leader, topic_ids=[topics[0].id, topics[1].id], by=me, now=world.calendar.at(-2))
    for at, student in enumerate(free[2:5]):
        wanted = [topics[(at + shift) % len(topics)].id for shift in range(3)]
        save_choices(round=row, student=student, topic_ids=wanted, by=world.acting(student.person_id), now=world.calendar.at(-1))


def conclude(world: World, done: list[Capstone]) -> None:
    """Some of the graduates' capstones in the archive, and a spot check of a year with opinions that called further experts."""
    settled = [row for row in done if row.finished_on is not None and row.finished_on < world.calendar.plus(-60)]
    for capstone in settled[:8]:
        archive(capstone=capstone, by=world.by, **_times(world, 30))
    university, last = world.universities[0], last_year(world.calendar.plus(-20))
    if not queries.passed_in(university.id, last):
        return  # until September the youngest graduates' academic year runs: nothing of it is drawn yet
    row = draw(university=university, year=last, percent=8, by=world.by, **_times(world, 20))
    readers, first = _readers(world), world.persons["expert"]
    items = queries.spot_items(row.id)
    for number, (item, _capstone, _opinions) in enumerate(items[:2]):
        supply_anonymous(item=item, file_id=world.made["thesis"].id, by=world.by, now=world.calendar.at(-19))
        experts = [readers[number], readers[number + 1], first]
        send_to_experts(item=item, people=experts, by=world.by, **_times(world, 18))
        for at, (opinion, _name) in enumerate(queries.opinions_of(item.id)):
            if number == 1 and at == 2:
                continue
            verdict = SpotVerdict.UNQUALIFIED if number == 0 and at == 1 else SpotVerdict.QUALIFIED
            said = "关键试验没有对照，结论依据不足。" if verdict is SpotVerdict.UNQUALIFIED else "选题有工程价值，工作量饱满，写作规范。"
            give_opinion(opinion=opinion, verdict=verdict, comment=said, by=world.acting(opinion.person_id), **_times(world, 10 - at))


def _readers(world: World) -> list[Person]:
    """Further experts with accounts of their own: three read a thesis, two more when one of them objects."""
    row, group = world.row_of_people(47, age_from=42, age_to=60), organisations.by_code("DEMO-EXPERTS")
    assert group is not None
    found = []
    for name in READERS:
        person = register(world, next(row))
        _give_account(world, person, name, Role.EXPERT, group.id)
        found.append(person)
    return found


def _give_accounts(world: World, teachers: list[Person]) -> None:
    """Accounts for teachers who review: who has none could not sign."""
    have = accounts.accounts_of_persons(person.id for person in teachers)
    for name, person in zip(JUDGES, [person for person in teachers if person.id not in have], strict=False):
        _give_account(world, person, name, Role.LECTURER, world.universities[2].id)


def _give_account(world: World, person: Person, name: str, role: Role, organisation_id: int) -> None:
    account = identity.create_account(
        person=person, display_name=person.name, username=name, password=PASSWORD, by=world.by, now=world.calendar.at(-300)
    )
    identity.grant_role(
        account=account, role=role, by=world.by, today=world.day, now=world.calendar.at(-300), since=world.calendar.plus(-300),
        organisation_id=organisation_id,
    )  # fmt: skip
