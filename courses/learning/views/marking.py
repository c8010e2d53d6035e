"""Grading across learners, one question at a time; grading again after a correction; extra time; one attempt with all that is known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, render_template, request

from courses.assessment import labels, queries, showing
from courses.assessment.loading import load_question, load_quiz, subject_of_question
from courses.assessment.models import Attempt, AttemptAnswer, Question, QuizAllowance
from courses.assessment.operations import attempts, grading, quizzes
from courses.assessment.types import BY_PERSON, QuizSettings
from courses.catalogue import choice_queries
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_block, subject_of_pair
from courses.catalogue.markup import has_math
from courses.catalogue.models import Block, Course, Run
from courses.learning import finding, operations, regrading
from courses.learning.forms import AllowanceForm
from courses.learning.places import load_run, me
from courses.learning.views.common import seen_of
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard, may
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import decimal_of, key_of, whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import done

blueprint = Blueprint("marking", __name__, url_prefix="/teaching")


@blueprint.get("/runs/<int:run_id>/marking")
@guard(Can.RUN_GRADE, load=load_run, subject=catalogue.subject_of_run)
def index(run: Run) -> Any:
    """The questions that wait for a person, those with most answers first."""
    return render_template("courses/learning/marking.html", run=run, rows=queries.to_grade_by_question(run.id))


@dataclass(frozen=True, slots=True)
class Pile:
    """The answers to one question of a quiz."""

    run: Run
    block: Block
    question: Question


def _load_pile(block_id: int, question_id: int) -> Pile:
    run, block = load_quiz(block_id)
    question = queries.question_by_id(question_id)
    if question is None or question.course_id != run.course_id:
        raise NotFound(_("没有这道题，可能已被移除。"))
    return Pile(run, block, question)


def _subject_of_pile(pile: Pile) -> Any:
    return catalogue.subject_of_run(pile.run)


@blueprint.route("/blocks/<int:block_id>/marking/<int:question_id>", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=_load_pile, subject=_subject_of_pile)
def pile(place: Pile) -> Any:
    """Answers of all learners to one question: points and words, saved together."""
    error, run_id, status = "", place.run.id, 200
    block_id, question_id = place.block.id, place.question.id
    is_all = request.args.get("all") == "1"
    if request.method == "POST":
        try:
            with transaction():
                count = _grade_all(run_id)
            kept = {name: "1" for name in ("all", "names") if request.args.get(name) == "1"}
            if is_all:  # what waits for a mark is gone from its page once it has one: the next ones stand on the first
                kept |= {name: request.args[name] for name in ("page", "size") if name in request.args}
            return done(_("已保存 %(n)d 份评分，学员会收到通知。", n=count), "marking.pile", block_id=block_id, question_id=question_id, **kept)
        except Refused as refused:
            error, status = refused.message, refused.status
            place = _load_pile(block_id, question_id)
    number, size = paging.wanted()
    page = paging.paginate(queries.waiting_answers(block_id, question_id, is_all=is_all), number=number, size=size)
    shown = page.items
    names = queries.names_of_attempts([row.attempt_id for row in shown]) if request.args.get("names") == "1" else {}
    made = render_template(
        "courses/learning/marking_pile.html",
        place=place,
        run=place.run,
        block=place.block,
        question=place.question,
        version=queries.current_version(place.question),
        page=page,
        names=names,
        is_all=is_all,
        error=error,
        showing=showing.At(place.run.id),
        labels=labels,
        has_math=has_math(*[row.version.stem_html for row in shown]),
    )
    return made, status


def _grade_all(run_id: int) -> int:
    """Every answer of the form that got points; a mark that is not a number within them refuses the whole form."""
    count = 0
    for key in sorted(request.form.getlist("answer"), key=lambda key: key_of(key) or 0):  # in one order, whoever grades beside
        answer = queries.answer_by_id(key_of(key) or 0)
        text = request.form.get(f"points{key}", "").strip()
        if answer is None or not text:
            continue
        attempt = queries.attempt_by_id(answer.attempt_id)
        if attempt is None or attempt.block.run_id != run_id:
            raise NotFound(_("没有这份待批阅的作答。"))
        points, words = _points_of(answer, text), request.form.get(f"feedback{key}", "")
        if points is None and words == answer.feedback:
            continue
        marks = {} if points is None else {answer.position: points}
        given: dict[str, Any] = {"points": marks, "feedback": {answer.position: words}, "seen": seen_of({key: answer.position})}
        row = attempts.grade(attempt_id=attempt.id, **given, by=me(), now=clock.now())
        regrading.follow(attempt=row, run_id=run_id, by=me(), now=clock.now())
        count += 1
    return count


def _points_of(answer: AttemptAnswer, text: str) -> int | None:
    """Points in hundredths, None where they are what stands; refuses what is not a number within the full points."""
    if answer.share_x1000 is not None and text == showing.points(answer):
        return None
    full = Decimal(answer.points_x10) / 10
    points = decimal_of(text, places=2)
    if points is None or not 0 <= points <= full:
        raise Refused(_("得分“%(text)s”应是 0 到 %(full)s 之间的数，最多两位小数；没有保存任何评分。", text=text[:20], full=f"{full:f}"))
    return int(points * 100)


# -- one attempt --------------------------------------------------------------------------------------------------------


def _load_attempt(attempt_id: int) -> tuple[Run, Attempt]:
    row = queries.attempt_by_id(attempt_id)
    if row is None:
        raise NotFound(_("没有这次作答。"))
    return load_run(row.block.run_id), row


@blueprint.get("/quiz-attempts/<int:attempt_id>")
@guard(Can.RUN_GRADE, load=_load_attempt, subject=subject_of_pair)
def attempt(pair: tuple[Run, Attempt]) -> Any:
    """An attempt as it stands, and what the integrity aids noted; also of a quiz that was removed."""
    run, row = pair
    return render_template(
        "courses/learning/marking_attempt.html",
        run=run,
        attempt=row,
        block=row.block,
        events=queries.events_of(row.id),
        settings=QuizSettings.of(row.block.settings),
        showing=showing.At(run.id),
        labels=labels,
        has_math=has_math(*[a.version.stem_html for a in row.answers]),
    )


def _load_file(attempt_id: int, file_id: int) -> tuple[Run, Any]:
    run, row = _load_attempt(attempt_id)
    file = queries.file_of_attempt(row, file_id)
    if file is None:
        raise NotFound(_("没有这个文件。"))
    return run, file


@blueprint.get("/quiz-attempts/<int:attempt_id>/files/<int:file_id>")
@guard(Can.RUN_GRADE, load=_load_file, subject=subject_of_pair)
def file(pair: tuple[Run, Any]) -> Response:
    """A file that a learner handed in."""
    return send(pair[1])


# -- grading again ------------------------------------------------------------------------------------------------------


@blueprint.route("/questions/<int:question_id>/regrade", methods=["GET", "POST"])
@guard(Can.COURSE_EDIT, load=load_question, subject=subject_of_question)
def regrade(pair: tuple[Course, Question]) -> Any:
    """What would change if old attempts were graded by the question as it is now, run by run; then do it for one of them."""
    course, question = pair
    question_id = question.id
    if request.method == "POST":
        run_id = request.form.get("run", type=whole)
        with transaction():
            run = catalogue.run_by_id(run_id) if run_id is not None else None
            if run is None or run.course_id != course.id:
                raise Refused(_("这期课程不存在，请重新预览后再确认。"))
            if request.form.get("number", type=whole) != question.current_no:
                raise Refused(_("题目刚才又改过，请重新预览后再确认。"))
            count = regrading.ask(question=question, run=run, by=me(), now=clock.now())
        if count is None:
            message = _("作答很多，正在后台重新评分；每处变化都留有记录。")
        else:
            message = _("重新评分完成，%(n)d 次作答的得分有变化；每处变化都留有记录。", n=count)
        return done(message, "marking.regrade", question_id=question_id)
    counts = {} if question.kind in BY_PERSON else queries.count_to_regrade(question_id, question.current_no)
    return render_template(
        "courses/learning/regrade.html",
        course=course,
        question=question,
        by_run=[
            (run, may(me(), Can.RUN_GRADE, catalogue.subject_of_run(run)), grading.regrade_preview(question, run.id), counts[run.id])
            for run in catalogue.runs_of(course.id)
            if run.id in counts
        ],
        labels=labels,
    )


# -- extra time and attempts ----------------------------------------------------------------------------------------------


@blueprint.route("/blocks/<int:block_id>/allowances", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=load_quiz, subject=subject_of_pair)
def allowances(pair: tuple[Run, Block]) -> Any:
    """Who may do more at a quiz."""
    run, block = pair
    block_id = block.id
    form = AllowanceForm(cohorts=choice_queries.cohort_choices(run.course.owner_id))
    if form.validate_on_submit():
        try:
            with transaction():
                operations.allow(block=block, by=me(), now=clock.now(), **_holder(form, run.course.owner.code), **form.values())
            return done(_("已保存。正在作答的人立即按新的时间。"), "marking.allowances", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            run, block = load_quiz(block_id)
    number, size = paging.wanted()
    page = paging.paginate(queries.allowance_rows(block_id), number=number, size=size)
    return render_template("courses/learning/allowances.html", run=run, block=block, form=form, page=page)


def _holder(form: AllowanceForm, home: str) -> dict[str, Any]:
    """The one person or cohort that the form names."""
    login, cohort = (form.login.data or "").strip(), form.cohort_id.data or ""
    if bool(login) == bool(cohort):
        raise Refused(_("请填写一名学员，或选择一个年级，二者选一。"), field="login")
    if cohort:
        return {"cohort_id": int(cohort)}
    return {"person_id": finding.demand_learner(login, home=home)}


def _load_allowance(block_id: int, row_id: int) -> tuple[Run, QuizAllowance]:
    run, block = load_block(block_id)
    row = queries.allowance_row(block.id, row_id=row_id)
    if row is None:
        raise NotFound(_("这项加时已被取消。"))
    return run, row


@blueprint.post("/blocks/<int:block_id>/allowances/<int:row_id>/remove")
@guard(Can.RUN_GRADE, load=_load_allowance, subject=subject_of_pair)
def disallow(pair: tuple[Run, QuizAllowance]) -> Any:
    """Take a grant back."""
    block_id = pair[1].block_id
    with transaction():
        quizzes.disallow(row=pair[1], by=me(), now=clock.now())
    return done(_("已取消。正在作答的人保持原来的时间。"), "marking.allowances", block_id=block_id)
