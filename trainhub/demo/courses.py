"""The demo's online courses: six of our own from seeds/demo/courses, with learners at every stage.

Marks a right choice in the seed files: a trailing `*`.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from courses.assessment import queries as assessment_queries
from courses.assessment.models import Attempt
from courses.assessment.operations import attempts, bank
from courses.assessment.types import CHOICES, QuestionKind
from courses.catalogue import queries as catalogue_queries
from courses.catalogue.media import probe
from courses.catalogue.models import Block, Run, Unit
from courses.catalogue.operations import content, labs, offerings, polls
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind, EducationType, Family, RunMode, StaffRole
from courses.copies import operations as copies
from courses.discussion import operations as discussion
from courses.discussion.types import Author
from courses.learning import queries as enrolments
from courses.learning.operations import enrolling
from courses.learning.operations import progress as learning
from trainhub.assets import asset_dir
from trainhub.demo import quizzes as practice
from trainhub.demo.world import World
from trainhub.kernel import files
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import SHANGHAI
from trainhub.kernel.db import session

ORDER = ("IIOT-101", "AI-QC-201", "CNC-110", "ECOM-301", "SAFE-001", "TEACH-500")


def build(world: World) -> None:
    """Courses, runs, learners."""
    for number, code in enumerate(ORDER):
        _course(world, number, tomllib.loads((asset_dir("seeds") / "demo" / "courses" / f"{code}.toml").read_text()))
    session().expire_all()  # so that the runs come back with their courses
    world.made["runs"] = [catalogue_queries.run_by_id(run_id) for run_id in world.made["run_ids"]]
    _alumni(world)
    _learners(world)


def _course(world: World, number: int, seed: dict[str, Any]) -> None:
    """One course with one published run."""
    now = world.calendar.at(-120)
    owner = world.enterprises[seed["enterprise"]] if "enterprise" in seed else world.universities[seed["university"]]
    course = offerings.create_course(
        code=seed["code"],
        title=seed["title"],
        owner=owner,
        by=world.by,
        now=world.calendar.at(-1000),
        title_en=seed["title_en"],
        summary=seed["summary"],
        description=seed.get("description", ""),
        needs="\n".join(seed.get("needs", ())),
        gains="\n".join(seed.get("gains", ())),
        level=seed.get("level", ""),
        family=Family(seed["family"]),
        education_type=EducationType(seed["education_type"]),
        key_field_no=seed.get("key_field_no"),
        focus_area_no=seed.get("focus_area_no"),
        hours_x10=seed["hours"] * 10,
        credits_x10=seed["hours"] * 10 // 16,
        is_demo=True,
    )
    lecturer = world.persons["lecturer"]
    run = offerings.create_run(
        course=course,
        code=f"{world.day.year}-1",
        starts_on=world.calendar.plus(-100),
        ends_on=world.calendar.plus(120),
        by=world.by,
        now=now,
        staff=[(lecturer.id, StaffRole.LEAD)],
        mode=RunMode.APPROVAL if seed["code"] == "TEACH-500" else RunMode.OPEN,
        quota=30 * world.scale if seed["code"] == "AI-QC-201" else None,
        counts_for_goal=seed["counts_for_goal"],
    )
    for section in seed["sections"]:
        _section(world, run, course.id, section, now)
    whole = catalogue_queries.run_by_id(run.id)
    assert whole is not None
    offerings.publish_run(run=whole, by=world.by, now=now)
    world.made["run_ids"] = [*world.made.get("run_ids", []), run.id]


def _section(world: World, run: Run, course_id: int, seed: dict[str, Any], now: datetime) -> None:
    part = content.add_section(run=run, title=seed["title"], by=world.by, now=now)
    for unit_seed in seed["units"]:
        needs = Access((Condition(ConditionKind.DONE, unit_seed["needs"]),)) if "needs" in unit_seed else Access()
        unit = content.add_unit(section=part, title=unit_seed["title"], by=world.by, now=now, key=unit_seed.get("key", ""), access=needs.plain())
        text = content.add_block(unit=unit, kind=BlockKind.TEXT, body=unit_seed["text"], by=world.by, now=now)
        world.made.setdefault("texts", {}).setdefault(run.id, []).append(text)
        if unit_seed.get("discussion"):
            talk = content.add_block(
                unit=unit, kind=BlockKind.DISCUSSION, title="讨论", body=unit_seed["discussion"], is_required=False, by=world.by, now=now
            )
            world.made.setdefault("discussions", []).append(talk)
        for extra in unit_seed.get("extras", ()):
            _extra(world, unit, extra, now)
        if unit_seed.get("questions"):
            quiz = content.add_block(unit=unit, kind=BlockKind.QUIZ, title="练习", is_graded=True, by=world.by, now=now)
            world.made.setdefault("quizzes", {}).setdefault(run.id, []).append(quiz)
            for question in unit_seed["questions"]:
                _question(world, course_id, quiz, question, now)
        if "practice" in unit_seed:
            practice.add(world, run, unit, course_id, unit_seed["practice"], now)


def _extra(world: World, unit: Unit, seed: dict[str, Any], now: datetime) -> None:
    """A block that nobody has to do: a video, a poll, a handout, a live session, a laboratory."""
    kind = BlockKind(seed["kind"])
    settings: dict[str, Any] = {name: seed[name] for name in ("url", "options") if name in seed}
    stored = [_media(world, name, now) for name in seed.get("files", ())]
    if kind is BlockKind.VIDEO:
        facts = [(row, probe(io.BytesIO(files.read(row)), row.media_type)) for row in stored]
        known = [(row, fact) for row, fact in facts if fact is not None]
        settings |= {"duration": round(known[0][1].seconds or 0), "height": known[0][1].height}
        settings["renditions"] = [{"file": row.id, "height": fact.height} for row, fact in known[1:]]
        settings["captions"] = [{"file": _media(world, name, now).id, "lang": lang} for lang, name in seed["captions"].items()]
    if kind is BlockKind.LIVE:
        start = datetime.combine(world.calendar.plus(seed["day"]), time(seed["hour"]), SHANGHAI)
        settings |= {"starts_at": start.isoformat(), "ends_at": (start + timedelta(minutes=seed["minutes"])).isoformat()}
    block = content.add_block(
        unit=unit,
        kind=kind,
        title=seed["title"],
        body=seed.get("body", ""),
        settings=settings,
        file_id=stored[0].id if stored else None,
        is_required=False,
        by=world.by,
        now=now,
    )
    if kind is BlockKind.VSIM:
        labs.new_secret(block=block, by=world.by, now=now)
    if kind is BlockKind.POLL:
        world.made.setdefault("polls", []).append(block)


def _media(world: World, name: str, now: datetime) -> files.StoredFile:
    raw = (asset_dir("seeds") / "demo" / "courses" / "media" / name).read_bytes()
    media_type = {".webm": "video/webm", ".vtt": "text/vtt", ".txt": "text/plain"}[name[name.rindex(".") :]]
    return files.keep_bytes(raw, name=name, kind="course", media_type=media_type, by=world.by, now=now)


def _question(world: World, course_id: int, quiz: Block, seed: dict[str, Any], now: datetime) -> None:
    kind = QuestionKind(seed["kind"])
    if kind in CHOICES:
        data: dict[str, Any] = {"options": [{"body": text.removesuffix("*"), "is_correct": text.endswith("*")} for text in seed["choices"]]}
    else:
        data = {"answers": [{"text": text, "is_correct": True} for text in seed["choices"]]}
    question = bank.save_question(course_id=course_id, kind=kind, stem=seed["stem"], data=data, by=world.by, now=now)
    bank.add_item(block=quiz, question=question, by=world.by, now=now)
    world.made.setdefault("answers", {})[question.id] = (kind, seed["choices"])


LACKING = ((6, 13), (5,))
"""Who of the graduated classes of programmes 1 and 2 never enrolled; everybody else completed."""


def _alumni(world: World) -> None:
    """The safety course as the graduated classes took it, before they went into the enterprises."""
    entry = world.calendar.graduated
    day = world.calendar.graduates(entry) - timedelta(days=540)
    now = world.calendar.at((day - world.day).days)
    run = _earlier(world, "SAFE-001", day)
    for place in (0, 1):
        for number, student in enumerate(world.students[place, entry][: 20 * world.scale]):
            if number not in LACKING[place]:
                _learn(world, run, student.person_id, 1.0, number, first=now + timedelta(days=3), mistakes=0)
    offerings.close_run(run=run, by=world.by, now=now + timedelta(days=60))


def _earlier(world: World, code: str, day: date) -> Run:
    """A published run of a course as it was held before, from a day."""
    now = world.calendar.at((day - world.day).days)
    template = next(run for run in world.made["runs"] if run.course.code == code)
    made = copies.renew(run=template, code=f"{day.year}-1", starts_on=day, by=world.by, now=now)
    session().expire(made)
    run = catalogue_queries.run_by_id(made.id)
    assert run is not None
    offerings.publish_run(run=run, by=world.by, now=now)
    blocks = catalogue_queries.blocks_of_run(run.id)
    world.made["texts"][run.id] = [block for block in blocks if block.kind is BlockKind.TEXT]
    world.made["quizzes"][run.id] = [block for block in blocks if block.kind is BlockKind.QUIZ]
    return run


TRAINED = ((-760, slice(2, 6)), (-395, slice(6, 10)))
"""When the course for teachers was held before, and who of each programme's teachers took it then: full-time and part-time ones."""


