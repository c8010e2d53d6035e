"""The demo's assignments, gradebook and credit recognition: one graded by rubric, one under peer review, one application open."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from courses.assignments.models import Assignment, Submission
from courses.assignments.operations import grading, handing_in, releasing, setup
from courses.assignments.operations import peers as reviewing
from courses.assignments.queries import peers, work
from courses.assignments.types import Marking, Rubric
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.operations import content
from courses.catalogue.types import BlockKind
from courses.curriculum import marking
from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curricula
from courses.curriculum.types import AssessmentKind, CourseCategory
from courses.gradebook import feed_queries
from courses.gradebook import queries as gradebooks
from courses.gradebook.operations import books, feeding, grades
from courses.gradebook.types import GradeKind
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from courses.recognition import operations as recognition
from courses.recognition import queries as recognised
from trainhub.demo.world import World
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

PLAN_RUBRIC: list[dict[str, Any]] = [
    {
        "key": "c1",
        "title": "需求分析",
        "description": "说清采集什么、为什么采集、给谁用",
        "max_x10": 300,
        "levels": [{"title": title, "points_x10": points} for title, points in (("优", 300), ("良", 250), ("及格", 180), ("不及格", 60))],
    },
    {
        "key": "c2",
        "title": "技术方案",
        "description": "协议、网关和点表合理，能够实施",
        "max_x10": 500,
        "levels": [{"title": title, "points_x10": points} for title, points in (("优", 500), ("良", 410), ("及格", 310), ("不及格", 100))],
    },
    {"key": "c3", "title": "表达规范", "description": "", "max_x10": 200, "levels": []},
]
REVIEW_RUBRIC: list[dict[str, Any]] = [
    {"key": "c1", "title": "选型依据", "description": "指标与现场条件对得上", "max_x10": 600, "levels": []},
    {"key": "c2", "title": "风险与对策", "description": "", "max_x10": 400, "levels": []},
]
PLANS = (
    "本方案面向冲压车间的六台压力机。采集主轴电流、滑块位置和油温，用于判断模具磨损，使用者是设备科和班组长。\n\n"
    "现场控制器支持 OPC UA，网关以 1 秒周期订阅，断网时本地缓存 24 小时，恢复后补传。\n\n点表共 42 点，按设备、部件、量纲统一命名。",
    "我们小组选择装配线的拧紧工位。关键是把扭矩曲线与工件条码对应起来，追溯每一颗螺钉。\n\n"
    "拧紧枪控制器走 Open Protocol，经边缘网关转为 MQTT，主题按产线/工位/设备三级划分。\n\n数据保存两年，异常曲线自动推送给质检员。",
    "方案采集注塑机的料筒温度、注射压力和周期时间，目标是把换模后的首件合格时间缩短三成。\n\n"
    "旧机型没有网口，用串口转以太网模块读取 Modbus 寄存器，采样周期 5 秒。\n\n存在的问题是时钟不同步，计划用网关统一对时。",
)
REPORTS = (
    "候选网关三款，按接口数量、协议、工作温度和价格打分。车间有油雾和振动，因此优先选无风扇、宽温的型号。\n\n"
    "主要风险是串口数量不足，对策是增加一个串口服务器，并预留两路。",
    "本报告比较了两款网关在断网缓存上的差别：甲款靠外接存储卡，乙款内置 32 GB 闪存。\n\n考虑到现场经常停电，选择乙款，并配备小型不间断电源。",
    "选型从点数出发：全线 380 个点，一秒一次，约 2 MB/分钟。网关的处理能力留一倍余量。\n\n风险是供应商停产，要求提供备件五年。",
)
COMMENTS = ("现场条件写得具体，建议补充打分的权重来源。", "比较清楚，风险部分可以再写可能性和影响。", "数据量估算很好，建议说明网关余量怎样验证。")


def build(world: World) -> None:
    """Assignments and a gradebook in the first course, recognition in the third programme."""
    run = catalogue.run_by_id(world.made["run_ids"][0])
    assert run is not None
    section = content.add_section(run=run, title="课程作业", by=world.by, now=world.calendar.at(-60))
    people = [session().get_one(Enrolment, key) for key, *_rest in session().execute(gradebooks.learners(run.id))]
    people.sort(key=lambda row: (row.person_id != world.persons["student"].id, row.id))
    _graded(world, run, section, people[:14])
    _under_review(world, run, section, people[:10])
    _open(world, section, people)
    _book(world, run)
    _recognition(world)
    _plan_marks(world, run)


def _teacher(world: World) -> Identity:
    return world.acting(world.persons["lecturer"].id)


def _block(world: World, section: Any, title: str, body: str) -> Any:
    now = world.calendar.at(-60)
    unit = content.add_unit(section=section, title=title, by=world.by, now=now)
    return content.add_block(unit=unit, kind=BlockKind.ASSIGNMENT, title=title, body=body, is_graded=True, by=world.by, now=now)


def _hand_in(world: World, task: Assignment, enrolment: Enrolment, text: str, days: int, hour: int) -> Submission:
    me, now = world.acting(enrolment.person_id), world.calendar.at(days, hour)
    row = handing_in.open_draft(assignment=task, person_id=enrolment.person_id, by=me, now=now)
    given: dict[str, Any] = {"assignment": task, "submission": row, "by": me, "now": now}
    handing_in.save_draft(text=text, version=None, person_id=enrolment.person_id, **given)
    handing_in.submit(enrolment=enrolment, **given)
    return row


def _graded(world: World, run: Run, section: Any, people: list[Enrolment]) -> None:
    """Handed in, most of it graded by rubric and released; two wait for the lecturer."""
    block = _block(
        world, section, "作业一　产线数据采集方案", "选择一条你熟悉的产线，写一份**数据采集方案**：采集什么、为什么、怎样采集。约 600 字，分段书写。"
    )
    setup.save(
        block=block,
        version=None,
        by=world.by,
        now=world.calendar.at(-60),
        rubric=PLAN_RUBRIC,
        file_kinds=["pdf", "word", "image"],
        max_files=3,
        due_at=world.calendar.at(-20, 16),
        cutoff_at=world.calendar.at(-13, 16),
        grace_hours=2,
        percent_per_day=5,
        checks_likeness=True,
    )
    task, teacher = work.assignment_of(block.id), _teacher(world)
    assert task is not None
    rubric = Rubric.of(PLAN_RUBRIC)
    for number, enrolment in enumerate(people):
        row = _hand_in(
            world, task, enrolment, PLANS[number % len(PLANS)] + f"\n\n补充：本人负责第 {number + 1} 组设备。", -21 if number % 5 else -19, 2
        )
        if number in (3, 8):
            continue
        points = {one.key: one.levels[number % 3].points_x10 if one.levels else 130 + 5 * (number % 14) for one in rubric.criteria}
        grading.grade(submission=row, version=None, marking=Marking(points, "方案可行，注意点表命名。"), by=teacher, now=world.calendar.at(-12))
        if number < 3:
            grading.add_comment(submission=row, body="这里请写出采样周期的依据。", paragraph=2, by=teacher, now=world.calendar.at(-12))
    releasing.release(assignment=task, by=teacher, now=world.calendar.at(-10))


def _under_review(world: World, run: Run, section: Any, people: list[Enrolment]) -> None:
    """Due two days ago, given out to the peers, a part of the reviews written."""
    block = _block(
        world, section, "作业二　边缘网关选型报告（同伴互评）", "为作业一的产线选择一款**边缘网关**，说明依据、风险和对策。正文请不要写姓名、学号。"
    )
    setup.save(
        block=block,
        version=None,
        by=world.by,
        now=world.calendar.at(-60),
        rubric=REVIEW_RUBRIC,
        file_kinds=[],
        due_at=world.calendar.at(-2, 1),
        peers=2,
        peers_needed=2,
        peer_due_at=world.calendar.at(6, 15),
        has_self_review=True,
    )
    task = work.assignment_of(block.id)
    assert task is not None
    example = Marking({"c1": 450, "c2": 250}, "依据充分；风险只列了名称，没有对策。")
    text = "选择甲款网关：八路串口，工作温度 -20 到 60 度。\n\n风险：可能断网；可能停电。"
    setup.add_example(assignment=task, title="往届报告（节选）", text=text, marking=example, by=_teacher(world), now=world.calendar.at(-30))
    for number, enrolment in enumerate(people):
        _hand_in(world, task, enrolment, REPORTS[number % len(REPORTS)], -4 + number % 2, 3)
    reviewing.begin(assignment=task, by=world.by, now=world.calendar.at(-2, 2))
    mine = world.persons["student"].id
    sample = peers.examples_of(task.id)[0]
    for number, enrolment in enumerate(people):
        if enrolment.person_id == mine or number % 3 == 2:
            continue
        me, now = world.acting(enrolment.person_id), world.calendar.at(-1, 3)
        given = Marking({"c1": 400 + 10 * number, "c2": 240})
        reviewing.calibrate(example=sample, assignment=task, person_id=enrolment.person_id, marking=given, by=me, now=now)
        for review in peers.reviews_by(task.id, enrolment.person_id)[: 2 + number % 2]:
            found = peers.review_by_id(review.id)
            assert found is not None
            marking = Marking({"c1": 460 + 10 * (review.id % 9), "c2": 280 + 10 * (review.id % 7)}, COMMENTS[review.id % len(COMMENTS)])
            reviewing.write(review=found, version=None, marking=marking, by=me, now=now + timedelta(minutes=number))


def _open(world: World, section: Any, people: list[Enrolment]) -> None:
    """Still open: two have handed in, one got more time, the demo's student has not begun."""
    block = _block(
        world, section, "作业三　现场调研记录", "走访一个车间，记录一台设备的联网情况：型号、接口、已采集的数据和没有采集的原因。可附现场照片或 PDF。"
    )
    setup.save(
        block=block,
        version=None,
        by=world.by,
        now=world.calendar.at(-6),
        file_kinds=["pdf", "image"],
        max_files=4,
        max_mb=20,
        due_at=world.calendar.at(10, 15),
        cutoff_at=world.calendar.at(17, 15),
        percent_per_day=10,
        is_double=True,
    )
    task = work.assignment_of(block.id)
    assert task is not None
    for enrolment in people[3:5]:
        _hand_in(world, task, enrolment, "设备：数控车床一台。\n\n接口：以太网口未启用，只采集了开机时间。", -1, 4)
    setup.extend(
        assignment=task,
        person_id=people[6].person_id,
        until_at=world.calendar.at(15, 15),
        reason="参加学科竞赛",
        by=_teacher(world),
        now=world.calendar.at(-2),
    )


