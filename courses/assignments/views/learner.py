"""A learner's page of an assignment: what is asked, the draft, versions, the result, and the files."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for

from courses.assignments import labels, rules
from courses.assignments.models import Submission, SubmissionFile
from courses.assignments.operations import grading, handing_in, holding
from courses.assignments.operations import peers as reviewing
from courses.assignments.queries import lateness as late
from courses.assignments.queries import peers, teams, work
from courses.assignments.types import FileKind, FileUse, ReviewState, Rubric, media_of
from courses.assignments.views.common import Desk, blueprint, demand_writable, load_desk, load_run, me
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import has_code, has_math
from courses.learning import operations as learning
from courses.learning import queries as learnt
from courses.learning import removed_queries
from courses.learning.labels import what_of
from courses.permissions import Can
from trainhub.kernel import clock, downloads, sniff
from trainhub.kernel.access import guard, may, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused, Stale
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.people import queries as people


@blueprint.get("/assignments/<int:block_id>")
@guard(Can.ENROLMENT_LEARN, load=load_desk)
def show(desk: Desk) -> Any:
    """The assignment as its learner sees it."""
    return _page(desk)


def _page(desk: Desk, refused: Refused | None = None, typed: str | None = None) -> Any:
    now = clock.now()
    assignment, person_id = desk.assignment, desk.enrolment.person_id
    submission = work.submission_of(assignment.id, person_id)
    begun, submission = submission, submission or handing_in.to_join(assignment, person_id, now)
    seen = submission is not None and submission.released_at is not None
    versions = work.versions_of(submission.id) if submission is not None else []
    closed = handing_in.closed_because(assignment, submission, person_id, now)
    page = render_template(
        "courses/assignments/learner.html",
        run=desk.run,
        assignment=assignment,
        block=assignment.block,
        rubric=Rubric.of(assignment.rubric),
        submission=submission,
        typed=typed if typed is not None else (submission.draft_text if submission is not None else ""),
        draft_files=work.draft_files(submission.id) if submission is not None else [],
        versions=versions,
        paragraphs=rules.paragraphs,
        marks=_shown_marks(submission) if submission is not None and seen else [],
        comments=[row for row in work.comments_of(submission.id) if row.shown_at is not None] if submission is not None else [],
        feedback=work.feedback_files(submission.id) if submission is not None and seen else [],
        received=[r for r in peers.reviews_of(submission.id) if r.state is ReviewState.DONE and not r.is_self]
        if submission is not None and seen
        else [],
        to_write=peers.reviews_by(assignment.id, person_id),
        examples=reviewing.uncalibrated(assignment, person_id) if assignment.peers and submission is not None else [],
        closed=closed,
        left=_left(desk, now) if seen else "",
        shut=_why_shut(desk, begun, now) if not closed else "",
        until_at=late.untils_of(person_id, [assignment.id]).get(assignment.id),
        membership=teams.membership(assignment.run_id, person_id) if assignment.is_group else None,
        now=now,
        labels=labels,
        has_math=has_math(assignment.block.body_html),
        has_code=has_code(assignment.block.body_html),
        submission_key=secrets.token_urlsafe(24),
        refused=refused,
        lost=[one.filename for one in request.files.getlist("files") if one.filename] if refused is not None else [],
        # Text is judged by content: programs and notes have a hundred endings, and a picker that names some hides the others.
        accept="" if FileKind.TEXT in assignment.file_kinds else sniff.accept(media_of(assignment.file_kinds)),
    )
    return page, refused.status if refused is not None else 200


def _why_shut(desk: Desk, submission: Submission | None, now: datetime) -> str:
    """Why a work that was begun is only read now; empty when it can be written."""
    try:
        demand_writable(desk, submission, now)
    except Refused as refused:
        return refused.message
    return ""


def _left(desk: Desk, now: datetime) -> str:
    """What became of the mark of a work that was removed; empty where it is there."""
    block = desk.assignment.block
    if block.removed_at is None:
        return ""
    states = {key: state for key, state in learnt.states_of(desk.enrolment.id).items() if key == block.id}
    standing = learning.standing_of(desk.enrolment, desk.run, now)
    return "".join(what_of(one) for one in removed_queries.left_marks(desk.enrolment, standing, states, ()))


def _shown_marks(submission: Submission) -> list[Any]:
    """What of the marks an author sees: what stands, without the graders' names where two worked independently."""
    standing = grading.standing_marks(submission)
    return [standing[role] for role in labels.ROLES if role in standing]