def _trained_teachers(world: World) -> None:
    """Teachers who completed the course of the family for those who teach, of 10,000 in the country (002:167). Outside every goal."""
    for days, whom in TRAINED:
        run = _earlier(world, "TEACH-500", world.calendar.plus(days))
        first = world.calendar.at(days + 3)
        for place in sorted(world.teachers):
            for number, teacher in enumerate(world.teachers[place][whom]):
                _learn(world, run, teacher.person_id, 1.0, number, first=first, mistakes=0, is_approved=True)
        offerings.close_run(run=run, by=world.by, now=first + timedelta(days=60))


SHARES = (1.0, 0.5, 0.25, 0.75, 1.0, 0.0, 0.4, 0.6, 1.0, 0.9, 0.15)


def _learners(world: World) -> None:
    """Students of programme 3 learn: some have just begun, some are half-way, some have completed; trainees too."""
    calendar = world.calendar
    runs: list[Run] = world.made["runs"]
    students = [*world.students[2, calendar.final_entry], *world.students[2, calendar.final_entry + 1]]
    people = [student.person_id for student in students[: 48 * world.scale]]
    for number, person_id in enumerate(people):
        first = calendar.at(-60 + number * 7 % 50)
        for turn, place in enumerate({0: (0, 4), 1: (1, 4), 2: (2, 4)}[number % 3]):
            share = 0.5 if number == 0 else 1.0 if number == 4 else SHARES[(number + turn * 3) % len(SHARES)]
            _learn(world, runs[place], person_id, share, number, first=first, mistakes=0 if number in (0, 4) else number % 4)
    for number, (text, answer) in enumerate(TALK):
        _discuss(world, people[3 + number * 3], text, answer, number)
    _learn(world, runs[3], world.persons["trainee"].id, 0.5, 1, first=calendar.at(-21), mistakes=0)
    _learn(world, runs[5], world.persons["supervisor"].id, 0.0, 1, first=calendar.at(-9), mistakes=0)
    practice.take(world)
    _trained_teachers(world)


