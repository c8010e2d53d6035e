"""The bank of a course: found, written, compared, restored, tried as a student."""

from __future__ import annotations

import difflib
from typing import Any

from flask import redirect, render_template, request, url_for

from courses.assessment import answering, labels, notation, queries, rules, showing
from courses.assessment.loading import load_question, subject_of_question
from courses.assessment.models import AttemptAnswer, Question, QuestionVersion
from courses.assessment.operations import bank
from courses.assessment.rules import drawing
from courses.assessment.types import BankFilter, Difficulty, QuestionKind
from courses.assessment.views import common
from courses.assessment.views.common import blueprint
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_course, me
from courses.catalogue.markup import has_math
from courses.catalogue.models import Course
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole
from trainhub.kernel.web import done


def asked_filter() -> BankFilter:
    """What the address asks for; nonsense is passed over."""
    args = request.args
    kind, level = args.get("kind", ""), args.get("difficulty", "")
    return BankFilter(
        text=args.get("q", "").strip()[:100],
        kind=QuestionKind(kind) if kind in set(QuestionKind) else None,
        category=args.get("category", "")[:200],
        tag=args.get("tag", "")[:40],
        difficulty=Difficulty(level) if level in set(Difficulty) else None,
        is_archived=args.get("state") == "archived",
    )


def tree(categories: list[tuple[str, int]]) -> list[tuple[str, str, int, int]]:
    """The categories as a tree in order: (path, last step, depth, questions in it and below)."""
    counts: dict[str, int] = {}
    for path, count in categories:
        steps = path.split("/") if path else []
        for n in range(1, len(steps) + 1):
            counts["/".join(steps[:n])] = counts.get("/".join(steps[:n]), 0) + count
    return [(path, path.rsplit("/", 1)[-1], path.count("/"), counts[path]) for path in sorted(counts)]


@blueprint.get("/courses/<code>/bank")
@guard(Can.COURSE_EDIT, load=load_course, subject=catalogue.subject_of_course)
def bank_index(course: Course) -> Any:
    """The questions of a course."""
    number, size = paging.wanted()
    asked = asked_filter()
    page = paging.paginate(queries.bank_page(course.id, asked), number=number, size=size, scalars=False)
    rows = [queries.as_bank_row(row) for row in page.items]
    ids = [question.id for question, _version in rows]
    categories = queries.categories(course.id)
    return render_template(
        "courses/assessment/bank.html",
        course=course,
        run=next(iter(catalogue.runs_of(course.id)), None),
        page=page,
        rows=rows,
        asked=asked,
        tree=tree(categories),
        total=sum(count for _path, count in categories),
        tag_choices=[("", _("全部")), *((tag, tag) for tag in queries.tags_of(course.id))],
        wanted={name: value for name, value in request.args.items() if name in ("q", "kind", "difficulty", "tag", "category", "state") and value},
        tags_of=queries.tags_of_questions(ids),
        used=queries.used_in(ids),
        labels=labels,
        summary=notation.summary,
        QuestionKind=QuestionKind,
        has_math=has_math(*[version.stem_html for _question, version in rows]),
    )


@blueprint.route("/courses/<code>/bank/new", methods=["GET", "POST"])
@guard(Can.COURSE_EDIT, load=load_course, subject=catalogue.subject_of_course)
def bank_new(course: Course) -> Any:
    """Write a question into the bank."""
    kind = common.wanted_kind()
    code, course_id = course.code, course.id
    form = common.blank_form(kind, is_in_quiz=False)
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("assessment.bank_index", code=code), 303)
                question_id = common.save(form, course_id=course_id, kind=kind).id
            return done(_("题目已添加。请以学员身份试做一次。"), "assessment.preview", question_id=question_id)
        except Refused as refused:
            form.refuse(refused)
            course = load_course(code)
    return render_template("courses/assessment/bank_question.html", course=course, form=form, kind=kind, labels=labels, question=None)


@blueprint.route("/questions/<int:question_id>", methods=["GET", "POST"])
@guard(Can.COURSE_EDIT, load=load_question, subject=subject_of_question)
def bank_edit(pair: tuple[Course, Question]) -> Any:
    """A new version of a question; attempts keep the one they were asked."""
    course, question = pair
    question_id, kind = question.id, question.kind
    form = common.filled_form(question, is_in_quiz=False)
    if form.validate_on_submit():
        try:
            with transaction(), common.telling_short(course.id):
                common.save(form, course_id=course.id, kind=kind, question=question)
            return done(_("题目已保存；已开始的作答不受影响。"), "assessment.versions", question_id=question_id)
        except Refused as refused:
            form.refuse(refused)
            course, question = load_question(question_id)
    return render_template("courses/assessment/bank_question.html", course=course, form=form, kind=kind, labels=labels, question=question)


