"""Those who teach: the assignments of a run, the list of submissions, grading, releasing, tables and archives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, redirect, render_template, request, stream_with_context, url_for

from courses.assignments import archive, forms, labels, rules
from courses.assignments.models import SubmissionComment
from courses.assignments.operations import grading, joining, releasing, sheets
from courses.assignments.queries import peers, teams, texts, work
from courses.assignments.types import MarkRole, Queue, Rubric
from courses.assignments.views.common import Marked, blueprint, load_block, load_run, load_submission, me
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import plain
from courses.catalogue.models import Run
from courses.learning import intakes, seat_queries, tables
from courses.permissions import Can
from trainhub.kernel import clock, downloads, files, paging
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import number_x10
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.writing import for_reader, iter_csv
from trainhub.kernel.web import done


@blueprint.get("/teaching/runs/<int:run_id>/assignments")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def of_run(run: Run) -> Any:
    """The assignments of a run with what waits."""
    return render_template("courses/assignments/of_run.html", run=run, rows=work.of_run(run.id), now=clock.now(), words=words)


@blueprint.get("/teaching/assignments/<int:block_id>")
@guard(Can.RUN_GRADE, load=load_block)
def submissions(marked: Marked) -> Any:
    """The submissions of an assignment, those that wait for staff first."""
    if marked.rules is None:
        return redirect(url_for("assignments.setup", block_id=marked.block.id), 302)
    return _list(marked)


def _list(marked: Marked, refused: Refused | None = None) -> Any:
    assert marked.rules is not None
    number, size = paging.wanted()
    statement = work.rows(marked.rules.id, queue=request.args.get("queue", ""), text=request.args.get("q", "").strip()[:60])
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    body = render_template(
        "courses/assignments/submissions.html",
        run=marked.run,
        block=marked.block,
        assignment=marked.rules,
        release=marked.release,
        page=page,
        rows=[work.as_row(row) for row in page.items],
        counts=work.counts_of([marked.rules.id]).get(marked.rules.id, {"handed": 0, "waits": 0, "graded": 0}),
        seats=seat_queries.count_seats(marked.run.id),
        form=forms.SheetForm(),
        labels=labels,
        words=words,
        now=clock.now(),
        refused=refused,
    )
    return body, refused.status if refused is not None else 200


def _grading_page(marked: Marked, refused: Refused | None = None) -> Any:
    submission, assignment = marked.work, marked.assignment
    versions = work.versions_of(submission.id)
    asked = request.args.get("version", submission.number, type=whole)
    version = next((row for row in versions if row.number == asked), versions[0])
    marks = work.marks_of(submission.id)
    hides = assignment.is_double and submission.queue is Queue.SECOND_GRADER
    judged = [mark for mark in marks if mark.number == submission.number and mark.role in (MarkRole.FIRST, MarkRole.SECOND)]
    if assignment.is_double:  # each changes their own judgement, whatever the other one said
        judged = [mark for mark in judged if mark.grader_id is not None and mark.grader_id == me().person_id]
    page = render_template(
        "courses/assignments/grade.html",
        run=marked.run,
        block=marked.block,
        assignment=assignment,
        submission=submission,
        name=sheets.name_of(submission),
        rubric=Rubric.of(assignment.rubric),
        versions=versions,
        version=version,
        paragraphs=rules.paragraphs(version.text),
        # A second grader works independently: the first mark is hidden until both are given.
        marks=[mark for mark in marks if not (hides and mark.grader_id != me().person_id and mark.number == submission.number)],
        is_blind=hides,
        standing=judged[-1] if judged else None,
        comments=[row for row in work.comments_of(submission.id) if not hides or row.number != submission.number or row.author_id == me().account_id],
        joined=teams.joined_since(submission),
        feedback=work.feedback_files(submission.id),
        reviews=peers.reviews_of(submission.id) if assignment.peers or assignment.has_self_review else [],
        given=request.form if refused is not None else {},
        refused=refused,
        following=work.next_in_queue(assignment.id, submission.id),
        MarkRole=MarkRole,
        labels=labels,
    )
    return page, refused.status if refused is not None else 200


@blueprint.route("/teaching/submissions/<int:submission_id>", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=load_submission)
def grade(marked: Marked) -> Any:
    """Read a submission and judge it."""
    submission = marked.work
    submission_id, block_id = submission.id, marked.block.id
    if request.method == "GET":
        return _grading_page(marked)
    try:
        with transaction():
            version, now = request.form.get("version", type=whole), clock.now()
            match request.form.get("do", "grade"):
                case "override":
                    points = number_x10(request.form.get("points", ""))
                    grading.override(
                        submission=submission, version=version, points_x10=points, reason=request.form.get("reason", ""), by=me(), now=now
                    )
                    message = _("成绩已改定，理由已记录。")
                case "return":
                    grading.send_back(submission=submission, version=version, reason=request.form.get("reason", ""), by=me(), now=now)
                    message = _("已退回修改，作者会收到通知。")
                case "take_in":
                    joining.take_in(submission=submission, person_id=request.form.get("person_id", 0, type=whole), by=me(), now=now)
                    return done(_("已计入：这名学员现在是这份作业的作者。"), "assignments.grade", submission_id=submission_id)
                case _other:
                    marking = forms.marking_of(Rubric.of(marked.assignment.rubric), request.form)
                    grading.grade(submission=submission, version=version, marking=marking, by=me(), now=now)
                    message = _("评分已保存。")
    except Refused as refused:
        return _grading_page(load_submission(submission_id), refused)
    following = work.next_in_queue(marked.assignment.id, submission_id)
    if following is not None and request.form.get("next"):
        return done(message, "assignments.grade", submission_id=following)
    return done(message, "assignments.submissions", block_id=block_id)


@blueprint.post("/teaching/submissions/<int:submission_id>/comments")
@guard(Can.RUN_GRADE, load=load_submission)
def comment(marked: Marked) -> Any:
    """Pin a remark to a paragraph, a file and page, or the whole; or give a file back."""
    submission_id = marked.work.id
    number = request.form.get("number", type=whole)
    with transaction():
        upload = request.files.get("feedback")
        if upload is not None and upload.filename:
            grading.add_feedback(submission=marked.work, file=upload.stream, name=upload.filename, by=me(), now=clock.now())
        else:
            grading.add_comment(
                submission=marked.work,
                body=request.form.get("body", ""),
                number=number,
                paragraph=request.form.get("paragraph", type=whole),
                file_id=request.form.get("file_id", type=whole),
                page=request.form.get("page", type=whole),
                by=me(),
                now=clock.now(),
            )
    return redirect(url_for("assignments.grade", submission_id=submission_id, version=number, _anchor="work"), 303)


def load_comment(comment_id: int) -> tuple[Marked, SubmissionComment]:
    """A remark with the submission it is on."""
    row = work.comment_by_id(comment_id)
    if row is None:
        raise NotFound(_("这条批注已被移除。"))
    return load_submission(row.submission_id), row


@blueprint.post("/teaching/submission-comments/<int:comment_id>/remove")
@guard(Can.RUN_GRADE, load=load_comment, subject=lambda pair: pair[0].subject)
def remove_comment(pair: tuple[Marked, SubmissionComment]) -> Any:
    """Take a remark back."""
    submission_id = pair[0].work.id
    with transaction():
        grading.remove_comment(comment=pair[1], by=me(), now=clock.now())
    return redirect(url_for("assignments.grade", submission_id=submission_id, _anchor="work"), 303)


@blueprint.post("/teaching/assignments/<int:block_id>/release")
@guard(Can.RUN_GRADE, load=load_block)
def release(marked: Marked) -> Any:
    """Show the marks, or show no more of them by itself."""
    block_id = marked.block.id
    if request.form.get("do") == "stop":
        with transaction():
            releasing.stop(assignment=marked.assignment, by=me(), now=clock.now())
        return done(_("以后评好的成绩不再自动公布；已公布的保持可见。"), "assignments.submissions", block_id=block_id)
    with transaction():
        count = releasing.release(assignment=marked.assignment, by=me(), now=clock.now())
    if count < 0:
        return done(_("成绩正在后台发布，很快完成。"), "assignments.submissions", block_id=block_id)
    return done(_("已发布 %(n)d 份成绩；以后评好的会立即可见。", n=count), "assignments.submissions", block_id=block_id)


# -- in and out ---------------------------------------------------------------------------------------------------------


@blueprint.get("/teaching/assignments/<int:block_id>/archive.zip")
@guard(Can.RUN_GRADE, load=load_block)
def download(marked: Marked) -> Any:
    """Everything that was handed in, in its latest version, as one ZIP."""
    answer = Response(stream_with_context(archive.stream(_entries(marked.assignment.id))), mimetype="application/zip")
    return downloads.named(answer, f"{archive.safe_name(marked.block.title or 'assignment')}.zip")


def _entries(assignment_id: int) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files of the archive, read while it is sent."""
    for submission, version in texts.latest_versions(assignment_id):
        folder = f"{archive.safe_name(sheets.name_of(submission))}-{submission.alias}"
        if version.text:
            yield f"{folder}/text.txt", [version.text.encode()]
        for row in version.files:
            yield f"{folder}/{archive.safe_name(row.file.name)}", files.stream(row.file)