def _learn(world: World, run: Run, person_id: int, share: float, number: int, *, first: datetime, mistakes: int, is_approved: bool = False) -> None:
    """Enrol and go through a share of the course, a step a day; `mistakes` in ten answers are wrong."""
    me = world.acting(person_id)
    enrolment = enrolling.enrol(run=run, person_id=person_id, by=me, now=first, is_approved=is_approved)
    if share == 0.0 or enrolment.state.value != "active":
        return
    for poll in world.made.get("polls", ()):
        if poll.run_id == run.id and number % 5:
            polls.vote(block=poll, person_id=person_id, choice=(0, 1, 1, 2, 3)[number % 5], by=me, now=first)
            learning.note_report(enrolment=enrolment, block=poll, data={"poll": True, "is_completed": True}, by=me, now=first)
    texts, quizzes = world.made["texts"][run.id], world.made.get("quizzes", {}).get(run.id, [])
    latest = world.calendar.at(0) - timedelta(hours=1)
    for step, block in enumerate(_first(texts, share)):
        learning.mark_done(enrolment=enrolment, block=block, by=me, now=min(first + timedelta(days=step, hours=1), latest))
    for step, block in enumerate(_first(quizzes, share)):
        _take(world, block, me, min(first + timedelta(days=step, hours=2 + number % 9), latest), enrolment, number, mistakes)


