"""A quiz as its author sees it: its questions and draws, how it is taken, its attempts; copying a run with its quizzes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import redirect, render_template, request, url_for

from courses.assessment import labels, notation, passwords, queries, showing
from courses.assessment.forms import DrawForm, QuizForm
from courses.assessment.loading import load_quiz
from courses.assessment.models import QuizDraw, QuizItem
from courses.assessment.operations import bank, quizzes
from courses.assessment.types import Difficulty, QuizSettings
from courses.assessment.views import common
from courses.assessment.views.common import blueprint
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_block, me, subject_of_pair
from courses.catalogue.markup import has_math
from courses.catalogue.models import Block, Run
from courses.catalogue.types import PartKind
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import tenths
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole
from trainhub.kernel.web import done

SHOWN = 100
"""So many questions of the bank are listed beside a quiz; a search finds the others."""


def draw_form(course_id: int) -> DrawForm:
    """The form of a draw from a course's bank."""
    categories = sorted({"/".join(path.split("/")[: n + 1]) for path, _count in queries.categories(course_id) for n in range(path.count("/") + 1)})
    return DrawForm(categories=categories, tags=queries.tags_of(course_id))


@blueprint.get("/blocks/<int:block_id>/items")
@guard(Can.RUN_EDIT, load=load_quiz, subject=subject_of_pair)
def items(pair: tuple[Run, Block]) -> Any:
    """The questions and draws of a quiz, and those of the bank that could join."""
    return _items_page(*pair, draw_form(pair[0].course_id))


def _items_page(run: Run, block: Block, form: DrawForm) -> Any:
    parts = queries.parts_of(block.id)
    rows = [part for part in parts if isinstance(part, QuizItem)]
    versions = queries.current_versions(row.question_id for row in rows)
    others, found = queries.joinable(block, run.course_id, request.args.get("q", "").strip()[:100], SHOWN)
    draws = [part for part in parts if isinstance(part, QuizDraw)]
    pools = queries.drawable_counts(run.course_id, draws)
    return render_template(
        "courses/assessment/items.html",
        run=run,
        block=block,
        unit=catalogue.unit_by_id(block.unit_id),
        pieces=parts,
        rows=rows,
        pools=pools,
        total_x10=sum(row.points_x10 for row in rows) + sum(d.points_x10 * d.count for d in draws),
        count=len(rows) + sum(d.count for d in draws),
        versions=versions,
        others=others,
        found=found,
        kinds=labels.KINDS,
        labels=labels,
        form=form,
        settings=QuizSettings.of(block.settings),
        summary=notation.summary,
        showing=showing.At(run.id),
        has_math=has_math(*[v.stem_html for v in versions.values()]),
    )


