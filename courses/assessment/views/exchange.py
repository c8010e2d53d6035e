"""Questions from files and to files: upload -> report -> confirm, and the exports."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for

from courses.assessment import queries
from courses.assessment.exchange import aiken, gift_write, plan, table, texts
from courses.assessment.views.bank import asked_filter
from courses.assessment.views.common import blueprint
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_course, me
from courses.catalogue.models import Course
from courses.permissions import Can
from trainhub.kernel import clock, downloads, files, sniff
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import ConfirmForm, UploadForm, upload_of
from trainhub.kernel.imports import PROBLEM_COLUMNS, Draft, problem_rows
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.sheets.types import SheetError
from trainhub.kernel.sheets.writing import Sheet, for_reader, write_xlsx

ALLOWED = sniff.SHEETS | {sniff.TEXT.mime}
MAX_TEXT_BYTES = 20 * 1024 * 1024
SHOWN_PROBLEMS = 200


def draft_of(content: bytes, name: str, course_id: int) -> Draft:
    """What a file would change. Raises SheetError when it cannot be read at all."""
    by, today = me(), clock.today()
    if name.lower().endswith((".xlsx", ".csv", ".tsv")):
        read, problems, file, sheet = table.read(content, filename=name, max_rows=plan.MAX_QUESTIONS)
        draft = plan.examine(read, course_id=course_id, by=by, today=today, file=file, sheet=sheet)
        draft.problems = sorted([*draft.problems, *problems], key=lambda problem: (problem.row or 0, problem.column or ""))
        draft.rows = max(draft.rows, len(read.questions))
        return draft
    text = text_of(content, name)
    found = texts.read(text)
    if not found.questions and not found.troubles:
        raise SheetError(_("文件“%(file)s”里没有题目。", file=name), file=name, code="empty_file")
    return plan.examine(found, course_id=course_id, by=by, today=today, file=name)


def text_of(content: bytes, name: str) -> str:
    """The text of a file in UTF-8 or GB18030."""
    if len(content) > MAX_TEXT_BYTES:
        raise SheetError(_("文本文件超过 %(n)d MB，请拆分后再导入。", n=MAX_TEXT_BYTES // 1024 // 1024), file=name, code="too_large")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding).replace("\x00", "")
        except UnicodeDecodeError:
            continue
    raise SheetError(_("文件“%(file)s”的编码无法识别，请另存为 UTF-8。", file=name), file=name, code="bad_encoding")


@blueprint.route("/courses/<code>/bank/import", methods=["GET", "POST"])
@guard(Can.COURSE_EDIT, load=load_course, subject=catalogue.subject_of_course)
def import_upload(course: Course) -> Any:
    """Upload a file; nothing is written but the file itself."""
    code, form = course.code, UploadForm()
    if form.validate_on_submit():
        data = form.file.data
        try:
            with transaction():
                kept = files.keep(data.stream, name=data.filename or "", kind="import", by=me(), now=clock.now(), allowed=ALLOWED)
                key = kept.id
            return redirect(url_for("assessment.import_report", code=code, file_id=key), 303)
        except Refused as refused:
            form.refuse(refused)
            course = load_course(code)
    page = render_template("courses/assessment/import.html", course=course, form=form, fields=table.schema().fields)
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.get("/courses/<code>/bank/import/template")
@guard(Can.COURSE_EDIT, load=load_course, subject=catalogue.subject_of_course)
def import_template(course: Course) -> Response:
    """The empty table with examples."""
    return downloads.xlsx(template_xlsx(table.schema(), table.EXAMPLES), _("题库导入模板"))


def _load_upload(code: str, file_id: int) -> tuple[Course, StoredFile]:
    return load_course(code), upload_of(file_id)


def _subject(pair: tuple[Course, StoredFile]) -> Any:
    return catalogue.subject_of_course(pair[0])


@blueprint.get("/courses/<code>/bank/import/<int:file_id>")
@guard(Can.COURSE_EDIT, load=_load_upload, subject=_subject)
def import_report(pair: tuple[Course, StoredFile]) -> Any:
    """What the file would change, and everything that is wrong with it."""
    course, row = pair
    draft, refused = None, None
    try:
        draft = draft_of(files.read(row), row.name, course.id)
    except SheetError as error:
        refused = error
    names = {one.name: one.heading for one in table.schema().fields}
    return render_template(
        "courses/assessment/import_report.html",
        course=course,
        file=row,
        draft=draft,
        refused=refused,
        form=ConfirmForm(),
        names=names,
        limit=SHOWN_PROBLEMS,
    )


@blueprint.get("/courses/<code>/bank/import/<int:file_id>/problems")
@guard(Can.COURSE_EDIT, load=_load_upload, subject=_subject)
def import_problems(pair: tuple[Course, StoredFile]) -> Response:
    """The problems as a table."""
    draft = draft_of(files.read(pair[1]), pair[1].name, pair[0].id)
    return downloads.table(problem_rows(draft.problems), PROBLEM_COLUMNS, name=_("问题清单"), form=request.args.get("form", "csv"), codes=["value"])


@blueprint.post("/courses/<code>/bank/import/<int:file_id>")
@guard(Can.COURSE_EDIT, load=_load_upload, subject=_subject)
def import_apply(pair: tuple[Course, StoredFile]) -> Any:
    """Write what was planned, all or nothing."""
    course, row = pair
    code, course_id, content, name, form = course.code, course.id, files.read(row), row.name, ConfirmForm()
    with transaction():
        draft = None
        if form.validate_on_submit() and once(form.submission_key.data or ""):
            draft = plan.apply(draft_of(content, name, course_id), course_id=course_id, by=me(), now=clock.now())
    if draft is None:
        flash(_("这次导入已经提交过，没有重复导入。"), "info")
    else:
        flash(_("导入完成：新增 %(a)d，更新 %(b)d，无变化 %(c)d。", a=draft.added, b=draft.changed, c=draft.unchanged), "success")
    return redirect(url_for("assessment.bank_index", code=code), 303)


@blueprint.get("/courses/<code>/bank/export")
@guard(Can.COURSE_EDIT, load=load_course, subject=catalogue.subject_of_course)
def export(course: Course) -> Response:
    """The questions that the bank shows, as a file; what a text format could not carry stands at its end as a comment."""
    asked = asked_filter()
    tags = queries.tags_of_course(course.id)
    rows = [plan.Known(question, version, tuple(tags.get(question.id, ()))) for question, version in queries.bank_rows(course.id, asked)]
    name = f"{course.code}-{clock.today():%Y%m%d}"
    match request.args.get("form", "xlsx"):
        case "xlsx":
            target = io.BytesIO()
            write_xlsx([Sheet("题库", table.schema().columns, (table.record(row) for row in rows), codes=["key"], headers=for_reader())], target)
            return downloads.xlsx(target.getvalue(), name)
        case "gift":
            made = gift_write.write(rows)
            tail = ["// " + _("没有写出：%(name)s（%(why)s）", name=left, why=why) for left, why in made.left_out]
            return _text_file("\n".join([made.text, *tail]) + "\n" if tail else made.text, f"{name}.gift.txt")
        case "aiken":
            made = aiken.write(rows)
            answer = _text_file(made.text, f"{name}.aiken.txt")
            answer.headers["X-Left-Out"] = str(len(made.left_out))
            return answer
    raise NotFound(_("没有这种导出格式。"))


@blueprint.get("/courses/<code>/bank/export/report")
@guard(Can.COURSE_EDIT, load=load_course, subject=catalogue.subject_of_course)
def export_report(course: Course) -> Any:
    """What each text format could not carry, and why."""
    tags = queries.tags_of_course(course.id)
    rows = [plan.Known(question, version, tuple(tags.get(question.id, ()))) for question, version in queries.bank_rows(course.id, asked_filter())]
    return render_template(
        "courses/assessment/export.html",
        course=course,
        total=len(rows),
        gift=gift_write.write(rows).left_out,
        aiken=aiken.write(rows).left_out,
        wanted={key: value for key, value in request.args.items() if key in ("q", "kind", "difficulty", "tag", "category", "state") and value},
    )


def _text_file(text: str, name: str) -> Response:
    answer = Response(text.encode("utf-8"), mimetype="text/plain")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
