"""Attempts: started once, saved while they run, handed in once, graded at once or by a person."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from courses.assessment import passwords, queries, rules
from courses.assessment.answering import cleaned, digest
from courses.assessment.errors import NoAttempt, OtherWindow, TooLate
from courses.assessment.models import Attempt, AttemptAnswer, AttemptEvent, QuestionVersion, QuizItem
from courses.assessment.operations.grading import grade, settle
from courses.assessment.rules import drawing
from courses.assessment.rules.results import window
from courses.assessment.types import Allowance, AttemptEventKind, AttemptState, QuestionKind, QuizSettings
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block
from courses.catalogue.types import RunState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import TooMany
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _

__all__ = ["NoAttempt", "OtherWindow", "TooLate", "attach", "detach", "go_on", "grade", "note", "note_wrong_password", "save", "start", "submit"]
RULES_KEPT = ("minutes", "attempts", "counts", "draw", "opens_at", "closes_at", "is_sequential", "is_one_session", "allows_negative")
MOST_A_MINUTE = 10
"""So many attempts at a quiz somebody begins in a minute; a program that tries answers needs hundreds."""
MOST_WRONG = 10
"""So many wrong passwords somebody types at a quiz within `WRONG_WITHIN`."""
WRONG_WITHIN = timedelta(minutes=10)
MAX_EVENTS = 2_000
"""Events kept of one attempt; a page that reports more is broken or plays a trick."""


def start(*, block: Block, person_id: int, by: Identity, now: datetime, password: str | None = None) -> Attempt:
    """Start an attempt, or answer the one in progress: opening a quiz twice never makes two.

    The window that starts or goes on is from then on the one that may write (`Attempt.token`). Refuses when none is left, when the
    quiz is not open, and when the password is wrong; `password` None is a caller that need not know it.
    """
    settings, allowance = QuizSettings.of(block.settings), queries.allowance_for(block.id, person_id)
    # One reading for both questions: between two of them another window may begin, and its attempt would count as one used up.
    known = queries.attempts_of(block.id, person_id)
    running = next((row for row in known if row.state is AttemptState.IN_PROGRESS), None)
    if running is not None and rules.is_in_time(now, running.due_at):
        return _taken_over(running, settings, now)
    if sum(row.started_at > now - timedelta(minutes=1) for row in known) >= MOST_A_MINUTE:
        raise NoAttempt(_("一分钟内最多开始 %(n)d 次作答，请稍等再开始。", n=MOST_A_MINUTE))
    if running is not None:  # after the refusal, which would take this back
        submit(attempt_id=running.id, by=by, now=now)
    run = catalogue.run_by_id(block.run_id)
    if run is not None and run.state is RunState.CLOSED:
        raise NoAttempt(_("这期课程已结束，不能再开始作答；已有的作答和成绩仍可查看。"))
    number = len(known) + 1
    if settings.password and password is not None and queries.wrong_passwords(block.id, by, now - WRONG_WITHIN) >= MOST_WRONG:
        minutes = int(WRONG_WITHIN.total_seconds()) // 60
        message = _("测验密码在 %(m)d 分钟内输错了 %(n)d 次，请稍后再试，或向监考、任课教师核对密码。", n=MOST_WRONG, m=minutes)
        raise TooMany(message, retry_after=60 * minutes, field="password")
    _check(settings, allowance, number, password, now)
    asked = drawn(block, settings, f"{block.id}:{person_id}:{number}")
    attempt = Attempt(
        block_id=block.id,
        person_id=person_id,
        number=number,
        state=AttemptState.IN_PROGRESS,
        started_at=now,
        due_at=rules.due_at(settings, allowance, now),
        token=secrets.token_urlsafe(16),
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
        return _taken_over(running, settings, now)
    for position, points_x10, version, shown in laid_out(asked, settings, str(attempt.id)):
        session().add(AttemptAnswer(attempt_id=attempt.id, version_id=version.id, position=position, points_x10=points_x10, response={}, shown=shown))
    _note(attempt.id, AttemptEventKind.STARTED, now, {"rules": _rules(block, allowance)})
    session().flush()
    audit.record(by=by, did="courses.attempt.started", on=attempt, data={"block": block.id, "number": attempt.number})
    return attempt


def note_wrong_password(*, block: Block, by: Identity, now: datetime) -> None:
    """Somebody typed a wrong password; written after the refusal, which takes everything else back. So many bar further tries for a while."""
    audit.record(by=by, did="courses.quiz.password_wrong", on=("course_block", str(block.id)), data={})


def _check(settings: QuizSettings, allowance: Allowance, number: int, password: str | None, now: datetime) -> None:
    allowed = None if settings.attempts is None else settings.attempts + allowance.extra_attempts
    if not rules.may_start(number - 1, allowed):
        raise NoAttempt(_("这个测验最多可以做 %(n)d 次，次数已用完。", n=allowed or 0))
    opens_at, closes_at = window(settings, allowance)
    match rules.is_open(settings, allowance, now):
        case "too_early":
            assert opens_at is not None
            raise NoAttempt(_("这个测验 %(at)s 开放，请届时再来。", at=f"{local(opens_at):%Y-%m-%d %H:%M}"))
        case "too_late":
            assert closes_at is not None
            raise NoAttempt(_("这个测验已于 %(at)s 关闭。如有特殊情况，请联系课程教师延长。", at=f"{local(closes_at):%Y-%m-%d %H:%M}"))
    if settings.password and password is not None and not passwords.is_right(settings.password, password):
        raise NoAttempt(_("测验密码不对。密码由监考或任课教师现场告知，请核对后重试。"), field="password")


def drawn(block: Block, settings: QuizSettings, seed: str) -> list[tuple[int, int]]:
    """The questions of an attempt with their points in tenths: fixed ones and drawn ones, in the order they will be asked.

    The same text seed gives the same questions. Raises NoAttempt where the quiz asks nothing.
    """
    parts = queries.parts_of(block.id)
    taken = {part.question_id for part in parts if isinstance(part, QuizItem)}
    found: list[tuple[int, int]] = []
    run = catalogue.run_by_id(block.run_id)
    for part in parts:
        if isinstance(part, QuizItem):
            found.append((part.question_id, part.points_x10))
            continue
        assert run is not None
        pool = queries.drawable(run.course_id, category=part.category, tag=part.tag, difficulty=part.difficulty)
        for question_id in drawing.picked(pool, part.count, f"{seed}:draw:{part.id}", taken=taken.__contains__):
            taken.add(question_id)
            found.append((question_id, part.points_x10))
    if not found:
        raise NoAttempt(_("这个测验还没有题目，请稍后再来，或联系课程教师。"))
    chance = drawing.chance(seed)
    if settings.draw and settings.draw < len(found):
        kept = set(chance.sample(range(len(found)), settings.draw))
        found = [pair for n, pair in enumerate(found) if n in kept]
    if settings.is_shuffled:
        chance.shuffle(found)
    return found


def laid_out(asked: Sequence[tuple[int, int]], settings: QuizSettings, seed: str) -> Iterator[tuple[int, int, QuestionVersion, dict[str, Any]]]:
    """What `drawn` gave as an attempt shows it: position from 1, points in tenths, the version asked now, what chance decides in it."""
    versions = queries.current_versions(question_id for question_id, _points in asked)
    for position, (question_id, points_x10) in enumerate(asked, start=1):
        version = versions[question_id]
        shown = drawing.shown(queries.asked_of(version, version.question.kind), f"{seed}:{question_id}", shuffles=settings.shuffles_options)
        yield position, points_x10, version, shown


def _rules(block: Block, allowance: Allowance) -> dict[str, Any]:
    """The rules an attempt begins under, so that it can be explained after they were changed."""
    made = {name: value for name, value in block.settings.items() if value and name in RULES_KEPT}
    return made | {name: value for name in ("extra_minutes", "extra_attempts") if (value := getattr(allowance, name))}


def _taken_over(attempt: Attempt, settings: QuizSettings, now: datetime) -> Attempt:
    if settings.is_one_session:
        attempt.token = secrets.token_urlsafe(16)
        _note(attempt.id, AttemptEventKind.TAKEN_OVER, now)
        session().flush()
    return attempt


def _note(attempt_id: int, kind: AttemptEventKind, now: datetime, data: Mapping[str, Any] | None = None) -> None:
    session().add(AttemptEvent(attempt_id=attempt_id, kind=kind, at=now, data=dict(data or {})))


def note(*, attempt_id: int, kind: AttemptEventKind, by: Identity, now: datetime) -> bool:
    """The page of a running attempt was left, or its reader came back. Only where the quiz says that it looks; True when it was noted."""
    attempt = queries.attempt_by_id(attempt_id)
    if attempt is None or attempt.state is not AttemptState.IN_PROGRESS or not QuizSettings.of(attempt.block.settings).logs_focus:
        return False
    if kind not in (AttemptEventKind.LEFT, AttemptEventKind.CAME_BACK) or len(queries.events_of(attempt_id)) >= MAX_EVENTS:
        return False
    _note(attempt_id, kind, now)
    session().flush()
    return True


def _open(attempt_id: int, token: str | None, attempt: Attempt | None = None) -> tuple[Attempt, QuizSettings]:
    """An attempt that this window may write to (`attempt`: it was read just now)."""
    if attempt is None:
        queries.hold(attempt_id)
        attempt = queries.attempt_by_id(attempt_id)
    if attempt is None or attempt.state is not AttemptState.IN_PROGRESS:
        raise TooLate(_("这次作答已经交卷，不能再修改答案。"))
    settings = QuizSettings.of(attempt.block.settings)
    if settings.is_one_session and token is not None and token != attempt.token:
        raise OtherWindow(_("这次作答已在另一个窗口或设备上继续，这里的修改没有保存。要在这里继续，请回到课程页面点击“继续作答”。"))
    return attempt, settings


def save(
    *,
    attempt_id: int,
    responses: Mapping[int, Mapping[str, Any]],
    by: Identity,
    now: datetime,
    bases: Mapping[int, str] | None = None,
    token: str | None = None,
) -> Attempt:
    """Store answers of an attempt in progress, by position; positions that are not there are passed over. Refuses when it is over.

    `bases` names the answers that the window was shown (`answering.digest`): an answer that it did not change does not overwrite what
    another window saved meanwhile, and an answer that two windows changed is kept as an event before the later one replaces it.
    """
    attempt, settings = _open(attempt_id, token)
    if not rules.is_in_time(now, attempt.due_at):
        raise TooLate(_("答题时间已到，之后的修改没有保存；时间内保存的答案有效，请交卷。"))
    _store(attempt, settings, responses, bases or {}, now)
    return attempt


def _store(attempt: Attempt, settings: QuizSettings, responses: Mapping[int, Mapping[str, Any]], bases: Mapping[int, str], now: datetime) -> None:
    for answer in attempt.answers:
        if answer.position not in responses:
            continue
        made = cleaned(answer.version.question.kind, answer.version.data, responses[answer.position], answer.response, answer.position)
        base = bases.get(answer.position)
        if made == answer.response or (base is not None and digest(made) == base):
            continue
        if settings.is_sequential and answer.position != attempt.reached:
            raise TooLate(_("这个测验按顺序作答：现在是第 %(now)d 题，第 %(n)d 题的修改没有保存。", now=attempt.reached, n=answer.position))
        if base is not None and digest(answer.response) != base and answer.response:
            _note(attempt.id, AttemptEventKind.REPLACED, now, {"position": answer.position, "response": answer.response})
        answer.response = made
        answer.saved_at = now
    session().flush()


def go_on(*, attempt_id: int, by: Identity, now: datetime, token: str | None = None) -> Attempt:
    """To the next question where there is no way back; at the last one nothing happens."""
    attempt, settings = _open(attempt_id, token)
    if settings.is_sequential and attempt.reached < len(attempt.answers):
        attempt.reached += 1
        session().flush()
    return attempt


def attach(*, attempt_id: int, position: int, file: StoredFile, by: Identity, now: datetime, token: str | None = None) -> Attempt:
    """Add a file to an answer. Refuses more than the question takes."""
    attempt, settings = _open(attempt_id, token)
    answer = next((row for row in attempt.answers if row.position == position and row.version.question.kind is QuestionKind.FILE), None)
    if answer is None:
        raise NoAttempt(_("这道题不收文件。"))
    if not rules.is_in_time(now, attempt.due_at) or (settings.is_sequential and position != attempt.reached):
        raise TooLate(_("答题时间已到，之后的修改没有保存；时间内保存的答案有效，请交卷。"))
    known = list(answer.response.get("files", []))
    most = int(answer.version.data.get("max_files") or 3)
    if len(known) >= most:
        raise NoAttempt(_("这道题最多交 %(n)d 个文件，请先移除一个。", n=most))
    answer.response = {**answer.response, "files": [*known, {"id": file.id, "name": file.name, "size": file.size}]}
    answer.saved_at = now
    session().flush()
    return attempt


def detach(*, attempt_id: int, position: int, file_id: int, by: Identity, now: datetime, token: str | None = None) -> Attempt:
    """Take a file out of an answer; the file itself stays in the store."""
    attempt, _settings = _open(attempt_id, token)
    for answer in attempt.answers:
        if answer.position == position and answer.response.get("files"):
            left = [one for one in answer.response["files"] if int(one["id"]) != file_id]
            answer.response = {**{k: v for k, v in answer.response.items() if k != "files"}, **({"files": left} if left else {})}
            answer.saved_at = now
    session().flush()
    return attempt


def submit(
    *,
    attempt_id: int,
    by: Identity,
    now: datetime,
    responses: Mapping[int, Mapping[str, Any]] | None = None,
    bases: Mapping[int, str] | None = None,
    token: str | None = None,
) -> tuple[Attempt, bool]:
    """Hand in and grade what needs no person. A second hand-in changes nothing (False).

    Answers after the time do not count; they are kept as an event, for the lecturer to see.
    """
    queries.hold(attempt_id)  # what is being saved at this moment is graded too
    attempt = queries.attempt_by_id(attempt_id)
    if attempt is None:
        raise NoAttempt(_("没有这次作答。"))
    if attempt.state is not AttemptState.IN_PROGRESS:
        return attempt, False
    attempt, settings = _open(attempt_id, token, attempt)
    if responses and rules.is_in_time(now, attempt.due_at):
        _store(attempt, settings, responses, bases or {}, now)
    elif responses:
        _note_late(attempt, responses, bases or {}, now)
    taken = session().execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == AttemptState.IN_PROGRESS)
        .values(state=AttemptState.SUBMITTED, submitted_at=now)
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return queries.attempt_by_id(attempt_id) or attempt, False
    session().refresh(attempt, ["state", "submitted_at"])
    mark_answers(attempt, settings)
    _note(attempt_id, AttemptEventKind.SUBMITTED, now)
    settle(attempt, now)
    audit.record(by=by, did="courses.attempt.submitted", on=attempt, data={"state": attempt.state, "score_x10": attempt.score_x10})
    return attempt, True


def mark_answers(attempt: Attempt, settings: QuizSettings) -> None:
    """What each answer is worth by the version it was asked; None where a person decides."""
    for answer in attempt.answers:
        asked = queries.asked_of(answer.version, answer.version.question.kind)
        given = rules.mark(asked, answer.response, answer.shown.get("values"), allows_negative=settings.allows_negative)
        answer.share_x1000 = given.share_x1000


def _note_late(attempt: Attempt, responses: Mapping[int, Mapping[str, Any]], bases: Mapping[int, str], now: datetime) -> None:
    changed = {}
    for answer in attempt.answers:
        if answer.position in responses:
            made = cleaned(answer.version.question.kind, answer.version.data, responses[answer.position], answer.response, answer.position)
            if made != answer.response and digest(made) != bases.get(answer.position):
                changed[str(answer.position)] = made
    if changed:
        _note(attempt.id, AttemptEventKind.LATE, now, {"responses": changed})