def _book(world: World, run: Run) -> None:
    """A gradebook with three categories, a dropped quiz, a column by hand, an excusal, the five-grade scale."""
    now, teacher = world.calendar.at(-9), _teacher(world)
    given: dict[str, Any] = {"by": teacher, "now": now}
    book = books.make(run=run, **given)
    first = gradebooks.categories_of(book.id)[0]
    flags: dict[str, Any] = {"is_hidden": False, "is_locked": False, "is_extra": False}
    books.save_category(book=book, category_id=first.id, name="练习", weight_x10=400, drop=1, is_extra=False, **given)
    homework = books.save_category(book=book, category_id=None, name="作业", weight_x10=400, drop=0, is_extra=False, **given)
    live = books.save_category(book=book, category_id=None, name="课堂", weight_x10=200, drop=0, is_extra=False, **given)
    for column in gradebooks.columns_of(book.id):
        if column.title.startswith("作业"):
            values: dict[str, Any] = {"title": column.title, "category_id": homework.id, "max_x10": 1000, "weight_x10": 10}
            books.save_column(book=book, column_id=column.id, **values, **flags, **given)
    hand: dict[str, Any] = {"title": "课堂表现", "category_id": live.id, "max_x10": 200, "weight_x10": 10}
    column = books.save_column(book=book, column_id=None, **hand, **flags, **given)
    books.configure(book=book, version=None, scale="five", missing_is_zero=False, shows_total=True, **given)
    people = [session().get_one(Enrolment, key) for key, *_rest in session().execute(gradebooks.learners(run.id))]
    for number, enrolment in enumerate(people[:20]):
        written: dict[str, Any] = {"kind": GradeKind.MANUAL, "points_x10": 120 + 10 * (number % 8), "reason": ""}
        if number == 5:
            written = {"kind": GradeKind.EXCUSED, "points_x10": None, "reason": "校际交流期间免计"}
        grades.set_grade(book=book, column=column, enrolment=enrolment, version=None, **written, **given)
    grades.hand_down(run_id=run.id, enrolment_ids=[row.id for row in people], by=world.by, now=now)