@blueprint.post("/assignments/<int:block_id>")
@guard(Can.ENROLMENT_LEARN, load=load_desk)
def save(desk: Desk) -> Any:
    """Keep the draft (also by itself, while one types), take files in or out, or hand in."""
    block_id, now = desk.assignment.block_id, clock.now()
    wants_json = request.headers.get("Accept", "").startswith("application/json")
    text = request.form.get("text", "").replace("\r\n", "\n")
    what = request.form.get("do", "save")
    try:
        with transaction():
            if what == "submit" and not once(request.form.get("submission_key", "")):
                return redirect(url_for("assignments.show", block_id=block_id), 303)
            answer = _keep(desk, text, what)
    except Refused as refused:
        if wants_json:
            return jsonify({"error": refused.message}), refused.status
        return _page(load_desk(block_id), refused, text)
    if wants_json:
        return jsonify(answer)
    if what == "submit":
        return done(_("作业已提交。提交的版本和时间都已记录，可以在下面核对。"), "assignments.show", block_id=block_id)
    return done(_("草稿已保存（%(at)s），还没有提交。", at=f"{clock.local(now):%H:%M:%S}"), "assignments.show", block_id=block_id)


def _keep(desk: Desk, text: str, what: str) -> dict[str, Any]:
    now, assignment, person_id = clock.now(), desk.assignment, desk.enrolment.person_id
    if what == "submit":
        # Before the draft is written, as everybody else: who held the work and then waited for the rules would wait for who waits for the work.
        holding.beside(assignment)
    known = work.submission_of(assignment.id, person_id)
    handing_in.refuse_closed(handing_in.closed_because(assignment, known, person_id, now))
    demand_writable(desk, known, now)
    submission = handing_in.open_draft(assignment=assignment, person_id=person_id, by=me(), now=now)
    holding.one_work(submission)  # before it is asked whether it is closed and which version it is
    given: dict[str, Any] = {"assignment": assignment, "submission": submission, "by": me(), "now": now}
    sent = request.form.get("version", type=whole)
    if request.form.get("version") == "" and submission.draft_text not in ("", text):
        raise Stale(_("作业草稿刚由同组的其他成员或你在另一个窗口保存过，这里的修改没有保存，也没有覆盖对方的内容。请核对后再保存。"))
    handing_in.save_draft(text=text, version=sent or None, person_id=person_id, **given)
    for upload in request.files.getlist("files"):
        if upload.filename:
            handing_in.add_file(file=upload.stream, name=upload.filename, person_id=person_id, **given)
    if what.startswith("remove-") and is_key(what[7:]):
        handing_in.remove_file(file_id=int(what[7:]), person_id=person_id, **given)
    if what == "submit":
        handing_in.submit(assignment=assignment, submission=submission, enrolment=desk.enrolment, by=me(), now=now)
    return {"version": submission.version, "saved": f"{clock.local(now):%H:%M:%S}"}


@blueprint.get("/assignments/files/<int:file_id>")
@signed_in
def file(file_id: int) -> Response:
    """A file of a submission: for its authors, its staff, and (under a neutral name) the reviewers who were given the work."""
    row = work.file_by_id(file_id)
    submission = work.submission_by_id(row.submission_id) if row is not None else None
    if row is None or submission is None:
        raise NotFound(_("没有这个文件，可能已被移除。"))
    person_id = me().person_id or 0
    joined = handing_in.to_join(submission.assignment, person_id, clock.now())
    is_mine = people.is_among(person_id, [member.person_id for member in submission.members]) or (joined is not None and joined.id == submission.id)
    if is_mine and (row.use is FileUse.WORK or submission.released_at is not None):
        return send(row.file)
    if may(me(), Can.RUN_GRADE, catalogue.subject_of_run(load_run(submission.assignment.run_id))) and (row.version_id or row.use is FileUse.FEEDBACK):
        return send(row.file)
    if row.version_id is not None and row.use is FileUse.WORK and peers.is_reviewer(submission.id, person_id):
        return _neutral(row, submission)
    raise NotAllowed(_("这不是你的作业，也没有分给你评阅，不能打开这个文件。"))


def _neutral(row: SubmissionFile, submission: Submission) -> Response:
    """The file under the work's alias: the name its author chose may say who they are."""
    return downloads.named(send(row.file), f"{submission.alias}-{row.id}{sniff.suffix_of(row.file.name)}")
