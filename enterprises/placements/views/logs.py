"""Photos, notes and reviews of logs."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.models import LogPhoto, Placement, WeeklyLog
from enterprises.placements.types import NoteSide
from enterprises.placements.views.shared import act, blueprint, day_of, load_placement
from trainhub.kernel import clock, files, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send


# -- photos -------------------------------------------------------------------------------------------------------------
@blueprint.post("/<int:placement_id>/photos")
@guard(Can.PLACEMENT_OWN, load=load_placement, subject=queries.subject_of_student_side)
def add_photos(placement: Placement) -> Any:
    """Keep photos of a day."""
    day = day_of("day", min(clock.today(), placement.ends_on))

    def run() -> dict[str, Any]:
        chosen = [one for one in request.files.getlist("photos") if one.filename]
        if not chosen:
            raise Refused(_("请先选择照片。"))
        for one in chosen:
            operations.add_photo(
                placement=placement, on=day, file=one.stream, name=one.filename or "", today=clock.today(), by=who(), now=clock.now()
            )
        return {"placement_id": placement.id, "week": day.isoformat()}

    return act(forms.PlainForm(), _("照片已保存。"), "placements.days", run)


def load_photo(photo_id: int) -> tuple[Placement, LogPhoto]:
    """A photo with its placement."""
    row = queries.photo(photo_id)
    if row is None:
        raise NotFound(_("没有这张照片。"))
    return load_placement(row.placement_id), row


@blueprint.get("/photos/<int:photo_id>")
@guard(Can.PLACEMENT_VIEW, load=load_photo, subject=lambda pair: queries.subject_of_placement(pair[0]))
def show_photo(pair: tuple[Placement, LogPhoto]) -> Any:
    """The picture itself."""
    return send(session().get_one(files.StoredFile, pair[1].file_id))


@blueprint.post("/photos/<int:photo_id>/remove")
@guard(Can.PLACEMENT_OWN, load=load_photo, subject=lambda pair: queries.subject_of_student_side(pair[0]))
def drop_photo(pair: tuple[Placement, LogPhoto]) -> Any:
    """Take a photo out."""
    placement, row = pair

    def run() -> dict[str, Any]:
        day = row.on
        operations.drop_photo(photo=row, placement=placement, by=who(), now=clock.now())
        return {"placement_id": placement.id, "week": day.isoformat()}

    return act(forms.PlainForm(), _("照片已删除。"), "placements.days", run)


# -- notes and reviews --------------------------------------------------------------------------------------------------
def load_log(log_id: int) -> tuple[Placement, WeeklyLog]:
    """A weekly log with its placement."""
    row = queries.log(log_id)
    if row is None:
        raise NotFound(_("没有这篇周志。"))
    return load_placement(row.placement_id), row


def _noted(placement: Placement, log: WeeklyLog, said: str, work: Any) -> Any:
    form = forms.NoteForm()

    def run() -> dict[str, Any]:
        work(form.text.data or "")
        return {"placement_id": placement.id, "week": log.monday.isoformat()}

    return act(form, said, "placements.days", run)


@blueprint.post("/logs/<int:log_id>/comment")
@guard(Can.PLACEMENT_MENTOR, load=load_log, subject=lambda pair: queries.subject_of_mentor_side(pair[0]))
def comment_log(pair: tuple[Placement, WeeklyLog]) -> Any:
    """The mentor comments."""
    placement, log = pair
    return _noted(
        placement,
        log,
        _("评语已保存。"),
        lambda text: operations.add_note(log=log, placement=placement, side=NoteSide.MENTOR, text=text, by=who(), now=clock.now()),
    )


@blueprint.post("/logs/<int:log_id>/correct")
@guard(Can.PLACEMENT_OWN, load=load_log, subject=lambda pair: queries.subject_of_student_side(pair[0]))
def correct_log(pair: tuple[Placement, WeeklyLog]) -> Any:
    """The student corrects by a new entry."""
    placement, log = pair
    return _noted(
        placement,
        log,
        _("补充更正已保存，原文保留。"),
        lambda text: operations.add_note(log=log, placement=placement, side=NoteSide.STUDENT, text=text, by=who(), now=clock.now()),
    )


@blueprint.post("/logs/<int:log_id>/review")
@guard(Can.LOG_REVIEW, load=load_log, subject=lambda pair: queries.subject_of_student_side(pair[0]))
def review_log(pair: tuple[Placement, WeeklyLog]) -> Any:
    """The school has read it."""
    placement, log = pair
    form = forms.NoteForm()

    def run() -> dict[str, Any]:
        operations.review_week(log=log, placement=placement, comment=form.text.data or "", today=clock.today(), by=who(), now=clock.now())
        return {} if request.form.get("next") else {"placement_id": placement.id, "week": log.monday.isoformat()}

    return act(form, _("已审阅。"), "placements.reviews" if request.form.get("next") else "placements.days", run)


@blueprint.get("/reviews")
@guard(Can.LOG_REVIEW_LIST)
def reviews() -> Any:
    """Weekly logs that wait for the school's supervisor; `until`: of weeks up to that of a day, where the first page says how many wait long."""
    number, size = paging.wanted()
    until = request.args.get("until", type=date.fromisoformat)
    page = paging.paginate(queries.logs_to_review(who(), until), number=number, size=size, scalars=False)
    notes = queries.notes_of([row[0].id for row in page.items])
    return render_template("enterprises/placements/reviews.html", page=page, until=until, labels=labels, notes=notes)
