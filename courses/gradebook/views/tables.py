"""The gradebook as a table out and in, its figures, and a learner's own view."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, stream_with_context, url_for

from courses.catalogue import labels as words
from courses.gradebook import queries
from courses.gradebook.operations import sheets
from courses.gradebook.types import Scale
from courses.gradebook.views.book import Open, blueprint, line_page, load
from courses.learning import intakes, review_queries, seat_queries, tables
from courses.learning.places import Place, load_place, load_run, me
from courses.permissions import Can
from trainhub.kernel import clock, downloads
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.writing import for_reader, iter_csv
from trainhub.kernel.web import done


@blueprint.get("/teaching/runs/<int:run_id>/gradebook.<form>")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def export(opened: Open) -> Any:
    """The whole gradebook; CSV is sent while it is read, a workbook of very many learners is made by a job."""
    columns, rows = sheets.lines(opened.book)
    if opened.form == "xlsx" and tables.is_large(opened.run.taken, columns):
        return redirect(url_for("staff.table", run_id=opened.run.id, what="grades"))
    name = f"{opened.run.course.code}-{opened.run.code}-grades"
    if opened.form == "csv":
        answer = Response(stream_with_context(iter_csv(rows, columns, headers=for_reader())), mimetype="text/csv")
        return downloads.named(answer, f"{name}.csv")
    return downloads.table(rows, columns, name=name, form=opened.form, codes=["student_no"])


@blueprint.post("/teaching/runs/<int:run_id>/gradebook/import")
@guard(Can.RUN_GRADE, load=load)
def take(opened: Open) -> Any:
    """Take grades from a table, all or nothing; one with very many lines is taken by a job."""
    run_id, upload, reason = opened.run.id, request.files.get("file"), request.form.get("reason", "")
    if upload is None or not upload.filename:
        raise Refused(_("请选择成绩表（CSV 或 XLSX）。"), field="file")
    if intakes.is_long(upload.stream, sheets.table_columns(queries.rules_of(opened.book.id)[1]), filename=upload.filename):
        chosen = {"reason": reason[:400]}
        with transaction():
            intakes.ask("grades", run=load_run(run_id), chosen=chosen, file=upload.stream, name=upload.filename, by=me(), now=clock.now())
        return redirect(intakes.address("grades", run_id=run_id, chosen=chosen), 303)
    try:
        with transaction():
            count = sheets.take(book=opened.book, file=upload.stream, filename=upload.filename, reason=reason, by=me(), now=clock.now())
    except sheets.GradesRefused as refused:
        page = render_template("courses/gradebook/sheet_errors.html", run=load_run(run_id), refused=refused, headings=headings())
        return page, refused.status
    return done(said(count), "gradebook.show", run_id=run_id)


def headings() -> dict[str, str]:
    """The words of the columns that a problem names by their key."""
    return downloads.headings((*sheets.FIXED, sheets.VERSION))


def said(count: int) -> str:
    """What a table that was taken changed."""
    return _("已导入 %(n)d 个成绩。", n=count) if count else _("表格与成绩册一致，没有改动。")


@blueprint.get("/teaching/runs/<int:run_id>/gradebook/statistics")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def statistics(opened: Open) -> Any:
    """How the totals are distributed, and the figures of every column."""
    book, run = opened.book, opened.run
    totals = queries.totals(run.id)
    bins = [sum(1 for t in totals if low <= t < low + 100 or (low == 900 and t == 1000)) for low in range(0, 1000, 100)]
    scale = Scale.of(book.scale)
    return render_template(
        "courses/gradebook/statistics.html",
        run=run,
        book=book,
        totals=totals,
        bins=bins,
        by_label=[(label, sum(1 for t in totals if scale.label(t) == label)) for _floor, label in sorted(scale.bands, reverse=True)],
        middle=totals[len(totals) // 2] if len(totals) % 2 else (totals[len(totals) // 2 - 1] + totals[len(totals) // 2]) / 2 if totals else None,
        figures={row.column_id: row for row in queries.statistics(book)},
        columns=queries.columns_of(book.id),
        seats=seat_queries.count_seats(run.id),
        due=queries.due_count(run.id),
        words=words,
    )


# -- a learner's own ----------------------------------------------------------------------------------------------------


@blueprint.get("/learning/runs/<int:run_id>/grades", endpoint="mine")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def own(place: Place) -> Any:
    """My grades in a run, and how the total comes about."""
    return _own_page(place, "courses/gradebook/mine.html")


@blueprint.get("/learning/runs/<int:run_id>/grades/print", endpoint="mine_print")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def own_print(place: Place) -> Any:
    """My grades in a run, to print."""
    return _own_page(place, "courses/gradebook/print.html")


def _own_page(place: Place, template: str) -> Any:
    book = queries.book_of(place.run.id)
    if book is None:
        raise NotFound(_("这期课程没有成绩册；成绩见“完成情况”。"))
    unshown = review_queries.unshown_in(place.run.id, place.enrolment.person_id, clock.now())
    return line_page(template, place.run, book, place.enrolment.id, unshown=unshown, enrolment=place.enrolment, today=clock.today())