def _recognition(world: World) -> None:
    """A mapping table in the plan of the demo's student, one application decided, the student's own open."""
    student = recognised.student_of(world.persons["student"].id)
    assert student is not None
    plan = recognised.plan_of(student)
    if plan is None:
        return
    known = {row.code: row.id for row in curricula.courses_of(plan.id)}
    for code, name in (("XX301", "工业互联网与数据采集"), ("XX302", "机器学习基础")):
        if code not in known:
            facts = {"code": code, "name": name, "category": CourseCategory.SPECIALTY, "hours": 32, "credits_x10": 20, "term": 6}
            known[code] = curriculum.add_course(version=plan, **facts, by=world.by, now=world.calendar.at(-90)).id  # type: ignore[arg-type]
    first, second = recognised.target(known["XX301"]), recognised.target(known["XX302"])
    assert first is not None
    assert second is not None
    facts = {"credits_x10": 20, "least_score_x10": 600, "since": world.calendar.plus(-365), "until": None, "document": "学分认定与转换办法（示例）"}
    recognition.add_mapping(course_code="IIOT-101", target=first, **facts, by=world.by, now=world.calendar.at(-90))  # type: ignore[arg-type]
    _decided(world, first)
    page = io.BytesIO()
    canvas = Canvas(page, invariant=1)
    canvas.drawString(72, 720, "Certificate of completion: Foundations of Machine Learning (demo)")
    canvas.save()
    page.seek(0)
    recognition.apply_with_certificate(
        student=student,
        target=second,
        title="机器学习基础（在线课程）",
        provider="某慕课平台（示例）",
        number="DEMO-ML-0001",
        completed_on=world.calendar.plus(-40),
        asked_x10=20,
        statement="课程 32 学时，含实验，与培养方案课程内容一致。",
        file=page,
        filename="结业证书.pdf",
        by=world.acting(student.person_id),
        now=world.calendar.at(-3),
    )