def _first(blocks: list[Block], share: float) -> Iterable[Block]:
    return blocks[: max(1, round(len(blocks) * share))]


def _take(world: World, block: Block, me: Identity, now: datetime, enrolment: Any, number: int, mistakes: int) -> Attempt:
    """Answer a quiz and hand it in."""
    assert me.person_id is not None
    attempt = attempts.start(block=block, person_id=me.person_id, by=me, now=now)
    responses: dict[int, dict[str, Any]] = {}
    for position, item in enumerate(assessment_queries.items_of(block.id), start=1):
        kind, choices = world.made["answers"][item.question_id]
        is_wrong = (number * 3 + item.question_id * 7) % 10 < mistakes
        if kind in CHOICES:
            keys = [key for key, text in zip("abcdefgh", choices, strict=False) if text.endswith("*") is not is_wrong]
            responses[position] = {"choices": keys} if kind is QuestionKind.MULTIPLE else {"choice": keys[0]}
        else:
            responses[position] = {"text": "不清楚" if is_wrong else choices[0]}
    attempt, _ = attempts.submit(attempt_id=attempt.id, by=me, now=now + timedelta(minutes=8), responses=responses)
    learning.note_attempt(enrolment=enrolment, attempt=attempt, by=me, now=now + timedelta(minutes=8))
    return attempt


TALK = (
    (
        "OPC UA 和 MQTT 在产线上到底怎么分工？我们车间两种都有，师傅说看情况，没听懂。",
        "可以这样理解：OPC UA 管“这个数是什么意思”，适合控制层；MQTT 管“把数送到很多地方”，适合上云。第 2 章的网关案例把两者接在了一起，重看一遍再来讨论。",
    ),
    (
        "练习里的采样频率题，按奈奎斯特算出来是 2 倍，为什么答案说工程上取 5 到 10 倍？",
        "2 倍只保证频率不混叠，波形幅值仍会失真。振动监测要看幅值，所以留余量。",
    ),
    (
        "分享：我把课里的数据清洗步骤用到实习的停机记录上，去掉重复报警后只剩三分之一，导师让我在班组会上讲了十分钟。",
        "很好的应用，记得保留清洗前的原始数据，便于追溯。",
    ),
)


def _discuss(world: World, person_id: int, text: str, answer: str, number: int) -> None:
    """A learner asks in the discussion of the first course, the lecturer answers."""
    block: Block = world.made["discussions"][0]
    asked = world.calendar.at(-12 + number * 4, hour=11)
    run: Run = next(run for run in world.made["runs"] if run.id == block.run_id)
    thread = discussion.start(
        run=run,
        block=block,
        author=Author(person_id, is_staff=False),
        title="",
        body=text,
        by=world.acting(person_id),
        now=asked,
        enrolment=enrolments.enrolment_of(run.id, person_id),
    )
    lecturer = world.persons["lecturer"].id
    discussion.answer(
        run=run,
        block=block,
        thread=thread,
        author=Author(lecturer, is_staff=True),
        body=answer,
        by=world.acting(lecturer),
        now=asked + timedelta(hours=15),
    )
