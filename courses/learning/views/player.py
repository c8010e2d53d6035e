"""The learning player: units, their blocks, what a learner does with them."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, request, url_for

from courses.assessment import queries as assessment
from courses.assessment.types import AttemptState, QuizSettings
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import ASSETS, has_math
from courses.catalogue.models import Block, Run
from courses.catalogue.operations.offerings import asset_prefix
from courses.catalogue.types import BlockKind
from courses.learning import exports, log_queries, operations, queries, rules, transcript
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from courses.learning.views.common import Place, blueprint, load_block_place, load_place, load_run, me
from courses.permissions import Can
from trainhub.kernel import clock, files
from trainhub.kernel.access import guard, may, signed_in
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send
from trainhub.kernel.web import done

MAX_TRANSCRIPT_BYTES = 2 * 1024 * 1024


def render_unit(run: Run, unit_id: int, enrolment: Enrolment | None) -> Any:
    """One unit as a learner sees it; without an enrolment as a preview, where nothing is recorded."""
    now = clock.now()
    outline = catalogue.outline(run.id, only_published=True)
    pairs = [(section, unit) for section in outline.sections for unit in section.units]
    here = next((n for n, (_s, unit) in enumerate(pairs) if unit.id == unit_id), None)
    if here is None:
        raise NotFound(_("这个单元已被移除或暂未发布。"))
    section, unit = pairs[here]
    if enrolment is not None and not catalogue.is_released(section, unit, now):
        raise NotAllowed(_("这个单元还没有到开放时间。"))
    blocks = [block for block in catalogue.blocks_of(unit.id, only_published=True) if block.kind is not BlockKind.UNKNOWN]
    quizzes = [block.id for block in blocks if block.kind is BlockKind.QUIZ]
    states = queries.states_of(enrolment.id) if enrolment is not None else {}
    durations = {block.id: queries.duration_of(block) for block in blocks}
    person_id = enrolment.person_id if enrolment is not None else 0
    return render_template(
        "courses/learning/unit.html",
        run=run,
        enrolment=enrolment,
        outline=outline,
        locked={u.id for s, u in pairs if not catalogue.is_released(s, u, now)} if enrolment is not None else set(),
        section=section,
        unit=unit,
        before=pairs[here - 1][1] if here else None,
        after=pairs[here + 1][1] if here + 1 < len(pairs) else None,
        blocks=blocks,
        states=states,
        resume={key: rules.resume_at(states[key].position_x10, durations[key]) if key in states else 0 for key in durations},
        seconds_left={key: rules.seconds_left(states[key].share_x1000 if key in states else 0, durations[key]) for key in durations},
        transcripts={block.id: _transcript(block) for block in blocks if block.kind is BlockKind.VIDEO},
        notes=log_queries.notes_of(enrolment.id, unit.id) if enrolment is not None else [],
        clock_text=exports.clock_text,
        attempts={key: assessment.attempts_of(key, person_id) for key in quizzes} if enrolment is not None else {},
        quiz_settings={block.id: QuizSettings.of(block.settings) for block in blocks if block.kind is BlockKind.QUIZ},
        counts=assessment.item_counts(quizzes),
        durations=durations,
        may_mark=rules.may_mark,
        address=lambda url: f"{asset_prefix(run.id)}{url.removeprefix(ASSETS)}" if url.startswith(ASSETS) else url,
        has_math=has_math(*[block.body_html for block in blocks]),
        has_video=any(block.kind is BlockKind.VIDEO for block in blocks),
        words=words,
        AttemptState=AttemptState,
    )


def _transcript(block: Block) -> list[transcript.Cue]:
    """The text of a video from its first subtitles; none when it has none or they cannot be read."""
    for given in block.settings.get("captions") or ():
        row = session().get(StoredFile, given.get("file")) if isinstance(given, dict) and given.get("file") else None
        if row is not None and row.size <= MAX_TRANSCRIPT_BYTES:
            return transcript.cues(files.read(row).decode("utf-8", errors="replace"))
    return []


@blueprint.get("/learning/runs/<int:run_id>/units/<int:unit_id>")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def unit(place: Place) -> Any:
    """One unit of a course one learns."""
    return render_unit(place.run, place.unit_id or 0, place.enrolment)


@blueprint.post("/learning/runs/<int:run_id>/units/<int:unit_id>/done")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def unit_done(place: Place) -> Any:
    """Mark what a reader can mark in this unit, and go on to the next."""
    unit_id, run_id = place.unit_id or 0, place.run.id
    was_complete = place.enrolment.completed_on is not None
    with transaction():
        now = clock.now()
        for block in catalogue.blocks_of(unit_id, only_published=True):
            if block.run_id == run_id and rules.may_mark(block.kind, queries.duration_of(block)):
                operations.mark_done(enrolment=place.enrolment, block=block, by=me(), now=now)
        is_complete = place.enrolment.completed_on is not None
    if is_complete and not was_complete:
        return done(_("恭喜，你已完成这门课程！"), "learning.progress", run_id=run_id)
    units = catalogue.outline(run_id, only_published=True).units
    here = next((n for n, u in enumerate(units) if u.id == unit_id), len(units))
    if here + 1 < len(units):
        return redirect(url_for("learning.unit", run_id=run_id, unit_id=units[here + 1].id), 303)
    return redirect(url_for("learning.progress", run_id=run_id), 303)


@blueprint.post("/learning/blocks/<int:block_id>/watched")
@guard(Can.ENROLMENT_LEARN, load=load_block_place)
def watched(place: Place) -> Any:
    """The player reports: it starts, or seconds were played."""
    assert place.block is not None
    start, end = request.form.get("from", type=float), request.form.get("to", type=float)
    with transaction():
        now = clock.now()
        if start is None or end is None:
            operations.start_video(enrolment=place.enrolment, block=place.block, by=me(), now=now)
            state = None
        else:
            state = operations.watch(enrolment=place.enrolment, block=place.block, start=start, end=end, by=me(), now=now)
    return jsonify({"share": state.share_x1000 / 1000 if state else None, "done": bool(state and state.is_done)})


def _may_read(run: Run) -> bool:
    """Learners with a seat and the staff of a run may read its files."""
    enrolment = queries.enrolment_of(run.id, me().person_id or 0)
    if enrolment is not None and enrolment.state in SEATED:
        return True
    return may(me(), Can.RUN_VIEW_LEARNERS, catalogue.subject_of_run(run))


@blueprint.get("/learning/blocks/<int:block_id>/file")
@signed_in
def block_file(block_id: int) -> Response:
    """The file of a block, whole or in ranges."""
    block = catalogue.block_by_id(block_id)
    if block is None or block.file is None:
        abort(404)
    if not _may_read(load_run(block.run_id)):
        raise NotAllowed(_("报名后才能打开课程文件。"))
    return send(block.file, as_download="download" in request.args)


@blueprint.get("/learning/runs/<int:run_id>/assets/<path:name>")
@signed_in
def asset(run_id: int, name: str) -> Response:
    """A picture or file that a text of the run names."""
    row = catalogue.asset(run_id, name)
    if row is None:
        abort(404)
    if not _may_read(load_run(run_id)):
        raise NotAllowed(_("报名后才能打开课程文件。"))
    return send(row.file)
