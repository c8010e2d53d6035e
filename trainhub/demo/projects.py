"""The demo's capstones, in every state, and the awards of its bases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO

from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.operations import adopt_rubric, assigning, concluding, grading, guiding, topics, working
from enterprises.capstones.types import EvidenceKind, RubricItem, Side, Stage, SupervisorRole
from trainhub.demo import capstones
from trainhub.demo.capstone_texts import TOPICS
from trainhub.demo.ground import graduate
from trainhub.demo.rounds import LAST, NOW
from trainhub.demo.world import World
from trainhub.kernel import files
from trainhub.kernel.access import Identity
from trainhub.kernel.files import StoredFile
from trainhub.oversight.chains import operations as chain_operations
from trainhub.oversight.chains import queries as chain_queries
from trainhub.people.models import Student
from trainhub.programmes import queries as programme_queries

GUIDANCE = ("讨论方案与技术路线", "检查实验数据", "评审中期进展", "修改论文结构", "现场调试指导", "核对测试结果", "审阅论文初稿", "准备答辩")


FROM = (0, 20, 40)
"""Where the topics of each programme begin: most differ, some come back from the years before."""


def build(world: World) -> None:
    """Finished capstones of the graduated classes, running ones of the final cohort, then graduation."""
    world.made["evidence"] = _paper(world, "企业项目任务书（演示）")
    world.made["thesis"] = _paper(world, "毕业设计说明书（演示）")
    _rubric(world)
    done = _graduated(world)
    running, offered = _running(world)
    capstones.judge(world, running)
    capstones.choose(world, offered)
    graduate(world)
    _certify(world)
    capstones.conclude(world, done)


def _rubric(world: World) -> None:
    """Programme 3 ties what is graded to its indicator points; the others grade by the policy's four items."""
    version = programme_queries.version_for(world.programmes[2].id, world.calendar.final_entry)
    points = [point.number for _version, _number, point in programme_queries.points_of_versions([version.id])] if version else []
    if version is None or len(points) < 4:
        return
    items = [
        {"code": item.value, "label": label, "hint": hint, "weight": weight, "points": points[at::4][:3]}
        for at, (item, label, hint, weight) in enumerate(
            (
                (RubricItem.TOPIC, "选题与调研", "问题来自工程实践，调研充分，目标明确", 20),
                (RubricItem.WORK, "方案与实现", "方案合理，能综合运用知识，过程规范", 30),
                (RubricItem.RESULT, "成果与应用价值", "完成任务书要求，成果对企业有用", 30),
                (RubricItem.REPORT, "报告与答辩", "论文规范，表达清楚，能回答问题", 20),
            )
        )
    ]
    weights = {"school": 50, "enterprise": 50, "review": 0, "defence": 0}
    adopt_rubric(version=version, items=items, weights=weights, by=world.by, now=world.calendar.at(-300))


def _certify(world: World) -> None:
    """Who of the graduated classes has course, enterprise learning and capstone gets the programme certificate on graduation day."""
    entry = world.calendar.graduated
    day = world.calendar.graduates(entry)
    for place in (0, 1):
        programme = world.programmes[place]
        chains = chain_queries.chains_of_programme(programme, on=day, cohort_id=world.cohorts[place, entry].id)
        chain_operations.issue(programme=programme, chains=chains, by=world.by, today=day, now=_at(world, day))


