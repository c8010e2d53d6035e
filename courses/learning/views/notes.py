"""A learner's own notes: written beside the unit, read and exported together."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request

from courses.learning import exports, log_queries, operations, transcript
from courses.learning.places import Place, load_place
from courses.learning.views.common import blueprint
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done


@blueprint.get("/learning/runs/<int:run_id>/notes")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def notes(place: Place) -> Any:
    """All notes of a run in the order of the course."""
    return render_template(
        "courses/learning/notes.html", run=place.run, notes=log_queries.notes_of(place.enrolment.id), clock_text=exports.clock_text
    )


@blueprint.get("/learning/runs/<int:run_id>/notes.md")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def notes_file(place: Place) -> Response:
    """The notes as a Markdown file."""
    text = exports.notes_markdown(place.run.title, log_queries.notes_of(place.enrolment.id))
    answer = Response(text, mimetype="text/markdown")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{place.run.course.code}-notes.md")
    return answer


@blueprint.post("/learning/runs/<int:run_id>/units/<int:unit_id>/notes")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def write_note(place: Place) -> Any:
    """Keep a note about this unit."""
    run_id, unit_id = place.run.id, place.unit_id or 0
    with transaction():
        if once(request.form.get("submission_key", "")):
            operations.write_note(
                enrolment=place.enrolment,
                unit_id=unit_id,
                block_id=request.form.get("block", type=whole),
                at_seconds=transcript.seconds_of(request.form.get("at", "")),
                body=request.form.get("body", ""),
                now=clock.now(),
            )
    return done(_("笔记已保存。"), "learning.unit", run_id=run_id, unit_id=unit_id, _anchor="notes")


def _load_note(run_id: int, note_id: int) -> Place:
    place = load_place(run_id)
    return Place(place.run, place.enrolment, unit_id=note_id)


@blueprint.post("/learning/runs/<int:run_id>/notes/<int:note_id>")
@guard(Can.ENROLMENT_LEARN, load=_load_note)
def change_note(place: Place) -> Any:
    """Write a note anew, or throw it away."""
    run_id, note_id = place.run.id, place.unit_id or 0
    with transaction():
        if request.form.get("delete"):
            operations.delete_note(enrolment=place.enrolment, note_id=note_id)
            message = _("笔记已删除。")
        else:
            operations.change_note(enrolment=place.enrolment, note_id=note_id, body=request.form.get("body", ""), now=clock.now())
            message = _("笔记已保存。")
    return done(message, "learning.notes", run_id=run_id)