def _plan_marks(world: World, run: Run) -> None:
    """The total of the run goes into a course of the plan, as soon as the gradebook is locked or the run has ended."""
    w: dict[str, Any] = {"by": world.by, "now": world.calendar.at(-20)}
    for plan_id in {one.version_id for one in world.cohorts.values() if one.version_id is not None}:
        course = curricula.by_code(plan_id, "XX301")
        if course is None or all(one.id != run.id for one, _title in feed_queries.runs_of_plan(plan_id)):
            continue
        objective = curriculum.add_objective(course=course, text="能够为产线设计数据采集方案并说明数据质量。", **w)
        item = curriculum.add_assessment(course=course, kind=AssessmentKind.HOMEWORK, title="在线课程总成绩", weight_percent=100, **w)
        marking.set_shares(course=course, shares=[(item, objective, 100)], **w)
        feeding.connect(item=item, run=run, column_id=None, **w)


def _decided(world: World, target: Any) -> None:
    """The first student of the plan who completed the course had it recognised."""
    run_id = world.made["run_ids"][0]
    for key, person_id, *_rest in session().execute(gradebooks.learners(run_id)):
        student, enrolment = recognised.student_of(person_id), session().get_one(Enrolment, key)
        plan = recognised.plan_of(student) if student is not None else None
        if student is None or plan is None or plan.id != target.version_id or enrolment.state is not EnrolmentState.COMPLETED:
            continue
        claim = recognition.apply_with_run(
            student=student, target=target, enrolment=enrolment, statement="", by=world.acting(person_id), now=world.calendar.at(-30)
        )
        found = recognised.claim_by_id(claim.id)
        assert found is not None
        head = world.acting(world.persons["programme"].id)
        recognition.decide(
            claim=found, version=None, is_approved=True, credits_x10=None, reason="符合对应表，予以认定。", by=head, now=world.calendar.at(-28)
        )
        return
