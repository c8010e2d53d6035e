"""The learning player: units, their blocks, what a learner does with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, request, url_for

from courses.assessment import queries as assessment
from courses.assessment.types import Allowance, AttemptState, QuizSettings
from courses.catalogue import authoring_queries as authored
from courses.catalogue import labels as words
from courses.catalogue import naming_queries, previewing
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import ASSETS, has_code, has_math
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import media
from courses.catalogue.operations.offerings import asset_prefix
from courses.catalogue.types import BlockKind, ShownBlock
from courses.learning import exports, log_queries, opening, operations, queries, review_queries, rules, transcript
from courses.learning.models import Enrolment
from courses.learning.places import Place, load_block_place, load_place, load_run, me
from courses.learning.types import SEATED
from courses.learning.views.common import blueprint
from courses.permissions import Can
from trainhub.kernel import clock, files
from trainhub.kernel.access import guard, may, signed_in
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import done

MAX_TRANSCRIPT_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Preview:
    """How the staff looks at a run: at an instant, as a member of groups; an author with or without the changes that wait."""

    at: datetime
    groups: frozenset[str] = frozenset()
    with_drafts: bool = False
    is_author: bool = True


def render_unit(run: Run, unit_id: int, enrolment: Enrolment | None, preview: Preview | None = None) -> Any:
    """One unit as a learner sees it; without an enrolment as a preview, where nothing is recorded."""
    now = preview.at if preview is not None else clock.now()
    with_drafts = preview is not None and preview.with_drafts
    if enrolment is not None:
        door = opening.door(enrolment, now)
    else:
        outline = catalogue.outline(run.id, only_published=not with_drafts)
        door = opening.preview_door(outline, preview.groups if preview else frozenset(), now)
    pairs = [(section, unit) for section in door.outline.sections for unit in section.units]
    here = next((n for n, (_s, unit) in enumerate(pairs) if unit.id == unit_id), None)
    if here is None:
        raise NotFound(_("这个单元已被移除或暂未发布。"))
    section, unit = pairs[here]
    why = door.why_unit(unit.id)
    if enrolment is not None and why:
        raise opening.StillClosed(_("这个单元还没有开放：%(why)s。", why="；".join(why)), run_id=run.id)
    known = {node.id for node in unit.blocks}
    rows = [row for row in catalogue.blocks_of(unit.id, only_published=not with_drafts) if row.id in known and row.kind is not BlockKind.UNKNOWN]
    blocks = authored.as_shown(rows, with_drafts=with_drafts)
    shut = {block.id: door.why_block(block.id, unit.id) for block in blocks if door.closed.blocks.get(block.id)}
    quizzes = [block.id for block in blocks if block.kind is BlockKind.QUIZ]
    polls = [block.id for block in blocks if block.kind is BlockKind.POLL]
    states, durations = door.states, {block.id: queries.duration_of(block) for block in blocks}
    person_id = enrolment.person_id if enrolment is not None else 0
    return render_template(
        "courses/learning/unit.html",
        run=run,
        enrolment=enrolment,
        outline=door.outline,
        locked=set(door.closed.units),
        why={u.id: door.why_unit(u.id) for _s, u in pairs if u.id in door.closed.units},
        shut=shut,
        preview=preview,
        preview_groups=authored.groups_of(run.id) if enrolment is None else [],
        section=section,
        unit=unit,
        before=pairs[here - 1][1] if here else None,
        after=pairs[here + 1][1] if here + 1 < len(pairs) else None,
        blocks=blocks,
        states=states,
        door=door,
        resume={key: rules.resume_at(states[key].position_x10, durations[key]) if key in states else 0 for key in durations},
        jump=_jump(blocks),
        seconds_left={key: rules.seconds_left(states[key].share_x1000 if key in states else 0, durations[key]) for key in durations},
        transcripts={block.id: _transcript(block) for block in blocks if block.kind is BlockKind.VIDEO},
        notes=log_queries.notes_of(enrolment.id, unit.id) if enrolment is not None else [],
        clock_text=exports.clock_text,
        attempts={key: assessment.attempts_of(key, person_id) for key in quizzes} if enrolment is not None else {},
        unshown=review_queries.unshown_in(run.id, person_id, now) if enrolment is not None and quizzes else frozenset(),
        allowances={key: assessment.allowance_for(key, person_id) if enrolment is not None else Allowance() for key in quizzes},
        quiz_settings={block.id: QuizSettings.of(block.settings) for block in blocks if block.kind is BlockKind.QUIZ},
        counts=assessment.item_counts(quizzes),
        votes=authored.votes_of(polls) if polls else {},
        my_votes=authored.my_votes(polls, person_id) if polls else {},
        previews={block.id: previewing.look(block.file) for block in blocks if block.kind is BlockKind.FILE and block.file is not None},
        live={block.id: previewing.live(block.settings, now) for block in blocks if block.kind is BlockKind.LIVE},
        languages=media.LANGUAGES,
        has_lab=[block.id for block in blocks if block.kind is BlockKind.VSIM and authored.lab_key(block.id) is not None],
        durations=durations,
        may_mark=queries.may_mark,
        address=lambda url: f"{asset_prefix(run.id)}{url.removeprefix(ASSETS)}" if url.startswith(ASSETS) else url,
        has_math=has_math(*[block.body_html for block in blocks]),
        has_code=has_code(*[block.body_html for block in blocks]),
        has_video=any(block.kind is BlockKind.VIDEO for block in blocks),
        words=words,
        AttemptState=AttemptState,
    )


def _jump(blocks: Sequence[ShownBlock]) -> tuple[int, int] | None:
    """The video and the second that a link to a note asks for (`t`, `v`; without a video the first of the unit)."""
    at = request.args.get("t", type=whole)
    first = next((block.id for block in blocks if block.kind is BlockKind.VIDEO), 0)
    return (request.args.get("v", first, type=whole), at) if at is not None and at >= 0 else None


def _transcript(block: ShownBlock) -> list[transcript.Cue]:
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
        door = opening.door(place.enrolment, now)
        for block in catalogue.blocks_of(unit_id, only_published=True):
            if block.id not in {node.id for node in door.outline.blocks} or door.closed.block(block.id, unit_id):
                continue
            if block.run_id == run_id and queries.may_mark(block):
                operations.mark_done(enrolment=place.enrolment, block=block, by=me(), now=now)
        is_complete = place.enrolment.completed_on is not None
    if is_complete and not was_complete:
        return done(_("恭喜，你已完成这门课程！"), "learning.progress", run_id=run_id)
    door = opening.door(place.enrolment, now)
    units = [u for u in door.outline.units if u.id == unit_id or u.id not in door.closed.units]
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


def _reading(run: Run) -> Enrolment | None:
    """The reader's seat in a run; None for its staff, who read everything. Refuses everybody else."""
    if may(me(), Can.RUN_VIEW_LEARNERS, catalogue.subject_of_run(run)):
        return None
    enrolment = queries.enrolment_of(run.id, me().person_id or 0)
    if enrolment is None or enrolment.state not in SEATED:
        raise NotAllowed(_("报名后才能打开课程文件。"))
    return enrolment