def _paper(world: World, title: str) -> StoredFile:
    """A one-page PDF of the demo's own."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    from trainhub.kernel import fonts

    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    font = fonts.text_font("sans")
    pdfmetrics.registerFont(TTFont("demo", str(font.path)))
    canvas.setFont("demo", 20)
    canvas.drawString(72, 740, title)
    canvas.save()
    return files.keep_bytes(
        buffer.getvalue(), name=f"{title}.pdf", kind="capstone", media_type="application/pdf", by=world.by, now=world.calendar.at(-600)
    )


def _at(world: World, day: date) -> datetime:
    return world.calendar.at((day - world.day).days)


def _topic(world: World, place: int, enterprise_id: int, number: int, day: date, *, approve: bool = True, seats: int = 1) -> Topic:
    enterprise = next(e for e in world.enterprises if e.id == enterprise_id)
    now = _at(world, day)
    title, problem = TOPICS[(FROM[place] + number) % len(TOPICS)]
    topic = topics.propose_topic(
        enterprise=enterprise,
        programme_id=world.programmes[place].id,
        title=f"{title}（课题 {number + 1:02d}）",  # no name: a blind reviewer reads it
        problem=problem,
        evidence="企业立项文件与任务书",
        evidence_kind=EvidenceKind.ENTERPRISE_PROJECT,
        evidence_file_id=world.made["evidence"].id,
        skills=("实验设计", "数据分析"),
        seats=seats,
        team_most=min(seats, 2),
        proposing_side=Side.ENTERPRISE,
        by=world.by,
        today=day,
        now=now,
    )
    if approve:
        topics.approve_topic(topic=topic, side=Side.SCHOOL, by=world.by, today=day, now=now)
    return topic


def _capstone(world: World, student: Student, topic: Topic, starts_on: date, ends_on: date) -> Capstone:
    return assigning.assign_capstone(
        student=student,
        topic=topic,
        starts_on=starts_on,
        ends_on=ends_on,
        place="企业研发中心",
        by=world.by,
        today=starts_on - timedelta(days=10),
        now=_at(world, starts_on - timedelta(days=10)),
    )


def _supervise(world: World, capstone: Capstone, place: int, number: int, day: date) -> tuple[Identity, Identity]:
    """A teacher of the programme and a mentor of the enterprise; returns them as those who act."""
    teachers = [t for t in world.teachers[place] if t.kind.value == "full_time"]
    teacher = world.teachers[2][1] if place == 2 and number < 5 else teachers[number % len(teachers)]
    pool = world.made["mentors_of"][capstone.enterprise_id]
    mentor = pool[0] if place == 2 and number == 0 else pool[1 + number // 4 % (len(pool) - 1)]
    for role, person_id in ((SupervisorRole.SCHOOL, teacher.person_id), (SupervisorRole.ENTERPRISE, mentor.person_id)):
        assigning.assign_supervisor(
            capstone=capstone, role=role, person=world.made["person_of"](person_id), by=world.by, today=day, now=_at(world, day)
        )
    return world.acting(teacher.person_id), world.acting(mentor.person_id)


def _guide(world: World, capstone: Capstone, school: Identity, mentor: Identity, student: Identity, first: date, times: int, step: int = 7) -> None:
    for turn in range(times):
        for role, who, shift in ((SupervisorRole.SCHOOL, school, 0), (SupervisorRole.ENTERPRISE, mentor, 2)):
            day = first + timedelta(days=turn * step + shift)
            entry = guiding.log_guidance(
                capstone=capstone, role=role, on=day, content=GUIDANCE[turn % len(GUIDANCE)], by=who, today=day, now=_at(world, day)
            )
            guiding.confirm_guidance(entry=entry, by=student, now=_at(world, day))


def _points(number: int, shift: int) -> dict[RubricItem, int]:
    return {item: 74 + (number * 7 + place * 5 + shift) % 22 for place, item in enumerate(RubricItem)}


def _graduated(world: World) -> list[Capstone]:
    """Every student of the two graduated 卓越 classes: topic, both supervisors, guidance, both grades, result."""
    entry, done = world.calendar.graduated, []
    for place in (0, 1):
        term = world.made["history_terms"][place][-1]
        for number, student in enumerate(world.students[place, entry][: 20 * world.scale]):
            starts, ends = term.starts_on, term.ends_on
            enterprise_id = world.made["enterprise_of"][student.id]
            topic = _topic(world, place, enterprise_id, number, starts - timedelta(days=30))
            capstone = _capstone(world, student, topic, starts, ends)
            school, mentor = _supervise(world, capstone, place, number, starts - timedelta(days=7))
            me = world.acting(student.person_id)
            _guide(world, capstone, school, mentor, me, starts + timedelta(days=1), 8)
            working.submit_thesis(capstone=capstone, file_id=world.made["thesis"].id, by=me, now=_at(world, ends - timedelta(days=4)))
            day = ends - timedelta(days=2)
            grading.grade(
                capstone=capstone,
                role=SupervisorRole.SCHOOL,
                points=_points(number, 0),
                comment="达到任务书要求。",
                by=school,
                today=day,
                now=_at(world, day),
            )
            grading.grade(
                capstone=capstone,
                role=SupervisorRole.ENTERPRISE,
                points=_points(number, 3),
                comment="解决了现场问题。",
                by=mentor,
                today=day,
                now=_at(world, day),
            )
            concluding.finish(capstone=capstone, by=world.by, today=ends, now=_at(world, ends))
            done.append(capstone)
    return done


def _running(world: World) -> tuple[dict[int, Capstone], list[Topic]]:
    """The final cohort of programme 3: capstones in every state by their number, topics with seats, and topics that wait.

    Most lie in the term that has just ended, so that they are covered by placements; those that have hardly begun run beyond
    every placement, and one that is passed began before its author came to the enterprise: its certificate waits (8.2).
    """
    students = world.students[2, world.calendar.final_entry]
    last, now = world.made["terms"][LAST], world.made["terms"][NOW]
    week = timedelta(days=7)
    covered = (last.starts_on + week, last.ends_on)
    spans = {
        0: (last.starts_on + week, now.starts_on + timedelta(days=4)),
        **dict.fromkeys((1, 2, 3, 4, 12, 13, 15, 16), covered),
        **dict.fromkeys((5, 6), (last.starts_on + 3 * week, now.starts_on + 6 * week)),
        **dict.fromkeys((7, 8, 9, 10, 11), (now.starts_on, now.starts_on + 20 * week)),
        14: (last.starts_on - 6 * week, last.ends_on - 2 * week),
    }
    running: dict[int, Capstone] = {}
    for number, (starts, ends) in spans.items():
        student = students[number]
        topic = _topic(world, 2, world.made["enterprise_of"][student.id], number, starts - timedelta(days=20))
        capstone = running[number] = _capstone(world, student, topic, starts, ends)
        if number == 11:
            assigning.withdraw(capstone=capstone, reason="学生应征入伍，保留学籍。", by=world.by, today=starts, now=_at(world, starts))
        elif number != 10:
            school, mentor = _supervise(world, capstone, 2, number, starts - timedelta(days=5))
            _advance(world, capstone, number, world.acting(student.person_id), school, mentor)
    for number in range(3):
        _topic(world, 2, world.enterprises[(0, 2, 5)[number]].id, 20 + number, world.calendar.plus(-9), approve=False)
    offered = [_topic(world, 2, world.enterprises[(0, 2, 5, 7)[number]].id, 30 + number, world.calendar.plus(-25), seats=2) for number in range(4)]
    refused = _topic(world, 2, world.enterprises[7].id, 40, world.calendar.plus(-18), approve=False)
    topics.refuse_topic(
        topic=refused,
        side=Side.SCHOOL,
        reason="题目只涉及文献综述，没有现场问题和可验证的结果，请企业补充后重新提出。",
        by=world.by,
        now=world.calendar.at(-12),
    )
    return running, offered


SUBMITTED, GRADED_ONCE, FAR_APART = (1, 13), (2,), 15
PASSED, FAILED = (4, 14), 12


def _advance(world: World, capstone: Capstone, number: int, me: Identity, school: Identity, mentor: Identity) -> None:
    """How far each one is: just begun (7, 8, 9), opened (5), midterm (6), thesis still to come (0), submitted (1, 13), graded by one
    side (2), by both (3, 15 far apart, 16 to be looked at again), passed (4, 14), failed (12)."""
    paper, starts = world.made["thesis"].id, capstone.starts_on
    if number in (7, 8, 9):
        return
    working.hand_in(capstone=capstone, stage=Stage.TASK_BOOK, file_id=paper, by=mentor, now=_at(world, starts + timedelta(days=2)))
    _guide(world, capstone, school, mentor, me, starts + timedelta(days=1), 8 if number not in (5, 6) else 4)
    for stage, after in ((Stage.OPENING, 14), (Stage.MIDTERM, 35)):
        if number == 5 and stage is Stage.MIDTERM:
            return
        day = starts + timedelta(days=after)
        working.hand_in(capstone=capstone, stage=stage, file_id=paper, by=me, now=_at(world, day))
        working.pass_stage(capstone=capstone, stage=stage, by=school, now=_at(world, day + timedelta(days=1)))
    if number == 6:
        return
    day = starts + timedelta(days=62)
    if number == 0:
        working.hand_in(capstone=capstone, stage=Stage.DRAFT, file_id=paper, by=me, now=_at(world, day))
        _talk(world, capstone, school, mentor)
        return
    working.submit_thesis(capstone=capstone, file_id=paper, by=me, now=_at(world, day))
    sides = () if number in SUBMITTED else (SupervisorRole.SCHOOL,) if number in GRADED_ONCE else tuple(SupervisorRole)
    for role, shift, comment, who in (
        (SupervisorRole.SCHOOL, 2, "选题来自产线，数据充分，论证清楚；第四章的误差分析可以再深入。", school),
        (SupervisorRole.ENTERPRISE, 3, "方案已在一条产线试运行两周，误报明显减少，同意通过。", mentor),
    ):
        if role in sides:
            points = dict.fromkeys(RubricItem, 48 + shift) if number == FAILED else _points(number, shift)
            if number == FAR_APART and role is SupervisorRole.SCHOOL:
                points = dict.fromkeys(RubricItem, 64)
            text = "关键试验没有重复，结论不能支持，须补做后重新答辩。" if number == FAILED else comment
            grading.grade(capstone=capstone, role=role, points=points, comment=text, by=who, today=day, now=_at(world, day))
    if number in (*PASSED, FAILED):
        done = day + timedelta(days=6)
        concluding.finish(capstone=capstone, by=world.by, today=done, now=_at(world, done))


def _talk(world: World, capstone: Capstone, school: Identity, mentor: Identity) -> None:
    """The latest guidance of both sides, which the student has still to confirm."""
    for role, who, ago, content in (
        (SupervisorRole.ENTERPRISE, mentor, 4, "核对三班次误报统计：夜班误报集中在 2 点至 4 点，与环境光变化吻合，说明书中补一张对照图。"),
        (SupervisorRole.SCHOOL, school, 2, "初稿结构完整。摘要写清样本量与误判率下降幅度，参考文献按国标格式修改后即可提交。"),
    ):
        day = max(capstone.starts_on, world.calendar.plus(-ago))
        guiding.log_guidance(capstone=capstone, role=role, on=day, content=content, by=who, today=day, now=_at(world, day))
