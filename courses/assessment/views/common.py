"""What the pages of the bank and of quizzes share: the blueprint, loading, saving a question from its form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, flash, request

from courses.assessment import queries
from courses.assessment.forms import QuestionForm
from courses.assessment.models import Question
from courses.assessment.operations import bank
from courses.assessment.types import QuestionKind
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import me
from courses.catalogue.models import Block
from courses.catalogue.types import BodyFormat
from trainhub.kernel import clock
from trainhub.kernel.errors import NotFound
from trainhub.kernel.fields import tenths
from trainhub.kernel.i18n import _

blueprint = Blueprint("assessment", __name__, url_prefix="/teaching")


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
    taken = queries.keys_given(question.id) if question is not None else frozenset[str]()
    data = {**{k: v for k, v in known.items() if k == "origin"}, **form.values(kind, known, taken)}
    saved = bank.save_question(
        course_id=course_id,
        kind=kind,
        question=question,
        version=form.version.data if question is not None else None,
        stem=form.stem.data or "",
        data=data,
        explanation=form.explanation.data or "",
        body_format=BodyFormat(known.get("body_format", "markdown")),
        is_survey=block is not None and form.points.data == 0,
        by=me(),
        now=now,
        **form.sorting(),
    )
    if block is not None:
        bank.add_item(block=block, question=saved, points_x10=tenths(form.points.data), by=me(), now=now)
    return saved


@contextmanager
def telling_short(course_id: int) -> Iterator[None]:
    """Say of which draws the bank holds too few questions after what is done inside, and held more before."""
    today = clock.today()
    before = queries.short_draws(course_id, today)
    yield
    for key, short in queries.short_draws(course_id, today).items():
        if key not in before or short.found < before[key].found:
            title = short.title or _("测验")
            words = _(
                "%(run)s 的“%(title)s”随机抽 %(count)d 题，题库里只剩 %(found)d 题可抽：开始作答的学员会少做题。请补充题目，或减少抽题数。",
                run=short.code,
                title=title,
                count=short.count,
                found=short.found,
            )
            flash(words, "warning")


def latest_run(course_id: int) -> int | None:
    """The run whose files the bank shows: the latest one. Stored questions name files by `/static/` alone."""
    runs = catalogue.runs_of(course_id)
    return runs[0].id if runs else None