def demand_file(block: Block) -> None:
    """Learners read the files of what is open for them; the staff of a run all of them."""
    enrolment = _reading(load_run(block.run_id))
    if enrolment is not None:
        if not block.is_published:
            abort(404)
        opening.demand_open(enrolment, block, clock.now())


@blueprint.get("/learning/blocks/<int:block_id>/file")
@signed_in
def block_file(block_id: int) -> Response:
    """The file of a block, whole or in ranges."""
    block = catalogue.block_by_id(block_id)
    if block is None or block.file is None:
        abort(404)
    demand_file(block)
    return send(block.file, as_download="download" in request.args)


@blueprint.get("/learning/runs/<int:run_id>/assets/<path:name>")
@signed_in
def asset(run_id: int, name: str) -> Response:
    """A picture or file that a text of the run names."""
    row = catalogue.asset(run_id, name)
    if row is None:
        abort(404)
    run = load_run(run_id)
    enrolment = _reading(run)
    if enrolment is not None and _is_closed(run, enrolment, name):
        raise opening.StillClosed(_("用到这个文件的内容还没有开放。"), run_id=run_id)
    return send(row.file)


def _is_closed(run: Run, enrolment: Enrolment, name: str) -> bool:
    """A file that only closed parts name opens with them; that only questions name, for whoever was asked one of them; a draft's not yet."""
    blocks = naming_queries.blocks_naming(run.id, name)
    if blocks:
        door = opening.door(enrolment, clock.now())
        there = {node.id for node in door.outline.blocks}
        if any(block_id in there and not door.closed.block(block_id, unit_id) for block_id, unit_id in blocks):
            return False
    if assessment.is_in_questions(run.course_id, name):
        return not assessment.was_asked(run.id, enrolment.person_id, name)
    return bool(blocks) or naming_queries.is_in_draft(run.id, name)
