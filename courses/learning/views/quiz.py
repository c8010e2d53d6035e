"""Taking a quiz: what one must know before, start, save as one goes, hand in, read the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, current_app, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.datastructures import MultiDict

from courses.assessment import answering, labels, showing
from courses.assessment import queries as assessment
from courses.assessment.models import Attempt
from courses.assessment.operations import attempts
from courses.assessment.rules import is_in_time, may_start
from courses.assessment.rules.results import window
from courses.assessment.telling import chances, review_words
from courses.assessment.types import Allowance, AttemptEventKind, AttemptState, QuizSettings, Shown, When
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import has_code, has_math
from courses.catalogue.models import Run
from courses.catalogue.types import BlockKind
from courses.learning import operations, queries, review_queries
from courses.learning.models import Enrolment
from courses.learning.places import Place, load_block_place, load_run, me, subject_of_learner
from courses.learning.types import SEATED
from courses.learning.views.common import blueprint
from courses.permissions import Can
from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused, TooMany
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.numbers import is_key, key_of, whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.people import queries as people

UPLOADS = sniff.EVIDENCE | sniff.VIDEOS | {sniff.TEXT.mime, sniff.CSV.mime, "audio/mpeg", "audio/mp4", "audio/wav"}
MAX_UPLOAD = 50 * 1024 * 1024


def _needs_notice(settings: QuizSettings, by_lot: Sequence[str]) -> bool:
    """Whether a learner must be told something before the clock runs; `by_lot`: what lots decide (`telling.chances`)."""
    return bool(
        by_lot
        or settings.minutes
        or settings.password
        or settings.closes_at
        or settings.is_one_session
        or settings.logs_focus
        or settings.is_sequential
    )


def _load_quiz(block_id: int) -> Place:
    place = load_block_place(block_id)
    if place.block is None or place.block.kind is not BlockKind.QUIZ:
        raise NotFound(_("这个内容块不是测验。"))
    return place


@blueprint.get("/learning/blocks/<int:block_id>/quiz")
@guard(Can.ENROLMENT_LEARN, load=_load_quiz)
def quiz(place: Place) -> Any:
    """Everything one must know before starting: time, attempts, how it is graded, what is recorded."""
    return _quiz_page(place)


def _quiz_page(place: Place, refused: Refused | None = None) -> Any:
    assert place.block is not None
    block, person_id = place.block, place.enrolment.person_id
    settings, allowance = QuizSettings.of(block.settings), assessment.allowance_for(block.id, person_id)
    tries = assessment.attempts_of(block.id, person_id)
    running = next((row for row in tries if row.state is AttemptState.IN_PROGRESS), None)
    page = render_template(
        "courses/learning/quiz.html",
        run=place.run,
        block=block,
        unit=catalogue.unit_by_id(block.unit_id),
        settings=settings,
        allowance=allowance,
        window=window(settings, allowance),
        tries=tries,
        running=running,
        is_used_up=running is None and not may_start(len(tries), _allowed(settings, allowance)),
        count=settings.draw or assessment.item_counts([block.id]).get(block.id, 0),
        chances=chances(settings, block, place.run),
        labels=labels,
        review=review_words(settings),
        refused=refused,
        has_math=has_math(block.body_html),
    )
    if refused is None:
        return page
    return page, refused.status, {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}


@blueprint.post("/learning/blocks/<int:block_id>/attempts")
@guard(Can.ENROLMENT_LEARN, load=_load_quiz)
def start(place: Place) -> Any:
    """Start an attempt, or go on with the open one. Who was not told the rules yet is told first."""
    assert place.block is not None
    block, person_id = place.block, place.enrolment.person_id
    block_id = block.id
    settings, running = QuizSettings.of(block.settings), assessment.attempt_in_progress(block_id, person_id)
    is_running = running is not None and is_in_time(clock.now(), running.due_at)
    is_told = is_running or "agreed" in request.form
    if not is_told and _needs_notice(settings, chances(settings, block, place.run)):
        return redirect(url_for("learning.quiz", block_id=block_id), 303)
    if running is not None and not is_running:
        _hand_in(place, running.id)
        block = _load_quiz(block_id).block or block
    try:
        with transaction():
            attempt = attempts.start(block=block, person_id=person_id, by=me(), now=clock.now(), password=request.form.get("password", ""))
            attempt_id, token = attempt.id, attempt.token
    except (attempts.NoAttempt, TooMany) as refused:
        block = _load_quiz(block_id).block or block
        if refused.field == "password" and isinstance(refused, attempts.NoAttempt):
            with transaction():
                attempts.note_wrong_password(block=block, by=me(), now=clock.now())
        return _quiz_page(_load_quiz(block_id), refused)
    _remember(attempt_id, token)
    return redirect(url_for("learning.attempt", attempt_id=attempt_id), 303)


def _remember(attempt_id: int, token: str) -> None:
    """This browser sits in an attempt. What it kept of those that have ended goes: browsers drop a cookie that has grown too long, and sign out."""
    kept = {name: number for name in cookie if name.startswith("quiz-") and (number := key_of(name.removeprefix("quiz-"))) is not None}
    going_on = assessment.in_progress_among(kept.values())
    for name, number in kept.items():
        if number not in going_on:
            cookie.pop(name)
    cookie[f"quiz-{attempt_id}"] = token


def _hand_in(place: Place, attempt_id: int) -> None:
    """An attempt whose time is over counts before the next one begins: starting hands it in, and only here the learner's log learns it."""
    with transaction():
        now = clock.now()
        row, is_first = attempts.submit(attempt_id=attempt_id, by=me(), now=now)
        if is_first:
            operations.note_attempt(enrolment=place.enrolment, attempt=row, by=me(), now=now)


