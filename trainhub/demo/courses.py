"""The demo's online courses: six of our own from seeds/demo/courses, with learners at every stage.

Marks a right choice in the seed files: a trailing `*`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from courses.assessment import queries as assessment_queries
from courses.assessment.models import Attempt
from courses.assessment.operations import attempts, bank
from courses.assessment.types import CHOICES, QuestionKind
from courses.catalogue import queries as catalogue_queries
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import content, offerings
from courses.catalogue.types import BlockKind, EducationType, Family, RunMode, StaffRole
from courses.learning.operations import enrolling
from courses.learning.operations import progress as learning
from trainhub.assets import asset_dir
from trainhub.demo.world import World
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

ORDER = ("IIOT-101", "AI-QC-201", "CNC-110", "ECOM-301", "SAFE-001", "TEACH-500")


def build(world: World) -> None:
    """Courses, runs, learners."""
    for number, code in enumerate(ORDER):
        _course(world, number, tomllib.loads((asset_dir("seeds") / "demo" / "courses" / f"{code}.toml").read_text()))
    session().expire_all()  # so that the runs come back with their courses
    world.made["runs"] = [catalogue_queries.run_by_id(run_id) for run_id in world.made["run_ids"]]
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
        now=now,
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
        unit = content.add_unit(section=part, title=unit_seed["title"], by=world.by, now=now)
        text = content.add_block(unit=unit, kind=BlockKind.TEXT, body=unit_seed["text"], by=world.by, now=now)
        world.made.setdefault("texts", {}).setdefault(run.id, []).append(text)
        if unit_seed.get("questions"):
            quiz = content.add_block(unit=unit, kind=BlockKind.QUIZ, title="练习", is_graded=True, by=world.by, now=now)
            world.made.setdefault("quizzes", {}).setdefault(run.id, []).append(quiz)
            for question in unit_seed["questions"]:
                _question(world, course_id, quiz, question, now)


def _question(world: World, course_id: int, quiz: Block, seed: dict[str, Any], now: datetime) -> None:
    kind = QuestionKind(seed["kind"])
    if kind in CHOICES:
        data: dict[str, Any] = {"options": [{"body": text.removesuffix("*"), "is_correct": text.endswith("*")} for text in seed["choices"]]}
    else:
        data = {"answers": [{"text": text, "is_correct": True} for text in seed["choices"]]}
    question = bank.save_question(course_id=course_id, kind=kind, stem=seed["stem"], data=data, by=world.by, now=now)
    bank.add_item(block=quiz, question=question, by=world.by, now=now)
    world.made.setdefault("answers", {})[question.id] = (kind, seed["choices"])


def _learners(world: World) -> None:
    """Students of programme 3 learn: some have just begun, some are half-way, some have completed; trainees too."""
    calendar = world.calendar
    runs: list[Run] = world.made["runs"]
    students = [*world.students[2, calendar.final_entry], *world.students[2, calendar.final_entry + 1]]
    people = [student.person_id for student in students[: 48 * world.scale]]
    for number, person_id in enumerate(people):
        for place in {0: (0, 4), 1: (1, 4), 2: (2, 4)}[number % 3]:
            share = 1.0 if number % 4 == 0 and number else (0.5 if number % 2 else 0.0)
            _learn(world, runs[place], person_id, share if number else 0.5, number)
    _learn(world, runs[3], world.persons["trainee"].id, 0.5, 1)
    _learn(world, runs[5], world.persons["supervisor"].id, 0.0, 1)


def _learn(world: World, run: Run, person_id: int, share: float, number: int) -> None:
    me = world.acting(person_id)
    start = world.calendar.at(-60 + number % 30)
    enrolment = enrolling.enrol(run=run, person_id=person_id, by=me, now=start)
    if share == 0.0 or enrolment.state.value != "active":
        return
    texts, quizzes = world.made["texts"][run.id], world.made.get("quizzes", {}).get(run.id, [])
    for block in _first(texts, share):
        learning.mark_done(enrolment=enrolment, block=block, by=me, now=start + timedelta(hours=1))
    for block in _first(quizzes, share):
        _take(world, block, me, start + timedelta(hours=2), enrolment)


def _first(blocks: list[Block], share: float) -> Iterable[Block]:
    return blocks[: max(1, round(len(blocks) * share))]


def _take(world: World, block: Block, me: Identity, now: datetime, enrolment: Any) -> Attempt:
    """Answer a quiz rightly and hand it in."""
    assert me.person_id is not None
    attempt = attempts.start(block=block, person_id=me.person_id, by=me, now=now)
    responses: dict[int, dict[str, Any]] = {}
    for position, item in enumerate(assessment_queries.items_of(block.id), start=1):
        kind, choices = world.made["answers"][item.question_id]
        if kind in CHOICES:
            keys = [key for key, text in zip("abcdefgh", choices, strict=False) if text.endswith("*")]
            responses[position] = {"choices": keys} if kind is QuestionKind.MULTIPLE else {"choice": keys[0]}
        else:
            responses[position] = {"text": choices[0]}
    attempt, _ = attempts.submit(attempt_id=attempt.id, by=me, now=now + timedelta(minutes=8), responses=responses)
    learning.note_attempt(enrolment=enrolment, attempt=attempt, by=me, now=now + timedelta(minutes=8))
    return attempt
