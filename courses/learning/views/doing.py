"""What a learner does with polls, live sessions, laboratories and the files of a video; and what laboratories report back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, render_template, request, url_for

from courses.catalogue import authoring_queries as authored
from courses.catalogue import previewing
from courses.catalogue import queries as catalogue
from courses.catalogue.models import LabLaunch
from courses.catalogue.operations import labs, media, polls, versions
from courses.catalogue.types import BlockKind, RunState
from courses.learning import opening, operations, queries
from courses.learning.models import Enrolment
from courses.learning.places import Place, load_block_place, load_place, load_run, me
from courses.learning.types import SEATED
from courses.learning.views.common import blueprint
from courses.learning.views.player import demand_file
from courses.permissions import Can
from trainhub.kernel import clock, site
from trainhub.kernel.access import SYSTEM, guard, may, public, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, language
from trainhub.kernel.numbers import whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import csrf, done
from trainhub.people import queries as people

reports = Blueprint("lab_reports", __name__, url_prefix="/api/labs")
csrf.exempt(reports)


@blueprint.post("/learning/blocks/<int:block_id>/vote")
@guard(Can.ENROLMENT_LEARN, load=load_block_place)
def vote(place: Place) -> Any:
    """Vote once; the results are shown after."""
    assert place.block is not None
    block, run_id = place.block, place.run.id
    unit_id, block_id = block.unit_id, block.id
    with transaction():
        now = clock.now()
        choice = request.form.get("choice", type=whole)
        if polls.vote(block=block, person_id=place.enrolment.person_id, choice=choice, by=me(), now=now):
            operations.note_report(enrolment=place.enrolment, block=block, data={"poll": True, "is_completed": True}, by=me(), now=now)
    return done(_("投票已提交。"), "learning.unit", run_id=run_id, unit_id=unit_id, _anchor=f"block-{block_id}")


@blueprint.get("/learning/blocks/<int:block_id>/media/<int:file_id>")
@signed_in
def block_media(block_id: int, file_id: int) -> Response:
    """Another height of a video, its subtitles or its poster."""
    block = catalogue.block_by_id(block_id)
    if block is None:
        abort(404)
    demand_file(block)
    allowed = media.file_ids(block.settings)
    if may(me(), Can.RUN_EDIT, catalogue.subject_of_run(load_run(block.run_id))):
        allowed |= media.file_ids(versions.latest(block)["settings"])
    row = authored.stored_file(file_id) if file_id in allowed else None
    if row is None:
        abort(404)
    return send(row, as_download="download" in request.args)


@blueprint.get("/learning/blocks/<int:block_id>/session.ics")
@guard(Can.ENROLMENT_LEARN, load=load_block_place)
def live_calendar(place: Place) -> Response:
    """A live session for the learner's own calendar."""
    block = place.block
    if block is None or block.kind is not BlockKind.LIVE or not block.settings.get("starts_at"):
        abort(404)
    page = site.link(url_for("learning.unit", run_id=place.run.id, unit_id=block.unit_id))
    title = f"{place.run.title} · {block.title or _('直播课')}"
    text = previewing.calendar_entry(uid=f"block-{block.id}@trainhub", title=title, settings=block.settings, page=page, now=clock.now())
    return Response(text, mimetype="text/calendar", headers={"Content-Disposition": f'attachment; filename="session-{block.id}.ics"'})


# -- laboratories -------------------------------------------------------------------------------------------------------


@blueprint.post("/learning/blocks/<int:block_id>/launch")
@guard(Can.ENROLMENT_LEARN, load=load_block_place)
def launch(place: Place) -> Any:
    """Prepare a signed way to the laboratory; the next page leads there."""
    assert place.block is not None
    if place.block.kind is not BlockKind.VSIM:
        raise NotFound(_("这个内容不是虚拟仿真实验。"))
    with transaction():
        token = labs.launch(block=place.block, person_id=place.enrolment.person_id, by=me(), now=clock.now()).token
    return redirect(url_for("learning.launched", token=token), 303)


class Going:
    """A launch with the place it was made from."""

    def __init__(self, row: LabLaunch, place: Place) -> None:
        self.row, self.place, self.subject = row, place, place.subject


def _load_launch(token: str) -> Going:
    row = authored.launch_by_token(token)
    if row is None or not people.is_same_human(me().person_id, row.person_id) or row.block.removed_at is not None:
        raise NotFound(_("没有这次实验启动。请回到课程页面重新进入实验。"))
    return Going(row, load_place(row.block.run_id))


@blueprint.get("/learning/launches/<token>")
@guard(Can.ENROLMENT_LEARN, load=_load_launch)
def launched(going: Going) -> Any:
    """On the way out: the link is signed now and is good for five minutes."""
    row, run = going.row, going.place.run
    secret = labs.secret_of(row.block_id)
    base = current_app.config["SETTINGS"].base_url.rstrip("/")
    url = str(row.block.settings.get("url") or "")
    if secret is not None:
        url = labs.launch_url(row=row, run=run, secret=secret, base_url=base, language=language(), now=clock.now())
    return render_template("courses/learning/launch.html", run=run, block=row.block, url=url)


def _is_over(row: LabLaunch, enrolment: Enrolment, now: datetime) -> bool:
    """Whether the run has ended, or the laboratory has closed for its learner: what is reported then comes after marking."""
    run = load_run(row.block.run_id)
    return run.state is RunState.CLOSED or opening.door(enrolment, now).is_over(row.block.unit_id, row.block.id, now)


@reports.post("/<token>/reports")
@public
def receive(token: str) -> Any:
    """A laboratory reports what a learner did (docs/laboratories.md): signed, idempotent, safe against replay."""
    body = request.get_data(cache=False)
    with transaction():
        now = clock.now()
        given = (request.headers.get("X-Trainhub-Timestamp", ""), request.headers.get("X-Trainhub-Signature", ""))
        row, report, is_new = labs.receive(token=token, body=body, timestamp=given[0], signature=given[1], by=SYSTEM, now=now)
        enrolment = queries.enrolment_of(row.block.run_id, row.person_id)
        counted = enrolment is not None and enrolment.state in SEATED and row.block.removed_at is None and not _is_over(row, enrolment, now)
        if is_new and counted and enrolment is not None:
            data: dict[str, Any] = {"lab": report.id, "is_completed": report.is_completed}
            if report.score_x10 is not None:
                data["score_x10"] = report.score_x10
            try:
                operations.note_report(enrolment=enrolment, block=row.block, data=data, by=SYSTEM, now=now)
            except Refused:
                counted = False
    return jsonify({"status": "received" if is_new else "known", "counted": counted}), 201 if is_new else 200