class Sitting:
    """An attempt with the run and the enrolment it belongs to."""

    def __init__(self, attempt: Attempt, run: Run, enrolment: Enrolment) -> None:
        self.attempt, self.run, self.enrolment = attempt, run, enrolment
        self.subject = subject_of_learner(attempt.person_id)
        self.settings = QuizSettings.of(attempt.block.settings)

    @property
    def is_elsewhere(self) -> bool:
        """Whether another window or device goes on with the attempt."""
        return self.settings.is_one_session and cookie.get(f"quiz-{self.attempt.id}") != self.attempt.token


def _load(attempt_id: int) -> Sitting:
    attempt = assessment.attempt_by_id(attempt_id)
    if attempt is None:
        raise NotFound(_("没有这次作答。"))
    enrolment = queries.enrolment_of(attempt.block.run_id, attempt.person_id)
    if enrolment is None:
        raise NotFound(_("没有这次作答。"))
    if enrolment.state not in SEATED and people.is_same_human(me().person_id, attempt.person_id):
        raise NotAllowed(_("你不再是这期课程的学员，不能再查看或继续作答。你的作答和成绩在“我的数据”中。"))
    return Sitting(attempt, load_run(attempt.block.run_id), enrolment)


@blueprint.get("/learning/attempts/<int:attempt_id>")
@guard(Can.ENROLMENT_LEARN, load=_load)
def attempt(sitting: Sitting) -> Any:
    """The questions with the answers saved so far; after handing in, the result."""
    return _sitting_page(sitting)


