"""Photos, notes and reviews of logs; the page that a mentor without an account opens by a one-time link."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from enterprises.mentors import queries as mentors
from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.models import LogPhoto, Placement, WeeklyLog
from enterprises.placements.types import NoteSide
from enterprises.placements.views.placing import both_sides
from enterprises.placements.views.shared import act, blueprint, day_of, load_placement
from trainhub.kernel import clock, files, paging
from trainhub.kernel.access import acting, guard, may, public, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key
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
    """Weekly logs that wait for the school's supervisor."""
    number, size = paging.wanted()
    page = paging.paginate(queries.logs_to_review(who()), number=number, size=size, scalars=False)
    return render_template("enterprises/placements/reviews.html", page=page, labels=labels, notes=queries.notes_of([row[0].id for row in page.items]))


# -- links for mentors without an account -------------------------------------------------------------------------------
@blueprint.post("/<int:placement_id>/mentor-link")
@guard(Can.PLACEMENT_RUN, load=load_placement, subject=both_sides)
def make_mentor_link(placement: Placement) -> Any:
    """Make a one-time link for the mentor of a placement and send it; only the enterprise sees one that could not be sent."""
    mentor = mentors.by_id(placement.mentor_id) if placement.mentor_id else None
    if mentor is None:
        raise Refused(_("这项实习还没有企业指导教师。"))
    if not forms.PlainForm().validate_on_submit():
        raise Refused(_("请重新打开页面后再提交。"))
    with transaction():
        token = operations.make_mentor_link(mentor=mentor, by=who(), now=clock.now())
        waiting = len(queries.pending_for_mentor([mentor.id], of=who()))
        channel = operations.send_link(mentor=mentor, token=token, days=waiting, now=clock.now())
        if channel is None and may(who(), Can.PLACEMENT_RUN, queries.subject_of_student_side(placement)):
            # A school would confirm its own students' days with it: nothing is made that it could not send.
            raise Refused(
                _(
                    "没有登记%(name)s的邮箱，或本系统没有接通发送，链接没有生成。请企业联系人生成后交给本人，或由本人登录确认。",
                    name=mentors.name_of(mentor.id),
                ),
                code="not_sent",
            )
    return render_template(
        "enterprises/placements/mentor_link.html",
        placement=placement,
        name=mentors.name_of(mentor.id),
        channel=channel,
        # What reached the mentor is for nobody else to see; otherwise the enterprise hands it on.
        link="" if channel is not None else url_for("placements.by_link", token=token, _external=True),
    )


@blueprint.route("/c/<token>", methods=["GET", "POST"])
@public
def by_link(token: str) -> Any:
    """What waits for the mentor of a link; sending it once uses the link up."""
    now = clock.now()
    link, mentor, identity = operations.open_link(token, now=now)
    operations.demand_mentor(mentor, by=acting())
    problem: Refused | None = None
    form = forms.PlainForm()
    if form.validate_on_submit():
        chosen = {int(name[2:]): value for name, value in request.form.items() if name.startswith("d_") and is_key(name[2:])}
        reason = request.form.get("reason", "")[:400]
        try:
            with transaction():
                done = operations.decide_by_link(
                    token=token,
                    approved=[key for key, value in chosen.items() if value == "yes"],
                    rejected={key: reason for key, value in chosen.items() if value == "no"},
                    comments={int(name[2:]): value[:4000] for name, value in request.form.items() if name.startswith("c_") and is_key(name[2:])},
                    now=now,
                )
            return render_template("enterprises/placements/by_link.html", done=done, name=identity.name, waiting=[])
        except Refused as refused:
            problem = refused
    waiting: dict[int, dict[str, Any]] = {}
    for placed, entry in operations.waiting_by(link, today=clock.today()):
        weeks = waiting.setdefault(placed.id, {"row": placed, "weeks": {}})["weeks"]
        weeks.setdefault(entry.on.isocalendar()[:2], {"entries": [], "log": None})["entries"].append(entry)
    for log in queries.logs_of(set(waiting)):
        if (week := waiting[log.placement_id]["weeks"].get((log.iso_year, log.iso_week))) is not None:
            week["log"] = log
    page = render_template(
        "enterprises/placements/by_link.html", done=None, name=identity.name, waiting=list(waiting.values()), problem=problem, form=form
    )
    return page, 422 if problem else 200
