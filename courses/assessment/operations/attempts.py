"""Attempts: started once, saved while they run, handed in once, graded at once or by a person."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from courses.assessment import queries, rules
from courses.assessment.models import Attempt, AttemptAnswer
from courses.assessment.types import CHOICES, AttemptState, QuestionKind, QuizSettings
from courses.catalogue.models import Block
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

MAX_TEXT = 20_000


class NoAttempt(Refused):
    """No further attempt, or nothing to attempt."""

    code = "no_attempt"


class TooLate(Refused):
    """The attempt is handed in, or its time is over."""

    code = "too_late"


def start(*, block: Block, person_id: int, by: Identity, now: datetime) -> Attempt:
    """Start an attempt, or answer the one in progress: opening a quiz twice never makes two. Refuses when none is left."""
    running = queries.attempt_in_progress(block.id, person_id)
    if running is not None and rules.is_in_time(now, running.due_at):
        return running
    if running is not None:
        submit(attempt_id=running.id, by=by, now=now)
    settings = QuizSettings.of(block.settings)
    done = queries.attempts_of(block.id, person_id)
    if not rules.may_start(len(done), settings.attempts):
        raise NoAttempt(_("这个测验最多可以做 %(n)d 次，次数已用完。", n=settings.attempts or 0))
    items = queries.items_of(block.id)
    if not items:
        raise NoAttempt(_("这个测验还没有题目，请稍后再来，或联系课程教师。"))
    # Drawn by a seed of person, quiz and number: opening the page again shows the same order.
    chance = random.Random(f"{block.id}:{person_id}:{len(done) + 1}")
    if settings.draw and settings.draw < len(items):
        drawn = set(chance.sample(range(len(items)), settings.draw))
        items = [item for n, item in enumerate(items) if n in drawn]
    if settings.is_shuffled:
        chance.shuffle(items)
    versions = queries.current_versions(item.question_id for item in items)
    attempt = Attempt(
        block_id=block.id,
        person_id=person_id,
        number=len(done) + 1,
        state=AttemptState.IN_PROGRESS,
        started_at=now,
        due_at=now + timedelta(minutes=settings.minutes) if settings.minutes else None,
    )
    try:
        with session().begin_nested():
            session().add(attempt)
            session().flush()
    except IntegrityError:
        # The same person pressed twice, or in two windows: the other request has made it.
        running = queries.attempt_in_progress(block.id, person_id)
        if running is None:
            raise
        return running
    for position, item in enumerate(items, start=1):
        session().add(
            AttemptAnswer(attempt_id=attempt.id, version_id=versions[item.question_id].id, position=position, points_x10=item.points_x10, response={})
        )
    session().flush()
    audit.record(by=by, did="courses.attempt.started", on=attempt, data={"block": block.id, "number": attempt.number})
    return attempt


def save(*, attempt_id: int, responses: Mapping[int, Mapping[str, Any]], by: Identity, now: datetime) -> Attempt:
    """Store answers of an attempt in progress, by position; positions that are not there are passed over. Refuses when it is over."""
    attempt = _open(attempt_id)
    if not rules.is_in_time(now, attempt.due_at):
        raise TooLate(_("答题时间已到，之后的修改没有保存；时间内保存的答案有效，请交卷。"))
    for answer in attempt.answers:
        if answer.position in responses:
            cleaned = _cleaned(answer.version.question.kind, answer.version.data, responses[answer.position])
            if cleaned != answer.response:
                answer.response = cleaned
                answer.saved_at = now
    session().flush()
    return attempt


def _open(attempt_id: int) -> Attempt:
    attempt = queries.attempt_by_id(attempt_id)
    if attempt is None or attempt.state is not AttemptState.IN_PROGRESS:
        raise TooLate(_("这次作答已经交卷，不能再修改答案。"))
    return attempt


def _cleaned(kind: QuestionKind, data: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the question asks for: known options, a text of bearable length."""
    if kind in CHOICES:
        keys = [o["key"] for o in data.get("options", [])]
        if kind is QuestionKind.MULTIPLE:
            chosen = set(response.get("choices") or ())
            return {"choices": [key for key in keys if key in chosen]}
        return {"choice": response["choice"]} if response.get("choice") in keys else {}
    text = str(response.get("text") or "").replace("\x00", "")[:MAX_TEXT]
    return {"text": text} if text.strip() else {}


def submit(*, attempt_id: int, by: Identity, now: datetime, responses: Mapping[int, Mapping[str, Any]] | None = None) -> tuple[Attempt, bool]:
    """Hand in and grade what needs no person. A second hand-in changes nothing (False). Answers after the time are left out."""
    attempt = queries.attempt_by_id(attempt_id)
    if attempt is None:
        raise NoAttempt(_("没有这次作答。"))
    if attempt.state is not AttemptState.IN_PROGRESS:
        return attempt, False
    if responses and rules.is_in_time(now, attempt.due_at):
        save(attempt_id=attempt_id, responses=responses, by=by, now=now)
    taken = session().execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == AttemptState.IN_PROGRESS)
        .values(state=AttemptState.SUBMITTED, submitted_at=now)
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return queries.attempt_by_id(attempt_id) or attempt, False
    session().refresh(attempt, ["state", "submitted_at"])
    for answer in attempt.answers:
        given = rules.mark(queries.asked_of(answer.version, answer.version.question.kind), answer.response)
        answer.share_x1000 = given.share_x1000
    _settle(attempt, now)
    audit.record(by=by, did="courses.attempt.submitted", on=attempt, data={"state": attempt.state, "score_x10": attempt.score_x10})
    return attempt, True


def _settle(attempt: Attempt, now: datetime) -> None:
    """Graded as soon as no answer waits for a person."""
    score = rules.score_x10([(answer.points_x10, answer.share_x1000) for answer in attempt.answers])
    if score is not None:
        attempt.state = AttemptState.GRADED
        attempt.score_x10 = score
        attempt.graded_at = now
    session().flush()


def grade(*, attempt_id: int, shares: Mapping[int, int], feedback: Mapping[int, str], by: Identity, now: datetime) -> Attempt:
    """A person's marks (shares in thousandths by position) and words. May be repeated: the last word counts and is audited."""
    attempt = queries.attempt_by_id(attempt_id)
    if attempt is None or attempt.state is AttemptState.IN_PROGRESS:
        raise NoAttempt(_("这次作答还没有交卷，不能评分。"))
    for answer in attempt.answers:
        share = shares.get(answer.position)
        if share is not None:
            if not 0 <= share <= rules.FULL:
                raise NoAttempt(_("第 %(n)d 题的得分应在 0 和满分之间。", n=answer.position), field=f"share{answer.position}")
            answer.share_x1000 = share
            answer.graded_by_id = by.account_id
        if answer.position in feedback:
            answer.feedback = feedback[answer.position].strip()[:4000]
    _settle(attempt, now)
    audit.record(
        by=by,
        did="courses.attempt.graded",
        on=attempt,
        data={"shares": {str(k): v for k, v in shares.items()}, "score_x10": attempt.score_x10},
    )
    return attempt