@blueprint.get("/questions/<int:question_id>/versions")
@guard(Can.COURSE_EDIT, load=load_question, subject=subject_of_question)
def versions(pair: tuple[Course, Question]) -> Any:
    """Every version, and what differs between two of them."""
    course, question = pair
    rows = queries.versions_of(question.id)
    by_no = {row.number: row for row in rows}
    new = by_no.get(request.args.get("b", question.current_no, type=whole)) or rows[0]
    old = by_no.get(request.args.get("a", new.number - 1, type=whole))
    return render_template(
        "courses/assessment/versions.html",
        course=course,
        question=question,
        rows=rows,
        old=old,
        new=new,
        diff=difference(question.kind, old, new) if old is not None else [],
        waiting=sum(queries.count_to_regrade(question.id, question.current_no).values()),
        used=queries.used_in([question.id]).get(question.id, []),
        labels=labels,
        showing=showing.At(common.latest_run(course.id)),
        has_math=has_math(new.stem_html),
    )


def written(kind: QuestionKind, version: QuestionVersion) -> list[str]:
    """A version as lines, as its author writes it."""
    parts = notation.write(kind, version.data)
    flags = [
        f"{name}: {version.data[name]}" for name in ("expression", "tolerance", "is_case_sensitive", "is_all_or_nothing") if version.data.get(name)
    ]
    return [*version.stem.splitlines(), *[line for text in parts.values() for line in text.splitlines()], *flags, *version.explanation.splitlines()]


def difference(kind: QuestionKind, old: QuestionVersion, new: QuestionVersion) -> list[tuple[str, str]]:
    """Lines that stayed (" "), went ("-") and came ("+")."""
    lines = difflib.ndiff(written(kind, old), written(kind, new))
    return [(line[0], line[2:]) for line in lines if line[0] in " -+"]


@blueprint.post("/questions/<int:question_id>/restore")
@guard(Can.COURSE_EDIT, load=load_question, subject=subject_of_question)
def restore(pair: tuple[Course, Question]) -> Any:
    """Ask again what an old version asked."""
    question_id = pair[1].id
    with transaction():
        bank.restore(
            question=pair[1],
            number=request.form.get("number", 0, type=whole),
            version=request.form.get("version", type=whole),
            by=me(),
            now=clock.now(),
        )
    return done(_("已恢复为新的一版。"), "assessment.versions", question_id=question_id)


@blueprint.post("/questions/<int:question_id>/duplicate")
@guard(Can.COURSE_EDIT, load=load_question, subject=subject_of_question)
def duplicate(pair: tuple[Course, Question]) -> Any:
    """A copy to change."""
    with transaction():
        if not once(request.form.get("submission_key", "")):
            return redirect(url_for("assessment.bank_index", code=pair[0].code), 303)
        question_id = bank.duplicate(question=pair[1], by=me(), now=clock.now()).id
    return done(_("已复制。现在修改副本。"), "assessment.bank_edit", question_id=question_id)


@blueprint.post("/questions/<int:question_id>/archive")
@guard(Can.COURSE_EDIT, load=load_question, subject=subject_of_question)
def archive(pair: tuple[Course, Question]) -> Any:
    """Put a question away, or bring it back."""
    code, is_archived = pair[0].code, request.form.get("archive") == "1"
    with transaction(), common.telling_short(pair[0].id):
        bank.archive(question=pair[1], is_archived=is_archived, by=me(), now=clock.now())
    message = _("题目已归档：不再出现在题库和随机抽题中，已用它的测验不变。") if is_archived else _("题目已恢复到题库。")
    return done(message, "assessment.bank_index", code=code)


@blueprint.post("/courses/<code>/bank/categories")
@guard(Can.COURSE_EDIT, load=load_course, subject=catalogue.subject_of_course)
def move_category(course: Course) -> Any:
    """Rename or move a category with everything under it."""
    code = course.code
    with transaction(), common.telling_short(course.id):
        moved = bank.rename_category(course_id=course.id, old=request.form.get("old", ""), new=request.form.get("new", ""), by=me(), now=clock.now())
    return done(_("已移动 %(n)d 道题。", n=moved), "assessment.bank_index", code=code)


@blueprint.route("/questions/<int:question_id>/preview", methods=["GET", "POST"])
@guard(Can.COURSE_EDIT, load=load_question, subject=subject_of_question)
def preview(pair: tuple[Course, Question]) -> Any:
    """The question as a student meets it; an answer is graded at once and not kept."""
    course, question = pair
    version = queries.version_of(question.id, request.args.get("number", question.current_no, type=whole))
    if version is None:
        raise NotFound(_("这道题没有这一版。"))
    seed = request.values.get("seed", "1")[:20]
    asked = queries.asked_of(version, question.kind)
    shown = drawing.shown(asked, f"preview:{question.id}:{seed}", shuffles=True)
    sample = AttemptAnswer(position=1, points_x10=10, response={}, shown=shown, feedback="")
    found = None
    if request.method == "POST":
        sample.response = answering.cleaned(
            question.kind, version.data, answering.response_of(request.form, "q1", question.kind, version.data), {}, 1
        )
        found = rules.mark(asked, sample.response, shown.get("values"), allows_negative=True)
        sample.share_x1000 = found.share_x1000
    return render_template(
        "courses/assessment/preview.html",
        course=course,
        question=question,
        version=version,
        answer=sample,
        found=found,
        seed=seed,
        next_seed=str(int(seed) + 1) if is_key(seed) else "1",
        labels=labels,
        showing=showing.At(common.latest_run(course.id)),
        digest=answering.digest,
        has_math=has_math(version.stem_html, *[o.get("html", "") for o in version.data.get("options", [])]),
    )