@blueprint.route("/blocks/<int:block_id>/questions/new", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_quiz, subject=subject_of_pair)
def new_question(pair: tuple[Run, Block]) -> Any:
    """Write a question of a kind into the bank and the quiz."""
    run, block = pair
    kind, block_id, course_id = common.wanted_kind(), block.id, run.course_id
    form = common.blank_form(kind)
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    common.save(form, course_id=course_id, kind=kind, block=block)
            return done(_("题目已添加。"), "assessment.items", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            run, block = load_block(block_id)
    return render_template(
        "courses/assessment/question.html", run=run, block=block, form=form, kind=kind, kinds=labels.KINDS, labels=labels, item=None
    )


def _load_item(item_id: int) -> tuple[Run, QuizItem, Block]:
    item = queries.item_by_id(item_id)
    if item is None:
        raise NotFound(_("这道题已从测验中移除。"))
    run, block = load_block(item.block_id)
    return run, item, block


def _subject(loaded: tuple[Run, Any, Block]) -> Any:
    return catalogue.subject_of_run(loaded[0])


@blueprint.route("/items/<int:item_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=_load_item, subject=_subject)
def edit_question(loaded: tuple[Run, QuizItem, Block]) -> Any:
    """A new version of a question; attempts that are running or done keep the one they were asked."""
    run, item, block = loaded
    item_id, block_id, kind = item.id, block.id, item.question.kind
    form = common.filled_form(item.question)
    if request.method == "GET":
        form.points.data = Decimal(item.points_x10) / 10
    if form.validate_on_submit():
        try:
            with transaction(), common.telling_short(run.course_id):
                common.save(form, course_id=run.course_id, kind=kind, question=item.question, block=block)
            return done(_("题目已保存；已开始的作答不受影响。"), "assessment.items", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            run, item, block = _load_item(item_id)
    return render_template(
        "courses/assessment/question.html", run=run, block=block, form=form, kind=kind, kinds=labels.KINDS, labels=labels, item=item
    )


def _load_part(kind: str, part_id: int) -> tuple[Run, QuizItem | QuizDraw, Block]:
    part: QuizItem | QuizDraw | None = None
    if kind in ("items", "draws"):
        part = queries.item_by_id(part_id) if kind == "items" else queries.draw_by_id(part_id)
    if part is None:
        raise NotFound(_("这道题已从测验中移除。"))
    run, block = load_block(part.block_id)
    return run, part, block


@blueprint.post("/quiz/<kind>/<int:part_id>/move")
@guard(Can.RUN_EDIT, load=_load_part, subject=_subject)
def move_part(loaded: tuple[Run, QuizItem | QuizDraw, Block]) -> Any:
    """One place up or down."""
    block_id = loaded[2].id
    with transaction():
        bank.move_part(part=loaded[1], step=-1 if request.form.get("to") == "up" else 1, by=me(), now=clock.now())
    return redirect(url_for("assessment.items", block_id=block_id), 303)


@blueprint.post("/quiz/<kind>/<int:part_id>/remove")
@guard(Can.RUN_EDIT, load=_load_part, subject=_subject)
def remove_part(loaded: tuple[Run, QuizItem | QuizDraw, Block]) -> Any:
    """Take a question or a draw out of the quiz; the questions stay in the bank."""
    block_id, part = loaded[2].id, loaded[1]
    with transaction():
        if isinstance(part, QuizItem):
            bank.remove_item(item=part, by=me(), now=clock.now())
        else:
            bank.remove_draw(draw=part, by=me(), now=clock.now())
    return done(_("题目已从测验中移除，仍保留在题库。"), "assessment.items", block_id=block_id)


@blueprint.post("/blocks/<int:block_id>/items/order")
@guard(Can.RUN_EDIT, load=load_quiz, subject=subject_of_pair)
def order_parts(pair: tuple[Run, Block]) -> Any:
    """The order of a dragged list."""
    block_id = pair[1].id
    with transaction():
        bank.reorder_parts(block=pair[1], names=request.form.getlist("part"), by=me(), now=clock.now())
    return redirect(url_for("assessment.items", block_id=block_id), 303)


@blueprint.post("/blocks/<int:block_id>/draws")
@guard(Can.RUN_EDIT, load=load_quiz, subject=subject_of_pair)
def add_draw(pair: tuple[Run, Block]) -> Any:
    """Draw questions of the bank for each attempt."""
    run, block = pair
    block_id = block.id
    form = draw_form(run.course_id)
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    bank.add_draw(
                        run=run,
                        block=block,
                        count=form.count.data or 1,
                        points_x10=tenths(form.points.data),
                        category=form.category.data,
                        tag=form.tag.data,
                        difficulty=Difficulty(form.level.data) if form.level.data else None,
                        by=me(),
                        now=clock.now(),
                    )
            return done(_("随机抽题已添加：每次作答抽到的题可能不同。"), "assessment.items", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            run, block = load_quiz(block_id)
    return _items_page(run, block, form), 422


@blueprint.route("/blocks/<int:block_id>/quiz", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_quiz, subject=subject_of_pair)
def quiz_settings(pair: tuple[Run, Block]) -> Any:
    """How the quiz is taken."""
    run, block = pair
    block_id = block.id
    form = QuizForm(version=block.version)
    if request.method == "GET":
        settings = QuizSettings.of(block.settings)
        form.show(settings)
        form.password.data = passwords.opened(settings.password)
    if form.validate_on_submit():
        try:
            with transaction():
                quizzes.set_up(block=block, version=form.version.data, settings=form.values(), by=me(), now=clock.now())
            return done(
                _("测验设置已保存；正在作答的人按开始时的时间；关闭时间延后的，按现在的规则随之延长。"), "assessment.quiz_settings", block_id=block_id
            )
        except Refused as refused:
            form.refuse(refused)
            run, block = load_quiz(block_id)
    return render_template("courses/assessment/quiz_settings.html", run=run, block=block, form=form, labels=labels)


@blueprint.post("/blocks/<int:block_id>/quiz/restore")
@guard(Can.RUN_EDIT, load=load_quiz, subject=subject_of_pair)
def restore_rules(pair: tuple[Run, Block]) -> Any:
    """Take the rules of an old version again; from the history of the block."""
    block = pair[1]
    number, version = request.form.get("number", 0, type=whole), request.form.get("version", type=whole)
    with transaction():
        quizzes.restore_rules(block=block, number=number, version=version, by=me(), now=clock.now())
    message = _("作答规则已恢复，立即生效；题目和说明没有改动。正在作答的人按开始时的时间；关闭时间延后的，按现在的规则随之延长。")
    return done(message, "authoring.history", kind=PartKind.BLOCK.value, part_id=block.id)


@blueprint.get("/blocks/<int:block_id>/attempts")
@guard(Can.RUN_GRADE, load=load_quiz, subject=subject_of_pair)
def attempts(pair: tuple[Run, Block]) -> Any:
    """Every attempt at the quiz, with what the integrity aids noted."""
    run, block = pair
    number, size = paging.wanted()
    page = paging.paginate(queries.attempts_of_block(block.id), number=number, size=size, scalars=False)
    return render_template(
        "courses/assessment/attempts.html", run=run, block=block, page=page, labels=labels, settings=QuizSettings.of(block.settings)
    )


@blueprint.post("/blocks/<int:block_id>/items")
@guard(Can.RUN_EDIT, load=load_quiz, subject=subject_of_pair)
def add_items(pair: tuple[Run, Block]) -> Any:
    """Put questions of the bank into the quiz."""
    run, block = pair
    block_id = block.id
    with transaction():
        for value in request.form.getlist("question"):
            question = queries.question_by_id(int(value)) if is_key(value) else None
            if question is not None and question.course_id == run.course_id:
                bank.add_item(block=block, question=question, by=me(), now=clock.now())
    return redirect(url_for("assessment.items", block_id=block_id), 303)
