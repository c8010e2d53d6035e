"""What the pages of the bank and of quizzes share: the blueprint, loading, saving a question from its form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from courses.assessment import queries
from courses.assessment.forms import QuestionForm
from courses.assessment.models import Question
from courses.assessment.operations import bank
from courses.assessment.types import QuestionKind
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_block, me
from courses.catalogue.forms import tenths
from courses.catalogue.models import Block, Course, Run
from courses.catalogue.operations.offerings import asset_prefix
from courses.catalogue.types import BlockKind, BodyFormat
from trainhub.kernel import clock
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

blueprint = Blueprint("assessment", __name__, url_prefix="/teaching")


def load_quiz(block_id: int) -> tuple[Run, Block]:
    """A quiz with its run."""
    run, block = load_block(block_id)
    if block.kind is not BlockKind.QUIZ:
        raise NotFound(_("这个内容块不是测验。"))
    return run, block


def load_question(question_id: int) -> tuple[Course, Question]:
    """A question with the course of its bank."""
    question = queries.question_by_id(question_id)
    course = catalogue.course_by_id(question.course_id) if question is not None else None
    if question is None or course is None:
        raise NotFound(_("没有这道题，可能已被移除。"))
    return course, question


def subject_of_question(pair: tuple[Course, Question]) -> Any:
    """A question is judged on its course."""
    return catalogue.subject_of_course(pair[0])


def wanted_kind() -> QuestionKind:
    """The kind in the address; manual questions come from imports only."""
    asked = request.args.get("kind", "single")
    if asked not in set(QuestionKind) - {QuestionKind.MANUAL}:
        raise NotFound(_("没有这种题型。"))
    return QuestionKind(asked)


def blank_form(kind: QuestionKind, *, is_in_quiz: bool = True) -> QuestionForm:
    """The form of a new question; points belong to its place in a quiz, not to the bank."""
    form = QuestionForm()
    if not is_in_quiz:
        del form.points
    if request.method == "GET":
        form.begin(kind)
        form.category.data = request.args.get("category", "")[:200]
    return form


def filled_form(question: Question, *, is_in_quiz: bool = True) -> QuestionForm:
    """The form of a known question."""
    version = queries.current_version(question)
    form = QuestionForm(
        version=question.version,
        stem=version.stem,
        explanation=version.explanation,
        category=question.category,
        name=question.name,
        tags=", ".join(row.tag for row in queries.tag_rows(question.id)),
    )
    if not is_in_quiz:
        del form.points
    if request.method == "GET":
        form.show(question.kind, version.data)
        form.difficulty.data = question.difficulty.value
    return form


def save(form: QuestionForm, *, course_id: int, kind: QuestionKind, question: Question | None = None, block: Block | None = None) -> Question:
    """Save what the form says, and put it into the quiz when there is one. Runs inside the transaction of the view."""
    now = clock.now()
    known = queries.current_version(question).data if question is not None else {}
    data = {**{k: v for k, v in known.items() if k == "origin"}, **form.values(kind, known)}
    saved = bank.save_question(
        course_id=course_id,
        kind=kind,
        question=question,
        version=form.version.data if question is not None else None,
        stem=form.stem.data or "",
        data=data,
        explanation=form.explanation.data or "",
        body_format=BodyFormat(known.get("body_format", "markdown")),
        assets=bank.assets_of(block) if block is not None else asset_prefix_of(course_id),
        is_survey=block is not None and form.points.data == 0,
        by=me(),
        now=now,
        **form.sorting(),
    )
    if block is not None:
        bank.add_item(block=block, question=saved, points_x10=tenths(form.points.data), by=me(), now=now)
    return saved


def asset_prefix_of(course_id: int) -> str:
    """Where pictures of a question written in the bank are found: among the files of the latest run."""
    runs = catalogue.runs_of(course_id)
    return asset_prefix(runs[0].id) if runs else ""