def _sitting_page(sitting: Sitting, problem: str = "", *, is_kept: bool = False) -> Any:
    """`is_kept`: the problem is that of a file; the answers beside it are saved."""
    row, settings, now = sitting.attempt, sitting.settings, clock.now()
    texts = [t for a in row.answers for t in (a.version.stem_html, *[o.get("html", "") for o in a.version.data.get("options", [])])]
    is_open = row.state is AttemptState.IN_PROGRESS
    allowance = assessment.allowance_for(row.block_id, row.person_id)
    when = When.DURING if is_open else review_queries.when_of(row.block_id, settings, allowance, now)
    position = _position(row, settings)
    shared = {
        "run": sitting.run,
        "attempt": row,
        "block": row.block,
        "unit": catalogue.unit_by_id(row.block.unit_id),
        "settings": settings,
        "has_math": has_math(*texts),
        "has_code": has_code(*texts),
        "showing": showing.At(sitting.run.id),
        "shown": settings.review[when],
        "Shown": Shown,
        "now": now,
    }
    if is_open:
        page = render_template(
            "courses/learning/attempt.html",
            answers=[a for a in row.answers if a.position == position] if settings.is_paged else row.answers,
            position=position,
            last=len(row.answers),
            answered={a.position for a in row.answers if a.response},
            digest=answering.digest,
            is_elsewhere=sitting.is_elsewhere,
            token=cookie.get(f"quiz-{row.id}", ""),
            problem=problem,
            is_kept=is_kept,
            most=_most_bytes(),
            seconds_left=max(0, int((row.due_at - now).total_seconds())) if row.due_at else None,
            **shared,
        )
        return (page, 422) if problem else page
    done_count = len(assessment.attempts_of(row.block_id, row.person_id))
    later = settings.review[When.CLOSED] - settings.review[When.AFTER] if when is When.AFTER and window(settings, allowance)[1] else frozenset()
    return render_template(
        "courses/learning/result.html",
        may_again=may_start(done_count, _allowed(settings, allowance)),
        result_x10=operations.result_of(row),
        done_count=done_count,
        overall=showing.overall(settings.feedback, row.score_x10) if Shown.FEEDBACK in settings.review[when] else "",
        later_words=listed(str(labels.SHOWN[one]) for one in Shown if one in later),
        closes_at=window(settings, allowance)[1],
        labels=labels,
        **shared,
    )


