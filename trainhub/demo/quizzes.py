"""The demo's quiz of every kind: written from a seed, taken well and badly, one essay waiting for its lecturer.

It is optional and not graded, so that nobody's completion depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from courses.assessment import notation
from courses.assessment import queries as assessment
from courses.assessment.models import AttemptAnswer, Question
from courses.assessment.operations import attempts, bank, quizzes
from courses.assessment.rules.expressions import value_of
from courses.assessment.types import CHOICES, Difficulty, QuestionKind
from courses.catalogue.models import Run, Unit
from courses.catalogue.operations import content
from courses.catalogue.types import BlockKind
from courses.learning import queries as learning_queries
from courses.learning.models import Enrolment
from courses.learning.operations import progress as learning
from courses.learning.types import EnrolmentState
from trainhub.demo.world import World
from trainhub.kernel.db import session

SETTINGS = ("minutes", "attempts", "counts", "shuffles_options", "logs_focus", "is_one_session", "feedback")
TAKERS = 14
"""Learners who try it: enough for statistics, few enough to read."""


def add(world: World, run: Run, unit: Unit, course_id: int, seed: Mapping[str, Any], now: datetime) -> None:
    """The quiz with its questions and draws; questions of the seed's bank are only drawn."""
    block = content.add_block(unit=unit, kind=BlockKind.QUIZ, title=seed["title"], is_required=False, is_graded=False, by=world.by, now=now)
    quizzes.set_up(block=block, version=None, settings={name: seed[name] for name in SETTINGS if name in seed}, by=world.by, now=now)
    for row in seed["questions"]:
        bank.add_item(block=block, question=question(world, course_id, row, now), points_x10=10 * row.get("points", 1), by=world.by, now=now)
    for row in seed["bank"]:
        question(world, course_id, row, now)
    for draw in seed["draws"]:
        bank.add_draw(run=run, block=block, count=draw["count"], category=draw["category"], points_x10=10 * draw["points"], by=world.by, now=now)
    world.made.setdefault("practice", []).append(block)


def question(world: World, course_id: int, seed: Mapping[str, Any], now: datetime) -> Question:
    """One question in the notation of the editor."""
    kind = QuestionKind(seed["kind"])
    data = notation.read(kind, {part: seed.get(part, "") for part in notation.PARTS[kind]})
    data |= {name: seed[name] for name in ("expression", "tolerance", "rubric") if name in seed}
    data |= {"unit_share_x1000": 10 * seed["unit_share"]} if "unit_share" in seed else {}
    return bank.save_question(
        course_id=course_id,
        kind=kind,
        stem=seed["stem"],
        data=data,
        explanation=seed.get("explanation", ""),
        name=seed.get("name", ""),
        category=seed["category"],
        tags=seed.get("tags", []),
        difficulty=Difficulty(seed.get("difficulty", "medium")),
        by=world.by,
        now=now,
    )


def take(world: World) -> None:
    """Some learners try it: the strong nearly everything right, the weak about half, each a little differently."""
    for block in world.made.get("practice", []):
        rows = session().scalars(
            select(Enrolment).where(Enrolment.run_id == block.run_id, Enrolment.state != EnrolmentState.PENDING).order_by(Enrolment.id).limit(TAKERS)
        )
        for number, enrolment in enumerate(list(rows)):
            me = world.acting(enrolment.person_id)
            start = world.calendar.at(-20 + number % 12) + timedelta(minutes=7 * number)
            attempt = attempts.start(block=block, person_id=enrolment.person_id, by=me, now=start)
            asked = assessment.attempt_by_id(attempt.id)
            assert asked is not None
            given = {a.position: _answer(a, is_right=(number * 5 + a.position * 3) % 11 >= number % 7) for a in asked.answers}
            done, _first = attempts.submit(attempt_id=attempt.id, responses=given, by=me, now=start + timedelta(minutes=18 + number))
            essay = next(a for a in done.answers if a.version.question.kind is QuestionKind.ESSAY)
            if number % 4:
                words = "思路清楚，补上数据去重会更完整。"
                points = {essay.position: round((1 - Decimal(number % 5) / 9) * essay.points_x10) * 10}  # whole tenths of a point
                attempts.grade(attempt_id=done.id, points=points, feedback={essay.position: words}, by=world.by, now=start + timedelta(days=2))
            fresh = assessment.attempt_by_id(done.id)
            place = learning_queries.enrolment_of(block.run_id, enrolment.person_id)
            assert fresh is not None
            assert place is not None
            learning.note_attempt(enrolment=place, attempt=fresh, by=world.by, now=start + timedelta(days=2))


def _answer(answer: AttemptAnswer, *, is_right: bool) -> dict[str, Any]:
    """A right answer, or a likely mistake."""
    data, kind = answer.version.data, answer.version.question.kind
    if kind in CHOICES:
        keys = [o["key"] for o in data["options"] if bool(o["is_correct"]) is is_right]
        return {"choices": keys} if kind is QuestionKind.MULTIPLE else {"choice": keys[0]}
    match kind:
        case QuestionKind.CLOZE:
            return {"blanks": {b["key"]: b["answers"][0]["text"] if is_right or b["key"] < "3" else "10" for b in data["blanks"]}}
        case QuestionKind.MATCHING:
            keys = [p["key"] for p in data["pairs"]]
            return {"pairs": dict(zip(keys, keys if is_right else [keys[0], *keys[:1:-1], keys[1]], strict=False))}
        case QuestionKind.ORDERING:
            keys = [o["key"] for o in data["options"]]
            return {"ranks": {key: str(n) for n, key in enumerate(keys if is_right else [*keys[:3], keys[4], keys[3]], start=1)}}
        case QuestionKind.FORMULA:
            value = value_of(data["expression"], answer.shown["values"])
            return {"text": f"{value:.1f}" if is_right else f"{value * 100:.0f}"}
        case QuestionKind.NUMERIC:
            return {"text": "72 MB" if is_right else "72"}
        case QuestionKind.TEXT:
            return {"text": "发布" if is_right else "推送"}
        case _:
            return {
                "text": "先保证设备在本地安全运行，现场人员按规程巡检；网关把数据缓存在本地，网络恢复后补传并去重；值班长确认后复盘。"
                if is_right
                else "等网络恢复后重启系统。"
            }
