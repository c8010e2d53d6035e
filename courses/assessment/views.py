"""The question editor and the items of a quiz; copying a run with its quizzes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from courses.assessment import queries
from courses.assessment.forms import QuestionForm
from courses.assessment.labels import KINDS
from courses.assessment.models import QuizItem
from courses.assessment.operations import bank
from courses.assessment.types import QuestionKind
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_block, load_run, me, subject_of_pair
from courses.catalogue.forms import CopyForm, tenths
from courses.catalogue.markup import has_math
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BlockKind, BodyFormat
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done

blueprint = Blueprint("assessment", __name__, url_prefix="/teaching")


def _load_quiz(block_id: int) -> tuple[Run, Block]:
    run, block = load_block(block_id)
    if block.kind is not BlockKind.QUIZ:
        raise NotFound(_("这个内容块不是测验。"))
    return run, block


@blueprint.get("/blocks/<int:block_id>/items")
@guard(Can.RUN_EDIT, load=_load_quiz, subject=subject_of_pair)
def items(pair: tuple[Run, Block]) -> Any:
    """The questions of a quiz, and those of the bank that could join."""
    run, block = pair
    rows = queries.items_of(block.id)
    versions = queries.current_versions(row.question_id for row in rows)
    used = {row.question_id for row in rows}
    others = [v for v in queries.bank(run.course_id) if v.question_id not in used]
    return render_template(
        "courses/assessment/items.html",
        run=run,
        block=block,
        unit=catalogue.unit_by_id(block.unit_id),
        rows=rows,
        versions=versions,
        others=others[:100],
        kinds=KINDS,
        has_math=has_math(*[v.stem_html for v in versions.values()]),
    )


@blueprint.route("/blocks/<int:block_id>/questions/new", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=_load_quiz, subject=subject_of_pair)
def new_question(pair: tuple[Run, Block]) -> Any:
    """Write a question of a kind into the bank and the quiz."""
    run, block = pair
    asked = request.args.get("kind", "single")
    if asked not in set(QuestionKind) - {QuestionKind.MANUAL}:
        raise NotFound(_("没有这种题型。"))
    kind, block_id, course_id = QuestionKind(asked), block.id, run.course_id
    form = QuestionForm()
    if request.method == "GET" and kind is QuestionKind.TRUE_FALSE:
        form.options.data = f"* {_('正确')}\n{_('错误')}"
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    now = clock.now()
                    question = bank.save_question(
                        course_id=course_id,
                        kind=kind,
                        stem=form.stem.data or "",
                        data=form.values(kind),
                        explanation=form.explanation.data or "",
                        category=form.category.data or "",
                        assets=bank.assets_of(block),
                        is_survey=form.points.data == 0,
                        by=me(),
                        now=now,
                    )
                    bank.add_item(block=block, question=question, points_x10=tenths(form.points.data), by=me(), now=now)
            return done(_("题目已添加。"), "assessment.items", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            run, block = load_block(block_id)
    return render_template("courses/assessment/question.html", run=run, block=block, form=form, kind=kind, kinds=KINDS, item=None)


def _load_item(item_id: int) -> tuple[Run, QuizItem, Block]:
    item = queries.item_by_id(item_id)
    if item is None:
        raise NotFound(_("这道题已从测验中移除。"))
    run, block = load_block(item.block_id)
    return run, item, block


def _subject(loaded: tuple[Run, QuizItem, Block]) -> Any:
    return catalogue.subject_of_run(loaded[0])


@blueprint.route("/items/<int:item_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=_load_item, subject=_subject)
def edit_question(loaded: tuple[Run, QuizItem, Block]) -> Any:
    """A new version of a question; attempts that are running or done keep the one they were asked."""
    run, item, block = loaded
    item_id, block_id = item.id, block.id
    version = queries.current_version(item.question)
    kind = item.question.kind
    form = QuestionForm(version=item.question.version, stem=version.stem, explanation=version.explanation, category=item.question.category)
    if request.method == "GET":
        form.show(version.data)
        form.points.data = Decimal(item.points_x10) / 10
    if form.validate_on_submit():
        try:
            with transaction():
                now = clock.now()
                bank.save_question(
                    course_id=run.course_id,
                    kind=kind,
                    question=item.question,
                    version=form.version.data,
                    stem=form.stem.data or "",
                    data={**{k: v for k, v in version.data.items() if k == "origin"}, **form.values(kind)},
                    explanation=form.explanation.data or "",
                    category=form.category.data or "",
                    body_format=BodyFormat(version.data.get("body_format", "markdown")),
                    assets=bank.assets_of(block),
                    is_survey=form.points.data == 0,
                    by=me(),
                    now=now,
                )
                bank.add_item(block=block, question=item.question, points_x10=tenths(form.points.data), by=me(), now=now)
            return done(_("题目已保存；已开始的作答不受影响。"), "assessment.items", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            run, item, block = _load_item(item_id)
    return render_template("courses/assessment/question.html", run=run, block=block, form=form, kind=kind, kinds=KINDS, item=item)


@blueprint.post("/items/<int:item_id>/move")
@guard(Can.RUN_EDIT, load=_load_item, subject=_subject)
def move_item(loaded: tuple[Run, QuizItem, Block]) -> Any:
    """One place up or down."""
    block_id = loaded[2].id
    with transaction():
        bank.move_item(item=loaded[1], step=-1 if request.form.get("to") == "up" else 1, by=me(), now=clock.now())
    return redirect(url_for("assessment.items", block_id=block_id), 303)


@blueprint.post("/items/<int:item_id>/remove")
@guard(Can.RUN_EDIT, load=_load_item, subject=_subject)
def remove_item(loaded: tuple[Run, QuizItem, Block]) -> Any:
    """Take a question out of the quiz; it stays in the bank."""
    block_id = loaded[2].id
    with transaction():
        bank.remove_item(item=loaded[1], by=me(), now=clock.now())
    return done(_("题目已从测验中移除，仍保留在题库。"), "assessment.items", block_id=block_id)


@blueprint.post("/blocks/<int:block_id>/items")
@guard(Can.RUN_EDIT, load=_load_quiz, subject=subject_of_pair)
def add_items(pair: tuple[Run, Block]) -> Any:
    """Put questions of the bank into the quiz."""
    run, block = pair
    block_id = block.id
    with transaction():
        for value in request.form.getlist("question"):
            question = queries.question_by_id(int(value)) if value.isdigit() else None
            if question is not None and question.course_id == run.course_id:
                bank.add_item(block=block, question=question, by=me(), now=clock.now())
    return redirect(url_for("assessment.items", block_id=block_id), 303)


@blueprint.route("/runs/<int:run_id>/copy", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def copy_run(run: Run) -> Any:
    """A new draft run with the same content, without the learners."""
    run_id = run.id
    form = CopyForm()
    if form.validate_on_submit():
        try:
            with transaction():
                new = bank.duplicate_run(run=run, code=form.code.data or "", starts_on=form.starts_on.data, by=me(), now=clock.now())  # type: ignore[arg-type]
                new_id = new.id
            return done(_("已复制为新期次（草稿），日期已平移，学员没有复制。请核对后发布。"), "staff.settings", run_id=new_id)
        except Refused as refused:
            form.refuse(refused)
            run = load_run(run_id)
    return render_template("courses/assessment/copy_run.html", run=run, form=form)