def _most_bytes() -> int:
    """The bytes of a file that an answer takes; where the whole request may not have many more, its answers need a sixteenth."""
    whole_request: int = current_app.config["SETTINGS"].max_upload_mb << 20
    return min(MAX_UPLOAD, whole_request - whole_request // 16)


def _allowed(settings: QuizSettings, allowance: Allowance) -> int | None:
    """How many attempts this person has in all; None without a limit."""
    return None if settings.attempts is None else settings.attempts + allowance.extra_attempts


def _position(row: Attempt, settings: QuizSettings) -> int:
    """Which question a page of its own shows."""
    if settings.is_sequential:
        return row.reached
    asked = request.args.get("n", type=whole) or request.form.get("at", type=whole) or 1  # a page that refuses stays where it was sent from
    return min(max(1, asked), max(1, len(row.answers)))


def responses(form: MultiDict[str, str], row: Attempt) -> tuple[dict[int, Mapping[str, Any]], dict[int, str]]:
    """The answers in a form by position (q1, q2, ...), and what the window was shown. A question that is not in it keeps its answer."""
    found = answering.responses_of(form, row)
    return found, {position: form[f"q{position}-base"] for position in found if form.get(f"q{position}-base")}


def _given(sitting: Sitting) -> dict[str, Any]:
    found, bases = responses(request.form, sitting.attempt)
    return {"attempt_id": sitting.attempt.id, "responses": found, "bases": bases, "token": request.form.get("token", ""), "by": me()}


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


@blueprint.post("/learning/attempts/<int:attempt_id>/save")
@guard(Can.ENROLMENT_LEARN, load=_load)
def save(sitting: Sitting) -> Any:
    """Save the answers: while one writes, by the button, or on the way to another question."""
    attempt_id, go = sitting.attempt.id, request.form.get("go", "")
    try:
        with transaction():
            now = clock.now()
            row = attempts.save(now=now, **_given(sitting))
            if go == "on":
                row = attempts.go_on(attempt_id=attempt_id, by=me(), now=now, token=request.form.get("token", ""))
            bases = {str(a.position): answering.digest(a.response) for a in row.answers}
            due_at = row.due_at
    except Refused as refused:
        if _wants_json():
            return jsonify({"problem": refused.message, "code": refused.code}), refused.status
        fresh = _load(attempt_id)
        if fresh.attempt.state is not AttemptState.IN_PROGRESS:
            raise
        return _sitting_page(fresh, refused.message)
    if _wants_json():
        left = None if due_at is None else max(0, int((due_at - now).total_seconds()))
        return jsonify({"saved": f"{clock.local(now):%H:%M:%S}", "bases": bases, "left": left})
    if go:
        return redirect(url_for("learning.attempt", attempt_id=attempt_id, n=go if is_key(go) else None), 303)
    return done(_("答案已保存，可以稍后继续作答。"), "learning.attempt", attempt_id=attempt_id, n=request.form.get("at") or None)


@blueprint.post("/learning/attempts/<int:attempt_id>/files")
@guard(Can.ENROLMENT_LEARN, load=_load)
def upload(sitting: Sitting) -> Any:
    """Add a file to an answer or take one out; what stands in the other fields is saved with it."""
    attempt_id, token = sitting.attempt.id, request.form.get("token", "")
    position, _dash, file_id = (request.form.get("upload") or request.form.get("remove") or "").partition("-")
    is_kept = False
    try:
        with transaction():  # of their own: the window gave its copy up when it sent the form, so a refused file must not take them along
            attempts.save(now=clock.now(), **_given(sitting))
        is_kept = True
        with transaction():
            now = clock.now()
            if not is_key(position):
                raise NotFound(_("没有这道题。"))
            if is_key(file_id):
                attempts.detach(attempt_id=attempt_id, position=int(position), file_id=int(file_id), by=me(), now=now, token=token)
            else:
                given = request.files.get(f"q{position}-file")
                if given is None or not given.filename:
                    raise attempts.NoAttempt(_("请先选择文件，再点击“上传”。"))
                kept = files.keep(given.stream, name=given.filename, kind="attempt", by=me(), now=now, allowed=UPLOADS, max_bytes=MAX_UPLOAD)
                attempts.attach(attempt_id=attempt_id, position=int(position), file=kept, by=me(), now=now, token=token)
    except Refused as refused:
        fresh = _load(attempt_id)
        if fresh.attempt.state is not AttemptState.IN_PROGRESS:
            raise
        return _sitting_page(fresh, refused.message, is_kept=is_kept)
    return redirect(url_for("learning.attempt", attempt_id=attempt_id, n=request.form.get("at") or None, _anchor=f"question-{position}"), 303)


def _load_file(attempt_id: int, file_id: int) -> Sitting:
    sitting = _load(attempt_id)
    sitting.file = assessment.file_of_attempt(sitting.attempt, file_id)  # type: ignore[attr-defined]
    return sitting


@blueprint.get("/learning/attempts/<int:attempt_id>/files/<int:file_id>")
@guard(Can.ENROLMENT_LEARN, load=_load_file)
def answer_file(sitting: Sitting) -> Response:
    """A file of one's own answer."""
    row = sitting.file  # type: ignore[attr-defined]
    if row is None:
        raise NotFound(_("没有这个文件。"))
    return send(row, as_download=True)


@blueprint.post("/learning/attempts/<int:attempt_id>/events")
@guard(Can.ENROLMENT_LEARN, load=_load)
def events(sitting: Sitting) -> Any:
    """The page was left or come back to; noted only where the rules of the quiz said so."""
    kind = AttemptEventKind.LEFT if request.form.get("kind") == "left" else AttemptEventKind.CAME_BACK
    with transaction():
        noted = attempts.note(attempt_id=sitting.attempt.id, kind=kind, by=me(), now=clock.now())
    return jsonify({"noted": noted})


@blueprint.post("/learning/attempts/<int:attempt_id>/submit")
@guard(Can.ENROLMENT_LEARN, load=_load)
def submit(sitting: Sitting) -> Any:
    """Hand in, once; the result follows."""
    attempt_id = sitting.attempt.id
    try:
        with transaction():
            now = clock.now()
            row, is_first = attempts.submit(now=now, **_given(sitting))
            if is_first:
                operations.note_attempt(enrolment=sitting.enrolment, attempt=row, by=me(), now=now)
    except Refused as refused:
        return _sitting_page(_load(attempt_id), refused.message)
    cookie.pop(f"quiz-{attempt_id}", None)
    return redirect(url_for("learning.attempt", attempt_id=attempt_id), 303)