@blueprint.get("/teaching/assignments/<int:block_id>/marks.<form>")
@guard(Can.RUN_GRADE, load=lambda block_id, form: (load_block(block_id), form), subject=lambda pair: pair[0].subject)
def marks_out(pair: tuple[Marked, str]) -> Any:
    """The marks as a table that can be filled in and taken back; CSV is sent while it is read, a very large workbook is made by a job."""
    marked, form = pair
    columns, run_id, block_id = sheets.SCHEMA.columns, marked.run.id, marked.block.id
    if form == "xlsx" and tables.is_large(work.count_handed_in(marked.assignment.id), columns):
        return redirect(url_for("staff.table", run_id=run_id, what="marks", block=block_id))
    rows, name = sheets.rows(marked.assignment.id), archive.safe_name(marked.block.title or str(_("作业")))
    if form == "csv":
        answer = Response(stream_with_context(iter_csv(rows, columns, headers=for_reader())), mimetype="text/csv")
        return downloads.named(answer, f"{name}.csv")
    return downloads.table(rows, columns, name=name, form=form, codes=downloads.codes_of(sheets.SCHEMA))


@blueprint.post("/teaching/assignments/<int:block_id>/marks")
@guard(Can.RUN_GRADE, load=load_block)
def marks_in(marked: Marked) -> Any:
    """Take marks from a table, all or nothing; one with very many lines is taken by a job."""
    block_id = marked.block.id
    upload, reason = request.files.get("file"), request.form.get("reason", "")[:400]
    if upload is None or not upload.filename:
        return _list(marked, Refused(_("请选择成绩表（CSV 或 XLSX）。"), field="file"))
    if intakes.is_long(upload.stream, sheets.SCHEMA.columns, filename=upload.filename):
        run_id, chosen = marked.run.id, {tables.PART: str(block_id), "reason": reason}
        with transaction():
            intakes.ask("marks", run=marked.run, chosen=chosen, file=upload.stream, name=upload.filename, by=me(), now=clock.now())
        return redirect(intakes.address("marks", run_id=run_id, chosen=chosen), 303)
    try:
        with transaction():
            count = sheets.take(assignment=marked.assignment, file=upload.stream, filename=upload.filename, reason=reason, by=me(), now=clock.now())
    except sheets.SheetRefused as refused:
        marked = load_block(block_id)
        page = render_template("courses/assignments/sheet_errors.html", run=marked.run, block=marked.block, refused=refused, headings=headings())
        return page, refused.status
    return done(said(count), "assignments.submissions", block_id=block_id)


def headings() -> dict[str, str]:
    """The words of the columns that a problem names by their key."""
    return downloads.headings(sheets.SCHEMA.columns)


def said(count: int) -> str:
    """What a table that was taken changed."""
    return _("已导入 %(n)d 份成绩。", n=count)


@blueprint.get("/teaching/assignments/<int:block_id>/likeness")
@guard(Can.RUN_GRADE, load=load_block)
def likeness(marked: Marked) -> Any:
    """Pairs of texts that share wording, as a hint."""
    if not marked.assignment.checks_likeness:
        raise NotFound(_("这项作业没有打开文本相似提示。"))
    compared, count = texts.compared_texts(marked.assignment.id)
    found = rules.likenesses(compared, common=[plain(marked.block.body_html, 100_000)])[:200]
    return render_template(
        "courses/assignments/likeness.html",
        run=marked.run,
        block=marked.block,
        assignment=marked.assignment,
        release=marked.release,
        found=found,
        names={key: sheets.name_of(one) for key, one in work.whole({key for pair in found for key in (pair.one, pair.other)}).items()},
        compared=len(compared),
        left=count - len(compared),
        words=words,
    )
